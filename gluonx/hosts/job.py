"""The job that this process is a worker of, and joining it."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import queue
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import jax
import numpy as np

from ..error import MXNetError
from .peers import Peers, meet
from .start import Start, number, read

__all__ = ["Call", "Job", "join", "join_if_started", "joined", "open_devices", "together"]

_JOINED = "GLUONX_JOINED"
_lock = threading.RLock()
_job: Job | None = None
_opened = False
_helper: _Helper | None = None


class Job:
    """Processes that train together.

    Attributes
    ----------
    rank, size : int
        The number of this worker, and of all workers.
    seed : int or None
        The seed that the workers have in common as long as the user sets none.
    peers : Peers or None
        Who is still there.
    """

    def __init__(self, rank: int, size: int, seed: int | None = None, peers: Peers | None = None):
        self.rank = rank
        self.size = size
        self.seed = seed
        self.peers = peers


def joined() -> Job | None:
    """The job, if this process has joined one."""
    return _job


def join_if_started() -> None:
    """Join, if this process was started as a worker by gluonx.launch or with DMLC variables.

    Called before the first device is touched: afterwards JAX cannot join any more.
    """
    environment = os.environ
    if _job is None and (
        environment.get("DMLC_PS_ROOT_URI") or environment.get("GLUONX_DISTRIBUTED") == "1"
    ):
        if environment.get(_JOINED, str(os.getpid())) == str(os.getpid()):
            join()


def open_devices() -> None:
    """Let JAX find its devices before anything asks for one.

    It does that together with all other workers, and would wait for ever for one that has ended
    before.

    Raises
    ------
    MXNetError
        That names a worker which is gone.
    """
    global _opened
    if not _opened and _job is not None and _job.peers is not None:
        Call(jax.local_devices, "to find devices", counted=False).result()
        _opened = True


def join() -> Job:
    """The job of this process; waits for the other workers at the first call.

    A process that was started alone is the only worker of its job.

    Raises
    ------
    MXNetError
        If workers do not come, or the process cannot join any more.
    """
    global _job
    with _lock:
        if _job is None:
            if jax.distributed.is_initialized():  # the user was first
                _job = Job(jax.process_index(), jax.process_count())
                return _job
            start = read()
            if start is None:
                return Job(0, 1)
            other = os.environ.get(_JOINED, str(os.getpid()))
            if other != str(os.getpid()):
                raise MXNetError(
                    f"this process is a child of worker process {other}, which has joined the job "
                    "already. A worker is one process; to start another job from it, use "
                    "gluonx.launch"
                )
            _check_in_time()
            _job = _meet(start) if start.address else _managed(start)
            os.environ[_JOINED] = str(os.getpid())
            _at_the_end(_job)
        return _job


def _timeout(name: str, default: int) -> int:
    found = number(name)
    if found is not None and found < 1:
        raise MXNetError(f"{name} must be a number of seconds from 1 on, but is {found}")
    return default if found is None else found


def _meet(start: Start) -> Job:
    """Join a job whose meeting point is known."""
    rank, size, address = start.rank, start.size, start.address
    if rank is None or size is None or address is None:
        raise MXNetError(f"{start.source}: rank, number of workers or address are unknown")
    wait_for = _timeout("GLUONX_JOIN_TIMEOUT", 300)
    devices = "CUDA_VISIBLE_DEVICES"
    hello = {
        "rank": rank, "host": socket.gethostname(), "pid": os.getpid(),
        "job": os.environ.get("GLUONX_JOB", start.job), "devices": os.environ.get(devices),
    }  # fmt: skip

    def go(workers: list[dict[str, Any]]) -> dict[str, Any]:
        return {"port": _free_port(), "seed": int.from_bytes(os.urandom(7), "little")}

    answer, connections = meet(address, hello, size, wait_for, go)
    workers = answer["workers"]
    same = [
        w["rank"] for w in workers if (w["host"], w["devices"]) == (hello["host"], hello["devices"])
    ]
    own = None
    if len(same) > 1 and "JAX_LOCAL_DEVICE_IDS" not in os.environ:
        own = [same.index(rank)]  # workers that see the same GPUs take one each
    patience = _timeout("GLUONX_PEER_TIMEOUT", 60)
    # A worker that dies shall be an exception in the others, not the end of them.
    _configure("jax_enable_recoverability", True)
    _initialize(
        coordinator_address=f"{address[0]}:{answer['port']}", num_processes=size, process_id=rank,
        local_device_ids=own, cluster_detection_method="deactivate",
        initialization_timeout=max(wait_for, 30),
        # all of them may stand still for minutes, on a host that sleeps; one that does is our task
        heartbeat_timeout_seconds=2 * patience + 600,
    )  # fmt: skip
    return Job(rank, size, answer["seed"], Peers(rank, workers, connections, patience, True))


def _managed(start: Start) -> Job:
    """Join a job that Open MPI, SLURM or Kubernetes has started; JAX finds the others."""
    from jax.experimental import multihost_utils

    if start.method == "mpi4py" and importlib.util.find_spec("mpi4py") is None:
        raise MXNetError(
            f"{start.source} does not say where worker 0 is, and mpi4py, which could find out, is "
            "not installed. Install it, or say where: mpirun -x DMLC_PS_ROOT_URI=HOST -x "
            "DMLC_PS_ROOT_PORT=9091 …, with the host of worker 0 and a port that is free there"
        )
    timeout = _timeout("GLUONX_PEER_TIMEOUT", 60)
    _initialize(
        cluster_detection_method=start.method,
        initialization_timeout=_timeout("GLUONX_JOIN_TIMEOUT", 300),
        heartbeat_timeout_seconds=2 * timeout + 10,  # it ends the others, which shall know why
    )
    rank, size = jax.process_index(), jax.process_count()
    host, pid = socket.gethostname(), os.getpid()
    words = json.dumps([host, _free_port(), int.from_bytes(os.urandom(7), "little")]).encode()
    data = np.zeros(512, np.uint8)
    data[: len(words)] = np.frombuffer(words, np.uint8)
    told = bytes(np.asarray(multihost_utils.broadcast_one_to_all(data))).rstrip(b"\0")
    name, port, seed = json.loads(told)
    hello = {"rank": rank, "host": host, "pid": pid}
    try:
        answer, connections = meet((name, port), hello, size, 30, lambda workers: {})
    except MXNetError as e:
        print(f"gluonx: lost workers will not be named, as {e}", file=sys.stderr, flush=True)
        return Job(rank, size, seed)
    return Job(rank, size, seed, Peers(rank, answer["workers"], connections, timeout, False))


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as free:
        free.bind(("", 0))
        return free.getsockname()[1]


def _configure(option: str, value: bool) -> None:
    if hasattr(jax.config, option):  # not so in every version
        jax.config.update(option, value)


def _check_in_time() -> None:
    """Raise if JAX has started without the other workers."""
    try:
        # what is missing here is asked for only after that is looked at
        jax.distributed.initialize(cluster_detection_method="deactivate")
    except ValueError:
        return
    except RuntimeError:
        pass
    raise MXNetError(
        "this process cannot join the other workers any more, because JAX has used a device "
        "already. Call gluonx.kv.create('dist_sync') at the beginning of the program, before "
        "anything makes an array or asks JAX for devices; or start it with "
        "python -m gluonx.launch, or with GLUONX_DISTRIBUTED=1 set: then it joins by itself before "
        "its first array"
    )


def _initialize(**options: Any) -> None:
    _configure("jax_enable_preemption_service", False)  # it would swallow SIGTERM
    try:
        jax.distributed.initialize(**options)
    except (RuntimeError, ValueError) as e:
        raise MXNetError(f"cannot join the other workers: {e}") from e


class Call:
    """A call into XLA that all workers make, and that ends when all have made theirs.

    It runs in a thread of its own, as it cannot be interrupted while another process does not
    answer: who waits for it can be interrupted, and can wait again.

    Parameters
    ----------
    function : callable
        Called once, in that thread.
    what : str
        For messages: what it does.
    kind : str, optional
        Given, each worker makes sure before it begins that the others make a call of this kind,
        which costs a message. For calls that a program may make in one worker only, by mistake.
    counted : bool
        False for what workers do together but at no certain place in the program.
    """

    def __init__(
        self, function: Callable[[], Any], what: str, kind: str | None = None, counted: bool = True
    ):
        self._function: Callable[[], Any] | None = function
        self._what, self._kind = what, kind
        self._future: Future = Future()
        self._begun, self._counted = False, not counted

    def start(self) -> None:
        """Begin, if that was not done before.

        Raises
        ------
        MXNetError
            If a worker is gone; nothing was begun then.
        """
        global _helper
        if self._begun:
            return
        peers = None if _job is None else _job.peers
        if peers is not None and peers.overdue(3):
            raise _lost(peers, self._what)
        if peers is not None and not self._counted:
            self._counted = True
            peers.progress.begin(self._kind or self._what)
        if peers is not None and self._kind is not None:
            self._meet_others(peers)
        if _helper is None:
            _helper = _Helper()
        _helper.calls.put(self)  # twice, after an interrupt here, does no harm
        self._begun = True

    def _meet_others(self, peers: Peers) -> None:
        for rank in peers.others:
            while (other := peers.progress.what_does(rank, 1)) is None:
                if peers.overdue(3) or rank not in peers.others:
                    raise _lost(peers, self._what)
            if other != self._kind:
                peers.progress.begun -= 1
                self._counted = False
                raise MXNetError(
                    f"{self._what} needs all workers, but {peers.title(rank)} has gone on to "
                    f"{other}. Call it in all of them, not in one only (if kv.rank == 0:)"
                )

    def run(self) -> None:
        """Call the function, for the first one who asks for it."""
        function, self._function = self._function, None
        if function is not None:
            try:
                self._future.set_result(function())
            except BaseException as e:
                self._future.set_exception(e)

    def result(self) -> Any:
        """What the function has returned; waits for it.

        Raises
        ------
        MXNetError
            That names a worker which is gone.
        """
        self.start()
        peers = None if _job is None else _job.peers
        while True:
            try:
                return self._future.result(timeout=1)
            except TimeoutError:
                # what was on its way when somebody ended has come by now
                if peers is not None and peers.overdue(3):
                    raise _lost(peers, self._what) from None
            except Exception as e:
                if _is_lost(e):  # a traceback through XLA would hide what matters
                    raise _lost(peers, self._what, e) from None
                raise


class _Helper(threading.Thread):
    """Makes the calls, one after the other."""

    def __init__(self) -> None:
        super().__init__(name="gluonx collectives", daemon=True)
        self.calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        while True:
            call = self.calls.get()
            call.run()
            del call


def _settled(patience: float) -> bool:
    """Whether no call is under way; waits for that. A thread that comes back from XLA while Python
    ends would abort the process."""
    if _helper is None:
        return True
    last = Call(lambda: None, "the end")
    _helper.calls.put(last)
    try:
        last._future.result(patience)
    except TimeoutError:
        return False
    return True


def together(function: Callable[[], Any], what: str) -> Any:
    """The result of a :class:`Call`."""
    return Call(function, what).result()


def _is_lost(e: Exception) -> bool:
    """Whether an error of XLA is one of communication; small programs raise ValueError."""
    return isinstance(e, (jax.errors.JaxRuntimeError, ValueError)) and any(
        word in str(e) for word in ("Gloo", "NCCL", "UNAVAILABLE", "coordination")
    )


def _lost(peers: Peers | None, what: str, e: Exception | None = None) -> MXNetError:
    why = None if peers is None else peers.explain(10)
    if why is None:
        why = "the connection to another worker was lost"
    detail = "" if e is None else f" [{str(e).splitlines()[0][:200]}]"
    return MXNetError(
        f"{what} needs all workers, but {why}. Start the job again from its last checkpoint{detail}"
    )


def _at_the_end(job: Job) -> None:
    """Let the others know how this process ends, and let no lost worker hold it up."""
    if job.peers is None:
        return
    peers, failure = job.peers, []
    hook = sys.excepthook

    def remember(kind, value, trace):
        failure.append(f"it ended with {kind.__name__}: {value}"[:500])
        hook(kind, value, trace)

    def leave() -> None:
        peers.say_goodbye(failure[0] if failure else None)
        if not _settled(10):
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError, AttributeError):
                    stream.flush()
            os._exit(1)
        if peers.gone:
            # A computation that waits for a lost worker can keep the process from ending.
            patience = threading.Timer(10, os._exit, [1])
            patience.daemon = True
            patience.start()

    sys.excepthook = remember
    atexit.register(leave)
