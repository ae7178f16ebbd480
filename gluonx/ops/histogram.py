"""Histograms."""

from __future__ import annotations

import jax.numpy as jnp

from ..engine.op import DType, register
from ._checks import INT64, is_float

__all__ = []


@register("_histogram", outputs=2, differentiable=False)
def histogram(
    data,
    bins=None,
    *,
    bin_cnt: int | None = None,
    range: tuple | None = None,
    dtype: DType = INT64,
):
    """How many elements fall into each of several bins.

    A bin contains its lower edge; the last one also its upper edge. What is outside is not counted.

    Parameters
    ----------
    data : array
        Any shape.
    bins : array, optional
        (n + 1,), the edges in ascending order.
    bin_cnt : int, optional
        The number of bins of equal width, where no edges are given.
    range : tuple of float, optional
        Where the bins of equal width begin and end; at the least and the greatest element by
        default.
    dtype : dtype
        Dtype of the counts.

    Returns
    -------
    counts : array
        (n,).
    edges : array
        (n + 1,), of a floating-point type.

    Examples
    --------
    >>> nd.histogram(nd.array([1, 2, 2, 5]), bins=2, range=(0, 4))[0]
    [1 2]
    """
    x = data if is_float(data) else data.astype(jnp.float32)
    if bins is not None:
        if bins.ndim != 1 or bins.shape[0] < 2:
            raise ValueError(f"bins must be the edges of at least one bin, got shape {bins.shape}")
        edges = bins.astype(x.dtype)
    else:
        edges = _edges(x, bin_cnt, range)
    last = edges.shape[0] - 1
    x = x.reshape(-1)
    at = jnp.searchsorted(edges, x, side="right") - 1
    at = jnp.where(x == edges[-1], last - 1, at)
    at = jnp.where((x >= edges[0]) & (x <= edges[-1]), at, last)  # dropped
    counts = jnp.zeros(last, jnp.dtype(dtype)).at[at].add(1, mode="drop")
    return counts, edges


def _edges(x, bin_cnt: int | None, limits: tuple | None):
    """The edges of bins of equal width."""
    if bin_cnt is None or bin_cnt < 1:
        raise ValueError(f"give bins, an array of edges, or bin_cnt, at least 1; got {bin_cnt}")
    if limits is None:
        if not x.size:
            raise ValueError("the range of an empty array is not known; give range=(low, high)")
        low, high = x.min(), x.max()
        same = low == high
        low, high = jnp.where(same, low - 0.5, low), jnp.where(same, high + 0.5, high)
    else:
        low, high = limits
        if not low < high:
            raise ValueError(f"range={tuple(limits)} must be (low, high) with low < high")
    steps = jnp.arange(bin_cnt, dtype=x.dtype)
    edges = low + (high - low) * steps / bin_cnt
    return jnp.append(edges, jnp.asarray(high, x.dtype)).astype(x.dtype)
