"""Exchange exported networks with MXNet 1.9.1 and compare what both compute from them.

    python tools/exchange_models.py --mxnet mxnet/bin/python
    python tools/exchange_models.py --mxnet mxnet/bin/python --only resnet18_v1 lstm_fused

Each network is exported by one framework as JSON and parameters, with its outputs and gradients,
and read, bound and run by the other, both ways. The same code runs under both, in processes of
their own; "off" is the largest difference relative to the largest value of an array. Gradients of
images are compared in float64: in float32 there is nearly always one value among the millions that
rounds to the other side of a ReLU's or a maximum's corner, and moves gradients by percents. The
float32 ones are compared by the norm of the difference of them all.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

IMAGES = [
    "resnet18_v1", "resnet18_v2", "mobilenetv2_1.0", "squeezenet1.0", "squeezenet1.1",
    "densenet121", "vgg11_bn",
]  # fmt: skip
TEXTS = ["lstm_layer", "lstm_fused", "lstm_cells"]
#: Extent of the images: of the smallest that the network's last pooling allows.
EXTENTS = {
    "squeezenet1.0": 224, "squeezenet1.1": 224, "densenet121": 224, "mobilenetv2_1.0": 64,
    "vgg11_bn": 32,
}  # fmt: skip
#: What may be off: float32 outputs, running statistics (means that are nearly 0), gradients (by
#: their norm), and all of these in float64, where MXNet has some constants in float32.
LIMITS = {"outputs": 2e-5, "states": 2e-3, "gradients": 0.15, "double": 1e-6}

WORDS, STEPS, BATCH, HIDDEN = 30, 6, 4, 16


# -- networks, the same code for both frameworks -----------------------------------------------


def _image_network(mx: Any, name: str) -> tuple[Any, Any]:
    """A zoo model, called once, and the array that it was called with."""
    mx.random.seed(3)
    net = mx.gluon.model_zoo.vision.get_model(name, classes=10)
    net.initialize(mx.init.Xavier())
    extent = EXTENTS.get(name, 64)
    batch = 1 if extent > 100 else 2
    x = mx.nd.array(np.random.RandomState(0).rand(batch, 3, extent, extent).astype("float32"))
    net.hybridize()
    net(x)
    return net, x


def _text_network(mx: Any) -> tuple[Any, Any]:
    """A language model of Gluon's layers."""
    gluon = mx.gluon

    class Model(gluon.HybridBlock):
        def __init__(self, **kwargs: Any):
            super().__init__(**kwargs)
            with self.name_scope():
                self.embedding = gluon.nn.Embedding(WORDS, HIDDEN)
                self.lstm = gluon.rnn.LSTM(HIDDEN, 2, input_size=HIDDEN)
                self.decoder = gluon.nn.Dense(WORDS, flatten=False, in_units=HIDDEN)

        def hybrid_forward(self, F: Any, x: Any) -> Any:
            return self.decoder(self.lstm(self.embedding(x)))

    net = Model(prefix="lm_")
    net.initialize(mx.init.Xavier())
    x = mx.nd.array(np.random.RandomState(0).randint(0, WORDS, (STEPS, BATCH)).astype("float32"))
    net.hybridize()
    net(x)
    return net, x


def _text_symbol(mx: Any, fused: bool) -> Any:
    """A language model of symbols: one RNN operator, or its cells step by step."""
    sym = mx.sym
    x = sym.Embedding(sym.var("data"), input_dim=WORDS, output_dim=HIDDEN, name="embed")
    if fused:
        zeros = [sym.var(f"{n}_init", shape=(1, BATCH, HIDDEN)) for n in ("state", "cell")]
        y = sym.RNN(
            x, sym.var("rnn_parameters"), *zeros, state_size=HIDDEN, num_layers=1, mode="lstm",
            name="rnn",
        )  # fmt: skip
        y = sym.reshape(y, (-1, HIDDEN))
    else:
        cell = mx.gluon.rnn.LSTMCell(HIDDEN, input_size=HIDDEN, prefix="lstm_")
        begin = [sym.var(f"{n}_init", shape=(BATCH, HIDDEN)) for n in ("state", "cell")]
        y, _ = cell.unroll(STEPS, x, begin, layout="TNC", merge_outputs=True)
        y = sym.reshape(y, (-1, HIDDEN))
    y = sym.FullyConnected(y, num_hidden=WORDS, name="decoder")
    label = sym.reshape(sym.var("softmax_label"), (-1,))
    return sym.SoftmaxOutput(y, label, normalization="batch", name="softmax")


def make(mx: Any, name: str, prefix: str) -> None:
    """Export a network: ``prefix-symbol.json`` and ``prefix-0000.params``, inputs beside them."""
    inputs: dict[str, Any] = {}
    if name in ("lstm_fused", "lstm_cells"):
        net = _text_symbol(mx, name == "lstm_fused")
        shapes = {"data": (STEPS, BATCH), "softmax_label": (STEPS, BATCH)}
        ids = np.random.RandomState(0).randint(0, WORDS, (2, STEPS, BATCH)).astype("float32")
        inputs = dict(zip(shapes, ids, strict=True))
        rng = np.random.RandomState(1)
        arrays = {
            n: mx.nd.array(rng.uniform(-0.3, 0.3, s).astype("float32"))
            for n, s in zip(net.list_arguments(), net.infer_shape(**shapes)[0], strict=True)
            if n not in shapes
        }
        mx.model.save_checkpoint(prefix, 0, net, arrays, {})
    else:
        net, x = _image_network(mx, name) if name in IMAGES else _text_network(mx)
        net.export(prefix, 0)
        inputs["data"] = x.asnumpy()
    _write(prefix + "-inputs.npz", inputs)


def _write(path: str, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


def run(mx: Any, prefix: str) -> dict[str, np.ndarray]:
    """Load an exported network; its outputs in predict mode, and in train mode the gradients."""
    text = json.loads(Path(prefix + "-symbol.json").read_text())
    for node in text["nodes"]:
        attrs = node.get("attrs", {})
        attrs.pop("__dtype__", None)  # the same graph runs in float64
        if node["op"] == "Dropout":  # what is dropped cannot be compared
            attrs["p"] = "0.0"
    net = mx.sym.load_json(json.dumps(text))
    loaded = mx.nd.load(prefix + "-0000.params")
    inputs = np.load(prefix + "-inputs.npz")
    loaded.update({f"arg:{k}": mx.nd.array(inputs[k]) for k in inputs.files})
    found = _numbers(mx, net, loaded, inputs.files, "float32")
    if loaded["arg:data"].ndim == 4:
        double = _numbers(mx, net, loaded, inputs.files, "float64")
        found.update({f"double {k}": v for k, v in double.items()})
    return found


def _numbers(
    mx: Any, net: Any, loaded: dict[str, Any], inputs: list[str], dtype: str
) -> dict[str, np.ndarray]:
    cast = {k: v.astype(dtype) for k, v in loaded.items()}
    args = {k[4:]: v for k, v in cast.items() if k[:4] == "arg:"}
    aux = {k[4:]: v for k, v in cast.items() if k[:4] == "aux:"}
    wanted = [k for k in args if k not in inputs or args["data"].ndim == 4]
    grads = {k: mx.nd.zeros(args[k].shape, dtype=dtype) for k in wanted}
    args.update({k: mx.nd.zeros(s, dtype=dtype) for k, s in _states(net, args).items()})
    executor = net.bind(mx.cpu(), args, grads, aux_states=aux)
    y = executor.forward(is_train=False)[0].asnumpy()
    found = {"outputs": y}
    executor.forward(is_train=True)
    weights = np.random.RandomState(9).uniform(-1, 1, y.shape)
    loss = net.list_outputs()[0].startswith("softmax")
    executor.backward(*([] if loss else [mx.nd.array(weights, dtype=dtype)]))
    found.update({f"gradient {k}": executor.grad_dict[k].asnumpy() for k in wanted})
    found.update({f"new {k}": v.asnumpy() for k, v in executor.aux_dict.items()})
    return found


def _states(net: Any, args: dict[str, Any]) -> dict[str, tuple]:
    """Shapes of arguments that no file has: states that begin with zeros."""
    missing = [n for n in net.list_arguments() if n not in args]
    if not missing:
        return {}
    shapes = dict(
        zip(net.list_arguments(), net.infer_shape(data=args["data"].shape)[0], strict=True)
    )
    return {n: shapes[n] for n in missing}


# -- the driver --------------------------------------------------------------------------------


def _child(python: str, framework: str, task: str, name: str, prefix: str, *more: str) -> None:
    environment = dict(os.environ)
    # MXNet's fused RNN needs oneDNN on the CPU; some other gradients of oneDNN vary
    environment["MXNET_MKLDNN_ENABLED"] = "1" if name in ("lstm_layer", "lstm_fused") else "0"
    subprocess.run(
        [python, __file__, "--task", task, framework, name, prefix, *more], check=True,
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _task(task: str, framework: str, name: str, prefix: str, *more: str) -> None:
    mx = importlib.import_module(framework)
    if task == "make":
        make(mx, name, prefix)
    else:
        _write(more[0], run(mx, prefix))


_KINDS = {"outputs": "outputs", "new": "states", "gradient": "gradients", "double": "double"}


def off(a: np.ndarray, b: np.ndarray, least: float) -> float:
    """How far an array is off, relative to the other one's largest value."""
    if a.shape != b.shape or not np.isfinite(a).all():
        return float("inf")
    return float(np.abs(a - b).max() / max(np.abs(b).max(), least))


def compare(name: str, pythons: dict[str, str], folder: str) -> bool:
    """Exchange one network both ways; print how far the results are apart."""
    good = True
    for maker in pythons:
        prefix = os.path.join(folder, f"{name}-{maker}")
        found = {}
        try:
            _child(pythons[maker], maker, "make", name, prefix)
            for framework, python in pythons.items():
                target = f"{prefix}-{framework}.npz"
                _child(python, framework, "run", name, prefix, target)
                found[framework] = dict(np.load(target))
        except subprocess.CalledProcessError as e:
            print(f"| {name} | {maker} | failed: {str(e.stderr)[-2000:]} |", flush=True)
            good = False
            continue
        ours, theirs = found["gluonx"], found["mxnet"]
        worst = dict.fromkeys(LIMITS, 0.0)
        square = [0.0, 0.0]
        for key, b in theirs.items():
            kind, a = _KINDS[key.split()[0]], ours[key]
            # a gradient that is 0 but for rounding has nothing to be relative to
            worst[kind] = max(worst[kind], off(a, b, 0.0 if kind == "outputs" else 1e-4))
            if kind == "gradients" and a.shape == b.shape:
                square = [square[0] + ((a - b) ** 2).sum(), square[1] + (b**2).sum()]
        if name in IMAGES:
            worst["gradients"] = (square[0] / square[1]) ** 0.5
        fine = set(ours) == set(theirs) and all(worst[k] <= LIMITS[k] for k in LIMITS)
        good &= fine
        numbers = " | ".join(f"{v:.1e}" if v else "" for v in worst.values())
        verdict = "agrees" if fine else "DIFFERS"
        print(f"| {name} | {maker} | {numbers} | {verdict} |", flush=True)
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--task", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--mxnet", help="the Python that has MXNet 1.9.1")
    parser.add_argument("--only", nargs="*", default=[*IMAGES, *TEXTS])
    args = parser.parse_args()
    if args.task:
        _task(*args.task)
        return
    pythons = {"mxnet": args.mxnet, "gluonx": sys.executable}
    print(
        "| network | exported by | outputs off | statistics | gradients | float64 | |\n"
        "|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(name, pythons, folder) for name in args.only]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
