"""A limit that a process must not reach: how many mappings of memory it may have.

XLA makes about five for each executable. Where Linux refuses another one (``vm.max_map_count``,
65,530 by default), the next compilation never ends. A program that meets many shapes gets there, so
what was compiled is forgotten before.
"""

from __future__ import annotations

import gc
import itertools
import warnings

import jax

__all__ = ["watch"]

#: Compilations between two looks; five mappings for each are far from a third of the limit.
_EVERY = 500
_FULL = 2 / 3

_compilations = itertools.count(1)


def watch() -> None:
    """Note that something is compiled; forget all executables if there are too many."""
    if next(_compilations) % _EVERY == 0 and _used() > _FULL * _limit():
        warnings.warn(
            f"compiled programs have filled {_used():,} of the {_limit():,} memory mappings that "
            "this process may have, and were forgotten; those in use are compiled again. Each new "
            "shape of an array is a new program: keep shapes equal (pad, or sort sequences into a "
            "few lengths). The limit can be raised: sysctl -w vm.max_map_count=262144",
            stacklevel=2,
        )
        jax.clear_caches()
        gc.collect()


def _used() -> int:
    try:
        with open("/proc/self/maps", "rb") as file:
            return sum(1 for _ in file)
    except OSError:  # not Linux: no such limit is known
        return 0


def _limit() -> int:
    try:
        with open("/proc/sys/vm/max_map_count") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 65_530
