"""Batches of sparse rows from files in LibSVM's format."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..error import MXNetError
from ._rows import RowsIter, files_of, need_part, read_bytes, rows_of

__all__ = ["LibSVMIter"]


class _Rows:
    """Rows in compressed form, and the number in front of each."""

    def __init__(self, path: Any, columns: int, part: tuple[int, int], dtype: np.dtype):
        self.columns = columns
        values: list[float] = []
        places: list[int] = []
        ends, labels = [0], []
        for name, number, line in _lines(path, part):
            words = line.split(b"#", 1)[0].split()
            if not words:
                continue
            try:
                labels.append(float(words[0]))
                for word in words[1:]:
                    place, value = word.split(b":")
                    if place == b"qid":
                        continue
                    values.append(float(value))
                    places.append(int(place))
            except ValueError:
                raise MXNetError(
                    f"{name}: in line {number}, expected a label and pairs PLACE:VALUE with spaces "
                    f"between them, not {line[:80].decode(errors='replace')!r}"
                ) from None
            if len(values) > ends[-1] and not (
                min(places[ends[-1] :]) >= 0 and max(places[ends[-1] :]) < columns
            ):
                raise MXNetError(
                    f"{name}: in line {number}, a place is not from 0 to {columns - 1}; its shape "
                    f"says {columns} numbers in a row (places are counted from 0)"
                )
            ends.append(len(values))
        self.values = np.array(values, dtype)
        self.places = np.array(places, np.int64)
        self.ends = np.array(ends, np.int64)
        self.labels = np.array(labels, dtype)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: np.ndarray) -> Any:
        """A csr array of these rows."""
        begins, counts = self.ends[index], self.ends[index + 1] - self.ends[index]
        ends = np.concatenate([[0], np.cumsum(counts)])
        chosen = np.arange(ends[-1]) + np.repeat(begins - ends[:-1], counts)
        return nd.sparse.csr_matrix(
            (self.values[chosen], self.places[chosen], ends),
            shape=(len(index), self.columns),
            dtype=self.values.dtype,
        )


def _lines(path: Any, part: tuple[int, int]):
    """Name of the file, number and text of each line that begins in a part of the bytes."""
    files = [(name, read_bytes(name)) for name in files_of(path)]
    num_parts, part_index = part
    step = -(-sum(len(data) for _, data in files) // num_parts)
    first, last = step * part_index, step * (part_index + 1)
    at = 0
    for name, data in files:
        for number, line in enumerate(data.splitlines(keepends=True), 1):
            # A line that begins where a part does belongs to the part before.
            if (first < at or at == first == 0) and at <= last:
                yield name, number, line
            at += len(line)


class LibSVMIter(RowsIter):
    """Batches of csr arrays from files in LibSVM's format: lines ``label place:value ...``.

    Places are counted from 0.

    Parameters
    ----------
    data_libsvm : str
        A file, a folder of files, or files with ``;`` between them.
    data_shape : tuple of one int
        The number of columns.
    batch_size : int
    label_libsvm : str, optional
        A file of the same format whose rows are the labels; then they are csr arrays, too. Without
        it the label is the number in front of a row.
    label_shape : tuple of one int
        The number of columns of those labels.
    num_parts, part_index : int
        Take the lines that begin in one of equal parts of the file only.
    round_batch : bool
        Whether the next epoch begins behind the rows from the beginning with which the last batch
        was filled up; otherwise it begins with the first.
    dtype : dtype, optional
        float32 by default.
    prefetch_buffer, ctx
        Not used: the rows are in memory.
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.

    Raises
    ------
    MXNetError
        If a line is of another format, or a place is out of bounds.

    Examples
    --------
    >>> import gluonx as gx
    >>> with open("a.svm", "w") as file:
    ...     _ = file.write("1 0:0.5 2:1\\n0 1:2\\n")
    >>> batch = next(gx.io.LibSVMIter(data_libsvm="a.svm", data_shape=(3,), batch_size=2))
    >>> batch.data[0].stype, batch.data[0].asnumpy().tolist(), batch.label[0].asnumpy().tolist()
    ('csr', [[0.5, 0.0, 1.0], [0.0, 2.0, 0.0]], [1.0, 0.0])
    """

    def __init__(
        self, *, data_libsvm: Any, data_shape: Sequence[int], batch_size: int,
        label_libsvm: Any = None, label_shape: Sequence[int] = (1,), num_parts: int = 1,
        part_index: int = 0, round_batch: bool = True, prefetch_buffer: int = 4, ctx: Any = None,
        dtype: Any = None, data_name: str = "data", label_name: str = "softmax_label",
    ):  # fmt: skip
        need_part(num_parts, part_index)
        kind = np.dtype(dtype or np.float32)
        shape, label_shape = tuple(data_shape), tuple(label_shape)
        if len(shape) != 1:
            raise ValueError(f"data_shape={shape} must have one number, the number of columns")
        data = _Rows(data_libsvm, shape[0], (num_parts, part_index), kind)
        if label_libsvm in (None, "NULL"):
            take_label, label_shape = rows_of(data.labels), ()
        else:
            columns = math.prod(label_shape)
            if columns < 2:
                raise ValueError(
                    f"label_shape={label_shape} must be the number of columns of {label_libsvm}, "
                    "more than 1"
                )
            # The labels of a part are those of its lines.
            whole = _Rows(label_libsvm, columns, (1, 0), kind)
            before = 0
            if num_parts > 1:
                ahead = [
                    _Rows(data_libsvm, shape[0], (num_parts, k), kind) for k in range(part_index)
                ]
                before = sum(map(len, ahead))
            if len(whole) < before + len(data):
                raise MXNetError(f"{label_libsvm} has fewer rows than {data_libsvm}")
            take_label = lambda i: whole.take(i + before)  # noqa: E731
        super().__init__(
            len(data), batch_size, round_batch, lambda i: (data.take(i), take_label(i)),
            (shape, label_shape), (kind, kind), data_name, label_name,
        )  # fmt: skip
