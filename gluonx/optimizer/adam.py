"""Adam and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from ..ops import _rules as rules
from ..ops._rules import one_minus_power
from .optimizer import Optimizer, register
from .rule import Fixed, Step, per_parameter, zeros

__all__ = ["Adam", "AdamW", "Adamax", "Nadam"]


@register
class Adam(Optimizer):
    """Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2014).

    ``g = clip(rescale * grad + wd * w)``; ``m = b1 * m + (1 - b1) * g``;
    ``v = b2 * v + (1 - b2) * g**2``;
    ``w = w - lr * sqrt(1 - b2**t) / (1 - b1**t) * m / (sqrt(v) + epsilon)``. Epsilon stands outside
    the bias correction, as in the paper's second form.

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

    beta1 = Fixed()
    beta2 = Fixed()
    epsilon = Fixed()

    def __init__(
        self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999,
        epsilon: float = 1e-8, lazy_update: bool = True, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.lazy_update = lazy_update

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        b1, b2, eps, clip = self.beta1, self.beta2, self.epsilon, self.clip_gradient or None

        def update(s: Step, mean: Any, var: Any) -> tuple:
            g = rules.decayed(s.weight, s.grad, s.rescale, s.wd, clip)
            return rules.adam(g, mean, var, _corrected(s, b1, b2), b1, b2, eps)

        return per_parameter([zeros, zeros], update)


def _corrected(s: Step, b1: float, b2: float) -> Any:
    """The learning rate with the correction of both biases."""
    return s.lr * jnp.sqrt(one_minus_power(b2, s.t)) / one_minus_power(b1, s.t)


@register
class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    ``m`` and ``v`` as for :class:`Adam`, of ``clip(rescale * grad)``;
    ``w = w - lr * (sqrt(1 - b2**t) / (1 - b1**t) * m / (sqrt(v) + epsilon) + wd * w)``.

    Parameters
    ----------
    learning_rate : float
        0.001 by default.
    beta1, beta2, epsilon : float
    correct_bias : bool
        False leaves the two roots out.
    **kwargs
        As for :class:`Optimizer`.
    """

    beta1 = Fixed()
    beta2 = Fixed()
    epsilon = Fixed()
    correct_bias = Fixed()

    def __init__(
        self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999,
        epsilon: float = 1e-8, correct_bias: bool = True, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.correct_bias = correct_bias

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        b1, b2, eps, clip = self.beta1, self.beta2, self.epsilon, self.clip_gradient or None
        correct = self.correct_bias

        def update(s: Step, mean: Any, var: Any) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip)
            lr = _corrected(s, b1, b2) if correct else s.lr
            change, *states = rules.adam(g, mean, var, lr, b1, b2, eps)
            return change - s.lr * s.wd * s.weight, *states

        return per_parameter([zeros, zeros], update)


@register
class Adamax(Optimizer):
    """Adam with the maximum norm (Kingma and Ba, 2014, section 7).

    ``g = clip(rescale * grad + wd * w)``; ``m = b1 * m + (1 - b1) * g``;
    ``u = max(b2 * u, abs(g))``; ``w = w - lr / (1 - b1**t) * m / u``, nothing where ``u`` is 0.

    Parameters
    ----------
    learning_rate : float
        0.002 by default.
    beta1, beta2 : float
    **kwargs
        As for :class:`Optimizer`.
    """

    beta1 = Fixed()
    beta2 = Fixed()

    def __init__(
        self, learning_rate: float = 0.002, beta1: float = 0.9, beta2: float = 0.999, **kwargs: Any
    ):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1, self.beta2 = beta1, beta2

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        b1, b2, clip = self.beta1, self.beta2, self.clip_gradient or None

        def update(s: Step, mean: Any, norm: Any) -> tuple:
            g = rules.decayed(s.weight, s.grad, s.rescale, s.wd, clip)
            mean = b1 * mean + (1 - b1) * g
            norm = jnp.maximum(b2 * norm, jnp.abs(g))
            lr = s.lr / one_minus_power(b1, s.t)
            return -lr * mean / jnp.where(norm == 0, 1, norm), mean, norm

        return per_parameter([zeros, zeros], update)


@register
class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat, 2016).

    ``g = clip(rescale * grad + wd * w)``, ``m`` and ``v`` as for :class:`Adam`. With
    ``mu(t) = b1 * (1 - 0.96**(t * schedule_decay) / 2)`` and ``p``, the product of all so far:
    ``n = (1 - mu(t)) * g / (1 - p) + mu(t + 1) * m / (1 - p * mu(t + 1))``;
    ``w = w - lr * n / (sqrt(v / (1 - b2**t)) + epsilon)``. As in MXNet one product, ``m_schedule``,
    serves all parameters, and gets a factor for each update of each of them.

    Parameters
    ----------
    learning_rate : float
        0.001 by default.
    beta1, beta2, epsilon, schedule_decay : float
    **kwargs
        As for :class:`Optimizer`.
    """

    beta1 = Fixed()
    beta2 = Fixed()
    epsilon = Fixed()
    schedule_decay = Fixed()

    def __init__(
        self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999,
        epsilon: float = 1e-8, schedule_decay: float = 0.004, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.schedule_decay = schedule_decay
        self.m_schedule = 1.0

    def more(self, indices: Sequence[Any]) -> list[float]:
        products = []
        for t in np.broadcast_to(self.counts(indices), len(indices)).tolist():
            self.m_schedule *= self.beta1 * (1 - 0.5 * 0.96 ** (t * self.schedule_decay))
            products.append(self.m_schedule)
        return products

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        b1, b2, eps, clip = self.beta1, self.beta2, self.epsilon, self.clip_gradient or None
        decay = self.schedule_decay

        def momentum(t: Any) -> Any:
            return b1 * (1 - 0.5 * jnp.power(0.96, t * decay))

        def update(s: Step, mean: Any, var: Any) -> tuple:
            g = rules.decayed(s.weight, s.grad, s.rescale, s.wd, clip)
            mean = b1 * mean + (1 - b1) * g
            var = b2 * var + (1 - b2) * jnp.square(g)
            now, then = momentum(s.t), momentum(s.t + 1)
            product = s.more[s.index].astype(g.dtype)
            ahead = (1 - now) * g / (1 - product) + then * mean / (1 - product * then)
            root = jnp.sqrt(var / one_minus_power(b2, s.t))
            return -s.lr * ahead / (root + eps), mean, var

        return per_parameter([zeros, zeros], update)
