"""Reference graphs with loops and branches, and what MXNet computes from them.

Run with MXNet 1.9.1: MXNET_MKLDNN_ENABLED=0 python tests/reference/make_control_flow.py
"""

import json
from pathlib import Path


def graphs(mx):
    """Graphs by name, each with the shapes of its arguments; the same for MXNet and gluonx."""
    data, h, w, i = (mx.sym.var(n) for n in ("data", "h", "w", "i"))

    def cell(x, s):
        y = mx.sym.FullyConnected(x, w, num_hidden=3, no_bias=True) + s
        return y * 2, mx.sym.tanh(y)

    def group(outs, states):
        outs = outs if isinstance(outs, list) else [outs]
        return mx.sym.Group([*outs, *(states if isinstance(states, list) else [states])])

    yield "foreach", group(*mx.sym.contrib.foreach(cell, data, h)), {
        "data": (4, 2, 5), "h": (2, 3), "w": (3, 5),
    }  # fmt: skip
    yield (
        "one axis",
        group(*mx.sym.contrib.foreach(lambda x, s: (x + s[0], [x * s[0]]), data, [h])),
        {"data": (4,), "h": (1,)},
    )
    outside = mx.sym.exp(w)
    yield (
        "closure",
        group(
            *mx.sym.contrib.foreach(
                lambda x, s: ([x[0] * outside, x[1] * 2], [s[0] * x[1] + x[0] * outside]),
                [data, h],
                [i],
            )
        ),
        {"data": (3, 2), "h": (3, 2), "w": (2,), "i": (2,)},
    )
    yield (
        "while",
        group(
            *mx.sym.contrib.while_loop(
                lambda i, s: i < 5,
                lambda i, s: (s * w, [i + 1, s + mx.sym.broadcast_mul(i, w)]),
                [i, h],
                max_iterations=7,
            )
        ),
        {"i": (1,), "h": (2,), "w": (2,)},
    )
    a, b = mx.sym.var("a"), mx.sym.var("b")
    test = mx.sym.sum(a * b) < 5
    yield "cond", mx.sym.contrib.cond(test, lambda: (a + 5) * b, lambda: (a - 5) * w), {
        "a": (2,), "b": (2,), "w": (2,),
    }  # fmt: skip

    def inner(x, s):
        outs, last = mx.sym.contrib.foreach(lambda y, t: (y * t, t + y * w), x, s)
        return outs, last * s

    yield "nested", group(*mx.sym.contrib.foreach(inner, data, h)), {
        "data": (3, 2, 4), "h": (4,), "w": (4,),
    }  # fmt: skip


def values(shapes):
    """Arrays of these shapes: small numbers of both signs."""
    import numpy as np

    found = {}
    for k, (name, shape) in enumerate(sorted(shapes.items())):
        size = int(np.prod(shape))
        numbers = ((np.arange(size) * 7 + k * 3) % 11 - 4) / 5
        found[name] = numbers.reshape(shape).astype("float32")
    return found


def run(mx, symbol, shapes):
    """Valid outputs and gradients (for head gradients of ones)."""
    arrays = {k: mx.nd.array(v) for k, v in values(shapes).items()}
    grads = {k: mx.nd.zeros(v.shape) for k, v in arrays.items()}
    executor = symbol.bind(mx.cpu(), arrays, grads)
    outs = executor.forward(is_train=True)
    executor.backward([mx.nd.ones(o.shape) for o in outs])
    return [o.asnumpy().tolist() for o in outs], {k: g.asnumpy().tolist() for k, g in grads.items()}


if __name__ == "__main__":
    import mxnet as mx

    found = {}
    for name, symbol, shapes in graphs(mx):
        outs, grads = run(mx, symbol, shapes)
        found[name] = {"symbol": symbol.tojson(), "outputs": outs, "gradients": grads}
    target = Path(__file__).parent / "control_flow.json"
    target.write_text(json.dumps(found, indent=1) + "\n")
