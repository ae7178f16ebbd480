"""Regions: work that is deferred, and runs as one executable.

A call of a hybridized block under ``record()`` does not run: it joins the thread's pending
:class:`Region`, and its outputs have shapes but no values. Operators that take such outputs join it
too, so do a backward pass (:mod:`gluonx.engine.fuse`) and the update of a Trainer. Whoever looks at
a value runs the region.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from ..error import MXNetError
from . import tape
from .buffer import Buffer
from .graph import Leaves, Node, Plan, Sweep, Value, cached
from .kernel import Kernel, aval_of, is_float
from .state import state

__all__ = ["Deferred", "Region", "bound", "defer", "defer_call", "flush", "hold", "update"]

#: A region that grows beyond this many nodes is run, whether anybody looks at it or not.
MAX_REGION = 256


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
            outs, node = tape.record(kernel, leaves.arrays, leaves.values, self.device)
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
        if buffer.pending is self:
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
        v if v is not None and v.live and is_float(a.dtype) else None
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


def hold(buffer: Buffer, value: Deferred) -> None:
    """Let ``buffer`` hold a deferred value."""
    buffer.defer(value)
    value.hold(buffer)
