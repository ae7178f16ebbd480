"""Products of matrices and triangular systems, in the last two axes of arrays.

Names are those of BLAS and LAPACK. Every axis before the last two is a batch axis; they are equal
for all inputs.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from ..engine.op import register
from ._checks import to_axis
from ._matrices import check_matrices, check_square, never_scalar, widened

__all__ = ["gemm", "gemm2", "potrf", "potri", "sumlogdiag", "syrk", "trmm", "trsm"]


def _turned(a: jax.Array, transpose: bool = True) -> jax.Array:
    return jnp.swapaxes(a, -1, -2) if transpose else a


def _product(a, b, transpose_a: bool, transpose_b: bool, alpha: float):
    a, b = _turned(a, transpose_a), _turned(b, transpose_b)
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(
            f"the product of matrices {a.shape[-2:]} and {b.shape[-2:]} (after transposition) is "
            "not defined: the columns of the first must be as many as the rows of the second"
        )
    return jnp.matmul(a, b) * jnp.asarray(alpha, a.dtype)


def _rows_to(axis: int, arrays: tuple) -> list:
    """Swap the rows' axis with the last but one."""
    for name, a in zip("ABC", arrays, strict=False):
        if a.ndim < 2:
            raise ValueError(f"{name} must be (..., rows, columns), got shape {a.shape}")
    ndim = arrays[0].ndim
    at = to_axis(axis, ndim)
    if at == ndim - 1:
        raise ValueError(f"axis={axis} is that of the columns; the rows need another one")
    return [jnp.swapaxes(a, at, -2) for a in arrays]


@register("_linalg_gemm", aliases=("linalg_gemm",))
def gemm(
    A,
    B,
    C,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    beta: float = 1.0,
    axis: int = -2,
):
    """A product of matrices and a sum: ``alpha * A B + beta * C``.

    Parameters
    ----------
    A, B : array
        (..., m, k) and (..., k, n), of one floating-point type.
    C : array
        (..., m, n).
    transpose_a, transpose_b : bool
        Transpose the matrices of `A`, of `B` first: (..., k, m), (..., n, k).
    alpha, beta : float
        Factors.
    axis : int
        The axis of the rows; the columns are always on the last one.

    Returns
    -------
    array
        (..., m, n).

    Examples
    --------
    >>> x, y = nd.ones((2, 3)), nd.ones((3, 2))
    >>> nd.linalg.gemm(x, y, nd.ones((2, 2)), alpha=2, beta=10)
    [[16. 16.]
     [16. 16.]]
    """
    A, B, C = _rows_to(axis, (A, B, C))
    check_matrices(A=A, B=B, C=C)
    y = _product(A, B, transpose_a, transpose_b, alpha)
    if y.shape != C.shape:
        raise ValueError(f"C must have the shape of the product, {y.shape}, got {C.shape}")
    return jnp.swapaxes(y + jnp.asarray(beta, C.dtype) * C, to_axis(axis, y.ndim), -2)


@register("_linalg_gemm2", aliases=("linalg_gemm2",))
def gemm2(
    A,
    B,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    axis: int = -2,
):
    """A product of matrices: ``alpha * A B``.

    Parameters
    ----------
    A, B : array
        (..., m, k) and (..., k, n), of one floating-point type.
    transpose_a, transpose_b : bool
        Transpose the matrices of `A`, of `B` first: (..., k, m), (..., n, k).
    alpha : float
        A factor.
    axis : int
        The axis of the rows; the columns are always on the last one.

    Returns
    -------
    array
        (..., m, n).

    Examples
    --------
    >>> nd.linalg.gemm2(nd.array([[1, 2]]), nd.array([[3, 4]]), transpose_b=True)
    [[11.]]
    """
    A, B = _rows_to(axis, (A, B))
    check_matrices(A=A, B=B)
    y = _product(A, B, transpose_a, transpose_b, alpha)
    return jnp.swapaxes(y, to_axis(axis, y.ndim), -2)


@register("_linalg_syrk", aliases=("linalg_syrk",))
def syrk(A, *, transpose: bool = False, alpha: float = 1.0):
    """A matrix times its transpose: ``alpha * A A^T``.

    Parameters
    ----------
    A : array
        (..., m, n), of a floating-point type.
    transpose : bool
        ``alpha * A^T A`` instead.
    alpha : float
        A factor.

    Returns
    -------
    array
        (..., m, m), or (..., n, n) with `transpose`.

    Examples
    --------
    >>> nd.linalg.syrk(nd.array([[1, 2], [3, 4]]))
    [[ 5. 11.]
     [11. 25.]]
    """
    check_matrices(A=A)
    return _product(A, A, transpose, not transpose, alpha)


def _triangle(a: jax.Array, lower: bool) -> jax.Array:
    return jnp.tril(a) if lower else jnp.triu(a)


@register("_linalg_trmm", aliases=("linalg_trmm",))
def trmm(
    A,
    B,
    *,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
):
    """A triangular matrix times a matrix: ``alpha * A B``.

    Parameters
    ----------
    A : array
        (..., n, n); only one triangle of it is looked at.
    B : array
        (..., n, m), or (..., m, n) with `rightside`.
    transpose : bool
        Transpose the triangular matrix.
    rightside : bool
        ``alpha * B A`` instead.
    lower : bool
        Which triangle `A` is: the lower or the upper one.
    alpha : float
        A factor.

    Returns
    -------
    array
        Shape of `B`.

    Examples
    --------
    >>> nd.linalg.trmm(nd.array([[1, 7], [2, 3]]), nd.array([[1, 0], [0, 1]]))
    [[1. 0.]
     [2. 3.]]
    """
    check_matrices(A=A, B=B)
    check_square(A=A)
    A = _triangle(A, lower)
    if rightside:
        return _product(B, A, False, transpose, alpha)
    return _product(A, B, transpose, False, alpha)


@register("_linalg_trsm", aliases=("linalg_trsm",))
def trsm(
    A,
    B,
    *,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
):
    """The solution of a triangular system: ``X`` in ``A X = alpha * B``.

    Parameters
    ----------
    A : array
        (..., n, n); only one triangle of it is looked at.
    B : array
        (..., n, m), or (..., m, n) with `rightside`.
    transpose : bool
        Transpose the triangular matrix.
    rightside : bool
        Solve ``X A = alpha * B`` instead.
    lower : bool
        Which triangle `A` is: the lower or the upper one.
    alpha : float
        A factor.

    Returns
    -------
    array
        Shape of `B`.

    Examples
    --------
    >>> nd.linalg.trsm(nd.array([[2, 0], [1, 4]]), nd.array([[2], [9]]))
    [[1.]
     [2.]]
    """
    check_matrices(A=A, B=B)
    check_square(A=A)
    at = B.ndim - 1 if rightside else B.ndim - 2
    if B.shape[at] != A.shape[-1]:
        raise ValueError(
            f"axis {at} of B {B.shape} must be as long as the rows of A {A.shape}, {A.shape[-1]}"
        )
    y = lax.linalg.triangular_solve(
        widened(A),
        widened(B * jnp.asarray(alpha, B.dtype)),
        left_side=not rightside,
        lower=lower,
        transpose_a=transpose,
    )
    return y.astype(B.dtype)


@register("_linalg_potrf", aliases=("linalg_potrf",))
def potrf(A):
    """The Cholesky factor of symmetric positive definite matrices: lower ``L``, ``A = L L^T``.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type.

    Returns
    -------
    array
        (..., n, n), zeros above the diagonal; NaN where a matrix is not positive definite.

    Examples
    --------
    >>> nd.linalg.potrf(nd.array([[4, 2], [2, 5]]))
    [[2. 0.]
     [1. 2.]]
    """
    check_square(A=A)
    return lax.linalg.cholesky(widened(A)).astype(A.dtype)


@register("_linalg_potri", aliases=("linalg_potri",))
def potri(A):
    """The inverse of a matrix from its Cholesky factor: ``(L L^T)^-1``.

    Parameters
    ----------
    A : array
        (..., n, n): lower triangular factors, as ``potrf`` gives them. What is above the diagonal
        is not looked at.

    Returns
    -------
    array
        (..., n, n), symmetric.

    Examples
    --------
    >>> nd.linalg.potri(nd.array([[2, 0], [0, 1]]))
    [[0.25 0.  ]
     [0.   1.  ]]
    """
    check_square(A=A)
    factor = widened(A)
    one = jnp.broadcast_to(jnp.eye(A.shape[-1], dtype=factor.dtype), A.shape)
    inverse = lax.linalg.triangular_solve(factor, one, left_side=True, lower=True)
    return jnp.matmul(_turned(inverse), inverse).astype(A.dtype)


@register("_linalg_sumlogdiag", aliases=("linalg_sumlogdiag",))
def sumlogdiag(A):
    """The sum of the logarithms of the diagonal.

    Of a Cholesky factor it is half the logarithm of the matrix's determinant.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type, with a positive diagonal.

    Returns
    -------
    array
        The axes before the last two; (1,) for one matrix.

    Examples
    --------
    >>> nd.linalg.sumlogdiag(nd.array([[1, 5], [7, 1]]))
    [0.]
    """
    check_square(A=A)
    return never_scalar(jnp.log(jnp.diagonal(A, axis1=-2, axis2=-1)).sum(-1))
