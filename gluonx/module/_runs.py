"""How the prepared steps of a Module run: one by one, or several in one call."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import jax.core

from ..engine import pages, together
from ..engine.kernel import COPY, Kernel
from ..engine.pace import Pace
from ..engine.together import Patience, Together
from ..error import MXNetError
from ._measure import Measure, Measured
from ._plan import IDLE, Plan

__all__ = ["Runs", "Waiting"]

#: Programs with so many different metrics are kept.
_MOST = 4


class Waiting:
    """A step that waits: what it takes besides the results of the one before; the optimizer with
    its counts before the step, in case that it fails; and the metrics that are to see its outputs.
    """

    __slots__ = ("rest", "optimizer", "before", "measured")

    def __init__(self, rest: list[Any], optimizer: Any, before: Any):
        self.rest = rest
        self.optimizer = optimizer
        self.before = before
        self.measured: list[Measured] = []


class Runs:
    """The steps of a plan: the results of the last one that has run, and those that wait to start
    from these."""

    def __init__(self, device: Any):
        self._device = device
        self._plan: Plan | None = None
        #: How far the present step has got.
        self._part = IDLE
        #: Results that were not handed over to their buffers.
        self._last: list[Any] = []
        #: Steps before the present one that wait.
        self._queue: list[Waiting] = []
        #: The tuple of new results, until it is in its place; and what made it, if it is of all
        #: steps that wait, and not of the first or the present one.
        self._outs: list[tuple] = []
        self._by: Together | None = None
        #: What metrics are still to be told: the outputs, or what was computed of them.
        self._news: list[tuple[Measured, Sequence[Any], Sequence[Any] | None]] = []
        #: Several steps as one executable, by what is measured.
        self._together: dict[tuple[Measure, ...], Together] = {}
        self._patience = Patience()
        self._pace = Pace() if getattr(device, "platform", None) == "cpu" else None

    def _forget(self) -> None:
        """There is no plan any more."""
        self._plan = None
        self._together = {}

    def _worth(self, rest: list[Any]) -> bool:
        """Whether a step is to wait though none does."""
        plan: Any = self._plan
        if self._patience.rests() or not together.often(plan.program, self._pace):
            return False
        if not together.allowed():
            return False
        if () not in self._together:
            arrays, outputs = plan.arguments(self._last, rest), slice(plan.count, plan.aux)
            self._make((), plan.program, arrays, outputs)
        return self._together[()].ready

    def _make(
        self, measures: tuple[Measure, ...], program: Kernel, arrays: list[Any], values: slice
    ) -> Together:
        """Have steps made one executable; ``values`` are the results that metrics want."""
        plan: Any = self._plan
        if len(self._together) > _MOST:
            self._together = {(): self._together[()]}
        self._together[measures] = made = Together(
            program, arrays, self._device, plan.donated,
            zip(plan.kept_slots, plan.kept_at, strict=True),
            max(len(plan.buffers), values.stop), values, bool(measures), plan.program,
        )  # fmt: skip
        return made

    def _run_if_full(self) -> None:
        """Run the steps that wait if they are enough, and metrics have seen them all."""
        queue = self._queue
        if len(queue) >= together.COUNT:
            last, before = queue[-1].measured, queue[-2].measured
            if len(last) >= len(before):
                self._run()

    def _run(self) -> None:
        """Run the steps that wait, and tell metrics; may be interrupted, and done again."""
        if self._outs:
            self._finish()
        if self._queue:
            self._patience.ended(len(self._queue))
            try:
                if len(self._queue) != together.COUNT or not self._as_one():
                    while self._queue:
                        self._call(self._queue[0].rest)
            except Exception:
                self._give_up()
                raise
        while self._news:
            (measured, outputs, values), *rest = self._news
            self._news = rest
            measured.tell(outputs, values, self._device)

    def _call(self, rest: list[Any]) -> None:
        """Run one step; may be interrupted once its results are there, see :meth:`_finish`."""
        plan: Any = self._plan
        self._by = None
        arrays = self._own(plan.arguments(self._last, rest))
        plan.program.run_into(self._outs, arrays, self._device, plan.donated)
        if plan.program.runs in pages.AT:
            pages.watch(plan.program, arrays, self._device, plan.donated)
        if isinstance(self._outs[0][0], jax.core.Tracer):
            self._outs.clear()
            raise MXNetError(
                "JAX believes that it is tracing a function, probably because an earlier trace was "
                "interrupted. Save what you need and start Python anew."
            )
        self._finish()
        self._dispatched(1)

    def _as_one(self) -> bool:
        """Run all steps that wait in one call; False if that cannot be done."""
        plan: Any = self._plan
        first, *others = self._queue
        measures = tuple([m.measure for m in first.measured])
        if [1 for s in others if tuple([m.measure for m in s.measured]) != measures]:
            return False
        steps = [self._own(plan.arguments(self._last, first.rest))]
        steps += [plan.arguments((), step.rest) for step in others]
        self._by = self._measuring(measures, steps[0]) if measures else self._together[()]
        if self._by.failed:  # metrics get outputs instead
            self._by = self._together[()]
        if self._by is not self._together[()]:
            for arrays, step in zip(steps, self._queue, strict=True):
                for measured in step.measured:
                    arrays += measured.labels
        if not self._by.call(self._outs, steps, bool(measures)):
            return False
        count = len(self._queue)
        self._finish()
        self._dispatched(count)
        return True

    def _measuring(self, measures: tuple[Measure, ...], arrays: list[Any]) -> Together:
        """Several steps, the first of which takes ``arrays``, with what is measured of each as one
        executable."""
        found = self._together.get(measures)
        if found is not None:
            return found
        plan: Any = self._plan
        step, outputs, count = plan.program, slice(plan.count, plan.aux), len(arrays)
        labels = [measure.labels for measure in measures]

        def run(*given: Any) -> tuple:
            outs, at = step.fn(*given[:count]), count
            found: list[Any] = []
            for measure, size in zip(measures, labels, strict=True):
                found += measure.kernel.fn(*measure.pick(given[at : at + size], outs[outputs]))
                at += size
            return (*outs, *found)

        run.__name__ = run.__qualname__ = f"{step.name}_measured"
        program = Kernel(run, run.__name__, visible=step.visible)
        program.wide = step.wide or any(measure.kernel.wide for measure in measures)
        given = [label for measured in self._queue[0].measured for label in measured.labels]
        end = len(plan.buffers)
        values = slice(end, end + sum(measure.count for measure in measures))
        return self._make(measures, program, [*arrays, *given], values)

    def _finish(self) -> None:
        """New results are there; may be interrupted, and called again."""
        plan: Any = self._plan
        outs, queue, news = self._outs[0], self._queue, list(self._news)
        if not queue:
            self._last, self._part, self._outs = list(outs), IDLE, []
            return
        if self._by is None:
            news += [(m, outs[plan.count : plan.aux], None) for m in queue[0].measured]
            queue = queue[1:]
        else:
            outs, before = self._by.results(outs)
            found = [*before, outs[plan.count : plan.aux], outs[len(plan.buffers) :]]
            measuring = self._by is not self._together[()]
            found.pop(-2 if measuring else -1)
            for step, values in zip(queue, found, strict=False):
                at = 0
                for m in step.measured:
                    end = at + m.measure.count
                    news.append((m, (), values[at:end]) if measuring else (m, values, None))
                    at = end
            outs, queue = outs[: len(plan.buffers)], []
        self._last, self._queue, self._news, self._outs = list(outs), queue, news, []

    def _dispatched(self, steps: int) -> None:
        plan: Any = self._plan
        if self._pace is not None and plan.small is not None:
            self._pace.dispatched(self._last[plan.small], steps)

    def _own(self, arrays: list[Any]) -> list[Any]:
        """Arguments, those that are to be donated and that somebody else holds copied."""
        plan: Any = self._plan
        if max(map(sys.getrefcount, self._last[: plan.count])) > _KNOWN:
            for k, slot in enumerate(plan.donated):
                if max(map(sys.getrefcount, self._last[k : k + 1])) > _KNOWN:
                    arrays[slot] = COPY.run((arrays[slot],), self._device)[0]
        return arrays

    def _give_up(self) -> None:
        """The first step that waits has failed: it and later ones are forgotten."""
        plan: Any = self._plan
        optimizer, before = self._queue[0].optimizer, self._queue[0].before
        nothing = [None] * len(plan.buffers)
        last = [
            *self._last[: plan.count], *nothing[plan.count : plan.aux],
            *self._last[plan.aux : plan.grads], *nothing[plan.grads :],
        ]  # fmt: skip
        if optimizer is not None:
            optimizer._index_update_count, optimizer.num_update = before
        self._last, self._queue = last, []


def _calibrate() -> int:
    """The reference count of an array that is in two lists, and in a part of one."""
    first, second = [object()], []
    second.append(first[0])
    return max(map(sys.getrefcount, first[:1]))


_KNOWN = _calibrate()
