"""Storage: a mutable cell that holds an immutable ``jax.Array``."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["Buffer"]


class Buffer:
    """The memory behind one or more NDArrays.

    Attributes
    ----------
    array : jax.Array or None
        The present contents; None while they are not there yet.
    pending : object or None
        What makes the contents when ``array`` is None: anything with ``aval`` and ``force(buffer)``
        (a deferred value, a parameter that waits for its shape, an array of a finished trace).
    ctx : Context
        The device.
    version : int
        Counts the writes; views compare it.
    shared : bool
        Whether somebody outside gluonx may hold the array, so that it must not be donated.
    owner : Trace or None
        The trace in which the buffer was made.
    """

    __slots__ = ("array", "pending", "ctx", "version", "shared", "owner", "__weakref__")

    def __init__(self, array: Any, ctx: Any, shared: bool = False):
        self.array = array
        self.pending: Any = None
        self.ctx = ctx
        self.version = 0
        self.shared = shared
        self.owner: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape if self.array is not None else self.pending.aval.shape

    @property
    def dtype(self) -> Any:
        return self.array.dtype if self.array is not None else self.pending.aval.dtype

    def get(self) -> Any:
        """The contents; whatever is pending runs."""
        if self.array is None:
            self.pending.force(self)
        return self.array

    def set(self, array: Any, shared: bool = False) -> None:
        """Replace the contents."""
        self.array = array
        self.pending = None
        self.shared = shared
        self.version += 1

    def defer(self, pending: Any) -> None:
        """Replace the contents by something that is not computed yet."""
        self.array = None
        self.pending = pending
        self.shared = False
        self.version += 1

    def fulfil(self, value: Any, array: Any) -> None:
        """The deferred ``value`` was computed; the contents are the same, so is the version."""
        if self.pending is value:
            self.array = array
            self.pending = None

    def exclusive(self) -> bool:
        """Whether the array can be donated: nobody but this buffer holds it.

        Recorded nodes, pending regions, views and other buffers all hold a reference, so the
        reference count answers for all of them; ``shared`` answers for what has left gluonx.
        """
        return not self.shared and sys.getrefcount(self.array) <= _ALONE


def _calibrate() -> int:
    class Probe(Buffer):
        __slots__ = ("count",)

        def exclusive(self) -> bool:
            self.count = sys.getrefcount(self.array)
            return True

    probe = Probe(object(), None)
    probe.exclusive()
    return probe.count  # type: ignore[attr-defined]


_ALONE = _calibrate()
