"""What ``hybridize()`` compiles: one kernel for each kind of call of a block."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from .engine import tape
from .engine.buffer import Buffer
from .engine.kernel import is_float
from .engine.state import state
from .engine.trace import Trace, Traced, trace_kernel
from .ndarray import NDArray
from .ndarray.dispatch import explain, wrap_deferred
from .random import draw

if TYPE_CHECKING:
    from .block import HybridBlock

__all__ = ["Cache", "flatten", "unflatten"]

_ARRAY = "array"


def flatten(tree: Any, leaves: list[Any], keep: Callable[[Any], bool]) -> Any:
    """Collect the leaves that ``keep`` chooses; returns the hashable rest."""
    if keep(tree):
        leaves.append(tree)
        return _ARRAY, len(leaves) - 1
    if isinstance(tree, (list, tuple)):
        return type(tree), tuple(flatten(t, leaves, keep) for t in tree)
    if isinstance(tree, dict):
        return dict, tuple((k, flatten(t, leaves, keep)) for k, t in tree.items())
    return None, tree


def unflatten(spec: Any, leaves: list[Any]) -> Any:
    """The tree that :func:`flatten` took apart, with other leaves."""
    kind, rest = spec
    if kind is _ARRAY:
        return leaves[rest]
    if kind is None:
        return rest
    if kind is dict:
        return {k: unflatten(t, leaves) for k, t in rest}
    items = [unflatten(t, leaves) for t in rest]
    if hasattr(kind, "_fields"):  # a namedtuple
        return kind(*items)
    return kind(items)


def is_array(x: Any) -> bool:
    return isinstance(x, NDArray)


class _Entry:
    """One compiled kind of call."""

    __slots__ = ("traced", "handles", "diff", "out_avals")

    def __init__(self, traced: Traced, handles: list[NDArray], inputs: list[Any], out_avals: tuple):
        self.traced = traced
        self.handles = handles
        self.diff = [is_float(h._buffer.dtype) for h in handles]
        self.diff += [is_float(inputs[i].dtype) for i in traced.inputs]
        self.out_avals = out_avals


class Cache:
    """The compiled calls of one hybridized block.

    The key of a call is the nesting of its arguments, their shapes and dtypes, whatever they hold
    besides arrays, the device and train mode. The cache lives and dies with the block.
    """

    def __init__(self, block: HybridBlock):
        self._block = weakref.ref(block)
        self._entries: dict[Any, _Entry] = {}
        #: How often the block's code was traced, for tests and explanations.
        self.traces = 0

    def clear(self) -> None:
        """Forget everything, after the block's code or structure changed."""
        self._entries.clear()

    def call(self, args: tuple, kwargs: dict) -> Any:
        """Run the block compiled."""
        inputs: list[NDArray] = []
        spec = flatten((args, kwargs) if kwargs else args, inputs, is_array)
        ctx = inputs[0]._buffer.ctx
        key = (spec, ctx, state.training, tuple((x.shape, x._buffer.dtype) for x in inputs))
        try:
            entry = self._entries.get(key)
        except TypeError:  # an argument that cannot be part of a key
            return self._block().forward(*args, **kwargs)  # type: ignore[union-attr]
        if entry is None:
            entry = self._entries[key] = self._compile(spec, inputs, args, kwargs)
        return self._run(entry, inputs, ctx)

    def _run(self, entry: _Entry, inputs: list[NDArray], ctx: Any) -> Any:
        traced = entry.traced
        kernel = traced.kernel
        sources = entry.handles + [inputs[i] for i in traced.inputs]
        tape.bound()
        arrays: list[Any] = []
        pending = False
        for x in sources:
            a = x._array()
            if a is None:
                a = x._deferred()[0] if type(x._buffer.pending) is tape.Deferred else None
                if a is None:
                    a = x._data
                else:
                    pending = True
            arrays.append(a)
        if traced.draws:
            arrays.append(draw(ctx, traced.draws))
        values: list[Any] = [None] * len(arrays)
        recorded = False
        if state.recording and kernel.visible:
            for i, (x, diff) in enumerate(zip(sources, entry.diff, strict=True)):
                if diff and x._entry is not None:
                    values[i] = x._entry
                    recorded = True
        try:
            if recorded or pending:
                outs = tape.defer(kernel, arrays, values, entry.out_avals)
                for buffer, value in zip(traced.written, outs[kernel.visible :], strict=True):
                    tape.hold(buffer, value)
                made = wrap_deferred(outs[: kernel.visible], ctx, recorded)
            else:
                outs = kernel.run(arrays) if sources else kernel.run_on(ctx.device, arrays)
                for buffer, new in zip(traced.written, outs[kernel.visible :], strict=True):
                    buffer.set(new)
                made = [NDArray._new(Buffer(a, ctx)) for a in outs[: kernel.visible]]
        except (TypeError, ValueError) as e:
            raise explain(e, kernel, sources) from None
        return unflatten(traced.result, made)

    def _compile(self, spec: Any, inputs: list[NDArray], args: tuple, kwargs: dict) -> _Entry:
        block = self._block()
        if block is None:
            raise RuntimeError("the block of this cache is gone")
        params = list(dict.fromkeys(block.collect_params().values()))
        if any(p._deferred is not None for p in params):
            self.learn_shapes(block, args, kwargs)
        ctx = inputs[0].context
        handles = [p._data[ctx] for p in params if p._data is not None and ctx in p._data]
        handles = [h for h in handles if h._buffer.array is not None or not hasattr(h._buffer.pending, "learn_shape")]

        def run(trace: Trace, buffers: list[Buffer]) -> tuple[list[Any], Any]:
            given = unflatten(spec, [NDArray._new(b) for b in buffers])
            a, k = given if kwargs else (given, {})
            for b in block._blocks():
                b._watch(self)
            out = block.forward(*a, **k)
            leaves: list[NDArray] = []
            result = flatten(out, leaves, is_array)
            return [x._data for x in leaves], result

        self.traces += 1
        avals = [jax.ShapeDtypeStruct(x.shape, x._buffer.dtype) for x in inputs]
        traced = trace_kernel(run, block.name, ctx, handles, avals)
        state_avals = [jax.ShapeDtypeStruct(h.shape, h._buffer.dtype) for h in traced.states]
        given = state_avals + [avals[i] for i in traced.inputs]
        if traced.draws:
            given.append(jax.ShapeDtypeStruct((3,), np.uint32))
        return _Entry(traced, traced.states, avals, traced.kernel.abstract(tuple(given)))

    @staticmethod
    def learn_shapes(block: HybridBlock, args: tuple, kwargs: dict) -> None:
        """Let parameters that wait for their shape learn it, and initialize them."""
        inputs: list[NDArray] = []
        spec = flatten((args, kwargs), inputs, is_array)
        found: list[Any] = []

        def run(arrays):
            with Trace(block.name, inputs[0].context, resolve=True) as trace:
                a, k = unflatten(spec, [NDArray._new(trace.new(x)) for x in arrays])
                block.forward(*a, **k)
                found.extend(trace.resolved)
            return ()

        state.depth += 1
        try:
            jax.eval_shape(run, [jax.ShapeDtypeStruct(x.shape, x._buffer.dtype) for x in inputs])
        finally:
            state.depth -= 1
        for parameter in found:
            parameter._finish_deferred_init()

