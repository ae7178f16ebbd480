"""Processes that read batches: the parent's side. ``_worker.py`` is what they run."""

from __future__ import annotations

import contextlib
import copyreg
import io
import mmap
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from concurrent.futures import Future
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from ..block import Block, HybridBlock
from ..ndarray import NDArray
from ._arrays import aligned

__all__ = ["Processes", "WorkerTraceback"]

_HERE = Path(__file__).parent
_SLOTS = 2  # for each worker: one batch is made while the one before is fetched


class WorkerTraceback(Exception):
    """The traceback of an exception in a worker process, as text; the exception's cause."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def _memory() -> int:
    """A descriptor of memory to share that has no name, so that nothing can be left behind."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("gluonx-data")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class _Pickler(pickle.Pickler):
    """Makes of a dataset what a worker without JAX can read."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, NDArray):
            return np.asarray, (obj.asnumpy(),)
        if isinstance(obj, Block) and type(obj).__reduce__ is object.__reduce__:
            return copyreg.__newobj__, (type(obj),), _state(obj)  # type: ignore[attr-defined]
        if getattr(obj, "__module__", None) == "__main__" and isinstance(obj, (type, FunctionType)):
            main = sys.modules["__main__"]
            if getattr(main, "__file__", None) is None and main.__spec__ is None:
                raise pickle.PicklingError(
                    f"{obj.__qualname__} is defined in an interactive session, which a process "
                    "cannot import"
                )
        return NotImplemented


def _state(block: Block) -> dict[str, Any]:
    if block.params.keys():
        raise pickle.PicklingError(
            f"{type(block).__name__} {block.name} has parameters, and worker processes have no JAX"
        )
    base = (HybridBlock if isinstance(block, HybridBlock) else Block)(prefix="")
    left_out = {*vars(base), "_watchers"}
    state = {k: v for k, v in vars(block).items() if k not in left_out}
    return {**state, "_children": dict(block._children)}


def _pickled(dataset: Any, batchify_fn: Any) -> tuple[int, list[tuple[int, int]]]:
    """Memory with both, arrays beside the pickle so that workers share them; and the places."""
    file, arrays = io.BytesIO(), []
    try:
        _Pickler(file, protocol=5, buffer_callback=arrays.append).dump((dataset, batchify_fn))
        parts = [file.getbuffer(), *(a.raw() for a in arrays)]
    except (pickle.PicklingError, AttributeError, TypeError, BufferError) as e:
        raise TypeError(
            f"the dataset or batchify_fn cannot be sent to worker processes: {e}. Define functions "
            "and classes at the top level of a module, without lambdas; or use threads, "
            "DataLoader(..., thread_pool=True)"
        ) from e
    places, end = [], 0
    memory = _memory()
    for part in parts:
        places.append((end, part.nbytes))
        done = 0
        while done < part.nbytes:  # one call writes 2 GiB at most
            done += os.pwrite(memory, part[done:], end + done)
        end += -(-part.nbytes // 64) * 64
    os.ftruncate(memory, end)
    return memory, places


def _main_module() -> dict[str, Any]:
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    file = getattr(main, "__file__", None)
    return {"name": spec.name if spec else None, "file": os.path.abspath(file) if file else None}


class _Worker:
    """One process, its connection, and the memory for its results."""

    def __init__(self, payload: int, settings: bytes):
        ours, theirs = socket.socketpair()
        alive_theirs, self._alive = os.pipe()
        self._slots = [_memory() for _ in range(_SLOTS)]
        self._maps: list[mmap.mmap | None] = [None] * _SLOTS
        self.free = list(range(_SLOTS))
        self.jobs: dict[int, tuple[Future, int]] = {}
        self.connection = Connection(ours.detach())
        shared = [theirs.fileno(), alive_theirs, payload, *self._slots]
        environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
        environment["JAX_PLATFORMS"] = "cpu"  # should a module of the user import it
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(_HERE / "_worker.py"), *map(str, shared)],
                stdin=subprocess.DEVNULL, pass_fds=shared, env=environment,
                process_group=0,  # Ctrl-C in a terminal is for us alone
            )  # fmt: skip
        finally:
            theirs.close()
            os.close(alive_theirs)
        self.connection.send_bytes(settings)

    def start(self, number: int, future: Future, job: tuple) -> None:
        slot = self.free.pop()
        self.jobs[number] = future, slot
        with contextlib.suppress(OSError):  # it has ended: the thread that listens finds out
            self.connection.send_bytes(pickle.dumps((number, slot, *job)))

    def result(self, slot: int, places: list[tuple[int, int]], size: int) -> Any:
        memory = self._maps[slot]
        if memory is None or len(memory) < size:
            if memory is not None:
                memory.close()
            memory = self._maps[slot] = mmap.mmap(self._slots[slot], size, access=mmap.ACCESS_READ)
        with memoryview(memory) as view:
            # Copied, all of it: the memory is used again, and nobody knows what holds an array.
            head, *arrays = (aligned(view[start : start + n]) for start, n in places)
        return pickle.loads(head.data, buffers=arrays)

    def how_it_ended(self) -> str:
        code = self.process.wait(5)
        if code >= 0:
            return f"ended with status {code}"
        name = signal.Signals(-code).name
        hint = " (this is what Linux does when memory runs out)" if name == "SIGKILL" else ""
        return f"was killed by {name}{hint}"

    def close(self) -> None:
        os.close(self._alive)  # at which it ends, whatever it is at
        self.connection.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for memory in self._maps:
            if memory is not None:
                with contextlib.suppress(BufferError):
                    memory.close()
        for slot in self._slots:
            os.close(slot)


class Processes:
    """Worker processes for one dataset, and a thread that fetches their results.

    Parameters
    ----------
    dataset, batchify_fn
        What the workers read and how they make batches; both are pickled.
    count : int
        How many processes.

    Attributes
    ----------
    broken : bool
        Whether a worker has ended by itself; nothing more can be submitted then.
    """

    def __init__(self, dataset: Any, batchify_fn: Any, count: int):
        if os.name != "posix":
            raise NotImplementedError(
                "worker processes need memory shared by descriptors, which this system does not "
                "have; use threads, DataLoader(..., thread_pool=True)"
            )
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, Future, tuple, Any]] = deque()
        self._makes: dict[int, Any] = {}
        self._number = 0
        self.broken = False
        memory, places = _pickled(dataset, batchify_fn)
        settings = {
            "path": sys.path, "main": _main_module(), "parts": places,
            "stand_in": str(_HERE / "_stand_in.py"), "package": str(_HERE.parent),
        }  # fmt: skip
        self._workers: list[_Worker] = []
        try:
            for _ in range(count):
                self._workers.append(_Worker(memory, pickle.dumps(settings)))
        except BaseException:
            for worker in self._workers:
                worker.close()
            raise
        finally:
            os.close(memory)
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(
            target=_listen, args=(self,), name="gluonx-data-results", daemon=True
        )
        self._thread.start()

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes."""
        return [worker.process.pid for worker in self._workers]

    def submit(self, job: tuple, finish: Any) -> Future:
        """Have a batch read; its future's result is ``finish(batch)``, called in our thread."""
        future: Future = Future()
        with self._lock:
            if self.broken:
                future.set_exception(RuntimeError("the worker processes have ended"))
                return future
            self._number += 1
            self._waiting.append((self._number, future, job, finish))
            self._dispatch()
        return future

    def _dispatch(self) -> None:
        while self._waiting:
            worker = max(self._workers, key=lambda w: len(w.free))
            if not worker.free:
                break
            number, future, job, finish = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                self._makes[number] = finish
                worker.start(number, future, job)

    def _receive(self, worker: _Worker) -> None:
        number, *answer = pickle.loads(worker.connection.recv_bytes())
        if number is None:
            self._fail(_error(*answer))
            return
        future, slot = worker.jobs[number]
        finish = self._makes.pop(number)
        result, error = None, None
        if not future.done():  # by _fail
            try:
                if not isinstance(answer[0], list):
                    raise _error(*answer)
                result = finish(worker.result(slot, *answer))
            except BaseException as e:
                error = e
        with self._lock:
            if not future.done():
                future.set_result(result) if error is None else future.set_exception(error)
            del worker.jobs[number]
            worker.free.append(slot)
            self._dispatch()

    def _fail(self, error: BaseException) -> None:
        """All that is waited for ends with an error."""
        with self._lock:
            self.broken = True
            futures = [f for w in self._workers for f, _ in w.jobs.values()]
            futures += [f for _, f, _, _ in self._waiting if f.set_running_or_notify_cancel()]
            self._waiting.clear()
            for future in futures:
                if not future.done():
                    future.set_exception(error)

    def close(self) -> None:
        """End the processes and the thread; nothing is left of them afterwards."""
        self._fail(RuntimeError("the DataLoader was closed"))
        with contextlib.suppress(OSError):
            os.close(self._wake_write)
        if threading.current_thread() is not self._thread:
            self._thread.join(5)
        for worker in self._workers:
            worker.close()
        self._workers.clear()


def _error(error: BaseException | None, text: str) -> BaseException:
    if error is None:
        return RuntimeError(f"an exception in a worker process of the DataLoader:\n{text}")
    error.__cause__ = WorkerTraceback(text)
    return error


def _listen(pool: Processes) -> None:
    """What the thread does: fetch results until the pool is closed."""
    connections: dict[Any, _Worker] = {w.connection: w for w in pool._workers}
    try:
        while connections:
            for ready in wait([*connections, pool._wake_read]):
                if ready == pool._wake_read:
                    return
                worker = connections[ready]
                try:
                    pool._receive(worker)
                except (EOFError, OSError):
                    del connections[ready]
                    pool._fail(
                        RuntimeError(
                            f"worker process {worker.process.pid} of the DataLoader "
                            f"{worker.how_it_ended()} while the batch was read"
                        )
                    )
    finally:
        os.close(pool._wake_read)
