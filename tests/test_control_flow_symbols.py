"""Symbols with loops and branches: composed, inferred, run, differentiated, written and read."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import nd
from gluonx.error import MXNetError

REFERENCE = Path(__file__).parent / "reference"
sys.path.insert(0, str(REFERENCE))
from make_control_flow import graphs, run  # noqa: E402

MXNET = json.loads((REFERENCE / "control_flow.json").read_text())
NAMES = list(MXNET)


@pytest.fixture(scope="module")
def composed():
    with gx.name.NameManager():
        gx.symbol.control_flow._names.clear()
        return {name: (symbol, shapes) for name, symbol, shapes in graphs(gx)}


def same(found, expected, valid=None):
    for a, b in zip(found, expected, strict=True):
        a, b = np.array(a), np.array(b)
        np.testing.assert_allclose(a[:valid], b[:valid], rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_symbol_composed_writes_what_mxnet_writes(composed, name):
    assert json.loads(composed[name][0].tojson()) == json.loads(MXNET[name]["symbol"])


@pytest.mark.parametrize("name", NAMES)
def test_symbol_of_mxnet_loaded_gives_its_numbers(composed, name):
    symbol, shapes = gx.sym.load_json(MXNET[name]["symbol"]), composed[name][1]
    outs, grads = run(gx, symbol, shapes)
    # what MXNet leaves beyond the last step of a while_loop is memory that nobody wrote
    same(outs[:1], MXNET[name]["outputs"][:1], 5 if name == "while" else None)
    same(outs[1:], MXNET[name]["outputs"][1:])
    expected = MXNET[name]["gradients"]
    same([grads[k] for k in expected], expected.values())


@pytest.mark.parametrize("name", NAMES)
def test_symbol_with_subgraphs_infers_shapes_of_outputs(composed, name):
    symbol, shapes = composed[name]
    args, outs, _ = symbol.infer_shape(**shapes)
    assert dict(zip(symbol.list_arguments(), args, strict=True)) == shapes
    assert outs == [np.array(o).shape for o in MXNET[name]["outputs"]]
    assert symbol.infer_type("float32")[1] == [np.float32] * len(outs)


def test_foreach_infers_parameters_and_states_from_data(composed):
    symbol, shapes = composed["foreach"]
    args, outs, _ = symbol.infer_shape(data=(4, 2, 5))
    assert dict(zip(symbol.list_arguments(), args, strict=True)) == shapes
    assert outs == [(4, 2, 3), (2, 3)]
    assert set(sum(symbol.infer_type(data="float64"), [])) == {np.float64}


def test_copies_of_a_symbol_with_a_loop_compute_the_same(composed, tmp_path):
    import copy
    import pickle

    symbol, shapes = composed["nested"]
    symbol.save(tmp_path / "net-symbol.json")
    expected = run(gx, symbol, shapes)
    for other in (
        gx.sym.load(tmp_path / "net-symbol.json"),
        pickle.loads(pickle.dumps(symbol)),
        copy.deepcopy(symbol),
        symbol.get_internals()[symbol.list_outputs()[0]],
    ):
        assert run(gx, other, shapes)[0][0] == expected[0][0]


def test_float64_loop_in_a_graph_keeps_its_precision():
    x = gx.sym.var("x")
    outs, _ = gx.sym.contrib.foreach(
        lambda x, s: (gx.sym.cast(x, "float64") / 3, s + x), x, gx.sym.var("s")
    )
    y = outs.eval(x=nd.ones((2, 1)), s=nd.ones((1,)))[0]
    assert y.dtype == np.float64 and y.asnumpy()[0, 0] == 1 / 3


def test_batch_norm_in_a_loop_updates_its_statistics_at_each_step():
    def body(x, s):
        y = gx.sym.BatchNorm(x, momentum=0.5, fix_gamma=False, name="bn")
        return y + s, s * 1

    outs, _ = gx.sym.contrib.foreach(body, gx.sym.var("x"), gx.sym.var("s"))
    assert outs.list_auxiliary_states() == ["bn_moving_mean", "bn_moving_var"]
    executor = outs.simple_bind(gx.cpu(), x=(3, 2, 4))
    x = np.random.randn(3, 2, 4).astype("float32")
    executor.forward(is_train=True, x=x)
    mean = np.zeros(4)
    for part in x:
        mean = mean / 2 + part.mean(0) / 2
    np.testing.assert_allclose(executor.aux_dict["bn_moving_mean"].asnumpy(), mean, rtol=1e-5)


def test_random_operators_in_a_loop_draw_anew_at_each_step():
    outs, _ = gx.sym.contrib.foreach(
        lambda x, s: (x + gx.sym.random.uniform(shape=(3,)), s * 1),
        gx.sym.var("x"),
        gx.sym.var("s"),
    )
    y = outs.eval(x=nd.zeros((4, 3)), s=nd.zeros((1,)))[0].asnumpy()
    assert len(np.unique(y)) == 12


def test_bodies_that_cannot_be_graphs_raise_errors_that_say_why():
    x, s = gx.sym.var("x"), gx.sym.var("s")
    contrib = gx.sym.contrib
    with pytest.raises(MXNetError, match="does not use a state"):
        contrib.foreach(lambda x, s: (x * 2, x), x, s)
    with pytest.raises(TypeError, match="must return two things"):
        contrib.foreach(lambda x, s: x + s, x, s)
    with pytest.raises(ValueError, match="as many states"):
        contrib.foreach(lambda x, s: (x, [s, s]), x, s)
    with pytest.raises(ValueError, match="max_iterations"):
        contrib.while_loop(lambda i: i, lambda i: (i, i), x)
    with pytest.raises(ValueError, match="a new value for each"):
        contrib.while_loop(lambda i: i, lambda i: (i, [i, i]), [x], 3)
    with pytest.raises(ValueError, match="2 outputs, else_func 1"):
        contrib.cond(x, lambda: [x, s], lambda: [x])
    with pytest.raises(TypeError, match="must be Symbols"):
        contrib.foreach(lambda x, s: (x, s), 3, [])


@pytest.mark.parametrize(
    "change",
    [
        lambda node: node.pop("subgraphs"),
        lambda node: node["subgraphs"].append(node["subgraphs"][0]),
        lambda node: node["attrs"].update(remain_locs="[0]"),
        lambda node: node["attrs"].update(in_data_locs="[9]"),
        lambda node: node["attrs"].update(num_outputs="5"),
        lambda node: node["subgraphs"].__setitem__(0, 3),
        lambda node: node.update(op="exp"),
    ],
)
def test_file_whose_subgraphs_do_not_fit_raises(change):
    graph = json.loads(MXNET["foreach"]["symbol"])
    change(next(n for n in graph["nodes"] if n["op"] == "_foreach"))
    with pytest.raises(MXNetError):
        gx.sym.load_json(json.dumps(graph))
