"""Cases of the operators in ``amp.py`` and ``histogram.py``."""

from __future__ import annotations

from case import Case, const, normal, uniform

INF = float("inf")
ONE = [uniform(3, low=0.5, high=1) for _ in range(4)]

CASES = [
    Case("all_finite", [normal(2, 3)], grad=False),
    Case("all_finite", [const([1, INF])], grad=False),
    Case("multi_all_finite", [normal(2), normal(3)], {"num_arrays": 2}, grad=False),
    Case("multi_all_finite", [normal(2), const([-INF])], {"num_arrays": 2}, grad=False),
    Case("amp_cast", [normal(2, 3)], {"dtype": "float16"}, fd=False, rtol=2e-3, half=False),
    Case("amp_cast", [normal(2, 3)], {"dtype": "float64"}, half=False),
    Case("amp_cast", [const([1, 2], "int32")], {"dtype": "float16"}),
    Case("amp_multicast", [normal(2), normal(3, dtype="float16")], {"num_outputs": 2}),
    Case(
        "amp_multicast",
        [normal(2), normal(3, dtype="float16")],
        {"num_outputs": 2, "cast_narrow": True},
        fd=False,
        rtol=2e-3,
    ),
    Case("multi_sum_sq", [normal(2, 3), normal(4)], {"num_arrays": 2}, grad=False),
    Case("multi_sum_sq", [normal(4, dtype="float16")], {"num_arrays": 1}, grad=False, rtol=1e-3),
    Case("multi_lars", ONE, {"eta": 0.1, "eps": 1e-3, "rescale_grad": 0.5}, grad=False),
    Case("multi_lars", [ONE[0], const([1, 0, 1]), const([1, 1, 0]), ONE[3]], {"eta": 1, "eps": 0},
         grad=False),
    Case(
        "_histogram",
        [const([1, 2, 2, 3, 10, -1])],
        {"bin_cnt": 3, "range": (1.0, 3.0)},
        grad=False,
    ),
    Case("_histogram", [const([1, 2, 2, 3, 10, -1]), const([1, 2, 3])], grad=False),
    Case("_histogram", [const([1, 2, 2, 3])], {"bin_cnt": 2}, grad=False, reference=False),
]  # fmt: skip
