"""New arrays: constants and ranges."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from ..engine.op import DType, Shape, register
from ._checks import EMPTY, FLOAT32


@register("_zeros", differentiable=False)
def zeros(*, shape: Shape = EMPTY, dtype: DType = FLOAT32):
    """Zeros.

    Parameters
    ----------
    shape : int or tuple of int
        The shape.
    dtype : dtype
        The dtype.

    Returns
    -------
    array
        The new array.
    """
    return jnp.zeros(shape, dtype)


@register("_ones", differentiable=False)
def ones(*, shape: Shape = EMPTY, dtype: DType = FLOAT32):
    """Ones.

    Parameters
    ----------
    shape : int or tuple of int
        The shape.
    dtype : dtype
        The dtype.

    Returns
    -------
    array
        The new array.
    """
    return jnp.ones(shape, dtype)


@register("_full", differentiable=False)
def full(*, shape: Shape, value: float, dtype: DType = FLOAT32):
    """One number everywhere.

    Parameters
    ----------
    shape : int or tuple of int
        The shape.
    value : float
        The number.
    dtype : dtype
        The dtype.

    Returns
    -------
    array
        The new array.
    """
    return jnp.full(shape, value, dtype)


@register("_arange", differentiable=False)
def arange(
    *,
    start: float,
    stop: float | None = None,
    step: float = 1.0,
    repeat: int = 1,
    infer_range: bool = False,
    dtype: DType = FLOAT32,
):
    """Evenly spaced numbers, ``start``, ``start + step``, ... up to, but without, `stop`.

    Parameters
    ----------
    start, stop : float
        The range; from 0 to `start` when `stop` is None.
    step : float
        Distance of two numbers.
    repeat : int
        How often each number occurs.
    infer_range : bool
        Whether a symbolic graph finds `stop` from the shape wanted.
    dtype : dtype
        The dtype.

    Returns
    -------
    array
        (n * repeat,).
    """
    if stop is None:
        start, stop = 0.0, start
    if step == 0:
        raise ValueError("step must not be 0")
    if repeat < 1:
        raise ValueError(f"repeat={repeat} must be at least 1")
    count = max(math.ceil((stop - start) / step), 0)
    numbers = _range(count, start, step, dtype)
    return jnp.repeat(numbers, repeat) if repeat > 1 else numbers


def _range(count: int, start: float, step: float, dtype: str) -> jax.Array:
    """``start + step * i`` for i in [0, count)."""
    target = jnp.dtype(dtype)
    if jnp.issubdtype(target, jnp.integer):
        wide = target if target.itemsize > 4 else jnp.dtype("int32")
        start, step = int(start), int(step)
    else:
        wide = target if target.itemsize > 4 else jnp.dtype("float32")
    i = jnp.arange(count, dtype=wide)
    return (jnp.asarray(start, wide) + i * jnp.asarray(step, wide)).astype(target)


@register("_linspace", differentiable=False)
def linspace(
    *,
    start: float,
    stop: float,
    num: int,
    endpoint: bool = True,
    dtype: DType = FLOAT32,
):
    """`num` evenly spaced numbers from `start` to `stop`.

    Parameters
    ----------
    start, stop : float
        The range.
    num : int
        How many.
    endpoint : bool
        Whether `stop` is the last number.
    dtype : dtype
        The dtype.

    Returns
    -------
    array
        (num,).
    """
    if num < 0:
        raise ValueError(f"num={num} must not be negative")
    return jnp.linspace(start, stop, num, endpoint, dtype=jnp.dtype(dtype))


@register("_eye", differentiable=False)
def eye(*, N: int, M: int = 0, k: int = 0, dtype: DType = FLOAT32):
    """Ones on a diagonal, zeros elsewhere.

    Parameters
    ----------
    N : int
        Number of rows.
    M : int
        Number of columns; 0 for as many as rows.
    k : int
        Which diagonal: 0 is the main one, greater numbers are above it.
    dtype : dtype
        The dtype.

    Returns
    -------
    array
        (N, M).
    """
    return jnp.eye(N, M or N, k, dtype)
