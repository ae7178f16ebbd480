"""Metrics: values against MXNet 1.9.1, work left on the device, and mistakes."""

import copy
import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, metric, nd

ENTRIES = json.loads(Path(__file__).with_name("reference").joinpath("metrics.json").read_text())
IDS = [f"{i}-{entry['metric']}" for i, entry in enumerate(ENTRIES)]

#: Metrics whose updates leave everything on the device, with arguments and one update.
ON_DEVICE = {
    "acc": ({}, [0, 1], [[0.3, 0.7], [0.1, 0.9]]),
    "top_k_acc": ({"top_k": 2}, [0, 1], [[0.3, 0.7, 0.1], [0.1, 0.9, 0.2]]),
    "ce": ({}, [0, 1], [[0.3, 0.7], [0.1, 0.9]]),
    "nll_loss": ({}, [0, 1], [[0.3, 0.7], [0.1, 0.9]]),
    "perplexity": ({"ignore_label": 0}, [0, 1], [[0.3, 0.7], [0.1, 0.9]]),
    "mae": ({}, [0, 1], [0.5, 2]),
    "mse": ({}, [0, 1], [0.5, 2]),
    "rmse": ({}, [0, 1], [0.5, 2]),
    "f1": ({}, [0, 1], [[0.3, 0.7], [0.1, 0.9]]),
    "mcc": ({"average": "micro"}, [0, 1], [[0.3, 0.7], [0.1, 0.9]]),
    "loss": ({}, [], [0.5, 2]),
    "torch": ({}, [], [0.5, 2]),
    "caffe": ({}, [], [0.5, 2]),
    "pcc": ({}, [0, 1], [[0.7, 0.3], [0.1, 0.9]]),
    "pearsonr": ({"average": "micro"}, [0, 1], [0.5, 2]),
}
BY_UPDATE = ("mae", "mse", "rmse", "f1", "perplexity", "pcc", "pearsonr")


def arrays(stored):
    return [nd.array(np.array(a["values"]).reshape(a["shape"]), dtype="float32") for a in stored]


def update_all(made, updates, before_last=lambda: None):
    """The result after each update."""
    after = []
    for i, update in enumerate(updates):
        if i == len(updates) - 1:
            before_last()
        made.update(arrays(update["labels"]), arrays(update["preds"]))
        after.append(made.get()[1])
    return after


def test_every_metric_is_listed():
    kinds = {c for n in metric.__all__ if inspect.isclass(c := getattr(metric, n))}
    others = {metric.EvalMetric, metric.CompositeEvalMetric, metric.CustomMetric}  # tests below
    assert {type(metric.create(e["metric"], **e["arguments"])) for e in ENTRIES} == kinds - others
    on_device = {type(metric.create(n, **a)) for n, (a, _, _) in ON_DEVICE.items()}
    assert on_device == kinds - others


@pytest.mark.parametrize("entry", ENTRIES, ids=IDS)
def test_values_equal_those_of_mxnet(entry):
    made = metric.create(entry["metric"], **entry["arguments"])
    assert np.isnan(made.get()[1])
    after = update_all(made, entry["updates"])
    assert made.get()[0] == entry["name"]
    np.testing.assert_allclose(after, entry["after"], rtol=1e-5)
    np.testing.assert_allclose(made.get_global()[1], after[-1], rtol=1e-6)


@pytest.mark.parametrize("entry", ENTRIES, ids=IDS)
def test_reset_local_keeps_the_sums_since_reset(entry):
    made = metric.create(entry["metric"], **entry["arguments"])
    last = update_all(made, entry["updates"], before_last=made.reset_local)[-1]
    total = made.get_global()[1]
    if "last" in entry:
        np.testing.assert_allclose(last, entry["last"], rtol=1e-5)
        np.testing.assert_allclose(total, entry["all"], rtol=1e-5)
    else:
        np.testing.assert_allclose(total, entry["after"][-1], rtol=1e-5)
    made.reset()
    assert np.isnan(made.get()[1])
    assert np.isnan(made.get_global()[1])


@pytest.mark.parametrize("entry", ENTRIES, ids=IDS)
def test_configuration_makes_an_equal_metric(entry):
    made = metric.create(entry["metric"], **entry["arguments"])
    again = metric.create(**made.get_config())
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    assert again.name == made.name


# -- updates stay on the device -------------------------------------------------------------------


@pytest.mark.parametrize("name", ON_DEVICE)
def test_update_reads_no_value_until_get(name, monkeypatch):
    arguments, label, pred = ON_DEVICE[name]
    label, pred = nd.array(label), nd.array(pred)
    if not label.size:
        label = []
    expected = metric.create(name, **arguments)
    expected.update(label, pred)
    expected = expected.get()

    made = metric.create(name, **arguments)
    with monkeypatch.context() as patch:

        def read(self, *args, **kwargs):
            raise AssertionError("update() read a value")

        for method in ("asnumpy", "asscalar", "wait_to_read", "__array__", "asjax"):
            patch.setattr(nd.NDArray, method, read)
        made.update(label, pred)
        made.update(label, pred)
    assert made.get() == pytest.approx(expected, nan_ok=True)
    assert made.num_inst == 2 * (1 if name in BY_UPDATE else 2)
    other = metric.create(name, **arguments)
    other.load_state_dict(json.loads(json.dumps(made.state_dict())))
    for one in (made, other):
        one.update(label, pred)
    assert made.get() == other.get() and made.get_global() == other.get_global()


def test_updates_before_the_step_join_it():
    net = gx.nn.Dense(2, in_units=3, prefix="measured_")
    net.initialize()
    net.hybridize()
    trainer = gx.gluon.Trainer(net.collect_params(), "sgd")
    loss_function = gx.gluon.loss.SoftmaxCrossEntropyLoss()
    x, y = nd.ones((4, 3)), nd.array([0, 1, 0, 1])
    made = metric.create(["acc", "f1", "pcc", "ce"])
    for _ in range(3):
        with autograd.record():
            out = net(x)
            loss = loss_function(out, y)
        loss.backward()
        made.update(y, out)
        trainer.step(4)
    steps = [s for s in gx.engine.explain().steps if "measured" in s.name]
    assert [(s.times, s.runs) for s in steps] == [(1, 3)]
    assert made.metrics[0].num_inst == 12


def test_updates_that_wait_are_bounded_and_none_is_lost():
    made = metric.Loss()
    longest = 0
    for i in range(1000):
        made.update(None, nd.array([float(i)]))
        longest = max(longest, len(made._waiting))
    assert longest < 200
    assert made.get() == ("loss", 499.5)


def test_counts_stay_exact_beyond_what_float32_can_count():
    made = metric.Accuracy()
    made.sum_metric, made.num_inst = 2**24, 2**24
    for _ in range(3):
        made.update(nd.array([1]), nd.array([1]))
    assert made.sum_metric == 2**24 + 3
    large = nd.zeros((2**24 + 1,), dtype="int8")
    made.reset()
    made.update(large, large)
    assert made.sum_metric == 2**24 + 1


def test_loss_in_half_precision_is_summed_in_float32():
    made = metric.Loss()
    made.update(None, nd.full((4096,), 100, dtype="float16"))
    assert made.get() == ("loss", 100.0)


def test_update_while_recording_is_not_recorded():
    x = nd.ones((3,))
    x.attach_grad()
    made = metric.Loss()
    with autograd.record():
        y = x * 2
        made.update(None, y)
        z = y * 3
    z.backward()
    assert x.grad.asnumpy().tolist() == [6, 6, 6]
    assert made.get() == ("loss", 2.0)


def test_values_are_those_at_the_time_of_the_update():
    pred = nd.array([1.0, 3.0])
    made = metric.Loss()
    made.update(None, pred)
    pred[:] = 100
    assert made.get() == ("loss", 2.0)


def test_labels_and_predictions_may_be_on_different_devices():
    made = metric.Accuracy()
    made.update(nd.array([1, 0], ctx=gx.cpu(1)), nd.array([[0, 1], [0, 1]]))
    made.update(
        [nd.array([1]), nd.array([1])],
        [nd.array([[0, 1]], ctx=gx.cpu(1)), nd.array([[0, 1]])],
    )
    assert made.get() == ("accuracy", 0.75)


def test_copy_has_sums_of_its_own():
    made = metric.Loss()
    made.update(None, nd.array([1.0]))
    other = copy.deepcopy(made)
    other.update(None, nd.array([3.0]))
    assert (made.get()[1], other.get()[1]) == (1.0, 2.0)


# -- the interface --------------------------------------------------------------------------------


def test_update_takes_keywords_single_arrays_and_numpy_arrays():
    made = metric.Accuracy()
    made.update(preds=nd.array([[0, 1.0]]), labels=nd.array([1]))
    made.update(labels=[np.array([0])], preds=[np.array([[0, 1.0]])])
    assert made.get() == ("accuracy", 0.5)
    assert made.get_name_value() == [("accuracy", 0.5)]
    assert str(made) == "EvalMetric: {'accuracy': 0.5}"


def test_update_dict_takes_the_named_arrays():
    made = metric.Accuracy(output_names=["scores"], label_names=["digit"])
    wrong, right = nd.array([[1, 0]]), nd.array([[0, 1]])
    made.update_dict(
        {"digit": nd.array([1]), "other": nd.array([0])}, {"x": wrong, "scores": right}
    )
    assert made.get()[1] == 1
    with pytest.raises(ValueError, match="no array called digit; there are label"):
        made.update_dict({"label": nd.array([1])}, {"scores": right})


def test_metric_of_a_user_adds_to_its_sums():
    class Largest(metric.EvalMetric):
        def __init__(self):
            super().__init__("largest")

        def update(self, labels, preds):
            self.sum_metric += preds.asnumpy().max()
            self.num_inst += 1

    made = Largest()
    made.update(None, nd.array([1, 5]))
    made.update(None, nd.array([2, 0]))
    assert made.get() == ("largest", 3.5)
    assert made.get_global() == ("largest", 3.5)
    made.reset()
    assert np.isnan(made.get()[1])


def test_custom_metric_takes_a_sum_and_a_count_or_a_mean():
    def both(label, pred):
        return float(np.abs(label - pred).sum()), label.size

    def mean(label, pred):
        return float(np.abs(label - pred).mean())

    for function in (both, mean):
        made = metric.create(function)
        made.update([nd.array([1, 2])], [nd.array([1, 5])])
        assert made.get() == (function.__name__, 1.5)
    assert made.num_inst == 1
    assert metric.np(lambda label, pred: 1).name == "custom(<lambda>)"


def test_custom_metric_leaves_out_extra_outputs_only_when_told():
    def count(label, pred):
        return 1

    labels, preds = [nd.array([1])], [nd.array([1]), nd.array([2])]
    made = metric.np(count, name="n", allow_extra_outputs=True)
    made.update(labels, preds)
    assert (made.get(), made.num_inst) == (("n", 1.0), 1)
    with pytest.raises(ValueError, match="1 arrays of labels and 2 of predictions"):
        metric.np(count).update(labels, preds)


def test_composite_metric_updates_and_resets_all():
    made = metric.create(["acc", metric.F1()])
    made.add("ce")
    made.update([nd.array([1, 0])], [nd.array([[0.5, 0.5], [1, 0]])])
    names, values = made.get()
    assert names == ["accuracy", "f1", "cross-entropy"]
    np.testing.assert_allclose(values, [0.5, 0, np.log(2) / 2], rtol=1e-6)
    assert dict(made.get_name_value())["accuracy"] == 0.5
    assert made.get_metric(1).name == "f1"
    made.reset()
    assert np.isnan(made.get()[1]).all()
    assert [config["metric"] for config in made.get_config()["metrics"]] == [
        "Accuracy",
        "F1",
        "CrossEntropy",
    ]


def test_create_takes_instances_classes_and_registered_classes():
    made = metric.Accuracy()
    assert metric.create(made) is made
    assert type(metric.create(metric.MSE)) is metric.MSE

    @metric.register
    @metric.alias("always_one")
    class AlwaysOne(metric.EvalMetric):
        def __init__(self):
            super().__init__("one")

    assert type(metric.create("ALWAYS_ONE")) is AlwaysOne
    assert type(metric.create("alwaysone")) is AlwaysOne


def test_perplexity_of_certain_failure_is_finite_and_overflow_is_infinite():
    made = metric.Perplexity(None)
    made.update(nd.array([0]), nd.array([[0.0, 1.0]]))
    np.testing.assert_allclose(made.get()[1], 1e10, rtol=1e-4)
    made.sum_metric = 1e6
    assert made.get()[1] == np.inf


def test_correlation_of_constant_predictions_is_nan():
    for made in (metric.PearsonCorrelation(), metric.PCC()):
        made.update(nd.array([0, 1, 2]), nd.array([1, 1, 1]))
        assert np.isnan(made.get()[1])


# -- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "label", "pred", "message"),
    [
        ("acc", {}, [1, 0, 1], [[0, 1], [0, 1]], r"3 labels .*for 2 predictions"),
        ("top_k_acc", {"top_k": 2}, [1], [1], r"predictions of shape \(N, C\) and N labels"),
        ("ce", {}, [1, 0], [[0.5, 0.5]], r"got predictions of shape \(1, 2\) and 2 labels"),
        ("perplexity", {"ignore_label": None}, [1, 0], [[0.5, 0.5]], r"2 labels .*\(1, 2\)"),
        ("mse", {}, [1, 0, 1], [1, 2], r"labels of shape \(3, 1\) .*shape \(2, 1\)"),
        ("pearsonr", {}, [1, 0, 1], [1, 2], r"labels have shape \(3,\), predictions \(2,\)"),
        ("pcc", {}, [1, 0, 1], [[0, 1], [0, 1]], r"3 labels .*for 2 predictions"),
        ("pcc", {}, [-1, 0], [0, 1], "must not be negative"),
        ("f1", {}, [1, 0, 1], [[0, 1]], r"got \(1, 2\) and 3 labels"),
    ],
)
def test_shapes_that_do_not_go_together_raise(name, arguments, label, pred, message):
    made = metric.create(name, **arguments)
    with pytest.raises(ValueError, match=message):
        made.update(nd.array(label), nd.array(pred))
        made.get()  # what depends on values is noticed here


@pytest.mark.parametrize("name", ["acc", "mse", "f1", "pearsonr"])
def test_a_missing_array_of_labels_raises(name):
    with pytest.raises(ValueError, match="got 1 arrays of labels and 2 of predictions"):
        metric.create(name).update([nd.array([1])], [nd.ones((1, 2)), nd.ones((1, 2))])


@pytest.mark.parametrize("wrong", ["scores", [3], None])
def test_something_else_than_arrays_raises(wrong):
    with pytest.raises(TypeError, match="predictions must be"):
        metric.Accuracy().update(nd.array([1]), wrong)


def test_f1_of_three_classes_raises_at_get():
    made = metric.F1()
    made.update(nd.array([0, 1, 2]), nd.ones((3, 2)))
    with pytest.raises(ValueError, match="f1 is for two classes"):
        made.get()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: metric.create("acuracy"),
            ValueError,
            "unknown .* 'acuracy'; known are .*accuracy",
        ),
        (lambda: metric.create(3), TypeError, "cannot make metric from 3"),
        (lambda: metric.create(metric.MSE(), name="x"), TypeError, "takes no further arguments"),
        (lambda: metric.TopKAccuracy(1), ValueError, "for 1 use Accuracy"),
        (lambda: metric.F1(average="all"), ValueError, "'macro' or 'micro', got 'all'"),
        (lambda: metric.PearsonCorrelation(average="a"), ValueError, "'macro' or 'micro'"),
        (lambda: metric.CustomMetric("acc"), TypeError, "needs a function"),
        (lambda: metric.CompositeEvalMetric().get_metric(0), ValueError, "there are 0 metrics"),
        (lambda: metric.np(min).get_config(), NotImplementedError, "cannot be saved"),
        (lambda: metric.register(int), TypeError, "expected a subclass of"),
        (lambda: metric.EvalMetric("x").update([], []), NotImplementedError, "must define update"),
    ],
)
def test_wrong_calls_say_what_to_do(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_check_label_shapes_compares_lengths_or_shapes():
    a, b = nd.ones((2, 3)), nd.ones((2, 4))
    assert metric.check_label_shapes(a, b, wrap=True) == ([a], [b])
    with pytest.raises(ValueError, match=r"shape of the labels, \(2, 3\)"):
        metric.check_label_shapes(a, b, shape=True)
    with pytest.raises(ValueError, match="number of the labels, 1, .* predictions, 2"):
        metric.check_label_shapes([a], [a, b])
