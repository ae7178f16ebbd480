"""Step fusion: a backward pass that joins its region instead of running."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..error import MXNetError
from . import config, report, tape
from .buffer import Buffer, Zeros
from .deferred import Backward, Deferred
from .graph import Node, Value, Variable
from .kernel import is_float
from .region import Region
from .stage import Stage, flows, place, ref
from .state import state

__all__ = ["defer_again", "defer_backward", "defer_each_again", "note_pass"]


class _Way(NamedTuple):
    """What a backward pass from a stage does: the same for all regions that are alike.

    ``wanted`` has for each gradient the slots that it is summed over, ``over`` the nodes that run
    under the sweep, ``released`` those that the tape forgets, ``closed`` how many of these were
    recorded, ``adds`` which of the gradients are added to what is there, ``replaces`` whether some
    are not, ``first`` finds a slot of each among all.
    """

    wanted: tuple[tuple[int, ...], ...]
    over: tuple[int, ...]
    released: tuple[int, ...]
    closed: int
    adds: tuple[bool, ...]
    replaces: bool
    first: Callable


_buffer = operator.attrgetter("grad._buffer")
_first = operator.itemgetter(0)
_pending = operator.attrgetter("pending")
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
            if not region.has(value.node):  # it was interrupted
                return False
            if not is_float(value.aval.dtype):
                return False
            if type(ct) is Deferred and (ct.node is None or not region.has(ct.node)):
                return False
            parts.setdefault(region, []).append(head)
        found = []  # all of it, or nothing: another sweep would replace the gradients of this one
        for region, part in parts.items():
            starts = tuple([ref(v.node.position, v.index, True) for v, _ in part])
            pass_ = _find_pass(region, starts)
            if pass_ is None:
                return False
            found.append((region, pass_, [ct for _, ct in part]))
        for region, pass_, given in found:
            if pass_.way.wanted:
                _defer(region, pass_, given)
        return True


def defer_again(head: Any) -> bool:
    """Put the backward pass from a value on its region if it is like the last one from there;
    False, and nothing is done, if not."""
    if not config.fusion:
        return False
    with state.lock:
        found = _last_pass(head)
        if found is None:
            return False
        _repeat(*found)
        return True


def defer_each_again(heads: Sequence[Any]) -> bool:
    """As :func:`defer_again` for the backward passes from one value on each of several regions:
    all, or none."""
    if not config.fusion:
        return False
    with state.lock:
        found: list[tuple[Region, _Pass]] = []
        for head in heads:
            last = _last_pass(head)
            if last is None:
                return False
            found.append(last)
        if len(set(map(_first, found))) < len(found):
            return False  # they are one pass
        for region, last in found:
            _repeat(region, last)
        return True


def _last_pass(head: Any) -> tuple[Region, _Pass] | None:
    """The region that a value waits on, and the last backward pass from there, if that began from
    this value, with a gradient of ones, and led to the same variables."""
    node: Any = head.node if type(head) is Deferred else None
    if node is None:
        return None
    region = node.region
    if type(region) is not Region or state.regions.get(region.device) is not region:
        return None
    last = None if region.stage is None else region.stage.swept.get(region.device)
    if last is None or last.known is None or last.asked != Variable.asked:
        return None
    at = node.position
    if last.at != (at, head.index) or last.owners != region.owners:
        return None
    if at >= len(region.nodes) or region.nodes[at] is not node:  # it was interrupted
        return None
    return region, last


def _repeat(region: Region, last: _Pass) -> None:
    known: Any = last.known
    if not known.node.again(region, known.since, known.after, known.sweep):
        known = _begin(region, last, (None,))
    note_pass(region, last.way, known)
    if known is last.known:
        region.events.append(last)


class _Known(NamedTuple):
    """What the last pass was like that began from no gradient but ones: ``since`` says where the
    gradients were that it added to (see :meth:`Backward.again`), ``after`` is the structure with
    it, ``sweep`` is for :meth:`Region.add_sweep`."""

    node: Backward
    since: int | None
    after: Stage
    sweep: tuple


class _Pass:
    """A backward pass from a stage, as it was last made.

    Attributes
    ----------
    starts, asked, owners : object
        What it was found from; ``owners`` is None where these may not be kept.
    at : (int, int) or None
        The position and the output of its start, if there is one.
    way : _Way
    key : tuple
        Tells it from other passes from the stage.
    known : _Known or None
    """

    __slots__ = ("starts", "at", "asked", "owners", "way", "key", "known")

    def __init__(self, starts: tuple[int, ...], owners: list, way: _Way, key: Any):
        self.at = place(starts[0]) if len(starts) == 1 else None
        self.starts, self.asked, self.way, self.key = starts, Variable.asked, way, key
        own = set(map(type, owners)) <= {Variable, type(None)}
        self.owners = list(owners) if own else None
        self.known: _Known | None = None


def _find_pass(region: Region, starts: tuple[int, ...]) -> _Pass | None:
    """The backward pass from ``starts``, None if it leaves the region."""
    stage, owners = region.stage, region.owners
    last = stage.swept.get(region.device)
    if last is not None and last.starts == starts and last.asked == Variable.asked:
        if last.owners == owners:
            return last
    requests = _requests(owners)
    key = (starts, requests)
    way = stage.sweeps.get(key, 0)
    if way == 0:
        way = stage.sweeps[key] = _find(region.nodes, starts, requests)
        if way is None:
            report.note_early(stage, _OUTSIDE)
    if way is None:
        return None
    found = _Pass(starts, owners, way, key)
    if found.owners is not None and stage.root.own:
        stage.swept[region.device] = found
    return found


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
    if any(nodes[at].kernel is None or any(map(flows, nodes[at].refs)) for at in between):
        return None  # made inside the sweep, their results would have no gradient of their own
    groups = tuple(tuple(slots) for slots in wanted.values())
    adds = tuple(requests[first] == Variable.ADD for first in wanted)
    return _Way(
        groups,
        tuple(sorted(over | between)),
        tuple(over),
        sum(any(map(flows, nodes[at].refs)) for at in over),
        adds,
        False in adds,
        _getter([slots[0] for slots in groups]),
    )


def _defer(region: Region, pass_: _Pass, given: Sequence[Any]) -> None:
    """Put the sweep on the region, and let the gradients' buffers wait for it."""
    way, known = pass_.way, pass_.known
    if (
        known is None
        or not all([ct is None for ct in given])
        or not known.node.again(region, known.since, known.after, known.sweep)
    ):
        known = _begin(region, pass_, given)
    note_pass(region, way, known)


def note_pass(region: Region, way: _Way, known: _Known) -> None:
    """Note what a pass that is on the region now has done there."""
    if way.replaces:
        region.swept = True
    known.node.wrote()
    nodes = region.nodes
    for at in way.released:
        nodes[at].released = True
    region.open -= way.closed


def _begin(region: Region, pass_: _Pass, given: Sequence[Any]) -> _Known:
    """Begin a pass that is not like the last one."""
    way, stage = pass_.way, region.stage
    variables = way.first(region.owners)
    cotangents = tuple([None if ct is None else region.refs((ct,))[0] for ct in given])
    olds, since, usual = _olds(region, list(map(_buffer, variables)), way.adds)
    after = stage.sweep(
        (pass_.key, cotangents, olds), pass_.starts, cotangents, way.wanted, olds, way.over
    )
    passed = Backward(over=way.over)
    passed.refs = refs = tuple([r for r in (*cotangents, *olds) if r is not None])
    first = ref(len(region.nodes), 0, False)
    numbers = range(first, first - (len(variables) << 1), -2)
    sweep = refs, numbers, way.over, passed
    node: Any = variables[0].by  # the pass that has made the gradients before
    if type(node) is not Backward or not node.begin(region, variables, after, sweep):
        node = None if pass_.known is None else pass_.known.node
        if node is None or not node.begin(region, variables, after, sweep):
            node = Backward(variables)
            node.begin(region, variables, after, sweep)
    known = _Known(node, since, after, sweep)
    pass_.known = known if usual and all([ct is None for ct in given]) else None
    return known


def _olds(
    region: Region, buffers: Sequence[Buffer], adds: Sequence[bool]
) -> tuple[tuple[int | None, ...], int | None, bool]:
    """Where the gradients that are added to come from, None for zeros; as :meth:`Backward.again`
    takes it; and whether the next pass is likely to find them so."""
    none = (None,) * len(adds)
    if True not in adds:
        return none, None, True
    waiting = list(map(_pending, buffers))
    if type(waiting[0]) is Deferred and type(waiting[0].node) is Backward and False not in adds:
        before = waiting[0].node
        if before.outputs == waiting:
            if before.zeros:
                return none, Backward.ZERO, True
            if region.has(before):  # a micro-batch before
                start = ref(before.position, 0, False)
                olds = tuple(range(start, start - (len(waiting) << 1), -2))
                return olds, before.position, True
    olds = tuple([_old(region, b) if add else None for b, add in zip(buffers, adds, strict=True)])
    return olds, Backward.ZERO, olds == none and False not in adds


def _old(region: Region, buffer: Buffer) -> int | None:
    pending = buffer.pending
    if type(pending) is Deferred and type(pending.node) is Backward and pending.node.zeros:
        pending.force(buffer)
        pending = buffer.pending
    if type(pending) is Zeros:
        return None
    if type(pending) is Deferred and region.has(pending.node):
        return ref(pending.node.position, pending.index, False)
    return region.refs((buffer.get(),))[0]


def _getter(places: list[int]) -> Callable:
    """A function that gives the entries of a list at some places, as a tuple."""
    if len(places) == 1:
        return lambda found: (found[places[0]],)
    return operator.itemgetter(*places) if places else lambda found: ()


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
    found = list(node.over) if isinstance(node, Backward) else []
    return found + [place(number)[0] for number in node.refs if number < 0]
