"""What each thread is doing: recording, training, tracing, and the regions it has pending."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..ops.precision import Policy
    from .images import Images
    from .region import Region
    from .trace import Trace

__all__ = ["ThreadState", "ahead", "nobody", "state"]

#: Work that may not even be on a region yet (steps of Modules): its ``hurry()`` puts it there.
ahead: weakref.WeakSet[Any] = weakref.WeakSet()


class _Gone:
    """What no longer exists."""


#: A weak reference to nothing; to call it is no call of Python.
nobody: Any = weakref.ref(_Gone())


class ThreadState(threading.local):
    """Per-thread state of the engine."""

    recording: bool = False
    training: bool = False
    #: The hybridized block being traced on this thread, if any.
    trace: Trace | None = None
    #: Which arrays of the work that is being compiled were made with channels last (``images``).
    images: Images | None = None
    #: What this thread does from step to step, if it is known (``hybrid.Script``), weakly.
    script: Any = nobody
    #: How many blocks are being called, one inside the other.
    depth: int = 0
    #: What mixed precision makes of operators' inputs (``ops.precision.Policy``), if it is on. The
    #: class's own attribute counts for threads that have none.
    precision: Policy | None = None

    def __init__(self) -> None:  # in every thread
        #: Deferred work that has not run yet, by device; one lock for all of it.
        self.regions: dict[Any, Region] = {}
        self.lock = threading.RLock()


state = ThreadState()
