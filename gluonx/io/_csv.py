"""Batches from files of comma-separated numbers."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..error import MXNetError
from ._rows import files_of
from ._stream import RowStream, StreamIter, blocks

__all__ = ["CSVIter"]


def _tables(path: Any, shape: tuple, dtype: np.dtype, what: str) -> Iterator[np.ndarray]:
    """The rows of files, each in a shape, many at a time."""
    columns = math.prod(shape)
    for name in files_of(path):
        for text, begin in blocks(name):
            if not text.strip():
                continue
            try:
                table = _parsed(text, dtype)
            except ValueError as e:
                table, error = None, e
            if table is None or table.shape[1] != columns:
                number, found = _wrong_line(text, dtype, columns)
                place = f"in line {number + _lines_before(name, begin)} of {name}"
                if found is not None:
                    raise MXNetError(
                        f"{place}: {what}={shape} needs {columns} numbers in a line, but there are "
                        f"{found}"
                    )
                raise MXNetError(
                    f"{place}: expected numbers with commas between them, of dtype {dtype}: {error}"
                ) from None
            yield table.reshape(-1, *shape)


def _parsed(text: bytes, dtype: np.dtype) -> np.ndarray:
    return np.loadtxt(
        io.BytesIO(text), dtype, comments=None, delimiter=",", ndmin=2, encoding="utf-8"
    )


def _wrong_line(text: bytes, dtype: np.dtype, columns: int) -> tuple[int, int | None]:
    """The first line that cannot be read, from 1; and how many numbers it has if not as many as
    there should be."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if line.count(b",") + 1 != columns:
            return number, line.count(b",") + 1
        try:
            _parsed(line, dtype)
        except ValueError:
            break
    return number, None


def _lines_before(name: str, place: int) -> int:
    """How many lines a file has before a place."""
    return sum(text[: max(place - at, 0)].count(b"\n") for text, at in blocks(name))


class CSVIter(StreamIter):
    """Batches from files of comma-separated numbers, a sample in each line.

    The files are read as batches are asked for, about a megabyte at a time, again in each epoch.

    Parameters
    ----------
    data_csv : str
        A file, a folder of files, or files with ``;`` between them.
    data_shape : tuple of int
        The shape of a sample.
    label_csv : str, optional
        The same for labels; without it they are 0.
    label_shape : tuple of int
        The shape of a label.
    batch_size : int
    round_batch : bool
        Whether the next epoch begins behind the samples from the beginning with which the last
        batch was filled up; otherwise it begins with the first.
    dtype : {'float32', 'int32', 'int64', ...}, optional
        Of data and labels; float32 by default.
    prefetch_buffer, ctx
        Not used; :class:`PrefetchingIter` reads ahead.
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.

    Raises
    ------
    MXNetError
        If a line has other than numbers, or not as many as the shape says.

    Examples
    --------
    >>> import gluonx as gx
    >>> with open("a.csv", "w") as file:
    ...     _ = file.write("1,2\\n3,4\\n5,6\\n")
    >>> batches = gx.io.CSVIter(data_csv="a.csv", data_shape=(2,), batch_size=2)
    >>> [(b.data[0].asnumpy().tolist(), b.pad) for b in batches]
    [([[1.0, 2.0], [3.0, 4.0]], 0), ([[5.0, 6.0], [1.0, 2.0]], 1)]
    """

    def __init__(
        self, *, data_csv: Any, data_shape: Sequence[int], batch_size: int,
        label_csv: Any = None, label_shape: Sequence[int] = (1,), round_batch: bool = True,
        prefetch_buffer: int = 4, ctx: Any = None, dtype: Any = None, data_name: str = "data",
        label_name: str = "softmax_label",
    ):  # fmt: skip
        kind = np.dtype(dtype or np.float32)
        shape, label_shape = tuple(data_shape), tuple(label_shape)
        data = RowStream(lambda: _tables(data_csv, shape, kind, "data_shape"))
        label = None
        if label_csv not in (None, "NULL"):
            asked = label_shape
            label = RowStream(lambda: _tables(label_csv, asked, kind, "label_shape"))
        if label_shape == (1,):  # a label, not a list of one
            label_shape = ()

        def join(rows: list[Any], labels: list[Any]) -> tuple[nd.NDArray, nd.NDArray]:
            if labels:
                given = np.concatenate(labels).reshape(-1, *label_shape)
            else:
                given = np.zeros((batch_size, *label_shape), kind)
            found = np.concatenate(rows)
            return nd.array(found, dtype=kind), nd.array(given, dtype=kind)

        super().__init__(
            data, label, join, (str(data_csv), str(label_csv)), batch_size, round_batch,
            (shape, label_shape), (kind, kind), data_name, label_name,
        )  # fmt: skip
