"""What a step on several devices costs: the Gluon loop beside a hand-written `jax.pmap` step.

    python benchmarks/replicas.py
    python benchmarks/replicas.py --devices 2 --units 512
    python benchmarks/replicas.py --stay

Devices are virtual CPU devices (each number of them in a process of its own), so what is
measured is the work around the program, not the program's speed on real devices. In each step a
batch goes from NumPy to the devices: by hand with one `device_put` in the form that `pmap` likes
best, in the Gluon loop by `split_and_load`. With `--stay` it is there already. A second
hand-written step also returns its gradients, as a Gluon step does. All take turns of ten steps,
after one that does not count, at whose end they wait for the last, and the table shows medians of
the ratios to the two in the same round: of the time, and of the processor time of the whole
process, which a busy machine disturbs less. The collectives and the bytes that they take are
counted in the compiled program, beside the bytes of the gradients.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import operator
import os
import re
import statistics
import subprocess
import sys
import time
from typing import Any

BATCH, INPUTS, CLASSES, RATE, MOMENTUM = 64, 128, 10, 0.01, 0.9
SIZES = {"f32": 4, "bf16": 2, "f16": 2, "f64": 8, "u8": 1}


_NAMES = "all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute"


def collectives(text: str) -> tuple[int, int]:
    """How many collective operations a compiled program has, and how many bytes they take."""
    count = size = 0
    for line in text.splitlines():
        found = re.search(rf"= (.*?) ({_NAMES})(-start)?\(", line)
        if found:
            count += 1
            for dtype, shape in re.findall(r"([a-z]+\d+)\[([\d,]*)\]", found[1]):
                size += SIZES[dtype] * math.prod(int(n) for n in shape.split(",") if n)
    return count, size


def hand(
    devices: int, units: int, layers: int, x, y, weights, stay: bool, gradients: bool = False
):  # fmt: skip
    """The step as one writes it for pmap; returns a function that makes a step.

    ``stay`` says whether the batch is on the devices already, ``gradients`` whether it returns
    them, too, as ``param.grad()`` asks of a Gluon step.
    """
    import jax
    import jax.numpy as jnp

    def loss_of(params, x, y):
        h = x
        for k, (w, b) in enumerate(params):
            h = h @ w.T + b
            if k < len(params) - 1:
                h = jnp.maximum(h, 0)
        logs = jax.nn.log_softmax(h)
        losses = -jnp.take_along_axis(logs, y.astype(int)[:, None], 1)[:, 0]
        return losses.sum(), losses

    def step(params, velocity, x, y):
        grads, losses = jax.grad(loss_of, has_aux=True)(params, x, y)
        grads = jax.lax.psum(grads, "devices")
        scale = 1 / (BATCH * devices)
        velocity = jax.tree.map(lambda v, g: MOMENTUM * v - RATE * scale * g, velocity, grads)
        new = jax.tree.map(jnp.add, params, velocity)
        return new, velocity, losses, grads if gradients else None

    mapped = jax.pmap(
        step, "devices", in_axes=(None, None, 0, 0), out_axes=(None, None, 0, None),
        donate_argnums=(0, 1),
    )  # fmt: skip
    mesh = jax.sharding.Mesh(jax.devices(), ("devices",))
    split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("devices"))
    x, y = x.reshape(devices, BATCH, INPUTS), y.reshape(devices, BATCH)
    if stay:
        x, y = jax.device_put((x, y), split)
    state = [weights, jax.tree.map(jnp.zeros_like, weights), None]

    def run():
        parts = (x, y) if stay else jax.device_put((x, y), split)
        state[0], state[1], losses, state[2] = mapped(*state[:2], *parts)
        return losses.block_until_ready

    return run, lambda: state[0]


def gluon_loop(devices: int, units: int, layers: int, x, y, weights, stay: bool):
    import gluonx as gx
    from gluonx import autograd, gluon, nd, nn

    contexts = [gx.cpu(i) for i in range(devices)]
    net = nn.HybridSequential(prefix="mlp_")
    net.add(*(nn.Dense(units, activation="relu") for _ in range(layers)), nn.Dense(CLASSES))
    net.initialize(ctx=contexts)
    net.hybridize()
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(
        net.collect_params(), "sgd", {"learning_rate": RATE, "momentum": MOMENTUM}
    )
    there = [gluon.utils.split_and_load(a, contexts) for a in (x, y)]
    net(there[0][0])
    dense: list[Any] = list(net)
    for layer, (w, b) in zip(dense, weights, strict=True):
        layer.weight.set_data(nd.array(w))
        layer.bias.set_data(nd.array(b))

    def run():
        xs, ys = there if stay else [gluon.utils.split_and_load(a, contexts) for a in (x, y)]
        with autograd.record():
            losses = [loss_of(net(x), y) for x, y in zip(xs, ys, strict=True)]
        autograd.backward(losses)
        trainer.step(BATCH * devices)
        return losses[-1].wait_to_read

    return run, lambda: [(v.weight.list_data()[0], v.bias.list_data()[0]) for v in dense]


def program_text() -> str:
    from gluonx.engine import report

    for root in report.roots:
        for stage, key in root.stage.kept:
            if stage.describe().startswith("mlp"):
                return stage.programs[key].text()
    raise RuntimeError("the step was not fused")


def measure(devices: int, units: int, layers: int, rounds: int, stay: bool) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH * devices, INPUTS)).astype("float32")
    y = rng.integers(0, CLASSES, BATCH * devices).astype("float32")
    sizes = [INPUTS, *[units] * layers, CLASSES]
    weights = [
        (rng.normal(size=(b, a)).astype("float32") / a**0.5, np.zeros(b, "float32"))
        for a, b in zip(sizes, sizes[1:], strict=False)
    ]
    full = functools.partial(hand, gradients=True)
    loops = [make(devices, units, layers, x, y, weights, stay) for make in (hand, full, gluon_loop)]
    for run, _ in loops:
        for _ in range(5):
            run()()
    for a, b in zip(loops[0][1](), loops[2][1](), strict=True):
        for u, v in zip(a, b, strict=True):
            np.testing.assert_allclose(np.asarray(u), v.asnumpy(), 2e-3, 1e-4)
    times: list[list[float]] = [[], [], []]
    used: list[list[float]] = [[], [], []]
    for _ in range(rounds):
        for (run, _), taken, cpu in zip(loops, times, used, strict=True):
            run()()  # so that the caches have this one's data and code
            start, before = time.perf_counter(), time.process_time()
            for _ in range(10):
                wait = run()
            wait()
            taken.append((time.perf_counter() - start) / 10)
            cpu.append(time.process_time() - before)
    pairs = [(times[2], t) for t in times[:2]] + [(used[2], t) for t in used[:2]]
    ratios = [statistics.median(map(operator.truediv, a, b)) for a, b in pairs]
    count, size = collectives(program_text())
    theory = 4 * sum(w.size + b.size for w, b in weights)
    print(json.dumps([*map(statistics.median, times), *ratios, count, size, theory]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--devices", type=int, nargs="*", default=[2, 4, 8])
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--stay", action="store_true", help="the batch is on the devices already")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        measure(args.devices[0], args.units, args.layers, args.rounds, args.stay)
        return
    print(
        "| devices | by hand ms | with gradients ms | gluonx ms | ratios | of processor time "
        "| collectives | bytes |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for n in args.devices:
        command = [sys.executable, __file__, "--inside", "--devices", str(n)]
        command += ["--units", str(args.units), "--layers", str(args.layers)]
        command += ["--rounds", str(args.rounds), *["--stay"] * args.stay]
        env = {**os.environ, "JAX_NUM_CPU_DEVICES": str(n)}
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
        *times, a, b, c, d, count, size, theory = json.loads(done.stdout.splitlines()[-1])
        columns = [n, *(f"{t * 1e3:.2f}" for t in times)]
        columns += [f"{a:.2f}, {b:.2f}", f"{c:.2f}, {d:.2f}", count]
        print("|", " | ".join(map(str, columns)), f"| {size} of {theory} |")


if __name__ == "__main__":
    main()
