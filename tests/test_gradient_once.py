"""The work of a backward pass grows with the depth of a residual network, not with its square."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gluonx as mx
from gluonx import autograd, nd
from gluonx.ops._once import gradient_once


def plain(x):
    return x


def work_of(blocks, once):
    """Elementwise operations of the gradient of some residual blocks, as XLA compiles it."""

    def loss(x, weights):
        for w in weights:
            centred = once(x) - x.mean(-1, keepdims=True)
            x = x + once(centred @ w)
        return (x * x).sum()

    x = jax.ShapeDtypeStruct((64, 32), np.float32)
    weights = [jax.ShapeDtypeStruct((32, 32), np.float32)] * blocks
    compiled = jax.jit(jax.grad(loss, (0, 1))).lower(x, weights).compile()
    products = 3 * blocks * 2 * 64 * 32 * 32
    return compiled.cost_analysis()["flops"] - products


def test_work_grows_with_depth():
    short, long = work_of(4, gradient_once), work_of(16, gradient_once)
    assert long < 4.5 * short
    assert work_of(16, plain) > 1.5 * long  # else it is no longer of use


def test_only_the_cpu_is_told():
    traced = jax.jit(jax.grad(lambda x: gradient_once(x).sum())).trace(jnp.ones(3))
    for platform, there in (("cpu", True), ("cuda", False), ("tpu", False)):
        text = traced.lower(lowering_platforms=(platform,)).as_text()
        assert ("optimization_barrier" in text) == there


@pytest.mark.parametrize("hybridized", [False, True])
def test_a_gradient_of_a_gradient_goes_through(hybridized):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.LayerNorm(in_channels=3), mx.gluon.nn.Dense(1, in_units=3))
    net.initialize(mx.init.One())
    net[1].weight.set_data(nd.array([[1, 2, 4]]))
    if hybridized:
        net.hybridize()
    x = nd.array([[1.0, 2.0, 4.0]])
    x.attach_grad()
    with autograd.record():
        (first,) = autograd.grad(net(x), x, create_graph=True)
        (first * first).sum().backward()

    def formula(x):
        y = (x - x.mean()) * jax.lax.rsqrt(x.var() + 1e-5)
        return (y * jnp.array([1, 2, 4])).sum()

    expected = jax.grad(lambda x: (jax.grad(formula)(x) ** 2).sum())(jnp.array([1.0, 2.0, 4.0]))
    np.testing.assert_allclose(x.grad.asnumpy()[0], expected, rtol=2e-4, atol=1e-6)
