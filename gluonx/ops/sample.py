"""Random numbers, with arrays as parameters of the distribution; multinomial draws; shuffling."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ..engine.op import DType, Shape, register
from ._checks import EMPTY, is_float, same_shape
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

_INT32 = DType("int32")


def _each(distribution: Callable, key, shape, dtype, *parameters):
    """Draw ``shape`` numbers for each element of the parameters."""
    same_shape(*parameters)
    full = (*parameters[0].shape, *shape)
    parameters = [p.reshape(*p.shape, *(1,) * len(shape)) for p in parameters]
    return draw(distribution, key, full, dtype, *parameters)


@register("_sample_uniform", aliases=("sample_uniform",), differentiable=False)
def sample_uniform(low, high, *, shape: Shape = EMPTY, dtype: DType | None = None, key):
    """Uniform random numbers, for each element of the parameters.

    The interval is [low, high).

    Parameters
    ----------
    low, high : array
        Smallest value. End of the interval, not included. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_uniform(p, p, shape=3).shape
    (2, 3)
    """
    return _each(uniform, key, shape, dtype, low, high)


@register("_sample_normal", aliases=("sample_normal",), differentiable=False)
def sample_normal(mu, sigma, *, shape: Shape = EMPTY, dtype: DType | None = None, key):
    """Normal random numbers, for each element of the parameters.

    Parameters
    ----------
    mu, sigma : array
        Mean. Standard deviation. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_normal(p, p, shape=3).shape
    (2, 3)
    """
    return _each(normal, key, shape, dtype, mu, sigma)


@register("_sample_gamma", aliases=("sample_gamma",), differentiable=False)
def sample_gamma(alpha, beta, *, shape: Shape = EMPTY, dtype: DType | None = None, key):
    """Gamma random numbers, for each element of the parameters.

    Their mean is ``alpha * beta``.

    Parameters
    ----------
    alpha, beta : array
        Shape, positive. Scale, positive. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_gamma(p, p, shape=3).shape
    (2, 3)
    """
    return _each(gamma, key, shape, dtype, alpha, beta)


@register("_sample_exponential", aliases=("sample_exponential",), differentiable=False)
def sample_exponential(lam, *, shape: Shape = EMPTY, dtype: DType | None = None, key):
    """Exponential random numbers, for each element of the parameters.

    Their mean is ``1 / lam``.

    Parameters
    ----------
    lam : array
        Rate, positive.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_exponential(p, shape=3).shape
    (2, 3)
    """
    return _each(exponential, key, shape, dtype, lam)


@register("_sample_poisson", aliases=("sample_poisson",), differentiable=False)
def sample_poisson(lam, *, shape: Shape = EMPTY, dtype: DType | None = None, key):
    """Poisson random numbers, for each element of the parameters.

    Parameters
    ----------
    lam : array
        Mean.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_poisson(p, shape=3).shape
    (2, 3)
    """
    return _each(poisson, key, shape, dtype, lam)


@register("_sample_negative_binomial", aliases=("sample_negative_binomial",), differentiable=False)
def sample_negative_binomial(k, p, *, shape: Shape = EMPTY, dtype: DType | None = None, key):
    """Negative binomial random numbers, for each element of the parameters.

    The number of failures before the k-th success.

    Parameters
    ----------
    k, p : array
        Number of successes. Probability of a success. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_negative_binomial(p, p, shape=3).shape
    (2, 3)
    """
    return _each(negative_binomial, key, shape, dtype, k, p)


@register(
    "_sample_generalized_negative_binomial",
    aliases=("sample_generalized_negative_binomial",),
    differentiable=False,
)
def sample_generalized_negative_binomial(
    mu, alpha, *, shape: Shape = EMPTY, dtype: DType | None = None, key
):
    """Negative binomial random numbers, by mean and dispersion, for each element of the parameters.

    Parameters
    ----------
    mu, alpha : array
        Mean. Dispersion: the variance is ``mu + alpha * mu**2``. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_generalized_negative_binomial(p, p, shape=3).shape
    (2, 3)
    """
    return _each(generalized_negative_binomial, key, shape, dtype, mu, alpha)


@register(
    "_sample_multinomial",
    aliases=("sample_multinomial",),
    outputs=lambda attrs: 2 if attrs["get_prob"] else 1,
)
def sample_multinomial(
    data, *, shape: Shape = EMPTY, get_prob: bool = False, dtype: DType = _INT32, key
):
    r"""Indices drawn with given probabilities.

    Parameters
    ----------
    data : array
        (..., n): probabilities that sum to 1 along the last axis.
    shape : int or tuple of int
        How many draws from each distribution; one by default.
    get_prob : bool
        Also return the logarithm of the probability of each draw. Its gradient is that of
        :math:`\log p_i`, as policy gradients need it (Williams, 1992).
    dtype : dtype
        Of the indices; int32 by default.

    Returns
    -------
    array
        (..., \*shape); (1,) for one draw from one distribution. With `get_prob` a second array of
        the same shape.

    Examples
    --------
    >>> nd.sample_multinomial(nd.array([[0, 1, 0], [0, 0, 1]]))
    [1 2]
    """
    if not data.ndim or not is_float(data) or not data.shape[-1]:
        raise ValueError(f"data must be floating-point (..., n), got {data.dtype} {data.shape}")
    batch, n = data.shape[:-1], data.shape[-1]
    draws = tuple(shape) if shape or batch else (1,)
    wide = data.astype(jnp.float32) if data.dtype.itemsize < 4 else data
    # inverse of the distribution function: how many of its steps lie at or below a uniform number
    steps = jax.lax.stop_gradient(jnp.cumsum(wide, -1)).reshape(*batch, *(1,) * len(draws), n)
    height = jax.random.uniform(key, (*batch, *draws, 1), wide.dtype) * steps[..., -1:]
    index = jnp.minimum((steps <= height).sum(-1), n - 1)
    drawn = index.astype(dtype)
    if not get_prob:
        return drawn
    flat = index.reshape(*batch, -1)
    chosen = jnp.take_along_axis(data, flat, -1, mode="clip").reshape(index.shape)
    return drawn, jnp.log(chosen)


@register("_shuffle", aliases=("shuffle",))
def shuffle(data, *, key):
    """The array with its first axis in random order.

    Parameters
    ----------
    data : array
        (n, ...).

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.shuffle(nd.array([[1, 1], [2, 2], [3, 3]])).shape
    (3, 2)
    """
    if not data.ndim:
        raise ValueError("an array without axes cannot be shuffled")
    return jax.random.permutation(key, data)
