"""Recording and differentiating: scopes, gradients, graphs, errors."""

import gc
import threading

import numpy as np
import pytest

import gluonx as gx
from gluonx import MXNetError, autograd, nd
from gluonx.engine.kernel import Kernel


def _variable(values, req="write", **kwargs):
    x = nd.array(values, **kwargs)
    x.attach_grad(req)
    return x


def _state():
    return autograd.is_recording(), autograd.is_training()


# -- scopes -------------------------------------------------------------------------------------


def test_scopes_nest_and_restore():
    assert _state() == (False, False)
    with autograd.record():
        assert _state() == (True, True)
        with autograd.predict_mode():
            assert _state() == (True, False)
            with autograd.train_mode():
                assert _state() == (True, True)
        with autograd.pause():
            assert _state() == (False, False)
            with autograd.record(train_mode=False):
                assert _state() == (True, False)
        with autograd.pause(train_mode=True):
            assert _state() == (False, True)
        assert _state() == (True, True)
    assert _state() == (False, False)
    with autograd.train_mode():
        assert _state() == (False, True)


def test_setting_the_state_returns_the_old_one():
    assert autograd.set_recording(True) is False
    assert autograd.set_training(True) is False
    assert _state() == (True, True)
    assert autograd.set_recording(False) is True
    assert autograd.set_training(False) is True


def test_an_exception_leaves_the_scope():
    for scope in (autograd.record, autograd.train_mode):
        with pytest.raises(KeyError), scope():
            raise KeyError
        assert _state() == (False, False)
    x = _variable([1.0])
    with pytest.raises(MXNetError), autograd.record():
        nd.dot(x, nd.ones((2,)))
    assert _state() == (False, False)
    with autograd.record():
        y = x * 2
    y.backward()
    assert x.grad.asscalar() == 2


def test_a_scope_can_be_used_again():
    scope = autograd.record()
    for _ in range(2):
        with scope:
            assert _state() == (True, True)
        assert _state() == (False, False)


def test_each_thread_has_its_own_state():
    seen = []

    def work():
        seen.append(_state())
        x = _variable([3.0])
        with autograd.record():
            y = x * x
        y.backward()
        seen.append(float(x.grad))

    with autograd.record():
        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert _state() == (True, True)
    assert seen.count((False, False)) == seen.count(6) == 4


def test_train_mode_governs_dropout():
    x = nd.ones((1000,))
    assert (nd.Dropout(x, p=0.5).asnumpy() == 1).all()
    with autograd.record(train_mode=False):
        assert (nd.Dropout(x, p=0.5).asnumpy() == 1).all()
    for scope in (autograd.record(), autograd.train_mode()):
        with scope:
            assert set(nd.Dropout(x, p=0.5).asnumpy()) == {0, 2}


# -- backward -----------------------------------------------------------------------------------


def test_grad_req():
    write, add, null = (
        _variable([1.0, 2.0]),
        _variable([1.0, 2.0], "add"),
        _variable([1.0, 2.0], "null"),
    )
    for _ in range(3):
        with autograd.record():
            y = write * add * null
        y.backward()
    assert write.grad.asnumpy().tolist() == [1, 4]
    assert add.grad.asnumpy().tolist() == [3, 12]
    assert null.grad.asnumpy().tolist() == [0, 0]
    with pytest.raises(ValueError, match="grad_req must be 'write', 'add' or 'null', got 'foo'"):
        write.attach_grad("foo")


def test_the_gradient_buffer_stays_the_same():
    x = _variable([1.0, 2.0])
    grad = x.grad
    assert grad.asnumpy().tolist() == [0, 0]
    for factor in (2, 3):
        with autograd.record():
            y = x * factor
        y.backward()
        assert grad.asnumpy().tolist() == [factor, factor]
    grad[:] = 7
    assert x.grad.asnumpy().tolist() == [7, 7]
    x[:] = 5  # writing to the variable keeps the gradient
    x += 1
    assert x.grad is not None
    x.attach_grad()
    assert not x.grad.asnumpy().any()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
@pytest.mark.parametrize("shape", [(2, 3), (1,), (), (0, 3)])
def test_gradients_have_shape_and_dtype_of_their_variables(shape, dtype):
    x = nd.ones(shape, dtype=dtype)
    x.attach_grad()
    with autograd.record():
        y = x * x * 3
    y.backward()
    assert x.grad.shape == shape
    assert x.grad.dtype is x.dtype
    assert (x.grad.asnumpy() == 6).all()


def test_head_gradients():
    x = _variable([1.0, 2.0])
    with autograd.record():
        y = x * x
    y.backward(nd.array([1.0, 10.0]))
    assert x.grad.asnumpy().tolist() == [2, 40]
    with autograd.record():
        y, z = x * x, x * 3
    autograd.backward([y, z], [None, nd.array([0.0, 1.0])])
    assert x.grad.asnumpy().tolist() == [2, 7]
    autograd.backward(x, nd.array([5.0, 6.0]))  # a variable is its own head
    assert x.grad.asnumpy().tolist() == [5, 6]


def test_several_heads_are_summed():
    x = _variable([1.0, 2.0])
    with autograd.record():
        y = x * x
        z = y * 3  # one head is computed from another
    autograd.backward([y, z])
    assert x.grad.asnumpy().tolist() == [8, 16]


def test_wrong_heads_say_what_is_wrong():
    x = _variable([1.0, 2.0])
    outside = x * 2
    with autograd.record():
        y, constant = x * 2, nd.ones((2,)) * 2
        whole = nd.ones((2,), dtype="int32") * 2
    for head in (outside, constant, nd.ones((2,)), y.detach()):
        with pytest.raises(MXNetError, match="cannot differentiate an array that is not part of"):
            head.backward()
    with pytest.raises(MXNetError, match="dtype int32: integers and bools have no gradients"):
        whole.backward()
    with pytest.raises(
        ValueError, match=r"the head gradient's shape \(1,\) is not the head's, \(2,\)"
    ):
        y.backward(nd.ones((1,)))
    with pytest.raises(ValueError, match="got 2 heads but 1 head gradients"):
        autograd.backward([y, y], [nd.ones((2,))])
    with pytest.raises(ValueError, match="list of heads is empty"):
        autograd.backward([])
    with pytest.raises(TypeError, match="heads must be NDArrays, got int"):
        autograd.backward(3)


def test_a_graph_is_used_once_unless_it_is_retained():
    x = _variable([1.0, 2.0], "add")
    with autograd.record():
        y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.asnumpy().tolist() == [4, 8]
    with pytest.raises(MXNetError, match="(?s)an earlier backward.* released.*retain_graph=True"):
        y.backward()
    with autograd.record():
        common = x * 2
        z, w = common * 3, common * 4
    z.backward()
    with pytest.raises(MXNetError, match="retain_graph=True"):
        w.backward()


def test_gradients_are_added_in_one_call(monkeypatch):
    ran, run = [], Kernel.run

    def noted(self, *arguments):
        ran.append(self.name)
        return run(self, *arguments)

    monkeypatch.setattr(Kernel, "run", noted)
    xs = [_variable(np.full(k + 1, k + 2.0), "add", dtype="float16") for k in range(5)]
    y = _variable([3.0], "write")
    zeros = [x.grad for x in xs]
    for k in range(3):
        ran.clear()
        with autograd.record():
            loss = sum((x**2).sum().astype("float32") for x in xs) + (y**2).sum()
        loss.backward()
        # to zeros there is nothing to add
        assert ran.count("add_gradients") == min(k, 1)
        for x, grad in zip(xs, zeros, strict=True):
            assert x.grad is grad
            assert grad.dtype == np.float16
            assert grad.asnumpy().tolist() == (2 * (k + 1) * x).asnumpy().tolist()
        assert y.grad.asscalar() == 6


def test_variables_may_add_to_one_gradient():
    a, b, grad = nd.array([2.0, 3.0]), nd.array([5.0, 7.0]), nd.zeros((2,))
    autograd.mark_variables([a, b], [grad, grad], "add")
    for _ in range(2):
        with autograd.record():
            y = a * b
        y.backward()
    assert grad.asnumpy().tolist() == [14, 20]


def test_a_graph_may_span_several_scopes():
    x = _variable([2.0])
    with autograd.record():
        y = x * x
    y.asnumpy()
    with autograd.record():
        z = y * x
        with autograd.pause():
            constant = x * 100
        z = z + constant * x
    z.backward()
    assert x.grad.asscalar() == 12 + 200


def test_python_decides_what_is_recorded():
    for start, expected in ((3.0, 8), (1.0, 32)):
        x = _variable([start])
        with autograd.record():
            y = x
            while y.asscalar() < 20:
                y = y * 2
        y.backward()
        assert x.grad.asscalar() == expected


def test_inside_record_backward_is_not_recorded():
    x = _variable([1.0, 2.0])
    with autograd.record():
        y = x * x
        y.backward()
        z = x.grad * 3
    assert z.asnumpy().tolist() == [6, 12]
    with pytest.raises(MXNetError, match="not part of a recorded graph"):
        z.backward()


def test_unused_variables_keep_their_gradients():
    x, unused = _variable([1.0]), _variable([1.0])
    unused.grad[:] = 7
    with autograd.record():
        y = x * 2
    y.backward()
    assert unused.grad.asscalar() == 7


def test_intermediate_variables_cut_the_graph():
    x = _variable([1.0, 2.0])
    with autograd.record():
        y = x * 2
        y.attach_grad()
        z = y * y
    z.backward()
    assert y.grad.asnumpy().tolist() == [4, 8]
    assert x.grad.asnumpy().tolist() == [0, 0]


def test_mark_variables():
    x, gradient = nd.array([1.0, 2.0]), nd.ones((2,))
    autograd.mark_variables([x], [gradient], "add")
    assert x.grad is gradient
    with autograd.record():
        y = x * x
    y.backward()
    assert gradient.asnumpy().tolist() == [3, 5]
    autograd.mark_variables(x, nd.zeros((2,)))
    with pytest.raises(ValueError, match=r"gradient's shape \(3,\) is not the variable's, \(2,\)"):
        autograd.mark_variables([x], [nd.zeros((3,))])
    with pytest.raises(
        ValueError, match="as many gradients and grad_reqs as variables, got 1, 2 and 1"
    ):
        autograd.mark_variables([x], [nd.zeros((2,))] * 2)
    with pytest.raises(ValueError, match="grad_req must be"):
        autograd.mark_variables([x], [nd.zeros((2,))], "foo")


@pytest.mark.parametrize(
    "stop", [lambda y: y.detach(), nd.BlockGrad, nd.stop_gradient, lambda y: nd.array(y.asnumpy())]
)
def test_gradients_stop(stop):
    x = _variable([3.0])
    with autograd.record():
        y = x * x
        z = stop(y) * x
    z.backward()
    assert x.grad.asscalar() == 9
    assert stop(x).grad is None


def test_values_are_captured_when_they_are_recorded():
    x = _variable([1.0, 2.0])
    with autograd.record():
        y = x * x
        z = y * y
    x[:] = 100
    y[:] = 100
    with autograd.pause():
        x += 1
    z.backward()
    assert x.grad.asnumpy().tolist() == [4, 32]


def test_gradients_flow_through_copies_casts_and_views():
    x = _variable([[1.0, 2.0], [3.0, 4.0]])
    outside = x[1]  # a view made before recording is a constant
    with autograd.record():
        y = (
            x[0] * x.reshape((4,))[2:]
            + x.copy()[:, 1] * 2
            + x.astype("float64").astype("float32").T[0]
        )
        y = (y + x[-1] * outside).sum() + x[1][0]
    y.backward()
    assert x.grad.asnumpy().tolist() == [[4, 6], [6, 8]]


def test_long_chains():
    x = _variable([1.0])
    with autograd.record():
        y = x
        for _ in range(5000):
            y = y + 1
    y.backward()
    assert (y.asscalar(), x.grad.asscalar()) == (5001, 1)
    with autograd.record():
        y = x
        for _ in range(5000):
            y = y * 1
    del y  # nobody differentiates it; freeing it must not recurse either
    gc.collect()


def test_a_variable_used_many_times():
    x = _variable([2.0])
    with autograd.record():
        y = sum(x * i for i in range(200))
    y.backward()
    assert x.grad.asscalar() == 199 * 100


def test_graphs_on_several_contexts():
    xs = [_variable([1.0, 2.0], ctx=gx.cpu(i)) for i in range(3)]
    with autograd.record():
        losses = [(x * x * (i + 1)).sum() for i, x in enumerate(xs)]
    autograd.backward(losses)
    for i, x in enumerate(xs):
        assert x.grad.context == gx.cpu(i)
        assert x.grad.asnumpy().tolist() == [2 * (i + 1), 4 * (i + 1)]


def test_gradients_accumulate_in_float64_without_loss():
    x = _variable([1 / 3], "add", dtype="float64")
    for _ in range(3):
        with autograd.record():
            y = x * x
        y.backward()
    np.testing.assert_allclose(x.grad.asscalar(), 2, rtol=1e-15)


def test_what_was_recorded_is_had_as_a_symbol():
    x, w = nd.array([[1, 2, 3]]), nd.ones((2, 3))
    x.attach_grad()
    with autograd.record():
        y = nd.FullyConnected(x, w, no_bias=True, num_hidden=2)
        z = nd.split(nd.concat(y * 2.5, y + y.sum()), num_outputs=2)[1]
    symbol = gx.sym.load_json(autograd.get_symbol(z).tojson())
    assert symbol.list_arguments() == ["var0", "var1"]
    np.testing.assert_array_equal(symbol.eval(var0=x, var1=w)[0].asnumpy(), z.asnumpy())
    z.backward()
    with pytest.raises(MXNetError, match="released by backward"):
        autograd.get_symbol(z)
    with pytest.raises(MXNetError, match="not computed by recorded"):
        autograd.get_symbol(x)
    net = gx.nn.Dense(1, in_units=3)
    net.initialize()
    net.hybridize()
    with autograd.record():
        y = net(x)
    with pytest.raises(MXNetError, match="hybridized block"):
        autograd.get_symbol(y)
