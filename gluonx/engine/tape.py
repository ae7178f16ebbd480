"""The tape: what ``autograd.record()`` writes and ``backward()`` reads.

Work is recorded in regions. An eager operator is a region of one node that runs at once. A call of
a hybridized block is *deferred*: it joins the thread's pending :class:`Region` and its outputs have
shapes but no values; operators that take such outputs join it too. Whoever looks at a value runs
the region, which becomes one executed node of the tape.
"""

from __future__ import annotations

import heapq
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..error import MXNetError
from . import config
from .buffer import Buffer
from .graph import Leaves, Node, Plan, Sweep, Value, Variable, ancestors
from .kernel import Kernel, aval_of, is_float
from .state import state

__all__ = ["Region", "backward", "defer", "defer_backward", "flush", "gradients", "record"]

#: A region that grows beyond this many nodes is run, whether anybody looks at it or not.
MAX_REGION = 256
_MAX_CACHED = 64


def record(kernel: Kernel, arrays: Sequence[Any], values: Sequence[Value | None], device: Any):
    """Run ``kernel`` now and put it on the tape.

    Returns its outputs and the node. ``values`` are the tape's values of the inputs, None where no
    gradient flows.
    """
    mask = tuple(v is not None and is_float(a.dtype) for v, a in zip(values, arrays, strict=True))
    if not any(mask):
        return kernel.run(arrays, device), None
    outs, pullback = kernel.record(arrays, mask, device)
    node = Node(
        kernel,
        tuple(v if m else None for v, m in zip(values, mask, strict=True)),
        # an input that another node made can be made again; only leaves are kept
        tuple(
            a if v is None or v.node is None or not m else None
            for a, v, m in zip(arrays, values, mask, strict=True)
        ),
    )
    node.pullback = pullback
    node.mask = mask
    return outs, node


class Region:
    """Deferred nodes of one thread, run together as one executable.

    Attributes
    ----------
    device : jax.Device
        Where all of it runs.
    nodes : list of Node
    spare : list of (Buffer, array, bool)
        What a deferred update has replaced: old parameters and optimizer states. Those that nobody
        else holds are donated.
    """

    def __init__(self, device: Any):
        self.device = device
        self.nodes: list[Node] = []
        self.spare: list[tuple[Buffer, Any, bool]] = []
        self.lock = threading.RLock()
        #: Whether a backward pass on it has replaced gradients (and not added to them).
        self.swept = False
        self._computed: tuple | None = None

    def run(self) -> None:
        """Compute every value that somebody can still reach, and put the region on the tape."""
        with self.lock:
            if not self.nodes:
                return
            if self._computed is None:
                self._compute()
            # From here on nothing can fail: an interrupted run is taken up here again.
            wanted, outs, node = self._computed  # type: ignore[misc]
            for k, value in enumerate(wanted):
                holder = value.holder()
                if holder is not None:
                    holder.fulfil(value, outs[k])
                source = value.node
                gone = _gone if source.released else None
                value.node, value.index, value.holder = node or gone, k, _nobody
            for n in self.nodes:
                n.region = None
                n.inside = node
                n.arrays = n.outputs = ()
            self.nodes, self.spare, self._computed = [], [], None
            if state.region is self:
                state.region = None

    def undo(self, outs: Sequence[Deferred]) -> None:
        """Take back an update that failed: the buffers get their old contents again."""
        if self._computed is not None or not self.nodes:
            return
        for buffer, old, _ in self.spare:
            if isinstance(old, Value):
                buffer.defer(old)
            elif not old.is_deleted():
                buffer.set(old)
        self.nodes = [n for n in self.nodes if n is not outs[0].node]
        self.spare = []

    def _compute(self) -> None:
        position = {id(n): i for i, n in enumerate(self.nodes)}
        leaves = Leaves()
        steps = tuple(node.step(leaves, position) for node in self.nodes)
        outputs, states = [], []
        for i, node in enumerate(self.nodes):
            visible = 0 if node.kernel is None else node.kernel.visible
            for value in node.outputs:
                if value is not None and value.holder() is not None:
                    (outputs if value.index < visible else states).append((i, value))
        wanted = outputs + states
        if not wanted:
            self._computed = ([], (), None)
            return
        plan = Plan(steps, tuple((i, v.index) for i, v in wanted))
        kernel = cached(plan, plan.key, lambda: _kernel(plan))
        kernel.visible = len(outputs)
        spare = self._donated(leaves)
        if spare:
            outs, node = kernel.run(leaves.arrays, self.device, spare), None
        else:
            outs, node = record(kernel, leaves.arrays, leaves.values, self.device)
        if node is not None:
            node.order = self.nodes[-1].order
            node.origins = [v.node for _, v in wanted]
        self._computed = ([v for _, v in wanted], outs, node)

    def _donated(self, leaves: Leaves) -> tuple[int, ...]:
        """Slots of the leaves to donate; an array that somebody else holds is copied first."""
        if not self.spare or any(v is not None for v in leaves.values):
            return ()
        uses = {id(a): 1 for _, a, shared in self.spare if not shared}
        for node in self.nodes:
            for a in node.arrays:
                if id(a) in uses:
                    uses[id(a)] += 1
        arrays, slots = leaves.arrays, []
        for slot in range(len(arrays)):
            known = uses.get(id(arrays[slot]))
            if known is not None:
                slots.append(slot)
                # the references we know of: nodes, the entry in spare, the list of leaves,
                # the argument of getrefcount
                if sys.getrefcount(arrays[slot]) > known + 2:
                    arrays[slot] = jnp.copy(arrays[slot])
        return tuple(slots)


def _kernel(plan: Plan) -> Kernel:
    def run(*leaves):
        return plan(*leaves)

    steps = [step for step in plan.steps if not isinstance(step, Sweep)]
    run.__name__ = "_".join(dict.fromkeys(step[0].name for step in steps[:3]))
    kernel = Kernel(run, run.__name__)
    kernel.wide = any(step[0].wide for step in steps)
    return kernel


def _first(plan: Plan) -> Kernel:
    return next(step[0] for step in plan.steps if not isinstance(step, Sweep))


def cached(plan: Plan, key: Any, make: Callable[[], Kernel]) -> Kernel:
    """The kernel for a plan, kept by the plan's first kernel (and so as long as that one lives)."""
    home = _first(plan)
    if home.regions is None:
        home.regions = {}
    found = home.regions.pop(key, None)
    if found is None:
        found = make()
        if len(home.regions) >= _MAX_CACHED:
            del home.regions[next(iter(home.regions))]
    home.regions[key] = found  # the last one used stands last
    return found


def _nobody() -> None:
    """A weak reference to nothing."""


#: In the place of nodes that a deferred backward pass has released.
_gone = Node(None, (), ())
_gone.release()


class Deferred(Value):
    """A value that its region has not computed yet; what a buffer waits for.

    ``holder`` is a weak reference to the Buffer or view that wants it: a value that nobody holds is
    not an output of its region.
    """

    __slots__ = ("holder",)

    def __init__(self, node: Node | None, index: int, aval: Any = None):
        super().__init__(node, index, aval)
        self.holder: Any = _nobody

    def hold(self, holder: Any) -> None:
        self.holder = weakref.ref(holder)

    def force(self, buffer: Buffer) -> None:
        node = self.node
        if node is not None and node.region is not None:
            node.region.run()
        if buffer.array is None:
            raise MXNetError(
                "the value of this array was never computed: the deferred work that makes it "
                "failed before. Run that work again and look at its error."
            )


def defer(
    kernel: Kernel,
    arrays: Sequence[Any],
    values: Sequence[Value | None],
    out_avals: tuple,
    device: Any,
) -> list:
    """Put a call of ``kernel`` on the pending region; nothing runs.

    ``arrays`` holds arrays and, for inputs that are themselves pending, their :class:`Deferred`
    values. ``values`` are the tape's values of the inputs, None where no gradient flows. Returns
    one Deferred for each of ``out_avals`` (None where the kernel returns None).
    """
    region = state.region
    if region is None:
        for a in arrays:
            if isinstance(a, Value) and a.node is not None and a.node.region is not None:
                region = a.node.region  # another thread's work goes on there
                break
        else:
            region = state.region = Region(device)
    node = Node(kernel, tuple(values), tuple(arrays))
    node.region = region
    outs = [None if a is None else Deferred(node, i, a) for i, a in enumerate(out_avals)]
    node.outputs = tuple(outs)
    region.nodes.append(node)
    return outs


def defer_call(
    kernel: Kernel, arrays: Sequence[Any], values: Sequence[Value | None], device: Any
) -> list:
    """:func:`defer` with the outputs' shapes found out; raises what tracing the kernel raises."""
    avals = tuple(a.aval if isinstance(a, Value) else aval_of(a) for a in arrays)
    inputs = [
        v if v is not None and is_float(a.dtype) else None
        for v, a in zip(values, avals, strict=True)
    ]
    return defer(kernel, arrays, inputs, kernel.abstract(avals), device)


def update(
    kernel: Kernel, written: Sequence[Buffer], read: Sequence[Buffer], numbers: Sequence[Any]
) -> None:
    """Replace the contents of buffers by what ``kernel`` makes of them, and run all that is
    pending.

    The kernel takes the contents of ``written``, those of ``read`` and ``numbers``, and returns the
    new contents of ``written``. The old ones are donated.
    """
    device = written[0].ctx.device
    bound(device)
    arrays = [_contents(b) for b in (*written, *read)]
    old = arrays[: len(written)]
    avals = tuple(a.aval if isinstance(a, Value) else aval_of(a) for a in old)
    inputs = [*arrays, *numbers]
    outs = defer(kernel, inputs, (None,) * len(inputs), avals, device)
    region: Region = state.region  # type: ignore[assignment]
    region.spare += [(b, a, b.shared) for b, a in zip(written, old, strict=True)]
    for buffer, out in zip(written, outs, strict=True):
        hold(buffer, out)
    del old, arrays, inputs  # only the region holds the old contents now
    try:
        region.run()
    except BaseException:
        region.undo(outs)
        raise


def _contents(buffer: Buffer) -> Any:
    """The contents of a buffer, or the deferred value if this thread has it pending."""
    if buffer.array is not None:
        return buffer.array
    pending = buffer.pending
    if (
        type(pending) is Deferred
        and state.region is not None
        and pending.node.region is state.region
    ):  # type: ignore[union-attr]
        return pending
    return buffer.get()


def flush() -> None:
    """Run whatever this thread has pending."""
    if state.region is not None:
        state.region.run()


def bound(device: Any, forward: bool = False) -> None:
    """Run what is pending if there is too much of it, or if it is on another device.

    When a new ``forward`` pass begins after a backward pass that no Trainer used, that one stands
    alone: it is not to be compiled together with all that may follow.
    """
    region = state.region
    if region is None:
        return
    if len(region.nodes) >= MAX_REGION or region.device is not device or (forward and region.swept):
        region.run()


_RELEASED = (
    "backward() reached a part of the graph that an earlier backward() has released. Call the "
    "earlier one with retain_graph=True, or record the computation again."
)

# -- gradients ----------------------------------------------------------------------------------

_add = Kernel(lambda a, b: (a + b.astype(a.dtype),), "add_gradients")
_ones = Kernel(lambda a: (jnp.ones_like(a),), "ones")


def ones_like(array: Any, device: Any) -> Any:
    """The default gradient of a head."""
    return _ones.run((array,), device)[0]


def _sum(old: Any, new: Any) -> Any:
    return new if old is None else _add.run((old, new), old.device)[0]


def cotangents(
    heads: Sequence[tuple[Value, Any]], wanted: Sequence[Value] = (), retain: bool = False
) -> dict[Value, Any]:
    """Reverse sweep over the tape.

    Parameters
    ----------
    heads : list of (Value, array)
        Where to start, with which gradient.
    wanted : list of Value
        Intermediate values whose gradients the caller wants besides those of the variables.
    retain : bool
        Keep the tape for another sweep.

    Returns
    -------
    dict
        Gradient of each reached Variable and each wanted value.
    """
    waiting: dict[int, dict[int, Any]] = {}
    nodes: dict[int, Node] = {}
    heap: list[int] = []
    result: dict[Value, Any] = {}
    ids = {id(v) for v in wanted}

    def give(value: Value, ct: Any) -> None:
        node = value.node
        if node is None or id(value) in ids:
            result[value] = _sum(result.get(value), ct)
        if node is None:
            return
        if node.released:
            raise MXNetError(_RELEASED)
        slots = waiting.get(node.order)
        if slots is None:
            slots = waiting[node.order] = {}
            nodes[node.order] = node
            heapq.heappush(heap, -node.order)
        slots[value.index] = _sum(slots.get(value.index), ct)

    for value, ct in heads:
        give(value, ct)
    done: list[Node] = []
    passed: dict[int, Node] = {}
    while heap:
        order = -heapq.heappop(heap)
        node, slots = nodes.pop(order), waiting.pop(order)
        if node.origins:
            passed.update(_passed(node, slots))
        pullback: Any = node.pullback
        if isinstance(pullback, FunctionPullback):
            cts = pullback(slots)
        else:
            cts = pullback([slots.get(i) for i in range(len(pullback.spec.avals))])
        targets = [v for v in node.inputs if v is not None]
        for value, ct in zip(targets, cts, strict=True):
            if ct is not None:
                give(value, ct)
        done.append(node)
    if not retain:
        for node in passed.values():
            node.release()
        for node in done:
            if all(origin.released for origin in node.origins):
                node.release()
    return result


def _passed(region: Node, indices: Iterable[int]) -> dict[int, Node]:
    """The nodes inside a region that has run which a backward pass from some of its outputs
    passes."""
    found: dict[int, Node] = {}
    todo = [region.origins[i] for i in indices]
    while todo:
        node = todo.pop()
        if node.order in found:
            continue
        if node.released:
            raise MXNetError(_RELEASED)
        found[node.order] = node
        for value in node.inputs:
            if value is None or value.node is None:
                continue
            if value.node is region:
                todo.append(region.origins[value.index])
            elif value.node.inside is region:
                todo.append(value.node)
    return found


class FunctionPullback:
    """Base of pullbacks written in Python (``autograd.Function``); takes {output: gradient}."""


def backward(heads: Sequence[tuple[Value, Any]], retain: bool = False) -> None:
    """Compute the gradients of all variables that the heads depend on, into their buffers."""
    for value, ct in cotangents(heads, retain=retain).items():
        _store(value, ct)


def _store(variable: Value, ct: Any) -> None:
    """Put a gradient where its variable's ``grad_req`` says."""
    if not isinstance(variable, Variable) or variable.grad_req == "null":
        return
    buffer = variable.grad._buffer
    if variable.grad_req == "add":
        ct = _add.run((buffer.get(), ct), buffer.ctx.device)[0]
    elif ct.dtype != buffer.dtype:
        ct = ct.astype(buffer.dtype)
    buffer.set(ct)
    variable.fresh = True


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
            raise MXNetError(_RELEASED)
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
            old = buffer.pending if buffer.array is None else buffer.array
            if isinstance(old, Value) and not (type(old) is Deferred and old.node.region is region):
                old = buffer.get()
            (out,) = defer(_add, (old, out), (None, None), (out.aval,), region.device)
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


def hold(buffer: Buffer, value: Deferred) -> None:
    """Let ``buffer`` hold a deferred value."""
    buffer.defer(value)
    value.hold(buffer)


def gradients(
    heads: Sequence[tuple[Value, Any, Value | None]],
    wanted: Sequence[tuple[Value, Any]],
    device: Any,
) -> tuple[tuple, Kernel, list, list]:
    """Gradients that are themselves differentiable (``create_graph=True``).

    The graph between ``wanted`` and ``heads`` becomes one kernel, its gradient, of the graph's
    leaves and the head gradients; to record that kernel is to record the gradient.

    Parameters
    ----------
    heads : list of (Value, array, Value or None)
        Head, head gradient and the latter's own value on the tape.
    wanted : list of (Value, array)
        What to differentiate by, with its present contents.

    Returns
    -------
    tuple
        Outputs of that kernel, and the node (None if nothing is recorded).
    """
    stop = {id(v) for v, _ in wanted}
    nodes = ancestors([v for v, _, _ in heads], stop)
    position = {id(n): i for i, n in enumerate(nodes)}
    known = {id(v): a for v, a in wanted}
    leaves = Leaves()
    slots = [leaves.slot(a, v) for v, a in wanted]
    steps = []
    for node in nodes:
        if node.released:
            raise MXNetError(
                "autograd.grad() reached a part of the graph that an earlier backward() has "
                "released. Call the earlier one with retain_graph=True, or record it again."
            )
        if node.kernel is None:
            raise MXNetError(
                "create_graph=True cannot go through an autograd.Function, whose backward is "
                "plain Python. Write it as a differentiable operator with gluonx.op(fn) instead."
            )
        refs = []
        for value, array in zip(node.inputs, node.arrays, strict=True):
            if value is None:
                refs.append((leaves.slot(array, None), -1, False))
            elif id(value) in known:
                refs.append((leaves.slot(known[id(value)], value), -1, True))
            elif value.node is None:
                refs.append((leaves.slot(array, value), -1, True))
            else:
                refs.append((position[id(value.node)], value.index, True))
        steps.append((node.kernel, tuple(refs)))
    outputs = []
    for value, _, _ in heads:
        if value.node is None or id(value) in known:
            outputs.append((leaves.slot(known.get(id(value)), value), -1))
        else:
            outputs.append((position[id(value.node)], value.index))
    plan = Plan(tuple(steps), tuple(outputs))
    if not steps:
        raise MXNetError("the heads do not depend on the variables through any recorded operator")
    count = len(leaves.arrays)

    def fn(*args):
        given, head_grads = args[:count], args[count:]

        def forward(*chosen):
            full = list(given)
            for slot, a in zip(slots, chosen, strict=True):
                full[slot] = a
            return plan(*full)

        outs, vjp = jax.vjp(forward, *[given[s] for s in slots])
        return vjp(tuple(g.astype(o.dtype) for g, o in zip(head_grads, outs, strict=True)))

    key = ("gradient", plan.key, tuple(slots), count)
    kernel = cached(plan, key, lambda: Kernel(fn, "gradient", visible=len(slots)))
    kernel.wide = any(kernel.wide for kernel, _ in steps)
    arrays = leaves.arrays + [g for _, g, _ in heads]
    values = leaves.values + [v for _, _, v in heads]
    return record(kernel, arrays, values, device)  # type: ignore[return-value]


class _Moved(FunctionPullback):
    """Gradient of a copy between devices: the copy back."""

    def __init__(self, device: Any):
        self.device = device

    def __call__(self, slots: dict[int, Any]) -> list[Any]:
        return [jax.device_put(slots[0], self.device)]


def transferred(value: Value, source: Any) -> Value:
    """The value of a copy on another device of ``value``, whose device is ``source``."""
    node = Node(None, (value,), (None,))
    node.pullback = _Moved(source)
    return Value(node, 0)
