"""Cases of the operators in ``binary.py`` and ``scalar.py``."""

from __future__ import annotations

from case import Case, away, const, distinct, full, integers, normal, uniform

NAN = float("nan")

CASES = []
for op in ("elemwise_add", "elemwise_sub", "elemwise_mul"):
    CASES += [
        Case(op, [normal(2, 3), normal(2, 3)]),
        Case(op, [integers(5, high=9, dtype="int32"), integers(5, high=9, dtype="int32")]),
        Case(op, [const([1, 2, 250], "uint8"), const([5, 3, 9], "uint8")]),
    ]
CASES += [
    Case("elemwise_div", [normal(2, 3), away(2, 3, gap=0.3)]),
    Case("elemwise_div", [const([-7, 7, 5], "int32"), const([2, -2, 5], "int32")]),
]

for op in ("add", "sub", "mul"):
    CASES += [
        Case(f"broadcast_{op}", [normal(2, 3), normal(2, 3)]),
        Case(f"broadcast_{op}", [normal(2, 1, 3), normal(1, 4, 1)]),
        Case(f"broadcast_{op}", [normal(2, 3, dtype="float64"), normal(1, 3, dtype="float64")]),
        Case(f"broadcast_{op}", [const([-7, 7, 5], "int32"), const([2], "int32")]),
    ]
CASES += [
    Case("broadcast_div", [normal(2, 3), away(2, 3, gap=0.3)]),
    Case("broadcast_div", [normal(2, 1), away(1, 3, gap=0.3)]),
    Case("broadcast_div", [const([-7, 7, 5], "int32"), const([2], "int32")]),
    Case("broadcast_mod", [const([5.2, -5.2, 5.2, -5.7]), const([3.1, 3.1, -3.1, -3.1])]),
    Case("broadcast_mod", [const([[5.2], [-5.2]]), const([[3.1, -3.1]])]),
    Case("broadcast_mod", [const([5, -5]), const([0, 0])], grad=False),
    Case("broadcast_mod", [const([-7, -2, 1, 2, 7], "int32"), const([2, -2, -2, 0, -4], "int32")]),
    Case("broadcast_power", [uniform(2, 3, low=0.3, high=2), normal(2, 3)]),
    Case("broadcast_power", [uniform(2, 1, low=0.3, high=2), normal(1, 3)]),
    Case("broadcast_power", [const([-2, 2, -3]), const([2, 3, 3])], grad=(0,)),
    Case("broadcast_power", [const([-7, -2, 1, 2, 7], "int32"), const([2, 3, 1, -1, 7], "int32")]),
    Case("broadcast_power", [const([1, 2, 3], "uint8"), const([2, 3, 1], "uint8")]),
    Case("broadcast_hypot", [away(2, 3, gap=0.3), away(2, 3, gap=0.3)]),
    Case("broadcast_hypot", [away(2, 1, gap=0.3), away(1, 3, gap=0.3)]),
    Case("broadcast_hypot", [const([3, 4], "int32"), const([4], "int32")]),
]
for op in ("maximum", "minimum"):
    CASES += [
        Case(f"broadcast_{op}", [distinct(2, 3), distinct(2, 3, low=-1.9, high=2.1)]),
        Case(f"broadcast_{op}", [distinct(2, 1), distinct(1, 3, low=-1.7, high=1.9)]),
        Case(f"broadcast_{op}", [const([1, 2, 3]), const([2, 2, 2])], fd=False),
        Case(f"broadcast_{op}", [const([NAN, 1]), const([1, NAN])], grad=False, half=False),
        Case(f"broadcast_{op}", [const([1, 2, 3], "int32"), const([2], "int32")]),
    ]
for op in (
    "equal not_equal greater greater_equal lesser lesser_equal logical_and logical_or logical_xor"
).split():
    CASES += [
        Case(f"broadcast_{op}", [integers(2, 3), integers(2, 3)], grad=False),
        Case(f"broadcast_{op}", [integers(2, 1), integers(1, 3)], grad=False),
        Case(f"broadcast_{op}", [integers(6, dtype="int32"), integers(6, dtype="int32")]),
    ]

WHOLE = const([-7, -2, 1, 2, 7], "int32")
for op in ("plus", "minus", "rminus", "mul", "div"):
    CASES += [
        Case(f"_{op}_scalar", [normal(2, 3)], {"scalar": 1.7}),
        Case(f"_{op}_scalar", [normal(2, 3, dtype="float64")], {"scalar": -0.3}),
        Case(f"_{op}_scalar", [WHOLE], {"scalar": 2.5}),
    ]
CASES += [
    Case("_plus_scalar", [normal(3, dtype="float16")], {"scalar": 1.7}, rtol=2e-3, atol=2e-3),
    Case("_mul_scalar", [const([1, 2, 250], "uint8")], {"scalar": 2.0}),
    Case("_rdiv_scalar", [away(2, 3, gap=0.3)], {"scalar": 1.7}),
    Case("_rdiv_scalar", [WHOLE], {"scalar": 7.5}),
    Case("_mod_scalar", [const([5.2, -5.2, 7.1])], {"scalar": 3.0}),
    Case("_mod_scalar", [const([5.2, -5.2, 7.1])], {"scalar": -3.0}),
    Case("_mod_scalar", [const([5, -5])], {"scalar": 0.0}, grad=False),
    Case("_mod_scalar", [WHOLE], {"scalar": 3.0}),
    Case("_rmod_scalar", [const([3.1, -3.1, 2.2])], {"scalar": 5.0}),
    Case("_rmod_scalar", [WHOLE], {"scalar": 5.0}),
    Case("_power_scalar", [normal(2, 3)], {"scalar": 2.0}),
    Case("_power_scalar", [uniform(2, 3, low=0.3, high=2)], {"scalar": -0.5}),
    Case("_power_scalar", [normal(2, 3)], {"scalar": 1.0}),
    Case("_power_scalar", [const([-2, 0, 3])], {"scalar": 3.0}),
    Case("_power_scalar", [WHOLE], {"scalar": 2.0}),
    Case("_power_scalar", [WHOLE], {"scalar": -1.0}),
    Case("_power_scalar", [WHOLE], {"scalar": 0.5}),
    Case("_rpower_scalar", [normal(2, 3)], {"scalar": 1.7}),
    Case("_rpower_scalar", [WHOLE], {"scalar": 2.0}),
    Case("_hypot_scalar", [normal(2, 3)], {"scalar": 4.0}),
    Case("_hypot_scalar", [const([0, 3])], {"scalar": 4.0}),
    Case("_hypot_scalar", [WHOLE], {"scalar": 4.0}),
]
for op in ("maximum", "minimum"):
    CASES += [
        Case(f"_{op}_scalar", [away(2, 3, points=(0.5,))], {"scalar": 0.5}),
        Case(f"_{op}_scalar", [const([1, 2, 3])], {"scalar": 2.0}, fd=False),
        Case(f"_{op}_scalar", [WHOLE], {"scalar": 1.5}),
    ]
for op in (
    "equal not_equal greater greater_equal lesser lesser_equal logical_and logical_or logical_xor"
).split():
    CASES += [
        Case(f"_{op}_scalar", [const([[0, 1, 2], [2, 1, -1]])], {"scalar": 1.0}, grad=False),
        Case(f"_{op}_scalar", [const([0, 1, 2])], {"scalar": 0.0}, grad=False),
        Case(f"_{op}_scalar", [WHOLE], {"scalar": 1.5}),
    ]
CASES += [Case("broadcast_add", [full(1, value=1), normal(2, 3)])]
