"""Random changes of colour on NumPy images, as the operators in :mod:`gluonx.ops.image_color` do.

Images are (height, width, channels) with 3 channels, red, green, blue, or one. Of bytes the result
is bytes: cut to 0 to 255, without fractions. This module imports no JAX.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pixels import colours
from .._rng import generator
from ._pixels import Pixels, need_image

__all__ = ["Brightness", "Contrast", "Gray", "Hue", "Jitter", "Lighting", "Saturation", "lighting"]


def _channels(image: np.ndarray) -> int:
    need_image(image)
    if image.shape[-1] not in (1, 3):
        raise ValueError(f"an image must have 1 or 3 channels, got the shape {image.shape}")
    return image.shape[-1]


def _wide(image: np.ndarray) -> np.ndarray:
    """A copy that can be computed with."""
    return image.astype(np.float64 if image.dtype == np.float64 else np.float32)


def _cut(image: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.uint8:
        np.clip(image, 0, 255, out=image)
    return image.astype(dtype, copy=False)


#: Rows that are changed at once where there are intermediate results: these then stay in the
#: processor's cache, and memory is not asked for again and again.
_BLOCK = 16


def _hue(image: np.ndarray, turn: float) -> np.ndarray:
    """Turn the colour circle; the largest and the least value of each pixel stay."""
    if image.shape[-1] == 3:
        for start in range(0, len(image), _BLOCK):
            _turn(image[start : start + _BLOCK], turn)
    return image


def _turn(image: np.ndarray, turn: float) -> None:
    r, g, b = np.ascontiguousarray(np.moveaxis(image, -1, 0))
    top = np.maximum(np.maximum(r, g), b)
    low = np.minimum(np.minimum(r, g), b)
    span = top - low
    scale = 1 / np.where(span > 0, span, 1)
    sector = np.where(
        top == r, (g - b) * scale, np.where(top == g, 2 + (b - r) * scale, 4 + (r - g) * scale)
    )
    sector += image.dtype.type(6 * turn)
    sector -= 6 * np.floor(sector * image.dtype.type(1 / 6))
    for channel, (sign, centre, base) in enumerate(((1, 3, -1), (-1, 2, 2), (-1, 4, 2))):
        part = np.abs(sector - centre)
        part *= sign
        part += base
        np.clip(part, 0, 1, out=part)
        part *= span
        np.add(part, low, out=image[..., channel])


@dataclass(frozen=True)
class Drawn(Pixels):
    """One change by a factor between two numbers."""

    low: float
    high: float

    def __call__(self, image: np.ndarray) -> np.ndarray:
        _channels(image)
        return _cut(
            self.change(_wide(image), generator().uniform(self.low, self.high)), image.dtype
        )

    def change(self, image: np.ndarray, factor: float) -> np.ndarray:
        raise NotImplementedError


class Brightness(Drawn):
    change = staticmethod(colours.brightness)  # pyright: ignore[reportAssignmentType]


class Contrast(Drawn):
    change = staticmethod(colours.contrast)  # pyright: ignore[reportAssignmentType]


class Saturation(Drawn):
    change = staticmethod(colours.saturation)  # pyright: ignore[reportAssignmentType]


class Hue(Drawn):
    change = staticmethod(_hue)  # pyright: ignore[reportAssignmentType]


@dataclass(frozen=True)
class Jitter(Pixels):
    """Brightness, contrast, saturation and hue in random order."""

    amounts: tuple[float, float, float, float]

    def __call__(self, image: np.ndarray) -> np.ndarray:
        _channels(image)
        changes = [
            (change, amount, middle)
            for change, amount, middle in zip(
                (colours.brightness, colours.contrast, colours.saturation, _hue),
                self.amounts,
                (1, 1, 1, 0),
                strict=True,
            )
            if amount
        ]
        if not changes:
            return image
        rng, wide = generator(), _wide(image)
        for i in rng.permutation(len(changes)):
            change, amount, middle = changes[i]
            wide = change(wide, rng.uniform(middle - amount, middle + amount))
            if image.dtype == np.uint8:
                np.clip(wide, 0, 255, out=wide)
                np.floor(wide, out=wide)
        return wide.astype(image.dtype, copy=False)


def lighting(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The image with these amounts of the components of ImageNet's colours."""
    if _channels(image) == 1:
        return image
    return _cut(colours.lighting(_wide(image), alpha), image.dtype)


@dataclass(frozen=True)
class Lighting(Pixels):
    std: float

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return lighting(image, generator().normal(0, self.std, 3))


@dataclass(frozen=True)
class Gray(Pixels):
    """With probability p, the brightness in all channels."""

    p: float

    def __call__(self, image: np.ndarray) -> np.ndarray:
        if _channels(image) == 1 or generator().random() >= self.p:
            return image
        gray = colours.gray(_wide(image))
        if image.dtype.kind in "iu":
            np.rint(gray, out=gray)
        return np.repeat(gray.astype(image.dtype, copy=False), 3, -1)
