"""Random parts of images, drawn once in a call for all images of a batch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.op import register
from .image import need_image, resized, rounded, wide


def _window(bounds: tuple, u, room: int):
    """An offset, drawn from that part of the offsets 0 to `room` which lies in the bounds."""
    low, high = bounds
    return jnp.round((low + (high - low) * u) * room).astype(jnp.int32)


@register("_image_random_crop")
def random_crop(
    data,
    *,
    xrange: tuple = (0.0, 1.0),
    yrange: tuple = (0.0, 1.0),
    width: int,
    height: int,
    interp: int = 1,
    key,
):
    """A part of the image of a given size at a random place.

    An image that is smaller than that is enlarged first, as little as is needed.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    xrange, yrange : (float, float)
        Where the part may lie: 0 is at the left (the top), 1 at the right (the bottom).
    width, height : int
        Extents of the part.
    interp : int
        As in resize.

    Returns
    -------
    array
        (height, width, channels) or (batch, height, width, channels), `data`'s dtype.

    Examples
    --------
    >>> nd.image.random_crop(nd.ones((8, 9, 3)), width=4, height=5).shape
    (5, 4, 3)
    """
    rows, columns, _ = need_image(data)
    if width < 1 or height < 1:
        raise ValueError(f"width={width} and height={height} must be positive")
    for name, (low, high) in (("xrange", xrange), ("yrange", yrange)):
        if not 0 <= low <= high <= 1:
            raise ValueError(f"{name}={(low, high)} must be two numbers with 0 <= low <= high <= 1")
    if rows < height or columns < width:
        rows, columns = max(rows, height), max(columns, width)
        data = rounded(resized(data, rows, columns, interp), data.dtype)
    u = jax.random.uniform(key, (2,))
    x = _window(xrange, u[0], columns - width)
    y = _window(yrange, u[1], rows - height)
    part = jax.lax.dynamic_slice_in_dim(data, y, height, data.ndim - 3)
    return jax.lax.dynamic_slice_in_dim(part, x, width, data.ndim - 2)


@register("_image_random_resized_crop")
def random_resized_crop(
    data,
    *,
    width: int,
    height: int,
    area: tuple = (0.08, 1.0),
    ratio: tuple = (3 / 4, 4 / 3),
    interp: int = 1,
    max_trial: int = 10,
    key,
):
    """A part of the image of random area and ratio of sides, resized to a given size.

    Szegedy et al., "Going deeper with convolutions", 2015. If no trial gives a part that fits, the
    largest one in the middle with the wanted ratio of sides is taken.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    width, height : int
        Extents of the result.
    area : (float, float)
        Least and greatest part of the image's area.
    ratio : (float, float)
        Least and greatest ratio of width to height.
    interp : int
        0: nearest pixel; 1: linear.
    max_trial : int
        Number of parts that are drawn.

    Returns
    -------
    array
        (height, width, channels) or (batch, height, width, channels), `data`'s dtype.

    Examples
    --------
    >>> nd.image.random_resized_crop(nd.ones((8, 9, 3)), width=4, height=5).shape
    (5, 4, 3)
    """
    rows, columns, _ = need_image(data)
    if interp not in (0, 1):
        raise ValueError(f"interp={interp} must be 0 (nearest) or 1 (linear) for a random part")
    if not (0 < area[0] <= area[1] <= 1 and 0 < ratio[0] <= ratio[1]):
        raise ValueError(
            f"area={area} must be two parts between 0 and 1, ratio={ratio} two positive numbers, "
            "the smaller one first"
        )
    u = jax.random.uniform(key, (4, max(max_trial, 1)))
    part = (area[0] + (area[1] - area[0]) * u[0]) * rows * columns
    low, high = np.log(ratio[0]), np.log(ratio[1])
    shape = jnp.exp(low + (high - low) * u[1])
    w, h = jnp.round(jnp.sqrt(part * shape)), jnp.round(jnp.sqrt(part / shape))
    fits = (w <= columns) & (h <= rows) & (w >= 1) & (h >= 1)
    x, y = (jnp.floor(u[2] * (columns - w + 1)), jnp.floor(u[3] * (rows - h + 1)))
    # the part for when nothing fits: all of the image, but for what the ratio forbids
    wanted = float(np.clip(columns / rows, *ratio))
    middle_w, middle_h = min(columns, round(rows * wanted)), min(rows, round(columns / wanted))
    middle = ((columns - middle_w) // 2, (rows - middle_h) // 2, middle_w, middle_h)
    first = jnp.argmax(fits)
    x, y, w, h = (
        jnp.where(fits.any(), v[first], m) for v, m in zip((x, y, w, h), middle, strict=True)
    )
    out = wide(data)
    for axis, begin, extent, target in ((-3, y, h, height), (-2, x, w, width)):
        out = _stretch(out, axis, begin, extent, target, interp)
    return rounded(out, data.dtype)


def _stretch(data, axis: int, begin, extent, target: int, interp: int):
    """Linear or nearest resampling of a stretch that is known when the code runs."""
    if interp == 0:
        at = jnp.floor(jnp.arange(target) * (extent / target))
        return jnp.take(data, (begin + at).astype(jnp.int32), axis, mode="clip")
    at = jnp.clip((jnp.arange(target) + 0.5) * (extent / target) - 0.5, 0, extent - 1)
    low = jnp.floor(at)
    part = (at - low).astype(data.dtype).reshape(-1, *(1,) * (-axis - 1))
    near = jnp.take(data, (begin + low).astype(jnp.int32), axis, mode="clip")
    far_at = begin + jnp.minimum(low + 1, extent - 1)
    far = jnp.take(data, far_at.astype(jnp.int32), axis, mode="clip")
    return near * (1 - part) + far * part
