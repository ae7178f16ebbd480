"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import optax

from .optimizer import Optimizer, register
from .transform import add_decay_and_clip, scale_by_rate

__all__ = ["NAG", "SGD"]


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

    def __init__(self, momentum: float = 0.0, lazy_update: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.lazy_update = lazy_update

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        parts: list[optax.GradientTransformation] = [
            add_decay_and_clip(self.clip_gradient),
            scale_by_rate(),
        ]
        if self.momentum:
            parts.append(optax.trace(self.momentum))
        return optax.chain(*parts)


@register
class NAG(SGD):
    """Nesterov's accelerated gradient (Nesterov, 1983; as in Sutskever et al., 2013).

    ``m = momentum * m - lr * g``; ``w = w + momentum * m - lr * g``.
    """

    def __init__(self, momentum: float = 0.0, **kwargs: Any):
        super().__init__(momentum, lazy_update=False, **kwargs)

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        parts: list[optax.GradientTransformation] = [
            add_decay_and_clip(self.clip_gradient),
            scale_by_rate(),
        ]
        if self.momentum:
            parts.append(optax.trace(self.momentum, nesterov=True))
        return optax.chain(*parts)
