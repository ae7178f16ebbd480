"""Executors: symbols tied to arrays; and symbols in files."""

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd, sym
from gluonx.executor import Executor

GOLDEN = Path(__file__).parent / "golden"


def array(*values, **kwargs):
    return nd.array(values, **kwargs)


def numbers(x):
    return x.asnumpy().tolist()


# -- forward --------------------------------------------------------------------------------------


def test_bind_ties_variables_to_arrays():
    a, b = array(4, 5), array(2, 3)
    executor = (sym.var("a") * sym.var("b")).bind(ctx=gx.cpu(), args={"a": a, "b": b})
    assert isinstance(executor, Executor)
    outputs = executor.forward()
    assert type(outputs) is list and numbers(outputs[0]) == [8, 15]
    assert executor.arg_dict["a"] is a and executor.arg_arrays == [a, b]
    a[:] = 10
    assert numbers(executor.forward()[0]) == [20, 30]
    assert list(executor.output_dict.values()) == executor.outputs


def test_outputs_are_the_same_arrays_with_new_contents():
    executor = (sym.var("x") * 2).simple_bind(gx.cpu(), x=(2,))
    before = executor.outputs[0]
    assert before.shape == (2,) and numbers(before) == [0, 0]
    executor.forward(x=array(1, 2))
    assert executor.outputs[0] is before and numbers(before) == [2, 4]
    executor.forward(x=np.array([5, 6], "float32"))
    assert numbers(before) == [10, 12]


def test_outputs_mix_with_imperative_work():
    executor = (sym.var("x") + 1).bind(gx.cpu(), {"x": array(1)})
    kept = executor.forward()[0].copy()
    y = executor.outputs[0] + kept * 2
    executor.forward(x=array(5))
    assert y.asscalar() == 6 and kept.asscalar() == 2


def test_executors_are_not_recorded():
    x = array(2)
    x.attach_grad()
    executor = (sym.var("x") * 3).simple_bind(gx.cpu(), x=(1,))
    with autograd.record():
        y = x * 5
        executor.forward(x=y)
        z = executor.forward(is_train=True, x=y)[0] + x
    z.backward()
    assert z.asscalar() == 32 and x.grad.asscalar() == 1


def test_group_has_several_outputs():
    x = sym.var("x")
    outputs = sym.Group([x * 1, sym.split(x, num_outputs=2, axis=0)[1], x]).eval(x=array(1, 2))
    assert [numbers(y) for y in outputs] == [[1, 2], [2], [1, 2]]


def test_variables_of_one_name_are_one_argument():
    y = sym.var("a") * sym.var("a")
    assert y.list_arguments() == ["a", "a"]
    a, grad = array(3), nd.zeros((1,))
    executor = y.bind(gx.cpu(), {"a": a}, {"a": grad})
    executor.forward(is_train=True)
    executor.backward(nd.ones((1,)))
    assert grad.asscalar() == 6


def test_constants_need_no_arguments_and_stay_on_their_device():
    y = (sym.zeros((2,)) + sym.arange(2) * 3).eval(ctx=gx.cpu(1))[0]
    assert numbers(y) == [0, 3] and y.context == gx.cpu(1)
    y = (sym.var("x") * 2).eval(ctx=gx.cpu(1), x=array(3, ctx=gx.cpu(1)))[0]
    assert y.asscalar() == 6 and y.context == gx.cpu(1)


def test_random_operators_draw_what_nd_draws():
    y = sym.Dropout(sym.random.normal(shape=(50,)) + sym.random.uniform(sym.var("x"), sym.var("y")))
    low, high = nd.zeros((50,)), nd.ones((50,))
    executor = y.bind(gx.cpu(), {"x": low, "y": high})
    gx.random.seed(3)
    got = executor.forward(is_train=True)[0].copy()
    gx.random.seed(3)
    with autograd.train_mode():
        want = nd.Dropout(nd.random.normal(shape=(50,)) + nd.random.uniform(low, high))
    np.testing.assert_array_equal(got.asnumpy(), want.asnumpy())
    assert (executor.forward(is_train=True)[0].asnumpy() != got.asnumpy()).any()


def test_train_mode_updates_states_and_predict_mode_uses_them():
    x = nd.random.normal(3, 2, shape=(64, 2))
    y = sym.BatchNorm(sym.var("x"), momentum=0.5, name="bn")
    mean, var = nd.zeros((2,)), nd.ones((2,))
    args = {"x": x, "bn_gamma": nd.ones((2,)), "bn_beta": nd.zeros((2,))}
    executor = y.bind(gx.cpu(), args, aux_states=[mean, var])
    executor.forward()
    assert numbers(mean) == [0, 0]
    np.testing.assert_allclose(executor.forward(is_train=True)[0].mean(0).asnumpy(), 0, atol=1e-5)
    np.testing.assert_allclose(mean.asnumpy(), x.asnumpy().mean(0) / 2, rtol=1e-5)
    np.testing.assert_allclose(var.asnumpy(), (1 + x.asnumpy().var(0)) / 2, rtol=1e-4)
    assert executor.aux_dict == {"bn_moving_mean": mean, "bn_moving_var": var}


def test_a_state_that_two_nodes_change_is_changed_twice():
    x, mean, var = sym.var("x"), sym.var("mean"), sym.var("var")
    y = x
    for _ in range(2):
        y = sym.BatchNorm(y + 1, moving_mean=mean, moving_var=var, momentum=0.5)
    executor = y.simple_bind(gx.cpu(), x=(4, 1))
    executor.forward(is_train=True, x=array([1], [2], [3], [4]))
    assert executor.aux_dict["mean"].asscalar() == pytest.approx((0 + 3.5) / 4 + 1 / 2)


def test_double_precision_stays_double():
    y = sym.sqrt(sym.var("x") + 1e-12)
    executor = y.simple_bind(gx.cpu(), x=(1,), type_dict={"x": "float64"})
    out = executor.forward(is_train=True, x=array(1, dtype="float64"))[0]
    assert out.dtype == np.float64 and out.asscalar() - 1 == pytest.approx(5e-13, rel=1e-3)
    executor.backward(nd.ones((1,), dtype="float64"))
    assert executor.grad_dict["x"].dtype == np.float64


def test_equal_graphs_share_one_kernel():
    def executor(number):
        y = (sym.var("q") * number - sym.var("r")).tanh()
        return y.simple_bind(gx.cpu(), q=(3, 7), r=(3, 7))

    # the number is an argument of the compiled code
    assert executor(3)._program(True).kernel is executor(4)._program(True).kernel
    outputs = [executor(n).forward(q=nd.ones((3, 7)))[0][0, 0].asscalar() for n in (3, 4)]
    np.testing.assert_allclose(outputs, np.tanh([3, 4]), rtol=1e-5)


# -- backward -------------------------------------------------------------------------------------


@pytest.mark.parametrize("req, want", [("write", 5), ("add", 12), ("null", 7)])
def test_gradients_are_written_added_or_left(req, want):
    a, b, grad = array(2), array(5), array(7)
    y = sym.var("a") * sym.var("b")
    executor = y.bind(gx.cpu(), {"a": a, "b": b}, {"a": grad}, grad_req=req)
    executor.forward(is_train=True)
    executor.backward(nd.ones((1,)))
    assert grad.asscalar() == want
    assert executor.grad_dict["a"] is grad and executor.grad_dict["b"] is None


def test_gradient_requests_per_argument():
    y = sym.FullyConnected(sym.var("x"), num_hidden=2, name="f")
    for req in ({"f_weight": "write"}, ["null", "write", "null"]):
        grads = y.simple_bind(gx.cpu(), x=(1, 3), grad_req=req).grad_dict
        assert [k for k, g in grads.items() if g is not None] == ["f_weight"]


def test_work_between_forward_and_backward():
    x, grad = array(1, 2), nd.zeros((2,))
    executor = (sym.var("x") * 3).bind(gx.cpu(), {"x": x}, args_grad={"x": grad})
    out = executor.forward(is_train=True)[0]
    x[:] = 100
    executor.backward(out * 2)
    assert numbers(grad) == [18, 36]
    executor.backward([nd.ones((2,))])
    assert numbers(grad) == [3, 3]
    executor.backward({executor._symbol.list_outputs()[0]: nd.zeros((2,))})
    assert numbers(grad) == [0, 0]


def test_losses_need_no_head_gradient():
    y = sym.SoftmaxOutput(sym.var("x"), name="sm")
    both = sym.Group([y, sym.BlockGrad(sym.var("x") * 2)])
    for net in (y, both):
        executor = net.simple_bind(gx.cpu(), x=(1, 2))
        executor.forward(is_train=True)
        executor.backward()
        assert numbers(executor.grad_dict["x"]) == [[-0.5, 0.5]]


def test_gradients_match_autograd():
    net = gx.nn.HybridSequential()
    net.add(gx.nn.Conv2D(3, 3), gx.nn.BatchNorm(), gx.nn.Activation("relu"))
    net.add(gx.nn.Dropout(0.3), gx.nn.MaxPool2D(), gx.nn.Dense(2))
    net.initialize()
    x = nd.random.normal(shape=(2, 2, 8, 8))
    net(x)
    executor = net(sym.var("data")).simple_bind(gx.cpu(), data=x.shape)
    values = {p.name: p.data() for p in net.collect_params().values()}
    states = executor.aux_dict
    executor.copy_params_from(
        {k: v for k, v in values.items() if k not in states},
        {k: v for k, v in values.items() if k in states},
    )
    gx.random.seed(1)
    with autograd.record():
        want = net(x)
    want.backward()
    gx.random.seed(1)
    got = executor.forward(is_train=True, data=x)[0]
    executor.backward(nd.ones(got.shape))
    np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=1e-5, atol=1e-6)
    for name, p in net.collect_params().items():
        want = p.data() if name in states else p.grad()
        got = states[name] if name in states else executor.grad_dict[name]
        np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=1e-4, atol=1e-5)


# -- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda y: y.bind(gx.cpu(), {"x": array(1)}), ValueError, "lacks an array for 'w'"),
        (lambda y: y.bind(gx.cpu(), [array(1)]), ValueError, "1 arrays, but 2 are needed: x, w"),
        (lambda y: y.bind(gx.cpu()), ValueError, "args is missing"),
        (lambda y: y.bind(gx.cpu(), {"x": 3, "w": 4}), TypeError, "x must be an NDArray"),
        (lambda y: y.bind(gx.cpu(), [array(1, 2), array(1, 2, 3)]), gx.MXNetError, r"\(3,\)"),
        (
            lambda y: y.bind(gx.cpu(), [array(1), array(1)], [array(1, 2), None]),
            gx.MXNetError,
            "gradient of x must have shape",
        ),
        (lambda y: y.bind(gx.cpu(1), [array(1), array(1)]), gx.MXNetError, "x is on cpu"),
        (lambda y: y.simple_bind(gx.cpu(), grad_req="both", x=(1,)), ValueError, "'both'"),
        (lambda y: y.simple_bind(gx.cpu()), gx.MXNetError, "cannot decide the shapes of x, w"),
        (lambda y: y.eval(x=array(1)), ValueError, "'w'"),
        (lambda y: run(y).forward(q=array(1)), TypeError, "no argument 'q'; it has x, w"),
        (lambda y: run(y).forward(x=array(1, 2)), ValueError, r"shape \(1,\), got \(2,\)"),
        (lambda y: run(y).forward(x=3), ValueError, "got int"),
        (lambda y: y.simple_bind(gx.cpu(), x=(1,)).backward(), gx.MXNetError, "forward"),
        (lambda y: run(y).backward(), gx.MXNetError, "not a loss.*\n.*\n.*make_loss"),
        (lambda y: run(y).backward(array(1, 2)), gx.MXNetError, "must have its shape"),
        (lambda y: run(y).backward({"q": array(1)}), gx.MXNetError, "no output q"),
        (lambda y: run(y).backward([array(1)] * 2), gx.MXNetError, "2 gradients for 1 outputs"),
        (lambda y: run(y).copy_params_from({"q": array(1)}), ValueError, "has no 'q'"),
    ],
)
def test_mistakes_say_what_is_wrong(call, error, text):
    with pytest.raises(error, match=text):
        call(sym.var("x") * sym.var("w"))


def run(symbol):
    executor = symbol.simple_bind(gx.cpu(), x=(1,))
    executor.forward(is_train=True)
    return executor


# -- files ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def golden():
    """The golden network, what MXNet computed, MXNet's lists, and the code that built it."""
    spec = importlib.util.spec_from_file_location("make_symbols", GOLDEN / "make_symbols.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    with np.load(GOLDEN / "net-symbol.npz") as file:
        kept = dict(file)
    lists = json.loads(kept.pop("lists").tobytes())
    return sym.load(GOLDEN / "net-symbol.json"), kept, lists, maker


def test_a_symbol_of_mxnet_says_the_same(golden):
    net, _, lists, maker = golden
    assert net.list_arguments() == lists["arguments"]
    assert net.list_outputs() == lists["outputs"]
    assert net.list_auxiliary_states() == lists["states"]
    assert net.get_internals().list_outputs() == lists["internals"]
    assert net.attr_dict() == lists["attributes"]
    assert net.debug_str() == lists["text"]
    shapes = [[tuple(s) for s in part] for part in lists["shapes"]]
    assert list(net.infer_shape(**maker.SHAPES)) == shapes


def test_a_symbol_of_mxnet_computes_the_same(golden):
    net, kept, _, maker = golden
    executor = net.simple_bind(gx.cpu(), **maker.SHAPES)
    for key, values in kept.items():
        kind, name = key.split(":")
        if kind in ("arg", "aux"):
            (executor.arg_dict if kind == "arg" else executor.aux_dict)[name][:] = values
    for mode in ("predict", "train"):
        for i, y in enumerate(executor.forward(is_train=mode == "train")):
            np.testing.assert_allclose(y.asnumpy(), kept[f"{mode}:{i}"], rtol=1e-4, atol=1e-5)
    executor.backward()
    for name, grad in executor.grad_dict.items():
        np.testing.assert_allclose(grad.asnumpy(), kept[f"grad:{name}"], rtol=1e-4, atol=1e-5)
    for name, state in executor.aux_dict.items():
        np.testing.assert_allclose(state.asnumpy(), kept[f"new:{name}"], rtol=1e-4)


def test_the_same_code_writes_what_mxnet_writes(golden):
    net, _, _, maker = golden

    def without_pointers(text):  # a Pooling with oneDNN has an output that nobody sees
        return re.sub(r'"node_row_ptr": \[[^]]*\]', "", text)

    theirs = (GOLDEN / "net-symbol.json").read_text()
    with gx.name.NameManager():
        made = maker.network(gx)
    for mine in (made.tojson(), net.tojson()):
        assert without_pointers(mine) == without_pointers(theirs)
    language_model = (GOLDEN / "lstm-symbol.json").read_text()
    assert sym.load_json(language_model).tojson() == language_model


def test_names_are_written_with_the_escapes_that_mxnet_reads():
    name = 'a"b\\c\nd\te\rgröße'
    text = sym.var(name).tojson()
    assert '"name": "a\\"b\\\\c\\nd\\te\\rgröße"' in text
    assert sym.load_json(text).name == name


def test_save_and_load(tmp_path):
    y = sym.Group([sym.var("a") * 2, sym.split(sym.var("b"), num_outputs=2)[1]])
    y.save(tmp_path / "net-symbol.json")
    assert sym.load(str(tmp_path / "net-symbol.json")).tojson() == y.tojson()
    assert json.loads((sym.var("x") + 1).tojson())["heads"] == [[1, 0, 0]]


@pytest.mark.parametrize(
    "change, text",
    [
        (lambda g: "{", "not the JSON text"),
        (lambda g: [], "lacks lists"),
        (lambda g: {**g, "heads": []}, "no outputs"),
        (lambda g: {**g, "heads": [[9, 0, 0]]}, "node 9"),
        (lambda g: {**g, "heads": [[1, 1, 0]]}, "output 1 of 'y', which has 1"),
        (lambda g: {**g, "heads": [[-1, 0, 0]]}, "not a reference"),
        (lambda g: {**g, "nodes": [{"op": "null"}]}, "no name"),
        (lambda g: change_node(g, op="Nonsense"), "no operator 'Nonsense'"),
        (lambda g: change_node(g, inputs=[[1, 0, 0]]), "does not come before"),
        (lambda g: change_node(g, inputs=[]), "takes 1 inputs.*gives 0"),
        (lambda g: change_node(g, attrs={"scalar": "1("}), "scalar="),
        (lambda g: change_node(g, attrs={"scalar": 3}), "must hold strings"),
    ],
)
def test_damaged_files_say_what_is_wrong(change, text, tmp_path):
    good = json.loads(sym.load_json((sym.var("x") + 1).tojson())(name="y").tojson())
    bad = change(good)
    path = tmp_path / "bad.json"
    path.write_text(bad if isinstance(bad, str) else json.dumps(bad))
    with pytest.raises(gx.MXNetError, match=text) as error:
        sym.load(path)
    assert "bad.json" in str(error.value)


def change_node(graph, **changes):
    variable, node = graph["nodes"]
    return {**graph, "nodes": [variable, {**node, **changes}]}


def test_files_that_are_no_symbols(tmp_path):
    with pytest.raises(FileNotFoundError):
        sym.load(tmp_path / "nothing.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(gx.MXNetError, match="not text"):
        sym.load(tmp_path / "binary")
    with pytest.raises(TypeError, match="string"):
        sym.load_json(3)


# -- deferral ------------------------------------------------------------------------------------


def perceptron():
    net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
    net = sym.BatchNorm(net, name="bn", fix_gamma=False)
    return sym.SoftmaxOutput(sym.Dropout(net, p=0.5), name="softmax")


def bound(**kwargs):
    executor = perceptron().simple_bind(gx.cpu(), data=(4, 5), **kwargs)
    for i, (name, x) in enumerate(executor.arg_dict.items()):
        x[:] = nd.array(np.random.RandomState(i).rand(*x.shape)) if name != "softmax_label" else 1
    executor.aux_dict["bn_moving_var"][:] = 1
    return executor


def test_forward_and_backward_are_deferred_and_agree_with_running_at_once():
    results = []
    for fused in (True, False):
        with gx.engine.fusing(fused):
            gx.random.seed(3)
            executor = bound()
            executor.forward(is_train=True)
            assert (executor.outputs[0]._buffer.array is None) == fused
            executor.backward()
            assert (executor.grad_dict["fc_weight"]._buffer.array is None) == fused
            found = [executor.outputs[0], *executor.grad_arrays, *executor.aux_arrays]
            results.append([x.asnumpy() for x in found])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_look_at_the_outputs_between_forward_and_backward_changes_nothing():
    gradients = []
    for look in (False, True):
        gx.random.seed(3)
        executor = bound()
        (y,) = executor.forward(is_train=True)
        if look:
            y.asnumpy()
        executor.backward()
        gradients.append(executor.grad_dict["data"].asnumpy())
    np.testing.assert_allclose(*gradients, rtol=1e-6)


def test_backward_twice_adds_the_same_gradient_twice():
    executor = bound(grad_req="add")
    executor.forward(is_train=True)
    executor.backward()
    once = executor.grad_dict["fc_weight"].asnumpy()
    executor.backward()  # the same mask of the dropout
    twice = executor.grad_dict["fc_weight"].asnumpy()
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-5, atol=1e-6)


# -- other shapes, looking inside ----------------------------------------------------------------


def test_reshape_shares_arrays_whose_shape_stays():
    executor = bound()
    small = executor.reshape(data=(2, 5), softmax_label=(2,))
    assert small.arg_dict["fc_weight"] is executor.arg_dict["fc_weight"]
    assert small.aux_dict["bn_moving_mean"] is executor.aux_dict["bn_moving_mean"]
    assert small.forward()[0].shape == (2, 3)
    with pytest.raises(gx.MXNetError, match="partial_shaping"):
        executor.reshape(data=(2, 5))
    assert executor.reshape(partial_shaping=True, data=(2, 5)).outputs[0].shape == (2, 3)
    with pytest.raises(gx.MXNetError, match="allow_up_sizing"):
        executor.reshape(data=(8, 5), softmax_label=(8,))
    with pytest.raises(gx.MXNetError, match="no variable dat"):
        executor.reshape(dat=(8, 5))


def test_monitor_callback_sees_every_result():
    executor, seen = bound(), {}
    executor.set_monitor_callback(lambda name, x: seen.update({name: x.asnumpy()}))
    (y,) = executor.forward(is_train=True)
    assert list(seen)[0] == "fc_output" and list(seen)[-1] == "softmax_output"
    np.testing.assert_allclose(seen["softmax_output"], y.asnumpy(), rtol=1e-6)
    seen.clear()
    names = []
    executor.set_monitor_callback(lambda name, x: names.append(name), monitor_all=True)
    executor.forward()
    # what goes into an operator, before its results; variables also under their own names
    assert names[:7] == ["data", "fc_data", "fc_weight", "fc_weight", "fc_bias", "fc_bias",
                         "fc_output"]  # fmt: skip
    assert names[7:9] == ["bn_data", "bn_gamma"] and names[-1] == "softmax_output"


def test_groups_of_operators_run_where_they_are_told():
    with gx.AttrScope(ctx_group="first"):
        y = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        y = sym.BatchNorm(y, name="bn", fix_gamma=False)
    y = sym.tanh(y)
    with gx.AttrScope(ctx_group="second"):
        y = sym.FullyConnected(y, num_hidden=4, name="last")
    net = sym.Group([sym.SoftmaxOutput(y, name="softmax"), sym.BlockGrad(y, name="logits")])
    found, contexts = [], {"first": gx.cpu(1), "second": gx.cpu(0)}
    for groups in (None, contexts):
        ex = net.simple_bind(gx.cpu(), data=(4, 5), group2ctx=groups)
        for k, x in enumerate(ex.arg_arrays):
            x[:] = np.random.RandomState(k).uniform(-1, 1, x.shape)
        ex.arg_dict["softmax_label"][:] = np.arange(4)
        ex.forward(is_train=True)
        ex.backward()
        found.append([*ex.outputs, *ex.grad_arrays, *ex.aux_arrays])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-4, atol=1e-6)
    assert ex.arg_dict["fc_weight"].context == ex.grad_dict["bn_beta"].context == gx.cpu(1)
    assert ex.aux_dict["bn_moving_var"].context == gx.cpu(1)
    assert ex.arg_dict["last_weight"].context == ex.outputs[0].context == gx.cpu(0)
    small, seen = ex.reshape(data=(2, 5), softmax_label=(2,)), []
    small.set_monitor_callback(lambda name, x: seen.append((name, x.context)))
    assert small.forward()[1].shape == (2, 4)
    assert ("fc_output", gx.cpu(1)) in seen and ("last_output", gx.cpu(0)) in seen
    with pytest.raises(TypeError, match="group 'first' needs a Context"):
        net.simple_bind(gx.cpu(), data=(4, 5), group2ctx={"first": "cpu"})


def test_symbols_are_optimized_by_xla_alone():
    y = perceptron()
    assert y.optimize_for("x") is y and y.get_backend_symbol("x") is y
    assert bound().get_optimized_symbol().list_arguments() == y.list_arguments()
    with pytest.raises(sym.NotImplementedForSymbol, match="simple_bind"):
        y.gradient(["data"])


def test_executors_share_arrays_through_a_buffer():
    y = sym.BatchNorm(sym.FullyConnected(sym.var("x"), num_hidden=4, name="fc"), name="bn")
    buffer = {"fc_weight": nd.ones((40,))}
    big = y.simple_bind(gx.cpu(), x=(5, 3), shared_buffer=buffer)
    arguments = set(y.list_arguments())
    assert set(buffer) == arguments | {f"grad of {name}" for name in arguments}
    assert buffer["x"] is big.arg_dict["x"] and big.arg_dict["fc_weight"].sum().asscalar() == 12
    big.arg_dict["fc_weight"][:] = 2  # the beginning of a larger array
    assert buffer["fc_weight"].asnumpy().tolist() == [2] * 12 + [1] * 28
    big.arg_dict["x"][:] = nd.arange(15).reshape((5, 3))

    small = y.simple_bind(gx.cpu(), x=(2, 3), shared_buffer=buffer)
    assert small.arg_dict["x"].asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    small.forward(is_train=True, x=nd.ones((2, 3)))
    small.backward(nd.ones((2, 4)))
    assert big.arg_dict["x"].asnumpy()[:3].tolist() == [[1, 1, 1], [1, 1, 1], [6, 7, 8]]
    assert big.grad_dict["bn_beta"].asnumpy().tolist() == [2, 2, 2, 2]

    with pytest.warns(UserWarning, match="Bind the largest shapes first"):
        larger = y.simple_bind(gx.cpu(), grad_req="null", x=(6, 3), shared_buffer=buffer)
    assert buffer["x"] is larger.arg_dict["x"] and big.arg_dict["x"].shape == (5, 3)
    before = dict(buffer)
    with pytest.raises(gx.MXNetError, match="x with type float64 .* float32 .* in shared_buffer"):
        y.simple_bind(gx.cpu(), x=(2, 3), type_dict={"x": "float64"}, shared_buffer=buffer)
    assert buffer == before
    for wrong, text in (([1], "dict"), ({"x": 3}, "must be a dense NDArray, got int")):
        with pytest.raises((TypeError, ValueError), match=text):
            y.simple_bind(gx.cpu(), x=(2, 3), shared_buffer=wrong)


def test_executors_share_named_arguments_and_all_states_of_another():
    y = sym.BatchNorm(sym.FullyConnected(sym.var("x"), num_hidden=4, name="fc"), name="bn")
    first = y.simple_bind(gx.cpu(), x=(5, 3))
    first.arg_dict["fc_weight"][:] = first.grad_dict["fc_weight"][:] = 3
    given = {"shared_exec": first, "shared_arg_names": ["fc_weight"]}
    second = y.simple_bind(gx.cpu(), x=(2, 3), shared_buffer={}, **given)
    assert second.arg_dict["fc_weight"] is first.arg_dict["fc_weight"]
    assert second.grad_dict["fc_weight"] is first.grad_dict["fc_weight"]
    assert second.aux_dict["bn_moving_mean"] is first.aux_dict["bn_moving_mean"]
    assert second.arg_dict["fc_bias"] is not first.arg_dict["fc_bias"]
    # without a buffer, MXNet shares nothing that can be seen
    apart = y.simple_bind(gx.cpu(), x=(2, 3), **given)
    assert apart.arg_dict["fc_weight"].asnumpy().sum() == 0
    given["shared_buffer"] = {}
    with pytest.raises(gx.MXNetError, match=r"shape \(4, 4\) .* with shape \(4, 3\)"):
        y.simple_bind(gx.cpu(), x=(2, 4), **given)
    given["shared_arg_names"] = ["z"]
    with pytest.raises(gx.MXNetError, match="shared_exec has no z; it has x, fc_weight"):
        (y + sym.var("z")).simple_bind(gx.cpu(), x=(2, 3), **given)
    with pytest.raises(ValueError, match="shared_arg_names must be a list, got tuple"):
        y.simple_bind(gx.cpu(), x=(2, 3), shared_arg_names=("x",))
    with pytest.raises(TypeError, match="shared_exec must be an Executor, got int"):
        y.simple_bind(gx.cpu(), x=(2, 3), shared_exec=3)
