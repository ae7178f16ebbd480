"""Threads that read batches."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

__all__ = ["Threads"]


class Threads:
    """Some threads that call functions in the order in which these are submitted.

    They are daemons: one that hangs in a dataset does not keep the process from ending, as one of
    ``concurrent.futures`` would. Those that do not hang are waited for.
    """

    def __init__(self, count: int):
        self._jobs: SimpleQueue = SimpleQueue()
        self._threads = [
            threading.Thread(
                target=_serve, args=(self._jobs,), name=f"gluonx-data-{i}", daemon=True
            )
            for i in range(count)
        ]
        for thread in self._threads:
            thread.start()
        _alive.add(self)

    def submit(self, function: Callable, *args: Any) -> Future:
        """Have ``function(*args)`` called."""
        future: Future = Future()
        self._jobs.put((future, function, args))
        return future

    def close(self, wait: float = 0) -> None:
        """End the threads when they have finished what they are at; wait for that some seconds."""
        _alive.discard(self)
        for _ in self._threads:
            self._jobs.put(None)
        if wait:
            for thread in self._threads:
                thread.join(wait)


#: Pools that were not closed: JAX must not be called any more when the interpreter ends.
_alive: weakref.WeakSet[Threads] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for pool in list(_alive):
        pool.close(wait=1)


def _serve(jobs: SimpleQueue) -> None:
    while (job := jobs.get()) is not None:
        future, function, args = job
        if future.set_running_or_notify_cancel():
            try:
                result = function(*args)
            except BaseException as e:
                future.set_exception(e)
            else:
                future.set_result(result)
                del result
        del job, future, function, args  # while the next job is waited for
