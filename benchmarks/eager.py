"""What one small operator costs: gluonx beside MXNet 1.9.1, PyTorch and a bare `jax.jit`.

    python benchmarks/eager.py --mxnet-python PATH --torch-python PATH

Each framework answers from a process of its own, started by the Python given for it (gluonx and JAX
by this one). In every round each of them measures each row once, one after the other, so that a
change in the machine's load meets all of them; the table shows the median of the rounds.
"""

import argparse
import sys

import peers

#: Arrays are (SIZE, SIZE), float32.
SIZE = 64
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


def serve(framework: str) -> None:
    forward, backward, wait = FRAMEWORKS[framework](SIZE)
    calls = {("forward", row): call for row, call in forward.items()}
    calls |= {("backward", row): call for row, call in backward.items()}
    peers.answer(calls, wait, DURATION)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mxnet-python", help="a Python that has MXNet 1.9.1")
    parser.add_argument("--torch-python", help="a Python that has PyTorch")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--answer", choices=FRAMEWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        serve(options.answer)
        return
    pythons = {
        "gluonx": sys.executable,
        "mxnet": options.mxnet_python,
        "torch": options.torch_python,
        "jax": sys.executable,
    }
    # arrays so small gain nothing from threads, which on a busy machine wait for each other
    found = {n: peers.Peer(__file__, n, p, threads=1) for n, p in pythons.items() if p}
    peers.show(found, peers.compare(found, options.rounds))


if __name__ == "__main__":
    main()
