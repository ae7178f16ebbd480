"""Storage: a mutable cell that holds an immutable ``jax.Array``."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..error import MXNetError
from .kernel import put

__all__ = ["Buffer", "Zeros"]

_claiming = threading.Lock()


class Buffer:
    """The memory behind one or more NDArrays.

    Attributes
    ----------
    array : jax.Array or None
        The present contents; None while they are not there yet.
    pending : object or None
        What makes the contents when ``array`` is None: anything with ``aval`` (or None: force it)
        and ``force(buffer)`` (a deferred value, a parameter that waits for its shape, zeros, an
        array of a finished trace).
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
        array = self.array
        return array.shape if array is not None else self._aval().shape

    @property
    def dtype(self) -> Any:
        array = self.array
        return array.dtype if array is not None else self._aval().dtype

    def _aval(self) -> Any:
        pending = self.pending
        aval = None if pending is None else pending.aval
        return self.get() if aval is None else aval

    def get(self) -> Any:
        """The contents; whatever is pending runs."""
        array = self.array
        while array is None:
            pending = self.pending
            if pending is not None:  # else another thread has just put the contents there
                pending.force(self)
            array = self.array
        return array

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

    def replace(self, compute: Callable[[Any, bool, list], Any]) -> None:
        """Replace the contents; other threads wait for the new ones.

        ``compute(contents, donate, outs)`` appends a tuple of them to ``outs``, in the call that
        makes them (see :meth:`Kernel.run_into`), so that an interrupt cannot lose them. ``donate``
        says that nobody else holds the old contents. Recorded nodes, pending regions, views and
        other buffers all hold a reference, so the reference count answers for all of them;
        ``shared`` answers for what has left gluonx.
        """
        taken = _Taken()
        with taken.lock:
            while taken.aval is None:
                self.get()
                with _claiming:  # from here on nobody else gets hold of the array
                    taken.aval = self.array
                    if taken.aval is not None:
                        self.pending = taken
                        self.array = None
            try:
                donate = not self.shared and taken.references() <= _ALONE
                compute(taken.aval, donate, taken.outs)
            finally:
                taken.finish(self)


_struct = functools.lru_cache(maxsize=1024)(jax.ShapeDtypeStruct)


class Zeros:
    """In the place of zeros that nobody has looked at yet."""

    __slots__ = ("aval",)

    def __init__(self, shape: tuple[int, ...], dtype: Any):
        self.aval = _struct(shape, dtype)

    def force(self, buffer: Buffer) -> None:
        zeros = np.zeros(self.aval.shape, self.aval.dtype)
        with jax.ensure_compile_time_eval():  # a trace may be the first to look
            buffer.fulfil(self, put(zeros, buffer.ctx.device))


class _Taken:
    """In the place of contents ``aval`` that a thread is about to replace by those in ``outs``."""

    __slots__ = ("aval", "lock", "outs")

    def __init__(self) -> None:
        self.aval: Any = None
        self.lock = threading.Lock()
        self.outs: list[Any] = []

    def references(self) -> int:
        return sys.getrefcount(self.aval)

    def finish(self, buffer: Buffer) -> None:
        """Give the buffer the new contents, or the old ones if there are no new ones; may be
        interrupted, and done again."""
        if buffer.pending is self:  # else another thread has replaced all of it
            if self.outs:
                buffer.set(*self.outs[0])
            elif not self.aval.is_deleted():
                buffer.fulfil(self, self.aval)

    def force(self, buffer: Buffer) -> None:
        with self.lock:
            self.finish(buffer)
            if buffer.pending is self:
                raise MXNetError(
                    "the contents of this array are gone: a write to it failed after its old "
                    "contents were given up. Make it anew, or fill it: y.copyto(x)."
                )


def _calibrate() -> int:
    probe = _Taken()
    probe.aval = object()
    return probe.references()


_ALONE = _calibrate()
