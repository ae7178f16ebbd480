"""Rotary position embedding, and the norm that goes with it in many transformers."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..engine.op import register
from ._checks import is_float, to_axis
from ._once import gradient_once

__all__ = ["rms_norm", "rotary_embedding"]


@register("_contrib_rotary_embedding")
def rotary_embedding(
    data,
    offset=None,
    *,
    base: float = 10000.0,
    dims: int = 0,
    interleaved: bool = False,
    use_offset: bool = False,
):
    r"""Rotate pairs of numbers of each head by an angle that grows with the place.

    Pair i of the numbers at place t is turned by :math:`t \, b^{-2 i / n}`, so that products of
    queries and keys depend on the distance of their places only. Su et al., "RoFormer", 2021.

    Parameters
    ----------
    data : array
        (batch, length, heads, D).
    offset : array, optional
        One number: the place of the first entry. 0 by default.
    base : float
        :math:`b`.
    dims : int
        :math:`n`: only the first so many of the D numbers are turned; 0 for all.
    interleaved : bool
        Whether pairs are neighbours, as in the paper; otherwise number i goes with i + n / 2.
    use_offset : bool
        Whether a symbol has `offset`; not needed for arrays.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.rotary_embedding(nd.ones((1, 2, 1, 2)))
    [[[[ 1.          1.        ]]
      [[-0.30116868  1.3817732 ]]]]
    """
    if data.ndim != 4 or not is_float(data):
        raise ValueError(
            f"data must be (batch, length, heads, D) of floats, got {data.shape} {data.dtype}"
        )
    n = dims or data.shape[3]
    if n % 2 or not 0 < n <= data.shape[3]:
        raise ValueError(f"an even number of the {data.shape[3]} numbers can be turned, not {n}")
    first = 0.0
    if offset is not None:
        if offset.size != 1:
            raise ValueError(f"offset must be one number, got shape {offset.shape}")
        first = offset.reshape(()).astype(jnp.float32)
    places = jnp.arange(data.shape[1], dtype=jnp.float32) + first
    angles = places[:, None] * base ** (-jnp.arange(0, n, 2, dtype=jnp.float32) / n)
    sin, cos = jnp.sin(angles)[:, None], jnp.cos(angles)[:, None]
    x = data[..., :n].astype(jnp.promote_types(data.dtype, jnp.float32))
    if interleaved:
        a, b = x[..., ::2], x[..., 1::2]
        turned = jnp.stack([a * cos - b * sin, b * cos + a * sin], -1).reshape(x.shape)
    else:
        a, b = jnp.split(x, 2, -1)
        turned = jnp.concatenate([a * cos - b * sin, b * cos + a * sin], -1)
    return jnp.concatenate([turned.astype(data.dtype), data[..., n:]], -1)


def _infer_rms_norm(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    return {"gamma": (data[to_axis(attrs["axis"], len(data))],)} if data else {}


@register("_contrib_rms_norm", infer=_infer_rms_norm)
def rms_norm(data, gamma, *, axis: int = -1, eps: float = 1e-6):
    r"""Divide by the root of the mean square along one axis.

    .. math:: y = \gamma \frac{x}{\sqrt{\overline{x^2} + \epsilon}}

    Zhang and Sennrich, "Root mean square layer normalization", 2019. 16-bit floats are computed in
    32 bits.

    Parameters
    ----------
    data : array
        Any shape with the axis.
    gamma : array
        (n,) for n elements along the axis.
    axis : int
        The axis.
    eps : float
        Added to the mean square.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.rms_norm(nd.array([[1, 7]]), nd.ones(2), eps=0).round()
    [[0. 1.]]
    """
    axis = to_axis(axis, data.ndim)
    if gamma.shape != (data.shape[axis],):
        raise ValueError(
            f"gamma must have shape ({data.shape[axis]},), one number for each channel, "
            f"got {gamma.shape}"
        )
    x = gradient_once(data).astype(jnp.promote_types(data.dtype, jnp.float32))
    y = x * jax.lax.rsqrt(jnp.mean(x * x, axis, keepdims=True) + eps)
    along = [-1 if i == axis else 1 for i in range(data.ndim)]
    return (y * gamma.astype(x.dtype).reshape(along)).astype(data.dtype)
