"""Small programs such as the guides of 2015 to 2019 show."""

import copy
import pickle
import time

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn, sym

TWO = [gx.cpu(0), gx.cpu(1)]


# -- contexts ------------------------------------------------------------------------------------


def test_arrays_live_where_they_were_made_and_results_stay_there():
    there = gx.cpu(1)
    a = nd.ones((2, 3), there)
    for b in (a + 1, nd.exp(a), a[0], a.T, a.reshape((3, 2)), nd.dot(a, a.T), a.sum(), a.copy()):
        assert b.context == there


def test_work_on_several_contexts_needs_no_threads():
    arrays = [nd.full((8, 8), i, ctx=gx.cpu(i)) for i in range(4)]
    products = [nd.dot(x, x) for x in arrays]
    assert [p.asnumpy()[0, 0] for p in products] == [0, 8, 32, 72]
    assert [p.context for p in products] == [gx.cpu(i) for i in range(4)]


def test_copies_between_contexts_are_explicit_and_independent():
    here = nd.full((2, 2), 10)
    there = here.copyto(gx.cpu(1))
    here[:] = 0
    there += 1
    assert (there.asnumpy() == 11).all()
    target = nd.zeros((2, 2))
    assert there.copyto(target) is target
    assert (target.asnumpy() == 11).all() and target.context == gx.cpu(0)
    assert here.as_in_context(gx.cpu(0)) is here
    assert (there + target.copyto(there.context)).asnumpy()[0, 0] == 22


def test_gpus_can_be_named_where_there_are_none():
    assert str(gx.gpu(2)) == "gpu(2)"
    assert gx.gpu().device_type == "gpu"
    assert gx.context.num_gpus() >= 0


# -- order and waiting ---------------------------------------------------------------------------


def test_lines_return_before_their_work_is_done():
    a = nd.ones((1500, 1500))
    nd.dot(a, a).wait_to_read()
    start = time.perf_counter()
    b = nd.dot(nd.dot(a, a), a)
    issued = time.perf_counter() - start
    b.wait_to_read()
    assert issued < time.perf_counter() - start
    assert b.asnumpy()[3, 4] == 1500**2


def test_writes_wait_for_earlier_reads():
    a, b = nd.zeros((300, 300)), nd.full((300, 300), 7)
    c = a + 1
    d = nd.dot(a, b)
    b.copyto(a)
    b[:] = 100
    assert (c.asnumpy() == 1).all() and (d.asnumpy() == 0).all() and (a.asnumpy() == 7).all()


def test_every_way_of_waiting():
    a = nd.ones((3,)) * 2
    assert (a.wait_to_read(), a.wait_to_write(), a.wait(), nd.waitall()) == (None,) * 4


# -- arrays --------------------------------------------------------------------------------------


def test_update_rules_written_in_place():
    weight, gradient = nd.ones((2,)), nd.ones((2,))
    other = weight
    weight += -0.1 * (gradient + 0.5 * weight)
    np.testing.assert_allclose(other.asnumpy(), 0.85, rtol=1e-6)
    nd.elemwise_add(weight, gradient, out=weight)
    weight[:] = weight * 2
    assert other is weight
    np.testing.assert_allclose(other.asnumpy(), 3.7, rtol=1e-6)


def test_two_ways_of_a_loop_in_place_agree():
    gradient = nd.array(np.random.rand(16, 8))
    first, second, scratch = nd.zeros((16, 8)), nd.zeros((16, 8)), nd.empty((16, 8))
    for _ in range(20):
        gradient.copyto(scratch)
        scratch *= 0.1
        first -= scratch
        second[:] -= 0.1 * gradient
    np.testing.assert_allclose(first.asnumpy(), second.asnumpy(), rtol=1e-6)


def test_names_are_bound_and_arrays_are_copied():
    a = nd.ones((2,))
    same, filled, shallow, deep = a, nd.empty((2,)), copy.copy(a), copy.deepcopy(a)
    filled[:] = a
    a[:] = 5
    assert same is a and (same.asnumpy() == 5).all()
    assert all((x.asnumpy() == 1).all() for x in (filled, shallow, deep))


def test_pickle_keeps_values_dtype_and_context():
    for dtype in ("float32", "float16", "int64", "bool"):
        a = nd.array([[0, 1], [2, 3]], ctx=gx.cpu(1), dtype=dtype)
        b = pickle.loads(pickle.dumps(a))
        assert (b.asnumpy() == a.asnumpy()).all()
        assert (b.dtype, b.context) == (a.dtype, a.context)


@pytest.mark.filterwarnings("ignore:.*spelling of 2015:DeprecationWarning")
def test_spellings_of_2015():
    a, b = gx.narray.create((3, 4)), gx.narray.ones((3, 4), gx.Context("cpu", 1))
    assert isinstance(a, gx.narray.NArray) and a.shape == (3, 4) and b.context == gx.cpu(1)
    a.numpy[:] = 10
    a.numpy[0] += 1
    assert a.asnumpy()[:2, 0].tolist() == [11, 10]
    assert isinstance(a.numpy, np.ndarray)
    assert str(a.numpy) == str(a.asnumpy())
    assert ((a + 20).numpy[1] == 30).all()


def test_flat_names():
    assert (gx.zeros((2,)) + gx.ones((2,))).asnumpy().tolist() == [1, 1]
    net = gx.FullyConnected(gx.Variable("data"), num_hidden=3, name="fc")
    assert net.list_arguments() == ["data", "fc_weight", "fc_bias"]


# -- gradients of ordinary Python ----------------------------------------------------------------


def test_loops_and_branches_on_values_are_recorded_as_they_ran():
    x = nd.array([3.0])
    x.attach_grad()
    with autograd.record():
        y = x
        while y.asscalar() < 20:
            y = y * 2
    y.backward()
    assert x.grad.asscalar() == 8
    grads = []
    for flag in (True, False, True):
        with autograd.record():
            y = x * 2 if flag else x * 5
        y.backward()
        grads.append(x.grad.asscalar())
    assert grads == [2, 5, 2]


def test_gradient_is_printed_in_the_middle(capsys):
    x = nd.array([1.0, 2.0])
    x.attach_grad()
    with autograd.record():
        h = nd.exp(x)
        print(h)
        y = (h * x).sum()
    y.backward()
    assert "<NDArray 2 @cpu(0)>" in capsys.readouterr().out
    np.testing.assert_allclose(x.grad.asnumpy(), np.exp([1, 2]) * [2, 3], rtol=1e-5)


def test_architecture_may_change_between_calls():
    class Deep(gluon.Block):
        depth = 1

        def forward(self, x):
            for _ in range(self.depth):
                x = x * 2
            return x

    net = Deep()
    x = nd.array([1.0])
    x.attach_grad()
    for depth in (1, 3, 2):
        net.depth = depth
        with autograd.record():
            y = net(x)
        y.backward()
        assert y.asscalar() == x.grad.asscalar() == 2**depth


# -- one definition, two ways to run -------------------------------------------------------------


def test_operators_compute_alike_on_arrays_and_in_graphs():
    x = np.random.rand(2, 3).astype("float32")
    for name in ("exp", "softmax", "sum", "relu", "transpose", "flatten", "log_softmax"):
        graph = getattr(sym, name)(sym.var("x"))
        (out,) = graph.bind(gx.cpu(), {"x": nd.array(x)}).forward()
        np.testing.assert_allclose(out.asnumpy(), getattr(nd, name)(nd.array(x)).asnumpy(), 1e-6)


def test_hybrid_forward_serves_arrays_and_symbols():
    class Scale(gluon.HybridBlock):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            with self.name_scope():
                self.w = self.params.get("w", shape=(2,), init="ones")

        def hybrid_forward(self, F, x, w):
            namespaces.append(F)
            return F.broadcast_mul(x, w) * 2

    namespaces = []
    net = Scale(prefix="s_")
    net.initialize()
    x = nd.array([[1.0, 3.0]])
    assert net(x).asnumpy().tolist() == [[2, 6]]
    net.hybridize()
    assert net(x).asnumpy().tolist() == [[2, 6]]
    assert namespaces == [nd, sym]
    graph = net(sym.var("x"))
    assert isinstance(graph, sym.Symbol)
    assert graph.list_arguments() == ["x", "s_w"]


def test_most_functions_of_nd_are_in_sym():
    def functions(module):
        names = (n for n in dir(module) if not n.startswith("_"))
        found = {n: getattr(module, n) for n in names}
        return {n for n, f in found.items() if callable(f) and not isinstance(f, type)}

    arrays, symbols = functions(nd), functions(sym)
    assert len(arrays & symbols) / len(arrays) > 0.9


# -- recipes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hybridize", [False, True])
def test_linear_regression_finds_the_line(hybridize):
    x = nd.random.normal(shape=(64, 2))
    y = nd.dot(x, nd.array([[2.0], [-3.0]])) + 4
    net = nn.Dense(1)
    net.initialize()
    net.hybridize(hybridize)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.2})
    loss = gluon.loss.L2Loss()
    for _ in range(100):
        with autograd.record():
            value = loss(net(x), y)
        value.backward()
        trainer.step(64)
    np.testing.assert_allclose(net.weight.data().asnumpy(), [[2, -3]], atol=0.01)
    np.testing.assert_allclose(net.bias.data().asscalar(), 4, atol=0.01)


def test_synchronization_of_ones_own():
    p = gluon.Parameter("p", shape=(2,))
    p.initialize("ones", ctx=TWO)
    with autograd.record():
        losses = [(p.data(ctx) * (i + 1)).sum() for i, ctx in enumerate(TWO)]
    autograd.backward(losses)
    total = sum(g.as_in_context(gx.cpu(0)) for g in p.list_grad())
    for g in p.list_grad():
        total.copyto(g)
    for x, g in zip(p.list_data(), p.list_grad(), strict=True):
        x[:] = x - 0.1 * g
    for x in p.list_data():
        np.testing.assert_allclose(x.asnumpy(), 0.7, rtol=1e-6)


def test_dropout_and_batchnorm_act_while_training_only():
    drop, norm = nn.Dropout(0.5), nn.BatchNorm()
    norm.initialize()
    ones, wide = nd.ones((1000,)), nd.random.normal(3, 5, shape=(64, 4))
    assert (drop(ones).asnumpy() == 1).all()
    np.testing.assert_allclose(norm(wide).asnumpy(), wide.asnumpy(), rtol=1e-4, atol=1e-4)
    with autograd.train_mode():
        zeros = (drop(ones).asnumpy() == 0).sum()
        assert 300 < zeros < 700
        assert abs(norm(wide).asnumpy().mean()) < 1e-3
    with autograd.record(train_mode=False):
        assert (drop(ones).asnumpy() == 1).all()
        assert not autograd.is_training() and autograd.is_recording()


def test_lenet_learns_its_shapes():
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(20, 5, activation="relu"),
        nn.MaxPool2D(2, 2),
        nn.Conv2D(50, 3, activation="relu"),
        nn.MaxPool2D(2, 2),
        nn.Flatten(),
        nn.Dense(128, activation="relu"),
        nn.Dense(10),
    )
    net.initialize()
    assert net(nd.ones((2, 1, 28, 28))).shape == (2, 10)
    assert net[0].weight.shape == (20, 1, 5, 5)
    assert net[5].weight.shape == (128, 1250)
    assert len(net) == 7 and isinstance(net[1], nn.MaxPool2D)
