"""Resizing of images on the host, with OpenCV's numbers.

An image is (height, width) or (height, width, channels). Eight-bit images are computed with integer
weights of 11 bits, as OpenCV does, others in float32. If OpenCV is installed it does the work.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ..serialization import images

__all__ = ["resize"]

_ONE = 2048  # the weight 1 in the arithmetic of 8-bit images
_BLOCK = 64  # rows computed at once, so that they stay in the processor's cache
_NAMES = "0 (nearest), 1 (linear), 2 (cubic), 3 (area), 4 (Lanczos), 9 (auto) or 10 (random)"


Window = tuple[int, int, int, int]


def resize(
    img: np.ndarray, width: int, height: int, interp: int = 1, window: Window | None = None
) -> np.ndarray:
    """The image in another size.

    Parameters
    ----------
    img : numpy.ndarray
        (height, width) or (height, width, channels).
    width, height : int
    interp : int
        0: nearest pixel; 1: linear; 2: cubic; 3: mean over the area; 4: Lanczos.
    window : (int, int, int, int), optional
        Left column, upper row, width and height of the part of the result that is wanted.

    Returns
    -------
    numpy.ndarray
        Of `img`'s dtype.
    """
    rows, columns = img.shape[:2]
    if width < 1 or height < 1 or not img.size:
        raise ValueError(
            f"an image of shape {img.shape} cannot be resized to width {width} and height {height}"
        )
    if interp not in (0, 1, 2, 3, 4):
        raise ValueError(f"interp={interp} is not known; expected {_NAMES}")
    x0, y0, wide, high = window or (0, 0, width, height)
    part = (slice(y0, y0 + high), slice(x0, x0 + wide))
    if (rows, columns) == (height, width):
        return img[part].copy()
    library = images.opencv()
    if library is not None and img.dtype in (np.uint8, np.float32):
        done = library.resize(img, (width, height), interpolation=interp)
        return done.reshape(height, width, *img.shape[2:])[part]
    if img.dtype not in (np.uint8, np.float32):
        done = resize(img.astype(np.float32), width, height, interp, window)
        if np.issubdtype(img.dtype, np.integer):
            limits = np.iinfo(img.dtype)
            done = np.clip(np.rint(done), limits.min, limits.max)
        return done.astype(img.dtype)
    channels = math.prod(img.shape[2:])
    flat = np.ascontiguousarray(img).reshape(rows, columns * channels)
    if interp == 1 and (rows, columns) == (2 * height, 2 * width):
        interp = 3  # as OpenCV: the same, and faster
    if interp == 0:
        done = flat.take(_nearest(rows, height, 1)[part[0]], 0)
        done = done.take(_nearest(columns, width, channels)[_channels(part[1], channels)], 1)
    elif interp == 3 and width <= columns and height <= rows:
        if columns % width == 0 and rows % height == 0:
            done = _blocks(flat, rows // height, columns // width, channels)
        else:
            done = _areas(flat, rows, columns, channels, width, height)
        done = done[part[0], _channels(part[1], channels)]
    else:
        kind = {3: 1}.get(interp, interp)
        places, weights = _taps(columns, width, kind, interp == 3, False, channels)
        cut = _channels(part[1], channels)
        x = [p[cut] for p in places], weights[:, cut]
        places, weights = _taps(rows, height, kind, interp == 3, True, 1)
        y = places[:, part[0]], weights[:, part[0]]
        done = _integers(flat, x, y, kind) if flat.dtype == np.uint8 else _floats(flat, x, y)
    return done.reshape(high, wide, *img.shape[2:])


def _channels(columns: slice, channels: int) -> slice:
    return slice(columns.start * channels, columns.stop * channels)


@functools.lru_cache(64)
def _nearest(size: int, target: int, channels: int) -> np.ndarray:
    step = 1 / (target / size)
    index = np.minimum(np.floor(np.arange(target) * step), size - 1).astype(np.intp)
    return _spread(index, channels)


def _spread(index: np.ndarray, channels: int) -> np.ndarray:
    """Places of pixels as places of their channels."""
    return (index[:, None] * channels + np.arange(channels)).ravel()


@functools.lru_cache(256)
def _taps(size: int, target: int, kind: int, stretch: bool, rows: bool, channels: int) -> Any:
    """For each tap: the places of inputs, and their weights in float32.

    `stretch`: what area interpolation does where it enlarges.
    """
    scale, inverse = 1 / (target / size), target / size
    if stretch:
        low = np.floor(np.arange(target) * scale)
        part = ((np.arange(target) + 1) - (low + 1) * inverse).astype(np.float32)
        part = np.where(part <= 0, np.float32(0), part - np.floor(part))
    else:
        at = ((np.arange(target) + 0.5) * scale - 0.5).astype(np.float32)
        low = np.floor(at)
        part = at - low.astype(np.float32)
    if kind == 1 and not rows:
        part = np.where((low < 0) | (low >= size - 1), np.float32(0), part)
    weights = (_linear, _cubic, _lanczos)[(1, 2, 4).index(kind)](part.astype(np.float32))
    count = len(weights)
    places = low.astype(np.intp)[None] + np.arange(count)[:, None] - (count // 2 - 1)
    if kind == 1 and not rows:  # behind the last pixel OpenCV reads that pixel twice
        places = np.where(low[None] < 0, np.arange(2)[:, None], places)
    places = np.clip(places, 0, size - 1)
    if rows:
        return places, weights
    return [_spread(p, channels) for p in places], np.repeat(weights, channels, axis=1)


def _linear(x: np.ndarray) -> np.ndarray:
    return np.stack([1 - x, x])


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution with a = -0.75 (IEEE Trans. ASSP, 1981)."""
    a, one = np.float32(-0.75), np.float32(1)
    y = x + one
    first = ((a * y - 5 * a) * y + 8 * a) * y - 4 * a
    second = ((a + 2) * x - (a + 3)) * x * x + one
    z = one - x
    third = ((a + 2) * z - (a + 3)) * z * z + one
    return np.stack([first, second, third, one - first - second - third])


def _lanczos(x: np.ndarray) -> np.ndarray:
    """Lanczos' window of 8 pixels: ``sinc(x) sinc(x / 4)``, scaled to the sum 1."""
    distance = x.astype(np.float64)[None] + 3 - np.arange(8)[:, None]
    weight = (np.sinc(distance) * np.sinc(distance / 4)).astype(np.float32)
    total = functools.reduce(np.add, weight)
    return weight * (np.float32(1) / total)


def _integers(flat: np.ndarray, x: Any, y: Any, kind: int) -> np.ndarray:
    places, weights = y
    height = places.shape[1]
    out = np.empty((height, len(x[0][0])), np.uint8)
    across = np.rint(x[1] * np.float32(_ONE)).astype(np.int32)
    down = np.rint(weights * np.float32(_ONE)).astype(np.int32)[:, :, None]
    for start in range(0, height, _BLOCK):
        block = slice(start, start + _BLOCK)
        low, high = places[:, block].min(), places[:, block].max() + 1
        wide = _across(flat[low:high], x[0], across)
        (_down_linear if kind == 1 else _down)(
            wide, places[:, block] - low, down[:, block], out[block], kind
        )
    return out


def _across(flat: np.ndarray, places: Any, weights: np.ndarray) -> np.ndarray:
    wide = flat.take(places[0], 1).astype(np.int32)
    wide *= weights[0]
    for place, weight in zip(places[1:], weights[1:], strict=True):
        part = flat.take(place, 1).astype(np.int32)
        part *= weight
        wide += part
    return wide


def _down_linear(wide, places, weights, out, kind) -> None:
    wide >>= 4  # OpenCV drops low bits so that it fits 16 bits
    total, other = (wide.take(p, 0) for p in places)
    for part, weight in ((total, weights[0]), (other, weights[1])):
        part *= weight
        part >>= 16
    total += other
    total += 2
    total >>= 2
    out[:] = total


def _down(wide, places, weights, out, kind) -> None:
    # OpenCV adds up whole vectors of 8 numbers in float32, if there are 4 taps.
    cut = wide.shape[1] // 8 * 8 if kind == 2 else 0
    scaled = weights.astype(np.float32) * np.float32(1 / _ONE**2)
    pairs = list(zip(places, scaled, weights, strict=True))
    total = functools.reduce(
        np.add, (np.multiply(wide[:, :cut].take(p, 0), s, dtype=np.float32) for p, s, _ in pairs)
    )
    out[:, :cut] = np.clip(np.rint(total), 0, 255)
    total = sum(wide[:, cut:].take(p, 0) * w for p, _, w in pairs)
    out[:, cut:] = np.clip((total + (1 << 21)) >> 22, 0, 255)


def _floats(flat: np.ndarray, x: Any, y: Any) -> np.ndarray:
    places, weights = x
    wide = functools.reduce(
        np.add, (flat.take(p, 1) * w for p, w in zip(places, weights, strict=True))
    )
    places, weights = y
    return functools.reduce(
        np.add, (wide.take(p, 0) * w[:, None] for p, w in zip(places, weights, strict=True))
    )


def _blocks(flat: np.ndarray, down: int, across: int, channels: int) -> np.ndarray:
    """Means of equal blocks."""
    rows, wide = flat.shape
    parts = flat.reshape(rows // down, down, wide // (across * channels), across, channels)
    if flat.dtype == np.uint8:
        total = parts.sum((1, 3), np.int32)
        if down == across == 2:
            total = (total + 2) >> 2
        else:
            total = np.rint(total.astype(np.float32) * np.float32(1 / (down * across)))
        return total.astype(np.uint8).reshape(rows // down, -1)
    return (parts.sum((1, 3)) * np.float32(1 / (down * across))).reshape(rows // down, -1)


@functools.lru_cache(64)
def _area(size: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Places and weights (taps, target) of the stretch that each output covers."""
    scale = 1 / (target / size)
    begin = np.arange(target) * scale
    end, cell = begin + scale, np.minimum(scale, size - begin)
    last = np.minimum(np.floor(end), size - 1)
    first = np.minimum(np.ceil(begin), last)
    places, weights = [], []
    for k in range(-1, math.ceil(scale) + 1):
        at = first + k
        if k < 0:
            weight = np.where(first - begin > 1e-3, (first - begin) / cell, 0)
        else:
            rest = np.minimum(np.minimum(end - last, 1), cell) / cell
            partial = (at == last) & (end - last > 1e-3)
            weight = np.where(at < last, 1 / cell, np.where(partial, rest, 0))
        places.append(np.clip(at, 0, size - 1))
        weights.append(weight)
    return np.array(places, np.intp), np.array(weights, np.float32)


def _areas(flat, rows, columns, channels, width, height) -> np.ndarray:
    places, weights = _area(columns, width)
    wide: Any = np.float32(0)
    for place, weight in zip(places, weights, strict=True):
        wide = wide + flat.take(_spread(place, channels), 1) * np.repeat(weight, channels)
    places, weights = _area(rows, height)
    total: Any = np.float32(0)
    for place, weight in zip(places, weights, strict=True):
        total = total + wide.take(place, 0) * weight[:, None]
    if flat.dtype == np.uint8:
        return np.clip(np.rint(total), 0, 255).astype(np.uint8)
    return total
