"""Switches of the engine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["fusion", "fusing"]

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
