"""The other workers: how they meet, and who of them is still there.

Worker 0 listens; every other worker keeps a connection to it. Over that go lines of JSON: a sign of
life each second or so, what became of a worker, and how far workers have come (``progress``). So
the end of a process is known at once, by its connection, and one that hangs or cannot be reached
after a time without signs of life.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ..error import MXNetError
from .lending import Lending
from .progress import Progress

__all__ = ["Peers", "meet"]

_LINE = 1 << 20  # longest message


class _Connection:
    """A socket that carries lines of JSON."""

    def __init__(self, sock: socket.socket):
        sock.settimeout(5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = sock
        self.heard = time.monotonic()
        self._data = b""
        self._sending = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        with self._sending:
            self.socket.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> list[dict[str, Any]]:
        """Messages that have come; call it when there is something to read.

        Raises
        ------
        OSError, ValueError
            If the connection is closed, or what comes is no message.
        """
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("its connection was closed")
        self.heard = time.monotonic()
        *lines, self._data = (self._data + data).split(b"\n")
        if len(self._data) > _LINE:
            raise ValueError("a message is too long")
        found = [json.loads(line) for line in lines]
        if not all(isinstance(message, dict) for message in found):
            raise ValueError("a message is not understood")
        return found


def meet(
    address: tuple[str, int], hello: dict[str, Any], size: int, timeout: float,
    go: Callable[[list[dict[str, Any]]], dict[str, Any]],
) -> tuple[dict[str, Any], dict[int, _Connection]]:  # fmt: skip
    """Wait until all workers are there.

    Parameters
    ----------
    address : tuple of str and int
        Where worker 0 listens.
    hello : dict
        What this worker says of itself: its ``rank`` and more.
    size : int
        How many workers there are.
    timeout : float
        How many seconds to wait.
    go : callable
        On worker 0, makes of what all have said the answer to them.

    Returns
    -------
    dict
        The answer of worker 0, with what all have said as ``workers``.
    dict of int to connection
        To all others for worker 0, to worker 0 for the others.

    Raises
    ------
    MXNetError
        That names the workers that did not come.
    """
    if hello["rank"]:
        return _visit(address, hello, size, timeout)
    return _host(address, hello, size, timeout, go)


def _host(address, hello, size, timeout, go):
    host, port = address
    local = host in ("localhost", "127.0.0.1")
    server = socket.socket()
    visitors: set[socket.socket] = set()  # those that have said nothing yet
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        stack.callback(lambda: [s.close() for s in (server, *visitors)])
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1" if local else "", port))
        except OSError as e:
            raise MXNetError(
                f"worker 0 cannot listen on port {port}: {e.strerror}; choose another port "
                "(DMLC_PS_ROOT_PORT, or --port of gluonx.launch)"
            ) from None
        server.listen(size + 8)
        selector.register(server, selectors.EVENT_READ)
        there: dict[int, Any] = {0: hello}
        connections: dict[int, _Connection] = {}
        end = time.monotonic() + timeout
        while len(there) < size:
            left = end - time.monotonic()
            if left <= 0:
                missing = [r for r in range(size) if r not in there]
                text = (
                    f"after {timeout:g} s only {len(there)} of {size} workers are there; missing: "
                    f"{', '.join(f'worker {r}' for r in missing)}. Did they start, and can they "
                    f"reach {host} port {port}? GLUONX_JOIN_TIMEOUT sets the time in seconds"
                )
                _tell(connections, {"error": text})
                for connection in connections.values():
                    connection.socket.close()
                raise MXNetError(text)
            for key, _ in selector.select(left):
                if key.fileobj is server:
                    visitor = server.accept()[0]
                    visitors.add(visitor)
                    selector.register(visitor, selectors.EVENT_READ)
                    continue
                selector.unregister(key.fileobj)
                visitors.discard(key.fileobj)
                _welcome(key.fileobj, hello, size, there, connections)
        workers = [there[r] for r in range(size)]
        answer = {"workers": workers, **go(workers)}
        _tell(connections, answer)
        return answer, connections


def _welcome(sock, hello, size, there, connections) -> None:
    connection = _Connection(sock)
    try:
        (other,) = connection.receive()
        rank = other["rank"]
        problem = None
        if other.get("job") != hello.get("job"):
            problem = "this port belongs to another job; choose another port"
        elif other.get("size") != size:
            problem = f"it was told of {other.get('size')} workers, but worker 0 of {size}"
        elif not isinstance(rank, int) or not 0 < rank < size:
            problem = f"there is no worker {rank!r} among {size}"
        elif rank in there:
            problem = f"worker {rank} is there already; give each worker a number of its own"
        if problem:
            connection.send({"error": f"worker {rank} cannot join: {problem}"})
            sock.close()
            return
    except (OSError, ValueError, KeyError):  # somebody else's connection
        sock.close()
        return
    there[rank], connections[rank] = other, connection


def _visit(address, hello, size, timeout):
    host, port = address
    end = time.monotonic() + timeout
    pause = 0.02
    sock, told = None, "no answer"
    while sock is None:
        left = end - time.monotonic()
        if left <= 0:
            raise MXNetError(
                f"worker {hello['rank']} found no worker 0 at {host} port {port} within "
                f"{timeout:g} s ({told}). Did it start, and is DMLC_PS_ROOT_URI its host? "
                "GLUONX_JOIN_TIMEOUT sets the time in seconds"
            )
        try:
            sock = socket.create_connection(address, timeout=min(left, 5))
        except OSError as e:
            told = str(e)
            time.sleep(min(pause, left))
            pause = min(2 * pause, 0.5)
    connection = _Connection(sock)
    answer: dict[str, Any] = {"error": "worker 0 said nothing"}
    try:
        connection.send({**hello, "size": size})
        # worker 0 waits for the others, and says at the end who is missing
        sock.settimeout(max(end - time.monotonic(), 0) + 15)
        (answer,) = connection.receive()
    except (OSError, ValueError) as e:
        answer = {"error": f"worker 0 at {host} port {port} is gone while others joined: {e}"}
    if "error" in answer:
        sock.close()
        raise MXNetError(str(answer["error"]))
    sock.settimeout(5)
    return answer, {0: connection}


def _tell(connections: dict[int, _Connection], message: dict[str, Any]) -> None:
    for connection in connections.values():
        with contextlib.suppress(OSError):
            connection.send(message)


class Peers:
    """Who of the workers is still there.

    Parameters
    ----------
    rank : int
        The number of this worker.
    workers : list of dict
        What the workers said of themselves: ``host`` and ``pid``.
    connections : dict of int to connection
        From :func:`meet`.
    timeout : float
        After how many seconds without a sign of life a worker counts as dead.
    last : bool
        Whether worker 0 has to be the last to end.
    """

    def __init__(
        self, rank: int, workers: list[dict], connections: dict, timeout: float, last: bool
    ):
        self._last = last
        self.rank = rank
        self.timeout = timeout
        self._workers = workers
        self._open: dict[int, _Connection] = dict(connections)
        #: What became of workers that are not there any more; their ends if those were regular.
        self.gone: dict[int, str] = {}
        self.left: set[int] = set()
        self._changed = threading.Condition()
        known = self._changed, self._send, lambda rank: rank not in self._open
        self.progress = Progress(*known)
        self.lending = Lending(*known, self.progress)
        #: When somebody was first missed, and whether this process knows.
        self._since: float | None = None
        self._told = self._over = False
        self._thread = threading.Thread(target=self._watch, name="gluonx peers", daemon=True)
        self._thread.start()

    def title(self, rank: int) -> str:
        """How messages call a worker."""
        about = self._workers[rank]
        return f"worker {rank} (process {about.get('pid')} on {about.get('host')})"

    def missing(self) -> str | None:
        """A sentence about the first who is missing; None if all are there."""
        with self._changed:
            for rank, why in self.gone.items():  # what others died of is mostly this one
                return f"{self.title(rank)} is gone: {why}"
            for rank in sorted(self.left):
                return f"{self.title(rank)} has come to its end (did it have fewer batches?)"
        return None

    def overdue(self, patience: float) -> bool:
        """Whether somebody has been missing for ``patience`` seconds."""
        return self._since is not None and time.monotonic() - self._since > patience

    def explain(self, patience: float) -> str | None:
        """As :meth:`missing`; waits for up to ``patience`` seconds until there is something."""
        with self._changed:
            self._changed.wait_for(lambda: self.gone or self.left, patience)
        self._told = True
        return self.missing()

    def say_goodbye(self, why: str | None) -> None:
        """Tell the others that this worker ends, and how; worker 0 waits for them.

        Parameters
        ----------
        why : str or None
            None for a regular end.
        """
        self._told = True  # this process knows that the end is near
        self.progress.end()
        message = {"bye": self.rank, "why": why}
        with self._changed:
            _tell(self._open, message)
            if self.rank == 0 and self._last:
                # JAX's service lives in this process: without it the others would be aborted
                wait = 5 if why or self.gone else None
                self._changed.wait_for(lambda: not self._open, wait)
            elif why is None:
                self._over = True

    # -- the thread -------------------------------------------------------------------------------

    def _watch(self) -> None:
        pause = min(1.0, self.timeout / 5)
        selector = selectors.DefaultSelector()
        for rank, connection in self._open.items():
            selector.register(connection.socket, selectors.EVENT_READ, rank)
        sent, awake = 0.0, time.monotonic()
        while self._open and not self._over:
            for key, _ in selector.select(pause):
                try:
                    for message in self._open[key.data].receive():
                        self._heed(key.data, message)
                except (OSError, ValueError) as e:
                    self._lose(key.data, "its process ended" if _closed(e) else str(e))
            now = time.monotonic()
            if now - awake > self.timeout / 2:  # it was this process that stood still
                for connection in self._open.values():
                    connection.heard = now
            awake = now
            for rank, connection in list(self._open.items()):
                if now - connection.heard > self.timeout:
                    text = f"there was no sign of life for {self.timeout:g} s"
                    self._lose(rank, f"{text} (GLUONX_PEER_TIMEOUT sets how long to wait)")
                elif now - sent >= pause:
                    try:
                        connection.send({})
                    except OSError as e:
                        self._lose(rank, "its process ended" if _closed(e) else str(e))
            if now - sent >= pause:
                sent = now
            for key in list(selector.get_map().values()):
                if key.data not in self._open:
                    selector.unregister(key.fileobj)
            self._end_if_nobody_listens()
        while self.gone and not (self._told or self._over):
            time.sleep(pause)
            self._end_if_nobody_listens()

    def _heed(self, sender: int, message: dict[str, Any]) -> None:
        if "bye" in message:  # the connection stays until the process has ended
            self._note(sender, message.get("why"))
            if self.rank == 0:
                _tell(self._open, {"gone": sender, "why": message.get("why")})
        elif "gone" in message:
            rank = message["gone"]
            if isinstance(rank, int) and 0 <= rank < len(self._workers):
                self._note(rank, message.get("why"))
        elif message and not self.lending.heed(sender, message):
            self.progress.heed(sender, message)

    def _send(self, rank: int, message: dict[str, Any]) -> None:
        connection = self._open.get(rank)
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.send(message)

    @property
    def others(self) -> list[int]:
        """Those that this worker is connected with: for worker 0 all, for the others worker 0."""
        return sorted(self._open)

    def _lose(self, rank: int, why: str) -> None:
        connection = self._open.get(rank)
        if connection is None:
            return
        known = rank in self.gone or rank in self.left
        self._note(rank, why)
        with self._changed:
            self._open.pop(rank).socket.close()
            if self.rank == 0 and not known:
                _tell(self._open, {"gone": rank, "why": why})
            self._changed.notify_all()

    def _note(self, rank: int, why: str | None) -> None:
        """Remember what became of a worker."""
        with self._changed:
            if rank in self.gone or rank in self.left:
                return
            if why is None:
                self.left.add(rank)
            else:
                self.gone[rank] = why
                if not self._told:
                    # at once: where worker 0 is gone, JAX aborts this process in a moment
                    _print(f"gluonx: {self.title(rank)} is gone: {why}")
            self._since = self._since or time.monotonic()
            self._changed.notify_all()

    def _end_if_nobody_listens(self) -> None:
        """End a process that cannot learn of a loss, as it waits for it inside XLA."""
        if self.gone and not self._told and self.overdue(self.timeout):
            _print(f"gluonx: worker {self.rank} ends, as {self.missing()}")
            os._exit(1)


def _closed(e: Exception) -> bool:
    return isinstance(e, ConnectionError)


def _print(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
