"""Random changes of an image's colours, of images with 3 channels or one."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ....block import HybridBlock
from .. import _colours as colours
from ._base import OnPixels

__all__ = [
    "RandomBrightness", "RandomColorJitter", "RandomContrast", "RandomGray", "RandomHue",
    "RandomLighting", "RandomSaturation",
]  # fmt: skip


class _Factor(OnPixels, HybridBlock):
    """A change by a factor around 1."""

    _kind: type[colours.Drawn]
    _operator: str

    def __init__(self, amount: float):
        super().__init__()
        if amount < 0:
            raise ValueError(f"{type(self).__name__} needs an amount of 0 or more, got {amount}")
        self._args = (max(0, 1 - amount), 1 + amount)

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return getattr(F.image, self._operator)(x, *self._args)

    def _pixels(self) -> Any:
        return self._kind(*self._args)


class RandomBrightness(_Factor):
    """Multiplies the image by a factor from ``max(0, 1 - brightness)`` to ``1 + brightness``.

    Parameters
    ----------
    brightness : float

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same shape and type
    """

    _kind = colours.Brightness
    _operator = "random_brightness"

    def __init__(self, brightness: float):
        super().__init__(brightness)


class RandomContrast(_Factor):
    """Multiplies the distance from the mean brightness, as :class:`RandomBrightness` does.

    Parameters
    ----------
    contrast : float

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same shape and type
    """

    _kind = colours.Contrast
    _operator = "random_contrast"

    def __init__(self, contrast: float):
        super().__init__(contrast)


class RandomSaturation(_Factor):
    """Multiplies each pixel's distance from its own gray, as :class:`RandomBrightness` does.

    Parameters
    ----------
    saturation : float

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same shape and type
    """

    _kind = colours.Saturation
    _operator = "random_saturation"

    def __init__(self, saturation: float):
        super().__init__(saturation)


class RandomHue(_Factor):
    """Turns the colours on their circle, by ``max(0, 1 - hue)`` to ``1 + hue`` full turns.

    Parameters
    ----------
    hue : float

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same shape and type
    """

    _kind = colours.Hue
    _operator = "random_hue"

    def __init__(self, hue: float):
        super().__init__(hue)


class RandomColorJitter(OnPixels, HybridBlock):
    """Random brightness, contrast, saturation and hue, one after the other in random order.

    Parameters
    ----------
    brightness, contrast, saturation : float
        The factor is drawn between ``1 - x`` and ``1 + x``; with 0 there is no such change.
    hue : float
        The angle is drawn between ``-x`` and ``x``; 1 is a full turn.

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same shape and type

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.RandomColorJitter(0.4, 0.4, 0.4)(nd.ones((2, 3, 3), dtype='uint8')).shape
    (2, 3, 3)
    """

    def __init__(
        self, brightness: float = 0, contrast: float = 0, saturation: float = 0, hue: float = 0
    ):
        super().__init__()
        self._args = (brightness, contrast, saturation, hue)
        if min(self._args) < 0:
            raise ValueError(f"RandomColorJitter needs amounts of 0 or more, got {self._args}")

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.image.random_color_jitter(x, *self._args)

    def _pixels(self) -> Any:
        return colours.Jitter(self._args)


class RandomLighting(OnPixels, HybridBlock):
    """Adds random colour along the principal components of ImageNet's colours.

    Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012.

    Parameters
    ----------
    alpha : float
        Standard deviation of the three amounts.

    Inputs
    ------
    data : NDArray, shape (H, W, C)
        With values from 0 to 255.

    Outputs
    -------
    out : NDArray, the same shape and type
    """

    def __init__(self, alpha: float):
        super().__init__()
        if alpha < 0:
            raise ValueError(f"RandomLighting needs an alpha of 0 or more, got {alpha}")
        self._alpha = alpha

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.image.random_lighting(x, self._alpha)

    def _pixels(self) -> Any:
        return colours.Lighting(self._alpha)


class RandomGray(OnPixels, HybridBlock):
    """Takes the colours away with some probability; there remain 3 equal channels.

    Parameters
    ----------
    p : float
        The probability.

    Inputs
    ------
    data : NDArray, shape (H, W, 3)

    Outputs
    -------
    out : NDArray, the same shape and type

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.RandomGray(1)(nd.array([[[100, 0, 0]]], dtype='uint8')).asnumpy().tolist()
    [[[30, 30, 30]]]
    """

    def __init__(self, p: float = 0.5):
        super().__init__()
        self.p = p

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        r, g, b = F.split(F.cast(x, dtype="float32"), num_outputs=3, axis=-1)
        gray = 0.299 * r + 0.587 * g + 0.114 * b
        if "int" in str(x.dtype):
            gray = F.round(gray)
        gray = F.broadcast_like(F.cast(gray, dtype=x.dtype), x)
        chosen = F.random.uniform(shape=(1,)) < self.p
        return F.where(F.broadcast_like(chosen.reshape((1,) * x.ndim), x), gray, x)

    def _pixels(self) -> Any:
        return colours.Gray(self.p)
