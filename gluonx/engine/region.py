"""Regions: work that is deferred, and runs as one executable.

A call of a hybridized block under ``record()`` does not run: it joins the thread's pending
:class:`Region` of its device, and its outputs have shapes but no values. Operators that take such
outputs join it too, so do a backward pass (:mod:`gluonx.engine.fuse`) and the update of a Trainer.
Whoever looks at a value runs the region.
"""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from . import report
from .deferred import Deferred, hold
from .graph import Node, Value, sequence
from .job import Job
from .kernel import Kernel, aval_of, is_float
from .pace import Pace
from .queue import Queue
from .spread import Spread
from .stage import Stage, flows, picker, place, ref
from .state import state

__all__ = ["Deferred", "Region", "current", "defer", "defer_call", "flush", "hold"]

#: A region that grows beyond this many nodes is run, whether anybody looks at it or not.
MAX_REGION = 256

_beginnings = itertools.count()


class Past(NamedTuple):
    """A step that has run: its ``events`` (see :attr:`Region.events`), how its update found its
    inputs (``again``), the executable, the places of the results that somebody held, what finds the
    new contents of what it writes, how many results these are, and which inputs are donated."""

    events: list[Any]
    again: Again
    program: Kernel
    places: tuple[tuple[int, int], ...]
    takes: Sequence[Any]
    base: int
    donate: tuple[int, ...]


class Region:
    """What one thread has deferred on one device; it runs as one executable, and begins anew.

    Attributes
    ----------
    device : jax.Device
        Where all of it runs.
    nodes : list of Node
    arrays : list of jax.Array
        The arrays that the nodes start from; one array has one slot.
    owners : list of Value or None
        For each slot, the tape's value that its gradient belongs to.
    stage : Stage
        The structure of the nodes.
    job : Job or None
        The execution under way; one that was interrupted is taken up again.
    pace : Pace or None
        How far Python runs ahead, where it uses the same processor.
    queue : Queue
        The steps that wait to be run together, before what is deferred now.
    lock : RLock
        Held while the region grows or runs: another thread may want a value of it. All regions of
        a thread have the same one.
    """

    #: See :attr:`Job.queued_on`.
    queued_on = None

    nodes: list[Node]
    stage: Any

    def __init__(self, device: Any = None, lock: Any = None) -> None:
        self.device = device
        self.lock = threading.RLock() if lock is None else lock
        self.job: Any = None
        self.pace = Pace() if getattr(device, "platform", None) == "cpu" else None
        self.queue = Queue(self)
        self.begin()

    def begin(self) -> None:
        """Forget everything that was deferred."""
        #: Tells what is deferred from now on from all that was, and is, on any region.
        self.began = next(_beginnings)
        self.arrays: list[Any] = []
        self.owners: list[Value | None] = []
        #: The ref (without ``diff``) of each of the first arrays, and of the deferred values of the
        #: first nodes, by id; see :meth:`codes`.
        self._codes: dict[int, int] = {}
        self._coded = (0, 0)
        #: Whether a backward pass on it has replaced gradients (and not added to them).
        self.swept = False
        #: How many recorded nodes no backward pass has released.
        self.open = 0
        #: Whether there may be a :class:`~gluonx.engine.spread.Spread` among the arrays.
        self.spread = False
        #: For each node, if it came by one of the short ways, what this was.
        self.events: list[Any] = []
        # last, for this may be interrupted, and done again; and together, see add()
        self.nodes, self.stage = [], None

    # -- growing -----------------------------------------------------------------------------------

    def codes(self) -> dict[int, int]:
        """The ref (without ``diff``) of each array, and of each deferred value, by id."""
        known, (arrays, nodes) = self._codes, self._coded
        if arrays < len(self.arrays):
            places = range(arrays << 1, len(self.arrays) << 1, 2)
            known.update(zip(map(id, self.arrays[arrays:]), places, strict=True))
        for node in self.nodes[nodes:]:
            first = ref(node.position, 0, False)
            known.update((id(v), first - (k << 1)) for k, v in enumerate(node.outputs))
        self._coded = len(self.arrays), len(self.nodes)
        return known

    def refs(self, arrays: Sequence[Any]) -> tuple[int, ...]:
        """Where each of some arrays (or Deferred values of this region) comes from."""
        return self.recorded_refs(arrays, [None] * len(arrays))

    def recorded_refs(
        self, arrays: Sequence[Any], values: Sequence[Value | None]
    ) -> tuple[int, ...]:
        """As :meth:`refs`; ``values`` are the tape's values, None where no gradient flows."""
        own, owners = self.arrays, self.owners
        if len(own) != len(owners):  # an interrupt came between the two
            count = min(len(own), len(owners))
            del own[count:], owners[count:]
            self._codes, self._coded = {}, (0, 0)
        codes = self.codes()
        find, found = codes.get, []
        for a, value in zip(arrays, values, strict=True):
            code = find(id(a))
            if code is None:
                code = len(own) << 1
                own.append(a)
                owners.append(value)
                codes[id(a)] = code  # not before: an interrupt may come anywhere
            elif value is not None:
                if code < 0:
                    found.append(code - 1)
                    continue
                owner = owners[code >> 1]
                if owner is not value:
                    if owner is None:
                        owners[code >> 1] = value
                    else:
                        code = self._other_slot(a, value) << 1
            found.append(code if value is None else code + 1)
        return tuple(found)

    def place(
        self, kernel: Kernel, arrays: Sequence[Any], values: Sequence[Value | None] | None
    ) -> Again:
        """Where the inputs of a call come from, and the stage after it.

        ``values`` are the tape's values of the inputs, None where no gradient flows; or None for
        all of them.
        """
        stage = self.stage
        again = stage.again.get(kernel)
        if again is None or not again.fits(self, arrays, values):
            first = len(self.arrays)
            refs = self.recorded_refs(arrays, values or [None] * len(arrays))
            again = stage.again[kernel] = Again(refs, stage.call(kernel, refs), first)
        return again

    def _other_slot(self, array: Any, value: Value) -> int:
        """The slot of an array that belongs to several variables."""
        for s, (a, owner) in enumerate(zip(self.arrays, self.owners, strict=True)):
            if a is array and owner is value:
                return s
        self.arrays.append(array)
        self.owners.append(value)
        return len(self.arrays) - 1

    def add(self, node: Node, stage: Stage) -> None:
        """Append a node; ``stage`` is the structure with it."""
        node.region = self
        node.position = len(self.nodes)
        nodes = [*self.nodes, node]
        self.nodes, self.stage = nodes, stage  # no call in between, and so no interrupt

    def add_sweep(self, node: Any, stage: Stage, sweep: tuple) -> None:
        """Append a backward pass; where it is on the region already, it moves.

        ``sweep`` are its ``refs``, ``numbers``, ``over`` and ``passed`` there. What it found the
        last time is given up.
        """
        nodes, at, end = [*self.nodes, node], node.position, len(self.nodes)
        if at < end and nodes[at] is node:
            nodes[at] = node.passed
        (refs, numbers, over, passed), order = sweep, next(sequence)
        # no call in between, and so no interrupt
        self.nodes, self.stage = nodes, stage
        node.region, node.position, node.order, node.results = self, end, order, None
        node.refs, node.numbers, node.over, node.passed = refs, numbers, over, passed

    def has(self, node: Node) -> bool:
        """Whether a node is on it; one that was interrupted on its way is not."""
        return node.position < len(self.nodes) and self.nodes[node.position] is node

    def shrink(self, count: int) -> None:
        """Forget all arrays but the first ``count``, which the nodes need."""
        del self.arrays[count:], self.owners[count:]
        self._codes, self._coded = {}, (0, 0)
        if not self.nodes:
            self.begin()

    def drop_dead(self) -> None:
        """Begin anew if nobody can reach a result: an interrupted call has left it behind."""
        with self.lock:
            for node in self.nodes:
                if node.kernel is None:
                    return
                for value in node.outputs:
                    if value is not None and value.holder() is not None:
                        return
            self.begin()

    # -- running -----------------------------------------------------------------------------------

    def settle(self) -> None:
        """Run the steps in the queue, and put what they make in the place of what stood for it."""
        with self.lock:
            self.queue.run()

    def fill(self, made: dict[int, Any]) -> None:
        """Put arrays in the place of what stood for them, by id."""
        if self.arrays:
            self.arrays = [made.get(id(a), a) for a in self.arrays]
            self._codes, self._coded = {}, (0, 0)

    def gather(self) -> None:
        """Take this device's parts of arrays that are spread over several."""
        self.arrays = [a.part(self.device) if type(a) is Spread else a for a in self.arrays]
        self._codes, self._coded, self.spread = {}, (0, 0), False

    def run(self, reason: str | None = None) -> None:
        """Compute every value that somebody can still reach, and put the region on the tape.

        ``reason`` is for :func:`~gluonx.engine.report.explain`; without one, somebody looked.
        """
        with self.lock:
            if self.queue:
                self.settle()
            if self.job is None or not self.job.outs:
                if not self.nodes:
                    self.job = None
                    return
                if self.open or self.swept:
                    looked = _EARLY if self.open else _BETWEEN
                    report.note_early(self.stage, reason or looked)
                self.job = Job(self, self.stage)
            self.finish(self.job)

    def finish(self, job: Any) -> None:
        """Compute what is not computed yet, and hand the results over; may be interrupted, and
        taken up again."""
        if type(job) is not Job:  # one of several devices
            job.finish()
            return
        try:
            if not job.outs:
                job.compute()
        except BaseException:
            if not job.outs:
                self.job = None
            raise
        job.hand_over()
        self.end(job.node)

    def end(self, node: Node | None) -> None:
        """All has run, and is ``node`` on the tape; begin anew."""
        for n in self.nodes:
            n.region = None
            if n.kernel is not None:
                n.outputs = n.refs = ()
                if node is not None:
                    n.inside = node
        self.begin()
        self.job = None


class Again:
    """How the last call of a kernel from one stage found its inputs.

    The next one is likely to find them so too, which is quicker to check than to find out.

    Attributes
    ----------
    refs : tuple of int
        Where the inputs come from.
    stage : Stage
        The structure after the call.
    recorded : bool
        Whether a gradient flows to one of the inputs.
    first : int
        How many arrays the region had before.
    sources : list or None
        What :meth:`find_sources` has found.
    """

    __slots__ = (
        "refs", "stage", "recorded", "first", "sources", "_new", "_all", "_arrays", "_values",
        "_made", "_mask", "_count", "_nothing",
    )  # fmt: skip

    def __init__(self, refs: tuple[int, ...], stage: Stage, first: int):
        self.refs = refs
        self.stage = stage
        self.first = first
        self._mask = list(map(flows, refs))
        self.recorded = True in self._mask
        #: Inputs that got the slots from ``first`` on, and that had one.
        self._new = [k for k, r in enumerate(refs) if r >> 1 >= first]
        old = [k for k, r in enumerate(refs) if 0 <= r >> 1 < first]
        #: What they are in a call, and what is in their slots; and those that gradients flow to.
        self._arrays: Any = old and (picker(old), picker([refs[k] >> 1 for k in old]))
        led = [k for k in old if self._mask[k]]
        self._values: Any = led and (picker(led), picker([refs[k] >> 1 for k in led]))
        self._made = _by_node(refs)
        self._nothing = (None,) * len(self._new)
        twice = len({refs[k] >> 1 for k in self._new}) < len(self._new)
        self._count = -1 if twice else len(refs)  # an array that comes twice: never again
        self._all = len(self._new) == len(refs)
        self.sources: list[Any] | None = None

    def pick_new(self, arrays: Sequence[Any]) -> list[Any]:
        """Those inputs that get slots of their own."""
        return list(map(arrays.__getitem__, self._new))

    def find_sources(self, count: int) -> list[Any] | None:
        """Where the last ``count`` inputs come from: the position and the output of a node, a slot,
        or None for a new one. None if an array comes twice, or has a gradient."""
        refs = self.refs[len(self.refs) - count :]
        if self._count < 0 or any([flows(r) != (r < 0) for r in refs]):
            return None
        slots = [place(r) if r < 0 else r >> 1 if r >> 1 < self.first else None for r in refs]
        self.sources = slots
        return slots

    def fits(
        self, region: Region, arrays: Sequence[Any], values: Sequence[Value | None] | None
    ) -> bool:
        """Whether a call has its inputs from the same places; if so, new arrays get their slots.

        An array that has a slot already may get another one; the results are the same.
        """
        own, owners = region.arrays, region.owners
        theirs: Any
        # after an interrupted call there may be arrays that nothing uses
        if len(arrays) != self._count or not len(own) == len(owners) == self.first:
            return False
        for position, end, theirs, mine in self._made:
            outputs = region.nodes[position].outputs
            if len(outputs) < end:
                return False  # a backward pass that has moved on
            if not all(map(_is, theirs(arrays), mine(outputs))):
                return False
        if self._arrays:
            theirs, mine = self._arrays
            if not all(map(_is, theirs(arrays), mine(own))):
                return False
        new = arrays if self._all else self.pick_new(arrays)
        if Deferred in map(type, new):
            return False
        if values is None:
            if self.recorded:
                return False
            theirs = self._nothing
        else:
            if list(map(operator.is_not, values, itertools.repeat(None))) != self._mask:
                return False
            if self._values:
                theirs, mine = self._values
                if theirs(values) != mine(owners):
                    return False
            theirs = values if self._all else list(map(values.__getitem__, self._new))
        own += new
        owners += theirs
        return True


_is = operator.is_


def _by_node(refs: tuple[int, ...]) -> list[tuple[int, int, Any, Any]]:
    """The inputs that are deferred: for each node that makes some, its position, how many results
    it has at least, and what picks them from the inputs and from its results."""
    found: dict[int, list[tuple[int, int]]] = {}
    for k, r in enumerate(refs):
        if r < 0:
            position, index = place(r)
            found.setdefault(position, []).append((k, index))
    return [
        (
            position,
            1 + max(index for _, index in pairs),
            picker([k for k, _ in pairs]),
            picker([index for _, index in pairs]),
        )
        for position, pairs in found.items()
    ]


_EARLY = "a recorded result was needed before backward()"
_BETWEEN = "a gradient or a result was needed between backward() and the Trainer's step"
_UNUSED = "a new forward pass began before a Trainer used the gradients of the last backward()"
_LARGE = "more was deferred than is compiled together"


def current(device: Any, forward: bool = False) -> Region:
    """This thread's region for work on ``device``.

    What is pending there runs first if there is too much of it; also when
    a new ``forward`` pass begins after a backward pass that no Trainer used: that one stands alone,
    and is not to be compiled together with all that may follow.
    """
    script = state.script()
    if script:
        script.unfold()
    region = state.regions.get(device)
    if region is None:
        region = state.regions[device] = Region(device, state.lock)
    if region.job is not None:  # it was interrupted
        region.run()
    if region.nodes:
        if forward and region.swept:
            region.run(_UNUSED)
        elif len(region.nodes) >= MAX_REGION:
            region.run(_LARGE)
        elif forward:
            region.drop_dead()
    return region


def defer(
    region: Region,
    kernel: Kernel,
    arrays: Sequence[Any],
    values: Sequence[Value | None],
    out_avals: tuple,
    device: Any,
) -> list:
    """Put a call of ``kernel`` on ``region``, whose lock is held; nothing runs.

    ``arrays`` holds arrays and, for inputs that are pending on it, their :class:`Deferred` values.
    ``values`` are the tape's values of the inputs, None where no gradient flows. Returns one
    Deferred for each of ``out_avals`` (None where the kernel returns None).
    """
    if region.stage is None:
        region.stage = Stage.first(kernel)
    again = region.place(kernel, arrays, values)
    node = Node(kernel, tuple(values), (), again.refs)
    outs = [None if a is None else Deferred(node, i, a) for i, a in enumerate(out_avals)]
    node.outputs = outs
    region.add(node, again.stage)
    if again.recorded:
        region.open += 1
    return outs


def defer_call(
    region: Region,
    kernel: Kernel,
    arrays: Sequence[Any],
    values: Sequence[Value | None],
    device: Any,
) -> list:
    """:func:`defer` with the outputs' shapes found out; raises what tracing the kernel raises."""
    avals = tuple(a.aval if isinstance(a, Value) else aval_of(a) for a in arrays)
    inputs = [
        v if v is not None and v.live and is_float(a.dtype) else None
        for v, a in zip(values, avals, strict=True)
    ]
    return defer(region, kernel, arrays, inputs, kernel.abstract(avals), device)


def flush() -> None:
    """Run whatever this thread has pending."""
    script = state.script()
    if script:
        script.unfold()
    for region in list(state.regions.values()):
        region.run()
