"""Sorting: sort, argsort, topk. Equal elements keep their order."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

from ..engine.op import DType, register
from ._checks import FLOAT32, to_axis


def _order(data: jax.Array, axis: int, ascending: bool) -> jax.Array:
    """Indices that sort ``data`` along ``axis``."""
    if data.dtype.itemsize > 4 or data.dtype == jnp.uint32:
        return jnp.argsort(data, axis=axis, stable=True, descending=not ascending)
    # XLA sorts integers on a CPU several times as fast as floats or pairs: so the element and its
    # index become one 64-bit integer.
    keys = _integers(jax.lax.stop_gradient(data))
    keys = keys if ascending else ~keys
    with jax.enable_x64(True):
        places = jax.lax.broadcasted_iota(jnp.int64, keys.shape, axis)
        packed = (keys.astype(jnp.int64) << 32) | places
        packed = jax.lax.sort(packed, dimension=axis, is_stable=False)
        return (packed & 0xFFFFFFFF).astype(jnp.int32)


def _integers(data: jax.Array) -> jax.Array:
    """32-bit integers in the same order as the elements; NaN comes last."""
    if not jnp.issubdtype(data.dtype, jnp.floating):
        return data.astype(jnp.int32)
    data = data.astype(jnp.float32)
    data = jnp.where(data == 0, jnp.zeros_like(data), data)  # -0.0 equals 0.0
    bits = jax.lax.bitcast_convert_type(data, jnp.int32)
    return jnp.where(bits < 0, bits ^ 0x7FFFFFFF, bits)


def _lined_up(data: jax.Array, axis: int | None) -> tuple[jax.Array, int]:
    """The array to sort and its axis; the flattened one for None."""
    if axis is None:
        return data.reshape(-1), 0
    return data, to_axis(axis, data.ndim)


@register("sort")
def sort(data, *, axis: int | None = -1, is_ascend: bool = True):
    """The elements sorted along an axis.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis; None sorts the flattened array.
    is_ascend : bool
        From the least to the greatest.

    Returns
    -------
    array
        Dtype of `data`; flattened when `axis` is None.

    Examples
    --------
    >>> nd.sort(nd.array([[3, 1, 2]]), is_ascend=False)
    [[3. 2. 1.]]
    """
    data, axis = _lined_up(data, axis)
    order = _order(data, axis, is_ascend)
    return jnp.take_along_axis(data, order, axis, mode="promise_in_bounds")


@register("argsort", differentiable=False)
def argsort(
    data,
    *,
    axis: int | None = -1,
    is_ascend: bool = True,
    dtype: DType = FLOAT32,
):
    """Indices that sort an array along an axis.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis; None sorts the flattened array.
    is_ascend : bool
        From the least to the greatest.
    dtype : dtype
        Dtype of the indices.

    Returns
    -------
    array
        Shape of `data`; flattened when `axis` is None.

    Examples
    --------
    >>> nd.argsort(nd.array([[3, 1, 2]]))
    [[1. 2. 0.]]
    """
    data, axis = _lined_up(data, axis)
    return _order(data, axis, is_ascend).astype(dtype)


@register("topk", outputs=lambda attrs: 2 if attrs["ret_typ"] == "both" else 1)
def topk(
    data,
    *,
    axis: int | None = -1,
    k: int = 1,
    ret_typ: Literal["indices", "value", "both", "mask"] = "indices",
    is_ascend: bool = False,
    dtype: DType = FLOAT32,
):
    """The `k` greatest elements along an axis, the greatest one first.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis; None searches the flattened array.
    k : int
        How many; 0 for all.
    ret_typ : {'indices', 'value', 'both', 'mask'}
        What is returned: indices, elements, both (elements first), or an array like `data` with 1
        at the elements and 0 elsewhere. Gradients pass through elements only.
    is_ascend : bool
        The least elements instead, the least one first.
    dtype : dtype
        Dtype of the indices.

    Returns
    -------
    array, or two of them
        `k` long along `axis`.

    Examples
    --------
    >>> nd.topk(nd.array([[3, 1, 2], [1, 4, 5]]), k=2)
    [[0. 2.]
     [2. 1.]]
    """
    shape = data.shape
    data, axis = _lined_up(data, axis)
    size = data.shape[axis]
    if not 0 <= k <= size:
        raise ValueError(f"k={k} must be between 0 and {size}, the length of the axis")
    k = k or size
    if ret_typ == "mask":
        rank = _order(_order(data, axis, is_ascend), axis, True)
        return (rank < k).astype(data.dtype).reshape(shape)
    if is_ascend or k == size:
        best = jax.lax.slice_in_dim(_order(data, axis, is_ascend), 0, k, axis=axis)
    else:
        # a selection, cheaper than sorting everything
        last = jax.lax.stop_gradient(jnp.moveaxis(data, axis, -1))
        best = jnp.moveaxis(jax.lax.top_k(last, k)[1], -1, axis)
    indices = best.astype(dtype)
    if ret_typ == "indices":
        return indices
    values = jnp.take_along_axis(data, best, axis, mode="promise_in_bounds")
    return values if ret_typ == "value" else (values, indices)
