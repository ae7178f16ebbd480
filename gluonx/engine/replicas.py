"""One program for several devices: equal pending work on each, the sum of gradients, the update.

Each device has a pending region. Where these went the same way through the tree of stages, what
they have deferred is one function of each device's arrays; together with the update it is one
program over all devices, in which the gradients that the update reads are summed.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import jax.numpy as jnp
import numpy as np

from .across import compiling_for
from .buffer import Buffer
from .graph import Plan
from .interrupts import held_back
from .kernel import Aval, Kernel, put, x64
from .region import Deferred, Region, current
from .spread import AXIS, NUMBERS, PARTS, WHOLE, Spread, Team, spmd, wide_scope
from .stage import Stage, place, ref
from .state import state
from .update import Updating

__all__ = ["all_reduce", "run_replicated"]

_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")


def run_replicated(
    kernel: Kernel,
    params: Sequence[Sequence[Buffer]],
    states: Sequence[Buffer],
    grads: Sequence[Sequence[Buffer]],
    numbers: Sequence[Any],
    team: Team,
    reduce: bool,
    memory: list[Spread],
) -> bool:
    """Update replicated parameters, and run all that is pending on their devices.

    Parameters
    ----------
    kernel : Kernel
        Takes parameters, states, gradients and numbers; returns new parameters and states.
    params, grads : list of list of Buffer
        For each device of ``team``, in the order of ``kernel``.
    states : list of Buffer
        The same for all devices.
    numbers : list of array
        The same for all devices.
    reduce : bool
        Whether the gradients are summed over the devices first; they keep the sums.
    memory : list of Spread
        What the last update of these parameters has made; it is changed.

    Returns
    -------
    bool
        Whether it was done. If not nothing was updated: the parameters differ from device to
        device.
    """
    regions = [current(d) for d in team.devices]
    with state.lock:
        if not _alike(regions):
            _run_each(regions)
        job = _prepare(kernel, params, states, grads, numbers, team, reduce, memory, regions)
        if job is None and any(r.nodes for r in regions):
            _run_each(regions)
            job = _prepare(kernel, params, states, grads, numbers, team, reduce, memory, regions)
        if job is None:
            return False
        job.run()
        return True


def _alike(regions: Sequence[Region]) -> bool:
    first = regions[0].stage
    return all(r.stage is first and not r.open for r in regions)


def _run_each(regions: Sequence[Region]) -> None:
    for region in regions:
        region.run(_DIFFERS)


_DIFFERS = "what was done on one device differs from what was done on another"


def _prepare(
    kernel: Kernel, params: Any, states: Any, grads: Any, numbers: Any, team: Team, reduce: bool,
    memory: list[Spread], regions: list[Region],
) -> _Job | None:  # fmt: skip
    """The program for what is pending and the update; None if there is none."""
    spreads = _common(params, team, memory)
    if spreads is None:
        return None
    spreads += [_repeated(buffer, team) for buffer in states]
    stages, refs, contents = [], (), []
    firsts = [len(region.arrays) for region in regions]
    #: What a region may have in the place of a spread array: the part of its device.
    parts: dict[int, Spread] = {}
    for region, own, theirs in zip(regions, params, grads, strict=True):
        given = list(map(_array, own))
        for k, array in enumerate(given):
            if array is None:
                given[k] = spreads[k]
            else:
                parts[id(array)] = spreads[k]
        given += spreads[len(own) :]
        contents.append([_content(b, region) for b in theirs])
        given += contents[-1]
        given += numbers
        if region.stage is None:
            region.stage = Stage.first(kernel)
        again = region.place(kernel, given, [None] * len(given))
        region.spread = True
        stages.append(again.stage)
        refs = again.refs
    leaves = None
    if all(s is stages[0] for s in stages):
        leaves = _leaves(regions, team, parts, stages[0], numbers)
    if leaves is None:
        for region, first in zip(regions, firsts, strict=True):
            region.shrink(first)
        return None
    written = [*zip(*params, strict=True), *((b,) for b in states)]
    sums = list(zip(grads, contents, strict=True)) if reduce else []
    return _Job(team, regions, firsts, stages[0], refs, written, spreads, sums, leaves, memory)


def _content(buffer: Buffer, region: Region) -> Any:
    """The contents of a buffer; a deferred value or a spread array where it waits for one."""
    array = buffer.array
    if array is None:
        waits = buffer.pending
        if type(waits) is Spread:
            return waits
        if type(waits) is Deferred and waits.node.region is region:
            return waits
        array = buffer.get()
    return array


# -- what is the same on all devices -------------------------------------------------------------


def _common(
    params: Sequence[Sequence[Buffer]], team: Team, memory: list[Spread]
) -> list[Spread] | None:
    """The contents of replicated parameters; None if they are not the same on all devices."""
    first = list(map(_pending, params[0]))
    if all(list(map(_pending, own)) == first for own in params[1:]):
        if all(type(s) is Spread and s.team is team and s.kind is WHOLE for s in first):
            return first
    found: list[Spread] = []
    for k, column in enumerate(zip(*params, strict=True)):
        spread = _of_column(column, team, memory[k] if memory else None)
        if spread is None:
            return None
        found.append(spread)
    return found


def _of_column(column: Sequence[Buffer], team: Team, known: Spread | None) -> Spread | None:
    """The spread array that some buffers, one on each device, have their contents from."""
    waiting = [b.pending for b in column if type(b.pending) is Spread]
    known = waiting[0] if waiting else known
    if known is not None and known.team is team and known.kind is WHOLE:
        if all(
            b.pending is known if b.array is None else b.array is known.given.get(d)
            for b, d in zip(column, team.devices, strict=True)
        ):
            return known
    if any(type(b.pending) is Deferred for b in column):
        return None
    arrays = [b.get() for b in column]
    if len(arrays) > 1:
        hosts = [np.asarray(a).tobytes() for a in arrays]
        if any(h != hosts[0] for h in hosts):
            return None
    return team.repeat(arrays)


def _repeated(buffer: Buffer, team: Team) -> Spread:
    """The contents of a buffer as the same array on all devices."""
    waits = buffer.pending
    if type(waits) is Spread and waits.team is team and waits.kind is WHOLE:
        return waits
    array = buffer.get()
    return team.repeat([put(array, d) for d in team.devices])


# -- what the program takes ------------------------------------------------------------------------


def _leaves(
    regions: Sequence[Region], team: Team, parts: dict[int, Spread], stage: Stage, numbers: Any
) -> tuple[list[Any], list[str]] | None:
    """What the regions start from as global arrays, and how these are spread.

    None if the arrays of the devices have not the same shape and dtype.
    """
    leaves, kinds = [], []
    equal = set(map(id, numbers))
    for slot, column in enumerate(zip(*[r.arrays for r in regions], strict=True)):
        first = column[0]
        same = all([a is first for a in column])
        if (  # numbers
            id(first) in equal
            if team.joint
            else type(first) is not Spread and same and not parts.get(id(first))
        ):
            leaves.append(first)
            kinds.append(WHOLE)
            continue
        if not same or type(first) is not Spread:
            spread = _source(column, team, parts)
            if spread is None:
                found = _joined(column, team, stage, slot)
                if found is None:
                    return None
                leaves.append(found[0])
                kinds.append(found[1])
                continue
            first = spread
        if first.team is not team:
            return None
        leaves.append(first.array)
        kinds.append(first.kind)
    return leaves, kinds


def _source(column: Sequence[Any], team: Team, parts: dict[int, Spread]) -> Spread | None:
    """The spread array whose parts, or itself, some arrays on the devices are."""
    known = next((a for a in column if type(a) is Spread), None) or parts.get(id(column[0]))
    if known is not None and all(
        a is known or parts.get(id(a)) is known or a is known.given.get(d, parts)
        for a, d in zip(column, team.devices, strict=True)
    ):
        return known
    return None


def _joined(column: Sequence[Any], team: Team, stage: Stage, slot: int) -> tuple[Any, str] | None:
    """One array for each device as a global array; the same again if the arrays are."""
    column = [
        a.part(d) if type(a) is Spread else a for a, d in zip(column, team.devices, strict=True)
    ]
    first = column[0]
    if any(a.shape != first.shape or a.dtype != first.dtype for a in column):
        return None
    if isinstance(first, np.ndarray | np.generic):
        return team.join(column)
    if stage.joined is None:
        stage.joined = {}
    ids = list(map(id, column))
    known = stage.joined.get((slot, team))
    if known is None or known[0] != ids:  # new ones, such as the batch, are not kept alive
        stage.joined[slot, team] = ids, None, None
        return team.join(column)
    if known[1] is None or not all(map(operator.is_, known[1], column)):
        stage.joined[slot, team] = known = ids, column, team.join(column)
    return known[2]


# -- the program ---------------------------------------------------------------------------------


class _Program(Kernel):
    """A program for several devices, kept by its stage."""

    __slots__ = ("mapped", "taken")

    mapped: Any
    taken: list[Any]

    def text(self) -> str:
        """What XLA has made of it; compiles once more."""
        with x64() if self.wide else nullcontext():
            return self.mapped.lower(*self.taken).compile().as_text() or ""


def _compile(
    stage: Stage, team: Team, kinds: Sequence[str], sums: range, last: Sequence[int],
    values: Sequence[int], outs: Sequence[str], donate: tuple[int, ...],
) -> _Program:  # fmt: skip
    """The program that returns the update's results in the order ``last``, the sums over the
    devices of those of its inputs that ``sums`` names, and ``values``."""
    *steps, (update, refs) = stage.steps()
    inputs = [r[:2] for r in refs]
    plan = Plan(tuple(steps), (*inputs, *map(place, values)))

    def run(*leaves):
        with compiling_for(AXIS) if len(team.devices) > 1 else nullcontext():
            found = list(plan(*leaves))
        if sums:
            found[sums.start : sums.stop] = team.sum(tuple(found[i] for i in sums))
        new = update.fn(*found[: len(refs)])
        token = (jnp.zeros((), np.uint8),) if team.bounded else ()
        return *(new[i] for i in last), *(found[i] for i in sums), *found[len(refs) :], *token

    def counted(*leaves):
        program.compiled += 1
        return run(*leaves)

    names = list(dict.fromkeys(s[0].name for s in (*steps, (update,)) if isinstance(s[0], Kernel)))
    counted.__name__ = counted.__qualname__ = "_".join(names[:3])
    program = _Program(run, counted.__name__)
    program.wide = any(s[0].wide for s in (*steps, (update,)) if isinstance(s[0], Kernel))
    program.mapped = spmd(counted, team, kinds, outs, donate)
    return program


class _Job:
    """One execution for several devices; it may be interrupted, and is taken up again."""

    def __init__(
        self, team: Team, regions: list[Region], firsts: list[int], stage: Stage,
        refs: tuple[int, ...], written: list[Any], spreads: list[Spread], sums: list[Any],
        leaves: tuple[list[Any], list[str]], memory: list[Spread],
    ):  # fmt: skip
        self.team, self.regions, self.firsts = team, regions, firsts
        self.written, self.spreads, self.sums, self.memory = written, spreads, sums, memory
        self.leaves, kinds = leaves
        self.outs: list[tuple] = []
        self.updating = Updating(regions[0])
        self.before = [(b, b.array, b.pending) for column in written for b in column]
        count = len(written)
        first = count  # gradients follow what is written
        summed = range(first, first + (len(sums[0][0]) if sums else 0))
        own = {refs[i] & ~1 if refs[i] >= 0 else refs[i] for i in summed}
        self.found = [_wanted(region, own) for region in regions]
        avals: dict[int, Any] = {}
        for values, gradients in self.found:
            avals.update((number, value.aval) for number, value in values.items())
            avals.update((number, value.aval) for number, (_, value) in gradients.items())
        self.avals = sorted(avals.items(), reverse=True)
        self.last, self.order = stage.order(refs[:count], 0)
        self.slots = [r >> 1 for r in refs[:count]]
        donate = tuple(dict.fromkeys(self.slots))
        numbers = tuple(avals_number for avals_number, _ in self.avals)
        key = (team, tuple(kinds), bool(sums), numbers, donate)
        program = stage.programs.get(key)
        if program is None:
            outs = [WHOLE] * (count + len(summed))
            self.kinds = [PARTS if a.shape else NUMBERS for _, a in self.avals]
            outs += self.kinds + [WHOLE] * team.bounded
            program = _compile(stage, team, kinds, summed, self.last, numbers, outs, donate)
            stage.keep(key, program)
        else:
            self.kinds = [PARTS if a.shape else NUMBERS for _, a in self.avals]
        stage.use(program)
        self.program: Any = program
        self.summed = summed

    def run(self) -> None:
        """Run the program and hand the results over."""
        try:
            for column in self.written:  # from here on nobody else gets the old contents
                for buffer in column:
                    buffer.pending = self.updating
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
        """Copy what somebody else holds of the arrays that are given up.

        Known references to a spread array are those of this job and of the regions, and to a part
        of it those of JAX, of the spread array and of a region.
        """
        self.memory.clear()
        before = iter(self.before)
        for k, (slot, column) in enumerate(zip(self.slots, self.written, strict=True)):
            own = [next(before) for _ in column]
            spread = self.spreads[k]
            mine = sum([r.arrays[slot] is spread for r in self.regions])
            held = any([b.shared for b in column]) or sys.getrefcount(spread) > (
                _LISTED + mine + sum([pending is spread for _, _, pending in own])
            )
            if not held and spread.given:
                held = _given(spread, [a for _, a, _ in own], self.regions, slot)
            if held and self.leaves[slot] is spread.array:
                self.leaves[slot] = _copied(self.team, spread.array)

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
        team, base = self.team, len(self.written)
        try:
            outs = team.results(self.outs)
        except BaseException:
            if not self.outs:
                self._restore()
            raise
        made = []
        for k, column in zip(self.order, self.written, strict=True):
            spread = Spread(team, outs[k], WHOLE)
            made.append(spread)
            for buffer in column:
                if buffer.pending is self.updating:
                    buffer.pending = spread
                    buffer.shared = False  # not before: a failed update restores the old contents
                    buffer.version += 1
        self.memory[:] = made
        sums = [Spread(team, a, WHOLE) for a in outs[base : base + len(self.summed)]]
        for buffers, contents in self.sums:
            for buffer, old, spread in zip(buffers, contents, sums, strict=True):
                if buffer.pending is old or buffer.array is old:
                    buffer.defer(spread)
        base += len(sums)
        rest = {
            number: Spread(team, a, kind, aval)
            for (number, aval), a, kind in zip(self.avals, outs[base:], self.kinds, strict=False)
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
        for buffer, array, pending in self.before:
            if buffer.pending is self.updating:
                lost = pending.array if type(pending) is Spread else array
                if lost is None or not lost.is_deleted():
                    buffer.array, buffer.pending = array, pending
                else:
                    gone = True
        if gone:  # what is pending needs them
            for region in self.regions:
                region.begin()


def _wanted(region: Region, but: set[int]) -> tuple[dict[int, Any], dict[int, Any]]:
    """The values of a region that somebody can reach, and its gradients with their buffers, by
    number; without the gradients that ``but`` names."""
    values: dict[int, Any] = {}
    gradients: dict[int, Any] = {}
    for position, node in enumerate(region.nodes):
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


def _given(spread: Spread, old: list[Any], regions: Sequence[Region], slot: int) -> bool:
    """Whether somebody holds a part of a spread array."""
    team = spread.team
    if team.held is None:
        probe = Spread(team, team.put(np.zeros(1, np.float32)), WHOLE)
        probe.part(team.devices[0])
        team.held = _holders(probe, team.devices[0])
    ids = list(map(id, old))
    for region in regions:
        if region.device in spread.given:
            part = id(spread.given[region.device])
            mine = (id(region.arrays[slot]) == part) + ids.count(part) * 2
            if _holders(spread, region.device) > team.held + mine:
                return True
    return False


def _holders(spread: Spread, device: Any) -> int:
    return sys.getrefcount(spread.given[device])


def _listed() -> int:
    """The references to a spread array in a list, while one looks at it."""
    spreads = [object()]
    spread = spreads[0]
    return sys.getrefcount(spread)


_LISTED = _listed()


def _copied(team: Team, array: Any) -> Any:
    copy = team.programs.get("copy")
    if copy is None:
        copy = team.programs["copy"] = spmd(lambda a: (jnp.copy(a),), team, [WHOLE], [WHOLE])
    with wide_scope([array], False) or nullcontext(), team.launching:
        return copy(array)[0]


def all_reduce(grads: Sequence[Sequence[Buffer]], team: Team) -> None:
    """Replace the contents of buffers, one list for each device, by their sums."""
    columns = list(zip(*grads, strict=True))
    leaves = [team.join([b.get() for b in column]) for column in columns]
    kinds = tuple(kind for _, kind in leaves)
    arrays = [a for a, _ in leaves]
    found = team.programs.get(kinds)
    if found is None:

        def run(*parts):
            token = (jnp.zeros((), np.uint8),) if team.bounded else ()
            return *team.sum(parts), *token

        outs = [WHOLE] * (len(kinds) + team.bounded)
        found = team.programs[kinds] = spmd(run, team, kinds, outs)
    made: list[Any] = []
    team.run_into(made, found, arrays, False)
    outs = team.results(made)
    for column, out in zip(columns, outs, strict=False):
        spread = Spread(team, out, WHOLE)
        for buffer in column:
            buffer.defer(spread)
