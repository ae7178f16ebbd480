"""Tables for resampling along one axis: which inputs each output is made of, and their weights.

This module imports NumPy alone: processes that never import JAX use it too.
"""

from __future__ import annotations

import functools
import math

import numpy as np

__all__ = [
    "ONE", "Taps", "area", "cubic", "cubic_weights", "enlarging_area", "lanczos", "lanczos_weights",
    "linear", "linear_bytes", "linear_places", "linear_weights", "nearest", "whole",
]  # fmt: skip


class Taps:
    """Which inputs each output is made of.

    Two tables with the same contents are equal, so that they can be constants of compiled code.

    Parameters
    ----------
    index : numpy.ndarray
        (outputs, taps): places of inputs.
    weight : numpy.ndarray
        (outputs, taps): what each is multiplied by.
    size : int
        Number of inputs.
    """

    def __init__(self, index: np.ndarray, weight: np.ndarray, size: int):
        self.index = np.clip(index, 0, max(size - 1, 0)).astype(np.int32)
        self.weight = np.asarray(weight, np.float64)
        self.size = size
        self._key = (self.index.tobytes(), self.weight.tobytes(), self.index.shape, size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Taps) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def transposed(self) -> Taps:
        """The table of the gradient: from outputs to inputs."""
        outputs = len(self.index)
        used = self.weight != 0
        target, source = self.index[used], np.nonzero(used)[0]
        weight = self.weight[used]
        order = np.argsort(target, kind="stable")
        target, source, weight = target[order], source[order], weight[order]
        counts = np.bincount(target, minlength=self.size)
        place = np.arange(len(target)) - np.repeat(np.cumsum(counts) - counts, counts)
        index = np.zeros((self.size, max(1, counts.max(initial=0))), np.int32)
        found = np.zeros(index.shape)
        index[target, place], found[target, place] = source, weight
        return Taps(index, found, outputs)


def _step(size: int, target: int) -> float:
    """Inputs for each output, rounded as OpenCV rounds it: it inverts the inverse."""
    return 1 / (target / size)


def _places(size: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of `target` pixels of the same total extent as `size`: the pixel whose centre lies
    before its centre, and how far behind it that is, in float32."""
    at = ((np.arange(target) + 0.5) * _step(size, target) - 0.5).astype(np.float32)
    low = np.floor(at)
    return low, at - low


def nearest(size: int, target: int) -> Taps:
    """The pixel in which the near edge of each output lies, as OpenCV takes it."""
    index = np.minimum(np.floor(np.arange(target) * _step(size, target)), size - 1)
    return Taps(index[:, None], np.ones((target, 1)), size)


def linear_weights(x: np.ndarray) -> np.ndarray:
    """What the pixels at 0 and 1 count at `x`, between 0 and 1: (2, ...)."""
    return np.stack([1 - x, x])


def linear(size: int, target: int, corners: bool = False) -> Taps:
    """Linear interpolation; with `corners` the first and last pixels stay in place."""
    if corners:
        at = np.arange(target) * ((size - 1) / (target - 1) if target > 1 else 0.0)
        low = np.floor(at)
        part = at - low
    else:
        low, part = _places(size, target)
        part = np.where((low < 0) | (low >= size - 1), 0, part)
    return Taps(np.stack([low, low + 1], 1), linear_weights(part).T, size)


def enlarging_area(size: int, target: int) -> Taps:
    """What OpenCV's area interpolation does where it enlarges."""
    low = np.floor(np.arange(target) * _step(size, target))
    part = ((np.arange(target) + 1) - (low + 1) * (target / size)).astype(np.float32)
    part = np.where(part <= 0, 0, part - np.floor(part))
    return Taps(np.stack([low, low + 1], 1), linear_weights(part).T, size)


def cubic_weights(x: np.ndarray) -> np.ndarray:
    """What the pixels at -1, 0, 1 and 2 count at `x`, between 0 and 1: (4, ...).

    Keys' cubic convolution with a = -0.75 (IEEE Trans. ASSP, 1981), as in OpenCV.
    """
    a, one = np.float32(-0.75), np.float32(1)
    y = x + one
    first = ((a * y - 5 * a) * y + 8 * a) * y - 4 * a
    second = ((a + 2) * x - (a + 3)) * x * x + one
    z = one - x
    third = ((a + 2) * z - (a + 3)) * z * z + one
    return np.stack([first, second, third, one - first - second - third])


def cubic(size: int, target: int) -> Taps:
    """Interpolation with :func:`cubic_weights`."""
    low, part = _places(size, target)
    return Taps(low[:, None] + np.arange(-1, 3), cubic_weights(part).T, size)


def lanczos_weights(x: np.ndarray) -> np.ndarray:
    """What the pixels from -3 to 4 count at `x`, between 0 and 1: (8, ...).

    Lanczos' window of 8 pixels: ``sinc(x) sinc(x / 4)``, scaled to the sum 1.
    """
    distance = x.astype(np.float64)[None] + 3 - np.arange(8).reshape(-1, *(1,) * x.ndim)
    weight = (np.sinc(distance) * np.sinc(distance / 4)).astype(np.float32)
    return weight * (np.float32(1) / functools.reduce(np.add, weight))


def lanczos(size: int, target: int) -> Taps:
    """Interpolation with :func:`lanczos_weights`."""
    low, part = _places(size, target)
    return Taps(low[:, None] + np.arange(-3, 5), lanczos_weights(part).T, size)


def area(size: int, target: int) -> Taps:
    """The mean over the stretch that each output covers; for `target` not above `size`."""
    scale = _step(size, target)
    begin = np.arange(target) * scale
    end, cell = begin + scale, np.minimum(scale, size - begin)
    last = np.minimum(np.floor(end), size - 1)
    first = np.minimum(np.ceil(begin), last)
    before = np.where(first - begin > 1e-3, (first - begin) / cell, 0)
    at = first[:, None] + np.arange(math.ceil(scale) + 1)
    rest = np.where(end - last > 1e-3, np.minimum(np.minimum(end - last, 1), cell) / cell, 0)
    inside = np.where(at < last[:, None], 1 / cell[:, None], 0)
    inside = np.where(at == last[:, None], rest[:, None], inside)
    index = np.concatenate([first[:, None] - 1, at], 1)
    weight = np.concatenate([before[:, None], inside], 1).astype(np.float32)
    used = weight.any(0)
    return Taps(index[:, used], weight[:, used], size)


#: The whole-number weights of an output add up to this.
ONE = 2048


def whole(taps: Taps) -> np.ndarray:
    """The weights of a table as whole numbers, as OpenCV has them for bytes: int32."""
    return np.rint(taps.weight.astype(np.float32) * np.float32(ONE)).astype(np.int32)


def linear_bytes(size: int, target: int, rows: bool, corner: bool = False) -> Taps:
    """Linear interpolation of bytes as OpenCV computes it, so that every pixel is the same.

    With the weights of :func:`whole` a sum along the columns is exact; it is shifted right by 4,
    multiplied by the weights of the rows, shifted by 16, and the sum of two such is rounded after a
    shift by 2.

    Parameters
    ----------
    size, target : int
        Number of inputs and outputs.
    rows : bool
        Whether it is for rows; at the ends, columns are treated in another way.
    corner : bool
        Whether pixels are aligned as OpenCV's area interpolation aligns them where it enlarges.
    """
    low, part = linear_places(size, target, rows, corner)
    return Taps(np.stack([low, low + 1], 1), linear_weights(part).T, size)


def linear_places(
    size: int, target: int, rows: bool, corner: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """What :func:`linear_bytes` makes its table of: for each output the pixel before it, which may
    lie outside of the image, and how far behind that it is; float32."""
    if corner:
        table = enlarging_area(size, target)
        low, part = table.index[:, 0], table.weight[:, 1].astype(np.float32)
    else:
        low, part = _places(size, target)
    if not rows:
        part = np.where((low < 0) | (low >= size - 1), np.float32(0), part)
    return low, part
