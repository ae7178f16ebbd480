"""Resizing of images on the host, with OpenCV's numbers.

Eight-bit images are computed with integer weights of 11 bits, as OpenCV does, others in floating
point. If OpenCV is installed it does the work.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..serialization import images
from . import eight_bits
from .taps import (
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

__all__ = ["choose", "resize", "scale_down", "short_size"]

_KINDS = "0 (nearest), 1 (linear), 2 (cubic), 3 (area), 4 (Lanczos), 9 (by the sizes), 10 (random)"


def choose(
    interp: int,
    old: Sequence[int],
    new: Sequence[int],
    rng: Callable[[], np.random.Generator],
) -> int:
    """A kind of interpolation from 0 to 4.

    Parameters
    ----------
    interp : int
        0 to 4: that one; 9: cubic to enlarge, area to shrink, else linear; 10: any.
    old, new : (int, int)
        Height and width.
    rng : callable
        Gives the generator that is drawn from if `interp` is 10.
    """
    if interp == 9:
        if new[0] > old[0] and new[1] > old[1]:
            return 2
        return 3 if new[0] < old[0] and new[1] < old[1] else 1
    if interp == 10:
        return int(rng().integers(5))
    if interp not in (0, 1, 2, 3, 4):
        raise ValueError(f"interpolation {interp} is not known; expected one of {_KINDS}")
    return interp


def scale_down(src_size: Sequence[int], size: Sequence[int]) -> tuple[int, int]:
    """The largest size of the ratio of `size` that is not above it and fits into an image.

    Parameters
    ----------
    src_size, size : (int, int)
        Width and height of the image, and those wished for.

    Returns
    -------
    (int, int)

    Examples
    --------
    >>> from gluonx import image
    >>> image.scale_down((640, 480), (720, 120))
    (640, 106)
    """
    (columns, rows), (width, height) = src_size, size
    if rows < height:
        width, height = width * rows / height, rows
    if columns < width:
        width, height = columns, height * columns / width
    return int(width), int(height)


def _sides(img: np.ndarray) -> tuple[int, int]:
    return img.shape[-3:-1] if img.ndim > 2 else img.shape  # type: ignore[return-value]


def short_size(img: np.ndarray, size: int) -> tuple[int, int]:
    """Width and height with a shorter edge of `size` and the ratio of `img`."""
    rows, columns = _sides(img)
    if rows > columns:
        return size, size * rows // columns
    return size * columns // rows, size


def resize(
    img: np.ndarray,
    width: int,
    height: int,
    interp: int = 1,
    window: tuple[int, int, int, int] | None = None,
) -> np.ndarray:
    """An image, or a batch of images, in another size.

    Parameters
    ----------
    img : numpy.ndarray
        (height, width), (height, width, channels) or (batch, height, width, channels).
    width, height : int
    interp : int
        0: nearest pixel; 1: linear; 2: cubic; 3: mean over the area; 4: Lanczos.
    window : (int, int, int, int), optional
        Left column, upper row, width and height of the part of the result that is wanted.

    Returns
    -------
    numpy.ndarray
        Of `img`'s dtype; a new array.
    """
    rows, columns = _sides(img)
    if width < 1 or height < 1 or not rows or not columns:
        raise ValueError(
            f"an image of shape {img.shape} cannot be resized to width {width} and height {height}"
        )
    if interp not in (0, 1, 2, 3, 4):
        raise ValueError(f"interpolation {interp} is not known; expected 0 to 4 of {_KINDS}")
    if img.ndim == 4:
        done = [resize(i, width, height, interp, window) for i in img]
        return np.stack(done) if done else np.zeros((0, height, width, img.shape[-1]), img.dtype)
    x0, y0, wide, high = window or (0, 0, width, height)
    part = (slice(y0, y0 + high), slice(x0, x0 + wide))
    if (rows, columns) == (height, width):
        return img[part].copy()
    halving = (rows, columns) == (2 * height, 2 * width)
    if img.dtype not in (np.uint8, np.float32, np.float64) and interp:
        found = resize(
            img.astype(np.result_type(img.dtype, np.float32)), width, height, interp, window
        )
        if img.dtype.kind in "iu":
            limits = np.iinfo(img.dtype)
            # OpenCV: halves go up here, elsewhere to the even number.
            found = np.floor(found + 0.5) if halving and interp in (1, 3) else np.rint(found)
            found = np.clip(found, limits.min, limits.max)
        return found.astype(img.dtype)
    library = images.opencv()
    if library is not None and img.dtype in (np.uint8, np.float32):
        found = library.resize(np.ascontiguousarray(img), (width, height), interpolation=interp)
        return found.reshape(height, width, *img.shape[2:])[part]
    with images.taking_turns():
        return _resized(img, (rows, height, part[0]), (columns, width, part[1]), interp).reshape(
            high, wide, *img.shape[2:]
        )


def _resized(
    img: np.ndarray, down: tuple[int, int, slice], across: tuple[int, int, slice], interp: int
) -> np.ndarray:
    """The part that is wanted, its channels side by side.

    Parameters
    ----------
    img : numpy.ndarray
    down, across : (int, int, slice)
        Number of rows and of columns, theirs in the result, and those of them that are wanted.
    interp : int
    """
    (rows, height, lines), (columns, width, part) = down, across
    channels = math.prod(img.shape[2:])
    flat = np.ascontiguousarray(img).reshape(rows, columns * channels)
    cut = slice(part.start * channels, part.stop * channels)
    if interp == 1 and (rows, columns) == (2 * height, 2 * width):
        interp = 3  # as OpenCV: the same, and faster
    shrinking = interp == 3 and width <= columns and height <= rows
    if interp == 0:
        found = flat.take(_nearest(rows, height, 1)[lines], 0)
        return found.take(_nearest(columns, width, channels)[cut], 1)
    if shrinking and columns % width == 0 and rows % height == 0:
        return _blocks(flat, rows // height, columns // width, channels)[lines, cut]
    wide = columns, width, cut, channels
    if flat.dtype == np.uint8 and interp in (1, 3) and not shrinking:
        found = eight_bits.interpolated(flat, down, wide, corner=interp == 3)
        if found is not None:
            return found
    return _interpolated(flat, down, wide, interp, shrinking)


#: How to make tables for bytes and linear interpolation, where rows and columns differ.
_LINEAR_BYTES = {
    (rows, corner): functools.partial(linear_bytes, rows=rows, corner=corner)
    for rows in (False, True)
    for corner in (False, True)
}


@functools.lru_cache(256)
def _tables(
    kind: Callable[[int, int], Taps], size: int, target: int, channels: int, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Places and weights, both (taps, outputs), for pixels whose channels stand side by side."""
    taps = kind(size, target)
    places = taps.index.T[:, :, None].astype(np.intp) * channels + np.arange(channels)
    weights = whole(taps) if dtype == np.int32 else taps.weight.astype(dtype)
    return places.reshape(len(places), -1), np.repeat(weights.T, channels, axis=1)


def _nearest(size: int, target: int, channels: int) -> np.ndarray:
    return _tables(nearest, size, target, channels, np.dtype(np.float32))[0][0]


def _interpolated(
    flat: np.ndarray, rows: Any, columns: Any, interp: int, shrinking: bool
) -> np.ndarray:
    """Weighted sums along the columns, then along the rows.

    Parameters
    ----------
    flat : numpy.ndarray
        (rows, columns * channels).
    rows, columns
        Numbers of inputs and outputs, the outputs that are wanted, and for columns the channels.
    interp : int
    shrinking : bool
        Whether it is area interpolation that takes means.
    """
    corner = interp == 3 and not shrinking
    bytes_ = flat.dtype == np.uint8
    if shrinking:
        kind = down_kind = area
    elif bytes_ and (interp == 1 or corner):
        kind, down_kind = _LINEAR_BYTES[False, corner], _LINEAR_BYTES[True, corner]
    else:
        kind = down_kind = {1: linear, 2: cubic, 3: enlarging_area, 4: lanczos}[interp]
    if not bytes_:
        dtype, down = flat.dtype, _down_floats
    elif shrinking:
        dtype, down = np.dtype(np.float32), _down_floats
    else:
        dtype = np.dtype(np.int32)
        down = {2: _down_cubic, 4: _down_whole}.get(interp, _down_linear)
    size, target, wanted, channels = columns
    across = tuple(table[:, wanted] for table in _tables(kind, size, target, channels, dtype))
    size, target, wanted = rows
    places, weights = (table[:, wanted] for table in _tables(down_kind, size, target, 1, dtype))
    out = np.empty((places.shape[1], across[0].shape[1]), flat.dtype)
    # So few rows at once that they stay in the processor's cache.
    step = max(4, 128 // len(places))
    for start in range(0, len(out), step):
        block = slice(start, start + step)
        needed, at = np.unique(places[:, block], return_inverse=True)
        first, last = int(needed[0]), int(needed[-1]) + 1
        lines = flat[first:last] if last - first == len(needed) else flat.take(needed, 0)
        at = at.reshape(len(places), -1)
        down(_across(lines, *across), at, weights[:, block, None], out[block])
    return out


def _across(lines: np.ndarray, places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    wide: Any = None
    for place, weight in zip(places, weights, strict=True):
        part = lines.take(place, 1).astype(weights.dtype, copy=False)
        part *= weight
        wide = part if wide is None else np.add(wide, part, out=wide)
    return wide


def _down_linear(wide, places, weights, out) -> None:
    wide >>= 4  # OpenCV drops low bits so that it fits 16 bits
    total, other = (wide.take(p, 0) for p in places)
    for part, weight in ((total, weights[0]), (other, weights[1])):
        part *= weight
        part >>= 16
    total += other
    total += 2
    total >>= 2
    out[:] = total


def _down_cubic(wide, places, weights, out) -> None:
    # OpenCV adds up whole vectors of 8 numbers in float32, the rest in whole numbers.
    cut = wide.shape[1] // 8 * 8
    scaled = weights.astype(np.float32) * np.float32(1 / ONE**2)
    _down_floats(wide[:, :cut].astype(np.float32), places, scaled, out[:, :cut])
    _down_whole(wide[:, cut:], places, weights, out[:, cut:])


def _down_whole(wide, places, weights, out) -> None:
    total = _down(wide, places, weights)
    total += ONE**2 // 2
    total >>= 22
    np.clip(total, 0, 255, out=out, casting="unsafe")


def _down_floats(wide, places, weights, out) -> None:
    total = _down(wide, places, weights)
    if out.dtype == np.uint8:
        np.rint(total, out=total)
        np.clip(total, 0, 255, out=total)
    out[:] = total


def _down(wide: np.ndarray, places: np.ndarray, weights: np.ndarray) -> Any:
    total: Any = None
    for place, weight in zip(places, weights, strict=True):
        part = wide.take(place, 0)
        part *= weight
        total = part if total is None else np.add(total, part, out=total)
    return total


def _blocks(flat: np.ndarray, down: int, across: int, channels: int) -> np.ndarray:
    """Means of equal blocks."""
    rows, wide = flat.shape
    parts = flat.reshape(rows // down, down, wide // (across * channels), across, channels)
    dtype = np.int32 if flat.dtype == np.uint8 else flat.dtype
    # A slice at a time: that is many times as fast as summing along short axes.
    lines = functools.reduce(
        _added, (parts[:, k] for k in range(1, down)), parts[:, 0].astype(dtype)
    )
    total = functools.reduce(
        _added, (lines[:, :, k] for k in range(1, across)), lines[:, :, 0].copy()
    )
    if flat.dtype != np.uint8:
        total *= flat.dtype.type(1 / (down * across))
    elif down == across == 2:
        total += 2
        total >>= 2
    else:
        total = np.rint(total.astype(np.float32) * np.float32(1 / (down * across)))
    return total.astype(flat.dtype, copy=False).reshape(rows // down, -1)


def _added(total: np.ndarray, part: np.ndarray) -> np.ndarray:
    return np.add(total, part, out=total)
