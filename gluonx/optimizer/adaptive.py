"""Optimizers that scale each element's step by the gradients it has seen."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import optax

from ..ops import _rules as rules
from .optimizer import Optimizer, register
from .rule import Fixed, Step, per_parameter, zeros

__all__ = ["FTML", "AdaDelta", "AdaGrad", "Ftrl", "RMSProp"]


@register
class AdaGrad(Optimizer):
    """AdaGrad (Duchi et al., 2011).

    ``g = clip(rescale * grad)``; ``h = h + g**2``; ``w = w - lr * (g / sqrt(h + eps) + wd * w)``.

    Parameters
    ----------
    eps : float
    **kwargs
        As for :class:`Optimizer`.
    """

    float_stable_eps = Fixed()

    def __init__(self, eps: float = 1e-7, **kwargs: Any):
        super().__init__(**kwargs)
        self.float_stable_eps = eps

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        eps, clip = self.float_stable_eps, self.clip_gradient or None

        def update(s: Step, history: Any) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip)
            scaled, history = rules.adagrad(g, history, eps)
            return -s.lr * (scaled + s.wd * s.weight), history

        return per_parameter([zeros], update)


@register
class AdaDelta(Optimizer):
    """AdaDelta (Zeiler, 2012). It has no learning rate.

    ``g = clip(rescale * grad)``; ``a = rho * a + (1 - rho) * g**2``;
    ``d = sqrt(b + epsilon) / sqrt(a + epsilon) * g``; ``b = rho * b + (1 - rho) * d**2``;
    ``w = w - d - wd * w``.

    Parameters
    ----------
    rho, epsilon : float
    **kwargs
        As for :class:`Optimizer`.
    """

    rho = Fixed()
    epsilon = Fixed()

    def __init__(self, rho: float = 0.9, epsilon: float = 1e-5, **kwargs: Any):
        super().__init__(**kwargs)
        self.rho, self.epsilon = rho, epsilon

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        rho, eps, clip = self.rho, self.epsilon, self.clip_gradient or None

        def update(s: Step, gradients: Any, changes: Any) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip)
            gradients = rho * gradients + (1 - rho) * jnp.square(g)
            change = jnp.sqrt(changes + eps) / jnp.sqrt(gradients + eps) * g
            changes = rho * changes + (1 - rho) * jnp.square(change)
            return -change - s.wd * s.weight, gradients, changes

        return per_parameter([zeros, zeros], update)


@register
class RMSProp(Optimizer):
    """RMSProp (Tieleman and Hinton, 2012), or its centered form (Graves, 2013).

    ``g = clip(rescale * grad + wd * w)``; ``n = gamma1 * n + (1 - gamma1) * g**2``. Plain:
    ``w = w - lr * g / sqrt(n + epsilon)``. Centered: ``a = gamma1 * a + (1 - gamma1) * g``;
    ``d = gamma2 * d - lr * g / sqrt(n - a**2 + epsilon)``; ``w = w + d``.

    Parameters
    ----------
    learning_rate : float
        0.001 by default.
    gamma1, gamma2, epsilon : float
        ``gamma2`` is the momentum of the centered form.
    centered : bool
    clip_weights : float, optional
        New weights are clipped to [-c, c].
    **kwargs
        As for :class:`Optimizer`.
    """

    gamma1 = Fixed()
    gamma2 = Fixed()
    epsilon = Fixed()
    centered = Fixed()
    clip_weights = Fixed()

    def __init__(
        self, learning_rate: float = 0.001, gamma1: float = 0.9, gamma2: float = 0.9,
        epsilon: float = 1e-8, centered: bool = False, clip_weights: float | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.gamma1, self.gamma2, self.epsilon = gamma1, gamma2, epsilon
        self.centered = centered
        self.clip_weights = clip_weights

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        gamma1, gamma2, eps = self.gamma1, self.gamma2, self.epsilon
        clip, bound = self.clip_gradient or None, self.clip_weights or None

        def bounded(s: Step, change: Any) -> Any:
            return change if bound is None else _clip(s.weight + change, bound) - s.weight

        def plain(s: Step, n: Any) -> tuple:
            g = rules.decayed(s.weight, s.grad, s.rescale, s.wd, clip)
            change, n = rules.rms(g, n, s.lr, gamma1, eps)
            return bounded(s, change), n

        def centered(s: Step, n: Any, mean: Any, delta: Any) -> tuple:
            g = rules.decayed(s.weight, s.grad, s.rescale, s.wd, clip)
            change, *states = rules.rms_centered(g, n, mean, delta, s.lr, gamma1, gamma2, eps)
            return bounded(s, change), *states

        if self.centered:
            return per_parameter([zeros, zeros, zeros], centered)
        return per_parameter([zeros], plain)


def _clip(weight: Any, bound: float) -> Any:
    return jnp.clip(weight, -bound, bound)


@register
class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al., "Ad click prediction", 2013).

    ``g = clip(rescale * grad)``; ``z = z + g - (sqrt(n + g**2) - sqrt(n)) * w / lr``;
    ``n = n + g**2``; ``w = (sign(z) * lamda1 - z) / ((beta + sqrt(n)) / lr + wd)`` where
    ``abs(z) > lamda1``, else 0.

    Parameters
    ----------
    lamda1 : float
        The L1 penalty.
    learning_rate : float
        0.1 by default.
    beta : float
    **kwargs
        As for :class:`Optimizer`.
    """

    #: A row_sparse parameter is updated lazily.
    lazy_if_sparse = True

    lamda1 = Fixed()
    beta = Fixed()

    def __init__(
        self, lamda1: float = 0.01, learning_rate: float = 0.1, beta: float = 1, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.lamda1, self.beta = lamda1, beta
        self.lr = learning_rate

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        lamda1, beta, clip = self.lamda1, self.beta, self.clip_gradient or None

        def update(s: Step, z: Any, n: Any) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip)
            return rules.ftrl(s.weight, g, z, n, s.lr, s.wd, lamda1, beta)

        return per_parameter([zeros, zeros], update)


@register
class FTML(Optimizer):
    """Follow the moving leader (Zheng and Kwok, 2017).

    ``g = clip(rescale * grad + wd * w)``; ``v = beta2 * v + (1 - beta2) * g**2``;
    ``d' = (1 - beta1**t) / lr * (sqrt(v / (1 - beta2**t)) + epsilon)``;
    ``z = beta1 * z + (1 - beta1) * g - (d' - beta1 * d) * w``; ``w = -z / d'``.

    Parameters
    ----------
    beta1, beta2, epsilon : float
    **kwargs
        As for :class:`Optimizer`.
    """

    beta1 = Fixed()
    beta2 = Fixed()
    epsilon = Fixed()

    def __init__(
        self, beta1: float = 0.6, beta2: float = 0.999, epsilon: float = 1e-8, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        b1, b2, eps, clip = self.beta1, self.beta2, self.epsilon, self.clip_gradient or None

        def update(s: Step, d: Any, v: Any, z: Any) -> tuple:
            g = rules.decayed(s.weight, s.grad, s.rescale, s.wd, clip)
            return rules.ftml(s.weight, g, d, v, z, s.lr, s.t, b1, b2, eps)

        return per_parameter([zeros, zeros, zeros], update)
