"""Cases of the operators that draw random numbers: shapes and dtypes.

The numbers are tested in ``test_random_ops.py``.
"""

from __future__ import annotations

from case import Case, const, normal


def case(op, inputs=(), attrs=None, **facts):
    facts.setdefault("grad", False)
    return Case(op, list(inputs), attrs or {}, value=False, half=False, **facts)


DISTRIBUTIONS = {
    "uniform": ({"low": -1, "high": 3}, 2),
    "normal": ({"loc": 2, "scale": 0.5}, 2),
    "gamma": ({"alpha": 0.5, "beta": 2}, 2),
    "exponential": ({"lam": 3}, 1),
    "poisson": ({"lam": 4}, 1),
    "negative_binomial": ({"k": 3, "p": 0.4}, 2),
    "generalized_negative_binomial": ({"mu": 2, "alpha": 0.3}, 2),
}

CASES = []
for name, (attrs, count) in DISTRIBUTIONS.items():
    one, two = const([0.5, 0.25]), const([[0.5, 0.25, 0.125]])
    CASES += [
        case(f"_random_{name}", attrs={"shape": (2, 3)}),
        case(f"_random_{name}", attrs={**attrs, "shape": 4}),
        case(f"_random_{name}", attrs={**attrs, "shape": "(2,)", "dtype": "float64"}),
        case(f"_random_{name}", attrs={**attrs, "shape": (2,), "dtype": "float16"}),
        case(f"_random_{name}", attrs=attrs, reference=False, note="MXNet needs the shape"),
        case(f"_random_{name}_like", [normal(2, 3)], attrs),
        case(f"_random_{name}_like", [normal(2, 3, dtype="float64")]),
        case(f"_sample_{name}", [one] * count),
        case(f"_sample_{name}", [two] * count, {"shape": (4, 2)}),
        case(f"_sample_{name}", [one] * count, {"shape": 3, "dtype": "float64"}),
    ]
CASES += [
    case("_random_randint", attrs={"low": -5, "high": 5, "shape": (3, 2)}),
    case("_random_randint", attrs={"low": 0, "high": 2**40, "shape": 3, "dtype": "int64"}),
    case("_random_randint", attrs={"low": 0, "high": 2}, reference=False),
    case("_shuffle", [normal(5, 2)]),
]
FLAT, TWO = const([0.2, 0.8]), const([[0.2, 0.8, 0], [0, 0.1, 0.9]])
for data in (FLAT, TWO):
    CASES += [
        case("_sample_multinomial", [data]),
        case("_sample_multinomial", [data], {"shape": 3}),
        case("_sample_multinomial", [data], {"shape": (2, 3), "dtype": "float32"}),
        case("_sample_multinomial", [data], {"get_prob": True}),
        case("_sample_multinomial", [data], {"shape": (4,), "get_prob": True}),
    ]
