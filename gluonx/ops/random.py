"""Random numbers of a given shape, with numbers as parameters of the distribution.

A parameter that changes from call to call does not recompile.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..engine.op import DType, Shape, register
from ._distributions import (
    draw,
    exponential,
    gamma,
    generalized_negative_binomial,
    negative_binomial,
    normal,
    poisson,
    uniform,
)


@register("_random_uniform", aliases=("random_uniform", "uniform"), traced=("low", "high"))
def random_uniform(
    *,
    low: float = 0.0,
    high: float = 1.0,
    shape: Shape | None = None,
    dtype: DType | None = None,
    key,
):
    """Uniform random numbers.

    The interval is [low, high).

    Parameters
    ----------
    low : float
        Smallest value.
    high : float
        End of the interval, not included.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_uniform(shape=(2, 3)).shape
    (2, 3)
    """
    return draw(uniform, key, shape, dtype, low, high)


@register("_random_normal", aliases=("random_normal", "normal"), traced=("loc", "scale"))
def random_normal(
    *,
    loc: float = 0.0,
    scale: float = 1.0,
    shape: Shape | None = None,
    dtype: DType | None = None,
    key,
):
    """Normal random numbers.

    Parameters
    ----------
    loc : float
        Mean.
    scale : float
        Standard deviation.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_normal(shape=(2, 3)).shape
    (2, 3)
    """
    return draw(normal, key, shape, dtype, loc, scale)


@register("_random_gamma", aliases=("random_gamma",), traced=("alpha", "beta"))
def random_gamma(
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    shape: Shape | None = None,
    dtype: DType | None = None,
    key,
):
    """Gamma random numbers.

    Their mean is ``alpha * beta``.

    Parameters
    ----------
    alpha : float
        Shape, positive.
    beta : float
        Scale, positive.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_gamma(shape=(2, 3)).shape
    (2, 3)
    """
    return draw(gamma, key, shape, dtype, alpha, beta)


@register("_random_exponential", aliases=("random_exponential",), traced=("lam",))
def random_exponential(
    *,
    lam: float = 1.0,
    shape: Shape | None = None,
    dtype: DType | None = None,
    key,
):
    """Exponential random numbers.

    Their mean is ``1 / lam``.

    Parameters
    ----------
    lam : float
        Rate, positive.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_exponential(shape=(2, 3)).shape
    (2, 3)
    """
    return draw(exponential, key, shape, dtype, lam)


@register("_random_poisson", aliases=("random_poisson",), traced=("lam",))
def random_poisson(
    *,
    lam: float = 1.0,
    shape: Shape | None = None,
    dtype: DType | None = None,
    key,
):
    """Poisson random numbers.

    Parameters
    ----------
    lam : float
        Mean.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_poisson(shape=(2, 3)).shape
    (2, 3)
    """
    return draw(poisson, key, shape, dtype, lam)


@register("_random_negative_binomial", aliases=("random_negative_binomial",), traced=("k", "p"))
def random_negative_binomial(
    *,
    k: int = 1,
    p: float = 1.0,
    shape: Shape | None = None,
    dtype: DType | None = None,
    key,
):
    """Negative binomial random numbers.

    The number of failures before the k-th success.

    Parameters
    ----------
    k : int
        Number of successes.
    p : float
        Probability of a success.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_negative_binomial(shape=(2, 3)).shape
    (2, 3)
    """
    return draw(negative_binomial, key, shape, dtype, k, p)


@register(
    "_random_generalized_negative_binomial",
    aliases=("random_generalized_negative_binomial",),
    traced=("mu", "alpha"),
)
def random_generalized_negative_binomial(
    *,
    mu: float = 1.0,
    alpha: float = 1.0,
    shape: Shape | None = None,
    dtype: DType | None = None,
    key,
):
    """Negative binomial random numbers, by mean and dispersion.

    Parameters
    ----------
    mu : float
        Mean.
    alpha : float
        Dispersion: the variance is ``mu + alpha * mu**2``.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_generalized_negative_binomial(shape=(2, 3)).shape
    (2, 3)
    """
    return draw(generalized_negative_binomial, key, shape, dtype, mu, alpha)


@register("_random_randint", aliases=("random_randint",))
def random_randint(
    *, low: int, high: int, shape: Shape | None = None, dtype: DType | None = None, key
):
    """Integers from `low` up to, not including, `high`, all equally likely.

    Parameters
    ----------
    low, high : int
        Bounds.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        int32 (the default) or int64.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_randint(low=0, high=10, shape=(2, 3)).shape
    (2, 3)
    """
    kind = jnp.dtype(dtype or "int32")
    if not jnp.issubdtype(kind, jnp.integer):
        raise ValueError(f"dtype must be an integer type, got {kind}")
    if not low < high:
        raise ValueError(f"low={low} must be less than high={high}, which is not included")
    bounds = jnp.iinfo(kind)
    if low < bounds.min or high - 1 > bounds.max:
        raise ValueError(f"low={low} and high={high} do not fit {kind}; use dtype='int64'")
    return jax.random.randint(key, (1,) if shape is None else tuple(shape), low, high, kind)
