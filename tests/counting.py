"""What a training step costs, counted: calls of Python, and what devices make and exchange."""

import gc
import os
import re
import sys

import jax
import numpy as np

import gluonx as gx
from gluonx import engine
from gluonx.engine.target import tracing_for

HOME = os.path.dirname(gx.__file__)


def calls_of(step):
    """gluonx's functions that are called in one step, without what the garbage collector calls."""
    found = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            names = []
            sys.setprofile(lambda f, event, _, to=names: to.append((event, f.f_code.co_filename)))
            step()
            sys.setprofile(None)
            found.append(sum(event == "call" and name.startswith(HOME) for event, name in names))
    finally:
        sys.setprofile(None)
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


def divided(loss, data, weight):
    """The compiled program of a loss's gradients for arrays of these shapes, on two devices among
    which the data's first axis is divided."""
    mesh = jax.sharding.Mesh(np.array(jax.devices("cpu")[:2]), ("data",))
    x, w = (
        jax.device_put(np.ones(shape, np.float32), jax.NamedSharding(mesh, jax.P(*axes)))
        for shape, axes in ((data, ["data"]), (weight, []))
    )
    with tracing_for("cpu"):
        return jax.jit(jax.grad(loss, (0, 1))).lower(x, w).compile().as_text()
