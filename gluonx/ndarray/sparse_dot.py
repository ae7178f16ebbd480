"""Products of csr matrices with dense arrays."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.kernel import Kernel
from ..engine.op import OPS
from ..engine.state import state
from ..ops.sparse import touch
from .dispatch import call, invoke
from .ndarray import NDArray, _cached_kernel
from .sparse_array import BaseSparseNDArray, kind, mark_of
from .sparse_dispatch import Call, rule
from .sparse_ops import on_device
from .sparse_storage import CSR, Rows, from_dense, padded, rows_of

__all__: list[str] = []


def _make(count: int, marked: bool) -> Kernel:
    """``y[to[k]] += values[k] * w[source[k]]``; places outside of ``w`` and ``y`` are left out."""

    def product(values, source, to, w, mark=None):
        if marked:
            w = touch(w, mark, source)
        rows = jnp.take(w, source, axis=0, mode="fill", fill_value=0)
        terms = values.reshape(-1, *[1] * (w.ndim - 1)) * rows
        return (jax.ops.segment_sum(terms, to, count),)

    return Kernel(product, "dot")


_kernel = _cached_kernel(_make)


def _product(
    values: np.ndarray, source: np.ndarray, to: np.ndarray, w: NDArray, count: int
) -> NDArray:
    """The sum of ``values[k] * w[source[k]]`` over all k with the same ``to[k]``."""
    ctx, mark = w.context, mark_of(w)
    wide = max(count, w.shape[0]) > np.iinfo(np.int32).max
    index: Any = np.int64 if wide else np.int32
    given = [
        on_device(padded(values), ctx),
        on_device(padded(source.astype(index), w.shape[0]), ctx),
        on_device(padded(to.astype(index), count), ctx),
        w,
    ]
    if mark is not None:
        given.append(mark)
    return call(_kernel(count, mark is not None), given)


def _stype(this: Call) -> str | None:
    lhs, rhs = this.inputs
    if state.recording and any(x._recorded for x in this.inputs if x.stype == "csr"):
        return None  # also the csr matrix needs a gradient
    # vectors count as matrices with one column
    if lhs.dtype != rhs.dtype or 0 in (*lhs.shape, *rhs.shape):
        return None
    a, b = bool(this.attr("transpose_a")), bool(this.attr("transpose_b"))
    if lhs.stype == "csr":
        if lhs.shape[1 - a] != rhs.shape[-1 if b else 0] or (b and rhs.ndim != 2):
            return None
        usual = "row_sparse" if a and rhs.stype != "csr" and rhs.ndim > 1 else "default"
    elif rhs.stype == "csr" and lhs.ndim == 2 and not lhs._sparse:
        if lhs.shape[1 - a] != rhs.shape[b]:
            return None
        usual = "default" if a else "csr"
    else:
        return None
    return this.attr("forward_stype") or usual


@rule("dot", stype=_stype, records=True)
def _dot(this: Call) -> Any:
    lhs, rhs = this.inputs
    a, b = bool(this.attr("transpose_a")), bool(this.attr("transpose_b"))
    stype: Any = _stype(this)
    if lhs.stype == "csr":
        w = rhs._dense() if isinstance(rhs, BaseSparseNDArray) else rhs
        w = _turned(w) if b else w
        if stype == "row_sparse" and not (state.recording and w._recorded):
            return _rows(lhs._parts(), a, w)  # type: ignore[attr-defined]
        y = _matrix(lhs._parts(), a, w)  # type: ignore[attr-defined]
    else:  # the product's transpose has the csr matrix on the left
        y = _turned(_matrix(rhs._parts(), not b, lhs if a else _turned(lhs)))  # type: ignore[attr-defined]
    if stype == "default":
        return y
    if y._entry is None:
        return from_dense(stype, np.asarray(y._data))
    return kind(stype)._like(y)


def _turned(x: NDArray) -> NDArray:
    return invoke(OPS["transpose"], [x], {})


def _matrix(parts: CSR, transposed: bool, w: NDArray) -> NDArray:
    """The dense product of a csr matrix, or its transpose, with ``w``."""
    rows, columns = rows_of(parts), parts.indices
    if transposed:
        return _product(parts.values, rows, columns, w, parts.shape[1])
    return _product(parts.values, columns, rows, w, parts.shape[0])


def _rows(parts: CSR, transposed: bool, w: NDArray) -> Rows:
    """The same as those rows of it that have a term."""
    rows, columns = rows_of(parts), parts.indices
    source, to, count = (rows, columns, parts.shape[1]) if transposed else (
        columns, rows, parts.shape[0]
    )  # fmt: skip
    found, places = np.unique(to, return_inverse=True)
    size = len(padded(found))
    y = _product(parts.values, source, places, w, size)
    values = np.asarray(y._data)[: len(found)]
    return Rows((count, *w.shape[1:]), values, found.astype(np.int64))
