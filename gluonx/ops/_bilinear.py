"""Bilinear interpolation at points that are computed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import jax
import jax.numpy as jnp

__all__ = ["corners", "sample"]


def corners(y, x, height: int, width: int) -> Iterator[tuple[jax.Array, jax.Array]]:
    """The four pixels around each point: their flat places, and their weights.

    Pixels outside the image have the weight 0, so that points further out than one pixel give 0.
    """
    low_y, low_x = jnp.floor(y), jnp.floor(x)
    part_y, part_x = y - low_y, x - low_x
    for row, weight_y in ((low_y, 1 - part_y), (low_y + 1, part_y)):
        for column, weight_x in ((low_x, 1 - part_x), (low_x + 1, part_x)):
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            r = jnp.clip(row, 0, height - 1).astype(jnp.int32)
            c = jnp.clip(column, 0, width - 1).astype(jnp.int32)
            yield r * width + c, jnp.where(inside, weight_y * weight_x, 0)


def sample(data, y, x):
    """Values between the pixels of images, 0 outside.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    y, x : array
        (batch, ...): rows and columns, counted from 0 at the middle of the first pixel.

    Returns
    -------
    array
        (batch, channels, ...), `data`'s dtype.
    """
    height, width = data.shape[2:]
    flat = data.reshape(*data.shape[:2], height * width)
    points = y.shape[1:]
    y, x = (a.reshape(len(a), math.prod(points)) for a in (y, x))
    total = jnp.zeros((*data.shape[:2], y.shape[1]), jnp.promote_types(data.dtype, y.dtype))
    for place, weight in corners(y, x, height, width):
        pixel = jax.vmap(lambda image, at: jnp.take(image, at, 1, mode="clip"))(flat, place)
        total = total + pixel * weight[:, None]
    return total.reshape(*data.shape[:2], *points).astype(data.dtype)
