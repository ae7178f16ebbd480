"""One compiled kind of call of a block, and what a call of it takes."""

from __future__ import annotations

import operator
from typing import Any

from ..engine import region
from ..engine.buffer import Buffer
from ..engine.bundle import Selection
from ..engine.graph import Variable
from ..engine.kernel import is_float
from ..engine.spread import Spread
from ..engine.state import state
from ..engine.trace import Trace, Traced
from ..ndarray import NDArray
from ..ndarray.dispatch import check_inplace, wrap_deferred
from ..parameter import Parameter
from ._tree import ARRAY

__all__ = ["INPUT", "Entry", "outputs_of"]

INPUT = "input"

_NONE = id(None)
_array = operator.attrgetter("array")
_entry = operator.attrgetter("_entry")
#: Types of what the tape has of arrays that were not computed: these are always live.
_LEAVES = {Variable, type(None)}


class Entry:
    """One compiled kind of call."""

    __slots__ = (
        "traced", "handles", "buffers", "whole", "out_avals", "given", "moves", "outside",
        "single", "usual", "_known", "selection",
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
        self.single = traced.result == ((ARRAY, 0), None)
        #: The short way for such calls while recording, if there is one (:class:`Usual`).
        self.usual: Any = None
        #: The last result of :meth:`values`, if no gradient flows to the inputs.
        self._known: tuple[tuple, bool] = ((), False)
        self.selection: Selection | None = None

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

    def contents(self, inputs: list[NDArray], mine: region.Region) -> tuple[list[Any], bool]:
        """The kernel's inputs: arrays, or deferred values of region ``mine``; whether there is one.

        While recording, an array that is spread over several devices stands for its part.
        """
        queued = bool(mine.queue.jobs)
        arrays = self._own(mine)
        if _NONE in map(id, arrays):
            for k, x in enumerate(self.handles):
                if arrays[k] is None:
                    arrays[k] = _waiting(x, mine)
        for i in self.traced.inputs:
            x = inputs[i]
            array = x._buffer.array if x._view is None else x._array()
            arrays.append(_waiting(x, mine) if array is None else array)
        pending = region.Deferred in map(type, arrays)
        if (pending and not mine.nodes) or (queued and not mine.queue.jobs):
            return self.contents(inputs, mine)  # to look at one has run what others waited for
        return arrays, pending

    def _own(self, mine: region.Region) -> list[Any]:
        """What :attr:`buffers` hold for a region, None where they wait for something."""
        selection = self.selection
        found = None if selection is None else selection.contents(mine)
        if found is None:
            found = list(map(_array, self.buffers))
            if _NONE not in map(id, found):
                return found
            self.selection = selection = Selection.of(self.buffers, mine)
            if selection is None:
                return found
            found = selection.contents(mine) or found
        if selection is not None and selection.spread:  # as after a step on several devices
            mine.spread = True
        return found

    def mark(self) -> tuple[Selection | None, Any]:
        """What tells later whether the contents of :attr:`buffers` are still the same, see
        :meth:`Selection.still`; None where that is not known."""
        selection = self.selection
        return selection, None if selection is None else selection.mark()

    def own(self, mine: region.Region) -> list[Any] | None:
        """What the arrays that the code closes over hold for a region; None if one waits."""
        if not self.buffers:
            return []
        selection = self.selection
        arrays = None if selection is None else selection.contents(mine)
        if arrays is None:
            arrays = self._own(mine)
        elif selection is not None and selection.spread:
            mine.spread = True
        return None if _NONE in map(id, arrays) else arrays

    def values(self, inputs: list[NDArray]) -> tuple[tuple, bool]:
        """What the tape has of the kernel's inputs, None where no gradient flows; whether any."""
        found = list(map(_entry, self.handles))
        found += [inputs[i]._entry for i in self.traced.inputs]
        if self.traced.draws:
            found.append(None)
        for k in self.whole:
            found[k] = None
        values = tuple(found)
        if values == self._known[0]:
            return self._known
        if set(map(type, values)) <= _LEAVES:
            own = len(self.handles)
            known = values, values.count(None) < len(values)
            if values[own:].count(None) == len(values) - own:
                self._known = known
            return known
        values = tuple([v if v is not None and v.live else None for v in values])
        return values, values.count(None) < len(values)

    def check_written(self, inputs: list[NDArray]) -> None:
        """Refuse a call that changes arrays which the recorded graph uses."""
        for x in self.traced.changed:
            check_inplace(x)
        for target in self.traced.written:
            if type(target) is int:
                check_inplace(inputs[target])

    def hold_written(self, inputs: list[NDArray], news: list, ctx: Any) -> None:
        """Let what the code changes wait for its new contents."""
        parts = []
        for target, value in zip(self.traced.written, news, strict=True):
            if isinstance(target, Buffer):
                region.hold(target, value)
            elif inputs[target]._view is None:
                region.hold(inputs[target]._buffer, value)
            else:
                parts.append((inputs[target], wrap_deferred([value], ctx, False)[0]))
        for x, new in parts:  # a part of a larger array is written at once
            x._write(new._data)

    def write(self, inputs: list[NDArray], news: tuple) -> None:
        """Give what the code changes its new contents."""
        for target, new in zip(self.traced.written, news, strict=True):
            if isinstance(target, Buffer):
                target.set(new)
            else:
                inputs[target]._write(new)

    def on(self, ctx: Any, params: list[Parameter]) -> Entry | None:
        """The same code for the parameters of another device; None if it depends on the device."""
        traced = self.traced
        _, places = traced.result
        if traced.asked or (places is not None and any(k not in (None, INPUT) for k, _ in places)):
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
        return Entry(
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


def _waiting(x: NDArray, mine: region.Region) -> Any:
    """What an array that waits is for a call on a region: a deferred value, or an array."""
    waits = x._buffer.pending
    if type(waits) is Spread and state.recording and x._view is None:
        mine.spread = True  # the region takes its part, or runs on all devices at once
        return waits
    if type(waits) is region.Deferred and mine.has(waits.node):
        value = x._deferred()[0]
        if value is not None:
            return value
    return x._data


def outputs_of(
    trace: Trace, leaves: list[NDArray], inputs: list[NDArray]
) -> tuple[list[NDArray], list[Any] | None]:
    """The arrays that the code made, and where each leaf of its result comes from.

    A leaf is (None, number of such an array), (INPUT, number of an input that the code returns
    as it is), or (array from outside, None). The list is None if all leaves are of the first kind.
    """
    numbers = {id(x): i for i, x in enumerate(inputs)}
    outputs: list[NDArray] = []
    places: list[Any] = []
    for x in leaves:
        if id(x) in numbers:
            places.append((INPUT, numbers[id(x)]))
        elif x._buffer.owner is not trace:
            places.append((x, None))
        else:
            places.append((None, len(outputs)))
            outputs.append(x)
    return outputs, places if len(outputs) < len(leaves) else None
