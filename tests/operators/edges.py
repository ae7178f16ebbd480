"""What every operator makes of arrays without elements or without axes: shapes, or an error.

``reference/edges.txt`` is the table, a line for each operator and kind of input:

    empty     the first axis of the first input has length 0, and so have axes of others that
              have its length
    nothing   all axes have length 0
    no axes   all inputs have shape ()

and then the shapes of the outputs, or ``!`` and the error. Nothing is compiled: outputs and
gradients are evaluated abstractly. ``python tests/operators/edges.py`` writes the table anew: look
at what changes. Where MXNet 1.9.1 can be asked, under ``mx.util.np_shape()``, it was.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import jax
import numpy as np

from gluonx.engine.kernel import x64
from gluonx.engine.op import OPS

TABLE = Path(__file__).parent / "reference" / "edges.txt"
KINDS = ("empty", "nothing", "no axes")


def shapes(case, kind):
    """Shapes of the inputs of a case, changed as the kind says; None leaves them."""
    given = [i.shape for i in case.inputs if i is not None]
    if kind is None:
        return given
    lead = next((shape[0] for shape in given if shape), None)
    if kind == "empty":
        return [(0, *s[1:]) if s and s[0] == lead else s for s in given]
    return [(0,) * len(s) if kind == "nothing" else () for s in given]


def outcome(case, kind, dtype=None):
    """A line of the table, after the operator and the kind; ``dtype`` replaces float32."""
    op = OPS[case.op]
    given = [i for i in case.inputs if i is not None]
    dtypes = [jax.numpy.dtype(dtype if dtype and i.is_float else i.dtype) for i in given]
    made = [jax.ShapeDtypeStruct(s, d) for s, d in zip(shapes(case, kind), dtypes, strict=True)]
    count = len(made)
    attrs = {k: v for k, v in case.attrs.items() if k not in op.traced}
    if op.variadic:
        present = count
    else:
        present = tuple(i is not None for i in case.inputs)
        present += (False,) * (len(op.inputs) - len(present))
    kernel = op.kernel(attrs, present, case.train)
    for name in op.traced:  # numbers that come as arrays, of the first input's type
        kind_of = np.float32 if op.precise and dtypes[0].itemsize < 4 else dtypes[0]
        value = case.attrs.get(name, op.attrs[name].default)
        made.append(jax.ShapeDtypeStruct(np.shape(value), kind_of))
    if op.random:
        made.append(jax.ShapeDtypeStruct((3,), np.uint32))
    try:
        outs = kernel.abstract(tuple(made))[: kernel.visible]
    except (TypeError, ValueError, IndexError, ZeroDivisionError) as e:
        return "! " + str(e).split("\n")[0]
    if op.differentiable and case.grad is not False:
        with x64() if kernel.needs_x64(made) else contextlib.nullcontext():
            grads = jax.eval_shape(lambda *a: _gradients(kernel, a, count), *made)
        for x, g in zip(made, grads, strict=False):
            assert g is None or (g.shape, g.dtype) == (x.shape, x.dtype)
    return " ".join(str(tuple(y.shape)).replace(" ", "") for y in outs)


def _gradients(kernel, arrays, count):
    floats = [i for i in range(count) if jax.numpy.issubdtype(arrays[i].dtype, np.floating)]

    def forward(*wanted):
        inputs = list(arrays)
        for i, x in zip(floats, wanted, strict=True):
            inputs[i] = x
        outs = kernel.fn(*inputs)[: kernel.visible]
        return [y for y in outs if jax.numpy.issubdtype(y.dtype, np.floating)]

    outs, back = jax.vjp(forward, *[arrays[i] for i in floats])
    grads = back([jax.numpy.ones_like(y) for y in outs]) if outs else [None] * len(floats)
    found = dict(zip(floats, grads, strict=True))
    return [found.get(i) for i in range(count)]


def cases_of_operators():
    """The first case of every operator that has inputs."""
    from cases import CASES

    found = {}
    for case in CASES:
        if case.inputs:
            found.setdefault(case.op, case)
    return dict(sorted(found.items()))


def lines():
    """The table as it is now."""
    for name, case in cases_of_operators().items():
        for kind in KINDS:
            yield f"{name} | {kind} | {outcome(case, kind)}"


if __name__ == "__main__":
    TABLE.write_text("\n".join(lines()) + "\n")
