"""Stochastic gradient descent, and optimizers that add little to it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax

from ..context import current_context
from ..ops import _rules as rules
from ..random import generator
from .optimizer import Optimizer, register
from .rule import Fixed, Step, per_parameter, zeros
from .transform import add_decay_and_clip, scale_by_rate

__all__ = ["DCASGD", "NAG", "SGD", "SGLD", "Signum", "Test", "ccSGD"]


@register
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

    ``g = clip(rescale * grad) + wd * w``; ``m = momentum * m - lr * g``; ``w = w + m``.

    Parameters
    ----------
    momentum : float
        0, plain descent, by default.
    lazy_update : bool
        Update only the rows that a row_sparse gradient has.
    **kwargs
        As for :class:`Optimizer`.

    Examples
    --------
    >>> import gluonx as gx
    >>> net = gx.nn.Dense(1, in_units=2); net.initialize()
    >>> arguments = {'learning_rate': 0.1, 'momentum': 0.9}
    >>> trainer = gx.gluon.Trainer(net.collect_params(), 'sgd', arguments)
    """

    momentum = Fixed()

    def __init__(self, momentum: float = 0.0, lazy_update: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.lazy_update = lazy_update

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        return _descent(self, nesterov=False)


def _descent(optimizer: Any, nesterov: bool) -> optax.GradientTransformationExtraArgs:
    parts: list[optax.GradientTransformation] = [
        add_decay_and_clip(optimizer.clip_gradient),
        scale_by_rate(),
    ]
    if optimizer.momentum:
        parts.append(optax.trace(optimizer.momentum, nesterov=nesterov))
    return optax.chain(*parts)


@register
class ccSGD(SGD):
    """An old name of :class:`SGD`."""

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn("ccSGD is an old name; use SGD", DeprecationWarning, stacklevel=2)
        super().__init__(*args, **kwargs)


@register
class NAG(Optimizer):
    """Nesterov's accelerated gradient (Nesterov, 1983; as in Sutskever et al., 2013).

    ``g = clip(rescale * grad) + wd * w``; ``m = momentum * m - lr * g``;
    ``w = w + momentum * m - lr * g``.

    Parameters
    ----------
    momentum : float
        0, plain descent, by default.
    **kwargs
        As for :class:`Optimizer`.
    """

    momentum = Fixed()

    def __init__(self, momentum: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.momentum = momentum

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        return _descent(self, nesterov=True)


@register
class Signum(Optimizer):
    """Steps of one size, in the direction of the momentum's sign.

    With momentum: ``g = clip(rescale * grad) + wd * w``; ``m = momentum * m - (1 - momentum) * g``;
    ``w = (1 - lr * wd_lh) * w + lr * sign(m)``. Without, it is signSGD:
    ``w = w - lr * (sign(grad) + wd * w)``. Bernstein et al., "signSGD: compressed optimisation for
    non-convex problems", 2018; ``wd_lh`` is the decay of Loshchilov and Hutter.

    Parameters
    ----------
    learning_rate : float
    momentum : float
    wd_lh : float
        Weight decay apart from the gradient.
    **kwargs
        As for :class:`Optimizer`.
    """

    momentum = Fixed()
    wd_lh = Fixed()

    def __init__(
        self, learning_rate: float = 0.01, momentum: float = 0.9, wd_lh: float = 0.0, **kwargs: Any
    ):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum
        self.wd_lh = wd_lh

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        momentum, wd_lh, clip = self.momentum, self.wd_lh, self.clip_gradient or None

        def sign(s: Step) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip)
            return (-s.lr * (jnp.sign(g) + s.wd * s.weight),)

        def signum(s: Step, mom: Any) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip)
            return rules.signum(s.weight, g, mom, s.lr, s.wd, momentum, wd_lh)

        return per_parameter([zeros], signum) if momentum else per_parameter([], sign)


@register
class SGLD(Optimizer):
    """Stochastic gradient Langevin dynamics (Welling and Teh, 2011): samples from a posterior.

    ``w = w - lr / 2 * (clip(rescale * grad) + wd * w) + normal(0, sqrt(lr))``. The noise comes from
    the generator of the current context, which :func:`gluonx.random.seed` sets.

    Parameters
    ----------
    **kwargs
        As for :class:`Optimizer`.
    """

    def more(self, indices: Sequence[Any]) -> list[float]:
        # two numbers that float32 holds exactly
        return [float(n) for n in generator(current_context()).integers(1 << 24, size=2)]

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        clip = self.clip_gradient or None

        def update(s: Step) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip) + s.wd * s.weight
            key = jax.random.key(s.index, impl="threefry2x32")
            for number in (s.more[0], s.more[1]):
                key = jax.random.fold_in(key, number.astype(jnp.uint32))
            noise = jax.random.normal(key, s.weight.shape, s.weight.dtype)
            return (-s.lr / 2 * g + jnp.sqrt(s.lr) * noise,)

        return per_parameter([], update)


@register
class DCASGD(Optimizer):
    """Delay-compensated asynchronous descent (Zheng et al., 2017).

    ``g = clip(rescale * grad)``;
    ``m = momentum * m - lr * (g + wd * w + lamda * g**2 * (w - previous))``; ``previous = w``;
    ``w = w + m``.

    Parameters
    ----------
    momentum : float
    lamda : float
        How much the delay is compensated for.
    **kwargs
        As for :class:`Optimizer`.
    """

    momentum = Fixed()
    lamda = Fixed()

    def __init__(self, momentum: float = 0.0, lamda: float = 0.04, **kwargs: Any):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.lamda = lamda

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        momentum, lamda, clip = self.momentum, self.lamda, self.clip_gradient or None

        def update(s: Step, *states: Any) -> tuple:
            *mom, previous = states
            g = rules.rescaled(s.grad, s.rescale, clip)
            g = g + s.wd * s.weight + lamda * g * g * (s.weight - previous)
            change = momentum * mom[0] - s.lr * g if mom else -s.lr * g
            return change, *([change] if mom else []), s.weight

        return per_parameter([*([zeros] if momentum else []), jnp.copy], update)


@register
class Test(Optimizer):
    """For tests of what calls optimizers: ``w = w + rescale * grad``; the state is ``w``.

    Parameters
    ----------
    **kwargs
        As for :class:`Optimizer`.
    """

    __test__ = False  # to pytest, a class of this name is a test

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        def update(s: Step, state: Any) -> tuple:
            change = s.grad * s.rescale
            return change, s.weight + change

        return per_parameter([zeros], update)
