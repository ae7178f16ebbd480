"""Scripts: training steps that are like the ones before.

A loop does the same again and again: calls of blocks, backward passes, an update. Once it has done
so several times, what comes next is known, and a :class:`Script` only checks that it does come. It
notes the arrays that are new, and puts nothing on the region; the results of calls are NDArrays
that have no contents yet, and the update runs the executable of the steps before.

When anything else comes, or somebody looks at a result or a gradient, the script is unfolded: what
it has noted goes on the region, as if it had been there all along, and all takes its usual way.
"""

from __future__ import annotations

import itertools
import operator
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..engine import config, together
from ..engine.buffer import Buffer
from ..engine.bundle import Bundle, take
from ..engine.deferred import Backward, Deferred, released
from ..engine.fuse import note_pass
from ..engine.graph import Node, Variable
from ..engine.interrupts import held_back
from ..engine.job import run_program
from ..engine.region import Past, Region
from ..engine.stage import Stage
from ..engine.state import nobody, state
from ..engine.update import Updating, own
from ..ndarray import NDArray
from ..parameter import Parameter

if TYPE_CHECKING:
    from ._usual import Usual

__all__ = ["Rehearsal", "Script"]

#: How many steps in a row are alike before there is a script.
_ALIKE = 8

_NONES = itertools.repeat(None)
_entry = operator.attrgetter("_entry")
_arrays = operator.attrgetter("arrays")
_updating = operator.attrgetter("updating")
_pending = operator.attrgetter("pending")


class _Call:
    """A call of a block.

    ``sources`` says for each argument which event has made it; None for an array that is new, and
    for one that is not, which event it was new to, and its place among that one's. ``brings`` says
    whether the block's ``own`` arrays are new on the region, of which the tape has ``known``.
    """

    __slots__ = (
        "usual", "entry", "ctx", "again", "aval", "sources", "own", "known", "selection",
        "brings", "training", "arguments", "next",
    )  # fmt: skip

    def __init__(self, usual: Usual, again: Any, slots: dict[int, tuple[int, int]]):
        entry = usual.entry
        self.usual, self.entry, self.ctx, self.again = usual, entry, usual.ctx, again
        self.aval, self.training = entry.out_avals[0], usual.training
        self.sources = [s[0] if type(s) is tuple else slots.get(s) for s in again.sources]
        #: The sources with shapes and dtypes.
        self.arguments = list(zip(self.sources, *zip(*usual.avals, strict=True), strict=True))
        self.next: Any = None
        self.own = entry.handles
        self.known = list(map(_entry, entry.handles))
        self.selection: Any = entry.selection
        self.brings = bool(self.own) and again.refs[0] >> 1 >= again.first


class _Pass:
    """A backward pass; ``known`` is what :mod:`gluonx.engine.fuse` knows of it, ``place`` the event
    that has made the value that it begins from."""

    __slots__ = ("known", "way", "asked", "place", "begins", "zeros", "next")

    def __init__(self, last: Any):
        self.known, self.way, self.asked, self.place = last.known, last.way, last.asked, last.at[0]
        since = last.known.since
        #: Whether it is the first one; and if so, whether it adds to zeros.
        self.begins, self.zeros = since is None or since < 0, since is not None
        self.next: Any = None


class Script:
    """What a thread does on a device from one update to the next.

    While there is something noted, it stands in the place of the region that a backward pass is on.
    """

    #: See :attr:`Job.queued_on`.
    queued_on = None

    __slots__ = (
        "region", "next", "before", "_events", "_at", "_made", "_new", "_mark", "_contents",
        "_node", "_kernel", "_written", "_read", "_again", "_programs", "_takes", "_base",
        "_donate", "_patience", "_events_of", "__weakref__",
    )  # fmt: skip

    def __init__(
        self, region: Region, events: list[Any], node: Backward, kernel: Any,
        written: Sequence[Bundle], read: Sequence[Buffer], past: Past, patience: Any,
    ):  # fmt: skip
        self.region = region
        for event, after in zip(events, [*events[1:], None], strict=True):
            event.next = after
        self._events, self._events_of = events, past.events
        self._node = node
        #: What the pass had found before the first one of this step.
        self.before: Any = None
        self._kernel, self._written, self._read, self._again = kernel, written, read, past.again
        #: The executables, by whether somebody holds the result of each event.
        self._programs: dict[tuple, Any] = {}
        self._takes, self._base, self._donate = past.takes, past.base, past.donate
        self.learn(past)
        self._patience = patience
        self._reset()

    def _reset(self) -> None:
        count = len(self._events)
        #: The results that calls have made, and the arrays that were new.
        self._made: list[Any] = [nobody] * count
        self._new: list[Any] = [None] * count
        #: The contents of the parameters that calls have seen, and what tells them from others.
        self._mark: Any = None
        self._contents: Any = None
        self._at = 0
        #: The event that is to come next, None if that is the update.
        self.next = self._events[0]

    def learn(self, past: Past) -> None:
        """Another such step, in which perhaps other results were held."""
        held = {at for at, _ in past.places}
        self._programs[tuple([at in held for at in range(len(self._events))])] = past.program

    def fits(
        self, region: Region, past: Past, kernel: Any, written: Sequence[Bundle], read: Any
    ) -> bool:
        """Whether it is the script of such steps."""
        return (
            self.region is region
            and self._again is past.again
            and self._kernel is kernel
            and self._written is written
            and self._read is read
            and self._events_of == past.events
        )

    def __bool__(self) -> bool:
        """Whether anything is noted."""
        return self._at > 0

    # -- what comes --------------------------------------------------------------------------------

    def call(self, cache: Any, args: tuple) -> NDArray | None:
        """The result of a call, if it is the one that was to come; else all is unfolded."""
        event = self.next
        if (
            type(event) is not _Call
            or cache.usual.get(event.ctx) is not event.usual
            or event.entry.moves != Parameter.moves
            or len(args) != len(event.arguments)
            or not state.recording
            or state.training is not event.training
            or state.trace is not None
        ):
            return self._other() if self._at else self._beginning(cache, args)
        region, ctx, new = self.region, event.ctx, []
        with region.lock:
            at, made = self._at, self._made
            if not at and (region.nodes or region.job is not None or region.queue.jobs):
                return None
            for x, (source, shape, dtype) in zip(args, event.arguments, strict=True):
                if type(source) is int:
                    if made[source]() is not x:
                        return self._other()
                    continue
                if type(x) is not NDArray or x._view is not None or x._entry is not None:
                    return self._other()
                buffer = x._buffer
                array = buffer.array
                if array is None or buffer.ctx is not ctx:
                    return self._other()
                aval = array.aval
                if aval.shape != shape or aval.dtype != dtype:
                    return self._other()
                if source is None:
                    new.append(array)
                elif self._new[source[0]][source[1]] is not array:
                    return self._other()
            if event.own:
                mark, contents = self._mark, self._contents
                if contents is None:
                    bundle = self._written[0]
                    mark, contents = bundle.updates, bundle.arrays
                    if bundle.updating is not None or not contents:
                        return self._other()
                selection: Any = event.entry.selection
                if selection is not event.selection:  # somebody has looked at the parameters
                    if selection is None or selection.bundle is not self._written[0]:
                        return self._other()
                    event.selection = selection
                if not selection.still(mark):
                    return self._other()
                if list(map(_entry, event.own)) != event.known:
                    return self._other()
                self._mark, self._contents = mark, contents
            if self._at != at:  # to look at an argument has unfolded all
                return None
            result = NDArray._draft(self)
            made[at], self._new[at] = weakref.ref(result), new
            self._at, self.next = at + 1, event.next
        return result

    def _beginning(self, cache: Any, args: tuple) -> NDArray | None:
        """The result of a call that may be the first one of another script."""
        other = cache.script()
        if (
            other is None
            or other is self
            or state.regions.get(other.region.device) is not other.region
        ):
            return None
        state.script = cache.script
        return other.call(cache, args)

    def install(self) -> None:
        """Let the thread follow it, also when it has followed another one."""
        cache = self._events[0].usual.cache()
        if cache is not None:
            state.script = cache.script = weakref.ref(self)

    def backward(self, x: NDArray) -> bool:
        """Whether a backward pass is the one that was to come, and is noted; else all is
        unfolded."""
        event, node = self.next, self._node
        if (
            type(event) is not _Pass
            or self._made[event.place]() is not x
            or not config.fusion
            or event.asked != Variable.asked
        ):
            self._other()
            return False
        with self.region.lock:
            if event.begins and node.region is not self:  # else it was interrupted
                there = node.lend(self, event.zeros)
            else:
                there = node.region is self and node.untouched()
            if not there:
                self._other()
                return False
            if event.begins:
                node.wrote()
            self._at, self.next = self._at + 1, event.next
            self.before = None  # not before: an interrupt may come anywhere
        return True

    def update(
        self, kernel: Any, written: Sequence[Bundle], read: Sequence[Buffer], numbers: Sequence[Any]
    ) -> bool:
        """Whether an update is the one that was to come, and has run; else all is unfolded."""
        region, node = self.region, self._node
        with region.lock:
            if self.next is not None or kernel is not self._kernel or written is not self._written:
                return self._other() is not None
            if read is not self._read or node.region is not self or not node.untouched():
                return self._other() is not None
            old = list(map(_arrays, written))
            if self._contents is not old[0] or any(map(_updating, written)):
                return self._other() is not None
            for bundle in written:
                if not bundle.arrays or list(map(_pending, bundle.buffers)) != bundle.parts:
                    return self._other() is not None
            results = list(map(operator.call, self._made))
            held = tuple(map(operator.is_not, results, _NONES))
            program = self._programs.get(held)
            if program is None:
                return self._other() is not None
            if together.often(program, region.pace) and together.allowed():
                state.script = nobody  # it is better to run several as one
                return self._other() is not None
            self._run(program, old, numbers, list(itertools.compress(results, held)))
        return True

    def _run(self, program: Any, old: list, numbers: Sequence[Any], results: list[Any]) -> None:
        region, again = self.region, self._again
        arrays: list[Any] = []
        for event, new in zip(self._events, self._new, strict=True):
            if new is not None:
                if event.brings:
                    arrays += event.selection.pick(old[0])
                arrays += new
        # the gradients are on the region: here they only take up places
        given = [*itertools.chain.from_iterable(old), *self._read, *numbers]
        arrays += again.pick_new(given)
        del given
        updating, outs = Updating(region), []
        try:
            self._contents = None
            take(self._written, old, updating)  # from here on nobody else gets hold of them
            own(arrays, again.refs, self._written, old)
            run_program(Stage.use(program), outs, arrays, region.device, self._donate)
            self._finish(program, outs[0], updating, results)
        except BaseException:
            if outs:  # it was interrupted after the fact
                self._finish(program, outs[0], updating, results)
            else:
                for bundle, contents in zip(self._written, old, strict=True):
                    bundle.restore(contents, updating)
                self._contents = old[0]
                self.unfold()
            raise
        if region.pace is not None and program.small is not None and program.small >= 0:
            region.pace.dispatched(outs[0][program.small])

    def _finish(self, program: Any, outs: tuple, updating: Any, results: list[Any]) -> None:
        """Give the results to who waits for them; may be interrupted, and done again."""
        for bundle, find in zip(self._written, self._takes, strict=True):
            bundle.give(find(outs), updating)
        end = self._base + len(results)
        for x, array in zip(results, outs[self._base : end], strict=True):
            if x._cache is self:
                x._fill_in(Buffer(array, self._events[0].ctx), released(array.aval))
        self._node.found(outs[end:], self)
        self._patience.ended(together.COUNT)
        self._reset()

    # -- unfolding ---------------------------------------------------------------------------------

    def _other(self) -> None:
        """Something else has come."""
        if self._at:
            self.unfold()

    def run(self) -> None:
        """Compute all that is noted: somebody looked."""
        with self.region.lock:
            self.unfold()
            self.region.run()

    def unfold(self) -> None:
        """Put what is noted on the region."""
        with self.region.lock, held_back():
            if not self._at and self._node.region is not self:
                return  # another thread was first
            region, node = self.region, self._node
            events, made, new = self._events[: self._at], self._made, self._new
            if node.region is self:
                node.give_back(self.before)
            for event, ref, arrays in zip(events, made, new, strict=False):
                if type(event) is _Call:
                    self._unfold_call(event, ref(), arrays)
                else:
                    node.put(region, event.known.after, event.known.sweep)
                    note_pass(region, event.way, event.known)
            self._reset()
            self._patience.ended(0)
            if self._patience.rests() and state.script() is self:
                state.script = nobody

    def _unfold_call(self, event: _Call, x: NDArray | None, arrays: list[Any]) -> None:
        region = self.region
        if event.brings:
            region.arrays += event.selection.pick(self._contents)
            region.owners += event.known
        region.arrays += arrays
        region.owners += [None] * len(arrays)
        values = list(event.known)
        for source in event.sources:
            values.append(region.nodes[source].outputs[0] if type(source) is int else None)
        node = Node(event.entry.traced.kernel, tuple(values), (), event.again.refs)
        value = Deferred(node, 0, event.aval)
        node.outputs = [value]
        region.add(node, event.again.stage)
        region.open += 1
        if x is not None:
            buffer = Buffer(None, event.ctx)
            buffer.pending = value
            value.holder = weakref.ref(buffer)
            x._fill_in(buffer, value)


class Rehearsal:
    """Watches the steps of a Trainer until there is a script for them."""

    __slots__ = ("_past", "_count", "_script", "_patience")

    def __init__(self) -> None:
        self._past: Past | None = None
        #: How many steps in a row were like the last one.
        self._count = 0
        self._script: Script | None = None
        self._patience = together.Patience()

    def watch(
        self, past: Past, device: Any, kernel: Any, written: Sequence[Bundle], read: Sequence[Any]
    ) -> None:
        """An update has run on a device, in the way of the one before."""
        region = state.regions[device]
        if self._patience.rests():
            return
        last, self._past = self._past, past
        if last is None or past.events != last.events or past.again is not last.again:
            self._count = 0
            return
        if together.often(past.program, region.pace) and together.allowed():
            return
        self._count += 1
        if self._count < _ALIKE or (self._count > _ALIKE and self._script is None):
            return  # too few yet, or there can be none
        if self._script is not None and self._script.fits(region, past, kernel, written, read):
            self._script.learn(past)
        else:
            self._script = _script(region, past, kernel, written, read, self._patience)
        if self._script is not None:
            self._script.install()


def _script(
    region: Region, past: Past, kernel: Any, written: Sequence[Bundle], read: Sequence[Buffer],
    patience: Any,
) -> Script | None:  # fmt: skip
    """The script of steps like one; None if they do what no script can have."""
    events: list[Any] = []
    nodes = set()
    #: Where the array in each slot was new: to which event, and its place among those.
    places: dict[int, tuple[int, int]] = {}
    for at, event in enumerate(past.events):
        if type(event) is tuple:
            usual, again = event
            selection = usual.entry.selection
            own = len(usual.entry.handles)
            slots = [r >> 1 >= again.first for r in again.refs[:own]]
            if (
                not usual.plain
                or again.sources is None
                or any([type(s) is tuple and s[1] for s in again.sources])
                or any([type(s) is int and s not in places for s in again.sources])
                or len(set(slots)) > 1
                or (own and (selection is None or selection.bundle is not written[0]))
            ):
                return None
            events.append(_Call(usual, again, places))
            rest = zip(again.refs[own:], again.sources, strict=True)
            new = [ref >> 1 for ref, source in rest if source is None]
            places.update((slot, (at, k)) for k, slot in enumerate(new))
        else:
            if event.known is None or event.at is None or event.at[1]:
                return None
            nodes.add(event.known.node)
            events.append(_Pass(event))
    if len(nodes) != 1 or type(events[0]) is not _Call:
        return None
    (node,) = nodes
    covered = set().union(*(event.way.released for event in events if type(event) is _Pass))
    calls = {k for k, event in enumerate(events) if type(event) is _Call}
    if covered != calls or set(node.buffers) != set(read) or any(i for _, i in past.places):
        return None
    return Script(region, events, node, kernel, written, read, past, patience)
