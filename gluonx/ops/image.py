"""Operators on images: (height, width, channels), or with a batch axis before.

A random flip is drawn once in a call, for all images of a batch.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.op import Shape, register
from ..pixels.crop import need_place
from ._checks import EMPTY
from ._resample import (
    area,
    cubic,
    enlarging_area,
    lanczos,
    linear,
    nearest,
    resample,
    resize_bytes,
)  # fmt: skip

__all__ = ["need_image", "resized", "rounded", "wide"]


def need_image(data) -> tuple[int, int, int]:
    """Height, width and channels; ValueError unless `data` is an image or a batch of images."""
    if data.ndim not in (3, 4):
        raise ValueError(
            "an image must be (height, width, channels) or (batch, height, width, channels), "
            f"got {data.shape}"
        )
    return data.shape[-3:]


def wide(data):
    """`data` in the floating-point type in which it is computed with."""
    return data if data.dtype in (jnp.float32, jnp.float64) else data.astype(jnp.float32)


def rounded(data, dtype):
    """`data` in an image's type: rounded and cut to what an integer type can hold."""
    if not jnp.issubdtype(dtype, jnp.integer):
        return data.astype(dtype)
    limits = jnp.iinfo(dtype)
    return jnp.clip(jnp.round(data), limits.min, limits.max).astype(dtype)


@register("_image_to_tensor")
def to_tensor(data):
    """An image with values from 0 to 255 as a tensor with channels first and values from 0 to 1.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels), any dtype.

    Returns
    -------
    array
        (channels, height, width) or (batch, channels, height, width), float32.

    Examples
    --------
    >>> nd.image.to_tensor(nd.array([[[255, 0]]], dtype='uint8')).reshape(-1)
    [1. 0.]
    """
    need_image(data)
    return jnp.moveaxis(data.astype(jnp.float32) / 255, -1, -3)


_ZEROS, _ONES = (0.0,) * 4, (1.0,) * 4


@register("_image_normalize")
def normalize(data, *, mean: tuple = _ZEROS, std: tuple = _ONES):
    """Subtract a mean from each channel and divide by a deviation.

    Parameters
    ----------
    data : array
        (channels, height, width) or (batch, channels, height, width).
    mean, std : tuple of float
        One number for each channel, or one for all.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.normalize(nd.array([[[4]], [[6]]]), mean=(1, 2), std=2).reshape(-1)
    [1.5 2. ]
    """
    if data.ndim not in (3, 4):
        raise ValueError(
            "data must be (channels, height, width) or (batch, channels, height, width), got "
            f"{data.shape}"
        )
    x, channels = wide(data), data.shape[-3]
    shift, scale = (
        _per_channel(v, d, channels, n).astype(x.dtype)
        for v, d, n in ((mean, _ZEROS, "mean"), (std, _ONES, "std"))
    )
    return ((x - shift) / scale).astype(data.dtype)


def _per_channel(values, default: tuple, channels: int, name: str) -> np.ndarray:
    if values == default:
        values = default[:1]
    numbers = np.atleast_1d(np.asarray(values, np.float64))
    if numbers.shape not in ((1,), (channels,)):
        raise ValueError(
            f"{name}={values} must have one number, or one for each of the {channels} channels"
        )
    return numbers.reshape(-1, 1, 1)


@register("_image_flip_left_right")
def flip_left_right(data):
    """The image mirrored: its left side becomes its right side.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.flip_left_right(nd.array([[[1], [2]]])).reshape(-1)
    [2. 1.]
    """
    need_image(data)
    return jnp.flip(data, -2)


@register("_image_flip_top_bottom")
def flip_top_bottom(data):
    """The image upside down.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.flip_top_bottom(nd.array([[[1]], [[2]]])).reshape(-1)
    [2. 1.]
    """
    need_image(data)
    return jnp.flip(data, -3)


@register("_image_random_flip_left_right")
def random_flip_left_right(data, *, key):
    """The image, mirrored with probability one half.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return jnp.where(jax.random.bernoulli(key), flip_left_right(data), data)


@register("_image_random_flip_top_bottom")
def random_flip_top_bottom(data, *, key):
    """The image, upside down with probability one half.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return jnp.where(jax.random.bernoulli(key), flip_top_bottom(data), data)


@register("_image_crop")
def crop(data, *, x: int, y: int, width: int, height: int):
    """A part of the image.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    x, y : int
        Left column and upper row of the part.
    width, height : int
        Extents of the part.

    Returns
    -------
    array
        (height, width, channels) or (batch, height, width, channels).

    Examples
    --------
    >>> nd.image.crop(nd.ones((8, 9, 3)), x=1, y=2, width=4, height=5).shape
    (5, 4, 3)
    """
    rows, columns, _ = need_image(data)
    need_place((x, y, width, height), (rows, columns))
    return data[..., y : y + height, x : x + width, :]


_KINDS = {0: nearest, 1: linear, 2: cubic, 3: area, 4: lanczos}


def resized(data, height: int, width: int, interp: int):
    """`data` resized as OpenCV does: pixels are squares, not points.

    Of bytes the result is bytes, or in floating point and not yet rounded.
    """
    rows, columns, _ = need_image(data)
    if interp not in (0, 1, 2, 3, 4):
        raise ValueError(
            f"interp={interp} is not known; expected 0 (nearest), 1 (linear), 2 (cubic), 3 (area) "
            "or 4 (Lanczos)"
        )
    enlarging = interp == 3 and not (height <= rows and width <= columns)
    if data.dtype == jnp.uint8 and (interp in (1, 2, 4) or enlarging):
        return resize_bytes(data, height, width, interp)
    kind = enlarging_area if enlarging else _KINDS[interp]
    x = resample(wide(data), data.ndim - 2, kind(columns, width))
    return resample(x, data.ndim - 3, kind(rows, height))


@register("_image_resize")
def resize(data, *, size: Shape = EMPTY, keep_ratio: bool = False, interp: int = 1):
    """The image in another size.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    size : int or (int, int)
        The new width and height; one number for both.
    keep_ratio : bool
        With one number: make that the shorter side, and keep the ratio of the sides.
    interp : int
        0: nearest pixel; 1: linear; 2: cubic; 3: mean over the area; 4: Lanczos.

    Returns
    -------
    array
        (height, width, channels) or (batch, height, width, channels), `data`'s dtype; integers
        are rounded.

    Examples
    --------
    >>> nd.image.resize(nd.array([[[0], [2]]]), size=(4, 1)).reshape(-1)
    [0.  0.5 1.5 2. ]
    >>> nd.image.resize(nd.ones((6, 8, 3)), size=3, keep_ratio=True).shape
    (3, 4, 3)
    """
    rows, columns, _ = need_image(data)
    if len(size) not in (1, 2) or min(size) < 1:
        raise ValueError(f"size={size} must be one or two positive numbers: (width, height)")
    width, height = size if len(size) == 2 else size * 2
    if keep_ratio and len(size) == 1:
        short = min(rows, columns)
        width, height = columns * size[0] // short, rows * size[0] // short
    out = resized(data, height, width, interp)
    if data.dtype == jnp.uint8 and interp == 3 and (columns, rows) == (2 * width, 2 * height):
        out = jnp.floor(out + 0.5)  # OpenCV: halves go up
    return rounded(out, data.dtype)
