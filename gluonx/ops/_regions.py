"""Pooling over regions of interest, where the rows and the columns of a region have weights.

A mean over a rectangle and a mean of bilinear samples on an upright grid are both of this form:
``out[p, q] = sum(wy[p, h] * wx[q, w] * image[h, w])``. So a region is two small matrix products.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .spatial import need_images

__all__ = ["check_regions", "images_of", "pool", "round_away"]

_EXACT = jax.lax.Precision.HIGHEST


def check_regions(data, rois, pooled_size, columns: int = 5) -> None:
    """Raise ValueError where an operator on regions cannot work with these arrays."""
    need_images(data)
    if not data.shape[0]:
        raise ValueError(f"there are no images in data {data.shape} that regions could lie in")
    if rois.ndim != 2 or rois.shape[1] != columns:
        row = "image, x1, y1, x2, y2" if columns == 5 else "image, x, y, width, height, angle"
        raise ValueError(f"rois must be (regions, {columns}), rows of ({row}), got {rois.shape}")
    if len(pooled_size) != 2 or min(pooled_size) < 1:
        raise ValueError(f"pooled_size={tuple(pooled_size)} must be (height, width), both positive")


def images_of(data, rois):
    """The image of each region, and whether there is one."""
    number = rois[:, 0].astype(jnp.int32)
    return jnp.clip(number, 0, data.shape[0] - 1), (number >= 0) & (number < data.shape[0])


def round_away(x):
    """The nearest whole number; halves away from zero, as C rounds."""
    return jnp.trunc(x + jnp.copysign(jnp.asarray(0.5, x.dtype), x))


@jax.custom_vjp
def pool(data, image, wy, wx):
    """Weighted sums over regions.

    One region is worked on at a time: no copies of the images are made.

    Parameters
    ----------
    data : array
        (batch, channels, height, width), or (batch, channels, rows, columns, height, width) where
        each place of the output has channels of its own.
    image : array
        (regions,): the image that each region is in.
    wy, wx : array
        (regions, rows, height) and (regions, columns, width). They get no gradient.

    Returns
    -------
    array
        (regions, channels, rows, columns).
    """
    how = "ph,chw,qw->cpq" if data.ndim == 4 else "ph,cpqhw,qw->cpq"

    def one(region):
        number, y, x = region
        part = jax.lax.dynamic_index_in_dim(data, number, keepdims=False)
        return jnp.einsum(how, y, part, x, precision=_EXACT)

    return jax.lax.map(one, (image, wy, wx))


def _forward(data, image, wy, wx):
    # of the data only the shape is needed again
    return pool(data, image, wy, wx), (jnp.zeros_like(data), image, wy, wx)


def _backward(kept, head):
    empty, image, wy, wx = kept
    how = "ph,cpq,qw->chw" if empty.ndim == 4 else "ph,cpq,qw->cpqhw"

    def add(total, region):
        number, y, x, grad = region
        part = jnp.einsum(how, y, grad, x, precision=_EXACT)
        return total.at[number].add(part), None

    grad, _ = jax.lax.scan(add, empty, (image, wy, wx, head))
    nothing = np.zeros(image.shape, jax.dtypes.float0)
    return grad, nothing, jnp.zeros_like(wy), jnp.zeros_like(wx)


pool.defvjp(_forward, _backward)
