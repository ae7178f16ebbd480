"""Adam."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import optax

from .optimizer import Optimizer, register
from .transform import add_decay_and_clip

__all__ = ["Adam"]


@register
class Adam(Optimizer):
    """Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2014).

    ``m = b1 * m + (1 - b1) * g``; ``v = b2 * v + (1 - b2) * g**2``;
    ``w = w - lr * sqrt(1 - b2**t) / (1 - b1**t) * m / (sqrt(v) + epsilon)``, with weight decay in
    ``g``. Epsilon stands outside the bias correction, as in the paper's second form.

    Parameters
    ----------
    learning_rate : float
        0.001 by default.
    beta1, beta2, epsilon : float
    lazy_update : bool
        Update only the rows that a row_sparse gradient has.
    **kwargs
        As for :class:`Optimizer`.
    """

    def __init__(
        self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999,
        epsilon: float = 1e-8, lazy_update: bool = True, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.lazy_update = lazy_update

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        return optax.chain(
            add_decay_and_clip(self.clip_gradient),
            _scale_by_adam(self.beta1, self.beta2, self.epsilon),
        )


def _scale_by_adam(b1: float, b2: float, eps: float) -> optax.GradientTransformationExtraArgs:
    def init(params):
        zeros = optax.tree.zeros_like(params)
        return optax.ScaleByAdamState(
            jnp.zeros([], jnp.int32), zeros, optax.tree.zeros_like(params)
        )

    def update(updates, state, params=None, *, hyper, **more):
        mu = optax.tree.update_moment(updates, state.mu, b1, 1)
        nu = optax.tree.update_moment_per_elem_norm(updates, state.nu, b2, 2)
        t = hyper.count
        rate = hyper.learning_rate * jnp.sqrt(_one_minus_power(b2, t)) / _one_minus_power(b1, t)
        new = [
            -rate[i].astype(m.dtype) * m / (jnp.sqrt(v) + eps)
            for i, (m, v) in enumerate(zip(mu, nu, strict=True))
        ]
        return new, optax.ScaleByAdamState(state.count + 1, mu, nu)

    return optax.GradientTransformationExtraArgs(init, update)  # type: ignore[arg-type]


def _one_minus_power(b: float, t: Any) -> Any:
    """``1 - b**t`` without the cancellation that costs float32 four digits at t = 1, b = 0.999."""
    return -jnp.expm1(t * math.log(b)) if b > 0 else jnp.ones_like(t)
