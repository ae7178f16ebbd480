"""foreach, while_loop and cond on NDArrays: eagerly, and as one operation in hybridized blocks."""

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd
from gluonx.error import HybridizeError, MXNetError

contrib = nd.contrib


class Net(gluon.HybridBlock):
    """Runs one function of (F, block, x, h); has layers with parameters, states and noise."""

    def __init__(self, fn, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.dense = gluon.nn.Dense(3, flatten=False)
            self.norm = gluon.nn.BatchNorm()
            self.drop = gluon.nn.Dropout(0.5)
        self.fn = fn

    def hybrid_forward(self, F, x, h):
        return self.fn(F, self, x, h)


def cell(F, net, x, h):
    y = F.tanh(net.drop(net.norm(net.dense(x))) + h)
    return y * 2, y


def each(F, net, x, h):
    return F.contrib.foreach(lambda x, h: cell(F, net, x, h), x, h)


def repeat(F, net, x, h):
    def step(i, h):
        y = F.tanh(net.dense(F.take(x, i, axis=0, mode="clip").reshape((2, 5))) + h)
        return [y, y.sum()], [i + 1, y]

    outs, (_, h) = F.contrib.while_loop(
        lambda i, h: i < 3, step, [F.zeros((1,)), h], max_iterations=5
    )
    return outs[0] + outs[1].reshape((-1, 1, 1)), h


def choose(F, net, x, h):
    outs, h = F.contrib.cond(
        F.sum(x) > 0, lambda: cell(F, net, x[0], h), lambda: [h, cell(F, net, x[1], h)[0]]
    )
    return outs, h


def nested(F, net, x, h):
    def body(x, h):
        outs, _ = F.contrib.foreach(lambda r, s: (r * s, s + h.sum()), x, [net.dense(x).sum()][0])
        return outs, F.contrib.cond(h.sum() > 1, lambda: h / 2, lambda: h + outs.sum())

    return F.contrib.foreach(body, x, h)


def steps(fn, hybridize):
    """Some training steps, and everything that they leave behind."""
    gx.random.seed(3)
    rng = np.random.RandomState(1)
    net = Net(fn)
    net.initialize(gx.init.Constant(0.3))
    if hybridize:
        net.hybridize()
    with autograd.pause():
        net.norm(nd.zeros((2, 3)))
        net.dense(nd.zeros((2, 5)))
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05})
    found = []
    for _ in range(3):
        x, h = nd.array(rng.randn(4, 2, 5)), nd.array(rng.randn(2, 3))
        x.attach_grad()
        h.attach_grad()
        with autograd.record():
            outs, last = net(x, h)
            loss = (outs * outs).mean() + last.sum()
        loss.backward()
        trainer.step(1, ignore_stale_grad=True)
        found += [outs, last, loss, x.grad, h.grad]
    found += [p.data() for p in net.collect_params().values()]
    found.append(nd.random.uniform(shape=(2,)))
    return [a.asnumpy() for a in found]


@pytest.mark.parametrize("fn", [each, repeat, choose, nested])
def test_control_flow_in_a_hybridized_net_trains_as_eagerly(fn):
    for a, b in zip(steps(fn, False), steps(fn, True), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)


def test_program_of_a_hybridized_loop_does_not_grow_with_its_length():
    import jax

    sizes = []
    for length in (3, 300):
        net = Net(each)
        net.initialize()
        net.hybridize()
        net(nd.ones((length, 2, 5)), nd.ones((2, 3)))
        (entry,) = net._cache._entries.values()
        kernel = entry.traced.kernel
        avals = [jax.ShapeDtypeStruct(b.shape, b.dtype) for b in entry.buffers]
        avals += [jax.ShapeDtypeStruct(s, "float32") for s in ((length, 2, 5), (2, 3))]
        avals += [jax.ShapeDtypeStruct((3,), "uint32")] * bool(entry.traced.draws)
        sizes.append(str(jax.make_jaxpr(kernel.fn)(*avals)).count("\n"))
    assert sizes[0] == sizes[1]


def run(fn, *arrays, hybridize=True):
    net = gluon.nn.HybridLambda(lambda F, *a: fn(F, *a))
    net.hybridize(hybridize)
    return net(*arrays)


def test_arrays_changed_in_a_body_are_changed_outside():
    def fn(F, x):
        total = F.zeros((2,))

        def body(x, s):
            total[:] = total + x
            s[0][:] += 1
            return total * 1, s

        outs, states = F.contrib.foreach(body, x, [F.zeros((1,))])
        return outs, states[0], total

    x = nd.array([[1, 2], [3, 4], [5, 6]])
    for hybridize in (False, True):
        outs, count, total = run(fn, x, hybridize=hybridize)
        assert outs.asnumpy().tolist() == [[1, 2], [4, 6], [9, 12]]
        assert (count.asscalar(), total.asnumpy().tolist()) == (3, [9, 12])


def test_states_that_change_their_shape_are_computed_step_by_step():
    def fn(F, x):
        return F.contrib.foreach(lambda x, s: (x, F.concat(s, x, dim=0)), x, F.zeros((1,)))[1]

    assert run(fn, nd.arange(3)).asnumpy().tolist() == [0, 0, 1, 2]


def test_wide_types_in_a_hybridized_body_keep_their_precision():
    def fn(F, x):
        return F.contrib.foreach(lambda x, s: (x.astype("float64") / 3, s + 1), x, F.zeros((1,)))

    outs, _ = run(fn, nd.ones((2, 1)))
    assert outs.dtype == np.float64 and outs.asnumpy()[1, 0] == 1 / 3


def test_gradient_of_a_while_loop_ignores_what_would_come_after_its_end():
    def fn(F, x):
        outs, _ = F.contrib.while_loop(
            lambda i, y: i > 0, lambda i, y: (y / i, [i - 1, y / i]), [F.full((1,), 2.0), x], 6
        )
        return outs

    x = nd.array([3.0])
    x.attach_grad()
    with autograd.record():
        y = run(fn, x)
    y.backward()
    assert y.asnumpy().ravel().tolist() == [1.5, 1.5, 0, 0, 0, 0] and x.grad.asscalar() == 1


def test_foreach_keeps_the_nesting_of_outputs_and_states():
    x, s = nd.arange(6).reshape((3, 2)), nd.zeros((2,))

    def body(x, s):
        return (x[0], [x[1] * 2]), (s[0] + x[0], [s[1][0]])

    outs, states = contrib.foreach(body, (x, x), (s, [s]))
    assert type(outs) is list and outs[1][0].shape == (3, 2)
    assert type(states) is tuple and states[0].asnumpy().tolist() == [6, 9]
    outs, states = run(lambda F, x, s: F.contrib.foreach(body, [x, x], [s, [s]]), x, s)
    assert outs[1][0].asnumpy()[2, 1] == 10 and states[0].asnumpy().tolist() == [6, 9]


def test_while_loop_without_steps_or_outputs_returns_what_mxnet_returns():
    outs, i = contrib.while_loop(lambda i: i < 3, lambda i: (i, i + 1), nd.full((1,), 5), 4)
    assert outs == [] and i.asscalar() == 5
    outs, (i,) = contrib.while_loop(lambda i: i < 3, lambda i: ([], [i + 1]), [nd.zeros((1,))], 2)
    assert outs == [] and i.asscalar() == 2
    outs, i = run(lambda F, i: F.contrib.while_loop(lambda i: i < 3, lambda i: (i, i + 1), i, 4), i)
    assert outs.asnumpy().ravel().tolist() == [2, 0, 0, 0] and i.asscalar() == 3


@pytest.mark.parametrize("hybridize", [False, True])
def test_wrong_bodies_raise_errors_that_say_what_is_wrong(hybridize):
    x = nd.ones((2, 3))

    def fails(error, match, fn):
        with pytest.raises(error, match=match):
            run(fn, x, hybridize=hybridize)

    fails(TypeError, "two things", lambda F, x: contrib.foreach(lambda x, s: x, x, []))
    fails(TypeError, "must be NDArrays", lambda F, x: contrib.foreach(lambda x, s: (x, s), 3, x))
    fails(TypeError, "must be NDArrays", lambda F, x: contrib.foreach(lambda x, s: (1, s), x, x))
    fails(
        ValueError, "at least one slice", lambda F, x: contrib.foreach(lambda x, s: (x, s), [], x)
    )
    fails(ValueError, "of one length", lambda F, x: contrib.foreach(None, [x, x.T], []))
    fails(ValueError, "max_iterations", lambda F, x: contrib.while_loop(None, None, x))
    fails(ValueError, "at least one array", lambda F, x: contrib.while_loop(None, None, [], 3))
    fails(ValueError, "new value for each", lambda F, x: contrib.while_loop(
        lambda x: x.sum() > 0, lambda x: (x, [x, x]), [x], 3))  # fmt: skip
    fails(ValueError, "one element", lambda F, x: contrib.while_loop(
        lambda x: x, lambda x: (x, x), [x], 3))  # fmt: skip
    fails(ValueError, "one element", lambda F, x: contrib.cond(x, lambda: x, lambda: x))


def test_hybridized_branches_and_loops_that_do_not_fit_say_so():
    x = nd.ones((2, 3))
    with pytest.raises(MXNetError, match="same shapes and dtypes"):
        run(lambda F, x: F.contrib.cond(x.sum(), lambda: x, lambda: x[0]), x)
    with pytest.raises(MXNetError, match=r"loop variable 0 must keep its shape .*\(3, 2\)"):
        run(lambda F, x: F.contrib.while_loop(lambda x: x[0, 0], lambda x: (x, x.T), x, 3), x)

    def leaks(F, x):
        kept = []
        F.contrib.foreach(lambda x, s: (kept.append(x) or x, s), x, [])
        return kept[0] * 1

    with pytest.raises(HybridizeError, match="made while"):
        run(leaks, x)
