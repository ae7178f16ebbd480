"""Resampling along one axis: every output is a weighted sum of a few inputs at known places.

Interpolation, averaging over windows and their gradients are all of this form, so one gather per
tap does them, and no scatter is needed.
"""

from __future__ import annotations

import math
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["Taps", "area", "cubic", "enlarging_area", "lanczos", "linear", "nearest", "resample"]


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


def resample(data, axis: int, taps: Taps) -> Any:
    """`data` with ``len(taps.index)`` elements along `axis` in place of ``taps.size``."""
    if not data.shape[axis]:
        raise ValueError(f"images without pixels, {data.shape}, cannot be given another size")
    return _resample(data, axis, taps)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _resample(data, axis: int, taps: Taps):
    shape = [-1 if i == axis else 1 for i in range(data.ndim)]
    parts = []
    for k in range(taps.index.shape[1]):
        weight = taps.weight[:, k].astype(data.dtype)
        part = jnp.take(data, taps.index[:, k], axis, mode="clip")
        parts.append(part if (weight == 1).all() else part * weight.reshape(shape))
    return reduce(jnp.add, parts)


def _forward(data, axis, taps):
    return _resample(data, axis, taps), None


def _backward(axis, taps, _, grad):
    return (resample(grad, axis, taps.transposed()),)


_resample.defvjp(_forward, _backward)


def _centres(size: int, target: int) -> np.ndarray:
    """Where the centres of `target` pixels lie among `size` pixels of the same total extent."""
    return (np.arange(target) + 0.5) * (size / target) - 0.5


def nearest(size: int, target: int) -> Taps:
    """The pixel in which the near edge of each output lies, as OpenCV takes it."""
    index = np.minimum(np.floor(np.arange(target) * (size / target)), size - 1)
    return Taps(index[:, None], np.ones((target, 1)), size)


def linear(size: int, target: int, corners: bool = False) -> Taps:
    """Linear interpolation; with `corners` the first and last pixels stay in place."""
    if corners:
        at = np.arange(target) * ((size - 1) / (target - 1) if target > 1 else 0.0)
    else:
        at = _centres(size, target)
    at = np.clip(at, 0, size - 1)
    low = np.floor(at)
    return Taps(np.stack([low, low + 1], 1), np.stack([1 - (at - low), at - low], 1), size)


def enlarging_area(size: int, target: int) -> Taps:
    """What OpenCV's area interpolation does where it enlarges."""
    scale = size / target
    low = np.floor(np.arange(target) * scale)
    part = (np.arange(target) + 1) - (low + 1) / scale
    part = np.where(part <= 0, 0, part - np.floor(part))
    return Taps(np.stack([low, low + 1], 1), np.stack([1 - part, part], 1), size)


def cubic(size: int, target: int) -> Taps:
    """Keys' cubic convolution with a = -0.75 (IEEE Trans. ASSP, 1981), as in OpenCV."""
    a = -0.75
    at = _centres(size, target)
    low = np.floor(at)
    x = np.abs((at - low)[:, None] - np.arange(-1, 3))
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return Taps(low[:, None] + np.arange(-1, 3), np.where(x <= 1, near, far), size)


def lanczos(size: int, target: int) -> Taps:
    """Lanczos' window of 8 pixels: ``sinc(x) sinc(x / 4)``, scaled to the sum 1."""
    at = _centres(size, target)
    low = np.floor(at)
    x = (at - low)[:, None] - np.arange(-3, 5)
    weight = np.sinc(x) * np.sinc(x / 4)
    return Taps(low[:, None] + np.arange(-3, 5), weight / weight.sum(1, keepdims=True), size)


def area(size: int, target: int) -> Taps:
    """The mean over the stretch that each output covers; for `target` not above `size`."""
    scale = size / target
    begin = np.arange(target) * scale
    low = np.floor(begin)
    index = low[:, None] + np.arange(math.ceil(scale) + 1)
    inside = np.minimum(index + 1, (begin + scale)[:, None]) - np.maximum(index, begin[:, None])
    weight = np.maximum(inside, 0) * (index < size)
    weight = np.where(weight < 1e-6, 0, weight)
    return Taps(index, weight / weight.sum(1, keepdims=True), size)
