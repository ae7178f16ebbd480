"""One execution for several devices: what goes in, and who gets what comes out."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..buffer import Buffer
from ..bundle import take
from ..deferred import take_spare
from ..interrupts import held_back
from ..kernel import Aval, put
from ..pace import smallest
from ..region import Region
from ..spread import NUMBERS, PARTS, WHOLE, Spread, Spreads
from ..stage import ref
from ..update import Updating
from ._held import LISTED, counts, part_held
from ._inputs import Inputs
from ._program import compile_step, copied
from ._way import Update

__all__ = ["Job"]

#: After so many steps in a row whose old gradients somebody has looked at a program that does not
#: take them.
_MISSED = 8
_given = operator.attrgetter("given")


class Job:
    """One execution for several devices; it may be interrupted, and is taken up again.

    Attributes
    ----------
    written : list of Bundle
        What the update writes: the parameters of each device, and the states.
    old : list of list
        What each of them held, or waited for.
    spreads : list of Spread
        The same as arrays on all devices: parameters, then states.
    values, gradients : dict
        What somebody can reach, see :func:`_wanted`.
    numbers : list of int
        Those of all these, as outputs of the program.
    outs : list
        The tuple of outputs, once they are there.
    made : sequence of Spread
        The new contents of what is written, then.
    alone : bool
        Whether nobody else has ``spreads``: then these are the ones to hold the new contents.
    """

    def __init__(self, update: Update, regions: list[Region], inputs: Inputs):
        record, way = update.written, inputs.way
        self.team, self.record, self.way = record.team, record, way
        self.regions, self.firsts = regions, inputs.firsts
        self.written, self.old = record.bundles, inputs.old
        self.spreads, self.leaves, self.waiting = inputs.spreads, inputs.leaves, inputs.waiting
        self._states = len(self.spreads) - len(self.old[-1])
        self.outs: list[tuple] = []
        self.made: Sequence[Spread] = ()
        self.alone = False
        self.updating = Updating(regions[0])
        self.sums = list(zip(update.grads, inputs.contents, strict=True)) if update.reduce else []
        #: The backward passes that make all gradients, in whose keeping these stay.
        self.sweeps: list[Any] = []
        if self.sums and way.given is not None:
            self.sweeps = [region.nodes[way.sweep] for region in regions]
        # gradients that are summed are there as sums
        if update.reduce and way.values is not None:
            self.values, self.gradients = _held(regions, way.values), {}
        else:
            but = (way.own, way.spent) if update.reduce else (set(), set())
            self.values, self.gradients = _wanted(regions, *but)
        self.avals = {
            number: column[0][1].aval
            for number, column in itertools.chain(self.values.items(), self.gradients.items())
        }
        self.numbers = sorted(self.avals, reverse=True)
        self.kinds = [PARTS if self.avals[n].shape else NUMBERS for n in self.numbers]
        self.summed = range(len(way.slots), len(way.slots) + len(update.grads[0]) * update.reduce)
        spares = self._spares(update.grads[0]) if self.sweeps and not self.team.joint else ()
        self.leaves += spares
        inputs.kinds.extend([WHOLE] * len(spares))
        self.program = self._program(inputs, len(spares))

    def _spares(self, grads: Sequence[Buffer]) -> Sequence[Any]:
        """Arrays like the sums, to give up; none if there were none again and again.

        A program that writes the gradients of a step over those of the step before takes less time
        than one that asks for memory.
        """
        found, way = take_spare(self.sweeps, self.team), self.way
        if found is not None:
            way.missed = 0
            return way.taken(found)
        way.missed += 1
        if way.missed > _MISSED:
            return ()
        whole = self.team.whole
        return [put(np.zeros(b.shape, b.dtype), whole) for b in grads]

    def _program(self, inputs: Inputs, spares: int) -> Any:
        stage, way, team = inputs.stage, inputs.way, self.team
        last, self.order = stage.order(way.refs, 0)
        key = (team, tuple(inputs.kinds), bool(self.sums), tuple(self.numbers), spares)
        program = stage.programs.get(key)
        if program is None:
            outs = [WHOLE] * (len(way.slots) + len(self.summed)) + self.kinds
            # the last result tells when all is done: if it is small, and no step gives it up
            token = team.bounded and smallest([self.avals[n] for n in self.numbers[-1:]]) is None
            outs += [WHOLE] * token
            end = len(inputs.kinds)
            donate = (*way.donate, *range(end - spares, end))
            program = compile_step(
                stage, team, inputs.kinds, self.summed, last, self.numbers, outs, donate, spares,
                token,
            )  # fmt: skip
            stage.keep(key, program)
        return stage.use(program)

    def run(self) -> None:
        """Run the program and hand the results over."""
        try:
            take(self.written, self.old, self.updating)  # nobody else gets hold of them now
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
        self.record.made = ()
        found, taken, first = counts(self.spreads), self._taken(), self._states
        if self.waiting and not taken and not any(map(_given, self.spreads)):
            known = self.way.known(first, len(set(map(id, self.old[:-1]))))
            if all(map(operator.le, found, known)) and not self._exported():
                if all(map(operator.is_, self.old[-1], self.spreads[first:])):
                    self.alone = True
                    return
        ids = list(map(id, self.leaves))  # regions may have parts of it in two slots
        for k, (slot, spread) in enumerate(zip(self.way.slots, self.spreads, strict=True)):
            twice = ids.count(id(spread.array)) > 1
            if taken or twice or self._held(k, slot, found[k]):
                if self.leaves[slot] is spread.array:
                    self.leaves[slot] = copied(self.team, spread.array)

    def _taken(self) -> bool:
        """Whether somebody may be about to take an array from what a bundle had."""
        known, way = counts(self.old), self.way
        alike = self.waiting and all([own is self.old[0] for own in self.old[:-1]])
        if alike and known == way.alone:
            return False
        ids = list(map(id, self.old))
        taken = any(
            [
                count > LISTED - 1 + ids.count(id(own)) and type(own) is tuple and own
                for own, count in zip(self.old, known, strict=True)
            ]
        )
        if alike and not taken and set(map(type, self.old)) == {tuple}:
            way.alone = known
        return taken

    def _exported(self) -> bool:
        """Whether something has left gluonx; not if it was in a bundle."""
        open_ = [b for b, old in zip(self.written, self.old, strict=True) if type(old) is not tuple]
        return any([buffer.shared for bundle in open_ for buffer in bundle.buffers])

    def _held(self, k: int, slot: int, count: int) -> bool:
        """Whether somebody else holds what is given up of the array number ``k`` of those that are
        written, or a part of it; there are ``count`` references to it.

        Known references to a spread array are those of this job and of the regions, and to a part
        of it those of JAX, of the spread array and of a region.
        """
        spread, first = self.spreads[k], self._states
        own = slice(None, -1) if k < first else slice(-1, None)
        k -= first * (k >= first)
        if any([bundle.buffers[k].shared for bundle in self.written[own]]):
            return True
        old = [contents[k] for contents in {id(o): o for o in self.old[own]}.values()]
        regions = [r for r in self.regions if slot < len(r.arrays)]
        mine = sum([r.arrays[slot] is spread for r in regions])
        mine += sum([contents is spread for contents in old])
        if count > LISTED + mine:
            return True
        return bool(spread.given) and part_held(spread, old, regions, slot)

    def _compute(self) -> None:
        program, team = self.program, self.team
        if not program.compiled:
            program.taken = [
                Aval(a.shape, a.dtype, sharding=getattr(a, "sharding", None)) for a in self.leaves
            ]
            with held_back():
                team.run_into(self.outs, program.mapped, self.leaves, program.wide)
        else:
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
        if not self.made:
            new = [outs[k] for k in self.order]
            if self.alone:
                for spread, array in zip(self.spreads, new, strict=True):
                    spread.array = array
                self.made = self.spreads
            else:
                self.made = [Spread(team, array, WHOLE) for array in new]
        params, states = tuple(self.made[: self._states]), tuple(self.made[self._states :])
        for bundle in self.written[:-1]:
            bundle.give(params, updating)
        self.written[-1].give(states, updating)
        self.record.made = self.made
        base, count = len(self.order), len(self.summed)
        if count:
            self._hand_over(outs[base : base + count])
        base += count
        rest = {
            n: Spread(team, a, kind, self.avals[n])
            for n, a, kind in zip(self.numbers, outs[base:], self.kinds, strict=False)
        }
        for number, column in self.values.items():
            spread = rest[number]
            for device, value in column:
                holder = value.holder()
                if type(holder) is Buffer:
                    if holder.pending is value:
                        holder.pending = spread
                elif holder is not None:
                    holder.fulfil(value, spread.part(device))
                value.computed(None, 0)
        for number, gradients in self.gradients.items():
            for buffer, value in gradients:
                if buffer.pending is value:
                    buffer.pending = rest[number]
        for region in self.regions:
            region.end(None)

    def _hand_over(self, sums: tuple) -> None:
        """Give the sums to who waits for the gradients."""
        if self.sweeps:
            spreads = Spreads(self.team, self.way.given(sums))
            for sweep in self.sweeps:
                sweep.results = spreads  # a buffer that does not wait any more gets none of them
            return
        found = tuple(Spreads(self.team, sums))
        for buffers, contents in self.sums:
            for buffer, old, spread in zip(buffers, contents, found, strict=True):
                if buffer.pending is old or buffer.array is old:
                    buffer.array = None
                    buffer.pending = spread
                    buffer.shared = False
                    buffer.version += 1

    def _restore(self) -> None:
        """Give buffers their old contents back, as far as these still exist."""
        for region, first in zip(self.regions, self.firsts, strict=True):
            region.job = None
            region.shrink(first)
        for bundle, old in zip(self.written, self.old, strict=True):
            bundle.restore(old, self.updating)
        if any([spread.is_deleted() for spread in self.spreads]):  # what is pending needs them
            for region in self.regions:
                region.begin()


def _held(regions: Sequence[Region], places: list[tuple[int, int, int]]) -> dict[int, list]:
    """As :func:`_wanted`, where it is known where there may be something."""
    found: dict[int, list] = {}
    for at, index, number in places:
        for region in regions:
            value = region.nodes[at].outputs[index]
            if value.holder() is not None:
                found.setdefault(number, []).append((region.device, value))
    return found


def _wanted(regions: Sequence[Region], but: set[int], spent: set[int]) -> tuple[dict, dict]:
    """What somebody can reach, by number: the values of the regions, each with its device, and
    their gradients, each with its buffer; without the gradients that ``but`` names, all that the
    nodes ``spent`` have."""
    values: dict[int, list] = {}
    gradients: dict[int, list] = {}
    for region in regions:
        for position, node in enumerate(region.nodes):
            if position in spent:
                continue
            if node.kernel is None:
                for number, buffer, value in zip(
                    node.numbers, node.buffers, node.outputs, strict=True
                ):
                    if buffer.pending is value and number not in but:
                        gradients.setdefault(number, []).append((buffer, value))
                continue
            for value in node.outputs:
                if value is not None and value.holder() is not None:
                    number = ref(position, value.index, False)
                    values.setdefault(number, []).append((region.device, value))
    return values, gradients
