"""Update operators of optimizers that scale each element's step; see ``update.py``."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from . import _rules as rules
from .update import update_operator

__all__ = [
    "adagrad_update", "adam_update", "adamw_update", "ftml_update", "ftrl_update",
    "group_adagrad_update", "lamb_update_phase1", "lamb_update_phase2", "mp_adamw_update",
    "mp_lamb_update_phase1", "mp_lamb_update_phase2", "rmsprop_update", "rmspropalex_update",
]  # fmt: skip

# MXNet holds these in float32.
BETA1, BETA2 = 0.8999999761581421, 0.9990000128746033
EPSILON, EPSILON_LAMB = 9.99999993922529e-09, 9.999999974752427e-07


@update_operator("adam_update", aux=("mean", "var"), aliases=("_sparse_adam_update",))
def adam_update(
    weight, grad, mean, var, *, lr: float, beta1: float = BETA1, beta2: float = BETA2,
    epsilon: float = EPSILON, wd: float = 0.0, rescale_grad: float = 1.0,
    clip_gradient: float = -1.0, lazy_update: bool = True,
):  # fmt: skip
    """Adam (Kingma and Ba, 2014), without the correction of the bias, which belongs into `lr`.

    ``g = clip(rescale_grad * grad + wd * weight)``; ``mean = beta1 * mean + (1 - beta1) * g``;
    ``var = beta2 * var + (1 - beta2) * g**2``;
    ``weight = weight - lr * mean / (sqrt(var) + epsilon)``.

    Examples
    --------
    >>> w, g = nd.array([1, 2]), nd.array([10, -10])
    >>> mean, var = nd.zeros(2), nd.zeros(2)
    >>> nd.adam_update(w, g, mean, var, lr=0.1, beta1=0.5, beta2=0.75, out=w)
    [0.9 2.1]
    >>> mean
    [ 5. -5.]
    """
    g = rules.decayed(weight, grad, rescale_grad, wd, clip_gradient)
    step, mean, var = rules.adam(g, mean, var, lr, beta1, beta2, epsilon)
    return weight + step, mean, var


_RESCALE = {"rescale_grad": "Multiplies the gradient; one number."}


@update_operator(
    "_adamw_update", aux=("mean", "var"), traced=("lr", "wd", "eta"), describe=_RESCALE
)  # fmt: skip
def adamw_update(
    weight, grad, mean, var, rescale_grad, *, lr: float, beta1: float = BETA1,
    beta2: float = BETA2, epsilon: float = EPSILON, wd: float = 0.0, eta: float,
    clip_gradient: float = -1.0,
):  # fmt: skip
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    ``g = clip(rescale_grad * grad)``; ``mean`` and ``var`` as in ``adam_update``;
    ``weight = weight - eta * (lr * mean / (sqrt(var) + epsilon) + wd * weight)``. Nothing changes
    if `rescale_grad`, an array of one number, is 0 or not finite.
    """
    return _adamw(
        weight, grad, mean, var, rescale_grad, lr, beta1, beta2, epsilon, wd, eta, clip_gradient
    )


def _adamw(weight, grad, mean, var, rescale, lr, beta1, beta2, epsilon, wd, eta, clip):
    rescale = rescale.reshape(())
    use = jnp.isfinite(rescale) & (rescale != 0)
    g = rules.rescaled(grad, rescale, clip)
    step, *states = rules.adam(g, mean, var, lr, beta1, beta2, epsilon)
    new = (weight + eta * (step - wd * weight), *states)
    old = (weight, mean, var)
    return [jnp.where(use, a, b) for a, b in zip(new, old, strict=True)]


@update_operator(
    "_mp_adamw_update", aux=("mean", "var", "weight32"), traced=("lr", "wd", "eta"),
    describe=_RESCALE,
)  # fmt: skip
def mp_adamw_update(
    weight, grad, mean, var, weight32, rescale_grad, *, lr: float, beta1: float = BETA1,
    beta2: float = BETA2, epsilon: float = EPSILON, wd: float = 0.0, eta: float,
    clip_gradient: float = -1.0,
):  # fmt: skip
    """``adamw_update`` of a 16-bit weight with a float32 copy."""
    new, mean, var = _adamw(
        weight32, grad, mean, var, rescale_grad, lr, beta1, beta2, epsilon, wd, eta, clip_gradient
    )
    return new, mean, var, new


@update_operator("ftml_update", aux=("d", "v", "z"), traced=("lr", "t", "wd", "rescale_grad"))
def ftml_update(
    weight, grad, d, v, z, *, lr: float, beta1: float = 0.6000000238418579, beta2: float = BETA2,
    epsilon: float = 9.99999993922529e-09, t: int, wd: float = 0.0, rescale_grad: float = 1.0,
    clip_grad: float = -1.0,
):  # fmt: skip
    """Follow the moving leader (Zheng and Kwok, 2017).

    ``g = clip(rescale_grad * grad + wd * weight)``; ``v = beta2 * v + (1 - beta2) * g**2``;
    ``d' = (1 - beta1**t) / lr * (sqrt(v / (1 - beta2**t)) + epsilon)``;
    ``z = beta1 * z + (1 - beta1) * g - (d' - beta1 * d) * weight``; ``weight = -z / d'``.
    """
    g = rules.decayed(weight, grad, rescale_grad, wd, clip_grad)
    step, d, v, z = rules.ftml(weight, g, d, v, z, lr, t, beta1, beta2, epsilon)
    return weight + step, d, v, z


@update_operator("ftrl_update", aux=("z", "n"), aliases=("_sparse_ftrl_update",))
def ftrl_update(
    weight, grad, z, n, *, lr: float, lamda1: float = 0.009999999776482582, beta: float = 1.0,
    wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
):  # fmt: skip
    """Follow the regularized leader (McMahan et al., "Ad click prediction", 2013).

    ``g = clip(rescale_grad * grad)``; ``z = z + g - (sqrt(n + g**2) - sqrt(n)) * weight / lr``;
    ``n = n + g**2``; ``weight = (sign(z) * lamda1 - z) / ((beta + sqrt(n)) / lr + wd)`` where
    ``abs(z) > lamda1``, else 0.
    """
    g = rules.rescaled(grad, rescale_grad, clip_gradient)
    step, z, n = rules.ftrl(weight, g, z, n, lr, wd, lamda1, beta)
    return weight + step, z, n


@update_operator("rmsprop_update", aux=("n",))
def rmsprop_update(
    weight, grad, n, *, lr: float, gamma1: float = 0.949999988079071, epsilon: float = EPSILON,
    wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
):  # fmt: skip
    """RMSProp (Tieleman and Hinton, 2012).

    ``g = clip(rescale_grad * grad + wd * weight)``; ``n = gamma1 * n + (1 - gamma1) * g**2``;
    ``weight = clip(weight - lr * g / sqrt(n + epsilon))``.
    """
    g = rules.decayed(weight, grad, rescale_grad, wd, clip_gradient)
    step, n = rules.rms(g, n, lr, gamma1, epsilon)
    return rules.rescaled(weight + step, 1, clip_weights), n


@update_operator(
    "rmspropalex_update", aux=("n", "g", "delta"),
    describe={"g": "Running mean of the gradients; changed in place."},
)  # fmt: skip
def rmspropalex_update(
    weight, grad, n, g, delta, *, lr: float, gamma1: float = 0.949999988079071,
    gamma2: float = BETA1, epsilon: float = EPSILON, wd: float = 0.0, rescale_grad: float = 1.0,
    clip_gradient: float = -1.0, clip_weights: float = -1.0,
):  # fmt: skip
    """RMSProp, centered (Graves, "Generating sequences", 2013).

    With ``a = clip(rescale_grad * grad + wd * weight)``: ``n = gamma1 * n + (1 - gamma1) * a**2``;
    ``g = gamma1 * g + (1 - gamma1) * a``;
    ``delta = gamma2 * delta - lr * a / sqrt(n - g**2 + epsilon)``;
    ``weight = clip(weight + delta)``.
    """
    a = rules.decayed(weight, grad, rescale_grad, wd, clip_gradient)
    step, n, g, delta = rules.rms_centered(a, n, g, delta, lr, gamma1, gamma2, epsilon)
    return rules.rescaled(weight + step, 1, clip_weights), n, g, delta


@update_operator("_sparse_adagrad_update", aux=("history",))
def adagrad_update(
    weight, grad, history, *, lr: float, epsilon: float = 1.0000000116860974e-07, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0,
):  # fmt: skip
    """AdaGrad (Duchi et al., 2011).

    ``g = clip(rescale_grad * grad)``; ``history = history + g**2``;
    ``weight = weight - lr * (g / sqrt(history + epsilon) + wd * weight)``.
    """
    g = rules.rescaled(grad, rescale_grad, clip_gradient)
    step, history = rules.adagrad(g, history, epsilon)
    return weight - lr * (step + wd * weight), history


@update_operator(
    "_contrib_group_adagrad_update", aux=("history",), traced=("lr", "rescale_grad")
)  # fmt: skip
def group_adagrad_update(
    weight, grad, history, *, lr: float, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    epsilon: float = 9.999999747378752e-06,
):  # fmt: skip
    """AdaGrad with one scale for each row.

    ``g = clip(rescale_grad * grad)``; `history`, of shape (rows, 1), grows by the mean of ``g**2``
    over the row; ``weight = weight - lr * g / sqrt(history + epsilon)``.
    """
    g = rules.rescaled(grad, rescale_grad, clip_gradient)
    step, history = rules.group_adagrad(g, history, epsilon)
    return weight - lr * step, history


# -- LAMB -----------------------------------------------------------------------------------------

_PHASE1: Any = {"traced": ("t", "wd", "rescale_grad"), "returns": "The direction of the step."}
_DIRECTION = {"g": "The direction."}


@update_operator("lamb_update_phase1", aux=("mean", "var"), **_PHASE1)
def lamb_update_phase1(
    weight, grad, mean, var, *, beta1: float = BETA1, beta2: float = BETA2,
    epsilon: float = EPSILON_LAMB, t: int, bias_correction: bool = True, wd: float,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0,
):  # fmt: skip
    """The direction of a step of LAMB (You et al., 2020).

    ``g = clip(rescale_grad * grad)``; ``mean`` and ``var`` as in ``adam_update``; the direction is
    ``m / (sqrt(v) + epsilon) + wd * weight`` with ``m = mean / (1 - beta1**t)`` and
    ``v = var / (1 - beta2**t)``, or the running means themselves without `bias_correction`.
    """
    g = rules.rescaled(grad, rescale_grad, clip_gradient)
    return rules.lamb_direction(weight, g, mean, var, t, wd, beta1, beta2, epsilon, bias_correction)


@update_operator(
    "mp_lamb_update_phase1", aux=("mean", "var"), dtype=jnp.float32,
    describe={"weight32": "The weight in float32."}, **_PHASE1,
)  # fmt: skip
def mp_lamb_update_phase1(
    weight, grad, mean, var, weight32, *, beta1: float = BETA1, beta2: float = BETA2,
    epsilon: float = EPSILON_LAMB, t: int, bias_correction: bool = True, wd: float,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0,
):  # fmt: skip
    """``lamb_update_phase1`` of a 16-bit weight with a float32 copy; gives float32."""
    g = rules.rescaled(grad, rescale_grad, clip_gradient)
    return rules.lamb_direction(
        weight32, g, mean, var, t, wd, beta1, beta2, epsilon, bias_correction
    )


@update_operator("lamb_update_phase2", traced=("lr",), describe=_DIRECTION)
def lamb_update_phase2(
    weight, g, r1, r2, *, lr: float, lower_bound: float = -1.0, upper_bound: float = -1.0
):
    """A step of LAMB along the direction `g` of ``lamb_update_phase1``.

    ``weight = weight - lr * r1 / r2 * g``, where `r1` is kept within the bounds; ``r1 / r2``
    counts as 1 where one of them is 0.
    """
    ratio = rules.lamb_ratio(r1.reshape(()), r2.reshape(()), lower_bound, upper_bound)
    return (weight - lr * ratio * g,)


@update_operator(
    "mp_lamb_update_phase2", aux=("weight32",), traced=("lr",), describe=_DIRECTION
)  # fmt: skip
def mp_lamb_update_phase2(
    weight, g, r1, r2, weight32, *, lr: float, lower_bound: float = -1.0, upper_bound: float = -1.0
):
    """``lamb_update_phase2`` of a 16-bit weight with a float32 copy."""
    ratio = rules.lamb_ratio(r1.reshape(()), r2.reshape(()), lower_bound, upper_bound)
    new = weight32 - lr * ratio * g
    return new, new
