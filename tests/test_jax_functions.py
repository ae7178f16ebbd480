"""``gx.op``: JAX functions as operators on NDArrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gluonx as gx
from gluonx import HybridBlock, MXNetError, autograd, nd

sinc = gx.op(jnp.sinc)


@gx.op
def scaled(x, y, *, power=1, names=()):
    return x**power * y


@gx.op
def both(x):
    return jnp.sin(x), {"cos": jnp.cos}["cos"](x)


def test_values_and_gradients_are_those_of_jax():
    host = np.linspace(-2, 2, 5, dtype="float32")
    x = nd.array(host)
    x.attach_grad()
    with autograd.record():
        y = sinc(x) * 2
    y.backward()
    np.testing.assert_allclose(y.asnumpy(), 2 * np.sinc(host), rtol=1e-5, atol=1e-6)
    expected = [2 * jax.grad(jnp.sinc)(v) for v in host]
    np.testing.assert_allclose(x.grad.asnumpy(), expected, rtol=1e-5, atol=1e-6)


def test_names_and_docstrings_are_kept():
    assert sinc.__name__ == "sinc"
    assert "sinc" in sinc.__doc__


def test_arguments_that_are_no_arrays_are_part_of_the_code():
    x, y = nd.array([2.0, 3.0]), nd.array([1.0, 10.0])
    x.attach_grad()
    for power, value, grad in [
        (1, [2, 30], [1, 10]),
        (3, [8, 270], [12, 270]),
        (1, [2, 30], [1, 10]),
    ]:
        with autograd.record():
            z = scaled(x, y=y, power=power, names=("a", "b"))
        z.backward()
        assert z.asnumpy().tolist() == value
        assert x.grad.asnumpy().tolist() == grad
    with pytest.raises(
        TypeError, match=r"scaled\(\): arguments that are not NDArrays must be hashable"
    ):
        scaled(x, y, power=[1])
    with pytest.raises(TypeError, match=r"scaled\(\) is an operator on NDArrays and got none"):
        scaled(np.ones(2), 3)


def test_several_outputs():
    x = nd.array([0.5])
    x.attach_grad()
    with autograd.record():
        s, c = both(x)
        y = s * 2 + c * 3
    y.backward()
    np.testing.assert_allclose(x.grad.asscalar(), 2 * np.cos(0.5) - 3 * np.sin(0.5), rtol=1e-5)


def test_a_gradient_of_ones_own_is_used():
    @jax.custom_vjp
    def straight(x):
        return jnp.round(x)

    straight.defvjp(lambda x: (jnp.round(x), None), lambda _, g: (g * 7,))
    x = nd.array([0.4, 1.6])
    x.attach_grad()
    with autograd.record():
        y = gx.op(straight)(x)
    y.backward()
    assert y.asnumpy().tolist() == [0, 2]
    assert x.grad.asnumpy().tolist() == [7, 7]


def test_gradients_of_gradients():
    x = nd.array([0.5])
    x.attach_grad()
    cube = gx.op(lambda v: v**3)
    with autograd.record():
        (first,) = autograd.grad(cube(x), x, create_graph=True)
        (second,) = autograd.grad(first, x, create_graph=True)
    second.backward()
    assert (first.asscalar(), second.asscalar(), x.grad.asscalar()) == (0.75, 3, 6)


def test_shapes_may_change_and_errors_name_the_operator():
    double = gx.op(lambda x, w: x @ w)
    assert double(nd.ones((2, 3)), nd.ones((3, 4))).shape == (2, 4)
    assert double(nd.ones((5, 3)), nd.ones((3, 1))).shape == (5, 1)
    with pytest.raises((TypeError, ValueError)):
        double(nd.ones((2, 3)), nd.ones((2, 3)))
    with pytest.raises(MXNetError, match="different devices"):
        scaled(nd.ones((2,)), nd.ones((2,), ctx=gx.cpu(1)))


@pytest.mark.parametrize("dtype", ["float16", "float64", "int32", "int64", "bool"])
def test_every_dtype(dtype):
    x = nd.array([1, 0], dtype=dtype)
    y = gx.op(lambda v: jnp.stack([v, v]))(x)
    assert y.dtype == np.dtype(dtype)
    assert y.asnumpy().tolist() == [x.asnumpy().tolist()] * 2


def test_results_of_integers_have_no_gradient():
    x = nd.array([3.0, 1.0])
    x.attach_grad()
    with autograd.record():
        values, order = gx.op(lambda v: (jnp.sort(v), jnp.argsort(v)))(x)
        y = values * nd.array([10, 1])
    y.backward()
    assert order.asnumpy().tolist() == [1, 0]
    assert x.grad.asnumpy().tolist() == [1, 10]


def test_results_are_ordinary_arrays():
    x = nd.array([1.0, 2.0])
    y = sinc(x)
    y[0] = 5
    y += 1
    assert y.asnumpy()[0] == 6
    assert x.asnumpy().tolist() == [1, 2]
    same = gx.op(lambda v: v)(x)
    same[:] = 0
    assert x.asnumpy().tolist() == [1, 2]


def test_inside_a_hybridized_block():
    class Net(HybridBlock):
        def hybrid_forward(self, F, x):
            s, _ = both(x)
            return sinc(s).sum()

    x = nd.array([0.3, 0.7])
    results = []
    for hybridize in (False, True):
        net = Net()
        net.hybridize(hybridize)
        x.attach_grad()
        with autograd.record():
            y = net(x)
        y.backward()
        results.append((y.asscalar(), x.grad.asnumpy()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5)


def test_equal_calls_compile_once(compilations):
    x = nd.ones((7,))
    cosine = gx.op(jnp.cos)
    cosine(x)
    with compilations() as names:
        for _ in range(5):
            cosine(x)
        gx.op(jnp.cos)
    assert names == []
