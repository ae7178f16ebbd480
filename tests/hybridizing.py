"""Comparing hybridized with eager blocks."""

import numpy as np

import gluonx as gx
from gluonx import autograd, gluon, nd

__all__ = ["Block", "arrays", "flat", "same"]


class Block(gluon.HybridBlock):
    """A HybridBlock whose ``forward`` is the given function."""

    def __init__(self, fn, *children, **params):
        super().__init__()
        self.fn = fn
        with self.name_scope():
            for i, child in enumerate(children):
                self.register_child(child, f"c{i}")
            for name, value in params.items():
                shape = np.shape(value)
                p = self.params.get(name, shape=shape, init=gx.init.Constant(nd.array(value)))
                setattr(self, name, p)

    def forward(self, *args, **kwargs):
        return self.fn(self, *args, **kwargs)


def arrays(*shapes):
    return [nd.random.normal(shape=shape) for shape in shapes]


def flat(out):
    if isinstance(out, dict):
        out = list(out.values())
    if isinstance(out, (list, tuple)):
        return [x for item in out for x in flat(item)]
    return [] if out is None else [out]


def run(net, inputs, record=True, train=True):
    """Outputs, gradients of inputs and parameters, and parameters afterwards."""
    gx.random.seed(11)
    inputs = [x.copy() for x in inputs]
    for x in inputs:
        x.attach_grad()
    with autograd.record(train_mode=train) if record else autograd.predict_mode():
        outs = flat(net(*inputs))
        loss = sum((y * (i + 2)).sum() for i, y in enumerate(outs))
    params = net.collect_params()
    grads = []
    if record:
        loss.backward()
        grads = [x.grad for x in inputs]
        grads += [p.grad() for p in params.values() if p.grad_req != "null"]
    return [x.asnumpy() for x in [*outs, *grads, *(p.data() for p in params.values())]]


def same(net, inputs, modes=((False, False), (True, False), (True, True)), rtol=1e-5):
    """Compare hybridized with eager in each of the modes (record, train)."""
    net.initialize(gx.init.Normal(0.5))
    net(*inputs)
    start = {p: p.data().asnumpy() for p in net.collect_params().values()}
    for record, train in modes:
        results = []
        for active in (False, True, True):
            for p, value in start.items():
                p.set_data(nd.array(value))
            net.hybridize(active)
            results.append(run(net, inputs, record, train))
        for got in results[1:]:
            assert len(got) == len(results[0])
            for a, b in zip(got, results[0], strict=True):
                np.testing.assert_allclose(a, b, rtol=rtol, atol=5e-6)
