"""Resampling along one axis: every output is a weighted sum of a few inputs at known places.

Interpolation, averaging over windows and their gradients are all of this form, so one gather per
tap does them, and no scatter is needed.
"""

from __future__ import annotations

from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp

from ..pixels.taps import (
    ONE,
    Taps,
    area,
    cubic,
    enlarging_area,
    lanczos,
    linear,
    linear_bytes,
    nearest,
    whole,
)  # fmt: skip

__all__ = [
    "Taps", "area", "cubic", "enlarging_area", "lanczos", "linear", "nearest", "resample",
    "resize_bytes",
]  # fmt: skip


def resample(data, axis: int, taps: Taps) -> Any:
    """`data` with ``len(taps.index)`` elements along `axis` in place of ``taps.size``."""
    if not data.shape[axis]:
        raise ValueError(f"images without pixels, {data.shape}, cannot be given another size")
    return _resample(data, axis, taps)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _resample(data, axis: int, taps: Taps):
    shape = [-1 if i == axis else 1 for i in range(data.ndim)]
    parts = []
    for k in range(taps.index.shape[1]):
        weight = taps.weight[:, k].astype(data.dtype)
        part = jnp.take(data, taps.index[:, k], axis, mode="clip")
        parts.append(part if (weight == 1).all() else part * weight.reshape(shape))
    return reduce(jnp.add, parts)


def _forward(data, axis, taps):
    return _resample(data, axis, taps), None


def _backward(axis, taps, _, grad):
    return (resample(grad, axis, taps.transposed()),)


_resample.defvjp(_forward, _backward)


def resize_bytes(data, height: int, width: int, interp: int) -> Any:
    """Bytes in another size with the pixels that OpenCV gives; it computes in whole numbers.

    Parameters
    ----------
    data : array of uint8
        (..., height, width, channels).
    interp : {1, 2, 3, 4}
        Linear, cubic, the alignment of area interpolation where it enlarges, or Lanczos.
    """
    rows, columns = data.shape[-3:-1]
    if interp == 2:  # OpenCV adds up rows in floating point here
        wide = _whole_sum(data, -2, cubic(columns, width)).astype(jnp.float32) * (1 / ONE / ONE)
        total = reduce(jnp.add, _parts(wide, -3, cubic(rows, height)))
        return jnp.clip(jnp.round(total), 0, 255).astype("uint8")
    if interp == 4:
        total = _whole_sum(_whole_sum(data, -2, lanczos(columns, width)), -3, lanczos(rows, height))
        return jnp.clip((total + ONE**2 // 2) >> 22, 0, 255).astype("uint8")
    wide = _whole_sum(data, -2, linear_bytes(columns, width, rows=False, corner=interp == 3)) >> 4
    low, high = _parts(wide, -3, linear_bytes(rows, height, rows=True, corner=interp == 3))
    return (((low >> 16) + (high >> 16) + 2) >> 2).astype("uint8")


def _parts(data, axis: int, taps: Taps) -> list[Any]:
    """What each tap adds, the weights being whole numbers."""
    weights = whole(taps).reshape(-1, taps.index.shape[1], *(1,) * (-axis - 1))
    return [
        jnp.take(data, taps.index[:, k], axis, mode="clip") * weights[:, k].astype(data.dtype)
        for k in range(taps.index.shape[1])
    ]


def _whole_sum(data, axis: int, taps: Taps) -> Any:
    return reduce(jnp.add, _parts(data.astype(jnp.int32), axis, taps))
