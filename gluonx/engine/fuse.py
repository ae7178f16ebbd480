"""Step fusion: a backward pass that joins its region instead of running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..error import MXNetError
from . import config, tape
from .graph import Leaves, Node, Sweep, Value, Variable
from .kernel import aval_of, is_float
from .region import Deferred, Region, defer, hold
from .state import state

__all__ = ["defer_backward"]


class _Backward(Node):
    """A deferred backward pass; ``over`` has the nodes that run under it."""

    __slots__ = ("heads", "given", "wanted", "over")

    def __init__(
        self,
        heads: list,
        given: list,
        over: list[Node],
        wanted: dict[Variable, list[tuple[Node, int]]],
    ):
        super().__init__(None, (), ())
        self.heads = heads
        self.given = given
        self.over = over
        self.wanted = wanted

    def step(self, leaves: Leaves, position: dict[int, int]) -> Sweep:
        refs = [
            None if ct is None
            else (position[id(ct.node)], ct.index, True) if isinstance(ct, Value)
            else (leaves.slot(ct, None), -1, True)
            for ct in self.given
        ]  # fmt: skip
        return Sweep(
            tuple((position[id(h.node)], h.index) for h in self.heads),
            tuple(refs),
            tuple(
                tuple(dict.fromkeys(leaves.slot(n.arrays[i], v, False) for n, i in uses))
                for v, uses in self.wanted.items()
            ),
            tuple(position[id(n)] for n in self.over),
        )


def defer_backward(heads: Sequence[tuple[Value, Any]]) -> bool:
    """Put the backward pass on the region that its heads are deferred on, if that can be done.

    It can when everything between the heads and the variables is on that region. A head's gradient
    is an array, a :class:`Deferred`, or None for ones.
    """
    region = state.region
    if region is None or not config.fusion:
        return False
    for value, ct in heads:
        for v in (value, ct):
            if isinstance(v, Value) and not (type(v) is Deferred and v.node.region is region):
                return False
        if not is_float(value.aval.dtype):
            return False
    over: dict[int, Node] = {}
    wanted: dict[Variable, list[tuple[Node, int]]] = {}  # where each variable is used
    todo = [value.node for value, _ in heads]
    while todo:
        node = todo.pop()
        if node.order in over:
            continue
        if node.released:
            raise MXNetError(tape.RELEASED)
        if node.kernel is None:
            return False
        over[node.order] = node
        for i, value in enumerate(node.inputs):
            if value is None:
                continue
            if type(value) is Variable:
                array = node.arrays[i]
                if isinstance(array, Value):
                    return False
                if value.grad_req != "null":
                    if value.grad._view is not None or value.grad.dtype != array.dtype:
                        return False
                    wanted.setdefault(value, []).append((node, i))
            elif value.node is not None and value.node.region is region:
                todo.append(value.node)
            else:
                return False  # the tape goes on in work that has run already
    if not wanted:
        return True
    nodes = [over[k] for k in sorted(over)]
    between = _between(region, over)
    if any(isinstance(n, _Backward) for n in between):
        return False
    steps = sorted([*nodes, *between], key=lambda n: n.order)
    node = _Backward([v for v, _ in heads], [ct for _, ct in heads], steps, wanted)
    node.region = region
    outs = [
        Deferred(node, k, aval_of(source.arrays[i]))
        for k, ((source, i), *_) in enumerate(wanted.values())
    ]
    node.outputs = tuple(outs)
    region.nodes.append(node)
    for n in nodes:
        n.released = True
    for variable, out in zip(wanted, outs, strict=True):
        buffer = variable.grad._buffer
        if variable.grad_req == "add":
            old = buffer.pending
            if not (type(old) is Deferred and old.node.region is region):
                old = buffer.get()
            (out,) = defer(tape.add, (old, out), (None, None), (out.aval,), region.device)
        else:
            region.swept = True
        hold(buffer, out)
        variable.fresh = True
    return True


def _between(region: Region, over: dict[int, Node]) -> list[Node]:
    """Nodes that take from those in ``over`` and give to others of them, without a gradient."""
    entries = [s for n in over.values() for s in _sources(n) if s.order not in over]
    if not entries:
        return []
    after = set(over)
    for n in region.nodes:
        if any(s.order in after for s in _sources(n)):
            after.add(n.order)
    found: dict[int, Node] = {}
    while entries:
        n = entries.pop()
        if n.order in after and n.order not in over and n.order not in found:
            found[n.order] = n
            entries += _sources(n)
    return list(found.values())


def _sources(node: Node) -> list[Node]:
    """The deferred nodes whose results a deferred node reads."""
    if isinstance(node, _Backward):
        given = [v.node for v in (*node.heads, *node.given) if isinstance(v, Value)]
        return [*node.over, *(n for n in given if n is not None)]
    return [a.node for a in node.arrays if isinstance(a, Value) and a.node is not None]
