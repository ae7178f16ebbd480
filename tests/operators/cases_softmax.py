"""Cases of the operators in ``softmax.py`` and ``output.py``."""

from __future__ import annotations

from case import Case, const, integers, normal, uniform

CASES = []

# -- softmax --------------------------------------------------------------------------------------

for op in ("softmax", "log_softmax", "softmin"):
    for shape, attrs in [
        ((5,), {}),
        ((3, 4), {}),
        ((2, 3, 4), {"axis": 1}),
        ((2, 3, 4), {"axis": -3, "temperature": 2.5}),
    ]:
        CASES.append(Case(op, [normal(*shape, scale=2)], attrs, rtol=1e-4))
    CASES += [
        Case(op, [normal(3, 4, dtype="float64")]),
        Case(op, [normal(3, 4)], {"dtype": "float64"}, half=False),
        Case(
            op,
            [normal(3, 4, dtype="float16")],
            {"dtype": "float32"},
            fd=False,
            rtol=2e-3,
            atol=1e-3,
        ),
        Case(op, [const([[0, 1000, -1000], [500, 500, 0]])], fd=False, half=False),
    ]
CASES += [
    Case(
        "softmax",
        [normal(2, 3, 4), const([[1, 2, 4], [3, 4, 0]], "int32")],
        {"use_length": True},
        grad=(0,),
    ),
    Case(
        "softmax",
        [normal(2, 3, 4), const([[0, 1, 3, 2], [1, 2, 3, 3]], "int32")],
        {"use_length": True, "axis": 1, "temperature": 0.5},
        grad=(0,),
    ),
    Case("SoftmaxActivation", [normal(3, 4)], rtol=1e-4),
    Case("SoftmaxActivation", [normal(2, 3, 4)], {"mode": "channel"}, rtol=1e-4),
    Case("softmax_cross_entropy", [normal(4, 3), integers(4, high=3)], grad=(0,), rtol=1e-4),
]

# -- outputs --------------------------------------------------------------------------------------


def output(op, data, label, attrs=None, **facts):
    # the gradient is that of a loss, whatever arrives from above
    return Case(op, [data, label], attrs or {}, grad=(0,), fd=False, rtol=1e-4, **facts)


LABELS = const([0, 2, -1, 1])
MAPS = const([[0, 1, 2, -1], [2, 2, -1, -1]])
SETTINGS = [
    {},
    {"grad_scale": 2.5},
    {"normalization": "batch"},
    {"normalization": "valid"},
    {"use_ignore": True},
    {"use_ignore": True, "normalization": "valid"},
    {"use_ignore": True, "normalization": "batch", "grad_scale": 0.5},
    {"smooth_alpha": 0.1},
    {"smooth_alpha": 0.1, "use_ignore": True, "ignore_label": 2},
]
for settings in SETTINGS:
    CASES += [
        output("SoftmaxOutput", normal(4, 3), LABELS, settings),
        output("SoftmaxOutput", normal(2, 3, 4), MAPS, {**settings, "multi_output": True}),
        output("SoftmaxOutput", normal(2, 4, 3), MAPS, {**settings, "preserve_shape": True}),
    ]
CASES += [
    output("SoftmaxOutput", normal(2, 3, 2, 2), integers(2, 2, 2), {"multi_output": True}),
    output("SoftmaxOutput", normal(2, 3, 2, 2), integers(2, 4), {"multi_output": True}),
    output("SoftmaxOutput", normal(4, 3), uniform(4, 3, low=0), {"grad_scale": 3}),
    output("SoftmaxOutput", normal(2, 3, 4), uniform(2, 3, 4, low=0), {"multi_output": True}),
    output("SoftmaxOutput", normal(4, 3, dtype="float64"), const([0, 1, 2, 1], "float64")),
    output("SoftmaxOutput", normal(4, 3), const([2, 1, 0, 1]), mx="Softmax"),
    output(
        "SoftmaxOutput",
        normal(4, 3),
        const([2, 1, 0, 2]),
        {"out_grad": True},
        reference=False,
        note="MXNet multiplies the output in, not the head gradient",
    ),
]
for op in ("LinearRegressionOutput", "LogisticRegressionOutput", "MAERegressionOutput"):
    CASES += [
        output(op, normal(4, 3), normal(4, 3)),
        output(op, normal(4, 3), normal(4, 3), {"grad_scale": 2}),
        output(op, normal(4, 1), normal(4)),
        output(op, normal(4), normal(4)),
        output(op, normal(2, 3, 4), normal(2, 12), {"grad_scale": 0.5}),
        output(op, normal(4, 2, dtype="float64"), normal(4, 2, dtype="float64")),
    ]
for settings in [
    {},
    {"use_linear": True},
    {"margin": 0.5, "regularization_coefficient": 2},
    {"margin": 0.5, "regularization_coefficient": 2, "use_linear": True},
]:
    CASES.append(output("SVMOutput", normal(4, 3), integers(4), settings))
