"""Pace: how far Python runs ahead of a CPU.

Steps are dispatched, and run one after the other while Python goes on. On a CPU Python takes the
place of the computation's own threads, so it had better not wake up for each step that is done: it
fills the queue, sleeps until this is nearly empty, and fills it again. Its own work takes less time
so, as the processor's caches still hold it from the step before.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

__all__ = ["Pace", "smallest"]

#: How many steps may be in the queue, and how many are left there when Python goes on.
_MOST, _LEFT = 16, 3
#: Seconds that a quick step takes at most: in longer ones there is more to lose than to gain by
#: running several as one executable, and on the edge a loop would pass from one way to the other.
_QUICK = 8e-4
#: Bytes of a result that may be kept for a while.
_SMALL = 1 << 14


def smallest(avals: Sequence[Any]) -> int | None:
    """The place of the smallest of some results, if it may be kept until it is there."""
    sizes = [a.size * a.dtype.itemsize for a in avals]
    least = min(sizes, default=_SMALL + 1)
    return sizes.index(least) if least <= _SMALL else None


class Pace:
    """The steps under way on one device.

    Attributes
    ----------
    quick : bool
        Whether the last steps took little time each, with all that the loop does.
    """

    __slots__ = ("quick", "_under_way", "_steps", "_since")

    def __init__(self) -> None:
        self.quick = False
        #: One result of each call, and how many steps it was.
        self._under_way: list[tuple[Any, int]] = []
        self._steps = 0
        self._since = 0.0

    def dispatched(self, result: Any, steps: int = 1) -> None:
        """A step is under way, or several in one call, which makes ``result``; wait if there are
        too many."""
        self._under_way.append((result, steps))
        self._steps += steps
        if self._steps >= _MOST:
            self._wait()

    def _wait(self) -> None:
        under_way, left, at = self._under_way, 0, len(self._under_way)
        while left < _LEFT:
            at -= 1
            left += under_way[at][1]
        done, self._steps = self._steps - left, left
        self._under_way = under_way[at:]
        if at:
            under_way[at - 1][0].block_until_ready()
        now = time.perf_counter()
        self.quick = now - self._since < _QUICK * done
        self._since = now
