"""Operators that sparse arrays have, as functions of dense arrays.

What they do with sparse arrays without making them dense is in ``gluonx/ndarray``; these forms
serve symbols, gradients and hybridized blocks.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.attributes import Count
from ..engine.op import Shape, register
from ._checks import Storage, as_index, reduced_axes
from .indexing import embedding

__all__ = ["cast_storage", "marked_embedding", "retain", "square_sum", "touch"]


@register("cast_storage")
def cast_storage(data, *, stype: Storage):
    """The same array with another storage type.

    Parameters
    ----------
    data : array
        For ``'csr'``, a matrix; for ``'row_sparse'``, any array with axes.
    stype : {'default', 'row_sparse', 'csr'}
        The storage type. In a graph, and inside a hybridized block, arrays are dense whatever it
        says.

    Returns
    -------
    array
        Shape, dtype and values of `data`.

    Examples
    --------
    >>> x = nd.cast_storage(nd.array([[0, 1], [0, 0]]), stype='csr')
    >>> x.data
    [1.]
    """
    if stype == "csr" and data.ndim != 2:
        raise ValueError(f"a csr array is a matrix; data has shape {data.shape}")
    if stype == "row_sparse" and not data.ndim:
        raise ValueError("a row_sparse array has at least one axis")
    return data


@register("_sparse_retain")
def retain(data, indices):
    """An array of which only some rows are kept; the others become zero.

    Parameters
    ----------
    data : array
        (rows, ...), usually row_sparse.
    indices : array
        (n,): the rows to keep, of any dtype. No gradient passes to it.

    Returns
    -------
    array
        Shape, dtype and storage type of `data`. A row_sparse result stores exactly the rows
        `indices`.

    Examples
    --------
    >>> x = nd.sparse.row_sparse_array(([[1., 2.], [3., 4.]], [0, 2]), shape=(3, 2))
    >>> nd.sparse.retain(x, nd.array([2])).asnumpy()
    array([[0., 0.],
           [0., 0.],
           [3., 4.]], dtype=float32)
    """
    if not data.ndim or indices.ndim != 1:
        raise ValueError(
            f"retain takes an array with rows and a vector of indices, got shapes {data.shape} and "
            f"{indices.shape}"
        )
    kept = jnp.zeros(data.shape[0], bool).at[as_index(indices, data.shape[0])].set(True)
    return jnp.where(kept.reshape(-1, *[1] * (data.ndim - 1)), data, jnp.zeros((), data.dtype))


@register("_square_sum")
def square_sum(data, *, axis: Shape | None = None, keepdims: bool = False, exclude: bool = False):
    """The sum of the squares over some axes.

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
        In the dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False. For
        ``axis=1, keepdims=True`` a row_sparse array gives a row_sparse one.
    """
    axes = reduced_axes(axis, data.ndim, exclude)
    y = jnp.sum(jnp.square(data), axis=axes, keepdims=keepdims, dtype=data.dtype)
    return y.reshape(1) if y.ndim == 0 else y


@jax.custom_vjp
def touch(y, mark, index):
    """``y``; the gradient of ``mark`` is 1 where ``index`` points to, whatever that of ``y`` is."""
    return y


def _touch_forward(y, mark, index):
    return y, (mark, index)


def _touch_backward(kept, ct):
    mark, index = kept
    seen = jnp.zeros_like(mark).at[index.reshape(-1)].set(1, mode="drop")
    return ct, seen, np.zeros(index.shape, jax.dtypes.float0)


touch.defvjp(_touch_forward, _touch_backward)


@register("_marked_embedding")
def marked_embedding(data, weight, mark, *, input_dim: Count, output_dim: Count):
    """``Embedding`` that leaves a mark where it read: the gradient of `mark` is 1 for these rows.

    Parameters
    ----------
    data : array
        Indices, of any shape.
    weight : array
        (input_dim, output_dim): the table.
    mark : array
        (input_dim,), float32; its values do not matter.
    input_dim, output_dim : int
        Number of rows and their length.

    Returns
    -------
    array
        As of ``Embedding``.
    """
    y = embedding(data, weight, input_dim=input_dim, output_dim=output_dim)
    return touch(y, mark, as_index(data, input_dim))
