"""Executors of graphs that are no single executable: operators in Python, several devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import autograd
from ..context import Context
from ..engine.buffer import Buffer
from ..ndarray import NDArray, zeros
from .node import Entry, Node
from .unfused import Unfused

__all__ = ["Piecewise"]


class Piecewise:
    """Forward and backward of a graph, piece by piece.

    Parameters
    ----------
    heads : sequence of Entry
    slots : dict of Node to int
        Which leaf each variable is.
    mask : sequence of bool
        Which leaves get a gradient.
    ctx : Context
    places : dict of Node to Context, optional
        Where each node runs, if not all on ``ctx``.
    """

    def __init__(
        self,
        heads: Sequence[Entry],
        slots: Mapping[Node, int],
        mask: Sequence[bool],
        ctx: Context,
        places: Mapping[Node, Context] | None,
    ):
        self._graph = Unfused(heads, places=places)
        self._slots, self._mask, self._ctx = slots, mask, ctx
        #: What the tape knows of the last forward: its leaves and outputs.
        self._recorded: tuple[list[NDArray], list[NDArray]] | None = None

    def forward(self, arrays: Sequence[NDArray], train: bool, record: bool) -> list[NDArray]:
        """The outputs; ``record`` says whether :meth:`gradients` will be wanted."""
        leaves = []
        for x, wanted in zip(arrays, self._mask, strict=True):
            leaf = NDArray._new(x._buffer, x._view)
            if wanted and record:
                leaf.attach_grad()
            leaves.append(leaf)
        with autograd.record(train) if record else autograd.pause(train):
            made = self._graph.run({v: leaves[slot] for v, slot in self._slots.items()}, self._ctx)
        self._recorded = (leaves, made) if record else None
        return made

    def gradients(self, arrays: Sequence[NDArray], given: Sequence[Any]) -> list[Any]:
        """Gradients of the leaves, from those of the outputs (None where there is none)."""
        if self._recorded is None:
            self.forward(arrays, False, True)
        leaves, made = self._recorded  # type: ignore[misc]
        wanted = [x for x, m in zip(leaves, self._mask, strict=True) if m]
        heads, grads = [], []
        for y, g in zip(made, given, strict=True):
            if g is not None and y._recorded:
                heads.append(y)
                grads.append(NDArray._new(Buffer(g, y.context, shared=True)))
        if not heads:
            return [zeros(x.shape, ctx=x.context, dtype=x.dtype)._data for x in wanted]
        return [g._data for g in autograd.grad(heads, wanted, grads, retain_graph=True)]
