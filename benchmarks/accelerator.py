"""Training in bfloat16 on an accelerator: the plain Gluon loop beside `jax.jit`, Flax and PyTorch.

    python benchmarks/accelerator.py
    python benchmarks/accelerator.py --only gpt --columns gluonx hand --batch gpt=16
    python benchmarks/accelerator.py --small        # a trial on a CPU

ResNet-50 and a language model of the size of GPT-2 small. Each column runs in a process of its own,
one after the other, as each wants the accelerator's memory for itself; all start from the same
weights and see the same batches, which are on the device already. A column that fails, or takes
longer than its limit, is left out.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

COLUMNS = ["gluonx", "hand", "flax", "torch"]
#: More columns, where asked for.
OTHERS = ["gluonx_cast", "gluonx_nhwc", "hand_bf16"]
#: Products of bfloat16 in TFLOP/s without sparsity, from the makers' data sheets, by a part of the
#: device's name; the first that fits counts.
PEAKS = {
    "H100 PCIe": 756, "H100 NVL": 835, "H100": 989, "H200": 989, "B200": 2250, "A100": 312,
    "A10G": 70, "L40S": 362, "L4": 121, "V100": 125, "T4": 65,
}  # fmt: skip
#: Steps whose losses are shown.
CHECKED = 10


# -- inside a column's process ---------------------------------------------------------------------


def serve(column: str, name: str, sizes: dict, settings: dict) -> None:
    """Measure one column on one workload; the last line printed is the result as JSON."""
    from large.work import WORKS

    work = WORKS[name](**sizes)
    module = importlib.import_module("large." + column)
    framework = _start(column)
    start = time.perf_counter()
    loop = module.Column(work)
    loop.step(0)
    loop.wait()
    first = time.perf_counter() - start
    losses = [loop.loss()]
    for i in range(1, CHECKED):
        loop.step(i)
        losses.append(loop.loss())

    def run() -> float:
        start = time.perf_counter()
        for i in range(settings["steps"]):
            loop.step(i)
        loop.wait()
        return (time.perf_counter() - start) / settings["steps"]

    for _ in range(2):
        run()
    times = []
    start = time.perf_counter()
    while len(times) < settings["rounds"]:
        times.append(run())
        if time.perf_counter() - start > settings["seconds"]:
            break
    result = {
        "times": times, "first": first, "losses": losses, "peak": _peak(), "recipe": module.RECIPE,
        "name": work.name, "items": work.items, "unit": work.unit, "flops": work.flops,
        **framework,
    }  # fmt: skip
    if settings["profile"] and column != "torch":
        from large.profile import kernels

        try:
            result["profile"] = kernels(loop)
        except Exception as e:  # what was measured shall not be lost
            result["profile"] = f"no profile of {column}: {type(e).__name__}: {e}"
    if settings["explain"] and hasattr(loop, "explain"):
        result["explain"] = loop.explain()
    print(json.dumps(result), flush=True)


def _start(column: str) -> dict:
    """Start the framework, so that the first step's time is the network's; which one it is."""
    if column == "torch":
        import torch

        cuda = torch.cuda.is_available()
        (torch.ones(2, 2, device="cuda" if cuda else "cpu") @ torch.ones(2, 2).to(
            "cuda" if cuda else "cpu"
        )).sum().item()  # fmt: skip
        device = torch.cuda.get_device_name() if cuda else "cpu"
        return {"version": f"PyTorch {torch.__version__}", "device": device}
    import jax
    import jax.numpy as jnp

    (jnp.ones((2, 2)) @ jnp.ones((2, 2))).block_until_ready()
    version = f"JAX {jax.__version__}"
    if column.startswith("flax"):
        import flax

        version = f"Flax {flax.__version__}, {version}"
    return {"version": version, "device": jax.devices()[0].device_kind}


def _peak() -> int | None:
    """The most bytes on the accelerator that arrays have taken since the process began."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    import jax

    stats = jax.local_devices()[0].memory_stats()
    return stats and stats.get("peak_bytes_in_use")


# -- the driver ------------------------------------------------------------------------------------


def measure(column: str, name: str, sizes: dict, settings: dict, cache: str | None) -> dict:
    """The result of a column's process; RuntimeError with what it said last if it fails."""
    environment = dict(os.environ, XLA_PYTHON_CLIENT_PREALLOCATE="false")
    if importlib.util.find_spec("gluonx") is None:
        root = str(pathlib.Path(__file__).resolve().parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, [root, environment.get("PYTHONPATH")])
        )
    if cache is None:
        environment.update(JAX_ENABLE_COMPILATION_CACHE="false", GLUONX_COMPILATION_CACHE="0")
    else:
        environment.update(
            JAX_COMPILATION_CACHE_DIR=cache, GLUONX_COMPILATION_CACHE=cache,
            TORCHINDUCTOR_CACHE_DIR=cache,
        )  # fmt: skip
    command = [
        sys.executable, __file__, "--serve", column, "--work", name, "--sizes", json.dumps(sizes),
        "--settings", json.dumps(settings),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            out, err = process.communicate(timeout=settings["limit"])
        except subprocess.TimeoutExpired:
            process.kill()
            _, err = process.communicate()
            raise RuntimeError(f"{err[-1000:]}\nended after {settings['limit']:g} s") from None
    lines = [line for line in out.splitlines() if line.startswith("{")]
    if process.returncode or not lines:
        raise RuntimeError(err[-2000:] or f"it ended with status {process.returncode}")
    return json.loads(lines[-1])


def peak_of(device: str) -> float | None:
    """FLOP/s of bfloat16 of a device, where they are known."""
    return next((1e12 * tera for name, tera in PEAKS.items() if name in device), None)


def compare(name: str, sizes: dict, settings: dict, columns: list[str], cache: str | None) -> dict:
    """Results of the columns that do not fail on one workload."""
    found: dict[str, dict] = {}
    for column in columns:
        begun = time.perf_counter()
        try:
            found[column] = f = measure(column, name, sizes, settings, cache)
        except RuntimeError as e:
            last = "\n    ".join(str(e).strip().splitlines()[-12:])
            print(f"{name}: {column} is left out:\n    {last}", file=sys.stderr, flush=True)
            continue
        print(
            f"{name}: {column}: {1e3 * statistics.median(f['times']):.2f} ms, first step "
            f"{f['first']:.1f} s; {time.perf_counter() - begun:.0f} s in all",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        for extra in ("explain", "profile"):
            if extra in f:
                print(f[extra], file=sys.stderr, flush=True)
    return found


def report(found: dict[str, dict], peak: float | None) -> None:
    """Print a workload's table; ``peak`` in FLOP/s, if not that of the data sheet."""
    work = next(iter(found.values()))
    peak = peak or peak_of(work["device"])
    hand = found.get("hand") and statistics.median(found["hand"]["times"])
    print(f"\n{work['name']}, {work['flops'] / 1e12:.3g} TFLOP a step, on {work['device']}", end="")
    print(f", peak {peak / 1e12:g} TFLOP/s\n" if peak else ", whose peak is not known\n")
    print(
        f"| | ms a step | range | / hand | {work['unit']}/s | TFLOP/s | of peak | first step s "
        f"| peak GB | loss, first | after {CHECKED} |\n|---|" + "---:|" * 10
    )
    for column, f in found.items():
        seconds = statistics.median(f["times"])
        rate = work["flops"] / seconds
        print(
            f"| {column} | {1e3 * seconds:.2f} "
            f"| {1e3 * min(f['times']):.2f} to {1e3 * max(f['times']):.2f} "
            f"| {f'{seconds / hand:.2f}' if hand else ''} | {work['items'] / seconds:,.0f} "
            f"| {rate / 1e12:.1f} | {f'{rate / peak:.1%}' if peak else ''} | {f['first']:.1f} "
            f"| {f['peak'] / 1e9 if f['peak'] else float('nan'):.1f} "
            f"| {f['losses'][0]:.4f} | {f['losses'][-1]:.4f} |"
        )
    print()
    for column, f in found.items():
        print(f"- {column} ({f['version']}): {f['recipe']}.")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("--serve", "--work", "--sizes", "--settings"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="*", default=["resnet", "gpt"], choices=["resnet", "gpt"])
    parser.add_argument("--columns", nargs="*", default=COLUMNS, choices=COLUMNS + OTHERS)
    parser.add_argument("--batch", action="append", default=[], metavar="resnet=N or gpt=N")
    parser.add_argument("--length", type=int, help="tokens of a sequence, 1024")
    parser.add_argument("--small", action="store_true", help="tiny networks, to try the script")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20, help="in a round")
    parser.add_argument("--seconds", type=float, default=15, help="most that rounds take")
    parser.add_argument("--limit", type=float, default=180, help="most that a column takes")
    parser.add_argument("--peak", type=float, help="TFLOP/s of the device in bfloat16")
    parser.add_argument("--cache", metavar="FOLDER", help="keep what is compiled, for another run")
    parser.add_argument("--explain", action="store_true", help="what gluonx says of its step")
    parser.add_argument("--profile", action="store_true", help="JAX columns: kernels by time")
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args.work, json.loads(args.sizes), json.loads(args.settings))
        return
    from large.work import SMALL

    settings = {
        name: getattr(args, name)
        for name in ("rounds", "steps", "seconds", "limit", "explain", "profile")
    }
    batches = dict(item.split("=") for item in args.batch)
    for name in args.only:
        sizes: dict = dict(SMALL[name]) if args.small else {}
        if name in batches:
            sizes["batch"] = int(batches[name])
        if name == "gpt" and args.length:
            sizes["length"] = args.length
        found = compare(name, sizes, settings, args.columns, args.cache)
        if found:
            report(found, args.peak and 1e12 * args.peak)


if __name__ == "__main__":
    main()
