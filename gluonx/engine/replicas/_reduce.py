"""The sum of gradients over several devices, by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..buffer import Buffer
from ..spread import WHOLE, Spread, Team, spmd

__all__ = ["all_reduce"]


def all_reduce(grads: Sequence[Sequence[Buffer]], team: Team) -> None:
    """Replace the contents of buffers, one list for each device, by their sums."""
    columns = list(zip(*grads, strict=True))
    leaves = [team.join([b.get() for b in column]) for column in columns]
    kinds = tuple(kind for _, kind in leaves)
    arrays = [a for a, _ in leaves]
    found = team.programs.get(kinds)
    if found is None:

        def run(*parts):
            token = (jnp.zeros((), np.uint8),) if team.bounded else ()
            return *team.sum(parts), *token

        outs = [WHOLE] * (len(kinds) + team.bounded)
        found = team.programs[kinds] = spmd(run, team, kinds, outs)
    made: list[Any] = []
    team.run_into(made, found, arrays, False)
    outs = team.results(made)
    for column, out in zip(columns, outs, strict=False):
        spread = Spread(team, out, WHOLE)
        for buffer in column:
            buffer.defer(spread)
