"""Hybridized blocks give what eager ones give: values, gradients, random numbers, any arguments."""

import numpy as np
from hybridizing import Block, arrays, flat, same

import gluonx as gx
from gluonx import autograd, gluon, nd, nn

# -- both styles ---------------------------------------------------------------------------------


def test_hybrid_forward_gets_operators_and_parameters():
    class Affine(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.w = self.params.get("w", shape=(3,))
            self.b = self.params.get("b", shape=(3,))

        def hybrid_forward(self, F, x, w, b):
            return F.broadcast_add(F.broadcast_mul(x, w), b)

    same(Affine(), arrays((2, 3)))


def test_forward_uses_nd_and_data():
    def forward(self, x):
        return nd.tanh(x * self.w.data() + 1)

    same(Block(forward, w=[1.0, 2.0, 3.0]), arrays((2, 3)))


def test_hybrid_forward_with_options_and_positional_arguments():
    class Power(gluon.HybridBlock):
        def hybrid_forward(self, F, x, y, power=2, flip=False):
            out = x**power + y
            return -out if flip else out

    net = Power()
    x, y = nd.array([2.0]), nd.array([1.0])
    net.hybridize()
    assert net(x, y).asscalar() == 5
    assert net(x, y, 3).asscalar() == 9
    assert net(x, y, power=3, flip=True).asscalar() == -9
    assert net(y=y, x=x).asscalar() == 5


# -- layers --------------------------------------------------------------------------------------


def test_nested_blocks_with_batchnorm():
    inner = nn.HybridSequential()
    inner.add(nn.Dense(5), nn.BatchNorm(), nn.Activation("tanh"))
    net = nn.HybridSequential()
    net.add(inner, nn.Dense(2))
    same(net, arrays((6, 4)), rtol=1e-4)


def test_batchnorm_statistics_move_at_every_training_call():
    net = nn.BatchNorm(in_channels=2)
    net.initialize()
    net.hybridize()
    x = nd.array([[0.0, 2.0], [4.0, 2.0]])
    for steps in (1, 2):
        with autograd.record():
            net(x)
        expected = 2 * (1 - 0.9**steps)
        np.testing.assert_allclose(net.running_mean.data().asnumpy(), expected, rtol=1e-5)
    net(x)  # predicting leaves them alone
    np.testing.assert_allclose(net.running_mean.data().asnumpy(), expected, rtol=1e-5)


def test_dropout_draws_the_same_numbers_from_one_seed():
    net = nn.HybridSequential()
    net.add(nn.Dropout(0.5), nn.Dense(8, in_units=8), nn.Dropout(0.3))
    same(net, arrays((4, 8)))


def test_dropout_draws_new_numbers_at_every_call():
    net = nn.HybridSequential()
    net.add(nn.Dropout(0.5))
    net.hybridize()
    x = nd.ones((100,))
    with autograd.record():
        first, second = net(x).asnumpy(), net(x).asnumpy()
    assert (first != second).any()
    assert (net(x).asnumpy() == 1).all()


def test_random_operators_inside_and_around_draw_alike():
    def forward(self, x):
        return x + nd.random.normal(shape=x.shape) * nd.random.uniform(shape=x.shape)

    net = Block(forward)
    results = []
    for active in (False, True, True):
        net.hybridize(active)
        gx.random.seed(5)
        results.append([nd.random.normal(shape=(2,)), net(nd.zeros((3,))), nd.random.normal()])
    for got in results[1:]:
        for a, b in zip(got, results[0], strict=True):
            np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-6)


def test_embedding_and_convolution():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(3, 3), nn.MaxPool2D(), nn.Flatten(), nn.Dense(2))
    same(net, arrays((2, 1, 8, 8)), rtol=1e-4)
    embedding = nn.Embedding(10, 4)
    embedding.initialize()
    index = nd.array([1, 3, 1])
    eager = embedding(index).asnumpy()
    embedding.hybridize()
    with autograd.record():
        y = embedding(index)
    y.backward()
    np.testing.assert_allclose(y.asnumpy(), eager, rtol=1e-6)
    assert embedding.weight.grad().asnumpy()[:, 0].tolist() == [0, 2, 0, 1, 0, 0, 0, 0, 0, 0]


# -- arguments and results -----------------------------------------------------------------------


def test_several_inputs_and_outputs():
    def forward(self, x, y):
        return x * y, x + y, [x - y]

    same(Block(forward), arrays((2, 3), (2, 3)))


def test_nested_containers_none_and_keywords():
    def forward(self, pair, options=None, mask=None, scale=1.0):
        a, (b, c) = pair
        out = a * scale + b * c
        if mask is not None:
            out = out * mask
        if options:
            out = out + options["bias"] * options["factor"]
        return {"out": out, "rest": [a, None, (b,)], "name": "x"}

    net = Block(forward)
    a, b, c, m = arrays((3,), (3,), (3,), (3,))
    calls = [
        lambda: net([a, (b, c)]),
        lambda: net([a, (b, c)], mask=m),
        lambda: net([a, (b, c)], None, m, scale=2.0),
        lambda: net((a, [b, c]), {"bias": m, "factor": 3}),
    ]
    for call in calls:
        net.hybridize(False)
        eager = call()
        net.hybridize()
        for got in (call(), call()):
            assert list(got) == ["out", "rest", "name"]
            assert got["name"] == "x"
            assert got["rest"][1] is None
            assert type(got["rest"][2]) is tuple
            for x, y in zip(flat(got["out"]), flat(eager["out"]), strict=True):
                np.testing.assert_allclose(x.asnumpy(), y.asnumpy(), rtol=1e-6)


def test_input_returned_as_it_is():
    def forward(self, x):
        return x, x * 2

    same(Block(forward), arrays((3,)))


def test_output_that_depends_on_nothing():
    net = Block(lambda self, x: (nd.ones((2,)), x.shape[0], "text"))
    net.hybridize()
    for _ in range(2):
        ones, count, text = net(nd.zeros((5,)))
        assert ones.asnumpy().tolist() == [1, 1]
        assert (count, text) == (5, "text")


def test_unused_inputs_have_zero_gradient():
    same(Block(lambda self, x, y: x * 2), arrays((3,), (2,)))
