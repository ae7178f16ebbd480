"""What ``hybridize()`` compiles: one kernel for each kind of call of a block."""

from __future__ import annotations

import copy
import operator
import sys
import warnings
import weakref
from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from .engine import region, report
from .engine.buffer import Buffer
from .engine.bundle import Selection
from .engine.graph import Variable
from .engine.kernel import is_float
from .engine.spread import Spread
from .engine.state import state
from .engine.trace import Trace, Traced, trace_kernel
from .ndarray import NDArray
from .ndarray.dispatch import check_inplace, explain, wrap_deferred
from .parameter import Parameter
from .random import draw

if TYPE_CHECKING:
    from .block import HybridBlock

__all__ = ["Cache", "flatten", "shared_cache", "unflatten"]

_NONE = id(None)
_array = operator.attrgetter("array")
_entry = operator.attrgetter("_entry")
_pending = operator.attrgetter("pending")
#: Types of what the tape has of arrays that were not computed: these are always live.
_LEAVES = {Variable, type(None)}
_ARRAY = "array"
_INPUT = "input"
_MAX_ENTRIES = 256
_MAX_HISTORY = 16
#: Compilations of one block in one mode after which the user is told.
_MANY = 8


def flatten(tree: Any, leaves: list[Any], keep: Callable[[Any], bool]) -> Any:
    """Collect the leaves that ``keep`` chooses; returns the hashable rest."""
    if keep(tree):
        leaves.append(tree)
        return _ARRAY, len(leaves) - 1
    if isinstance(tree, (list, tuple)):
        return type(tree), tuple(flatten(t, leaves, keep) for t in tree)
    if isinstance(tree, dict):
        return dict, tuple((k, flatten(t, leaves, keep)) for k, t in tree.items())
    return None, (type(tree), tree)  # True, 1 and 1.0 are equal, and are not the same


def unflatten(spec: Any, leaves: list[Any]) -> Any:
    """The tree that :func:`flatten` took apart, with other leaves."""
    kind, rest = spec
    if kind is _ARRAY:
        return leaves[rest]
    if kind is None:
        return rest[1]
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

    __slots__ = (
        "traced", "handles", "buffers", "whole", "out_avals", "given", "moves", "outside",
        "single", "_known", "_selection",
    )  # fmt: skip

    def __init__(
        self, traced: Traced, inputs: Any, out_avals: tuple, given: list[NDArray], moves: int,
        whole: list[int] | None = None,
    ):  # fmt: skip
        self.traced = traced
        self.handles = traced.states
        self.buffers = [h._buffer for h in traced.states]
        #: Inputs of the kernel through which no gradient flows: those of whole numbers.
        if whole is None:
            dtypes = [h._buffer.dtype for h in self.handles]
            dtypes += [inputs[i].dtype for i in traced.inputs]
            whole = [k for k, dtype in enumerate(dtypes) if not is_float(dtype)]
        self.whole = whole
        self.out_avals = out_avals
        #: The block's parameters as they were, with their dtypes, and ``Parameter.moves`` then.
        self.given = [(h, h._buffer.dtype) for h in given]
        self.moves = moves
        self.outside = {id(h._buffer) for h in traced.states}
        #: Whether the result is one array that the code has made.
        self.single = traced.result == ((_ARRAY, 0), None)
        #: The last result of :meth:`values`, if no gradient flows to the inputs.
        self._known: tuple[list[Any], bool] = ([], False)
        self._selection: Selection | None = None

    def aliased(self, inputs: list[NDArray]) -> bool:
        """Whether an array that the code changes has another name among what it is given."""
        buffers = [id(x._buffer) for x in inputs]
        for target in self.traced.written:
            if isinstance(target, Buffer):
                if id(target) in buffers:
                    return True
            elif buffers.count(buffers[target]) > 1 or buffers[target] in self.outside:
                return True
        return False

    def contents(self, mine: region.Region) -> list[Any]:
        """What :attr:`buffers` hold for a region, None where they wait for something."""
        selection = self._selection
        found = None if selection is None else selection.contents(mine)
        if found is None:
            found = list(map(_array, self.buffers))
            if _NONE in map(id, found):
                self._selection = selection = Selection.of(self.buffers, mine)
                if selection is not None:
                    return selection.contents(mine) or found
        return found

    def values(self, inputs: list[NDArray]) -> tuple[list[Any], bool]:
        """What the tape has of the kernel's inputs, None where no gradient flows; whether any."""
        values = list(map(_entry, self.handles))
        own = len(values)
        values += [inputs[i]._entry for i in self.traced.inputs]
        if self.traced.draws:
            values.append(None)
        for k in self.whole:
            values[k] = None
        if values == self._known[0]:
            return self._known
        if set(map(type, values)) <= _LEAVES:
            found = values, values.count(None) < len(values)
            if values[own:].count(None) == len(values) - own:
                self._known = found
            return found
        values = [v if v is not None and v.live else None for v in values]
        return values, values.count(None) < len(values)

    def on(self, ctx: Any, params: list[Parameter]) -> _Entry | None:
        """The same code for the parameters of another device; None if it depends on the device."""
        traced = self.traced
        _, places = traced.result
        if traced.asked or (places is not None and any(k not in (None, _INPUT) for k, _ in places)):
            return None
        there: dict[int, NDArray] = {}
        for p in params:
            data = p._data
            if data is not None and p._deferred is None and ctx in data:
                there.update((id(x._buffer), data[ctx]) for x in data.values())
        buffers = [x._buffer for x in (*traced.states, *traced.changed)]
        buffers += [b for b in traced.written if isinstance(b, Buffer)]
        if any(id(b) not in there for b in buffers):
            return None  # it has arrays that are no parameters
        return _Entry(
            traced.on(there),
            None,
            self.out_avals,
            [p._data[ctx] for p in params if p._data and ctx in p._data],
            self.moves,
            self.whole,
        )

    def holds(self, given: list[NDArray]) -> bool:
        """Whether the code still fits, after some parameter was made anew or cast."""
        known = {id(h) for h in given}
        return (
            len(given) == len(self.given)
            and all(
                h is old and h._buffer.dtype == dtype
                for h, (old, dtype) in zip(given, self.given, strict=True)
            )
            and all(id(h) in known for h in self.handles)
        )


def _outputs(
    trace: Trace, leaves: list[NDArray], inputs: list[NDArray]
) -> tuple[list[NDArray], list[Any] | None]:
    """The arrays that the code made, and where each leaf of its result comes from.

    A leaf is (None, number of such an array), (_INPUT, number of an input that the code returns
    as it is), or (array from outside, None). The list is None if all leaves are of the first kind.
    """
    numbers = {id(x): i for i, x in enumerate(inputs)}
    outputs: list[NDArray] = []
    places: list[Any] = []
    for x in leaves:
        if id(x) in numbers:
            places.append((_INPUT, numbers[id(x)]))
        elif x._buffer.owner is not trace:
            places.append((x, None))
        else:
            places.append((None, len(outputs)))
            outputs.append(x)
    return outputs, places if len(outputs) < len(leaves) else None


def _check_written(traced: Traced, inputs: list[NDArray]) -> None:
    """Refuse a call that changes arrays which the recorded graph uses."""
    for x in traced.changed:
        check_inplace(x)
    for target in traced.written:
        if type(target) is int:
            check_inplace(inputs[target])


def _contents(entry: _Entry, inputs: list[NDArray], mine: region.Region) -> tuple[list, bool]:
    """The kernel's inputs: arrays, or deferred values of region ``mine``; whether there is one."""
    waiting_steps = bool(mine.queue)
    arrays = entry.contents(mine)
    if entry._selection is not None and entry._selection.spread:  # as after a step on several
        mine.spread = True
    arrays += [
        x._buffer.array if (x := inputs[i])._view is None else x._array()
        for i in entry.traced.inputs
    ]
    if _NONE not in map(id, arrays):
        return arrays, False
    pending, first = False, len(entry.handles)
    if state.recording:
        waiting = list(map(_pending, entry.buffers))
        if set(map(type, waiting)) == {Spread}:  # as after a step on several devices
            arrays[:first] = waiting
            mine.spread = True
    for k, a in enumerate(arrays):
        if a is not None:
            continue
        x = entry.handles[k] if k < first else inputs[entry.traced.inputs[k - first]]
        waits = x._buffer.pending
        if type(waits) is Spread and state.recording and x._view is None:
            arrays[k] = waits  # the region takes its part, or runs on all devices at once
            mine.spread = True
            continue
        if type(waits) is region.Deferred and waits.node.region is mine:
            arrays[k] = x._deferred()[0]
        if arrays[k] is not None:
            pending = True
            continue
        arrays[k] = x._data
        if (pending and not mine.nodes) or (waiting_steps and not mine.queue):
            # that has run the others too
            return _contents(entry, inputs, mine)
    return arrays, pending


def _hold_written(traced: Traced, inputs: list[NDArray], news: list, ctx: Any) -> None:
    """Let what the code changes wait for its new contents."""
    parts = []
    for target, value in zip(traced.written, news, strict=True):
        if isinstance(target, Buffer):
            region.hold(target, value)
        elif inputs[target]._view is None:
            region.hold(inputs[target]._buffer, value)
        else:
            parts.append((inputs[target], wrap_deferred([value], ctx, False)[0]))
    for x, new in parts:  # a part of a larger array is written at once
        x._write(new._data)


def _difference(old: tuple, new: tuple) -> str:
    """What differs between the keys of two calls."""
    reasons = []
    for k, (a, b) in enumerate(zip(old[4], new[4], strict=False)):
        if a[0] != b[0]:
            reasons.append(f"argument {k}: shape {a[0]} became {b[0]}")
        if a[1] != b[1]:
            reasons.append(f"argument {k}: dtype {a[1]} became {b[1]}")
    if old[1] != new[1]:
        reasons.append(f"device: {old[1]} became {new[1]}")
    for k, what in ((2, "train mode"), (3, "recording")):
        if old[k] != new[k]:
            reasons.append(f"{what}: {_switch(old[k])} became {_switch(new[k])}")
    if old[0] != new[0] or len(old[4]) != len(new[4]):
        reasons.append(f"arguments: {_signature(old)} became {_signature(new)}")
    return "; ".join(reasons) or "this kind of call had been dropped from a full cache"


_shared: dict[tuple, Cache] = {}
_MAX_SHARED = 64


def shared_cache(block: HybridBlock) -> Cache:
    """The cache of a block without parameters whose code depends on its attributes alone.

    Blocks of one class with equal attributes have one: a loss that is made anew in every step
    compiles once.
    """
    own = {k: v for k, v in vars(block).items() if k not in block._bookkeeping}
    key = (type(block), *((k, type(v), v) for k, v in own.items()))
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


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _signature(key: tuple) -> str:
    """The arguments of a call in words, from its key."""
    spec = key[0]
    if isinstance(spec, int):
        return f"{spec} array{'s' * (spec != 1)}"
    return _words(spec)


def _words(spec: Any) -> str:
    kind, rest = spec
    if kind is _ARRAY:
        return "array"
    if kind is None:
        return repr(rest[1])[:40]
    if kind is dict:
        return "{" + ", ".join(f"{k}: {_words(t)}" for k, t in rest) + "}"
    return "(" + ", ".join(map(_words, rest)) + ")"


def _depth() -> int:
    """How many calls up the user's code is."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("gluonx."):
        frame, depth = frame.f_back, depth + 1
    return depth


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
        self._entries: dict[Any, _Entry] = {}
        #: The key of the last call and its entry: to compare keys is cheaper than to hash one.
        self._recent: tuple[Any, Any] = (None, None)
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
        self._recent = (None, None)
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
            reason = _difference(self._last, key)
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
                stacklevel=_depth(),
            )

    def call(self, args: tuple, kwargs: dict) -> Any:
        """Run the block compiled."""
        if not kwargs and all([isinstance(x, NDArray) for x in args]):
            inputs, spec = list(args), len(args)
        else:
            inputs = []
            spec = flatten((args, kwargs) if kwargs else args, inputs, is_array)
        ctx = inputs[0]._buffer.ctx
        avals = tuple([(x.shape, x._buffer.dtype) for x in inputs])
        key = (spec, ctx, state.training, state.recording, avals)
        if key == self._recent[0] and self._recent[1].moves == Parameter.moves:
            return self._invoke(self._recent[1], inputs, ctx, args, kwargs)
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
        self._recent = key, entry
        return self._invoke(entry, inputs, ctx, args, kwargs)

    def _elsewhere(self, key: tuple) -> _Entry | None:
        """The entry of a call that was compiled for another device of the same kind."""
        ctx = key[1]
        for other, entry in self._entries.items():
            if other[0] == key[0] and other[2:] == key[2:] and other[1] is not ctx:
                if other[1].device_type == ctx.device_type and entry.moves == Parameter.moves:
                    return entry.on(ctx, self._params())
        return None

    def _invoke(
        self, entry: _Entry, inputs: list[NDArray], ctx: Any, args: tuple, kwargs: dict
    ) -> Any:
        """Run one compiled kind of call."""
        written = entry.traced.written
        if written:
            if entry.aliased(inputs):
                return self._block().forward(*args, **kwargs)  # type: ignore[union-attr]
            if state.recording:
                _check_written(entry.traced, inputs)
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
                made[p] if kind is None else inputs[p] if kind is _INPUT else kind
                for kind, p in places
            ]
        return unflatten(result, made)

    def _run(self, entry: _Entry, inputs: list[NDArray], ctx: Any) -> list[NDArray]:
        """The arrays that the code makes: deferred while recording, or if an input is."""
        traced, device, recording = entry.traced, ctx.device, state.recording
        kernel = traced.kernel
        mine = region.current(device, recording)
        with mine.lock:
            arrays, pending = _contents(entry, inputs, mine)
            if traced.draws:
                arrays.append(draw(ctx, traced.draws))
            if recording and kernel.visible:
                values, recorded = entry.values(inputs)
            else:
                values, recorded = [None] * len(arrays), False
            if recorded or pending:
                outs = region.defer(mine, kernel, arrays, values, entry.out_avals, device)
                made = wrap_deferred(outs[: kernel.visible], ctx, recorded)
                if traced.written:
                    _hold_written(traced, inputs, outs[kernel.visible :], ctx)
                return made
            if mine.queue:  # steps that wait there make what this starts from
                mine.settle()
                there, _ = _contents(entry, inputs, mine)
                arrays[: len(there)] = there
            if mine.spread:
                arrays = [a.part(device) if type(a) is Spread else a for a in arrays]
        outs = kernel.run(arrays, device)
        for target, new in zip(traced.written, outs[kernel.visible :], strict=True):
            if isinstance(target, Buffer):
                target.set(new)
            else:
                inputs[target]._write(new)
        return [NDArray._new(Buffer(a, ctx)) for a in outs[: kernel.visible]]

    def _compile(self, inputs: list[NDArray], args: tuple, kwargs: dict) -> _Entry:
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
            outputs, places = _outputs(trace, leaves, arrays)
            return [x._data for x in outputs], (result, places)

        self.traces += 1
        avals = [jax.ShapeDtypeStruct(x.shape, x._buffer.dtype) for x in inputs]
        traced = trace_kernel(run, block.name, ctx, handles, avals)
        state_avals = [jax.ShapeDtypeStruct(h.shape, h._buffer.dtype) for h in traced.states]
        taken = state_avals + [avals[i] for i in traced.inputs]
        if traced.draws:
            taken.append(jax.ShapeDtypeStruct((3,), np.uint32))
        return _Entry(traced, avals, traced.kernel.abstract(tuple(taken)), given, moves)

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
