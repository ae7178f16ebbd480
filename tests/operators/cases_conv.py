"""Cases of the operators in ``conv.py`` and ``pool.py``."""

from __future__ import annotations

import itertools

from case import Case, const, distinct, integers, normal, uniform

CASES = []

# -- Convolution ----------------------------------------------------------------------------------


def convolution(op, data, weight, bias, settings, **facts):
    outputs = int(settings["num_filter"])
    inputs = [normal(*data), normal(*weight, scale=0.5)]
    attrs = dict(settings)
    if bias:
        inputs.append(normal(outputs))
        attrs["no_bias"] = False
    else:
        attrs["no_bias"] = True
    # sums of many products of one size
    return Case(op, inputs, attrs, rtol=1e-4, atol=2e-5, **facts)


for size, kernel, settings in [
    ((9,), (3,), {}),
    ((9,), (3,), {"stride": (2,), "pad": (1,)}),
    ((9,), (2,), {"dilate": (3,)}),
    ((7, 6), (3, 2), {}),
    ((7, 6), (3, 2), {"stride": (2, 1), "pad": (1, 2)}),
    ((7, 6), (3, 2), {"dilate": (2, 3), "pad": (2, 1)}),
    ((5, 5), (1, 1), {}),
    ((5, 5), (1, 1), {"stride": (2, 2)}),
    ((5, 4, 6), (2, 3, 2), {"pad": (0, 1, 1), "stride": (1, 2, 1)}),
]:
    for bias in (True, False):
        CASES.append(
            convolution(
                "Convolution",
                (2, 3, *size),
                (4, 3, *kernel),
                bias,
                {"kernel": kernel, "num_filter": 4, **settings},
            )
        )
for groups, kernel, settings in [
    (2, (3, 3), {"pad": (1, 1)}),
    (4, (3, 3), {"stride": (2, 2), "pad": (1, 1)}),
    (4, (3, 3), {"dilate": (2, 2)}),
    (2, (3,), {"stride": (2,)}),
    (4, (3,), {"pad": (1,)}),
]:
    size = (6, 7)[: len(kernel)]
    for outputs in (4, 8):
        CASES.append(
            convolution(
                "Convolution",
                (2, 4, *size),
                (outputs, 4 // groups, *kernel),
                True,
                {"kernel": kernel, "num_filter": outputs, "num_group": groups, **settings},
            )
        )
CASES += [
    convolution(
        "Convolution",
        (1, 2, 5, 5),
        (3, 2, 3, 3),
        True,
        {
            "kernel": "(3, 3)",
            "num_filter": "3",
            "pad": "(1, 1)",
            "layout": "NCHW",
            "workspace": 512,
            "cudnn_tune": "off",
            "cudnn_off": True,
        },
    ),
    Case(
        "Convolution",
        [normal(*s, dtype="float64") for s in ((2, 2, 5, 5), (3, 2, 3, 3), (3,))],
        {"kernel": (3, 3), "num_filter": 3},
    ),
]
# channels last: MXNet has it on GPUs only
for layout, data, weight, kernel in [
    ("NWC", (2, 7, 3), (4, 3, 3), (3,)),
    ("NHWC", (2, 6, 5, 3), (4, 3, 2, 3), (3, 2)),
    ("NDHWC", (2, 4, 5, 4, 3), (4, 2, 3, 2, 3), (2, 3, 2)),
    ("NHWC", (2, 6, 5, 4), (4, 3, 2, 2), (3, 2)),
]:
    CASES.append(
        convolution(
            "Convolution",
            data,
            weight,
            True,
            {
                "kernel": kernel,
                "num_filter": 4,
                "layout": layout,
                "num_group": data[-1] // weight[-1],
            },
            reference=False,
        )
    )

# -- Deconvolution --------------------------------------------------------------------------------

for size, kernel, settings in [
    ((5,), (3,), {}),
    ((5,), (3,), {"stride": (2,), "pad": (1,), "adj": (1,)}),
    ((5,), (3,), {"stride": (2,), "target_shape": (10,)}),
    ((4, 5), (3, 2), {}),
    ((4, 5), (3, 4), {"stride": (2, 3), "pad": (1, 2), "adj": (1, 0)}),
    ((4, 5), (3, 3), {"stride": (2, 2), "target_shape": (8, 9)}),
    ((4, 5), (4, 4), {"stride": (2, 2), "pad": (1, 1)}),
    ((4, 5), (2, 2), {"dilate": (2, 3)}),
    ((4, 5), (1, 1), {"stride": (2, 2)}),
    ((3, 4, 2), (2, 3, 2), {"stride": (2, 1, 2), "pad": (1, 1, 0)}),
]:
    for bias in (True, False):
        CASES.append(
            convolution(
                "Deconvolution",
                (2, 3, *size),
                (3, 4, *kernel),
                bias,
                {"kernel": kernel, "num_filter": 4, **settings},
                reference=len(kernel) < 3,  # MXNet has three axes on GPUs only
            )
        )
for groups in (2, 4):
    CASES.append(
        convolution(
            "Deconvolution",
            (2, 4, 4, 5),
            (4, 8 // groups, 3, 3),
            True,
            {"kernel": (3, 3), "num_filter": 8, "num_group": groups, "stride": (2, 2)},
        )
    )
CASES.append(
    convolution(
        "Deconvolution",
        (2, 4, 5, 4),
        (4, 3, 2, 3),
        True,
        {"kernel": (3, 2), "num_filter": 6, "num_group": 2, "layout": "NHWC"},
        reference=False,
    )
)

# -- Pooling --------------------------------------------------------------------------------------

POOLS = [
    ((7,), (3,), (2,), (0,)),
    ((8,), (3,), (2,), (1,)),
    ((8,), (2,), (2,), (0,)),
    ((7,), (2,), (2,), (0,)),
    ((8,), (2,), (3,), (0,)),
    ((9,), (2,), (3,), (1,)),
    ((6, 8), (2, 2), (2, 2), (0, 0)),
    ((6, 7), (3, 2), (2, 3), (1, 0)),
    ((7, 7), (3, 3), (2, 2), (1, 1)),
    ((6, 6), (3, 3), (1, 1), (1, 1)),
    ((5, 5), (3, 3), (2, 2), (2, 2)),
    ((5, 4, 6), (2, 2, 2), (2, 2, 2), (0, 0, 0)),
    ((5, 4, 6), (3, 2, 3), (2, 1, 2), (1, 0, 1)),
]
for size, kernel, stride, pad in POOLS:
    for convention, kind in itertools.product(("valid", "full"), ("max", "avg", "sum")):
        attrs = {
            "kernel": kernel,
            "stride": stride,
            "pad": pad,
            "pool_type": kind,
            "pooling_convention": convention,
        }
        data = distinct(2, 2, *size) if kind == "max" else normal(2, 2, *size)
        CASES.append(Case("Pooling", [data], attrs))
        if kind == "avg" and max(pad):
            CASES.append(Case("Pooling", [data], {**attrs, "count_include_pad": False}))
for p in (1, 2, 3):
    CASES += [
        Case(
            "Pooling",
            [uniform(2, 2, 5, 6, low=0.2, high=2)],
            {"kernel": (2, 3), "stride": stride, "pad": pad, "pool_type": "lp", "p_value": p},
            rtol=1e-4,
        )
        for stride, pad in [((2, 3), (0, 0)), ((2, 1), (1, 1))]
    ]
for kind, size in itertools.product(("max", "avg", "sum"), ((5,), (3, 4), (2, 3, 2))):
    data = distinct(2, 2, *size) if kind == "max" else normal(2, 2, *size)
    CASES.append(
        Case(
            "Pooling",
            [data],
            {"global_pool": True, "kernel": (1,) * len(size), "pool_type": kind},
        )
    )
CASES += [
    Case("Pooling", [normal(2, 3, 6, 6)], {"global_pool": "True", "pool_type": "avg"}),
    Case("Pooling", [distinct(1, 1, 5, 5)], {"kernel": (2, 2), "layout": "NCHW"}),
    # equal maxima, and windows that lie in the margin
    Case("Pooling", [const([[[1, 2, 2, 1, 2, 0]]])], {"kernel": (3,), "stride": (2,)}, fd=False),
    Case("Pooling", [integers(2, 2, 6, 6)], {"kernel": (2, 2), "stride": (2, 2)}, fd=False),
    Case("Pooling", [integers(2, 2, 7, 7)], {"kernel": (3, 3), "stride": (2, 2)}, fd=False),
    Case("Pooling", [integers(2, 2, 3, 3)], {"global_pool": True}, fd=False),
    *(
        Case(
            "Pooling",
            [normal(1, 1, 7)],
            {
                "kernel": (2,),
                "stride": (4,),
                "pad": (1,),
                "pooling_convention": "full",
                "pool_type": "avg",
                "count_include_pad": count,
            },
        )
        for count in (True, False)
    ),
    Case("Pooling", [distinct(1, 2, 6, 6, dtype="float64")], {"kernel": (3, 3)}),
    Case(
        "Pooling",
        [normal(1, 2, 6, 6, dtype="float64")],
        {"kernel": (3, 3), "pool_type": "avg"},
    ),
    # windows too large to be unrolled
    Case("Pooling", [distinct(1, 2, 40)], {"kernel": (36,), "stride": (2,), "pad": (3,)}),
    Case(
        "Pooling",
        [normal(1, 2, 40)],
        {"kernel": (36,), "stride": (2,), "pad": (3,), "pool_type": "avg"},
        rtol=1e-4,
    ),
    Case("Pooling", [distinct(1, 1, 17, 17)], {"kernel": (15, 15), "stride": (2, 1)}),
]
for layout, size, kernel in [
    ("NWC", (7,), (3,)),
    ("NHWC", (6, 7), (3, 2)),
    ("NDHWC", (4, 5, 6), (2, 3, 2)),
]:
    CASES += [
        Case(
            "Pooling",
            [distinct(2, *size, 3)],
            {"kernel": kernel, "layout": layout, "pool_type": kind, "stride": (2,) * len(size)},
            reference=kind != "max" or layout != "NWC",
        )
        for kind in ("max", "avg")
    ]
CASES += [
    Case(
        "Pooling",
        [distinct(2, 2, 7, 8)],
        {"kernel": (3, 2), "stride": (2, 2), "pooling_convention": "same", "pool_type": kind},
        reference=False,
        note="MXNet knows 'same' for one axis, where it fails",
    )
    for kind in ("max", "avg")
]
CASES.append(
    Case(
        "Pooling",
        [integers(2, 2, 6, 6, low=-9, high=9, dtype="int32")],
        {"kernel": (2, 2)},
        reference=False,
    )
)
