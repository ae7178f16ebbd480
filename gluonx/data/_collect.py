"""Reading one batch: the same code in the caller, in threads and in worker processes.

Imports no JAX.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._rng import drawing_from
from .batchify import default_batchify_fn
from .dataset import fetch, gather

__all__ = ["make", "read"]

_local = threading.local()


class _Random:
    """A generator that starts anew for each item of each batch.

    Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) is a function of a
    key, here the seed, and a counter, here the batch and the item; setting the counter is cheap.
    """

    def __init__(self, seed: int):
        self.seed = seed
        self._bits = np.random.Philox(key=seed)
        self._state: Any = self._bits.state
        self.generator = np.random.Generator(self._bits)

    def start(self, batch: int, item: int) -> None:
        self._state["state"]["counter"][2:] = batch, item
        self._bits.state = self._state


def _random(seed: int) -> _Random:
    found = getattr(_local, "random", None)
    if found is None or found.seed != seed:
        found = _local.random = _Random(seed)
    return found


def read(
    dataset: Any,
    numbers: Sequence[Any],
    batchify_fn: Callable | None,
    seed: int,
    batch: int,
    reseed: Callable[[int], None] | None = None,
) -> Any:
    """One batch of a dataset.

    Parameters
    ----------
    dataset : Dataset
    numbers : list
        Of which items.
    batchify_fn : callable, optional
        Makes a batch of them; the default one if None.
    seed, batch : int
        With the place of the item in the batch they determine what its random transforms draw.
    reseed : callable, optional
        Called with that place before each item.
    """
    if batchify_fn is None:
        batched = gather(dataset, numbers)
        if batched is not None:
            return batched
    random = _random(seed)
    items = []
    with drawing_from(random.generator):
        for place, number in enumerate(numbers):
            random.start(batch, place + 1)
            if reseed is not None:
                reseed(place + 1)
            items.append(fetch(dataset, number))
        return make(items, batchify_fn, seed, batch)


def make(items: list[Any], batchify_fn: Callable | None, seed: int, batch: int) -> Any:
    """One batch of items that have been read."""
    random = _random(seed)
    with drawing_from(random.generator):
        random.start(batch, 0)
        return (batchify_fn or default_batchify_fn)(items)
