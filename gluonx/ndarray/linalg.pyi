"""``nd.linalg``: linear algebra on matrices in the last two axes."""

# Made by tools/make_stubs.py; changes here are lost.

from collections.abc import Sequence
from typing import Any

import numpy as np
from ..context import Context
from .ndarray import NDArray

_Shape = int | Sequence[int]
_DType = str | type | np.dtype[Any]

def det(A: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
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

def extractdiag(
    A: NDArray,
    offset: int = 0,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """A diagonal of square matrices, as a vector.

    Parameters
    ----------
    A : array
        (..., n, n).
    offset : int
        Which diagonal: 0 is the main one, greater numbers are above it.

    Returns
    -------
    array
        (..., n - abs(offset)).

    Examples
    --------
    >>> nd.linalg.extractdiag(nd.array([[1, 2], [3, 4]]), offset=1)
    [2.]
    """

def extracttrian(
    A: NDArray,
    offset: int = 0,
    lower: bool = True,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """A triangle of square matrices as a vector: a lower one by rows, an upper one by columns.

    Parameters
    ----------
    A : array
        (..., n, n).
    offset : int
        Where the triangle begins: at the main diagonal, at one above it for positive numbers (an
        upper triangle), at one below it for negative ones (a lower triangle).
    lower : bool
        The lower or the upper triangle, where `offset` is 0.

    Returns
    -------
    array
        (..., k (k + 1) / 2) with k = n - abs(offset).

    Examples
    --------
    >>> nd.linalg.extracttrian(nd.array([[1, 2], [3, 4]]))
    [1. 3. 4.]
    """

def gelqf(
    A: NDArray,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> list[NDArray]:
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

def gemm(
    A: NDArray,
    B: NDArray,
    C: NDArray,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    beta: float = 1.0,
    axis: int = -2,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

def gemm2(
    A: NDArray,
    B: NDArray,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    axis: int = -2,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

def inverse(A: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
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

def makediag(
    A: NDArray,
    offset: int = 0,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Square matrices with a given diagonal and zeros elsewhere.

    Parameters
    ----------
    A : array
        (..., n).
    offset : int
        Which diagonal: 0 is the main one, greater numbers are above it.

    Returns
    -------
    array
        (..., n + abs(offset), n + abs(offset)).

    Examples
    --------
    >>> nd.linalg.makediag(nd.array([1, 2]))
    [[1. 0.]
     [0. 2.]]
    """

def maketrian(
    A: NDArray,
    offset: int = 0,
    lower: bool = True,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Square matrices with a given triangle and zeros elsewhere.

    Parameters
    ----------
    A : array
        (..., k (k + 1) / 2): lower triangles by rows, upper ones by columns.
    offset : int
        Where the triangle begins: at the main diagonal, at one above it for positive numbers (an
        upper triangle), at one below it for negative ones (a lower triangle).
    lower : bool
        The lower or the upper triangle, where `offset` is 0.

    Returns
    -------
    array
        (..., n, n) with n = k + abs(offset).

    Examples
    --------
    >>> nd.linalg.maketrian(nd.array([1, 2, 3]))
    [[1. 0.]
     [2. 3.]]
    """

def potrf(A: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
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

def potri(A: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
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

def slogdet(
    A: NDArray,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> list[NDArray]:
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

def sumlogdiag(A: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
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

def syevd(
    A: NDArray,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> list[NDArray]:
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

def syrk(
    A: NDArray,
    transpose: bool = False,
    alpha: float = 1.0,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

def trmm(
    A: NDArray,
    B: NDArray,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

def trsm(
    A: NDArray,
    B: NDArray,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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
