"""``sym.image``: operators on images, (height, width, channel) or with a batch axis before."""

# Made by tools/make_stubs.py; changes here are lost.

from collections.abc import Sequence
from typing import Any

import numpy as np
from .symbol import Symbol

_Shape = int | Sequence[int]
_DType = str | type | np.dtype[Any]

def adjust_lighting(
    data: Symbol | None = None,
    *,
    alpha: tuple,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Add colour along the principal components of ImageNet's colours.

    Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels), with values from 0 to 255;
        an image of one channel stays as it is.
    alpha : (float, float, float)
        How much of each component.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def crop(
    data: Symbol | None = None,
    *,
    x: int,
    y: int,
    width: int,
    height: int,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A part of the image.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    x, y : int
        Left column and upper row of the part.
    width, height : int
        Extents of the part.

    Returns
    -------
    array
        (height, width, channels) or (batch, height, width, channels).

    Examples
    --------
    >>> nd.image.crop(nd.ones((8, 9, 3)), x=1, y=2, width=4, height=5).shape
    (5, 4, 3)
    """

def flip_left_right(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The image mirrored: its left side becomes its right side.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.flip_left_right(nd.array([[[1], [2]]])).reshape(-1)
    [2. 1.]
    """

def flip_top_bottom(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The image upside down.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.flip_top_bottom(nd.array([[[1]], [[2]]])).reshape(-1)
    [2. 1.]
    """

def normalize(
    data: Symbol | None = None,
    *,
    mean: tuple = (0.0, 0.0, 0.0, 0.0),
    std: tuple = (1.0, 1.0, 1.0, 1.0),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Subtract a mean from each channel and divide by a deviation.

    Parameters
    ----------
    data : array
        (channels, height, width) or (batch, channels, height, width).
    mean, std : tuple of float
        One number for each channel, or one for all.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.normalize(nd.array([[[4]], [[6]]]), mean=(1, 2), std=2).reshape(-1)
    [1.5 2. ]
    """

def random_brightness(
    data: Symbol | None = None,
    *,
    min_factor: float,
    max_factor: float,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The image multiplied by a random factor.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    min_factor, max_factor : float
        Range of the factor.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.random_brightness(nd.ones((1, 2, 1)), 2, 2).reshape(-1)
    [2. 2.]
    """

def random_color_jitter(
    data: Symbol | None = None,
    *,
    brightness: float,
    contrast: float,
    saturation: float,
    hue: float,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Random brightness, contrast, saturation and hue, one after the other in random order.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    brightness, contrast, saturation : float
        The factor is drawn between ``1 - x`` and ``1 + x``.
    hue : float
        The angle is drawn between ``-x`` and ``x``; 1 is a full turn.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def random_contrast(
    data: Symbol | None = None,
    *,
    min_factor: float,
    max_factor: float,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The image's distance from its mean brightness multiplied by a random factor.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    min_factor, max_factor : float
        Range of the factor; 0 gives the mean brightness everywhere.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.random_contrast(nd.array([[[1], [3]]]), 2, 2).reshape(-1)
    [0. 4.]
    """

def random_crop(
    data: Symbol | None = None,
    *,
    xrange: tuple = (0.0, 1.0),
    yrange: tuple = (0.0, 1.0),
    width: int,
    height: int,
    interp: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A part of the image of a given size at a random place.

    An image that is smaller than that is enlarged first, as little as is needed.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    xrange, yrange : (float, float)
        Where the part may lie: 0 is at the left (the top), 1 at the right (the bottom).
    width, height : int
        Extents of the part.
    interp : int
        As in resize.

    Returns
    -------
    array
        (height, width, channels) or (batch, height, width, channels), `data`'s dtype.

    Examples
    --------
    >>> nd.image.random_crop(nd.ones((8, 9, 3)), width=4, height=5).shape
    (5, 4, 3)
    """

def random_flip_left_right(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The image, mirrored with probability one half.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def random_flip_top_bottom(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The image, upside down with probability one half.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def random_hue(
    data: Symbol | None = None,
    *,
    min_factor: float,
    max_factor: float,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The colours turned on the colour circle by a random angle.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels); an image of one channel
        stays as it is.
    min_factor, max_factor : float
        Range of the angle; 1 is a full turn.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.random_hue(nd.array([[[3, 0, 0]]]), 1 / 3, 1 / 3).reshape(-1).round()
    [0. 3. 0.]
    """

def random_lighting(
    data: Symbol | None = None,
    *,
    alpha_std: float = 0.05,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Add random colour along the principal components of ImageNet's colours.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels), with values from 0 to 255;
        an image of one channel stays as it is.
    alpha_std : float
        Standard deviation of the three amounts; see adjust_lighting.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def random_resized_crop(
    data: Symbol | None = None,
    *,
    width: int,
    height: int,
    area: tuple = (0.08, 1.0),
    ratio: tuple = (0.75, 1.3333333333333333),
    interp: int = 1,
    max_trial: int = 10,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A part of the image of random area and ratio of sides, resized to a given size.

    Szegedy et al., "Going deeper with convolutions", 2015. If no trial gives a part that fits, the
    largest one in the middle with the wanted ratio of sides is taken.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    width, height : int
        Extents of the result.
    area : (float, float)
        Least and greatest part of the image's area.
    ratio : (float, float)
        Least and greatest ratio of width to height.
    interp : int
        0: nearest pixel; 1: linear.
    max_trial : int
        Number of parts that are drawn.

    Returns
    -------
    array
        (height, width, channels) or (batch, height, width, channels), `data`'s dtype.

    Examples
    --------
    >>> nd.image.random_resized_crop(nd.ones((8, 9, 3)), width=4, height=5).shape
    (5, 4, 3)
    """

def random_saturation(
    data: Symbol | None = None,
    *,
    min_factor: float,
    max_factor: float,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Each pixel's distance from its own gray multiplied by a random factor.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels); an image of one channel
        stays as it is.
    min_factor, max_factor : float
        Range of the factor; 0 gives a gray image.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def resize(
    data: Symbol | None = None,
    *,
    size: _Shape = (),
    keep_ratio: bool = False,
    interp: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The image in another size.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    size : int or (int, int)
        The new width and height; one number for both.
    keep_ratio : bool
        With one number: make that the shorter side, and keep the ratio of the sides.
    interp : int
        0: nearest pixel; 1: linear; 2: cubic; 3: mean over the area; 4: Lanczos.

    Returns
    -------
    array
        (height, width, channels) or (batch, height, width, channels), `data`'s dtype; integers
        are rounded.

    Examples
    --------
    >>> nd.image.resize(nd.array([[[0], [2]]]), size=(4, 1)).reshape(-1)
    [0.  0.5 1.5 2. ]
    >>> nd.image.resize(nd.ones((6, 8, 3)), size=3, keep_ratio=True).shape
    (3, 4, 3)
    """

def to_tensor(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """An image with values from 0 to 255 as a tensor with channels first and values from 0 to 1.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels), any dtype.

    Returns
    -------
    array
        (channels, height, width) or (batch, channels, height, width), float32.

    Examples
    --------
    >>> nd.image.to_tensor(nd.array([[[255, 0]]], dtype='uint8')).reshape(-1)
    [1. 0.]
    """
