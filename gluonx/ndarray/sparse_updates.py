"""Lazy forms of the update operators: only the rows that a row_sparse gradient stores change."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import sparse_dispatch
from .ndarray import NDArray
from .sparse_array import BaseSparseNDArray
from .sparse_dispatch import Call, rule
from .sparse_ops import on_device
from .sparse_storage import Rows, padded

__all__: list[str] = []


def _lazy(this: Call) -> str | None:
    """By the operator's ``lazy_update``; one without it if also the weight is row_sparse."""
    weight, grad, *_ = this.inputs
    if grad.stype != "row_sparse" or not all(x.shape == weight.shape for x in this.inputs):
        return None
    asked = this.kernel.attrs.get("lazy_update", None)
    if asked is None:
        asked = weight.stype == "row_sparse" or this.name == "_sparse_adagrad_update"
    return weight.stype if asked else None


@rule(
    "sgd_update", "sgd_mom_update", "adam_update", "ftrl_update", "_sparse_adagrad_update",
    stype=_lazy,
)  # fmt: skip
def _update(this: Call) -> Any:
    """The operator on the rows alone: the weight's are returned, those of states are replaced."""
    weight, grad, *states = this.inputs
    rows: Rows = grad._parts()  # type: ignore[attr-defined]
    index, count = rows.indices, len(rows.indices)
    before = [np.asarray(x._data) for x in (weight, *states)]
    values = [before[0][index], rows.values, *(a[index] for a in before[1:])]
    given = [on_device(padded(v), weight.context) for v in values]
    y = sparse_dispatch.call(this.kernel, given, this.numbers)
    for x, new, old in zip(states, given[2:], before[1:], strict=True):
        _put(x, old, index, np.asarray(new._data)[:count])
    found = before[0].copy()
    found[index] = np.asarray(y._data)[:count]
    if isinstance(weight, BaseSparseNDArray):
        kept = np.union1d(weight._parts().indices, index)
        return Rows(weight.shape, found[kept], kept)
    return on_device(found, weight.context)


def _put(x: NDArray, old: np.ndarray, index: np.ndarray, new: np.ndarray) -> None:
    found = old.copy()
    found[index] = new
    if isinstance(x, BaseSparseNDArray):
        kept = np.union1d(x._parts().indices, index)
        x._assign(Rows(x.shape, found[kept], kept))
    else:
        x._write(on_device(found, x.context)._data)
