"""The compiled calls of one block."""

from __future__ import annotations

import copy
import warnings
import weakref
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from ..engine import region, report, tape
from ..engine.buffer import Buffer
from ..engine.graph import Value
from ..engine.spread import Spread
from ..engine.state import nobody, state
from ..engine.trace import Trace, trace_kernel
from ..ndarray import NDArray
from ..ndarray.dispatch import explain, on_one_device, wrap_deferred
from ..parameter import Parameter
from ..random import draw
from ._entry import INPUT, Entry, outputs_of
from ._reasons import depth_of_user, difference
from ._tree import flatten, is_array, unflatten
from ._usual import Usual

if TYPE_CHECKING:
    from ..block import HybridBlock

__all__ = ["Cache", "shared_cache"]

_MAX_ENTRIES = 256
_MAX_HISTORY = 16
#: Compilations of one block in one mode after which the user is told.
_MANY = 8
_shared: dict[tuple, Cache] = {}
_MAX_SHARED = 64


def shared_cache(block: HybridBlock) -> Cache:
    """The cache of a block without parameters whose code depends on its attributes alone.

    Blocks of one class with equal attributes, all hybridized or none, have one: a loss that is made
    anew in every step compiles once.
    """
    own = {k: v for k, v in vars(block).items() if k not in block._bookkeeping}
    key = (type(block), block._active, *((k, type(v), v) for k, v in own.items()))
    try:
        found = _shared.get(key)
    except TypeError:  # an attribute that cannot be part of a key
        return Cache(block)
    if found is None:
        if len(_shared) >= _MAX_SHARED:
            del _shared[next(iter(_shared))]
        copied = copy.copy(block)  # what is set on the block later does not reach it
        vars(copied).pop("_watchers", None)
        found = _shared[key] = Cache(copied, shared=True)
    return found


def _aval(x: NDArray) -> tuple[tuple[int, ...], Any]:
    """The shape and the dtype of an array."""
    a = x._buffer.array
    if a is None:
        a = x._buffer._aval()
    return a.shape if x._view is None else x.shape, a.dtype


class Cache:
    """The compiled calls of one hybridized block.

    The key of a call is the nesting of its arguments, their shapes and dtypes, whatever they hold
    besides arrays, the device, recording and train mode. The cache lives and dies with the block.
    """

    def __init__(self, block: HybridBlock, shared: bool = False):
        self._block = weakref.ref(block)
        #: A shared cache keeps the block of its own that it compiles, and does not warn: the
        #: network whose output it takes does.
        self._shared = block if shared else None
        #: Whether what is recorded is deferred even if no input is.
        self._defers = block._active
        self._entries: dict[Any, Entry] = {}
        #: The key and the entry of the last call on each context: to compare keys is cheaper than
        #: to hash one.
        self._recent: dict[Any, tuple[tuple, Entry]] = {}
        #: What the last recorded call on each context was like, if it was a simple one.
        self.usual: dict[Any, Usual | None] = {}
        #: The last script that began with a call of the block, weakly.
        self.script: Any = nobody
        #: Shapes and dtypes of the arrays in the last call.
        self.avals: tuple | None = None
        self.name = block.name
        #: How often the block's code was traced, and what was new each time (the last ones).
        self.traces = 0
        self.history: deque[str] = deque(maxlen=_MAX_HISTORY)
        self._last: tuple | None = None
        self._cleared: str | None = None
        self._modes: Counter = Counter()
        report.blocks.add(self)

    def clear(self, reason: str) -> None:
        """Forget everything, after the block's code or structure changed."""
        self._entries.clear()
        self._recent.clear()
        self.usual.clear()
        self.avals = None
        self._cleared = reason

    def _explain(self, key: tuple) -> None:
        """Note why the code is compiled; warn if that happens again and again."""
        if self._cleared is not None:
            reason = self._cleared
        elif self._last is None:
            reason = "first call"
        elif key in self._entries:
            reason = "its parameters were made anew, cast or moved"
        else:
            reason = difference(self._last, key)
        self.history.append(reason)
        self._last, self._cleared = key, None
        self._modes[key[1:4]] += 1
        if self._modes[key[1:4]] == _MANY and self._shared is None:
            warnings.warn(
                f"{self.name} has been compiled {_MANY} times in the same mode, the last time "
                f"because: {reason}. Each compilation takes far longer than a step. Keep shapes "
                "equal (pad or drop the last batch, sort sequences into a few lengths), give "
                "numbers that change as arrays, and do not set attributes in the loop; "
                "print(gluonx.engine.explain()) shows all of them",
                stacklevel=depth_of_user(),
            )

    def again(self, args: tuple) -> NDArray | None:
        """The result of a recorded call that is like the last one on its context, see
        :class:`Usual`; None if it may be another."""
        x = args[0]
        usual = self.usual.get(x._buffer.ctx) if type(x) is NDArray else None
        if usual is None:
            return None
        result = usual.call(args)
        if result is not None:
            self.avals = usual.avals
        return result

    def call(self, args: tuple, kwargs: dict) -> Any:
        """Run the block compiled."""
        if not kwargs and all([isinstance(x, NDArray) for x in args]):
            inputs, spec = list(args), len(args)
        else:
            inputs = []
            spec = flatten((args, kwargs) if kwargs else args, inputs, is_array)
        ctx = inputs[0]._buffer.ctx
        if len(inputs) > 1 and not on_one_device(inputs):  # the code may copy some of them
            return self._block().forward(*args, **kwargs)  # type: ignore[union-attr]
        avals = tuple([_aval(x) for x in inputs])
        key = (spec, ctx, state.training, state.recording, avals)
        last = self._recent.get(ctx)
        if last is not None and last[0] == key and last[1].moves == Parameter.moves:
            self.avals = avals
            if state.recording:
                self.usual[ctx] = last[1].usual
            return self._invoke(last[1], inputs, ctx, args, kwargs)
        try:
            entry = self._entries.get(key)
        except TypeError:  # an argument that cannot be part of a key
            return self._block().forward(*args, **kwargs)  # type: ignore[union-attr]
        if entry is not None and entry.moves != Parameter.moves:
            if entry.holds(self._handles(ctx)):
                entry.moves = Parameter.moves
            else:
                entry = None
        if entry is None:
            entry = self._elsewhere(key)
            if entry is None:
                self._explain(key)
                entry = self._compile(inputs, args, kwargs)
            if len(self._entries) >= _MAX_ENTRIES:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = entry
            entry.usual = Usual.of(entry, ctx, avals, self) if key[3] and not kwargs else None
        self._recent[ctx], self.avals = (key, entry), avals
        return self._invoke(entry, inputs, ctx, args, kwargs)

    def _elsewhere(self, key: tuple) -> Entry | None:
        """The entry of a call that was compiled for another device of the same kind."""
        ctx = key[1]
        for other, entry in self._entries.items():
            if other[0] == key[0] and other[2:] == key[2:] and other[1] is not ctx:
                if other[1].device_type == ctx.device_type and entry.moves == Parameter.moves:
                    return entry.on(ctx, self._params())
        return None

    def _invoke(
        self, entry: Entry, inputs: list[NDArray], ctx: Any, args: tuple, kwargs: dict
    ) -> Any:
        """Run one compiled kind of call."""
        written = entry.traced.written
        if written:
            if entry.aliased(inputs):
                return self._block().forward(*args, **kwargs)  # type: ignore[union-attr]
            if state.recording:
                entry.check_written(inputs)
        try:
            made = self._run(entry, inputs, ctx)
        except (TypeError, ValueError) as e:
            sources = entry.handles + [inputs[i] for i in entry.traced.inputs]
            raise explain(e, entry.traced.kernel, sources) from None
        if entry.single:
            return made[0]
        result, places = entry.traced.result
        if places is not None:  # some outputs are arrays that were there before
            made = [
                made[p] if kind is None else inputs[p] if kind is INPUT else kind
                for kind, p in places
            ]
        return unflatten(result, made)

    def _run(self, entry: Entry, inputs: list[NDArray], ctx: Any) -> list[NDArray]:
        """The arrays that the code makes: deferred if an input is, or if recorded and so asked."""
        traced, device, recording = entry.traced, ctx.device, state.recording
        kernel = traced.kernel
        mine = region.current(device, recording)
        with mine.lock:
            arrays, pending = entry.contents(inputs, mine)
            if traced.draws:
                arrays.append(draw(ctx, traced.draws))
            if recording and kernel.visible:
                values, recorded = entry.values(inputs)
            else:
                values, recorded = (None,) * len(arrays), False
            if pending or (recorded and self._defers):
                outs = region.defer(mine, kernel, arrays, values, entry.out_avals, device)
                made = wrap_deferred(outs[: kernel.visible], ctx, recorded)
                if traced.written:
                    entry.hold_written(inputs, outs[kernel.visible :], ctx)
                return made
            if mine.queue:  # steps that wait there make what this starts from
                mine.settle()
                there, _ = entry.contents(inputs, mine)
                arrays[: len(there)] = there
            if mine.spread:
                arrays = [a.part(device) if type(a) is Spread else a for a in arrays]
        node = None
        if recorded:
            outs, node = tape.record(kernel, arrays, values, device)
        else:
            outs = kernel.run(arrays, device)
        entry.write(inputs, outs[kernel.visible :])
        made = [NDArray._new(Buffer(a, ctx)) for a in outs[: kernel.visible]]
        if node is not None:
            for k, x in enumerate(made):
                x._entry = Value(node, k)
        return made

    def _compile(self, inputs: list[NDArray], args: tuple, kwargs: dict) -> Entry:
        block = self._block()
        if block is None:
            raise RuntimeError("the block of this cache is gone")
        moves = Parameter.moves
        if any(p._deferred is not None for p in block.collect_params().values()):
            self.learn_shapes(block, args, kwargs)
        spec = flatten((args, kwargs) if kwargs else args, [], is_array)
        ctx = inputs[0].context
        given = self._handles(ctx)
        handles = [
            h
            for h in given
            if h._buffer.array is not None or not hasattr(h._buffer.pending, "learn_shape")
        ]

        def run(trace: Trace, buffers: list[Buffer]) -> tuple[list[Any], Any]:
            arrays = [NDArray._new(b) for b in buffers]
            given = unflatten(spec, arrays)
            a, k = given if kwargs else (given, {})
            for b in block._blocks():
                b._watch(self)
            out = block.forward(*a, **k)
            leaves: list[NDArray] = []
            result = flatten(out, leaves, is_array)
            outputs, places = outputs_of(trace, leaves, arrays)
            return [x._data for x in outputs], (result, places)

        self.traces += 1
        avals = [jax.ShapeDtypeStruct(x.shape, x._buffer.dtype) for x in inputs]
        traced = trace_kernel(run, block.name, ctx, handles, avals)
        state_avals = [jax.ShapeDtypeStruct(h.shape, h._buffer.dtype) for h in traced.states]
        taken = state_avals + [avals[i] for i in traced.inputs]
        if traced.draws:
            taken.append(jax.ShapeDtypeStruct((3,), np.uint32))
        return Entry(traced, avals, traced.kernel.abstract(tuple(taken)), given, moves)

    def _handles(self, ctx: Any) -> list[NDArray]:
        """The block's parameters on a device, as they are now."""
        return [p._data[ctx] for p in self._params() if p._data is not None and ctx in p._data]

    def _params(self) -> list[Parameter]:
        block = self._block()
        return [] if block is None else list(dict.fromkeys(block.collect_params().values()))

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
