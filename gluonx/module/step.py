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
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..engine import config, region, together
from ..engine.buffer import Buffer, Zeros
from ..engine.bundle import Part
from ..engine.deferred import wait_instead
from ..engine.graph import Variable
from ..engine.kernel import COPY, is_float
from ..engine.stage import Stage
from ..engine.state import ahead, state
from ..error import MXNetError
from ..ndarray import NDArray
from ..optimizer.transform import Hyper
from ..symbol.heads import NO_GRADIENT, head_gradients
from ._measure import Measure, Measured, measure_key, measure_of
from ._plan import BACKWARD, FORWARD, IDLE, Plan, Wait, facts_of, plan_of
from ._runs import Runs, Waiting

if TYPE_CHECKING:
    from ..metric import EvalMetric
    from ..symbol.executor import Executor
    from ..trainer import Trainer

__all__ = ["Step"]

_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")
_NONE = id(None)
#: Of so many kinds of metrics it is known what they compute.
_MOST_MEASURES = 16


class Step(Runs):
    """The training step of an executor; made by :meth:`of`."""

    def __init__(self, executor: Executor, inputs: Sequence[str], heads: tuple[int, ...]):
        super().__init__(executor._ctx.device)
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
        #: What the present step started from besides the last results.
        self._taken: list[Any] = []
        self._extra: list[Any] = []
        self._measures: dict[Any, Measure | None] = {}
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
            if len(self._queue) >= together.COUNT:  # metrics were to come, and did not
                self._run()
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
                if self._queue or self._worth(rest):
                    queue = [*self._queue, Waiting(rest, optimizer, before)]
                    self._queue, self._part = queue, IDLE  # no call in between, and no interrupt
                    self._run_if_full()
                else:
                    self._call(rest)
            except BaseException:
                if optimizer is not None and self._part == BACKWARD and not self._outs:
                    optimizer._index_update_count, optimizer.num_update = before
                raise
            return True

    def measure(self, metric: EvalMetric, labels: dict[str, Any], names: Sequence[str]) -> bool:
        """Have a metric take the outputs of the last step into account with the step itself, if
        that waits; False if the metric is to take them as they are.

        ``labels`` are those of the batch by name, ``names`` those of the outputs.
        """
        if not self._queue or self._part or state.trace is not None:
            return False
        key = measure_key(metric, labels, self._executor._ctx)
        if key is None:
            return False
        if key not in self._measures:
            if len(self._measures) >= _MOST_MEASURES:
                self._measures.clear()
            program = self._executor._program(True)
            outputs = dict(zip(names, program.outputs, strict=True))
            self._measures[key] = measure_of(metric, labels, outputs, self._executor._ctx)
        found = self._measures[key]
        if found is None:
            return False
        arrays = [x._data for x in labels.values()]
        leaves = metric._leaves()
        for leaf in leaves:
            leaf._expect(self)
        with self._lock:
            plan: Any = self._plan
            outputs = slice(plan.count, plan.aux)
            if (
                not self._queue
                or self._part
                or list(map(_pending, plan.buffers[outputs])) != plan.waits[outputs]
            ):
                return False
            self._queue[-1].measured.append(Measured(found, leaves, arrays))
            self._run_if_full()
            return True

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
        else:
            self.catch_up()

    def catch_up(self) -> None:
        """Run what waits."""
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
            self._forget()
            self._plan = plan_of(self, self._executor, self._heads, facts)
            if self._plan is not None:
                self._last = [None] * len(self._plan.buffers)


def _fetch(buffers: Sequence[Buffer], step: Step) -> None:
    """Get what other steps or nobody has handed over; before the lock, for others have locks."""
    for buffer in buffers:
        waits = buffer.pending
        if type(waits) in (Part, Zeros) or (type(waits) is Wait and waits.step is not step):
            buffer.get()
