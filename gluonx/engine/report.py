"""What was compiled, how often, and why a step was not fused: :func:`explain`."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .kernel import Kernel
    from .stage import Stage

__all__ = ["Compiled", "Explanation", "Unfused", "explain", "forget", "note"]

_MAX_NOTES = 64

#: Caches of hybridized blocks, and kernels that regions begin with.
blocks: weakref.WeakSet[Any] = weakref.WeakSet()
roots: weakref.WeakSet[Kernel] = weakref.WeakSet()
_notes: dict[tuple[str, str], int] = {}


class Compiled(NamedTuple):
    """One thing that was compiled.

    ``times`` counts compilations and ``runs`` executions; ``reasons`` tells for each compilation
    what was new about it.
    """

    name: str
    times: int
    runs: int
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        runs = f", run {self.runs} times" if self.runs else ""
        head = f"{self.name}: compiled {self.times} time{'s' * (self.times != 1)}{runs}"
        return "\n".join([head, *(f"    {reason}" for reason in self.reasons)])


class Unfused(NamedTuple):
    """Why work that could have been one executable was run in parts.

    ``where`` is the line of code, ``times`` how often it was seen (a part that is like one seen
    before, begun by the same block, is not looked at again).
    """

    reason: str
    where: str
    times: int

    def __str__(self) -> str:
        return f"{self.reason} ({self.times} x)" + f"\n    {self.where}" * bool(self.where)


class Explanation(NamedTuple):
    """What :func:`explain` found; printing it shows all of it."""

    blocks: tuple[Compiled, ...]
    steps: tuple[Compiled, ...]
    unfused: tuple[Unfused, ...]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        parts: list[tuple[str, tuple]] = [
            ("Hybridized blocks", self.blocks),
            ("Executables of deferred work", self.steps),
            ("Not fused, because", self.unfused),
        ]
        for title, items in parts:
            yield title
            for item in items or ("none",):
                yield "\n".join("  " + line for line in str(item).split("\n"))


def explain() -> Explanation:
    """What this process has compiled, and why steps were not fused.

    Returns
    -------
    Explanation
        ``blocks``: the hybridized blocks, how often each was compiled, and which argument had
        changed. ``steps``: the executables made of calls, backward passes and updates together,
        how often they were compiled and run. ``unfused``: what made work run that was still waiting
        for its backward pass or its Trainer, with the line of code. Blocks that are gone are not
        listed.

    Examples
    --------
    >>> import gluonx as gx
    >>> from gluonx import autograd, engine, gluon, nd, nn
    >>> net = nn.Dense(1, in_units=3, prefix='fc_')
    >>> net.initialize()
    >>> net.hybridize()
    >>> trainer = gluon.Trainer(net.collect_params(), 'sgd')
    >>> for n in (4, 4, 2):
    ...     with autograd.record():
    ...         loss = net(nd.ones((n, 3))).sum()
    ...     loss.backward()
    ...     trainer.step(n)
    >>> [block] = [b for b in engine.explain().blocks if b.name == 'fc']
    >>> block.times
    2
    >>> print(block.reasons[1])
    argument 0: shape (4, 3) became (2, 3)
    """
    found = []
    for cache in sorted(blocks, key=lambda c: c.name):
        if cache.history:
            found.append(Compiled(cache.name, cache.traces, 0, tuple(cache.history)))
    steps = []
    for root in roots:
        for stage, key in root.stage.kept:
            program = stage.programs[key]
            name = stage.describe()
            steps.append(Compiled(name, program.compiled, program.runs, ()))
            for several in () if program.together is None else program.together.executables():
                steps.append(Compiled(f"several x ({name})", several.compiled, several.runs, ()))
    unfused = (Unfused(reason, where, times) for (reason, where), times in _notes.items())
    return Explanation(tuple(found), tuple(sorted(steps)), tuple(unfused))


def forget() -> None:
    """Forget why work was not fused, for example before looking at a part of a program."""
    _notes.clear()


def note(reason: str, where: str = "") -> None:
    """Remember why work was not fused."""
    key = (reason, where)
    if key in _notes or len(_notes) < _MAX_NOTES:
        _notes[key] = _notes.get(key, 0) + 1


def note_early(stage: Stage, reason: str) -> None:
    """Remember that work at ``stage`` runs before a backward pass or a Trainer has taken it."""
    if not stage.noted:  # once is enough to find the line, and looking for it takes time
        from .trace import user_frame

        stage.noted = True
        note(reason, user_frame().replace("\n    ", ": "))
