"""``sym.random``: random numbers in a graph; see :mod:`gluonx.nd.random`.

Where a distribution's parameters are symbols, each of their elements gives ``shape`` samples.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..engine.op import OPS
from ..ndarray import random as nd_random
from .compose import compose
from .namespace import either, function
from .symbol import Symbol

__all__ = [
    "exponential", "gamma", "generalized_negative_binomial", "multinomial", "negative_binomial",
    "normal", "poisson", "randint", "randn", "shuffle", "uniform",
]  # fmt: skip


def _distribution(name: str, *params: str) -> Callable:
    """The function of a distribution, with the signature of that on arrays."""
    of_arrays = getattr(nd_random, name)
    signature = inspect.signature(of_arrays)

    @functools.wraps(of_arrays)
    def of_symbols(*args: Any, **kwargs: Any) -> Symbol:
        node_name, attr = kwargs.pop("name", None), kwargs.pop("attr", None)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        found = bound.arguments
        values = {p: found[p] for p in params}
        if name == "exponential":
            values = {"lam": 1.0 / values["scale"]}
        given: dict[str, Any] = {}
        if found["dtype"] not in (None, "None"):
            given["dtype"] = found["dtype"]
        shape = () if found["shape"] is None else found["shape"]
        symbols = [isinstance(v, Symbol) for v in values.values()]
        if any(symbols):
            if not all(symbols):
                raise TypeError(
                    f"the parameters {', '.join(values)} must all be numbers or all be Symbols"
                )
            op, given["shape"] = f"_sample_{name}", shape
            return compose(OPS[op], op, (), {**values, **given}, node_name, attr)
        op, given["shape"] = f"_random_{name}", (1,) if shape == () else shape
        return compose(OPS[op], op, (), {**values, **given}, node_name, attr)

    return either(of_arrays)(of_symbols)


uniform = _distribution("uniform", "low", "high")
normal = _distribution("normal", "loc", "scale")
gamma = _distribution("gamma", "alpha", "beta")
exponential = _distribution("exponential", "scale")
poisson = _distribution("poisson", "lam")
negative_binomial = _distribution("negative_binomial", "k", "p")
generalized_negative_binomial = _distribution("generalized_negative_binomial", "mu", "alpha")
randint = _distribution("randint", "low", "high")


@either(nd_random.randn)
@functools.wraps(nd_random.randn)
def randn(*shape: int, loc: Any = 0, scale: Any = 1, dtype: Any = None, **kwargs: Any) -> Symbol:
    return normal(loc, scale, shape, dtype, **kwargs)


@either(nd_random.multinomial)
@functools.wraps(nd_random.multinomial)
def multinomial(
    data: Symbol, shape: Any = None, get_prob: bool = False, dtype: Any = "int32", **kwargs: Any
) -> Symbol:
    given = {"shape": () if shape is None else shape, "get_prob": get_prob, "dtype": dtype}
    name, attr = kwargs.get("name"), kwargs.get("attr")
    return compose(OPS["_sample_multinomial"], "_sample_multinomial", (data,), given, name, attr)


@either(nd_random.shuffle)
@functools.wraps(nd_random.shuffle)
def shuffle(data: Symbol, **kwargs: Any) -> Symbol:
    name, attr = kwargs.get("name"), kwargs.get("attr")
    return compose(OPS["_shuffle"], "_shuffle", (data,), {}, name, attr)


# uniform_like(data, low=0, high=1), normal_like, ...
for _name in list(OPS):
    if _name.startswith("_random_") and _name.endswith("_like"):
        globals()[_name[8:]] = function(OPS[_name], _name)
del _name
