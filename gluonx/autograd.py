"""Recording computations and differentiating them.

Examples
--------
>>> from gluonx import autograd, nd
>>> x = nd.array([1., 2., 3.])
>>> x.attach_grad()
>>> with autograd.record():
...     y = (x * x).sum()
>>> y.backward()
>>> x.grad.asnumpy()
array([2., 4., 6.], dtype=float32)
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .engine import fuse, tape
from .engine.buffer import Buffer
from .engine.graph import Node, Value, Variable
from .engine.kernel import is_float
from .engine.region import Deferred
from .engine.state import state
from .engine.trace import Unfusable
from .error import MXNetError
from .ndarray import NDArray, zeros
from .ndarray.dispatch import check_devices

__all__ = [
    "Function", "backward", "get_symbol", "grad", "is_recording", "is_training", "mark_variables",
    "pause", "predict_mode", "record", "set_recording", "set_training", "train_mode",
]  # fmt: skip


_ARRAYS = {NDArray}
_entry = operator.attrgetter("_entry")


def set_recording(is_recording: bool) -> bool:
    """Switch recording on or off for this thread; returns the previous state."""
    old, state.recording = state.recording, bool(is_recording)
    return old


def set_training(train_mode: bool) -> bool:
    """Switch train mode on or off for this thread; returns the previous state."""
    old, state.training = state.training, bool(train_mode)
    return old


def is_recording() -> bool:
    """Whether this thread is recording."""
    return state.recording


def is_training() -> bool:
    """Whether this thread is in train mode."""
    return state.training


class _Scope:
    """``with`` scope that sets recording and train mode; None leaves one as it is."""

    __slots__ = ("_recording", "_training", "_old")

    def __init__(self, recording: bool | None, training: bool | None):
        self._recording = recording
        self._training = training
        self._old: tuple[bool, bool] | None = None

    def __enter__(self) -> None:
        self._old = (state.recording, state.training)
        if self._recording is not None:
            state.recording = self._recording
        if self._training is not None:
            state.training = self._training

    def __exit__(self, *exc: object) -> None:
        if self._old is not None:
            state.recording, state.training = self._old
            self._old = None

    def __del__(self) -> None:
        # Ctrl-C can come just before __exit__ begins, or before __init__ ends
        if getattr(self, "_old", None) is not None:
            self.__exit__()


def record(train_mode: bool = True) -> _Scope:
    """Scope in which operators on arrays with gradients are recorded.

    Parameters
    ----------
    train_mode : bool
        Whether layers such as Dropout act as in training.
    """
    return _Scope(True, train_mode)


def pause(train_mode: bool = False) -> _Scope:
    """Scope inside :func:`record` in which nothing is recorded."""
    return _Scope(False, train_mode)


def train_mode() -> _Scope:
    """Scope in which layers act as in training; recording stays as it is."""
    return _Scope(None, True)


def predict_mode() -> _Scope:
    """Scope in which layers act as in prediction; recording stays as it is."""
    return _Scope(None, False)


def mark_variables(
    variables: NDArray | Sequence[NDArray],
    gradients: NDArray | Sequence[NDArray],
    grad_reqs: str | Sequence[str] = "write",
) -> None:
    """Let ``backward`` write the gradients of ``variables`` into the arrays ``gradients``.

    Parameters
    ----------
    variables, gradients : NDArray or list of NDArray
        Of equal shapes, pair by pair.
    grad_reqs : str or list of str
        ``'write'``, ``'add'`` or ``'null'``.
    """
    if isinstance(variables, NDArray):
        variables, gradients = [variables], [gradients]  # type: ignore[list-item]
    reqs = [grad_reqs] * len(variables) if isinstance(grad_reqs, str) else list(grad_reqs)
    if not len(variables) == len(gradients) == len(reqs):
        raise ValueError(
            f"mark_variables() needs as many gradients and grad_reqs as variables, got "
            f"{len(variables)}, {len(gradients)} and {len(reqs)}"
        )
    for x, g, req in zip(variables, gradients, reqs, strict=True):
        if req not in ("write", "add", "null"):
            raise ValueError(f"grad_req must be 'write', 'add' or 'null', got {req!r}")
        if x.shape != g.shape:
            raise ValueError(f"the gradient's shape {g.shape} is not the variable's, {x.shape}")
        plain = g._view is None and g._buffer.dtype == x._buffer.dtype
        x._entry = Variable(g, req, plain)


def _heads(heads: Any, head_grads: Any) -> list[tuple[NDArray, NDArray | None]]:
    if isinstance(heads, NDArray):
        heads = [heads]
    elif not isinstance(heads, (list, tuple)):
        raise TypeError(f"heads must be NDArrays, got {type(heads).__name__}")
    if not heads:
        raise ValueError("there is nothing to differentiate: the list of heads is empty")
    if head_grads is None:
        grads: list[Any] = [None] * len(heads)
    else:
        grads = [head_grads] if isinstance(head_grads, NDArray) else list(head_grads)
    if len(heads) != len(grads):
        raise ValueError(f"got {len(heads)} heads but {len(grads)} head gradients")
    for y, g in zip(heads, grads, strict=True):
        if not isinstance(y, NDArray):
            raise TypeError(f"heads must be NDArrays, got {type(y).__name__}")
        if y._entry is None or (y._entry.node is None and not isinstance(y._entry, Variable)):
            if not is_float(y.dtype):
                raise MXNetError(
                    f"cannot differentiate an array of dtype {np.dtype(y.dtype).name}: integers "
                    "and bools have no gradients. Use a float dtype, for example"
                    " x.astype('float32')"
                )
            raise MXNetError(
                "cannot differentiate an array that is not part of a recorded graph. Compute it "
                "inside `with autograd.record():` from arrays on which attach_grad() was called"
            )
        if g is not None and g.shape != y.shape:
            raise ValueError(f"the head gradient's shape {g.shape} is not the head's, {y.shape}")
        if g is not None:
            check_devices("backward(), of a head and its gradient", (y, g))
    return list(zip(heads, grads, strict=True))


def _deferred(g: NDArray | None) -> Any:
    """A head gradient for a deferred backward pass: None, a deferred value or an array."""
    if g is None:
        return None
    pending = g._buffer.pending
    return pending if g._view is None and type(pending) is Deferred else g._data


def _settle(x: NDArray) -> None:
    """Let pending work that made ``x`` run and become part of the tape."""
    x._buffer.get()
    value = x._entry
    if type(value) is Deferred and value.node.region is not None:  # x was overwritten meanwhile
        value.node.region.run()


def _pairs(heads: list[tuple[NDArray, NDArray | None]]) -> list[tuple[Value, Any]]:
    for y, _ in heads:
        _settle(y)
    return [
        (y._entry, tape.ones_like(y._data, y.context.device) if g is None else g._data)
        for y, g in heads
    ]


def backward(
    heads: NDArray | Sequence[NDArray],
    head_grads: NDArray | Sequence[NDArray | None] | None = None,
    retain_graph: bool = False,
    train_mode: bool = True,
) -> None:
    """Compute the gradients of all arrays with ``attach_grad`` that the heads depend on.

    Parameters
    ----------
    heads : NDArray or list of NDArray
        What to differentiate; of several heads, the sum.
    head_grads : NDArray or list of NDArray or None
        Gradients with respect to the heads; ones by default.
    retain_graph : bool
        Keep the graph for another ``backward``.
    train_mode : bool
        Accepted for compatibility; the gradient is that of the forward pass as it ran.

    Raises
    ------
    MXNetError
        If a head was not recorded, or its graph was released by an earlier ``backward``.
    """
    if head_grads is None and not retain_graph and type(heads) is list:
        script = state.script()
        if script is not None and len(heads) == 1 and script.backward(heads[0]):
            return
        if set(map(type, heads)) == _ARRAYS and fuse.defer_each_again(list(map(_entry, heads))):
            return
    pairs = _heads(heads, head_grads)
    if retain_graph or not fuse.defer_backward([(y._entry, _deferred(g)) for y, g in pairs]):
        tape.backward(_pairs(pairs), retain_graph)


def grad(
    heads: NDArray | Sequence[NDArray],
    variables: NDArray | Sequence[NDArray],
    head_grads: NDArray | Sequence[NDArray | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    train_mode: bool = True,
) -> list[NDArray]:
    """Gradients of the heads with respect to ``variables``, returned as new arrays.

    Parameters
    ----------
    heads, head_grads, train_mode
        As for :func:`backward`.
    variables : NDArray or list of NDArray
        Recorded arrays: leaves with ``attach_grad``, or results.
    retain_graph : bool, optional
        Keep the graph; by default, as ``create_graph``.
    create_graph : bool
        Record the gradient itself, so that it can be differentiated again.

    Returns
    -------
    list of NDArray
        One for each of ``variables``, also when it is a single array. Their ``grad`` buffers are
        not touched.

    Examples
    --------
    >>> from gluonx import autograd, nd
    >>> x = nd.array([3.]); x.attach_grad()
    >>> with autograd.record():
    ...     y = x ** 3
    ...     (dy,) = autograd.grad(y, x, create_graph=True)
    >>> dy.backward()
    >>> x.grad.asscalar()
    np.float32(18.0)
    """
    targets: list[NDArray] = [variables] if isinstance(variables, NDArray) else list(variables)
    if not targets:
        raise ValueError("autograd.grad() needs at least one variable")
    for x in targets:
        if not isinstance(x, NDArray) or x._entry is None:
            raise MXNetError(
                "autograd.grad() can only differentiate by recorded arrays: call x.attach_grad() "
                "before the computation"
            )
    pairs = _heads(heads, head_grads)
    retain = create_graph if retain_graph is None else retain_graph
    for x in targets:
        _settle(x)
    starts = _pairs(pairs)
    if create_graph:
        triples = [
            (value, ct, g._entry if g is not None else None)
            for (value, ct), (_, g) in zip(starts, pairs, strict=True)
        ]
        outs, node = tape.gradients(
            triples, [(x._entry, x._data) for x in targets], targets[0].context.device
        )
        result = []
        for i, (x, out) in enumerate(zip(targets, outs, strict=True)):
            y = _wrap(out, x)
            if node is not None:
                y._entry = Value(node, i)
            result.append(y)
    else:
        values = [x._entry for x in targets]
        found = tape.cotangents(starts, values, retain)
        result = [
            _wrap(found[v], x) if v in found else zeros(x.shape, x.context, x.dtype)
            for v, x in zip(values, targets, strict=True)
        ]
    return result


def get_symbol(x: NDArray) -> Any:
    """The recorded operators that made an array, as a Symbol.

    Variables are called ``var0``, ``var1``, ... in the order in which operators took them.

    Parameters
    ----------
    x : NDArray

    Returns
    -------
    Symbol

    Raises
    ------
    MXNetError
        If it was not recorded, ``backward`` has released it, or a hybridized block was part of it.

    Examples
    --------
    >>> from gluonx import autograd, nd
    >>> x, w = nd.ones((2, 3)), nd.ones((4, 3))
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.relu(nd.FullyConnected(x, w, no_bias=True, num_hidden=4) + 1)
    >>> symbol = autograd.get_symbol(y)
    >>> symbol.list_arguments()
    ['var0', 'var1']
    >>> (symbol.eval(var0=x, var1=w)[0] == y).min().asscalar()
    np.float32(1.0)
    """
    from .symbol.recorded import get_symbol as of

    return of(x)


def _wrap(array: Any, like: NDArray) -> NDArray:
    return NDArray._new(Buffer(array, like.context))


class Function:
    """A differentiable function whose backward is written by hand.

    Subclasses define ``forward(self, *inputs)`` and ``backward(self, *output_grads)`` on NDArrays;
    neither is recorded. ``backward`` returns one gradient for each input. Calling an instance runs
    ``forward``.

    Examples
    --------
    >>> from gluonx import autograd, nd
    >>> class Sigmoid(autograd.Function):
    ...     def forward(self, x):
    ...         y = 1 / (1 + nd.exp(-x))
    ...         self.save_for_backward(y)
    ...         return y
    ...     def backward(self, dy):
    ...         y, = self.saved_tensors
    ...         return dy * y * (1 - y)
    >>> x = nd.zeros((1,)); x.attach_grad()
    >>> with autograd.record():
    ...     y = Sigmoid()(x)
    >>> y.backward(); x.grad.asscalar()
    np.float32(0.25)
    """

    saved_tensors: tuple = ()
    _used = False

    def save_for_backward(self, *args: Any) -> None:
        """Keep arrays for ``backward``, as ``self.saved_tensors``."""
        self.saved_tensors = args

    def forward(self, *inputs: Any) -> Any:
        """Compute the outputs; override this."""
        raise MXNetError(f"{type(self).__name__} must define forward(self, *inputs)")

    def backward(self, *output_grads: Any) -> Any:
        """Compute the gradients of the inputs from those of the outputs; override this."""
        raise MXNetError(f"{type(self).__name__} must define backward(self, *output_grads)")

    def __call__(self, *inputs: NDArray) -> Any:
        name = type(self).__name__
        if self._used:
            raise MXNetError(
                f"an instance of {name} keeps what its backward() needs and can be called once; "
                f"make a new one for each call: {name}()(x)"
            )
        if state.trace is not None:
            raise Unfusable(f"autograd.Function {name} runs as Python code, on values")
        self._used = True
        with pause(train_mode=state.training):
            outputs = self.forward(*inputs)
        single = not isinstance(outputs, (list, tuple))
        outs: list[NDArray] = [outputs] if single else list(outputs)
        if state.recording and any(isinstance(x, NDArray) and x._recorded for x in inputs):
            for x in inputs:
                if isinstance(x, NDArray):
                    _settle(x)
            values = tuple(
                x._entry if isinstance(x, NDArray) and x._recorded else None for x in inputs
            )
            node = Node(None, values, (None,) * len(values))
            shapes = [None if v is None else x.shape for x, v in zip(inputs, values, strict=True)]
            node.pullback = _Backward(self, outs, shapes, state.training)
            fresh = []
            for i, y in enumerate(outs):
                z = NDArray._new(y._buffer, y._view)
                z._entry = Value(node, i)
                fresh.append(z)
            outs = fresh
        return outs[0] if single else outs


class _Backward(tape.FunctionPullback):
    """Runs a Function's backward."""

    def __init__(self, function: Function, outputs: list[NDArray], shapes: list, train: bool):
        self.function = function
        self.like = [(y.shape, y.dtype, y.context) for y in outputs]
        #: Shapes of the inputs, None where no gradient is wanted.
        self.shapes = shapes
        self.train = train

    def __call__(self, slots: dict[int, Any]) -> list[Any]:
        grads = []
        for i, (shape, dtype, ctx) in enumerate(self.like):
            if i in slots:
                grads.append(NDArray._new(Buffer(slots[i], ctx)))
            else:
                grads.append(zeros(shape, ctx, dtype))
        with pause(train_mode=self.train):
            result = self.function.backward(*grads)
        result = list(result) if isinstance(result, (list, tuple)) else [result]
        name = f"{type(self.function).__name__}.backward()"
        if len(result) != len(self.shapes):
            raise ValueError(
                f"{name} returned {len(result)} gradients for {len(self.shapes)} inputs; return "
                "one for each, None where there is none"
            )
        found = []
        for i, (g, shape) in enumerate(zip(result, self.shapes, strict=True)):
            if shape is None:
                continue
            if g is not None and not isinstance(g, NDArray):
                raise TypeError(f"{name} must return NDArrays, not {type(g).__name__}")
            if g is not None and g.shape != shape:
                raise ValueError(
                    f"{name} returned a gradient of shape {g.shape} for input {i}, whose shape is "
                    f"{shape}"
                )
            found.append(None if g is None else g._data)
        return found
