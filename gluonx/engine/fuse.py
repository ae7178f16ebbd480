"""Step fusion: a backward pass that joins its region instead of running."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..error import MXNetError
from . import config, report, tape
from .buffer import Zeros
from .graph import Node, Value, Variable
from .kernel import is_float
from .region import Deferred, Region
from .stage import flows, place, ref
from .state import state

__all__ = ["defer_backward"]


class _Backward(Node):
    """A deferred backward pass; ``over`` has the nodes that run under it."""

    __slots__ = ("over",)

    def __init__(self, over: tuple[int, ...]):
        super().__init__(None, (), ())
        self.over = over


class _Way(NamedTuple):
    """What a backward pass from a stage does: the same for all regions that are alike.

    ``wanted`` has for each gradient the slots that it is summed over, ``over`` the nodes that run
    under the sweep, ``released`` those that the tape forgets, ``closed`` how many of these were
    recorded, ``adds`` which of the gradients are added to what is there.
    """

    wanted: tuple[tuple[int, ...], ...]
    over: tuple[int, ...]
    released: tuple[int, ...]
    closed: int
    adds: tuple[bool, ...]


_OUTSIDE = (
    "backward() goes on in work that had run before, or into a gradient buffer that is a view or "
    "has another dtype"
)

#: How a slot stands to gradients: ``Variable.request``, or this for what is no variable.
_NONE = 0


def defer_backward(heads: Sequence[tuple[Value, Any]]) -> bool:
    """Put the backward pass on the regions that its heads are deferred on, if that can be done.

    It can when everything between the heads and the variables is on these regions. A head's
    gradient is an array, a :class:`Deferred`, or None for ones.
    """
    if not config.fusion:
        return False
    with state.lock:
        parts: dict[Region, list] = {}
        for head in heads:
            value, ct = head
            if type(value) is not Deferred or value.node is None:
                return False
            region = value.node.region
            if region is None or state.regions.get(region.device) is not region:
                return False
            if not is_float(value.aval.dtype):
                return False
            if type(ct) is Deferred and (ct.node is None or ct.node.region is not region):
                return False
            parts.setdefault(region, []).append(head)
        found = []  # all of it, or nothing: another sweep would replace the gradients of this one
        for region, part in parts.items():
            starts = tuple([ref(v.node.position, v.index, True) for v, _ in part])
            way, key = _way(region, starts)
            if way is None:
                return False
            found.append((region, way, starts, [ct for _, ct in part], key))
        for region, way, starts, given, key in found:
            if way.wanted:
                _defer(region, way, starts, given, key)
        return True


def _way(region: Region, starts: tuple[int, ...]) -> tuple[_Way | None, Any]:
    """What a backward pass from ``starts`` does, None if it leaves the region; its key."""
    requests = _requests(region.owners)
    stage, key = region.stage, (starts, requests)
    way = stage.sweeps.get(key, 0)
    if way == 0:
        way = stage.sweeps[key] = _find(region.nodes, starts, requests)
        if way is None:
            report.note_early(stage, _OUTSIDE)
    return way, key


def _requests(owners: Sequence[Value | None]) -> tuple[int, ...]:
    """For each slot, what its variable wants; negative where the variable has another slot too."""
    found = [_NONE if v is None else v.request for v in owners]
    several = len(owners) - found.count(_NONE)
    if several and len(set(map(id, owners))) < several + (several < len(owners)):
        first: dict[int, int] = {}
        for k, owner in enumerate(owners):
            if type(owner) is Variable and first.setdefault(id(owner), k) != k:
                found[k] = -1 - first[id(owner)]
    return tuple(found)


def _find(nodes: list[Node], starts: tuple[int, ...], requests: tuple[int, ...]) -> _Way | None:
    """Walk from the heads to the variables; None if the way leaves the region.

    It looks at the nodes' refs alone, not at arrays or values, for regions that are alike share it.
    """
    over: set[int] = set()
    wanted: dict[int, dict[int, None]] = {}  # the slots that each variable's first slot stands for
    todo = [place(number)[0] for number in starts]
    while todo:
        at = todo.pop()
        if at in over:
            continue
        node = nodes[at]
        if node.released:
            raise MXNetError(tape.RELEASED)
        if node.kernel is None:
            return None
        over.add(at)
        for number in node.refs:
            if not flows(number):
                continue
            if number < 0:
                todo.append(place(number)[0])
                continue
            slot = number >> 1
            first = slot if requests[slot] >= 0 else -1 - requests[slot]
            request = requests[first]
            if request in (_NONE, Variable.ODD):
                return None  # the tape goes on in work that has run already
            if request != Variable.NULL:
                wanted.setdefault(first, {})[slot] = None
    between = _between(nodes, over)
    if any(nodes[at].kernel is None for at in between):
        return None
    groups = tuple(tuple(slots) for slots in wanted.values())
    return _Way(
        groups,
        tuple(sorted(over | between)),
        tuple(over),
        sum(any(map(flows, nodes[at].refs)) for at in over),
        tuple(requests[first] == Variable.ADD for first in wanted),
    )


def _defer(
    region: Region, way: _Way, starts: tuple[int, ...], given: Sequence[Any], key: Any
) -> None:
    """Put the sweep on the region, and let the gradients' buffers wait for it."""
    grads: list[Any] = [region.owners[group[0]] for group in way.wanted]
    cotangents: Any = (None,) * len(given)
    if any(ct is not None for ct in given):
        cotangents = tuple(None if ct is None else region.refs((ct,))[0] for ct in given)
    olds: Any = (None,) * len(grads)
    if any(way.adds):
        olds = tuple(
            _old(region, v) if add else None for v, add in zip(grads, way.adds, strict=True)
        )
    if not all(way.adds):
        region.swept = True
    stage = region.stage.sweep(
        (key, cotangents, olds), starts, cotangents, way.wanted, olds, way.over
    )
    node = _Backward(way.over)
    node.refs = tuple(r for r in (*cotangents, *olds) if r is not None)
    node.buffers = list(map(_buffer, grads))
    avals = [b._aval() if (a := b.array) is None else a.aval for b in node.buffers]
    node.outputs = list(map(Deferred, itertools.repeat(node), range(len(grads)), avals))
    first = ref(len(region.nodes), 0, False)
    node.numbers = range(first, first - (len(grads) << 1), -2)
    region.add(node, stage)
    for variable, buffer, out in zip(grads, node.buffers, node.outputs, strict=True):
        buffer.array = None
        buffer.pending = out
        buffer.shared = False
        buffer.version += 1
        variable.fresh = True
    nodes = region.nodes
    for at in way.released:
        nodes[at].released = True
    region.open -= way.closed


_buffer = operator.attrgetter("grad._buffer")


def _old(region: Region, variable: Any) -> int | None:
    """Where the gradient that is added to comes from; None for zeros."""
    buffer = variable.grad._buffer
    pending = buffer.pending
    if type(pending) is Zeros:
        return None
    if type(pending) is Deferred and pending.node.region is region:
        return ref(pending.node.position, pending.index, False)
    return region.refs((buffer.get(),))[0]


def _between(nodes: Sequence[Node], over: set[int]) -> set[int]:
    """Nodes that take from those in ``over`` and give to others of them, without a gradient."""
    entries = [s for at in over for s in _sources(nodes[at]) if s not in over]
    if not entries:
        return set()
    after = set(over)
    for at, node in enumerate(nodes):
        if any(s in after for s in _sources(node)):
            after.add(at)
    found: set[int] = set()
    while entries:
        at = entries.pop()
        if at in after and at not in over and at not in found:
            found.add(at)
            entries += _sources(nodes[at])
    return found


def _sources(node: Node) -> list[int]:
    """The positions of the nodes whose results a deferred node reads."""
    found = list(node.over) if isinstance(node, _Backward) else []
    return found + [place(number)[0] for number in node.refs if number < 0]
