"""Graphs evaluated on NDArrays, operator by operator, as if somebody had written the calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.state import state
from ..ndarray import NDArray
from ..ndarray.dispatch import call
from .custom import CustomNode
from .lower import node_kernel
from .node import Entry, Node, postorder
from .unfused import Unfused

__all__ = ["Stepwise"]


class Stepwise(Unfused):
    """A graph as a block's code: it can be recorded, traced and hybridized, and parameters that
    wait for their shapes learn them.

    Parameters
    ----------
    heads : sequence of Entry
    keep : bool
        See :class:`~gluonx.symbol.unfused.Unfused`.
    """

    def __init__(self, heads: Sequence[Entry], keep: bool = True):
        self.heads = list(heads)
        self._operators: dict[Any, Any] | None = {} if keep else None
        self._inner: dict[Node, list[Unfused]] = {}
        self._nodes = [n for n in postorder(heads) if n.op is not None]

    def run(
        self, variables: dict[Node, NDArray], ctx: Any, watch: Callable | None = None
    ) -> list[NDArray]:
        """The outputs; ``watch(node, inputs, outputs)`` is called after each operator."""
        known: dict[Entry, NDArray] = {(v, 0): x for v, x in variables.items()}
        for node in self._nodes:
            inputs = [known[e] for e in node.inputs]
            if isinstance(node.op, CustomNode) or node.subgraphs:  # type: ignore[union-attr]
                made = self._alone(node, inputs, ctx)  # type: ignore[arg-type]
            else:
                kernel = node_kernel(node, state.training)  # type: ignore[arg-type]
                op: Any = kernel.op if kernel.op is not None else node.op  # type: ignore[union-attr]
                made = call(kernel, inputs, [node.params[k] for k in op.traced], ctx=ctx)  # type: ignore[union-attr]
                made = [made] if isinstance(made, NDArray) else made
            if watch is not None:
                watch(node, inputs, made)
            known.update(((node, i), y) for i, y in enumerate(made))  # type: ignore[misc]
        return [known[e] for e in self.heads]

    def _graphs(self, node: Node) -> list[Unfused]:
        if node not in self._inner:
            self._inner[node] = [Stepwise(g, keep=False) for g in node.subgraphs]
        return self._inner[node]
