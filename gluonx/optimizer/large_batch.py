"""Optimizers for large batches: learning rates per layer, warm-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import optax

from ..ops import _rules as rules
from .optimizer import Optimizer, register
from .rule import Fixed, Step, per_parameter, zeros

__all__ = ["LAMB", "LARS", "LBSGD"]


def _norm(array: Any) -> Any:
    return jnp.sqrt(jnp.sum(jnp.square(array)))


@register
class LARS(Optimizer):
    """Layer-wise adaptive rate scaling (You et al., 2017).

    For each weight ``rate = lr * eta * norm(w) / (norm(rescale * grad) + wd * norm(w) + eps)``, or
    ``lr`` where one of the norms is 0 and for parameters whose name in ``param_idx2name`` ends in
    ``gamma``, ``beta`` or ``bias``. Then ``g = clip(rescale * grad) + wd * w``;
    ``m = momentum * m - rate * g``; ``w = w + m``.

    Parameters
    ----------
    momentum : float
    lazy_update : bool
        Accepted for compatibility.
    eta : float
        The trust coefficient.
    eps : float
    momentum_correction : bool
        In a step whose learning rate is not that of the last one, the momentum stays in proportion.
    **kwargs
        As for :class:`Optimizer`.
    """

    momentum = Fixed()
    eta = Fixed()
    eps = Fixed()

    _DECAYED = ("_weight",)

    def __init__(
        self, momentum: float = 0.0, lazy_update: bool = True, eta: float = 0.001, eps: float = 0,
        momentum_correction: bool = True, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.momentum = momentum
        self.lazy_update = lazy_update
        self.eta, self.eps = eta, eps
        self.momentum_correction = momentum_correction
        self.last_lr: float | None = None
        self.cur_lr: float | None = None
        self._step = -1

    def more(self, indices: Sequence[Any]) -> list[float]:
        if self.num_update != self._step:  # once for each step, however many updates it has
            self._step = self.num_update
            lr = self.learning_rate
            self.last_lr = lr if self.cur_lr is None else self.cur_lr
            self.cur_lr = lr
        ratio = 1.0
        if self.momentum_correction and self.last_lr and self.cur_lr is not None:
            ratio = self.cur_lr / self.last_lr
        names = [str(self.idx2name.get(i, i)) for i in indices]
        return [ratio, *(float(not n.endswith(("gamma", "beta", "bias"))) for n in names)]

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        momentum, eta, eps = self.momentum, self.eta, self.eps
        clip = self.clip_gradient or None

        def update(s: Step, *mom: Any) -> tuple:
            w, g = _norm(s.weight), _norm(s.grad) * s.rescale
            scaled = (s.more[1 + s.index] != 0) & (w > 0) & (g > 0)
            whole = jnp.where(scaled, g + s.wd * w + eps, 1)
            rate = s.lr * jnp.where(scaled, eta * w / whole, 1)
            g = rules.rescaled(s.grad, s.rescale, clip) + s.wd * s.weight
            if not mom:
                return (-rate * g,)
            return rules.momentum(g, mom[0], rate, momentum * s.more[0].astype(g.dtype))

        return per_parameter([zeros] if momentum else [], update)


@register
class LAMB(Optimizer):
    """Layer-wise adaptive moments for batch training (You et al., 2020).

    ``g = clip(rescale * grad)``, ``m`` and ``v`` as for Adam;
    ``d = m / (1 - b1**t) / (sqrt(v / (1 - b2**t)) + epsilon) + wd * w``, without the divisors if
    not ``bias_correction``; ``w = w - lr * bounded(norm(w)) / norm(d) * d``, where the ratio counts
    as 1 if one of the norms is 0.

    Parameters
    ----------
    learning_rate : float
        0.001 by default.
    beta1, beta2, epsilon : float
    lower_bound, upper_bound : float, optional
        Bounds of the weight's norm.
    bias_correction : bool
    **kwargs
        As for :class:`Optimizer`.
    """

    beta1 = Fixed()
    beta2 = Fixed()
    epsilon = Fixed()
    lower_bound = Fixed()
    upper_bound = Fixed()
    bias_correction = Fixed()

    def __init__(
        self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999,
        epsilon: float = 1e-6, lower_bound: float | None = None, upper_bound: float | None = None,
        bias_correction: bool = True, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.lower_bound, self.upper_bound = lower_bound, upper_bound
        self.bias_correction = bias_correction

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        b1, b2, eps, clip = self.beta1, self.beta2, self.epsilon, self.clip_gradient or None
        lower, upper = self.lower_bound or None, self.upper_bound or None
        correct = self.bias_correction

        def update(s: Step, mean: Any, var: Any) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip)
            d, *states = rules.lamb_direction(
                s.weight, g, mean, var, s.t, s.wd, b1, b2, eps, correct
            )
            ratio = rules.lamb_ratio(_norm(s.weight), _norm(d), lower, upper)
            return -s.lr * ratio * d, *states

        return per_parameter([zeros, zeros], update)


@register
class LBSGD(Optimizer):
    """Descent with batches made large by adding up gradients, and a warm-up.

    A weight changes at every ``batch_scale``-th update, by descent with momentum on the mean of the
    gradients since, at the rate ``lr * f``. With ``n`` updates made and ``u`` the updates of the
    warm-up, ``f`` rises from 1 to ``batch_scale`` as ``n / u`` (``'linear'``), its square
    (``'power2'``) or its root (``'sqrt'``). With ``'lars'`` it is
    ``norm(w) / sqrt(norm(g)**2 + wd * norm(w)**2)``, from 0.01 to 100.

    Parameters
    ----------
    momentum : float
    multi_precision : bool
    warmup_strategy : {'linear', 'power2', 'sqrt', 'lars'}
        Any other name: no warm-up, ``f`` is 1 until it is over.
    warmup_epochs, updates_per_epoch : int
        Their product is the length of the warm-up.
    batch_scale : int
    begin_epoch : int
        Epochs that were trained before.
    num_epochs : int
        Accepted for compatibility.
    **kwargs
        As for :class:`Optimizer`.
    """

    momentum = Fixed()
    warmup_strategy = Fixed()
    warmup_epochs = Fixed()
    batch_scale = Fixed()
    updates_per_epoch = Fixed()
    init_updates = Fixed()

    def __init__(
        self, momentum: float = 0.0, multi_precision: bool = False,
        warmup_strategy: str = "linear", warmup_epochs: int = 5, batch_scale: int = 1,
        updates_per_epoch: int = 32, begin_epoch: int = 0, num_epochs: int = 60, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(multi_precision=multi_precision, **kwargs)
        self.momentum = momentum
        self.warmup_strategy = warmup_strategy
        self.warmup_epochs = warmup_epochs
        self.batch_scale = batch_scale
        self.updates_per_epoch = updates_per_epoch
        self.init_updates = begin_epoch * updates_per_epoch
        self.num_epochs = num_epochs

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        momentum, scale, clip = self.momentum, self.batch_scale, self.clip_gradient or None
        before = self.init_updates - self.begin_num_update
        lars = self.warmup_strategy == "lars"
        several = scale > 1

        def update(s: Step, *old: Any) -> tuple:
            states = list(old)
            total = s.grad + states.pop() if several else s.grad
            mean = total / scale
            n = s.t + before
            factor = _lars_factor(s, mean) if lars else self._factor(n)
            g = rules.rescaled(mean, s.rescale, clip) + s.wd * s.weight
            change = -s.lr * factor * g
            new = []
            if momentum:
                change, mom = rules.momentum(g, states[0], s.lr * factor, momentum)
                new.append(mom)
            if several:
                due = n % scale == 0
                change = jnp.where(due, change, 0)
                new = [jnp.where(due, a, b) for a, b in zip(new, states, strict=True)]
                new.append(jnp.where(due, 0, total))
            return change, *new

        return per_parameter([zeros] * (bool(momentum) + several), update)

    def _factor(self, n: Any) -> Any:
        """What the learning rate is multiplied by after ``n`` updates."""
        length = self.warmup_epochs * self.updates_per_epoch
        if length <= 1:
            return jnp.where(n >= length, float(self.batch_scale), 1.0).astype(n.dtype)
        share = n / length
        shapes = {"linear": share, "power2": share * share, "sqrt": jnp.sqrt(share)}
        share = jnp.where(n >= length, 1, shapes.get(self.warmup_strategy, 0 * share))
        return 1 + (self.batch_scale - 1) * share


def _lars_factor(s: Step, grad: Any) -> Any:
    w, g = jnp.sum(jnp.square(s.weight)), jnp.sum(jnp.square(grad))
    return jnp.clip(jnp.sqrt(w / (g + s.wd * w + 1e-18)), 0.01, 100)
