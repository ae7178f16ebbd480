"""Pace: how far Python runs ahead of a CPU.

Steps are dispatched, and run one after the other while Python goes on. On a CPU Python takes the
place of the computation's own threads, so it had better not wake up for each step that is done: it
fills the queue, sleeps until this is nearly empty, and fills it again. Its own work takes less time
so, as the processor's caches still hold it from the step before.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Pace"]

#: How many steps may be in the queue, and how many are left there when Python goes on.
_MOST, _LEFT = 16, 3


class Pace:
    """The steps under way on one device."""

    __slots__ = ("_under_way",)

    def __init__(self) -> None:
        #: One result of each.
        self._under_way: list[Any] = []

    def dispatched(self, result: Any) -> None:
        """A step is under way, which makes ``result``; wait if there are too many."""
        under_way = self._under_way
        under_way.append(result)
        if len(under_way) >= _MOST:
            last = under_way[-_LEFT - 1]
            self._under_way = under_way[-_LEFT:]
            last.block_until_ready()
