"""A training step of a Module, known in advance: one call of one executable.

What an executor does in a step is the same each time: forward, backward, and an update of its
parameters. So nothing needs to be found out on the way. ``forward`` and ``backward`` take note that
they were called and let the results wait; ``update`` calls the executable that does all of it, the
one that the first step has compiled. Its results stay where they are, in one list, until somebody
looks at one; the next step takes the parameters from there.

Whenever anything else happens, such as somebody looking at a gradient before the update, forward
and backward go on the thread's region as those of any executor, and what follows is done there.
"""

from __future__ import annotations

import itertools
import operator
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax.core

from ..engine import config, region
from ..engine.buffer import Buffer, Zeros
from ..engine.bundle import Part
from ..engine.deferred import wait_instead
from ..engine.graph import Variable
from ..engine.kernel import COPY, Kernel, aval_of, is_float
from ..engine.stage import Stage, ref
from ..engine.state import ahead
from ..error import MXNetError
from ..ndarray import NDArray
from ..optimizer.transform import Hyper
from ..parameter import Parameter
from ..symbol.heads import NO_GRADIENT, head_gradients

if TYPE_CHECKING:
    from ..optimizer.group import Group
    from ..symbol.executor import Executor
    from ..trainer import Trainer

__all__ = ["Step"]

_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")
_NONE = id(None)

#: What has been called of a step; a result waits for one of them.
_IDLE, _FORWARD, _BACKWARD = 0, 1, 2


class _Wait:
    """What the buffer of a result waits for: entry ``index`` of the results of ``step``, which
    is being computed anew once the step has got to ``part``."""

    __slots__ = ("step", "index", "part", "aval")

    def __init__(self, step: Step, index: int, part: int, aval: Any):
        self.step = step
        self.index = index
        self.part = part
        self.aval = aval

    def force(self, buffer: Buffer) -> None:
        self.step.show(buffer, self)
        if buffer.pending is self:
            raise MXNetError(
                "the contents of this array are gone: a training step failed after it had given "
                "up the old ones. Load the parameters again, from the last checkpoint."
            )


class _Plan(NamedTuple):
    """A step with the update of one Trainer; it holds as long as ``facts`` do.

    The results, ``buffers`` and what they wait for, are those that the update writes (``count``
    parameters and states, at ``donated`` among the arguments), the outputs from there to ``aux``,
    auxiliary states, and from ``grads`` on the gradients. ``kept`` are those that the next step
    starts from, results ``kept_at``; ``given`` the other leaves. ``arguments`` picks the arguments
    from results that are kept, leaves that are given, and numbers.
    """

    facts: tuple
    group: Group
    program: Kernel
    donated: tuple[int, ...]
    buffers: list[Buffer]
    waits: list[_Wait]
    count: int
    aux: int
    grads: int
    kept: list[Buffer]
    kept_waits: list[_Wait]
    kept_at: Any
    given: list[Buffer]
    arguments: Any


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
        self._leaves = [x._buffer for x in executor._leaves]
        self._slots = [k for k, v in enumerate(executor._variables) if v is not None]
        self._plan: _Plan | None = None
        #: How far the present step has got; what it started from besides the last results.
        self._part = _IDLE
        self._taken: list[Any] = []
        self._extra: list[Any] = []
        #: Results that were not handed over to their buffers.
        self._last: list[Any] = []
        #: The tuple of new results, until it is in their place.
        self._outs: list[tuple] = []
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
            executor._pullback = executor._heads = executor._taken = None
            executor._ran = True
            self._taken = taken
            self._extra = executor._extra(self._program)
            self._part = _FORWARD
            for k, y in enumerate(executor.outputs, plan.count):
                buffer = y._buffer = plan.buffers[k]
                self._last[k] = None
                wait_instead(buffer, plan.waits[k])
            return True

    def backward(self) -> bool:
        """Let the gradients wait; False if backward is to run as usual."""
        with self._lock:
            plan = self._plan
            if plan is None or self._part != _FORWARD:
                self.settle()
                return False
            self._part = _BACKWARD
            del self._last[plan.grads :]
            for buffer, wait in zip(
                plan.buffers[plan.grads :], plan.waits[plan.grads :], strict=True
            ):
                if buffer.pending is not wait:
                    wait_instead(buffer, wait)
            return True

    def update(self, trainer: Trainer) -> bool:
        """Run forward, backward and a Trainer's update; False if the update is to run as usual."""
        with self._lock:
            plan: Any = self._plan
            if (
                self._part != _BACKWARD
                or self._outs
                or self._facts(trainer) != plan.facts
                or list(map(_pending, plan.buffers)) != plan.waits
            ):
                self.settle()
                return False
            optimizer, group = trainer._optimizer, plan.group
            if optimizer is not None:
                before = dict(optimizer._index_update_count), optimizer.num_update
                optimizer._update_count(group.indices)
            try:
                numbers = trainer._numbers(group, trainer._scale)
                arrays = list(plan.arguments([*self._last, *self._taken, *self._extra, *numbers]))
                if max(map(sys.getrefcount, self._last[: plan.count])) > _KNOWN:
                    self._copy(plan, arrays)
                Stage.use(plan.program)
                plan.program.run_into(self._outs, arrays, self._executor._ctx.device, plan.donated)
                if isinstance(self._outs[0][0], jax.core.Tracer):
                    self._outs.clear()
                    raise MXNetError(
                        "JAX believes that it is tracing a function, probably because an earlier "
                        "trace was interrupted. Save what you need and start Python anew."
                    )
            except BaseException:
                if optimizer is not None and not self._outs:
                    optimizer._index_update_count, optimizer.num_update = before
                raise
            self._finish()
            return True

    def _finish(self) -> None:
        """The new results are there; may be interrupted, and called again."""
        self._executor._taken = (self._program, [None] * len(self._leaves), self._extra)
        self._last = list(self._outs[0])
        self._part = _IDLE
        self._outs.clear()

    # -- otherwise ---------------------------------------------------------------------------------

    def show(self, buffer: Buffer, wait: _Wait) -> None:
        """Give a buffer the result that it waits for."""
        with self._lock:
            if self._outs:
                self._finish()
            if self._part and wait.part and self._part >= wait.part:
                self.settle()
            elif buffer.pending is wait:
                self._hand_over(buffer, wait)

    def _hand_over(self, buffer: Buffer, wait: _Wait) -> None:
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
            if self._outs:
                self._finish()
            plan = self._plan
            if plan is None:
                return
            for buffer, wait in zip(plan.buffers, plan.waits, strict=True):
                if buffer.pending is wait and not (wait.part and self._part >= wait.part):
                    self._hand_over(buffer, wait)
            if self._part:
                self._spill(plan)
                self._part = _IDLE
            self._last = [None] * len(plan.buffers)

    def hurry(self) -> None:
        """Put what was called of a step on the thread's region."""
        if self._part:
            self.settle()

    def _spill(self, plan: _Plan) -> None:
        executor, count = self._executor, len(self._leaves)
        mine = region.current(executor._ctx.device, True)
        with mine.lock:
            nothing = [None] * len(Hyper._fields)
            last = [*self._last, *[None] * (len(plan.buffers) - len(self._last))]
            arrays = plan.arguments([*last[: plan.grads], *self._taken, *self._extra, *nothing])
            outs = executor._join(mine, self._program, list(arrays[:count]), self._extra)
            results = slice(plan.count, plan.grads)
            for buffer, wait, value in zip(
                plan.buffers[results], plan.waits[results], outs, strict=True
            ):
                if buffer.pending is wait:
                    region.hold(buffer, value)
            if self._part < _BACKWARD:
                return
            # what somebody has written since stays
            grads = zip(plan.buffers[plan.grads :], plan.waits[plan.grads :], strict=True)
            others = [(b, b.array, b.pending) for b, wait in grads if b.pending is not wait]
            heads, executor._heads = executor._heads, None
            executor._backward_deferred([(heads[i], None) for i in self._heads])  # type: ignore[index]
            for buffer, array, pending in others:
                buffer.array, buffer.pending = array, pending

    def _take(self, plan: _Plan) -> bool:
        """Take the contents of the buffers that a step starts from; False if some are not there."""
        for buffer, wait in zip(plan.kept, plan.kept_waits, strict=True):
            if buffer.pending is wait:
                continue
            array = buffer.array
            if array is None:
                return False
            if buffer.shared:
                array = COPY.run((array,), buffer.ctx.device)[0]
            self._last[wait.index] = array
            buffer.pending = wait
            buffer.array = None
            buffer.shared = False
        return True

    def _copy(self, plan: _Plan, arrays: list[Any]) -> None:
        """Copy those arguments that are to be donated and that somebody else holds."""
        device = self._executor._ctx.device
        for k, slot in enumerate(plan.donated):
            if max(map(sys.getrefcount, self._last[k : k + 1])) > _KNOWN:
                arrays[slot] = COPY.run((arrays[slot],), device)[0]

    # -- the plan ----------------------------------------------------------------------------------

    @staticmethod
    def _facts(trainer: Trainer) -> tuple:
        """What must not change for a plan to hold."""
        optimizer, groups = trainer._optimizer, trainer._groups
        source = None if optimizer is None else optimizer._update
        return trainer, Parameter.moves, trainer._update, source, len(groups) == 1 and groups[0]

    def prepare(self, trainer: Trainer) -> None:
        """After an update: plan the next steps, if it was of the usual kind, one for all
        parameters."""
        facts = self._facts(trainer)
        if self._plan is not None and facts == self._plan.facts:
            return
        with self._lock:
            self.settle()
            self._plan = None
            *_, source, group = facts
            single = trainer._single()
            if (
                not group
                or single is None
                or source is not trainer._source
                or trainer._gradients is not None
                or trainer._updater is not None
            ):
                return
            executor = self._executor
            places = {id(self._leaves[k]): k for k in self._slots}
            chosen = [i for i, x in enumerate(single) if x._entry is not None]
            slots = [places.get(id(single[i]._buffer), -1) for i in chosen]
            arrays = group.arrays_of(single)
            mine = {*map(id, self._leaves), *map(id, group.states)}
            if (
                group.indices != chosen
                or -1 in slots
                or trainer._lazy(group, arrays)
                or group.sparse
                or len(mine) < len(self._leaves) + len(group.states)
            ):
                return
            kernel = group.kernel(trainer._update, arrays, False)
            for k in self._slots:  # what a region has found does not stay with it
                executor._variables[k].grad._buffer.get()  # type: ignore[union-attr]
            written = [b for bundle in group.written_with(arrays) for b in bundle.buffers]
            self._plan = self._planned(facts, kernel, written, slots)
            self._last = [None] * len(self._plan.buffers)

    def _planned(
        self, facts: tuple, kernel: Kernel, written: list[Buffer], slots: list[int]
    ) -> _Plan:
        """The stage at which a region is after these three parts, and its executable."""
        executor, program, leaves = self._executor, self._program, len(self._leaves)
        owners = [*executor._variables, *[None] * (len(program.numbers) + program.draws)]
        refs = tuple(k << 1 | (v is not None) for k, v in enumerate(owners))
        requests = tuple(0 if v is None else v.request for v in owners)
        starts = tuple(ref(0, i, True) for i in self._heads)
        cotangents, olds = (None,) * len(starts), (None,) * len(self._slots)
        stage = Stage.first(program.kernel).call(program.kernel, refs)
        stage = stage.sweep(
            ((starts, requests), cotangents, olds), starts, cotangents,
            tuple((k,) for k in self._slots), olds, (0,),
        )  # fmt: skip
        states = len(written) - len(slots)
        changed = [*slots, *range(len(owners), len(owners) + states)]
        gradients = [ref(1, k, False) for k in range(len(self._slots))]
        numbers = range(len(owners) + states, len(owners) + states + len(Hyper._fields))
        given = [slot << 1 for slot in changed]
        stage = stage.call(kernel, (
            *given, *(gradients[self._slots.index(slot)] for slot in slots),
            *(slot << 1 for slot in numbers),
        ))  # fmt: skip
        order, _ = stage.order(given, 0)
        visible = program.kernel.visible
        results = [ref(0, i, False) for i in range(visible + len(program.written))]
        key = tuple(results[:visible]), (*results[visible:], *gradients), tuple(order), True
        executable = stage.programs.get(key) or stage.program(*key)
        # the results, and which leaf or other argument each one is to the next step
        inner = program.results(executor._avals)
        buffers = [written[i] for i in order]
        parts = [(_IDLE, aval_of(b.get())) for b in buffers] + [(_FORWARD, a) for a in inner]
        buffers += [Buffer(None, executor._ctx) for _ in range(visible)]
        buffers += [self._leaves[slot] for slot in program.written]
        grads = [executor._variables[k].grad._buffer for k in self._slots]  # type: ignore[union-attr]
        parts += [(_BACKWARD, executor._avals[k]) for k in self._slots]
        waits = [_Wait(self, i, part, aval) for i, (part, aval) in enumerate(parts)]
        count, aux, end = len(written), len(written) + visible, len(buffers)
        kept = [*range(count), *range(aux, end)]
        starting = dict(zip([changed[i] for i in order], range(count), strict=True))
        starting.update(zip(program.written, range(aux, end), strict=True))
        free = [k for k in range(leaves) if k not in starting]
        starting.update(
            zip([*free, *range(leaves, len(owners)), *numbers], itertools.count(end), strict=False)
        )
        return _Plan(
            facts, facts[-1], executable, tuple(changed[i] for i in order), [*buffers, *grads],
            waits, count, aux, end, [buffers[k] for k in kept], [waits[k] for k in kept], kept,
            [self._leaves[k] for k in free],
            operator.itemgetter(*(starting[k] for k in range(numbers.stop))),
        )  # fmt: skip


def _fetch(buffers: Sequence[Buffer], step: Step) -> None:
    """Get what other steps or nobody has handed over; before the lock, for others have locks."""
    for buffer in buffers:
        waits = buffer.pending
        if type(waits) in (Part, Zeros) or (type(waits) is _Wait and waits.step is not step):
            buffer.get()


def _calibrate() -> int:
    """The reference count of an array that is in two lists, and in a part of one."""
    first, second = [object()], []
    second.append(first[0])
    return max(map(sys.getrefcount, first[:1]))


_KNOWN = _calibrate()
