"""Cases of the operators in ``density.py``."""

from __future__ import annotations

from case import Case, const, integers, uniform

CASES = []


def positive(*shape, dtype="float32"):
    return uniform(*shape, low=0.3, high=0.9, dtype=dtype)


SETTINGS = [{}, {"is_log": True}]

for name, first, second in [
    ("uniform", uniform(2, low=-1, high=0), uniform(2, low=0.5, high=1)),
    ("normal", uniform(2), positive(2)),
    ("gamma", positive(2), positive(2)),
]:
    CASES += [
        Case(f"_random_pdf_{name}", [positive(2, 3), first, second], settings, rtol=1e-4, atol=1e-5)
        for settings in SETTINGS
    ]
CASES += [
    Case("_random_pdf_exponential", [positive(2, 2, 3), positive(2, 2)], {"is_log": True}),
    Case(
        "_random_pdf_exponential", [positive(2, 3, dtype="float64"), positive(2, dtype="float64")]
    ),
    Case("_random_pdf_dirichlet", [const([[[0.1, 0.9], [0.5, 0.5]]]), positive(1, 2)], rtol=1e-4),
    Case("_random_pdf_dirichlet", [const([0.2, 0.8]), positive(2)], {"is_log": True}, rtol=1e-4),
]
for name, count in [("poisson", 1), ("negative_binomial", 2), ("generalized_negative_binomial", 2)]:
    CASES += [
        Case(
            f"_random_pdf_{name}",
            [integers(2, 3, high=4), *(positive(2) for _ in range(count))],
            settings,
            fd=tuple(range(1, count + 1)),
            rtol=1e-4,
            atol=1e-5,
        )
        for settings in SETTINGS
    ]
