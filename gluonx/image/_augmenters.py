"""Augmenters: what changes an image, often at random.

Built-in ones work on NumPy arrays (`apply`); calling one takes an NDArray or a NumPy array and
returns the same kind. `gluonx.random.seed` governs their draws.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ndarray import NDArray
from ..pixels.rotate import mirrored
from ..random import host_rng
from . import _functions as f
from ._host import as_given, need_image, on_host, to_array

__all__ = [
    "Augmenter", "CastAug", "CenterCropAug", "ForceResizeAug", "HorizontalFlipAug",
    "RandomCropAug", "RandomOrderAug", "RandomSizedCropAug", "ResizeAug", "SequentialAug",
]  # fmt: skip


def _plain(value: Any) -> Any:
    """An argument as JSON can write it."""
    if isinstance(value, NDArray):
        value = value.asnumpy()
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


class Augmenter:
    """Base class: a subclass defines ``__call__``, which takes an image and returns one.

    Parameters
    ----------
    kwargs
        What :meth:`dumps` shall write.

    Examples
    --------
    >>> from gluonx import image, nd
    >>> class Darker(image.Augmenter):
    ...     def __call__(self, src):
    ...         return src * 0.5
    >>> Darker()(nd.array([[[8]]])).asscalar()
    np.float32(4.0)
    """

    def __init__(self, **kwargs: Any):
        self._kwargs = {k: _plain(v) for k, v in kwargs.items()}

    def dumps(self) -> Any:
        """Name and arguments as JSON; of an augmenter made of others, name and a list of theirs."""
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __call__(self, src: Any) -> Any:
        """The changed image."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, src)")


class HostAugmenter(Augmenter):
    """An augmenter of NumPy arrays."""

    def apply(self, img: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """`img` (height, width, channels), changed with draws of `rng`."""
        raise NotImplementedError

    def __call__(self, src: Any) -> Any:
        """The changed image."""
        return as_given(src, self.apply(need_image(src), host_rng()))


def run(augmenter: Any, img: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What any augmenter makes of a NumPy array; those of users are given NDArrays."""
    if isinstance(augmenter, HostAugmenter) and type(augmenter).__call__ is HostAugmenter.__call__:
        return augmenter.apply(img, rng)
    return on_host(augmenter(to_array(img)))


class SequentialAug(HostAugmenter):
    """Several augmenters, one after the other.

    Parameters
    ----------
    ts : list of Augmenter
    """

    def __init__(self, ts: Sequence[Any]):
        super().__init__()
        self.ts = ts

    def dumps(self) -> Any:
        """Name, and what the augmenters inside give."""
        return [type(self).__name__.lower(), [t.dumps() for t in self.ts]]

    def apply(self, img, rng):
        for t in self.ts:
            img = run(t, img, rng)
        return img


class RandomOrderAug(SequentialAug):
    """Several augmenters, each time in another order.

    Parameters
    ----------
    ts : list of Augmenter
    """

    def apply(self, img, rng):
        for k in rng.permutation(len(self.ts)):
            img = run(self.ts[k], img, rng)
        return img


class ResizeAug(HostAugmenter):
    """:func:`resize_short`.

    Parameters
    ----------
    size : int
        Length of the shorter edge.
    interp : int
        See :func:`imresize`.
    """

    def __init__(self, size: int, interp: int = 2):
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def apply(self, img, rng):
        width, height = f.short_size(img, self.size)
        return f.to_size(img, width, height, self.interp, rng)


class _SizedAug(HostAugmenter):
    def __init__(self, size: Sequence[int], interp: int = 2, **more: Any):
        super().__init__(size=size, **more, interp=interp)
        self.size = size
        self.interp = interp


class ForceResizeAug(_SizedAug):
    """Resizing to a size, whatever becomes of the ratio.

    Parameters
    ----------
    size : (int, int)
        Width and height.
    interp : int
        See :func:`imresize`.
    """

    def apply(self, img, rng):
        width, height = self.size
        return f.to_size(img, width, height, self.interp, rng)


class RandomCropAug(_SizedAug):
    """:func:`random_crop`.

    Parameters
    ----------
    size : (int, int)
        Width and height.
    interp : int
        See :func:`imresize`.
    """

    def apply(self, img, rng):
        return f.cropped_anywhere(img, self.size, self.interp, rng)[0]


class CenterCropAug(_SizedAug):
    """:func:`center_crop`.

    Parameters
    ----------
    size : (int, int)
        Width and height.
    interp : int
        See :func:`imresize`.
    """

    def apply(self, img, rng):
        return f.cropped_in_the_middle(img, self.size, self.interp, rng)[0]


class RandomSizedCropAug(_SizedAug):
    """:func:`random_size_crop`.

    Parameters
    ----------
    size : (int, int)
        Width and height.
    area : float or (float, float)
        Least share of the image, or the range of it.
    ratio : (float, float)
        Range of the part's width divided by its height.
    interp : int
        See :func:`imresize`.
    """

    def __init__(
        self, size: Sequence[int], area: Any, ratio: Sequence[float], interp: int = 2, **kwargs: Any
    ):
        area = kwargs.pop("min_area", area)  # its older name
        if kwargs:
            raise TypeError(f"RandomSizedCropAug has no argument {', '.join(map(repr, kwargs))}")
        super().__init__(size, interp, area=area, ratio=ratio)
        self.area = area
        self.ratio = ratio

    def apply(self, img, rng):
        return f.cropped_any_size(img, self.size, self.area, self.ratio, self.interp, rng)[0]


class HorizontalFlipAug(HostAugmenter):
    """The image mirrored, left side for right, at times.

    Parameters
    ----------
    p : float
        How often.
    """

    def __init__(self, p: float):
        super().__init__(p=p)
        self.p = p

    def apply(self, img, rng):
        return mirrored(img) if rng.random() < self.p else img


class CastAug(HostAugmenter):
    """The image in another dtype.

    Parameters
    ----------
    typ : dtype
    """

    def __init__(self, typ: Any = "float32"):
        super().__init__(type=typ)
        self.typ = typ

    def apply(self, img, rng):
        return img.astype(self.typ)
