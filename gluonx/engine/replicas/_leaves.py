"""What regions of several devices start from, as global arrays."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..region import Region
from ..spread import WHOLE, Spread, Team
from ..stage import Stage

__all__ = ["leaves_of"]


def leaves_of(
    regions: Sequence[Region],
    team: Team,
    stage: Stage,
    slots: Sequence[int],
    parts: dict[int, Spread],
    numbers: Sequence[Any],
) -> tuple[list[Any], list[str]] | None:
    """What the regions start from as global arrays, and how these are spread.

    None if the arrays of the devices have not the same shape and dtype. In other places than
    ``slots`` all have what the first one has: arrays on all devices, and numbers. ``numbers`` are
    the same for all devices as well.
    """
    first, equal = regions[0].arrays, set(map(id, numbers))
    leaves = [a.array if type(a) is Spread else a for a in first]
    kinds = [a.kind if type(a) is Spread else WHOLE for a in first]
    for slot in slots:
        column = [r.arrays[slot] for r in regions]
        spread = first[slot]
        if type(spread) is Spread and spread.team is team:
            if list(map(id, column)).count(id(spread)) == len(column):  # the usual batch
                leaves[slot], kinds[slot] = spread.leaf(), spread.kind
                continue
        found = _leaf(column, team, parts, stage, slot, equal)
        if found is None:
            return None
        leaves[slot], kinds[slot] = found
    return leaves, kinds


def _leaf(
    column: Sequence[Any],
    team: Team,
    parts: dict[int, Spread],
    stage: Stage,
    slot: int,
    equal: set[int],
) -> tuple[Any, str] | None:
    """What the regions have in one slot, as a global array, and how it is spread."""
    first = column[0]
    same = all([a is first for a in column])
    if team.joint:
        number = id(first) in equal
    else:
        number = same and type(first) is not Spread and id(first) not in parts
    if number:
        return first, WHOLE
    spread = first if same and type(first) is Spread else _source(column, team, parts)
    if spread is None or (team.joint and spread.team is not team):
        return _joined(column, team, stage, slot)
    return (spread.leaf(), spread.kind) if spread.team is team else None


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
