"""Initializers: distributions, the choice by name, and what `dumps` and `create` carry."""

import inspect
import json
import logging
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import gluon, init, nd, nn

RANDOM = [
    init.Uniform(0.5),
    init.Normal(2.0),
    init.Xavier(),
    init.Xavier("gaussian", "in", 2),
    init.MSRAPrelu("out", 0.1),
    init.Orthogonal(),
]
FIXED = [init.Zero(), init.One(), init.Constant(3.5), init.LSTMBias(2.0)]

ENTRIES = json.loads(
    Path(__file__).with_name("reference").joinpath("initializers.json").read_text()
)


def filled(initializer, shape=(40, 50), name="fc_weight", **kwargs):
    array = nd.full(shape, -7.0, **kwargs)
    initializer(init.InitDesc(name), array)
    return array.asnumpy()


def made(entry):
    return eval("init." + entry["initializer"], {"init": init, "mx": gx})


def test_every_initializer_is_listed():
    kinds = {
        kind
        for name in init.__all__
        if inspect.isclass(kind := getattr(init, name)) and name not in ("InitDesc", "Initializer")
    }
    assert {type(made(entry)) for entry in ENTRIES} == kinds
    listed = {type(i) for i in [*RANDOM, *FIXED, init.Bilinear()]}
    assert kinds - listed == {init.FusedRNN, init.Load, init.Mixed}  # no numbers of their own


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["initializer"])
def test_numbers_are_as_mxnets(entry):
    draws = [filled(made(entry), entry["shape"], entry["name"]) for _ in range(4)]
    if "values" in entry:
        np.testing.assert_allclose(draws[0].ravel(), entry["values"], rtol=1e-6)
        return
    draws = np.stack(draws).astype("float64")
    assert abs(draws.mean()) < 5 * entry["std"] / draws.size**0.5
    np.testing.assert_allclose(draws.std(), entry["std"], rtol=0.02)
    np.testing.assert_allclose((draws**4).mean() ** 0.25, entry["fourth"], rtol=0.03)
    # the largest of many normal numbers varies
    np.testing.assert_allclose(abs(draws).max(), entry["largest"], rtol=0.3)


@pytest.mark.parametrize(
    ("initializer", "bound"),
    [
        (init.Uniform(), 0.07),
        (init.Uniform(2.0), 2.0),
        (init.Xavier(), (3 / 45) ** 0.5),
        (init.Xavier(factor_type="in"), (3 / 50) ** 0.5),
        (init.Xavier(factor_type="out", magnitude=1), (1 / 40) ** 0.5),
    ],
    ids=repr,
)
def test_uniform_numbers_fill_the_interval(initializer, bound):
    values = filled(initializer)
    assert bound * 0.99 < values.max() <= bound
    assert -bound <= values.min() < -bound * 0.99
    np.testing.assert_allclose(values.std(), bound / 3**0.5, rtol=0.05)


@pytest.mark.parametrize(
    ("initializer", "sigma"),
    [
        (init.Normal(), 0.01),
        (init.Normal(3.0), 3.0),
        (init.Xavier("gaussian"), (3 / 45) ** 0.5),
        (init.Xavier("gaussian", "in", 2), (2 / 50) ** 0.5),
        (init.MSRAPrelu(), (2 / (1 + 0.25**2) / 45) ** 0.5),
        (init.MSRAPrelu("in", 0), (2 / 50) ** 0.5),
    ],
    ids=repr,
)
def test_normal_numbers_have_the_standard_deviation(initializer, sigma):
    values = filled(initializer)
    np.testing.assert_allclose(values.std(), sigma, rtol=0.07)
    assert abs(values.mean()) < 4 * sigma / values.size**0.5
    assert values.max() > 2 * sigma


def test_xavier_counts_the_receptive_field():
    values = filled(init.Xavier(), shape=(16, 8, 5, 5))
    bound = (3 / (12 * 25)) ** 0.5
    assert bound * 0.99 < abs(values).max() <= bound


@pytest.mark.parametrize("shape", [(6, 10), (10, 6), (4, 3, 2)])
@pytest.mark.parametrize("rand_type", ["uniform", "normal"])
def test_orthogonal_rows_or_columns_are_orthogonal(shape, rand_type):
    matrix = filled(init.Orthogonal(scale=2.0, rand_type=rand_type), shape).reshape(shape[0], -1)
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    np.testing.assert_allclose(matrix @ matrix.T, 4 * np.eye(len(matrix)), atol=1e-5)


def test_bilinear_kernel_interpolates():
    values = filled(init.Bilinear(), shape=(2, 1, 4, 4))
    row = np.array([0.25, 0.75, 0.75, 0.25])
    np.testing.assert_allclose(values[1, 0], np.outer(row, row))


def test_lstm_bias_sets_the_forget_gate():
    values = filled(init.LSTMBias(1.5), shape=(8,))
    # By name it is a bias, and biases are zero; as a parameter's own initializer it counts.
    assert filled(init.LSTMBias(1.5), (8,), "lstm_bias").tolist() == [0] * 8
    assert values.tolist() == [0, 0, 1.5, 1.5, 0, 0, 0, 0]


def test_constant_takes_arrays_and_broadcasts():
    for value in ([1, 2], np.array([1, 2]), nd.array([1, 2])):
        assert filled(init.Constant(value), (3, 2)).tolist() == [[1, 2]] * 3
    with pytest.raises(ValueError, match=r"fc_weight has shape \(3, 2\), the value \(3,\)"):
        filled(init.Constant([1, 2, 3]), (3, 2))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fc_weight", 3.5),
        ("fc_bias", 0),
        ("bn_gamma", 1),
        ("bn_beta", 0),
        ("bn_running_mean", 0),
        ("bn_running_var", 1),
        ("bn_moving_mean", 0),
        ("bn_moving_var", 1),
        ("conv_min", 0),
        ("conv_max", 1),
    ],
)
def test_end_of_the_name_decides(name, expected):
    assert (filled(init.Constant(3.5), (2,), name) == expected).all()
    array = nd.zeros((2,))
    init.Constant(3.5)(name, array)  # a plain string will do
    assert (array.asnumpy() == expected).all()


def test_initializer_of_the_variable_goes_before_the_global_one():
    for own in ("ones", init.One(), '["one", {}]'):
        array = nd.zeros((2,))
        init.Uniform()(init.InitDesc("fc_bias", {"__init__": own}), array)
        assert array.asnumpy().tolist() == [1, 1]


def test_unknown_end_of_a_name_raises():
    with pytest.raises(ValueError, match=r"'alpha'.*known endings are weight, bias.*init=\.\.\."):
        filled(init.Uniform(), (2,), "alpha")


@pytest.mark.parametrize("initializer", RANDOM, ids=repr)
def test_seed_governs_the_numbers(initializer):
    gx.random.seed(5)
    first = filled(initializer)
    second = filled(initializer)
    gx.random.seed(5)
    assert (filled(initializer) == first).all()
    assert (second != first).any()


@pytest.mark.parametrize("dtype", ["float16", "float64"])
@pytest.mark.parametrize("initializer", RANDOM + FIXED, ids=repr)
def test_element_type_of_the_array_is_kept(initializer, dtype):
    array = nd.full((8, 4), -7, dtype=dtype)
    initializer(init.InitDesc("w_weight"), array)
    assert array.dtype == np.dtype(dtype)
    assert (array.asnumpy() != -7).all()


@pytest.mark.parametrize("initializer", RANDOM + FIXED + [init.Bilinear()], ids=repr)
def test_dumps_carries_the_arguments(initializer):
    again = init.create(initializer.dumps())
    assert again == initializer
    assert hash(again) == hash(initializer)
    assert again is not initializer
    assert repr(again) == repr(initializer)


def test_dumps_is_that_of_mxnet():
    assert init.Normal(0.5).dumps() == '["normal", {"sigma": 0.5}]'
    assert init.Xavier(magnitude=2.34).dumps() == (
        '["xavier", {"rnd_type": "uniform", "factor_type": "avg", "magnitude": 2.34}]'
    )
    assert init.MSRAPrelu().dumps() == '["msraprelu", {"factor_type": "avg", "slope": 0.25}]'
    assert init.Constant(nd.ones((2,))).dumps() == '["constant", {"value": [1.0, 1.0]}]'


def test_equality_compares_class_and_arguments():
    assert init.Normal(1) == init.Normal(1)
    assert init.Normal(1) != init.Normal(2)
    assert init.Normal(1) != init.Uniform(1)
    assert init.Constant(nd.array([1, 2])) == init.Constant([1, 2])
    assert init.Zero() != "zeros"


def test_create_knows_names_in_any_case_and_registered_classes():
    assert init.create("Xavier", magnitude=2) == init.Xavier(magnitude=2)
    assert init.create("zeros") == init.Zero()
    assert init.create("ones") == init.One()

    @init.register
    @init.alias("a_third")
    class Third(init.Initializer):
        def _init_weight(self, name, arr):
            arr[:] = 1 / 3

    net = nn.Dense(1, in_units=2)
    net.initialize("a_third")
    np.testing.assert_allclose(net.weight.data().asnumpy(), 1 / 3)
    assert init.create("third") == Third()


def test_registering_another_class_under_a_name_warns_but_a_rerun_cell_does_not():
    def define(scope):
        class Again(init.Initializer):
            pass

        Again.__qualname__ = scope + "Again"
        return Again

    init.register(define(""))
    init.register(define(""))
    with pytest.warns(UserWarning, match="initializer 'again' was .* and is now"):
        init.register(define("Other."))


def test_mixed_chooses_by_pattern():
    mixed = init.Mixed(["fc1_", ".*"], ["ones", init.Constant(4)])
    assert (filled(mixed, (2,), "fc1_weight") == 1).all()
    assert (filled(mixed, (2,), "fc2_weight") == 4).all()
    assert (filled(mixed, (2,), "fc2_bias") == 0).all()

    net = nn.HybridSequential(prefix="")
    net.add(nn.Dense(2, in_units=2, prefix="fc1_"), nn.Dense(2, in_units=2, prefix="fc2_"))
    net.initialize(mixed)
    assert (net[0].weight.data().asnumpy() == 1).all()
    assert (net[1].weight.data().asnumpy() == 4).all()
    assert (net[1].bias.data().asnumpy() == 0).all()


def test_load_takes_arrays_by_name(tmp_path, caplog):
    stored = {"arg:fc_weight": nd.array([1, 2]), "aux:bn_mean": nd.array([3])}
    file = str(tmp_path / "weights.params")
    nd.save(file, stored)
    for source in (stored, file):
        load = init.Load(source, default_init="ones", verbose=True)
        with caplog.at_level(logging.INFO):
            assert filled(load, (2,), "fc_weight").tolist() == [1, 2]
            assert filled(load, (1,), "bn_mean").tolist() == [3]
            assert filled(load, (2,), "other_weight").tolist() == [1, 1]
    assert "fc_weight by loading" in caplog.text
    assert "other_weight by default" in caplog.text

    net = nn.Dense(1, in_units=2, prefix="fc_")
    net.initialize(init.Load({"fc_weight": nd.array([[1, 2]])}))
    assert net.weight.data().asnumpy().tolist() == [[1, 2]]


def test_verbosity_logs_each_array(caplog):
    with caplog.at_level(logging.INFO):
        filled(init.Constant(3.0).set_verbosity(True), (2,))
        filled(init.One().set_verbosity(True, lambda array: "mine"), (2,))
        filled(init.Zero(), (2,), "quiet_weight")
    assert "Initialized fc_weight as weight: 3.0" in caplog.text
    assert "Initialized fc_weight as weight: mine" in caplog.text
    assert "quiet_weight" not in caplog.text


def test_parameters_use_their_own_initializer():
    net = nn.Dense(2, in_units=3, weight_initializer="ones", bias_initializer=init.Constant(2))
    net.initialize(init.Normal())
    assert (net.weight.data().asnumpy() == 1).all()
    assert (net.bias.data().asnumpy() == 2).all()
    lstm = gluon.Parameter("lstm_bias", shape=(4,), init=init.LSTMBias(7))
    lstm.initialize()
    assert lstm.data().asnumpy().tolist() == [0, 7, 0, 0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: init.create("xavior"),
            ValueError,
            "unknown .* 'xavior'; known are .*bilinear, constant",
        ),
        (lambda: init.create(3), TypeError, "cannot make initializer from 3"),
        (lambda: init.create("[1"), ValueError, "describes no initializer"),
        (lambda: init.create('["zero"]'), ValueError, "describes no initializer"),
        (lambda: init.create(init.Zero(), 1), TypeError, "takes no further arguments"),
        (lambda: init.Xavier(rnd_type="normal"), ValueError, "'uniform' or 'gaussian'"),
        (lambda: init.Xavier(factor_type="sum"), ValueError, "'avg', 'in' or 'out', got 'sum'"),
        (lambda: init.Orthogonal(rand_type="x"), ValueError, "'uniform' or 'normal', got 'x'"),
        (lambda: filled(init.Xavier(), (3,)), ValueError, r"fc_weight has shape \(3,\)"),
        (lambda: filled(init.Bilinear(), (3, 3)), ValueError, "needs an array with four axes"),
        (lambda: init.Zero()(3, nd.ones((1,))), TypeError, "must be an InitDesc or str, got 3"),
        (lambda: init.Zero()("a_weight", np.ones(1)), TypeError, "expected an NDArray"),
        (lambda: init.Mixed(["a"], []), ValueError, "got 1 patterns and 0 initializers"),
        (lambda: init.Mixed(["b"], ["zeros"])("a", nd.ones((1,))), ValueError, "no pattern"),
        (lambda: init.Load({})("a", nd.ones((1,))), ValueError, "give Load a default_init"),
        (
            lambda: init.Load({"a": nd.ones((2,))})("a", nd.ones((1,))),
            ValueError,
            r"a has shape \(1,\), the loaded array \(2,\)",
        ),
        (lambda: init.Load([1]), TypeError, "needs arrays by name"),
        (
            lambda: filled(init.Initializer()),
            NotImplementedError,
            "Initializer must define _init_weight",
        ),
    ],
)
def test_wrong_calls_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_fused_rnn_initializes_each_part_by_its_name():
    init = gx.init.FusedRNN("ones", 2, 2, "lstm", bidirectional=True, forget_bias=3.0)
    assert gx.init.create(init.dumps()) == init
    sizes = 2 * 8 * (3 + 2) + 2 * 8 * (4 + 2)  # weights of both layers, for three inputs
    parameters = gx.nd.zeros((sizes + 8 * 8,))
    init("parameters", parameters)
    found = parameters.asnumpy()
    assert (found[:sizes] == 1).all()
    assert found[sizes:].tolist() == [0, 0, 3, 3, 0, 0, 0, 0] * 8
    with pytest.raises(ValueError, match="elements, which no layer has"):
        init("parameters", gx.nd.zeros((sizes,)))
    with pytest.raises(ValueError, match="mode must be one of"):
        gx.init.FusedRNN(None, 2, 1, "gated")
