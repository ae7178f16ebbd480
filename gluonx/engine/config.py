"""Switches of the engine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["bulk", "fusion", "fusing", "set_bulk_size", "winograd"]

#: Whether forward, backward and update are compiled together. ``GLUONX_FUSION=0`` turns it off.
fusion: bool = os.environ.get("GLUONX_FUSION", "1") != "0"
#: Whether convolutions may be made by Winograd's filtering. ``GLUONX_WINOGRAD=0`` turns it off.
winograd: bool = os.environ.get("GLUONX_WINOGRAD", "1") != "0"


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


def gathers() -> bool:
    """Whether small steps may wait until several run as one executable."""
    return fusion and _bulk_size > 1


def set_bulk_size(size: int) -> int:
    """How much may be run at a time; returns the size that was set before.

    In MXNet this many operators are. Here a hybridized block is one executable, and so is a
    training step, whatever their size; on a CPU, small training steps that are alike are run
    several at a time. A size of 0 or 1 turns that off.

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
