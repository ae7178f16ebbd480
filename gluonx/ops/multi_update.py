"""Update operators for many weights in one call; see ``update.py`` for one weight.

Their arrays come weight by weight: ``w0, g0, mom0, w1, g1, mom1, ...``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import jax.numpy as jnp

from ..engine.op import register
from . import _rules as rules
from .adaptive import BETA1, BETA2, EPSILON, EPSILON_LAMB, _adamw
from .update import _descent, document

__all__ = ["multi_operator"]


def multi_operator(
    name: str, parts: Sequence[str], *, extra: int = 0, number: str = "num_weights",
    traced: Sequence[str] = ("rescale_grad",),
) -> Callable[[Callable], Callable]:  # fmt: skip
    """Register an update of many weights.

    Parameters
    ----------
    name : str
    parts : sequence of str
        What each weight comes with, in order: ``('weight', 'grad', ...)``. The parts after these
        two are states, changed in place.
    extra : int
        How many arrays follow those of the weights.
    number : str
        The attribute that holds the number of weights.
    traced : sequence of str
        Attributes that are arguments of the compiled code.

    The decorated function has the signature of the operator and returns the update of one weight:
    ``step(i, *parts) -> (new weight, *new states)``, where ``i`` is its number. Its arrays are
    those that follow.
    """
    size, states = len(parts), range(2, len(parts))

    def places(count: int, attrs: dict) -> list[int]:
        return [size * i + k for i in range(int(attrs[number])) for k in states]

    def add(fn: Callable) -> Callable:
        @wraps(fn)
        def run(*data: Any, **attributes: Any) -> list[Any]:
            n = attributes[number]
            if len(data) != size * n + extra:
                raise ValueError(
                    f"{number}={n} weights come with {size} arrays each ({', '.join(parts)})"
                    + (f" and {extra} more" if extra else "")
                    + f", {size * n + extra} in all; got {len(data)}"
                )
            for key, value in attributes.items():
                if key in _PER_WEIGHT and jnp.shape(value) != (n,):
                    raise ValueError(f"{key} must hold {n} numbers, one for each weight")
            for key, value in zip(
                ("lrs", "wds"), data[size * n :] if extra == 2 else (), strict=False
            ):
                if value.shape != (n,):
                    raise ValueError(f"{key} must hold {n} numbers, one for each weight")
            step = fn(*data[size * n :], **attributes)
            results, news = [], []
            for i in range(n):
                old = data[size * i : size * (i + 1)]
                new = step(i, *rules.widened(*old))
                results.append(new[0].astype(old[0].dtype))
                news += [a.astype(old[k].dtype) for a, k in zip(new[1:], states, strict=True)]
            return [*results, *news]

        order = ", ".join(parts)
        run.__doc__ = document(
            fn,
            "The new weights, a list if there are several.",
            **{
                "data": f"For each weight: {order}" + (_EXTRA[extra] if extra else "") + ".",
                number: "How many weights there are.",
                **_PER_WEIGHT,
            },
        )
        register(
            name, aux=places if states else (), traced=traced, precise=True, differentiable=False,
            outputs=lambda attrs: attrs[number],
        )(run)  # fmt: skip
        return fn

    return add


_PER_WEIGHT = {
    "lrs": "The learning rate of each weight.",
    "learning_rates": "The learning rate of each weight.",
    "wds": "The weight decay of each weight.",
    "etas": "What the whole step of each weight is multiplied by.",
    "step_count": "The number of this step for each weight, from 1.",
}
_EXTRA = {1: "; then the number that multiplies the gradients", 2: "; then all lrs, all wds"}

_RATES = ("lrs", "wds", "rescale_grad")
_PLAIN, _MOM = ("weight", "grad"), ("weight", "grad", "mom")


def _sgd(lrs, wds, rescale, clip):
    def step(i, weight, grad):
        return (weight - lrs[i] * _descent(weight, grad, rescale, wds[i], clip),)

    return step


def _sgd_mom(lrs, wds, momentum, rescale, clip):
    def step(i, weight, grad, mom):
        g = _descent(weight, grad, rescale, wds[i], clip)
        change, mom = rules.momentum(g, mom, lrs[i], momentum)
        return weight + change, mom

    return step


def _with_copy(step):
    """``step`` on the float32 copies, the last of the parts."""

    def run(i, weight, grad, *states):
        new = step(i, states[-1], grad, *states[:-1])
        return *new, new[0]

    return run


@multi_operator("multi_sgd_update", _PLAIN, traced=_RATES)
def multi_sgd_update(
    *data, lrs: tuple, wds: tuple, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    num_weights: int = 1,
):  # fmt: skip
    """``sgd_update`` of many weights.

    Examples
    --------
    >>> w, v, g = nd.array([1, 2]), nd.array([3]), nd.array([1])
    >>> nd.multi_sgd_update(w, w, v, g, lrs=(0.5, 1), wds=(0, 0), num_weights=2, out=[w, v])
    [[0.5 1. ], [2.]]
    """
    return _sgd(lrs, wds, rescale_grad, clip_gradient)


@multi_operator("multi_sgd_mom_update", _MOM, traced=_RATES)
def multi_sgd_mom_update(
    *data, lrs: tuple, wds: tuple, momentum: float = 0.0, rescale_grad: float = 1.0,
    clip_gradient: float = -1.0, num_weights: int = 1,
):  # fmt: skip
    """``sgd_mom_update`` of many weights."""
    return _sgd_mom(lrs, wds, momentum, rescale_grad, clip_gradient)


@multi_operator("multi_mp_sgd_update", (*_PLAIN, "weight32"), traced=_RATES)
def multi_mp_sgd_update(
    *data, lrs: tuple, wds: tuple, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    num_weights: int = 1,
):  # fmt: skip
    """``mp_sgd_update`` of many weights."""
    return _with_copy(_sgd(lrs, wds, rescale_grad, clip_gradient))


@multi_operator("multi_mp_sgd_mom_update", (*_MOM, "weight32"), traced=_RATES)
def multi_mp_sgd_mom_update(
    *data, lrs: tuple, wds: tuple, momentum: float = 0.0, rescale_grad: float = 1.0,
    clip_gradient: float = -1.0, num_weights: int = 1,
):  # fmt: skip
    """``mp_sgd_mom_update`` of many weights."""
    return _with_copy(_sgd_mom(lrs, wds, momentum, rescale_grad, clip_gradient))


@multi_operator("preloaded_multi_sgd_update", _PLAIN, extra=2)
def preloaded_multi_sgd_update(
    *data, rescale_grad: float = 1.0, clip_gradient: float = -1.0, num_weights: int = 1
):
    """``sgd_update`` of many weights, with learning rates and weight decays in arrays."""
    lrs, wds = data
    return _sgd(lrs, wds, rescale_grad, clip_gradient)


@multi_operator("preloaded_multi_sgd_mom_update", _MOM, extra=2)
def preloaded_multi_sgd_mom_update(
    *data, momentum: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    num_weights: int = 1,
):  # fmt: skip
    """``sgd_mom_update`` of many weights, with learning rates and weight decays in arrays."""
    lrs, wds = data
    return _sgd_mom(lrs, wds, momentum, rescale_grad, clip_gradient)


@multi_operator("preloaded_multi_mp_sgd_update", (*_PLAIN, "weight32"), extra=2)
def preloaded_multi_mp_sgd_update(
    *data, rescale_grad: float = 1.0, clip_gradient: float = -1.0, num_weights: int = 1
):
    """``mp_sgd_update`` of many weights, with learning rates and weight decays in arrays."""
    lrs, wds = data
    return _with_copy(_sgd(lrs, wds, rescale_grad, clip_gradient))


@multi_operator("preloaded_multi_mp_sgd_mom_update", (*_MOM, "weight32"), extra=2)
def preloaded_multi_mp_sgd_mom_update(
    *data, momentum: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    num_weights: int = 1,
):  # fmt: skip
    """``mp_sgd_mom_update`` of many weights, with learning rates and weight decays in arrays."""
    lrs, wds = data
    return _with_copy(_sgd_mom(lrs, wds, momentum, rescale_grad, clip_gradient))


# -- adaptive -------------------------------------------------------------------------------------

_ADAM = ("weight", "grad", "mean", "var")
_ADAMW = ("lrs", "wds", "etas")
_LAMB = ("learning_rates", "wds", "step_count", "rescale_grad")


def _adamw_of(rescale, lrs, beta1, beta2, epsilon, wds, etas, clip):
    def step(i, weight, grad, mean, var):
        numbers = (lrs[i], beta1, beta2, epsilon, wds[i], etas[i], clip)
        return _adamw(weight, grad, mean, var, rescale, *numbers)

    return step


@multi_operator("_multi_adamw_update", _ADAM, extra=1, traced=_ADAMW)
def multi_adamw_update(
    *data, lrs: tuple, beta1: float = BETA1, beta2: float = BETA2, epsilon: float = EPSILON,
    wds: tuple, etas: tuple, clip_gradient: float = -1.0, num_weights: int = 1,
):  # fmt: skip
    """``adamw_update`` of many weights."""
    (rescale,) = data
    return _adamw_of(rescale, lrs, beta1, beta2, epsilon, wds, etas, clip_gradient)


@multi_operator("_multi_mp_adamw_update", (*_ADAM, "weight32"), extra=1, traced=_ADAMW)
def multi_mp_adamw_update(
    *data, lrs: tuple, beta1: float = BETA1, beta2: float = BETA2, epsilon: float = EPSILON,
    wds: tuple, etas: tuple, clip_gradient: float = -1.0, num_weights: int = 1,
):  # fmt: skip
    """``mp_adamw_update`` of many weights."""
    (rescale,) = data
    return _with_copy(_adamw_of(rescale, lrs, beta1, beta2, epsilon, wds, etas, clip_gradient))


def _lamb(lrs, beta1, beta2, epsilon, wds, rescale, lower, upper, clip, correct, count):
    def step(i, weight, grad, mean, var, weight32=None):
        w = weight if weight32 is None else weight32
        g = rules.rescaled(grad, rescale, clip)
        g, mean, var = rules.lamb_direction(
            w, g, mean, var, count[i], wds[i], beta1, beta2, epsilon, correct
        )
        r1, r2 = (jnp.linalg.norm(a.reshape(-1)) for a in (weight, g))
        w = w - lrs[i] * rules.lamb_ratio(r1, r2, lower, upper) * g
        return (w, mean, var) if weight32 is None else (w, mean, var, w)

    return step


@multi_operator("_multi_lamb_update", _ADAM, number="num_tensors", traced=_LAMB)
def multi_lamb_update(
    *data, learning_rates: tuple, beta1: float = BETA1, beta2: float = BETA2,
    epsilon: float = EPSILON_LAMB, wds: tuple, rescale_grad: float = 1.0,
    lower_bound: float = -1.0, upper_bound: float = -1.0, clip_gradient: float = -1.0,
    bias_correction: bool = True, step_count: tuple, num_tensors: int = 1,
):  # fmt: skip
    """LAMB, both phases, for many weights; see ``lamb_update_phase1``."""
    return _lamb(
        learning_rates, beta1, beta2, epsilon, wds, rescale_grad, lower_bound, upper_bound,
        clip_gradient, bias_correction, step_count,
    )  # fmt: skip


@multi_operator("_multi_mp_lamb_update", (*_ADAM, "weight32"), number="num_tensors", traced=_LAMB)
def multi_mp_lamb_update(
    *data, learning_rates: tuple, beta1: float = BETA1, beta2: float = BETA2,
    epsilon: float = EPSILON_LAMB, wds: tuple, rescale_grad: float = 1.0,
    lower_bound: float = -1.0, upper_bound: float = -1.0, clip_gradient: float = -1.0,
    bias_correction: bool = True, step_count: tuple, num_tensors: int = 1,
):  # fmt: skip
    """``_multi_lamb_update`` of 16-bit weights with float32 copies."""
    return _lamb(
        learning_rates, beta1, beta2, epsilon, wds, rescale_grad, lower_bound, upper_bound,
        clip_gradient, bias_correction, step_count,
    )  # fmt: skip
