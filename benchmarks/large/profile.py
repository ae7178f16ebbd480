"""Which kernels a step runs on the device, by time, from JAX's profiler."""

from __future__ import annotations

import collections
import glob
import gzip
import json
import tempfile

STEPS = 5


def kernels(loop, most: int = 25) -> str:
    """A table of the kernels that take most of a step; empty for PyTorch, which has no part in it.

    Parameters
    ----------
    loop : object
        A column, warm.
    most : int
        How many rows it has.
    """
    import jax

    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder, create_perfetto_trace=True):
            for i in range(STEPS):
                loop.step(i)
            loop.wait()
        (path,) = glob.glob(f"{folder}/**/perfetto_trace.json.gz", recursive=True)
        with gzip.open(path) as file:
            events = json.load(file)["traceEvents"]
    return table(events, most)


def table(events: list[dict], most: int) -> str:
    """The table of a trace's events."""
    names = {
        e["pid"]: e["args"]["name"]
        for e in events
        if e.get("ph") == "M" and e.get("name") == "process_name"
    }
    threads = {
        (e["pid"], e["tid"]): e["args"]["name"]
        for e in events
        if e.get("ph") == "M" and e.get("name") == "thread_name"
    }
    times: collections.Counter = collections.Counter()
    counts: collections.Counter = collections.Counter()
    for e in events:
        device = "/device:GPU" in names.get(e.get("pid"), "")
        # a device's other rows say again what its streams do, by module and by operation
        if e.get("ph") == "X" and device and "Stream" in threads.get((e["pid"], e["tid"]), ""):
            times[e["name"]] += e["dur"]
            counts[e["name"]] += 1
    total = sum(times.values())
    if not times:
        return f"no kernels on a GPU's streams in the trace; it has {sorted(set(names.values()))}"
    lines = [f"kernels of a step: {total / STEPS / 1e3:.2f} ms in {sum(counts.values()) // STEPS}"]
    lines += [
        f"{t / STEPS / 1e3:9.3f} ms {t / total:6.1%} {counts[name] / STEPS:7.1f} x {name[:110]}"
        for name, t in times.most_common(most)
    ]
    return "\n".join(lines)
