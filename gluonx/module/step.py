"""A training step of a Module, known in advance: one call of one executable.

What an executor does in a step is the same each time: forward, backward, and an update of its
parameters. So nothing needs to be found out on the way. ``forward`` and ``backward`` take note that
they were called and let the results wait; ``update`` calls the executable that does all of it, the
one that the first step has compiled. Its results stay where they are, in one list, until somebody
looks at one; the next step takes the parameters from there.

Small steps that are alike need not even run when they are called: they wait until there are some,
which are then one call (see :mod:`gluonx.engine.together`).

Whenever anything else happens, such as somebody looking at a gradient before the update, forward
and backward go on the thread's region as those of any executor, and what follows is done there.
"""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax.core

from ..engine import config, region, together
from ..engine.buffer import Buffer, Zeros
from ..engine.bundle import Part
from ..engine.deferred import wait_instead
from ..engine.graph import Variable
from ..engine.kernel import COPY, is_float
from ..engine.pace import Pace
from ..engine.stage import Stage
from ..engine.state import ahead
from ..engine.together import Patience, Together
from ..error import MXNetError
from ..ndarray import NDArray
from ..optimizer.transform import Hyper
from ..symbol.heads import NO_GRADIENT, head_gradients
from ._plan import BACKWARD, FORWARD, IDLE, Plan, Wait, facts_of, plan_of

if TYPE_CHECKING:
    from ..symbol.executor import Executor
    from ..trainer import Trainer

__all__ = ["Step"]

_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")
_NONE = id(None)


class _Waiting:
    """A step that waits: what it takes besides the results of the one before; and the optimizer
    with its counts before the step, in case that it fails."""

    __slots__ = ("rest", "optimizer", "before")

    def __init__(self, rest: list[Any], optimizer: Any, before: Any):
        self.rest = rest
        self.optimizer = optimizer
        self.before = before


class Step:
    """The training step of an executor; made by :meth:`of`."""

    def __init__(self, executor: Executor, inputs: Sequence[str], heads: tuple[int, ...]):
        self._executor = executor
        self._program = executor._program(True)
        self._heads = heads
        self._lock = threading.RLock()
        arguments = executor.arg_dict
        #: Where a batch goes to, in its order.
        self._inputs = [
            (x._buffer, x.shape, x._buffer.dtype, x._buffer.ctx)
            for x in map(arguments.__getitem__, inputs)
        ]
        self._nothing = [None] * len(executor._leaves)
        self._plan: Plan | None = None
        #: How far the present step has got; what it started from besides the last results.
        self._part = IDLE
        self._taken: list[Any] = []
        self._extra: list[Any] = []
        #: Results that were not handed over to their buffers.
        self._last: list[Any] = []
        #: The tuple of new results, until it is in their place, and how many of the steps that
        #: wait it is of.
        self._outs: list[tuple] = []
        self._covered = 0
        #: Steps before the present one that wait, to start from the last results.
        self._queue: list[_Waiting] = []
        self._together: Together | None = None
        self._patience = Patience()
        self._pace = Pace() if getattr(executor._ctx.device, "platform", None) == "cpu" else None
        ahead.add(self)

    @staticmethod
    def of(executor: Executor, inputs: Sequence[str]) -> Step | None:
        """The step of an executor, or None if it is not of the usual kind: one executable that
        starts from losses, and writes gradients to arrays of their own.

        ``inputs`` are the names of data and labels, in the order of a batch.
        """
        values = [v for v in executor._variables if v is not None]
        if executor._pieces is not None or not values or not executor.arg_dict.keys() >= {*inputs}:
            return None
        try:
            given = head_gradients(executor._symbol, executor.outputs, None)
        except MXNetError:
            return None
        arrays = [*executor._leaves, *(v.grad for v in values)]
        if (
            len({id(x._buffer) for x in arrays}) < len(arrays)
            or any(type(x) is not NDArray or x._view is not None for x in arrays)
            or any(v.request != Variable.WRITE for v in values)
        ):
            return None
        heads = tuple(i for i, ct in enumerate(given) if ct is not NO_GRADIENT)
        outputs = executor._program(True).outputs
        if not heads or not all(is_float(outputs[i].dtype) for i in heads):
            return None
        executor._ahead = step = Step(executor, inputs, heads)
        return step

    # -- the three parts ---------------------------------------------------------------------------

    def forward(self, batch: Sequence[Any]) -> bool:
        """Take what forward needs; False if it is to run as usual."""
        plan, executor = self._plan, self._executor
        if plan is None:
            return False
        if len(batch) != len(self._inputs) or executor._monitor is not None or not config.fusion:
            return False
        arrays = []
        for x, (_, shape, dtype, ctx) in zip(batch, self._inputs, strict=True):
            if type(x) is not NDArray or x._buffer.ctx is not ctx:
                return False
            array = x._data
            if array.shape != shape or array.dtype != dtype:
                return False
            arrays.append(array)
        if list(map(_pending, plan.kept)) != plan.kept_waits:
            _fetch(plan.kept, self)
        with self._lock:
            if (
                self._part
                or self._outs
                or (list(map(_pending, plan.kept)) != plan.kept_waits and not self._take(plan))
            ):
                self.settle()
                return False
            for array, (buffer, _, _, _) in zip(arrays, self._inputs, strict=True):
                buffer.set(array)
            taken = list(map(_array, plan.given))
            if _NONE in map(id, taken):
                self.settle()
                return False
            executor._pullback = executor._heads = None
            executor._ran = True
            self._taken = taken
            self._extra = executor._extra(self._program)
            executor._taken = self._program, self._nothing, self._extra
            self._part = FORWARD
            for k, y in enumerate(executor.outputs, plan.count):
                buffer = y._buffer = plan.buffers[k]
                self._last[k] = None
                if buffer.pending is not plan.waits[k]:
                    wait_instead(buffer, plan.waits[k])
            return True

    def backward(self) -> bool:
        """Let the gradients wait; False if backward is to run as usual."""
        with self._lock:
            plan = self._plan
            if plan is None or self._part != FORWARD:
                self.settle()
                return False
            self._part = BACKWARD
            del self._last[plan.grads :]
            if list(map(_pending, plan.grad_buffers)) != plan.grad_waits:
                for buffer, wait in zip(plan.grad_buffers, plan.grad_waits, strict=True):
                    if buffer.pending is not wait:
                        wait_instead(buffer, wait)
            return True

    def update(self, trainer: Trainer) -> bool:
        """Run forward, backward and a Trainer's update, now or with later steps; False if the
        update is to run as usual."""
        with self._lock:
            plan: Any = self._plan
            if (
                self._part != BACKWARD
                or self._outs
                or facts_of(trainer) != plan.facts
                or list(map(_pending, plan.buffers)) != plan.waits
            ):
                self.settle()
                return False
            optimizer, group = trainer._optimizer, plan.group
            before: Any = None
            if optimizer is not None:
                before = dict(optimizer._index_update_count), optimizer.num_update
            try:
                if optimizer is not None:
                    optimizer._update_count(group.indices)
                numbers = trainer._numbers(group, trainer._scale)
                rest = [*self._taken, *self._extra, *numbers]
                Stage.use(plan.program)
                if self._queue or self._worth(plan, rest):
                    queue = [*self._queue, _Waiting(rest, optimizer, before)]
                    self._queue, self._part = queue, IDLE  # no call in between, and no interrupt
                    if len(queue) >= together.COUNT:
                        self._run()
                else:
                    self._call(plan, rest)
            except BaseException:
                if optimizer is not None and self._part == BACKWARD and not self._outs:
                    optimizer._index_update_count, optimizer.num_update = before
                raise
            return True

    # -- running -----------------------------------------------------------------------------------

    def _worth(self, plan: Plan, rest: list[Any]) -> bool:
        """Whether a step is to wait though none does."""
        if self._patience.rests() or not together.often(plan.program, self._pace):
            return False
        if not together.allowed():
            return False
        if self._together is None:
            self._together = Together(
                plan.program, plan.arguments(self._last, rest), self._executor._ctx.device,
                plan.donated, zip(plan.kept_slots, plan.kept_at, strict=True), len(plan.buffers),
                slice(plan.count, plan.aux),
            )  # fmt: skip
            plan.program.together = plan.program.together or self._together  # for explain()
        return self._together.ready

    def _call(self, plan: Plan, rest: list[Any]) -> None:
        """Run one step; may be interrupted once its results are there, see :meth:`_finish`."""
        arrays = self._own(plan, plan.arguments(self._last, rest))
        plan.program.run_into(self._outs, arrays, self._executor._ctx.device, plan.donated)
        if isinstance(self._outs[0][0], jax.core.Tracer):
            self._outs.clear()
            raise MXNetError(
                "JAX believes that it is tracing a function, probably because an earlier trace was "
                "interrupted. Save what you need and start Python anew."
            )
        self._finish()
        self._dispatched(plan, 1)

    def _run(self) -> None:
        """Run the steps that wait; may be interrupted, and done again."""
        if self._outs:
            self._finish()
        if not self._queue:
            return
        plan: Any = self._plan
        self._patience.ended(len(self._queue))
        try:
            if len(self._queue) != together.COUNT or not self._as_one(plan):
                self._covered = 1
                while self._queue:
                    self._call(plan, self._queue[0].rest)
        except Exception:
            self._give_up(plan)
            raise

    def _as_one(self, plan: Plan) -> bool:
        """Run all steps that wait in one call; False if that cannot be done."""
        executables: Any = self._together
        first, *others = [step.rest for step in self._queue]
        steps = [self._own(plan, plan.arguments(self._last, first))]
        steps += [plan.arguments((), rest) for rest in others]
        self._covered = len(steps)
        if not executables.call(self._outs, steps, False):
            return False
        self._finish()
        self._dispatched(plan, len(steps))
        return True

    def _finish(self) -> None:
        """New results are there; may be interrupted, and called again."""
        last = list(self._outs[0])
        if self._queue:
            self._last, self._queue, self._outs = last, self._queue[self._covered :], []
        else:
            self._last, self._part, self._outs = last, IDLE, []

    def _dispatched(self, plan: Plan, steps: int) -> None:
        if self._pace is not None and plan.small is not None:
            self._pace.dispatched(self._last[plan.small], steps)

    def _own(self, plan: Plan, arrays: list[Any]) -> list[Any]:
        """Arguments, those that are to be donated and that somebody else holds copied."""
        if max(map(sys.getrefcount, self._last[: plan.count])) > _KNOWN:
            device = self._executor._ctx.device
            for k, slot in enumerate(plan.donated):
                if max(map(sys.getrefcount, self._last[k : k + 1])) > _KNOWN:
                    arrays[slot] = COPY.run((arrays[slot],), device)[0]
        return arrays

    def _give_up(self, plan: Plan) -> None:
        """The first step that waits has failed: it and later ones are forgotten."""
        optimizer, before = self._queue[0].optimizer, self._queue[0].before
        nothing = [None] * len(plan.buffers)
        last = [
            *self._last[: plan.count], *nothing[plan.count : plan.aux],
            *self._last[plan.aux : plan.grads], *nothing[plan.grads :],
        ]  # fmt: skip
        if optimizer is not None:
            optimizer._index_update_count, optimizer.num_update = before
        self._last, self._queue = last, []

    # -- otherwise ---------------------------------------------------------------------------------

    def show(self, buffer: Buffer, wait: Wait) -> None:
        """Give a buffer the result that it waits for."""
        with self._lock:
            self._run()
            if self._part and wait.part and self._part >= wait.part:
                self.settle()
            elif buffer.pending is wait:
                self._hand_over(buffer, wait)

    def _hand_over(self, buffer: Buffer, wait: Wait) -> None:
        array = self._last[wait.index]
        if array is None or array.is_deleted():
            return
        buffer.array = array
        buffer.pending = None
        buffer.version += 1
        if not self._part:  # else the step has started from it
            self._last[wait.index] = None

    def settle(self) -> None:
        """Hand over all results, and put what was called of a step on the thread's region."""
        with self._lock:
            self._run()
            plan = self._plan
            if plan is None:
                return
            for buffer, wait in zip(plan.buffers, plan.waits, strict=True):
                if buffer.pending is wait and not (wait.part and self._part >= wait.part):
                    self._hand_over(buffer, wait)
            if self._part:
                self._spill(plan)
                self._part = IDLE
            self._last = [None] * len(plan.buffers)

    def hurry(self) -> None:
        """Run what waits, and put what was called of a step on the thread's region."""
        if self._part:
            self.settle()
        elif self._queue or self._outs:
            with self._lock:
                self._run()

    def _spill(self, plan: Plan) -> None:
        executor = self._executor
        mine = region.current(executor._ctx.device, True)
        with mine.lock:
            numbers = [None] * len(Hyper._fields)
            arrays = plan.arguments(self._last, [*self._taken, *self._extra, *numbers])
            leaves = arrays[: len(executor._leaves)]
            outs = executor._join(mine, self._program, leaves, self._extra)
            results = slice(plan.count, plan.grads)
            for buffer, wait, value in zip(
                plan.buffers[results], plan.waits[results], outs, strict=True
            ):
                if buffer.pending is wait:
                    region.hold(buffer, value)
            if self._part < BACKWARD:
                return
            # what somebody has written since stays
            grads = zip(plan.grad_buffers, plan.grad_waits, strict=True)
            others = [(b, b.array, b.pending) for b, wait in grads if b.pending is not wait]
            heads, executor._heads = executor._heads, None
            executor._backward_deferred([(heads[i], None) for i in self._heads])  # type: ignore[index]
            for buffer, array, pending in others:
                buffer.array, buffer.pending = array, pending

    def _take(self, plan: Plan) -> bool:
        """Take the contents of the buffers that a step starts from; False if some are not there."""
        self._run()
        for buffer, wait in zip(plan.kept, plan.kept_waits, strict=True):
            if buffer.pending is wait:
                continue
            array = buffer.array
            if array is None:
                return False
            if buffer.shared:
                array = COPY.run((array,), buffer.ctx.device)[0]
            self._last[wait.index] = array
            buffer.array, buffer.pending, buffer.shared = None, wait, False  # no interrupt between
        return True

    # -- the plan ----------------------------------------------------------------------------------

    def prepare(self, trainer: Trainer) -> None:
        """After an update: plan the next steps, if it was of the usual kind."""
        facts = facts_of(trainer)
        if self._plan is not None and facts == self._plan.facts:
            return
        with self._lock:
            self.settle()
            self._plan = self._together = None
            self._plan = plan_of(self, self._executor, self._heads, facts)
            if self._plan is not None:
                self._last = [None] * len(self._plan.buffers)


def _fetch(buffers: Sequence[Buffer], step: Step) -> None:
    """Get what other steps or nobody has handed over; before the lock, for others have locks."""
    for buffer in buffers:
        waits = buffer.pending
        if type(waits) in (Part, Zeros) or (type(waits) is Wait and waits.step is not step):
            buffer.get()


def _calibrate() -> int:
    """The reference count of an array that is in two lists, and in a part of one."""
    first, second = [object()], []
    second.append(first[0])
    return max(map(sys.getrefcount, first[:1]))


_KNOWN = _calibrate()
