"""A training step of a Module, known in advance: one call of one executable.

What an executor does in a step is the same each time: forward, backward, and an update of its
parameters. So nothing needs to be found out on the way. ``forward`` and ``backward`` take note of
the arrays and let the results wait; ``update`` calls the executable that does all of it. Whenever
anything else happens, such as somebody looking at a result before the update, the work goes on the
thread's region as that of any executor, and what follows is done there.
"""

from __future__ import annotations

import itertools
import operator
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import jax.core

from ..engine import config, region
from ..engine.buffer import Buffer, Zeros
from ..engine.graph import Variable
from ..engine.kernel import Kernel, aval_of, is_float
from ..engine.stage import Stage, ref
from ..engine.update import _own
from ..error import MXNetError
from ..ndarray import NDArray
from ..optimizer.group import Group
from ..optimizer.transform import Hyper
from ..parameter import Parameter
from ..symbol.heads import NO_GRADIENT, head_gradients

if TYPE_CHECKING:
    from ..symbol.executor import Executor
    from ..trainer import Trainer

__all__ = ["Step"]

_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")
_NONE = id(None)


class _Wait:
    """What the buffer of a result waits for."""

    __slots__ = ("step", "aval")

    def __init__(self, step: Step, aval: Any):
        self.step = step
        self.aval = aval

    def force(self, buffer: Buffer) -> None:
        self.step.settle()
        if buffer.pending is self:
            raise MXNetError(
                "the contents of this array are gone: a training step failed after it had given "
                "up the old ones. Load the parameters again, from the last checkpoint."
            )


class _Update(NamedTuple):
    """The update of one Trainer behind the step; it holds as long as ``facts`` do.

    ``written`` has the buffers of the parameters and then of the ``states``, in the order of their
    ``slots`` among the arrays (``refs`` as the engine has these). ``waits`` are for all results.
    """

    facts: tuple
    group: Group
    program: Kernel
    written: list[Buffer]
    states: list[Buffer]
    slots: tuple[int, ...]
    refs: list[int]
    waits: list[_Wait]


class Step:
    """The training step of an executor; made by :meth:`of`."""

    def __init__(self, executor: Executor, heads: tuple[int, ...]):
        self._executor = executor
        self._program = program = executor._program(True)
        self._heads = heads
        self._lock = threading.RLock()
        self._leaves = [x._buffer for x in executor._leaves]
        self._states = [self._leaves[slot] for slot in program.written]
        self._slots = [k for k, v in enumerate(executor._variables) if v is not None]
        self._gradients = [executor._variables[k].grad._buffer for k in self._slots]  # type: ignore[union-attr]
        results = program.results(executor._avals)
        visible = program.kernel.visible
        self._output_waits = [_Wait(self, a) for a in results[:visible]]
        self._state_waits = [_Wait(self, a) for a in results[visible:]]
        self._waits = [_Wait(self, executor._avals[k]) for k in self._slots]
        self._now = [None] * len(self._leaves)
        self._update: _Update | None = None
        #: What forward has taken, arrays of the leaves and the rest; whether backward was called.
        self._taken: list[Any] | None = None
        self._extra: list[Any] = []
        self._swept = False
        #: The outputs' buffers of the step under way.
        self._outputs: list[Buffer] = []
        #: The results, until they are handed over.
        self._outs: list[tuple] = []

    @staticmethod
    def of(executor: Executor) -> Step | None:
        """The step of an executor, or None if it is not of the usual kind: one executable that
        starts from losses, and writes gradients to arrays of their own."""
        values = [v for v in executor._variables if v is not None]
        if executor._pieces is not None or not values:
            return None
        try:
            given = head_gradients(executor._symbol, executor.outputs, None)
        except MXNetError:
            return None
        arrays = [*executor._leaves, *(v.grad for v in values)]
        buffers = {id(x._buffer) for x in arrays}
        if (
            len(buffers) < len(arrays)
            or any(type(x) is not NDArray or x._view is not None for x in arrays)
            or any(v.request != Variable.WRITE for v in values)
        ):
            return None
        heads = tuple(i for i, ct in enumerate(given) if ct is not NO_GRADIENT)
        outputs = executor._program(True).outputs
        if not heads or not all(is_float(outputs[i].dtype) for i in heads):
            return None
        executor._ahead = step = Step(executor, heads)
        return step

    # -- the three parts ---------------------------------------------------------------------------

    def forward(self) -> bool:
        """Take what forward needs; False if it is to run as usual."""
        with self._lock:
            executor = self._executor
            if self._outs or self._taken is not None:  # the last one was not used
                self.settle()
                return False
            if executor._monitor is not None or not config.fusion:
                return False
            taken = list(map(_array, self._leaves))
            if _NONE in map(id, taken):
                for k, buffer in enumerate(self._leaves):
                    if taken[k] is None:
                        if type(buffer.pending) is not Zeros:
                            return False
                        taken[k] = buffer.get()
            executor._pullback = executor._heads = executor._taken = None
            executor._ran = True
            self._extra = executor._extra(self._program)
            self._taken = taken
            outputs = []
            for y, wait in zip(executor.outputs, self._output_waits, strict=True):
                if y._buffer.array is None:
                    y._buffer = Buffer(None, executor._ctx)
                outputs.append(y._buffer)
                _wait(y._buffer, wait)
            self._outputs = outputs
            for buffer, wait in zip(self._states, self._state_waits, strict=True):
                _wait(buffer, wait)
            return True

    def backward(self) -> bool:
        """Let the gradients wait; False if backward is to run as usual."""
        with self._lock:
            if self._outs or self._taken is None or self._swept:
                self.settle()
                return False
            self._swept = True
            for buffer, wait in zip(self._gradients, self._waits, strict=True):
                _wait(buffer, wait)
            return True

    def update(self, trainer: Trainer) -> bool:
        """Run forward, backward and a Trainer's update; False if the update is to run as usual."""
        with self._lock:
            update = self._behind(trainer) if self._swept and not self._outs else None
            if update is None or not self._intact(update):
                self.settle()
                return False
            optimizer: Any = trainer._optimizer
            if optimizer is not None:
                before = dict(optimizer._index_update_count), optimizer.num_update
                optimizer._update_count(update.group.indices)
            taken: Any = self._taken
            old = list(map(_array, update.states))
            try:
                numbers = trainer._numbers(update.group, trainer._scale)
                for buffer, wait in zip(update.written, update.waits, strict=False):
                    buffer.pending = wait  # from here on nobody else gets hold of the old contents
                    buffer.array = None
                arrays = [*taken, *self._extra, *old, *numbers]
                _own(arrays, update.slots, update.refs, update.written)
                Stage.use(update.program)
                device = self._executor._ctx.device
                update.program.run_into(self._outs, arrays, device, update.slots)
                if isinstance(self._outs[0][0], jax.core.Tracer):
                    self._outs.clear()
                    raise MXNetError(
                        "JAX believes that it is tracing a function, probably because an earlier "
                        "trace was interrupted. Save what you need and start Python anew."
                    )
            except BaseException:
                if not self._outs:
                    self._restore(update, old)
                    if optimizer is not None:
                        optimizer._index_update_count, optimizer.num_update = before
                raise
            del arrays, old, taken
            self._finish()
            return True

    # -- otherwise ---------------------------------------------------------------------------------

    def settle(self) -> None:
        """Hand over the results of an update that was interrupted, or put forward and backward on
        the thread's region, as far as they were called."""
        with self._lock:
            if self._outs:
                self._finish()
            elif self._taken is not None:
                self._spill(self._taken)
                self._taken, self._swept = None, False

    def _spill(self, taken: list[Any]) -> None:
        executor = self._executor
        mine = region.current(executor._ctx.device, True)
        with mine.lock:
            outs = executor._join(mine, self._program, taken, self._extra)
            buffers = [*self._outputs, *self._states]
            waits = [*self._output_waits, *self._state_waits]
            for buffer, wait, value in zip(buffers, waits, outs, strict=True):
                if buffer.pending is wait:
                    region.hold(buffer, value)
            if not self._swept:
                return
            # what somebody has written since stays
            others = [
                (b, b.array, b.pending)
                for b, wait in zip(self._gradients, self._waits, strict=True)
                if b.pending is not wait
            ]
            heads, executor._heads = executor._heads, None
            executor._backward_deferred([(heads[i], None) for i in self._heads])  # type: ignore[index]
            for buffer, array, pending in others:
                buffer.array, buffer.pending = array, pending

    # -- the update --------------------------------------------------------------------------------

    def _intact(self, update: _Update) -> bool:
        """Whether parameters and gradients are still those of forward and backward."""
        taken: Any = self._taken
        count = len(update.written) - len(update.states)
        then = [taken[slot] for slot in update.slots[:count]]
        return (
            all(map(operator.is_, map(_array, update.written), then))
            and all(map(operator.is_, map(_pending, self._gradients), self._waits))
            and _NONE not in map(id, map(_array, update.states))
        )

    def _finish(self) -> None:
        """Hand the results over; may be interrupted, and called again."""
        update: Any = self._update
        buffers = itertools.chain(update.written, self._outputs, self._states, self._gradients)
        for buffer, wait, array in zip(buffers, update.waits, self._outs[0], strict=True):
            if buffer.pending is wait:
                buffer.array = array
                buffer.pending = None
                buffer.shared = False  # not before: a failed update gives the old contents back
                buffer.version += 1
        self._executor._taken = (self._program, self._now, self._extra)
        self._taken, self._swept = None, False
        self._outs.clear()

    def _restore(self, update: _Update, old: list[Any]) -> None:
        """Give parameters and states their old contents back, as far as these still exist."""
        taken: Any = self._taken
        count = len(update.written) - len(old)
        contents = [*(taken[slot] for slot in update.slots[:count]), *old]
        for buffer, wait, array in zip(update.written, update.waits, contents, strict=False):
            if buffer.pending is wait and not array.is_deleted():
                buffer.array = array
                buffer.pending = None

    def _behind(self, trainer: Trainer) -> _Update | None:
        """A Trainer's update behind this step; None if it is not of the usual kind, one for all
        parameters."""
        optimizer, groups, found = trainer._optimizer, trainer._groups, self._update
        source = None if optimizer is None else optimizer._update
        group = groups[0] if len(groups) == 1 else None
        facts = (trainer, Parameter.moves, trainer._update, source, group)
        if found is not None and facts == found.facts:
            return found
        self._update = None
        single = trainer._single()
        if (
            trainer._gradients is not None
            or trainer._updater is not None
            or source is not trainer._source
            or single is None
            or len(groups) > 1
        ):
            return None
        places = {id(self._leaves[k]): k for k in self._slots}
        chosen = [i for i, x in enumerate(single) if x._entry is not None]
        slots = [places.get(id(single[i]._buffer), -1) for i in chosen]
        if not chosen or -1 in slots:
            return None
        if group is None:
            group = Group(chosen)
            groups.append(group)
        arrays = group.arrays_of(single)
        if group.indices != chosen or trainer._lazy(group, arrays) or group.sparse:
            return None
        kernel = group.kernel(trainer._update, arrays, False)
        group.target = group.device
        written = group.written_with(arrays)
        if len({*map(id, self._leaves), *map(id, group.states)}) < (
            len(self._leaves) + len(group.states)
        ):
            return None
        self._update = self._compiled((*facts[:4], group), group, kernel, written, slots)
        return self._update

    def _compiled(
        self, facts: tuple, group: Group, kernel: Kernel, written: list[Buffer], slots: list[int]
    ) -> _Update:
        """The stage at which a region would be after these three parts, and its executable."""
        program = self._program
        owners = [*self._executor._variables, *[None] * len(self._extra)]
        refs = tuple(k << 1 | (v is not None) for k, v in enumerate(owners))
        requests = tuple(0 if v is None else v.request for v in owners)
        starts = tuple(ref(0, i, True) for i in self._heads)
        cotangents, olds = (None,) * len(starts), (None,) * len(self._slots)
        stage = Stage.first(program.kernel).call(program.kernel, refs)
        stage = stage.sweep(
            ((starts, requests), cotangents, olds), starts, cotangents,
            tuple((k,) for k in self._slots), olds, (0,),
        )  # fmt: skip
        first = len(owners) + len(group.states)
        changed = [*slots, *range(len(owners), first)]
        gradients = [ref(1, k, False) for k in range(len(self._slots))]
        given = [
            *(slot << 1 for slot in changed),
            *(gradients[self._slots.index(slot)] for slot in slots),
            *(slot << 1 for slot in range(first, first + len(Hyper._fields))),
        ]
        stage = stage.call(kernel, tuple(given))
        last, _ = stage.order(given[: len(changed)], 0)
        results = [ref(0, i, False) for i in range(len(self._output_waits) + len(self._states))]
        visible = len(self._output_waits)
        executable = stage.program(
            tuple(results[:visible]), (*results[visible:], *gradients), tuple(last), True
        )
        written = [written[i] for i in last]
        waits = [_Wait(self, aval_of(b.get())) for b in written]
        return _Update(
            facts, group, executable, written, written[len(slots) :],
            tuple(changed[i] for i in last), [k << 1 for k in sorted(changed)],
            [*waits, *self._output_waits, *self._state_waits, *self._waits],
        )  # fmt: skip


def _wait(buffer: Buffer, wait: _Wait) -> None:
    buffer.array = None
    buffer.pending = wait
    buffer.shared = False
    buffer.version += 1
