"""Optimizers by hand beside those of Gluon, and all of Gluon's on one problem."""

import math

import numpy as np

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn


def problem():
    rng = np.random.RandomState(0)
    features = rng.randn(120, 5).astype("float32") * [0.5, 1, 1, 2, 1]
    labels = features @ [2, -3.4, 1, 0.5, -1] + 4.2
    return nd.array(features), nd.array(labels)


# -- by hand, as books have them -----------------------------------------------------------------


def sgd(params, states, hyperparams):
    for p in params:
        p[:] -= hyperparams["lr"] * p.grad


def sgd_momentum(params, states, hyperparams):
    for p, v in zip(params, states):
        v[:] = hyperparams["momentum"] * v + hyperparams["lr"] * p.grad
        p[:] -= v


def adagrad(params, states, hyperparams):
    eps = 1e-6
    for p, s in zip(params, states):
        s[:] += p.grad.square()
        p[:] -= hyperparams["lr"] * p.grad / (s + eps).sqrt()


def rmsprop(params, states, hyperparams):
    gamma, eps = hyperparams["gamma"], 1e-6
    for p, s in zip(params, states):
        s[:] = gamma * s + (1 - gamma) * p.grad.square()
        p[:] -= hyperparams["lr"] * p.grad / (s + eps).sqrt()


def adadelta(params, states, hyperparams):
    rho, eps = hyperparams["rho"], 1e-5
    for p, (s, delta) in zip(params, states):
        s[:] = rho * s + (1 - rho) * p.grad.square()
        g = ((delta + eps).sqrt() / (s + eps).sqrt()) * p.grad
        p[:] -= g
        delta[:] = rho * delta + (1 - rho) * g * g


def adam(params, states, hyperparams):
    beta1, beta2, eps = 0.9, 0.999, 1e-6
    for p, (v, s) in zip(params, states):
        v[:] = beta1 * v + (1 - beta1) * p.grad
        s[:] = beta2 * s + (1 - beta2) * p.grad.square()
        v_bias_corr = v / (1 - beta1 ** hyperparams["t"])
        s_bias_corr = s / (1 - beta2 ** hyperparams["t"])
        p[:] -= hyperparams["lr"] * v_bias_corr / (s_bias_corr.sqrt() + eps)
    hyperparams["t"] += 1


BY_HAND = {
    "sgd": (sgd, 0, {"lr": 0.05}),
    "momentum": (sgd_momentum, 1, {"lr": 0.01, "momentum": 0.9}),
    "adagrad": (adagrad, 1, {"lr": 0.5}),
    "rmsprop": (rmsprop, 1, {"lr": 0.05, "gamma": 0.9}),
    "adadelta": (adadelta, 2, {"rho": 0.9}),
    "adam": (adam, 2, {"lr": 0.1, "t": 1}),
}


def train(trainer_fn, slots, hyperparams, epochs=10, batch_size=20):
    features, labels = problem()
    w, b = nd.zeros((5, 1)), nd.zeros(1)
    params = [w, b]
    for p in params:
        p.attach_grad()
    zeros = [[nd.zeros(p.shape) for _ in range(slots)] for p in params]
    states = [z[0] if slots == 1 else tuple(z) for z in zeros] if slots else []

    def squared_loss():
        return ((nd.dot(features, w) + b - labels.reshape((-1, 1))) ** 2 / 2).mean().asscalar()

    before = squared_loss()
    for _ in range(epochs):
        for i in range(0, len(features), batch_size):
            X, y = features[i : i + batch_size], labels[i : i + batch_size]
            with autograd.record():
                l = ((nd.dot(X, w) + b - y.reshape((-1, 1))) ** 2 / 2).mean()
            l.backward()
            trainer_fn(params, states, hyperparams)
    return squared_loss() / before


def by_hand():
    """The largest of the losses' ratios, without Adadelta, which begins slowly."""
    ratios = {name: train(f, n, dict(h)) for name, (f, n, h) in BY_HAND.items()}
    print({name: round(float(r), 4) for name, r in ratios.items()})
    assert ratios.pop("adadelta") < 1
    return max(map(float, ratios.values()))


# -- by name -------------------------------------------------------------------------------------

BY_NAME = {
    "sgd": {"learning_rate": 0.05, "momentum": 0.9, "wd": 1e-4},
    "nag": {"learning_rate": 0.05, "momentum": 0.9},
    "signum": {"learning_rate": 0.05, "momentum": 0.9},
    "ftml": {"learning_rate": 0.1},
    "dcasgd": {"learning_rate": 0.05},
    "sgld": {"learning_rate": 0.01},
    "adam": {"learning_rate": 0.1},
    "adagrad": {"learning_rate": 0.5},
    "rmsprop": {"learning_rate": 0.05, "centered": True},
    "adadelta": {"rho": 0.5, "epsilon": 1e-3},
    "ftrl": {"learning_rate": 1.0},
    "adamax": {"learning_rate": 0.1},
    "nadam": {"learning_rate": 0.1},
    "lamb": {"learning_rate": 0.1},
    "lars": {"learning_rate": 1.0, "eta": 0.1},
    "lbsgd": {"learning_rate": 0.05},
}


def by_name():
    """The largest ratio of the loss at the end to that at the beginning."""
    features, labels = problem()
    dataset = gluon.data.ArrayDataset(features, labels)
    data_iter = gluon.data.DataLoader(dataset, 20, shuffle=True)
    loss = gluon.loss.L2Loss()
    ratios = {}
    for name, hyperparams in BY_NAME.items():
        net = nn.Dense(1)
        net.initialize(mx.init.Normal(sigma=0.1))
        net.hybridize()
        rate = hyperparams.get("learning_rate", 1.0)
        schedule = mx.lr_scheduler.FactorScheduler(step=20, factor=0.9, base_lr=rate)
        trainer = gluon.Trainer(
            net.collect_params(), name, {"lr_scheduler": schedule, **hyperparams}
        )
        before = loss(net(features), labels).mean().asscalar()
        for _ in range(6):
            for X, y in data_iter:
                with autograd.record():
                    l = loss(net(X), y)
                l.backward()
                trainer.step(len(X))
        ratios[name] = loss(net(features), labels).mean().asscalar() / before
    print({name: round(float(r), 4) for name, r in ratios.items()})
    assert all(math.isfinite(r) for r in ratios.values())
    return float(max(ratios.values()))


def main():
    mx.random.seed(6)
    return {"by_hand": by_hand(), "by_name": by_name()}


if __name__ == "__main__":
    print(main())
