"""Rotation of images in floating point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ndarray import NDArray
from ..pixels.rotate import rotate
from ..random import host_rng
from ._host import as_given, on_host

__all__ = ["imrotate", "random_rotate"]


def imrotate(src: Any, rotation_degrees: Any, zoom_in: bool = False, zoom_out: bool = False) -> Any:
    """The image turned around its middle, to the left if the angle is positive.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (channels, height, width) or (batch, channels, height, width), float32.
    rotation_degrees : float or array_like
        One angle, or one for each image of the batch.
    zoom_in : bool
        Enlarge the image until it covers the corners; otherwise they are 0.
    zoom_out : bool
        Shrink the image until all of it is seen.

    Returns
    -------
    NDArray or numpy.ndarray
        Shape and dtype of `src`; interpolated linearly.

    Examples
    --------
    >>> from gluonx import image, nd
    >>> image.imrotate(nd.array([[[1, 2, 3]] * 3]), 180)[0, 0].asnumpy().round(3).tolist()
    [3.0, 2.0, 1.0]
    """
    if isinstance(rotation_degrees, NDArray):
        rotation_degrees = rotation_degrees.asnumpy()
    return as_given(src, rotate(on_host(src), rotation_degrees, zoom_in, zoom_out))


def random_rotate(
    src: Any, angle_limits: Sequence[float], zoom_in: bool = False, zoom_out: bool = False
) -> Any:
    """The image turned by a random angle; each image of a batch by its own.

    Parameters
    ----------
    src : NDArray or numpy.ndarray
        (channels, height, width) or (batch, channels, height, width), float32.
    angle_limits : (float, float)
        Least and greatest angle in degrees.
    zoom_in, zoom_out : bool
        See :func:`imrotate`.

    Returns
    -------
    NDArray or numpy.ndarray
    """
    shape = on_host(src).shape
    angles = host_rng().uniform(*angle_limits, size=shape[:1] if len(shape) == 4 else None)
    return imrotate(src, angles, zoom_in, zoom_out)
