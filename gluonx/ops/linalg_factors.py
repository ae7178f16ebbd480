"""Factorizations, inverses and determinants of matrices in the last two axes of arrays."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from ..engine.op import register
from ._matrices import check_matrices, check_square, never_scalar, widened

__all__ = ["det", "gelqf", "inverse", "slogdet", "syevd"]


@register("_linalg_gelqf", aliases=("linalg_gelqf",), outputs=2)
def gelqf(A):
    """The LQ factorization: ``A = L Q``, the rows of ``Q`` orthonormal, ``L`` lower triangular.

    Parameters
    ----------
    A : array
        (..., m, n) with m <= n, of a floating-point type.

    Returns
    -------
    Q : array
        (..., m, n).
    L : array
        (..., m, m).

    Examples
    --------
    >>> Q, L = nd.linalg.gelqf(nd.array([[3, 4]]))
    >>> nd.dot(L, Q)
    [[3. 4.]]
    """
    check_matrices(A=A)
    if A.shape[-2] > A.shape[-1]:
        raise ValueError(
            f"A must have no more rows than columns, (..., m, n) with m <= n, got {A.shape}"
        )
    # A^T = Q^T L^T is a QR factorization
    q, r = jnp.linalg.qr(jnp.swapaxes(widened(A), -1, -2), mode="reduced")
    return tuple(jnp.swapaxes(x, -1, -2).astype(A.dtype) for x in (q, r))


@register("_linalg_syevd", aliases=("linalg_syevd",), outputs=2)
def syevd(A):
    """The eigenvectors and eigenvalues of symmetric matrices: ``A = U^T diag(L) U``.

    Parameters
    ----------
    A : array
        (..., n, n), symmetric, of a floating-point type.

    Returns
    -------
    U : array
        (..., n, n): the eigenvectors are the rows. The greatest entry of each, in absolute value,
        is positive.
    L : array
        (..., n): the eigenvalues in ascending order. The gradient is not defined where two of them
        are equal.

    Examples
    --------
    >>> U, L = nd.linalg.syevd(nd.array([[2, 0], [0, 1]]))
    >>> L
    [1. 2.]
    """
    check_square(A=A)
    if not A.size:
        return A, jnp.zeros(A.shape[:-1], A.dtype)
    vectors, values = lax.linalg.eigh(widened(A), sort_eigenvalues=True)
    rows = jnp.swapaxes(vectors, -1, -2)
    greatest = jnp.argmax(jnp.abs(rows), axis=-1, keepdims=True)
    negative = jnp.take_along_axis(rows, greatest, axis=-1) < 0
    return jnp.where(negative, -rows, rows).astype(A.dtype), values.astype(A.dtype)


@register("_linalg_inverse", aliases=("linalg_inverse",))
def inverse(A):
    """The inverse of matrices.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type.

    Returns
    -------
    array
        (..., n, n); not finite where a matrix has no inverse.

    Examples
    --------
    >>> nd.linalg.inverse(nd.array([[2, 0], [0, 4]]))
    [[0.5  0.  ]
     [0.   0.25]]
    """
    check_square(A=A)
    return jnp.linalg.inv(widened(A)).astype(A.dtype)


@register("_linalg_det", aliases=("linalg_det",))
def det(A):
    """The determinant of matrices.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type.

    Returns
    -------
    array
        The axes before the last two; (1,) for one matrix.

    Examples
    --------
    >>> nd.linalg.det(nd.array([[4, 2], [1, 3]]))
    [10.]
    """
    check_square(A=A)
    if not A.shape[-1]:
        return never_scalar(jnp.ones(A.shape[:-2], A.dtype))
    return never_scalar(jnp.linalg.det(widened(A)).astype(A.dtype))


@register("_linalg_slogdet", aliases=("linalg_slogdet",), outputs=2)
def slogdet(A):
    """The determinant of matrices as its sign and the logarithm of its absolute value.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type.

    Returns
    -------
    sign : array
        The axes before the last two, (1,) for one matrix: 1, -1, or 0 for a singular matrix. No
        gradient passes through it.
    logabsdet : array
        Of the same shape; -inf for a singular matrix.

    Examples
    --------
    >>> nd.linalg.slogdet(nd.array([[1, 0], [0, -1]]))
    [[-1.], [0.]]
    """
    check_square(A=A)
    sign, logarithm = jnp.linalg.slogdet(widened(A))
    sign = lax.stop_gradient(sign)
    return never_scalar(sign.astype(A.dtype)), never_scalar(logarithm.astype(A.dtype))
