"""Operators on sparse arrays: which have a sparse form, and what is done where there is none.

A :class:`Rule` says which storage type the result of a call has, and how it is found from what is
stored. Without a rule, or where the gradient is recorded, the operator gets dense arrays; a result
that shall be sparse is then a sparse array on the dense one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..engine.kernel import Kernel
from ..engine.state import state
from .dispatch import call
from .ndarray import NDArray
from .sparse_array import BaseSparseNDArray, kind
from .sparse_storage import CSR, Rows

__all__ = ["RULES", "Call", "Rule", "call_sparse", "rule"]


class Call(NamedTuple):
    """One call of an operator."""

    kernel: Kernel
    inputs: Sequence[NDArray]
    numbers: Sequence[Any]

    @property
    def name(self) -> str:
        """The operator."""
        return self.kernel.op.name

    @property
    def stypes(self) -> str:
        """The inputs' storage types by their first letters, such as ``'cd'``."""
        return "".join(x.stype[0] for x in self.inputs)

    def attr(self, name: str) -> Any:
        """An attribute of the call."""
        traced = self.kernel.op.traced
        return self.numbers[traced.index(name)] if name in traced else self.kernel.attrs[name]

    def alike(self) -> bool:
        """Whether all inputs have one shape and one dtype."""
        first = self.inputs[0]
        return all(x.shape == first.shape and x.dtype == first.dtype for x in self.inputs)


class Rule(NamedTuple):
    """The sparse form of an operator.

    ``stype(call)`` is the storage type of the result, None if there is no sparse form of this call.
    ``compute(call)`` gives what the result stores, or the result itself. A rule that ``records``
    takes care of gradients itself.
    """

    stype: Callable[[Call], str | None]
    compute: Callable[[Call], Rows | CSR | NDArray]
    records: bool = False


#: The rules by the operators' names.
RULES: dict[str, Rule] = {}


def rule(*names: str, stype: Callable[[Call], str | None], records: bool = False) -> Callable:
    """Make a function the sparse form of some operators."""

    def add(compute: Callable) -> Callable:
        for name in names:
            RULES[name] = Rule(stype, compute, records)
        return compute

    return add


def call_sparse(
    kernel: Kernel, inputs: Sequence[NDArray], numbers: Sequence[Any], out: Any, ctx: Any
) -> Any:
    """Call a kernel on arrays of which some are sparse."""
    op = kernel.op
    this = Call(kernel, inputs, numbers)
    found = RULES.get(op.name) if op is not None else None
    stype = found.stype(this) if found is not None else None
    recorded = state.recording and op is not None and op.differentiable
    recorded = recorded and any([x._recorded for x in inputs])
    if found is not None and stype is not None and (found.records or not recorded):
        y = found.compute(this)
        if not isinstance(y, NDArray):
            y = kind(stype)._of(y, inputs[0].context)
        return y if out is None else _write(y, out)
    dense = [x._dense() if isinstance(x, BaseSparseNDArray) else x for x in inputs]
    versions = [x._buffer.version for x in dense]
    y = call(kernel, dense, numbers, out, ctx)
    for x, d, version in zip(inputs, dense, versions, strict=True):
        if d._buffer is not x._buffer and d._buffer.version != version:  # changed in place
            x._write(d._data)
    if out is None and stype not in (None, "default"):
        y = kind(stype)._like(y)
    return y


def _write(y: NDArray, out: Any) -> Any:
    target = out[0] if isinstance(out, (list, tuple)) else out
    if isinstance(target, BaseSparseNDArray) and target.stype != y.stype:
        y = y._dense() if isinstance(y, BaseSparseNDArray) else y
    y.copyto(target)
    return out
