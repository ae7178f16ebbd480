"""Layers: how they print and name parameters, containers, outputs, and mistakes."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn

ENTRIES = json.loads(Path(__file__).with_name("reference").joinpath("layers.json").read_text())


def nested():
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Dense(3, activation="tanh"), nn.HybridSequential())
        with net[1].name_scope():
            net[1].add(nn.Dense(2), nn.ELU())
    return net


def make(text):
    if text.startswith(("rnn.", "contrib.")):
        return eval(text, {"rnn": gluon.rnn, "contrib": gluon.contrib})
    return nested() if text == "nested" else eval("nn." + text, {"nn": nn})


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["layer"] for entry in ENTRIES])
def test_repr_and_parameters_are_those_of_mxnet(entry):
    layer = make(entry["layer"])
    assert layer.prefix.rstrip("0123456789_") == entry["prefix"]
    params = layer.collect_params()
    found = {
        name[len(layer.prefix) :]: {"shape": list(p.shape), "grad_req": p.grad_req}
        for name, p in params.items()
    }
    assert found == entry["params"]
    assert list(found) == list(entry["params"])
    if "states" in entry:
        assert json.loads(json.dumps(layer.state_info(2))) == entry["states"]
    expected = entry["repr"]
    if "NHWC" in entry["layer"] and "Conv" in entry["layer"]:
        expected = expected.replace("3 -> 4", "None -> 4")  # MXNet shows the kernel's height
    if "Transpose" in entry["layer"]:  # MXNet shows the axes of the weight, outputs first
        true = f"{layer.weight.shape[0] or None} -> {layer.bias.shape[0] if layer.bias else 4}"
        expected = re.sub(r"\d+ -> \d+", true, expected)
    if "Modulated" in entry["layer"]:  # MXNet shows its parts alone
        expected = expected.replace(
            "(\n  (act): Activation(relu)\n)", "(None -> 4, kernel_size=(3, 2), "
        )
        expected += "stride=(1, 1), padding=(1, 1), Activation(relu))"
    assert repr(layer) == expected


def test_every_class_of_mxnet_is_listed():
    contrib = gluon.contrib
    made = {type(make(entry["layer"])) for entry in ENTRIES}
    new = {
        "Block", "HybridBlock", "SymbolBlock", "HybridRecurrentCell", "RecurrentCell",
        "ModifierCell", "MultiHeadAttention", "TransformerDecoderLayer", "TransformerEncoderLayer",
        "RMSNorm", "RotaryEmbedding", "Concatenate", "HybridConcatenate", "BaseRNNCell",
        "BucketSentenceIter", "FusedRNNCell",
    }  # fmt: skip
    for module in (nn, gluon.rnn, contrib.nn, contrib.cnn, contrib.rnn):
        for name in module.__all__:
            kind = getattr(module, name)
            assert not isinstance(kind, type) or name in new or kind in made, name


def test_repr_shows_what_was_learned():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, groups=2), nn.BatchNorm(), nn.Dense(2))
    net.initialize()
    net(nd.ones((1, 2, 5, 5)))
    assert "Conv2D(1 -> 4" in repr(net)
    assert "in_channels=4)" in repr(net)
    assert "Dense(36 -> 2, linear)" in repr(net)


# -- containers -----------------------------------------------------------------------------------

CONTAINERS = [nn.Sequential, nn.HybridSequential, nn.Concatenate, nn.HybridConcatenate]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_containers_are_sequences(kind):
    net = kind()
    layers = [nn.Dense(2), nn.Dense(3), nn.Dense(4)]
    net.add(*layers[:2])
    net.add(layers[2])
    assert len(net) == 3
    assert list(net) == layers
    assert (net[0], net[-1]) == (layers[0], layers[2])
    part = net[1:]
    assert type(part) is kind
    assert list(part) == layers[1:]
    assert part.prefix == net.prefix
    with pytest.raises(IndexError):
        net[3]


@pytest.mark.parametrize("kind", [nn.Concatenate, nn.HybridConcatenate])
def test_concatenate_runs_side_by_side_also_in_part(kind):
    net = kind(axis=1)
    net.add(nn.Dense(2), nn.Identity(), nn.Dense(3))
    net.initialize("ones")
    x = nd.ones((1, 2))
    assert net(x).asnumpy().tolist() == [[2, 2, 1, 1, 2, 2, 2]]
    assert net[1:](x).asnumpy().tolist() == [[1, 1, 2, 2, 2]]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_only_blocks_can_be_added(kind):
    with pytest.raises(TypeError, match=r"add\(\) takes blocks, got .*wrap a function in nn.Lam"):
        kind().add(nd.relu)


@pytest.mark.parametrize("kind", [nn.HybridSequential, nn.HybridConcatenate])
def test_only_hybrid_blocks_can_be_added_to_hybrid_containers(kind):
    with pytest.raises(ValueError, match="Lambda"):
        kind().add(nn.Lambda("relu"))


def test_hybridizing_sequential_of_hybrid_blocks_warns():
    net = nn.Sequential()
    net.add(nn.Dense(2))
    with pytest.warns(UserWarning, match="HybridSequential runs them as one compiled whole"):
        net.hybridize()
    net.add(nn.Lambda("relu"))
    net.hybridize()  # no warning: the whole cannot be compiled


# -- outputs --------------------------------------------------------------------------------------


def test_dense_flattens_only_when_told():
    x = nd.ones((2, 3, 4))
    for flatten, shape, weight in ((True, (2, 5), (5, 12)), (False, (2, 3, 5), (5, 4))):
        dense = nn.Dense(5, flatten=flatten, activation="relu")
        dense.initialize("ones")
        out = dense(x)
        assert (out.shape, dense.weight.shape) == (shape, weight)
        assert (out.asnumpy() == weight[1]).all()


@pytest.mark.parametrize(
    ("layer", "data", "out"),
    [
        (lambda: nn.Conv1D(4, 3), (2, 3, 8), (2, 4, 6)),
        (lambda: nn.Conv2D(4, 3, strides=2, padding=1), (2, 3, 8, 8), (2, 4, 4, 4)),
        (lambda: nn.Conv2D(4, (3, 1), dilation=2, groups=2), (2, 2, 8, 8), (2, 4, 4, 8)),
        (lambda: nn.Conv2D(4, 3, layout="NHWC"), (2, 8, 8, 3), (2, 6, 6, 4)),
        (lambda: nn.Conv3D(4, 3, use_bias=False), (2, 3, 5, 6, 7), (2, 4, 3, 4, 5)),
        (lambda: nn.MaxPool1D(), (2, 3, 9), (2, 3, 4)),
        (lambda: nn.MaxPool2D(3, 2, ceil_mode=True), (2, 3, 8, 8), (2, 3, 4, 4)),
        (lambda: nn.AvgPool2D(layout="NHWC"), (2, 8, 8, 3), (2, 4, 4, 3)),
        (lambda: nn.AvgPool3D(), (2, 3, 4, 6, 8), (2, 3, 2, 3, 4)),
        (lambda: nn.GlobalMaxPool1D(), (2, 3, 9), (2, 3, 1)),
        (lambda: nn.GlobalAvgPool2D(), (2, 3, 8, 8), (2, 3, 1, 1)),
        (lambda: nn.GlobalAvgPool3D(), (2, 3, 4, 4, 4), (2, 3, 1, 1, 1)),
        (lambda: nn.BatchNorm(), (2, 3, 8), (2, 3, 8)),
        (lambda: nn.BatchNormReLU(axis=-1), (2, 3, 8), (2, 3, 8)),
        (lambda: nn.LayerNorm(), (2, 3, 8), (2, 3, 8)),
        (lambda: nn.InstanceNorm(), (2, 3, 8), (2, 3, 8)),
        (lambda: nn.InstanceNorm(axis=2, scale=True), (2, 8, 3), (2, 8, 3)),
        (lambda: nn.Embedding(10, 4), (2, 3), (2, 3, 4)),
        (lambda: nn.Flatten(), (2, 3, 4), (2, 12)),
        (lambda: nn.Dropout(0.5, axes=(1,)), (2, 3), (2, 3)),
        (lambda: nn.Dropout(0), (2, 3), (2, 3)),
        (lambda: nn.Activation("softsign"), (2, 3), (2, 3)),
        (lambda: nn.LeakyReLU(0.1), (2, 3), (2, 3)),
        (lambda: nn.PReLU(in_channels=3), (2, 3), (2, 3)),
        (lambda: nn.ELU(0.5), (2, 3), (2, 3)),
        (lambda: nn.SELU(), (2, 3), (2, 3)),
        (lambda: nn.GELU(), (2, 3), (2, 3)),
        (lambda: nn.SiLU(2.0), (2, 3), (2, 3)),
        (lambda: nn.HybridLambda("tanh"), (2, 3), (2, 3)),
    ],
)
def test_shapes_and_hybridized_equals_eager(layer, data, out):
    layer = layer()
    layer.initialize(gx.init.Uniform(1))
    x = nd.random.uniform(0, 1, shape=data)

    def run():
        x.attach_grad()
        with autograd.record(train_mode=False):
            y = layer(x)
        y.backward()
        grads = [
            p.grad().asnumpy() for p in layer.collect_params().values() if p.grad_req != "null"
        ]
        return [y.asnumpy(), x.grad.asnumpy(), *grads]

    eager = run()
    assert eager[0].shape == out
    layer.hybridize()
    for a, b in zip(run(), eager, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "formula"),
    [
        (nn.LeakyReLU(0.2), lambda x: np.where(x > 0, x, 0.2 * x)),
        (nn.ELU(0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
        (nn.SELU(), lambda x: 1.0507010 * np.where(x > 0, x, 1.6732632 * np.expm1(x))),
        (nn.Swish(2.0), lambda x: x / (1 + np.exp(-2 * x))),
        (nn.Activation("softrelu"), lambda x: np.log1p(np.exp(x))),
    ],
    ids=["LeakyReLU", "ELU", "SELU", "Swish", "softrelu"],
)
def test_activations_follow_their_formulas(layer, formula):
    x = np.linspace(-3, 3, 13).astype("float32")
    np.testing.assert_allclose(layer(nd.array(x)).asnumpy(), formula(x), rtol=1e-5, atol=1e-6)


def test_batch_norm_in_half_precision_keeps_float32_statistics():
    net = nn.HybridSequential()
    net.add(nn.Dense(2, in_units=2), nn.BatchNorm(in_channels=2))
    net.initialize()
    for half in ("float16", np.float16, "bfloat16"):
        net.cast(half)
        assert net[0].weight.dtype != np.float32
        assert {p.dtype for p in net[1].collect_params().values()} <= {np.float32, "float32"}
    net.cast("float64")
    assert np.dtype(net[1].gamma.dtype) == np.float64


def test_lambda_takes_a_function_or_the_name_of_an_operator():
    x = nd.array([-1.0, 4.0])
    assert nn.Lambda("relu")(x).asnumpy().tolist() == [0, 4]
    assert nn.Lambda(lambda a, b: a + b)(x, x).asnumpy().tolist() == [-2, 8]
    assert nn.HybridLambda(lambda F, a: F.relu(a))(x).asnumpy().tolist() == [0, 4]


def test_layers_in_gluon_nn_have_docstrings_with_shapes():
    for name in nn.__all__:
        doc = getattr(nn, name).__doc__
        assert doc, name


# -- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Dense(0), ValueError, "units=0"),
        (lambda: nn.Dense(2, in_units=-1), ValueError, "in_units=-1"),
        (lambda: nn.Dense(2, activation="rleu"), ValueError, "unknown activation 'rleu'.*'relu'"),
        (lambda: nn.Dropout(1.5), ValueError, "rate must be from 0 to 1, got 1.5"),
        (lambda: nn.Embedding(0, 3), ValueError, "input_dim=0, output_dim=3"),
        (lambda: nn.LeakyReLU(-1), ValueError, "alpha must be 0 or greater, got -1"),
        (lambda: nn.Lambda("rleu"), ValueError, "no operator gluonx.nd.rleu"),
        (lambda: nn.HybridLambda(3), TypeError, "name of an operator, got 3"),
        (lambda: nn.Conv2D(0, 3), ValueError, "channels=0"),
        (lambda: nn.Conv2D(3, 3, groups=2), ValueError, "multiples of groups=2"),
        (lambda: nn.Conv2D(4, (3, 3, 3)), ValueError, r"kernel_size .* 2 numbers, got \(3, 3, 3\)"),
        (lambda: nn.Conv2D(4, 3, padding=(1,)), ValueError, r"padding .* 2 numbers, got \(1,\)"),
        (lambda: nn.Conv1D(4, 3, layout="NWC"), ValueError, "layout must be NCW, got 'NWC'"),
        (lambda: nn.MaxPool2D(layout="HW"), ValueError, "NCHW or NHWC, got 'HW'"),
        (lambda: nn.AvgPool1D((1, 2)), ValueError, r"pool_size .* 1 numbers, got \(1, 2\)"),
    ],
)
def test_wrong_arguments_say_what_to_do(make, error, message):
    with pytest.raises(error, match=message):
        make()
