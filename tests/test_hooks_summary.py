"""Forward hooks and summary()."""

import numpy as np
import pytest
from counting import calls_of

from gluonx import MXNetError, autograd, gluon, nd, nn

HYBRID = pytest.mark.parametrize("hybridize", [False, True])


def net_of_two(hybridize=False):
    net = nn.HybridSequential()
    net.add(nn.Dense(3, in_units=2), nn.Dense(1, in_units=3))
    net.initialize("ones")
    net.hybridize(hybridize)
    return net


X = np.ones((1, 2), "float32")


@HYBRID
def test_hooks_run_around_forward_in_order(hybridize):
    net = net_of_two(hybridize)
    seen = []
    net.register_forward_pre_hook(lambda block, inputs: seen.append(("pre", block, len(inputs))))
    net.register_forward_hook(lambda block, inputs, out: seen.append(("post", block, out.shape)))
    net[1].register_forward_hook(lambda block, inputs, out: seen.append(("inner", block)))
    net(nd.array(X))
    assert seen == [("pre", net, 1), ("inner", net[1]), ("post", net, (1, 1))]


@HYBRID
def test_hooks_see_real_values(hybridize):
    net = net_of_two(hybridize)
    net(nd.array(X))
    seen = []
    net[0].register_forward_pre_hook(lambda block, inputs: seen.append(inputs[0].asnumpy()))
    net[0].register_forward_hook(lambda block, inputs, out: seen.append(out.asnumpy()))
    net(nd.array(X))
    np.testing.assert_array_equal(seen[0], X)
    np.testing.assert_array_equal(seen[1], [[2, 2, 2]])


def test_several_hooks_run_in_the_order_of_registration():
    net = net_of_two()
    seen = []
    for i in range(3):
        net.register_forward_hook(lambda block, x, y, i=i: seen.append(i))
    net(nd.array(X))
    assert seen == [0, 1, 2]


@HYBRID
def test_detach_removes_a_hook_once(hybridize):
    net = net_of_two(hybridize)
    seen = []
    handle = net[0].register_forward_hook(lambda block, x, y: seen.append(1))
    net(nd.array(X))
    handle.detach()
    handle.detach()
    net(nd.array(X))
    assert seen == [1]


def test_handle_is_a_scope():
    net = net_of_two()
    seen = []
    with net.register_forward_hook(lambda block, x, y: seen.append(1)):
        net(nd.array(X))
    net(nd.array(X))
    assert seen == [1]


def test_hook_may_remove_itself():
    net = net_of_two()
    seen = []

    def once(block, x, y):
        seen.append(1)
        handle.detach()

    handle = net.register_forward_hook(once)
    for _ in range(2):
        net(nd.array(X))
    assert seen == [1]


def test_hooks_of_a_block_that_is_gone_cost_nothing():
    net, x = nn.HybridSequential(), nd.ones((2, 3))
    net.add(*(nn.Dense(3) for _ in range(9)))
    net.initialize()
    net.hybridize()
    for _ in range(3):
        net(x)
    other = nn.Dense(3)
    before = calls_of(lambda: net(x))
    other.register_forward_hook(lambda *_: None)
    assert calls_of(lambda: net(x)) > before  # the price of hooks: all blocks are asked
    del other
    assert calls_of(lambda: net(x)) == before


@HYBRID
def test_error_in_a_hook_reaches_the_caller(hybridize):
    net = net_of_two(hybridize)

    def broken(block, x, y):
        raise KeyError("hook")

    with net[0].register_forward_hook(broken), pytest.raises(KeyError, match="hook"):
        net(nd.array(X))
    assert net(nd.array(X)).asscalar() == 6


# -- summary -------------------------------------------------------------------------------------


class Net(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.features = nn.HybridSequential()
        self.features.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Flatten())
        self.out = nn.Dense(10)

    def hybrid_forward(self, F, x):
        return self.out(self.features(x))


def rows(text):
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}


@HYBRID
def test_summary_lists_layers_by_path_with_shapes_and_parameters(capsys, hybridize):
    net = Net()
    net.initialize()
    net.hybridize(hybridize)
    for _ in range(2):
        net.summary(nd.zeros((2, 1, 6, 6)))
        found = rows(capsys.readouterr().out)
        assert found["Input"] == ["(2,", "1,", "6,", "6)", "0"]
        assert found["Conv2D(features.0)"] == ["(2,", "4,", "4,", "4)", "40"]
        assert found["BatchNorm(features.1)"] == ["(2,", "4,", "4,", "4)", "16"]
        assert found["Flatten(features.2)"] == ["(2,", "64)", "0"]
        assert found["HybridSequential(features)"] == ["(2,", "64)", "0"]
        assert found["Dense(out)"] == ["(2,", "10)", "650"]
        assert found["Net"] == ["(2,", "10)", "0"]
        # running mean and variance are not trained
        assert found["Parameters:"] == ["706,", "of", "which", "trainable:", "698"]


def test_summary_counts_shared_parameters_once(capsys):
    net = nn.HybridSequential()
    net.add(nn.Dense(3, in_units=3))
    net.add(nn.Dense(3, in_units=3, params=net[0].params))
    net.initialize()
    net.summary(nd.zeros((1, 3)))
    text = capsys.readouterr().out
    assert "Parameters: 12, of which trainable: 12" in text
    assert "Counted once although shared: 12" in text


def test_summary_of_several_inputs_and_outputs(capsys):
    class Two(gluon.Block):
        def forward(self, x, y):
            return x + 1, [y, x * y]

    Two().summary(nd.zeros((2,)), nd.zeros((1,)))
    found = rows(capsys.readouterr().out)
    assert found["Input"] == ["(2,),", "(1,)", "0"]
    assert found["Two"] == ["(2,),", "(1,),", "(2,)", "0"]


def test_summary_leaves_no_hooks_even_after_an_error(capsys):
    net = Net()
    net.initialize()
    with pytest.raises(Exception, match="Convolution"):
        net.summary(nd.zeros((2, 6)))
    net.summary(nd.zeros((2, 1, 6, 6)))
    capsys.readouterr()
    net(nd.zeros((2, 1, 6, 6)))
    assert capsys.readouterr().out == ""


@HYBRID
def test_op_hooks_see_every_operator_and_change_nothing(hybridize):
    net = nn.HybridSequential(prefix="n_")
    net.add(nn.Dense(3, activation="relu", prefix="d_"), nn.BatchNorm(prefix="b_"))
    net.initialize("ones")
    net.hybridize(hybridize)
    seen, inputs = [], []
    handles = net.register_op_hook(lambda *what: seen.append(what))
    more = net[0].register_op_hook(lambda name, op, x: inputs.append(name), monitor_all=True)
    with autograd.record():
        y = net(nd.array(X))
    y.backward()
    assert [(name, op) for name, op, _ in seen] == [
        ("d_fwd_output", "FullyConnected"), ("d_relu_fwd_output", "Activation"),
        ("b_fwd_output", "BatchNorm"),
    ]  # fmt: skip
    np.testing.assert_array_equal(seen[0][2].asnumpy(), [[2, 2, 2]])
    assert net[1].running_mean.data()[0].asscalar() == pytest.approx(0.2)
    assert net[1].beta.grad().asnumpy().tolist() == [1, 1, 1]
    assert inputs == []  # the outermost block tells
    for handle in handles:
        handle.detach()
    net(nd.array(X))
    assert len(seen) == 3 and inputs[:3] == ["d_fwd_data", "d_fwd_weight", "d_fwd_bias"]
    for handle in more:
        handle.detach()


def test_op_hooks_need_code_that_runs_on_symbols():
    net = nn.HybridLambda(lambda F, x: x.reshape((x.shape[0], -1)))
    (handle,) = net.register_op_hook(print)
    with handle, pytest.raises(MXNetError, match="must run on symbols, but raised"):
        net(nd.array(X))
