"""Operators written in Python: eagerly, in hybridized blocks, in symbols."""

import json
import traceback

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd
from gluonx.error import MXNetError
from gluonx.operator import CustomOp, CustomOpProp, register


class Sigmoid(CustomOp):
    """Keeps its result, counts its calls in an auxiliary state, and computes with NDArrays."""

    def forward(self, is_train, req, in_data, out_data, aux):
        self.y = 1 / (1 + nd.exp(-in_data[0]))
        self.assign(out_data[0], req[0], self.y)
        aux[0][:] += 1
        assert not autograd.is_recording() and is_train == autograd.is_training()

    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        assert (self.y == out_data[0]).asnumpy().all()
        self.assign(in_grad[0], req[0], out_grad[0] * self.y * (1 - self.y))


@register("test_sigmoid")
class SigmoidProp(CustomOpProp):
    def __init__(self, scale="1"):
        super().__init__()
        assert isinstance(scale, str)

    def list_auxiliary_states(self):
        return ["calls"]

    def infer_shape(self, in_shape):
        return in_shape, [in_shape[0]], [[1]]

    def create_operator(self, ctx, in_shapes, in_dtypes):
        assert ctx == gx.cpu() and in_shapes[-1] == [1]
        return Sigmoid()


class Softmax(CustomOp):
    """A loss in NumPy, as MXNet's examples have it."""

    def forward(self, is_train, req, in_data, out_data, aux):
        x = in_data[0].asnumpy()
        y = np.exp(x - x.max(axis=1, keepdims=True))
        self.assign(out_data[0], req[0], nd.array(y / y.sum(axis=1, keepdims=True)))

    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        y = out_data[0].asnumpy()
        y[np.arange(len(y)), in_data[1].asnumpy().astype(int)] -= 1
        self.assign(in_grad[0], req[0], nd.array(y))


@register("test_softmax")
class SoftmaxProp(CustomOpProp):
    def __init__(self):
        super().__init__(need_top_grad=False)

    def list_arguments(self):
        return ["data", "label"]

    def infer_shape(self, in_shape):
        return [in_shape[0], [in_shape[0][0]]], [in_shape[0]], []

    def create_operator(self, ctx, in_shapes, in_dtypes):
        return Softmax()


@register("test_broken")
class BrokenProp(CustomOpProp):
    def create_operator(self, ctx, in_shapes, in_dtypes):
        class Broken(CustomOp):
            def forward(self, is_train, req, in_data, out_data, aux):
                raise ZeroDivisionError("my own message")

        return Broken()


def test_custom_operator_eager_computes_records_and_changes_its_state():
    x, calls = nd.array([0.0, 2.0]), nd.zeros((1,))
    x.attach_grad()
    with autograd.record():
        y = nd.Custom(x * 2, calls, op_type="test_sigmoid", scale=3)
        z = nd.Custom(y, calls=calls, op_type="test_sigmoid")
    z.backward()
    s = 1 / (1 + np.exp(-x.asnumpy() * 2))
    t = 1 / (1 + np.exp(-s))
    np.testing.assert_allclose(z.asnumpy(), t, rtol=1e-6)
    np.testing.assert_allclose(x.grad.asnumpy(), 2 * s * (1 - s) * t * (1 - t), rtol=1e-5)
    assert calls.asscalar() == 2


def test_custom_operator_with_add_and_null_requests_assigns_accordingly():
    op, a = CustomOp(), nd.ones((2,))
    op.assign(a, "add", nd.ones((2,)))
    op.assign(a, "null", nd.zeros((2,)))
    assert a.asnumpy().tolist() == [2, 2]
    with pytest.raises(ValueError, match="'write', 'inplace'"):
        op.assign(a, "wirte", a)


class Net(gluon.HybridBlock):
    """Dense layers around custom operators, two of which do not depend on each other."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.first = gluon.nn.Dense(4)
            self.last = gluon.nn.Dense(2)
            self.calls = self.params.get("calls", shape=(1,), init="zeros", grad_req="null")

    def hybrid_forward(self, F, x, calls):
        x = self.first(x)
        left = F.Custom(x, calls, op_type="test_sigmoid")
        right = F.Custom(x * 2, calls, op_type="test_sigmoid")
        return self.last(left + right)


def train(hybridize):
    gx.random.seed(1)
    net = Net()
    net.initialize(gx.init.Uniform(0.5))
    outer = gluon.nn.HybridSequential()
    outer.add(gluon.nn.Dense(3, in_units=3), net)
    outer[0].initialize(gx.init.Constant(0.2))
    if hybridize:
        outer.hybridize()
    trainer = gluon.Trainer(outer.collect_params(), "sgd", {"learning_rate": 0.1})
    loss = gluon.loss.L2Loss()
    x = nd.array(np.linspace(-1, 1, 15).reshape(5, 3))
    losses = []
    for _ in range(3):
        with autograd.record():
            value = loss(outer(x), x[:, :2])
        value.backward()
        trainer.step(5)
        losses.append(value.mean().asscalar())
    return losses, net.calls.data().asscalar(), outer


def test_custom_operators_in_a_hybridized_network_train_as_eagerly():
    losses, calls, _ = train(False)
    fused, fused_calls, net = train(True)
    np.testing.assert_allclose(losses, fused, rtol=1e-5)
    assert calls == fused_calls == 6
    assert losses[-1] < losses[0]
    # the layer without custom operators is still compiled
    assert net[0]._cache is not None and net[0]._cache.traces == 1


class Choice(gluon.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.custom = True

    def hybrid_forward(self, F, x):
        return F.Custom(x, op_type="custom_op") if self.custom else x * 2


def test_hybridized_block_that_no_longer_uses_a_custom_operator_is_compiled():
    net = Choice()
    net.hybridize()
    for _ in range(3):
        assert net(nd.ones((2,))).shape == (2,)
    assert net._cache.traces == 1
    net.custom = False
    for _ in range(3):
        assert net(nd.ones((2,))).asnumpy().tolist() == [2, 2]
    assert net._cache.traces == 2 and "custom operator" in str(gx.engine.explain())


def test_autograd_function_in_a_hybridized_block_keeps_its_gradient():
    class Seven(autograd.Function):
        def forward(self, x):
            return x * x

        def backward(self, dy):
            return dy * 7

    net = gluon.nn.HybridLambda(lambda F, x: Seven()(x + 0) * 1)
    net.hybridize()
    x = nd.array([3.0])
    x.attach_grad()
    with autograd.record():
        y = net(x)
    y.backward()
    assert (y.asscalar(), x.grad.asscalar()) == (9, 7)


@pytest.mark.parametrize("hybridize", [False, True])
def test_exception_in_a_custom_operator_arrives_as_it_is(hybridize):
    net = gluon.nn.HybridLambda(lambda F, x: F.Custom(x, op_type="test_broken"))
    net.hybridize(hybridize)
    with pytest.raises(ZeroDivisionError, match="my own message") as caught:
        net(nd.ones((2,)))
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "forward"


def test_wrong_calls_of_custom_operators_say_what_is_wrong():
    x = nd.ones((2,))
    with pytest.raises(TypeError, match="needs op_type"):
        nd.Custom(x)
    with pytest.raises(MXNetError, match=r"no custom operator is called 'nope'.*register"):
        nd.Custom(x, op_type="nope")
    with pytest.raises(TypeError, match=r"takes 2 arrays \(data, calls\), got 1"):
        nd.Custom(x, op_type="test_sigmoid")
    with pytest.raises(ValueError, match="asks for inputs of shapes"):
        nd.Custom(x, x, op_type="test_sigmoid")
    with pytest.raises(TypeError, match="subclass of CustomOpProp"):
        register("test_wrong")(CustomOp)


def classifier():
    x = gx.sym.FullyConnected(gx.sym.var("data"), num_hidden=4, name="fc1")
    x = gx.sym.Custom(gx.sym.tanh(x), op_type="test_sigmoid", name="sig")
    x = gx.sym.FullyConnected(x * 2, num_hidden=3, name="fc2")
    return gx.sym.Custom(data=x, name="softmax", op_type="test_softmax")


def test_symbol_with_custom_operators_lists_and_infers_like_mxnet():
    net = classifier()
    assert net.list_arguments() == [
        "data", "fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias", "softmax_label",
    ]  # fmt: skip
    assert net.list_auxiliary_states() == ["sig_calls"]
    assert net.list_outputs() == ["softmax_output"]
    args, outs, aux = net.infer_shape(data=(5, 6))
    assert (args[-1], outs, aux) == ((5,), [(5, 3)], [(1,)])
    assert net.infer_type(data="float32")[1] == [np.float32]
    node = next(n for n in json.loads(net.tojson())["nodes"] if n["name"] == "sig")
    assert (node["op"], node["attrs"]) == ("Custom", {"op_type": "test_sigmoid"})


def test_symbol_with_custom_operators_trains_as_built_in_ones_do():
    def steps(net, sigmoid):
        executor = net.simple_bind(gx.cpu(), data=(5, 6), softmax_label=(5,))
        rng = np.random.RandomState(0)
        for name, x in executor.arg_dict.items():
            x[:] = rng.uniform(-1, 1, x.shape) if name != "softmax_label" else rng.randint(0, 3, 5)
        for _ in range(2):
            executor.forward(is_train=True)
            executor.backward()
            for name, g in executor.grad_dict.items():
                if g is not None and "label" not in name and name != "data":
                    executor.arg_dict[name][:] -= 0.1 * g
        if sigmoid:
            assert executor.aux_dict["sig_calls"].asscalar() == 2
        return [executor.outputs[0].asnumpy(), executor.grad_dict["fc1_weight"].asnumpy()]

    x = gx.sym.FullyConnected(gx.sym.var("data"), num_hidden=4, name="fc1")
    x = gx.sym.FullyConnected(gx.sym.sigmoid(gx.sym.tanh(x)) * 2, num_hidden=3, name="fc2")
    expected = steps(gx.sym.SoftmaxOutput(x, name="softmax"), False)
    loaded = gx.sym.load_json(classifier().tojson())
    for net in (classifier(), loaded):
        for a, b in zip(steps(net, True), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_custom_operator_in_the_body_of_a_symbolic_loop_runs_at_each_step():
    calls = gx.sym.var("calls")
    outs, last = gx.sym.contrib.foreach(
        lambda x, s: (gx.sym.Custom(x + s, calls, op_type="test_sigmoid"), s * 2),
        gx.sym.var("x"),
        gx.sym.var("s"),
    )
    net = gx.sym.Group([outs + 1, last])
    assert net.list_auxiliary_states() == ["calls"]
    executor = net.simple_bind(gx.cpu(), x=(3, 2))
    executor.arg_dict["x"][:] = nd.array([[1, 2], [3, 4], [5, 6]])
    executor.arg_dict["s"][:] = 1
    y = executor.forward(is_train=True)[0].asnumpy()
    total = np.array([[2, 3], [5, 6], [9, 10]])
    np.testing.assert_allclose(y, 1 + 1 / (1 + np.exp(-total)), rtol=1e-6)
    assert executor.aux_dict["calls"].asscalar() == 3
    executor.backward([nd.ones((3, 2)), nd.zeros((2,))])
    s = y - 1
    np.testing.assert_allclose(executor.grad_dict["x"].asnumpy(), s * (1 - s), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("kind", ["NumpyOp", "NDArrayOp"])
def test_deprecated_python_operators_train_like_custom_ones(kind):
    base = getattr(gx.operator, kind)

    class Cube(base):
        def forward(self, in_data, out_data):
            assert isinstance(in_data[0], np.ndarray if kind == "NumpyOp" else nd.NDArray)
            out_data[0][:] = in_data[0] ** 3

        def backward(self, out_grad, in_data, out_data, in_grad):
            in_grad[0][:] = out_grad[0] * 3 * in_data[0] ** 2

    with pytest.warns(UserWarning, match="deprecated"):
        cube = Cube()
    net = cube(data=gx.sym.var("x"), name="cube") + 1
    executor = net.simple_bind(gx.cpu(), x=(2,))
    executor.arg_dict["x"][:] = 2
    assert executor.forward(is_train=True)[0].asnumpy().tolist() == [9, 9]
    executor.backward(nd.array([1, 2]))
    assert executor.grad_dict["x"].asnumpy().tolist() == [12, 24]


def test_parameter_of_a_custom_operator_learns_its_shape_from_the_data():
    @register("test_scaled")
    class Prop(CustomOpProp):
        def list_arguments(self):
            return ["data", "weight"]

        def infer_shape(self, in_shape):
            return [in_shape[0], [in_shape[0][1]]], [in_shape[0]], []

    class Scaled(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.weight = self.params.get("weight", shape=(0,), allow_deferred_init=True)

        def hybrid_forward(self, F, x, weight):
            return F.Custom(x, weight, op_type="test_scaled")

    for prepare in (lambda n: n.hybridize(), lambda n: n.infer_shape(nd.ones((2, 7)))):
        net = Scaled()
        net.initialize()
        prepare(net)
        assert net(nd.ones((2, 7))).shape == (2, 7) and net.weight.shape == (7,)


def test_operator_lists_know_names_and_arguments():
    assert {"relu", "Custom", "FullyConnected"} <= set(gx.operator.get_all_registered_operators())
    found = gx.operator.get_operator_arguments("FullyConnected")
    assert found.names[:3] == ["data", "weight", "bias"] and found.narg == len(found.types)
