"""Elementwise functions of an array and a number.

The number takes the array's dtype first: with an array of integers, 1.5 is 1. Bools count as
integers here, as in Python: ``1 - mask`` is int64. Except for powers the number is an argument of
the compiled code, so that a new number needs no new compilation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.op import register
from . import binary
from ._checks import adopt, is_float

_SECTIONS = """

Parameters
----------
data : array
    Any shape.
scalar : float
    The number.

Returns
-------
array
    Shape and dtype of `data`.
"""


def _scalar(name: str, alias: str, **facts: Any) -> Callable:
    """Register ``fn(data, scalar)``."""

    def add(fn: Callable) -> Callable:
        def run(data, *, scalar: float = 1.0):
            if data.dtype == jnp.bool_:
                data = data.astype(jax.dtypes.canonicalize_dtype("int64"))
            return fn(data, jnp.asarray(scalar, data.dtype))

        adopt(run, fn, (fn.__doc__ or "") + _SECTIONS)
        register(name, aliases=(alias,), traced=("scalar",), alike=True, **facts)(run)
        return fn

    return add


def _logic(name: str, alias: str) -> Callable:
    """Register a comparison: ``fn`` gives booleans, the operator 0 and 1 in the array's dtype."""

    def add(fn: Callable) -> Callable:
        @wraps(fn)
        def run(data, scalar):
            return fn(data, scalar).astype(data.dtype)

        return _scalar(name, alias, differentiable=False)(run)

    return add


@_scalar("_plus_scalar", "_PlusScalar")
def plus(data, scalar):
    """``data + scalar``."""
    return data + scalar


@_scalar("_minus_scalar", "_MinusScalar")
def minus(data, scalar):
    """``data - scalar``."""
    return data - scalar


@_scalar("_rminus_scalar", "_RMinusScalar")
def rminus(data, scalar):
    """``scalar - data``."""
    return scalar - data


@_scalar("_mul_scalar", "_MulScalar")
def mul(data, scalar):
    """``data * scalar``."""
    return data * scalar


@_scalar("_div_scalar", "_DivScalar")
def div(data, scalar):
    """``data / scalar``; rounded towards 0 for integers."""
    return binary.divide(data, scalar)


@_scalar("_rdiv_scalar", "_RDivScalar")
def rdiv(data, scalar):
    """``scalar / data``; rounded towards 0 for integers."""
    return binary.divide(scalar, data)


@_scalar("_mod_scalar", "_ModScalar")
def mod(data, scalar):
    """The remainder of ``data / scalar``, with the sign of `scalar`; 0 where `scalar` is 0."""
    return binary.mod(data, scalar)


@_scalar("_rmod_scalar", "_RModScalar")
def rmod(data, scalar):
    """The remainder of ``scalar / data``, with the sign of `data`; 0 where `data` is 0."""
    return binary.mod(jnp.broadcast_to(scalar, data.shape), data)


@register("_power_scalar", aliases=("_PowerScalar",))
def power(data, *, scalar: float = 1.0):
    """``data ** scalar``.

    The exponent is part of the compiled code, which makes squares and roots fast.

    Parameters
    ----------
    data : array
        Any shape.
    scalar : float
        The exponent.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    if not is_float(data):
        return binary.power(data, jnp.asarray(np.asarray(scalar).astype(data.dtype)))
    whole = abs(scalar) <= 64 and scalar == int(scalar)
    return jnp.power(data, int(scalar) if whole else scalar)


@_scalar("_rpower_scalar", "_RPowerScalar")
def rpower(data, scalar):
    """``scalar ** data``."""
    return binary.power(scalar, data)


@_scalar("_maximum_scalar", "_MaximumScalar")
def maximum(data, scalar):
    """The greater of the element and the number; where they are equal the gradient passes."""
    return binary.maximum(data, scalar)


@_scalar("_minimum_scalar", "_MinimumScalar")
def minimum(data, scalar):
    """The lesser of the element and the number; where they are equal the gradient passes."""
    return binary.minimum(data, scalar)


@_scalar("_hypot_scalar", "_HypotScalar")
def hypot(data, scalar):
    """The hypotenuse ``sqrt(data ** 2 + scalar ** 2)``."""
    return binary.hypot(data, scalar)


@_logic("_equal_scalar", "_EqualScalar")
def equal(data, scalar):
    """1 where ``data == scalar``, 0 elsewhere."""
    return data == scalar


@_logic("_not_equal_scalar", "_NotEqualScalar")
def not_equal(data, scalar):
    """1 where ``data != scalar``, 0 elsewhere."""
    return data != scalar


@_logic("_greater_scalar", "_GreaterScalar")
def greater(data, scalar):
    """1 where ``data > scalar``, 0 elsewhere."""
    return data > scalar


@_logic("_greater_equal_scalar", "_GreaterEqualScalar")
def greater_equal(data, scalar):
    """1 where ``data >= scalar``, 0 elsewhere."""
    return data >= scalar


@_logic("_lesser_scalar", "_LesserScalar")
def lesser(data, scalar):
    """1 where ``data < scalar``, 0 elsewhere."""
    return data < scalar


@_logic("_lesser_equal_scalar", "_LesserEqualScalar")
def lesser_equal(data, scalar):
    """1 where ``data <= scalar``, 0 elsewhere."""
    return data <= scalar


@_logic("_logical_and_scalar", "_LogicalAndScalar")
def logical_and(data, scalar):
    """1 where neither the element nor the number is 0, 0 elsewhere."""
    return (data != 0) & (scalar != 0)


@_logic("_logical_or_scalar", "_LogicalOrScalar")
def logical_or(data, scalar):
    """1 where the element or the number is not 0, 0 elsewhere."""
    return (data != 0) | (scalar != 0)


@_logic("_logical_xor_scalar", "_LogicalXorScalar")
def logical_xor(data, scalar):
    """1 where exactly one of the element and the number is 0, 0 elsewhere."""
    return (data != 0) ^ (scalar != 0)
