"""Samplers: in which order, and in which batches, the items of a dataset come."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import hosts
from ..random import host_rng

__all__ = [
    "BatchSampler",
    "BucketSampler",
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
    """One of ``num_parts`` parts of the numbers below ``length``, for one of several processes.

    The parts are runs of numbers that do not change; within its part the order is random.
    :func:`gluonx.random.seed` governs it.

    Parameters
    ----------
    length : int
        How many numbers there are.
    num_parts : int, optional
        Number of parts; by default as many as there are workers (:func:`gluonx.hosts.size`).
    part_index : int, optional
        Which part, from 0; by default that of this worker.
    even_size : bool, optional
        Whether all parts are made equally long, by numbers of other parts; otherwise the first
        parts are longer by one if need be. By default only where the parts are those of the
        workers, which must take equally many steps.
    repeat : int
        How many times to go through the part, each time in another order.
    shuffle : bool
        Whether the order is random.

    Raises
    ------
    ValueError
        If there is no such part.

    Examples
    --------
    >>> from gluonx import gluon
    >>> sorted(gluon.data.SplitSampler(10, num_parts=3, part_index=2))
    [7, 8, 9]
    """

    def __init__(
        self,
        length: int,
        num_parts: int | None = None,
        part_index: int | None = None,
        even_size: bool | None = None,
        repeat: int = 1,
        shuffle: bool = True,
    ):
        even_size = num_parts is None if even_size is None else even_size
        num_parts = hosts.size() if num_parts is None else num_parts
        part_index = hosts.rank() if part_index is None else part_index
        if not 0 <= part_index < num_parts <= length:
            raise ValueError(
                f"there is no part {part_index} of {num_parts} of {length} numbers; num_parts must "
                "be from 1 to the length, and part_index from 0 to num_parts - 1"
            )
        if even_size:
            size = -(-length // num_parts)
            start = part_index * size
            self._part = np.arange(start, start + size) % length
        else:
            size, rest = divmod(length, num_parts)
            start = size * part_index + min(part_index, rest)
            self._part = np.arange(start, start + size + (part_index < rest))
        self._repeat = repeat
        self._shuffle = shuffle

    def __iter__(self) -> Iterator[int]:
        rounds = [self._part] * self._repeat
        if self._shuffle:
            rounds = [host_rng().permutation(part) for part in rounds]
        return iter(np.concatenate(rounds).tolist() if rounds else [])

    def __len__(self) -> int:
        return len(self._part) * self._repeat


class Padded(list):
    """Numbers of a batch that was filled up: the first ``count`` are real, the rest repeats."""

    count: int = 0

    @classmethod
    def of(cls, numbers: list[Any], size: int) -> Padded:
        """``numbers``, from their beginning again and again up to ``size`` of them."""
        padded = cls((numbers * -(-size // len(numbers)))[:size])
        padded.count = len(numbers)
        return padded


def _check(batch_size: Any, last_batch: str, choices: tuple[str, ...]) -> int:
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
        raise TypeError(f"batch_size must be an integer, got {batch_size!r}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or greater, got {batch_size}")
    if last_batch not in choices:
        names = ", ".join(map(repr, choices[:-1]))
        raise ValueError(f"last_batch must be {names} or {choices[-1]!r}, got {last_batch!r}")
    return int(batch_size)


class BatchSampler(Sampler):
    """The numbers of another sampler, in lists of ``batch_size``.

    Parameters
    ----------
    sampler : Sampler
        Where the numbers come from.
    batch_size : int
        Length of the lists.
    last_batch : {'keep', 'discard', 'rollover', 'pad'}
        What becomes of a shorter list at the end: it is given, left out, kept for the beginning
        of the next iteration, or filled up with its own numbers again. With ``'pad'`` all lists
        have the same length, and a :class:`DataLoader` gives a mask with each batch.

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
        choices = ("keep", "discard", "rollover", "pad")
        self._batch_size = _check(batch_size, last_batch, choices)
        self._sampler = sampler
        self._last_batch = last_batch
        self._left: list[Any] = []

    @property
    def pads(self) -> bool:
        """Whether lists are filled up, so that a mask is needed."""
        return self._last_batch == "pad"

    def __iter__(self) -> Iterator[Sequence[Any]]:
        # The order is drawn now, not when the first batch is asked for.
        left, self._left = self._left, []
        return self._batches(iter(self._sampler), left)

    def _batches(self, numbers: Iterator[Any], batch: list[Any]) -> Iterator[Sequence[Any]]:
        while True:
            batch += itertools.islice(numbers, self._batch_size - len(batch))
            if len(batch) < self._batch_size:
                break
            yield batch
            batch = []
        if batch and self._last_batch == "keep":
            yield batch
        elif batch and self._last_batch == "pad":
            yield Padded.of(batch, self._batch_size)
        elif self._last_batch == "rollover":
            self._left = batch

    def __len__(self) -> int:
        if self._last_batch in ("keep", "pad"):
            return -(-len(self._sampler) // self._batch_size)
        return (len(self._left) + len(self._sampler)) // self._batch_size

    def state_dict(self) -> dict[str, Any]:
        """What the next iteration depends on, besides the random numbers to come."""
        inner = getattr(self._sampler, "state_dict", dict)()
        return {"left": list(self._left), **({"sampler": inner} if inner else {})}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave."""
        self._left = list(state["left"])
        if "sampler" in state:
            self._sampler.load_state_dict(state["sampler"])


class BucketSampler(Sampler):
    """Batches of items of similar length, for sequences; a ``batch_sampler``.

    Each item is in the bucket of the smallest boundary that is not below its length. With
    ``batchify.Pad(round_to=sampler.boundaries)`` there are as many shapes as buckets, so a network
    is compiled that many times and no more.

    Parameters
    ----------
    lengths : list of int
        The length of each item.
    batch_size : int
        Length of the lists.
    num_buckets : int
        How many buckets, of about as many items each, if no boundaries are given.
    boundaries : list of int, optional
        The greatest length in each bucket.
    shuffle : bool
        Whether items are shuffled within their buckets, and then the batches.
    last_batch : {'keep', 'discard', 'pad'}
        What becomes of the shorter list at the end of each bucket, see :class:`BatchSampler`.

    Attributes
    ----------
    boundaries : list of int
        The greatest length in each bucket.

    Raises
    ------
    ValueError
        If an item is longer than the last boundary.

    Examples
    --------
    >>> from gluonx import gluon
    >>> sampler = gluon.data.BucketSampler([3, 9, 2, 8, 9, 1], batch_size=2, num_buckets=2)
    >>> sampler.boundaries, list(sampler)
    ([3, 9], [[0, 2], [5], [1, 3], [4]])
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        num_buckets: int = 10,
        boundaries: Sequence[int] | None = None,
        shuffle: bool = False,
        last_batch: str = "keep",
    ):
        size = _check(batch_size, last_batch, ("keep", "discard", "pad"))
        each = np.asarray(lengths)
        if boundaries is None:
            if num_buckets < 1:
                raise ValueError(f"num_buckets must be 1 or greater, got {num_buckets}")
            ordered = np.sort(each)
            ends = [part[-1] for part in np.array_split(ordered, num_buckets) if len(part)]
            boundaries = np.unique(np.array(ends, dtype=int)).tolist()
        self.boundaries: list[int] = sorted(boundaries or [])
        if len(each) and each.max() > self.boundaries[-1]:
            raise ValueError(
                f"an item has length {each.max()}, but the last boundary is {self.boundaries[-1]}; "
                "add a boundary, or leave out such items with dataset.filter"
            )
        bucket = np.searchsorted(self.boundaries, each)
        self._buckets = [np.flatnonzero(bucket == i) for i in range(len(self.boundaries))]
        self._batch_size = size
        self._shuffle = shuffle
        self._last_batch = last_batch

    @property
    def pads(self) -> bool:
        """Whether lists are filled up, so that a mask is needed."""
        return self._last_batch == "pad"

    def __iter__(self) -> Iterator[Sequence[int]]:
        batches: list[Sequence[int]] = []
        for bucket in self._buckets:
            numbers = host_rng().permutation(bucket) if self._shuffle else bucket
            batches += BatchSampler(numbers.tolist(), self._batch_size, self._last_batch)
        if self._shuffle:
            batches = [batches[i] for i in host_rng().permutation(len(batches))]
        return iter(batches)

    def __len__(self) -> int:
        whole = self._last_batch == "discard"
        size = self._batch_size
        return sum(len(b) // size if whole else -(-len(b) // size) for b in self._buckets)
