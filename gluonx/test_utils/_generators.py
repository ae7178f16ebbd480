"""Whether generators of random numbers, and optimizers, do what they shall."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..io import DataIter
from ._compare import assert_almost_equal

__all__ = [
    "DummyIter", "chi_square_check", "compare_optimizer", "gen_buckets_probs_with_ppf",
    "mean_check", "var_check", "verify_generator",
]  # fmt: skip


def gen_buckets_probs_with_ppf(
    ppf: Callable[[float], float], nbuckets: int
) -> tuple[list[tuple[float, float]], list[float]]:
    """Intervals in which a number lies with equal probabilities.

    Parameters
    ----------
    ppf : callable
        The inverse of the distribution function, such as ``scipy.stats.norm.ppf``.
    nbuckets : int
        How many intervals.

    Returns
    -------
    buckets : list of (float, float)
    probs : list of float
    """
    if nbuckets < 1:
        raise ValueError(f"nbuckets must be 1 or greater, got {nbuckets}")
    edges = [ppf(i / nbuckets) for i in range(nbuckets + 1)]
    return list(zip(edges, edges[1:], strict=False)), [1.0 / nbuckets] * nbuckets


def _drawn(generator: Callable[[int], Any], nsamples: int) -> np.ndarray:
    found = generator(nsamples)
    return np.asarray(found.asnumpy() if isinstance(found, nd.NDArray) else found)


def mean_check(
    generator: Callable[[int], Any], mu: float, sigma: float, nsamples: int = 1000000
) -> bool:
    """Whether the mean of samples is within three of its standard deviations of ``mu``."""
    mean = _drawn(generator, nsamples).astype(np.float64).mean()
    return bool(abs(mean - mu) < 3 * sigma / math.sqrt(nsamples))


def var_check(generator: Callable[[int], Any], sigma: float, nsamples: int = 1000000) -> bool:
    """Whether the variance of normal samples is within three of its standard deviations."""
    variance = _drawn(generator, nsamples).astype(np.float64).var(ddof=1)
    return bool(abs(variance - sigma**2) < 3 * math.sqrt(2 * sigma**4 / (nsamples - 1)))


def chi_square_check(
    generator: Callable[[int], Any],
    buckets: Sequence[Any],
    probs: Sequence[float],
    nsamples: int = 1000000,
) -> tuple[float, np.ndarray, np.ndarray]:
    r"""Pearson's test: :math:`\sum_i (O_i - E_i)^2 / E_i` is chi-square distributed.

    Parameters
    ----------
    generator : callable
        Gives so many samples.
    buckets : list
        Intervals ``(low, high)``, or values of a discrete distribution.
    probs : list of float
        The probability of each.
    nsamples : int

    Returns
    -------
    p : float
        The probability of a sum at least as large.
    observed, expected : numpy.ndarray
        How many samples are in each bucket, and should be.

    Examples
    --------
    >>> import gluonx as gx
    >>> buckets, probs = gx.test_utils.gen_buckets_probs_with_ppf(lambda p: 2 * p - 1, 4)
    >>> draw = lambda n: gx.nd.random.uniform(-1, 1, shape=n)
    >>> p, observed, expected = gx.test_utils.chi_square_check(draw, buckets, probs, 1000)
    >>> int(observed.sum()), expected.tolist()
    (1000, [250.0, 250.0, 250.0, 250.0])
    """
    if len(buckets) != len(probs):
        raise ValueError(f"got {len(buckets)} buckets for {len(probs)} probabilities")
    samples = _drawn(generator, nsamples).ravel()
    if isinstance(buckets[0], (tuple, list)):
        observed = [((samples >= low) & (samples < high)).sum() for low, high in buckets]
    else:
        observed = [(samples == value).sum() for value in buckets]
    counts, expected = np.array(observed), np.array(probs) * nsamples
    total = float(np.sum((counts - expected) ** 2 / expected))
    # JAX needs SciPy, so it is there
    chi2 = importlib.import_module("scipy.stats").chi2
    return float(chi2.sf(total, len(buckets) - 1)), counts, expected


def verify_generator(
    generator: Callable[[int], Any],
    buckets: Sequence[Any],
    probs: Sequence[float],
    nsamples: int = 1000000,
    nrepeat: int = 5,
    success_rate: float = 0.2,
    alpha: float = 0.05,
) -> list[float]:
    """Repeat :func:`chi_square_check`; it must succeed often enough.

    Parameters
    ----------
    generator, buckets, probs, nsamples
        See :func:`chi_square_check`.
    nrepeat : int
        How often.
    success_rate : float
        The share that must succeed.
    alpha : float
        A test succeeds if its p is above this.

    Returns
    -------
    list of float
        The values of p.

    Raises
    ------
    AssertionError
        If fewer succeed.
    """
    checks = [chi_square_check(generator, buckets, probs, nsamples) for _ in range(nrepeat)]
    found = [p for p, _, _ in checks]
    if sum(p > alpha for p in found) < nrepeat * success_rate:
        _, observed, expected = checks[-1]
        raise AssertionError(
            f"the samples do not follow the distribution: p is {found}, and should be above "
            f"{alpha}; in the buckets are {observed.tolist()}, expected {expected.tolist()}"
        )
    return found


def compare_optimizer(
    opt1: Any,
    opt2: Any,
    shape: Any,
    dtype: Any,
    w_stype: str = "default",
    g_stype: str = "default",
    rtol: float = 1e-4,
    atol: float = 1e-5,
    compare_states: bool = True,
    ntensors: int = 1,
) -> None:
    """Check that two optimizers change equal weights equally.

    Parameters
    ----------
    opt1, opt2 : Optimizer
    shape : tuple of int, or list of them
    dtype : type or str
    w_stype, g_stype : str
        How weights and gradients are stored.
    rtol, atol : float
    compare_states : bool
        Whether the states must be equal too.
    ntensors : int
        How many arrays at once.
    """
    from ._random import rand_ndarray

    shapes = list(shape) if isinstance(shape, list) else [shape] * ntensors
    for i, of in enumerate(shapes):
        w2 = rand_ndarray(of, w_stype, density=1, dtype=dtype)
        g2 = rand_ndarray(of, g_stype, dtype=dtype)
        w1, g1 = w2.copy(), g2.copy()
        states = [opt.create_state_multi_precision(i, w) for opt, w in ((opt1, w1), (opt2, w2))]
        opt1.update_multi_precision(i, w1, g1, states[0])
        opt2.update_multi_precision(i, w2, g2, states[1])
        assert_almost_equal(w1.asnumpy(), w2.asnumpy(), rtol=rtol, atol=atol)
        if compare_states:
            for a, b in zip(_arrays(states[0]), _arrays(states[1]), strict=True):
                assert_almost_equal(a.asnumpy(), b.asnumpy(), rtol=rtol, atol=atol)


def _arrays(state: Any) -> list[nd.NDArray]:
    if isinstance(state, (list, tuple)):
        return [a for part in state for a in _arrays(part)]
    return [] if state is None else [state]


class DummyIter(DataIter):
    """Gives the first batch of another iterator for ever, to measure all but the reading.

    Parameters
    ----------
    real_iter : DataIter
    """

    def __init__(self, real_iter: Any):
        super().__init__()
        self.real_iter = real_iter
        self.provide_data = real_iter.provide_data
        self.provide_label = real_iter.provide_label
        self.batch_size = real_iter.batch_size
        self.the_batch = next(iter(real_iter))

    def __iter__(self) -> Any:
        return self

    def next(self) -> Any:
        """The batch."""
        return self.the_batch
