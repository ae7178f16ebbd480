"""What an operator's own work costs: gluonx beside MXNet 1.9.1, with arrays of ordinary sizes.

    python benchmarks/operators.py --mxnet-python PATH [--only Convolution RNN]

Each framework answers from a process of its own with all threads, MXNet with oneDNN; they take
turns. "Backward" is the recorded call and its gradients.
"""

import argparse
import sys

import peers

#: Seconds that one measurement takes.
DURATION = 0.05

IMAGE = (16, 64, 28, 28)


def _conv(shape, filters, kernel, groups=1, **more):
    weight = (filters, shape[1] // groups, *kernel)
    given = {"kernel": kernel, "num_filter": filters, "num_group": groups, "no_bias": True, **more}
    return "Convolution", [shape, weight], given


def _rnn(mode, gates):
    size = 200
    parameters = 2 * gates * size * (2 * size + 2)
    inputs = [(35, 20, size), (parameters,), (2, 20, size)]
    if mode == "lstm":
        inputs.append((2, 20, size))
    return "RNN", inputs, {"mode": mode, "state_size": size, "num_layers": 2}


def _pool(kind, kernel=(3, 3), stride=(2, 2)):
    return "Pooling", [IMAGE], {"pool_type": kind, "kernel": kernel, "stride": stride}


#: Name, operator, shapes of the inputs, attributes.
ROWS = {
    "Convolution 3x3": _conv(IMAGE, 64, (3, 3), pad=(1, 1)),
    "Convolution 3x3, stride 2": _conv(IMAGE, 128, (3, 3), pad=(1, 1), stride=(2, 2)),
    "Convolution 1x1": _conv(IMAGE, 128, (1, 1)),
    "Convolution 5x5": _conv((16, 16, 28, 28), 32, (5, 5)),
    "Convolution depthwise": _conv(IMAGE, 64, (3, 3), 64, pad=(1, 1)),
    "Deconvolution 4x4": (
        "Deconvolution", [(8, 32, 14, 14), (32, 16, 4, 4)],
        {"kernel": (4, 4), "stride": (2, 2), "pad": (1, 1), "num_filter": 16},
    ),
    "Pooling max": _pool("max"),
    "Pooling avg": _pool("avg", (2, 2)),
    "FullyConnected": ("FullyConnected", [(128, 512), (512, 512), (512,)], {"num_hidden": 512}),
    "softmax": ("softmax", [(256, 1000)], {}),
    "log_softmax": ("log_softmax", [(256, 1000)], {}),
    "BatchNorm": ("BatchNorm", [IMAGE, (64,), (64,), (64,), (64,)], {"fix_gamma": False}),
    "LayerNorm": ("LayerNorm", [(512, 512), (512,), (512,)], {}),
    "RNN lstm": _rnn("lstm", 4),
    "RNN gru": _rnn("gru", 3),
    "Embedding": (
        "Embedding", [(64, 35), (2000, 200)], {"input_dim": 2000, "output_dim": 200},
    ),
    "broadcast_add": ("broadcast_add", [IMAGE, (1, 64, 1, 1)], {}),
    "sum": ("sum", [IMAGE], {"axis": (0, 2, 3)}),
}  # fmt: skip


def calls(mx, only):
    """What is measured, for a framework with MXNet's interface."""
    import numpy as np

    found = {}
    for name, (op, shapes, attrs) in ROWS.items():
        if only and op not in only:
            continue
        rng = np.random.RandomState(0)
        arrays = [mx.nd.array(rng.uniform(0.1, 0.5, shape)) for shape in shapes]
        if op == "Embedding":
            arrays[0] = mx.nd.array(rng.randint(0, 2000, shapes[0]))
        function = getattr(mx.nd, op)

        def forward(function=function, arrays=arrays, attrs=attrs):
            return function(*arrays, **attrs)

        learned = [x.copy() for x in arrays]
        for x in learned[op == "Embedding" : 3 if op == "BatchNorm" else None]:
            x.attach_grad()
        head = mx.nd.ones(forward().shape)

        def backward(function=function, arrays=learned, attrs=attrs, head=head):
            with mx.autograd.record():
                y = function(*arrays, **attrs)
            y.backward(head)
            return arrays[1].grad if len(arrays) > 1 else arrays[0].grad

        found["forward", name] = forward
        found["backward", name] = backward
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mxnet-python", help="a Python that has MXNet 1.9.1")
    parser.add_argument("--only", nargs="*", help="operators")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--answer", choices=["gluonx", "mxnet"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        mx = __import__(options.answer)
        peers.answer(calls(mx, options.only), lambda array: array.wait_to_read(), DURATION)
        return
    pythons = {"gluonx": sys.executable, "mxnet": options.mxnet_python}
    more = ["--only", *options.only] if options.only else []
    found = {n: peers.Peer(__file__, n, p, more=more) for n, p in pythons.items() if p}
    peers.show(found, peers.compare(found, options.rounds))


if __name__ == "__main__":
    main()
