"""Blocks made of symbols, and networks in files."""

import json
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn, sym

GOLDEN = Path(__file__).parent / "golden"
FILES = GOLDEN / "exported-symbol.json", ["data"], GOLDEN / "exported-0000.params"


def network(**known):
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Conv2D(3, 3, **known), nn.BatchNorm(), nn.Activation("relu"), nn.Flatten())
        net.add(nn.Dense(4))
    net.initialize(gx.init.Xavier())
    return net


def image():
    return nd.array(np.random.RandomState(0).rand(2, 2, 5, 5))


@pytest.mark.parametrize("active", [True, False])
def test_network_exported_by_mxnet_gives_its_numbers(active):
    expected = np.load(GOLDEN / "exported.npz")
    net = gluon.SymbolBlock.imports(*FILES)
    net.hybridize(active)
    x = nd.array(expected["x"])
    np.testing.assert_allclose(net(x).asnumpy(), expected["predicted"], rtol=1e-4, atol=1e-5)
    x.attach_grad()
    with autograd.record():
        y = net(x)
        loss = (y * nd.arange(8).reshape((2, 4))).sum()
    loss.backward()
    np.testing.assert_allclose(y.asnumpy(), expected["trained"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(x.grad.asnumpy(), expected["gradient"], rtol=1e-3, atol=1e-3)
    for name, p in net.collect_params().items():
        if p.grad_req != "null":
            np.testing.assert_allclose(
                p.grad().asnumpy(), expected[name], rtol=1e-3, atol=1e-3, err_msg=name
            )


def test_language_model_of_mxnet_gives_its_numbers():
    expected = np.load(GOLDEN / "lstm.npz")
    net = gluon.SymbolBlock.imports(
        GOLDEN / "lstm-symbol.json", "data", GOLDEN / "lstm-0000.params"
    )
    with autograd.record():
        y = net(nd.array(expected["data"]))
        loss = y * nd.array(np.random.RandomState(9).uniform(-1, 1, y.shape))
    loss.backward()
    np.testing.assert_allclose(y.asnumpy(), expected["outputs"], rtol=1e-4, atol=1e-5)
    for name, p in net.collect_params().items():
        np.testing.assert_allclose(
            p.grad().asnumpy(), expected[f"gradient {name}"], rtol=1e-3, atol=1e-4, err_msg=name
        )


def test_export_and_imports_are_inverse(tmp_path):
    net = network()
    x = image()
    y = net(x)
    net.export(tmp_path / "net", 3)
    again = gluon.SymbolBlock.imports(
        tmp_path / "net-symbol.json", "data", tmp_path / "net-0003.params", gx.cpu()
    )
    np.testing.assert_allclose(again(x).asnumpy(), y.asnumpy(), rtol=1e-5, atol=1e-6)
    assert "<Symbol net_dense0_fwd> : 1 -> 1" in repr(again)
    names = set(nd.load(str(tmp_path / "net-0003.params")))
    assert {"arg:net_conv0_weight", "aux:net_batchnorm0_running_mean"} <= names
    nodes = {n["name"]: n for n in json.loads((tmp_path / "net-symbol.json").read_text())["nodes"]}
    assert nodes["data"]["op"] == "null"
    assert nodes["net_conv0_weight"]["attrs"]["__shape__"] == "(3, 2, 3, 3)"
    again.export(tmp_path / "again")
    assert len(nd.load(str(tmp_path / "again-0000.params"))) == len(names)


def test_export_needs_values_but_no_call(tmp_path):
    net = nn.HybridSequential()
    net.add(nn.Dense(3, in_units=2), nn.Dense(1, in_units=3))
    net.initialize()
    net.export(tmp_path / "known")
    with pytest.raises(gx.MXNetError, match=r"net\(x\)"):
        network().export(tmp_path / "unknown")


def test_several_inputs_and_outputs_are_exported(tmp_path):
    class Both(gluon.HybridBlock):
        def hybrid_forward(self, F, a, b):
            return a + b, [a * b]

    Both().export(tmp_path / "both")
    net = gluon.SymbolBlock.imports(tmp_path / "both-symbol.json", ["data0", "data1"])
    a, b = net(nd.array([2]), nd.array([3]))
    assert a.asscalar() == 5 and b.asscalar() == 6


def test_symbol_block_takes_parameters_of_the_network_it_was_cut_from():
    net = network()
    x = image()
    net(x)
    data = sym.var("data")
    inside = net(data).get_internals()
    features = gluon.SymbolBlock(
        [inside["net_relu0_fwd_output"], inside["net_dense0_fwd_output"]],
        data, params=net.collect_params(),
    )  # fmt: skip
    shapes = [y.shape for y in features(x)]
    assert shapes == [(2, 3, 3, 3), (2, 4)]
    with autograd.record():
        loss = features(x)[1].sum()
    loss.backward()
    assert net[4].bias.grad().asnumpy().tolist() == [2, 2, 2, 2]


def test_parameters_without_file_wait_for_their_shapes():
    net = gluon.SymbolBlock.imports(*FILES[:2])
    outer = nn.HybridSequential()
    outer.add(net, nn.Dense(2))
    outer.initialize()
    outer.hybridize()
    assert outer(image()).shape == (2, 2)
    assert net.collect_params()["net_conv0_weight"].shape == (3, 2, 3, 3)


def test_symbol_block_composes_symbols():
    net = gluon.SymbolBlock.imports(*FILES)
    y = net(sym.var("a") * 2)
    assert y.list_arguments()[0] == "a" and y.list_outputs() == ["net_layernorm0_layernorm0_output"]


def test_fusing_a_step_of_a_symbol_block():
    net = gluon.SymbolBlock.imports(*FILES)
    trainer = gluon.Trainer(net.collect_params(), "sgd")
    for _ in range(2):
        with autograd.record():
            loss = (net(image()) ** 2).sum()
        loss.backward()
        trainer.step(1)
    assert "symbolblock" in str(gx.engine.explain()) and "backward + update" in str(
        gx.engine.explain()
    )


def test_loops_run_inside_a_symbol_block():
    x = sym.var("x")
    total, _ = sym.contrib.foreach(lambda a, s: (a + s, a + s), x, sym.sum(x, axis=0) * 0)
    net = gluon.SymbolBlock(total, x)
    for active in (True, False):
        net.hybridize(active)
        assert net(nd.array([[1], [2], [3]])).asnumpy().ravel().tolist() == [1, 3, 6]


def test_optimize_for_leaves_the_network_ready():
    net = network()
    assert net.optimize_for(image(), backend="any") is None
    assert net[4].weight.shape == (4, 27) and net._active


def test_mistakes_are_named(tmp_path):
    with pytest.raises(ValueError, match="no input dat;"):
        gluon.SymbolBlock.imports(FILES[0], "dat")
    with pytest.raises(TypeError, match="takes 1 inputs"):
        gluon.SymbolBlock.imports(*FILES)(image(), image())
    with pytest.raises(ValueError, match="variables"):
        gluon.SymbolBlock(sym.var("x") + 1, sym.var("x") + 1)
    nd.save(str(tmp_path / "part.params"), {"arg:net_conv0_weight": nd.ones((3, 2, 3, 3))})
    with pytest.raises(ValueError, match="net_dense0_weight"):
        gluon.SymbolBlock.imports(FILES[0], "data", tmp_path / "part.params")


def test_a_file_of_version_0_8_is_brought_up_to_date():
    def node(op, name, inputs=(), param=None, attr=None):
        return {"op": op, "name": name, "inputs": [[i, 0] for i in inputs], "param": param or {},
                "attr": attr or {}, "backward_source_id": -1}  # fmt: skip

    nodes = [
        node("null", "data", attr={"lr_mult": "0.2"}),
        node("null", "fc_weight"),
        node("null", "fc_bias"),
        node("FullyConnected", "fc", (0, 1, 2), {"num_hidden": "6"},
             {"ctx_group": "one", "weight_lr_mult": "1.5"}),
        node("null", "bn_gamma"),
        node("null", "bn_beta"),
        node("BatchNorm", "bn", (3, 4, 5), {"eps": "0.001", "fix_gamma": "False"}),
        node("argmax", "am", (6,), {"axis": "-1"}),
    ]  # fmt: skip
    text = json.dumps({"nodes": nodes, "arg_nodes": [0, 1, 2, 4, 5], "heads": [[6, 0], [7, 0]]})
    net = sym.load_json(text)
    # as MXNet 1.9.1 reads it
    assert net.list_auxiliary_states() == ["bn_moving_mean", "bn_moving_var"]
    attrs = net.attr_dict()
    assert attrs["data"]["__lr_mult__"] == "0.2" and attrs["fc_weight"]["__lr_mult__"] == "1.5"
    assert attrs["fc"]["__ctx_group__"] == "one" and "weight_lr_mult" not in attrs["fc"]
    assert attrs["bn_moving_var"]["__init__"] == '["one", {}]'
    assert net.infer_shape(data=(3, 4))[1:] == ([(3, 6), (1,)], [(6,), (6,)])
    nodes[6]["inputs"] = nodes[6]["inputs"][:2]
    newer = {"nodes": nodes, "heads": [[6, 0]], "attrs": {"mxnet_version": ["int", 10901]}}
    with pytest.raises(gx.MXNetError, match="takes 5 inputs"):
        sym.load_json(json.dumps(newer))
