"""Convolutions and pooling whose windows are bent by learned offsets.

Dai et al., "Deformable convolutional networks", 2017; Zhu et al., "Deformable ConvNets v2", 2019.
"""

from __future__ import annotations

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.attributes import Count, Part
from ..engine.op import Shape, register
from ._bilinear import corners, sample
from ._checks import EMPTY, same_dtype
from ._regions import check_regions, images_of, round_away
from ._windows import per_axis
from .roi import grouped
from .spatial import need_images, wide


def _infer(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    found: dict = {} if attrs["no_bias"] else {"bias": (attrs["num_filter"],)}
    if data:
        inner = data[1] // attrs["num_group"]
        found["weight"] = (attrs["num_filter"], inner, *attrs["kernel"])
    return found


def _convolve(data, offset, mask, weight, bias, attrs: dict, inclusive: bool):
    """The convolution; `inclusive` where points beyond the outermost pixels' middles count as 0."""
    need_images(data)
    same_dtype(*(x for x in (data, offset, mask, weight, bias) if x is not None))
    filters, groups = attrs["num_filter"], attrs["num_group"]
    bent = attrs["num_deformable_group"]
    kernel = per_axis("kernel", attrs["kernel"], 2, 1, 1)
    stride = per_axis("stride", attrs["stride"], 2, 1, 1)
    dilate = per_axis("dilate", attrs["dilate"], 2, 1, 1)
    pad = per_axis("pad", attrs["pad"], 2, 0, 0)
    batch, channels, *extents = data.shape
    if min(groups, bent) < 1 or channels % groups or filters % groups or channels % bent:
        raise ValueError(
            f"num_group={groups} must divide num_filter={filters} and the {channels} channels of "
            f"the data, and num_deformable_group={bent} the channels too"
        )
    size = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(extents, pad, dilate, kernel, stride, strict=True)
    ]
    if min(size) < 1:
        raise ValueError(f"a window of {kernel} does not fit into data {data.shape} with pad={pad}")
    taps = kernel[0] * kernel[1]
    _need(offset, (batch, 2 * bent * taps, *size), "offset", "2 * num_deformable_group * kernel")
    if mask is not None:
        _need(mask, (batch, bent * taps, *size), "mask", "num_deformable_group * kernel")
    _need(weight, (filters, channels // groups, *kernel), "weight", "num_filter, channels / group")
    if (bias is None) != attrs["no_bias"]:
        raise ValueError("give the bias, or set no_bias=True; one of them")
    if bias is not None:
        _need(bias, (filters,), "bias", "num_filter")

    # where each tap of each window looks: (batch * bent, taps, rows, columns)
    moves = wide(offset).reshape(batch * bent, taps, 2, *size)
    y, x = moves[:, :, 0], moves[:, :, 1]
    tap_y, tap_x = np.divmod(np.arange(taps), kernel[1])
    rows = tap_y[:, None] * dilate[0] + np.arange(size[0]) * stride[0] - pad[0]
    columns = tap_x[:, None] * dilate[1] + np.arange(size[1]) * stride[1] - pad[1]
    y = y + rows[:, :, None].astype(y.dtype)
    x = x + columns[:, None, :].astype(x.dtype)
    parts = wide(data).reshape(batch * bent, channels // bent, *extents)
    if inclusive:
        inside = (y >= 0) & (y < extents[0]) & (x >= 0) & (x < extents[1])
        y, x = (jnp.clip(at, 0, n - 1) for at, n in zip((y, x), extents, strict=True))
        found = jnp.where(inside[:, None], sample(parts, y, x), 0)
    else:
        found = sample(parts, y, x)
    if mask is not None:
        found = found * wide(mask).reshape(batch * bent, 1, taps, *size)
    found = found.reshape(batch, groups, channels // groups, taps, *size).astype(data.dtype)
    w = weight.reshape(groups, filters // groups, channels // groups, taps)
    out = jnp.einsum("ngckyx,gfck->ngfyx", found, w).reshape(batch, filters, *size)
    return out if bias is None else out + bias[:, None, None]


def _need(array, shape: tuple[int, ...], name: str, what: str) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape} ({what}), got {array.shape}")


@register("_contrib_DeformableConvolution", infer=_infer)
def deformable_convolution(
    data,
    offset,
    weight,
    bias=None,
    *,
    kernel: Shape,
    stride: Shape = EMPTY,
    dilate: Shape = EMPTY,
    pad: Shape = EMPTY,
    num_filter: Count,
    num_group: int = 1,
    num_deformable_group: int = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    layout: Literal["NCHW"] | None = None,
):
    r"""Convolution whose window elements look at places moved by an offset (Dai et al., 2017).

    :math:`y(p) = \sum_k w_k \, x(p + k + \Delta_k(p))`, interpolated linearly between pixels. A
    place outside the image gives 0.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    offset : array
        (batch, 2 * num_deformable_group * kernel[0] * kernel[1], rows, columns): for each element
        of the window how far down, then how far to the right.
    weight : array
        (num_filter, channels / num_group, \*kernel).
    bias : array, optional
        (num_filter,).
    kernel, stride, dilate, pad : (int, int)
        As in Convolution.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other.
    num_deformable_group : int
        Groups of input channels that have offsets of their own.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        ``'NCHW'``.
    workspace
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (batch, num_filter, rows, columns), as for Convolution.

    Examples
    --------
    >>> x, offset, w = nd.ones((1, 4, 8, 8)), nd.zeros((1, 18, 8, 8)), nd.ones((6, 4, 3, 3))
    >>> nd.contrib.DeformableConvolution(x, offset, w, kernel=(3, 3), pad=(1, 1), num_filter=6,
    ...                                  no_bias=True).shape
    (1, 6, 8, 8)
    """
    attrs = dict(
        kernel=kernel, stride=stride, dilate=dilate, pad=pad, num_filter=num_filter,
        num_group=num_group, num_deformable_group=num_deformable_group, no_bias=no_bias,
        layout=layout,
    )  # fmt: skip
    return _convolve(data, offset, None, weight, bias, attrs, inclusive=True)


@register("_contrib_ModulatedDeformableConvolution", infer=_infer)
def modulated_deformable_convolution(
    data,
    offset,
    mask,
    weight,
    bias=None,
    *,
    kernel: Shape,
    stride: Shape = EMPTY,
    dilate: Shape = EMPTY,
    pad: Shape = EMPTY,
    num_filter: Count,
    num_group: int = 1,
    num_deformable_group: int = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    im2col_step: int = 64,
    layout: Literal["NCHW"] | None = None,
):
    r"""Deformable convolution that also weighs each place it looks at (Zhu et al., 2019).

    :math:`y(p) = \sum_k w_k \, m_k(p) \, x(p + k + \Delta_k(p))`. Pixels outside the image are 0,
    also those between which a place lies.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    offset : array
        (batch, 2 * num_deformable_group * kernel[0] * kernel[1], rows, columns): for each element
        of the window how far down, then how far to the right.
    mask : array
        (batch, num_deformable_group * kernel[0] * kernel[1], rows, columns): the weights m.
    weight : array
        (num_filter, channels / num_group, \*kernel).
    bias : array, optional
        (num_filter,).
    kernel, stride, dilate, pad : (int, int)
        As in Convolution.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other.
    num_deformable_group : int
        Groups of input channels that have offsets and masks of their own.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        ``'NCHW'``.
    im2col_step : int
        Without effect; accepted for compatibility.
    workspace
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (batch, num_filter, rows, columns), as for Convolution.

    Examples
    --------
    >>> x, offset, w = nd.ones((1, 4, 8, 8)), nd.zeros((1, 18, 8, 8)), nd.ones((6, 4, 3, 3))
    >>> nd.contrib.ModulatedDeformableConvolution(
    ...     x, offset, nd.ones((1, 9, 8, 8)), w, kernel=(3, 3), pad=(1, 1), num_filter=6,
    ...     no_bias=True).shape
    (1, 6, 8, 8)
    """
    attrs = dict(
        kernel=kernel, stride=stride, dilate=dilate, pad=pad, num_filter=num_filter,
        num_group=num_group, num_deformable_group=num_deformable_group, no_bias=no_bias,
        layout=layout,
    )  # fmt: skip
    return _convolve(data, offset, mask, weight, bias, attrs, inclusive=False)


@register("_contrib_DeformablePSROIPooling")
def deformable_ps_roi_pooling(
    data,
    rois,
    trans=None,
    *,
    spatial_scale: Part,
    output_dim: int,
    group_size: int,
    pooled_size: int,
    part_size: int = 0,
    sample_per_part: int = 1,
    trans_std: Part = 0.0,
    no_trans: bool = False,
):
    """The mean of samples in each bin of a region, with bins moved by learned offsets.

    Parameters
    ----------
    data : array
        (batch, output_dim * group_size ** 2, height, width).
    rois : array
        (regions, 5): rows of (image, x1, y1, x2, y2), both corners included.
    trans : array, optional
        (regions, 2 * classes, part_size, part_size): how far each part of a region is moved to the
        right, then down, in units of `trans_std` times its width and height. The output channels
        are divided among the classes.
    spatial_scale : float
        Size of the features in relation to that of the picture.
    output_dim : int
        Number of output channels.
    group_size : int
        Rows, and columns, of groups of channels.
    pooled_size : int
        Rows, and columns, of bins.
    part_size : int
        Rows, and columns, of parts; by default one for each bin.
    sample_per_part : int
        Samples of a bin along each axis.
    trans_std : float
        Unit of `trans`.
    no_trans : bool
        Whether nothing is moved; `trans` is then left out.

    Returns
    -------
    array
        (regions, output_dim, pooled_size, pooled_size).

    Examples
    --------
    >>> x, rois = nd.ones((1, 8, 6, 6)), nd.array([[0, 0, 0, 3, 3]])
    >>> nd.contrib.DeformablePSROIPooling(x, rois, spatial_scale=1, output_dim=2, group_size=2,
    ...                                   pooled_size=2, no_trans=True).shape
    (1, 2, 2, 2)
    """
    check_regions(data, rois, (pooled_size, pooled_size))
    features = wide(grouped(data, output_dim, group_size, pooled_size))
    height, width = data.shape[2:]
    rois = jax.lax.stop_gradient(wide(rois))
    image, there = images_of(data, rois)
    begin = [round_away(rois[:, i]) * spatial_scale - 0.5 for i in (1, 2)]
    end = [(round_away(rois[:, i]) + 1) * spatial_scale - 0.5 for i in (3, 4)]
    extent = [jnp.maximum(b - a, 0.1) for a, b in zip(begin, end, strict=True)]
    bins, inner = np.arange(pooled_size), np.arange(sample_per_part)

    def places(axis):
        """(regions, 1, bins, samples) along one axis."""
        step = (extent[axis] / pooled_size)[:, None, None, None]
        fine = inner * (step / sample_per_part)
        return begin[axis][:, None, None, None] + bins[:, None] * step + fine

    # (regions, classes, bins, bins, samples, samples)
    x, y = places(0)[:, :, None, :, None, :], places(1)[:, :, :, None, :, None]
    if not no_trans:
        moved = _moves(trans, len(rois), output_dim, pooled_size, part_size or pooled_size)
        scale = [e[:, None, None, None] * trans_std for e in extent]
        x, y = (
            at + (moved[:, :, axis] * scale[axis])[..., None, None]
            for axis, at in enumerate((x, y))
        )
    x, y = jnp.broadcast_arrays(x, y)
    used = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    x, y = jnp.clip(x, 0, width - 1), jnp.clip(y, 0, height - 1)
    classes = x.shape[1]
    flat = features.reshape(
        len(data), classes, output_dim // classes, pooled_size, pooled_size, height * width
    )
    at_image = image.reshape(-1, 1, 1, 1, 1, 1)
    at_class = np.arange(classes).reshape(-1, 1, 1, 1, 1)
    rows, columns = bins.reshape(-1, 1, 1, 1), bins.reshape(-1, 1, 1)
    total = 0
    for place, weight in corners(y, x, height, width):
        # the indexed axes come first: (regions, classes, bins, bins, samples, samples, channels)
        pixels = flat[at_image, at_class, :, rows, columns, place]
        total = total + pixels * jnp.where(used, weight, 0)[..., None]
    count = used.sum((-1, -2))[..., None]
    mean = total.sum((-2, -3)) / jnp.maximum(count, 1)  # type: ignore[union-attr]
    mean = jnp.where(there.reshape(-1, 1, 1, 1, 1), mean, 0)
    mean = jnp.moveaxis(mean, -1, 2)
    return mean.reshape(len(rois), output_dim, pooled_size, pooled_size).astype(data.dtype)


def _moves(trans, regions: int, output_dim: int, bins: int, parts: int):
    """The offset of each bin: (regions, classes, 2, bins, bins)."""
    if trans is None:
        raise ValueError("the array trans is missing; give it, or set no_trans=True")
    classes = math.prod(trans.shape[1:2]) // 2
    if trans.shape != (regions, 2 * classes, parts, parts) or not classes or output_dim % classes:
        raise ValueError(
            f"trans must have shape ({regions}, 2 * classes, {parts}, {parts}), where classes "
            f"divides output_dim={output_dim}; got {trans.shape}"
        )
    part = np.arange(bins) * parts // bins
    return wide(trans).reshape(regions, classes, 2, parts, parts)[..., part[:, None], part]
