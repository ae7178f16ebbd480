"""Resizing of NumPy images, through OpenCV if it is installed, else by NumPy alone.

Without OpenCV linear interpolation of bytes gives OpenCV's pixels all the same; the other kinds
differ by 1 here and there. This module imports no JAX.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..._taps import (
    ONE,
    Taps,
    area,
    cubic,
    enlarging_area,
    lanczos,
    linear,
    linear_bytes,
    nearest,
    whole,
)  # fmt: skip
from .._decode import opencv
from .._rng import generator

__all__ = ["choose", "resize", "scale_down", "short_side"]

_KINDS = {1: linear, 2: cubic, 3: area, 4: lanczos}


def choose(interp: int, old: tuple[int, int], new: tuple[int, int]) -> int:
    """A kind of interpolation from 0 to 4; 9 is chosen by the (height, width), 10 is random."""
    if interp == 9:
        if new[0] > old[0] and new[1] > old[1]:
            return 2
        return 3 if new[0] < old[0] and new[1] < old[1] else 1
    if interp == 10:
        return int(generator().integers(5))
    if interp not in (0, 1, 2, 3, 4):
        raise ValueError(
            f"interpolation={interp} is not known; expected 0 (nearest), 1 (linear), 2 (cubic), "
            "3 (area), 4 (Lanczos), 9 (by the sizes) or 10 (random)"
        )
    return interp


def scale_down(old: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The largest (width, height) in the ratio of ``size`` that fits into ``old`` and ``size``."""
    (width, height), (w, h) = size, old
    if h < height:
        width, height = width * h / height, h
    if w < width:
        width, height = w, height * w / width
    return int(width), int(height)


def short_side(height: int, width: int, size: int) -> tuple[int, int]:
    """(width, height) with the shorter one made ``size``, in the same ratio."""
    if height > width:
        return size, size * height // width
    return size * width // height, size


def resize(image: np.ndarray, width: int, height: int, interp: int = 1) -> np.ndarray:
    """An image, or a batch of images, in another size.

    Parameters
    ----------
    image : numpy.ndarray
        (height, width, channels) or (batch, height, width, channels).
    width, height : int
        The new size.
    interp : int
        See :func:`choose`.

    Returns
    -------
    numpy.ndarray
        The same dtype; a new array.
    """
    rows, columns = image.shape[-3:-1]
    if width < 1 or height < 1:
        raise ValueError(f"an image cannot be resized to width {width} and height {height}")
    if not rows or not columns:
        raise ValueError(f"an image without pixels, {image.shape}, cannot be resized")
    interp = choose(interp, (rows, columns), (height, width))
    if (rows, columns) == (height, width):
        return image.copy()
    cv2 = opencv()
    if cv2 is not None and image.ndim == 3 and image.dtype in (np.uint8, np.float32):
        out = cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=interp)
        return out.reshape(height, width, image.shape[-1])
    if interp == 0:
        at = (nearest(*sizes).index[:, 0] for sizes in ((rows, height), (columns, width)))
        return image.take(next(at), -3).take(next(at), -2)
    enlarging = interp == 3 and not (height <= rows and width <= columns)
    if image.dtype == np.uint8 and (interp == 1 or enlarging):
        return _linear_bytes(image, width, height, enlarging)
    if image.dtype == np.uint8 and interp in (2, 4):
        return _smooth_bytes(image, _KINDS[interp](columns, width), _KINDS[interp](rows, height))
    kind = enlarging_area if enlarging else _KINDS[interp]
    wide = image if image.dtype in (np.float32, np.float64) else image.astype(np.float32)
    out = _resample(_resample(wide, -2, kind(columns, width)), -3, kind(rows, height))
    if image.dtype.kind in "iu":
        limits = np.iinfo(image.dtype)
        if interp == 3 and (columns, rows) == (2 * width, 2 * height):  # OpenCV: halves go up
            np.floor(out + 0.5, out=out)
        out = np.clip(np.rint(out, out=out), limits.min, limits.max, out=out)
    return out.astype(image.dtype, copy=False)


def _resample(image: np.ndarray, axis: int, taps: Taps) -> np.ndarray:
    out: Any = 0
    for k in range(taps.index.shape[1]):
        weight = taps.weight[:, k].astype(image.dtype).reshape((-1,) + (1,) * (-axis - 1))
        part = image.take(taps.index[:, k], axis)
        part *= weight
        out = part if k == 0 else np.add(out, part, out=out)
    return out


@lru_cache(maxsize=64)
def _columns(size: int, target: int, channels: int, corner: bool) -> tuple[Any, ...]:
    """Places and weights, low and high, for columns whose channels stand side by side."""
    table = linear_bytes(size, target, rows=False, corner=corner)
    places = (table.index.T[:, :, None] * channels + np.arange(channels)).reshape(2, -1)
    return *places, *np.repeat(whole(table).T, channels, 1)


#: Rows of a result that are made at once, so that all of it stays in the processor's cache.
_BLOCK = 32


def _linear_bytes(image: np.ndarray, width: int, height: int, corner: bool) -> np.ndarray:
    rows, columns, channels = image.shape[-3:]
    table = linear_bytes(rows, height, rows=True, corner=corner)
    down = whole(table)[..., None]
    across = _columns(columns, width, channels, corner)
    lines = image.reshape(-1, rows, columns * channels)
    out = np.empty((len(lines), height, width * channels), np.uint8)
    for source, target in zip(lines, out, strict=True):
        for start in range(0, height, _BLOCK):
            block = slice(start, start + _BLOCK)
            target[block] = _linear_block(source, table.index[block], down[block], across)
    return out.reshape(*image.shape[:-3], height, width, channels)


def _linear_block(lines: np.ndarray, at: np.ndarray, down: np.ndarray, across: tuple) -> np.ndarray:
    left, right, left_weight, right_weight = across
    needed, places = np.unique(at.T, return_inverse=True)
    first = int(needed[0])
    if needed[-1] - first + 1 == len(needed):
        lines = lines[first : first + len(needed)]
    else:
        lines = lines.take(needed, 0)
    wide = lines.take(left, 1) * left_weight
    wide += lines.take(right, 1) * right_weight
    wide >>= 4
    low, high = (wide.take(place, 0) for place in places.reshape(2, -1))
    low *= down[:, 0]
    low >>= 16
    high *= down[:, 1]
    high >>= 16
    low += high
    low += 2
    low >>= 2
    return low


def _smooth_bytes(image: np.ndarray, across: Taps, down: Taps) -> np.ndarray:
    """Bytes interpolated over more than two places."""
    out: Any = 0
    for place, weight in zip(across.index.T, whole(across).T, strict=True):
        out = out + image.take(place, -2) * weight[:, None]
    wide = out.astype(np.float32)
    wide *= np.float32(1 / ONE / ONE)
    out = 0
    for place, weight in zip(down.index.T, whole(down).T, strict=True):
        out = out + wide.take(place, -3) * weight[:, None, None].astype(np.float32)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)
