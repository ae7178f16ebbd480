"""What an update on several devices and the work before it take."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..buffer import Buffer
from ..bundle import Bundle, Part
from ..deferred import Backward
from ..kernel import put
from ..region import Deferred, Region
from ..spread import WHOLE, Spread, Team
from ..stage import Stage
from ._leaves import leaves_of
from ._way import Update, Way
from ._written import Written

__all__ = ["Inputs", "gather"]

_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")


class Inputs(NamedTuple):
    """What the program takes.

    ``old`` has for each bundle that is written what its buffers held, and ``spreads`` the same as
    arrays on all devices: parameters, then states. ``waiting`` says that all buffers of parameters
    waited for these. ``contents`` has for each device what it has of the gradients, ``firsts`` how
    many arrays each region had before.
    """

    stage: Stage
    way: Way
    firsts: list[int]
    old: list[Sequence[Any]]
    spreads: list[Spread]
    waiting: bool
    contents: Sequence[Sequence[Any]]
    leaves: list[Any]
    kinds: list[str]


def gather(update: Update, regions: list[Region]) -> Inputs | None:
    """What the program takes for all that is pending and the update; None if there is none."""
    written = update.written
    old = _kept(written.bundles)
    first, states = old[0], old[-1]
    if first is not None and list(map(id, old[:-1])).count(id(first)) == len(old) - 1:
        spreads, alike = list(first), True
    else:
        spreads, alike = _common(written)
        if spreads is None:
            return None
        old = [_contents(own) for own in written.params] + [states]
    if states is None:
        spreads += [_repeated(buffer, written.team) for buffer in written.states]
        old[-1] = _contents(written.states)
    else:
        spreads += states
    inputs = _gather_alike(update, regions, old, spreads) if alike else None
    return _gather_each(update, regions, old, spreads, alike) if inputs is None else inputs


def _kept(bundles: Sequence[Bundle]) -> list[Any]:
    """What bundles of a team have, None for those that were opened: as :meth:`Bundle.whole`, for
    such a bundle has never to wait in a queue."""
    return [b.arrays if list(map(_pending, b.buffers)) == b.parts else None for b in bundles]


def _contents(buffers: Sequence[Buffer]) -> list[Any]:
    return [b.pending if (a := b.array) is None else a for b in buffers]


def _gather_alike(
    update: Update, regions: list[Region], old: list, spreads: list[Spread]
) -> Inputs | None:
    """As usual: every region has the same arrays of the parameters, and got its gradients in the
    same way. Then only the first one is looked at closely."""
    region, team = regions[0], update.written.team
    contents = [tuple(map(_pending, theirs)) for theirs in update.grads]
    kinds = set(map(type, contents[0]))
    if not kinds <= {Deferred, Spread}:
        return None
    if Spread in kinds and any([type(c) is Spread and c.team is not team for c in contents[0]]):
        return None
    first = len(region.arrays)
    given = [*spreads, *contents[0], *update.numbers]
    again = None if region.stage is None else region.stage.again.get(update.kernel)
    if again is None or not again.fits(region, given, None):
        nodes = {c.node for c in contents[0] if type(c) is Deferred}
        if not all([region.has(node) for node in nodes]):
            return None
        if region.stage is None:
            region.stage = Stage.first(update.kernel)
        again = region.place(update.kernel, given, None)
    region.spread = True
    way = again.stage.replicas.get(team)
    if way is None or way.first != first:
        way = again.stage.replicas[team] = Way(update, again.refs, region, first)
    if way.alike(regions, contents):
        leaves = leaves_of(regions, team, again.stage, way.others, {}, ())
        if leaves is not None:
            firsts = [first] * len(regions)
            return Inputs(again.stage, way, firsts, old, spreads, True, contents, *leaves)
    region.shrink(first)
    return None


def _gather_each(
    update: Update, regions: list[Region], old: list, spreads: list[Spread], waiting: bool
) -> Inputs | None:
    """Look at each region by itself, and whether they come to the same stage."""
    written = update.written
    team, count = written.team, len(written.params[0])
    stages, refs, contents = [], (), []
    firsts = [len(region.arrays) for region in regions]
    #: What a region may have in the place of a spread array: the part of its device.
    parts: dict[int, Spread] = {}
    for region, own, theirs in zip(regions, written.params, update.grads, strict=True):
        given = list(map(_array, own))
        for k, array in enumerate(given):
            if array is None:
                given[k] = spreads[k]
            else:
                parts[id(array)] = spreads[k]
        given += spreads[count:]
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
    slots = range(len(regions[0].arrays))
    if all([s is stage for s in stages]) and all([len(r.arrays) == len(slots) for r in regions]):
        leaves = leaves_of(regions, team, stage, slots, parts, update.numbers)
    if leaves is None:
        for region, first in zip(regions, firsts, strict=True):
            region.shrink(first)
        return None
    way = Way(update, refs, regions[0], firsts[0])
    return Inputs(stage, way, firsts, old, spreads, waiting, contents, *leaves)


def _content(buffer: Buffer, region: Region) -> Any:
    """The contents of a buffer; a deferred value or a spread array where it waits for one."""
    while buffer.array is None:
        waits = buffer.pending
        if type(waits) is Spread:
            return waits
        if type(waits) is Deferred:
            if region.has(waits.node):
                return waits
            if type(waits.node) is Backward and waits.node.hand_out():
                continue
        buffer.get()
    return buffer.array


# -- what is the same on all devices -------------------------------------------------------------


def _common(written: Written) -> tuple[list[Spread] | None, bool]:
    """The contents of replicated parameters, None if they are not the same on all devices; and
    whether the buffers wait for them. The bundles are opened."""
    params, team, made = written.params, written.team, written.made
    for own in params:
        for bundle in {b.pending.bundle for b in own if type(b.pending) is Part}:
            bundle.open()
    first = list(map(_pending, params[0]))
    if all([list(map(_pending, own)) == first for own in params[1:]]):
        if all([type(s) is Spread and s.team is team and s.kind is WHOLE for s in first]):
            return first, True
    found: list[Spread] = []
    for k, column in enumerate(zip(*params, strict=True)):
        spread = _of_column(column, team, made[k] if made else None)
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
    if len(arrays) > 1:
        hosts = [np.asarray(a).tobytes() for a in arrays]
        if any(h != hosts[0] for h in hosts):
            return None
    return team.repeat(arrays)


def _repeated(buffer: Buffer, team: Team) -> Spread:
    """The contents of a buffer as the same array on all devices."""
    waits = buffer.pending
    if type(waits) is Part:
        waits.bundle.open()
        waits = buffer.pending
    if type(waits) is Spread and waits.team is team and waits.kind is WHOLE:
        return waits
    array = buffer.get()
    return team.repeat([put(array, d) for d in team.devices])
