"""Products that XLA makes by themselves on a CPU."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from counting import divided

import gluonx as mx
from gluonx import autograd, nd
from gluonx.engine.target import tracing_for
from gluonx.ops._once import product
from gluonx.ops.nn import fully_connected

MANY = 2000


@pytest.mark.parametrize("hybridized", [False, True])
@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 1, 3, 5), (0, 4, 5), (6, 5)])
def test_many_outputs_of_a_sequence(shape, hybridized):
    seed = 11
    rng = np.random.default_rng(seed)
    net = mx.gluon.nn.Dense(MANY, flatten=False, in_units=5)
    net.initialize(mx.init.Normal(1))
    net.bias.set_data(nd.array(rng.normal(size=MANY)))
    if hybridized:
        net.hybridize()
    x, head = rng.normal(size=shape), rng.normal(size=(*shape[:-1], MANY))
    data = nd.array(x)
    data.attach_grad()
    with autograd.record():
        y = net(data)
    y.backward(nd.array(head))
    w, b = (p.data().asnumpy().astype(float) for p in (net.weight, net.bias))
    rows, heads = x.reshape(-1, 5), head.reshape(-1, MANY)
    close = {"rtol": 1e-4, "atol": 1e-4, "err_msg": f"seed {seed}"}
    np.testing.assert_allclose(y.asnumpy(), x @ w.T + b, **close)
    np.testing.assert_allclose(data.grad.asnumpy(), (heads @ w).reshape(shape), **close)
    np.testing.assert_allclose(net.weight.grad().asnumpy(), heads.T @ rows, **close)
    np.testing.assert_allclose(net.bias.grad().asnumpy(), heads.sum(0), **close)


def test_a_gradient_of_a_gradient():
    x, w = jnp.linspace(-1, 1, 15).reshape(3, 5), jnp.linspace(-2, 1, 35).reshape(7, 5)

    def curved(multiply, x, w):
        def loss(x):
            return (multiply(x, w) ** 3).sum()

        return (jax.grad(loss)(x) ** 2).sum()

    with tracing_for("cpu"):
        found = jax.grad(lambda x: curved(lambda x, w: product(x, w, (1, 1)), x, w))(x)
    want = jax.grad(lambda x: curved(lambda x, w: x @ w.T, x, w))(x)
    np.testing.assert_allclose(found, want, rtol=1e-4)


@pytest.mark.parametrize("kind, there", [("cpu", True), ("gpu", False)])
def test_only_the_cpu_is_told(kind, there):
    def scores(x, w):
        return fully_connected(x, w, num_hidden=MANY, no_bias=True, flatten=False)

    with tracing_for(kind):
        text = jax.jit(scores).lower(jnp.ones((2, 3, 5)), jnp.ones((MANY, 5))).as_text()
    assert ("inlineable" in text) == there


@pytest.mark.skipif(jax.device_count("cpu") < 2, reason="needs two devices")
def test_divided_over_a_mesh_each_device_has_its_rows():
    def loss(x, w):
        return (fully_connected(x, w, num_hidden=MANY, no_bias=True, flatten=False) ** 2).sum()

    text = divided(loss, (8, 3, 5), (MANY, 5))
    assert f"f32[12,{MANY}]" in text and f"f32[24,{MANY}]" not in text
    assert "all-gather" not in text and text.count(" all-reduce(") == 1
