"""Resizing and cropping of images.

What takes an image takes an NDArray or a NumPy array, and returns one of the same kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ndarray import NDArray
from ..pixels import crop
from ..pixels.resize import choose, resize, scale_down, short_size
from ..random import host_rng
from ._host import as_given, into, need_image, on_host

__all__ = [
    "center_crop", "color_normalize", "copyMakeBorder", "fixed_crop", "imresize",
    "random_crop", "random_size_crop", "resize_short", "scale_down",
]  # fmt: skip


def to_size(img: np.ndarray, width: int, height: int, interp: int, rng: Any = None) -> np.ndarray:
    """`img` resized by any of the methods."""
    kind = choose(interp, img.shape[:2], (height, width), lambda: rng or host_rng())
    return resize(img, width, height, kind)


def imresize(src: Any, w: int, h: int, interp: int = 1, out: NDArray | None = None) -> Any:
    """The image in another size, with OpenCV's numbers.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (height, width, channels).
    w, h : int
        New width and height.
    interp : int
        0: nearest pixel; 1: linear; 2: cubic; 3: mean over the area; 4: Lanczos; 9: cubic to
        enlarge, area to shrink, else linear; 10: one of the first five at random.
    out : NDArray, optional
        Where to put the image.

    Returns
    -------
    NDArray or numpy.ndarray
        (h, w, channels), the dtype of `src`.

    Examples
    --------
    >>> from gluonx import image, nd
    >>> image.imresize(nd.array([[[0], [100]]], dtype="uint8"), 4, 1).reshape(-1).asnumpy().tolist()
    [0, 25, 75, 100]
    """
    return into(out, as_given(src, to_size(need_image(src), w, h, interp)))


_BORDERS = {0: "constant", 1: "edge", 2: "symmetric", 3: "wrap", 4: "reflect"}


def bordered(img, top, bottom, left, right, kind=0, fill: Any = 0) -> np.ndarray:
    """`img` with a border; see :func:`copyMakeBorder`."""
    if kind not in _BORDERS:
        raise ValueError(f"type={kind} is not a kind of border; expected one of {_BORDERS}")
    if min(top, bottom, left, right) < 0:
        raise ValueError(f"a border must not be negative: {(top, bottom, left, right)}")
    margins = ((top, bottom), (left, right), (0, 0))
    if kind:
        return np.pad(img, margins, _BORDERS[kind])  # type: ignore[arg-type]
    rows, columns, channels = img.shape
    out = np.empty((rows + top + bottom, columns + left + right, channels), img.dtype)
    out[:] = fill
    out[top : top + rows, left : left + columns] = img
    return out


def copyMakeBorder(
    src: Any, top: int, bot: int, left: int, right: int, type: int = 0, value: float = 0,
    values: Sequence[float] = (), out: NDArray | None = None,
) -> Any:  # fmt: skip
    """The image with a border around it.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (height, width, channels).
    top, bot, left, right : int
        Extents of the border.
    type : int
        0: one color; 1: the pixels of the edge; 2: mirrored; 3: from the other side; 4: mirrored
        without the pixels of the edge.
    value : float
        The color of all channels.
    values : sequence of float
        The color of each channel; instead of `value`.
    out : NDArray, optional
        Where to put the image.

    Returns
    -------
    NDArray or numpy.ndarray

    Examples
    --------
    >>> from gluonx import image, nd
    >>> image.copyMakeBorder(nd.zeros((2, 3, 3), dtype="uint8"), 1, 1, 2, 2, value=9).shape
    (4, 7, 3)
    """
    img = need_image(src)
    fill: Any = value
    if len(values):
        fill = (*values, 0, 0, 0)[: img.shape[2]]
    return into(out, as_given(src, bordered(img, top, bot, left, right, type, fill)))


def resize_short(src: Any, size: int, interp: int = 2) -> Any:
    """The image with its shorter edge of length `size`, the other one in proportion.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (height, width, channels).
    size : int
    interp : int
        See :func:`imresize`.

    Returns
    -------
    NDArray or numpy.ndarray

    Examples
    --------
    >>> from gluonx import image, nd
    >>> image.resize_short(nd.zeros((20, 30, 3), dtype="uint8"), 10).shape
    (10, 15, 3)
    """
    img = need_image(src)
    return as_given(src, to_size(img, *short_size(img, size), interp))


def fixed_crop(
    src: Any, x0: int, y0: int, w: int, h: int, size: Sequence[int] | None = None, interp: int = 2
) -> Any:
    """A part of the image, resized if a size is given.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (height, width, channels).
    x0, y0 : int
        Left column and upper row of the part.
    w, h : int
        Its extents.
    size : (int, int), optional
        The new width and height.
    interp : int
        See :func:`imresize`.

    Returns
    -------
    NDArray or numpy.ndarray
    """
    return as_given(src, _part(need_image(src), (x0, y0, w, h), size, interp))


def _part(img: np.ndarray, place: Sequence[int], size: Any, interp: int, rng=None) -> np.ndarray:
    x, y, width, height = place
    crop.need_place(place, img.shape[:2])
    part = img[y : y + height, x : x + width]
    if size is None or tuple(size) == (width, height):
        return np.ascontiguousarray(part)
    width, height = size
    return to_size(part, width, height, interp, rng)


def random_crop(src: Any, size: Sequence[int], interp: int = 2) -> tuple[Any, tuple]:
    """A random part of the image, of the given size; less is enlarged to it.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (height, width, channels).
    size : (int, int)
        Width and height.
    interp : int
        See :func:`imresize`.

    Returns
    -------
    tuple
        The part, and its place: left column, upper row, width and height.

    Examples
    --------
    >>> from gluonx import image, nd
    >>> part, (x, y, w, h) = image.random_crop(nd.zeros((20, 30, 3), dtype="uint8"), (9, 8))
    >>> part.shape, w, h
    ((8, 9, 3), 9, 8)
    """
    part, place = cropped_anywhere(need_image(src), size, interp, host_rng())
    return as_given(src, part), place


def cropped_anywhere(img, size, interp, rng) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """What :func:`random_crop` gives."""
    place = crop.anywhere(img.shape[:2], size, rng)
    return _part(img, place, size, interp, rng), place


def center_crop(src: Any, size: Sequence[int], interp: int = 2) -> tuple[Any, tuple]:
    """The middle of the image, of the given size; less is enlarged to it.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (height, width, channels).
    size : (int, int)
        Width and height.
    interp : int
        See :func:`imresize`.

    Returns
    -------
    tuple
        The part, and its place: left column, upper row, width and height.

    Examples
    --------
    >>> from gluonx import image, nd
    >>> image.center_crop(nd.zeros((20, 30, 3), dtype="uint8"), (10, 8))[1]
    (10, 6, 10, 8)
    """
    part, place = cropped_in_the_middle(need_image(src), size, interp)
    return as_given(src, part), place


def cropped_in_the_middle(img, size, interp, rng=None) -> tuple[np.ndarray, tuple]:
    """What :func:`center_crop` gives."""
    place = crop.centered(img.shape[:2], size)
    return _part(img, place, size, interp, rng), place


def random_size_crop(
    src: Any, size: Sequence[int], area: Any, ratio: Sequence[float], interp: int = 2, **kwargs: Any
) -> tuple[Any, tuple]:
    """A random part of the image of a random size and ratio, resized to the given size.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (height, width, channels).
    size : (int, int)
        Width and height of the result.
    area : float or (float, float)
        Least share of the image that the part has, or the range of it.
    ratio : (float, float)
        Range of the part's width divided by its height.
    interp : int
        See :func:`imresize`.

    Returns
    -------
    tuple
        The part, and its place: left column, upper row, width and height.

    Notes
    -----
    After ten parts that do not fit into the image it is :func:`center_crop` (Szegedy et al.,
    "Going deeper with convolutions", 2015).
    """
    if "min_area" in kwargs:  # its older name
        area = kwargs.pop("min_area")
    if kwargs:
        raise TypeError(f"random_size_crop has no argument {', '.join(map(repr, kwargs))}")
    part, place = cropped_any_size(need_image(src), size, area, ratio, interp, host_rng())
    return as_given(src, part), place


def cropped_any_size(img, size, area, ratio, interp, rng) -> tuple[np.ndarray, tuple]:
    """What :func:`random_size_crop` gives."""
    area = area if isinstance(area, (tuple, list)) else (area, 1.0)
    place = crop.any_size(img.shape[:2], size, area, ratio, rng)
    return _part(img, place, size, interp, rng), place


def color_normalize(src: Any, mean: Any, std: Any = None) -> Any:
    """The image less a mean, divided by a deviation.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (height, width, channels).
    mean, std : array_like, optional
        A number for each channel, or one for all.

    Returns
    -------
    NDArray or numpy.ndarray
        float32 if `src` is of integers, else of its dtype.

    Examples
    --------
    >>> from gluonx import image, nd
    >>> image.color_normalize(nd.ones((1, 1, 3)), nd.array([1, 2, 3]), nd.array([1, 2, 4]))
    <BLANKLINE>
    [[[ 0.  -0.5 -0.5]]]
    <NDArray 1x1x3 @cpu(0)>
    """
    return as_given(src, normalized(on_host(src), mean, std))


def normalized(img: np.ndarray, mean: Any, std: Any) -> np.ndarray:
    """What :func:`color_normalize` gives."""
    img = img if np.issubdtype(img.dtype, np.floating) else img.astype(np.float32)
    for numbers, apply in ((mean, np.subtract), (std, np.divide)):
        if numbers is not None:
            numbers = numbers.asnumpy() if isinstance(numbers, NDArray) else np.asarray(numbers)
            img = apply(img, numbers.astype(img.dtype))
    return img
