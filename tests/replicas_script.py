"""What test_replicas.py runs in a process of its own: `replicas_script.py DEVICES CASE`."""

import sys

import numpy as np

import gluonx as gx
from gluonx import autograd, engine, gluon, nd, nn
from gluonx.gluon.utils import split_and_load

OPTIMIZERS = [
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.01}),
    ("adam", {"learning_rate": 0.05}),
    ("lamb", {"learning_rate": 0.05}),
    ("rmsprop", {"learning_rate": 0.01, "centered": True}),
]


def train(contexts, optimizer, steps, look=True):
    gx.random.seed(1)
    net = nn.HybridSequential()
    net.add(nn.Dense(8, activation="tanh"), nn.Dense(3))
    net.initialize(gx.initializer.Xavier(), ctx=contexts)
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), *optimizer)
    L = gluon.loss.SoftmaxCrossEntropyLoss()
    rng = np.random.default_rng(0)
    batches = [
        [split_and_load(a, contexts) for a in (rng.normal(size=(16, 5)), rng.integers(0, 3, 16))]
        for _ in range(4)
    ]
    history = []
    for i in range(steps):
        xs, ys = batches[i % 4]
        xs, ys = [x.astype("float32") for x in xs], [y.astype("float32") for y in ys]
        with autograd.record():
            losses = [L(net(x), y) for x, y in zip(xs, ys, strict=True)]
        autograd.backward(losses)
        trainer.step(16)
        if look:
            history.append(np.concatenate([v.asnumpy() for v in losses]))
    nd.waitall()
    return net, history


def main(devices, case):
    contexts = [gx.cpu(i) for i in range(devices)]
    assert len({c.device for c in contexts}) == devices
    if case == "mesh":
        from test_mesh import check

        check((4, 2))
        return
    if case == "flood":
        net, _ = train(contexts, OPTIMIZERS[0], 3000, look=False)
        assert all(
            np.isfinite(p.data(contexts[-1]).asnumpy()).all() for p in net.collect_params().values()
        )
        return
    for optimizer in OPTIMIZERS[: 2 if case == "two" else None]:
        one, expected = train(contexts[:1], optimizer, 4)
        several, found = train(contexts, optimizer, 4)
        np.testing.assert_allclose(found, expected, 1e-4, 1e-5)
        for p, q in zip(
            one.collect_params().values(), several.collect_params().values(), strict=True
        ):
            for x in q.list_data():
                np.testing.assert_allclose(x.asnumpy(), p.data().asnumpy(), 1e-4, 1e-5)
        steps = [s for s in engine.explain().steps if s.name.startswith(several.name)]
        assert [(s.times, s.runs) for s in steps] == [(1, 4)], steps
        if case == "all":
            from test_replicas import collectives

            size = sum(p.data().size for p in one.collect_params().values())
            assert collectives(several) == (1, 4 * size)
    assert engine.explain().unfused == ()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
