"""Cases of the operators in ``reduce.py``."""

from __future__ import annotations

from case import Case, away, const, distinct, integers, normal, uniform

NAN = float("nan")
HOLES = const([[1, NAN, 0.5], [3, 2, 1], [NAN, NAN, NAN]])

SETTINGS = [
    {},
    {"axis": 1},
    {"axis": (0, -1)},
    {"axis": -1, "keepdims": True},
    {"axis": 1, "exclude": True},
    {"axis": (), "keepdims": True},
]

CASES = []
for op, data in {
    "sum": normal(2, 3, 4),
    "mean": normal(2, 3, 4),
    "prod": uniform(2, 3, 4, low=0.6, high=1.4),
    "nansum": normal(2, 3, 4),
    "nanprod": uniform(2, 3, 4, low=0.6, high=1.4),
    "max": distinct(2, 3, 4),
    "min": distinct(2, 3, 4),
}.items():
    CASES += [Case(op, [data], attrs, rtol=1e-4) for attrs in SETTINGS]
    CASES += [
        Case(op, [const([[4, 2, 6], [-1, 5, 3]], "int32")], {"axis": 1}),
        Case(op, [uniform(3, low=0.5, dtype="float64")]),
        Case(op, [uniform(3, low=0.5, dtype="float64")], {"axis": "(0,)"}, mx_attrs={"axis": 0}),
    ]
CASES += [
    Case("sum", [const([[100, 100], [100, 60]], "uint8")]),
    Case("sum", [normal(7, 5, dtype="float16")], {"axis": 0}, rtol=5e-3, atol=5e-3),
    Case("nansum", [HOLES], {"axis": 1}, fd=False, half=False),
    Case("nanprod", [HOLES], {"axis": 1}, fd=False, half=False),
    # several equal extremes: each gets the gradient
    Case("max", [const([[1, 2, 2], [3, 3, 3]])], {"axis": 1}, fd=False),
    Case("min", [const([[1, 2, 1], [3, 3, 3]])], {"axis": 1}, fd=False),
    Case("max", [const([[1, 2, 2], [3, 3, 3]])], fd=False),
    Case("max", [const([[1, NAN, 2], [3, 3, 3]])], {"axis": 1}, grad=False, half=False),
    Case("argmax", [distinct(2, 3)], grad=False),
    Case("argmax", [distinct(2, 3)], {"keepdims": True}, grad=False),
    Case("argmax", [distinct(2, 3, 2)], {"axis": 1}, grad=False),
    Case("argmax", [distinct(2, 3)], {"axis": -1, "keepdims": True}, grad=False),
    Case("argmax", [const([[3, 3, 1], [1, 2, 2]])], {"axis": 1}, grad=False),
    Case("argmax", [const([[3, 3, 1], [1, 2, 2]], "int32")], {"axis": 1}),
    Case("argmax", [distinct(4, dtype="float64")], {"axis": 0}, grad=False),
    Case("argmin", [distinct(2, 3)], grad=False),
    Case("argmin", [distinct(2, 3, 2)], {"axis": 1}, grad=False),
    Case("argmin", [const([[1, 3, 1], [1, 2, 0]])], {"axis": 1, "keepdims": True}, grad=False),
    Case("argmax_channel", [distinct(2, 3)], grad=False),
    Case("argmax_channel", [distinct(2, 3, 2)], grad=False),
    Case("norm", [away(2, 3)]),
    Case("norm", [away(2, 3)], {"keepdims": True}),
    Case("norm", [away(2, 3)], {"axis": 1}),
    Case("norm", [away(2, 3)], {"ord": 1}),
    Case("norm", [away(2, 3)], {"ord": 1, "axis": 0, "keepdims": True}),
    Case("norm", [away(2, 3, 2)], {"axis": (0, 1)}),
    Case("norm", [away(2, 3, 2)], {"ord": 1, "axis": (0, 2)}),
    Case(
        "norm",
        [const([3, 4], "int32")],
        reference=False,
        note="MXNet 1.9.1 rounds on the way, and gets 4",
    ),
    Case("norm", [const([[0, 0], [3, 4]])], {"axis": 1}, grad=False),
    Case("norm", [const([[0, -2], [0, 0]])], {"ord": 1, "axis": 1}, fd=False),
    Case(
        "norm",
        [away(3)],
        {"out_dtype": "float64"},
        reference=False,
        half=False,
        note="MXNet 1.9.1 fails when out_dtype is another dtype",
    ),
    Case("L2Normalization", [normal(2, 3, 2)], rtol=1e-4),
    Case("L2Normalization", [normal(2, 3, 2, 2)], {"mode": "channel"}, rtol=1e-4),
    Case("L2Normalization", [normal(2, 3, 2, 2)], {"mode": "spatial"}, rtol=1e-4),
    Case("L2Normalization", [normal(2, 3)], {"eps": 0.5}, rtol=1e-4),
    Case("moments", [normal(2, 3, 4)], {"axes": (0,)}, rtol=1e-4),
    Case("moments", [normal(2, 3, 4)], {"axes": (0, 2), "keepdims": True}, rtol=1e-4),
    Case("_np_cumsum", [normal(2, 3)], mx="cumsum"),
    Case("_np_cumsum", [normal(2, 3)], {"axis": 1}, mx="cumsum"),
    Case("_np_cumsum", [integers(4, dtype="int32")], {"axis": 0}, mx="cumsum"),
    Case("_np_cumsum", [normal(2, 3)], {"axis": 0, "dtype": "float64"}, mx="cumsum", half=False),
]
