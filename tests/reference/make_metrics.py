"""Write metrics.json: metrics as MXNet 1.9.1 computes them.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_metrics.py

Needs mxnet 1.9.1; the tests do not.
"""

import json
from pathlib import Path

import mxnet as mx
import numpy as np

RNG = np.random.RandomState(11)


def scores(*shape):
    return RNG.uniform(0.05, 1, size=shape)


def probabilities(*shape):
    p = scores(*shape)
    return p / p.sum(axis=-1, keepdims=True)


def classes(number, *shape):
    return RNG.randint(0, number, size=shape)


def normal(*shape):
    return RNG.normal(size=shape)


def binary(size):
    return [([RNG.randint(0, 2, size=size)], [scores(size, 2)]) for _ in range(3)]


# Metric, its arguments, and updates: each a list of labels and a list of predictions.
CASES = [
    ("acc", {}, [([classes(4, 6)], [scores(6, 4)]) for _ in range(3)]),
    ("acc", {}, [([classes(3, 6, 1)], [scores(6, 3)])]),
    ("acc", {}, [([classes(3, 5, 2)], [classes(3, 5, 2)])]),
    ("acc", {"axis": 2}, [([classes(4, 2, 3)], [scores(2, 3, 4)])]),
    ("acc", {}, [([classes(4, 6), classes(2, 3)], [scores(6, 4), scores(3, 2)])]),
    ("acc", {"name": "right"}, [([np.array([0.9, 1.2])], [np.array([0.2, 1.9])])]),
    ("top_k_accuracy", {"top_k": 2}, [([classes(5, 8)], [scores(8, 5)]) for _ in range(2)]),
    ("top_k_acc", {"top_k": 5}, [([classes(5, 8)], [scores(8, 5)])]),
    ("ce", {}, [([classes(4, 6)], [probabilities(6, 4)]) for _ in range(2)]),
    ("ce", {"eps": 0.1}, [([classes(4, 6, 1)], [probabilities(6, 4)])]),
    ("nll_loss", {}, [([classes(4, 6)], [probabilities(6, 4)]) for _ in range(2)]),
    (
        "perplexity",
        {"ignore_label": None},
        [([classes(4, 6)], [probabilities(6, 4)]) for _ in range(2)],
    ),
    (
        "perplexity",
        {"ignore_label": 0},
        [([classes(3, 2, 4)], [probabilities(8, 3)]) for _ in range(2)],
    ),
    ("mae", {}, [([normal(5)], [normal(5)]) for _ in range(2)]),
    ("mae", {}, [([normal(5)], [normal(5, 1)])]),
    ("mse", {}, [([normal(5, 2)], [normal(5, 2)]) for _ in range(2)]),
    ("mse", {}, [([normal(5)], [normal(5, 3)])]),
    ("rmse", {}, [([normal(5, 2)], [normal(5, 2)]) for _ in range(2)]),
    ("f1", {}, binary(10)),
    ("f1", {"average": "micro"}, binary(10)),
    ("f1", {}, [([np.array([0, 0, 0])], [np.array([[0.9, 0.1]] * 3)])]),
    ("f1", {}, [([RNG.randint(0, 2, size=4) for _ in "ab"], [scores(4, 2) for _ in "ab"])]),
    ("mcc", {}, binary(10)),
    ("mcc", {"average": "micro"}, binary(10)),
    ("mcc", {}, [([np.array([1, 0, 1])], [np.array([[0.9, 0.1]] * 3)])]),
    ("pcc", {}, [([classes(4, 12)], [scores(12, 4)]) for _ in range(3)]),
    ("pcc", {}, [([classes(3, 12)], [classes(3, 12)])]),
    ("pearsonr", {}, [([normal(9)], [normal(9)]) for _ in range(2)]),
    ("pearsonr", {"average": "micro"}, [([normal(4, 2)], [normal(4, 2)]) for _ in range(3)]),
    ("loss", {}, [([], [normal(4)]), ([], [normal(3, 2), normal(5)])]),
    ("torch", {}, [([], [normal(4)])]),
    ("caffe", {}, [([], [normal(4)])]),
    (
        "acc",
        {"axis": 1},
        [([classes(3, 2, 4)], [scores(2, 3, 4)]) for _ in range(2)],
    ),
    ("ce", {"eps": 1e-3, "name": "loss"}, [([classes(4, 6)], [probabilities(6, 4)])]),
    ("rmse", {}, [([normal(5)], [normal(5, 1)]) for _ in range(3)]),
]


def listed(arrays):
    return [
        {"shape": a.shape, "values": [float(f"{x:.8g}") for x in a.ravel()]}
        for a in (np.asarray(a, np.float32) for a in arrays)
    ]


def run(name, arguments, updates, local_from=None):
    """Results after each update; `reset_local` comes before update number `local_from`."""
    metric = mx.metric.create(name, **arguments)
    results = []
    for i, (labels, preds) in enumerate(updates):
        if i == local_from:
            metric.reset_local()
        metric.update([mx.nd.array(a) for a in labels], [mx.nd.array(a) for a in preds])
        results.append(float(metric.get()[1]))
    return results, float(metric.get_global()[1]), metric.get()[0]


def reference(name, arguments, updates):
    after, total, title = run(name, arguments, updates)
    entry = {
        "metric": name,
        "arguments": arguments,
        "name": title,
        "updates": [{"labels": listed(labels), "preds": listed(p)} for labels, p in updates],
        "after": after,
    }
    # MXNet's micro average of pearsonr has no sums since `reset`, and `reset_local` does nothing.
    if (name, arguments) != ("pearsonr", {"average": "micro"}):
        local, total, _ = run(name, arguments, updates, local_from=len(updates) - 1)
        entry |= {"last": local[-1], "all": total}
    return entry


def main():
    lines = ",\n".join(json.dumps(reference(*case)) for case in CASES)
    Path(__file__).with_name("metrics.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
