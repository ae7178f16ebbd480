"""Jobs: one execution of a region."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax.core

from ..error import MXNetError
from . import pages, tape
from .bundle import Bundle
from .deferred import Backward, Deferred
from .graph import Node, Value
from .kernel import Kernel
from .pace import smallest
from .stage import Stage

if TYPE_CHECKING:
    from .region import Region

__all__ = ["Job", "run_program"]

_pending = operator.attrgetter("pending")
_place = operator.attrgetter("node.position", "index")


class Job:
    """One execution of a region: what goes in, and who gets what comes out.

    Attributes
    ----------
    values : list of Deferred
        Whose results are outputs, in this order, before those of ``sweeps``.
    sweeps : list of (Backward, list or None)
        The backward passes, with the (buffer, value) that want a gradient; None if all do.
    written : sequence of Bundle
        What an update writes (a Trainer's parameters and states); ``takes`` finds the new contents
        of each among the outputs.
    updating : object
        What these buffers wait for until then.
    slots : sequence of int
        What is written, among the arrays of the region.
    outs : list
        The tuple of outputs (``count``, the results that are no gradients from ``base`` on), once
        they are there.
    nodes, arrays : list
        Those of the region, while it waits in a queue; ``all`` are then the outputs of all steps.
    node : Node or None
        The region on the tape.
    place : Region or Job
        What its nodes are on: the region, or the job itself while it waits in a queue.
    queued_on : Region or None
        The region in whose queue it waits.
    """

    queued_on: Any = None
    nodes: list[Node]
    arrays: list[Any]

    def __init__(
        self,
        region: Region,
        stage: Stage,
        written: Sequence[Bundle] = (),
        refs: Sequence[int] = (),
        updating: Any = None,
    ):
        self.region = self.place = region
        self.written = written
        self.updating = updating
        self.donate: tuple[int, ...] = ()
        self.outs: list[tuple] = []
        self.slots = stage.slots(refs)
        self.all: list[tuple] = []
        self.node: Node | None = None
        self.sweeps: list[tuple[Backward, list | None]] = []
        grads: list[int] = []
        for node in [node for node in region.nodes if node.kernel is None]:
            if node.outputs:  # else it has moved on
                self._add_sweep(node, grads)
        held: list[Deferred] = [
            value
            for node in region.nodes
            if node.kernel is not None
            for value in node.outputs
            if value is not None and value.holder() is not None  # else nobody has it
        ]
        self.places = tuple(map(_place, held))
        order, outputs, states = stage.results(self.places)
        self.values = held if order is None else [held[k] for k in order]
        self.recorded = _recorded(region) if region.open else None
        self.base = len(refs) if self.recorded is None else 0
        count = len(self.values) + len(grads)
        self.count = len(refs) + count
        self.takes: Sequence[Any] = ()
        last: tuple[int, ...] = ()
        if written:
            last, self.takes = stage.takes(refs, 0 if self.base else count, written)
        self.program: Any = None
        if count or written:
            self.program = stage.program(outputs, (*states, *grads), last, self.recorded is None)

    def _add_sweep(self, node: Any, grads: list[int]) -> None:
        """The gradients of a backward pass are outputs, but for those that were replaced."""
        node.spare = None
        if list(map(_pending, node.buffers)) == node.outputs:
            self.sweeps.append((node, None))
            grads += node.numbers
            return
        items = zip(node.buffers, node.outputs, node.numbers, strict=True)
        wanted = [item for item in items if item[0].pending is item[1]]
        self.sweeps.append((node, wanted))
        grads += [number for _, _, number in wanted]

    def compute(self) -> None:
        """Run the executable."""
        region, kernel = self.region, self.program
        if region.spread:
            region.gather()
        if kernel is None:
            self.outs.append(())
        elif self.recorded is not None:
            outs, node = tape.record(kernel, region.arrays, self.recorded, region.device)
            if node is not None:
                node.order = region.nodes[-1].order
                node.origins = [v.node for v in self.values]
            self.node = node
            self.outs.append(outs)
        else:
            run_program(kernel, self.outs, region.arrays, region.device, self.donate)

    def dispatched(self, steps: int = 1) -> None:
        """It is under way, alone or as the last of some steps in one call."""
        pace = self.region.pace
        if pace is not None and self.recorded is None:
            token = self._token()
            if token is not None:
                pace.dispatched(token, steps)

    def _token(self) -> Any:
        """A small result that no later step gives up, None if there is none."""
        small = self.program.small
        if small is None:
            avals = [v.aval for v in self.values]
            for source, wanted in self.sweeps:
                values = source.outputs if wanted is None else [value for _, value, _ in wanted]
                avals += [v.aval for v in values]
            found = smallest(avals)
            small = self.program.small = -1 if found is None else self.base + found
        return None if small < 0 else self.outs[0][small]

    # -- in a queue: what its nodes ask of the region that they are on -----------------------------

    @property
    def device(self) -> Any:
        return self.region.device

    def run(self) -> None:
        """Run the queue in which it waits."""
        self.region.settle()

    def enter(self) -> None:
        """Wait in the queue of the region; may be interrupted, and done again."""
        region = self.region
        self.queued_on, self.place = region, self
        for node in self.nodes:
            node.region = self
        for bundle in self.written:
            bundle.wait()

    def leave(self) -> None:
        """All is done."""
        self.place = None  # a cycle would keep the results until they are collected
        for node in self.nodes:
            if node.region is self:
                node.region = None
            if node.kernel is not None:
                node.outputs = node.refs = ()

    # -- results -----------------------------------------------------------------------------------

    def by_part(self, contents: Sequence[Sequence[Any]]) -> dict[int, Any]:
        """Contents of each of ``written``, by the ids of the parts that stand for them."""
        parts = itertools.chain.from_iterable(bundle.parts for bundle in self.written)
        return dict(zip(map(id, parts), itertools.chain.from_iterable(contents), strict=True))

    def news(self) -> list[tuple]:
        """The new contents of each of ``written``."""
        return [take(self.outs[0]) for take in self.takes]

    def hand_over(self) -> None:
        """Give the results to who waits for them; may be interrupted, and done again."""
        outs = self.outs[0]
        for bundle, new in zip(self.written, self.news(), strict=True):
            bundle.give(new, self.updating)
        count = len(self.values)
        self.give(outs[self.base : self.base + count])
        base = self.base + count
        for source, wanted in self.sweeps:
            if wanted is None:
                if source.region is self.place:  # else a later pass has begun
                    source.results = outs[base : base + len(source.outputs)]
                base += len(source.outputs)
                continue
            for buffer, value, _ in wanted:
                if buffer.pending is value:
                    buffer.array = outs[base]
                    buffer.pending = None
                base += 1

    def give(self, results: Sequence[Any]) -> None:
        """Give the results that are no gradients; there may be none if nobody waits for them."""
        for k, value in enumerate(self.values):
            holder = value.holder()
            if holder is not None and results:
                holder.fulfil(value, results[k])
            value.computed(self.node, k)


def run_program(
    program: Kernel, outs: list[tuple], arrays: Sequence[Any], device: Any, donate: tuple[int, ...]
) -> None:
    """Run the executable of a region; the tuple of results is appended to ``outs``."""
    program.run_into(outs, arrays, device, donate)
    if program.runs in pages.AT:
        pages.watch(program, arrays, device, donate)
    if outs[0] and isinstance(outs[0][0], jax.core.Tracer):
        outs.clear()
        raise MXNetError(
            "JAX believes that it is tracing a function, probably because an earlier trace "
            "was interrupted. Nothing was lost: save what you need and start Python anew."
        )


def _recorded(region: Region) -> list[Value | None] | None:
    """For each slot the value that the tape needs a gradient of; None if there is none."""
    found: list[Value | None] = [None] * len(region.arrays)
    for node in region.nodes:
        if not node.released:
            for number in node.refs:
                if number >= 0 and number & 1:
                    found[number >> 1] = region.owners[number >> 1]
    return found if any(v is not None for v in found) else None
