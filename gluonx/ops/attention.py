"""Attention with the projections of queries, keys and values interleaved in one array.

Vaswani et al., "Attention is all you need", 2017. Heads lie next to each other on the last axis;
inside a head of ``2 D`` or ``3 D`` numbers come the queries (where there are any), the keys, the
values. Arrays are (length, batch, ...), attention weights (batch * heads, queries, keys).
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from ..engine.op import register
from ._checks import is_float, same_dtype

__all__ = ["div_sqrt_dim"]


@register("_contrib_div_sqrt_dim")
def div_sqrt_dim(data):
    """The array divided by the square root of the length of its last axis.

    Parameters
    ----------
    data : array
        (..., n).

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.div_sqrt_dim(nd.ones((4,)))
    [0.5 0.5 0.5 0.5]
    """
    if data.ndim == 0:
        raise ValueError("div_sqrt_dim needs an array with axes, got shape ()")
    root = math.sqrt(data.shape[-1]) or 1.0
    if not is_float(data):
        return (data.astype(jnp.float32) / root).astype(data.dtype)
    return data / jnp.asarray(root, data.dtype)


def _heads(name: str, data: jax.Array, heads: int, parts: int) -> list[jax.Array]:
    """The parts of each head: ``parts`` arrays (batch * heads, length, D)."""
    if data.ndim != 3 or heads < 1 or data.shape[2] % (heads * parts):
        raise ValueError(
            f"{name} must be (length, batch, heads * {parts} * D) with heads={heads}, "
            f"got shape {data.shape}"
        )
    length, batch, width = data.shape
    apart = data.reshape(length, batch * heads, parts, width // (heads * parts))
    return [apart[:, :, i].swapaxes(0, 1) for i in range(parts)]


def _scores(queries: jax.Array, keys: jax.Array) -> jax.Array:
    if queries.shape[0] != keys.shape[0] or queries.shape[2] != keys.shape[2]:
        raise ValueError(
            "queries and keys must have the same batch and head size, got (batch * heads, D) "
            f"{queries.shape[::2]} and {keys.shape[::2]}"
        )
    return jnp.matmul(div_sqrt_dim(queries), keys.swapaxes(1, 2))


def _mixed(attention: jax.Array, values: jax.Array, heads: int) -> jax.Array:
    """Values weighted by the attention, heads side by side: (queries, batch, heads * D)."""
    if attention.ndim != 3 or attention.shape[::2] != values.shape[:2]:
        raise ValueError(
            f"attention must be (batch * heads, queries, keys), ({values.shape[0]}, ..., "
            f"{values.shape[1]}) here, got shape {attention.shape}"
        )
    mixed = jnp.matmul(attention, values).swapaxes(0, 1)
    return mixed.reshape(mixed.shape[0], mixed.shape[1] // heads, heads * mixed.shape[2])


@register("_contrib_interleaved_matmul_selfatt_qk")
def selfatt_qk(queries_keys_values, *, heads: int):
    r"""The scores of self-attention, :math:`Q K^T / \sqrt{D}` for each head.

    Parameters
    ----------
    queries_keys_values : array
        (length, batch, heads * 3 * D).
    heads : int
        Number of heads.

    Returns
    -------
    array
        (batch * heads, length, length).

    Examples
    --------
    >>> x = nd.ones((5, 2, 4 * 3 * 6))
    >>> nd.contrib.interleaved_matmul_selfatt_qk(x, heads=4).shape
    (8, 5, 5)
    """
    queries, keys, _ = _heads("queries_keys_values", queries_keys_values, heads, 3)
    return _scores(queries, keys)


@register("_contrib_interleaved_matmul_selfatt_valatt")
def selfatt_valatt(queries_keys_values, attention, *, heads: int):
    """The values of self-attention, weighted by the attention.

    Parameters
    ----------
    queries_keys_values : array
        (length, batch, heads * 3 * D).
    attention : array
        (batch * heads, length, length): softmax of the scores.
    heads : int
        Number of heads.

    Returns
    -------
    array
        (length, batch, heads * D).

    Examples
    --------
    >>> x, a = nd.ones((5, 2, 4 * 3 * 6)), nd.ones((8, 5, 5))
    >>> nd.contrib.interleaved_matmul_selfatt_valatt(x, a, heads=4).shape
    (5, 2, 24)
    """
    same_dtype(queries_keys_values, attention)
    *_, values = _heads("queries_keys_values", queries_keys_values, heads, 3)
    return _mixed(attention, values, heads)


@register("_contrib_interleaved_matmul_encdec_qk")
def encdec_qk(queries, keys_values, *, heads: int):
    r"""The scores of attention between two sequences, :math:`Q K^T / \sqrt{D}` for each head.

    Parameters
    ----------
    queries : array
        (queries, batch, heads * D).
    keys_values : array
        (keys, batch, heads * 2 * D).
    heads : int
        Number of heads.

    Returns
    -------
    array
        (batch * heads, queries, keys).

    Examples
    --------
    >>> q, kv = nd.ones((3, 2, 4 * 6)), nd.ones((5, 2, 4 * 2 * 6))
    >>> nd.contrib.interleaved_matmul_encdec_qk(q, kv, heads=4).shape
    (8, 3, 5)
    """
    same_dtype(queries, keys_values)
    (projected,) = _heads("queries", queries, heads, 1)
    keys, _ = _heads("keys_values", keys_values, heads, 2)
    return _scores(projected, keys)


@register("_contrib_interleaved_matmul_encdec_valatt")
def encdec_valatt(keys_values, attention, *, heads: int):
    """The values of attention between two sequences, weighted by the attention.

    Parameters
    ----------
    keys_values : array
        (keys, batch, heads * 2 * D).
    attention : array
        (batch * heads, queries, keys): softmax of the scores.
    heads : int
        Number of heads.

    Returns
    -------
    array
        (queries, batch, heads * D).

    Examples
    --------
    >>> kv, a = nd.ones((5, 2, 4 * 2 * 6)), nd.ones((8, 3, 5))
    >>> nd.contrib.interleaved_matmul_encdec_valatt(kv, a, heads=4).shape
    (3, 2, 24)
    """
    same_dtype(keys_values, attention)
    _, values = _heads("keys_values", keys_values, heads, 2)
    return _mixed(attention, values, heads)
