"""Ctrl-C while JAX traces a function.

JAX keeps track of what it is tracing in Python; an interrupt in the midst of that can leave it
believing that the trace goes on, and every array that is made from then on is a tracer.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["held_back"]


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Scope in which Ctrl-C waits until the end; a second one does not wait."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread
        return
    old: Any = signal.getsignal(signal.SIGINT)
    if not callable(old):
        yield
        return
    came: list[tuple] = []

    def wait(*arguments: Any) -> None:
        if came:
            old(*arguments)
        came.append(arguments)

    signal.signal(signal.SIGINT, wait)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
        if came:
            old(*came[0])
