"""The transforms of :mod:`gluonx.data.vision.transforms` on NumPy images.

Worker processes apply these; they import no JAX. An image is (height, width, channels), as bytes
for as long as possible. Random transforms draw from :func:`gluonx.data._rng.generator`. A result
may be a view of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...pixels import crop
from ...pixels.resize import choose, resize, short_size
from ...pixels.rotate import mirrored, rotate
from .._rng import generator

__all__ = [
    "Cast", "CenterCrop", "Compose", "CropResize", "Flip", "Normalize", "RandomApply", "RandomCrop",
    "RandomResizedCrop", "RandomRotation", "Resize", "Rotate", "ToTensor",
]  # fmt: skip


def need_image(image: np.ndarray, batches: bool = False) -> tuple[int, int]:
    """Height and width; ValueError unless it is an image, or, if allowed, a batch of images."""
    if image.ndim == 3 or (batches and image.ndim == 4):
        return image.shape[-3], image.shape[-2]
    more = " or (batch, height, width, channels)" if batches else ""
    raise ValueError(f"an image must be (height, width, channels){more}, got {image.shape}")


class Pixels:
    """Base class: a function of an image that can be pickled."""

    #: Whether a batch of images gives the batch of the results.
    batches = False

    def __call__(self, image: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class Compose(Pixels):
    """One function after the other."""

    def __init__(self, steps: Sequence[Callable]):
        merged: list[Callable] = []
        for step in steps:
            if isinstance(step, Compose):
                merged.extend(step.steps)
            else:
                merged.append(step)
        self.steps = tuple(merged)
        self.batches = all(getattr(step, "batches", False) for step in merged)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        own = False  # whether the array is nobody else's, and may be written to
        for step in self.steps:
            if own and isinstance(step, Normalize):
                image = step.within(image)
            else:
                image = step(image)
                own = isinstance(step, ToTensor)
        return image


@dataclass(frozen=True)
class RandomApply(Pixels):
    step: Callable
    p: float

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return image if generator().random() > self.p else self.step(image)


@dataclass(frozen=True)
class Cast(Pixels):
    dtype: str
    batches = True

    def __call__(self, image: np.ndarray) -> np.ndarray:
        if self.dtype == "bfloat16":
            import ml_dtypes  # comes with JAX, and imports NumPy alone

            return image.astype(ml_dtypes.bfloat16)
        return image.astype(self.dtype)


@dataclass(frozen=True)
class ToTensor(Pixels):
    batches = True

    def __call__(self, image: np.ndarray) -> np.ndarray:
        need_image(image, batches=True)
        moved = np.moveaxis(image, -1, -3)
        out = np.empty(moved.shape, np.float32)
        out[...] = moved
        out /= np.float32(255)
        return out


class Normalize(Pixels):
    """For (channels, height, width), or a batch."""

    batches = True

    def __init__(self, mean: Sequence[float], std: Sequence[float]):
        self.numbers = (tuple(mean), tuple(std))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return self.within(image.astype(np.float32)).astype(image.dtype, copy=False)

    def within(self, image: np.ndarray) -> np.ndarray:
        """Normalize this float32 array itself."""
        if image.ndim not in (3, 4):
            raise ValueError(
                "Normalize needs (channels, height, width) or (batch, channels, height, width), "
                f"got {image.shape}"
            )
        for values in self.numbers:
            if len(values) not in (1, image.shape[-3]):
                raise ValueError(
                    f"Normalize has {len(values)} means or deviations, but the image {image.shape} "
                    f"has {image.shape[-3]} channels; they come first, as ToTensor puts them"
                )
        mean, std = (np.array(v, np.float32)[:, None, None] for v in self.numbers)
        image -= mean
        image /= std
        return image


@dataclass(frozen=True)
class Resize(Pixels):
    size: tuple[int, ...]
    keep_ratio: bool
    interp: int
    batches = True

    def __call__(self, image: np.ndarray) -> np.ndarray:
        need_image(image, batches=True)
        if len(self.size) == 2:
            size = self.size
        elif self.keep_ratio:
            size = short_size(image, self.size[0])
        else:
            size = self.size * 2
        width, height = size
        return _to_size(image, width, height, self.interp)


def _to_size(image: np.ndarray, width: int, height: int, interp: int) -> np.ndarray:
    kind = choose(interp, image.shape[-3:-1], (height, width), generator)
    return resize(image, width, height, kind)


def _part(image: np.ndarray, place: crop.Place, size: Any, interp: int) -> np.ndarray:
    x, y, width, height = place
    part = image[..., y : y + height, x : x + width, :]
    if size is None or (width, height) == tuple(size):
        return part
    return _to_size(part, size[0], size[1], interp)


@dataclass(frozen=True)
class CropResize(Pixels):
    x: int
    y: int
    width: int
    height: int
    size: tuple[int, int] | None
    interp: int
    batches = True

    def __call__(self, image: np.ndarray) -> np.ndarray:
        extents = need_image(image, batches=True)
        place = self.x, self.y, self.width, self.height
        crop.need_place(place, extents)
        return _part(image, place, self.size, self.interp)


@dataclass(frozen=True)
class CenterCrop(Pixels):
    size: tuple[int, int]
    interp: int
    batches = True

    def __call__(self, image: np.ndarray) -> np.ndarray:
        place = crop.centered(need_image(image, batches=True), self.size)
        return _part(image, place, self.size, self.interp)


@dataclass(frozen=True)
class RandomCrop(Pixels):
    size: tuple[int, int]
    pad: Any
    pad_value: float
    interp: int

    def __call__(self, image: np.ndarray) -> np.ndarray:
        if self.pad is not None:
            image = np.pad(image, self.pad, constant_values=self.pad_value)
        place = crop.anywhere(need_image(image), self.size, generator())
        return _part(image, place, self.size, self.interp)


@dataclass(frozen=True)
class RandomResizedCrop(Pixels):
    size: tuple[int, int]
    scale: tuple[float, float]
    ratio: tuple[float, float]
    interp: int

    def __call__(self, image: np.ndarray) -> np.ndarray:
        extents = need_image(image)
        place = crop.any_size(extents, self.size, self.scale, self.ratio, generator())
        return _part(image, place, self.size, self.interp)


@dataclass(frozen=True)
class Flip(Pixels):
    """Mirrors the image with probability one half, along this axis."""

    axis: int

    def __call__(self, image: np.ndarray) -> np.ndarray:
        need_image(image)
        if generator().random() >= 0.5:
            return image
        return mirrored(image) if self.axis == 1 else image[::-1]


@dataclass(frozen=True)
class Rotate(Pixels):
    degrees: float
    zoom_in: bool
    zoom_out: bool
    batches = True

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return rotate(image, self.degrees, self.zoom_in, self.zoom_out)


@dataclass(frozen=True)
class RandomRotation(Pixels):
    limits: tuple[float, float]
    zoom_in: bool
    zoom_out: bool
    p: float

    def __call__(self, image: np.ndarray) -> np.ndarray:
        rng = generator()
        if rng.random() > self.p:
            return image
        angles = rng.uniform(*self.limits, size=image.shape[:-3] or None)
        return rotate(image, angles, self.zoom_in, self.zoom_out)
