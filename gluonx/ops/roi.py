"""Pooling over regions of interest.

A region is a row (image, x1, y1, x2, y2), in pixels of the original picture; `spatial_scale` takes
them to pixels of the features. Regions get no gradient.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.attributes import Part
from ..engine.op import Shape, register
from ._regions import check_regions, images_of, pool, round_away
from .spatial import need_images, wide


def _spans(begin, extent, bins: int, size: int):
    """First and last row (not included) of each bin, kept inside the image: (regions, bins).

    In whole numbers: a bin that ends between two pixels must end there, not one further.
    """
    begin, extent = begin.astype(jnp.int32)[:, None], extent.astype(jnp.int32)[:, None]
    at = jnp.arange(bins, dtype=jnp.int32)
    first = at * extent // bins + begin
    last = -(-(at + 1) * extent // bins) + begin
    return jnp.clip(first, 0, size), jnp.clip(last, 0, size)


def _inside(first, last, size: int):
    """Which rows belong to each bin: (regions, bins, size)."""
    rows = jnp.arange(size, dtype=first.dtype)
    return (rows >= first[..., None]) & (rows < last[..., None])


@register("ROIPooling", output_names=("output", "maxidx"))
def roi_pooling(data, rois, *, pooled_size: Shape, spatial_scale: Part):
    """The largest value in each bin of a region (Girshick, "Fast R-CNN", 2015).

    Corners are rounded to whole pixels, bins are widened to whole pixels, and an empty bin gives 0.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    rois : array
        (regions, 5): rows of (image, x1, y1, x2, y2), both corners included.
    pooled_size : (int, int)
        Rows and columns of bins.
    spatial_scale : float
        Size of the features in relation to that of the picture.

    Returns
    -------
    array
        (regions, channels, \\*pooled_size).

    Examples
    --------
    >>> x = nd.arange(16).reshape((1, 1, 4, 4))
    >>> nd.ROIPooling(x, nd.array([[0, 0, 0, 3, 3]]), pooled_size=(2, 2), spatial_scale=1)
    [[[[ 5.  7.]
       [13. 15.]]]]
    """
    check_regions(data, rois, pooled_size)
    height, width = data.shape[2:]
    rois = jax.lax.stop_gradient(wide(rois))
    image, there = images_of(data, rois)
    x1, y1, x2, y2 = (round_away(rois[:, i] * spatial_scale) for i in range(1, 5))
    tall, broad = jnp.maximum(y2 - y1 + 1, 1), jnp.maximum(x2 - x1 + 1, 1)
    rows = _inside(*_spans(y1, tall, pooled_size[0], height), height)
    columns = _inside(*_spans(x1, broad, pooled_size[1], width), width)
    found = _largest(data, image, rows, columns)
    bins = rows.any(-1)[:, :, None] & columns.any(-1)[:, None, :] & there[:, None, None]
    return jnp.where(bins[:, None], found, jnp.zeros((), data.dtype))


def _scan(data, image, rows, columns, places: bool):
    """The largest value of each bin, or where the first such value is, row by row.

    (regions, channels, rows of bins, columns of bins). The columns of pixels are gone through
    first, with the channels innermost, where they fill vector registers.
    """
    height, width = data.shape[2:]
    pictures = jnp.moveaxis(data, 1, -1)
    low = jnp.asarray(-jnp.inf, data.dtype)

    def one(region):
        number, row, column = region
        row, column = row[:, None, :, None], column[:, None, :, None]
        part = jax.lax.dynamic_index_in_dim(pictures, number, keepdims=False)
        line = jnp.where(column, part, low).max(2)  # (columns of bins, height, channels)
        best = jnp.where(row, line, low).max(2)  # (rows of bins, columns of bins, channels)
        if not places:
            return best
        across, down = (jnp.arange(n, dtype=jnp.int32)[:, None] for n in (width, height))
        x = jnp.where(column & (part == line[:, :, None]), across, width - 1).min(2)
        y = jnp.where(row & (line == best[:, :, None]), down, height - 1).min(2)
        x = jnp.take_along_axis(x[None], y[:, :, None], 2, mode="promise_in_bounds")[:, :, 0]
        return y * width + x

    return jnp.moveaxis(jax.lax.map(one, (image, rows, columns)), -1, 1)


@jax.custom_vjp
def _largest(data, image, rows, columns):
    return _scan(data, image, rows, columns, places=False)


def _largest_forward(data, image, rows, columns):
    at = _scan(data, image, rows, columns, places=True)
    flat = data.reshape(*data.shape[:2], -1)
    found = flat[_of(image, data.shape[1], at)]
    return found, (jnp.zeros_like(data), image, rows, columns, at)


def _of(image, channels: int, at) -> tuple:
    return image[:, None, None, None], jnp.arange(channels)[:, None, None], at


def _largest_backward(kept, head):
    empty, image, rows, columns, at = kept
    flat = empty.reshape(*empty.shape[:2], -1).at[_of(image, empty.shape[1], at)].add(head)
    nothing = (np.zeros(x.shape, jax.dtypes.float0) for x in (image, rows, columns))
    return flat.reshape(empty.shape), *nothing


_largest.defvjp(_largest_forward, _largest_backward)


#: No bin has more samples along one axis: keeps a region that is not a number from running forever.
_MOST = 1 << 12


def _grid(begin, extent, bins: int, size: int, ratio: int):
    """What each row counts in the mean of the samples of each bin: (regions, bins, size).

    Samples lie evenly in a bin, and between two rows. Less than one pixel outside the image they
    are moved to its edge; further outside they count as zeros.
    """
    if ratio > 0:
        count, most = jnp.full_like(extent, ratio), ratio
    else:
        count = jnp.clip(jnp.nan_to_num(jnp.ceil(extent / bins)), 0, _MOST)
        most = count.max(initial=0).astype(jnp.int32)
    step = extent / bins
    origin = begin[:, None] + jnp.arange(bins, dtype=begin.dtype) * step[:, None]
    rows = jnp.arange(size, dtype=begin.dtype)

    def add(i, total):
        at = origin + ((i + 0.5) * step / jnp.maximum(count, 1))[:, None]
        used = (at >= -1) & (at <= size) & (i < count)[:, None]
        near = jnp.abs(jnp.clip(at, 0, size - 1)[..., None] - rows)
        return total + jnp.where(used[..., None], jnp.maximum(1 - near, 0), 0).astype(total.dtype)

    total = jnp.zeros((*origin.shape, size), begin.dtype)
    return jax.lax.fori_loop(0, most, add, total) / jnp.maximum(count, 1)[:, None, None]


@register("_contrib_ROIAlign")
def roi_align(
    data,
    rois,
    *,
    pooled_size: Shape,
    spatial_scale: Part,
    sample_ratio: int = -1,
    position_sensitive: bool = False,
    aligned: bool = False,
):
    """The mean of bilinear samples in each bin of a region (He et al., "Mask R-CNN", 2017).

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    rois : array
        (regions, 5): rows of (image, x1, y1, x2, y2). A negative image gives zeros.
    pooled_size : (int, int)
        Rows and columns of bins.
    spatial_scale : float
        Size of the features in relation to that of the picture.
    sample_ratio : int
        Samples of a bin along each axis; by default one for each pixel that it covers.
    position_sensitive : bool
        Whether each bin has channels of its own (Dai et al., "R-FCN", 2016): there are then
        ``channels / (rows * columns)`` output channels.
    aligned : bool
        Whether coordinates are those of corners of pixels, not of their middles: shifts the
        samples by half a pixel. A region may then be smaller than one pixel.

    Returns
    -------
    array
        (regions, channels, \\*pooled_size).

    Examples
    --------
    >>> x = nd.arange(16).reshape((1, 1, 4, 4))
    >>> nd.contrib.ROIAlign(x, nd.array([[0, 0, 0, 2, 2]]), pooled_size=(1, 1), spatial_scale=1)
    [[[[5.]]]]
    """
    check_regions(data, rois, pooled_size)
    rois = jax.lax.stop_gradient(wide(rois))
    image, there = images_of(data, rois)
    x1, y1, x2, y2 = (rois[:, i] * spatial_scale - (0.5 if aligned else 0) for i in range(1, 5))
    tall, broad = y2 - y1, x2 - x1
    if not aligned:
        tall, broad = jnp.maximum(tall, 1), jnp.maximum(broad, 1)
    features = _by_place(data, pooled_size) if position_sensitive else data
    wy = _grid(y1, tall, pooled_size[0], data.shape[2], sample_ratio)
    wx = _grid(x1, broad, pooled_size[1], data.shape[3], sample_ratio)
    return _pooled(features, image, jnp.where(there[:, None, None], wy, 0), wx)


@register("_contrib_RROIAlign")
def rotated_roi_align(
    data, rois, *, pooled_size: Shape, spatial_scale: Part, sampling_ratio: int = -1
):
    """The mean of bilinear samples in each bin of a region that is turned.

    Ma et al., "Arbitrary-oriented scene text detection via rotation proposals", 2018.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    rois : array
        (regions, 6): rows of (image, x, y, width, height, angle), with the middle and the angle in
        degrees.
    pooled_size : (int, int)
        Rows and columns of bins.
    spatial_scale : float
        Size of the features in relation to that of the picture.
    sampling_ratio : int
        Samples of a bin along each axis; by default one for each pixel that it covers.

    Returns
    -------
    array
        (regions, channels, \\*pooled_size).

    Examples
    --------
    >>> x, rois = nd.ones((1, 2, 6, 6)), nd.array([[0, 3, 3, 2, 2, 45]])
    >>> nd.contrib.RROIAlign(x, rois, pooled_size=(2, 2), spatial_scale=1, sampling_ratio=2).shape
    (1, 2, 2, 2)
    """
    check_regions(data, rois, pooled_size, 6)
    height, width = data.shape[2:]
    rois = jax.lax.stop_gradient(wide(rois))
    image, there = images_of(data, rois)
    middle_x, middle_y = rois[:, 1] * spatial_scale, rois[:, 2] * spatial_scale
    broad, tall = (jnp.maximum(rois[:, i] * spatial_scale, 1) for i in (3, 4))
    angle = rois[:, 5] * (jnp.pi / 180)
    cos, sin = jnp.cos(angle), jnp.sin(angle)

    def counts(extent, bins):
        if sampling_ratio > 0:
            return jnp.full_like(extent, sampling_ratio)
        return jnp.clip(jnp.nan_to_num(jnp.ceil(extent / bins)), 1, _MOST)

    along_y, along_x = counts(tall, pooled_size[0]), counts(broad, pooled_size[1])
    features = wide(data)

    @jax.checkpoint  # the weights of one region at a time, in the gradient too
    def one(region):
        number, there, y0, x0, tall, broad, cos, sin, rows, columns = region

        def along(extent, bins, k, count):
            at = jnp.arange(bins, dtype=extent.dtype) + (k + 0.5) / count
            return at * (extent / bins) - extent / 2

        def add(k, total):
            """One more sample of each bin, as weights of the pixels."""
            i, j = (at.astype(tall.dtype) for at in (k // most, k % most))
            y = along(tall, pooled_size[0], i, rows)[:, None]
            x = along(broad, pooled_size[1], j, columns)
            y, x = y * cos - x * sin + y0, x * cos + y * sin + x0
            used = (y >= -1) & (y <= height) & (x >= -1) & (x <= width) & there
            near_y = 1 - jnp.abs(jnp.clip(y, 0, height - 1)[..., None] - jnp.arange(height))
            near_x = 1 - jnp.abs(jnp.clip(x, 0, width - 1)[..., None] - jnp.arange(width))
            near_y, near_x = jnp.maximum(near_y, 0), jnp.maximum(near_x, 0)
            pixels = near_y[..., :, None] * near_x[..., None, :]
            return total + jnp.where(used[..., None, None], pixels, 0).astype(total.dtype)

        most = columns.astype(jnp.int32)
        empty = jnp.zeros((*pooled_size, height, width), features.dtype)
        weights = jax.lax.fori_loop(0, rows.astype(jnp.int32) * most, add, empty)
        part = jax.lax.dynamic_index_in_dim(features, number, keepdims=False)
        total = jnp.einsum("pqhw,chw->cpq", weights, part, precision=jax.lax.Precision.HIGHEST)
        return total / (rows * columns).astype(total.dtype)

    regions = (image, there, middle_y, middle_x, tall, broad, cos, sin, along_y, along_x)
    return jax.lax.map(one, regions).astype(data.dtype)


def _by_place(data, pooled_size):
    """The channels as (channels, rows, columns)."""
    bins = pooled_size[0] * pooled_size[1]
    if data.shape[1] % bins:
        raise ValueError(
            f"with channels for each of {bins} bins, the {data.shape[1]} channels of the data must "
            f"be a multiple of {bins}"
        )
    return data.reshape(data.shape[0], -1, *pooled_size, *data.shape[2:])


def _pooled(data, image, wy, wx):
    features = wide(data)
    out = pool(features, image, wy.astype(features.dtype), wx.astype(features.dtype))
    return out.astype(data.dtype)


@register("_contrib_PSROIPooling")
def ps_roi_pooling(
    data, rois, *, spatial_scale: Part, output_dim: int, pooled_size: int, group_size: int = 0
):
    """The mean over each bin of a region, of channels of its own (Dai et al., "R-FCN", 2016).

    Parameters
    ----------
    data : array
        (batch, output_dim * group_size ** 2, height, width).
    rois : array
        (regions, 5): rows of (image, x1, y1, x2, y2), both corners included.
    spatial_scale : float
        Size of the features in relation to that of the picture.
    output_dim : int
        Number of output channels.
    pooled_size : int
        Rows, and columns, of bins.
    group_size : int
        Rows, and columns, of groups of channels; by default one for each bin.

    Returns
    -------
    array
        (regions, output_dim, pooled_size, pooled_size).

    Examples
    --------
    >>> x, rois = nd.ones((1, 8, 6, 6)), nd.array([[0, 0, 0, 3, 3]])
    >>> nd.contrib.PSROIPooling(x, rois, spatial_scale=1, output_dim=2, pooled_size=2).shape
    (1, 2, 2, 2)
    """
    check_regions(data, rois, (pooled_size, pooled_size))
    groups = group_size or pooled_size
    features = grouped(data, output_dim, groups, pooled_size)
    height, width = data.shape[2:]
    rois = jax.lax.stop_gradient(wide(rois))
    image, there = images_of(data, rois)
    x1, y1 = (round_away(rois[:, i]) * spatial_scale for i in (1, 2))
    x2, y2 = ((round_away(rois[:, i]) + 1) * spatial_scale for i in (3, 4))

    def mean(begin, end, size):
        step = (jnp.maximum(end - begin, 0.1) / pooled_size)[:, None]
        at = jnp.arange(pooled_size, dtype=step.dtype)
        first = jnp.clip(jnp.floor(at * step + begin[:, None]), 0, size)
        last = jnp.clip(jnp.ceil((at + 1) * step + begin[:, None]), 0, size)
        return _inside(first, last, size) / jnp.maximum(last - first, 1)[..., None]

    wy, wx = mean(y1, y2, height), mean(x1, x2, width)
    return _pooled(features, image, jnp.where(there[:, None, None], wy, 0), wx)


def grouped(data, output_dim: int, groups: int, bins: int):
    """The channels as (output_dim, bins, bins): those of the group that each bin lies in."""
    need_images(data)
    if data.shape[1] != output_dim * groups**2:
        raise ValueError(
            f"data must have output_dim * group_size ** 2 = {output_dim * groups**2} channels, got "
            f"the shape {data.shape}"
        )
    parts = data.reshape(data.shape[0], output_dim, groups, groups, *data.shape[2:])
    if groups == bins:
        return parts
    which = jnp.arange(bins) * groups // bins
    return parts[:, :, which][:, :, :, which]
