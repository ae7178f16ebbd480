"""Switches of the engine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["bulk", "fusion", "fusing", "set_bulk_size"]

#: Whether forward, backward and update are compiled together. ``GLUONX_FUSION=0`` turns it off.
fusion: bool = os.environ.get("GLUONX_FUSION", "1") != "0"


@contextlib.contextmanager
def fusing(active: bool) -> Iterator[None]:
    """Scope with step fusion on or off, for looking for errors."""
    global fusion
    old, fusion = fusion, active
    try:
        yield
    finally:
        fusion = old


_bulk_size = 15


def set_bulk_size(size: int) -> int:
    """Accepted for compatibility; returns the size that was set before.

    MXNet runs so many operators at a time; here a hybridized block is one executable, whatever its
    size, and an operator outside of one runs by itself.

    Raises
    ------
    ValueError
        For a negative size.
    """
    global _bulk_size
    if size < 0:
        raise ValueError(f"the bulk size must be 0 or greater, got {size}")
    old, _bulk_size = _bulk_size, int(size)
    return old


@contextlib.contextmanager
def bulk(size: int) -> Iterator[None]:
    """Scope of :func:`set_bulk_size`."""
    old = set_bulk_size(size)
    try:
        yield
    finally:
        set_bulk_size(old)
