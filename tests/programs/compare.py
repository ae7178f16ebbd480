"""Runs a program in every way and compares what is seen."""

from __future__ import annotations

import numpy as np

from .gluonxes import MODES, Gluonx
from .interpreter import run
from .reference import Reference

__all__ = ["disagreement"]

#: Beyond it float32 and float64 are not compared: such a program has blown up.
WILD = 1e3


def disagreement(program: list[tuple], limit: int = 256, fresh: bool = False) -> str | None:
    """What differs between the ways to run a program; None if nothing does.

    The program is held to the reference in NumPy, but for one that draws random numbers, where
    gluonx run operator by operator takes its place.
    """
    random = any(step[:2] == ("net", "dropout") for step in program)
    wanted = None if random else run(program, Reference())
    several = any(step[0] == "context" for step in program)
    for mode in MODES:
        if several and mode == "gathered":
            continue  # steps on several devices do not wait for others
        try:
            seen = run(program, Gluonx(mode, limit, fresh))
        except Exception as e:
            return f"{mode}: at the end: {type(e).__name__}: {e}"
        if wanted is None:
            wanted = seen
        found = _compare(wanted, seen)
        if found:
            return f"{mode}: {found}"
    return None


def _compare(wanted: list, seen: list) -> str | None:
    for i in range(max(len(wanted), len(seen))):
        if i >= len(seen) or i >= len(wanted) or wanted[i][:2] != seen[i][:2]:
            at = min(pair[i][0] for pair in (wanted, seen) if i < len(pair))
            shown = [_show(pair, i, at) for pair in (seen, wanted)]
            return f"instruction {at}: {shown[0]}, expected {shown[1]}"
        at, what, want = wanted[i]
        have = seen[i][2]
        if isinstance(want, str):
            if want != have:
                return f"instruction {at}: raises {have}, expected {want}"
            continue
        if _wild(want):
            return None
        if want.shape == have.shape:
            if _close(have, want):
                continue
            if any(_wild(value) for where, _, value in wanted if where == at):
                return None  # another value that this instruction shows
        return f"instruction {at}: {what} is\n{have}\nexpected\n{want}"
    return None


def _wild(value: np.ndarray | str) -> bool:
    if isinstance(value, str):
        return False
    return not np.isfinite(value).all() or np.abs(value).max(initial=0) > WILD


def _close(have: np.ndarray, want: np.ndarray) -> bool:
    scale = max(1.0, float(np.abs(want).max(initial=0)))
    return bool((np.abs(have - want) <= 1e-3 * scale).all())


def _show(seen: list, i: int, at: int) -> str:
    if i >= len(seen) or seen[i][0] != at:
        return "nothing"
    _, what, value = seen[i]
    return f"raises {value}" if what == "raises" else what
