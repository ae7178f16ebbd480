"""Training runs that gluonx and MXNet make alike, from equal weights on equal data.

:func:`run` uses nothing but the interface that both have: ``mx`` is either of them.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

__all__ = ["RUNS", "run"]

DIGITS = Path(__file__).parents[1] / "gluonx" / "data" / "vision" / "digits.npz"
STEPS, BATCH = 30, 32


def _mlp(nn):
    net = nn.HybridSequential()
    net.add(nn.Dense(32, activation="relu"), nn.Dense(16, activation="tanh"), nn.Dense(10))
    return net


def _lenet(nn):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(8, 3, padding=1, activation="tanh"), nn.MaxPool2D())
    net.add(nn.Conv2D(16, 3, padding=1, activation="relu"), nn.AvgPool2D())
    net.add(nn.Dense(32, activation="relu"), nn.Dense(10))
    return net


def _batch_norm(nn):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(8, 3, padding=1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"))
    net.add(nn.Conv2D(8, 3, strides=2, use_bias=False), nn.BatchNorm(), nn.Activation("relu"))
    net.add(nn.GlobalAvgPool2D(), nn.Dense(10))
    return net


def _embedding(nn):
    net = nn.HybridSequential()
    net.add(nn.Embedding(17, 8), nn.Dense(24, flatten=False, activation="tanh"), nn.LayerNorm())
    net.add(nn.Dense(10))
    return net


#: name: (network, whether its input is pixel levels as integers, loss, optimizer, its arguments)
RUNS = {
    "mlp-sgd": (_mlp, False, "ce", "sgd", {"learning_rate": 0.5}),
    "mlp-momentum": (_mlp, False, "ce", "sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 1e-3}),
    "mlp-clip": (_mlp, False, "ce", "sgd", {"learning_rate": 0.5, "clip_gradient": 0.01}),
    "mlp-nag": (_mlp, False, "ce", "nag", {"learning_rate": 0.1, "momentum": 0.9, "wd": 1e-4}),
    "mlp-adam": (_mlp, False, "ce", "adam", {"learning_rate": 0.01, "wd": 1e-3}),
    "mlp-l2": (_mlp, False, "l2", "sgd", {"learning_rate": 0.2, "momentum": 0.5}),
    "lenet-momentum": (_lenet, False, "ce", "sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    "lenet-adam": (_lenet, False, "ce", "adam", {"learning_rate": 0.005}),
    "batch_norm-momentum": (
        _batch_norm, False, "ce", "sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 1e-3},
    ),
    "embedding-adam": (_embedding, True, "ce", "adam", {"learning_rate": 0.01}),
}  # fmt: skip


def _batches(levels):
    with np.load(DIGITS) as file:
        images, labels = file["images"], file["labels"]
    for i in range(STEPS):
        part = slice(i * BATCH, (i + 1) * BATCH)
        x = images[part].astype("float32")
        yield x.reshape(BATCH, 64) if levels else x[:, None] / 16, labels[part].astype("float32")


def _weights(name, shape):
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("bias") or name.endswith("beta") or name.endswith("mean"):
        return np.zeros(shape, "float32")
    if name.endswith(("gamma", "var")):
        return np.ones(shape, "float32")
    inputs = int(np.prod(shape[1:]))
    return rng.normal(0, 1 / np.sqrt(inputs), shape).astype("float32")


def run(mx, name, hybridize=False, ctx=None):
    """The loss of every step, and the sum of each parameter's absolute values at the end."""
    make, levels, loss_name, optimizer, arguments = RUNS[name]
    contexts = ctx or [mx.cpu()]
    net = make(mx.gluon.nn)
    net.initialize(ctx=contexts)
    for x, _ in _batches(levels):
        net(mx.nd.array(x[:1], ctx=contexts[0]))
        break
    params = net._collect_params_with_prefix()
    for key, p in params.items():
        p.set_data(mx.nd.array(_weights(key, p.shape)))
    if hybridize:
        net.hybridize()
    loss_of = (
        mx.gluon.loss.L2Loss() if loss_name == "l2" else mx.gluon.loss.SoftmaxCrossEntropyLoss()
    )
    trainer = mx.gluon.Trainer(net.collect_params(), optimizer, dict(arguments))
    losses = []
    for x, label in _batches(levels):
        target = np.eye(10, dtype="float32")[label.astype(int)] if loss_name == "l2" else label
        xs = mx.gluon.utils.split_and_load(mx.nd.array(x), contexts)
        targets = mx.gluon.utils.split_and_load(mx.nd.array(target), contexts)
        with mx.autograd.record():
            parts = [loss_of(net(a), b) for a, b in zip(xs, targets, strict=True)]
        mx.autograd.backward(parts)
        trainer.step(BATCH)
        losses.append(sum(p.sum().asscalar() for p in parts) / BATCH)
    ends = {key: float(np.abs(p.data(contexts[0]).asnumpy()).sum()) for key, p in params.items()}
    return [float(v) for v in losses], ends
