"""What one small operator costs: gluonx beside MXNet 1.9.1, PyTorch and a bare `jax.jit`.

    python benchmarks/eager.py --mxnet-python PATH --torch-python PATH

Each framework answers from a process of its own, started by the Python given for it (gluonx and JAX
by this one). In every round each of them measures each row once, one after the other, so that a
change in the machine's load meets all of them; the table shows the median of the rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

ROWS = ["x + y", "dot(x, y)", "tanh(x)", "x[3]", "x[3] = 1", "x + 1.5"]
#: Seconds that one measurement takes.
DURATION = 0.005


# -- the frameworks, each inside its own process -------------------------------------------------


def like_mxnet(mx, size):
    """Rows for a framework with MXNet's interface: its functions and a way to wait."""
    import numpy as np

    nd, autograd = mx.nd, mx.autograd
    rng = np.random.RandomState(0)
    x, y = (nd.array(rng.rand(size, size)) for _ in range(2))
    u, v = (nd.array(rng.rand(size, size)) for _ in range(2))
    u.attach_grad()
    v.attach_grad()

    def assign():
        x[3] = 1
        return x

    def recorded(operator):
        def run():
            with autograd.record():
                z = operator()
            z.backward()
            return u.grad

        return run

    forward = {
        "x + y": lambda: x + y,
        "dot(x, y)": lambda: nd.dot(x, y),
        "tanh(x)": lambda: nd.tanh(x),
        "x[3]": lambda: x[3],
        "x[3] = 1": assign,
        "x + 1.5": lambda: x + 1.5,
    }
    backward = {
        "x + y": recorded(lambda: u + v),
        "dot(x, y)": recorded(lambda: nd.dot(u, v)),
        "tanh(x)": recorded(lambda: nd.tanh(u)),
        "x[3]": recorded(lambda: u[3]),
        "x + 1.5": recorded(lambda: u + 1.5),
    }
    return forward, backward, lambda array: array.wait_to_read()


def gluonx(size):
    import gluonx

    return like_mxnet(gluonx, size)


def mxnet(size):
    import mxnet

    return like_mxnet(mxnet, size)


def torch(size):
    import torch

    x, y = torch.rand(size, size), torch.rand(size, size)
    u, v = (torch.rand(size, size, requires_grad=True) for _ in range(2))
    ones = {shape: torch.ones(shape) for shape in ((size, size), (size,))}

    def assign():
        x[3] = 1

    def recorded(operator):
        def run():
            u.grad = v.grad = None
            z = operator()
            z.backward(ones[tuple(z.shape)])

        return run

    forward = {
        "x + y": lambda: x + y,
        "dot(x, y)": lambda: torch.mm(x, y),
        "tanh(x)": lambda: torch.tanh(x),
        "x[3]": lambda: x[3],
        "x[3] = 1": assign,
        "x + 1.5": lambda: x + 1.5,
    }
    backward = {
        "x + y": recorded(lambda: u + v),
        "dot(x, y)": recorded(lambda: torch.mm(u, v)),
        "tanh(x)": recorded(lambda: torch.tanh(u)),
        "x[3]": recorded(lambda: u[3]),
        "x + 1.5": recorded(lambda: u + 1.5),
    }
    return forward, backward, lambda array: None


def jax(size):
    """The floor: one compiled function, called with arrays that are there."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.RandomState(0)
    x, y = (jnp.asarray(rng.rand(size, size), jnp.float32) for _ in range(2))
    at, number = np.int32(3), np.float32(1.5)
    functions = {
        "x + y": (lambda x, y: x + y, (x, y)),
        "dot(x, y)": (lambda x, y: x @ y, (x, y)),
        "tanh(x)": (jnp.tanh, (x,)),
        "x[3]": (lambda x, i: jax.lax.dynamic_index_in_dim(x, i, 0, False), (x, at)),
        "x[3] = 1": (lambda x, i: x.at[i].set(1.0, mode="promise_in_bounds"), (x, at)),
        "x + 1.5": (lambda x, s: x + s, (x, number)),
    }

    def compiled(fn, args):
        jitted = jax.jit(fn)
        return lambda: jitted(*args)

    def gradient(fn, args):
        def step(*args):
            out, pullback = jax.vjp(lambda *a: fn(*a, *args[2:]), *args[:2])
            return out, pullback(jnp.ones_like(out))

        def step_one(x, *rest):
            out, pullback = jax.vjp(lambda x: fn(x, *rest), x)
            return out, pullback(jnp.ones_like(out))

        both = len(args) == 2 and args[1] is y
        return compiled(step if both else step_one, args)

    forward = {name: compiled(fn, args) for name, (fn, args) in functions.items()}
    backward = {
        name: gradient(fn, args) for name, (fn, args) in functions.items() if "=" not in name
    }
    return forward, backward, jax.block_until_ready


FRAMEWORKS = {"gluonx": gluonx, "mxnet": mxnet, "torch": torch, "jax": jax}


def answer(framework: str, size: int) -> None:
    """Measure whatever the lines of standard input ask for; one line out for each line in."""
    forward, backward, wait = FRAMEWORKS[framework](size)
    calls: dict = {}

    def measure(kind, row, count):
        call = (forward if kind == "forward" else backward)[row]
        last = None
        start = time.perf_counter()
        for _ in range(count):
            last = call()
        wait(last)
        return (time.perf_counter() - start) / count

    print(json.dumps({"forward": list(forward), "backward": list(backward)}), flush=True)
    for line in sys.stdin:
        kind, row = json.loads(line)
        if (kind, row) not in calls:
            measure(kind, row, 50)  # compiles, fills caches
            calls[kind, row] = max(20, int(DURATION / measure(kind, row, 200)))
        print(json.dumps(measure(kind, row, calls[kind, row])), flush=True)


# -- the comparison ------------------------------------------------------------------------------


class Peer:
    """A framework in its process."""

    def __init__(self, framework: str, python: str, size: int):
        command = [python, __file__, "--answer", framework, "--size", str(size)]
        # so small arrays gain nothing from threads, which on a busy machine wait for each other
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{framework} does not start under {python}")
        self.rows = json.loads(line)

    def measure(self, kind: str, row: str) -> float:
        print(json.dumps([kind, row]), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mxnet-python", help="a Python that has MXNet 1.9.1")
    parser.add_argument("--torch-python", help="a Python that has PyTorch")
    parser.add_argument("--size", type=int, default=64, help="arrays are (size, size), float32")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--answer", choices=FRAMEWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer(options.answer, options.size)
        return

    pythons = {
        "gluonx": sys.executable,
        "mxnet": options.mxnet_python,
        "torch": options.torch_python,
        "jax": sys.executable,
    }
    peers = {name: Peer(name, p, options.size) for name, p in pythons.items() if p}
    cells = [(kind, row) for kind in ("forward", "backward") for row in ROWS]
    times: dict = {}
    for _ in range(options.rounds + 1):
        for cell in cells:
            for name, peer in peers.items():
                if cell[1] in peer.rows[cell[0]]:
                    times.setdefault((name, *cell), []).append(peer.measure(*cell))
    medians = {key: statistics.median(found[1:]) * 1e6 for key, found in times.items()}
    show(peers, cells, medians)
    for peer in peers.values():
        peer.process.stdin.close()
        peer.process.wait()


def show(peers: dict, cells: list, medians: dict) -> None:
    """Print a table in Markdown: microseconds, and how they compare with gluonx's."""
    others = [name for name in peers if name != "gluonx"]
    heads = ["", "gluonx µs", *(f"{n} µs | gluonx / {n}" for n in others)]
    print("| " + " | ".join(heads) + " |")
    print("|---" + "|---:" * (1 + 2 * len(others)) + "|")
    for kind, row in cells:
        own = medians.get(("gluonx", kind, row))
        if own is None:
            continue
        line = [f"`{row}`" + (", backward" if kind == "backward" else ""), f"{own:.1f}"]
        for name in others:
            other = medians.get((name, kind, row))
            line += ["–", "–"] if other is None else [f"{other:.1f}", f"{own / other:.2f}"]
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
