"""Writes while recording, ``autograd.Function``, and gradients of gradients."""

import numpy as np
import pytest

from gluonx import HybridBlock, MXNetError, autograd, nd


def _variable(values, **kwargs):
    x = nd.array(values, **kwargs)
    x.attach_grad()
    return x


# -- writes -------------------------------------------------------------------------------------


def _iadd(a):
    a += 1


@pytest.mark.parametrize(
    "write",
    [
        _iadd, lambda a: a.__setitem__(0, 5), lambda a: a.__setitem__(slice(None), 5),
        lambda a: a.__setitem__([0], 5), lambda a: nd.exp(nd.ones((2,)), out=a),
        lambda a: nd.ones((2,)).copyto(a),
    ],
)  # fmt: skip
def test_recorded_arrays_cannot_be_changed_in_place(write):
    x = _variable([1.0, 2.0])
    message = r"(?s)cannot be changed in place .* inside autograd.record\(\).*y = x \+ 1 instead"
    with autograd.record():
        y = x * x
        for a in (x, y):
            with pytest.raises(MXNetError, match=message):
                write(a)
        with autograd.pause():
            write(x)  # the recorded values stay what they were
    y.backward()
    assert x.grad.asnumpy().tolist() == [2, 4]


def test_after_backward_results_can_be_changed_in_place():
    x = _variable([1.0, 2.0])
    with autograd.record():
        y = x * 2
    y.backward()
    with autograd.record():
        y += 1
        z = y * x
    z.backward()
    assert x.grad.asnumpy().tolist() == [3, 5]


def test_after_backward_results_are_constants():
    x, h, expected = _variable([1.0, 2.0]), nd.zeros((2,)), np.zeros(2)
    for _ in range(3):  # state is carried from step to step without detach()
        with autograd.record():
            h = h * 0.5 + x
            loss = h * h
        loss.backward()
        expected = expected * 0.5 + [1, 2]
        np.testing.assert_allclose(x.grad.asnumpy(), 2 * expected)
    with autograd.record():
        y = x * 2
    y.backward(retain_graph=True)
    with autograd.record():
        z = y * x
    z.backward()
    assert x.grad.asnumpy().tolist() == [4, 8]


def test_a_copy_of_a_variable_is_not_the_variable():
    x, target = _variable([1.0, 2.0]), nd.zeros((2,))
    with autograd.record():
        x.copyto(target)
        y = target * 3
    y.backward()
    assert x.grad.asnumpy().tolist() == [3, 3]
    assert target.grad is None
    target[:] = 5
    with autograd.record():
        y = target * x
    y.backward()
    assert x.grad.asnumpy().tolist() == [5, 5]


@pytest.mark.parametrize(
    "key",
    [
        slice(None), 0, (slice(None), 1), [1], ([0, 1], [1, 0]), slice(None, None, -1), Ellipsis,
        (1, slice(None)), (0, slice(1)), np.array([True, False]),
    ],
    ids=repr,
)  # fmt: skip
def test_assignment_into_an_unrecorded_array_is_recorded(key):
    x = _variable([1.0, 2.0])
    z, place = nd.ones((2, 2)), np.full((2, 2), 2)
    count = min(2, place[key].size)
    with autograd.record():
        z[key] = x[:count] * 3
        y = z * 1
    y.backward()
    place[key] = range(count)  # which element of x went where
    assert z.asnumpy().tolist() == np.array([3, 6, 1])[place].tolist()
    assert x.grad.asnumpy().tolist() == [3 * (place == 0).sum(), 3 * (place == 1).sum()]


def test_what_an_assignment_overwrites_has_no_gradient():
    x, weight = _variable([1.0, 2.0]), nd.array([10.0, 100.0])
    z = nd.zeros((2,))
    with autograd.record():
        z[0] = x[1]
        y = z * weight
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 10]
    z = nd.zeros((2,))
    with autograd.record():
        z[0] = 7  # constants may come first
        z[1:] = x[:1]
        with pytest.raises(MXNetError, match="cannot be changed in place"):
            z[0] = x[1]
    z.backward()
    assert x.grad.asnumpy().tolist() == [1, 0]


def test_inplace_operators_and_out_record_into_unrecorded_arrays():
    x = _variable([1.0, 2.0])
    z, out = nd.ones((2,)), nd.zeros((2,))
    with autograd.record():
        z += x * 2
        nd.square(x, out=out)
        y = z + out
    y.backward()
    assert y.asnumpy().tolist() == [4, 9]
    assert x.grad.asnumpy().tolist() == [4, 6]


def test_writes_through_views_cannot_be_recorded():
    x, z = _variable([1.0, 2.0]), nd.zeros((2, 2))
    with autograd.record():
        for write in (
            lambda: z[0].__setitem__(1, x[0]), lambda: z[0].__setitem__(slice(None), x),
            lambda: nd.exp(x, out=z[1]),
        ):  # fmt: skip
            with pytest.raises(MXNetError, match=r"(?s)through a view.*right:  z\[i, j\] = y"):
                write()
        z[0] += x * 5  # this is z[0] = z[0] + ...
    assert z.asnumpy().tolist() == [[5, 10], [0, 0]]
    z.backward()
    assert x.grad.asnumpy().tolist() == [5, 5]
    alone = nd.arange(4).reshape((2, 2))  # a view of an array that is gone
    with autograd.record():
        alone[0] = x * 3
    alone.backward()
    assert x.grad.asnumpy().tolist() == [3, 3]


# -- Function -----------------------------------------------------------------------------------


class Product(autograd.Function):
    """a * b, a + b"""

    def forward(self, a, b):
        self.save_for_backward(a, b)
        self.state = autograd.is_recording(), autograd.is_training()
        return a * b, a + b

    def backward(self, dp, ds):
        self.state += (autograd.is_recording(),)
        a, b = self.saved_tensors
        return dp * b + ds, dp * a + ds


def _function(forward=lambda x: x * 2, backward=lambda dy: dy * 7):
    class F(autograd.Function):
        pass

    F.forward = lambda self, *x: forward(*x)
    F.backward = lambda self, *dy: backward(*dy)
    return F()


def test_a_function_with_several_inputs_and_outputs():
    a, b = _variable([2.0]), _variable([3.0])
    product = Product()
    with autograd.record():
        p, s = product(a, b)
        y = p * 10 + s
    y.backward()
    assert (p.asscalar(), s.asscalar()) == (6, 5)
    assert (a.grad.asscalar(), b.grad.asscalar()) == (31, 21)
    assert product.state == (False, True, False)
    with autograd.record():
        p, _ = Product()(a * 2, nd.array([5.0]))  # an input without gradient, an output unused
    p.backward()
    assert a.grad.asscalar() == 10


def test_a_function_replaces_the_gradient():
    x = _variable([3.0])
    with autograd.record():
        y = _function()(x) * x
    y.backward()
    assert (y.asscalar(), x.grad.asscalar()) == (18, 6 + 21)
    assert _function()(x).asscalar() == 6  # outside record, just the values
    with autograd.record():
        same = _function(forward=lambda v: v)(x)
    same.backward()
    assert x.grad.asscalar() == 7
    with autograd.record():
        z = _function(lambda a, b: a * b, lambda dy: (dy, None))(x, x * 2)
    z.backward()
    assert x.grad.asscalar() == 1


@pytest.mark.parametrize(
    ("backward", "error", "message"),
    [
        (lambda dy: (dy, dy), ValueError, r"F.backward\(\) returned 2 gradients for 1 inputs"),
        (lambda dy: nd.ones((7,)), ValueError, r"shape \(7,\) for input 0, whose shape is \(1,\)"),
        (lambda dy: 5, TypeError, r"F.backward\(\) must return NDArrays, not int"),
        (lambda dy: 1 / 0, ZeroDivisionError, "division by zero"),
    ],
)
def test_wrong_backward_functions_say_so(backward, error, message):
    x = _variable([3.0])
    with autograd.record():
        y = _function(backward=backward)(x)
    with pytest.raises(error, match=message):
        y.backward()
    assert not autograd.is_recording()
    assert x.grad.asscalar() == 0


def test_an_instance_of_a_function_is_called_once():
    x, function = _variable([3.0]), Product()
    function(x, x)
    with pytest.raises(MXNetError, match=r"can be called once; .* Product\(\)\(x\)"):
        function(x, x)
    for method in ("forward", "backward"):
        with pytest.raises(MXNetError, match=rf"must define {method}\(self"):
            getattr(autograd.Function(), method)(x)


def test_a_function_in_a_hybridized_block_runs_as_python():
    class Net(HybridBlock):
        def hybrid_forward(self, F, x):
            return 2 * _function()(x)

    net, x = Net(), _variable([1.0])
    found = []
    for hybridized in (False, True):
        net.hybridize(hybridized)
        with autograd.record():
            y = net(x)
        y.backward()
        found.append((y.asscalar(), x.grad.asscalar()))
    assert found[0] == found[1] and found[0][0] == 4


# -- grad ---------------------------------------------------------------------------------------


def test_grad_returns_a_list_and_leaves_the_buffers():
    x, w, unused = _variable([1.0, 2.0]), _variable([3.0, 4.0]), _variable([1.0])
    with autograd.record():
        y = x * w
        z = y * y
    (dz,) = autograd.grad(z, y, retain_graph=True)  # by an intermediate result
    assert dz.asnumpy().tolist() == [6, 16]
    dx, dw, none = autograd.grad([z, y], [x, w, unused], head_grads=[None, nd.array([10.0, 0.0])])
    assert dx.asnumpy().tolist() == [18 + 30, 64]
    assert dw.asnumpy().tolist() == [6 + 10, 32]
    assert none.asnumpy().tolist() == [0]
    assert not x.grad.asnumpy().any()
    with pytest.raises(MXNetError, match="released"):
        autograd.grad(z, x)


def test_wrong_variables_of_grad_say_so():
    x = _variable([1.0])
    with autograd.record():
        y = x * 2
    with pytest.raises(ValueError, match="needs at least one variable"):
        autograd.grad(y, [])
    with pytest.raises(
        MXNetError, match="can only differentiate by recorded arrays: call x.attach_grad"
    ):
        autograd.grad(y, nd.ones((1,)))


@pytest.mark.parametrize(
    ("f", "derivatives"),
    [
        (lambda x: x**4, lambda x: (4 * x**3, 12 * x**2, 24 * x)),
        (nd.sin, lambda x: (np.cos(x), -np.sin(x), -np.cos(x))),
        (nd.exp, lambda x: (np.exp(x),) * 3),
        (nd.log, lambda x: (1 / x, -1 / x**2, 2 / x**3)),
        (nd.sqrt, lambda x: (0.5 * x**-0.5, -0.25 * x**-1.5, 0.375 * x**-2.5)),
        (
            lambda x: x * nd.exp(x[:] * 2),
            lambda x: tuple((2 ** (n - 1)) * (n + 2 * x) * np.exp(2 * x) for n in (1, 2, 3)),
        ),
        (
            lambda x: 1 / (1 + x),
            lambda x: (-((1 + x) ** -2), 2 * (1 + x) ** -3, -6 * (1 + x) ** -4),
        ),
    ],
)
def test_gradients_to_the_third_order(f, derivatives):
    host = np.array([0.5, 1.0, 2.0])
    x = _variable(host, dtype="float64")
    with autograd.record():
        y, found = f(x), []
        for _ in range(3):
            (y,) = autograd.grad(y, x, create_graph=True, retain_graph=True)
            found.append(y)
    for result, expected in zip(found, derivatives(host), strict=True):
        np.testing.assert_allclose(result.asnumpy(), expected, rtol=1e-9)


def test_a_gradient_in_a_loss():
    x, w = _variable([[1.0, 2.0]]), _variable([[3.0], [4.0]])
    with autograd.record():
        y = nd.dot(x, w) ** 2
        (dx,) = autograd.grad(y, [x], create_graph=True)
        penalty = (dx**2).sum()
    penalty.backward()
    # y = s^2 with s = x.w = 11; dy/dx = 2 s w; |dy/dx|^2 = 4 s^2 |w|^2
    np.testing.assert_allclose(x.grad.asnumpy(), [[8 * 11 * 25 * 3, 8 * 11 * 25 * 4]], rtol=1e-6)
    expected = 8 * 11 * 25 * np.array([[1], [2]]) + 8 * 121 * np.array([[3], [4]])
    np.testing.assert_allclose(w.grad.asnumpy(), expected, rtol=1e-6)


def test_create_graph_differentiates_by_head_gradients_too():
    x, head = _variable([1.0, 2.0]), _variable([5.0, 7.0])
    with autograd.record():
        (dx,) = autograd.grad(x**3, x, head_grads=head, create_graph=True)
        z = dx.sum()
    z.backward()
    assert x.grad.asnumpy().tolist() == [30, 84]
    assert head.grad.asnumpy().tolist() == [3, 12]


def test_create_graph_cannot_go_through_a_function():
    x = _variable([3.0])
    with autograd.record():
        y = _function()(x)
        with pytest.raises(MXNetError, match=r"cannot go through an autograd.Function.*gluonx.op"):
            autograd.grad(y, x, create_graph=True)
