"""From NumPy to the arrays of a batch, in the process that trains and in workers without JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..context import current_context
from ..engine.buffer import Buffer
from ..engine.kernel import aligned_bytes
from ..ops import _rows
from ._items import IN_WORKER

__all__ = [
    "HostBatch", "aligned", "as_batch", "as_batches", "as_given", "mapped", "stacked", "take_rows",
]  # fmt: skip

#: Larger batches are placed without a copy, if they begin where XLA wants it; `SMALL` in
#: ``ops/_rows.py``, which is not there in a worker.
_LARGE = 1 << 20


class HostBatch(np.ndarray):
    """What would be an NDArray if there were JAX; it becomes one in the process that trains."""

    def __reduce_ex__(self, protocol: Any) -> tuple:  # NumPy puts plain arrays alone out of band
        return _host_batch, (self.view(np.ndarray),)


def _host_batch(array: np.ndarray) -> HostBatch:
    return array.view(HostBatch)


def as_batch(host: np.ndarray) -> Any:
    """A NumPy array that nobody writes to again, as an NDArray of the same dtype.

    It goes to the current context without a copy in between. In a worker it stays in NumPy.
    """
    return as_batches([host])[0]


def as_batches(hosts: Sequence[np.ndarray]) -> list[Any]:
    """Several at once, which costs less than one by one."""
    if IN_WORKER:
        return [host.view(HostBatch) for host in hosts]
    ctx = current_context()
    placed = _rows.place(hosts, ctx.device)
    return [nd.NDArray._new(Buffer(array, ctx)) for array in placed]


def as_given(batch: Any) -> Any:
    """A worker's result with NDArrays where they belong; its arrays are the caller's alone."""
    if isinstance(batch, HostBatch):
        return as_batch(batch.view(np.ndarray))
    return mapped(as_given, batch)


def mapped(function: Any, batch: Any) -> Any:
    """A list, tuple or dict of what ``function`` gives for the elements; else the batch itself."""
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*map(function, batch))
    if type(batch) in (list, tuple):
        return type(batch)(map(function, batch))
    if type(batch) is dict:
        return {key: function(value) for key, value in batch.items()}
    return batch


def aligned(data: Any) -> np.ndarray:
    """A copy of bytes that begins at a multiple of 64: XLA takes over such memory as it is."""
    source = np.frombuffer(data, np.uint8)
    copy = aligned_bytes(source.size)
    copy[...] = source
    return copy


def stacked(items: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of one shape along a new first axis; a large result begins where XLA takes it over."""
    size = len(items) * items[0].nbytes
    dtype = items[0].dtype
    if size <= _LARGE or any([item.dtype != dtype for item in items]):
        return np.stack(items)
    out = aligned_bytes(size).view(dtype).reshape(len(items), *items[0].shape)
    return np.stack(items, out=out)


def take_rows(columns: Sequence[Any], at: np.ndarray) -> list[Any]:
    """The same rows of all columns, NDArrays or NumPy arrays, each as one array.

    Raises
    ------
    IndexError
        If there are no such rows.
    """
    length = len(columns[0])
    hosts = [isinstance(column, np.ndarray) for column in columns]
    if all(hosts):
        try:
            return as_batches([_rows_of(column, at) for column in columns])
        except IndexError:
            raise _no_such(at, length) from None
    if at.size and not -length <= at.min() <= at.max() < length:
        raise _no_such(at, length)
    at = at % length if length else at
    ready: list[Any] = [None] * len(columns)
    by_place: dict[Any, list[int]] = {}
    for i, (column, host) in enumerate(zip(columns, hosts, strict=True)):
        by_place.setdefault(None if host else column.context, []).append(i)
    for ctx, places in by_place.items():
        if ctx is None:
            batches = as_batches([_rows_of(columns[i], at) for i in places])
        else:
            taken = [columns[i]._data for i in places]
            taken = _rows.rows(taken, at.astype("int32"), ctx.device)
            batches = [nd.NDArray._new(Buffer(rows, ctx)) for rows in taken]
        for i, batch in zip(places, batches, strict=True):
            ready[i] = batch
    return ready


def _no_such(at: np.ndarray, length: int) -> IndexError:
    return IndexError(f"item numbers from {at.min()} to {at.max()} for {length} items")


def _rows_of(column: np.ndarray, at: np.ndarray) -> np.ndarray:
    """``column[at]``; a large one begins where XLA takes memory over as it is."""
    if not column.flags.c_contiguous:
        return column[at]  # `take` would copy all of it first
    size = len(at) * column[:1].nbytes
    if size <= _LARGE or column.dtype.hasobject:
        return column.take(at, 0)
    if not -len(column) <= at.min() <= at.max() < len(column):
        raise _no_such(at, len(column))
    out = aligned_bytes(size).view(column.dtype).reshape(len(at), *column.shape[1:])
    return np.take(column, at % len(column), axis=0, out=out, mode="clip")
