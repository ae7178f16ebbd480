"""From a list of items to a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ._arrays import as_batch, stacked

__all__ = ["AsList", "Group", "Pad", "Stack", "default_batchify_fn"]


def default_batchify_fn(data: Sequence[Any]) -> Any:
    """Stack items along a new first axis; items that are tuples give a list of batches, items that
    are dicts a dict of them.

    Parameters
    ----------
    data : list
        Items: NDArrays, numbers, NumPy arrays, or tuples or dicts of these.

    Returns
    -------
    NDArray, or list or dict of NDArray
        NumPy's element type is kept.

    Raises
    ------
    ValueError
        If the items differ in shape, in length or in their keys.
    TypeError
        If they are no numbers.

    Examples
    --------
    >>> from gluonx.data.batchify import default_batchify_fn
    >>> images, labels = default_batchify_fn([([1.0, 2.0], 0), ([3.0, 4.0], 1)])
    >>> images.shape, labels.shape
    ((2, 2), (2,))
    """
    first = data[0]
    if isinstance(first, tuple):
        return [default_batchify_fn(column) for column in _columns(data, len(first))]
    if isinstance(first, dict):
        keys = {tuple(sorted(map(str, item))) for item in data}
        if len(keys) > 1:
            raise ValueError(f"the items of a batch have different keys: {sorted(keys)}")
        return {key: default_batchify_fn([item[key] for item in data]) for key in first}
    return Stack()(data)


class Stack:
    """Stack arrays of equal shape along a new first axis.

    Raises
    ------
    ValueError
        When called, if the shapes differ.
    TypeError
        When called, if the items are no numbers.

    Examples
    --------
    >>> from gluonx.data.batchify import Stack
    >>> Stack()([[1, 2], [3, 4]]).shape
    (2, 2)
    """

    def __call__(self, data: Sequence[Any]) -> nd.NDArray:
        shapes = {np.shape(item) for item in data if not isinstance(item, (list, tuple))}
        if len(shapes) > 1:
            raise ValueError(
                f"cannot stack items of different shapes {sorted(shapes)}; give the "
                "DataLoader batchify_fn=gluon.data.batchify.Pad(), or make them equal with a "
                "transform"
            )
        if isinstance(data[0], nd.NDArray):
            return nd.stack(*data)
        batch = stacked(data) if isinstance(data[0], np.ndarray) else _plain(data)
        if batch.dtype.kind in "OSUMm":
            raise TypeError(
                f"cannot make an array of {type(data[0]).__name__}s such as {data[0]!r:.60}; give "
                "the DataLoader a batchify_fn, for example gluon.data.batchify.AsList(), or "
                "Group(Stack(), AsList()) for pairs of an array and a text"
            )
        return as_batch(batch)


class Pad:
    """Stack arrays after padding them at their ends to the same shape.

    Parameters
    ----------
    axis : int or tuple of int, optional
        The axes that differ in length; None for all of them.
    pad_val : float
        What to pad with.
    ret_length : bool
        Whether to return the lengths too.
    dtype : str or numpy.dtype, optional
        Element type of the batch; that of the items by default.
    round_to : int or list of int, optional
        Make the length a multiple of this, or the next of these lengths, so that fewer different
        ones are compiled for; see :class:`~gluonx.data.BucketSampler`.

    Outputs
    -------
    batch : NDArray, shape (N, ...)
    lengths : NDArray, shape (N,), int32
        Only with ``ret_length``; (N, number of axes) if there are several.

    Raises
    ------
    ValueError
        When called, if the items differ in another axis or in their number of axes.

    Examples
    --------
    >>> from gluonx.data.batchify import Pad
    >>> batch, lengths = Pad(ret_length=True)([[1, 2, 3], [4]])
    >>> batch.asnumpy().tolist(), lengths.asnumpy().tolist()
    ([[1, 2, 3], [4, 0, 0]], [3, 1])
    >>> Pad(round_to=8)([[1, 2, 3], [4]]).shape
    (2, 8)
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = 0,
        pad_val: float = 0,
        ret_length: bool = False,
        dtype: Any = None,
        round_to: int | Sequence[int] | None = None,
    ):
        if round_to is not None and np.min(round_to) < 1:
            raise ValueError(f"round_to must be 1 or greater, got {round_to}")
        self._axis = axis
        self._pad_val = pad_val
        self._ret_length = ret_length
        self._dtype = dtype
        self._round_to = round_to

    def __call__(self, data: Sequence[Any]) -> Any:
        items = [_plain(item) for item in data]
        ndim = items[0].ndim
        axes = range(ndim) if self._axis is None else np.ravel(self._axis).tolist()
        axes = [a + ndim if a < 0 else a for a in axes]
        sizes = np.array([item.shape for item in items if item.ndim == ndim]).reshape(-1, ndim)
        shape = sizes.max(axis=0)
        same = [a for a in range(ndim) if a not in axes]
        if len(sizes) != len(items) or (sizes[:, same] != shape[same]).any():
            raise ValueError(
                f"Pad(axis={self._axis!r}) needs items that differ in length along that axis "
                f"alone, got shapes {sorted({item.shape for item in items})}"
            )
        for a in axes:
            shape[a] = self._rounded(int(shape[a]))
        dtype = np.result_type(*items) if self._dtype is None else np.dtype(self._dtype)
        batch = np.full((len(items), *shape), self._pad_val, dtype)
        for place, item in zip(batch, items, strict=True):
            place[tuple(map(slice, item.shape))] = item
        if not self._ret_length:
            return as_batch(batch)
        lengths = sizes[:, axes].astype(np.int32)
        return as_batch(batch), as_batch(lengths[:, 0] if len(axes) == 1 else lengths)

    def _rounded(self, length: int) -> int:
        if self._round_to is None:
            return length
        if isinstance(self._round_to, (int, np.integer)):
            return -(-length // self._round_to) * self._round_to
        return min((n for n in self._round_to if n >= length), default=length)


def _plain(item: Any) -> np.ndarray:
    """Numbers, a list or an NDArray as a NumPy array."""
    if isinstance(item, (list, tuple)) and item and isinstance(item[0], nd.NDArray):
        item = [element.asnumpy() for element in item]
    return np.asarray(item)


class AsList:
    """Give the items as a list, as they are.

    Examples
    --------
    >>> from gluonx.data.batchify import AsList
    >>> AsList()(['a', 'bc'])
    ['a', 'bc']
    """

    def __call__(self, data: Sequence[Any]) -> list[Any]:
        return list(data)


class Group:
    """One function for each element of items that are tuples.

    Parameters
    ----------
    *functions : callable
        One for each element, such as :class:`Stack` and :class:`Pad`; or one list of them.

    Outputs
    -------
    batches : list
        What the functions give.

    Raises
    ------
    TypeError
        If something else than functions is given.
    ValueError
        When called, if the items have another number of elements.

    Examples
    --------
    >>> from gluonx.data.batchify import Group, Pad, Stack
    >>> texts, labels = Group(Pad(), Stack())([([1, 2], 0), ([3], 1)])
    >>> texts.shape, labels.shape
    ((2, 2), (2,))
    """

    def __init__(self, *functions: Any):
        if len(functions) == 1 and isinstance(functions[0], (list, tuple)):
            functions = tuple(functions[0])
        if not functions or not all(callable(f) for f in functions):
            raise TypeError(f"Group needs functions, one for each element, got {functions!r}")
        self._functions: tuple[Callable[[Sequence[Any]], Any], ...] = functions

    def __call__(self, data: Sequence[Any]) -> list[Any]:
        columns = _columns(data, len(self._functions))
        return [function(column) for function, column in zip(self._functions, columns, strict=True)]


def _columns(data: Sequence[Any], count: int) -> list[tuple[Any, ...]]:
    lengths = {len(item) for item in data}
    if lengths != {count}:
        raise ValueError(f"expected items of {count} elements, got items of {sorted(lengths)}")
    return list(zip(*data, strict=True))
