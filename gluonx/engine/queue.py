"""Queues: training steps that wait on a region until several of them run as one executable.

Steps that are alike gather here, and ``together.COUNT`` of them, each of which starts from the
parameters that the one before has made, are one call. Whoever looks at anything runs what is there,
one by one. A step waits only if its program has run many times and takes little time, so that
nothing is lost if the next one is long in coming.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import together
from .bundle import Part
from .together import Patience, Together

if TYPE_CHECKING:
    from .job import Job
    from .region import Region

__all__ = ["Queue"]


class Queue:
    """The steps that wait on one region."""

    __slots__ = ("jobs", "_region", "_patience")

    def __init__(self, region: Region):
        self.jobs: list[Job] = []
        self._region = region
        self._patience = Patience()

    def __bool__(self) -> bool:
        return bool(self.jobs)

    # -- waiting -----------------------------------------------------------------------------------

    def wants(self, job: Job, old: Sequence[Any]) -> bool:
        """Whether a step is to wait; if not, those that wait have run.

        ``old`` are the contents of what it writes.
        """
        if not self.jobs:
            return self._worth(job, old)
        first = self.jobs[0]
        begun = len(self.jobs) == together.COUNT or first.outs
        alike = job.program is first.program and job.written is first.written
        if alike and not begun and _usual(job):
            # the parts that stand for what the step before makes are where it takes them from
            if list(map(type, self._region.arrays)).count(Part) == len(first.donate):
                return True
        self.run()
        return False

    def _worth(self, job: Job, old: Sequence[Any]) -> bool:
        if self._patience.rests():
            return False
        program, region = job.program, self._region
        if program is None or not together.often(program, region.pace):
            return False
        if not together.allowed() or not _usual(job) or region.spread:
            return False
        if program.together is None:
            places = [place for take in job.takes for place in take(range(job.count))]
            program.together = Together(
                program, region.arrays, region.device, job.donate,
                zip(job.slots, places, strict=True), job.count,
                slice(job.base, job.base + len(job.values)),
            )  # fmt: skip
            return False
        return program.together.ready and all(
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
        if len(self.jobs) == together.COUNT:
            self.run()
            job.dispatched(together.COUNT)

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
        if len(jobs) == together.COUNT or not jobs[0].outs:
            self._patience.ended(len(jobs))
        if len(jobs) < together.COUNT or not self._as_one(jobs[0].program.together):
            self._one_by_one(jobs[0].program.together)
        last = jobs[-1]
        last.hand_over()
        self._region.fill(last.by_part(last.news()))
        for job in jobs:
            job.leave()
        self.jobs = []

    def _as_one(self, executables: Together) -> bool:
        """Run all in one call, and give the results of all but the last; False if that cannot be
        done."""
        first, *_, last = jobs = self.jobs
        if not first.all:
            if first.outs:  # they have begun to run one by one
                return False
            kept = any([v.holder() is not None for job in jobs[:-1] for v in job.values])
            if not executables.call(first.all, [job.arrays for job in jobs], kept):
                return False
        outs, before = executables.results(first.all[0])
        if not last.outs:
            last.outs.append(outs)
        for job, values in zip(jobs[:-1], before or itertools.repeat(()), strict=False):
            job.give(values)
        return True

    def _one_by_one(self, executables: Together) -> None:
        for job, after in itertools.zip_longest(self.jobs, self.jobs[1:]):
            try:
                if not job.outs:
                    job.program.run_into(job.outs, job.arrays, self._region.device, job.donate)
            except Exception:
                self._give_up(job)
                raise
            if after is not None:
                job.give(job.outs[0][job.base :])
                if not after.outs:
                    executables.link(job.outs[0], after.arrays)

    def _give_up(self, failed: Job) -> None:
        """A step has failed: what it and later ones write gets back what it started from, as far
        as that still exists."""
        last, region = self.jobs[-1], self._region
        rest = iter([failed.arrays[slot] for slot in failed.slots])
        old = [tuple(itertools.islice(rest, len(bundle.buffers))) for bundle in last.written]
        region.fill(failed.by_part(old))
        for bundle, contents in zip(last.written, old, strict=True):
            bundle.restore(contents, last.updating)
        for job in self.jobs:
            job.leave()
        self.jobs = []
        if any([a.is_deleted() for contents in old for a in contents]):
            region.begin()  # what is pending may need them


def _usual(job: Job) -> bool:
    """Whether a step went backward, has nothing left for another pass, and its gradients are all
    to be kept or have all been replaced."""
    return (
        job.recorded is None
        and bool(job.sweeps)
        and all([not wanted for _, wanted in job.sweeps])
        and len(job.donate) == len(job.slots)
    )
