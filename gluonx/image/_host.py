"""Images between the host's memory and NDArrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndarray as nd
from ..context import cpu
from ..ndarray import NDArray

__all__ = ["as_given", "into", "need_image", "on_host", "to_array"]


def on_host(src: Any) -> np.ndarray:
    """The contents of an NDArray or a NumPy array."""
    if isinstance(src, NDArray):
        return src.asnumpy()
    if isinstance(src, np.ndarray):
        return src
    raise TypeError(f"an image must be an NDArray or a NumPy array, got {type(src).__name__}")


def need_image(src: Any) -> np.ndarray:
    """The same, of an image: (height, width, channels)."""
    img = on_host(src)
    if img.ndim != 3:
        raise ValueError(f"an image must be (height, width, channels), got {img.shape}")
    return img


def to_array(img: np.ndarray) -> NDArray:
    """An NDArray in the host's memory."""
    return nd.array(img, dtype=img.dtype, ctx=cpu())


def as_given(src: Any, img: np.ndarray) -> Any:
    """`img` as a NumPy array if `src` is one, else as an NDArray."""
    return img if isinstance(src, np.ndarray) else to_array(img)


def into(out: NDArray | None, made: Any) -> Any:
    """`made`, or `out` after `made` was put into it."""
    if out is None:
        return made
    out[:] = made
    return out
