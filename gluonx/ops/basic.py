"""Copies, casts, clipping, choice and sums of arrays, and where gradients begin and end."""

from __future__ import annotations

import functools
import math
from typing import Literal

import jax
import jax.numpy as jnp

from ..engine.op import DType, register
from ._checks import is_float, same_dtype, same_shape


@register("_copy", aliases=("identity",), alike=True)
def identity(data):
    """The array itself, as a new array.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return data


@register("BlockGrad", aliases=("stop_gradient",), differentiable=False, alike=True)
def stop_gradient(data):
    """The array itself; no gradient passes through it.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    The gradient of ``x * nd.BlockGrad(x)`` is ``x``, not ``2 * x``.
    """
    return jax.lax.stop_gradient(data)


@jax.custom_vjp
def _begin_gradient(data):
    return data


_begin_gradient.defvjp(lambda data: (data, None), lambda _, head: (jnp.ones_like(head),))


@register("make_loss", alike=True, loss=True)
def make_loss(data):
    """The array itself, marked as a loss: its gradient is 1, whatever arrives from above.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return _begin_gradient(data)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _scaled_loss(data, grad_scale, valid_thresh, normalization):
    return data


def _scaled_loss_backward(grad_scale, valid_thresh, normalization, data, head):
    scale = jnp.asarray(grad_scale, data.dtype)
    if normalization == "batch":
        scale = scale / (math.prod(data.shape[:-1]) or 1)
    elif normalization == "valid":
        count = jnp.sum(data > valid_thresh)
        scale = scale / jnp.maximum(count, 1).astype(data.dtype)
    return (jnp.broadcast_to(scale, head.shape),)


_scaled_loss.defvjp(lambda data, *facts: (data, data), _scaled_loss_backward)


@register("MakeLoss", alike=True, loss=True)
def make_scaled_loss(
    data,
    *,
    grad_scale: float = 1.0,
    valid_thresh: float = 0.0,
    normalization: Literal["null", "batch", "valid"] = "null",
):
    """The array itself, marked as a loss: its gradient is a constant, whatever arrives from above.

    Parameters
    ----------
    data : array
        Any shape.
    grad_scale : float
        The gradient of every element.
    valid_thresh : float
        Elements greater than this count as valid.
    normalization : {'null', 'batch', 'valid'}
        ``'batch'`` divides the gradient by the number of rows, ``'valid'`` by the number of valid
        elements (at least 1).

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return _scaled_loss(data, grad_scale, valid_thresh, normalization)


@register("ones_like", differentiable=False)
def ones_like(data):
    """Ones in the shape and dtype of `data`.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return jnp.ones_like(data)


@register("zeros_like", differentiable=False)
def zeros_like(data):
    """Zeros in the shape and dtype of `data`.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return jnp.zeros_like(data)


@register("Cast", aliases=("cast",), alike=True)
def cast(data, *, dtype: DType):
    """The array in another dtype.

    Fractions are cut off when numbers become integers; every number but 0 becomes True. The
    gradient arrives in the dtype of `data`; none passes through integers.

    Parameters
    ----------
    data : array
        Any shape.
    dtype : dtype or str
        The dtype wanted.

    Returns
    -------
    array
        Shape of `data`.

    Examples
    --------
    >>> nd.Cast(nd.array([0.9, 1.5]), dtype="int32")
    [0 1]
    """
    target = jnp.dtype(dtype)
    if is_float(data) and jnp.issubdtype(target, jnp.integer) and target.itemsize < 4:
        # by way of int32, so that what does not fit wraps around as it does in C and NumPy
        data = data.astype(jnp.int32)
    return data.astype(target)


@register("clip", alike=True)
def clip(data, *, a_min: float, a_max: float):
    """The array with its elements limited to [`a_min`, `a_max`].

    The gradient passes where the element is inside, borders included.

    Parameters
    ----------
    data : array
        Any shape.
    a_min, a_max : float
        The limits.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.clip(nd.array([-2, 0.5, 7]), 0, 1)
    [0.  0.5 1. ]
    """
    low, high = _limits(data.dtype, a_min, a_max)
    return jnp.where(data > high, high, jnp.where(data < low, low, data))


def _limits(dtype, low: float, high: float):
    """Limits in ``dtype``; what it cannot hold becomes the least or the greatest that it can."""
    if jnp.issubdtype(dtype, jnp.integer):
        info = jnp.iinfo(dtype)
        low, high = (
            info.min if v <= info.min else info.max if v >= info.max else int(v)
            for v in (low, high)
        )
    return jnp.asarray(low, dtype), jnp.asarray(high, dtype)


@register("smooth_l1", alike=True)
def smooth_l1(data, *, scalar: float = 1.0):
    r"""Smooth L1 loss, elementwise.

    With :math:`\sigma` = `scalar`: :math:`\sigma^2 x^2 / 2` where :math:`|x| < 1 / \sigma^2`,
    :math:`|x| - 1 / (2 \sigma^2)` elsewhere.

    Parameters
    ----------
    data : array
        Any shape.
    scalar : float
        How narrow the parabola around 0 is.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    x = data if is_float(data) else data.astype(jnp.float32)
    s2 = scalar * scalar
    size = jnp.abs(x)
    if s2 == 0:
        return jnp.zeros_like(data)
    return jnp.where(size < 1 / s2, 0.5 * s2 * x * x, size - 0.5 / s2).astype(data.dtype)


@register("hard_sigmoid", alike=True)
def hard_sigmoid(data, *, alpha: float = 0.2, beta: float = 0.5):
    """A straight line limited to [0, 1]: ``max(0, min(1, alpha * x + beta))``.

    Parameters
    ----------
    data : array
        Any shape.
    alpha, beta : float
        Slope and offset.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    y = alpha * data + beta
    one = jnp.ones_like(y)
    return jnp.where(y <= 0, 0 * one, jnp.where(y >= 1, one, y)).astype(data.dtype)


@register("where")
def where(condition, x, y):
    """Elements of `x` where `condition` is not 0, of `y` elsewhere.

    Parameters
    ----------
    condition : array
        Shape of `x`; or one number for each row of `x`, to choose whole rows.
    x, y : array
        Two arrays of one shape and dtype.

    Returns
    -------
    array
        Shape and dtype of `x`.

    Examples
    --------
    >>> nd.where(nd.array([1, 0]), nd.array([[1, 2], [3, 4]]), nd.array([[5, 6], [7, 8]]))
    [[1. 2.]
     [7. 8.]]
    """
    same_dtype(x, y)
    same_shape(x, y)
    chosen = condition != 0
    if condition.shape != x.shape:
        if condition.ndim != 1 or condition.shape != x.shape[:1]:
            raise ValueError(
                f"condition of shape {condition.shape} does not fit x of shape {x.shape}; give it "
                "the shape of x, or one element for each row"
            )
        chosen = chosen.reshape(-1, *[1] * (x.ndim - 1))
    return jnp.where(chosen, x, y)


@register("add_n", aliases=("ElementWiseSum",), alike=True)
def add_n(*args):
    """The sum of several arrays.

    Parameters
    ----------
    *args : array
        Arrays of one shape and dtype.

    Returns
    -------
    array
        Shape and dtype of the arrays.

    Examples
    --------
    >>> nd.add_n(nd.ones((2,)), nd.ones((2,)), nd.ones((2,)))
    [3. 3.]
    """
    if not args:
        raise ValueError("give at least one array")
    same_dtype(*args)
    same_shape(*args)
    total = args[0]
    for a in args[1:]:
        total = total + a
    return total
