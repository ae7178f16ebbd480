"""Output operators: the end of a network together with the gradient of its loss.

Their gradient is that of a loss which is never computed; the gradient that arrives from outside is
ignored.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.op import register

__all__ = [
    "linear_regression_output", "logistic_regression_output", "mae_regression_output",
    "softmax_output", "svm_output",
]  # fmt: skip


def _with_gradient(forward: Callable, gradient: Callable, data, label):
    """``forward(data)``, whose gradient is ``gradient(output, data, label, head gradient)``."""

    @jax.custom_vjp
    def run(data, label):
        return forward(data)

    def keep(data, label):
        y = forward(data)
        return y, (y, data, label)

    def back(kept, head):
        y, data, label = kept
        return gradient(y, data, label, head).astype(data.dtype), _nothing(label)

    run.defvjp(keep, back)
    return run(data, label)


def _nothing(array):
    """The cotangent of an input that gets no gradient."""
    if jnp.issubdtype(array.dtype, jnp.inexact):
        return jnp.zeros_like(array)
    return np.zeros(array.shape, jax.dtypes.float0)


def _infer_softmax_output(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    if not data:
        return {}
    if attrs["multi_output"]:
        return {"label": (data[0], math.prod(data[2:]))}
    if attrs["preserve_shape"]:
        return {"label": tuple(data[:-1])}
    return {"label": (data[0],)}


@register("SoftmaxOutput", aliases=("Softmax",), infer=_infer_softmax_output, loss=True)
def softmax_output(
    data,
    label,
    *,
    grad_scale: float = 1.0,
    ignore_label: float = -1.0,
    multi_output: bool = False,
    use_ignore: bool = False,
    preserve_shape: bool = False,
    normalization: Literal["null", "batch", "valid"] = "null",
    out_grad: bool = False,
    smooth_alpha: float = 0.0,
):
    r"""Softmax with the gradient of the cross entropy: :math:`\partial L / \partial x = p - t`.

    The gradient that arrives from outside is ignored (but see `out_grad`).

    Parameters
    ----------
    data : array
        Scores: (batch, ...), with one softmax for each example over all that follows; over axis 1
        of (batch, classes, ...) with `multi_output`; over the last axis with `preserve_shape`.
    label : array
        The class of each softmax: (batch,); (batch, ...) with `multi_output`, where the axes
        after the first may be taken as one; `data`'s shape without the last axis with
        `preserve_shape`. Or target probabilities of `data`'s shape, to which only `grad_scale` and
        `out_grad` apply.
    grad_scale : float
        Factor on the gradient.
    ignore_label : float
        With `use_ignore`, what has this label gets no gradient.
    multi_output, preserve_shape : bool
        Which axes the softmax runs over.
    use_ignore : bool
        Whether `ignore_label` is used.
    normalization : str
        The gradient is divided by: nothing (``'null'``), the number of labels (``'batch'``), the
        number of labels that are not `ignore_label` (``'valid'``). With `multi_output`, ``'null'``
        and ``'batch'`` divide by the number of positions too.
    out_grad : bool
        Multiply the gradient that arrives from outside into the result.
    smooth_alpha : float
        Label smoothing: the target is :math:`1 - \alpha` for the class of the label and
        :math:`\alpha / (K - 1)` for the others (Szegedy et al., 2016). Not used with
        `multi_output`.

    Returns
    -------
    array
        Probabilities, `data`'s shape.

    Examples
    --------
    >>> nd.SoftmaxOutput(nd.array([[0, 0]]), nd.array([1]))
    [[0.5 0.5]]
    """
    if data.ndim < 2:
        raise ValueError(f"data must have at least 2 axes (batch, classes), got {data.shape}")
    shape = data.shape
    # (softmaxes, classes, positions): the softmax always runs over axis 1
    if multi_output:
        rows = (shape[0], shape[1], math.prod(shape[2:]))
    elif preserve_shape:
        rows = (math.prod(shape[:-1]), shape[-1], 1)
    else:
        rows = (shape[0], math.prod(shape[1:]), 1)
    count, classes, positions = rows
    probabilities = label.shape == shape
    if not probabilities and label.size != count * positions:
        want = shape[:-1] if preserve_shape else (count, positions) if multi_output else (count,)
        raise ValueError(
            f"label must have shape {want} (classes) or {shape} (probabilities), got "
            f"{label.shape}; multi_output=True gives one softmax for each position, "
            "preserve_shape=True one for each row of the last axis"
        )

    def forward(x):
        return jax.nn.softmax(_wide(x).reshape(rows), 1).reshape(shape).astype(x.dtype)

    def gradient(y, x, label, head):
        y = _wide(y)
        if probabilities:
            grad = grad_scale * (y - label.astype(y.dtype))
            return grad * head.astype(y.dtype) if out_grad else grad
        number = label.reshape(count, positions).astype(jnp.int32)
        target = jax.nn.one_hot(number, classes, axis=1, dtype=y.dtype)
        if smooth_alpha and not multi_output:
            target = target * (1 - smooth_alpha) + (1 - target) * (smooth_alpha / (classes - 1))
        grad = y.reshape(rows) - target
        kept = number != int(ignore_label)
        if use_ignore:
            grad = grad * kept[:, None].astype(grad.dtype)
        if normalization == "valid":
            scale = grad_scale / jnp.maximum(kept.sum(), 1).astype(grad.dtype)
        else:
            scale = grad_scale / (positions * (count if normalization == "batch" else 1))
        grad = (grad * scale).reshape(shape)
        return grad * head.astype(grad.dtype) if out_grad else grad

    return _with_gradient(forward, gradient, data, label)


def _wide(x):
    return x.astype(jnp.float32) if x.dtype.itemsize < 4 else x


def _infer_regression(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    if not data:
        return {}
    return {"label": tuple(data[:1] if len(data) == 2 and data[1] == 1 else data)}


def _regression(data, label, grad_scale: float, forward: Callable, error: Callable):
    if label.size != data.size or not data.ndim:
        raise ValueError(f"label must have the shape of data, {data.shape}, got {label.shape}")

    def gradient(y, x, label, head):
        outputs = math.prod(label.shape[1:])
        return error(y, label.astype(y.dtype).reshape(y.shape)) * (grad_scale / max(outputs, 1))

    return _with_gradient(forward, gradient, data, label)


@register("LinearRegressionOutput", infer=_infer_regression, loss=True)
def linear_regression_output(data, label, *, grad_scale: float = 1.0):
    r"""The data itself, with the gradient of half the squared error: :math:`(x - l) s / n`.

    Parameters
    ----------
    data : array
        (batch, ...).
    label : array
        `data`'s shape, or another one with as many elements.
    grad_scale : float
        The s of the formula; n is the number of labels of one example.

    Returns
    -------
    array
        `data`.

    Examples
    --------
    >>> nd.LinearRegressionOutput(nd.array([[1, 2]]), nd.array([[0, 0]]))
    [[1. 2.]]
    """
    return _regression(data, label, grad_scale, lambda x: x, lambda y, t: y - t)


@register("LogisticRegressionOutput", infer=_infer_regression, loss=True)
def logistic_regression_output(data, label, *, grad_scale: float = 1.0):
    r"""The sigmoid, with the gradient of the cross entropy: :math:`(\sigma(x) - l) s / n`.

    Parameters
    ----------
    data : array
        (batch, ...).
    label : array
        `data`'s shape, or another one with as many elements; between 0 and 1.
    grad_scale : float
        The s of the formula; n is the number of labels of one example.

    Returns
    -------
    array
        ``sigmoid(data)``.

    Examples
    --------
    >>> nd.LogisticRegressionOutput(nd.array([[0]]), nd.array([[1]]))
    [[0.5]]
    """
    return _regression(data, label, grad_scale, jax.nn.sigmoid, lambda y, t: y - t)


@register("MAERegressionOutput", infer=_infer_regression, loss=True)
def mae_regression_output(data, label, *, grad_scale: float = 1.0):
    r"""The data itself, with the gradient of the absolute error.

    Parameters
    ----------
    data : array
        (batch, ...).
    label : array
        `data`'s shape, or another one with as many elements.
    grad_scale : float
        The gradient is :math:`\mathrm{sign}(x - l) s / n` with s this factor and n the number of
        labels of one example.

    Returns
    -------
    array
        `data`.

    Examples
    --------
    >>> nd.MAERegressionOutput(nd.array([[1, 2]]), nd.array([[0, 0]]))
    [[1. 2.]]
    """
    return _regression(data, label, grad_scale, lambda x: x, lambda y, t: jnp.sign(y - t))


def _infer_svm_output(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    return {"label": tuple(data[:1])} if data else {}


@register("SVMOutput", infer=_infer_svm_output, loss=True)
def svm_output(
    data,
    label,
    *,
    margin: float = 1.0,
    regularization_coefficient: float = 1.0,
    use_linear: bool = False,
):
    r"""The data itself, with the gradient of a support vector machine's loss.

    The loss of one example is :math:`c \sum_k \max(0, m - s_k x_k)^2`, with :math:`s_k = 1` for the
    class of its label and -1 for the others; without the square if `use_linear`. Tang, "Deep
    learning using linear support vector machines", 2013.

    Parameters
    ----------
    data : array
        (batch, classes).
    label : array
        (batch,): the class of each example.
    margin : float
        The m of the formula.
    regularization_coefficient : float
        The c of the formula.
    use_linear : bool
        Whether the loss is linear in the violation, not quadratic.

    Returns
    -------
    array
        `data`.

    Examples
    --------
    >>> nd.SVMOutput(nd.array([[2, -2]]), nd.array([0]))
    [[ 2. -2.]]
    """
    if data.ndim != 2 or label.shape != data.shape[:1]:
        raise ValueError(
            f"data must be (batch, classes) and label (batch,), got {data.shape} and {label.shape}"
        )

    def gradient(y, x, label, head):
        hot = jax.nn.one_hot(label.astype(jnp.int32), y.shape[1], dtype=y.dtype)
        sign = 2 * hot - 1
        short = margin - sign * y
        push = (short > 0).astype(y.dtype) if use_linear else 2 * jnp.maximum(short, 0)
        return -sign * push * regularization_coefficient

    return _with_gradient(lambda x: x, gradient, data, label)
