"""Samplers: in which order, and in which batches, the items of a dataset come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import hosts
from ..random import host_rng

__all__ = [
    "BatchSampler",
    "FilterSampler",
    "IntervalSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SplitSampler",
]


class Sampler:
    """Base class of samplers: iterables of item numbers with a length."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__(self)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__(self)")


class SequentialSampler(Sampler):
    """Numbers in order: start, start + 1, ...

    Parameters
    ----------
    length : int
        How many.
    start : int
        The first.

    Examples
    --------
    >>> from gluonx import gluon
    >>> list(gluon.data.SequentialSampler(3))
    [0, 1, 2]
    """

    def __init__(self, length: int, start: int = 0):
        self._length = length
        self._start = start

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._start, self._start + self._length))

    def __len__(self) -> int:
        return self._length


class RandomSampler(Sampler):
    """The numbers below ``length`` in random order, another one each time.

    :func:`gluonx.random.seed` governs the order.

    Parameters
    ----------
    length : int
        How many.

    Examples
    --------
    >>> from gluonx import gluon
    >>> sorted(gluon.data.RandomSampler(5))
    [0, 1, 2, 3, 4]
    """

    def __init__(self, length: int):
        self._length = length

    def __iter__(self) -> Iterator[int]:
        return iter(host_rng().permutation(self._length).tolist())

    def __len__(self) -> int:
        return self._length


class FilterSampler(Sampler):
    """The numbers of the items for which a function is true.

    Parameters
    ----------
    fn : callable
        ``fn(item)``; called for all items when the sampler is made.
    dataset : Dataset
        The items.

    Examples
    --------
    >>> from gluonx import gluon
    >>> list(gluon.data.FilterSampler(str.isupper, ['a', 'B', 'C']))
    [1, 2]
    """

    def __init__(self, fn: Callable[[Any], bool], dataset: Any):
        # By number: a dataset need not raise IndexError at its end.
        self._indices = [i for i in range(len(dataset)) if fn(dataset[i])]

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)


class IntervalSampler(Sampler):
    """Every ``interval``-th number below ``length``.

    Parameters
    ----------
    length : int
        How many numbers there are.
    interval : int
        The step.
    rollover : bool
        Whether to go on with the numbers left out, until all have come.

    Raises
    ------
    ValueError
        If the interval is not from 1 to the length.

    Examples
    --------
    >>> from gluonx import gluon
    >>> list(gluon.data.IntervalSampler(7, 3))
    [0, 3, 6, 1, 4, 2, 5]
    >>> list(gluon.data.IntervalSampler(7, 3, rollover=False))
    [0, 3, 6]
    """

    def __init__(self, length: int, interval: int, rollover: bool = True):
        if not 1 <= interval <= length:
            raise ValueError(f"interval must be from 1 to length={length}, got {interval}")
        self._length = length
        self._interval = interval
        self._rollover = rollover

    def __iter__(self) -> Iterator[int]:
        for start in range(self._interval if self._rollover else 1):
            yield from range(start, self._length, self._interval)

    def __len__(self) -> int:
        return self._length if self._rollover else -(-self._length // self._interval)


class SplitSampler(Sampler):
    """One part of the numbers below ``length``: that of this worker.

    The parts are of equal length, so that all workers take equally many steps; up to
    ``num_parts - 1`` numbers at the end are left out.

    Parameters
    ----------
    length : int
        How many numbers there are.
    num_parts : int, optional
        Into how many parts they are divided; by default as many as there are workers
        (:func:`gluonx.hosts.size`).
    part_index : int, optional
        Which part; by default that of this worker.
    shuffle : bool
        Give the numbers of the part in random order, another one each time.

    Raises
    ------
    ValueError
        If there is no such part, or it would be empty.

    Examples
    --------
    >>> from gluonx import gluon
    >>> sorted(gluon.data.SplitSampler(7, num_parts=2, part_index=1))
    [3, 4, 5]
    """

    def __init__(
        self, length: int, num_parts: int | None = None, part_index: int | None = None,
        shuffle: bool = True,
    ):  # fmt: skip
        parts = hosts.size() if num_parts is None else num_parts
        part = hosts.rank() if part_index is None else part_index
        if not 0 <= part < parts:
            raise ValueError(f"part_index must be from 0 to num_parts - 1, got {part} of {parts}")
        if parts > length:
            raise ValueError(f"{length} items cannot be divided among {parts} workers")
        self._length = length // parts
        self._start = part * self._length
        self._shuffle = shuffle

    def __iter__(self) -> Iterator[int]:
        numbers = np.arange(self._start, self._start + self._length)
        return iter((host_rng().permutation(numbers) if self._shuffle else numbers).tolist())

    def __len__(self) -> int:
        return self._length


class BatchSampler(Sampler):
    """The numbers of another sampler, in lists of ``batch_size``.

    Parameters
    ----------
    sampler : Sampler
        Where the numbers come from.
    batch_size : int
        Length of the lists.
    last_batch : {'keep', 'discard', 'rollover'}
        What becomes of a shorter list at the end: it is given, left out, or kept for the beginning
        of the next iteration.

    Raises
    ------
    ValueError
        For another ``last_batch``, or a ``batch_size`` below 1.

    Examples
    --------
    >>> from gluonx import gluon
    >>> batches = gluon.data.BatchSampler(gluon.data.SequentialSampler(5), 2)
    >>> list(batches)
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Any, batch_size: int, last_batch: str = "keep"):
        if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
            raise TypeError(f"batch_size must be an integer, got {batch_size!r}")
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or greater, got {batch_size}")
        if last_batch not in ("keep", "discard", "rollover"):
            raise ValueError(
                f"last_batch must be 'keep', 'discard' or 'rollover', got {last_batch!r}"
            )
        self._sampler = sampler
        self._batch_size = int(batch_size)
        self._last_batch = last_batch
        self._left: list[Any] = []

    def __iter__(self) -> Iterator[Sequence[Any]]:
        batch, self._left = self._left, []
        for number in self._sampler:
            batch.append(number)
            if len(batch) == self._batch_size:
                yield batch
                batch = []
        if batch and self._last_batch == "keep":
            yield batch
        elif self._last_batch == "rollover":
            self._left = batch

    def __len__(self) -> int:
        if self._last_batch == "keep":
            return -(-len(self._sampler) // self._batch_size)
        return (len(self._left) + len(self._sampler)) // self._batch_size
