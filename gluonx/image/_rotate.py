"""Rotation of images in floating point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ndarray import NDArray
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
    if zoom_in and zoom_out:
        raise ValueError("zoom_in and zoom_out exclude each other")
    img = on_host(src)
    if img.dtype != np.float32:
        raise TypeError(f"imrotate takes images of float32, got {img.dtype}: src.astype('float32')")
    if img.ndim not in (3, 4):
        raise ValueError(
            "src must be (channels, height, width) or (batch, channels, height, width), got "
            f"{img.shape}"
        )
    if isinstance(rotation_degrees, NDArray):
        rotation_degrees = rotation_degrees.asnumpy()
    angles = np.asarray(rotation_degrees, np.float32)
    batch = img[None] if img.ndim == 3 else img
    if angles.ndim and (img.ndim == 3 or angles.shape != batch.shape[:1]):
        raise ValueError(
            f"rotation_degrees of shape {angles.shape} must be one number, or one for each image "
            f"of a batch; src has shape {img.shape}"
        )
    angles = np.broadcast_to(angles, batch.shape[:1])
    done = np.stack([_turned(x, a, zoom_in, zoom_out) for x, a in zip(batch, angles, strict=True)])
    return as_given(src, done.reshape(img.shape))


def _turned(img: np.ndarray, degrees: float, zoom_in: bool, zoom_out: bool) -> np.ndarray:
    rows, columns = img.shape[1:]
    angle = np.pi * float(degrees) / 180
    cos, sin = np.cos(angle), np.sin(angle)
    scale = 1.0
    if zoom_in or zoom_out:  # extents of the turned image's box
        width = abs(columns * cos) + abs(rows * sin)
        height = abs(columns * sin) + abs(rows * cos)
        if zoom_out:
            scale = max(width / columns, height / rows)
        else:
            scale = min(columns / width, rows / height)
    y = (np.arange(rows) - (rows - 1) / 2)[:, None]
    x = (np.arange(columns) - (columns - 1) / 2)[None]
    from_x = (x * cos - y * sin) * scale + (columns - 1) / 2
    from_y = (x * sin + y * cos) * scale + (rows - 1) / 2
    left, top = np.floor(from_x).astype(np.intp), np.floor(from_y).astype(np.intp)
    part_x, part_y = from_x - left, from_y - top
    out = np.zeros(img.shape, np.float32)
    for down in (0, 1):
        for right in (0, 1):
            at_y, at_x = top + down, left + right
            inside = (at_y >= 0) & (at_y < rows) & (at_x >= 0) & (at_x < columns)
            weight = np.where(down, part_y, 1 - part_y) * np.where(right, part_x, 1 - part_x)
            weight = np.where(inside, weight, 0).astype(np.float32)
            out += img[:, at_y.clip(0, rows - 1), at_x.clip(0, columns - 1)] * weight
    return out


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
