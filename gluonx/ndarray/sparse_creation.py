"""Making sparse arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..context import Context, current_context
from ..engine.op import OPS
from ..engine.state import state
from . import creation
from .dispatch import invoke
from .ndarray import NDArray
from .sparse_array import BaseSparseNDArray, CSRNDArray, RowSparseNDArray, _check_stype, kind
from .sparse_storage import CSR, Rows, from_dense, nothing

__all__ = ["array", "cast_storage", "csr_matrix", "empty", "row_sparse_array", "zeros"]


def csr_matrix(
    arg1: Any, shape: Sequence[int] | None = None, ctx: Context | None = None, dtype: Any = None
) -> CSRNDArray:
    """A csr matrix.

    Parameters
    ----------
    arg1 : array_like or tuple
        One of

        - a dense matrix (an array, nested lists): what is not zero in it is stored;
        - a CSRNDArray or a SciPy sparse matrix;
        - ``(M, N)``: a matrix of zeros of that shape;
        - ``(data, indices, indptr)``: what is stored, as it is; row i has ``data[indptr[i]:
          indptr[i + 1]]`` in the columns ``indices`` of the same places;
        - ``(data, (row, col))``: values and their places; values of one place are added.
    shape : tuple of int, optional
        By default what the indices need.
    ctx : Context, optional
        By default the current context.
    dtype : dtype, optional
        By default that of the array given, float32 for lists.

    Raises
    ------
    ValueError
        If the parts do not fit together, or `shape` is not that of the matrix.

    Examples
    --------
    >>> from gluonx import nd
    >>> x = nd.sparse.csr_matrix(([1., 2.], ([0, 1], [2, 0])), shape=(2, 3))
    >>> x.asnumpy()
    array([[0., 0., 1.],
           [2., 0., 0.]], dtype=float32)
    """
    if isinstance(arg1, tuple):
        if len(arg1) == 3:
            parts = _from_definition(arg1[0], arg1[1], arg1[2], shape, dtype)
        elif len(arg1) == 2 and isinstance(arg1[1], (tuple, list)) and len(arg1[1]) == 2:
            parts = _from_places(arg1[0], arg1[1][0], arg1[1][1], shape, dtype)
        elif len(arg1) == 2:
            _check_shape(arg1, shape)
            return empty("csr", arg1, ctx, dtype)
        else:
            raise ValueError(
                "csr_matrix() takes (M, N), (data, indices, indptr) or (data, (row, col)), not a "
                f"tuple of {len(arg1)}"
            )
        return CSRNDArray._of(parts, _context(ctx))
    if isinstance(arg1, RowSparseNDArray):
        raise ValueError("csr_matrix() cannot take a RowSparseNDArray; use x.tostype('default')")
    if isinstance(arg1, CSRNDArray) or creation._is_scipy(arg1):
        _check_shape(arg1.shape, shape)
        return array(arg1, ctx, dtype)
    return _of_dense("csr", arg1, shape, ctx, dtype)


def row_sparse_array(
    arg1: Any, shape: Sequence[int] | None = None, ctx: Context | None = None, dtype: Any = None
) -> RowSparseNDArray:
    """A row_sparse array.

    Parameters
    ----------
    arg1 : array_like or tuple
        One of

        - a dense array: its rows that are not zero are stored;
        - a RowSparseNDArray;
        - ``(D0, D1, ...)``: zeros of that shape;
        - ``(data, indices)``: the rows ``indices`` are those of ``data``.
    shape : tuple of int, optional
        By default as many rows as the greatest index needs.
    ctx : Context, optional
        By default the current context.
    dtype : dtype, optional
        By default that of the array given, float32 for lists.

    Raises
    ------
    ValueError
        If the parts do not fit together, or `shape` is not that of the array.

    Examples
    --------
    >>> from gluonx import nd
    >>> x = nd.sparse.row_sparse_array(([[1., 2.]], [2]), shape=(4, 2))
    >>> x.indices.asnumpy()
    array([2])
    """
    if isinstance(arg1, tuple):
        if len(arg1) < 2:
            raise ValueError("row_sparse_array() takes a shape with two axes or (data, indices)")
        if len(arg1) > 2 or all(isinstance(n, (int, np.integer)) for n in arg1):
            _check_shape(arg1, shape)
            return empty("row_sparse", arg1, ctx, dtype)
        return RowSparseNDArray._of(_from_rows(arg1[0], arg1[1], shape, dtype), _context(ctx))
    if isinstance(arg1, CSRNDArray):
        raise ValueError("row_sparse_array() cannot take a CSRNDArray; use x.tostype('default')")
    if isinstance(arg1, RowSparseNDArray):
        _check_shape(arg1.shape, shape)
        return array(arg1, ctx, dtype)
    return _of_dense("row_sparse", arg1, shape, ctx, dtype)


def array(source_array: Any, ctx: Context | None = None, dtype: Any = None) -> Any:
    """A sparse array with the contents of another, or of a SciPy sparse matrix.

    Parameters
    ----------
    source_array : RowSparseNDArray, CSRNDArray or SciPy sparse matrix
    ctx : Context, optional
        By default the current context.
    dtype : dtype, optional
        By default that of the source.

    Raises
    ------
    ValueError
        For a dense source: which storage type it shall have is said by :func:`csr_matrix`,
        :func:`row_sparse_array` or ``tostype``.
    """
    if isinstance(source_array, BaseSparseNDArray):
        y = source_array.copyto(_context(ctx))
        return y if dtype is None else y.astype(dtype, copy=False)
    if creation._is_scipy(source_array):
        found = source_array.tocsr(copy=True)
        found.sum_duplicates()
        values = found.data if dtype is None else found.data.astype(dtype)
        indices, indptr = (np.asarray(a, np.int64) for a in (found.indices, found.indptr))
        return CSRNDArray._of(CSR(found.shape, values, indices, indptr), _context(ctx))
    raise ValueError(
        f"nd.sparse.array() takes a sparse array, not a {type(source_array).__name__}; for a dense "
        "one use nd.sparse.csr_matrix(x) or nd.sparse.row_sparse_array(x)"
    )


def zeros(
    stype: str, shape: int | Sequence[int], ctx: Context | None = None, dtype: Any = None,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """An array of zeros with a storage type.

    Parameters
    ----------
    stype : {'row_sparse', 'csr', 'default'}
    shape : int or tuple of int
    ctx : Context, optional
        By default the current context.
    dtype : dtype, optional
        float32 by default.

    Examples
    --------
    >>> from gluonx import nd
    >>> nd.sparse.zeros('csr', (2, 3)).stype
    'csr'
    """
    _check_stype(stype)
    if stype == "default":
        return creation.zeros(shape, ctx, dtype, **kwargs)
    shape = creation._shape(shape)
    if stype == "csr" and len(shape) != 2:
        raise ValueError(f"a csr array is a matrix; shape {shape} does not have two axes")
    dtype = np.dtype("float32" if dtype is None else dtype)
    return kind(stype)._of(nothing(stype, shape, dtype), _context(ctx))


def empty(
    stype: str, shape: int | Sequence[int], ctx: Context | None = None, dtype: Any = None
) -> Any:
    """An array whose contents do not matter (they are zeros); parameters as :func:`zeros`."""
    return zeros(stype, shape, ctx, dtype)


def cast_storage(data: NDArray, stype: str) -> Any:
    """A copy of an array with another storage type.

    Parameters
    ----------
    data : NDArray
    stype : {'default', 'row_sparse', 'csr'}
        ``'row_sparse'`` stores the rows that are not zero, ``'csr'`` (for a matrix) the values that
        are not.

    Raises
    ------
    ValueError
        From one sparse storage type to the other.

    Examples
    --------
    >>> from gluonx import nd
    >>> nd.sparse.cast_storage(nd.array([[0, 1], [0, 0]]), 'row_sparse').indices.asnumpy()
    array([0])
    """
    if isinstance(data, BaseSparseNDArray):
        return data.tostype(stype)
    _check_stype(stype)
    y = invoke(OPS["cast_storage"], [data], {"stype": stype})
    if stype == "default" or state.trace is not None:
        return y
    return kind(stype)._like(y)


# -- parts ------------------------------------------------------------------------------------


def _context(ctx: Context | None) -> Context:
    return current_context() if ctx is None else Context(ctx)


def _check_shape(own: Any, shape: Any) -> None:
    if shape is not None and tuple(own) != tuple(shape):
        raise ValueError(f"shape={tuple(shape)} was given for an array of shape {tuple(own)}")


def _host(values: Any, dtype: Any) -> np.ndarray:
    """Values as a NumPy array of their own; lists are float32 unless ``dtype`` says otherwise."""
    if isinstance(values, NDArray):
        values = values.asnumpy()
    if dtype is None:
        dtype = values.dtype if isinstance(values, np.ndarray) else np.float32
    return np.array(values, dtype)


def _of_dense(stype: str, source: Any, shape: Any, ctx: Context | None, dtype: Any) -> Any:
    if isinstance(source, NDArray) and state.recording and source._recorded:
        _check_shape(source.shape, shape)
        return cast_storage(creation.array(source, ctx, dtype), stype)
    host = _host(source, dtype)
    _check_shape(host.shape, shape)
    if host.ndim < 1 or (stype == "csr" and host.ndim != 2):
        raise ValueError(f"an array of shape {host.shape} cannot have the storage type {stype}")
    return kind(stype)._of(from_dense(stype, host), _context(ctx))


def _from_definition(data: Any, indices: Any, indptr: Any, shape: Any, dtype: Any) -> CSR:
    values = _host(data, dtype)
    indices, indptr = _host(indices, np.int64), _host(indptr, np.int64)
    if values.ndim != 1 or indices.ndim != 1 or indptr.ndim != 1 or not len(indptr):
        raise ValueError(
            "csr_matrix((data, indices, indptr)) takes three vectors, got shapes "
            f"{values.shape}, {indices.shape} and {indptr.shape}"
        )
    if len(values) != len(indices):
        raise ValueError(f"there are {len(values)} values but {len(indices)} indices")
    if shape is None:
        if not len(indices):
            raise ValueError("without values the shape must be given: shape=(rows, columns)")
        shape = (len(indptr) - 1, int(indices.max()) + 1)
    if len(shape) != 2:
        raise ValueError(f"a csr array is a matrix; shape={tuple(shape)} does not have two axes")
    return CSR(tuple(map(int, shape)), values, indices, indptr)


def _from_places(data: Any, row: Any, col: Any, shape: Any, dtype: Any) -> CSR:
    values = _host(data, dtype)
    rows, columns = _host(row, np.int64), _host(col, np.int64)
    if (
        not values.ndim == rows.ndim == columns.ndim == 1
        or len({*map(len, (values, rows, columns))}) > 1
    ):
        raise ValueError(
            "csr_matrix((data, (row, col))) takes three vectors of one length, got shapes "
            f"{values.shape}, {rows.shape} and {columns.shape}"
        )
    if shape is None:
        if not len(rows):
            raise ValueError("without values the shape must be given: shape=(rows, columns)")
        shape = (int(rows.max()) + 1, int(columns.max()) + 1)
    shape = (int(shape[0]), int(shape[1]))
    if len(rows):
        lowest, highest = min(rows.min(), columns.min()), (rows.max(), columns.max())
        if lowest < 0 or highest[0] >= shape[0] or highest[1] >= shape[1]:
            raise ValueError(f"the places reach to {highest}, outside of the shape {shape}")
    keys, at = np.unique(rows * max(shape[1], 1) + columns, return_inverse=True)
    total = np.zeros(len(keys), values.dtype)
    np.add.at(total, at, values)
    found_rows, found = np.divmod(keys, max(shape[1], 1))
    counts = np.bincount(found_rows, minlength=shape[0])
    return CSR(shape, total, found, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _from_rows(data: Any, indices: Any, shape: Any, dtype: Any) -> Rows:
    values, indices = _host(data, dtype), _host(indices, np.int64)
    if indices.ndim != 1 or not values.ndim or len(values) != len(indices):
        raise ValueError(
            "row_sparse_array((data, indices)) takes one row of data for each index, got shapes "
            f"{values.shape} and {indices.shape}"
        )
    if shape is None:
        if not len(indices):
            raise ValueError("without rows the shape must be given: shape=(rows, ...)")
        shape = (int(indices.max()) + 1, *values.shape[1:])
    shape = tuple(map(int, shape))
    if values.shape[1:] != shape[1:]:
        raise ValueError(f"rows of shape {values.shape[1:]} do not fit into an array of {shape}")
    return Rows(shape, values, indices)
