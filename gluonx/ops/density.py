"""Densities of distributions at given samples.

The parameters' shape is the beginning of the samples' shape: each parameter belongs to all samples
at its place. No gradient passes to samples that are whole numbers. Like MXNet, the formulas are
those for samples that the distribution can draw; outside they are not 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax.numpy as jnp
from jax import lax
from jax.scipy.special import gammaln, xlogy

from ..engine.op import register
from ._checks import is_float, same_dtype
from ._matrices import never_scalar

__all__ = []


def _density(formula: Callable, sample, params: dict, is_log: bool, axes: int = 0):
    """``formula`` gives the logarithm; ``axes`` of sample and parameters belong to one draw."""
    same_dtype(sample, *params.values())
    first = next(iter(params.values()))
    if not is_float(sample):
        raise ValueError(f"samples must be of a floating-point type, got {sample.dtype}")
    shape = first.shape[: first.ndim - axes]
    fits = sample.shape[: len(shape)] == shape and sample.ndim >= first.ndim
    fits = fits and sample.shape[sample.ndim - axes :] == first.shape[first.ndim - axes :]
    if not fits or any(p.shape != first.shape for p in params.values()):
        raise ValueError(
            f"the shape of the parameters must be equal, and the beginning of that of the samples: "
            f"got samples {sample.shape}, "
            + ", ".join(f"{name} {p.shape}" for name, p in params.items())
        )
    kind = sample.dtype
    between = (1,) * (sample.ndim - first.ndim)
    wide = [p.reshape(*shape, *between, *first.shape[len(shape) :]) for p in params.values()]
    if kind.itemsize < 4:
        sample, *wide = (a.astype(jnp.float32) for a in (sample, *wide))
    y = formula(sample, *wide)
    return never_scalar((y if is_log else jnp.exp(y)).astype(kind))


@register("_random_pdf_uniform", aliases=("random_pdf_uniform",))
def pdf_uniform(sample, low, high, *, is_log: bool = False):
    """The density of uniform distributions.

    Parameters
    ----------
    sample : array
        The samples.
    low, high : array
        Ends of the intervals; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> nd.random_pdf_uniform(nd.array([[1, 2]]), nd.array([0]), nd.array([4]))
    [[0.25 0.25]]
    """
    return _density(
        lambda x, a, b: jnp.zeros_like(x) - jnp.log(b - a),
        sample,
        {"low": low, "high": high},
        is_log,
    )


@register("_random_pdf_normal", aliases=("random_pdf_normal",))
def pdf_normal(sample, mu, sigma, *, is_log: bool = False):
    """The density of normal distributions.

    Parameters
    ----------
    sample : array
        The samples.
    mu, sigma : array
        Means and standard deviations; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> nd.random_pdf_normal(nd.array([[0]]), nd.array([0]), nd.array([1]))
    [[0.3989423]]
    """

    def formula(x, mean, deviation):
        z = (x - mean) / deviation
        return -0.5 * z * z - jnp.log(deviation) - 0.5 * math.log(2 * math.pi)

    return _density(formula, sample, {"mu": mu, "sigma": sigma}, is_log)


@register("_random_pdf_gamma", aliases=("random_pdf_gamma",))
def pdf_gamma(sample, alpha, beta, *, is_log: bool = False):
    """The density of gamma distributions.

    Parameters
    ----------
    sample : array
        The samples.
    alpha, beta : array
        Shapes and rates (1 / scale); shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> y = nd.random_pdf_gamma(nd.array([[1]]), nd.array([1]), nd.array([1]))
    >>> y.asnumpy().round(3)
    array([[0.368]], dtype=float32)
    """

    def formula(x, a, b):
        return a * jnp.log(b) + xlogy(a - 1, x) - b * x - gammaln(a)

    return _density(formula, sample, {"alpha": alpha, "beta": beta}, is_log)


@register("_random_pdf_exponential", aliases=("random_pdf_exponential",))
def pdf_exponential(sample, lam, *, is_log: bool = False):
    """The density of exponential distributions.

    Parameters
    ----------
    sample : array
        The samples.
    lam : array
        Rates; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> nd.random_pdf_exponential(nd.array([[0, 1]]), nd.array([2]))
    [[2.         0.27067056]]
    """
    return _density(lambda x, rate: jnp.log(rate) - rate * x, sample, {"lam": lam}, is_log)


@register("_random_pdf_poisson", aliases=("random_pdf_poisson",))
def pdf_poisson(sample, lam, *, is_log: bool = False):
    """The probabilities of numbers under Poisson distributions.

    Parameters
    ----------
    sample : array
        Whole numbers.
    lam : array
        Means; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the probability.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> y = nd.random_pdf_poisson(nd.array([[0, 1]]), nd.array([1]))
    >>> y.asnumpy().round(3)
    array([[0.368, 0.368]], dtype=float32)
    """

    def formula(x, mean):
        return xlogy(x, mean) - mean - gammaln(x + 1)

    return _density(formula, lax.stop_gradient(sample), {"lam": lam}, is_log)


def _negative_binomial(x, count, chance):
    """Failures before the ``count``-th success of probability ``chance``."""
    ways = gammaln(x + count) - gammaln(x + 1) - gammaln(count)
    return ways + count * jnp.log(chance) + xlogy(x, 1 - chance)


@register("_random_pdf_negative_binomial", aliases=("random_pdf_negative_binomial",))
def pdf_negative_binomial(sample, k, p, *, is_log: bool = False):
    """The probabilities of numbers under negative binomial distributions.

    Parameters
    ----------
    sample : array
        Whole numbers: failures before the `k`-th success.
    k, p : array
        Numbers and probabilities of successes; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the probability.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> y = nd.random_pdf_negative_binomial(nd.array([[0, 1]]), nd.array([1]), nd.array([0.5]))
    >>> y.asnumpy().round(3)
    array([[0.5 , 0.25]], dtype=float32)
    """
    return _density(_negative_binomial, lax.stop_gradient(sample), {"k": k, "p": p}, is_log)


@register(
    "_random_pdf_generalized_negative_binomial",
    aliases=("random_pdf_generalized_negative_binomial",),
)
def pdf_generalized_negative_binomial(sample, mu, alpha, *, is_log: bool = False):
    """The probabilities of numbers under negative binomial distributions of given mean.

    Parameters
    ----------
    sample : array
        Whole numbers.
    mu, alpha : array
        Means and dispersions; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the probability.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> one = nd.array([1])
    >>> y = nd.random_pdf_generalized_negative_binomial(nd.array([[0]]), one, one)
    >>> y.asnumpy().round(3)
    array([[0.5]], dtype=float32)
    """

    def formula(x, mean, dispersion):
        return _negative_binomial(x, 1 / dispersion, 1 / (1 + mean * dispersion))

    return _density(formula, lax.stop_gradient(sample), {"mu": mu, "alpha": alpha}, is_log)


@register("_random_pdf_dirichlet", aliases=("random_pdf_dirichlet",))
def pdf_dirichlet(sample, alpha, *, is_log: bool = False):
    """The density of Dirichlet distributions.

    Parameters
    ----------
    sample : array
        (..., n): the samples, positive numbers whose sum along the last axis is 1.
    alpha : array
        Concentrations, with a last axis of length n; the axes before are the beginning of those of
        `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample` without the last axis; (1,) for one sample.

    Examples
    --------
    >>> y = nd.random_pdf_dirichlet(nd.array([[0.5, 0.5]]), nd.array([2, 2]))
    >>> y.asnumpy().round(3)
    array([1.5], dtype=float32)
    """

    def formula(x, a):
        return (xlogy(a - 1, x) - gammaln(a)).sum(-1) + gammaln(a.sum(-1))

    return _density(formula, sample, {"alpha": alpha}, is_log, axes=1)
