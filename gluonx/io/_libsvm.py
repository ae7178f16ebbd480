"""Batches of sparse rows from files in LibSVM's format."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..error import MXNetError
from ..serialization.files import open_read
from ._rows import files_of, need_part
from ._stream import RowStream, StreamIter, blocks

__all__ = ["LibSVMIter"]


class _Piece:
    """Some rows in compressed form, and the number in front of each."""

    def __init__(
        self, values: np.ndarray, places: np.ndarray, ends: np.ndarray, labels: np.ndarray
    ):
        self.values = values
        self.places = places
        self.ends = ends
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice) -> _Piece:
        start, stop, _ = rows.indices(len(self))
        first, last = self.ends[start], self.ends[stop]
        return _Piece(
            self.values[first:last], self.places[first:last],
            self.ends[start : stop + 1] - first, self.labels[start:stop],
        )  # fmt: skip


def _joined(pieces: list[_Piece], columns: int) -> Any:
    """A csr array of the rows of some pieces."""
    ends, count = [np.zeros(1, np.int64)], 0
    for piece in pieces:
        ends.append(piece.ends[1:] + count)
        count += len(piece.values)
    values = np.concatenate([piece.values for piece in pieces])
    return nd.sparse.csr_matrix(
        (values, np.concatenate([piece.places for piece in pieces]), np.concatenate(ends)),
        shape=(sum(map(len, pieces)), columns),
        dtype=values.dtype,
    )


def _pieces(path: Any, columns: int, part: tuple[int, int], dtype: np.dtype) -> Iterator[_Piece]:
    """The rows of files, or of a part of them, many at a time."""
    for name, lines, begin in _lines(path, part):
        values: list[float] = []
        places: list[int] = []
        ends, labels = [0], []
        for number, line in enumerate(lines):
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
                    f"{name}: in line {_number(name, begin) + number}, expected a label and pairs "
                    "PLACE:VALUE with spaces between them, not "
                    f"{line[:80].decode(errors='replace')!r}"
                ) from None
            if len(values) > ends[-1] and not (
                min(places[ends[-1] :]) >= 0 and max(places[ends[-1] :]) < columns
            ):
                raise MXNetError(
                    f"{name}: in line {_number(name, begin) + number}, a place is not from 0 to "
                    f"{columns - 1}; its shape says {columns} numbers in a row (places are counted "
                    "from 0)"
                )
            ends.append(len(values))
        yield _Piece(
            np.array(values, dtype), np.array(places, np.int64), np.array(ends, np.int64),
            np.array(labels, dtype),
        )  # fmt: skip


def _number(name: str, place: int) -> int:
    """The number of the line that begins at a place, from 1."""
    return 1 + sum(
        len(text[: max(place - at, 0)].splitlines()) for text, at in blocks(name) if at < place
    )


def _lines(path: Any, part: tuple[int, int]) -> Iterator[tuple[str, list[bytes], int]]:
    """Name of a file, lines that begin in a part of the bytes, and where the first one begins."""
    sizes = [(name, _size(name)) for name in files_of(path)]
    num_parts, part_index = part
    step = -(-sum(size for _, size in sizes) // num_parts)
    first, last = step * part_index, step * (part_index + 1)
    before = 0
    for name, size in sizes:
        # A line that begins where a part does belongs to the part before.
        if first <= before + size and before <= last:
            skips = first >= before and first > 0
            for text, place in blocks(name, max(first - before, 0)):
                lines = text.splitlines(keepends=True)
                if skips:
                    place += len(lines.pop(0))
                    skips = False
                end = before + place + sum(map(len, lines))
                while lines and end - len(lines[-1]) > last:
                    end -= len(lines.pop())
                if not lines and before + place > last:
                    break
                yield name, lines, place
        before += size


def _size(name: str) -> int:
    with open_read(name) as file:
        return file.seek(0, os.SEEK_END)


class LibSVMIter(StreamIter):
    """Batches of csr arrays from files in LibSVM's format: lines ``label place:value ...``.

    Places are counted from 0. The files are read as batches are asked for, about a megabyte at a
    time, again in each epoch.

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
        Not used; :class:`PrefetchingIter` reads ahead.
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
        part = num_parts, part_index
        data = RowStream(lambda: _pieces(data_libsvm, shape[0], part, kind))
        label, before, columns = None, 0, 0
        if label_libsvm in (None, "NULL"):
            label_shape = ()
        else:
            columns = math.prod(label_shape)
            if columns < 2:
                raise ValueError(
                    f"label_shape={label_shape} must be the number of columns of {label_libsvm}, "
                    "more than 1"
                )
            label = RowStream(lambda: _pieces(label_libsvm, columns, (1, 0), kind))
            # The labels of a part are those of its lines.
            ahead = (_lines(data_libsvm, (num_parts, k)) for k in range(part_index))
            before = sum(_rows_in(lines) for part in ahead for _, lines, _ in part)

        def join(rows: list[Any], labels: list[Any]) -> tuple[Any, Any]:
            if labels:
                return _joined(rows, shape[0]), _joined(labels, columns)
            numbers = np.concatenate([piece.labels for piece in rows])
            return _joined(rows, shape[0]), nd.array(numbers, dtype=kind)

        super().__init__(
            data, label, join, (str(data_libsvm), str(label_libsvm)), batch_size, round_batch,
            (shape, label_shape), (kind, kind), data_name, label_name, before, num_parts == 1,
        )  # fmt: skip


def _rows_in(lines: list[bytes]) -> int:
    return sum(bool(line.split(b"#", 1)[0].strip()) for line in lines)
