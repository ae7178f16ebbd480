"""All optimizers, and a small training that gluonx and MXNet do alike with each.

:func:`train` uses nothing but the interface that both have: ``mx`` is either of them.
"""

from __future__ import annotations

import numpy as np

__all__ = ["OPTIMIZERS", "STEPS", "network", "parameters", "step", "train", "weights"]

STEPS = 30
CLIPPED = {"wd": 0.01, "clip_gradient": 0.05}

#: name: (optimizer, its arguments)
OPTIMIZERS = {
    "sgd": ("sgd", {"learning_rate": 0.2}),
    "sgd-momentum": ("sgd", {"learning_rate": 0.1, "momentum": 0.9, **CLIPPED}),
    # MXNet's NAG, writing to the weight that it reads, decays the momentum by the new weight
    "nag": ("nag", {"learning_rate": 0.1, "momentum": 0.9, "clip_gradient": 0.05}),
    "nag-plain": ("nag", {"learning_rate": 0.1, **CLIPPED}),
    "signum": ("signum", {"learning_rate": 0.01, "wd_lh": 0.02, **CLIPPED}),
    "signsgd": ("signum", {"learning_rate": 0.01, "momentum": 0, **CLIPPED}),
    "dcasgd": ("dcasgd", {"learning_rate": 0.2, "lamda": 2.0, **CLIPPED}),
    "test": ("test", {"rescale_grad": -0.1}),
    "adam": ("adam", {"learning_rate": 0.02, "epsilon": 1e-4, **CLIPPED}),
    "adamax": ("adamax", {"learning_rate": 0.02, **CLIPPED}),
    "nadam": ("nadam", {"learning_rate": 0.02, "epsilon": 1e-4, **CLIPPED}),
    "adagrad": ("adagrad", {"learning_rate": 0.05, "eps": 1e-4, **CLIPPED}),
    "adadelta": ("adadelta", {"wd": 0.001, "clip_gradient": 0.5}),
    "rmsprop": ("rmsprop", {"learning_rate": 0.01, "epsilon": 1e-4, **CLIPPED}),
    "rmsprop-centered": (
        "rmsprop",
        {
            "learning_rate": 0.01, "centered": True, "gamma2": 0.5, "epsilon": 1e-4,
            "clip_weights": 0.7, **CLIPPED,
        },
    ),
    "ftrl": ("ftrl", {"learning_rate": 0.2, "lamda1": 0.001, **CLIPPED}),
    "ftml": ("ftml", {"learning_rate": 0.02, "epsilon": 1e-4, **CLIPPED}),
    "lars": ("lars", {"learning_rate": 0.5, "eta": 0.1, "wd": 0.01, "eps": 1e-3}),
    "lars-momentum": ("lars", {"learning_rate": 0.3, "eta": 0.1, "momentum": 0.8, **CLIPPED}),
    "lamb": ("lamb", {"learning_rate": 0.02, "wd": 0.01}),
    "lamb-bounds": (
        "lamb",
        {
            "learning_rate": 0.02, "lower_bound": 0.5, "upper_bound": 1.0, "bias_correction": False,
            **CLIPPED,
        },
    ),
    "lbsgd": ("lbsgd", {"learning_rate": 0.1, "momentum": 0.8, **CLIPPED}),
    "lbsgd-linear": (
        "lbsgd",
        {
            "learning_rate": 0.1, "momentum": 0.5, "batch_scale": 2, "begin_epoch": 1,
            "updates_per_epoch": 31, "warmup_epochs": 2, "wd": 0.01,
        },
    ),
    "lbsgd-power2": (
        "lbsgd",
        {
            "learning_rate": 0.1, "warmup_strategy": "power2", "batch_scale": 3, "begin_epoch": 1,
            "updates_per_epoch": 20, "warmup_epochs": 2,
        },
    ),
    "lbsgd-sqrt": (
        "lbsgd",
        {
            "learning_rate": 0.1, "warmup_strategy": "sqrt", "batch_scale": 2, "begin_epoch": 1,
            "updates_per_epoch": 31, "warmup_epochs": 2,
        },
    ),
    "lbsgd-lars": ("lbsgd", {"learning_rate": 0.1, "warmup_strategy": "lars", "wd": 0.01}),
    "groupadagrad": ("groupadagrad", {"learning_rate": 0.05, "clip_gradient": 0.05}),
    # MXNet has no AdamW but its operator, and its DCASGD fails with momentum
    "adamw": ("adamw", {"learning_rate": 0.02, "epsilon": 1e-4, "wd": 0.05}),
    "dcasgd-momentum": ("dcasgd", {"learning_rate": 0.1, "momentum": 0.5, "lamda": 2.0}),
    "sgld": ("sgld", {"learning_rate": 1e-4}),
}  # fmt: skip

_RNG = np.random.RandomState(5)
_X = _RNG.randn(8, 4).astype("float32")
_Y = _RNG.randn(8, 2).astype("float32")
_WEIGHTS = [_RNG.randn(3, 4) / 2, _RNG.randn(3) / 2, _RNG.randn(2, 3) / 2, _RNG.randn(2) / 2]


def network(mx, name, dtype="float32", ctx=None):
    """Two layers with fixed weights; without biases for what works on matrices only."""
    bias = name != "groupadagrad"
    net = mx.gluon.nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(mx.gluon.nn.Dense(3, in_units=4, activation="tanh", use_bias=bias))
        net.add(mx.gluon.nn.Dense(2, in_units=3, use_bias=bias))
    net.initialize(ctx=ctx)
    values = _WEIGHTS if bias else _WEIGHTS[::2]
    for p, value in zip(net.collect_params().values(), values, strict=True):
        p.set_data(mx.nd.array(value, dtype="float32"))
    net.cast(dtype)
    return net


def step(mx, net, trainer, dtype="float32", ctx=None):
    """One step on the same data as ever, a part of it on each context; the loss."""
    n = len(ctx) if ctx else 1
    losses = []
    with mx.autograd.record():
        for i in range(n):
            place = ctx[i] if ctx else None
            x, y = (mx.nd.array(a[i * 8 // n :][: 8 // n], place, dtype) for a in (_X, _Y))
            d = net(x) - y
            losses.append((d * d).sum() / 2)
    mx.autograd.backward(losses)
    trainer.step(8)
    return float(sum(loss.asnumpy().reshape(()) for loss in losses))


def train(mx, name, hybridize=False, steps=STEPS, dtype="float32", ctx=None, **more):
    """Train with a learning rate that falls once; gives the network, the trainer and the losses."""
    optimizer, arguments = OPTIMIZERS[name]
    net = network(mx, name, dtype, ctx)
    if hybridize:
        net.hybridize()
    trainer = mx.gluon.Trainer(net.collect_params(), optimizer, {**arguments, **more})
    rate = more.get("learning_rate", arguments.get("learning_rate", 0.01))
    losses = []
    for i in range(steps):
        trainer.set_learning_rate(rate if i < steps // 3 else rate * 0.5)
        losses.append(step(mx, net, trainer, dtype, ctx))
    return net, trainer, losses


def parameters(net):
    """The parameters in the order in which a Trainer has them."""
    return [p for _, p in sorted(net.collect_params().items())]


def weights(net):
    """The parameters, as one vector in float32."""
    values = [p.list_data()[0].asnumpy() for p in parameters(net)]
    return np.concatenate([v.astype("float32").reshape(-1) for v in values])
