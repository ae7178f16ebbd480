"""Scaled dot-product attention, and the cache that decoding keeps of keys and values.

Vaswani et al., "Attention is all you need", 2017. Arrays are (batch, length, heads, D).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..engine.op import register
from ..engine.target import compute_capability
from ._checks import same_dtype

__all__ = ["cache_write", "dot_product_attention"]


def _check(queries, keys, values) -> None:
    same_dtype(queries, keys, values)
    if queries.ndim != 4 or keys.ndim != 4 or keys.shape != values.shape:
        raise ValueError(
            "queries must be (batch, length, heads, D), keys and values of one shape (batch, "
            f"length, heads, D); got {queries.shape}, {keys.shape} and {values.shape}"
        )
    if queries.shape[0] != keys.shape[0] or queries.shape[3] != keys.shape[3]:
        raise ValueError(
            f"queries {queries.shape} and keys {keys.shape} must have the same batch and D"
        )
    if not keys.shape[2] or queries.shape[2] % keys.shape[2]:
        raise ValueError(
            f"the {queries.shape[2]} heads of the queries must be a multiple of the "
            f"{keys.shape[2]} heads of the keys, which they share"
        )


def _visible(queries, keys, mask, valid_length, offset, causal: bool) -> jax.Array | None:
    """Which keys a query sees, as (batch or 1, heads or 1, queries, keys); None for all."""
    length, count = queries.shape[1], keys.shape[1]
    parts = []
    if mask is not None:
        full = (queries.shape[0], queries.shape[2], length, count)
        at = {2: (0, 1), 3: (1,), 4: ()}.get(mask.ndim)
        seen = mask if at is None else jnp.expand_dims(mask, at)
        if at is None or any(a not in (1, b) for a, b in zip(seen.shape, full, strict=True)):
            raise ValueError(
                f"mask has shape {mask.shape}; expected (queries, keys), (batch, queries, keys) or "
                f"(batch, heads, queries, keys), with 1 for any of them, to fit {full}"
            )
        parts.append(seen != 0)
    if valid_length is not None:
        if valid_length.shape != queries.shape[:1]:
            raise ValueError(
                f"valid_length has shape {valid_length.shape}, expected {queries.shape[:1]}: a "
                "number of keys for each entry of the batch"
            )
        parts.append(jnp.arange(count) < valid_length.reshape(-1, 1, 1, 1))
    if causal:
        first = 0
        if offset is not None:
            if offset.size != 1:
                raise ValueError(f"offset must be one number, got shape {offset.shape}")
            first = offset.reshape(()).astype(jnp.int32)
        parts.append((jnp.arange(count) <= jnp.arange(length)[:, None] + first)[None, None])
    elif offset is not None:
        raise ValueError("offset is for causal=True only")
    if not parts:
        return None
    seen = parts[0]
    for part in parts[1:]:
        seen = seen & part
    return seen


def _fits_cudnn(queries) -> bool:
    """Whether cuDNN's flash attention takes such arrays (16 bits, D a multiple of 8 up to 128), on
    a GPU of the Ampere generation or a later one."""
    return (
        compute_capability() >= 8
        and queries.dtype in (jnp.float16, jnp.bfloat16)
        and queries.shape[3] % 8 == 0
        and queries.shape[3] <= 128
    )


def _attend(queries, keys, values, visible, scale: float, p: float, key) -> jax.Array:
    """Attention in XLA's own operations; weights are dropped with probability ``p``."""
    batch, length, heads, depth = queries.shape
    wide = jnp.promote_types(queries.dtype, jnp.float32)
    shared = keys.shape[2]
    grouped = queries.reshape(batch, length, shared, heads // max(shared, 1), depth)
    scores = jnp.einsum("btkgd,bskd->bkgts", grouped, keys, preferred_element_type=wide)
    shape = scores.shape
    scores = scores.reshape(batch, heads, length, keys.shape[1]) * scale
    if visible is not None:
        scores = jnp.where(visible, scores, -1e30)
    weights = jax.nn.softmax(scores)
    if p:
        keep = jax.random.bernoulli(key, 1 - p, weights.shape)
        weights = jnp.where(keep, weights / (1 - p), 0)
    if visible is not None:  # a query that sees nothing
        weights = jnp.where(visible.any(-1, keepdims=True), weights, 0)
    weights = weights.astype(values.dtype).reshape(shape)
    return jnp.einsum("bkgts,bskd->btkgd", weights, values).reshape(queries.shape)


def _flash(queries, keys, values, valid_length, scale: float, causal: bool) -> jax.Array:
    """cuDNN's flash attention."""
    lengths = {}
    if valid_length is not None:
        lengths["key_value_seq_lengths"] = valid_length.astype(jnp.int32)
        lengths["query_seq_lengths"] = jnp.full(queries.shape[:1], queries.shape[1], jnp.int32)
    out = jax.nn.dot_product_attention(
        queries, keys, values, scale=scale, is_causal=causal, implementation="cudnn", **lengths
    )
    if valid_length is None:
        return out
    return jnp.where(valid_length.reshape(-1, 1, 1, 1) > 0, out, jnp.zeros((), out.dtype))


@register("_contrib_dot_product_attention")
def dot_product_attention(
    queries,
    keys,
    values,
    mask=None,
    valid_length=None,
    offset=None,
    *,
    causal: bool = False,
    scale: float | None = None,
    dropout: float = 0.0,
    use_mask: bool = False,
    use_valid_length: bool = False,
    use_offset: bool = False,
    key,
    train,
):
    r"""Attention: values weighted by how well their keys fit each query.

    .. math:: \mathrm{softmax}\left(s \, Q K^T\right) V

    for each head. Vaswani et al., "Attention is all you need", 2017. The softmax is taken in
    float32 for 16-bit arrays. On a GPU, 16-bit arrays go to cuDNN's flash attention where it takes
    them: without `mask`, `offset` and dropout, D a multiple of 8 and at most 128.

    Parameters
    ----------
    queries : array
        (batch, queries, heads, D).
    keys, values : array
        (batch, keys, key heads, D). The heads of the queries are a multiple of the key heads, and
        neighbours share one (Ainslie et al., "GQA", 2023).
    mask : array, optional
        Not 0 where a query sees a key: (queries, keys), (batch, queries, keys) or (batch, heads,
        queries, keys); any of them may be 1.
    valid_length : array, optional
        (batch,): only so many keys are seen.
    offset : array, optional
        With `causal`, one number: the place of the first query among the keys. 0 by default.
    causal : bool
        Whether query i sees only the keys up to place i.
    scale : float, optional
        :math:`s`; :math:`1 / \sqrt{D}` by default.
    dropout : float
        While training, the probability that a weight becomes zero.
    use_mask, use_valid_length, use_offset : bool
        Which of the optional arrays a symbol has; not needed for arrays.

    Returns
    -------
    array
        Shape and dtype of `queries`. A query that sees no key gives zeros.

    Examples
    --------
    >>> q, k = nd.ones((2, 5, 4, 8)), nd.ones((2, 7, 4, 8))
    >>> nd.contrib.dot_product_attention(q, k, k, valid_length=nd.array([7, 3])).shape
    (2, 5, 4, 8)
    """
    _check(queries, keys, values)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout={dropout} must be at least 0 and less than 1")
    scale = queries.shape[3] ** -0.5 if scale is None else scale
    visible = _visible(queries, keys, mask, valid_length, offset, causal)
    p = dropout if train else 0.0

    def plain(queries, keys, values):
        return _attend(queries, keys, values, visible, scale, p, key)

    if p or mask is not None or offset is not None or not _fits_cudnn(queries):
        return plain(queries, keys, values)
    return _flash(queries, keys, values, valid_length, scale, causal)


@register("_contrib_cache_write")
def cache_write(cache, data, position):
    """The cache with `data` written to it at a place along axis 1.

    Parameters
    ----------
    cache : array
        (batch, places, ...).
    data : array
        (batch, n, ...): what is written.
    position : array
        One number: the first of the n places. Beyond the end, the last n places are written.

    Returns
    -------
    array
        Shape and dtype of `cache`.

    Examples
    --------
    >>> nd.contrib.cache_write(nd.zeros((1, 4)), nd.ones((1, 2)), nd.array([1]))
    [[0. 1. 1. 0.]]
    """
    same_dtype(cache, data)
    if cache.ndim < 2 or data.shape[:1] + data.shape[2:] != cache.shape[:1] + cache.shape[2:]:
        raise ValueError(
            f"data {data.shape} must have the shape of the cache, {cache.shape}, but for axis 1"
        )
    if data.shape[1] > cache.shape[1]:
        raise ValueError(f"{data.shape[1]} places are written to a cache of {cache.shape[1]}")
    if position.size != 1:
        raise ValueError(f"position must be one number, got shape {position.shape}")
    first = position.reshape(()).astype(jnp.int32)
    return jax.lax.dynamic_update_slice_in_dim(cache, data, first, 1)
