"""Comparison of the patches of two images."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.op import register
from ._checks import same_dtype
from .spatial import need_images, wide


@register("Correlation", output_names=("output", "tmp1", "tmp2"))
def correlation(
    data1,
    data2,
    *,
    kernel_size: int = 1,
    max_displacement: int = 1,
    stride1: int = 1,
    stride2: int = 1,
    pad_size: int = 0,
    is_multiply: bool = True,
):
    r"""Compare the patches of one image with those around the same place in another.

    Dosovitskiy et al., "FlowNet: learning optical flow with convolutional networks", 2015:
    :math:`c_{d,i} = \frac{1}{C k^2} \sum_{o} \langle f_1(i + o), f_2(i + d + o) \rangle`, with the
    offsets o in a patch of k by k pixels and the displacements d no greater than
    `max_displacement`, row by row.

    Parameters
    ----------
    data1, data2 : array
        (batch, channels, height, width).
    kernel_size : int
        Extent of a patch, odd.
    max_displacement : int
        The greatest displacement along each axis.
    stride1 : int
        Distance of the places i in the first image.
    stride2 : int
        Distance of the displacements.
    pad_size : int
        Zeros around both images.
    is_multiply : bool
        Whether to multiply pixels, or to take the absolute value of their difference.

    Returns
    -------
    array
        (batch, displacements, rows, columns), where displacements is
        ``(2 * (max_displacement // stride2) + 1) ** 2``.

    Examples
    --------
    >>> x = nd.ones((1, 2, 5, 6))
    >>> nd.Correlation(x, x, max_displacement=1, pad_size=1).shape
    (1, 9, 5, 6)
    """
    need_images(data1, "data1")
    if data2.shape != data1.shape:
        raise ValueError(f"data1 and data2 must have one shape: {data1.shape}, {data2.shape}")
    same_dtype(data1, data2)
    if kernel_size % 2 != 1 or min(stride1, stride2) < 1 or min(max_displacement, pad_size) < 0:
        raise ValueError(
            f"kernel_size={kernel_size} must be odd, stride1={stride1} and stride2={stride2} at "
            f"least 1, max_displacement={max_displacement} and pad_size={pad_size} at least 0"
        )
    channels, height, width = data1.shape[1:]
    border = max_displacement + kernel_size // 2
    rows, columns = (-(-(n + 2 * pad_size - 2 * border) // stride1) for n in (height, width))
    if rows < 1 or columns < 1:
        raise ValueError(
            f"images of {height} by {width} pixels have no place where a patch may move by "
            f"{max_displacement}; use a greater pad_size"
        )
    margins = ((0, 0), (0, 0), (pad_size, pad_size), (pad_size, pad_size))
    first, second = (jnp.pad(wide(x), margins) for x in (data1, data2))
    # all pixels that patches at undisplaced places cover
    extent = tuple((n - 1) * stride1 + kernel_size for n in (rows, columns))
    fixed = jax.lax.dynamic_slice(
        first, _start(max_displacement, max_displacement), (*first.shape[:2], *extent)
    )
    reach = max_displacement // stride2
    steps = np.arange(-reach, reach + 1) * stride2 + max_displacement
    moves = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)

    @jax.checkpoint  # not the products of every displacement are kept for the gradient
    def compare(move):
        moved = jax.lax.dynamic_slice(second, _start(move[0], move[1]), fixed.shape)
        pairs = fixed * moved if is_multiply else jnp.abs(fixed - moved)
        window = (1, kernel_size, kernel_size)
        return jax.lax.reduce_window(
            pairs.sum(1), np.zeros((), pairs.dtype), jax.lax.add, window, (1, stride1, stride1),
            "VALID",
        )  # fmt: skip

    found = jax.lax.map(compare, moves.astype(np.int32)) / (channels * kernel_size**2)
    return jnp.moveaxis(found, 0, 1).astype(data1.dtype)


def _start(row, column) -> tuple:
    """Where a slice of images begins."""
    return tuple(jnp.asarray(at, jnp.int32) for at in (0, 0, row, column))
