"""Queues: training steps that wait until several of them run as one executable.

To start an executable takes a CPU about as long as a small network's step: the call, its results,
waking threads. So steps that are alike gather here, and ``COUNT`` of them, each of which starts
from the parameters that the one before has made, are one call. Whoever looks at anything runs what
is there, one by one. A step waits only if its program has run many times and takes little time, so
that nothing is lost if the next one is long in coming.
"""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax

from . import config, report
from .bundle import Part
from .kernel import Aval, Kernel, has_wide

if TYPE_CHECKING:
    from .job import Job
    from .region import Region

__all__ = ["Queue"]

#: How many steps are one call, and after how many runs of a program that is prepared.
COUNT, AFTER = 4, 500
#: So many queues in a row that somebody has emptied before they were full are too many: the next
#: steps, some at first and then more and more, do not wait.
_IN_VAIN, _REST, _LONGEST = 4, 64, 4096


class Queue:
    """The steps that wait on one region."""

    __slots__ = ("jobs", "_region", "_in_vain", "_rest", "_pause")

    def __init__(self, region: Region):
        self.jobs: list[Job] = []
        self._region = region
        self._in_vain = 0
        #: How many steps do not wait from now on; and the next time.
        self._rest, self._pause = 0, _REST

    def __bool__(self) -> bool:
        return bool(self.jobs)

    # -- waiting -----------------------------------------------------------------------------------

    def wants(self, job: Job, old: Sequence[Any]) -> bool:
        """Whether a step is to wait; if not, those that wait have run.

        ``old`` are the contents of what it writes.
        """
        if not self.jobs:
            return self._worth(job, old)
        first, begun = self.jobs[0], len(self.jobs) == COUNT or self.jobs[0].outs
        alike = job.program is first.program and job.written is first.written
        if alike and not begun and _usual(job):
            # the parts that stand for what the step before makes are where it takes them from
            if list(map(type, self._region.arrays)).count(Part) == len(first.donate):
                return True
        self.run()
        return False

    def _worth(self, job: Job, old: Sequence[Any]) -> bool:
        if self._rest:
            self._rest -= 1
            return False
        program = job.program
        if program is None or not _often(program, self._region.pace):
            return False
        if not config.gathers() or not _usual(job) or self._region.spread:
            return False
        if jax.config.jax_debug_nans:  # type: ignore[attr-defined]  # looks at each result
            return False
        together = program.together
        if together is None:
            program.together = Together(job)
            return False
        return together.ready and all(
            map(operator.is_, old, [bundle.arrays for bundle in job.written])
        )

    def add(self, job: Job) -> None:
        """Let a step wait that the queue :meth:`wants`, and run all if it is full.

        May be interrupted: the step waits once it is among the ``jobs``, see :meth:`resume`.
        """
        region = self._region
        job.nodes, job.arrays = region.nodes, region.arrays
        self.jobs.append(job)
        self.resume()
        if len(self.jobs) == COUNT:
            self.run()
            job.dispatched(COUNT)

    def resume(self) -> None:
        """Let the region begin anew, if it still has the step that was added last."""
        if self.jobs and self._region.nodes is self.jobs[-1].nodes:
            self.jobs[-1].enter()
            self._region.begin()

    # -- running -----------------------------------------------------------------------------------

    def run(self) -> None:
        """Run all; may be interrupted, and done again."""
        jobs = self.jobs
        if not jobs:
            return
        self.resume()
        if len(jobs) == COUNT:
            self._in_vain, self._pause = 0, _REST
        elif not jobs[0].outs:
            self._in_vain += 1
            if self._in_vain >= _IN_VAIN:
                self._rest, self._in_vain = self._pause, 0
                self._pause = min(2 * self._pause, _LONGEST)
        together: Together = jobs[0].program.together
        if len(jobs) < COUNT or not together.run(jobs):
            self._one_by_one(together)
        last = jobs[-1]
        last.hand_over()
        self._region.fill(last.by_part(last.news()))
        for job in jobs:
            job.leave()
        self.jobs = []

    def _one_by_one(self, together: Together) -> None:
        for job, after in itertools.zip_longest(self.jobs, self.jobs[1:]):
            try:
                if not job.outs:
                    job.program.run_into(job.outs, job.arrays, self._region.device, job.donate)
            except Exception:
                self._give_up(job, together)
                raise
            if after is not None:
                job.give(job.outs[0][job.base :])
                if not after.outs:
                    together.link(job.outs[0], after.arrays)

    def _give_up(self, failed: Job, together: Together) -> None:
        """A step has failed: what it and later ones write gets back what it started from, as far
        as that still exists."""
        last, region = self.jobs[-1], self._region
        old = together.start(failed.arrays)
        region.fill(failed.by_part(old))
        for bundle, contents in zip(last.written, old, strict=True):
            bundle.restore(contents, last.updating)
        for job in self.jobs:
            job.leave()
        self.jobs = []
        if any([a.is_deleted() for contents in old for a in contents]):
            region.begin()  # what is pending may need them


def _often(program: Kernel, pace: Any) -> bool:
    """Whether a program runs so often that it is worth while to prepare more."""
    return program.runs >= AFTER and pace is not None and pace.quick


def _usual(job: Job) -> bool:
    """Whether a step went backward, has nothing left for another pass, and its gradients are all
    to be kept or have all been replaced."""
    return (
        job.recorded is None
        and bool(job.sweeps)
        and all([not wanted for _, wanted in job.sweeps])
        and len(job.donate) == len(job.slots)
    )


class Together:
    """The executables of ``COUNT`` steps of one program, which are made in another thread.

    There are two: one returns what the steps before the last have made besides parameters, states
    and gradients (losses, outputs), for somebody who keeps them; the other does not.
    """

    def __init__(self, job: Job):
        arrays = job.region.arrays
        self._program, self._donate, self._device = job.program, job.donate, job.device
        self._sizes = [len(bundle.buffers) for bundle in job.written]
        #: The slots of what is written, with the outputs that take its place.
        places = [place for take in job.takes for place in take(range(job.count))]
        self._links = list(zip(job.slots, places, strict=True))
        self._others = sorted({*range(len(arrays))} - {*job.slots})
        #: Finds the others of a step, and two more, so that it is a tuple.
        self._pick: Callable = operator.itemgetter(*self._others, 0, 0)
        self._values = slice(job.base, job.base + len(job.values))
        self._count = job.count
        self._avals = [Aval(a.shape, a.dtype, sharding=_sharding(a)) for a in arrays]
        self._avals += [self._avals[slot] for slot in self._others] * (COUNT - 1)
        self._kernels: dict[bool, Kernel] = {}
        self._asked: set[bool] = set()
        self._failed = job.program.wide or has_wide(arrays)
        self._prepare(False)

    @property
    def ready(self) -> bool:
        """Whether steps may wait."""
        return False in self._kernels and not self._failed

    def link(self, outs: Sequence[Any], arrays: list[Any]) -> None:
        """Let a step start from the outputs of the one before."""
        for slot, place in self._links:
            arrays[slot] = outs[place]

    def start(self, arrays: Sequence[Any]) -> list[tuple]:
        """What a step starts from, of all that it writes."""
        rest = iter([arrays[slot] for slot, _ in self._links])
        return [tuple(itertools.islice(rest, size)) for size in self._sizes]

    def run(self, jobs: Sequence[Job]) -> bool:
        """Run steps, and give the results of all but the last; False if that cannot be done."""
        first, last = jobs[0], jobs[-1]
        if not first.all:
            if first.outs:  # they have begun to run one by one
                return False
            kept = any([v.holder() is not None for job in jobs[:-1] for v in job.values])
            kernel = self._kernels.get(kept)
            if kernel is None or self._failed:
                self._prepare(kept)
                return False
            arrays = list(first.arrays)
            for job in jobs[1:]:
                arrays += self._pick(job.arrays)[:-2]
            try:
                kernel.run_into(first.all, arrays, self._device, self._donate)
            except Exception as error:
                self._fail(error)
                if any([first.arrays[slot].is_deleted() for slot in self._donate]):
                    raise
                return False
            kernel.runs += 1
        outs, at = first.all[0], self._count
        if not last.outs:
            last.outs.append(outs[:at])
        for job in jobs[:-1]:
            job.give(outs[at : at + len(job.values)])
            at += len(job.values)
        return True

    def executables(self) -> list[Kernel]:
        """Those that there are."""
        return list(self._kernels.values())

    def _fail(self, error: Exception) -> None:
        self._failed = True
        text = str(error).split("\n")[0][:200]
        report.note(f"several steps of {self._program.name} cannot be one executable: {text}")

    def _prepare(self, kept: bool) -> None:
        """Have an executable made."""
        if kept not in self._asked and not self._failed:
            self._asked.add(kept)
            _in_background(lambda: self._compile(kept))

    def _compile(self, kept: bool) -> None:
        try:
            kernel = Kernel(self._steps(kept), f"{COUNT}_times_{self._program.name}")
            kernel.prepare(self._avals, self._device, self._donate)
            self._kernels[kept] = kernel
        except Exception as error:
            self._fail(error)

    def _steps(self, kept: bool) -> Callable:
        step = jax.jit(self._program.fn)
        links, others, values = self._links, self._others, self._values
        count = len(links) + len(others)

        def run(*arrays: Any) -> tuple:
            start, rest = list(arrays[:count]), iter(arrays[count:])
            outs, more = step(*start), []
            for _ in range(COUNT - 1):
                more += outs[values] if kept else ()
                for slot in others:
                    start[slot] = next(rest)
                for slot, place in links:
                    start[slot] = outs[place]
                outs = step(*start)
            return (*outs, *more)

        run.__name__ = run.__qualname__ = f"{COUNT}_times_{self._program.name}"
        return run


def _in_background(function: Callable) -> None:
    threading.Thread(target=function, name="gluonx-compile").start()


def _sharding(array: Any) -> Any:
    return array.sharding if isinstance(array, jax.Array) else None
