"""Every operator as a symbol: written as JSON, read again, bound, it gives what ``nd`` gives."""

import numpy as np
import pytest
from cases import CASES

import gluonx
from gluonx import autograd, nd, sym
from gluonx.engine.op import OPS
from gluonx.ndarray import namespace as nd_namespace
from gluonx.symbol import namespace as sym_namespace

FIRST = {case.op: case for case in reversed(CASES) if case.op in OPS}


def public(space, functions, op):
    names = [n for n in (op.name, *op.aliases) if not n.startswith("_") and hasattr(space, n)]
    return getattr(space, names[0]) if names else functions.function(op, op.name)


def symbol_and_arrays(case):
    """The case as a symbol that has been text, and the arrays for its variables."""
    op = OPS[case.op]
    arrays, variables = {}, []
    for i, (spec, values) in enumerate(zip(case.inputs, case.draw(), strict=True)):
        if spec is None:
            variables.append(None)
        else:
            arrays[f"in{i}"] = nd.array(values, dtype=spec.dtype)
            variables.append(sym.var(f"in{i}"))
    y = public(sym, sym_namespace, op)(*variables, **case.attrs)
    return sym.load_json(y.tojson()), arrays


def imperative(case, arrays):
    inputs = [None if spec is None else arrays[f"in{i}"] for i, spec in enumerate(case.inputs)]
    gluonx.random.seed(1)
    with autograd.train_mode() if case.train else autograd.predict_mode():
        y = public(nd, nd_namespace, OPS[case.op])(*inputs, **case.attrs)
    return list(y) if isinstance(y, (list, tuple)) else [y]


@pytest.mark.parametrize("case", [pytest.param(c, id=n) for n, c in sorted(FIRST.items())])
def test_symbol_computes_what_nd_computes(case):
    y, arrays = symbol_and_arrays(case)
    assert set(y.list_inputs()) == set(arrays)
    states = {n: arrays[n].copy() for n in y.list_auxiliary_states()}
    want = imperative(case, arrays)
    executor = y.bind(gluonx.cpu(), arrays, aux_states=states)
    gluonx.random.seed(1)
    got = executor.forward(is_train=case.train)
    assert [a.shape for a in got] == [a.shape for a in want]
    assert [a.dtype for a in got] == [a.dtype for a in want]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-5, atol=1e-6)
    for name, a in states.items():
        np.testing.assert_allclose(a.asnumpy(), arrays[name].asnumpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", [pytest.param(c, id=n) for n, c in sorted(FIRST.items())])
def test_symbol_infers_what_nd_computes(case):
    y, arrays = symbol_and_arrays(case)
    outputs = imperative(case, arrays)
    if all(0 not in a.shape and a.shape for a in [*arrays.values(), *outputs]):
        shapes = y.infer_shape(**{n: a.shape for n, a in arrays.items()})[1]
        assert shapes == [a.shape for a in outputs]
    types = y.infer_type(**{n: a.dtype for n, a in arrays.items()})[1]
    assert types == [a.dtype for a in outputs]
