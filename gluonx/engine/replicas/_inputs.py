"""What an update on several devices and the work before it start from, as global arrays."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..buffer import Buffer
from ..kernel import Kernel, put
from ..region import Deferred, Region
from ..spread import WHOLE, Spread, Team
from ..stage import Stage, place
from ._held import LISTED

__all__ = ["Inputs", "Update", "Way", "gather"]

_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")


class Update(NamedTuple):
    """What is to be done, see :func:`~gluonx.engine.replicas.run_replicated`."""

    kernel: Kernel
    params: Sequence[Sequence[Buffer]]
    states: Sequence[Buffer]
    grads: Sequence[Sequence[Buffer]]
    numbers: Sequence[Any]
    team: Team
    reduce: bool
    memory: list[Spread]


class Inputs(NamedTuple):
    """What the program takes.

    ``spreads`` are the old contents of what is written: parameters, then states; ``waiting`` says
    that all buffers of the parameters wait for them. ``contents`` has for each device what it has
    of the gradients, ``firsts`` how many arrays each region had before.
    """

    stage: Stage
    way: Way
    firsts: list[int]
    spreads: list[Spread]
    waiting: bool
    contents: list[list[Any]]
    leaves: list[Any]
    kinds: list[str]


class Way:
    """Where an update's inputs come from: the same for all steps that end at the same stage.

    Attributes
    ----------
    first : int
        How many arrays the region has that the work before the update needs.
    refs, slots : list of int
        Those of what the update writes.
    old, places : list of int
        The inputs that are among these arrays, and their slots.
    made : list of (int, int, int)
        The gradients that are deferred: their number, and the node and output that makes them.
    kept : list of int
        The gradients that are not.
    sweep : int or None
        The node that makes all gradients, if there is one; ``taken`` finds them in its outputs.
    others : list of int
        The slots of arrays that the update does not take, such as the batch.
    own : set of int
        The refs of the gradients, less ``diff``.
    spent : set of int
        The nodes of which nothing but these gradients can be wanted.
    references : list of int
        How often :func:`~gluonx.engine.replicas._held.counts` finds each of the arrays that are
        written in a list, if nobody has them besides the regions.
    """

    def __init__(self, update: Update, refs: tuple[int, ...], region: Region, first: int):
        count = len(update.params[0]) + len(update.states)
        grads = range(count, count + len(update.grads[0]))
        devices = len(update.params)
        self.first = first
        self.refs = refs[:count]
        self.slots = [r >> 1 for r in refs[:count]]
        self.old = [i for i, r in enumerate(refs) if 0 <= r >> 1 < first]
        self.places = [refs[i] >> 1 for i in self.old]
        self.made = [(i - count, *place(refs[i])) for i in grads if refs[i] < 0]
        self.kept = [i - count for i in grads if refs[i] >= 0]
        makers = {position for _, position, _ in self.made}
        self.sweep = makers.pop() if len(makers) == 1 and not self.kept else None
        indices = [index for _, _, index in self.made]
        several = len(indices) > 1
        self.taken = (
            operator.itemgetter(*indices) if several else lambda found: [found[i] for i in indices]
        )
        self.others = [slot for slot in range(first) if slot not in self.places]
        self.own = {refs[i] & ~1 if refs[i] >= 0 else refs[i] for i in grads}
        self.spent = {
            at
            for at, node in enumerate(region.nodes)
            if node.kernel is None and self.own.issuperset(node.numbers)
        }
        self.references = [LISTED + (devices if slot < first else 1) for slot in self.slots]
        self.donate = tuple(dict.fromkeys(self.slots))

    def same(self, region: Region, given: Sequence[Any], contents: Sequence[Any]) -> bool:
        """Whether another region has the update's inputs at the same places as the one that this
        was made for, whose inputs are ``given``; ``contents`` it has of the gradients."""
        arrays, nodes = region.arrays, region.nodes
        if len(arrays) != self.first:
            return False
        known = map(given.__getitem__, self.old)
        if not all(map(operator.is_, map(arrays.__getitem__, self.places), known)):
            return False
        if self.sweep is not None:
            return all(map(operator.is_, self.taken(nodes[self.sweep].outputs), contents))
        for j, position, index in self.made:
            if contents[j] is not nodes[position].outputs[index]:
                return False
        first = len(self.slots)
        return all([contents[j] is given[first + j] for j in self.kept])


def gather(update: Update, regions: list[Region]) -> Inputs | None:
    """What the program takes for all that is pending and the update; None if there is none."""
    spreads, waiting = _common(update)
    if spreads is None:
        return None
    spreads += [_repeated(buffer, update.team) for buffer in update.states]
    found = _gather_alike(update, regions, spreads) if waiting else None
    return _gather_each(update, regions, spreads) if found is None else found


def _gather_alike(update: Update, regions: list[Region], spreads: list[Spread]) -> Inputs | None:
    """As usual: every region has the same arrays of the parameters, and got its gradients in the
    same way. Then only the first one is looked at closely."""
    region, team = regions[0], update.team
    contents = [list(map(_pending, theirs)) for theirs in update.grads]
    for c in contents[0]:
        if type(c) is not Spread and (type(c) is not Deferred or c.node.region is not region):
            return None
    first = len(region.arrays)
    given = [*spreads, *contents[0], *update.numbers]
    if region.stage is None:
        region.stage = Stage.first(update.kernel)
    again = region.place(update.kernel, given, [None] * len(given))
    region.spread = True
    way = again.stage.replicas.get(team)
    if way is None or way.first != first:
        way = again.stage.replicas[team] = Way(update, again.refs, region, first)
    if all([way.same(r, given, c) for r, c in zip(regions[1:], contents[1:], strict=True)]):
        leaves = _leaves_alike(regions, team, way, again.stage)
        if leaves is not None:
            firsts = [first] * len(regions)
            return Inputs(again.stage, way, firsts, spreads, True, contents, *leaves)
    region.shrink(first)
    return None


def _leaves_alike(
    regions: Sequence[Region], team: Team, way: Way, stage: Stage
) -> tuple[list[Any], list[str]] | None:
    """As :func:`_leaves`, if only the arrays that the update does not take may differ."""
    leaves, kinds = [], []
    for a in regions[0].arrays:
        if type(a) is not Spread:  # numbers
            leaves.append(a)
            kinds.append(WHOLE)
        elif a.team is team:
            leaves.append(a.array)
            kinds.append(a.kind)
        else:
            return None
    for slot in way.others:
        found = _leaf([r.arrays[slot] for r in regions], team, {}, stage, slot)
        if found is None:
            return None
        leaves[slot], kinds[slot] = found
    return leaves, kinds


def _gather_each(update: Update, regions: list[Region], spreads: list[Spread]) -> Inputs | None:
    """Look at each region by itself, and whether they come to the same stage."""
    team = update.team
    stages, refs, contents = [], (), []
    firsts = [len(region.arrays) for region in regions]
    #: What a region may have in the place of a spread array: the part of its device.
    parts: dict[int, Spread] = {}
    for region, own, theirs in zip(regions, update.params, update.grads, strict=True):
        given = list(map(_array, own))
        for k, array in enumerate(given):
            if array is None:
                given[k] = spreads[k]
            else:
                parts[id(array)] = spreads[k]
        given += spreads[len(own) :]
        contents.append([_content(b, region) for b in theirs])
        given += contents[-1]
        given += update.numbers
        if region.stage is None:
            region.stage = Stage.first(update.kernel)
        again = region.place(update.kernel, given, [None] * len(given))
        region.spread = True
        stages.append(again.stage)
        refs = again.refs
    stage, leaves = stages[0], None
    if all([s is stage for s in stages]):
        leaves = _leaves(regions, team, parts, stage)
    if leaves is None:
        for region, first in zip(regions, firsts, strict=True):
            region.shrink(first)
        return None
    way = Way(update, refs, regions[0], firsts[0])
    return Inputs(stage, way, firsts, spreads, False, contents, *leaves)


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


def _common(update: Update) -> tuple[list[Spread] | None, bool]:
    """The contents of replicated parameters, None if they are not the same on all devices; and
    whether the buffers wait for them."""
    params, team, memory = update.params, update.team, update.memory
    first = list(map(_pending, params[0]))
    if all([list(map(_pending, own)) == first for own in params[1:]]):
        if all([type(s) is Spread and s.team is team and s.kind is WHOLE for s in first]):
            return first, True
    found: list[Spread] = []
    for k, column in enumerate(zip(*params, strict=True)):
        spread = _of_column(column, team, memory[k] if memory else None)
        if spread is None:
            return None, False
        found.append(spread)
    return found, False


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
    hosts = [np.asarray(a).tobytes() for a in arrays]
    return None if any(h != hosts[0] for h in hosts) else team.repeat(arrays)


def _repeated(buffer: Buffer, team: Team) -> Spread:
    """The contents of a buffer as the same array on all devices."""
    waits = buffer.pending
    if type(waits) is Spread and waits.team is team and waits.kind is WHOLE:
        return waits
    array = buffer.get()
    return team.repeat([put(array, d) for d in team.devices])


# -- what the program takes ------------------------------------------------------------------------


def _leaves(
    regions: Sequence[Region], team: Team, parts: dict[int, Spread], stage: Stage
) -> tuple[list[Any], list[str]] | None:
    """What the regions start from as global arrays, and how these are spread.

    None if the arrays of the devices have not the same shape and dtype.
    """
    leaves, kinds = [], []
    for slot, column in enumerate(zip(*[r.arrays for r in regions], strict=True)):
        found = _leaf(column, team, parts, stage, slot)
        if found is None:
            return None
        leaves.append(found[0])
        kinds.append(found[1])
    return leaves, kinds


def _leaf(
    column: Sequence[Any], team: Team, parts: dict[int, Spread], stage: Stage, slot: int
) -> tuple[Any, str] | None:
    """What the regions have in one slot, as a global array, and how it is spread."""
    first = column[0]
    same = all([a is first for a in column])
    if same and type(first) is not Spread and id(first) not in parts:
        return first, WHOLE  # numbers
    spread = first if same and type(first) is Spread else _source(column, team, parts)
    if spread is None:
        return _joined(column, team, stage, slot)
    return (spread.array, spread.kind) if spread.team is team else None


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
    shape, dtype = first.shape, first.dtype
    if any([a.shape != shape or a.dtype != dtype for a in column]):
        return None
    if isinstance(first, np.ndarray | np.generic):
        return team.join(column)
    ids = list(map(id, column))
    known = stage.replicas.get((slot, team))
    if known is None or known[0] != ids:  # new ones, such as the batch, are not kept alive
        stage.replicas[slot, team] = ids, None, None
        return team.join(column)
    if known[1] is None or not all(map(operator.is_, known[1], column)):
        stage.replicas[slot, team] = known = ids, column, team.join(column)
    return known[2]
