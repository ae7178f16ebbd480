"""What is traced and compiled how often, and when it is forgotten."""

import gc
import weakref

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn


class Counting(gluon.HybridBlock):
    """A net that counts how often its Python code runs."""

    def __init__(self, n=2):
        super().__init__()
        self.n = n
        self.runs = []
        with self.name_scope():
            self.fc = nn.Dense(3)
            self.w = self.params.get("w", shape=(3,), init="ones")

    def hybrid_forward(self, F, x, w):
        self.runs.append(x.shape)
        return F.broadcast_mul(self.fc(x), w) * self.n


@pytest.fixture
def net():
    made = Counting()
    made.initialize("ones")
    made(nd.ones((1, 2)))
    made.runs.clear()
    made.hybridize()
    return made


def test_ten_calls_trace_once_and_compile_once(net, compilations):
    x = nd.ones((4, 2))
    x.wait_to_read()
    with compilations() as compiled:
        for _ in range(10):
            net(x)
    assert len(net.runs) == 1
    assert len(compiled) == 1


def test_ten_training_steps_compile_nothing_after_the_second(net, compilations):
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    x = nd.ones((4, 2))

    def step(i):
        with autograd.record():
            loss = net(x * i).sum()
        loss.backward()
        trainer.set_learning_rate(0.1 / (i + 1))
        trainer.step(4 + i)
        loss.wait_to_read()

    step(0)
    step(1)
    with compilations() as compiled:
        for i in range(2, 10):
            step(i)
    assert len(net.runs) == 1
    assert compiled == []


def test_each_batch_size_traces_once(net):
    for _ in range(3):
        for size in (4, 5, 6):
            assert net(nd.ones((size, 2))).shape == (size, 3)
    assert sorted(net.runs) == [(4, 2), (5, 2), (6, 2)]


def test_dtype_train_mode_and_context_have_their_own_code(net):
    x = nd.ones((4, 2))
    net(x)
    with autograd.train_mode():
        net(x)
    assert len(net.runs) == 2
    net.reset_ctx([gx.cpu(0), gx.cpu(1)])
    net(x.as_in_context(gx.cpu(1)))
    assert len(net.runs) == 3
    assert (net(x).asnumpy() == 4).all()


def test_new_values_of_parameters_trace_nothing(net):
    x = nd.ones((1, 2))
    net(x)
    net.w.set_data(nd.array([1.0, 2.0, 3.0]))
    assert net(x).asnumpy().tolist() == [[4, 8, 12]]
    net.fc.bias.data()[:] = 1
    assert net(x).asnumpy().tolist() == [[6, 12, 18]]
    assert len(net.runs) == 1


# -- what changes the code -----------------------------------------------------------------------


def test_changed_attribute_takes_effect(net):
    x = nd.ones((1, 2))
    assert net(x).asnumpy().tolist() == [[4, 4, 4]]
    net.n = 3
    assert net(x).asnumpy().tolist() == [[6, 6, 6]]
    net.n = 3
    net(x)
    assert len(net.runs) == 2


def test_changed_attribute_of_a_child_takes_effect():
    net = nn.HybridSequential()
    net.add(Counting())
    net.initialize("ones")
    net.hybridize()
    x = nd.ones((1, 2))
    net(x)
    net[0].n = 5
    assert net(x).asnumpy().tolist() == [[10, 10, 10]]


def test_replaced_and_added_children_take_effect():
    net = nn.HybridSequential()
    net.add(nn.Dense(2, in_units=2, use_bias=False))
    net.initialize("ones")
    net.hybridize()
    x = nd.ones((1, 2))
    assert net(x).asnumpy().tolist() == [[2, 2]]
    more = nn.Dense(1, in_units=2, use_bias=False)
    more.initialize("ones")
    net.add(more)
    assert net(x).asnumpy().tolist() == [[4]]


def test_replaced_parameter_takes_effect(net):
    x = nd.ones((1, 2))
    net(x)
    other = gluon.Parameter("other", shape=(3,))
    other.initialize(gx.init.Constant(10))
    net.w = other
    assert net(x).asnumpy().tolist() == [[40, 40, 40]]


def test_cast_takes_effect(net):
    net(nd.ones((1, 2)))
    net.cast("float16")
    assert net(nd.ones((1, 2), dtype="float16")).dtype == np.float16


def test_reinitializing_takes_effect(net):
    x = nd.ones((1, 2))
    net(x)
    net.initialize(gx.init.Constant(2), force_reinit=True)
    assert net(x).asnumpy().tolist() == [[8, 8, 8]]


def test_moving_away_and_back_takes_effect(net):
    x = nd.ones((1, 2))
    net(x)
    net.reset_ctx(gx.cpu(1))
    net.w.set_data(nd.array([1.0, 2.0, 3.0]))
    net.reset_ctx(gx.cpu(0))
    assert net(x).asnumpy().tolist() == [[4, 8, 12]]


def test_initializing_another_net_traces_nothing(net):
    x = nd.ones((1, 2))
    net(x)
    other = nn.Dense(2, in_units=2)
    other.initialize()
    other.initialize(force_reinit=True)
    net(x)
    assert len(net.runs) == 1


def test_equal_options_of_other_types_are_not_the_same():
    class Kind(gluon.HybridBlock):
        def forward(self, x, option):
            return x, type(option).__name__

    net = Kind()
    net.hybridize()
    kinds = [net(nd.ones((1,)), option)[1] for option in (1, True, 1.0, "1")]
    assert kinds == ["int", "bool", "float", "str"]


def test_hybridize_false_runs_the_code_again(net):
    x = nd.ones((1, 2))
    net(x)
    net.hybridize(active=False)
    for _ in range(3):
        net(x)
    assert len(net.runs) == 4


def test_flags_of_mxnet_are_accepted_and_others_refused(net):
    net.hybridize(static_alloc=True, static_shape=True)
    assert net(nd.ones((1, 2))).shape == (1, 3)
    with pytest.raises(TypeError, match="unexpected arguments: static_aloc"):
        net.hybridize(static_aloc=True)


def test_redefined_class_does_not_reuse_old_code():
    outs = []
    for factor in (2, 3):

        class Scale(gluon.HybridBlock):
            def hybrid_forward(self, F, x, factor=factor):
                return x * factor

        net = Scale(prefix="scale_")
        net.hybridize()
        outs.append(net(nd.ones((1,))).asscalar())
    assert outs == [2, 3]


def test_new_method_on_the_instance_takes_effect(net):
    x = nd.ones((1, 2))
    net(x)
    net.forward = lambda x: x - 1
    assert net(x).asnumpy().tolist() == [[0, 0]]


# -- captured arrays -----------------------------------------------------------------------------


def test_captured_array_has_its_present_value_and_a_gradient():
    scale = nd.array([2.0, 3.0])
    scale.attach_grad()

    class Captures(gluon.HybridBlock):
        def hybrid_forward(self, F, x):
            return F.broadcast_mul(x, scale)

    net = Captures()
    net.hybridize()
    x = nd.ones((4, 2))
    for factor in (1, 10):
        with autograd.record():
            y = net(x)
        y.backward()
        assert y.asnumpy()[0].tolist() == [2 * factor, 3 * factor]
        assert scale.grad.asnumpy().tolist() == [4, 4]
        scale *= 10


def test_captured_array_as_attribute_and_view():
    class Captures(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.table = nd.array([[1.0, 2.0], [3.0, 4.0]])

        def forward(self, x):
            return x * self.table[1]

    net = Captures()
    net.hybridize()
    x = nd.ones((2,))
    assert net(x).asnumpy().tolist() == [3, 4]
    net.table[1, 0] = 7
    assert net(x).asnumpy().tolist() == [7, 4]
    net.table = nd.zeros((2, 2))
    assert net(x).asnumpy().tolist() == [0, 0]


def test_captured_array_of_a_recorded_computation_gets_its_gradient():
    w = nd.array([3.0])
    w.attach_grad()

    class Captures(gluon.HybridBlock):
        def forward(self, x):
            return x * self.h

    net = Captures()
    net.hybridize()
    with autograd.record():
        net.h = w * w
        y = net(nd.array([5.0]))
    y.backward()
    assert w.grad.asscalar() == 30


# -- memory --------------------------------------------------------------------------------------


def test_deleted_block_and_its_code_are_freed():
    class Captures(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.fc = nn.Dense(2)

        def forward(self, x):
            return nd.tanh(self.fc(x)) * self.scale

    net = Captures()
    net.scale = nd.ones((1,))
    net.initialize()
    net.hybridize()
    x = nd.ones((1, 3))
    x.attach_grad()
    net(x)
    for _ in range(2):
        with autograd.record():
            loss = (net(x) ** 2).sum()
        loss.backward()
    loss.asscalar()
    refs = [weakref.ref(o) for o in (net, net.fc, net.fc.weight, net.scale, net._cache)]
    refs.append(weakref.ref(next(iter(net._cache._entries.values())).traced.kernel))
    del net, loss
    gc.collect()
    assert [ref() for ref in refs] == [None] * len(refs)


def test_block_dies_without_the_garbage_collector_when_nothing_refers_to_it():
    net = Counting()
    net.initialize()
    net.hybridize()
    net(nd.ones((1, 2)))
    cache = weakref.ref(net._cache)
    net.hybridize()
    gc.collect()
    assert cache() is None


def test_many_shapes_do_not_keep_outputs_alive(net):
    refs = []
    for size in range(1, 6):
        y = net(nd.ones((size, 2)))
        refs.append(weakref.ref(y))
    del y
    gc.collect()
    assert [ref() for ref in refs] == [None] * 5
