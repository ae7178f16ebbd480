"""Arithmetic on NDArrays, and operators as methods."""

from __future__ import annotations

import functools
import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine import region
from ..engine.op import OPS, Op
from .dispatch import bind, check_inplace, invoke
from .ndarray import NDArray

__all__ = ["BINARY", "METHODS", "binary", "install"]

#: Python operator -> (array operator, scalar operator, reflected scalar operator).
BINARY = {
    "add": ("broadcast_add", "_plus_scalar", "_plus_scalar"),
    "sub": ("broadcast_sub", "_minus_scalar", "_rminus_scalar"),
    "mul": ("broadcast_mul", "_mul_scalar", "_mul_scalar"),
    "truediv": ("broadcast_div", "_div_scalar", "_rdiv_scalar"),
    "mod": ("broadcast_mod", "_mod_scalar", "_rmod_scalar"),
    "pow": ("broadcast_power", "_power_scalar", "_rpower_scalar"),
    "eq": ("broadcast_equal", "_equal_scalar", "_equal_scalar"),
    "ne": ("broadcast_not_equal", "_not_equal_scalar", "_not_equal_scalar"),
    "gt": ("broadcast_greater", "_greater_scalar", "_lesser_scalar"),
    "ge": ("broadcast_greater_equal", "_greater_equal_scalar", "_lesser_equal_scalar"),
    "lt": ("broadcast_lesser", "_lesser_scalar", "_greater_scalar"),
    "le": ("broadcast_lesser_equal", "_lesser_equal_scalar", "_greater_equal_scalar"),
    "maximum": ("broadcast_maximum", "_maximum_scalar", "_maximum_scalar"),
    "minimum": ("broadcast_minimum", "_minimum_scalar", "_minimum_scalar"),
    "logical_and": ("broadcast_logical_and", "_logical_and_scalar", "_logical_and_scalar"),
    "logical_or": ("broadcast_logical_or", "_logical_or_scalar", "_logical_or_scalar"),
    "logical_xor": ("broadcast_logical_xor", "_logical_xor_scalar", "_logical_xor_scalar"),
    "hypot": ("broadcast_hypot", "_hypot_scalar", "_hypot_scalar"),
}

_NUMBER = (int, float, bool, np.generic, numbers.Number)


def binary(kind: str, a: Any, b: Any) -> Any:
    """``a kind b`` where at least one is an NDArray; NotImplemented for other operands."""
    both, right, left = BINARY[kind]
    if isinstance(a, NDArray):
        if isinstance(b, NDArray):
            return invoke(OPS[both], (a, b), _NOTHING)
        if isinstance(b, _NUMBER):
            return invoke(OPS[right], (a,), {"scalar": b})
        if isinstance(b, np.ndarray) and b.ndim == 0:
            return invoke(OPS[right], (a,), {"scalar": b.item()})
    elif isinstance(a, _NUMBER) and isinstance(b, NDArray):
        return invoke(OPS[left], (b,), {"scalar": a})
    return NotImplemented


_NOTHING: dict = {}


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


def _inplace(kind: str, sign: str) -> Callable:
    def method(self, other):
        check_inplace(self)
        y = binary(kind, self, other)
        if y is NotImplemented:
            return y
        if y.shape != self.shape:
            raise ValueError(
                f"x {sign}= y cannot change the shape of x: {self.shape} and {other.shape} give "
                f"{y.shape}; write x = x {sign} y"
            )
        if self._view is None and y._buffer.array is None:
            region.hold(self._buffer, y._buffer.pending)
        else:
            self._write(y._data)
        self._entry = y._entry if y._entry is not None else self._entry
        return self

    method.__name__ = f"__i{kind}__"
    return method


def _equality(kind: str, otherwise: bool) -> Callable:
    def method(self, other):
        result = binary(kind, self, other)
        return otherwise if result is NotImplemented else result

    method.__name__ = f"__{kind}__"
    return method


#: Operators that are methods of NDArray, with the array as their first input.
METHODS = """
    abs arccos arccosh arcsin arcsinh arctan arctanh argmax argmax_channel argmin argsort
    broadcast_axes broadcast_like broadcast_to cbrt ceil clip cos cosh degrees depth_to_space diag
    exp expand_dims expm1 fix flatten flip floor log log10 log1p log2 log_softmax max mean min
    nanprod nansum norm one_hot ones_like pad pick prod radians rcbrt reciprocal relu repeat
    reshape_like rint round rsqrt shape_array sigmoid sign sin sinh size_array slice slice_axis
    slice_like softmax softmin sort space_to_depth split split_v2 sqrt square squeeze sum swapaxes
    take tan tanh tile topk transpose trunc zeros_like
""".split()


def method(op: Op, name: str) -> Callable:
    """An operator as a method."""

    def fn(self, *args, **kwargs):
        out = kwargs.pop("out", None)
        kwargs.pop("name", None)
        if kwargs.get("dtype", "") is None:  # np.mean(x) calls x.mean(dtype=None)
            del kwargs["dtype"]
        inputs, given = bind(op, (self, *args), kwargs)
        return invoke(op, inputs, given, out)

    fn.__name__ = name
    fn.__qualname__ = f"NDArray.{name}"
    fn.__doc__ = f"``nd.{name}`` of this array; see :func:`gluonx.nd.{name}`."
    return fn


def _transpose(self, *axes, **kwargs):
    """The axes in another order (reversed by default)."""
    if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))):
        axes = tuple(axes[0] or ())
    return invoke(OPS["transpose"], [self], {"axes": kwargs.pop("axes", axes)})


def _split_v2(self, *args, **kwargs):
    """``nd.split_v2`` of this array; see :func:`gluonx.nd.split_v2`."""
    from . import creation

    return creation.split_v2(self, *args, **kwargs)


def install() -> None:
    """Give NDArray its operators and methods."""
    for kind in ("add", "sub", "mul", "truediv", "mod", "pow"):
        setattr(NDArray, f"__{kind}__", _forward(kind))
        setattr(NDArray, f"__r{kind}__", _backward(kind))
    for kind, sign in (
        ("add", "+"),
        ("sub", "-"),
        ("mul", "*"),
        ("truediv", "/"),
        ("mod", "%"),
        ("pow", "**"),
    ):
        setattr(NDArray, f"__i{kind}__", _inplace(kind, sign))
    for kind in ("gt", "ge", "lt", "le"):
        setattr(NDArray, f"__{kind}__", _forward(kind))
    NDArray.__eq__ = _equality("eq", False)  # type: ignore[method-assign,assignment]
    NDArray.__ne__ = _equality("ne", True)  # type: ignore[method-assign,assignment]
    NDArray.__neg__ = lambda self: invoke(OPS["negative"], [self], _NOTHING)  # type: ignore[attr-defined]
    NDArray.__pos__ = lambda self: self  # type: ignore[attr-defined]
    NDArray.__abs__ = lambda self: invoke(OPS["abs"], [self], _NOTHING)  # type: ignore[attr-defined]
    NDArray.__matmul__ = lambda self, other: invoke(OPS["dot"], [self, other], _NOTHING)  # type: ignore[attr-defined]
    for name in METHODS:
        if name in OPS:
            setattr(NDArray, name, method(OPS[name], name))
    NDArray.transpose = _transpose  # type: ignore[attr-defined]
    NDArray.split_v2 = _split_v2  # type: ignore[attr-defined]


def dispatching(kind: str) -> Callable:
    """A function of two operands, arrays or numbers (``nd.add``, ``nd.maximum``, ...)."""

    def fn(lhs, rhs):
        result = binary(kind, lhs, rhs)
        if result is NotImplemented:
            if isinstance(lhs, _NUMBER) and isinstance(rhs, _NUMBER):
                return _PYTHON[kind](lhs, rhs)
            raise TypeError(
                f"operands must be NDArrays or numbers, got {type(lhs).__name__} and "
                f"{type(rhs).__name__}"
            )
        return result

    summary = OPS[BINARY[kind][0]].doc.split("\n")[0]
    fn.__doc__ = f"{summary}\n{_OPERANDS}"
    return fn


_OPERANDS = """
Parameters
----------
lhs, rhs : array or number
    Shapes are equal but for axes of length 1. A number takes the dtype of the array.

Returns
-------
array
    The common shape."""


_PYTHON: dict[str, Callable] = {
    kind: functools.partial(lambda f, a, b: f(a, b).item(), getattr(np, name))
    for kind, name in {
        "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "mod": "mod",
        "pow": "power", "eq": "equal", "ne": "not_equal", "gt": "greater", "ge": "greater_equal",
        "lt": "less", "le": "less_equal", "maximum": "maximum", "minimum": "minimum",
        "logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor",
        "hypot": "hypot",
    }.items()
}  # fmt: skip
