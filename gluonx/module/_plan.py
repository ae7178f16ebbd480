"""What a training step of a Module does, found out once: :class:`Plan`."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..engine.buffer import Buffer
from ..engine.kernel import Kernel, aval_of
from ..engine.pace import smallest
from ..engine.stage import Stage, ref
from ..error import MXNetError
from ..optimizer.transform import Hyper
from ..parameter import Parameter

if TYPE_CHECKING:
    from ..optimizer.group import Group
    from ..symbol.executor import Executor
    from ..trainer import Trainer
    from .step import Step

__all__ = ["BACKWARD", "FORWARD", "IDLE", "Plan", "Wait", "facts_of", "plan_of"]

#: What has been called of a step; a result waits for one of them.
IDLE, FORWARD, BACKWARD = 0, 1, 2


class Wait:
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
                "this array was never computed: the training step that makes it failed. Run a step "
                "again, and look at its error."
                if self.part
                else "the contents of this array are gone: a training step failed after it had "
                "given up the old ones. Load the parameters again, from the last checkpoint."
            )


@dataclass(slots=True)
class Plan:
    """A step with the update of one Trainer; it holds as long as ``facts`` do.

    The results, ``buffers`` and what they wait for, are those that the update writes (``count``
    parameters and states, at ``donated`` among the arguments), the outputs from there to ``aux``,
    auxiliary states, and from ``grads`` on the gradients. ``kept`` are those that the next step
    starts from, results ``kept_at``, at ``kept_slots`` among the arguments; ``given`` the other
    leaves. ``small`` is a small result that no step gives up.
    """

    facts: tuple
    group: Group
    program: Kernel
    donated: tuple[int, ...]
    buffers: list[Buffer]
    waits: list[Wait]
    count: int
    aux: int
    grads: int
    kept: list[Buffer]
    kept_waits: list[Wait]
    kept_at: list[int]
    kept_slots: list[int]
    given: list[Buffer]
    grad_buffers: list[Buffer]
    grad_waits: list[Wait]
    small: int | None
    #: Picks the arguments from results that are kept, leaves that are given, and numbers.
    pick: Any

    def arguments(self, last: Sequence[Any], rest: Sequence[Any]) -> list[Any]:
        """The arguments, from the results of the step before, and all that comes from elsewhere:
        the ``given`` leaves, and numbers."""
        missing = self.grads - len(last)
        return list(self.pick([*last[: self.grads], *[None] * missing, *rest]))


def facts_of(trainer: Trainer) -> tuple:
    """What must not change for a plan to hold."""
    optimizer, groups = trainer._optimizer, trainer._groups
    source = None if optimizer is None else optimizer._update
    return trainer, Parameter.moves, trainer._update, source, len(groups) == 1 and groups[0]


def plan_of(step: Step, executor: Executor, heads: Sequence[int], facts: tuple) -> Plan | None:
    """The plan of an executor's step from ``heads``, after an update; None if that was not of the
    usual kind, one for all parameters."""
    trainer, *_, source, group = facts
    single = trainer._single()
    if (
        not group
        or single is None
        or source is not trainer._source
        or trainer._gradients is not None
        or trainer._updater is not None
    ):
        return None
    leaves = [x._buffer for x in executor._leaves]
    trained = [k for k, v in enumerate(executor._variables) if v is not None]
    places = {id(leaves[k]): k for k in trained}
    chosen = [i for i, x in enumerate(single) if x._entry is not None]
    slots = [places.get(id(single[i]._buffer), -1) for i in chosen]
    arrays = group.arrays_of(single)
    mine = {*map(id, leaves), *map(id, group.states)}
    if (
        group.indices != chosen
        or -1 in slots
        or trainer._lazy(group, arrays)
        or group.sparse
        or len(mine) < len(leaves) + len(group.states)
    ):
        return None
    kernel = group.kernel(trainer._update, arrays, False)
    for k in trained:  # what a region has found does not stay with it
        executor._variables[k].grad._buffer.get()  # type: ignore[union-attr]
    written = [b for bundle in group.written_with(arrays) for b in bundle.buffers]

    # the stage at which a region is after these three parts, and its executable
    program = executor._program(True)
    owners = [*executor._variables, *[None] * (len(program.numbers) + program.draws)]
    states = len(written) - len(slots)
    changed = [*slots, *range(len(owners), len(owners) + states)]
    numbers = range(len(owners) + states, len(owners) + states + len(Hyper._fields))
    executable, order = _executable(
        program, kernel, owners, heads, trained, slots, changed, numbers
    )
    # the results, and which leaf or other argument each one is to the next step
    visible = program.kernel.visible
    inner = program.results(executor._avals)
    buffers = [written[i] for i in order]
    parts = [(IDLE, aval_of(b.get())) for b in buffers] + [(FORWARD, a) for a in inner]
    buffers += [Buffer(None, executor._ctx) for _ in range(visible)]
    buffers += [leaves[slot] for slot in program.written]
    grads = [executor._variables[k].grad._buffer for k in trained]  # type: ignore[union-attr]
    parts += [(BACKWARD, executor._avals[k]) for k in trained]
    waits = [Wait(step, i, part, aval) for i, (part, aval) in enumerate(parts)]
    count, aux, end = len(written), len(written) + visible, len(buffers)
    kept = [*range(count), *range(aux, end)]
    donated = [changed[i] for i in order]
    starting = dict(zip([*donated, *program.written], kept, strict=True))
    free = [k for k in range(len(leaves)) if k not in starting]
    kept_slots = list(starting)
    starting.update(
        zip([*free, *range(len(leaves), len(owners)), *numbers], itertools.count(end), strict=False)
    )
    loose = [*range(count, aux), *range(end, len(waits))]
    small = smallest([waits[k].aval for k in loose])
    return Plan(
        facts, group, executable, tuple(donated), [*buffers, *grads], waits, count, aux, end,
        [buffers[k] for k in kept], [waits[k] for k in kept], kept, kept_slots,
        [leaves[k] for k in free], grads, waits[end:],
        None if small is None else loose[small],
        operator.itemgetter(*(starting[k] for k in range(numbers.stop))),
    )  # fmt: skip


def _executable(
    program: Any, kernel: Kernel, owners: Sequence[Any], heads: Sequence[int],
    trained: Sequence[int], slots: Sequence[int], changed: Sequence[int], numbers: range,
) -> tuple[Kernel, Sequence[int]]:  # fmt: skip
    """The executable of forward, backward and update, and the order in which it returns what the
    update writes."""
    refs = tuple(k << 1 | (v is not None) for k, v in enumerate(owners))
    requests = tuple(0 if v is None else v.request for v in owners)
    starts = tuple(ref(0, i, True) for i in heads)
    cotangents, olds = (None,) * len(starts), (None,) * len(trained)
    stage = Stage.first(program.kernel).call(program.kernel, refs)
    stage = stage.sweep(
        ((starts, requests), cotangents, olds), starts, cotangents,
        tuple((k,) for k in trained), olds, (0,),
    )  # fmt: skip
    gradients = [ref(1, k, False) for k in range(len(trained))]
    given = [slot << 1 for slot in changed]
    taken = [gradients[trained.index(slot)] for slot in slots]
    stage = stage.call(kernel, (*given, *taken, *(slot << 1 for slot in numbers)))
    order, _ = stage.order(given, 0)
    visible = program.kernel.visible
    results = [ref(0, i, False) for i in range(visible + len(program.written))]
    key = tuple(results[:visible]), (*results[visible:], *gradients), tuple(order), True
    return stage.programs.get(key) or stage.program(*key), order
