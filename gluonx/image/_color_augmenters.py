"""Augmenters of colors, and the usual list of augmenters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..pixels import colours
from . import _augmenters as a
from . import _functions as f
from ._augmenters import HostAugmenter, RandomOrderAug

__all__ = [
    "BrightnessJitterAug", "ColorJitterAug", "ColorNormalizeAug", "ContrastJitterAug",
    "CreateAugmenter", "HueJitterAug", "LightingAug", "RandomGrayAug", "SaturationJitterAug",
]  # fmt: skip

#: Mean and deviation of the colors of ImageNet.
MEAN = (123.68, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)
#: From red, green and blue to the colors of NTSC television (YIQ), and back.
_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])
_RGB = np.array([[1.0, 0.956, 0.621], [1.0, -0.272, -0.647], [1.0, -1.107, 1.705]])


def _floating(img: np.ndarray) -> np.ndarray:
    """A copy that can be computed with."""
    return img.astype(img.dtype if np.issubdtype(img.dtype, np.floating) else np.float32)


class _JitterAug(HostAugmenter):
    """A change by a factor from ``1 - range`` to ``1 + range``; integers become float32."""

    name = ""

    def _range(self, value: float) -> None:
        HostAugmenter.__init__(self, **{self.name: value})
        setattr(self, self.name, value)

    def apply(self, img, rng):
        limit = getattr(self, self.name)
        return self.changed(_floating(img), rng.uniform(-limit, limit))

    def changed(self, img: np.ndarray, by: float) -> np.ndarray:
        """`img`, which may be written to, changed by the factor ``1 + by``."""
        raise NotImplementedError


class BrightnessJitterAug(_JitterAug):
    """The image times a random factor.

    Parameters
    ----------
    brightness : float
        The factor lies between ``1 - brightness`` and ``1 + brightness``.
    """

    name = "brightness"

    def __init__(self, brightness: float):
        self._range(brightness)

    def changed(self, img, by):
        return colours.brightness(img, 1 + by)


class ContrastJitterAug(_JitterAug):
    """The image further from its mean gray, or nearer, by a random factor.

    Parameters
    ----------
    contrast : float
        The factor lies between ``1 - contrast`` and ``1 + contrast``.
    """

    name = "contrast"

    def __init__(self, contrast: float):
        self._range(contrast)

    def changed(self, img, by):
        return colours.contrast(img, 1 + by)


class SaturationJitterAug(_JitterAug):
    """Each pixel further from its gray, or nearer, by a random factor.

    Parameters
    ----------
    saturation : float
        The factor lies between ``1 - saturation`` and ``1 + saturation``.
    """

    name = "saturation"

    def __init__(self, saturation: float):
        self._range(saturation)

    def changed(self, img, by):
        return colours.saturation(img, 1 + by)


class HueJitterAug(_JitterAug):
    """The colors turned around the axis of grays by a random angle.

    Parameters
    ----------
    hue : float
        The angle lies between ``-hue`` and ``hue`` times 180 degrees.
    """

    name = "hue"

    def __init__(self, hue: float):
        self._range(hue)

    def changed(self, img, by):
        cos, sin = np.cos(by * np.pi), np.sin(by * np.pi)
        turn = _RGB @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ _YIQ
        return img @ turn.T.astype(img.dtype)


class ColorJitterAug(RandomOrderAug):
    """Brightness, contrast and saturation changed, in random order.

    Parameters
    ----------
    brightness, contrast, saturation : float
        See :class:`BrightnessJitterAug` and its like; 0 leaves it as it is.
    """

    def __init__(self, brightness: float, contrast: float, saturation: float):
        kinds = (
            (BrightnessJitterAug, brightness),
            (ContrastJitterAug, contrast),
            (SaturationJitterAug, saturation),
        )
        super().__init__([kind(value) for kind, value in kinds if value > 0])


class LightingAug(HostAugmenter):
    """Noise along the principal components of colors.

    Parameters
    ----------
    alphastd : float
        Its deviation, relative to that of each component.
    eigval : array_like
        (3,), the components' deviations.
    eigvec : array_like
        (3, 3), the components, in columns.
    """

    def __init__(self, alphastd: float, eigval: Any, eigvec: Any):
        super().__init__(alphastd=alphastd, eigval=eigval, eigvec=eigvec)
        self.alphastd = alphastd
        self.eigval = eigval
        self.eigvec = eigvec

    def apply(self, img, rng):
        alpha = rng.normal(0, self.alphastd, 3)
        return colours.lighting(_floating(img), alpha, self.eigvec, self.eigval)


class ColorNormalizeAug(HostAugmenter):
    """:func:`color_normalize`.

    Parameters
    ----------
    mean, std : array_like, optional
        A number for each channel.
    """

    def __init__(self, mean: Any, std: Any):
        super().__init__(mean=mean, std=std)
        self.mean = None if mean is None else np.asarray(self._kwargs["mean"], np.float32)
        self.std = None if std is None else np.asarray(self._kwargs["std"], np.float32)

    def apply(self, img, rng):
        return f.normalized(img, self.mean, self.std)


class RandomGrayAug(HostAugmenter):
    """The image in gray, at times; it keeps its three channels.

    Parameters
    ----------
    p : float
        How often.
    """

    def __init__(self, p: float):
        super().__init__(p=p)
        self.p = p

    def apply(self, img, rng):
        if rng.random() >= self.p:
            return img
        img = _floating(img)
        gray = img @ np.array([0.21, 0.72, 0.07], img.dtype)
        return np.repeat(gray[:, :, None], 3, axis=2)


def need_channels(values: Any, name: str) -> Any:
    """A mean or a deviation; ValueError unless it has a number for each channel, or one for all."""
    if values is not None:
        values = np.atleast_1d(np.asarray(getattr(values, "asnumpy", lambda: values)()))
        if values.shape not in ((1,), (3,)):
            raise ValueError(f"{name} must have 1 or 3 numbers, or be True; got {values}")
    return values


def CreateAugmenter(
    data_shape: Sequence[int], resize: int = 0, rand_crop: bool = False, rand_resize: bool = False,
    rand_mirror: bool = False, mean: Any = None, std: Any = None, brightness: float = 0,
    contrast: float = 0, saturation: float = 0, hue: float = 0, pca_noise: float = 0,
    rand_gray: float = 0, inter_method: int = 2,
) -> list[a.Augmenter]:  # fmt: skip
    """The usual augmenters for classification.

    Parameters
    ----------
    data_shape : (int, int, int)
        Channels, height and width of the result.
    resize : int
        If not 0, first make the shorter edge that long.
    rand_crop : bool
        Crop anywhere, not in the middle.
    rand_resize : bool
        Crop anywhere with a random size; needs `rand_crop`.
    rand_mirror : bool
        Mirror half of the images.
    mean, std : array_like or True, optional
        Subtract and divide by these; True takes those of ImageNet.
    brightness, contrast, saturation, hue : float
        See :class:`ColorJitterAug` and :class:`HueJitterAug`.
    pca_noise : float
        See :class:`LightingAug`.
    rand_gray : float
        How often an image becomes gray.
    inter_method : int
        See :func:`imresize`.

    Returns
    -------
    list of Augmenter

    Examples
    --------
    >>> from gluonx import image
    >>> [type(a).__name__ for a in image.CreateAugmenter((3, 24, 24), rand_mirror=True)]
    ['CenterCropAug', 'HorizontalFlipAug', 'CastAug']
    """
    if rand_resize and not rand_crop:
        raise ValueError("rand_resize=True crops at random: give rand_crop=True too")
    size = (data_shape[2], data_shape[1])
    made: list[a.Augmenter] = []
    if resize > 0:
        made.append(a.ResizeAug(resize, inter_method))
    if rand_resize:
        made.append(a.RandomSizedCropAug(size, 0.08, (3.0 / 4.0, 4.0 / 3.0), inter_method))
    else:
        made.append((a.RandomCropAug if rand_crop else a.CenterCropAug)(size, inter_method))
    if rand_mirror:
        made.append(a.HorizontalFlipAug(0.5))
    made.append(a.CastAug())
    made += color_augmenters(brightness, contrast, saturation, hue, pca_noise, rand_gray)
    mean = np.array(MEAN, np.float32) if mean is True else need_channels(mean, "mean")
    std = np.array(STD, np.float32) if std is True else need_channels(std, "std")
    if mean is not None or std is not None:
        made.append(ColorNormalizeAug(mean, std))
    return made


def color_augmenters(brightness, contrast, saturation, hue, pca_noise, rand_gray) -> list:
    """Those of colors that are not 0."""
    made: list[a.Augmenter] = []
    if brightness or contrast or saturation:
        made.append(ColorJitterAug(brightness, contrast, saturation))
    if hue:
        made.append(HueJitterAug(hue))
    if pca_noise > 0:
        made.append(LightingAug(pca_noise, colours.DEVIATIONS, colours.COMPONENTS))
    if rand_gray > 0:
        made.append(RandomGrayAug(rand_gray))
    return made
