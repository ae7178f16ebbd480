"""Random shapes and arrays. NumPy's global generator draws them, so ``numpy.random.seed`` rules."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ._surroundings import default_context, default_dtype

__all__ = [
    "assign_each", "assign_each2", "collapse_sum_like", "create_2d_tensor", "create_sparse_array",
    "create_sparse_array_zd", "create_vector", "np_reduce", "rand_coord_2d", "rand_ndarray",
    "rand_shape_2d", "rand_shape_3d", "rand_shape_nd", "rand_sparse_ndarray", "random_arrays",
    "random_sample", "random_uniform_arrays", "shuffle_csr_column_indices",
]  # fmt: skip


def rand_shape_nd(num_dim: int, dim: int = 10, allow_zero_size: bool = False) -> tuple[int, ...]:
    """A shape with ``num_dim`` extents from 1 (or 0) to ``dim``."""
    found = np.random.randint(0 if allow_zero_size else 1, dim + 1, size=num_dim)
    return tuple(map(int, found))


def rand_shape_2d(dim0: int = 10, dim1: int = 10, allow_zero_size: bool = False) -> tuple:
    """A shape with two extents, up to ``dim0`` and ``dim1``."""
    return tuple(rand_shape_nd(1, d, allow_zero_size)[0] for d in (dim0, dim1))


def rand_shape_3d(
    dim0: int = 10, dim1: int = 10, dim2: int = 10, allow_zero_size: bool = False
) -> tuple:
    """A shape with three extents, up to ``dim0``, ``dim1`` and ``dim2``."""
    return tuple(rand_shape_nd(1, d, allow_zero_size)[0] for d in (dim0, dim1, dim2))


def rand_coord_2d(x_low: int, x_high: int, y_low: int, y_high: int) -> tuple[int, int]:
    """A place in a matrix."""
    return np.random.randint(x_low, x_high), np.random.randint(y_low, y_high)


def random_arrays(*shapes: Any) -> Any:
    """Normally distributed NumPy arrays; one for one shape, a list for several."""
    found = [np.asarray(np.random.randn(*s), default_dtype()) for s in shapes]
    return found[0] if len(found) == 1 else found


def random_uniform_arrays(*shapes: Any, low: float = 0.0, high: float = 1.0, dtype: Any = None):
    """A list of NumPy arrays with uniformly distributed numbers."""
    dtype = default_dtype() if dtype is None else dtype
    return [np.random.uniform(low, high, s).astype(dtype) for s in shapes]


def random_sample(population: Sequence[Any], k: int) -> list[Any]:
    """``k`` different members of ``population``, in its order."""
    chosen = random.sample(range(len(population)), k)
    return [population[i] for i in sorted(chosen)]


def rand_ndarray(
    shape: Any, stype: str = "default", density: float | None = None, dtype: Any = None,
    modifier_func: Callable | None = None, shuffle_csr_indices: bool = False,
    distribution: str | None = None, ctx: Any = None,
) -> Any:  # fmt: skip
    """A random array of any storage type.

    Parameters
    ----------
    shape : tuple of int
    stype : {'default', 'row_sparse', 'csr'}
    density : float, optional
        Share of rows (row_sparse) or elements (csr) that are stored, by default random.
    dtype : dtype, optional
        float32 by default.
    modifier_func : callable, optional
        Changes each stored number.
    shuffle_csr_indices : bool
        Store the values of each row of a csr matrix in random order.
    distribution : {'uniform', 'powerlaw'}, optional
        Of the stored places; ``'powerlaw'``, for csr, gives row i about 2**i of them.
    ctx : Context, optional

    Examples
    --------
    >>> from gluonx import test_utils
    >>> test_utils.rand_ndarray((4, 3), 'csr', density=0.5).shape
    (4, 3)
    """
    ctx = default_context() if ctx is None else ctx
    if stype == "default":
        values = np.random.uniform(-10, 10, shape)
        if modifier_func is not None:
            values = assign_each(values, modifier_func)
        return nd.array(values, ctx=ctx, dtype=dtype)
    return rand_sparse_ndarray(
        shape, stype, density, dtype, distribution, modifier_func=modifier_func,
        shuffle_csr_indices=shuffle_csr_indices, ctx=ctx,
    )[0]  # fmt: skip


def rand_sparse_ndarray(
    shape: Any, stype: str, density: float | None = None, dtype: Any = None,
    distribution: str | None = None, data_init: float | None = None, rsp_indices: Any = None,
    modifier_func: Callable | None = None, shuffle_csr_indices: bool = False, ctx: Any = None,
) -> tuple[Any, tuple]:  # fmt: skip
    """A random sparse array, and what it stores.

    Parameters are those of :func:`rand_ndarray`, and

    Parameters
    ----------
    data_init : float, optional
        Store this number everywhere.
    rsp_indices : list of int, optional
        The rows that a row_sparse array stores.

    Returns
    -------
    array, tuple
        The tuple is (values, indices) for row_sparse, (indptr, indices, data) for csr.
    """
    ctx = default_context() if ctx is None else ctx
    dtype = np.dtype(default_dtype() if dtype is None else dtype)
    density = np.random.rand() if density is None else density
    if not 0 <= density <= 1:
        raise ValueError(f"density is a share, from 0 to 1, not {density}")
    shape = tuple(shape)
    if stype == "row_sparse":
        if rsp_indices is None:
            indices = np.flatnonzero(np.random.rand(shape[0]) < density)
        else:
            indices = np.asarray(rsp_indices, np.int64)
        values = _values((len(indices), *shape[1:]), dtype, data_init, modifier_func)
        arrays: tuple = values, indices
        return nd.sparse.row_sparse_array(arrays, shape, ctx, dtype), arrays
    if stype != "csr":
        raise ValueError(f"stype must be 'row_sparse' or 'csr', not {stype!r}")
    if distribution == "powerlaw":
        counts = np.minimum(2.0 ** np.arange(shape[0]), shape[1] * max(density, 1e-9) * 2)
        there = np.arange(shape[1]) < counts[:, None]
    else:
        there = np.random.rand(*shape) < density
    rows, columns = np.nonzero(there)
    values = _values(len(rows), dtype, data_init, modifier_func)
    x = nd.sparse.csr_matrix((values, (rows, columns)), shape, ctx, dtype)
    if shuffle_csr_indices:
        x = shuffle_csr_column_indices(x)
    return x, (x.indptr, x.indices, x.data)


def _values(shape: Any, dtype: Any, init: float | None, modify: Callable | None) -> np.ndarray:
    values = np.random.rand(*np.atleast_1d(shape)).astype(dtype)
    if init is not None:
        values.fill(init)
    return values if modify is None else assign_each(values, modify)


def create_sparse_array(
    shape: Any, stype: str, data_init: float | None = None, rsp_indices: Any = None,
    dtype: Any = None, modifier_func: Callable | None = None, density: float = 0.5,
    shuffle_csr_indices: bool = False,
) -> Any:  # fmt: skip
    """The array of :func:`rand_sparse_ndarray`; rows that are asked for are stored as given."""
    found, _ = rand_sparse_ndarray(
        shape, stype, density, dtype, data_init=data_init, rsp_indices=rsp_indices,
        modifier_func=modifier_func, shuffle_csr_indices=shuffle_csr_indices,
    )  # fmt: skip
    return found


def create_sparse_array_zd(
    shape: Any, stype: str, density: float, data_init: float | None = None, rsp_indices: Any = None,
    dtype: Any = None, modifier_func: Callable | None = None, shuffle_csr_indices: bool = False,
) -> Any:  # fmt: skip
    """As :func:`create_sparse_array`; a row_sparse array of density 0 stores no row."""
    if stype == "row_sparse" and density == 0:
        rsp_indices = None
    return create_sparse_array(
        shape, stype, data_init, rsp_indices, dtype, modifier_func, density, shuffle_csr_indices
    )


def shuffle_csr_column_indices(csr: Any) -> Any:
    """The same csr matrix with the values of each row stored in random order."""
    pointers = csr.indptr.asnumpy()
    order = np.arange(pointers[-1])
    for start, stop in zip(pointers, pointers[1:], strict=False):
        np.random.shuffle(order[start:stop])
    values, indices = csr.data.asnumpy()[order], csr.indices.asnumpy()[order]
    return nd.sparse.csr_matrix((values, indices, pointers), csr.shape, csr.context, csr.dtype)


def assign_each(the_input: np.ndarray, function: Callable | None) -> np.ndarray:
    """A NumPy array with ``function`` applied to each element."""
    return np.array(the_input) if function is None else _each(function, the_input)


def assign_each2(input1: np.ndarray, input2: np.ndarray, function: Callable | None) -> np.ndarray:
    """A NumPy array with ``function`` applied to each pair of elements."""
    return np.array(input1) if function is None else _each(function, input1, input2)


def _each(function: Callable, *arrays: np.ndarray) -> np.ndarray:
    found = [function(*elements) for elements in zip(*(a.flat for a in arrays), strict=True)]
    return np.array(found, arrays[0].dtype).reshape(arrays[0].shape)


def np_reduce(dat: np.ndarray, axis: Any, keepdims: bool, numpy_reduce_func: Callable) -> Any:
    """A NumPy reduction over one axis, several, or all (None), one after the other."""
    axes = [axis] if isinstance(axis, int) else range(dat.ndim) if axis is None else axis
    axes = sorted(k % dat.ndim for k in axes)
    found = dat
    for k in reversed(axes):
        found = numpy_reduce_func(found, axis=k)
    if not keepdims:
        return found
    return found.reshape([1 if k in axes else n for k, n in enumerate(dat.shape)])


def collapse_sum_like(a: np.ndarray, shape: Any) -> np.ndarray:
    """The sum of ``a`` over the axes along which an array of ``shape`` would be broadcast."""
    shape = tuple(shape)
    first = a.ndim - len(shape)
    axes = [k for k in range(a.ndim) if k < first or (shape[k - first] == 1 and a.shape[k] > 1)]
    return a.sum(axis=tuple(axes)).reshape(shape)


def create_2d_tensor(rows: int, columns: int, dtype: Any = np.int64) -> Any:
    """A matrix whose row i is full of i."""
    return nd.array(np.arange(rows).reshape(rows, 1).repeat(columns, axis=1), dtype=dtype)


def create_vector(size: int, dtype: Any = np.int64) -> Any:
    """The numbers from 0 to ``size - 1``."""
    return nd.array(np.arange(size), dtype=dtype)
