"""Cases of the operators in ``elemwise.py`` and ``basic.py``."""

from __future__ import annotations

from case import Case, away, const, full, integers, normal, uniform

NAN, INF = float("nan"), float("inf")

#: Operator: inputs of the domain where it is smooth.
SMOOTH = {
    "abs": away(2, 3),
    "negative": normal(2, 3),
    "sign": away(2, 3),
    "square": normal(2, 3),
    "reciprocal": away(2, 3, gap=0.3),
    "sqrt": uniform(2, 3, low=0.2, high=4),
    "rsqrt": uniform(2, 3, low=0.2, high=4),
    "cbrt": away(2, 3, gap=0.3),
    "rcbrt": away(2, 3, gap=0.3),
    "exp": normal(2, 3),
    "expm1": normal(2, 3),
    "log": uniform(2, 3, low=0.2, high=4),
    "log10": uniform(2, 3, low=0.2, high=4),
    "log2": uniform(2, 3, low=0.2, high=4),
    "log1p": uniform(2, 3, low=-0.7, high=3),
    "sin": normal(2, 3),
    "cos": normal(2, 3),
    "tan": uniform(2, 3, low=-1.2, high=1.2),
    "arcsin": uniform(2, 3, low=-0.9, high=0.9),
    "arccos": uniform(2, 3, low=-0.9, high=0.9),
    "arctan": normal(2, 3),
    "sinh": normal(2, 3),
    "cosh": normal(2, 3),
    "tanh": normal(2, 3),
    "arcsinh": normal(2, 3),
    "arccosh": uniform(2, 3, low=1.2, high=4),
    "arctanh": uniform(2, 3, low=-0.9, high=0.9),
    "degrees": normal(2, 3),
    "radians": normal(2, 3, scale=90),
    "erf": normal(2, 3),
    "erfinv": uniform(2, 3, low=-0.9, high=0.9),
    "gamma": uniform(2, 3, low=0.3, high=4),
    "gammaln": uniform(2, 3, low=0.3, high=4),
    "sigmoid": normal(2, 3),
    "softsign": normal(2, 3),
    "relu": away(2, 3),
    "rint": away(2, 3, points=(-1.5, -0.5, 0.5, 1.5)),
    "round": away(2, 3, points=(-1.5, -0.5, 0.5, 1.5)),
    "ceil": away(2, 3, points=(-2, -1, 0, 1, 2)),
    "floor": away(2, 3, points=(-2, -1, 0, 1, 2)),
    "trunc": away(2, 3, points=(-2, -1, 0, 1, 2)),
    "fix": away(2, 3, points=(-2, -1, 0, 1, 2)),
    "logical_not": const([[0, 1, 0], [-2, 0, 0.5]]),
}

CASES = [Case(op, [data]) for op, data in SMOOTH.items()]
CASES += [
    Case(op, [full(2, value=0.5, dtype="float64")]) for op in ("exp", "gamma", "erfinv", "log2")
]
CASES += [
    Case(op, [uniform(3, low=0.5, high=0.9, dtype="float16")], rtol=4e-3, atol=1e-3)
    for op in ("sqrt", "tanh", "sigmoid", "gammaln")
]
# integers: the result is cut to an integer
CASES += [
    Case(op, [const([-7, -2, 1, 2, 7], "int32")])
    for op in (
        "abs negative sign square reciprocal exp sin cbrt relu erf tanh floor ceil round degrees "
        "softsign logical_not arctan"
    ).split()
]
CASES += [Case(op, [const([1, 2, 9], "uint8")]) for op in ("negative", "square", "sqrt", "log")]
# kinks, poles and what lies beyond: values and slopes as MXNet defines them
CASES += [
    Case(op, [const([-2, -1, 0, 1, 2])], fd=False, half=False)
    for op in (
        "abs sign relu sqrt cbrt log log1p softsign arcsinh logical_not square rint fix"
    ).split()
]
CASES += [
    Case(op, [const([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])], fd=False, half=False)
    for op in ("rint", "round", "fix", "floor", "ceil")
]
CASES += [
    Case("gamma", [const([-1.5, -0.5, 0.3])], rtol=1e-4),
    Case("gammaln", [const([-1.5, -0.5, 0.3])], grad=False, rtol=1e-4),
    Case("erfinv", [const([-1, 1, 2, 0])], grad=False, half=False),
    Case("relu", [const([NAN, -1, INF, -INF])], grad=False, half=False),
    Case("arctanh", [const([-1, 0, 1])], fd=False, half=False),
    Case("arccos", [const([-1, 0, 1])], fd=False, half=False),
]

CASES += [
    Case("_copy", [normal(2, 3)]),
    Case("_copy", [integers(2, 3, dtype="int32")]),
    Case("BlockGrad", [normal(2, 3)], grad=False),
    Case("make_loss", [normal(2, 3)], fd=False),
    Case("MakeLoss", [normal(2, 3)], {"grad_scale": 0.5}, fd=False),
    Case("MakeLoss", [normal(4, 3)], {"normalization": "batch"}, fd=False),
    Case("MakeLoss", [normal(2, 4, 3)], {"normalization": "batch"}, fd=False),
    Case(
        "MakeLoss",
        [normal(4, 3)],
        {"normalization": "valid", "valid_thresh": 0.1, "grad_scale": 2.0},
        fd=False,
    ),
    Case("ones_like", [normal(2, 3)], grad=False),
    Case("ones_like", [integers(2, dtype="int32")]),
    Case("zeros_like", [normal(2, 3)], grad=False),
    Case("Cast", [normal(2, 3)], {"dtype": "float64"}, half=False),
    Case("Cast", [normal(2, 3)], {"dtype": "float16"}, fd=False, rtol=1e-3, atol=1e-3),
    Case("Cast", [normal(2, 3, scale=3)], {"dtype": "int32"}, grad=False),
    Case("Cast", [const([300.7, -1.5, -300, 5])], {"dtype": "uint8"}, grad=False, half=False),
    Case("Cast", [const([300.7, -1.5, -300, 5])], {"dtype": "int8"}, grad=False, half=False),
    Case("Cast", [const([0.5, 0, 2])], {"dtype": "bool"}, grad=False),
    Case("Cast", [const([-7, 3], "int32")], {"dtype": "float32"}),
    Case("Cast", [const([-7, 3], "int32")], {"dtype": "int64"}),
    Case("clip", [away(2, 3, points=(-1, 1))], {"a_min": -1.0, "a_max": 1.0}),
    Case("clip", [const([-2, -1, 0, 1, 2])], {"a_min": -1.0, "a_max": 1.0}, fd=False),
    Case("clip", [const([-7, -2, 1, 2, 7], "int32")], {"a_min": -2.5, "a_max": 1.5}),
    Case("clip", [const([5, 0.5])], {"a_min": 3.0, "a_max": 1.0}, grad=False),
    Case("smooth_l1", [away(2, 3, points=(-1, 1))], {"scalar": 1.0}),
    Case("smooth_l1", [away(2, 3, points=(-0.25, 0.25))], {"scalar": 2.0}),
    Case("smooth_l1", [const([-1, -0.25, 0, 0.25, 1])], {"scalar": 2.0}, fd=False),
    Case("smooth_l1", [const([-7, -2, 1, 2, 7], "int32")], {"scalar": 1.0}),
    Case("hard_sigmoid", [away(2, 3, points=(-2.5, 2.5))]),
    Case("hard_sigmoid", [const([-2, -1, 0, 1, 2])], {"alpha": 0.5, "beta": 0.5}, fd=False),
    Case("where", [const([[1, 0, 2], [0, 0, -1]]), normal(2, 3), normal(2, 3)], grad=(1, 2)),
    Case("where", [const([1, 0]), normal(2, 3), normal(2, 3)], grad=(1, 2)),
    Case("where", [const([1, 0], "int32"), normal(2, 2, 2), normal(2, 2, 2)]),
    Case("add_n", [normal(2, 3), normal(2, 3), normal(2, 3)]),
    Case("add_n", [normal(2, 3)]),
    Case("add_n", [integers(3, dtype="int32"), integers(3, dtype="int32")]),
]
