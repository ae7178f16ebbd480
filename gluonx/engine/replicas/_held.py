"""Who else holds an array that is about to be given up: references are counted."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..region import Region
from ..spread import WHOLE, Spread

__all__ = ["LISTED", "counts", "part_held"]


def counts(arrays: list[Any]) -> list[int]:
    """How many references there are to each entry of a list."""
    return list(map(sys.getrefcount, arrays))


#: What :func:`counts` gives for an object that only the list has.
LISTED = counts([object()])[0]


def part_held(spread: Spread, old: list[Any], regions: Sequence[Region], slot: int) -> bool:
    """Whether somebody holds a part of a spread array, of which there is something in ``slot`` of
    the regions. The list ``old``, and another one, have parts that buffers had."""
    team = spread.team
    if team.held is None:
        probe = Spread(team, team.put(np.zeros(1, np.float32)), WHOLE)
        probe.part(team.devices[0])
        team.held = _holders(probe, team.devices[0])
    ids = list(map(id, old))
    for device in spread.given:
        part = id(spread.given[device])
        mine = sum([r.device == device and id(r.arrays[slot]) == part for r in regions])
        if _holders(spread, device) > team.held + mine + ids.count(part) * 2:
            return True
    return False


def _holders(spread: Spread, device: Any) -> int:
    return sys.getrefcount(spread.given[device])
