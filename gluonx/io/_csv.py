"""Batches from files of comma-separated numbers."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..error import MXNetError
from ._rows import RowsIter, files_of, read_bytes, rows_of

__all__ = ["CSVIter"]


def _table(path: Any, shape: tuple, dtype: np.dtype, what: str) -> np.ndarray:
    """The rows of a file, each in a shape."""
    tables = []
    for name in files_of(path):
        text = read_bytes(name)
        if not text.strip():
            continue
        try:
            table = np.loadtxt(
                io.BytesIO(text), dtype, comments=None, delimiter=",", ndmin=2, encoding="utf-8"
            )
        except ValueError as e:
            raise MXNetError(
                f"{name} cannot be read: expected numbers with commas between them in each line, "
                f"of dtype {dtype}: {e}"
            ) from None
        if table.shape[1] != math.prod(shape):
            raise MXNetError(
                f"{name}: {what}={shape} needs {math.prod(shape)} numbers in a line, but there are "
                f"{table.shape[1]}"
            )
        tables.append(table)
    if not tables:
        raise MXNetError(f"{path} has no numbers in it")
    return np.concatenate(tables).reshape(-1, *shape)


class CSVIter(RowsIter):
    """Batches from files of comma-separated numbers, a sample in each line.

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
        Not used: the numbers are in memory.
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
        data = _table(data_csv, shape, kind, "data_shape")
        if label_csv in (None, "NULL"):
            label = np.zeros((len(data), *label_shape), kind)
        else:
            label = _table(label_csv, label_shape, kind, "label_shape")
        if len(label) != len(data):
            raise MXNetError(f"{data_csv} has {len(data)} rows, but {label_csv} has {len(label)}")
        if label_shape == (1,):  # a label, not a list of one
            label_shape = ()
            label = label[:, 0]
        data_rows, label_rows = rows_of(data), rows_of(label)
        super().__init__(
            len(data), batch_size, round_batch, lambda i: (data_rows(i), label_rows(i)),
            (shape, label_shape), (kind, kind), data_name, label_name,
        )  # fmt: skip
