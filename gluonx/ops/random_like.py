"""Random numbers in the shape and type of an array."""

from __future__ import annotations

from ..engine.op import register
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


@register("_random_uniform_like", traced=("low", "high"))
def random_uniform_like(data, *, low: float = 0.0, high: float = 1.0, key):
    """Uniform random numbers, in the shape and type of an array.

    The interval is [low, high).

    Parameters
    ----------
    data : array
        Only its shape and type matter.
    low : float
        Smallest value.
    high : float
        End of the interval, not included.

    Returns
    -------
    array
        `data`'s shape and type.
    """
    return draw(uniform, key, data.shape, data.dtype, low, high)


@register("_random_normal_like", traced=("loc", "scale"))
def random_normal_like(data, *, loc: float = 0.0, scale: float = 1.0, key):
    """Normal random numbers, in the shape and type of an array.

    Parameters
    ----------
    data : array
        Only its shape and type matter.
    loc : float
        Mean.
    scale : float
        Standard deviation.

    Returns
    -------
    array
        `data`'s shape and type.
    """
    return draw(normal, key, data.shape, data.dtype, loc, scale)


@register("_random_gamma_like", traced=("alpha", "beta"))
def random_gamma_like(data, *, alpha: float = 1.0, beta: float = 1.0, key):
    """Gamma random numbers, in the shape and type of an array.

    Their mean is ``alpha * beta``.

    Parameters
    ----------
    data : array
        Only its shape and type matter.
    alpha : float
        Shape, positive.
    beta : float
        Scale, positive.

    Returns
    -------
    array
        `data`'s shape and type.
    """
    return draw(gamma, key, data.shape, data.dtype, alpha, beta)


@register("_random_exponential_like", traced=("lam",))
def random_exponential_like(data, *, lam: float = 1.0, key):
    """Exponential random numbers, in the shape and type of an array.

    Their mean is ``1 / lam``.

    Parameters
    ----------
    data : array
        Only its shape and type matter.
    lam : float
        Rate, positive.

    Returns
    -------
    array
        `data`'s shape and type.
    """
    return draw(exponential, key, data.shape, data.dtype, lam)


@register("_random_poisson_like", traced=("lam",))
def random_poisson_like(data, *, lam: float = 1.0, key):
    """Poisson random numbers, in the shape and type of an array.

    Parameters
    ----------
    data : array
        Only its shape and type matter.
    lam : float
        Mean.

    Returns
    -------
    array
        `data`'s shape and type.
    """
    return draw(poisson, key, data.shape, data.dtype, lam)


@register("_random_negative_binomial_like", traced=("k", "p"))
def random_negative_binomial_like(data, *, k: int = 1, p: float = 1.0, key):
    """Negative binomial random numbers, in the shape and type of an array.

    The number of failures before the k-th success.

    Parameters
    ----------
    data : array
        Only its shape and type matter.
    k : int
        Number of successes.
    p : float
        Probability of a success.

    Returns
    -------
    array
        `data`'s shape and type.
    """
    return draw(negative_binomial, key, data.shape, data.dtype, k, p)


@register("_random_generalized_negative_binomial_like", traced=("mu", "alpha"))
def random_generalized_negative_binomial_like(data, *, mu: float = 1.0, alpha: float = 1.0, key):
    """Negative binomial random numbers, by mean and dispersion, in the shape and type of an array.

    Parameters
    ----------
    data : array
        Only its shape and type matter.
    mu : float
        Mean.
    alpha : float
        Dispersion: the variance is ``mu + alpha * mu**2``.

    Returns
    -------
    array
        `data`'s shape and type.
    """
    return draw(generalized_negative_binomial, key, data.shape, data.dtype, mu, alpha)
