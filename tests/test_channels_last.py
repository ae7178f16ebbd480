"""Channels last in compiled blocks: the same values and gradients, fewer transpositions."""

import jax
import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd, nn
from gluonx.engine import images
from gluonx.ops import conv


class Net(nn.HybridBlock):
    """Convolutions, and between them one after the other of what may be between convolutions."""

    def __init__(self, between):
        super().__init__()
        self.first = nn.Conv2D(8, 3, padding=1, in_channels=3)
        self.second = nn.Conv2D(8, 3, padding=1, in_channels=8, use_bias=False)
        self.norm = nn.BatchNorm(in_channels=8)
        self.slow = nn.BatchNorm(in_channels=8, use_global_stats=True)
        self.deep = nn.Conv2D(8, 3, padding=1, groups=8, in_channels=8)
        self.point = nn.Conv2D(8, 1, in_channels=8)
        self.wide = nn.Conv2D(8, 3, padding=1, in_channels=16)
        self.prelu = nn.PReLU(in_channels=8)
        self.between = between

    def hybrid_forward(self, F, x):
        x = self.first(x)
        y = self.between(self, F, x)
        return self.second(F.relu(y) + x).mean(axis=0), y


def squeezed(net, F, x):
    return F.broadcast_mul(x, F.sigmoid(F.Pooling(x, global_pool=True, pool_type="avg")))


BETWEEN = [
    lambda net, F, x: F.relu(net.norm(x)),
    lambda net, F, x: net.slow(x) * 2 - x,
    lambda net, F, x: net.deep(x) + net.point(F.tanh(x)),
    lambda net, F, x: F.Pooling(x, kernel=(3, 3), pad=(1, 1)) + F.LeakyReLU(x, act_type="elu"),
    lambda net, F, x: F.Pooling(x, kernel=(3, 3), pad=(1, 1), pool_type="avg"),
    squeezed,
    lambda net, F, x: net.prelu(x) + x.softmax(axis=1),
    lambda net, F, x: F.reverse(x, axis=1) + x.clip(-1, 1),
    lambda net, F, x: F.contrib.foreach(lambda d, s: (d, s / 2 + net.point(x)), x, x)[1],
    lambda net, F, x: net.wide(F.concat(x, net.point(x), dim=1)),
]


def run(net, hybrid):
    gx.random.seed(7)
    net.initialize(gx.init.Xavier(), force_reinit=True)
    for p in net.collect_params().values():
        p.zero_grad() if p.grad_req != "null" else None
    net.hybridize(hybrid)
    x = nd.random.normal(shape=(4, 3, 9, 7))
    x.attach_grad()
    with autograd.record():
        a, b = net(x)
        loss = (a * a).sum() + (b * nd.cos(nd.arange(b.size).reshape(b.shape))).sum()
    loss.backward()
    params = net.collect_params().values()
    grads = [p.grad() for p in params if p.grad_req != "null"]
    return [r.asnumpy() for r in (a, b, x.grad, *grads, *(p.data() for p in params))]


def test_a_compiled_block_computes_the_same(monkeypatch):
    monkeypatch.setattr(conv, "_WORTH", 0)
    for between in BETWEEN:
        net = Net(between)
        for one, other in zip(run(net, False), run(net, True), strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


def test_only_the_first_convolution_transposes(monkeypatch):
    layouts, turned = [], []
    convolve, last = conv.convolve, images.last

    def counted(data, weight, where, *args):
        layouts.append(where.name)
        return convolve(data, weight, where, *args)

    def noted(a):
        turned.append(a.shape)
        return last(a)

    monkeypatch.setattr(conv, "convolve", counted)
    monkeypatch.setattr(conv, "last", noted)
    monkeypatch.setattr(images, "last", noted)

    def net():
        return Net(lambda net, F, x: F.relu(net.norm(net.point(x))))

    run(net(), True)  # small
    assert set(layouts) == {"NCHW"} and not turned
    monkeypatch.setattr(conv, "_WORTH", 0)
    run(net(), False)
    assert set(layouts) == {"NCHW"} and not turned
    layouts.clear()
    run(net(), True)
    assert set(layouts) == {"NHWC"}
    assert {shape for shape in turned if shape[0] == 4} == {(4, 3, 9, 7)}
    layouts.clear(), turned.clear()
    block = net()
    outputs = gx.sym.Group(list(block(gx.sym.var("data"))))
    outputs.simple_bind(gx.cpu(), data=(4, 3, 9, 7)).forward()
    assert layouts[-3:] == ["NHWC"] * 3  # those before found the shapes
    assert {shape for shape in turned if shape[0] == 4} == {(4, 3, 9, 7)}


def test_what_a_convolution_takes_is_made_once():
    def count(trace):
        kept = images.Images()
        x = kept.keep(trace)
        assert kept.made(x) is trace and kept.made(trace) is None
        settled = kept.settled(x)
        assert settled is not trace
        assert kept.made(x) is kept.settled(x) is settled  # for all that come later
        return settled

    jaxpr = jax.make_jaxpr(count)(np.ones((2, 3, 3, 2), np.float32))
    assert str(jaxpr).count("optimization_barrier") == 1


@pytest.mark.parametrize("shape", [(4,), (2, 0, 5, 5), (2, 3, 5, 5)])
def test_mistakes_are_told_of_the_arrays_that_the_user_has(shape):
    def message(hybrid):
        net = nn.HybridLambda(
            lambda F, x, w: F.Convolution(x, w, kernel=(3, 3), num_filter=2, no_bias=True)
        )
        net.hybridize(hybrid)
        with pytest.raises(gx.MXNetError) as caught:
            net(nd.ones(shape), nd.ones((2, 4, 3, 3))).wait_to_read()
        return str(caught.value).partition("): ")[2]

    assert message(True) == message(False) != ""
