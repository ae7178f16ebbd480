"""Training from equal weights goes where MXNet's training goes.

The runs are in ``trajectories.py``; MXNet's losses in ``reference/trajectories.json``, written by
``reference/make_trajectories.py``.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from trajectories import RUNS, run

import gluonx as gx

REFERENCE = Path(__file__).with_name("reference") / "trajectories.json"
EACH = pytest.mark.parametrize("name", RUNS)


@pytest.fixture(scope="module")
def reference():
    return json.loads(REFERENCE.read_text())


def check(found, want, rtol):
    losses, ends = found
    np.testing.assert_allclose(losses, want["losses"], rtol=rtol)
    assert losses[-1] < 0.8 * losses[0]
    assert ends.keys() == want["ends"].keys()
    for key, value in want["ends"].items():
        np.testing.assert_allclose(ends[key], value, rtol=rtol, atol=1e-4, err_msg=key)


@EACH
def test_eager(name, reference):
    check(run(gx, name), reference[name], 1e-4)


@EACH
def test_hybridized(name, reference):
    check(run(gx, name, hybridize=True), reference[name], 1e-4)


@pytest.mark.parametrize("name", [n for n in RUNS if "batch_norm" not in n])
def test_two_contexts(name, reference):
    found = run(gx, name, hybridize=True, ctx=[gx.cpu(0), gx.cpu(1)])
    check(found, reference[name], 1e-4)
