"""``mx.optimizer.contrib``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import optax

from ..ops import _rules as rules
from .optimizer import Optimizer, register
from .rule import Fixed, Step, per_parameter

__all__ = ["GroupAdaGrad"]


@register
class GroupAdaGrad(Optimizer):
    """AdaGrad with one scale for each row of a weight.

    ``g = clip(rescale * grad)``; ``h = h + mean(g**2)`` over the row;
    ``w = w - lr * g / sqrt(h + eps)``. There is no weight decay.

    Parameters
    ----------
    eps : float
    **kwargs
        As for :class:`Optimizer`.

    Raises
    ------
    ValueError
        At an update with weight decay.
    """

    float_stable_eps = Fixed()

    def __init__(self, eps: float = 1e-5, **kwargs: Any):
        super().__init__(**kwargs)
        self.float_stable_eps = eps

    def _get_wds(self, indices: Sequence[Any]) -> list[float]:
        found = super()._get_wds(indices)
        if any(found):
            raise ValueError("GroupAdaGrad has no weight decay; leave wd at 0")
        return found

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        eps, clip = self.float_stable_eps, self.clip_gradient or None

        def rows(param: Any) -> Any:
            return jnp.zeros((*param.shape[:1], *(1 for _ in param.shape[1:])), param.dtype)

        def update(s: Step, history: Any) -> tuple:
            g = rules.rescaled(s.grad, s.rescale, clip)
            scaled, history = rules.group_adagrad(g, history, eps)
            return -s.lr * scaled, history

        return per_parameter([rows], update)
