"""``nd.Custom``: operators written in Python, on NDArrays.

The code runs at once, and is recorded as one node whose backward is the user's. Inside a trace it
cannot run, as there are no values: the block that is being traced then runs unhybridized.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..context import current_context
from ..engine import tape
from ..engine.buffer import Buffer
from ..engine.graph import Node, Value
from ..engine.region import Deferred
from ..engine.state import state
from ..engine.trace import Unfusable
from . import creation
from .dispatch import check_inplace
from .ndarray import NDArray

__all__ = ["Custom", "call"]


def Custom(*data: NDArray, out: Any = None, name: Any = None, **kwargs: Any) -> Any:
    """Run an operator that was registered with :func:`gluonx.operator.register`.

    Parameters
    ----------
    *data : NDArray
        The inputs, then the auxiliary states; also by name.
    op_type : str
        The name of the operator.
    **kwargs
        Attributes; they reach the operator's description as strings.

    Returns
    -------
    NDArray or list of NDArray

    Examples
    --------
    >>> import gluonx as gx
    >>> from gluonx import nd
    >>> class Twice(gx.operator.CustomOp):
    ...     def forward(self, is_train, req, in_data, out_data, aux):
    ...         self.assign(out_data[0], req[0], in_data[0] * 2)
    >>> @gx.operator.register('twice_example')
    ... class TwiceProp(gx.operator.CustomOpProp):
    ...     def create_operator(self, ctx, shapes, dtypes):
    ...         return Twice()
    >>> nd.Custom(nd.array([1., 2.]), op_type='twice_example').asnumpy()
    array([2., 4.], dtype=float32)
    """
    from ..operator import make_prop

    named = {k: v for k, v in kwargs.items() if isinstance(v, NDArray)}
    prop = make_prop({k: v for k, v in kwargs.items() if k not in named})
    op_type = kwargs["op_type"]
    names = [*prop.list_arguments(), *prop.list_auxiliary_states()]
    inputs = dict(zip(names, data, strict=False))
    for key, value in named.items():
        if key not in names or key in inputs:
            raise TypeError(f"Custom({op_type!r}): the inputs are {names}; {key!r} is one too many")
        inputs[key] = value
    if len(inputs) < len(names) or len(data) > len(names):
        raise TypeError(
            f"Custom({op_type!r}) takes {len(names)} arrays ({', '.join(names)}), got "
            f"{len(data) + len(named)}"
        )
    for key, value in inputs.items():
        if not isinstance(value, NDArray):
            raise TypeError(
                f"Custom({op_type!r}): {key} must be an NDArray, got {type(value).__name__}"
            )
    made = call(prop, [inputs[n] for n in names], op_type)
    if out is not None:
        targets = list(out) if isinstance(out, (list, tuple)) else [out]
        for target, y in zip(targets, made, strict=True):
            check_inplace(target)
            target[:] = y
        return out
    return made[0] if len(made) == 1 else made


def call(
    prop: Any, inputs: Sequence[NDArray], op_type: str, operators: dict | None = None, key: Any = 0
) -> list[NDArray]:
    """Run an operator on its inputs and auxiliary states.

    Parameters
    ----------
    prop : CustomOpProp
    inputs : sequence of NDArray
    op_type : str
        Its name, for messages.
    operators : dict, optional
        Operators that were made before, by ``key``; without it a new one is made.
    """
    from ..operator import shapes, types

    n = len(prop.list_arguments())
    waiting = [hasattr(x._buffer.pending, "learn_shape") for x in inputs]
    known = [
        None if w and not x._buffer.pending.known else x.shape
        for w, x in zip(waiting, inputs, strict=True)
    ]
    in_shapes, out_shapes, aux_shapes = shapes(prop, known[:n])
    for x, w, shape in zip(inputs, waiting, (*in_shapes, *aux_shapes), strict=True):
        if w:
            x._buffer.pending.learn_shape(shape, x._buffer)
        if shape != x.shape:
            raise ValueError(
                f"Custom({op_type!r}): {type(prop).__name__}.infer_shape() asks for inputs of "
                f"shapes {[*in_shapes, *aux_shapes]}, got {[x.shape for x in inputs]}"
            )
    _, out_types, _ = types(prop, [x._buffer.dtype for x in inputs[:n]])
    ctx = inputs[0].context if inputs else current_context()
    if state.trace is not None:
        if not state.trace.resolve:
            raise Unfusable(f"custom operator {op_type!r} runs as Python code, on values")
        return [creation.zeros(s, ctx, t) for s, t in zip(out_shapes, out_types, strict=True)]
    found = None if operators is None else operators.get(key)
    if found is None:
        found = prop.create_operator(
            ctx,
            [list(x.shape) for x in inputs],
            [np.dtype(x._buffer.dtype).type for x in inputs],
        )
        if operators is not None:
            operators[key] = found
    in_data, aux = [_copy(x) for x in inputs[:n]], list(map(_alias, inputs[n:]))
    made = [creation.zeros(s, ctx, t) for s, t in zip(out_shapes, out_types, strict=True)]
    recorded = state.recording and any(x._recorded for x in inputs[:n])
    with _Quiet(ctx):
        found.forward(
            is_train=state.training,
            req=["write"] * len(made),
            in_data=in_data,
            out_data=made,
            aux=aux,
        )
    if recorded:
        for x in inputs[:n]:
            _settle(x)
        values = tuple(x._entry if x._recorded else None for x in inputs[:n])
        node = Node(None, values, (None,) * n)
        node.pullback = _Backward(found, in_data, list(map(_copy, made)), aux, values)
        made = [NDArray._new(y._buffer, y._view) for y in made]
        for i, y in enumerate(made):
            y._entry = Value(node, i)
    return made


def _copy(x: NDArray) -> NDArray:
    """An array of its own with the contents that ``x`` has now; nothing is copied."""
    return NDArray._new(Buffer(x._data, x.context, shared=True))


def _alias(x: NDArray) -> NDArray:
    """The same array, unknown to autograd."""
    return NDArray._new(x._buffer, x._view)


def _settle(x: NDArray) -> None:
    """Let pending work that made ``x`` run and become part of the tape."""
    x._buffer.get()
    value = x._entry
    if type(value) is Deferred and value.node.region is not None:
        value.node.region.run()


class _Quiet:
    """Scope of the user's code: nothing is recorded, arrays are made on the inputs' device."""

    def __init__(self, ctx: Any):
        self.ctx = ctx

    def __enter__(self) -> None:
        self.recording, state.recording = state.recording, False
        self.ctx.__enter__()

    def __exit__(self, *exc: Any) -> None:
        state.recording = self.recording
        self.ctx.__exit__(*exc)


class _Backward(tape.FunctionPullback):
    """Runs a custom operator's backward."""

    def __init__(self, op: Any, in_data: list, out_data: list, aux: list, values: tuple):
        self.op = op
        self.in_data = in_data
        self.out_data = out_data
        self.aux = aux
        self.wanted = [v is not None for v in values]

    def __call__(self, slots: dict[int, Any]) -> list[Any]:
        ctx = self.out_data[0].context
        out_grad = [
            NDArray._new(Buffer(slots[i], ctx, shared=True))
            if i in slots
            else creation.zeros(y.shape, ctx, y.dtype)
            for i, y in enumerate(self.out_data)
        ]
        in_grad = [creation.zeros(x.shape, x.context, x.dtype) for x in self.in_data]
        with _Quiet(ctx):
            self.op.backward(
                req=["write" if w else "null" for w in self.wanted],
                out_grad=out_grad,
                in_data=list(map(_copy, self.in_data)),
                out_data=list(map(_copy, self.out_data)),
                in_grad=in_grad,
                aux=self.aux,
            )
        return [g._data for g, w in zip(in_grad, self.wanted, strict=True) if w]
