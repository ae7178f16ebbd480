"""Write initializers.json: what the initializers of MXNet 1.9.1 fill arrays with.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_initializers.py

Needs mxnet 1.9.1; the tests do not. Random numbers are kept by their statistics, others whole.
"""

import json
from pathlib import Path

import mxnet as mx
import numpy as np
from mxnet import init

LARGE, KERNEL = (120, 150), (40, 30, 3, 3)
#: Initializer, name of the array, its shape.
RANDOM = [
    ("Uniform()", "a_weight", LARGE),
    ("Uniform(scale=2)", "a_weight", LARGE),
    ("Normal()", "a_weight", LARGE),
    ("Normal(sigma=0.5)", "a_weight", LARGE),
    ("Xavier()", "a_weight", LARGE),
    ("Xavier()", "a_weight", KERNEL),
    ("Xavier('gaussian', 'in', 2)", "a_weight", KERNEL),
    ("Xavier(rnd_type='uniform', factor_type='out', magnitude=2.34)", "a_weight", KERNEL),
    ("MSRAPrelu()", "a_weight", KERNEL),
    ("MSRAPrelu('out', 0.1)", "a_weight", LARGE),
    ("Orthogonal()", "a_weight", (60, 90)),
    ("Orthogonal(scale=1, rand_type='normal')", "a_weight", (90, 60)),
]
FIXED = [
    ("Zero()", "a_weight", (2, 3)),
    ("One()", "a_weight", (2, 3)),
    ("Constant(2.5)", "a_weight", (2, 3)),
    ("Bilinear()", "up_weight", (2, 1, 4, 4)),
    ("Bilinear()", "up_weight", (1, 2, 3, 5)),
    ("LSTMBias(forget_bias=2.0)", "lstm_weight", (8,)),
    ("Uniform()", "a_bias", (2,)),
    ("Xavier()", "a_gamma", (2,)),
    ("Normal()", "a_beta", (2,)),
    ("One()", "a_min", (2,)),
    ("Zero()", "a_max", (2,)),
    ("Mixed(['bias', '.*'], [init.Constant(3), init.One()])", "a_weight", (2,)),
    ("Load({'arg:a_weight': mx.nd.array([1, 2])}, init.Zero())", "a_weight", (2,)),
    ("Load({'arg:a_weight': mx.nd.array([1, 2])}, init.One())", "b_weight", (2,)),
    ("FusedRNN(init.One(), 2, 1, 'lstm', forget_bias=3.0)", "lstm_weight", (2 * 4 * 5 + 16,)),
]


def filled(text, name, shape):
    array = mx.nd.full(shape, -7)
    initializer = eval("init." + text, {"init": init, "mx": mx})
    described = mx.init.InitDesc(name)
    described.global_init = initializer  # FusedRNN asks for it
    initializer(described, array)
    return array.asnumpy()


def random(text, name, shape):
    draws = np.stack([filled(text, name, shape) for _ in range(4)]).astype("float64")
    return {
        "initializer": text, "name": name, "shape": shape,
        "std": float(draws.std()), "largest": float(abs(draws).max()),
        "fourth": float((draws**4).mean() ** 0.25),
    }  # fmt: skip


def fixed(text, name, shape):
    values = filled(text, name, shape).ravel().tolist()
    return {"initializer": text, "name": name, "shape": shape, "values": values}


def main():
    mx.random.seed(1)
    np.random.seed(1)
    entries = [random(*case) for case in RANDOM] + [fixed(*case) for case in FIXED]
    lines = ",\n".join(map(json.dumps, entries))
    Path(__file__).with_name("initializers.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
