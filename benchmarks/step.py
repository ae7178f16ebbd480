"""What a training step costs: the plain Gluon loop beside a hand-written `jax.jit` step and peers.

    python benchmarks/step.py
    python benchmarks/step.py --python torch=PATH --python mxnet=PATH --only mlp lenet
    python benchmarks/step.py --device gpu --columns gluonx flax torch

Each column answers from a process of its own, under the Python given for it (this one by default;
columns whose framework that Python does not have are left out). All start from the same weights and
see the same batches. In every round each column runs for the same time, one after the other, so
that a change in the machine's load meets all of them; the table shows medians of ratios to the
hand-written step of the same round.
"""

from __future__ import annotations

import argparse
import importlib
import json
import operator
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

COLUMNS = ["hand", "gluonx", "flax", "equinox", "keras", "torch", "mxnet"]
#: The same without hybridizing, where asked for.
EAGER = ["gluonx_eager", "mxnet_eager"]
#: The loop of ``Module.fit``, where asked for.
MODULE = ["module"]
#: Seconds that one column runs in one round, and how many first steps are measured.
DURATION, STARTS = 0.3, 3
TOLERANCE = 2e-3
#: Settings of glibc by which free memory goes back at once, where the peak is measured. By default
#: each thread keeps freed blocks of up to 32 MiB for itself: which of XLA's threads ran how many
#: steps changed a small step's peak by a third from run to run.
TIGHT = {
    "GLIBC_TUNABLES": "glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=65536"
    ":glibc.malloc.trim_threshold=65536"
}


# -- inside a column's process ---------------------------------------------------------------------


def _memory(field: str) -> int:
    """A field of /proc/self/status in bytes."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _device_peak() -> int | None:
    """Peak bytes on the accelerator, where the framework can tell."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    jax = sys.modules.get("jax")
    if jax is not None:
        stats = jax.local_devices()[0].memory_stats()
        return stats and stats.get("peak_bytes_in_use")
    return None


def serve(column: str, name: str) -> None:
    """Answer the driver's requests, a line of JSON each."""
    from steps.work import WORKS

    work = WORKS[name]()
    module = importlib.import_module("steps." + column)
    _warm(column)
    if os.environ.get("STEP_DEVICE") == "gpu" and not _on_gpu(column):
        raise RuntimeError(f"{column} finds no GPU")
    base = _memory("VmRSS")
    _say(ready=True)
    loop = None
    for line in sys.stdin:
        request = json.loads(line)
        if "run" in request:
            start = time.perf_counter()
            for i in range(request["run"]):
                loop.step(i)
            loop.wait()
            _say(seconds=time.perf_counter() - start)
            continue
        start = time.perf_counter()
        loop = module.Column(work)
        loop.step(0)
        loop.wait()
        first = time.perf_counter() - start
        if "first" in request:
            _say(first=first)
        else:
            losses = [loop.loss()]
            for i in range(1, work.steps):
                loop.step(i)
                losses.append(loop.loss())
            loop.wait()
            _forget_peak()
            for i in range(10):
                loop.step(i)
            loop.wait()
            peak = _device_peak() or _memory("VmHWM") - base
            _say(losses=losses, peak=peak)


def _warm(column: str) -> None:
    """Start the framework, so that the first step's time is the network's."""
    column = column.removesuffix("_eager")
    if column == "torch":
        import torch

        ones = torch.ones(2, 2, device="cuda" if torch.cuda.is_available() else "cpu")
        (ones @ ones).sum().item()
    elif column == "mxnet":
        import mxnet

        with mxnet.gpu() if mxnet.context.num_gpus() else mxnet.cpu():
            mxnet.nd.dot(mxnet.nd.ones((2, 2)), mxnet.nd.ones((2, 2))).asnumpy()
    else:
        import jax.numpy as jnp

        names = {"hand": "optax", "module": "gluonx"}
        importlib.import_module(names.get(column, column))
        (jnp.ones((2, 2)) @ jnp.ones((2, 2))).block_until_ready()


def _on_gpu(column: str) -> bool:
    """Whether the framework finds a GPU."""
    column = column.removesuffix("_eager")
    if column == "torch":
        import torch

        return torch.cuda.is_available()
    if column == "mxnet":
        import mxnet

        return mxnet.context.num_gpus() > 0
    import jax

    return jax.default_backend() == "gpu"


def _forget_peak() -> None:
    """Let the peak start anew, without what compiling has used. JAX cannot, on an accelerator."""
    import ctypes
    import gc

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def _say(**message: object) -> None:
    print(json.dumps(message), flush=True)


# -- the driver ------------------------------------------------------------------------------------


class Worker:
    """A column's process."""

    def __init__(self, python: str, column: str, work: str, cache: str | None, tight: bool = False):
        environment = dict(os.environ, KERAS_BACKEND="jax", **(TIGHT if tight else {}))
        environment["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # several share an accelerator
        if cache is None:
            environment.update(JAX_ENABLE_COMPILATION_CACHE="false", GLUONX_COMPILATION_CACHE="0")
        elif column.startswith(("gluonx", "module")):
            environment["GLUONX_COMPILATION_CACHE"] = cache
        else:
            environment["JAX_COMPILATION_CACHE_DIR"] = cache
        self._process = subprocess.Popen(
            [python, __file__, "--serve", column, "--work", work],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment,
        )  # fmt: skip
        self._read()

    def ask(self, **request: object) -> dict:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict:
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(self._process.stderr.read()[-2000:] or "the process ended")

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def compare(work: str, pythons: dict[str, str], rounds: int, before: int) -> dict[str, dict]:
    """Measure all columns on one workload, each after so many steps."""
    workers: dict[str, Worker] = {}
    found: dict[str, dict] = {}
    try:
        for column, python in pythons.items():
            try:
                workers[column] = Worker(python, column, work, None)
                found[column] = workers[column].ask(start=True)
                found[column]["peak"] = peak(work, python, column)
                found[column]["firsts"] = []
            except RuntimeError as e:
                last = str(e).strip().split("\n")[-1]
                print(f"  {work}: {column} is left out: {last}", file=sys.stderr)
                workers.pop(column, None)
        for _ in range(STARTS):
            for column in workers:
                found[column]["firsts"].append(first_step(work, pythons[column], column))
        hand = workers["hand"]
        hand.ask(run=5)
        count = 5
        count = max(2, round(DURATION * count / hand.ask(run=count)["seconds"]))
        for worker in workers.values():
            worker.ask(run=max(count, before))
        times: dict[str, list[float]] = {column: [] for column in workers}
        names = list(workers)
        for r in range(rounds):
            for column in names[r % len(names) :] + names[: r % len(names)]:
                times[column].append(workers[column].ask(run=count)["seconds"] / count)
        for column in workers:
            ratios = [a / b for a, b in zip(times[column], times["hand"], strict=True)]
            found[column].update(
                seconds=statistics.median(times[column]),
                ratio=statistics.median(ratios),
                spread=statistics.quantiles(ratios, n=4)[::2] if rounds > 1 else [],
            )
    finally:
        for worker in workers.values():
            worker.close()
    return found


def peak(work: str, python: str, column: str) -> int:
    """Bytes that ten steps need beyond the framework itself, in a process of its own."""
    worker = Worker(python, column, work, None, tight=True)
    try:
        return worker.ask(start=True)["peak"]
    finally:
        worker.close()


def first_step(work: str, python: str, column: str, cache: str | None = None) -> float:
    """Seconds to the end of the first step, in a process of its own."""
    worker = Worker(python, column, work, cache)
    try:
        return worker.ask(first=True)["first"]
    finally:
        worker.close()


def second_start(work: str, python: str, column: str) -> tuple[float, float]:
    """Seconds to the first step with an empty compilation cache, and in a second process."""
    with tempfile.TemporaryDirectory() as cache:
        cold = first_step(work, python, column, cache)
        return cold, first_step(work, python, column, cache)


def report(title: str, found: dict[str, dict]) -> None:
    """Print a workload's part of the table."""
    hand = found["hand"]
    for column, f in found.items():
        low, high = f["spread"] or (f["ratio"], f["ratio"])
        off = max(
            abs(a - b) / max(abs(b), 0.1) for a, b in zip(f["losses"], hand["losses"], strict=True)
        )
        first = statistics.median(f["firsts"])
        later = statistics.median(map(operator.truediv, f["firsts"], hand["firsts"]))
        agree = "" if off < TOLERANCE else f" (losses differ by {off:.1e})"
        print(
            f"| {title} | {column}{agree} | {f['ratio']:.2f} | {low:.2f} to {high:.2f} "
            f"| {f['seconds'] * 1e6:,.0f} | {first:.2f} | {later:.2f} "
            f"| {f['peak'] / 1e6:,.0f} | {f['peak'] / hand['peak']:.2f} |"
        )
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument(
        "--only", nargs="*", help="workloads: mlp micro lenet resnet transformer lstm"
    )
    parser.add_argument("--columns", nargs="*", default=COLUMNS)
    parser.add_argument("--eager", action="store_true", help="also loops that are not hybridized")
    parser.add_argument("--module", action="store_true", help="also the loop of Module.fit")
    parser.add_argument("--python", action="append", default=[], metavar="COLUMN=PATH")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--before", type=int, default=0, help="steps before the first round")
    parser.add_argument("--second-start", action="store_true", help="measure the compilation cache")
    parser.add_argument(
        "--device", choices=["cpu", "gpu"], help="a GPU where the framework finds one, by default"
    )
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args.work)
        return
    if args.device == "cpu":
        os.environ.update(JAX_PLATFORMS="cpu", CUDA_VISIBLE_DEVICES="")
    if args.device:
        os.environ["STEP_DEVICE"] = args.device
    from steps.work import WORKS

    columns = [
        "hand",
        *args.columns,
        *(EAGER if args.eager else []),
        *(MODULE if args.module else []),
    ]
    pythons = {column: sys.executable for column in columns}
    for item in args.python:
        column, _, path = item.partition("=")
        for name in (column, f"{column}_eager"):
            if name in pythons:
                pythons[name] = path
    if args.second_start:
        print("| | | first start s | second start s |\n|---|---|---:|---:|")
        for work in args.only or WORKS:
            for column in ("hand", "gluonx"):
                cold, warm = second_start(work, pythons[column], column)
                print(f"| {WORKS[work]().name} | {column} | {cold:.2f} | {warm:.2f} |", flush=True)
        return
    print(
        "| | | ratio | quartiles | µs a step | first step s | ratio | peak MB | ratio |\n"
        "|---|---|---:|---|---:|---:|---:|---:|---:|"
    )
    for work in args.only or WORKS:
        report(WORKS[work]().name, compare(work, pythons, args.rounds, args.before))


if __name__ == "__main__":
    main()
