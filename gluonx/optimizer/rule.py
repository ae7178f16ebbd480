"""Optimizers whose update looks at one parameter at a time, from the formula of that update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from .transform import number_of

__all__ = ["Fixed", "Step", "per_parameter", "zeros"]


class Step(NamedTuple):
    """What the update of one parameter gets: arrays of one dtype, all traced.

    ``weight`` and ``grad`` have the parameter's shape. ``lr``, ``wd``, ``rescale`` and ``t``, the
    number of the step, are numbers; ``more`` is what :meth:`Optimizer.more` gave, and ``index`` the
    parameter's place among the ``count`` that are updated together.
    """

    weight: Any
    grad: Any
    lr: Any
    wd: Any
    rescale: Any
    t: Any
    more: Any
    index: int
    count: int


def zeros(param: Any) -> Any:
    """A state of the parameter's shape and dtype that begins with 0."""
    return jnp.zeros_like(param)


def per_parameter(
    states: Sequence[Callable], update: Callable
) -> optax.GradientTransformationExtraArgs:
    """An optax transformation.

    Parameters
    ----------
    states : sequence of callable
        For each state, what it begins with: ``f(parameter) -> array``.
    update : callable
        ``update(step, *states) -> (change of the weight, *new states)`` for a :class:`Step`.
    """

    def init(params):
        return tuple(jax.tree.map(f, params) for f in states)

    def apply(updates: Any, state: Any, params: Any = None, *, hyper: Any, **more: Any) -> tuple:
        changes, news = [], []
        for i, (grad, weight) in enumerate(zip(updates, params, strict=True)):
            lr, wd, rescale, t = (
                number_of(n, i).astype(weight.dtype)
                for n in (hyper.learning_rate, hyper.weight_decay, hyper.rescale, hyper.count)
            )
            grad = grad.astype(weight.dtype)
            step = Step(weight, grad, lr, wd, rescale, t, hyper.more, i, len(params))
            change, *new = update(step, *(s[i] for s in state))
            changes.append(change)
            news.append(new)
        return changes, tuple(list(s) for s in zip(*news, strict=True)) if states else ()

    return optax.GradientTransformationExtraArgs(init, apply)  # type: ignore[arg-type]


class Fixed:
    """An attribute of an optimizer that is part of its compiled code: a new value recompiles."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        try:
            return vars(instance)[self.name]
        except KeyError:
            raise AttributeError(
                f"{type(instance).__name__} has no {self.name!r}; call super().__init__() first"
            ) from None

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.name] = value
        vars(instance)["_update"] = None
