"""The formulas of optimizers, shared by the update operators and ``gluonx.optimizer``.

All arrays of a call have one floating-point type, 32 bits or wider; numbers may be 0-d arrays. A
rule returns what is added to the weight, then the new states.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

__all__ = [
    "adagrad", "adam", "decayed", "ftml", "ftrl", "group_adagrad", "lamb_direction", "lamb_ratio",
    "momentum", "nesterov", "one_minus_power", "rescaled", "rms", "rms_centered", "signum",
    "widened",
]  # fmt: skip


def widened(*arrays: Any) -> list[Any]:
    """The arrays, 16-bit floats as float32."""
    return [a.astype(jnp.float32) if a.dtype.itemsize < 4 else a for a in arrays]


def rescaled(grad: Any, rescale: Any, clip: float | None) -> Any:
    """``clip(rescale * grad, -clip, clip)``; None or a negative number does not clip."""
    return _clipped(grad * rescale, clip)


def decayed(weight: Any, grad: Any, rescale: Any, wd: Any, clip: float | None) -> Any:
    """``clip(rescale * grad + wd * weight, -clip, clip)``: here the decay is clipped, too."""
    return _clipped(grad * rescale + wd * weight, clip)


def _clipped(grad: Any, clip: float | None) -> Any:
    return grad if clip is None or clip < 0 else jnp.clip(grad, -clip, clip)


def momentum(grad: Any, mom: Any, lr: Any, decay: Any) -> tuple:
    """``mom = decay * mom - lr * grad``, which is the step."""
    mom = decay * mom - lr * grad
    return mom, mom


def nesterov(grad: Any, mom: Any, lr: Any, decay: float) -> tuple:
    """Momentum of which the step looks one update ahead."""
    mom = decay * mom - lr * grad
    return decay * mom - lr * grad, mom


def adam(grad: Any, mean: Any, var: Any, lr: Any, beta1: float, beta2: float, eps: float) -> tuple:
    """Without the correction of the bias, which callers put into ``lr``."""
    mean = beta1 * mean + (1 - beta1) * grad
    var = beta2 * var + (1 - beta2) * jnp.square(grad)
    return -lr * mean / (jnp.sqrt(var) + eps), mean, var


def signum(weight: Any, grad: Any, mom: Any, lr: Any, wd: Any, decay: float, wd_lh: float) -> tuple:
    mom = decay * mom - (1 - decay) * (wd * weight + grad)
    return lr * jnp.sign(mom) - lr * wd_lh * weight, mom


def ftml(
    weight: Any, grad: Any, d: Any, v: Any, z: Any, lr: Any, t: Any,
    beta1: float, beta2: float, eps: float,
) -> tuple:  # fmt: skip
    v = beta2 * v + (1 - beta2) * jnp.square(grad)
    new = one_minus_power(beta1, t) / lr * (jnp.sqrt(v / one_minus_power(beta2, t)) + eps)
    z = beta1 * z + (1 - beta1) * grad - (new - beta1 * d) * weight
    return -z / new - weight, new, v, z


def ftrl(
    weight: Any, grad: Any, z: Any, n: Any, lr: Any, wd: Any, lamda1: float, beta: float
) -> tuple:
    root, n = jnp.sqrt(n), n + jnp.square(grad)
    z = z + grad - (jnp.sqrt(n) - root) * weight / lr
    new = (jnp.sign(z) * lamda1 - z) / ((beta + jnp.sqrt(n)) / lr + wd)
    return jnp.where(jnp.abs(z) > lamda1, new, 0) - weight, z, n


def rms(grad: Any, n: Any, lr: Any, gamma1: float, eps: float) -> tuple:
    n = gamma1 * n + (1 - gamma1) * jnp.square(grad)
    return -lr * grad / jnp.sqrt(n + eps), n


def rms_centered(
    grad: Any, n: Any, g: Any, delta: Any, lr: Any, gamma1: float, gamma2: float, eps: float
) -> tuple:
    n = gamma1 * n + (1 - gamma1) * jnp.square(grad)
    g = gamma1 * g + (1 - gamma1) * grad
    delta = gamma2 * delta - lr * grad / jnp.sqrt(n - jnp.square(g) + eps)
    return delta, n, g, delta


def adagrad(grad: Any, history: Any, eps: float) -> tuple:
    history = history + jnp.square(grad)
    return grad / jnp.sqrt(history + eps), history


def group_adagrad(grad: Any, history: Any, eps: float) -> tuple:
    axes = tuple(range(1, grad.ndim))
    history = history + jnp.square(grad).mean(axes, keepdims=True).reshape(history.shape)
    rows = history.reshape(grad.shape[0], *(1 for _ in axes))
    return grad / jnp.sqrt(rows + eps), history


def lamb_direction(
    weight: Any, grad: Any, mean: Any, var: Any, t: Any, wd: Any,
    beta1: float, beta2: float, eps: float, correct: bool,
) -> tuple:  # fmt: skip
    mean = beta1 * mean + (1 - beta1) * grad
    var = beta2 * var + (1 - beta2) * jnp.square(grad)
    m, v = mean, var
    if correct:
        m, v = m / one_minus_power(beta1, t), v / one_minus_power(beta2, t)
    return m / (jnp.sqrt(v) + eps) + wd * weight, mean, var


def lamb_ratio(r1: Any, r2: Any, lower: float | None, upper: float | None) -> Any:
    """What the learning rate is multiplied by: the norm of the weight, within bounds, over that of
    the direction; 1 where one of them is 0."""
    if lower is not None and lower >= 0:
        r1 = jnp.maximum(r1, lower)
    if upper is not None and upper >= 0:
        r1 = jnp.minimum(r1, upper)
    known = (r1 != 0) & (r2 != 0)
    return jnp.where(known, r1 / jnp.where(known, r2, 1), 1)


def one_minus_power(b: float, t: Any) -> Any:
    """``1 - b**t`` without the cancellation that costs float32 four digits at t = 1, b = 0.999."""
    return -jnp.expm1(t * math.log(b)) if b > 0 else jnp.ones_like(t)
