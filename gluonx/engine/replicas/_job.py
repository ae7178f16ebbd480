"""One execution for several devices: what goes in, and who gets what comes out."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from ..buffer import Buffer
from ..interrupts import held_back
from ..kernel import Aval
from ..region import Region
from ..spread import NUMBERS, PARTS, WHOLE, Spread
from ..stage import ref
from ..update import Updating
from ._held import LISTED, counts, part_held
from ._inputs import Inputs
from ._program import compile_step, copied
from ._way import Update

__all__ = ["Job"]

_array = operator.attrgetter("array")
_given = operator.attrgetter("given")
_pending = operator.attrgetter("pending")
_shared = operator.attrgetter("shared")


class Job:
    """One execution for several devices; it may be interrupted, and is taken up again.

    Attributes
    ----------
    written : list of list of Buffer
        What the update writes: the parameters of each device, and the states.
    spreads : list of Spread
        The old contents, of parameters and states.
    before : list of (list, list)
        For each list of ``written`` what the buffers held, and what they waited for.
    found : list of (dict, dict)
        For each region the values and the gradients that somebody can reach, see :func:`_wanted`.
    numbers : list of int
        Those of all these, as outputs of the program.
    outs : list
        The tuple of outputs, once they are there.
    """

    def __init__(self, update: Update, regions: list[Region], inputs: Inputs):
        self.team, self.memory, self.way = update.team, update.memory, inputs.way
        self.regions, self.firsts = regions, inputs.firsts
        self.spreads, self.leaves = inputs.spreads, inputs.leaves
        self.outs: list[tuple] = []
        self.updating = Updating(regions[0])
        self.waiting = inputs.waiting
        self.written = [*update.params, update.states]
        if self.waiting:
            nothing = [None] * len(self.spreads)
            self.before = [(nothing, self.spreads)] * len(regions)
        else:
            self.before = [_contents(own) for own in update.params]
        self.before.append(_contents(update.states))
        self.sums = list(zip(update.grads, inputs.contents, strict=True)) if update.reduce else []
        way = inputs.way
        self.found = [_wanted(region, way.own, way.spent) for region in regions]
        self.avals: dict[int, Any] = {}
        for values, gradients in self.found:
            if values.keys() != self.avals.keys() or gradients:
                self.avals.update((number, value.aval) for number, value in values.items())
                self.avals.update((n, value.aval) for n, (_, value) in gradients.items())
        self.numbers = sorted(self.avals, reverse=True)
        self.kinds = [PARTS if self.avals[n].shape else NUMBERS for n in self.numbers]
        self.summed = range(len(way.slots), len(way.slots) + len(update.grads[0]) * update.reduce)
        self.program = self._program(inputs)

    def _program(self, inputs: Inputs) -> Any:
        stage, way, team = inputs.stage, inputs.way, self.team
        last, self.order = stage.order(way.refs, 0)
        key = (team, tuple(inputs.kinds), bool(self.sums), tuple(self.numbers))
        program = stage.programs.get(key)
        if program is None:
            outs = [WHOLE] * (len(way.slots) + len(self.summed)) + self.kinds
            outs += [WHOLE] * team.bounded
            program = compile_step(
                stage, team, inputs.kinds, self.summed, last, self.numbers, outs, way.donate
            )
            stage.keep(key, program)
        return stage.use(program)

    def run(self) -> None:
        """Run the program and hand the results over."""
        updating = self.updating
        try:
            for own in self.written:  # from here on nobody else gets the old contents
                for buffer in own:
                    buffer.pending = updating
                    buffer.array = None
            self._own()
            for region in self.regions:
                region.job = self
            self._compute()
            self.finish()
        except BaseException:
            if not self.outs:
                self._restore()
            elif not self.team.under_way(self.outs):  # it was interrupted after the fact
                self.regions[0].run()
            raise

    def _own(self) -> None:
        """Copy what somebody else holds of the arrays that are given up."""
        self.memory.clear()
        found = counts(self.spreads)
        if self.waiting and not any(map(_given, self.spreads)):
            shared = [True in map(_shared, own) for own in self.written]
            known = self.way.references
            first = len(self.spreads) - len(self.before[-1][1])
            again = map(operator.is_, self.before[-1][1], self.spreads[first:])
            known = [*known[:first], *map(operator.add, known[first:], again)]
            if True not in shared and all(map(operator.le, found, known)):
                return
        for k, (slot, spread) in enumerate(zip(self.way.slots, self.spreads, strict=True)):
            if self._held(k, slot, found[k]) and self.leaves[slot] is spread.array:
                self.leaves[slot] = copied(self.team, spread.array)

    def _held(self, k: int, slot: int, count: int) -> bool:
        """Whether somebody else holds what is given up of the array number ``k`` of those that are
        written, or a part of it; there are ``count`` references to it.

        Known references to a spread array are those of this job and of the regions, and to a part
        of it those of JAX, of the spread array and of a region.
        """
        spread, first = self.spreads[k], len(self.spreads) - len(self.written[-1])
        state = k >= first
        if not state:
            buffers = [own[k] for own in self.written[:-1]]
            before = self.before[:-1]
        else:
            k -= first
            buffers, before = [self.written[-1][k]], self.before[-1:]
        if any([b.shared for b in buffers]):
            return True
        regions = [r for r in self.regions if slot < len(r.arrays)]
        mine = sum([r.arrays[slot] is spread for r in regions])
        if state or not self.waiting:
            mine += sum([waits[k] is spread for _, waits in before])
        if count > LISTED + mine:
            return True
        return bool(spread.given) and part_held(spread, [a[k] for a, _ in before], regions, slot)

    def _compute(self) -> None:
        program, team = self.program, self.team
        if not program.compiled:
            program.taken = [
                Aval(a.shape, a.dtype, sharding=getattr(a, "sharding", None)) for a in self.leaves
            ]
        with held_back() if not program.compiled else nullcontext():
            team.run_into(self.outs, program.mapped, self.leaves, program.wide)
        self.leaves = []

    def finish(self) -> None:
        """Hand the results over; may be interrupted, and taken up again."""
        team, updating = self.team, self.updating
        try:
            outs = team.results(self.outs)
        except BaseException:
            if not self.outs:
                self._restore()
            raise
        base = len(self.order)
        made = [Spread(team, outs[k], WHOLE) for k in self.order]
        states = made[base - len(self.written[-1]) :]
        for own in self.written:
            for buffer, spread in zip(
                own, states if own is self.written[-1] else made, strict=False
            ):
                if buffer.pending is updating:
                    buffer.pending = spread
                    buffer.shared = False  # not before: a failed update restores the old contents
                    buffer.version += 1
        self.memory[:] = made
        sums = [Spread(team, outs[k], WHOLE) for k in self.summed]
        for buffers, contents in self.sums:
            for buffer, old, spread in zip(buffers, contents, sums, strict=True):
                if buffer.pending is old or buffer.array is old:
                    buffer.array = None
                    buffer.pending = spread
                    buffer.shared = False
                    buffer.version += 1
        base += len(sums)
        rest = {
            n: Spread(team, a, kind, self.avals[n])
            for n, a, kind in zip(self.numbers, outs[base:], self.kinds, strict=False)
        }
        for device, (values, gradients) in zip(team.devices, self.found, strict=True):
            for number, value in values.items():
                holder = value.holder()
                if type(holder) is Buffer:
                    if holder.pending is value:
                        holder.pending = rest[number]
                elif holder is not None:
                    holder.fulfil(value, rest[number].part(device))
                value.computed(None, 0)
            for number, (buffer, value) in gradients.items():
                if buffer.pending is value:
                    buffer.pending = rest[number]
        for region in self.regions:
            region.end(None)

    def _restore(self) -> None:
        """Give buffers their old contents back, as far as these still exist."""
        for region, first in zip(self.regions, self.firsts, strict=True):
            region.job = None
            region.shrink(first)
        gone = False
        for own, (arrays, waits) in zip(self.written, self.before, strict=True):
            for buffer, array, pending in zip(own, arrays, waits, strict=False):
                if buffer.pending is self.updating:
                    lost = pending.array if type(pending) is Spread else array
                    if lost is None or not lost.is_deleted():
                        buffer.array, buffer.pending = array, pending
                    else:
                        gone = True
        if gone:  # what is pending needs them
            for region in self.regions:
                region.begin()


def _contents(buffers: Sequence[Buffer]) -> tuple[list[Any], list[Any]]:
    return list(map(_array, buffers)), list(map(_pending, buffers))


def _wanted(region: Region, but: set[int], spent: set[int]) -> tuple[dict, dict]:
    """The values of a region that somebody can reach, and its gradients with their buffers, by
    number; without the gradients that ``but`` names, all that the nodes ``spent`` have."""
    values: dict[int, Any] = {}
    gradients: dict[int, Any] = {}
    for position, node in enumerate(region.nodes):
        if position in spent:
            continue
        if node.kernel is None:
            for number, item in zip(
                node.numbers, zip(node.buffers, node.outputs, strict=True), strict=True
            ):
                if item[0].pending is item[1] and number not in but:
                    gradients[number] = item
            continue
        for value in node.outputs:
            if value is not None and value.holder() is not None:
                values[ref(position, value.index, False)] = value
    return values, gradients
