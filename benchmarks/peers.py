"""Frameworks that answer from processes of their own, measured in turns.

A script that compares frameworks starts itself once for each, under the Python given for it; there
:func:`answer` serves one measurement for each line of standard input.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

#: A kind of call (``'forward'``, ``'backward'``) and the name of what is called.
Cell = tuple[str, str]


def answer(calls: dict[Cell, Callable], wait: Callable, duration: float) -> None:
    """Measure whatever the lines of standard input ask for; one line out for each line in.

    Parameters
    ----------
    calls : dict
        What is measured: functions without arguments.
    wait : callable
        Waits for the result of the last call.
    duration : float
        Seconds that one measurement takes.
    """
    counts: dict = {}

    def measure(cell: Cell, count: int) -> float:
        call, last = calls[cell], None
        start = time.perf_counter()
        for _ in range(count):
            last = call()
        wait(last)
        return (time.perf_counter() - start) / count

    print(json.dumps(list(calls)), flush=True)
    for line in sys.stdin:
        cell = tuple(json.loads(line))
        if cell not in counts:
            measure(cell, 3)  # compiles, fills caches
            once = measure(cell, 3)
            measure(cell, max(1, int(duration / once)))
            counts[cell] = max(2, int(duration / measure(cell, max(2, int(duration / once)))))
        print(json.dumps(measure(cell, counts[cell])), flush=True)


class Peer:
    """A framework in its process; ``more`` are further arguments of the script."""

    def __init__(
        self,
        script: str,
        framework: str,
        python: str,
        threads: int | None = None,
        more: Sequence[str] = (),
    ):
        environment = dict(os.environ)
        if threads is not None:
            environment["OMP_NUM_THREADS"] = str(threads)
        self.process = subprocess.Popen(
            [python, script, "--answer", framework, *more], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{framework} does not start under {python}")
        self.cells = [tuple(cell) for cell in json.loads(line)]

    def measure(self, cell: Cell) -> float:
        print(json.dumps(cell), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def compare(peers: dict[str, Peer], rounds: int) -> dict[tuple[str, Cell], float]:
    """Median seconds of each peer's cells; in every round each peer is measured once."""
    times: dict = {}
    for _ in range(rounds + 1):
        for cell in next(iter(peers.values())).cells:
            for name, peer in peers.items():
                if cell in peer.cells:
                    times.setdefault((name, cell), []).append(peer.measure(cell))
    for peer in peers.values():
        peer.process.stdin.close()
        peer.process.wait()
    return {key: statistics.median(found[1:]) for key, found in times.items()}


def show(peers: dict[str, Peer], medians: dict[tuple[str, Cell], float]) -> None:
    """Print a table in Markdown: microseconds, and how they compare with the first peer's."""
    first, *others = peers
    heads = ["", f"{first} µs", *(f"{n} µs | {first} / {n}" for n in others)]
    print("| " + " | ".join(heads) + " |")
    print("|---" + "|---:" * (1 + 2 * len(others)) + "|")
    for cell in peers[first].cells:
        own = medians[first, cell] * 1e6
        line = [f"`{cell[1]}`" + (", backward" if cell[0] == "backward" else ""), f"{own:.1f}"]
        for name in others:
            other = medians.get((name, cell))
            line += (
                ["–", "–"] if other is None else [f"{other * 1e6:.1f}", f"{own / other / 1e6:.2f}"]
            )
        print("| " + " | ".join(line) + " |", flush=True)
