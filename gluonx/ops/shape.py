"""Shapes: reshape, transpose, expand, squeeze, broadcast."""

from __future__ import annotations

import math

import jax.numpy as jnp

from ..engine.op import DType, Shape, register
from ._checks import EMPTY, INT64, to_axes, to_axis
from ._shapes import reshape_target


@register("Reshape", aliases=("reshape",))
def reshape(
    data,
    *,
    shape: Shape = EMPTY,
    reverse: bool = False,
    target_shape: Shape = EMPTY,
    keep_highest: bool = False,
):
    """The elements in another shape.

    Besides lengths, `shape` may contain these codes, which are read from the left together with the
    axes of `data`:

    - 0 copies the length of the axis in this place;
    - -1, once, stands for the length that makes the sizes equal;
    - -2 copies all axes that are left;
    - -3 merges the next two axes;
    - -4 splits the next axis into the two lengths that follow, one of which may be -1.

    Parameters
    ----------
    data : array
        Any shape.
    shape : tuple of int
        Lengths and codes.
    reverse : bool
        Read `shape` and the axes of `data` from the right.
    target_shape : tuple of int
        The shape in a form that old symbol files have: 0 once, for the length that is left.
    keep_highest : bool
        With `target_shape`: keep the first axis.

    Returns
    -------
    array
        The same elements in the same order.

    Examples
    --------
    >>> x = nd.zeros((2, 3, 4))
    >>> nd.reshape(x, (0, -1)).shape
    (2, 12)
    >>> nd.reshape(x, (-3, 0)).shape
    (6, 4)
    >>> nd.reshape(x, (-4, 1, 2, -2)).shape
    (1, 2, 3, 4)
    """
    if target_shape and not shape:
        shape = Shape(-1 if n == 0 else n for n in target_shape)
        if keep_highest:
            shape = Shape((data.shape[0], *shape[1:]))
    return data.reshape(reshape_target(data.shape, shape, reverse))


@register("reshape_like")
def reshape_like(
    lhs,
    rhs,
    *,
    lhs_begin: int | None = None,
    lhs_end: int | None = None,
    rhs_begin: int | None = None,
    rhs_end: int | None = None,
):
    """The elements of `lhs` in the shape of `rhs`, or some axes of `lhs` in those of `rhs`.

    Parameters
    ----------
    lhs : array
        What is reshaped.
    rhs : array
        Only its shape matters.
    lhs_begin, lhs_end, rhs_begin, rhs_end : int, optional
        Axes ``lhs_begin:lhs_end`` of `lhs` are replaced by axes ``rhs_begin:rhs_end`` of `rhs`;
        all of them by default.

    Returns
    -------
    array
        Dtype of `lhs`.

    Examples
    --------
    >>> nd.reshape_like(nd.zeros((6, 7)), nd.zeros((2, 3, 4)), lhs_end=1, rhs_end=2).shape
    (2, 3, 7)
    """
    a0, a1, _ = slice(lhs_begin, lhs_end).indices(lhs.ndim)
    b0, b1, _ = slice(rhs_begin, rhs_end).indices(rhs.ndim)
    shape = lhs.shape[:a0] + rhs.shape[b0:b1] + lhs.shape[a1:]
    if math.prod(shape) != lhs.size:
        raise ValueError(
            f"lhs of shape {lhs.shape} cannot take the shape {shape}: the sizes differ"
        )
    return lhs.reshape(shape)


@register("Flatten", aliases=("flatten",))
def flatten(data):
    """All axes but the first merged into one.

    Parameters
    ----------
    data : array
        (batch, ...).

    Returns
    -------
    array
        (batch, n).
    """
    if data.ndim == 0:
        raise ValueError("Flatten needs an array with a batch axis, got shape ()")
    return data.reshape(data.shape[0], math.prod(data.shape[1:]))


@register("shape_array", differentiable=False)
def shape_array(data, *, dtype: DType = INT64):
    """The shape as an array.

    Parameters
    ----------
    data : array
        Any shape.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        (number of axes,).
    """
    return jnp.array(data.shape, dtype)


@register("size_array", differentiable=False)
def size_array(data, *, dtype: DType = INT64):
    """The number of elements as an array.

    Parameters
    ----------
    data : array
        Any shape.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        (1,).
    """
    return jnp.array([data.size], dtype)


@register("transpose")
def transpose(data, *, axes: Shape = EMPTY):
    """The array with its axes in another order.

    Parameters
    ----------
    data : array
        Any shape.
    axes : tuple of int
        For each axis of the result, the axis of `data` that it is; reversed order by default.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.transpose(nd.zeros((2, 3, 4)), axes=(0, 2, 1)).shape
    (2, 4, 3)
    """
    if not axes:
        return data.T
    order = to_axes(axes, data.ndim, "axes")
    if len(order) != data.ndim:
        raise ValueError(f"axes={tuple(axes)} must name all {data.ndim} axes of {data.shape}")
    return jnp.transpose(data, order)


@register("SwapAxis", aliases=("swapaxes",))
def swapaxes(data, *, dim1: int = 0, dim2: int = 0):
    """The array with two axes exchanged.

    Parameters
    ----------
    data : array
        Any shape.
    dim1, dim2 : int
        The axes.

    Returns
    -------
    array
        Dtype of `data`.
    """
    return jnp.swapaxes(data, to_axis(dim1, data.ndim, "dim1"), to_axis(dim2, data.ndim, "dim2"))


@register("expand_dims")
def expand_dims(data, *, axis: int):
    """The array with a new axis of length 1.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int
        Where the new axis stands in the result.

    Returns
    -------
    array
        One axis more than `data`.

    Examples
    --------
    >>> nd.expand_dims(nd.zeros((2, 3)), axis=1).shape
    (2, 1, 3)
    """
    return jnp.expand_dims(data, to_axis(axis, data.ndim + 1))


@register("squeeze")
def squeeze(data, *, axis: Shape | None = None):
    """The array without axes of length 1.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to remove; all that have length 1 by default.

    Returns
    -------
    array
        Shape (1,) where no axis is left.

    Examples
    --------
    >>> nd.squeeze(nd.zeros((1, 2, 1)), axis=0).shape
    (2, 1)
    """
    if axis is None:
        axes = tuple(i for i, n in enumerate(data.shape) if n == 1)
    else:
        axes = to_axes(axis, data.ndim)
    for a in axes:
        if data.shape[a] != 1:
            raise ValueError(
                f"axis {a} of {data.shape} has length {data.shape[a]}; only axes of length 1 can "
                "be removed"
            )
    return data.reshape(tuple(n for i, n in enumerate(data.shape) if i not in axes) or (1,))


def _stretch(data, shape: tuple[int, ...]):
    """``data`` with axes of length 1 stretched to ``shape``, which has as many axes."""
    for have, want in zip(data.shape, shape, strict=True):
        if have != want and have != 1:
            raise ValueError(
                f"an array of shape {data.shape} cannot be broadcast to {shape}: only axes of "
                "length 1 stretch"
            )
    return jnp.broadcast_to(data, shape)


@register("broadcast_to")
def broadcast_to(data, *, shape: Shape = EMPTY):
    """The array with axes of length 1 stretched.

    Parameters
    ----------
    data : array
        As many axes as `shape` has entries.
    shape : tuple of int
        The shape wanted; 0 keeps the length of an axis.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.broadcast_to(nd.array([[1, 2]]), shape=(2, 0))
    [[1. 2.]
     [1. 2.]]
    """
    if len(shape) != data.ndim:
        raise ValueError(
            f"an array of shape {data.shape} cannot be broadcast to {tuple(shape)}, which has "
            f"{len(shape)} axes; add axes with reshape or expand_dims"
        )
    return _stretch(data, tuple(w or n for n, w in zip(data.shape, shape, strict=True)))


@register("broadcast_axis", aliases=("broadcast_axes",))
def broadcast_axis(
    data,
    *,
    axis: Shape = EMPTY,
    size: Shape = EMPTY,
):
    """The array with some axes of length 1 stretched.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int
        The axes to stretch; they have length 1.
    size : int or tuple of int
        Their new lengths.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.broadcast_axis(nd.zeros((1, 2, 1)), axis=(0, 2), size=(3, 4)).shape
    (3, 2, 4)
    """
    if len(axis) != len(size):
        raise ValueError(f"axis={tuple(axis)} and size={tuple(size)} must have the same length")
    shape = list(data.shape)
    for a, n in zip(to_axes(axis, data.ndim), size, strict=True):
        if shape[a] != 1:
            raise ValueError(
                f"axis {a} of {data.shape} has length {shape[a]}; only axes of length 1 stretch"
            )
        shape[a] = n
    return jnp.broadcast_to(data, shape)


@register("broadcast_like")
def broadcast_like(lhs, rhs, *, lhs_axes: Shape | None = None, rhs_axes: Shape | None = None):
    """`lhs` with axes of length 1 stretched to the lengths that `rhs` has.

    Parameters
    ----------
    lhs : array
        What is stretched.
    rhs : array
        Only its shape matters.
    lhs_axes, rhs_axes : tuple of int, optional
        Axes of `lhs` and the axes of `rhs` whose lengths they take; all by default.

    Returns
    -------
    array
        Dtype of `lhs`.
    """
    if lhs_axes is None and rhs_axes is None:
        if lhs.ndim != rhs.ndim:
            raise ValueError(
                f"lhs of shape {lhs.shape} and rhs of shape {rhs.shape} must have equally many axes"
            )
        return _stretch(lhs, rhs.shape)
    if lhs_axes is None or rhs_axes is None or len(lhs_axes) != len(rhs_axes):
        raise ValueError(
            f"lhs_axes={lhs_axes} and rhs_axes={rhs_axes} must both be given, in the same length"
        )
    shape = list(lhs.shape)
    left, right = to_axes(lhs_axes, lhs.ndim, "lhs_axes"), to_axes(rhs_axes, rhs.ndim, "rhs_axes")
    for a, b in zip(left, right, strict=True):
        shape[a] = rhs.shape[b]
    return _stretch(lhs, tuple(shape))
