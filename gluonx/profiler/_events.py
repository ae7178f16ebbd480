"""From the files of :mod:`jax.profiler` to events: a name, a category, a begin and a duration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax

__all__ = ["chrome", "read"]


def read(file: Path, runtime: bool) -> Iterator[dict[str, Any]]:
    """The operators in a file, and what the runtime did on the host if that is asked for.

    Times are microseconds, since 1970.
    """
    data = jax.profiler.ProfileData.from_file(str(file))
    planes = list(data.planes)
    begin = 0.0
    for plane in planes:
        begin = dict(plane.stats).get("profile_start_time", begin)
    for number, plane in enumerate(planes):
        device = plane.name.startswith("/device:")
        if not device and not plane.name.startswith("/host:CPU"):
            continue
        for line in plane.lines:
            # on a GPU the lines of modules and steps say once more what those of operators say
            if device and line.name in ("XLA Modules", "Steps", "Source code", "Framework Ops"):
                continue
            for event in line.events:
                stats = dict(event.stats)
                operator = "hlo_op" in stats
                if not operator and not device and not runtime:
                    continue
                if event.name.startswith(("end: ", "ThreadpoolListener")):
                    continue
                yield {
                    "name": event.name,
                    "cat": str(stats.get("hlo_module", "operator" if device else "runtime")),
                    "ph": "X",
                    "ts": (begin + event.start_ns) / 1000,
                    "dur": event.duration_ns / 1000,
                    "pid": number + 1,
                    "tid": f"{plane.name} {line.name}",
                }


def chrome(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events as the viewers want them: threads have numbers, and names apart."""
    numbers: dict[Any, int] = {}
    found = []
    for event in sorted(events, key=lambda e: e["ts"]):
        thread = numbers.setdefault((event["pid"], event["tid"]), len(numbers))
        found.append({**event, "tid": thread})
    for (process, thread), number in numbers.items():
        name = {"name": str(thread)}
        found.append(
            {"name": "thread_name", "ph": "M", "pid": process, "tid": number, "args": name}
        )
    return found
