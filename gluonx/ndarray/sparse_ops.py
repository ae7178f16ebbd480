"""Sparse forms of operators, but for products of matrices (see ``sparse_dot``)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.buffer import Buffer
from ..engine.kernel import put
from . import sparse_dispatch
from .ndarray import NDArray
from .sparse_array import pick_rows
from .sparse_dispatch import Call, rule
from .sparse_storage import CSR, Rows, nothing, padded, rows_of

__all__: list[str] = []

_NAMES = {"r": "row_sparse", "c": "csr", "d": "default"}


# -- elementwise, one array --------------------------------------------------------------------


def _own(this: Call) -> str:
    return this.inputs[0].stype


def on_device(host: np.ndarray, ctx: Any) -> NDArray:
    """A host array, never written to again, as an NDArray."""
    return NDArray._new(Buffer(put(host, ctx.device), ctx))


def _on_values(this: Call) -> Rows | CSR:
    """The operator applied to the stored values."""
    (x,) = this.inputs
    parts: Any = x._parts()  # type: ignore[attr-defined]
    values = on_device(padded(parts.values), x.context)
    y = sparse_dispatch.call(this.kernel, [values], this.numbers)
    return parts._replace(values=np.asarray(y._data)[: len(parts.values)])


rule(
    "BlockGrad", "Cast", "_copy", "abs", "arcsin", "arcsinh", "arctan", "arctanh", "cast_storage",
    "cbrt", "ceil", "degrees", "expm1", "fix", "floor", "log1p", "make_loss", "negative", "radians",
    "relu", "rint", "round", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
    "_mul_scalar", "_div_scalar", stype=_own,
)(_on_values)  # fmt: skip


@rule("zeros_like", stype=_own)
def _zeros(this: Call) -> Rows | CSR:
    x = this.inputs[0]
    return nothing(x.stype, x.shape, x.dtype)


def _keeps_zero(this: Call) -> str | None:
    """Clipping has a sparse form if it leaves 0 alone."""
    return _own(this) if this.attr("a_min") <= 0 <= this.attr("a_max") else None


rule("clip", stype=_keeps_zero)(_on_values)

_COMPARISONS: dict[str, Callable] = {
    "_equal_scalar": operator.eq, "_not_equal_scalar": operator.ne, "_greater_scalar": operator.gt,
    "_greater_equal_scalar": operator.ge, "_lesser_scalar": operator.lt,
    "_lesser_equal_scalar": operator.le,
}  # fmt: skip


def _false_for_zero(this: Call) -> str | None:
    return None if _COMPARISONS[this.name](0, this.attr("scalar")) else _own(this)


rule(*_COMPARISONS, stype=_false_for_zero)(_on_values)


# -- elementwise, several arrays ---------------------------------------------------------------

#: Storage type of the result by those of the inputs, where it is sparse.
_SAME = {"rr": "row_sparse", "cc": "csr"}
_WITH_DENSE = {"rd": "row_sparse", "dr": "row_sparse", "cd": "csr", "dc": "csr"}


def _same(this: Call) -> str | None:
    return _SAME.get(this.stypes) if this.alike() else None


def _product(this: Call) -> str | None:
    found = _SAME.get(this.stypes) or _WITH_DENSE.get(this.stypes)
    return found if this.alike() else None


def _broadcast_product(this: Call) -> str | None:
    """``x * y``: besides two sparse arrays, a sparse one on the left with a dense one."""
    lhs, rhs = this.inputs
    if this.stypes == "cd":
        return _scales(this)
    return _product(this) if rhs._sparse or lhs._sparse and this.stypes == "rd" else None


def _scales(this: Call) -> str | None:
    """A csr matrix with a dense array that is broadcast to its shape."""
    lhs, rhs = this.inputs
    if this.stypes != "cd" or lhs.dtype != rhs.dtype or rhs.ndim > 2:
        return None
    fits = all(n in (1, m) for n, m in zip(rhs.shape[::-1], lhs.shape[::-1], strict=False))
    return "csr" if fits else None


_ARITHMETIC = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide}


def _keys(parts: Any) -> np.ndarray:
    """One number for each stored value or row, ascending with its place."""
    if isinstance(parts, Rows):
        return parts.indices
    return rows_of(parts) * parts.shape[1] + parts.indices


def _combine(this: Call) -> Rows | CSR:
    """Two sparse arrays, matched by their indices: all rows of both, or what is not zero."""
    kind = this.name.rpartition("_")[2]
    a, b = (x._parts() for x in this.inputs)  # type: ignore[attr-defined]
    ka, kb = _keys(a), _keys(b)
    keys = np.union1d(ka, kb)
    sides = [_spread(parts.values, k, keys) for parts, k in ((a, ka), (b, kb))]
    with np.errstate(all="ignore"):
        values = _ARITHMETIC[kind](*sides).astype(a.values.dtype)
    if isinstance(a, Rows):
        return Rows(a.shape, values, keys)
    there = values != 0
    rows, columns = np.divmod(keys[there], max(a.shape[1], 1))
    return CSR(a.shape, values[there], columns, _pointers(rows, a.shape[0]))


def _spread(values: np.ndarray, own: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """``values``, whose keys are ``own``, at the places of ``keys``; zero at the others."""
    found = np.zeros((len(keys), *values.shape[1:]), values.dtype)
    if len(keys):
        at = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
        there = keys[at] == own
        found[at[there]] = values[there]
    return found


def _pointers(rows: np.ndarray, count: int) -> np.ndarray:
    """``indptr`` of a matrix whose values are in ``rows``, which ascend."""
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))]).astype(np.int64)


def _with_dense(this: Call) -> Rows | CSR:
    """A sparse array and a dense one: the stored values with those at the same places."""
    kind = this.name.rpartition("_")[2]
    lhs, rhs = this.inputs
    x, y = (lhs, rhs) if lhs._sparse else (rhs, lhs)
    parts: Any = x._parts()  # type: ignore[attr-defined]
    dense = np.asarray(y._data)
    if isinstance(parts, Rows):
        other = dense[parts.indices]
    else:
        other = np.broadcast_to(dense, parts.shape)[rows_of(parts), parts.indices]
    with np.errstate(all="ignore"):
        values = _ARITHMETIC[kind](parts.values, other)
    return parts._replace(values=values.astype(parts.values.dtype))


def _elementwise(this: Call) -> Rows | CSR:
    return (_combine if this.stypes in _SAME else _with_dense)(this)


rule("elemwise_add", "elemwise_sub", "broadcast_add", "broadcast_sub", stype=_same)(_combine)
rule("elemwise_mul", stype=_product)(_elementwise)
rule("broadcast_mul", stype=_broadcast_product)(_elementwise)
rule("broadcast_div", stype=_scales)(_with_dense)


@rule("add_n", stype=lambda this: "row_sparse" if _all(this, "r") and this.alike() else None)
def _add_n(this: Call) -> Rows:
    first, *others = (x._parts() for x in this.inputs)  # type: ignore[attr-defined]
    keys = first.indices
    for other in others:
        keys = np.union1d(keys, other.indices)
    with np.errstate(all="ignore"):
        values = sum(
            (_spread(other.values, other.indices, keys) for other in others),
            _spread(first.values, first.indices, keys),
        )
    return Rows(first.shape, np.asarray(values, first.values.dtype), keys)


def _all(this: Call, letter: str) -> bool:
    return set(this.stypes) == {letter}


# -- rows and columns --------------------------------------------------------------------------


@rule("_sparse_retain", stype=lambda this: "row_sparse" if this.stypes == "rd" else None)
def _retain(this: Call) -> Rows:
    x, indices = this.inputs
    parts: Any = x._parts()  # type: ignore[attr-defined]
    rows = np.unique(np.asarray(indices._data).astype(np.int64))
    rows = rows[(rows >= 0) & (rows < x.shape[0])]
    return Rows(parts.shape, _spread(parts.values, parts.indices, rows), rows)


def _sliced(this: Call) -> str | None:
    x = this.inputs[0]
    keys = _slices(this)
    return "csr" if x.stype == "csr" and all(k.step in (None, 1) for k in keys) else None


def _slices(this: Call) -> list[slice]:
    begin, end, step = (this.attr(name) or () for name in ("begin", "end", "step"))
    step = step or (None,) * len(begin)
    return [slice(*key) for key in zip(begin, end, step, strict=True)]


@rule("slice", stype=_sliced)
def _slice(this: Call) -> CSR:
    x = this.inputs[0]
    keys = _slices(this)
    parts = pick_rows(x._parts(), range(x.shape[0])[keys[0]])  # type: ignore[attr-defined]
    if len(keys) < 2:
        return parts
    columns = range(x.shape[1])[keys[1]]
    inside = (parts.indices >= columns.start) & (parts.indices < columns.stop)
    pointers = _pointers(rows_of(parts)[inside], parts.shape[0])
    shape = (parts.shape[0], len(columns))
    return CSR(shape, parts.values[inside], parts.indices[inside] - columns.start, pointers)


def _taken(this: Call) -> str | None:
    return "csr" if this.stypes == "cd" and this.attr("axis") == 0 else None


@rule("take", stype=lambda this: _taken(this) if this.inputs[1].ndim == 1 else None)
def _take(this: Call) -> CSR:
    x, indices = this.inputs
    rows, count = np.asarray(indices._data).astype(np.int64), x.shape[0]
    rows = rows % count if this.attr("mode") == "wrap" else np.clip(rows, 0, count - 1)
    return pick_rows(x._parts(), rows)  # type: ignore[attr-defined]


def _stacked(this: Call) -> str | None:
    widths = {(x.shape[1:], x.dtype) for x in this.inputs}
    fits = _all(this, "c") and this.attr("dim") == 0 and len(widths) == 1
    return "csr" if fits else None


@rule("Concat", stype=_stacked)
def _concat(this: Call) -> CSR:
    all_parts: list[Any] = [x._parts() for x in this.inputs]  # type: ignore[attr-defined]
    counts = np.concatenate([np.diff(p.indptr) for p in all_parts])
    shape = (len(counts), all_parts[0].shape[1])
    values, indices = (
        np.concatenate([getattr(p, name) for p in all_parts]) for name in ("values", "indices")
    )
    return CSR(shape, values, indices, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


# -- reductions --------------------------------------------------------------------------------


def _reduced(this: Call) -> str | None:
    """A csr matrix over rows, columns or both."""
    x = this.inputs[0]
    return "default" if x.stype == "csr" and not this.attr("exclude") else None


@rule("sum", "mean", "_square_sum", stype=lambda this: _row_sums(this) or _reduced(this))
def _reduce(this: Call) -> Any:
    (x,) = this.inputs
    parts: Any = x._parts()  # type: ignore[attr-defined]
    values = np.square(parts.values) if this.name == "_square_sum" else parts.values
    if isinstance(parts, Rows):
        sums = values.sum(axis=tuple(range(1, values.ndim)), keepdims=True, dtype=values.dtype)
        return Rows((x.shape[0], *[1] * (x.ndim - 1)), sums, parts.indices)
    axis, shape = this.attr("axis"), parts.shape
    axes = sorted({k % 2 for k in axis}) if axis else [0, 1]
    wide = np.float64 if values.dtype.kind not in "iub" else np.int64
    total = np.zeros([1 if k in axes else n for k, n in enumerate(shape)], wide)
    places = tuple(
        np.zeros_like(own) if k in axes else own
        for k, own in enumerate((rows_of(parts), parts.indices))
    )
    np.add.at(total, places, values.astype(wide))
    if this.name == "mean":
        total = total / max(np.prod([shape[k] for k in axes]), 1)
    if not this.attr("keepdims"):
        total = total.reshape([n for k, n in enumerate(shape) if k not in axes] or [1])
    with np.errstate(all="ignore"):
        return on_device(total.astype(values.dtype), x.context)


def _row_sums(this: Call) -> str | None:
    """Sums of the squares of each row stay row_sparse."""
    if this.name != "_square_sum" or this.inputs[0].stype != "row_sparse":
        return None
    x = this.inputs[0]
    others = this.attr("axis") == (1,) and x.ndim == 2 and not this.attr("exclude")
    return "row_sparse" if others and this.attr("keepdims") else None


def _whole_norm(this: Call) -> str | None:
    plain = this.attr("ord") == 2 and not this.attr("axis") and this.attr("out_dtype") is None
    return "default" if plain and this.inputs[0].dtype != np.int64 else None


@rule("norm", stype=_whole_norm)
def _norm(this: Call) -> NDArray:
    (x,) = this.inputs
    values = x._parts().values  # type: ignore[attr-defined]
    found = np.sqrt(np.square(values.astype(np.float64)).sum())
    shape = (1,) * x.ndim if this.attr("keepdims") else (1,)
    return on_device(np.full(shape, found, values.dtype), x.context)
