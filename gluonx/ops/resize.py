"""Images in another size: interpolation, and means over windows."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..engine.attributes import Count
from ..engine.op import Shape, register
from ._checks import EMPTY
from ._resample import Taps, linear, resample
from .spatial import need_images, wide


def _new_size(old: int, axis: str, mode: str, size: int, scale: float | None, like: int) -> int:
    if mode == "like":
        return like
    if mode == "size":
        return size if scale is None else int(old * scale)
    if mode == "odd_scale":
        if scale is None:
            raise ValueError(f"mode='odd_scale' needs scale_{axis}")
        return int((old - 1) * scale) + 1 if old % 2 else int(old * scale)
    odd = mode.startswith("to_odd")
    step = 1 if mode.endswith("up") else -1
    return old if (old % 2 == 1) == odd else old + step


@register("_contrib_BilinearResize2D")
def bilinear_resize(
    data,
    like=None,
    *,
    height: Count = 1,
    width: Count = 1,
    scale_height: float | None = None,
    scale_width: float | None = None,
    mode: Literal[
        "size", "like", "odd_scale", "to_even_down", "to_even_up", "to_odd_down", "to_odd_up"
    ] = "size",
    align_corners: bool = True,
):
    """Images in another size, interpolated linearly along both axes.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    like : array, optional
        Gives height and width with ``mode='like'``.
    height, width : int
        The new size, for ``mode='size'`` without scales.
    scale_height, scale_width : float, optional
        Multiply the old size, for ``mode='size'`` and ``'odd_scale'``; both or none.
    mode : str
        ``'size'``; ``'like'``; ``'odd_scale'``: an odd extent n becomes ``(n - 1) * scale + 1``,
        an even one ``n * scale``; ``'to_even_down'``, ``'to_even_up'``, ``'to_odd_down'`` and
        ``'to_odd_up'``: one pixel less or more where the extent is not even (odd) yet.
    align_corners : bool
        Whether the middles of the outermost pixels stay in place, or their outer edges.

    Returns
    -------
    array
        (batch, channels, new height, new width).

    Examples
    --------
    >>> nd.contrib.BilinearResize2D(nd.array([[[[0, 2]]]]), height=1, width=3)
    [[[[0. 1. 2.]]]]
    """
    need_images(data)
    if (like is None) != (mode != "like"):
        raise ValueError("a second array goes with mode='like', and only with that")
    if mode == "size" and (scale_height is None) != (scale_width is None):
        raise ValueError("give both scale_height and scale_width, or neither")
    if like is not None:
        need_images(like, "like")
    target = like.shape[2:] if like is not None else (0, 0)
    out = wide(data)
    for axis, name, size, scale in ((2, "height", height, scale_height),
                                    (3, "width", width, scale_width)):  # fmt: skip
        old = data.shape[axis]
        new = _new_size(old, name, mode, size, scale, target[axis - 2])
        if new < 1:
            raise ValueError(f"the new {name} would be {new}; it must be at least 1")
        out = resample(out, axis, linear(old, new, align_corners))
    return out.astype(data.dtype)


def _windows(size: int, target: int) -> Taps:
    """The mean over windows that cover the axis: the i-th from ``floor(i n / m)`` on."""
    begin = np.arange(target) * size // target
    end = -(-(np.arange(target) + 1) * size // target)
    count = end - begin
    index = begin[:, None] + np.arange(count.max())
    return Taps(index, (index < end[:, None]) / count[:, None], size)


@register("_contrib_AdaptiveAvgPooling2D")
def adaptive_avg_pooling(data, *, output_size: Shape = EMPTY):
    """The mean over windows whose size follows from the wanted output size.

    The i-th of m windows over n pixels goes from ``floor(i n / m)`` to ``ceil((i + 1) n / m)``.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    output_size : int or (int, int)
        New height and width; one number for both, 1 by default.

    Returns
    -------
    array
        (batch, channels, new height, new width).

    Examples
    --------
    >>> nd.contrib.AdaptiveAvgPooling2D(nd.array([[[[1, 2, 3]]]]), output_size=(1, 2))
    [[[[1.5 2.5]]]]
    """
    need_images(data)
    size = output_size or (1,)
    if len(size) > 2 or min(size) < 1:
        raise ValueError(f"output_size={output_size} must be one or two positive numbers")
    size = tuple(size) * (3 - len(size))
    out = wide(data)
    for axis, new in zip((2, 3), size, strict=True):
        old = out.shape[axis]
        if old % new == 0:
            parts = (*out.shape[:axis], new, old // new, *out.shape[axis + 1 :])
            out = out.reshape(parts).mean(axis + 1)
        else:
            out = resample(out, axis, _windows(old, new))
    return out.astype(data.dtype)
