"""What a monitor sees: the results inside an executor's graph, and what goes into its operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine.buffer import Buffer
from ..ndarray import NDArray
from .lower import lower
from .node import Entry
from .piecewise import Piecewise
from .placement import places

if TYPE_CHECKING:
    from .executor import Executor

__all__ = ["show"]


def show(executor: Executor, train: bool, extra: list[Any] | None = None) -> None:
    """Compute all results inside, and hand them to the monitor, node by node as MXNet does.

    Parameters
    ----------
    executor : Executor
        One with a monitor.
    train : bool
        Train mode.
    extra : list of jax.Array, optional
        What its kernel takes after the leaves; None if the graph is no single executable.
    """
    callback, everything = executor._monitor  # type: ignore[misc]
    inside = type(executor._symbol)(executor._graph).get_internals()
    named = zip(inside._heads, inside.list_outputs(), strict=True)
    results = {e: name for e, name in named if e[0].op is not None}
    entries = list(results)
    arrays = _compute(executor, entries, train) if extra is None else _run(
        executor, entries, train, extra
    )  # fmt: skip
    known = dict(zip(entries, arrays, strict=True))
    last = None
    for entry, name in results.items():
        node = entry[0]
        if everything and node is not last:
            for given, source in zip(node.input_names, node.inputs, strict=True):
                if source[0].op is None:
                    x = executor._leaves[executor._slots[source[0]]]
                    callback(source[0].name, x)
                else:
                    x = known[source]
                callback(f"{node.name}_{given}", x)
        last = node
        callback(name, known[entry])


def _run(executor: Executor, entries: list[Entry], train: bool, extra: list[Any]) -> list[NDArray]:
    """The results by one executable."""
    if executor._inside.get(train) is None:
        executor._inside[train] = lower(entries, executor._slots, executor._avals, train)
    arrays = [*(x._data for x in executor._leaves), *extra]
    outs = executor._inside[train].kernel.run(arrays, executor._ctx.device)
    return [NDArray._new(Buffer(a, executor._ctx)) for a in outs[: len(entries)]]


def _compute(executor: Executor, entries: list[Entry], train: bool) -> list[NDArray]:
    """The results piece by piece; states are put back afterwards."""
    states = len(executor.arg_arrays)
    leaves = [x.copy() if k >= states else x for k, x in enumerate(executor._leaves)]
    at = places(executor._graph, executor._ctx, executor._contexts)
    inside = Piecewise(entries, executor._slots, [False] * len(leaves), executor._ctx, at)
    return list(inside.forward(leaves, train, False))
