"""Gradients through deferred regions are those of the operators one by one."""

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn


@pytest.fixture
def linear():
    """y = x w^T, w = [[1, 2]]"""
    made = nn.Dense(1, in_units=2, use_bias=False)
    made.initialize(gx.init.Constant(nd.array([[1.0, 2.0]])))
    made.hybridize()
    return made


def test_two_losses_that_read_each_others_detached_values(linear):
    a, b = nd.array([2.0]), nd.array([3.0])
    results = []
    for active in (False, True):
        linear.hybridize(active)
        for x in (a, b):
            x.attach_grad()
        with autograd.record():
            s = linear(nd.array([[1.0, 1.0]])).reshape((1,))
            p = a * s.detach()
            q = b * p.detach() * s.detach()
            first = p * q.detach() * s
            second = q * first.detach()
        first.backward()
        grad = a.grad * 2 + linear.weight.grad().sum()
        second.backward()
        results.append([x.asscalar() for x in (a.grad, b.grad, first, second, grad)])
    np.testing.assert_allclose(results[1], results[0], rtol=1e-5)


def test_gradients_of_what_the_heads_do_not_depend_on_are_left_alone(linear):
    other = nn.Dense(1, in_units=2, use_bias=False)
    other.initialize("ones")
    other.hybridize()
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y, z = linear(x), other(x)
    z.backward(retain_graph=True)
    assert other.weight.grad().asnumpy().tolist() == [[1, 1]]
    other.weight.grad()[:] = 7
    y.wait_to_read()
    y.backward()
    assert linear.weight.grad().asnumpy().tolist() == [[1, 1]]
    assert other.weight.grad().asnumpy().tolist() == [[7, 7]]


@pytest.mark.parametrize("look", [False, True])
def test_gradient_that_no_backward_wrote_is_stale(linear, look):
    other = nn.Dense(1, in_units=2, use_bias=False)
    other.initialize("ones")
    other.hybridize()
    trainer = gluon.Trainer([linear.weight, other.weight], "sgd", {"learning_rate": 1})
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y, z = linear(x), other(x)
    if look:
        z.wait_to_read()
    y.backward()
    with pytest.raises(UserWarning, match="has not been written by backward"):
        trainer.step(1)


@pytest.mark.parametrize("look", [False, True])
def test_results_may_be_changed_in_place_after_backward(linear, look):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y = linear(x)
        z = linear(y.reshape((1, 1)).broadcast_to((1, 2)))
    if look:
        z.wait_to_read()
    z.backward()
    with autograd.record():
        y += 1
        z[:] = 3
    assert (y.asscalar(), z.asscalar()) == (4, 3)


@pytest.mark.parametrize("write", [lambda x, y: x.copyto(y), lambda x, y: y.__setitem__(0, 5)])
def test_gradient_of_a_pending_result_that_was_overwritten(linear, write):
    x, fresh = nd.array([[1.0, 1.0]]), nd.array([[5.0]])
    x.attach_grad()
    with autograd.record():
        y = linear(x)
    write(fresh, y)
    (dx,) = autograd.grad(y, x, retain_graph=True)
    y.backward()
    assert y.asscalar() == 5
    assert dx.asnumpy().tolist() == x.grad.asnumpy().tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "write", [lambda x, y: x.copyto(y), lambda x, y: y.__setitem__(slice(None), x)]
)
@pytest.mark.parametrize("use", ["net", "operator"])
def test_pending_result_that_was_overwritten_is_used_again(linear, write, use):
    x, fresh = nd.array([[1.0, 1.0]]), nd.array([[5.0]])
    x.attach_grad()
    with autograd.record():
        y = linear(x)
        with autograd.pause():
            write(fresh, y)
        z = linear(nd.concat(y, y, dim=1)) if use == "net" else y * 3
    z.backward()
    assert z.asscalar() == 15
    assert x.grad.asnumpy().tolist() == [[3, 6]]


def test_backward_from_what_was_made_of_released_values_is_refused(linear):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y = linear(x)
        z = y * 2
        y.backward()
        z.wait_to_read()
        again = z + linear(x)
    for head in (z, again):
        with pytest.raises(gx.MXNetError, match="retain_graph=True"):
            head.backward()
