"""Convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from ..engine.attributes import Count
from ..engine.images import Images, last
from ..engine.op import Shape, register
from ._checks import EMPTY, same_dtype
from ._convolve import convolve
from ._windows import Layout, LayoutName, Tuning, layout_of, per_axis

__all__ = ["convolution", "deconvolution"]


def _weight_shape(layout: Layout, outer: int, inner: int, kernel: Sequence[int]) -> tuple[int, ...]:
    """Shape of a weight: channels where the layout has them."""
    return (outer, *kernel, inner) if layout.channel_last else (outer, inner, *kernel)


def _check_bias(bias, no_bias: bool, channels: int) -> None:
    if no_bias and bias is not None:
        raise ValueError("a bias was given although no_bias=True; leave one of them out")
    if not no_bias and bias is None:
        raise ValueError("the bias is missing; give it, or set no_bias=True")
    if bias is not None and bias.shape != (channels,):
        raise ValueError(f"bias must have shape ({channels},), (num_filter,), got {bias.shape}")


def _check_weight(weight, want: tuple[int, ...], what: str) -> None:
    if weight.shape != want:
        raise ValueError(f"weight must have shape {want} ({what}), got {weight.shape}")


def _infer_convolution(shapes: dict, attrs: dict) -> dict:
    data, kernel = shapes.get("data"), attrs["kernel"]
    found: dict = {} if attrs["no_bias"] else {"bias": (attrs["num_filter"],)}
    if data:
        layout = layout_of(attrs["layout"], len(data), len(kernel))
        inner = data[layout.channel] // attrs["num_group"]
        found["weight"] = _weight_shape(layout, attrs["num_filter"], inner, kernel)
    return found


#: A convolution with fewer products than this does not begin to have channels last.
_WORTH = 1 << 22


def _channels_last(images: Images, arrays: Sequence[Any], attrs: dict) -> Any:
    data, weight, bias = arrays
    groups, channels = attrs["num_group"], data.shape[1]
    if data.ndim != 4 or attrs["layout"] not in (None, "NCHW") or groups not in (1, channels):
        return None
    there = images.settled(data)
    if there is None:
        products = data.size // channels * weight.size // math.prod(attrs["stride"] or (1,))
        if groups > 1 or products < _WORTH:
            return None
        there = last(data)
    return (there, last(weight), bias), {**attrs, "layout": "NHWC"}


@register("Convolution", infer=_infer_convolution, channels_last=_channels_last)
def convolution(
    data,
    weight,
    bias=None,
    *,
    kernel: Shape,
    stride: Shape = EMPTY,
    dilate: Shape = EMPTY,
    pad: Shape = EMPTY,
    num_filter: Count,
    num_group: int = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    cudnn_tune: Tuning | None = None,
    cudnn_off: bool = False,
    layout: LayoutName | None = None,
):
    r"""Convolution over one, two or three spatial axes.

    For one image and one group:
    :math:`y_{o,i,j} = b_o + \sum_{c,u,v} w_{o,c,u,v} \, x_{c,\, s i + d u - p,\, s j + d v - p}`.
    The extent of each spatial axis becomes
    ``(n + 2 * pad - dilate * (kernel - 1) - 1) // stride + 1``.

    Parameters
    ----------
    data : array
        (batch, channels, width), (batch, channels, height, width) or
        (batch, channels, depth, height, width); channels last when `layout` says so.
    weight : array
        (num_filter, channels / num_group, \*kernel); (num_filter, \*kernel, channels / num_group)
        for a layout with channels last.
    bias : array, optional
        (num_filter,).
    kernel : tuple of int
        Extent of the window; its length is the number of spatial axes.
    stride, dilate, pad : tuple of int
        Step of the window, distance of its elements, zeros around the data. 1, 1 and 0 by default.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other; both channel numbers are multiples of it.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        ``'NCW'``, ``'NCHW'``, ``'NCDHW'`` (the defaults), ``'NWC'``, ``'NHWC'`` or ``'NDHWC'``.
    workspace, cudnn_tune, cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s layout with `num_filter` channels.

    Examples
    --------
    >>> x, w, b = nd.ones((1, 3, 28, 28)), nd.ones((8, 3, 5, 5)), nd.zeros(8)
    >>> nd.Convolution(x, w, b, kernel=(5, 5), num_filter=8, pad=(2, 2), stride=(2, 2)).shape
    (1, 8, 14, 14)
    """
    axes = len(kernel)
    where = layout_of(layout, data.ndim, axes)
    kernel = per_axis("kernel", kernel, axes, 1, 1)
    stride = per_axis("stride", stride, axes, 1, 1)
    dilate = per_axis("dilate", dilate, axes, 1, 1)
    pad = per_axis("pad", pad, axes, 0, 0)
    same_dtype(data, weight)
    channels = data.shape[where.channel]
    _check_groups(channels, num_filter, num_group)
    want = _weight_shape(where, num_filter, channels // num_group, kernel)
    _check_weight(weight, want, "num_filter, channels of data / num_group, kernel")
    _check_bias(bias, no_bias, num_filter)
    for axis, k, d, p in zip(where.spatial, kernel, dilate, pad, strict=True):
        if d * (k - 1) + 1 > data.shape[axis] + 2 * p:
            raise ValueError(
                f"the window spans {d * (k - 1) + 1} elements, more than axis {axis} of the data "
                f"{data.shape} has with padding {p}; use a smaller kernel or more padding"
            )
    y = convolve(data, weight, where, stride, [(p, p) for p in pad], dilate, num_group)
    if bias is not None:
        y = y + bias.astype(y.dtype).reshape(where.along_channels(y.ndim))
    return y


def _check_groups(channels: int, num_filter: Count, num_group: int) -> None:
    if num_group < 1 or channels % num_group or num_filter % num_group:
        raise ValueError(
            f"num_group={num_group} must divide the {channels} channels of the data and "
            f"num_filter={num_filter}"
        )


def _infer_deconvolution(shapes: dict, attrs: dict) -> dict:
    data, kernel = shapes.get("data"), attrs["kernel"]
    found: dict = {} if attrs["no_bias"] else {"bias": (attrs["num_filter"],)}
    if data:
        layout = layout_of(attrs["layout"], len(data), len(kernel))
        inner = attrs["num_filter"] // attrs["num_group"]
        found["weight"] = _weight_shape(layout, data[layout.channel], inner, kernel)
    return found


@register("Deconvolution", infer=_infer_deconvolution)
def deconvolution(
    data,
    weight,
    bias=None,
    *,
    kernel: Shape,
    stride: Shape = EMPTY,
    dilate: Shape = EMPTY,
    pad: Shape = EMPTY,
    adj: Shape = EMPTY,
    target_shape: Shape = EMPTY,
    num_filter: Count,
    num_group: int = 1,
    workspace: int = 512,
    no_bias: bool = True,
    cudnn_tune: Tuning | None = None,
    cudnn_off: bool = False,
    layout: LayoutName | None = None,
):
    r"""Transposed convolution: the gradient of a convolution with respect to its data.

    The extent of each spatial axis becomes
    ``stride * (n - 1) + dilate * (kernel - 1) + 1 - 2 * pad + adj``
    (Zeiler et al., "Deconvolutional networks", 2010).

    Parameters
    ----------
    data : array
        (batch, channels, \*spatial); channels last when `layout` says so.
    weight : array
        (channels, num_filter / num_group, \*kernel); (channels, \*kernel, num_filter / num_group)
        for a layout with channels last.
    bias : array, optional
        (num_filter,).
    kernel : tuple of int
        Extent of the window.
    stride, dilate, pad : tuple of int
        Those of the convolution that this one transposes.
    adj : tuple of int
        Elements added at the end of each axis; less than `stride`.
    target_shape : tuple of int
        Spatial extents of the result; `pad` and `adj` then follow from it.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        As in Convolution.
    workspace, cudnn_tune, cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s layout with `num_filter` channels.

    Examples
    --------
    >>> x, w = nd.ones((1, 8, 14, 14)), nd.ones((8, 3, 4, 4))
    >>> nd.Deconvolution(x, w, kernel=(4, 4), num_filter=3, stride=(2, 2), pad=(1, 1)).shape
    (1, 3, 28, 28)
    """
    axes = len(kernel)
    where = layout_of(layout, data.ndim, axes)
    kernel = per_axis("kernel", kernel, axes, 1, 1)
    stride = per_axis("stride", stride, axes, 1, 1)
    dilate = per_axis("dilate", dilate, axes, 1, 1)
    same_dtype(data, weight)
    channels = data.shape[where.channel]
    _check_groups(channels, num_filter, num_group)
    want = _weight_shape(where, channels, num_filter // num_group, kernel)
    _check_weight(weight, want, "channels of data, num_filter / num_group, kernel")
    _check_bias(bias, no_bias, num_filter)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilate, strict=True)]
    extents = [data.shape[a] for a in where.spatial]
    pads, adj = _margins(extents, spans, stride, pad, adj, target_shape)  # type: ignore[assignment]

    # The convolution that goes the other way: channels swapped within each group, window reversed.
    w = jnp.moveaxis(weight, -1, 1) if where.channel_last else weight
    w = w.reshape(num_group, channels // num_group, num_filter // num_group, *kernel)
    w = w.swapaxes(1, 2).reshape(num_filter, channels // num_group, *kernel)
    w = jnp.flip(w, range(2, 2 + axes))
    w = jnp.moveaxis(w, 1, -1) if where.channel_last else w
    margins = [(s - 1 - p, s - 1 - p + a) for s, p, a in zip(spans, pads, adj, strict=True)]
    y = convolve(data, w, where, (1,) * axes, margins, dilate, num_group, spread=stride)
    if bias is not None:
        y = y + bias.astype(y.dtype).reshape(where.along_channels(y.ndim))
    return y


def _margins(
    extents: Sequence[int],
    spans: Sequence[int],
    stride: Sequence[int],
    pad: Sequence[int],
    adj: Sequence[int],
    target: Sequence[int],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What a transposed convolution cuts off at both ends and adds at the end of each axis."""
    axes = len(extents)
    if any(target):
        wanted = per_axis("target_shape", target, axes, 0, 1)
        cut = []
        for n, span, s, t in zip(extents, spans, stride, wanted, strict=True):
            full = s * (n - 1) + span
            if t > full:
                raise ValueError(
                    f"target_shape={tuple(target)} is too big: an extent of {n} with stride {s} "
                    f"and a window of {span} gives {full} at most"
                )
            cut.append(full - t)
        return tuple((c + 1) // 2 for c in cut), tuple(c % 2 for c in cut)
    pad = per_axis("pad", pad, axes, 0, 0)
    adj = per_axis("adj", adj, axes, 0, 0)
    if any(a >= s for a, s in zip(adj, stride, strict=True)):
        raise ValueError(f"adj={adj} must be less than stride={tuple(stride)} on every axis")
    return pad, adj
