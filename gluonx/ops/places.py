"""Places in arrays: counting them, writing to some of them; and small checks."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from ..engine.op import DType, Shape, register
from ._checks import INT64, as_index, is_float, same_dtype, same_shape, to_axes, to_axis

__all__ = []


@register("_contrib_arange_like", differentiable=False)
def arange_like(
    data,
    *,
    start: float = 0.0,
    step: float = 1.0,
    repeat: int = 1,
    ctx: str | None = None,
    axis: int | None = None,
):
    """Evenly spaced numbers, as many as an array has elements, or entries along an axis.

    Parameters
    ----------
    data : array
        Any shape.
    start : float
        The first number.
    step : float
        Difference of neighbours.
    repeat : int
        How often each number occurs in a row.
    ctx : str, optional
        Without effect: the result is where `data` is.
    axis : int, optional
        The axis whose length is taken.

    Returns
    -------
    array
        Shape of `data`, or (n,) for an axis of length n; dtype of `data`.

    Examples
    --------
    >>> nd.contrib.arange_like(nd.zeros((2, 3)), axis=1)
    [0. 1. 2.]
    """
    if repeat < 1:
        raise ValueError(f"repeat={repeat} must be at least 1")
    shape = data.shape if axis is None else (data.shape[to_axis(axis, data.ndim)],)
    count = jnp.arange(math.prod(shape)) // repeat
    kind = data.dtype if is_float(data) and data.dtype.itemsize >= 4 else jnp.float32
    return (start + step * count.astype(kind)).astype(data.dtype).reshape(shape)


@register("_contrib_index_array", differentiable=False)
def index_array(data, *, axes: Shape | None = None, dtype: DType = INT64):
    """The index of each element.

    Parameters
    ----------
    data : array
        Any shape with axes.
    axes : tuple of int, optional
        The axes whose indices are wanted, in this order; all of them by default.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        Shape of `data` and a last axis with one index for each of the axes.

    Examples
    --------
    >>> nd.contrib.index_array(nd.zeros((2, 2)), axes=(1,))
    [[[0]
      [1]]
     [[0]
      [1]]]
    """
    if data.ndim == 0:
        raise ValueError("index_array needs an array with axes, got shape ()")
    wanted = range(data.ndim) if axes is None else to_axes(axes, data.ndim, "axes")
    found = [jax.lax.broadcasted_iota(jnp.dtype(dtype), data.shape, i) for i in wanted]
    return jnp.stack(found, -1)


@register("_contrib_index_copy")
def index_copy(old_tensor, index_vector, new_tensor):
    """The array with some of its rows replaced.

    Parameters
    ----------
    old_tensor : array
        (n, ...).
    index_vector : array
        (m,): numbers of rows; what is out of range is moved to the nearest row.
    new_tensor : array
        (m, ...): the new rows, of the same dtype.

    Returns
    -------
    array
        Shape and dtype of `old_tensor`.

    Examples
    --------
    >>> nd.contrib.index_copy(nd.zeros((3, 2)), nd.array([2, 0]), nd.array([[1, 2], [3, 4]]))
    [[3. 4.]
     [0. 0.]
     [1. 2.]]
    """
    same_dtype(old_tensor, new_tensor)
    want = (*index_vector.shape, *old_tensor.shape[1:])
    if index_vector.ndim != 1 or new_tensor.shape != want:
        raise ValueError(
            f"index_vector must be (m,) and new_tensor (m, *{old_tensor.shape[1:]}), got shapes "
            f"{index_vector.shape} and {new_tensor.shape}"
        )
    return old_tensor.at[as_index(index_vector, old_tensor.shape[0])].set(new_tensor)


def _rows(matrix, vector, what: str) -> jax.Array:
    if matrix.ndim != 2 or vector.shape != matrix.shape[:1]:
        raise ValueError(
            f"{what} needs a matrix (n, m) and vectors (n,), got shapes {matrix.shape} and "
            f"{vector.shape}"
        )
    return jnp.arange(matrix.shape[0])


@register("fill_element_0index")
def fill_element_0index(lhs, mhs, rhs):
    """The matrix with one element of each row replaced: ``lhs[i, rhs[i]] = mhs[i]``.

    Parameters
    ----------
    lhs : array
        (n, m).
    mhs : array
        (n,): the new elements.
    rhs : array
        (n,): their columns; what is out of range is moved to the nearest column.

    Returns
    -------
    array
        Shape and dtype of `lhs`.

    Examples
    --------
    >>> nd.fill_element_0index(nd.zeros((2, 2)), nd.array([5, 6]), nd.array([1, 0]))
    [[0. 5.]
     [6. 0.]]
    """
    same_dtype(lhs, mhs)
    same_shape(mhs, rhs)
    rows = _rows(lhs, rhs, "fill_element_0index")
    return lhs.at[rows, as_index(rhs, lhs.shape[1])].set(mhs)


@register("_onehot_encode", differentiable=False)
def onehot_encode(lhs, rhs):
    """One-hot rows: 1 in the column that each index names, 0 elsewhere; see also ``one_hot``.

    Parameters
    ----------
    lhs : array
        (n,): the indices; what is out of range is moved to the nearest column.
    rhs : array
        (n, m): gives shape and dtype.

    Returns
    -------
    array
        (n, m).
    """
    rows = _rows(rhs, lhs, "onehot_encode")
    return jnp.zeros_like(rhs).at[rows, as_index(lhs, rhs.shape[1])].set(1)


@register("_contrib_getnnz", differentiable=False)
def getnnz(data, *, axis: int | None = None, dtype: DType = INT64):
    """The number of elements that are not 0.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        Count along this axis, for each position on the others.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        (1,), or the shape of `data` without `axis`.

    Examples
    --------
    >>> nd.contrib.getnnz(nd.array([[1, 0], [2, 3]]), axis=1)
    [1 2]
    """
    if axis is not None:
        axis = to_axis(axis, data.ndim)
    count = jnp.sum(data != 0, axis, dtype=jnp.dtype(dtype))
    return count.reshape(1) if count.ndim == 0 else count


@register("_contrib_allclose", differentiable=False)
def allclose(a, b, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = True):
    """Whether two arrays are nearly equal: ``|a - b| <= atol + rtol * |b|`` everywhere.

    Parameters
    ----------
    a, b : array
        Of one shape and dtype.
    rtol, atol : float
        Tolerances, relative and absolute.
    equal_nan : bool
        Whether NaN equals NaN.

    Returns
    -------
    array
        (), uint8: 1 or 0.

    Examples
    --------
    >>> int(nd.contrib.allclose(nd.ones(2), nd.ones(2)).asscalar())
    1
    """
    same_shape(a, b)
    same_dtype(a, b)
    return jnp.isclose(a, b, rtol, atol, equal_nan).all().astype(jnp.uint8)


@register("_contrib_quadratic")
def quadratic(data, *, a: float = 0.0, b: float = 0.0, c: float = 0.0):
    """A quadratic polynomial of each element, ``a * x**2 + b * x + c``.

    Parameters
    ----------
    data : array
        Any shape.
    a, b, c : float
        The coefficients.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.quadratic(nd.array([1, 2]), a=1, b=2, c=3)
    [ 6. 11.]
    """
    x = data if is_float(data) else data.astype(jnp.float32)
    return (a * x * x + b * x + c).astype(data.dtype)
