"""Cases of the operators in ``init.py``."""

from __future__ import annotations

from case import Case

CASES = [
    Case("_zeros", [], {"shape": (2, 3)}),
    Case("_zeros", [], {"shape": 2, "dtype": "int32"}),
    Case("_ones", [], {"shape": (2, 3)}),
    Case("_ones", [], {"shape": (2,), "dtype": "bool"}),
    Case("_ones", [], {"shape": (2,), "dtype": "float64"}),
    Case("_full", [], {"shape": (2, 3), "value": 1.5}),
    Case("_full", [], {"shape": (2,), "value": 3.7, "dtype": "int32"}),
    Case("_arange", [], {"start": 3.0}),
    Case("_arange", [], {"start": 1.0, "stop": 2.0, "step": 0.3}),
    Case("_arange", [], {"start": 0.0, "stop": 3.0, "repeat": 2}),
    Case("_arange", [], {"start": 5.0, "stop": 1.0, "step": -2.0, "dtype": "int32"}),
    Case("_arange", [], {"start": 0.0, "stop": 3.5, "dtype": "int64"}),
    Case("_arange", [], {"start": 0.0, "stop": 1.0, "step": 0.1, "dtype": "float64"}),
    Case("_linspace", [], {"start": 0.0, "stop": 1.0, "num": 5}),
    Case("_linspace", [], {"start": 0.0, "stop": 1.0, "num": 5, "endpoint": False}),
    Case("_linspace", [], {"start": 0.0, "stop": 10.0, "num": 3, "dtype": "int32"}),
    Case("_eye", [], {"N": 3}),
    Case("_eye", [], {"N": 2, "M": 4, "k": 1}),
    Case("_eye", [], {"N": 3, "M": 2, "k": -1, "dtype": "int32"}),
]
