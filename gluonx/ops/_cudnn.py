"""Recurrent layers that cuDNN computes on a GPU, in the place of a loop."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from ..engine.target import target

__all__ = ["fits", "lstm"]


def fits(mode: str, data: jax.Array, *further: object) -> bool:
    """Whether JAX has cuDNN's layers for this: an LSTM in float32 on a GPU, with nothing
    ``further``."""
    plain = all(f is None for f in further)
    return target() == "gpu" and mode == "lstm" and data.dtype == jnp.float32 and plain


def lstm(
    data: jax.Array, packed: Sequence[jax.Array], h: jax.Array, c: jax.Array, bidirectional: bool
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Layers of an LSTM, one on top of the other.

    Parameters
    ----------
    data : array
        (time, batch, features).
    packed : list of array
        All weights and then all biases, in the order of the operator ``RNN``.
    h, c : array
        States before the first step, (layers * directions, batch, size).
    bidirectional : bool

    Returns
    -------
    array, array, array
        (time, batch, directions * size), and the states after the last step.
    """
    from jax.experimental import rnn

    time, batch, features = data.shape
    y, h, c = rnn.lstm(
        data.swapaxes(0, 1),
        h,
        c,
        jnp.concatenate([a.reshape(-1) for a in packed]),
        jnp.full((batch,), time, jnp.int32),
        features,
        h.shape[2],
        len(h) // (2 if bidirectional else 1),
        0.0,
        bidirectional,
    )
    return y.swapaxes(0, 1), h, c
