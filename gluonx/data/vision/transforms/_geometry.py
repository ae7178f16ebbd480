"""Transforms of an image's size, place and orientation."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ....block import Block, HybridBlock
from .. import _pixels as pixels
from ._base import HostBlock, OnPixels, pair

__all__ = [
    "CenterCrop", "CropResize", "RandomCrop", "RandomFlipLeftRight", "RandomFlipTopBottom",
    "RandomResizedCrop", "RandomRotation", "Resize", "Rotate",
]  # fmt: skip


class Resize(OnPixels, HybridBlock):
    """Gives the image another size.

    Parameters
    ----------
    size : int or (int, int)
        The new width and height; one number for both.
    keep_ratio : bool
        With one number: make that the shorter side, and keep the ratio of the sides.
    interpolation : int
        0: nearest pixel; 1: linear; 2: cubic; 3: mean over the area; 4: Lanczos.

    Inputs
    ------
    data : NDArray, shape (H, W, C) or (N, H, W, C)

    Outputs
    -------
    out : NDArray, the same type
        Of bytes the pixels are those of OpenCV.

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.Resize((5, 4))(nd.ones((8, 8, 3), dtype='uint8')).shape
    (4, 5, 3)
    >>> transforms.Resize(4, keep_ratio=True)(nd.ones((8, 12, 3), dtype='uint8')).shape
    (4, 6, 3)
    """

    def __init__(self, size: Any, keep_ratio: bool = False, interpolation: int = 1):
        super().__init__()
        self._keep = keep_ratio
        width, height = pair(size, "Resize")
        self._size = (width, height) if isinstance(size, (tuple, list)) else (width,)
        self._interpolation = interpolation

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.image.resize(x, size=self._size, keep_ratio=self._keep, interp=self._interpolation)

    def _pixels(self) -> Any:
        return pixels.Resize(self._size, self._keep, self._interpolation)


class CropResize(OnPixels, HybridBlock):
    """Takes a part of the image and may give it another size.

    Parameters
    ----------
    x, y : int
        Left column and upper row of the part.
    width, height : int
        Extents of the part.
    size : int or (int, int), optional
        The new width and height.
    interpolation : int, optional
        As in :class:`Resize`; linear by default.

    Inputs
    ------
    data : NDArray, shape (H, W, C) or (N, H, W, C)

    Outputs
    -------
    out : NDArray, the same type

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> crop = transforms.CropResize(x=1, y=2, width=4, height=5, size=(3, 2))
    >>> crop(nd.ones((9, 8, 3), dtype='uint8')).shape
    (2, 3, 3)
    """

    def __init__(
        self,
        x: int,
        y: int,
        width: int,
        height: int,
        size: Any = None,
        interpolation: int | None = None,
    ):
        super().__init__()
        self._part = (x, y, width, height)
        self._size = None if size is None else pair(size, "CropResize")
        self._interpolation = 1 if interpolation is None else interpolation

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        left, top, width, height = self._part
        out = F.image.crop(x, x=left, y=top, width=width, height=height)
        if self._size is None:
            return out
        return F.image.resize(out, size=self._size, interp=self._interpolation)

    def _pixels(self) -> Any:
        return pixels.CropResize(*self._part, self._size, self._interpolation)


class CenterCrop(HostBlock, Block):
    """Takes the middle of the image; if the image is too small for that, enlarges it.

    Parameters
    ----------
    size : int or (int, int)
        Width and height of the result.
    interpolation : int
        As in :class:`Resize`; also 9 (by the sizes) and 10 (random).

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same type

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.CenterCrop((5, 4))(nd.ones((8, 9, 3), dtype='uint8')).shape
    (4, 5, 3)
    """

    def __init__(self, size: Any, interpolation: int = 1):
        super().__init__()
        self._args = (pair(size, "CenterCrop"), interpolation)

    def _pixels(self) -> Any:
        return pixels.CenterCrop(*self._args)


class RandomCrop(HostBlock, Block):
    """Takes a random part of the image; if the image is too small for that, enlarges it.

    Parameters
    ----------
    size : int or (int, int)
        Width and height of the part.
    pad : int or pairs of int, optional
        How many pixels to put around the image first: the same number at all sides, or NumPy's
        pairs for the three axes.
    pad_value : float
        Their value.
    interpolation : int
        As in :class:`Resize`; also 9 (by the sizes) and 10 (random).

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same type

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.RandomCrop(32, pad=4)(nd.ones((32, 32, 3), dtype='uint8')).shape
    (32, 32, 3)
    """

    def __init__(self, size: Any, pad: Any = None, pad_value: float = 0, interpolation: int = 1):
        super().__init__()
        if isinstance(pad, int):
            pad = ((pad, pad), (pad, pad), (0, 0))
        self._args = (pair(size, "RandomCrop"), pad, pad_value, interpolation)

    def _pixels(self) -> Any:
        return pixels.RandomCrop(*self._args)


class RandomResizedCrop(HostBlock, Block):
    """Takes a part of the image of random area and ratio of sides, and gives it a fixed size.

    Szegedy et al., "Going deeper with convolutions", 2015.

    Parameters
    ----------
    size : int or (int, int)
        Width and height of the result.
    scale : (float, float)
        Least and greatest part of the image's area.
    ratio : (float, float)
        Least and greatest ratio of width to height.
    interpolation : int
        As in :class:`Resize`; also 9 (by the sizes) and 10 (random).

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same type

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.RandomResizedCrop(4)(nd.ones((8, 9, 3), dtype='uint8')).shape
    (4, 4, 3)
    """

    def __init__(
        self,
        size: Any,
        scale: Any = (0.08, 1.0),
        ratio: tuple[float, float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: int = 1,
    ):
        super().__init__()
        scale = (scale, 1.0) if isinstance(scale, (int, float)) else tuple(scale)
        if not 0 < scale[0] <= scale[1] or not 0 < ratio[0] <= ratio[1]:
            raise ValueError(
                f"RandomResizedCrop: scale={scale} and ratio={ratio} must be pairs of positive "
                "numbers, the smaller one first"
            )
        self._args = (pair(size, "RandomResizedCrop"), scale, (ratio[0], ratio[1]), interpolation)

    def _pixels(self) -> Any:
        return pixels.RandomResizedCrop(*self._args)


class RandomFlipLeftRight(OnPixels, HybridBlock):
    """Mirrors the image with probability one half: its left side becomes its right side.

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same shape and type
    """

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.image.random_flip_left_right(x)

    def _pixels(self) -> Any:
        return pixels.Flip(1)


class RandomFlipTopBottom(OnPixels, HybridBlock):
    """Turns the image upside down with probability one half.

    Inputs
    ------
    data : NDArray, shape (H, W, C)

    Outputs
    -------
    out : NDArray, the same shape and type
    """

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.image.random_flip_top_bottom(x)

    def _pixels(self) -> Any:
        return pixels.Flip(0)


class Rotate(HostBlock, Block):
    """Turns the image about its centre, in its own size.

    Parameters
    ----------
    rotation_degrees : float
        The angle, against the clock.
    zoom_in : bool
        Enlarge it so that no part of the result is empty.
    zoom_out : bool
        Shrink it so that all of it is seen.

    Inputs
    ------
    data : NDArray, shape (C, H, W) or (N, C, H, W), float32
        From :class:`ToTensor`.

    Outputs
    -------
    out : NDArray, the same shape

    Raises
    ------
    TypeError
        When called, for another type.

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.Rotate(90)(nd.array([[[1, 2], [3, 4]]])).asnumpy().round(3).tolist()
    [[[2.0, 4.0], [1.0, 3.0]]]
    """

    def __init__(self, rotation_degrees: float, zoom_in: bool = False, zoom_out: bool = False):
        super().__init__()
        self._args = (rotation_degrees, zoom_in, zoom_out)

    def _pixels(self) -> Any:
        return pixels.Rotate(*self._args)


class RandomRotation(HostBlock, Block):
    """Turns the image by a random angle.

    Parameters
    ----------
    angle_limits : (float, float)
        Least and greatest angle in degrees.
    zoom_in, zoom_out : bool
        See :class:`Rotate`.
    rotate_with_proba : float
        Probability that the image is turned at all.

    Inputs
    ------
    data : NDArray, shape (C, H, W) or (N, C, H, W), float32
        From :class:`ToTensor`.

    Outputs
    -------
    out : NDArray, the same shape

    Raises
    ------
    ValueError
        If the limits are in the wrong order, or the probability is none.
    """

    def __init__(
        self,
        angle_limits: tuple[float, float],
        zoom_in: bool = False,
        zoom_out: bool = False,
        rotate_with_proba: float = 1.0,
    ):
        super().__init__()
        lower, upper = angle_limits
        if lower >= upper:
            raise ValueError(
                f"RandomRotation: angle_limits must be the smaller and the larger angle, got "
                f"{angle_limits}"
            )
        if not 0 <= rotate_with_proba <= 1:
            raise ValueError(
                f"RandomRotation: rotate_with_proba must be from 0 to 1, got {rotate_with_proba}"
            )
        self._args = ((lower, upper), zoom_in, zoom_out, rotate_with_proba)

    def _pixels(self) -> Any:
        return pixels.RandomRotation(*self._args)
