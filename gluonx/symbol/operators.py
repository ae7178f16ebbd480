"""Arithmetic on symbols, and operators as methods."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.op import OPS, Op
from ..ndarray import NDArray
from ..ndarray import operators as nd_operators
from .compose import compose
from .symbol import Symbol

__all__ = ["binary", "functions", "install"]

_NUMBER = (int, float, np.generic, numbers.Number)

#: What MXNet calls the operators on two symbols; these names are in the registry too.
_NAMES = {
    "add": "_plus", "sub": "_minus", "mul": "_mul", "truediv": "_div", "mod": "_mod",
    "pow": "_power", "eq": "_equal", "ne": "_not_equal", "gt": "_greater", "ge": "_greater_equal",
    "lt": "_lesser", "le": "_lesser_equal", "maximum": "_maximum", "minimum": "_minimum",
    "hypot": "_hypot",
    "logical_and": "_logical_and", "logical_or": "_logical_or", "logical_xor": "_logical_xor",
}  # fmt: skip
_SCALAR_IN_ONE_WORD = ("add", "sub", "mul", "truediv", "mod", "pow", "maximum", "minimum", "hypot")


def binary(kind: str, a: Any, b: Any) -> Any:
    """``a kind b`` where at least one is a Symbol; NotImplemented for other operands."""
    if isinstance(a, Symbol) and isinstance(b, Symbol):
        name = _NAMES[kind]
        return compose(OPS[name], name, (a, b), {})
    _, right, left = nd_operators.BINARY[kind]
    if isinstance(a, Symbol):
        symbol, number, name = a, b, right
    else:
        symbol, number, name = b, a, left
    if isinstance(number, np.ndarray) and number.ndim == 0:
        number = number.item()
    if not isinstance(symbol, Symbol) or not isinstance(number, _NUMBER):
        return NotImplemented
    if isinstance(number, (bool, np.bool_)):
        number = int(number)
    hint = name
    if kind in _SCALAR_IN_ONE_WORD and name != "_rpower_scalar":
        hint = name.replace("_scalar", "scalar")
    return compose(OPS[name], hint, (symbol,), {"scalar": number})


def _forward(kind: str) -> Callable:
    def method(self, other):
        return binary(kind, self, other)

    method.__name__ = f"__{kind}__"
    return method


def _backward(kind: str) -> Callable:
    def method(self, other):
        return binary(kind, other, self)

    method.__name__ = f"__r{kind}__"
    return method


def method(op: Op, name: str) -> Callable:
    """An operator as a method."""

    def fn(self, *args, **kwargs):
        given = kwargs.pop("name", None)
        attr = kwargs.pop("attr", None)
        return compose(op, name.lower(), (self, *args), kwargs, given, attr)

    fn.__name__ = name
    fn.__qualname__ = f"Symbol.{name}"
    fn.__doc__ = f"``sym.{name}`` of this symbol; see :func:`gluonx.sym.{name}`."
    return fn


def _axes_or_shape(op: str, key: str) -> Callable:
    """A method that takes a tuple as one argument or as several: ``x.reshape(2, 3)``."""

    def fn(self, *args, **kwargs):
        if args:
            one = len(args) == 1 and (args[0] is None or isinstance(args[0], (tuple, list)))
            kwargs[key] = args[0] if one else args
        if key in kwargs and kwargs[key] is None:
            del kwargs[key]
        name, attr = kwargs.pop("name", None), kwargs.pop("attr", None)
        return compose(OPS[op], op.lower(), (self,), kwargs, name, attr)

    fn.__name__ = op
    fn.__qualname__ = f"Symbol.{op}"
    fn.__doc__ = f"``sym.{op}`` of this symbol; the {key} may also be given as separate numbers."
    return fn


def _astype(self, dtype, copy=True):
    """This symbol's values as another element type."""
    return compose(OPS["Cast"], "cast", (self,), {"dtype": dtype})


def _detach(self):
    """The same values; no gradient flows through."""
    return compose(OPS["BlockGrad"], "blockgrad", (self,), {})


def _copy(self):
    """The same values."""
    return compose(OPS["_copy"], "_copy", (self,), {})


def _split_v2(self, *args, **kwargs):
    """``sym.split_v2`` of this symbol."""
    from . import creation

    return creation.split_v2(self, *args, **kwargs)


def install() -> None:
    """Give Symbol its operators and methods."""
    for kind in ("add", "sub", "mul", "truediv", "mod", "pow"):
        setattr(Symbol, f"__{kind}__", _forward(kind))
        setattr(Symbol, f"__r{kind}__", _backward(kind))
    for kind in ("eq", "ne", "gt", "ge", "lt", "le"):
        setattr(Symbol, f"__{kind}__", _forward(kind))
    methods: dict[str, Any] = {
        "__neg__": lambda self: binary("mul", self, -1.0),
        "__pos__": lambda self: self,
        "__abs__": lambda self: compose(OPS["abs"], "abs", (self,), {}),
        "__matmul__": lambda self, other: compose(OPS["dot"], "dot", (self, other), {}),
        "T": property(lambda self: compose(OPS["transpose"], "transpose", (self,), {})),
        "astype": _astype,
        "copy": _copy,
        "split_v2": _split_v2,
        "detach": _detach,
    }
    methods.update((n, method(OPS[n], n)) for n in nd_operators.METHODS if n in OPS)
    methods["reshape"] = _axes_or_shape("reshape", "shape")
    methods["transpose"] = _axes_or_shape("transpose", "axes")
    for name, value in methods.items():
        setattr(Symbol, name, value)


def functions() -> dict[str, Callable]:
    """The public functions of two operands, such as ``sym.maximum``."""
    return {name: _dispatching(kind, name) for name, kind in _FUNCTIONS.items()}


_FUNCTIONS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv",
    "true_divide": "truediv", "modulo": "mod", "power": "pow", "pow": "pow",
    "maximum": "maximum", "minimum": "minimum",
    "hypot": "hypot", "equal": "eq", "not_equal": "ne", "greater": "gt", "greater_equal": "ge",
    "lesser": "lt", "lesser_equal": "le", "logical_and": "logical_and", "logical_or": "logical_or",
    "logical_xor": "logical_xor",
}  # fmt: skip


def _dispatching(kind: str, name: str) -> Callable:
    """A function of two operands, symbols, arrays or numbers (``sym.maximum``, ...)."""
    of_arrays = nd_operators.dispatching(kind)

    def fn(lhs, rhs):
        if isinstance(lhs, NDArray) or isinstance(rhs, NDArray):
            return of_arrays(lhs, rhs)
        result = binary(kind, lhs, rhs)
        if result is not NotImplemented:
            return result
        if isinstance(lhs, _NUMBER) and isinstance(rhs, _NUMBER):
            return of_arrays(lhs, rhs)
        raise TypeError(
            f"{name}() takes symbols and numbers, got {type(lhs).__name__} and {type(rhs).__name__}"
        )

    fn.__name__ = fn.__qualname__ = name
    fn.__module__ = "gluonx.symbol"
    fn.__doc__ = of_arrays.__doc__
    return fn
