"""Elements chosen by arrays of indices: take, pick, gather, one-hot, embedding."""

from __future__ import annotations

import functools
import math
from typing import Any, Literal

import jax
import jax.numpy as jnp

from ..engine.attributes import Count
from ..engine.op import DType, Shape, register
from ._checks import FLOAT32, as_index, to_axis
from ._kept import log_softmax_at

#: Indices are in bounds already, so nothing has to check them again.
_IN_BOUNDS = "promise_in_bounds"


@register("take")
def take(a, indices, *, axis: int = 0, mode: Literal["clip", "wrap", "raise"] = "clip"):
    """Slices of an array along one axis, chosen by indices.

    Parameters
    ----------
    a : array
        Any shape.
    indices : array
        Any shape and dtype; fractions are cut off. No gradient passes to it.
    axis : int
        The axis.
    mode : {'clip', 'wrap', 'raise'}
        What becomes of indices outside of the axis: ``'clip'`` takes the nearest, ``'wrap'`` counts
        round and round. ``'raise'`` is the same as ``'clip'``: compiled code cannot raise.

    Returns
    -------
    array
        ``a.shape[:axis] + indices.shape + a.shape[axis + 1:]``.

    Examples
    --------
    >>> nd.take(nd.array([[1, 2], [3, 4]]), nd.array([1, 1, 0]))
    [[3. 4.]
     [3. 4.]
     [1. 2.]]
    """
    axis = to_axis(axis, a.ndim)
    at = as_index(indices, a.shape[axis], "clip" if mode == "raise" else mode)
    return jnp.take(a, at, axis, mode="clip")


@register("batch_take")
def batch_take(a, indices):
    """One element of each row.

    Parameters
    ----------
    a : array
        (n, m).
    indices : array
        (n,): where the element stands in its row; the nearest place for indices outside.

    Returns
    -------
    array
        (n,).

    Examples
    --------
    >>> nd.batch_take(nd.array([[1, 2], [3, 4]]), nd.array([1, 0], dtype="int32"))
    [2. 3.]
    """
    if a.ndim < 2 or math.prod(a.shape[:-1]) != indices.size:
        raise ValueError(
            f"indices of shape {indices.shape} must have one entry for each row of a {a.shape}"
        )
    at = as_index(indices.reshape(a.shape[:-1] + (1,)), a.shape[-1])
    return jnp.take_along_axis(a, at, -1, mode=_IN_BOUNDS).reshape(indices.shape)


@register("pick", aliases=("choose_element_0index",))
def pick(
    data,
    index,
    *,
    axis: int | None = -1,
    keepdims: bool = False,
    mode: Literal["clip", "wrap"] = "clip",
):
    """One element along an axis for each place on the others.

    Parameters
    ----------
    data : array
        At least one axis.
    index : array
        Shape of `data` without `axis`, or with length 1 there. No gradient passes to it.
    axis : int
        The axis.
    keepdims : bool
        Keep the axis, with length 1.
    mode : {'clip', 'wrap'}
        What becomes of indices outside of the axis: the nearest one, or counted round and round.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.pick(nd.array([[1, 2, 3], [4, 5, 6]]), nd.array([0, 2]), axis=1)
    [1. 6.]
    """
    if axis is None:
        raise ValueError("axis=None is not supported; flatten data and use axis=0")
    axis = to_axis(axis, data.ndim)
    kept = data.shape[:axis] + (1,) + data.shape[axis + 1 :]
    left = data.shape[:axis] + data.shape[axis + 1 :]
    if index.shape not in (kept, left) and not (index.size == 1 and math.prod(left) == 1):
        raise ValueError(
            f"index of shape {index.shape} does not fit data of shape {data.shape} along axis "
            f"{axis}; expected {left or (1,)} or {kept}"
        )
    at = as_index(index.reshape(kept), data.shape[axis], mode)
    found: Any = log_softmax_at(data, at, axis)
    if found is not None:
        found = found.astype(data.dtype)
    elif data.size < _LARGE:
        found = jnp.take_along_axis(data, at, axis, mode=_IN_BOUNDS)
    else:
        found = _along(data, at, (axis, data.shape[axis]))
    return found if keepdims else found.reshape(left or (1,))


#: Elements from which on :func:`_along` is worth its while.
_LARGE = 1 << 14


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _along(data, at, where: tuple[int, int]):
    """The elements at ``at`` along an axis; ``where`` is the axis and its length.

    The gradient compares places, so that it becomes a part of the next loop. The one that JAX
    derives fills an array with zeros first (20x35 out of 2000 on a CPU: 1.5 ms); of a small array
    it is the quicker one (64 out of 10: 0.03 ms).
    """
    return jnp.take_along_axis(data, at, where[0], mode=_IN_BOUNDS)


def _along_forward(data, at, where: tuple[int, int]):
    return _along(data, at, where), at


def _along_backward(where: tuple[int, int], at, grad):
    axis, length = where
    shape = grad.shape[:axis] + (length,) + grad.shape[axis + 1 :]
    hit = jax.lax.broadcasted_iota(at.dtype, shape, axis) == at
    return jnp.where(hit, grad, jnp.zeros((), grad.dtype)), None


_along.defvjp(_along_forward, _along_backward)


@register("one_hot", differentiable=False)
def one_hot(
    indices,
    *,
    depth: int,
    on_value: float = 1.0,
    off_value: float = 0.0,
    dtype: DType = FLOAT32,
):
    """A new last axis that holds `on_value` at the index and `off_value` elsewhere.

    Parameters
    ----------
    indices : array
        Any shape and dtype. An index outside of [0, depth) gives `off_value` everywhere.
    depth : int
        Length of the new axis.
    on_value, off_value : float
        The values.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        ``indices.shape + (depth,)``.

    Examples
    --------
    >>> nd.one_hot(nd.array([1, 0]), depth=3)
    [[0. 1. 0.]
     [1. 0. 0.]]
    """
    if depth < 0:
        raise ValueError(f"depth={depth} must not be negative")
    if not jnp.issubdtype(indices.dtype, jnp.integer):
        indices = indices.astype(jnp.int32)
    hot = indices[..., None] == jnp.arange(depth, dtype=indices.dtype)
    return jnp.where(hot, jnp.asarray(on_value, dtype), jnp.asarray(off_value, dtype))


def _places(indices: jax.Array) -> tuple[jax.Array, ...]:
    """``indices`` of shape (m, ...) as m arrays of integers."""
    if not jnp.issubdtype(indices.dtype, jnp.integer):
        indices = indices.astype(jnp.int32)
    return tuple(indices[i] for i in range(indices.shape[0]))


@register("gather_nd")
def gather_nd(data, indices):
    """Elements or slices of an array at given places.

    Parameters
    ----------
    data : array
        n axes.
    indices : array
        (m, ...) with m <= n: entry i holds the indices along axis i. Negative ones count from the
        end.

    Returns
    -------
    array
        ``indices.shape[1:] + data.shape[m:]``.

    Examples
    --------
    >>> nd.gather_nd(nd.array([[1, 2], [3, 4]]), nd.array([[0, 1], [1, 0]]))
    [2. 3.]
    """
    _check_places(indices, data.ndim, "gather_nd")
    if 0 in data.shape[: indices.shape[0]] and math.prod(indices.shape[1:]):
        raise ValueError(f"cannot pick elements from an array of shape {data.shape}")
    return data.at[_places(indices)].get(mode="clip")


@register("scatter_nd")
def scatter_nd(data, indices, *, shape: Shape):
    """Zeros with elements or slices put at given places; the inverse of ``gather_nd``.

    Parameters
    ----------
    data : array
        ``indices.shape[1:] + shape[m:]``.
    indices : array
        (m, ...) with m <= n: entry i holds the indices along axis i. Where a place occurs twice,
        one of the elements is kept.
    shape : tuple of int
        The n lengths of the result.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.scatter_nd(nd.array([5, 6]), nd.array([[0, 1], [1, 0]]), shape=(2, 2))
    [[0. 5.]
     [6. 0.]]
    """
    _check_places(indices, len(shape), "scatter_nd")
    expected = indices.shape[1:] + tuple(shape)[indices.shape[0] :]
    if data.shape != expected:
        raise ValueError(
            f"data has shape {data.shape}, but indices of shape {indices.shape} and "
            f"shape={tuple(shape)} need {expected}"
        )
    return jnp.zeros(shape, data.dtype).at[_places(indices)].set(data, mode="drop")


def _check_places(indices: jax.Array, ndim: int, name: str) -> None:
    if indices.ndim < 2 or indices.shape[0] > ndim:
        raise ValueError(
            f"{name} needs indices (number of axes, ...) for at most {ndim} axes, got shape "
            f"{indices.shape}"
        )


def _embedding_shapes(shapes: dict, attrs: dict) -> dict:
    return {"weight": (attrs["input_dim"], attrs["output_dim"])}


@register("Embedding", infer=_embedding_shapes)
def embedding(
    data,
    weight,
    *,
    input_dim: Count,
    output_dim: Count,
    dtype: DType = FLOAT32,
    sparse_grad: bool = False,
):
    """Rows of a table, chosen by indices: word vectors.

    Parameters
    ----------
    data : array
        Indices of any shape and dtype; the nearest row for those outside. No gradient passes to it.
    weight : array
        (input_dim, output_dim): the table.
    input_dim, output_dim : int
        Number of rows and their length.
    dtype : dtype
        Dtype of the table, where it is not known otherwise.
    sparse_grad : bool
        Whether the gradient of `weight` has ``row_sparse`` storage.

    Returns
    -------
    array
        ``data.shape + (output_dim,)``, in the dtype of `weight`.

    Examples
    --------
    >>> table = nd.array([[1, 2], [3, 4], [5, 6]])
    >>> nd.Embedding(nd.array([2, 0]), table, input_dim=3, output_dim=2)
    [[5. 6.]
     [1. 2.]]
    """
    if weight.shape != (input_dim, output_dim):
        raise ValueError(
            f"weight has shape {weight.shape}, but input_dim={input_dim} and "
            f"output_dim={output_dim} need {(input_dim, output_dim)}"
        )
    return jnp.take(weight, as_index(data, input_dim), 0, mode="clip")


@register("_ravel_multi_index", aliases=("ravel_multi_index",), differentiable=False)
def ravel_multi_index(data, *, shape: Shape):
    """Places in an array as indices into the flattened array.

    Parameters
    ----------
    data : array
        (number of axes, n): column i holds the indices of place i.
    shape : tuple of int
        Shape of the array; its first entry does not matter.

    Returns
    -------
    array
        (n,), in the dtype of `data`.

    Examples
    --------
    >>> nd.ravel_multi_index(nd.array([[0, 1], [2, 1]]), shape=(2, 3))
    [2. 4.]
    """
    if data.ndim < 1 or data.shape[0] != len(shape):
        raise ValueError(
            f"data of shape {data.shape} must have one row for each entry of shape={tuple(shape)}"
        )
    flat = jnp.zeros(data.shape[1:], data.dtype)
    for row, step in zip(data, _strides(shape), strict=True):
        flat = flat + row * jnp.asarray(step, data.dtype)
    return flat


@register("_unravel_index", aliases=("unravel_index",), differentiable=False)
def unravel_index(data, *, shape: Shape):
    """Indices into the flattened array as places in the array.

    Parameters
    ----------
    data : array
        Any shape.
    shape : tuple of int
        Shape of the array; its first entry does not matter.

    Returns
    -------
    array
        ``(len(shape),) + data.shape``, in the dtype of `data`.

    Examples
    --------
    >>> nd.unravel_index(nd.array([2, 4]), shape=(2, 3))
    [[0. 1.]
     [2. 1.]]
    """
    rest = data if jnp.issubdtype(data.dtype, jnp.integer) else data.astype(jnp.int32)
    rows = []
    for step in _strides(shape):
        rows.append((rest // step).astype(data.dtype))
        rest = rest % step
    return jnp.stack(rows)


def _strides(shape: tuple[int, ...]) -> list[int]:
    """Elements between neighbours along each axis."""
    if not shape:
        raise ValueError("shape must have at least one entry")
    return [math.prod(shape[i + 1 :]) for i in range(len(shape))]
