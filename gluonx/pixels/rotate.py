"""Images turned in floating point, and mirrored."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["mirrored", "rotate"]


def mirrored(img: np.ndarray) -> np.ndarray:
    """The image (height, width, channels), left side for right."""
    turned = img[:, ::-1]
    if img.shape[-1] > 4:
        return turned
    # Channel by channel: NumPy copies runs of three bytes four times as slowly.
    out = np.empty(img.shape, img.dtype)
    for channel in range(img.shape[-1]):
        out[..., channel] = turned[..., channel]
    return out


def rotate(img: np.ndarray, degrees: Any, zoom_in: bool = False, zoom_out: bool = False) -> Any:
    """Images turned about their middle, in their own size; zeros where there is nothing.

    Parameters
    ----------
    img : numpy.ndarray
        (channels, height, width) or (batch, channels, height, width), float32.
    degrees : float or array_like
        Against the clock: one angle, or one for each image of the batch.
    zoom_in : bool
        Enlarge them until they cover the corners.
    zoom_out : bool
        Shrink them until all of each is seen.

    Returns
    -------
    numpy.ndarray
        Shape and dtype of `img`; interpolated linearly.
    """
    if zoom_in and zoom_out:
        raise ValueError("zoom_in and zoom_out cannot both be asked for")
    if img.dtype != np.float32:
        raise TypeError(
            f"only float32 images can be rotated, got {img.dtype}: use img.astype('float32'), or "
            "put the rotation behind ToTensor"
        )
    if img.ndim not in (3, 4):
        raise ValueError(
            "a rotation needs (channels, height, width) or (batch, channels, height, width), got "
            f"{img.shape}"
        )
    angles = np.asarray(degrees, np.float64)
    if not angles.ndim:
        return _turned(img, float(angles), zoom_in, zoom_out)
    if angles.shape != img.shape[:-3]:
        raise ValueError(
            f"angles of shape {angles.shape} must be one number, or one for each image of a "
            f"batch; the images have shape {img.shape}"
        )
    done = [_turned(x, float(a), zoom_in, zoom_out) for x, a in zip(img, angles, strict=True)]
    return np.stack(done) if done else img.copy()


def _turned(img: np.ndarray, degrees: float, zoom_in: bool, zoom_out: bool) -> np.ndarray:
    rows, columns = img.shape[-2:]
    angle = np.pi * degrees / 180
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
    flat = img.reshape(*img.shape[:-2], rows * columns)
    out = np.zeros(img.shape, np.float32)
    for down in (0, 1):
        for right in (0, 1):
            at_y, at_x = top + down, left + right
            inside = (at_y >= 0) & (at_y < rows) & (at_x >= 0) & (at_x < columns)
            weight = (part_y if down else 1 - part_y) * (part_x if right else 1 - part_x)
            weight *= inside
            part = flat.take(np.where(inside, at_y * columns + at_x, 0), -1)
            part *= weight.astype(np.float32)
            out += part
    return out
