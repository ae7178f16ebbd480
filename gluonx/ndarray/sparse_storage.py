"""What sparse arrays store: values and indices on the host, and the way to and from dense arrays.

How many values there are depends on the values themselves, so that no shape that XLA could compile
for is known beforehand. Structure is therefore computed at once, in NumPy; operators on the stored
values run as XLA executables on arrays that are padded to a power of two, so that an array with
another number of values seldom compiles anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from ..engine.buffer import Buffer, Zeros
from ..engine.kernel import put

__all__ = ["CSR", "Pending", "Rows", "from_dense", "nothing", "padded", "rows_of", "to_dense"]

_SMALLEST = 16


class Rows(NamedTuple):
    """Some rows of an array; all others are zero.

    ``values`` is (n, ...) with the extents of ``shape`` after the first, ``indices`` (n,) int64.
    """

    shape: tuple[int, ...]
    values: np.ndarray
    indices: np.ndarray


class CSR(NamedTuple):
    """A matrix by compressed rows.

    Row i has ``values[indptr[i]:indptr[i + 1]]`` in the columns ``indices`` of the same places.
    """

    shape: tuple[int, ...]
    values: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray


class Pending:
    """In the place of a dense array that nobody has asked for: what it would be made from."""

    __slots__ = ("aval", "parts")

    def __init__(self, parts: Rows | CSR):
        self.aval = jax.ShapeDtypeStruct(parts.shape, parts.values.dtype)
        self.parts = parts

    def force(self, buffer: Buffer) -> None:
        with jax.ensure_compile_time_eval():  # a trace may be the first to look
            buffer.fulfil(self, put(to_dense(self.parts), buffer.ctx.device))


def nothing(stype: str, shape: Sequence[int], dtype: Any) -> Rows | CSR:
    """An array of zeros."""
    shape, none = tuple(shape), np.zeros(0, np.int64)
    if stype == "row_sparse":
        return Rows(shape, np.zeros((0, *shape[1:]), dtype), none)
    return CSR(shape, np.zeros(0, dtype), none, np.zeros(shape[0] + 1, np.int64))


def rows_of(parts: CSR) -> np.ndarray:
    """The row of each value: (n,) int64."""
    counts = np.maximum(np.diff(parts.indptr), 0)
    rows = np.repeat(np.arange(len(counts)), counts)
    return rows[: len(parts.values)]


def to_dense(parts: Rows | CSR) -> np.ndarray:
    """The dense array; values whose indices are outside of it are left out."""
    dense = np.zeros(parts.shape, parts.values.dtype)
    if isinstance(parts, Rows):
        inside = (parts.indices >= 0) & (parts.indices < parts.shape[0])
        dense[parts.indices[inside]] = parts.values[inside]
        return dense
    rows = rows_of(parts)
    columns = parts.indices[: len(rows)]
    inside = (columns >= 0) & (columns < parts.shape[1])
    dense[rows[inside], columns[inside]] = parts.values[: len(rows)][inside]
    return dense


def from_dense(stype: str, dense: np.ndarray, touched: np.ndarray | None = None) -> Rows | CSR:
    """What is not zero in ``dense``; for row_sparse also the rows where ``touched`` is true."""
    if stype == "csr":
        rows, columns = np.nonzero(dense)
        counts = np.bincount(rows, minlength=dense.shape[0])
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return CSR(dense.shape, dense[rows, columns], columns.astype(np.int64), indptr)
    there = (dense != 0).reshape(dense.shape[0], -1).any(axis=1)
    if touched is not None:
        there |= touched
    indices = np.flatnonzero(there).astype(np.int64)
    return Rows(dense.shape, dense[indices], indices)


def stored(stype: str, buffer: Buffer, touched: np.ndarray | None = None) -> Rows | CSR:
    """What a buffer holds, in sparse form."""
    pending = buffer.pending if buffer.array is None else None
    if type(pending) is Pending:
        return pending.parts
    if type(pending) is Zeros:
        found = nothing(stype, pending.aval.shape, pending.aval.dtype)
        if touched is None or not touched.any():
            return found
    return from_dense(stype, np.asarray(buffer.get()), touched)


def padded(values: np.ndarray, fill: Any = 0) -> np.ndarray:
    """``values`` with as many ``fill`` behind them as make their number a power of two."""
    count = len(values)
    size = max(_SMALLEST, 1 << max(count - 1, 0).bit_length())
    if size == count:
        return values
    more = np.full((size - count, *values.shape[1:]), fill, values.dtype)
    return np.concatenate([values, more])
