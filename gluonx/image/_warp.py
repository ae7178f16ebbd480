"""Affine maps of images, with OpenCV's numbers for 8 bits and linear interpolation.

OpenCV rounds the place that a pixel comes from to 1/32 of a pixel.
"""

from __future__ import annotations

import numpy as np

from ..pixels.taps import cubic_weights, lanczos_weights, linear_weights

__all__ = ["warp_affine"]

_STEPS = 32  # places between two pixels
_BITS = 10  # of a place, behind the point


def warp_affine(
    img: np.ndarray, matrix: np.ndarray, width: int, height: int, interp: int = 1, fill: float = 0
) -> np.ndarray:
    """An image whose pixel ``matrix @ (x, y, 1)`` is the pixel (x, y) of `img`.

    Parameters
    ----------
    img : numpy.ndarray
        (height, width, channels).
    matrix : numpy.ndarray
        (2, 3).
    width, height : int
        Of the result.
    interp : int
        0: nearest pixel; 1 and 3: linear; 2: cubic; 4: Lanczos.
    fill : float
        The color where `img` has no pixel.

    Returns
    -------
    numpy.ndarray
        (height, width, channels), `img`'s dtype.
    """
    (a, b, c), (d, e, f) = np.asarray(matrix, np.float64)
    scale = a * e - b * d
    scale = 1 / scale if scale else 0.0
    a, b, d, e = e * scale, -b * scale, -d * scale, a * scale
    c, f = -a * c - b * f, -d * c - e * f
    unit = 1 << _BITS
    half = unit // 2 if interp == 0 else unit // _STEPS // 2
    x, y = np.arange(width), np.arange(height)
    from_x, from_y = (
        (np.rint((v * y + w) * unit)[:, None] + half + np.rint(u * x * unit)).astype(np.int64)
        for u, v, w in ((a, b, c), (d, e, f))
    )
    if interp == 0:
        return _picked(img, from_y >> _BITS, from_x >> _BITS, fill)
    shift = _BITS - 5
    from_x, from_y = from_x >> shift, from_y >> shift
    left, top = from_x // _STEPS, from_y // _STEPS
    kind = {2: cubic_weights, 4: lanczos_weights}.get(interp, linear_weights)
    table = kind(np.arange(_STEPS, dtype=np.float32) / np.float32(_STEPS))
    across, down = table[:, from_x % _STEPS], table[:, from_y % _STEPS]
    before = len(table) // 2 - 1
    total = np.zeros((height, width, img.shape[2]), np.float32)
    for i in range(len(table)):
        for k in range(len(table)):
            part = _picked(img, top + i - before, left + k - before, fill)
            total += part * (down[i] * across[k])[:, :, None]
    if img.dtype == np.uint8:
        return np.clip(np.floor(total + np.float32(0.5)), 0, 255).astype(np.uint8)
    return total.astype(img.dtype)


def _picked(img: np.ndarray, y: np.ndarray, x: np.ndarray, fill: float) -> np.ndarray:
    rows, columns = img.shape[:2]
    inside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
    part = img[y.clip(0, rows - 1), x.clip(0, columns - 1)]
    return np.where(inside[:, :, None], part, np.asarray(fill, img.dtype))
