"""Softmax and its relatives."""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp

from ..engine.op import DType, register
from . import _kept
from ._checks import is_float, to_axis

__all__ = ["log_softmax", "softmax", "softmax_activation", "softmax_cross_entropy", "softmin"]


def _scores(data, temperature: float | None):
    """``data`` ready for the exponential: float32 for 16-bit floats, divided by the temperature."""
    if not is_float(data):
        raise ValueError(f"data must be of a floating-point type, got {data.dtype}; use astype")
    if data.dtype.itemsize < 4:
        data = data.astype(jnp.float32)
    if temperature is not None:
        if temperature == 0:
            raise ValueError("temperature must not be 0")
        data = data / temperature
    return data


@register("softmax")
def softmax(
    data,
    length=None,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DType | None = None,
    use_length: bool | None = False,
):
    r"""Positive numbers with sum 1 along an axis: :math:`y_i = e^{x_i / T} / \sum_j e^{x_j / T}`.

    Parameters
    ----------
    data : array
    length : array, optional
        `data`'s shape without `axis`, integers: how many elements count in each row; the others
        give 0. Used with `use_length` only.
    axis : int
        The axis that is summed over.
    temperature : float, optional
        The T of the formula, 1 by default.
    dtype : dtype, optional
        Of the result; `data`'s by default.
    use_length : bool
        Whether `length` is used.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.softmax(nd.array([[0, 0, 0], [0, 0, 100]]))
    [[0.33333334 0.33333334 0.33333334]
     [0.         0.         1.        ]]
    >>> nd.softmax(nd.zeros((1, 3)), nd.array([2], dtype='int32'), use_length=True)
    [[0.5 0.5 0. ]]
    """
    x = _scores(data, temperature)
    if not data.ndim and axis in (-1, 0) and not use_length:
        return (x - x + 1).astype(dtype or data.dtype)
    axis = to_axis(axis, data.ndim)
    y: Any = _masked(x, length, axis) if use_length else _kept.softmax(x, axis)
    return y.astype(dtype or data.dtype)


def _masked(x, length, axis: int):
    want = x.shape[:axis] + x.shape[axis + 1 :]
    if length is None or length.shape != want or not jnp.issubdtype(length.dtype, jnp.integer):
        got = "none" if length is None else f"{length.dtype} {length.shape}"
        raise ValueError(
            f"use_length=True needs a length of shape {want} and an integer type, got {got}"
        )
    at = jax.lax.broadcasted_iota(jnp.int32, x.shape, axis)
    there = at < jnp.expand_dims(length, axis)
    highest = jnp.where(there, x, -jnp.inf).max(axis, keepdims=True, initial=-jnp.inf)
    highest = jax.lax.stop_gradient(jnp.where(jnp.isfinite(highest), highest, 0))
    parts = jnp.where(there, jnp.exp(jnp.where(there, x - highest, 0)), 0)
    total = parts.sum(axis, keepdims=True)
    return parts / jnp.where(total == 0, 1, total)


@register("log_softmax")
def log_softmax(
    data,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DType | None = None,
    use_length: bool | None = False,
):
    r"""The logarithm of the softmax: :math:`y_i = x_i / T - \log \sum_j e^{x_j / T}`.

    Parameters
    ----------
    data : array
    axis : int
        The axis that is summed over.
    temperature : float, optional
        The T of the formula, 1 by default.
    dtype : dtype, optional
        Of the result; `data`'s by default.
    use_length : bool
        Must be False; use the logarithm of ``softmax(data, length, use_length=True)``.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.log_softmax(nd.array([0, 1000]))
    [-1000.     0.]
    """
    _no_length("log_softmax", use_length)
    x = _scores(data, temperature)
    if not data.ndim and axis in (-1, 0):
        return (x - x).astype(dtype or data.dtype)
    axis = to_axis(axis, data.ndim)
    y: Any = _kept.log_softmax(x, axis)
    y = y.astype(dtype or data.dtype)
    _kept.remember_scores(y, x, axis)
    return y


def _no_length(name: str, use_length: bool | None) -> None:
    if use_length:
        raise ValueError(f"{name} takes no length; mask the data, or use softmax with use_length")


@register("softmin")
def softmin(
    data,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DType | None = None,
    use_length: bool | None = False,
):
    r"""The softmax of the negated data: :math:`y_i = e^{-x_i / T} / \sum_j e^{-x_j / T}`.

    Parameters
    ----------
    data : array
    axis : int
        The axis that is summed over.
    temperature : float, optional
        The T of the formula, 1 by default.
    dtype : dtype, optional
        Of the result; `data`'s by default.
    use_length : bool
        Must be False.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.softmin(nd.array([0, 0]))
    [0.5 0.5]
    """
    _no_length("softmin", use_length)
    return softmax(-data, axis=axis, temperature=temperature, dtype=dtype)


@register("SoftmaxActivation")
def softmax_activation(data, *, mode: Literal["instance", "channel"] = "instance"):
    """The softmax over the last axis or over the channels; an old spelling of ``softmax``.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    mode : str
        ``'instance'`` sums over the last axis, ``'channel'`` over axis 1.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.SoftmaxActivation(nd.zeros((1, 2)))
    [[0.5 0.5]]
    """
    if data.ndim < 2:
        raise ValueError(f"data must have at least 2 axes (batch, channels), got {data.shape}")
    axis = 1 if mode == "channel" else data.ndim - 1
    y: Any = _kept.softmax(_scores(data, None), axis)
    return y.astype(data.dtype)


@register("softmax_cross_entropy")
def softmax_cross_entropy(data, label):
    r"""The cross entropy of the softmax, summed over the batch: :math:`-\sum_i \log p_{i, l_i}`.

    Parameters
    ----------
    data : array
        (batch, classes).
    label : array
        (batch,): the class of each example.

    Returns
    -------
    array
        (1,).

    Examples
    --------
    >>> nd.softmax_cross_entropy(nd.zeros((3, 2)), nd.array([0, 1, 1]))
    [2.0794415]
    """
    if data.ndim != 2 or label.shape != data.shape[:1]:
        raise ValueError(
            f"data must be (batch, classes) and label (batch,), got {data.shape} and {label.shape}"
        )
    logs: Any = _kept.log_softmax(_scores(data, None), 1)
    chosen = jnp.take_along_axis(logs, label.astype(jnp.int32)[:, None], -1, mode="clip")
    return -chosen.sum().reshape(1).astype(data.dtype)
