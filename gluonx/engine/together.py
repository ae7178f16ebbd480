"""Several steps as one executable, and when that is worth while.

To start an executable takes a CPU about as long as a small network's step: the call, its results,
waking threads. So steps that are alike wait (in a :class:`~gluonx.engine.queue.Queue`, or with
their Module), and ``COUNT`` of them, each of which starts from what the one before has made, are
one call.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Sequence
from typing import Any

import jax

from . import config, report
from .kernel import Aval, Kernel, has_wide

__all__ = ["Patience", "Together", "allowed", "in_background", "often"]

#: How many steps are one call, and after how many runs of a program that is prepared.
COUNT, AFTER = 4, 500
#: So many queues in a row that somebody has emptied before they were full are too many: the next
#: steps, some at first and then more and more, do not wait.
_IN_VAIN, _REST, _LONGEST = 4, 64, 4096


def often(program: Kernel, pace: Any) -> bool:
    """Whether a program runs so often, and so quickly, that it is worth while to prepare more."""
    return program.runs >= AFTER and pace is not None and pace.quick


def allowed() -> bool:
    """Whether steps may wait, for all that the user has set."""
    debugs: bool = jax.config.jax_debug_nans  # type: ignore[attr-defined]  # looks at each result
    return config.gathers() and not debugs


class Patience:
    """Whether to let steps wait, by how it went with those before."""

    __slots__ = ("_in_vain", "_rest", "_pause")

    def __init__(self) -> None:
        self._in_vain = 0
        #: How many steps do not wait from now on; and the next time.
        self._rest, self._pause = 0, _REST

    def rests(self) -> bool:
        """Whether the next step does not wait."""
        if self._rest:
            self._rest -= 1
            return True
        return False

    def ended(self, count: int) -> None:
        """So many have waited, until they were enough or somebody looked."""
        if count == COUNT:
            self._in_vain, self._pause = 0, _REST
            return
        self._in_vain += 1
        if self._in_vain >= _IN_VAIN:
            self._rest, self._in_vain = self._pause, 0
            self._pause = min(2 * self._pause, _LONGEST)


class Together:
    """The executables of ``COUNT`` steps of one program, which are made in another thread.

    There are two: one returns what the steps before the last have made besides what the next one
    starts from (losses, outputs), for somebody who keeps them; the other does not.

    Parameters
    ----------
    program : Kernel
    arrays : sequence of jax.Array
        What a step takes.
    device : jax.Device
    donate : tuple of int
        The places of those that it gives up.
    links : iterable of (int, int)
        The places of those that come from the step before, each with its place among the results.
    count : int
        How many results there are.
    values : slice
        Those results that somebody may keep.
    kept : bool
        Whether somebody will.
    step : Kernel, optional
        The program of one step, if ``program`` has more to it: ``report.explain`` lists the
        executables under its name.
    """

    def __init__(
        self, program: Kernel, arrays: Sequence[Any], device: Any, donate: tuple[int, ...],
        links: Any, count: int, values: slice, kept: bool = False, step: Kernel | None = None,
    ):  # fmt: skip
        self._program, self._donate, self._device = program, donate, device
        self.step = program if step is None else step
        self._links = list(links)
        self._others = sorted({*range(len(arrays))} - {slot for slot, _ in self._links})
        #: Finds the others of a step, and two more, so that it is a tuple.
        self._pick: Callable = operator.itemgetter(*self._others, 0, 0)
        self._values, self._count = values, count
        self._avals = [Aval(a.shape, a.dtype, sharding=_sharding(a)) for a in arrays]
        self._avals += [self._avals[slot] for slot in self._others] * (COUNT - 1)
        self._kernels: dict[bool, Kernel] = {}
        self._asked: set[bool] = set()
        self._failed = program.wide or has_wide(arrays)
        report.several.add(self)
        self._prepare(kept)

    @property
    def ready(self) -> bool:
        """Whether steps may wait."""
        return bool(self._kernels) and not self._failed

    @property
    def failed(self) -> bool:
        """Whether there will never be an executable."""
        return self._failed

    @property
    def more(self) -> str:
        """What there is besides the steps, in words."""
        return "" if self._program is self.step else " + metrics"

    def link(self, outs: Sequence[Any], arrays: list[Any]) -> None:
        """Let a step start from the results of the one before."""
        for slot, place in self._links:
            arrays[slot] = outs[place]

    def call(self, outs: list, steps: Sequence[Sequence[Any]], kept: bool) -> bool:
        """Run steps that take these arrays; False if that cannot be done, now or ever.

        The tuple of results is appended to ``outs``, see :meth:`results`. What comes from the step
        before counts for the first step only.
        """
        kernel = self._kernels.get(kept)
        if kernel is None or self._failed:
            self._prepare(kept)
            return False
        first = steps[0]
        arrays = list(first)
        for more in steps[1:]:
            arrays += self._pick(more)[:-2]
        try:
            kernel.run_into(outs, arrays, self._device, self._donate)
        except Exception as error:
            self._fail(error)
            if any([first[slot].is_deleted() for slot in self._donate]):
                raise
            return False
        kernel.runs += 1
        return True

    def results(self, outs: tuple) -> tuple[tuple, list[tuple]]:
        """The results of the last step; and those ``values`` of the steps before, if kept."""
        count, each = self._count, len(range(self._count)[self._values])
        starts = range(count, len(outs), max(each, 1))
        return outs[:count], [outs[at : at + each] for at in starts]

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
            in_background(lambda: self._compile(kept))

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


def in_background(function: Callable) -> None:
    """Call a function that compiles, in a thread of its own."""
    threading.Thread(target=function, name="gluonx-compile").start()


def _sharding(array: Any) -> Any:
    return array.sharding if isinstance(array, jax.Array) else None
