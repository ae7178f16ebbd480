"""Operators on sparse arrays, gradients and lazy updates, compared with MXNet 1.9.1."""

import json
from pathlib import Path

import numpy as np
import pytest
from sparse_cases import CASES, TRAINING, Arrays, shown, train

import gluonx

REFERENCE = json.loads((Path(__file__).parent / "reference" / "sparse.json").read_text())


def _compare(got, expected, rtol=1e-5):
    assert got["stype"] == expected["stype"]
    assert got["dtype"] == expected["dtype"]
    assert got["rows"] == expected["rows"]
    np.testing.assert_allclose(got["values"], expected["values"], rtol, 1e-6)


@pytest.mark.parametrize("name", CASES)
def test_call_gives_what_mxnet_gives(name):
    operator = name.split(" ")[0].strip(",")
    if operator.endswith("_update") and not hasattr(gluonx.nd.sparse, operator):
        pytest.skip(f"there is no operator {operator}")
    _compare(shown(CASES[name](Arrays(gluonx))), REFERENCE[name])


@pytest.mark.parametrize("hybridize", [False, True], ids=["eager", "hybridized"])
@pytest.mark.parametrize("name", TRAINING)
def test_embedding_is_trained_as_in_mxnet(name, hybridize):
    weight, grad = train(gluonx, *TRAINING[name], hybridize)
    expected_weight, expected_grad = REFERENCE[f"train {name}"]
    _compare(shown(weight), expected_weight, 1e-4)
    _compare(shown(grad), expected_grad, 1e-4)
