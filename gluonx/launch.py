"""Starts a program several times, as the workers of one job: ``python -m gluonx.launch``.

::

    python -m gluonx.launch -n 4 train.py --epochs 3              # on this host
    python -m gluonx.launch -n 4 -H hosts.txt train.py --epochs 3 # by ssh

Each worker gets MXNet's variables: ``DMLC_ROLE``, ``DMLC_PS_ROOT_URI``, ``DMLC_PS_ROOT_PORT``,
``DMLC_NUM_WORKER`` and ``DMLC_WORKER_ID``. What the workers print comes out with their numbers in
front. When one of them fails the others are ended, and the exit status is that of the one that
failed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

__all__ = ["main"]

_PASSED = ("GLUONX_", "JAX_", "XLA_", "NCCL_", "PYTHONPATH")
_LOCAL = ("localhost", "127.0.0.1")
#: How a worker reports another one: see :mod:`gluonx.hosts.peers`.
_GONE = re.compile(rb"gluonx: worker (\d+) \([^)]*\) is gone: (.*)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Start workers, and wait for them.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the command line.

    Returns
    -------
    int
        The exit status: 0, or that of the first worker that failed, 128 + N for signal N.
    """
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.num_workers < 1:
        parser.error("-n must be 1 or more")
    try:
        hosts = _hosts(parsed.hostfile, parsed.num_workers) if parsed.hostfile else None
    except (OSError, ValueError) as e:
        parser.error(f"-H {parsed.hostfile}: {e}")
    command = [parsed.program, *parsed.arguments]
    if parsed.program.endswith(".py"):
        command = [
            parsed.python or (sys.executable if hosts is None else "python3"),
            "-u",
            *command,
        ]
    job = _Job(command, hosts or ["localhost"] * parsed.num_workers, parsed)
    return job.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gluonx.launch",
        description="Start a program several times, as the workers of one job.",
    )
    parser.add_argument("-n", "--num-workers", type=int, required=True, help="how many workers")
    parser.add_argument(
        "-H", "--hostfile",
        help="a file with one host in each line, which ssh reaches without a password, and behind "
        "it, if wanted, how many workers it takes: host slots=4. Without it all are on this host",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int, default=0,
        help="a free port on the host of worker 0 (default: one that is free here)",
    )  # fmt: skip
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME[=VALUE]",
        help="a variable for workers on other hosts; GLUONX_*, JAX_*, XLA_*, NCCL_* and PYTHONPATH "
        "are passed on anyway",
    )  # fmt: skip
    parser.add_argument("--python", help="the interpreter (default: this one; on others python3)")
    parser.add_argument(
        "--grace", type=float, default=5.0,
        help="seconds that workers get to end by themselves, once they are told to (default 5)",
    )  # fmt: skip
    parser.add_argument("program", help="a Python file, or another program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its arguments")
    return parser


def _hosts(path: str, count: int) -> list[str]:
    """The host of each worker: as many in a row as a line has slots, from the beginning again."""
    found: list[str] = []
    with open(path) as file:
        for line in file:
            words = line.partition("#")[0].split()
            if not words:
                continue
            host, slots = words[0], 1
            if host.startswith("-"):
                raise ValueError(f"{host!r} is not the name of a host")
            for word in words[1:]:
                key, _, value = word.partition("=")
                if key != "slots" or not value.isdigit() or not int(value):
                    raise ValueError(f"expected 'host' or 'host slots=4', got {line.strip()!r}")
                slots = int(value)
            found += [host] * slots
    if not found:
        raise ValueError("it names no host")
    return [found[i % len(found)] for i in range(count)]


class _Job:
    """The processes of a job."""

    def __init__(self, command: list[str], hosts: list[str], options: Any):
        self._command = command
        self._hosts = hosts
        self._options = options
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen] = []
        self._readers: list[threading.Thread] = []
        #: Number of the worker that the others first missed, and why.
        self._missed: tuple[int, str] | None = None

    def run(self) -> int:
        status, stopped = 0, None

        def stop(number: int, frame: Any) -> None:
            raise _StoppedError(number)

        before = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            try:
                self._start()
                status = self._wait()
            except _StoppedError as e:
                stopped = e.number
                self._say(f"{signal.Signals(e.number).name}: the workers are ended")
            finally:
                self._end()
        except _StoppedError as e:  # a second one: no more waiting
            stopped = e.number
            self._kill()
        finally:
            for n, handler in before.items():
                signal.signal(n, handler)
        return 128 + stopped if stopped else status

    def _start(self) -> None:
        root = self._hosts[0]
        everywhere = {
            "DMLC_ROLE": "worker",
            "DMLC_NUM_WORKER": str(len(self._hosts)),
            "DMLC_NUM_SERVER": "0",
            "DMLC_PS_ROOT_URI": "127.0.0.1" if set(self._hosts) <= set(_LOCAL) else _address(root),
            "DMLC_PS_ROOT_PORT": str(self._options.port or _free_port()),
            "GLUONX_JOB": secrets.token_hex(8),
            "PYTHONUNBUFFERED": "1",
        }
        for rank, host in enumerate(self._hosts):
            variables = {**everywhere, "DMLC_WORKER_ID": str(rank)}
            if host in _LOCAL:
                inherited = {k: v for k, v in os.environ.items() if k != "GLUONX_JOINED"}
                command, environment, pipe = self._command, {**inherited, **variables}, None
            else:
                command, environment = self._over_ssh(host, variables), None
                pipe = subprocess.PIPE  # closed when this process ends, however it does
            try:
                process = subprocess.Popen(
                    command, env=environment, stdin=pipe or subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                )  # fmt: skip
            except OSError as e:
                raise SystemExit(f"launch: cannot start {command[0]}: {e.strerror}") from None
            self._processes.append(process)
            for source, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr)):
                reader = threading.Thread(target=self._pass_on, args=(rank, source, target))
                reader.daemon = True
                reader.start()
                self._readers.append(reader)

    def _over_ssh(self, host: str, variables: dict[str, str]) -> list[str]:
        """A command that runs a worker on another host, and ends it when its input ends."""
        variables = {**_passed(os.environ, self._options.env), **variables}
        words = [f"{k}={v}" for k, v in variables.items()]
        inner = shlex.join(["env", *words, *self._command])
        script = (
            f"cd {shlex.quote(os.getcwd())} || exit 127; "
            # a shell that waits for the end of its input, on which it ends the worker's group
            f"setsid {inner} </dev/null & worker=$!; "
            "(cat >/dev/null; kill -TERM -$worker; sleep 5; kill -KILL -$worker) 2>/dev/null <&3 & "
            "watch=$!; wait $worker; status=$?; kill $watch 2>/dev/null; exit $status"
        )
        remote = shlex.join(["sh", "-c", f"exec 3<&0; {script}"])
        return ["ssh", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=15", "--", host, remote]

    def _pass_on(self, rank: int, source: IO[bytes], target: Any) -> None:
        """Copy what a worker prints, whole lines with its number in front."""
        mark = f"[{rank}] ".encode()
        out = getattr(target, "buffer", None)
        with source:
            for line in source:
                found = _GONE.match(line)
                if found and self._missed is None:
                    self._missed = int(found[1]), found[2].decode(errors="replace").strip()
                text = mark + line if line.endswith(b"\n") else mark + line + b"\n"
                with self._lock, contextlib.suppress(OSError, ValueError):
                    if out is None:  # a stream without bytes below it
                        target.write(text.decode(errors="replace"))
                    else:
                        target.flush()
                        out.write(text)
                    target.flush()

    def _say(self, text: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            print(f"launch: {text}", file=sys.stderr, flush=True)

    def _wait(self) -> int:
        """Until all have ended, or one has failed."""
        running = dict(enumerate(self._processes))
        while running:
            ended = [rank for rank, process in running.items() if process.poll() is not None]
            failed = [rank for rank in ended if self._processes[rank].returncode]
            if failed:
                rank = self._culprit(failed)
                process, why = self._processes[rank], ""
                if self._missed is not None and self._missed[0] == rank:
                    why = f": {self._missed[1]}"
                code = process.returncode
                self._say(
                    f"worker {rank} on {self._hosts[rank]} (process {process.pid}) "
                    f"{_describe(code)}{why}; all workers are ended"
                )
                return 1 if not code else 128 - code if code < 0 else code
            for rank in ended:
                del running[rank]
            time.sleep(0.05)
        return 0

    def _culprit(self, failed: list[int]) -> int:
        """Which worker failed first: others fail after it, and can be the first to end."""
        end = time.monotonic() + 1
        while time.monotonic() < end and self._missed is None:
            time.sleep(0.05)
        if self._missed is not None:
            rank, why = self._missed
            with contextlib.suppress(subprocess.TimeoutExpired, IndexError):
                # worker 0 stays for some seconds, until the others have ended
                self._processes[rank].wait(8 if "ended" in why else 1)
            if rank < len(self._processes):
                return rank
        return min(failed, key=lambda r: ((self._processes[r].returncode or 0) >= 0, r))

    def _end(self) -> None:
        """End what still runs: by SIGTERM, and after a time by SIGKILL."""
        running = [p for p in self._processes if p.poll() is None]
        for process in running:
            if process.stdin is not None:
                process.stdin.close()
            else:
                _signal(process, signal.SIGTERM)
                _signal(process, signal.SIGCONT)  # one that was stopped has to see it
        end = time.monotonic() + self._options.grace
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(end - time.monotonic(), 0))
        for process in running:
            _signal(process, signal.SIGKILL)  # the whole group: a worker's own children too
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        for reader in self._readers:
            reader.join(2)

    def _kill(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                _signal(process, signal.SIGKILL)


class _StoppedError(Exception):
    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def _signal(process: subprocess.Popen, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _describe(code: int | None) -> str:
    if code is None:
        return "does not answer"
    if code >= 0:
        return f"ended with exit status {code}"
    try:
        return f"was killed by signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"was killed by signal {-code}"


def _passed(environment: Mapping[str, str], more: Sequence[str]) -> dict[str, str]:
    """Variables for workers on other hosts."""
    found = {k: v for k, v in environment.items() if k.startswith(_PASSED) and k != "GLUONX_JOINED"}
    for item in more:
        name, given, value = item.partition("=")
        if given or name in environment:
            found[name] = value if given else environment[name]
    return found


def _address(host: str) -> str:
    """How the other workers call the host of worker 0."""
    host = host.rpartition("@")[2]
    return socket.gethostname() if host in _LOCAL else host


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as free:
        free.bind(("", 0))
        return free.getsockname()[1]


if __name__ == "__main__":
    raise SystemExit(main())
