"""Functions whose gradients keep little of the forward pass.

What JAX derives keeps the steps of a formula: a softmax its exponentials, their sums and the
quotients, a normalization the data, the centred and the normalized data. On a CPU that costs twice:
XLA takes the memory of a program anew in each call, and a page of it that is touched for the first
time costs more than what is computed there. Here the gradients are made of results that are there
anyway, or of the data once more.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..engine.options import apart
from ..engine.target import target
from ._once import once

__all__ = [
    "log_softmax", "log_softmax_at", "moments", "normalized", "rectified", "remember_scores",
    "softmax", "wide",
]  # fmt: skip


def wide(data: Any) -> Any:
    """``data`` in a type that sums can be taken in: float32 for 16-bit floats."""
    return data.astype(jnp.float32) if data.dtype.itemsize < 4 else data


@jax.custom_vjp
def rectified(x):
    """``max(x, 0)``; the gradient, 0 at 0, asks the result."""
    return jnp.maximum(x, 0)


def _rectified_forward(x):
    y = rectified(x)
    return y, y


def _rectified_backward(y, g):
    y, g = once((y, g))  # else XLA keeps the data in place of the result
    return (jnp.where(y > 0, g, jnp.zeros_like(g)),)


rectified.defvjp(_rectified_forward, _rectified_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def softmax(x, axis: int):
    """The softmax along an axis; the gradient is made of the result."""
    return once(jax.nn.softmax(x, axis))


def _softmax_forward(x, axis: int):
    y = softmax(x, axis)
    return y, y


def _softmax_backward(axis: int, y, g):
    return (y * (g - (y * g).sum(axis, keepdims=True)),)


softmax.defvjp(_softmax_forward, _softmax_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def log_softmax(x, axis: int):
    """The logarithm of the softmax along an axis; the gradient is made of the result."""
    return once(jax.nn.log_softmax(x, axis))


def _log_softmax_forward(x, axis: int):
    y = log_softmax(x, axis)
    return y, y


def _log_softmax_backward(axis: int, y, g):
    return (g - jnp.exp(y) * g.sum(axis, keepdims=True),)


log_softmax.defvjp(_log_softmax_forward, _log_softmax_backward)


#: Of logarithms of a softmax, by their identity: a weak reference, which ends the entry, the scores
#: that they were made of, and the axis.
_scores: dict[int, tuple[Any, Any, int]] = {}


def remember_scores(logs: Any, x: Any, axis: int) -> None:
    """For :func:`log_softmax_at`: `logs` are the logarithms of the softmax of `x` along an axis.

    On a CPU only, where it was measured.
    """
    if target() == "cpu":
        key = id(logs)
        _scores[key] = weakref.ref(logs, lambda _: _scores.pop(key, None)), x, axis


def log_softmax_at(logs: Any, at: Any, axis: int) -> Any:
    """Elements of `logs` at indices along an axis, made of their scores; None if those are unknown.

    A loss that picks the logarithm of one class then needs those of the others no more, nor their
    gradient, which is 0 but at one place. Of 700 places with 2000 classes XLA wrote these zeros and
    read them twice, 1 to 2 ms of a training step.
    """
    reference, x, made = _scores.get(id(logs), (None, None, None))
    return _chosen(x, at, axis) if reference and reference() is logs and made == axis else None


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _chosen(x, at, axis: int):
    return _chosen_forward(x, at, axis)[0]


def _chosen_forward(x, at, axis: int):
    highest = x.max(axis, keepdims=True)
    log_sum = jnp.log(jnp.exp(x - highest).sum(axis, keepdims=True))
    own = jnp.take_along_axis(x, at, axis, mode="promise_in_bounds")
    return own - highest - log_sum, (x, highest, log_sum, at)


@functools.partial(apart, static_argnums=(5,))
def _chosen_gradient(x, highest, log_sum, at, g, axis: int):
    hit = lax.broadcasted_iota(at.dtype, x.shape, axis) == at
    return (hit.astype(g.dtype) - jnp.exp(x - highest - log_sum)) * g


def _chosen_backward(axis: int, kept, g):
    return _chosen_gradient(*kept, g, axis), None


_chosen.defvjp(_chosen_forward, _chosen_backward)


def moments(x, axes: Sequence[int]):
    """Mean and (biased) variance, the axes kept.

    On a GPU the data of a batch is read once only: the variance is that of the distances from a
    number near the mean, the first of the data (Chan, Golub and LeVeque, "Algorithms for computing
    the sample variance", 1983).
    """
    if target() == "gpu" and 0 in axes:
        first = tuple(slice(1 if i in axes else None) for i in range(x.ndim))
        near = lax.stop_gradient(x[first])
        centred = x - near
        mean = centred.mean(axes, keepdims=True)
        square = jnp.square(centred).mean(axes, keepdims=True)
        return near + mean, jnp.maximum(square - jnp.square(mean), 0)
    mean = x.mean(axes, keepdims=True)
    return mean, jnp.square(x - mean).mean(axes, keepdims=True)


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def normalized(data, gamma, beta, axes: tuple[int, ...], eps: float):
    r"""``data`` with mean 0 and variance 1 over some axes, times `gamma`, plus `beta`.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    With :math:`\hat x` for the fraction, :math:`s` for the root and :math:`h` for the gradient of
    :math:`\hat x`, that of the data is :math:`(h - \overline{h} - \hat x \, \overline{h \hat x}) /
    s` (Ioffe and Szegedy, "Batch normalization", 2015, section 3).

    Parameters
    ----------
    data : array
    gamma, beta : array
        They broadcast against `data`; of the type that sums are taken in.
    axes : tuple of int
    eps : float

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return _normalized_forward(data, gamma, beta, axes, eps)[0]


def _normalized_forward(data, gamma, beta, axes: tuple[int, ...], eps: float):
    x = wide(data)
    mean, var = moments(x, axes)
    inverse = lax.rsqrt(var + eps)
    y = ((x - mean) * inverse * gamma + beta).astype(data.dtype)
    return y, (data, gamma, beta, mean, inverse)


def _normalized_backward(axes: tuple[int, ...], eps: float, kept, g):
    data, gamma, beta, mean, inverse = kept
    # else XLA keeps what the forward pass has made of the data
    data, mean, inverse, g = once((data, mean, inverse, g))
    x, g = wide(data), wide(g)
    normal = (x - mean) * inverse
    product, h = g * normal, g * gamma
    h_mean, both_mean = (_weighted_mean(a, gamma, axes) for a in (g, product))
    d_x = inverse * (h - h_mean - normal * both_mean)
    return d_x.astype(data.dtype), _summed(product, gamma), _summed(g, beta)


def _weighted_mean(a, gamma, axes: tuple[int, ...]):
    """The mean of ``a * gamma``, the axes kept."""
    gamma = jnp.expand_dims(gamma, range(a.ndim - gamma.ndim))
    if all(gamma.shape[i] == 1 for i in axes):
        return gamma * a.mean(axes, keepdims=True)
    (axis, *others) = axes
    if others or gamma.size != a.shape[axis] or target() != "cpu":
        return (a * gamma).mean(axes, keepdims=True)
    # as a product of matrices: in its sums XLA wants gamma as an array as large as the data
    numbers = (((axis,), (0,)), ((), ()))
    total = lax.dot_general(a, gamma.reshape(-1), numbers, precision=lax.Precision.HIGHEST)
    return jnp.expand_dims(total / a.shape[axis], axis)


def _summed(g, like):
    """A gradient summed over the axes along which `like` was broadcast."""
    more = g.ndim - like.ndim
    axes = [*range(more)]
    axes += [more + i for i, n in enumerate(like.shape) if n == 1 and g.shape[more + i] != 1]
    return g.sum(axes).reshape(like.shape)


normalized.defvjp(_normalized_forward, _normalized_backward)
