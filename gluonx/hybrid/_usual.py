"""The short way for a call that is like the last one."""

from __future__ import annotations

import operator
import weakref
from typing import Any

from ..engine.buffer import Buffer
from ..engine.deferred import Deferred
from ..engine.graph import Node
from ..engine.region import MAX_REGION, Again, Region
from ..engine.spread import Spread
from ..engine.state import state
from ..ndarray import NDArray
from ..parameter import Parameter
from ._entry import Entry

__all__ = ["Usual"]

_entry = operator.attrgetter("_entry")


class Usual:
    """A kind of call that only computes one array, and was deferred while recording.

    In a training loop the next call is of this kind, its inputs come from where those of the last
    one came from, and nothing has to be found out: it is enough to see that it is so. Where it is
    not, :meth:`call` changes nothing, and the general way is taken.
    """

    __slots__ = (
        "avals", "entry", "ctx", "training", "plain", "cache", "_kernel", "_device", "_handles",
        "_own", "_seen",
    )  # fmt: skip

    def __init__(self, entry: Entry, ctx: Any, avals: tuple, cache: Any):
        self.cache = weakref.ref(cache)
        #: Shapes and dtypes of the inputs.
        self.avals = avals
        self.entry, self._kernel = entry, entry.traced.kernel
        self.ctx, self._device = ctx, ctx.device
        self.training = state.training
        #: How many arrays the code closes over, and whether none of them is of whole numbers; since
        #: which beginning of a region they are there, with what mark of their contents, where, and
        #: what the tape has of them.
        self._handles = entry.handles
        self._own = len(entry.handles)
        self.plain = all([k >= self._own for k in entry.whole])
        self._seen: tuple = (-1, None, None, (), [])

    @classmethod
    def of(cls, entry: Entry, ctx: Any, avals: tuple, cache: Any) -> Usual | None:
        """The short way for recorded calls of an entry on arrays of these shapes and dtypes, in
        the present train mode; None if they do more than that."""
        traced = entry.traced
        simple = (
            entry.single
            and traced.kernel.visible == len(entry.out_avals) == 1
            and not (traced.written or traced.changed or traced.draws)
            and traced.inputs == list(range(len(avals)))
        )
        return cls(entry, ctx, avals, cache) if simple else None

    def call(self, args: tuple) -> NDArray | None:
        """The result; None if the call is of another kind."""
        entry, kernel = self.entry, self._kernel
        region = state.regions.get(self._device)
        if (
            region is None
            or entry.moves != Parameter.moves
            or len(args) != len(self.avals)
            or not state.recording
            or state.training is not self.training
        ):
            return None
        with region.lock:
            stage, nodes = region.stage, region.nodes
            if stage is None:
                stage = kernel.stage
            again = None if stage is None else stage.again.get(kernel)
            if again is None or not again.recorded or region.swept or region.job is not None:
                return None
            if len(nodes) >= MAX_REGION:
                return None
            if nodes and (last := nodes[-1]).kernel is not None:
                for value in last.outputs[:1]:
                    if value is None or value.holder() is None:
                        return None  # an interrupted call may have left it behind
            values = self._short(region, again, args)
            if values is None:
                values = self._long(region, again, args)
                if values is None:
                    return None
            node = Node(kernel, tuple(values), (), again.refs)
            value = Deferred(node, 0, entry.out_avals[0])
            node.outputs = [value]
            region.add(node, again.stage)
            region.open += 1
            region.events.append((self, again))
        buffer = Buffer(None, self.ctx)
        buffer.pending = value
        value.holder = weakref.ref(buffer)
        made = NDArray._new(buffer)
        made._entry = value
        return made

    def _short(self, region: Region, again: Again, args: tuple) -> list[Any] | None:
        """What the tape has of the inputs, if they come from where those of the last call came
        from; new ones get their slots then. None if not, or if that is not certain.

        What the code closes over is not looked at one by one: it was found on the region before, or
        nothing was.
        """
        sources = again.sources or again.find_sources(len(args))
        own, owners = region.arrays, region.owners
        # else an interrupted call has left something behind
        if sources is None or not len(own) == len(owners) == again.first:
            return None
        seen, new = self._seen, []
        if self._own:
            began, selection, mark, refs, known = seen
            if refs != again.refs[: self._own] or list(map(_entry, self._handles)) != known:
                return None
            if began == region.began:
                if mark is None or not selection.still(mark):
                    return None
            else:
                if again.first:
                    return None
                selection, mark = self.entry.mark()  # before they are looked at
                new = self.entry.own(region)  # the first of what is deferred, and so new as well
                if new is None:
                    return None
                seen = region.began, selection, mark, refs, known
            values = known.copy()
        else:
            values = []
        ctx = self.ctx
        for x, (shape, dtype), source in zip(args, self.avals, sources):  # noqa: B905
            if type(x) is not NDArray or x._view is not None:
                return None
            buffer, value = x._buffer, x._entry
            if buffer.ctx is not ctx:
                return None
            if value is not None:
                if buffer.pending is not value or type(source) is not tuple:
                    return None
                position, index = source
                node = region.nodes[position]
                if value.node is not node or value.index != index or node.released:
                    return None
                aval = value.aval
            else:
                array = buffer.array
                if array is None:
                    array = buffer.pending
                    if type(array) is not Spread:
                        return None
                    region.spread = True
                if source is None:
                    new.append(array)
                elif type(source) is tuple or own[source] is not array:
                    return None
                aval = array.aval
            if aval.shape != shape or aval.dtype != dtype:
                return None
            values.append(value)
        if seen is not self._seen:
            owners += values[: self._own]
        own += new
        owners += [None] * (len(own) - len(owners))
        self._seen = seen  # not before: an interrupt may come anywhere
        return values

    def _long(self, region: Region, again: Again, args: tuple) -> list[Any] | None:
        """As :meth:`_short`, but all is looked at."""
        entry, ctx = self.entry, self.ctx
        selection, mark = entry.mark()  # before they are looked at
        arrays = entry.own(region)
        if arrays is None:
            return None
        values = list(map(_entry, entry.handles))
        for x, (shape, dtype) in zip(args, self.avals, strict=True):
            if type(x) is not NDArray or x._view is not None:
                return None
            buffer, value = x._buffer, x._entry
            if buffer.ctx is not ctx:
                return None
            array = buffer.array
            if array is None:
                array = buffer.pending
                if type(array) is Spread and value is None:
                    region.spread = True
                elif type(array) is not Deferred or array is not value:
                    return None
                elif array.node.region is not region or array.node.released:
                    return None
            elif value is not None:
                return None
            aval = array.aval
            if aval.shape != shape or aval.dtype != dtype:
                return None
            arrays.append(array)
            values.append(value)
        for k in entry.whole:
            values[k] = None
        if not again.fits(region, arrays, values):
            return None
        if self.plain:
            own = self._own
            self._seen = region.began, selection, mark, again.refs[:own], values[:own]
        return values
