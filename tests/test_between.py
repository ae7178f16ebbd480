"""Calls between the large products of a step of several backward passes."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gluonx as mx
from gluonx import autograd, engine, nd
from gluonx.engine import graph
from gluonx.engine.between import calls_between


def small(x, w):
    h = jnp.tanh(x @ w)
    for k in range(9):
        h = jnp.sin(h) / (k + 1) + h / 2
    return {"h": h, "g": x.T @ h}, w


def looped(x, w):
    return jax.lax.fori_loop(0, 3, lambda _, h: jnp.sin(h) + 1, x @ w), w


def without_products(x, w):
    return [jnp.sin(x[:, :3]).sum(), w]


@pytest.mark.parametrize(
    "function, rows, calls",
    [(small, 64, 1), (small, 2, 0), (small, 600, 0), (looped, 64, 0), (without_products, 64, 0)],
)
def test_what_is_between(function, rows, calls):
    """Fewer rows are no large product, more make results that are too large."""
    x = jnp.linspace(-1, 1, rows * 500).reshape(rows, 500)
    w = jnp.linspace(-1, 1, 500 * 80).reshape(500, 80)
    run = jax.jit(lambda x, w: calls_between(function, x, w))
    assert run.lower(x, w).as_text().count("call @between_products") == calls
    found, want = run(x, w), function(x, w)
    assert jax.tree.structure(found) == jax.tree.structure(want)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("batches", [1, 3])
def test_micro_batches(batches, monkeypatch):
    calls = []

    def counted(function, *arrays):
        text = str(jax.make_jaxpr(functools.partial(calls_between, function))(*arrays))
        calls.append(text.count("name=between_products"))
        return calls_between(function, *arrays)

    monkeypatch.setattr(graph, "calls_between", counted)
    rng = np.random.default_rng(5)
    data = [(nd.array(rng.normal(size=(64, 600))), nd.array(np.arange(64) % 7)) for _ in range(3)]

    def train():
        mx.random.seed(1)
        net = mx.gluon.nn.HybridSequential()
        net.add(mx.gluon.nn.Dense(70, activation="relu", in_units=600))
        net.add(mx.gluon.nn.Dropout(0.3), mx.gluon.nn.Dense(7, in_units=70))
        net.initialize(mx.init.Xavier())
        net.hybridize()
        params = net.collect_params()
        params.setattr("grad_req", "add")
        trainer = mx.gluon.Trainer(params, "sgd", {"learning_rate": 0.1, "momentum": 0.9})
        loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        losses = []
        for _ in range(4):
            for x, y in data[:batches]:
                with autograd.record():
                    out = loss(net(x), y)
                out.backward()
                losses.append(out)
            trainer.step(64)
            params.zero_grad()
        return net, [a.asnumpy() for a in losses], [p.data().asnumpy() for p in params.values()]

    net, *found = train()
    [program] = [
        stage.programs[key]
        for root in engine.report.roots
        for stage, key in root.stage.kept
        if stage.describe().startswith(net.name)
    ]
    assert (program.compiled, program.runs) == (1, 4)
    assert calls == ([1] * batches if batches > 1 else [])
    with engine.fusing(False):
        _, *want = train()
    for a, b in zip(sum(found, []), sum(want, []), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-5)
