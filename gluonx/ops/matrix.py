"""Products of matrices and tensors, and diagonals."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..engine.op import register
from ._checks import Storage, same_dtype, to_axis


@register("dot")
def dot(
    lhs,
    rhs,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: Storage | None = None,
):
    r"""The product of two vectors, matrices or tensors.

    It sums over the last axis of `lhs` and the first of `rhs`:
    :math:`y_{i \dots k \dots} = \sum_j a_{i \dots j} b_{j k \dots}`.

    Parameters
    ----------
    lhs, rhs : array
        (..., n) and (n, ...), of one dtype.
    transpose_a : bool
        Sum over the first axis of `lhs` instead: (n, ...).
    transpose_b : bool
        Sum over the last axis of `rhs` instead: (..., n).
    forward_stype : str, optional
        Storage type of the result, for sparse arrays.

    Returns
    -------
    array
        The remaining axes of `lhs`, then those of `rhs`; (1,) for two vectors.

    Examples
    --------
    >>> x, y = nd.array([[1, 2], [3, 4]]), nd.array([[1, 0], [1, 1]])
    >>> nd.dot(x, y)
    [[3. 2.]
     [7. 4.]]
    >>> nd.dot(x, y, transpose_a=True)
    [[4. 3.]
     [6. 4.]]
    """
    same_dtype(lhs, rhs)
    if not lhs.ndim or not rhs.ndim:
        raise ValueError(f"dot needs arrays with axes, got shapes {lhs.shape} and {rhs.shape}")
    if lhs.ndim == rhs.ndim == 1 and (transpose_a or transpose_b):
        raise ValueError("vectors cannot be transposed; leave out transpose_a and transpose_b")
    a = 0 if transpose_a else lhs.ndim - 1
    b = rhs.ndim - 1 if transpose_b else 0
    if lhs.shape[a] != rhs.shape[b]:
        raise ValueError(
            f"axis {a} of lhs {lhs.shape} and axis {b} of rhs {rhs.shape}, over which the product "
            "is summed, differ in length"
        )
    y = jax.lax.dot_general(lhs, rhs, (((a,), (b,)), ((), ())))
    return y.reshape(1) if y.ndim == 0 else y


@register("batch_dot")
def batch_dot(
    lhs,
    rhs,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: Storage | None = None,
):
    """Products of matrices, one for each entry of a batch.

    Parameters
    ----------
    lhs, rhs : array
        (..., m, n) and (..., n, k), of one dtype and with the same leading axes.
    transpose_a, transpose_b : bool
        Transpose the matrices of `lhs`, of `rhs` first: (..., n, m), (..., k, n).
    forward_stype : str, optional
        Storage type of the result, for sparse arrays.

    Returns
    -------
    array
        (..., m, k).

    Examples
    --------
    >>> nd.batch_dot(nd.ones((5, 2, 3)), nd.ones((5, 3, 4))).shape
    (5, 2, 4)
    """
    same_dtype(lhs, rhs)
    if lhs.ndim != rhs.ndim or lhs.ndim < 3 or lhs.shape[:-2] != rhs.shape[:-2]:
        raise ValueError(
            f"batch_dot needs arrays (batch, rows, columns) with equal batch axes, got {lhs.shape} "
            f"and {rhs.shape}; use dot for two matrices"
        )
    batch = tuple(range(lhs.ndim - 2))
    a = lhs.ndim - 2 if transpose_a else lhs.ndim - 1
    b = rhs.ndim - 1 if transpose_b else rhs.ndim - 2
    if lhs.shape[a] != rhs.shape[b]:
        raise ValueError(
            f"axis {a} of lhs {lhs.shape} and axis {b} of rhs {rhs.shape}, over which the product "
            "is summed, differ in length"
        )
    return jax.lax.dot_general(lhs, rhs, (((a,), (b,)), (batch, batch)))


@register("khatri_rao")
def khatri_rao(*args):
    """The Khatri-Rao product: Kronecker products of the matrices' columns, side by side.

    Parameters
    ----------
    *args : array
        Matrices (m_i, k) of one dtype with equally many columns.

    Returns
    -------
    array
        (m_1 * m_2 * ..., k).

    Examples
    --------
    >>> nd.khatri_rao(nd.array([[1, 2]]), nd.array([[3, 4], [5, 6]]))
    [[ 3.  8.]
     [ 5. 12.]]
    """
    if not args or any(a.ndim != 2 or a.shape[1] != args[0].shape[1] for a in args):
        raise ValueError(
            "khatri_rao needs matrices with equally many columns, got shapes "
            f"{[a.shape for a in args]}"
        )
    same_dtype(*args)
    y = args[0]
    for a in args[1:]:
        y = (y[:, None, :] * a[None, :, :]).reshape(len(y) * len(a), a.shape[1])
    return y


@register("diag")
def diag(data, *, k: int = 0, axis1: int = 0, axis2: int = 1):
    """The diagonal of a matrix, or the matrix with a given diagonal.

    Parameters
    ----------
    data : array
        A vector, which becomes a diagonal, or an array from which diagonals are taken.
    k : int
        Which diagonal: 0 is the main one, greater numbers are above it.
    axis1, axis2 : int
        Rows and columns of the matrices, where `data` has more than one axis.

    Returns
    -------
    array
        (n + abs(k), n + abs(k)) for a vector; otherwise the axes that remain, then the diagonal.

    Examples
    --------
    >>> nd.diag(nd.array([[1, 2], [3, 4]]))
    [1. 4.]
    """
    if data.ndim == 0:
        raise ValueError("diag needs a vector, a matrix or a larger array, got shape ()")
    if data.ndim == 1:
        return jnp.diag(data, k)
    axis1 = to_axis(axis1, data.ndim, "axis1")
    axis2 = to_axis(axis2, data.ndim, "axis2")
    if axis1 == axis2:
        raise ValueError(f"axis1 and axis2 are the same axis, {axis1}; they must differ")
    if not -data.shape[axis1] < k < data.shape[axis2]:
        raise ValueError(
            f"k={k} is beyond the diagonals of a matrix of "
            f"{data.shape[axis1]} x {data.shape[axis2]}"
        )
    return jnp.diagonal(data, k, axis1, axis2)
