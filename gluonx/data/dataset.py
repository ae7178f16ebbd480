"""Datasets: things with a length and items by number."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..recordio import MXIndexedRecordIO
from ._arrays import as_batches, take_rows
from ._items import IN_WORKER, as_given, on_pixels
from .sampler import FilterSampler, Sampler, SequentialSampler

__all__ = ["ArrayDataset", "Dataset", "RecordFileDataset", "SimpleDataset"]


class Dataset:
    """Base class of datasets. Subclasses define ``__getitem__`` and ``__len__``.

    Examples
    --------
    >>> from gluonx import gluon
    >>> class Squares(gluon.data.Dataset):
    ...     def __getitem__(self, idx):
    ...         return idx ** 2
    ...     def __len__(self):
    ...         return 10
    >>> squares = Squares()
    >>> squares.filter(lambda x: x % 2 == 0).take(3)[2]
    16
    >>> squares.transform(lambda x: -x)[3]
    -9
    """

    def __getitem__(self, idx: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(self, idx)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__(self)")

    def _gather(self, indices: Sequence[int]) -> Any:
        """The batch of the items at ``indices``, gathered at once, or None where there is no way.

        It must be what :func:`~gluonx.data.batchify.default_batchify_fn` makes of the items. A
        class that redefines ``__getitem__`` and not this method is never asked.
        """
        return None

    def _rows(self, indices: Sequence[int]) -> tuple[np.ndarray, ...] | None:
        """The columns of the items at ``indices`` as NumPy arrays, or None; see ``_gather``."""
        return None

    def _item(self, idx: int) -> Any:
        """The item with a NumPy array in the place of an NDArray that would be made of one."""
        return self[idx]

    def filter(self, fn: Callable[[Any], bool]) -> Dataset:
        """The items for which ``fn(item)`` is true.

        ``fn`` is called for all items now.
        """
        return _Sampled(self, FilterSampler(fn, self))

    def shard(self, num_shards: int, index: int) -> Dataset:
        """One of ``num_shards`` parts of nearly equal length, each a run of items.

        Parameters
        ----------
        num_shards : int
            Number of parts; the first ones are longer by one item if need be.
        index : int
            Which part, from 0.

        Raises
        ------
        ValueError
            If there is no such part.

        Examples
        --------
        >>> from gluonx import gluon
        >>> numbers = gluon.data.SimpleDataset(list(range(10)))
        >>> list(numbers.shard(3, 0)), list(numbers.shard(3, 2))
        ([0, 1, 2, 3], [7, 8, 9])
        """
        if not 0 <= index < num_shards:
            raise ValueError(
                f"there is no shard {index} of {num_shards}; the index must be from 0 to "
                "num_shards - 1"
            )
        length, rest = divmod(len(self), num_shards)
        start = length * index + min(index, rest)
        return _Sampled(self, SequentialSampler(length + (index < rest), start))

    def take(self, count: int | None) -> Dataset:
        """The first ``count`` items, or all if there are fewer or ``count`` is None."""
        if count is not None and count < 0:
            raise ValueError(f"take() needs a count of 0 or more, got {count}")
        length = len(self) if count is None else min(count, len(self))
        return _Sampled(self, SequentialSampler(length))

    def sample(self, sampler: Sampler) -> Dataset:
        """The items at the numbers that a sampler gives; it is asked once, now.

        Raises
        ------
        TypeError
            If ``sampler`` is not a :class:`Sampler`.
        """
        if not isinstance(sampler, Sampler):
            raise TypeError(f"sample() needs a gluon.data.Sampler, got {type(sampler).__name__}")
        return _Sampled(self, sampler)

    def transform(self, fn: Callable, lazy: bool = True) -> Dataset:
        """The items after a function.

        Parameters
        ----------
        fn : callable
            Called as ``fn(item)``, or ``fn(*item)`` for items that are tuples.
        lazy : bool
            Whether to call it whenever an item is asked for, rather than for all items now.
        """
        transformed = _Transformed(self, fn)
        return transformed if lazy else SimpleDataset([*transformed])

    def transform_first(self, fn: Callable, lazy: bool = True) -> Dataset:
        """The items after a function of their first element, for example of the image alone."""
        return self.transform(_First(fn), lazy)


class SimpleDataset(Dataset):
    """A list, or anything else with a length and items, as a dataset.

    Parameters
    ----------
    data : list or other sequence
        The items.

    Examples
    --------
    >>> from gluonx import gluon
    >>> gluon.data.SimpleDataset([3, 4, 5])[1]
    4
    """

    def __init__(self, data: Any):
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, idx: int) -> Any:
        return self._data[idx]


class ArrayDataset(Dataset):
    """Arrays side by side: item i is the tuple of their i-th elements.

    Parameters
    ----------
    *args : NDArray, numpy.ndarray, list or Dataset
        Columns of equal length. With a single one the items are its elements, not tuples.

    Raises
    ------
    ValueError
        If there are no columns, or their lengths differ.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> dataset = gluon.data.ArrayDataset(nd.ones((3, 2)), [7, 8, 9])
    >>> image, label = dataset[1]
    >>> image.shape, label
    ((2,), 8)
    """

    def __init__(self, *args: Any):
        if not args:
            raise ValueError("ArrayDataset needs at least one array")
        lengths = [len(column) for column in args]
        if len(set(lengths)) > 1:
            raise ValueError(f"ArrayDataset needs arrays of equal length, got lengths {lengths}")
        self._length = lengths[0]
        # Labels are read one by one, and a NumPy scalar is cheaper than an NDArray.
        self._data = [c.asnumpy() if isinstance(c, nd.NDArray) and c.ndim == 1 else c for c in args]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, idx: int) -> Any:
        if len(self._data) == 1:
            return self._data[0][idx]
        return tuple(column[idx] for column in self._data)

    def _gather(self, indices: Sequence[int]) -> Any:
        if not all(map(_is_numbers, self._data)):
            return None
        rows = np.asarray(indices)
        if rows.dtype.kind not in "iu":
            return None
        columns = take_rows(self._data, rows)
        return columns[0] if len(columns) == 1 else columns

    def _rows(self, indices: Sequence[int]) -> tuple[np.ndarray, ...] | None:
        columns = [column for column in self._data if isinstance(column, np.ndarray)]
        at = np.asarray(indices)
        if len(columns) < len(self._data) or at.dtype.kind not in "iu":
            return None
        return tuple(column[at] for column in columns)


def _is_numbers(column: Any) -> bool:
    if isinstance(column, nd.NDArray):
        return not column._sparse
    return type(column) is np.ndarray and column.dtype.kind not in "OSUMm"


class RecordFileDataset(Dataset):
    """The records of a file, as bytes, in the order of the index file beside it.

    Parameters
    ----------
    filename : str or os.PathLike
        The file of records, ``NAME.rec``; the index is ``NAME.idx``.

    Examples
    --------
    >>> from gluonx import gluon, recordio
    >>> with recordio.MXIndexedRecordIO("c.idx", "c.rec", "w") as record:
    ...     for i in range(3):
    ...         record.write_idx(i, b"record %d" % i)
    >>> gluon.data.RecordFileDataset("c.rec")[2]
    b'record 2'
    """

    def __init__(self, filename: str | os.PathLike):
        self.filename = os.fspath(filename)
        self.idx_file = os.path.splitext(self.filename)[0] + ".idx"
        self._record = MXIndexedRecordIO(self.idx_file, self.filename, "r")

    def __getitem__(self, idx: int) -> Any:
        return self._record.read_idx(self._record.keys[idx])

    def __len__(self) -> int:
        return len(self._record.keys)


class _Transformed(Dataset):
    """The items of a dataset after a function.

    A transform that has a form for NumPy arrays gets the items as such if the dataset has them.
    """

    def __init__(self, data: Any, fn: Callable):
        self._data = data
        self._fn = fn

    def __len__(self) -> int:
        return len(self._data)

    @property
    def _function(self) -> Any:
        found = self.__dict__.get("_known")
        if found is None or found[0] is not self._fn:
            found = self.__dict__["_known"] = self._fn, on_pixels(self._fn)
        return found[1]

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_known"}

    def __getitem__(self, idx: int) -> Any:
        if self._function is None:
            return _apply(self._fn, self._data[idx])
        return as_given(self._item(idx))

    def _item(self, idx: int) -> Any:
        function = self._function
        if function is None:
            return _apply(self._fn, self._data[idx])
        item = fetch(self._data, idx)
        first = item[0] if isinstance(item, tuple) else item
        return _apply(function if isinstance(first, np.ndarray) else self._fn, item)

    def _rows(self, indices: Sequence[int]) -> tuple[np.ndarray, ...] | None:
        if not getattr(self._function, "batches", False):
            return None
        columns = rows(self._data, indices)
        if columns is None:
            return None
        out = self._function(*columns)
        return out if isinstance(out, tuple) else (out,)

    def _gather(self, indices: Sequence[int]) -> Any:
        columns = None if IN_WORKER else self._rows(indices)
        if columns is None:
            return None
        arrays = as_batches([np.ascontiguousarray(column) for column in columns])
        return arrays if len(arrays) > 1 else arrays[0]


def _apply(function: Callable, item: Any) -> Any:
    return function(*item) if isinstance(item, tuple) else function(item)


class _First:
    """Applies a function to the first of its arguments; a class, so that it can be pickled."""

    def __init__(self, fn: Callable):
        self._fn = fn

    def __call__(self, first: Any, *others: Any) -> Any:
        return (self._fn(first), *others) if others else self._fn(first)

    def _pixels(self) -> Any:
        function = on_pixels(self._fn)
        return None if function is None else _First(function)

    @property
    def batches(self) -> bool:
        """Whether a batch of items gives the batch of the results."""
        return getattr(self._fn, "batches", False)


class _Sampled(Dataset):
    """The items of a dataset at some of its numbers."""

    def __init__(self, data: Dataset, sampler: Sampler):
        self._data = data
        self._indices = list(sampler)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, idx: int) -> Any:
        return self._data[self._indices[idx]]

    def _item(self, idx: int) -> Any:
        return fetch(self._data, self._indices[idx])

    def _gather(self, indices: Sequence[int]) -> Any:
        return gather(self._data, [self._indices[i] for i in indices])

    def _rows(self, indices: Sequence[int]) -> tuple[np.ndarray, ...] | None:
        return rows(self._data, [self._indices[i] for i in indices])


def _has(dataset: Any, method: str) -> bool:
    """Whether a method belongs to the same items as the dataset's ``__getitem__``."""
    for cls in type(dataset).__mro__:
        if method in vars(cls):
            return True
        if "__getitem__" in vars(cls):
            return False
    return False


def gather(dataset: Any, indices: Sequence[int]) -> Any:
    """``dataset._gather(indices)``, or None if it may differ from the dataset's items."""
    return dataset._gather(indices) if _has(dataset, "_gather") else None


def rows(dataset: Any, indices: Sequence[int]) -> Any:
    """``dataset._rows(indices)``, or None if it may differ from the dataset's items."""
    return dataset._rows(indices) if _has(dataset, "_rows") else None


def fetch(dataset: Any, idx: int) -> Any:
    """``dataset[idx]``, with images as NumPy arrays where nobody needs an NDArray.

    For a loader that stacks the items itself: a batch of NumPy arrays costs one transfer to the
    device, a batch of NDArrays one for each.
    """
    return dataset._item(idx) if _has(dataset, "_item") else dataset[idx]
