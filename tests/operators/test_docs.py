"""Every operator is documented, and its examples show what they really give."""

import doctest
import re

import numpy as np
import pytest

from gluonx import autograd, nd
from gluonx.engine.op import OPS

#: Attributes that MXNet has and that change nothing here.
WITHOUT_EFFECT = {"cudnn_off", "cudnn_tune", "max_calib_range", "min_calib_range", "workspace"}

NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]\d+)?")

OPERATORS = sorted({op.name: op for op in OPS.values()}.items())


def shown(value):
    """A result as the examples write it: arrays without the line about their type."""
    if isinstance(value, nd.NDArray):
        return str(value.asnumpy())
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], nd.NDArray):
        return "[" + ", ".join(map(shown, value)) + "]"
    return repr(value)


def same(got, want):
    """Whether two texts agree, but for white space and the last digits of numbers."""
    plain = ["".join(NUMBER.sub("#", text).split()) for text in (got, want)]
    numbers = [[float(n) for n in NUMBER.findall(text)] for text in (got, want)]
    return plain[0] == plain[1] and np.allclose(*numbers, rtol=1e-5)


@pytest.mark.parametrize("op", [pytest.param(op, id=name) for name, op in OPERATORS])
def test_sections(op):
    assert op.doc, "no docstring"
    summary = op.doc.split("\n")[0]
    assert summary.endswith((".", ";", ":", "``")), f"not a sentence: {summary!r}"
    assert "\nReturns\n-------\n" in op.doc
    _, _, parameters = op.doc.partition("\nParameters\n----------\n")
    for name in (*op.inputs, *op.attrs):
        described = [
            line for line in parameters.split("\n") if " : " in line and not line.startswith(" ")
        ]
        names = {n.strip("* ") for line in described for n in line.split(" : ")[0].split(",")}
        assert name in names | WITHOUT_EFFECT, f"parameter {name} is not described"


@pytest.mark.parametrize(
    "op", [pytest.param(op, id=name) for name, op in OPERATORS if ">>>" in op.doc]
)
def test_examples(op):
    scope = {"nd": nd, "np": np, "autograd": autograd}
    for example in doctest.DocTestParser().get_examples(op.doc):
        if not example.want:
            exec(example.source, scope)
            continue
        got = shown(eval(example.source, scope))
        assert same(got, example.want), f"{example.source}gives\n{got}"
