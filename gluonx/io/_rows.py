"""Iterators over the rows of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..error import MXNetError
from ..ndarray import NDArray
from ..serialization.files import open_read
from ._batch import DataBatch, DataDesc, DataIter

__all__ = [
    "BatchesIter", "MXDataIter", "RowsIter", "files_of", "need_part", "read_bytes", "rows_of",
]  # fmt: skip


class MXDataIter(DataIter):
    """Base class of the iterators over files: one array of data and one of labels.

    Parameters
    ----------
    batch_size : int
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.
    """

    provide_data: list[DataDesc]
    provide_label: list[DataDesc]

    def __init__(self, batch_size: int, data_name: str = "data", label_name: str = "softmax_label"):
        if isinstance(batch_size, bool) or batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size!r}")
        super().__init__(int(batch_size))
        self.data_name = data_name
        self.label_name = label_name

    def next(self) -> DataBatch:
        """The next batch."""
        if not self.iter_next():
            raise StopIteration
        return DataBatch([self.getdata()], [self.getlabel()], self.getpad(), self.getindex())


def need_part(num_parts: int, part_index: int) -> None:
    """ValueError unless there is such a part."""
    if num_parts < 1 or not 0 <= part_index < num_parts:
        raise ValueError(
            f"part_index={part_index} must be from 0 to num_parts - 1 = {num_parts - 1}"
        )


def files_of(path: str | os.PathLike) -> list[str]:
    """The files that a path names: itself, those of a folder, or of a list with ``;`` between."""
    found = []
    for name in os.fspath(path).split(";"):
        if os.path.isdir(name):
            inside = (os.path.join(name, n) for n in sorted(os.listdir(name)))
            found += [n for n in inside if os.path.isfile(n)]
        else:
            found.append(name)
    if not found:
        raise MXNetError(f"there are no files in {path}")
    return found


def read_bytes(name: str) -> bytes:
    """The contents of a file."""
    with open_read(name) as file:
        return file.read()


class BatchesIter(MXDataIter):
    """Base class of iterators that know the rows of the present batch, and may fill it up.

    Parameters
    ----------
    batch_size : int
    round_batch : bool
        Whether the next epoch begins behind the rows with which the last batch was filled up.
    shapes, dtypes : pair
        Of the data and the labels of a batch.
    data_name, label_name : str
    """

    def __init__(
        self, batch_size: int, round_batch: bool, shapes: Sequence[tuple], dtypes: Sequence[Any],
        data_name: str, label_name: str,
    ):  # fmt: skip
        super().__init__(batch_size, data_name, label_name)
        self.round_batch = round_batch
        names = (data_name, label_name)
        self.provide_data, self.provide_label = (
            [DataDesc(name, (batch_size, *shape), np.dtype(dtype).type)]
            for name, shape, dtype in zip(names, shapes, dtypes, strict=True)
        )
        self._begin = 0
        self._new_epoch()

    def _new_epoch(self) -> None:
        self._ended = False
        self._index = np.arange(0)
        self._pad = 0

    def _present(self) -> tuple[NDArray, NDArray]:
        """Data and labels of the present batch."""
        raise NotImplementedError

    def getdata(self) -> NDArray:
        """The data of the present batch."""
        return self._present()[0]

    def getlabel(self) -> NDArray:
        """The labels of the present batch."""
        return self._present()[1]

    def getindex(self) -> np.ndarray:
        """The rows of the present batch."""
        return self._index

    def getpad(self) -> int:
        """How many rows at the end of the present batch were added to fill it."""
        return self._pad


class RowsIter(BatchesIter):
    """Batches of consecutive rows in memory.

    Parameters
    ----------
    count : int
        Number of rows.
    take : callable
        From an array of places to the data and the labels.
    batch_size, round_batch, shapes, dtypes, data_name, label_name
        See :class:`BatchesIter`.
    """

    def __init__(
        self, count: int, batch_size: int, round_batch: bool,
        take: Callable[[np.ndarray], tuple[NDArray, NDArray]], shapes: Sequence[tuple],
        dtypes: Sequence[Any], data_name: str, label_name: str,
    ):  # fmt: skip
        super().__init__(batch_size, round_batch, shapes, dtypes, data_name, label_name)
        if count < 1:
            raise MXNetError(f"{type(self).__name__}: the file has no rows")
        self.num_data = count
        self._take = take
        self.reset()

    def reset(self) -> None:
        """Begin the next epoch."""
        self._at = self._begin
        self._begin = 0
        self._new_epoch()

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end."""
        if self._ended or self._at >= self.num_data:
            return False
        end = self._at + self.batch_size
        self._index = np.arange(self._at, end) % self.num_data
        self._pad = max(end - self.num_data, 0)
        if self._pad:
            self._ended = True
            self._begin = self._pad % self.num_data if self.round_batch else 0
        self._at = end
        self._now: Any = None
        return True

    def _present(self) -> tuple[NDArray, NDArray]:
        if self._now is None:
            self._now = self._take(self._index)
        return self._now


def rows_of(array: np.ndarray) -> Callable[[np.ndarray], NDArray]:
    """A function from places to these rows."""
    return lambda index: nd.array(array[index], dtype=array.dtype)
