"""Deferred regions: hybridized calls under record() look exactly like eager ones."""

import gc
import threading
import weakref

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn


class Net(gluon.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.fc = nn.Dense(3, in_units=2, use_bias=False)
            self.bn = nn.BatchNorm(in_channels=3)

    def hybrid_forward(self, F, x):
        h = self.fc(x)
        return self.bn(h), F.tanh(h)


@pytest.fixture
def net():
    made = Net()
    made.initialize(gx.init.Normal(1))
    made.hybridize()
    return made


@pytest.fixture
def linear():
    """y = x w^T, w = [[1, 2]]"""
    made = nn.Dense(1, in_units=2, use_bias=False)
    made.initialize(gx.init.Constant(nd.array([[1.0, 2.0]])))
    made.hybridize()
    return made


def batch(n=4):
    return nd.array(np.random.randn(n, 2))


def test_shape_and_dtype_are_known_and_nothing_is_computed(net, compilations):
    x = batch()
    x.wait_to_read()
    with compilations() as compiled, autograd.record():
        normed, h = net(x)
        loss = (normed * h).sum() + h.mean()
        assert (normed.shape, h.shape, loss.shape) == ((4, 3), (4, 3), (1,))
        assert normed.dtype == np.float32
        assert (h.ndim, len(h), h.size, h.context) == (2, 4, 12, gx.cpu(0))
        assert h[1].shape == (3,)
        assert h.T.reshape((-1, 2)).shape == (6, 2)
        assert compiled == []
        loss.asscalar()
    assert len(compiled) == 1


LOOKS = {
    "asnumpy": lambda h, loss: h.asnumpy(),
    "asscalar": lambda h, loss: loss.asscalar(),
    "print": lambda h, loss: str(h),
    "if": lambda h, loss: bool(loss > 0),
    "float": lambda h, loss: float(loss),
    "wait": lambda h, loss: h.wait_to_read(),
    "waitall": lambda h, loss: nd.waitall(),
    "numpy": lambda h, loss: np.asarray(h),
    "jax": lambda h, loss: h.detach().asjax(),
    "copy": lambda h, loss: h.copyto(gx.cpu(1)),
    "view": lambda h, loss: h[1].asnumpy(),
    "nothing": lambda h, loss: None,
}


@pytest.mark.parametrize("moment", ["after the net", "after the loss", "after record", "never"])
@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_any_moment_changes_nothing(net, look, moment):
    if look == "nothing" and moment != "never":
        pytest.skip("only once")
    x = batch()
    results = []
    for active in (False, True):
        net.hybridize(active)
        net.bn.running_mean.set_data(nd.zeros((3,)))
        net.bn.running_var.set_data(nd.ones((3,)))
        x.attach_grad()

        def see(now, h, loss):
            if moment == now:
                LOOKS[look](h, loss)

        with autograd.record():
            normed, h = net(x)
            see("after the net", h, h.sum())
            loss = (normed * h).sum() + (h[1] * 3).sum()
            see("after the loss", h, loss)
        see("after record", h, loss)
        loss.backward()
        results.append([
            a.asnumpy()
            for a in (normed, h, loss, x.grad, net.fc.weight.grad(), net.bn.running_mean.data())
        ])  # fmt: skip
    for got, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


# -- captured values -----------------------------------------------------------------------------


def test_parameters_written_after_the_call_keep_their_captured_values(linear):
    x = nd.array([[1.0, 1.0]])
    x.attach_grad()
    with autograd.record():
        y = linear(x) * 2
    linear.weight.set_data(nd.array([[100.0, 100.0]]))
    y.backward()
    assert y.asscalar() == 6
    assert x.grad.asnumpy().tolist() == [[2, 4]]
    assert linear(x).asscalar() == 200


def test_inputs_written_after_the_call_keep_their_captured_values(linear):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y = linear(x)
    x[:] = 50
    x *= 2
    y.backward()
    assert y.asscalar() == 3
    assert linear.weight.grad().asnumpy().tolist() == [[1, 1]]


def test_view_of_an_input_written_after_the_call(linear):
    data = nd.array([[1.0, 1.0], [2.0, 2.0]])
    with autograd.record():
        y = linear(data[0:1])
    data[0] = 9
    assert y.asscalar() == 3


def test_view_of_a_pending_result_sees_what_is_written_to_it(linear):
    x = nd.array([[1.0, 1.0], [2.0, 2.0]])
    with autograd.record():
        y = linear(x)
        row = y[1]
    y += 1
    assert (row * 2).asscalar() == 14
    assert row.asscalar() == 7


def test_two_calls_with_a_write_between_them(linear):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        first = linear(x)
        with autograd.pause():
            linear.weight.set_data(nd.array([[10.0, 0.0]]))
        second = linear(x)
        loss = first * second
    loss.backward()
    assert (first.asscalar(), second.asscalar()) == (3, 10)
    assert linear.weight.grad().asnumpy().tolist() == [[13, 13]]


def test_state_written_by_two_pending_calls(net):
    x = batch()
    means = []
    for active in (False, True):
        net.hybridize(active)
        net.bn.running_mean.set_data(nd.zeros((3,)))
        with autograd.record():
            for _ in range(3):
                net(x)
        means.append(net.bn.running_mean.data().asnumpy())
    np.testing.assert_allclose(means[1], means[0], rtol=1e-5, atol=1e-6)


def test_writing_to_a_pending_output_outside_of_record(linear):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y = linear(x)
        z = y * 2
    y[:] = 7
    assert (y.asscalar(), z.asscalar()) == (7, 6)


def test_writing_to_a_pending_output_inside_record_raises(linear):
    with autograd.record():
        y = linear(nd.array([[1.0, 1.0]]))
        with pytest.raises(gx.MXNetError, match="cannot be changed in place"):
            y += 1
    assert y.asscalar() == 3


# -- lifetime ------------------------------------------------------------------------------------


def test_region_outlives_record_and_goes_on_in_the_next(linear):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y = linear(x)
    plain = y * 100  # not recorded
    with autograd.record():
        z = y * y
    z.backward()
    assert (plain.asscalar(), z.asscalar()) == (300, 9)
    assert linear.weight.grad().asnumpy().tolist() == [[6, 6]]


def test_exception_inside_record_keeps_what_was_recorded(linear):
    x = nd.array([[1.0, 1.0]])
    with pytest.raises(ZeroDivisionError), autograd.record():
        y = linear(x)
        z = y * 5
        1 / 0  # noqa: B018
    assert not autograd.is_recording()
    z.backward()
    assert (y.asscalar(), z.asscalar()) == (3, 15)
    assert linear.weight.grad().asnumpy().tolist() == [[5, 5]]


def test_wrong_shape_raises_at_its_line_and_spoils_nothing(linear):
    with autograd.record():
        y = linear(batch())
        with pytest.raises(gx.MXNetError, match=r"\(4, 1\)"):
            nd.dot(y, nd.ones((3, 3)))
        z = y.sum()
    z.backward()
    assert np.isfinite(z.asscalar())


def test_outputs_that_nobody_looks_at_are_dropped(linear):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y = linear(x)
        ref = weakref.ref(y)
        del y
        for _ in range(3):
            linear(x)
        z = linear(x)
    gc.collect()
    assert ref() is None
    z.backward()
    assert linear.weight.grad().asnumpy().tolist() == [[1, 1]]


def test_endless_recording_is_bounded(linear):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        total = linear(x) * 0
        for _ in range(600):
            total = total + 1
    assert total.asscalar() == 600


def test_backward_twice_needs_retain_graph(linear):
    with autograd.record():
        y = linear(nd.array([[1.0, 1.0]]))
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(gx.MXNetError, match="retain_graph=True"):
        y.backward()


def test_two_losses_of_one_region(linear):
    x = nd.array([[1.0, 1.0]])
    linear.weight.grad_req = "add"
    with autograd.record():
        y = linear(x)
        first, second = y * 2, y * y
    autograd.backward([first, second])
    assert linear.weight.grad().asnumpy().tolist() == [[8, 8]]
    linear.weight.zero_grad()
    with autograd.record():
        y = linear(x)
        first, second = y * 2, y * y
    first.backward(retain_graph=True)
    second.backward()
    assert linear.weight.grad().asnumpy().tolist() == [[8, 8]]


def test_gradient_of_a_gradient(linear):
    x = nd.array([[1.0, 1.0]])
    x.attach_grad()
    with autograd.record():
        y = linear(x) ** 3
        (dx,) = autograd.grad(y, x, create_graph=True)
        loss = (dx * dx).sum()
    loss.backward()
    # y = s^3, s = x1 + 2 x2; |dy/dx|^2 = 5 (3 s^2)^2 = 45 s^4; its gradient 180 s^3 w
    np.testing.assert_allclose(x.grad.asnumpy(), [[180 * 27, 360 * 27]], rtol=1e-5)


def test_pause_inside_record_stops_the_gradient(linear):
    x = nd.array([[1.0, 1.0]])
    with autograd.record():
        y = linear(x)
        with autograd.pause():
            factor = y * 1
        z = y * factor
    z.backward()
    assert linear.weight.grad().asnumpy().tolist() == [[3, 3]]


def test_out_of_an_operator_on_pending_values(linear):
    x, out, plain = nd.array([[1.0, 1.0]]), nd.zeros((1, 1)), nd.zeros((1, 1))
    with autograd.record():
        y = linear(x)
        nd.square(y, out=out)
        z = out * 2
    nd.square(linear(x), out=plain)
    z.backward()
    assert (z.asscalar(), out.asscalar(), plain.asscalar()) == (18, 9, 9)
    assert linear.weight.grad().asnumpy().tolist() == [[12, 12]]
    with autograd.record():
        y = linear(x)
    nd.square(y, out=y)
    assert y.asscalar() == 9


def test_pending_output_read_by_another_thread(linear):
    with autograd.record():
        y = linear(nd.array([[1.0, 1.0]]))
        z = y + 1
    seen = []
    thread = threading.Thread(target=lambda: seen.append(z.asscalar()))
    thread.start()
    thread.join()
    assert seen == [4]
    z.backward()
    assert linear.weight.grad().asnumpy().tolist() == [[1, 1]]
