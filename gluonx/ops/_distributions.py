"""Distributions: ``fn(key, shape, dtype, *parameters)``, the parameters broadcast to the shape."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

__all__ = [
    "draw", "exponential", "gamma", "generalized_negative_binomial", "negative_binomial", "normal",
    "poisson", "uniform",
]  # fmt: skip


def draw(distribution: Callable, key, shape, dtype, *parameters):
    """Numbers from a distribution, in a floating-point type."""
    dtype = jnp.dtype(dtype or "float32")
    if not jnp.issubdtype(dtype, jnp.floating):
        raise ValueError(f"dtype must be a floating-point type, got {dtype}")
    # Rejection methods need more than the 11 bits of a half; the result is rounded at the end.
    wide = jnp.dtype("float32") if dtype.itemsize < 4 else dtype
    shape = (1,) if shape is None else tuple(shape)
    parameters = [jnp.asarray(p).astype(wide) for p in parameters]
    if any(p.ndim for p in parameters):
        return distribution(key, shape, wide, *parameters).astype(dtype)
    # XLA compiles random bits along one axis several times faster than along four.
    flat = distribution(key, (math.prod(shape),), wide, *parameters)
    return flat.reshape(shape).astype(dtype)


def uniform(key, shape, dtype, low, high):
    return low + (high - low) * jax.random.uniform(key, shape, dtype)


def normal(key, shape, dtype, loc, scale):
    return loc + scale * jax.random.normal(key, shape, dtype)


def gamma(key, shape, dtype, alpha, beta):
    """Marsaglia and Tsang, "A simple method for generating gamma variables", 2000."""
    return beta * jax.random.gamma(key, alpha, shape, dtype)


def exponential(key, shape, dtype, lam):
    return jax.random.exponential(key, shape, dtype) / lam


def poisson(key, shape, dtype, lam):
    """Hörmann, "The transformed rejection method for generating Poisson variables", 1993."""
    return jax.random.poisson(key, lam, shape)


def negative_binomial(key, shape, dtype, k, p):
    """A Poisson variable whose rate is gamma distributed."""
    first, second = jax.random.split(key)
    rate = jax.random.gamma(first, k, shape, dtype) * (1 - p) / p
    return jax.random.poisson(second, jnp.where(k > 0, rate, 0), shape)


def generalized_negative_binomial(key, shape, dtype, mu, alpha):
    """The same, by mean and dispersion; without dispersion it is the Poisson distribution."""
    first, second = jax.random.split(key)
    spread = jnp.where(alpha > 0, alpha, 1)
    rate = jax.random.gamma(first, 1 / spread, shape, dtype) * mu * spread
    return jax.random.poisson(second, jnp.where(alpha > 0, rate, mu), shape)
