"""From a list of items to a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd

__all__ = ["AsList", "Group", "Pad", "Stack", "default_batchify_fn"]


def default_batchify_fn(data: Sequence[Any]) -> Any:
    """Stack items along a new first axis; items that are tuples give a list of batches.

    Parameters
    ----------
    data : list
        Items: NDArrays, numbers, NumPy arrays, or tuples of these.

    Returns
    -------
    NDArray, or list of NDArray
        NumPy's element type is kept.

    Raises
    ------
    ValueError
        If the items differ in shape or in length.

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
    return Stack()(data)


class Stack:
    """Stack arrays of equal shape along a new first axis.

    Raises
    ------
    ValueError
        When called, if the shapes differ.

    Examples
    --------
    >>> from gluonx.data.batchify import Stack
    >>> Stack()([[1, 2], [3, 4]]).shape
    (2, 2)
    """

    def __call__(self, data: Sequence[Any]) -> nd.NDArray:
        shapes = [np.shape(item) for item in data if not isinstance(item, (list, tuple))]
        if len(set(shapes)) > 1:
            raise ValueError(
                f"cannot stack items of different shapes {sorted(set(shapes))}; give the "
                "DataLoader batchify_fn=gluon.data.batchify.Pad(), or make them equal with a "
                "transform"
            )
        if isinstance(data[0], nd.NDArray):
            return nd.stack(*data)
        array = np.asarray(data)
        return nd.array(array, dtype=array.dtype)


class Pad:
    """Stack arrays after padding them at their ends to the same length.

    Parameters
    ----------
    axis : int
        The axis that differs in length.
    pad_val : float
        What to pad with.
    ret_length : bool
        Whether to return the lengths too.
    dtype : str or numpy.dtype, optional
        Element type of the batch; that of the items by default.

    Outputs
    -------
    batch : NDArray, shape (N, ...)
    lengths : NDArray, shape (N,), int32
        Only with ``ret_length``.

    Examples
    --------
    >>> from gluonx.data.batchify import Pad
    >>> batch, lengths = Pad(ret_length=True)([[1, 2, 3], [4]])
    >>> batch.asnumpy().tolist(), lengths.asnumpy().tolist()
    ([[1, 2, 3], [4, 0, 0]], [3, 1])
    """

    def __init__(
        self, axis: int = 0, pad_val: float = 0, ret_length: bool = False, dtype: Any = None
    ):
        self._axis = axis
        self._pad_val = pad_val
        self._ret_length = ret_length
        self._dtype = dtype

    def __call__(self, data: Sequence[Any]) -> Any:
        items = [np.asarray(item) for item in data]
        lengths = [item.shape[self._axis] for item in items]
        padded = []
        for item in items:
            width = [(0, 0)] * item.ndim
            width[self._axis] = (0, max(lengths) - item.shape[self._axis])
            padded.append(np.pad(item, width, constant_values=self._pad_val))
        batch = np.stack(padded)
        batch = nd.array(batch, dtype=batch.dtype if self._dtype is None else self._dtype)
        return (batch, nd.array(lengths, dtype="int32")) if self._ret_length else batch


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
