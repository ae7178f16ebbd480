"""Cases of the operators in ``linalg.py``, ``linalg_factors.py`` and ``linalg_parts.py``.

Reference values of symmetric inputs are given symmetric matrices; the gradient with respect to a
factor that is triangular belongs to one triangle.
"""

from __future__ import annotations

from case import Case, const, normal, spd, uniform

CASES = []
BOTH = {"transpose_a": True, "transpose_b": True}

# -- products -------------------------------------------------------------------------------------

CASES += [
    Case("_linalg_gemm", [normal(2, 3, 4), normal(2, 4, 2), normal(2, 3, 2)], {"alpha": 2.0}),
    Case("_linalg_gemm", [normal(4, 3), normal(2, 4), normal(3, 2)], {**BOTH, "beta": -0.5}),
    Case("_linalg_gemm", [normal(3, 2, 4), normal(4, 2, 3), normal(3, 2, 3)], {"axis": 0}),
    Case("_linalg_gemm2", [normal(2, 3, 4), normal(2, 4, 2)], {"alpha": 0.5}),
    Case("_linalg_gemm2", [normal(4, 3), normal(2, 4)], BOTH),
    Case("_linalg_gemm2", [normal(2, 3, 2, 4), normal(2, 4, 2, 3)], {"axis": 1}),
    Case("_linalg_syrk", [normal(2, 3, 4)], {"alpha": 2.0}),
    Case("_linalg_syrk", [normal(3, 4, dtype="float64")], {"transpose": True}),
]

# -- triangular matrices --------------------------------------------------------------------------

for settings in [
    {"alpha": 2.0},
    {"transpose": True, "lower": False},
    {"rightside": True, "transpose": True},
    {"rightside": True, "lower": False},
]:
    other = normal(2, 2, 3) if settings.get("rightside") else normal(2, 3, 2)
    CASES += [
        Case("_linalg_trmm", [normal(2, 3, 3), other], settings),
        Case("_linalg_trsm", [spd(2, 3, 3), other], settings),
    ]
CASES += [
    Case("_linalg_potrf", [spd(2, 3, 3)], atol=1e-5),
    Case("_linalg_potrf", [spd(3, 3, dtype="float64")]),
    Case("_linalg_potri", [spd(2, 3, 3)], rtol=1e-4),
    Case("_linalg_potri", [spd(3, 3, dtype="float64")]),
    Case("_linalg_sumlogdiag", [spd(2, 3, 3)]),
    Case("_linalg_sumlogdiag", [uniform(3, 3, low=0.5, high=2, dtype="float64")]),
]

# -- factorizations -------------------------------------------------------------------------------

CASES += [
    Case("_linalg_gelqf", [normal(2, 3, 4)], rtol=1e-4, atol=1e-5),
    Case("_linalg_gelqf", [normal(3, 3, dtype="float64")]),
    Case("_linalg_syevd", [spd(2, 3, 3)], rtol=1e-4, atol=1e-4),
    Case("_linalg_syevd", [spd(3, 3, dtype="float64")]),
    Case("_linalg_inverse", [spd(2, 3, 3)], rtol=1e-4),
    Case("_linalg_inverse", [normal(3, 3, dtype="float64")]),
    Case("_linalg_det", [normal(2, 3, 3)], rtol=1e-4, atol=1e-5),
    Case("_linalg_det", [normal(3, 3, dtype="float64")]),
    Case("_linalg_slogdet", [normal(2, 3, 3)], rtol=1e-4, atol=1e-5),
    Case("_linalg_slogdet", [const([[1, 2], [2, 4]])], grad=False, half=False),
]

# -- diagonals and triangles ----------------------------------------------------------------------

CASES += [
    Case("_linalg_extractdiag", [normal(2, 3, 3)], {"offset": -1}),
    Case("_linalg_extractdiag", [normal(3, 3, dtype="float64")]),
    Case("_linalg_makediag", [normal(2, 3)], {"offset": 1}),
    Case("_linalg_makediag", [normal(3, dtype="float64")]),
]
for offset, lower in [(0, True), (0, False), (1, True), (-1, False)]:
    settings = {"offset": offset, "lower": lower}
    CASES += [
        Case("_linalg_extracttrian", [normal(2, 3, 3)], settings),
        Case("_linalg_maketrian", [normal(2, 3)], settings),
    ]
