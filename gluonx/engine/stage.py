"""Stages: the structure of deferred work, and the executables compiled for it.

Two training steps are alike if they did the same things to other arrays. What they did is a path
through a tree of stages; the path is found again by looking up one key for each thing done, and at
its end waits the executable.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import report
from .graph import Plan, Sweep
from .kernel import Kernel

if TYPE_CHECKING:
    from .bundle import Bundle

__all__ = ["Stage", "flows", "picker", "place", "ref"]

_MAX_STAGES = 1024
_MAX_PROGRAMS = 64
_clock = itertools.count()
_SHIFT = 20


def ref(position: int, index: int, diff: bool) -> int:
    """Output ``index`` of the node at ``position``, as a number in a key (leaves are >= 0)."""
    return ~((position << _SHIFT | index) << 1 | diff)


def place(number: int) -> tuple[int, int]:
    """The position and the output that a negative ref stands for."""
    number = ~number >> 1
    return number >> _SHIFT, number & ((1 << _SHIFT) - 1)


def flows(number: int) -> bool:
    """Whether a gradient flows through a ref."""
    return bool((number if number >= 0 else ~number) & 1)


def _decoded(number: int) -> tuple[int, int, bool]:
    """A ref as a :class:`~gluonx.engine.graph.Plan` has it."""
    if number >= 0:  # slot << 1 | diff
        return number >> 1, -1, bool(number & 1)
    return *place(number), bool(~number & 1)


def _taker(places: list[int]) -> Callable:
    """A function that gives the entries of a tuple at some places, as a tuple."""
    if places == list(range(places[0], places[0] + len(places))):
        return operator.itemgetter(slice(places[0], places[0] + len(places)))
    return operator.itemgetter(*places)


def picker(places: Sequence[int]) -> Callable:
    """A function that gives the entries of a list or tuple at some places, at least one, as a
    tuple, the first of them once more if it is alone; it makes no call of Python."""
    return operator.itemgetter(*places, *places[: len(places) == 1])


class Stage:
    """What a region has deferred so far, less its arrays.

    The tree hangs on the first kernel, and lives as long as that one.

    Attributes
    ----------
    step : tuple or Sweep or None
        The last thing deferred, as a step of a Plan; None at the root.
    before : Stage or None
    next : dict
        The stages that have followed, by what was done.
    again : dict
        How the last call of each kernel from here found its inputs, see
        :class:`~gluonx.engine.region.Again`.
    sweeps : dict
        What is known of backward passes from here, see :mod:`gluonx.engine.fuse`.
    programs : dict of Kernel
        Executables of all that was deferred, by the results that they return.
    """

    __slots__ = (
        "step", "before", "root", "next", "again", "sweeps", "programs", "grown", "kept", "noted",
        "_order", "_takes", "_slots", "_donated", "_results", "replicas", "swept", "own",
    )  # fmt: skip

    def __init__(self, before: Stage | None, step: Any):
        self.step = step
        self.before = before
        self.root: Stage = self if before is None else before.root
        self.next: dict[Any, Stage] = {}
        self.again: dict[Kernel, Any] = {}
        self.sweeps: dict[Any, Any] = {}
        self.programs: dict[Any, Kernel] = {}
        #: At the root: how many stages there are, and all programs with their stages.
        self.grown = 0
        self.kept: list[tuple[Stage, Any]] = []
        #: Whether it is known why what was deferred here ran before its time.
        self.noted = False
        self._slots: tuple[int, ...] = ()
        self._donated: tuple[int, ...] | None = None
        self._results: dict[tuple, tuple] = {}
        #: What is known of the last step on several devices, see ``replicas``.
        self.replicas: dict[Any, Any] = {}
        self._order: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        self._takes: dict[int, tuple[tuple[int, ...], Sequence[Callable]]] = {}
        #: The last backward pass from here on each device, if ``own``.
        self.swept: dict[Any, Any] = {}
        #: At the root: whether its kernel belongs to one network, and so may keep what is that
        #: network's alive.
        self.own = False

    @staticmethod
    def first(kernel: Kernel) -> Stage:
        """The root of all that begins with ``kernel``."""
        if kernel.stage is None:
            kernel.stage = Stage(None, None)
            kernel.stage.own = kernel.op is None
            report.roots.add(kernel)
        return kernel.stage

    def call(self, kernel: Kernel, refs: tuple[int, ...]) -> Stage:
        """The stage after a call of ``kernel``."""
        key = (kernel, refs)
        found = self.next.get(key)
        if found is None:
            found = self._grow(key, (kernel, tuple(map(_decoded, refs))))
        return found

    def sweep(
        self, key: Any, heads: Sequence[int], cotangents: Sequence[int | None], wanted: tuple,
        olds: Sequence[int | None], over: tuple[int, ...],
    ) -> Stage:  # fmt: skip
        """The stage after a backward pass; ``key`` tells it from others."""
        found = self.next.get(key)
        if found is None:
            step = Sweep(
                tuple(_decoded(h)[:2] for h in heads),
                tuple(None if c is None else _decoded(c) for c in cotangents),
                wanted,
                tuple(None if o is None else _decoded(o) for o in olds),
                over,
            )
            found = self._grow(key, step)
        return found

    def _grow(self, key: Any, step: Any) -> Stage:
        root = self.root
        if root.grown >= _MAX_STAGES:
            root.next.clear()
            root.again.clear()
            root.kept.clear()
            root.grown = 0
        root.grown += 1
        found = self.next[key] = Stage(self, step)
        return found

    def steps(self) -> tuple:
        """All steps from the root to here."""
        found = []
        stage = self
        while stage.before is not None:
            found.append(stage.step)
            stage = stage.before
        return tuple(reversed(found))

    def order(self, refs: Sequence[int], first: int) -> tuple[tuple[int, ...], Sequence[int]]:
        """How a last step that writes its first inputs, ``refs``, returns their new contents.

        JAX pairs donated arrays with results of the same shape and dtype in their order. Returned
        in the order of the slots, each gets back its own memory; in another, XLA copies them all.
        Gives the results in that order, and where each stands if ``first`` others come before.
        """
        if self._order is None:
            last = sorted(range(len(refs)), key=refs.__getitem__)
            self._order = tuple(last), tuple(sorted(range(len(refs)), key=last.__getitem__))
        last, places = self._order
        return last, [first + k for k in places] if first else places

    def takes(
        self, refs: Sequence[int], first: int, written: Sequence[Bundle]
    ) -> tuple[tuple[int, ...], Sequence[Callable]]:
        """As :meth:`order`, with a function of the outputs for each of several bundles."""
        found = self._takes.get(first)
        if found is None:
            last, places = self.order(refs, first)
            rest = iter(places)
            takes = [_taker([next(rest) for _ in bundle.buffers]) for bundle in written]
            found = self._takes[first] = last, takes
        return found

    def slots(self, refs: Sequence[int]) -> tuple[int, ...]:
        """Where a last step that writes its first inputs, ``refs``, has them from."""
        if len(self._slots) != len(refs):
            self._slots = tuple([r >> 1 for r in refs])
        return self._slots

    def donated(self, refs: Sequence[int]) -> tuple[int, ...]:
        """The slots of the arrays among them, each once."""
        if self._donated is None:
            self._donated = tuple(dict.fromkeys(r >> 1 for r in refs if r >= 0))
        return self._donated

    def results(
        self, places: tuple[tuple[int, int], ...]
    ) -> tuple[list[int] | None, tuple[int, ...], tuple[int, ...]]:
        """The order in which results, (position, output) each, are returned, None if it is theirs;
        the refs of the outputs, which come first; and those of the new values of mutable inputs."""
        found = self._results.get(places)
        if found is None:
            steps = self.steps()
            hidden = [index >= steps[position][0].visible for position, index in places]
            order = sorted(range(len(places)), key=hidden.__getitem__)
            numbers = [ref(*places[k], False) for k in order]
            count = hidden.count(False)
            if len(self._results) >= _MAX_PROGRAMS:
                self._results.clear()
            found = self._results[places] = (
                order if sorted(order) != order else None,
                tuple(numbers[:count]),
                tuple(numbers[count:]),
            )
        return found

    def program(
        self, outputs: tuple[int, ...], states: tuple[int, ...], last: tuple[int, ...], front: bool
    ) -> Kernel:
        """The executable that returns some results of the steps.

        Those of the last step that ``last`` names come in this order, before all others if
        ``front``, else after them.
        """
        key = (outputs, states, last, front)
        found = self.programs.get(key)
        if found is None:
            found = self.programs[key] = self._compile(*key)
            self._bound(key)
        return self.use(found)

    @staticmethod
    def use(program: Any) -> Any:
        """Note that a program is about to run."""
        program.used = next(_clock)
        program.runs += 1
        return program

    def keep(self, key: Any, program: Kernel) -> None:
        """Keep a program that was made elsewhere."""
        self.programs[key] = program
        self._bound(key)

    def describe(self) -> str:
        """The steps in words, ``net + loss + backward + update``; equal ones in a row once."""
        names = ["backward" if isinstance(s, Sweep) else s[0].name for s in self.steps()]
        groups = [(name, len(list(same))) for name, same in itertools.groupby(names)]
        return " + ".join(name if n == 1 else f"{n} x {name}" for name, n in groups)

    def _compile(
        self, outputs: tuple[int, ...], states: tuple[int, ...], last: tuple[int, ...], front: bool
    ) -> Kernel:
        steps = self.steps()
        values = [_decoded(number)[:2] for number in (*outputs, *states)]
        news = [(len(steps) - 1, i) for i in last]
        plan = Plan(steps, tuple([*news, *values] if front else [*values, *news]))

        def run(*leaves):
            return plan(*leaves)

        calls = [step for step in steps if not isinstance(step, Sweep)]
        names = dict.fromkeys(step[0].name for step in calls)
        run.__name__ = run.__qualname__ = "_".join(list(names)[:3])
        kernel = Kernel(run, run.__name__, visible=len(outputs))
        kernel.wide = any(step[0].wide for step in calls)
        return kernel

    def _bound(self, key: Any) -> None:
        """Keep the programs that were used last."""
        kept = self.root.kept
        kept.append((self, key))
        if len(kept) > _MAX_PROGRAMS:
            oldest = min(kept, key=lambda item: item[0].programs[item[1]].used)
            kept.remove(oldest)
            del oldest[0].programs[oldest[1]]
