"""The reference's arrays: shared memory, views and a tape, in NumPy float64.

As simple as can be: every operator runs at once, the contents of an array are immutable and
replaced as a whole, and each operator is a function that returns its result and its pullback.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

__all__ = ["Array", "MXNetError", "Variable", "array", "backward", "call", "scope", "state"]


class MXNetError(RuntimeError):
    """Errors compare by the name of their type."""


class State:
    """Whether operators are recorded, and whether layers train."""

    recording = False
    training = False


state = State()


@contextlib.contextmanager
def scope(recording: bool, training: bool) -> Iterator[None]:
    """``record()`` and ``pause()``."""
    old = state.recording, state.training
    state.recording, state.training = recording, training
    try:
        yield
    finally:
        state.recording, state.training = old


class Variable:
    """The tape's end at an array with ``attach_grad``."""

    live = True

    def __init__(self, shape: tuple[int, ...], grad_req: str, context: int):
        self.grad = array(np.zeros(shape), context)
        self.grad_req = grad_req
        self.fresh = False


class Node:
    """One recorded operator; ``inputs`` are nodes and variables, None where no gradient flows."""

    _order = itertools.count()

    def __init__(self, inputs: list[Any], pullback: Callable):
        self.inputs = inputs
        self.pullback = pullback
        self.order = next(Node._order)
        self.live = True


class Cell:
    """Memory on a context: one flat array, replaced by every write."""

    def __init__(self, flat: np.ndarray, context: int):
        self.flat = flat
        self.context = context


class Array:
    """A handle on a part of a cell, with its place on the tape."""

    def __init__(self, cell: Cell, offset: int, shape: tuple[int, ...]):
        self.cell = cell
        self.offset = offset
        self.shape = shape
        self.entry: Any = None

    @property
    def data(self) -> np.ndarray:
        size = int(np.prod(self.shape))
        return self.cell.flat[self.offset : self.offset + size].reshape(self.shape)

    def write(self, value: Any) -> None:
        """Replace the contents."""
        flat = self.cell.flat.copy()
        size = int(np.prod(self.shape))
        flat[self.offset : self.offset + size] = np.broadcast_to(value, self.shape).ravel()
        self.cell.flat = flat

    def asnumpy(self) -> np.ndarray:
        return self.data.copy()

    # -- the tape ---------------------------------------------------------------------------------

    @property
    def recorded(self) -> bool:
        return state.recording and self.entry is not None and self.entry.live

    @property
    def grad(self) -> Array | None:
        return self.entry.grad if isinstance(self.entry, Variable) else None

    def attach_grad(self, grad_req: str = "write") -> None:
        self.entry = Variable(self.shape, grad_req, self.cell.context)

    def check_inplace(self) -> None:
        """An array on the tape must not change; one that backward released leaves the tape."""
        if state.recording and self.entry is not None:
            if self.entry.live:
                raise MXNetError("an array that is part of the recorded graph")
            self.entry = None

    # -- other handles ----------------------------------------------------------------------------

    def detach(self) -> Array:
        return Array(self.cell, self.offset, self.shape)

    def copy(self) -> Array:
        return call("copy", self)

    def _view(self, offset: int, shape: tuple[int, ...]) -> Array:
        view = Array(self.cell, self.offset + offset, shape)
        if self.recorded:
            size, whole = int(np.prod(shape)), self.shape

            def pullback(g):
                flat = np.zeros(int(np.prod(whole)))
                flat[offset : offset + size] = g.ravel()
                return (flat.reshape(whole),)

            view.entry = Node([self.entry], pullback)
        return view

    def reshape(self, shape: tuple[int, ...]) -> Array:
        return self._view(0, shape)

    def __getitem__(self, key: int | slice) -> Array:
        row = int(np.prod(self.shape[1:]))
        if isinstance(key, int):
            return self._view(key * row, self.shape[1:] or (1,))
        start, stop, _ = key.indices(self.shape[0])
        return self._view(start * row, (stop - start, *self.shape[1:]))

    # -- writes -----------------------------------------------------------------------------------

    def __setitem__(self, key: Any, value: Any) -> None:
        self.check_inplace()
        if isinstance(value, Array) and value.recorded:
            self._set_recorded(key, value)
            return
        new = self.data.copy()
        new[key] = value.data if isinstance(value, Array) else value
        self.write(new)

    def _set_recorded(self, key: Any, value: Array) -> None:
        new = self.data.copy()
        new[key] = value.data
        self.write(new)
        self.entry = Node([value.entry], lambda g: (_unbroadcast(g[key], value.shape),))

    def _inplace(self, operator: str, other: Any) -> Array:
        self.check_inplace()
        result = call(operator, self, other)
        if result.shape != self.shape:
            raise ValueError("an in-place operator cannot change the shape")
        self.write(result.data)
        self.entry = result.entry or self.entry
        return self

    def __iadd__(self, other: Any) -> Array:
        return self._inplace("add", other)

    def __isub__(self, other: Any) -> Array:
        return self._inplace("sub", other)

    def __imul__(self, other: Any) -> Array:
        return self._inplace("mul", other)


def array(values: Any, context: int = 0) -> Array:
    """A new array."""
    values = np.array(values, np.float64)
    return Array(Cell(values.ravel(), context), 0, values.shape)


def _unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over what was broadcast."""
    g = g.sum(tuple(range(g.ndim - len(shape))))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return g.sum(axes, keepdims=True).reshape(shape)


# -- operators: arrays in, the result and its pullback out ----------------------------------------


def _dot(a, b):
    return a @ b, lambda g: (g @ b.T, a.T @ g)


def _tanh(a):
    y = np.tanh(a)
    return y, lambda g: (g * (1 - y * y),)


def _l2_loss(a, b):
    d = a - b
    rest = tuple(range(1, a.ndim))
    scale = 1 / d[0].size

    def pullback(g):
        da = d * scale * g.reshape(-1, *(1 for _ in rest))
        return da, -da

    return (d * d).mean(rest) / 2, pullback


def _dense(x, w, b):
    return x @ w.T + b, lambda g: (g @ w, g.T @ x, g.sum(0))


def _batch_norm(x, gamma, beta, mean, var, eps):
    batch = mean is None
    if batch:
        mean, var = x.mean(0), x.var(0)
    scale = 1 / np.sqrt(var + eps)
    y = (x - mean) * scale

    def pullback(g):
        gy = g * gamma
        dx = gy * scale
        if batch:
            dx = (gy - gy.mean(0) - y * (gy * y).mean(0)) * scale
        return dx, (g * y).sum(0), g.sum(0)

    return y * gamma + beta, pullback


OPERATORS: dict[str, Callable] = {
    "add": lambda a, b: (a + b, lambda g: (g, g)),
    "sub": lambda a, b: (a - b, lambda g: (g, -g)),
    "mul": lambda a, b: (a * b, lambda g: (g * b, g * a)),
    "relu": lambda a: (np.maximum(a, 0), lambda g: (g * (a > 0),)),
    "tanh": _tanh,
    "copy": lambda a: (a, lambda g: (g,)),
    "dot": _dot,
    "sum": lambda a: (a.sum().reshape(1), lambda g: (np.full(a.shape, g.item()),)),
    "mean": lambda a: (a.mean().reshape(1), lambda g: (np.full(a.shape, g.item() / a.size),)),
    "l2_loss": _l2_loss,
    "dense": _dense,
    "batch_norm": _batch_norm,
}


def call(operator: str, *inputs: Any, out: Array | None = None, **attrs: Any) -> Array:
    """Run an operator on arrays and numbers, and record it."""
    contexts = {x.cell.context for x in (*inputs, out) if isinstance(x, Array)}
    if len(contexts) > 1:
        raise MXNetError("the arrays are on different contexts")
    arrays = [np.asarray(x.data if isinstance(x, Array) else x) for x in inputs]
    value, pullback = OPERATORS[operator](*arrays, **attrs)
    entries = [x.entry if isinstance(x, Array) and x.recorded else None for x in inputs]
    node = None
    if any(entries):
        shapes = [a.shape for a in arrays]

        def back(g):
            return [_unbroadcast(d, s) for d, s in zip(pullback(g), shapes, strict=True)]

        node = Node(entries, back)
    if out is None:
        out = array(value, *contexts)
        out.entry = node
        return out
    out.check_inplace()
    if out.shape != value.shape:
        raise ValueError("out has another shape")
    out.write(value)
    out.entry = node or out.entry
    return out


def backward(heads: Sequence[Array], grads: Sequence[Array | None], retain: bool = False) -> None:
    """Gradients of all variables that the heads depend on."""
    if any(h.entry is None for h in heads):
        raise MXNetError("not part of a recorded graph")
    found: dict[Node, None] = {}
    todo = [h.entry for h in heads]
    while todo:
        entry = todo.pop()
        if isinstance(entry, Node) and entry not in found:
            if not entry.live:
                raise MXNetError("released by an earlier backward")
            found[entry] = None
            todo += entry.inputs
    total: dict[Any, np.ndarray] = {}

    def give(entry: Any, g: np.ndarray) -> None:
        if entry is not None:
            total[entry] = total[entry] + g if entry in total else g

    for h, g in zip(heads, grads, strict=True):
        give(h.entry, np.ones(h.shape) if g is None else g.data)
    for node in sorted(found, key=lambda n: -n.order):
        for entry, g in zip(node.inputs, node.pullback(total[node]), strict=False):
            give(entry, g)
        if not retain:
            node.live, node.inputs, node.pullback = False, [], None
    for entry, g in total.items():
        if isinstance(entry, Variable) and entry.grad_req != "null":
            entry.grad.write(entry.grad.data + g if entry.grad_req == "add" else g)
            entry.fresh = True
