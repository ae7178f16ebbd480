"""What a step of several workers costs, for workers.py: calls of Python, and what is exchanged."""

from counting import calls_of, collectives

from gluonx import autograd, gluon, nd
from gluonx.gluon import nn


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
