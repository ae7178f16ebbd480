"""What a step of several workers costs, for workers.py: calls of Python, and what is exchanged."""

import gc
import os
import re
import sys

import numpy as np

import gluonx as mx
from gluonx import autograd, engine, gluon, nd
from gluonx.gluon import nn

HOME = os.path.dirname(mx.__file__)


def make(layers, kv):
    net = nn.HybridSequential()
    for _ in range(layers):
        net.add(nn.Dense(3, "tanh", in_units=3))
    net.initialize()
    net.hybridize()
    momentum = {"learning_rate": 0.1, "momentum": 0.9}
    trainer = gluon.Trainer(net.collect_params(), "sgd", momentum, kvstore=kv)
    x, loss_function = nd.ones((4, 3)), gluon.loss.L2Loss()

    def step():
        with autograd.record():
            loss = loss_function(net(x), x)
        loss.backward()
        trainer.step(4 * kv.num_workers)

    for _ in range(5):
        step()
    return net, step


def calls_of(step):
    """gluonx's functions that one step calls in this thread."""
    found = []
    gc.disable()
    for _ in range(5):
        names = []
        sys.setprofile(lambda f, event, _, to=names: to.append((event, f.f_code.co_filename)))
        step()
        sys.setprofile(None)
        found.append(sum(event == "call" and name.startswith(HOME) for event, name in names))
    gc.enable()
    return min(found)


def collectives(net):
    """The collectives of the program of a network's step, and the bytes that they take."""
    [program] = [
        stage.programs[key]
        for root in engine.report.roots
        for stage, key in root.stage.kept
        if stage.describe().startswith(net.name)
    ]
    names = "all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute"
    found = re.findall(rf"= (.*?) (?:{names})(?:-start)?\(", program.text())
    shapes = [m.split(",") for line in found for m in re.findall(r"f32\[([\d,]*)\]", line)]
    return len(found), 4 * sum(np.prod([int(n) for n in shape if n]) for shape in shapes)


def check(kv):
    """A step's Python does not grow with the network, and it exchanges its gradients once."""
    nd.ones(1, dtype="float64").wait_to_read()  # from here on 64-bit types are looked for
    counts = []
    for layers in (1, 6):
        net, step = make(layers, kv)
        counts.append(calls_of(step))
        size = sum(p.data().size for p in net.collect_params().values())
        assert collectives(net) == (1, 4 * size), collectives(net)
    assert counts[0] == counts[1], counts
