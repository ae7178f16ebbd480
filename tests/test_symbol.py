"""Symbols: composition, names, attributes, parts, inference, and the namespace F."""

import copy
import inspect
import pickle
import threading

import numpy as np
import pytest

import gluonx as gx
from gluonx import nd, sym


@pytest.fixture(autouse=True)
def names():
    """Automatic names start at 0 in each test."""
    with gx.name.NameManager():
        yield


def mlp():
    net = sym.FullyConnected(sym.var("data"), name="fc1", num_hidden=16)
    net = sym.Activation(net, name="relu1", act_type="relu")
    net = sym.FullyConnected(net, name="fc2", num_hidden=4)
    return sym.SoftmaxOutput(net, name="out")


def value(symbol, **arrays):
    """The only output, as a NumPy array, for arrays given as numbers."""
    return symbol.eval(**{k: nd.array(v) for k, v in arrays.items()})[0].asnumpy()


# -- composition ----------------------------------------------------------------------------------


def test_missing_inputs_become_variables_named_after_the_layer():
    net = mlp()
    parameters = ["fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias"]
    assert net.list_arguments() == ["data", *parameters, "out_label"]
    assert net.list_inputs() == net.list_arguments()
    assert net.list_outputs() == ["out_output"]
    assert net.name == "out" and repr(net) == "<Symbol out>"


def test_given_inputs_are_used_whatever_they_are():
    y = sym.FullyConnected(sym.var("x"), weight=sym.var("w") * 2, num_hidden=2, name="f")
    assert y.list_arguments() == ["x", "w", "f_bias"]
    y = sym.FullyConnected(sym.var("a") + sym.var("b"), sym.var("w"), num_hidden=2, name="f")
    assert y.list_arguments() == ["a", "b", "w", "f_bias"]


@pytest.mark.parametrize(
    "make, inputs",
    [
        (lambda x: sym.FullyConnected(x, num_hidden=2, no_bias=True, name="n"), ["n_weight"]),
        (lambda x: sym.FullyConnected(x, None, None, 2, name="n"), ["n_weight", "n_bias"]),
        (lambda x: sym.Deconvolution(x, kernel=(2, 2), num_filter=1, name="n"), ["n_weight"]),
        (lambda x: sym.LeakyReLU(x, act_type="leaky", name="n"), []),
        (lambda x: sym.LeakyReLU(x, act_type="prelu", name="n"), ["n_gamma"]),
        (lambda x: sym.softmax(x, name="n"), []),
        (lambda x: sym.softmax(x, use_length=True, name="n"), ["n_length"]),
        (lambda x: sym.SequenceMask(x, name="n"), []),
        (lambda x: sym.SequenceMask(x, use_sequence_length=True, name="n"), ["n_sequence_length"]),
        (lambda x: sym.dot(x, name="n"), ["n_rhs"]),
    ],
)
def test_inputs_follow_from_the_attributes(make, inputs):
    assert make(sym.var("x")).list_arguments() == ["x", *inputs]


def test_states_are_listed_apart_from_arguments():
    y = sym.BatchNorm(sym.var("x"), name="bn")
    assert y.list_arguments() == ["x", "bn_gamma", "bn_beta"]
    assert y.list_auxiliary_states() == ["bn_moving_mean", "bn_moving_var"]
    assert y.list_inputs() == [*y.list_arguments(), *y.list_auxiliary_states()]


def test_automatic_names_count_per_function():
    x, y = sym.var("x"), sym.var("y")
    made = [
        sym.FullyConnected(x, num_hidden=1), sym.FullyConnected(x, num_hidden=1), sym.concat(x, y),
        x + y, x - y, x * y, x / y, x % y, x**y, x + 1, 1 - x, x * 2, 2 / x, 2**x, -x, x > y, x > 1,
        1 > x, sym.maximum(x, 2), sym.broadcast_plus(x, y), x.reshape((1, -1)),
    ]  # fmt: skip
    assert [s.name for s in made] == [
        "fullyconnected0", "fullyconnected1", "concat0", "_plus0", "_minus0", "_mul0", "_div0",
        "_mod0", "_power0", "_plusscalar0", "_rminusscalar0", "_mulscalar0", "_rdivscalar0",
        "_rpower_scalar0", "_mulscalar1", "_greater0", "_greater_scalar0", "_lesser_scalar0",
        "_maximumscalar0", "broadcast_plus0", "reshape0",
    ]  # fmt: skip


def test_operators_compute():
    x, y = sym.var("x"), sym.var("y")
    z = (-x + 3 * y - 1) / (2 + x**2) % 5
    a, b = np.float32([1, -2, 3]), np.float32([4, 0.5, -6])
    want = np.mod((-a + 3 * b - 1) / (2 + a**2), 5)
    np.testing.assert_allclose(value(z, x=a, y=b), want, rtol=1e-6)
    np.testing.assert_array_equal(value((x > y) + (1 >= x), x=a, y=b), [1, 1, 1])
    np.testing.assert_array_equal(value(abs(x).sqrt() * np.float32(2), x=[4, -9]), [4, 6])
    np.testing.assert_array_equal(value(np.float64(2) - x, x=[4]), [-2])
    np.testing.assert_array_equal(value(x @ x.T, x=[[1, 2]]), [[5]])


def test_sum_of_symbols_broadcasts_like_that_of_arrays():
    a, b = np.ones((2, 3)), np.arange(3.0).reshape(1, 3)
    np.testing.assert_array_equal(value(sym.var("x") + sym.var("y"), x=a, y=b), a + b)


def test_calling_a_symbol_replaces_variables_in_a_copy():
    net = sym.FullyConnected(sym.var("data"), name="fc1", num_hidden=3)
    inner = sym.FullyConnected(sym.var("data2"), name="in", num_hidden=3)
    composed = net(data=inner, name="compose")
    assert composed.name == "compose" and composed.list_outputs() == ["compose_output"]
    assert composed.list_arguments() == ["data2", "in_weight", "in_bias", "fc1_weight", "fc1_bias"]
    assert net.name == "fc1" and net.list_arguments() == ["data", "fc1_weight", "fc1_bias"]
    double = sym.var("data") * 2
    assert value(double(data=sym.var("z") + 1), z=[3]) == 8


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda s: s(q=s), gx.MXNetError, "no variable 'q'.*x, fc_weight"),
        (lambda s: s(s), TypeError, "net\\(x=other\\)"),
        (lambda s: s(x=3), TypeError, "x must be a Symbol"),
        (lambda s: s(x=sym.Group([s, s])), gx.MXNetError, "one output"),
        (lambda s: sym.FullyConnected(s), TypeError, "missing the required argument 'num_hidden'"),
        (lambda s: sym.FullyConnected(s, num_hidden=1, q=2), TypeError, "unexpected.*'q'.*num_hid"),
        (lambda s: sym.FullyConnected(s, num_hidden="a"), TypeError, "num_hidden='a'"),
        (lambda s: sym.FullyConnected(3, num_hidden=1), TypeError, "data must be a Symbol"),
        (lambda s: sym.relu(s, data=s), TypeError, "two values for the argument 'data'"),
        (lambda s: sym.relu(sym.Group([s, s])), gx.MXNetError, "one output.*y\\[0\\]"),
        (lambda s: sym.concat(), TypeError, "at least one symbol"),
        (lambda s: s + "a", TypeError, "unsupported operand"),
        (lambda s: s + nd.ones((1,)), TypeError, "unsupported operand"),
        (lambda s: sym.maximum(s, None), TypeError, "symbols and numbers"),
        (lambda s: sym.var(3), TypeError, "must be a string"),
        (lambda s: sym.var("a", foo=1), ValueError, "__foo__"),
        (lambda s: sym.var("a", dtype="float33"), ValueError, "float33"),
        (lambda s: sym.Group([]), TypeError, "at least one Symbol"),
        (lambda s: sym.Group([s, 3]), TypeError, "list"),
        (lambda s: bool(s), sym.NotImplementedForSymbol, "no truth value"),
        (lambda s: s.asnumpy(), sym.NotImplementedForSymbol, "has no values"),
        (lambda s: s.shape, AttributeError, "infer_shape"),
        (lambda s: s.nonsense, AttributeError, "nonsense"),
        (lambda s: s[3], IndexError, "1 outputs"),
        (lambda s: s["q"], ValueError, "outputs are fc_output"),
        (lambda s: s[1.5], TypeError, "sym.slice"),
    ],
)
def test_wrong_use_says_what_is_wrong(call, error, text):
    with pytest.raises(error, match=text):
        call(sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc"))


# -- names and attributes -------------------------------------------------------------------------


def test_prefix_goes_before_names_of_operators_not_of_variables():
    with gx.name.Prefix("p_") as prefix:
        assert gx.name.NameManager.current is prefix
        y = sym.FullyConnected(sym.var("x"), num_hidden=1, name="fc")
        assert (y + 1).name == "p__plusscalar0"
    assert y.list_arguments() == ["x", "p_fc_weight", "p_fc_bias"]
    assert (sym.var("a") + 1).name == "_plusscalar0"


def test_name_manager_belongs_to_its_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append((sym.var("a") * sym.var("b")).name))
    sym.var("a") * sym.var("b")
    thread.start()
    thread.join()
    assert found == ["_mul0"]


def test_attributes_come_from_scopes_and_arguments_and_reach_made_variables():
    with gx.AttrScope(ctx_group="dev1", __note__="outer"):
        with gx.AttrScope(__note__="inner"):
            y = sym.FullyConnected(sym.var("x"), num_hidden=3, name="f", attr={"lr_mult": "2"})
        assert gx.AttrScope.current.get(None)["__note__"] == "outer"
    assert gx.AttrScope.current.get(None) == {}
    want = {"num_hidden": "3", "__ctx_group__": "dev1", "ctx_group": "dev1", "__note__": "inner"}
    want |= {"lr_mult": "2", "__lr_mult__": "2"}
    assert y.list_attr() == want
    assert y.attr_dict() == {
        "x": {k: want[k] for k in ("__ctx_group__", "ctx_group", "__note__")},
        "f_weight": want,
        "f_bias": want,
        "f": want,
    }
    assert y.attr("num_hidden") == "3" and y.attr("lr_mult") == "2" and y.attr("nothing") is None
    with pytest.raises(ValueError, match="write a='1'"):
        gx.AttrScope(a=1)


def test_variable_keeps_what_it_is_told():
    init = gx.init.Xavier()
    x = sym.var("x", shape=(0, 3), dtype="float16", lr_mult=2, wd_mult=0.5, init=init, __own__="q")
    assert x.list_attr() == {
        "__shape__": "(0, 3)", "__dtype__": "2", "__lr_mult__": "2", "lr_mult": "2",
        "__wd_mult__": "0.5", "wd_mult": "0.5", "__init__": init.dumps(), "__own__": "q",
    }  # fmt: skip
    assert sym.Variable is sym.var
    x._set_attr(lr_mult="3")
    assert x.attr("lr_mult") == "3"


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda x: sym.cast(x, dtype=np.float16), {"dtype": "float16"}),
        (lambda x: sym.clip(x, np.float32(0.1), 2), {"a_min": "0.1", "a_max": "2"}),
        (lambda x: sym.sum(x, axis=(1, np.int64(2))), {"axis": "(1, 2)"}),
        (lambda x: sym.sum(x, axis=None, keepdims=True), {"axis": "None", "keepdims": "True"}),
        (lambda x: sym.tile(x, reps=(2,)), {"reps": "(2,)"}),
        (lambda x: x * 1e-7, {"scalar": "1e-07"}),
        (lambda x: sym.stack(x, x), {"num_args": "2"}),
    ],
)
def test_attributes_are_text(make, text):
    assert make(sym.var("x")).list_attr() == text


# -- parts ----------------------------------------------------------------------------------------


def test_outputs_are_taken_by_number_name_and_iteration():
    parts = sym.split(sym.var("x"), num_outputs=3, name="s")
    assert len(parts) == 3 and parts.name == "s"
    assert parts.list_outputs() == ["s_output0", "s_output1", "s_output2"]
    assert parts[1].list_outputs() == parts[-2].list_outputs() == ["s_output1"]
    assert parts["s_output2"].list_outputs() == [p.list_outputs()[0] for p in parts][2:]
    assert parts[1:].list_outputs() == ["s_output1", "s_output2"]
    assert sym.concat(*parts, dim=1).list_arguments() == ["x"]
    np.testing.assert_array_equal(value(sym.concat(parts, dim=0), x=[[1, 2, 3]]), [[1], [2], [3]])


def test_group_internals_and_children():
    net = mlp()
    group = sym.Group([net, net.get_internals()["fc1_output"]])
    assert repr(group) == "<Symbol group [out, fc1]>" and group.name is None
    assert group.list_outputs() == ["out_output", "fc1_output"]
    assert net.get_internals().list_outputs() == [
        "data", "fc1_weight", "fc1_bias", "fc1_output", "relu1_output", "fc2_weight", "fc2_bias",
        "fc2_output", "out_label", "out_output",
    ]  # fmt: skip
    assert net.get_children().list_outputs() == ["fc2_output", "out_label"]
    assert sym.var("x").get_children() is None


def test_named_outputs():
    y = sym.BatchNorm(sym.var("x"), output_mean_var=True, name="bn")
    assert y.list_outputs() == ["bn_output", "bn_mean", "bn_var"]
    y = sym.LayerNorm(sym.var("x"), output_mean_var=True, name="ln")
    assert y.list_outputs() == ["ln_output", "ln_mean", "ln_std"]
    assert sym.Dropout(sym.var("x"), name="d").list_outputs() == ["d_output"]


def test_copies_are_separate():
    net = mlp()
    for other in (copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert other.tojson() == net.tojson()
        other._set_attr(mirror_stage="1")
        assert net.attr("mirror_stage") is None


def test_deep_graphs_need_no_recursion():
    y = x = sym.var("x")
    for _ in range(3000):
        y = y + x
    again = sym.load_json(copy.copy(y).tojson())
    assert again.list_arguments() == ["x"] and len(again.get_internals()) == 3001


# -- inference ------------------------------------------------------------------------------------


def test_parameters_follow_from_data():
    arguments, outputs, states = mlp().infer_shape(data=(5, 20))
    assert arguments == [(5, 20), (16, 20), (16,), (4, 16), (4,), (5,)]
    assert outputs == [(5, 4)] and states == []
    assert mlp().infer_shape((5, 20)) == (arguments, outputs, states)
    y = sym.BatchNorm(sym.Convolution(sym.var("x"), kernel=(3, 3), num_filter=6, name="c"))
    arguments, outputs, states = y.infer_shape(x=(2, 3, 8, 8))
    assert arguments == [(2, 3, 8, 8), (6, 3, 3, 3), (6,), (6,), (6,)]
    assert outputs == [(2, 6, 6, 6)] and states == [(6,), (6,)]


def test_known_shapes_tell_unknown_ones():
    x, y = sym.var("x"), sym.var("y")
    assert (x + y).infer_shape(x=(2, 3)) == ([(2, 3), (2, 3)], [(2, 3)], [])
    assert (x > y).infer_shape(y=(2, 3))[0] == [(2, 3), (2, 3)]
    assert (x * y).infer_shape(x=(0, 3), y=(2, 0))[1] == [(2, 3)]
    assert sym.var("z", shape=(2, 3)).exp().infer_shape()[1] == [(2, 3)]
    assert sym.var("z", shape=(0, 3)).exp().infer_shape(z=(4, 3))[1] == [(4, 3)]
    assert sym.zeros((2,)).infer_shape() == ([], [(2,)], [])


def test_known_outputs_tell_unknown_inputs():
    x, a = sym.var("x"), sym.var("a", shape=(0, 3, 8, 8))
    y = sym.Convolution(a, kernel=(3, 3), num_filter=4, name="conv") + x
    assert y.infer_shape(x=(5, 4, 6, 6))[0][0] == (5, 3, 8, 8)
    assert (sym.Dropout(sym.exp(sym.var("a"))) + x).infer_shape(x=(5, 4))[0][0] == (5, 4)
    parts = sym.concat(sym.var("a", shape=(0, 3)), sym.var("b", shape=(0, 1)), dim=1)
    assert (parts + x).infer_shape(x=(5, 4))[0][:2] == [(5, 3), (5, 1)]
    # a constant that leaves the batch open, as MXNet's recurrent layers have it
    y = sym.FullyConnected(sym.ones((0, 3)), num_hidden=4, no_bias=True, name="fc") + x
    assert y.infer_shape(x=(5, 4))[0] == [(4, 3), (5, 4)]
    arrays = {"x": nd.zeros((2, 4)), "fc_weight": nd.ones((4, 3))}
    assert y.eval(**arrays)[0].asnumpy().tolist() == [[3] * 4] * 2
    block = gx.gluon.SymbolBlock(y, x)
    block.initialize(gx.init.One())
    assert [block(nd.zeros((n, 4))).shape for n in (2, 5)] == [(2, 4), (5, 4)]


def test_partial_inference_leaves_zeros():
    net = sym.FullyConnected(sym.var("data"), name="fc", num_hidden=10)
    known = ([(0, 5), (10, 5), (10,)], [(0, 10)], [])
    assert net.infer_shape_partial(data=(0, 5)) == known
    assert net.infer_shape_partial()[1] == [()]
    with pytest.warns(UserWarning, match=r"shape of data \(0, 5\) cannot be decided"):
        assert net.infer_shape(data=(-1, 5)) == (None, None, None)
    label = sym.var("label", shape=(8,))
    loss = sym.SoftmaxOutput(net, label, name="softmax")
    assert loss.infer_shape_partial(data=(0, 5))[1] == [(0, 10)]


def test_joined_and_expanded_shapes_follow_both_ways():
    a, b, x = sym.var("a"), sym.var("b"), sym.var("x")
    both = sym.concat(a, b, dim=-1, name="both")
    assert both.infer_shape(a=(2, 3), b=(0, 4)) == ([(2, 3), (2, 4)], [(2, 7)], [])
    assert both.infer_shape_partial(a=(2, 3)) == ([(2, 3), (2, 0)], [(2, 0)], [])
    assert (both + x).infer_shape(b=(7, 2), x=(7, 6))[0][0] == (7, 4)
    text = r"'both' .*\(2, 3\) and \(3, 4\) cannot be joined along axis"
    with pytest.raises(gx.MXNetError, match=text):
        both.infer_shape(a=(2, 3), b=(3, 4))
    with pytest.raises(gx.MXNetError, match=r"\(2, 7\).*\(2, 8\)"):
        (both + x).infer_shape(a=(2, 3), b=(2, 4), x=(2, 8))
    one = sym.expand_dims(a, axis=-2)
    assert (one + x).infer_shape(x=(7, 1, 5))[0][0] == (7, 5)


@pytest.mark.parametrize(
    "known, error, text",
    [
        ({"data": (8, 9), "fc1_weight": (7, 9)}, gx.MXNetError, r"fc1.*\(7, 9\).*\(16, 9\)"),
        ({"data": (8, 9), "fc2_bias": (5,)}, gx.MXNetError, r"'fc2'.*bias.*\(5,\).*\(4,\)"),
        ({"nothing": (8, 9)}, gx.MXNetError, "no variable 'nothing'.*data, fc1_weight"),
        ({"data": 5}, TypeError, "shape of data must be a tuple"),
    ],
)  # fmt: skip
def test_contradictions_name_node_argument_and_shapes(known, error, text):
    with pytest.raises(error, match=text):
        mlp().infer_shape(**known)


def test_types_that_do_not_fit_name_the_node_and_its_inputs():
    y = sym.elemwise_add(sym.var("a"), sym.cast(sym.var("b"), "float64"), name="sum")
    text = r"'sum' \(lhs=a float32, rhs=cast0 float64\): rhs \(cast0\) has type float64, but lhs"
    with pytest.raises(gx.MXNetError, match=text):
        y.infer_type(a="float32")
    assert y.infer_type(b="int8")[0] == [np.float64, np.int8]


def test_types_that_contradict_each_other_are_found_in_all_operators_both_ways():
    a, b, c = sym.var("a"), sym.var("b"), sym.var("c")
    fc = sym.FullyConnected(a, b, c, num_hidden=2, name="fc")
    conv = sym.Convolution(a, b, c, kernel=(2, 2), num_filter=2, name="conv")
    for y, text in [
        (fc, r"'fc' .*weight \(b\) has type float16, but data \(a\) has float32"),
        (conv, r"'conv' .*weight \(b\) has type float16"),
        (sym.dot(a, b, name="product"), r"dot 'product'.*rhs \(b\) has type float16"),
        (sym.concat(a, b, dim=1, name="both"), r"Concat 'both'.*arg1 \(b\) has type float16"),
        (sym.SoftmaxOutput(a, b, name="loss"), r"'loss'.*label \(b\) has type float16"),
    ]:
        with pytest.raises(gx.MXNetError, match=text):
            y.infer_type_partial(a="float32", b="float16")
    # from the output: what is added to it tells the types of the layer's inputs
    assert (fc + sym.var("d", dtype="float64")).infer_type()[0] == [np.float64] * 4
    two = sym.Group(
        [sym.elemwise_add(fc, sym.var("d")), sym.elemwise_mul(fc, sym.var("e"), name="m")]
    )
    with pytest.raises(gx.MXNetError, match=r"'m'.*rhs \(e\) has type float16, but lhs \(fc\)"):
        two.infer_type(d="float64", e="float16")
    # inputs that may have types of their own
    for y in (sym.take(a, b), sym.where(b, a, a), sym.SequenceMask(a, b, use_sequence_length=True)):
        assert y.infer_type(a="float32", b="int32")[1] == [np.float32]
    norm = sym.BatchNorm(a, b, c, name="norm")
    assert norm.infer_type(a="float16", b="float32")[0] == [np.float16, np.float32, np.float32]
    with pytest.raises(gx.MXNetError, match=r"gamma \(b\) has type float64"):
        norm.infer_type(a="float32", b="float64")
    emb = sym.Embedding(a, b, input_dim=4, output_dim=3)
    assert emb.infer_type(a="int32", b="float16")[1] == [np.float16]


def test_shapes_that_do_not_fit_name_the_node_and_its_inputs():
    y = sym.dot(sym.var("a"), sym.var("b"), name="product")
    with pytest.raises(gx.MXNetError, match=r"'product'.*lhs=a \(2, 3\).*rhs=b \(4, 5\)"):
        y.infer_shape(a=(2, 3), b=(4, 5))
    with pytest.raises(ValueError, match="by position or by name"):
        y.infer_shape((2, 3), b=(3, 5))


def test_types_follow_from_each_other():
    f16, f32, f64 = np.float16, np.float32, np.float64
    fc = sym.FullyConnected(sym.var("data"), num_hidden=2)
    assert fc.infer_type(data="float16") == ([f16] * 3, [f16], [])
    assert fc.infer_type(f64) == ([f64] * 3, [f64], [])
    assert sym.BatchNorm(sym.var("x")).infer_type(x=f16) == ([f16, f32, f32], [f16], [f32, f32])
    emb = sym.Embedding(sym.var("x"), input_dim=4, output_dim=3)
    assert emb.infer_type(x="int32") == ([np.int32, f32], [f32], [])
    assert sym.var("q", dtype="int8").abs().infer_type() == ([np.int8], [np.int8], [])
    assert sym.var("q").astype("float16").infer_type_partial() == ([None], [f16], [])
    with pytest.warns(UserWarning, match="type of"):
        assert fc.infer_type() == (None, None, None)


# -- the namespace --------------------------------------------------------------------------------


def test_nearly_all_functions_of_nd_are_in_sym():
    def functions(module):
        found = {k: getattr(module, k) for k in dir(module) if not k.startswith("_")}
        return {k for k, f in found.items() if callable(f) and not isinstance(f, type)}

    of_nd, of_sym = functions(nd), functions(sym)
    assert len(of_nd & of_sym) >= 0.95 * len(of_nd), sorted(of_nd - of_sym)
    assert functions(nd.random) - {"bind", "invoke"} <= functions(sym.random)


def test_functions_show_their_signature_and_documentation():
    parameters = inspect.signature(sym.Convolution).parameters
    assert list(parameters)[:4] == ["data", "weight", "bias", "kernel"]
    assert {"name", "attr"} <= set(parameters) and parameters["data"].default is None
    assert sym.Convolution.__doc__ == nd.Convolution.__doc__


class Everything(gx.gluon.HybridBlock):
    """Uses F as blocks do, with and without array arguments."""

    def hybrid_forward(self, F, x, gain):
        self.namespaces.append(F)
        left, right = F.split(x, num_outputs=2, axis=1)
        y = F.concat(left, right, dim=1) + F.zeros((2, 4)) + F.full((2, 4), 2.0) + F.arange(4)
        y = F.maximum(y, 0) + F.add(x, 1) + F.broadcast_mul(x, gain) + F.add_n(x, x)
        y = y + F.random.normal(0, 1, shape=(2, 4)) + F.random.uniform(x, x + 1) * F.ones_like(x)
        return F.where(F.greater(y, F.mean(y)), y, F.concatenate([y[:, :1], y[:, 1:]], axis=1))


def test_f_means_the_same_eagerly_and_hybridized():
    block = Everything()
    block.namespaces = []
    block.gain = block.params.get("gain", shape=(1, 4), init="ones")
    block.initialize()
    x = nd.array([[1, 2, 3, 4], [5, 6, 7, -8]])
    gx.random.seed(5)
    eager = block(x).asnumpy()
    block.hybridize()
    gx.random.seed(5)
    np.testing.assert_allclose(block(x).asnumpy(), eager, rtol=1e-6)
    assert block.namespaces[0] is nd and block.namespaces[-1] is sym


def test_split_v2_cuts_at_indices_or_evenly():
    x = np.arange(5.0)
    for make in (sym.split_v2, lambda s, how: s.split_v2(how)):
        for how, want in (((1, 3), [[0], [1, 2], [3, 4]]), (2, [[0, 1, 2], [3, 4]])):
            parts = make(sym.var("x"), how).eval(x=nd.array(x))
            assert [p.asnumpy().tolist() for p in parts] == want
    assert len(sym.split_v2(nd.array(x), (1,))) == 2


def test_arrays_and_symbols_do_not_mix():
    with pytest.raises(TypeError, match="both NDArrays and Symbols"):
        sym.concat(nd.ones((1,)), sym.var("x"))
    with pytest.raises(TypeError, match="a symbol holds no values"):
        sym.array([1, 2])
    with pytest.raises(TypeError, match="Symbol"):
        nd.relu(sym.var("x"))


def test_a_block_called_with_a_symbol_gives_a_symbol():
    net = gx.nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(gx.nn.Dense(3, activation="relu"), gx.nn.BatchNorm(), gx.nn.Dense(2))
    y = net(sym.var("data"))
    assert isinstance(y, sym.Symbol)
    assert set(y.list_inputs()) == {"data", *(p.name for p in net.collect_params().values())}
    net.initialize()
    x = nd.random.normal(shape=(4, 5))
    want = net(x)
    values = {p.name: p.data() for p in net.collect_params().values()}
    got = y.eval(data=x, **values)[0]
    np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=1e-5, atol=1e-6)
