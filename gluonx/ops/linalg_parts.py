"""Diagonals and triangles of matrices, as vectors, and matrices made of them."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from ..engine.op import register

__all__ = ["extractdiag", "extracttrian", "makediag", "maketrian"]


def _size(A, offset: int) -> int:
    """How many rows the matrices have; there must be something at ``offset``."""
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"A must be square, (..., n, n), got shape {A.shape}")
    n = A.shape[-1]
    if abs(offset) >= n:
        raise ValueError(
            f"offset={offset} is outside a matrix of {n} rows; less than {n} is needed"
        )
    return n


def _diagonal(length: int, offset: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a diagonal of ``length`` entries."""
    along = np.arange(length)
    return along + max(-offset, 0), along + max(offset, 0)


def _triangle(n: int, offset: int, lower: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a triangle of an n x n matrix.

    A lower triangle goes row by row, an upper one column by column: it is the lower one transposed.
    Away from the main diagonal it is the one that begins at the offset's side.
    """
    rows, columns = np.tril_indices(n, -abs(offset))
    return (rows, columns) if offset < 0 or (offset == 0 and lower) else (columns, rows)


def _placed(A, n: int, places: tuple[np.ndarray, np.ndarray]):
    """Zeros of (..., n, n) with the last axis of ``A`` at the places."""
    return jnp.zeros((*A.shape[:-1], n, n), A.dtype).at[..., places[0], places[1]].set(A)


@register("_linalg_extractdiag", aliases=("linalg_extractdiag",))
def extractdiag(A, *, offset: int = 0):
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
    _size(A, offset)
    return jnp.diagonal(A, offset, axis1=-2, axis2=-1)


@register("_linalg_makediag", aliases=("linalg_makediag",))
def makediag(A, *, offset: int = 0):
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
    if A.ndim < 1:
        raise ValueError("A must have an axis for the diagonal, got shape ()")
    length = A.shape[-1]
    return _placed(A, length + abs(offset), _diagonal(length, offset))


@register("_linalg_extracttrian", aliases=("linalg_extracttrian",))
def extracttrian(A, *, offset: int = 0, lower: bool = True):
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
    rows, columns = _triangle(_size(A, offset), offset, lower)
    return A[..., rows, columns]


@register("_linalg_maketrian", aliases=("linalg_maketrian",))
def maketrian(A, *, offset: int = 0, lower: bool = True):
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
    if A.ndim < 1:
        raise ValueError("A must have an axis for the triangle, got shape ()")
    k = (math.isqrt(8 * A.shape[-1] + 1) - 1) // 2
    if k * (k + 1) // 2 != A.shape[-1] or not k:
        raise ValueError(
            f"a triangle has 1, 3, 6, 10, ... elements, k (k + 1) / 2 of them; the last axis of A "
            f"{A.shape} has {A.shape[-1]}"
        )
    n = k + abs(offset)
    return _placed(A, n, _triangle(n, offset, lower))
