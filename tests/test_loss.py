"""Losses: each through every property, values and gradients against MXNet 1.9.1, and mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, sym

ENTRIES = json.loads(Path(__file__).with_name("reference").joinpath("losses.json").read_text())
IDS = [f"{i}-{entry['loss']}" for i, entry in enumerate(ENTRIES)]
NAMES = sorted({entry["loss"] for entry in ENTRIES})
#: The entry of each loss with most inputs and arguments: the quick tests take these.
FULLEST = {
    name: max(
        (e for e in ENTRIES if e["loss"] == name), key=lambda e: len(e["inputs"] | e["arguments"])
    )
    for name in NAMES
}
#: A sample's loss depends on the rest of the batch: pairs are formed in it; the mean is over it.
OF_THE_BATCH = ("SDMLLoss", "PoissonNLLLoss")
EACH = pytest.mark.parametrize(
    "entry",
    [
        pytest.param(e, id=i, marks=() if e is FULLEST[e["loss"]] else pytest.mark.slow)
        for e, i in zip(ENTRIES, IDS, strict=True)
    ],
)


def numpy_inputs(entry):
    return {
        name: np.array(stored["values"], "float32").reshape(stored["shape"])
        for name, stored in entry["inputs"].items()
    }


def run(loss, entry, inputs=None, dtype=None, ctx=None):
    """The loss, and the gradients of its sum by the name of the input."""
    inputs = inputs or numpy_inputs(entry)
    inputs = {name: nd.array(a, dtype=dtype, ctx=ctx) for name, a in inputs.items()}
    for name in entry["gradients"]:
        inputs[name].attach_grad()
    with autograd.record():
        out = loss(*inputs.values())
    out.backward()
    return out, {name: inputs[name].grad for name in entry["gradients"]}


@pytest.mark.parametrize("hybridized", [False, True], ids=["eager", "hybridized"])
@pytest.mark.parametrize("entry", ENTRIES, ids=IDS)
def test_values_and_gradients_equal_those_of_mxnet(entry, hybridized):
    loss = getattr(gluon.loss, entry["loss"])(**entry["arguments"])
    if hybridized:
        loss.hybridize()
    out, gradients = run(loss, entry)
    assert list(out.shape) == entry["output"]["shape"]
    np.testing.assert_allclose(
        out.asnumpy().ravel(), entry["output"]["values"], rtol=2e-5, atol=1e-6
    )
    assert gradients
    for name, expected in entry["gradients"].items():
        np.testing.assert_allclose(
            gradients[name].asnumpy().ravel(), expected, rtol=1e-4, atol=1e-6, err_msg=name
        )


def batch_axis(entry, name):
    """The axis of samples in an input; None where it has none."""
    if name == "pos_weight":
        return None
    layouts = {"pred": "layout", "label": "label_layout"}
    if entry["loss"] == "CTCLoss" and name in layouts:
        return entry["arguments"].get(layouts[name], "NT").index("N")
    return entry["arguments"].get("batch_axis", 0)


def in_two(entry):
    """The inputs of either half of the samples."""
    halves = {}, {}
    for name, a in numpy_inputs(entry).items():
        axis = batch_axis(entry, name)
        parts = (a, a) if axis is None else np.split(a, [a.shape[axis] // 2], axis)
        for half, part in zip(halves, parts, strict=True):
            half[name] = part
    return halves


@EACH
def test_every_property_of_a_loss(entry, tmp_path, compilations):
    loss = getattr(gluon.loss, entry["loss"])(**entry["arguments"])
    text = repr(loss)
    loss.hybridize()
    assert repr(loss) == text
    want, gradients = run(loss, entry)
    want = want.asnumpy()
    with compilations() as compiled:
        run(loss, entry)
    assert compiled == []

    inputs = [nd.array(a) for a in numpy_inputs(entry).values()]
    np.testing.assert_allclose(loss(*inputs).asnumpy(), want, rtol=1e-6)  # not training

    graph = sym.load_json(loss(*map(sym.var, entry["inputs"])).tojson())
    assert sorted(graph.list_arguments()) == sorted(entry["inputs"])
    assert graph.infer_shape(**{k: v["shape"] for k, v in entry["inputs"].items()})[1] == [
        want.shape
    ]
    loss.export(tmp_path / "loss")
    names = [f"data{i}" for i in range(len(inputs))]
    loss.save_parameters(tmp_path / "p.params")
    loss.load_parameters(tmp_path / "p.params")
    again = gluon.SymbolBlock.imports(tmp_path / "loss-symbol.json", names)
    again.hybridize()
    out, found = run(again, entry)
    np.testing.assert_allclose(out.asnumpy(), want, rtol=1e-6)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(found[name].asnumpy(), gradient.asnumpy(), rtol=1e-5, atol=1e-7)

    half = getattr(gluon.loss, entry["loss"])(**entry["arguments"])
    half.cast("float16")
    half.hybridize()
    out, _ = run(half, entry, dtype="float16")
    assert out.dtype == np.float16
    np.testing.assert_allclose(out.asnumpy(), want, rtol=0.02, atol=0.01)

    if entry["loss"] not in OF_THE_BATCH:
        parts = [run(loss, entry, part, ctx=gx.cpu(i)) for i, part in enumerate(in_two(entry))]
        joined = np.concatenate([out.asnumpy() for out, _ in parts])
        np.testing.assert_allclose(joined, want, rtol=1e-5, atol=1e-6)
        for name, gradient in gradients.items():
            found = np.concatenate([g[name].asnumpy() for _, g in parts], batch_axis(entry, name))
            np.testing.assert_allclose(found, gradient.asnumpy(), rtol=1e-5, atol=1e-6)


def test_all_losses_have_reference_values():
    aliases = {"Loss", "SigmoidBCELoss", "SoftmaxCELoss"}
    assert NAMES == sorted(set(gluon.loss.__all__) - aliases)


def test_short_names_are_the_same_classes():
    assert gluon.loss.SoftmaxCELoss is gluon.loss.SoftmaxCrossEntropyLoss
    assert gluon.loss.SigmoidBCELoss is gluon.loss.SigmoidBinaryCrossEntropyLoss


@pytest.mark.parametrize("name", NAMES)
def test_repr_shows_batch_axis_and_weight(name):
    assert repr(getattr(gluon.loss, name)(weight=2)) == f"{name}(batch_axis=0, w=2)"


@pytest.mark.parametrize("name", NAMES)
def test_an_array_as_weight_is_refused_with_the_way_to_give_it(name):
    with pytest.raises(TypeError, match=r"must be a number .* loss\(pred, label, sample_weight\)"):
        getattr(gluon.loss, name)(weight=nd.ones((2,)))


def test_scores_that_saturate_have_finite_loss_and_gradient():
    pred = nd.array([[1e4, -1e4], [-1e4, 1e4]])
    label = nd.array([[0, 1], [0, 1]])
    for loss in (gluon.loss.SigmoidBCELoss(), gluon.loss.LogisticLoss(label_format="binary")):
        pred.attach_grad()
        with autograd.record():
            out = loss(pred, label)
        out.backward()
        np.testing.assert_allclose(out.asnumpy(), [1e4, 0])
        np.testing.assert_allclose(pred.grad.asnumpy(), [[0.5, -0.5], [0, 0]], atol=1e-6)


def test_poisson_stirling_term_is_zero_where_its_logarithm_is_not_finite():
    loss = gluon.loss.PoissonNLLLoss(compute_full=True)
    without = gluon.loss.PoissonNLLLoss()
    pred, target = nd.array([[0.5, -1.0]]), nd.array([[0, 1]])
    assert loss(pred, target).asscalar() == without(pred, target).asscalar()


def test_l2_loss_without_weight_still_halves():
    loss = gluon.loss.L2Loss(weight=None)
    assert loss(nd.array([[4.0]]), nd.array([[0.0]])).asscalar() == 8


def test_sizes_that_differ_raise_at_the_call():
    with pytest.raises(ValueError, match=r"reshape_like.*\(2, 3\)"):
        gluon.loss.L2Loss()(nd.ones((2, 2)), nd.ones((2, 3)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gluon.loss.LogisticLoss(label_format="yes"), "'signed' or 'binary', got 'yes'"),
        (lambda: gluon.loss.SDMLLoss(1.5), "smoothing_parameter must be in"),
        (lambda: gluon.loss.HuberLoss(rho=0), "rho must be positive, got 0"),
    ],
)
def test_wrong_arguments_raise_when_the_loss_is_made(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_loss_without_hybrid_forward_says_what_to_define():
    class Empty(gluon.loss.Loss):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define hybrid_forward"):
        Empty(None, 0)(nd.ones((1,)))


def test_sdml_loss_is_weighted_and_refuses_one_row():
    x, y = nd.array([[1, 2], [3, 5]]), nd.array([[1, 1], [4, 4]])
    twice, once = gluon.loss.SDMLLoss(weight=2)(x, y), gluon.loss.SDMLLoss()(x, y)
    np.testing.assert_allclose(twice.asnumpy(), 2 * once.asnumpy(), rtol=1e-6)
    with pytest.raises(ValueError, match="N at least 2"):
        gluon.loss.SDMLLoss()(nd.ones((1, 2)), nd.ones((1, 2)))
