"""What a worker process of a DataLoader runs: this file, as a script, never as part of gluonx.

gluonx imports JAX. A worker must not: it takes seconds, and JAX would take the GPU's memory. So the
worker installs stand-ins for gluonx (``_stand_in.py``) before it unpickles the dataset, and what it
sees has nothing of JAX. Batches go back through shared memory without a name, which no way of dying
can leave behind.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import mmap
import os
import pickle
import random
import runpy
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any


def main(connection: int, alive: int, payload: int, *slots: int) -> None:
    """Serve one connection until the parent closes it.

    Parameters
    ----------
    connection : int
        Descriptor of a socket: jobs come in, answers go out.
    alive : int
        Descriptor of a pipe that ends when the parent does, or when it has no more use for us.
    payload : int
        Descriptor of the memory with the pickled dataset.
    *slots : int
        Descriptors of the memory for results.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; we end when it says so
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()
    parent = Connection(connection)
    try:
        settings = pickle.loads(parent.recv_bytes())
        sys.path[:] = settings["path"]
        module = _load("gluonx_worker_stand_in", settings["stand_in"])
        module.install(settings["package"])
        read = _read_from(payload, settings)
        module.serving()
    except BaseException as e:
        parent.send_bytes(_failure(None, e))
        return
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            number, slot, *job = pickle.loads(parent.recv_bytes())
            try:
                answer = _store(slots[slot], read(*job))
            except BaseException as e:
                parent.send_bytes(_failure(number, e))
            else:
                parent.send_bytes(pickle.dumps((number, *answer)))


def _end_with(alive: int) -> None:
    os.read(alive, 1)  # returns when the other end is closed
    os._exit(0)


def _load(name: str, path: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


class _Unpickler(pickle.Unpickler):
    """Imports the parent's main module, but only if the dataset needs something of it."""

    main: dict[str, Any] | None

    def find_class(self, module: str, name: str) -> Any:
        if module == "__main__" and self.main is not None:
            main, self.main = self.main, None
            _import_main(main)
        return super().find_class(module, name)


def _import_main(main: dict[str, Any]) -> None:
    # The name that multiprocessing uses, so that "if __name__ == '__main__':" guards here too.
    if main.get("name"):
        found = runpy.run_module(main["name"], run_name="__mp_main__", alter_sys=True)
    else:
        found = runpy.run_path(main["file"], run_name="__mp_main__")
    module = type(sys)("__mp_main__")
    module.__dict__.update(found)
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module


def _read_from(payload: int, settings: dict[str, Any]) -> Any:
    memory = mmap.mmap(payload, 0, access=mmap.ACCESS_COPY)
    view = memoryview(memory)
    parts = [view[start : start + size] for start, size in settings["parts"]]
    unpickler = _Unpickler(io.BytesIO(parts[0]), buffers=parts[1:])
    unpickler.main = settings["main"]
    dataset, batchify_fn = unpickler.load()
    import numpy as np

    collect = importlib.import_module("gluonx.data._collect")

    def read(numbers: Any, seed: int, batch: int) -> Any:
        base = int(np.random.SeedSequence((seed, batch)).generate_state(1)[0])

        def reseed(item: int) -> None:  # for transforms that draw from the global generators
            random.seed(base + item)
            np.random.seed((base + item) & 0xFFFFFFFF)

        return collect.read(dataset, numbers, batchify_fn, seed, batch, reseed)

    return read


#: The memory of each slot, as much of it as was needed so far.
_maps: dict[int, mmap.mmap] = {}


def _store(slot: int, result: Any) -> tuple[list[tuple[int, int]], int]:
    """Put a result into shared memory; the places of its pickle and of its arrays, and the size."""
    arrays: list[pickle.PickleBuffer] = []
    head = pickle.dumps(result, protocol=5, buffer_callback=arrays.append)
    parts = [memoryview(head), *(a.raw() for a in arrays)]
    places, end = [], 0
    for part in parts:
        places.append((end, part.nbytes))
        end += -(-part.nbytes // 64) * 64
    memory = _maps.get(slot)
    if memory is None or len(memory) < end:
        if memory is not None:
            memory.close()
        os.ftruncate(slot, end)
        memory = _maps[slot] = mmap.mmap(slot, end)
    for (start, size), part in zip(places, parts, strict=True):
        memory[start : start + size] = part
    return places, end


def _failure(number: int | None, error: BaseException) -> bytes:
    text = "".join(traceback.format_exception(error))
    try:
        error = pickle.loads(pickle.dumps(error.with_traceback(None)))
        return pickle.dumps((number, error, text))
    except Exception:  # an exception that cannot be pickled, or not be made again
        return pickle.dumps((number, None, text))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
