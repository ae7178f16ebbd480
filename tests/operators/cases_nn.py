"""Cases of the operators in ``nn.py`` and ``norm.py``."""

from __future__ import annotations

from case import Case, away, const, normal, uniform

CASES = []

# -- FullyConnected -------------------------------------------------------------------------------

CASES += [
    Case("FullyConnected", [normal(4, 3), normal(5, 3), normal(5)], {"num_hidden": 5}),
    Case(
        "FullyConnected",
        [normal(4, 3), normal(5, 3)],
        {"num_hidden": 5, "no_bias": True},
    ),
    Case("FullyConnected", [normal(2, 3, 4), normal(5, 12), normal(5)], {"num_hidden": "5"}),
    Case(
        "FullyConnected",
        [normal(2, 3, 4), normal(5, 4), normal(5)],
        {"num_hidden": 5, "flatten": False},
    ),
    Case("FullyConnected", [normal(3), normal(2, 1), normal(2)], {"num_hidden": 2}),
    Case(
        "FullyConnected",
        [normal(3), normal(2, 3), normal(2)],
        {"num_hidden": 2, "flatten": False},
    ),
    Case(
        "FullyConnected",
        [normal(2, 3, dtype="float64"), normal(4, 3, dtype="float64"), normal(4, dtype="float64")],
        {"num_hidden": 4},
    ),
]

# -- activations ----------------------------------------------------------------------------------

for kind in ("relu", "sigmoid", "tanh", "softrelu", "softsign"):
    CASES += [
        Case("Activation", [away(3, 4)], {"act_type": kind}),
        Case("Activation", [away(5, dtype="float64", low=-4, high=4)], {"act_type": kind}),
        Case(
            "Activation",
            [const([-60, -8, 0, 8, 60])],
            {"act_type": kind},
            fd=False,
            half=False,
            rtol=1e-4,
        ),
    ]
for settings in [
    {},
    {"act_type": "leaky", "slope": 0.1},
    {"act_type": "leaky", "slope": "0.5"},
    {"act_type": "elu"},
    {"act_type": "elu", "slope": 1.0},
    {"act_type": "gelu"},
]:
    CASES += [
        Case("LeakyReLU", [away(3, 4)], settings, rtol=1e-4),
        Case("LeakyReLU", [away(2, 3, dtype="float64")], settings, rtol=1e-5),
    ]
CASES += [
    Case("LeakyReLU", [const([-1, 0, 1])], {"act_type": kind}, fd=False)
    for kind in ("leaky", "elu")
]
CASES += [
    Case("LeakyReLU", [away(3, 4, low=-4, high=4)], {"act_type": "selu"}, grad=False, rtol=1e-4),
    Case(
        "LeakyReLU",
        [away(3, 4, low=-4, high=4)],
        {"act_type": "selu"},
        reference=False,
        note="MXNet's gradient is wrong for negative values",
    ),
]
CASES += [
    Case("LeakyReLU", [away(*data), uniform(*slope)], {"act_type": "prelu"}, rtol=1e-4)
    for data, slope in [
        ((2, 3), (3,)),
        ((2, 3), (1,)),
        ((2, 3, 4), (3,)),
        ((2, 3, 4, 2), (1,)),
        ((2, 3, 4, 2), (3,)),
    ]
]
CASES += [
    Case(
        "LeakyReLU",
        [away(3, 4)],
        {"act_type": "rrelu", "lower_bound": 0.1, "upper_bound": 0.3},
        train=False,
        reference=False,
        note="MXNet shows its mask as a second output and multiplies the gradient by the data",
    ),
    Case(
        "LeakyReLU",
        [away(3, 4)],
        {"act_type": "rrelu"},
        value=False,
        fd=False,
        reference=False,
    ),
]

# -- Dropout, UpSampling --------------------------------------------------------------------------

CASES += [
    Case("Dropout", [normal(3, 4)], {"p": 0.3}, train=False),
    Case("Dropout", [normal(3, 4)], {"p": 0}),
    Case("Dropout", [normal(3, 4)], {}, value=False, fd=False),
    Case("Dropout", [normal(3, 4)], {"p": 0.9, "axes": (1,)}, value=False, fd=False),
    Case("Dropout", [normal(3, 4)], {"mode": "always"}, value=False, fd=False, train=False),
    Case("Dropout", [normal(3, 4)], {"p": 1}, reference=False, note="MXNet gives NaN"),
    Case("UpSampling", [normal(2, 3, 4, 5)], {"scale": 2, "sample_type": "nearest"}),
    Case("UpSampling", [normal(1, 2, 3, 3)], {"scale": 3, "sample_type": "nearest"}),
    Case(
        "UpSampling",
        [normal(1, 2, 3, 3), normal(1, 1, 6, 6)],
        {"scale": 2, "sample_type": "nearest"},
        mx_attrs={"scale": 2, "sample_type": "nearest", "num_args": 2},
    ),
    Case(
        "UpSampling",
        [normal(1, 2, 3, 3), normal(1, 2, 6, 6)],
        {"scale": 2, "sample_type": "nearest", "multi_input_mode": "sum"},
        mx_attrs={
            "scale": 2,
            "sample_type": "nearest",
            "multi_input_mode": "sum",
            "num_args": 2,
        },
    ),
    Case(
        "UpSampling",
        [normal(1, 2, 3, 3), normal(2, 1, 4, 4)],
        {"scale": 2, "sample_type": "bilinear", "num_filter": 2},
        mx_attrs={"scale": 2, "sample_type": "bilinear", "num_filter": 2, "num_args": 2},
    ),
    Case(
        "UpSampling",
        [normal(1, 2, 3, 3), normal(2, 1, 5, 5)],
        {"scale": 3, "sample_type": "bilinear", "num_filter": 2},
        mx_attrs={"scale": 3, "sample_type": "bilinear", "num_filter": 2, "num_args": 2},
    ),
]

# -- normalization --------------------------------------------------------------------------------


def batch_norm(shape, channels, attrs, dtype="float32", other="float32", **facts):
    inputs = [
        normal(*shape, scale=2, shift=1, dtype=dtype),
        uniform(channels, low=0.5, high=1.5, dtype=other),
        normal(channels, dtype=other),
        normal(channels, dtype=other),
        uniform(channels, low=0.5, high=2, dtype=other),
    ]
    facts.setdefault("rtol", 1e-4)
    facts.setdefault("atol", 2e-5)
    facts.setdefault("grad", (0, 1, 2))
    return Case("BatchNorm", inputs, attrs, aux=(3, 4), **facts)


for shape, attrs in [
    ((6, 3), {}),
    ((4, 3, 5), {}),
    ((4, 3, 2, 3), {}),
    ((2, 3, 2, 2, 3), {}),
    ((4, 2, 3), {"axis": 2}),
    ((4, 2, 3), {"axis": -1}),
    ((4, 3, 2, 3), {"eps": 1e-5, "momentum": 0.7}),
    ((4, 3, 2, 3), {"use_global_stats": True}),
]:
    CASES += [
        batch_norm(shape, 3, {"fix_gamma": False, **attrs}),
        batch_norm(shape, 3, attrs),
        batch_norm(
            shape,
            3,
            {"fix_gamma": False, **attrs},
            train=False,
            reference=False,
            note="MXNet's gradient in predict mode is wrong",
        ),
    ]
CASES += [
    batch_norm((4, 3, 5), 3, {"fix_gamma": False}, train=False, grad=False),
    batch_norm((4, 3, 5), 3, {}, train=False, grad=False),
    batch_norm((4, 3, 5), 3, {"fix_gamma": False}, dtype="float64", other="float64"),
    batch_norm(
        (4, 3, 5),
        3,
        {"fix_gamma": False, "output_mean_var": True},
        reference=False,
        note="MXNet gives no gradient to the mean and the deviation",
    ),
]
for op, shape, size, attrs in [
    ("LayerNorm", (3, 5), 5, {}),
    ("LayerNorm", (2, 3, 4), 4, {}),
    ("LayerNorm", (2, 3, 4), 3, {"axis": 1}),
    ("LayerNorm", (2, 3, 4), 2, {"axis": 0, "eps": 1e-3}),
    ("InstanceNorm", (2, 3, 5), 3, {}),
    ("InstanceNorm", (2, 3, 4, 2), 3, {"eps": 1e-5}),
    ("GroupNorm", (2, 4, 5), 1, {}),
    ("GroupNorm", (2, 4, 5), 2, {"num_groups": 2}),
    ("GroupNorm", (2, 6, 2, 3), 3, {"num_groups": 3, "eps": 1e-3}),
    ("GroupNorm", (2, 4, 5), 4, {"num_groups": 4}),
]:
    for dtype in ("float32", "float64"):
        inputs = [
            normal(*shape, scale=2, shift=1, dtype=dtype),
            normal(size, dtype=dtype),
            normal(size, dtype=dtype),
        ]
        known = op != "InstanceNorm" or dtype == "float32"
        CASES.append(Case(op, inputs, attrs, rtol=1e-4, atol=2e-5, reference=known))
CASES += [
    Case(
        "LayerNorm",
        [normal(2, 3, 4), normal(4), normal(4)],
        {"output_mean_var": True},
        grad=False,
    ),
    Case(
        "GroupNorm",
        [normal(2, 4, 3), normal(2), normal(2)],
        {"num_groups": 2, "output_mean_var": True},
        grad=False,
    ),
    Case(
        "GroupNorm",
        [normal(2, 4, 3), normal(4), normal(4)],
        {"num_groups": 2},
        reference=False,
        note="one scale for each channel",
    ),
    Case("LRN", [normal(2, 5, 3, 3)], {"nsize": 3}, rtol=1e-4),
    Case(
        "LRN",
        [normal(2, 5, 3, 3)],
        {"nsize": 5, "alpha": 0.1, "beta": 0.5, "knorm": 1.0},
        rtol=1e-4,
    ),
]
