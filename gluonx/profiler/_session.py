"""The profiler's switch, and what it writes."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import warnings
from pathlib import Path
from typing import Any

import jax

from ..error import MXNetError
from ..ndarray import waitall
from ..serialization.files import open_write
from . import _events, _table

__all__ = [
    "dump", "dump_profile", "dumps", "pause", "profiler_set_config", "profiler_set_state", "resume",
    "set_config", "set_kvstore_handle", "set_state",
]  # fmt: skip

_SWITCHES = (
    "profile_all", "profile_symbolic", "profile_imperative", "profile_memory", "profile_api",
    "continuous_dump", "aggregate_stats",
)  # fmt: skip


class _Session:
    """The configuration, whether it runs, and what was seen so far."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.filename = "profile.json"
        self.switches = dict.fromkeys(_SWITCHES, False)
        self.folder: str | None = None
        self.running = self.paused = False
        self.events: list[dict[str, Any]] = []

    def start(self) -> None:
        options = jax.profiler.ProfileOptions()
        options.python_tracer_level = 0  # Python's own calls would bury everything else
        self.folder = tempfile.mkdtemp(prefix="gluonx-profile-")
        try:
            jax.profiler.start_trace(self.folder, profiler_options=options)
        except RuntimeError as e:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
            raise MXNetError(f"the profiler cannot start: {e}") from None

    def stop(self) -> None:
        folder, self.folder = self.folder, None
        if folder is None:
            return
        try:
            waitall()
            jax.profiler.stop_trace()
            runtime = self.switches["profile_all"] or self.switches["profile_api"]
            own = {e["name"] for e in self.events if e["pid"] == 0}
            for file in Path(folder).rglob("*.xplane.pb"):
                found = _events.read(file, runtime)
                self.events += [e for e in found if e["cat"] != "runtime" or e["name"] not in own]
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if self.switches["continuous_dump"]:
            self.write()

    def write(self) -> None:
        content = {"traceEvents": _events.chrome(self.events), "displayTimeUnit": "ms"}
        with open_write(self.filename) as file:
            file.write(json.dumps(content).encode())
        if self.switches["profile_memory"]:
            jax.profiler.save_device_memory_profile(f"{self.filename}.memory.pprof")

    def add(self, event: dict[str, Any]) -> None:
        """Take note of an event of the program."""
        if self.folder is not None:
            self.events.append({"pid": 0, "tid": threading.get_ident() & 0xFFFFFFFF, **event})


session = _Session()


def set_config(**kwargs: Any) -> None:
    """Configure the profiler.

    Parameters
    ----------
    filename : str
        What :func:`dump` writes, ``profile.json`` by default.
    profile_all, profile_api : bool
        Also keep what happens in XLA's runtime on the host.
    profile_memory : bool
        :func:`dump` also writes ``FILENAME.memory.pprof``, what occupies the device's memory, for
        the pprof tool.
    continuous_dump : bool
        Write the file whenever the profiler stops or pauses.
    profile_symbolic, profile_imperative, aggregate_stats, dump_period, profile_process
        Accepted for compatibility: all operators are seen, and :func:`dumps` always has its table.

    Raises
    ------
    MXNetError
        For another name, or while the profiler is running.
    """
    known = {*_SWITCHES, "filename", "dump_period", "profile_process"}
    unknown = sorted(set(kwargs) - known)
    if unknown:
        raise MXNetError(
            f"the profiler has no setting {unknown[0]!r}; there are {', '.join(sorted(known))}"
        )
    _check_process(kwargs.get("profile_process", "worker"))
    with session.lock:
        if session.folder is not None:
            raise MXNetError("the profiler is running; call set_config() before set_state('run')")
        if "filename" in kwargs:
            session.filename = os.fspath(kwargs["filename"])
        for name in _SWITCHES:
            if name in kwargs:
                session.switches[name] = bool(kwargs[name])


def set_state(state: str = "stop", profile_process: str = "worker") -> None:
    """Start or stop the profiler.

    Stopping waits for all work that is under way. What is seen in several runs is put together.

    Parameters
    ----------
    state : {'run', 'stop'}
    profile_process : 'worker'

    Raises
    ------
    ValueError
        For another state.
    MXNetError
        If something else in this process has JAX's profiler running.

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> import gluonx as gx
    >>> file = pathlib.Path(tempfile.mkdtemp()) / 'profile.json'
    >>> gx.profiler.set_config(filename=file)
    >>> gx.profiler.set_state('run')
    >>> with gx.profiler.scope('my part'):
    ...     y = gx.nd.dot(gx.nd.ones((9, 9)), gx.nd.ones((9, 9)))
    >>> gx.profiler.set_state('stop')
    >>> gx.profiler.dump()
    >>> 'my part' in [e['name'] for e in json.loads(file.read_text())['traceEvents']]
    True
    """
    if state not in ("run", "stop"):
        raise ValueError(f"state must be 'run' or 'stop', got {state!r}")
    _check_process(profile_process)
    with session.lock:
        if (state == "run") == session.running:
            return
        if state == "run":
            session.start()
        else:
            session.stop()
        session.running, session.paused = state == "run", False


def pause(profile_process: str = "worker") -> None:
    """Leave out what follows, until :func:`resume`; without effect on a stopped profiler."""
    _check_process(profile_process)
    with session.lock:
        if session.running and not session.paused:
            session.stop()
            session.paused = True


def resume(profile_process: str = "worker") -> None:
    """Go on after :func:`pause`."""
    _check_process(profile_process)
    with session.lock:
        if session.running and session.paused:
            session.start()
            session.paused = False


def dump(finished: bool = True, profile_process: str = "worker") -> None:
    """Write what was seen to the configured file, as Chrome's and Perfetto's viewers read it.

    Parameters
    ----------
    finished : bool
        Whether to stop the profiler. If it is to go on it pauses for the time of writing.
    profile_process : 'worker'
    """
    _check_process(profile_process)
    with session.lock:
        going = session.folder is not None
        if finished:
            set_state("stop")
        elif going:
            pause()
        session.write()
        if going and not finished:
            resume()


def dumps(
    reset: bool = False, format: str = "table", sort_by: str = "total", ascending: bool = False
) -> str:
    """Counts and times by name, as text.

    A running profiler pauses for the time of reading.

    Parameters
    ----------
    reset : bool
        Whether to forget what was seen.
    format : {'table', 'json'}
    sort_by : {'total', 'avg', 'min', 'max', 'count'}
    ascending : bool

    Returns
    -------
    str

    Raises
    ------
    ValueError
        For another format or order.
    """
    with session.lock:
        going = session.folder is not None
        if going:
            pause()
        text = _table.text(session.events, format, sort_by, ascending)
        if reset:
            session.events = []
        if going:
            resume()
    return text


def set_kvstore_handle(handle: Any) -> None:
    """Accepted for compatibility: there are no servers that could be profiled."""


def profiler_set_config(mode: str = "symbolic", filename: str = "profile.json") -> None:
    """Deprecated: :func:`set_config`."""
    warnings.warn(
        "profiler_set_config() is now profiler.set_config()", DeprecationWarning, stacklevel=2
    )
    set_config(filename=filename, profile_all=mode == "all")


def profiler_set_state(state: str = "stop") -> None:
    """Deprecated: :func:`set_state`."""
    warnings.warn(
        "profiler_set_state() is now profiler.set_state()", DeprecationWarning, stacklevel=2
    )
    set_state(state)


def dump_profile() -> None:
    """Deprecated: :func:`dump`."""
    warnings.warn("dump_profile() is now profiler.dump()", DeprecationWarning, stacklevel=2)
    dump(True)


def _check_process(process: str) -> None:
    if process != "worker":
        raise MXNetError(
            f"profile_process must be 'worker', got {process!r}: there are no server processes"
        )
