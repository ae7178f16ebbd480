"""Reductions: sums, products, extremes, norms.

`axis` is one axis, a tuple of them, or None for all; ``exclude=True`` reduces the axes that are not
named. What is left of an array that is reduced over all its axes has the shape (1,).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp

from ..engine.op import DType, Shape, register
from ._checks import adopt, is_float, reduced_axes, to_axes, to_axis

_SECTIONS = """

Parameters
----------
data : array
    Any shape.
axis : int or tuple of int, optional
    The axes to reduce; all by default.
keepdims : bool
    Keep the reduced axes, with length 1.
exclude : bool
    Reduce the axes that `axis` does not name.

Returns
-------
array
    Dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False.
"""


def _reduction(name: str, *aliases: str) -> Callable:
    """Register ``fn(data, axes)``, which keeps the reduced axes with length 1."""

    def add(fn: Callable) -> Callable:
        def run(data, *, axis: Shape | None = None, keepdims: bool = False, exclude: bool = False):
            axes = reduced_axes(axis, data.ndim, exclude)
            source = data if data.dtype != jnp.bool_ else data.astype(jnp.int32)
            return _shaped(fn(source, axes), axes, keepdims)

        head, _, example = (fn.__doc__ or "").partition("\n\n    Examples")
        if example:
            example = "\nExamples" + example.replace("\n    ", "\n")
        register(name, aliases=aliases)(adopt(run, fn, head + _SECTIONS + example))
        return fn

    return add


def _shaped(kept: jax.Array, axes: tuple[int, ...], keepdims: bool) -> jax.Array:
    """``kept``, whose reduced axes have length 1, in the shape that the operator returns."""
    if keepdims:
        return kept
    return kept.reshape(tuple(n for i, n in enumerate(kept.shape) if i not in axes) or (1,))


@_reduction("sum", "sum_axis")
def sum_(data, axes):
    """The sum of the elements.

    Examples
    --------
    >>> x = nd.array([[1, 2], [3, 4]])
    >>> nd.sum(x, axis=1)
    [3. 7.]
    >>> nd.sum(x)
    [10.]
    """
    return jnp.sum(data, axes, dtype=data.dtype, keepdims=True)


@_reduction("mean")
def mean(data, axes):
    """The mean of the elements; that of integers is rounded towards 0."""
    if is_float(data):
        return jnp.mean(data, axes, keepdims=True)
    total = jnp.sum(data, axes, dtype=data.dtype, keepdims=True)
    count = math.prod(data.shape[a] for a in axes)
    return jax.lax.div(total, jnp.full_like(total, max(count, 1)))


@_reduction("prod")
def prod(data, axes):
    """The product of the elements."""
    return jnp.prod(data, axes, dtype=data.dtype, keepdims=True)


@_reduction("nansum")
def nansum(data, axes):
    """The sum of the elements that are not NaN."""
    return jnp.sum(
        jnp.where(data != data, jnp.zeros_like(data), data), axes, dtype=data.dtype, keepdims=True
    )


@_reduction("nanprod")
def nanprod(data, axes):
    """The product of the elements that are not NaN."""
    return jnp.prod(
        jnp.where(data != data, jnp.ones_like(data), data), axes, dtype=data.dtype, keepdims=True
    )


def _extreme(fn: Callable) -> Callable:
    """``fn(data, axes)`` with MXNet's gradient: each of several equal extremes gets all of it."""

    @functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
    def run(data: Any, axes: tuple[int, ...]):
        return fn(data, axes, keepdims=True)

    @run.defjvp
    def _(axes, primals, tangents):
        (data,), (tangent,) = primals, tangents
        found = run(data, axes)
        kept = jnp.where(data == found, tangent, jnp.zeros_like(tangent))
        return found, jnp.sum(kept, axes, keepdims=True)

    return run


def _check_elements(data: jax.Array, axes: Sequence[int]) -> None:
    if 0 in (data.shape[a] for a in axes):
        raise ValueError(f"no element of an array of shape {data.shape} is the greatest or least")


_max, _min = _extreme(jnp.max), _extreme(jnp.min)


@_reduction("max", "max_axis")
def max_(data, axes):
    """The greatest element; of several equal ones each gets the whole gradient."""
    _check_elements(data, axes)
    return _max(data, axes)


@_reduction("min", "min_axis")
def min_(data, axes):
    """The least element; of several equal ones each gets the whole gradient."""
    _check_elements(data, axes)
    return _min(data, axes)


def _position(fn: Callable, data: jax.Array, axis: int | None, keepdims: bool) -> jax.Array:
    _check_elements(data, reduced_axes(None if axis is None else (axis,), data.ndim))
    if axis is None:
        found = fn(data.reshape(-1)).astype(data.dtype)
        return found.reshape((1,) * data.ndim if keepdims else (1,))
    axis = to_axis(axis, data.ndim)
    return _shaped(fn(data, axis, keepdims=True).astype(data.dtype), (axis,), keepdims)


@register("argmax", differentiable=False)
def argmax(data, *, axis: int | None = None, keepdims: bool = False):
    """Index of the greatest element, of the first one if there are several.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis to search; None searches the flattened array.
    keepdims : bool
        Keep the axis, with length 1.

    Returns
    -------
    array
        Indices in the dtype of `data`.

    Examples
    --------
    >>> nd.argmax(nd.array([[0, 7, 1], [3, 2, 5]]), axis=1)
    [1. 2.]
    """
    return _position(jnp.argmax, data, axis, keepdims)


@register("argmin", differentiable=False)
def argmin(data, *, axis: int | None = None, keepdims: bool = False):
    """Index of the least element, of the first one if there are several.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis to search; None searches the flattened array.
    keepdims : bool
        Keep the axis, with length 1.

    Returns
    -------
    array
        Indices in the dtype of `data`.
    """
    return _position(jnp.argmin, data, axis, keepdims)


@register("argmax_channel", differentiable=False)
def argmax_channel(data):
    """Index of the greatest element along axis 1: the predicted class of each row.

    Parameters
    ----------
    data : array
        At least two axes: (batch, classes, ...).

    Returns
    -------
    array
        Indices in the dtype of `data`: (batch, ...).
    """
    if data.ndim < 2:
        raise ValueError(f"data must have at least two axes (batch, classes), got {data.shape}")
    return _position(jnp.argmax, data, 1, False)


@register("norm")
def norm(
    data,
    *,
    ord: int = 2,
    axis: Shape | None = None,
    out_dtype: DType | None = None,
    keepdims: bool = False,
):
    r"""The L1 norm :math:`\sum |x|` or the L2 norm :math:`\sqrt{\sum x^2}`.

    The gradient of the L2 norm of a zero vector is 0.

    Parameters
    ----------
    data : array
        Any shape.
    ord : {1, 2}
        Which norm. That of a matrix is that of its elements.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    out_dtype : dtype, optional
        Dtype of the sum and of the result; that of `data` by default.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Returns
    -------
    array
        Shape (1,) when all axes are reduced and `keepdims` is False.

    Examples
    --------
    >>> nd.norm(nd.array([[3, 4], [6, 8]]), axis=1)
    [ 5. 10.]
    """
    if ord not in (1, 2):
        raise ValueError(f"ord={ord} is not supported; use 1 or 2")
    axes = reduced_axes(axis, data.ndim)
    dtype = data.dtype if out_dtype is None else jnp.dtype(out_dtype)
    # half-precision squares overflow soon
    x = data.astype(jnp.promote_types(data.dtype, jnp.float32))
    if jnp.issubdtype(dtype, jnp.floating):
        x = x.astype(jnp.promote_types(x.dtype, dtype))
    if ord == 1:
        found = jnp.sum(x * jnp.sign(x), axes, keepdims=True)
    else:
        # the square root of 1 where the sum is 0: its slope there would be infinite
        total = jnp.sum(x * x, axes, keepdims=True)
        zero = total == 0
        found = jnp.where(zero, 0, jnp.sqrt(jnp.where(zero, 1, total)))
    return _shaped(found.astype(dtype), axes, keepdims)


@register("L2Normalization", output_names=("output", "norm"))
def l2_normalization(
    data, *, eps: float = 1e-10, mode: Literal["instance", "channel", "spatial"] = "instance"
):
    r"""The array divided by its L2 norm, :math:`x / \sqrt{\sum x^2 + \epsilon}`.

    Parameters
    ----------
    data : array
        (batch, channel, ...).
    eps : float
        Added to the sum of squares.
    mode : {'instance', 'channel', 'spatial'}
        What the sum runs over: all axes but the first, axis 1, or all axes but the first two.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    if mode != "instance" and data.ndim < 3:
        raise ValueError(f"mode={mode!r} needs an array with at least 3 axes, got {data.shape}")
    first = {"instance": 1, "channel": 1, "spatial": 2}[mode]
    axes = (1,) if mode == "channel" else tuple(range(first, data.ndim))
    total = jnp.sum(data * data, axes, keepdims=True)
    return data / jnp.sqrt(total + jnp.asarray(eps, data.dtype))


@register("moments", outputs=2)
def moments(data, *, axes: Shape | None = None, keepdims: bool = False):
    """Mean and variance over `axes`.

    Parameters
    ----------
    data : array
        Any shape.
    axes : int or tuple of int
        The axes to reduce; at least one.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Returns
    -------
    mean, variance : array
        The variance is the mean squared distance from the mean.

    Examples
    --------
    >>> nd.moments(nd.array([[1, 2], [3, 4]]), axes=0)
    [[2. 3.], [1. 1.]]
    """
    if not axes:
        raise ValueError("axes must name at least one axis; name all of them to reduce all")
    reduced = to_axes(axes, data.ndim, "axes")
    center = jnp.mean(data, reduced, keepdims=True)
    variance = jnp.mean(jnp.square(data - center), reduced, keepdims=True)
    return _shaped(center, reduced, keepdims), _shaped(variance, reduced, keepdims)


@register("_np_cumsum", aliases=("cumsum",))
def cumsum(a, *, axis: int | None = None, dtype: DType | None = None):
    """Cumulative sum.

    Parameters
    ----------
    a : array
        Any shape.
    axis : int, optional
        The axis to sum along; None sums along the flattened array.
    dtype : dtype, optional
        Dtype of the sum and of the result; that of `a` by default.

    Returns
    -------
    array
        Shape of `a`, flattened when `axis` is None.

    Examples
    --------
    >>> nd.cumsum(nd.array([1, 2, 3]))
    [1. 3. 6.]
    """
    target = a.dtype if dtype is None else jnp.dtype(dtype)
    axis = None if axis is None else to_axis(axis, a.ndim)
    return jnp.cumsum(a.astype(target), axis=axis, dtype=target)
