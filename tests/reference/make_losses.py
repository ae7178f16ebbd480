"""Write losses.json: losses and their gradients as MXNet 1.9.1 computes them.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_losses.py

Needs mxnet 1.9.1; the tests do not.
"""

import json
from pathlib import Path

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon

RNG = np.random.RandomState(7)


def normal(*shape):
    return RNG.normal(size=shape)


def uniform(*shape):
    return RNG.uniform(0.1, 0.9, size=shape)


def signs(*shape):
    return RNG.choice([-1.0, 1.0], size=shape)


def bits(*shape):
    return RNG.choice([0.0, 1.0], size=shape)


def counts(*shape):
    return RNG.randint(0, 6, size=shape)


def classes(number, *shape):
    return RNG.randint(0, number, size=shape)


def distribution(*shape):
    p = uniform(*shape)
    return p / p.sum(axis=-1, keepdims=True)


# Loss, its arguments, its inputs, and which of the inputs need a gradient.
REGRESSION = [
    ("L2Loss", {}, {"pred": normal(3, 4), "label": normal(3, 4)}),
    ("L2Loss", {"weight": 3.0}, {"pred": normal(3, 2, 2), "label": normal(3, 2, 2)}),
    ("L2Loss", {"batch_axis": 1}, {"pred": normal(3, 4), "label": normal(3, 4)}),
    ("L2Loss", {}, {"pred": normal(3, 1), "label": normal(3)}),
    ("L2Loss", {}, {"pred": normal(3, 4), "label": normal(3, 4), "sample_weight": uniform(3, 1)}),
    ("L1Loss", {}, {"pred": normal(3, 4), "label": normal(3, 4)}),
    (
        "L1Loss",
        {"weight": 0.5},
        {"pred": normal(3, 4), "label": normal(3, 4), "sample_weight": uniform(3, 1)},
    ),
    ("HuberLoss", {}, {"pred": 2 * normal(3, 4), "label": normal(3, 4)}),
    ("HuberLoss", {"rho": 0.5, "weight": 2.0}, {"pred": normal(3, 4), "label": normal(3, 4)}),
    ("PoissonNLLLoss", {}, {"pred": normal(3, 4), "target": counts(3, 4)}),
    ("PoissonNLLLoss", {"from_logits": False}, {"pred": uniform(3, 4), "target": counts(3, 4)}),
    (
        "PoissonNLLLoss",
        {"weight": 2.0, "compute_full": True},
        {
            "pred": normal(3, 4),
            "target": 1 + counts(3, 4),
            "sample_weight": uniform(3, 1),
        },
    ),
]
CLASSIFICATION = [
    ("SigmoidBinaryCrossEntropyLoss", {}, {"pred": 3 * normal(3, 4), "label": bits(3, 4)}),
    (
        "SigmoidBinaryCrossEntropyLoss",
        {"weight": 2.0},
        {"pred": normal(3, 4), "label": uniform(3, 4), "sample_weight": uniform(3, 1)},
    ),
    (
        "SigmoidBinaryCrossEntropyLoss",
        {"from_sigmoid": True},
        {"pred": uniform(3, 4), "label": bits(3, 4)},
    ),
    (
        "SigmoidBinaryCrossEntropyLoss",
        {},
        {
            "pred": normal(3, 4),
            "label": bits(3, 4),
            "sample_weight": uniform(3, 1),
            "pos_weight": 3 * uniform(1, 4),
        },
    ),
    (
        "SigmoidBinaryCrossEntropyLoss",
        {"from_sigmoid": True},
        {
            "pred": uniform(3, 4),
            "label": bits(3, 4),
            "sample_weight": uniform(3, 1),
            "pos_weight": 3 * uniform(1, 4),
        },
    ),
    ("SoftmaxCrossEntropyLoss", {}, {"pred": normal(3, 5), "label": classes(5, 3)}),
    (
        "SoftmaxCrossEntropyLoss",
        {"axis": 1, "weight": 0.5},
        {"pred": normal(3, 5, 2), "label": classes(5, 3, 2)},
    ),
    (
        "SoftmaxCrossEntropyLoss",
        {"sparse_label": False},
        {"pred": normal(3, 5), "label": distribution(3, 5)},
    ),
    (
        "SoftmaxCrossEntropyLoss",
        {"from_logits": True},
        {"pred": np.log(distribution(3, 5)), "label": classes(5, 3)},
    ),
    (
        "SoftmaxCrossEntropyLoss",
        {"batch_axis": 1},
        {"pred": normal(2, 3, 5), "label": classes(5, 2, 3)},
    ),
    (
        "SoftmaxCrossEntropyLoss",
        {},
        {"pred": normal(3, 5), "label": classes(5, 3), "sample_weight": uniform(3, 1)},
    ),
    ("KLDivLoss", {}, {"pred": np.log(distribution(3, 5)), "label": distribution(3, 5)}),
    (
        "KLDivLoss",
        {"from_logits": False, "weight": 2.0},
        {"pred": normal(3, 5), "label": distribution(3, 5), "sample_weight": uniform(3, 1)},
    ),
    (
        "KLDivLoss",
        {"from_logits": False, "axis": 1},
        {"pred": normal(3, 5, 2), "label": uniform(3, 5, 2)},
    ),
]
MARGIN = [
    ("HingeLoss", {}, {"pred": normal(3, 4), "label": signs(3, 4)}),
    (
        "HingeLoss",
        {"margin": 2.0, "weight": 0.5},
        {"pred": normal(3, 4), "label": signs(3, 4), "sample_weight": uniform(3, 1)},
    ),
    ("SquaredHingeLoss", {}, {"pred": normal(3, 4), "label": signs(3, 4)}),
    (
        "SquaredHingeLoss",
        {"margin": 0.5, "weight": 3.0},
        {"pred": normal(3, 4), "label": signs(3, 4), "sample_weight": uniform(3, 1)},
    ),
    ("LogisticLoss", {}, {"pred": normal(3, 4), "label": signs(3, 4)}),
    (
        "LogisticLoss",
        {"label_format": "binary", "weight": 2.0},
        {"pred": normal(3, 4), "label": bits(3, 4), "sample_weight": uniform(3, 1)},
    ),
    (
        "TripletLoss",
        {},
        {"pred": normal(3, 4), "positive": normal(3, 4), "negative": normal(3, 4)},
    ),
    (
        "TripletLoss",
        {"margin": 5.0, "weight": 0.5},
        {"pred": normal(3, 4), "positive": normal(3, 4), "negative": normal(3, 4)},
    ),
    (
        "CosineEmbeddingLoss",
        {},
        {"input1": normal(4, 3), "input2": normal(4, 3), "label": np.array([1, -1, 1, -1])},
    ),
    (
        "CosineEmbeddingLoss",
        {"margin": 0.2, "weight": 2.0},
        {
            "input1": uniform(4, 3),
            "input2": uniform(4, 3),
            "label": np.array([1, -1, -1, -1]),
            "sample_weight": uniform(4, 1),
        },
    ),
    ("SDMLLoss", {}, {"x1": normal(3, 4), "x2": normal(3, 4)}),
    ("SDMLLoss", {"smoothing_parameter": 0.1}, {"x1": normal(2, 3), "x2": normal(2, 3)}),
]
CTC = [
    (
        "CTCLoss",
        {},
        {"pred": normal(2, 5, 4), "label": np.array([[0, 2, -1], [1, 1, 0]])},
    ),
    (
        "CTCLoss",
        {"layout": "TNC", "label_layout": "TN", "weight": 2.0},
        {
            "pred": normal(6, 2, 4),
            "label": np.array([[0, 2], [1, 0]]),
            "pred_lengths": np.array([6, 4]),
            "label_lengths": np.array([2, 1]),
            "sample_weight": uniform(2),
        },
    ),
]
WITH_GRADIENT = ("pred", "positive", "negative", "input1", "input2", "x1", "x2")


def listed(array):
    return [float(f"{x:.8g}") for x in array.asnumpy().ravel()]


def reference(name, arguments, inputs):
    """One entry of the file: the inputs in float32, the loss and the gradients of its sum."""
    arrays = {key: mx.nd.array(value) for key, value in inputs.items()}
    sources = [key for key in arrays if key in WITH_GRADIENT]
    for key in sources:
        arrays[key].attach_grad()
    loss = getattr(gluon.loss, name)(**arguments)(*arrays.values())
    # MXNet cannot record compute_full; the term does not depend on the prediction.
    recorded = {k: v for k, v in arguments.items() if k != "compute_full"}
    with autograd.record():
        out = getattr(gluon.loss, name)(**recorded)(*arrays.values())
    out.backward()
    return {
        "loss": name,
        "arguments": arguments,
        "inputs": {k: {"shape": a.shape, "values": listed(a)} for k, a in arrays.items()},
        "output": {"shape": loss.shape, "values": listed(loss)},
        "gradients": {key: listed(arrays[key].grad) for key in sources},
    }


def main():
    entries = [reference(*case) for case in REGRESSION + CLASSIFICATION + MARGIN + CTC]
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    Path(__file__).with_name("losses.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
