"""Augmenters of images with boxes.

A label has a row for each object: its class, and the left, upper, right and lower edge of its box
as shares of the image's extents; more numbers may follow.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..random import host_rng
from . import _augmenters as a
from ._color_augmenters import MEAN, STD, ColorNormalizeAug, color_augmenters, need_channels
from ._functions import bordered
from ._host import as_given, need_image, on_host, to_array

__all__ = [
    "CreateDetAugmenter", "CreateMultiRandCropAugmenter", "DetAugmenter", "DetBorrowAug",
    "DetHorizontalFlipAug", "DetRandomCropAug", "DetRandomPadAug", "DetRandomSelectAug",
]  # fmt: skip


class DetAugmenter:
    """Base class: a subclass defines ``__call__``, which takes and returns an image and a label.

    Parameters
    ----------
    kwargs
        What :meth:`dumps` shall write.
    """

    def __init__(self, **kwargs: Any):
        self._kwargs = kwargs

    def dumps(self) -> Any:
        """Name and arguments as JSON; of an augmenter made of others, a list."""
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __call__(self, src: Any, label: np.ndarray) -> tuple[Any, np.ndarray]:
        """The changed image and label."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, src, label)")


class HostDetAugmenter(DetAugmenter):
    """A detection augmenter of NumPy arrays."""

    def apply(self, img: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> tuple:
        """`img` (height, width, channels) and its label, changed with draws of `rng`."""
        raise NotImplementedError

    def __call__(self, src: Any, label: Any) -> tuple[Any, np.ndarray]:
        """The changed image and label."""
        img, label = self.apply(need_image(src), on_host(label), host_rng())
        return as_given(src, img), label


def run(augmenter: Any, img: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> tuple:
    """What any augmenter makes of NumPy arrays; those of users are given NDArrays."""
    own = isinstance(augmenter, HostDetAugmenter)
    if own and type(augmenter).__call__ is HostDetAugmenter.__call__:
        return augmenter.apply(img, label, rng)
    src, label = augmenter(to_array(img), label)
    return on_host(src), on_host(label)


class DetBorrowAug(HostDetAugmenter):
    """An augmenter for classification, for images whose boxes it does not move.

    Parameters
    ----------
    augmenter : Augmenter
        That neither crops nor mirrors.
    """

    def __init__(self, augmenter: a.Augmenter):
        if not isinstance(augmenter, a.Augmenter):
            raise TypeError(
                f"DetBorrowAug takes an Augmenter of images, got {type(augmenter).__name__}"
            )
        super().__init__()
        self.augmenter = augmenter

    def dumps(self) -> Any:
        """Name, and what the augmenter inside gives."""
        return [type(self).__name__.lower(), self.augmenter.dumps()]

    def apply(self, img, label, rng):
        return a.run(self.augmenter, img, rng), label


class DetRandomSelectAug(HostDetAugmenter):
    """One of several augmenters, each time another, or none.

    Parameters
    ----------
    aug_list : list of DetAugmenter
    skip_prob : float
        How often none is taken.
    """

    def __init__(self, aug_list: Any, skip_prob: float = 0):
        super().__init__(skip_prob=skip_prob)
        self.aug_list = list(aug_list) if isinstance(aug_list, (list, tuple)) else [aug_list]
        for augmenter in self.aug_list:
            if not isinstance(augmenter, DetAugmenter):
                raise TypeError(
                    f"DetRandomSelectAug takes DetAugmenters, got {type(augmenter).__name__}"
                )
        self.skip_prob = skip_prob if self.aug_list else 1

    def dumps(self) -> Any:
        """Name, and what the augmenters inside give."""
        return [type(self).__name__.lower(), [x.dumps() for x in self.aug_list]]

    def apply(self, img, label, rng):
        if rng.random() < self.skip_prob:
            return img, label
        return run(self.aug_list[rng.integers(len(self.aug_list))], img, label, rng)


class DetHorizontalFlipAug(HostDetAugmenter):
    """Image and boxes mirrored, left side for right, at times.

    Parameters
    ----------
    p : float
        How often.

    Examples
    --------
    >>> from gluonx import image, nd
    >>> import numpy as np
    >>> flip = image.DetHorizontalFlipAug(1)
    >>> flip(nd.zeros((2, 2, 3)), np.array([[0, 0.1, 0.2, 0.5, 0.6]]))[1].tolist()
    [[0.0, 0.5, 0.2, 0.9, 0.6]]
    """

    def __init__(self, p: float):
        super().__init__(p=p)
        self.p = p

    def apply(self, img, label, rng):
        if rng.random() >= self.p:
            return img, label
        label = label.copy()
        label[:, [1, 3]] = 1 - label[:, [3, 1]]
        return np.ascontiguousarray(img[:, ::-1]), label


def _areas(boxes: np.ndarray) -> np.ndarray:
    """Of (objects, 4) boxes; 0 of those without inside."""
    sides = np.maximum(boxes[:, 2:4] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def _pair(value: Any) -> tuple[float, float]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


class DetRandomCropAug(HostDetAugmenter):
    """A random part of the image that keeps enough of its objects.

    Parameters
    ----------
    min_object_covered : float
        What share of its box each object that is touched must have inside, at least.
    aspect_ratio_range : (float, float)
        Range of the part's width divided by its height.
    area_range : (float, float)
        Range of its share of the image.
    min_eject_coverage : float
        An object with no larger share of its box inside is left out.
    max_attempts : int
        After so many parts that do not do the image stays as it is.
    """

    def __init__(
        self, min_object_covered: float = 0.1, aspect_ratio_range: Any = (0.75, 1.33),
        area_range: Any = (0.05, 1.0), min_eject_coverage: float = 0.3, max_attempts: int = 50,
    ):  # fmt: skip
        ratios, areas = _pair(aspect_ratio_range), _pair(area_range)
        super().__init__(
            min_object_covered=min_object_covered, aspect_ratio_range=ratios, area_range=areas,
            min_eject_coverage=min_eject_coverage, max_attempts=max_attempts,
        )  # fmt: skip
        _need_ranges(ratios, areas)
        self.min_object_covered = min_object_covered
        self.aspect_ratio_range = ratios
        self.area_range = areas
        self.min_eject_coverage = min_eject_coverage
        self.max_attempts = max_attempts

    def apply(self, img, label, rng):
        rows, columns = img.shape[:2]
        for _ in range(self.max_attempts):
            low, high = (area * rows * columns for area in self.area_range)
            ratio = rng.uniform(*self.aspect_ratio_range)
            least = math.ceil(math.sqrt(low / ratio))
            most = min(math.floor(math.sqrt(high / ratio)), rows, math.floor(columns / ratio))
            if most < max(least, 1):
                continue
            height = int(rng.integers(max(least, 1), most + 1))
            width = min(round(height * ratio), columns)
            if width < 1 or width * height < 2:
                continue
            x, y = int(rng.integers(columns - width + 1)), int(rng.integers(rows - height + 1))
            inside = self._kept(label, (x / columns, y / rows), (width / columns, height / rows))
            if inside is not None:
                return np.ascontiguousarray(img[y : y + height, x : x + width]), inside
        return img, label

    def _kept(self, label: np.ndarray, corner: tuple, extent: tuple) -> np.ndarray | None:
        """The label of a part of the image; None if the part is not to be taken."""
        whole = _areas(label[:, 1:5])
        out = label.copy()
        out[:, 1:5] = np.clip((label[:, 1:5] - np.array(corner * 2)) / np.array(extent * 2), 0, 1)
        covered = _areas(out[:, 1:5]) * extent[0] * extent[1]
        covered = np.divide(covered, whole, out=np.zeros_like(covered), where=whole > 0)
        touched = covered[covered > 0]
        if not len(touched) or touched.min() <= self.min_object_covered:
            return None
        kept = covered > self.min_eject_coverage
        return out[kept] if kept.any() else None


class DetRandomPadAug(HostDetAugmenter):
    """The image at a random place in a larger one of a single color.

    Parameters
    ----------
    aspect_ratio_range : (float, float)
        Range of the larger image's width divided by its height.
    area_range : (float, float)
        Range of its area, relative to the image's.
    max_attempts : int
        After so many sizes that the image does not fit into it stays as it is.
    pad_val : tuple of int
        The color.
    """

    def __init__(
        self, aspect_ratio_range: Any = (0.75, 1.33), area_range: Any = (1.0, 3.0),
        max_attempts: int = 50, pad_val: Any = (128, 128, 128),
    ):  # fmt: skip
        ratios, areas = _pair(aspect_ratio_range), _pair(area_range)
        pad_val = tuple(pad_val) if isinstance(pad_val, (tuple, list)) else (pad_val,)
        super().__init__(
            aspect_ratio_range=ratios, area_range=areas, max_attempts=max_attempts, pad_val=pad_val
        )
        _need_ranges(ratios, areas)
        self.aspect_ratio_range = ratios
        self.area_range = areas
        self.max_attempts = max_attempts
        self.pad_val = pad_val

    def apply(self, img, label, rng):
        rows, columns = img.shape[:2]
        for _ in range(self.max_attempts):
            low, high = (area * rows * columns for area in self.area_range)
            ratio = rng.uniform(*self.aspect_ratio_range)
            least = max(math.ceil(math.sqrt(low / ratio)), rows, math.ceil(columns / ratio))
            most = math.floor(math.sqrt(high / ratio))
            if most < least:
                continue
            height = int(rng.integers(least, most + 1))
            width = round(height * ratio)
            if height - rows < 2 or width - columns < 2:  # hardly any border
                continue
            x, y = int(rng.integers(width - columns + 1)), int(rng.integers(height - rows + 1))
            fill = self.pad_val if len(self.pad_val) == 1 else self.pad_val[: img.shape[2]]
            margins = (y, height - rows - y, x, width - columns - x)
            label = label.copy()
            old, new = np.array([columns, rows] * 2), np.array([width, height] * 2)
            label[:, 1:5] = (label[:, 1:5] * old + [x, y] * 2) / new
            return bordered(img, *margins, fill=fill), label
        return img, label


def _need_ranges(ratios: tuple[float, float], areas: tuple[float, float]) -> None:
    for name, (low, high) in (("aspect_ratio_range", ratios), ("area_range", areas)):
        if low > high or high <= 0 or (name[0] == "a" and low <= 0 and "ratio" in name):
            raise ValueError(f"{name}={(low, high)} must be a range of positive numbers")


def CreateMultiRandCropAugmenter(
    min_object_covered: Any = 0.1, aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 1.0), min_eject_coverage: Any = 0.3, max_attempts: Any = 50,
    skip_prob: float = 0,
) -> DetRandomSelectAug:  # fmt: skip
    """A random one of several :class:`DetRandomCropAug`.

    Parameters
    ----------
    min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts
        Those of :class:`DetRandomCropAug`, or lists of them of one length; what is no list holds
        for all.
    skip_prob : float
        How often none is taken.

    Returns
    -------
    DetRandomSelectAug
    """
    given = [min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts]
    lengths = {len(x) for x in given if isinstance(x, list)}
    if len(lengths) > 1:
        raise ValueError(f"lists of different lengths: {sorted(lengths)}")
    count = lengths.pop() if lengths else 1
    columns = [x if isinstance(x, list) else [x] * count for x in given]
    crops = [DetRandomCropAug(*row) for row in zip(*columns, strict=True)]
    return DetRandomSelectAug(crops, skip_prob)


def CreateDetAugmenter(
    data_shape: Sequence[int], resize: int = 0, rand_crop: float = 0, rand_pad: float = 0,
    rand_gray: float = 0, rand_mirror: bool = False, mean: Any = None, std: Any = None,
    brightness: float = 0, contrast: float = 0, saturation: float = 0, pca_noise: float = 0,
    hue: float = 0, inter_method: int = 2, min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33), area_range: Any = (0.05, 3.0),
    min_eject_coverage: Any = 0.3, max_attempts: Any = 50, pad_val: Any = (127, 127, 127),
) -> list[DetAugmenter]:  # fmt: skip
    """The usual augmenters for detection.

    Parameters
    ----------
    data_shape : (int, int, int)
        Channels, height and width of the result.
    resize : int
        If not 0, first make the shorter edge that long.
    rand_crop, rand_pad : float
        How often :class:`DetRandomCropAug` and :class:`DetRandomPadAug` are done.
    rand_gray : float
        How often an image becomes gray.
    rand_mirror : bool
        Mirror half of the images.
    mean, std : array_like or True, optional
        Subtract and divide by these; True takes those of ImageNet.
    brightness, contrast, saturation, hue, pca_noise : float
        See :func:`CreateAugmenter`.
    inter_method : int
        See :func:`imresize`.
    min_object_covered, aspect_ratio_range, min_eject_coverage, max_attempts
        See :func:`CreateMultiRandCropAugmenter`.
    area_range : (float, float)
        Range of the cropped area and, above 1, of the padded one.
    pad_val : tuple of int
        The color around padded images.

    Returns
    -------
    list of DetAugmenter
    """
    made: list[DetAugmenter] = []
    if resize > 0:
        made.append(DetBorrowAug(a.ResizeAug(resize, inter_method)))
    if rand_crop > 0:
        made.append(
            CreateMultiRandCropAugmenter(
                min_object_covered,
                aspect_ratio_range,
                area_range,
                min_eject_coverage,
                max_attempts,
                skip_prob=1 - rand_crop,
            )  # fmt: skip
        )
    if rand_mirror:
        made.append(DetHorizontalFlipAug(0.5))
    if rand_pad > 0:
        largest = _pair(area_range)[1] if not isinstance(area_range, list) else area_range[0][1]
        attempts = max_attempts[0] if isinstance(max_attempts, list) else max_attempts
        ratios = aspect_ratio_range
        ratios = ratios[0] if isinstance(ratios, list) else ratios
        padding = DetRandomPadAug(ratios, (1.0, largest), attempts, pad_val)
        made.append(DetRandomSelectAug([padding], 1 - rand_pad))
    made.append(DetBorrowAug(a.ForceResizeAug((data_shape[2], data_shape[1]), inter_method)))
    made.append(DetBorrowAug(a.CastAug()))
    colors = color_augmenters(brightness, contrast, saturation, hue, pca_noise, rand_gray)
    made += [DetBorrowAug(x) for x in colors]
    mean = np.array(MEAN) if mean is True else need_channels(mean, "mean")
    std = np.array(STD) if std is True else need_channels(std, "std")
    if mean is not None or std is not None:
        made.append(DetBorrowAug(ColorNormalizeAug(mean, std)))
    return made
