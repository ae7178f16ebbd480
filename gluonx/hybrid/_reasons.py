"""Why a block is compiled, in words."""

from __future__ import annotations

import sys

from ._tree import words

__all__ = ["depth_of_user", "difference"]


def difference(old: tuple, new: tuple) -> str:
    """What differs between the keys of two calls."""
    reasons = []
    for k, (a, b) in enumerate(zip(old[4], new[4], strict=False)):
        if a[0] != b[0]:
            reasons.append(f"argument {k}: shape {a[0]} became {b[0]}")
        if a[1] != b[1]:
            reasons.append(f"argument {k}: dtype {a[1]} became {b[1]}")
    if old[1] != new[1]:
        reasons.append(f"device: {old[1]} became {new[1]}")
    for k, what in ((2, "train mode"), (3, "recording")):
        if old[k] != new[k]:
            reasons.append(f"{what}: {_switch(old[k])} became {_switch(new[k])}")
    if old[0] != new[0] or len(old[4]) != len(new[4]):
        reasons.append(f"arguments: {_signature(old)} became {_signature(new)}")
    return "; ".join(reasons) or "this kind of call had been dropped from a full cache"


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _signature(key: tuple) -> str:
    """The arguments of a call in words, from its key."""
    spec = key[0]
    if isinstance(spec, int):
        return f"{spec} array{'s' * (spec != 1)}"
    return words(spec)


def depth_of_user() -> int:
    """How many calls up the user's code is, from the caller."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("gluonx."):
        frame, depth = frame.f_back, depth + 1
    return depth
