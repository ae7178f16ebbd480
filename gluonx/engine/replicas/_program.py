"""The program over several devices of a stage and an update."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..across import compiling_for
from ..graph import Plan
from ..kernel import Kernel, x64
from ..spread import AXIS, WHOLE, Team, spmd, wide_scope
from ..stage import Stage, place

__all__ = ["Program", "compile_step", "copied"]


class Program(Kernel):
    """A program for several devices, kept by its stage."""

    __slots__ = ("mapped", "taken")

    mapped: Any
    taken: list[Any]

    def text(self) -> str:
        """What XLA has made of it; compiles once more."""
        with x64() if self.wide else nullcontext():
            return self.mapped.lower(*self.taken).compile().as_text() or ""


def compile_step(
    stage: Stage, team: Team, kinds: Sequence[str], sums: range, last: Sequence[int],
    values: Sequence[int], outs: Sequence[str], donate: tuple[int, ...], spares: int,
    token: bool,
) -> Program:  # fmt: skip
    """The program that returns the update's results in the order ``last``, the sums over the
    devices of those of its inputs that ``sums`` names, and ``values``.

    The last inputs, as many as ``spares`` says, only give up their memory for the sums. The last
    result is a ``token``, if there is to be one.
    """
    *steps, (update, refs) = stage.steps()
    inputs = [r[:2] for r in refs]
    plan = Plan(tuple(steps), (*inputs, *map(place, values)))

    def run(*leaves):
        leaves, old = leaves[: len(kinds) - spares], leaves[len(kinds) - spares :]
        with compiling_for(AXIS) if len(team.devices) > 1 else nullcontext():
            found = list(plan(*leaves))
        if sums:
            found[sums.start : sums.stop] = team.sum(tuple(found[i] for i in sums))
        for i, spare in zip(sums, old, strict=False):  # JAX drops arguments that nothing takes
            found[i] = jax.lax.select_n(np.False_, found[i], spare)
        new = update.fn(*found[: len(refs)])
        more = (jnp.zeros((), np.uint8),) if token else ()
        return *(new[i] for i in last), *(found[i] for i in sums), *found[len(refs) :], *more

    def counted(*leaves):
        program.compiled += 1
        return run(*leaves)

    names = list(dict.fromkeys(s[0].name for s in (*steps, (update,)) if isinstance(s[0], Kernel)))
    counted.__name__ = counted.__qualname__ = "_".join(names[:3])
    program = Program(run, counted.__name__)
    program.wide = any(s[0].wide for s in (*steps, (update,)) if isinstance(s[0], Kernel))
    program.mapped = spmd(counted, team, kinds, outs, donate)
    return program


def copied(team: Team, array: Any) -> Any:
    """A copy of an array that is the same on all devices."""
    copy = team.programs.get("copy")
    if copy is None:
        copy = team.programs["copy"] = spmd(lambda a: (jnp.copy(a),), team, [WHOLE], [WHOLE])
    with wide_scope([array], False) or nullcontext(), team.launching:
        return copy(array)[0]
