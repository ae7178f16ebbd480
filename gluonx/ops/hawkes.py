"""Point processes."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..engine.op import register
from ._checks import as_index

__all__ = []


def _one(background, alpha, beta, state, lags, marks, valid, horizon):
    """The log-likelihood of one sequence and the state at the end of the observation."""

    def arrive(carry, event):
        time, likelihood, last, state = carry
        lag, mark, at = event
        now = time + lag
        apart = now - last[mark]
        decay = jnp.exp(-beta[mark] * apart)
        intensity = background[mark] + alpha[mark] * beta[mark] * state[mark] * decay
        compensator = background[mark] * apart + alpha[mark] * state[mark] * (1 - decay)
        moved = (
            now,
            likelihood + jnp.log(intensity) - compensator,
            last.at[mark].set(now),
            state.at[mark].set(1 + state[mark] * decay),
        )
        kept = at < valid
        return jax.tree.map(lambda new, old: jnp.where(kept, new, old), moved, carry), None

    zero = jnp.zeros((), lags.dtype)
    start = (zero, zero, jnp.zeros_like(state), state)
    events = (lags, marks, jnp.arange(lags.shape[0]))
    (_, likelihood, last, state), _ = jax.lax.scan(arrive, start, events)
    apart = horizon - last
    decay = jnp.exp(-beta * apart)
    rest = background * apart + alpha * state * (1 - decay)
    return likelihood - rest.sum(), state * decay


@register("_contrib_hawkesll", outputs=2)
def hawkesll(lda, alpha, beta, state, lags, marks, valid_length, max_time):
    r"""The log-likelihood of multivariate Hawkes processes with exponential decay.

    The intensity of mark :math:`k` at time :math:`t` is

    .. math:: \mu_k + \alpha_k \beta_k \sum_{t_i < t} e^{-\beta_k (t - t_i)}

    over its own earlier events. Hawkes, "Spectra of some self-exciting and mutually exciting point
    processes", 1971.

    Parameters
    ----------
    lda : array
        (batch, marks), the background intensities.
    alpha, beta : array
        (marks,), branching ratios and decay rates.
    state : array
        (batch, marks), what earlier events have left: 0 at the beginning.
    lags : array
        (batch, events), times since the event before.
    marks : array
        (batch, events), int32: the marks of the events.
    valid_length : array
        (batch,), how many events count.
    max_time : array
        (batch,), the end of the observation.

    Returns
    -------
    loglike : array
        (batch,).
    state : array
        (batch, marks), what the events have left at the end.

    Examples
    --------
    >>> one = nd.ones((1, 1))
    >>> marks = nd.zeros((1, 1), dtype="int32")
    >>> nd.contrib.hawkesll(one, nd.zeros(1), nd.ones(1), one * 0, one, marks, nd.ones(1),
    ...                     nd.ones(1) * 2)[0]
    [-2.]
    """
    batch, events = lags.shape if lags.ndim == 2 else (-1, -1)
    count = alpha.shape[0] if alpha.ndim == 1 else -1
    want = {
        "lda": (lda, (batch, count)),
        "beta": (beta, (count,)),
        "state": (state, (batch, count)),
        "marks": (marks, (batch, events)),
        "valid_length": (valid_length, (batch,)),
        "max_time": (max_time, (batch,)),
    }
    for name, (array, shape) in want.items():
        if array.shape != shape:
            raise ValueError(
                f"{name} must have shape {shape} beside lags (batch, events) {lags.shape} and "
                f"alpha (marks,) {alpha.shape}, got {array.shape}"
            )
    run = jax.vmap(_one, (0, None, None, 0, 0, 0, 0, 0))
    return run(lda, alpha, beta, state, lags, as_index(marks, count), valid_length, max_time)
