"""Windows of images as columns, and crops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from ..engine.op import Shape, register
from ._checks import EMPTY
from ._windows import per_axis

__all__ = ["col2im", "crop", "im2col"]

_ZEROS = Shape((0, 0))


def _settings(kernel: Sequence[int], stride, dilate, pad) -> tuple[Shape, Shape, Shape]:
    axes = len(kernel)
    if not 1 <= axes <= 3 or any(k < 1 for k in kernel):
        raise ValueError(f"kernel={tuple(kernel)} must have 1, 2 or 3 numbers, at least 1 each")
    return (
        per_axis("stride", stride, axes, 1, 1),
        per_axis("dilate", dilate, axes, 1, 1),
        per_axis("pad", pad, axes, 0, 0),
    )


def _extents(extent: Sequence[int], kernel, stride, dilate, pad) -> tuple[int, ...]:
    """How many windows there are along each axis."""
    found = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, d, p in zip(extent, kernel, stride, dilate, pad, strict=True)
    )
    if any(n < 1 for n in found):
        raise ValueError(f"the windows of {tuple(kernel)} are larger than the data, {extent}")
    return found


def _columns(data, kernel, stride, dilate, pad):
    """The windows as columns: one strided slice of the padded data for each place in a window."""
    out = _extents(data.shape[2:], kernel, stride, dilate, pad)
    padded = jnp.pad(data, [(0, 0), (0, 0), *((p, p) for p in pad)])
    slices = []
    for place in itertools.product(*map(range, kernel)):
        first = [0, 0, *(i * d for i, d in zip(place, dilate, strict=True))]
        last = [f + (n - 1) * s + 1 for f, n, s in zip(first[2:], out, stride, strict=True)]
        slices.append(jax.lax.slice(padded, first, [*data.shape[:2], *last], (1, 1, *stride)))
    batch, channels = data.shape[:2]
    return jnp.stack(slices, 2).reshape(batch, channels * len(slices), math.prod(out))


@register("im2col")
def im2col(
    data, *, kernel: Shape, stride: Shape = EMPTY, dilate: Shape = EMPTY, pad: Shape = EMPTY
):
    """The windows that a convolution slides over, each as a column.

    Parameters
    ----------
    data : array
        (batch, channels, ...) with one to three spatial axes.
    kernel : tuple of int
        Size of a window.
    stride, dilate : tuple of int
        Steps between windows, and between the elements of one; 1 by default.
    pad : tuple of int
        Zeros before and after each axis; none by default.

    Returns
    -------
    array
        (batch, channels * elements of a window, windows).

    Examples
    --------
    >>> nd.im2col(nd.array([[[[1, 2, 3]]]]), kernel=(1, 2))
    [[[1. 2.]
      [2. 3.]]]
    """
    if data.ndim != len(kernel) + 2:
        raise ValueError(
            f"data must be (batch, channels, ...) with {len(kernel)} spatial axes, one for each "
            f"number of kernel={tuple(kernel)}, got shape {data.shape}"
        )
    return _columns(data, kernel, *_settings(kernel, stride, dilate, pad))


@register("col2im")
def col2im(
    data,
    *,
    output_size: Shape,
    kernel: Shape,
    stride: Shape = EMPTY,
    dilate: Shape = EMPTY,
    pad: Shape = EMPTY,
):
    """Columns put back where :func:`im2col` took them from; elements in several windows add up.

    Parameters
    ----------
    data : array
        (batch, channels * elements of a window, windows).
    output_size : tuple of int
        The spatial axes of the result.
    kernel : tuple of int
        Size of a window.
    stride, dilate : tuple of int
        Steps between windows, and between the elements of one; 1 by default.
    pad : tuple of int
        Zeros before and after each axis; none by default.

    Returns
    -------
    array
        (batch, channels, \\*output_size).

    Examples
    --------
    >>> nd.col2im(nd.array([[[1, 2], [2, 3]]]), output_size=(1, 3), kernel=(1, 2))
    [[[[1. 4. 3.]]]]
    """
    settings = _settings(kernel, stride, dilate, pad)
    if len(output_size) != len(kernel):
        raise ValueError(
            f"output_size={tuple(output_size)} and kernel={tuple(kernel)} must have equally many "
            "numbers"
        )
    size, windows = math.prod(kernel), math.prod(_extents(output_size, kernel, *settings))
    if data.ndim != 3 or data.shape[1] % size or data.shape[2] != windows:
        raise ValueError(
            f"data must be (batch, channels * {size}, {windows}) for these windows, got shape "
            f"{data.shape}"
        )
    images = jax.ShapeDtypeStruct((data.shape[0], data.shape[1] // size, *output_size), data.dtype)
    (found,) = jax.linear_transpose(lambda x: _columns(x, kernel, *settings), images)(data)
    return found


@register("Crop")
def crop(*data, offset: Shape = _ZEROS, h_w: Shape = _ZEROS, center_crop: bool = False):
    """A rectangle of images.

    Parameters
    ----------
    *data : array
        (batch, channels, height, width); then, optionally, an array whose height and width the
        result shall have. No gradient passes to that one.
    offset : tuple of int
        Where the rectangle begins: (y, x).
    h_w : tuple of int
        Height and width of the rectangle, where no second array is given.
    center_crop : bool
        Take the rectangle from the middle; `offset` is not looked at.

    Returns
    -------
    array
        (batch, channels, height, width).

    Examples
    --------
    >>> x = nd.array([[[[1, 2, 3], [4, 5, 6]]]])
    >>> nd.Crop(x, h_w=(1, 2), offset=(1, 1))
    [[[[5. 6.]]]]
    """
    if len(data) not in (1, 2) or any(a.ndim != 4 for a in data):
        raise ValueError(
            "Crop takes one or two arrays (batch, channels, height, width), got shapes "
            f"{[a.shape for a in data]}"
        )
    x = data[0]
    size = tuple(data[1].shape[2:]) if len(data) == 2 else tuple(h_w)
    extent = x.shape[2:]
    if len(size) != 2 or len(offset) != 2:
        raise ValueError(f"h_w={tuple(h_w)} and offset={tuple(offset)} must have two numbers")
    begin = [(n - m) // 2 for n, m in zip(extent, size, strict=True)] if center_crop else offset
    if any(m < 1 or b < 0 or b + m > n for b, m, n in zip(begin, size, extent, strict=True)):
        raise ValueError(
            f"a rectangle of {size} at {tuple(begin)} is not inside images of {extent}; "
            "set h_w and offset"
        )
    (y, high), (left, wide) = zip(begin, size, strict=True)
    return x[:, :, y : y + high, left : left + wide]
