"""Elementwise functions of two arrays.

The ``elemwise_`` operators want two arrays of one shape, the ``broadcast_`` ones stretch axes of
length 1. Both arrays have one dtype, which the result has too: comparisons give 0 and 1 in it,
division of integers rounds towards 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp

from ..engine.images import elementwise
from ..engine.op import register
from ._checks import is_float, same_dtype, same_shape

_SECTIONS = """

Parameters
----------
lhs, rhs : array
    {shapes}

Returns
-------
array
    {result}
"""


def _elemwise(name: str, *aliases: str) -> Callable:
    """Register ``fn(lhs, rhs)`` for arrays of one shape."""

    def add(fn: Callable) -> Callable:
        @wraps(fn)
        def run(lhs, rhs):
            same_dtype(lhs, rhs)
            other = name.replace("elemwise", "broadcast")
            same_shape(lhs, rhs, hint=f"; {other} stretches axes of length 1")
            return fn(lhs, rhs)

        run.__doc__ = (fn.__doc__ or "") + _SECTIONS.format(
            shapes="Two arrays of one shape and dtype.", result="Shape and dtype of `lhs`."
        )
        register(name, aliases=aliases, alike=True)(run)
        return fn

    return add


def _broadcast(name: str, *aliases: str, **facts: Any) -> Callable:
    """Register ``fn(lhs, rhs)`` for arrays that broadcast."""

    def add(fn: Callable) -> Callable:
        @wraps(fn)
        def run(lhs, rhs):
            same_dtype(lhs, rhs)
            _check_broadcast(lhs.shape, rhs.shape)
            return fn(lhs, rhs)

        run.__doc__ = (fn.__doc__ or "") + _SECTIONS.format(
            shapes="Two arrays of one dtype whose shapes are equal but for axes of length 1.",
            result="The common shape, and the dtype of `lhs`.",
        )
        register(name, aliases=aliases, channels_last=elementwise, **facts)(run)
        return fn

    return add


def _check_broadcast(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    for a, b in zip(left[::-1], right[::-1], strict=False):
        if a != b and 1 not in (a, b):
            raise ValueError(
                f"shapes {left} and {right} do not fit together: axes must have the same length, "
                "or length 1"
            )


def _logic(name: str, *aliases: str) -> Callable:
    """Register a comparison: ``fn`` gives booleans, the operator 0 and 1 in the arrays' dtype."""

    def add(fn: Callable) -> Callable:
        @wraps(fn)
        def run(lhs, rhs):
            return fn(lhs, rhs).astype(lhs.dtype)

        return _broadcast(name, *aliases, differentiable=False)(run)

    return add


@_elemwise("elemwise_add", "_plus", "_Plus", "_add")
@_broadcast("broadcast_add", "broadcast_plus")
def add(lhs, rhs):
    """The sum ``lhs + rhs``."""
    return lhs + rhs


@_elemwise("elemwise_sub", "_minus", "_Minus", "_sub")
@_broadcast("broadcast_sub", "broadcast_minus")
def subtract(lhs, rhs):
    """The difference ``lhs - rhs``."""
    return lhs - rhs


@_elemwise("elemwise_mul", "_mul", "_Mul")
@_broadcast("broadcast_mul")
def multiply(lhs, rhs):
    """The product ``lhs * rhs``."""
    return lhs * rhs


@_elemwise("elemwise_div", "_div", "_Div")
@_broadcast("broadcast_div")
def divide(lhs, rhs):
    """The quotient ``lhs / rhs``; that of integers is rounded towards 0."""
    if is_float(lhs):
        return lhs / rhs
    return jax.lax.div(*jnp.broadcast_arrays(lhs, rhs))


@_broadcast("broadcast_mod", "_mod", "_Mod")
def mod(lhs, rhs):
    """The remainder of ``lhs / rhs``: it has the sign of `rhs`, and is 0 where `rhs` is 0."""
    zero = rhs == 0
    return jnp.where(zero, jnp.zeros_like(lhs), jnp.mod(lhs, jnp.where(zero, 1, rhs)))


@_broadcast("broadcast_power", "_power", "_Power")
def power(lhs, rhs):
    """``lhs`` to the power of ``rhs``; of integers, the whole part."""
    if is_float(lhs):
        return jnp.power(lhs, rhs)
    if jnp.issubdtype(lhs.dtype, jnp.signedinteger):
        below = jnp.power(lhs.astype(jnp.float32), rhs.astype(jnp.float32)).astype(lhs.dtype)
        return jnp.where(rhs < 0, below, jnp.power(lhs, jnp.maximum(rhs, 0)))
    return jnp.power(lhs, rhs)


@_broadcast("broadcast_maximum", "_maximum", "_Maximum")
def maximum(lhs, rhs):
    """The greater of two elements; where they are equal the gradient goes to `lhs`."""
    return jnp.where((lhs >= rhs) | (lhs != lhs), lhs, rhs)


@_broadcast("broadcast_minimum", "_minimum", "_Minimum")
def minimum(lhs, rhs):
    """The lesser of two elements; where they are equal the gradient goes to `lhs`."""
    return jnp.where((lhs <= rhs) | (lhs != lhs), lhs, rhs)


@_broadcast("broadcast_hypot", "_hypot", "_Hypot")
def hypot(lhs, rhs):
    """The hypotenuse ``sqrt(lhs ** 2 + rhs ** 2)``; its gradient is 0 where both are 0."""
    if not is_float(lhs):
        wide = jnp.promote_types(lhs.dtype, jnp.float32)
        return hypot(lhs.astype(wide), rhs.astype(wide)).astype(lhs.dtype)
    # Divided by the longer side, squares cannot overflow. (jnp.hypot has a wrong second derivative
    # where both sides are equally long, in JAX 0.10.)
    longer = jax.lax.stop_gradient(jnp.maximum(jnp.abs(lhs), jnp.abs(rhs)))
    plain = (longer == 0) | jnp.isinf(longer)
    scale = jnp.where(plain, jnp.ones_like(longer), longer)
    total = (lhs / scale) ** 2 + (rhs / scale) ** 2
    zero = total == 0
    root = jnp.sqrt(jnp.where(zero, jnp.ones_like(total), total))
    return jnp.where(zero, jnp.zeros_like(total), scale * root)


@_logic("broadcast_equal", "_equal", "_Equal")
def equal(lhs, rhs):
    """1 where the elements are equal, 0 elsewhere."""
    return lhs == rhs


@_logic("broadcast_not_equal", "_not_equal", "_Not_Equal")
def not_equal(lhs, rhs):
    """1 where the elements differ, 0 elsewhere."""
    return lhs != rhs


@_logic("broadcast_greater", "_greater", "_Greater")
def greater(lhs, rhs):
    """1 where ``lhs > rhs``, 0 elsewhere."""
    return lhs > rhs


@_logic("broadcast_greater_equal", "_greater_equal", "_Greater_Equal")
def greater_equal(lhs, rhs):
    """1 where ``lhs >= rhs``, 0 elsewhere."""
    return lhs >= rhs


@_logic("broadcast_lesser", "_lesser", "_Lesser")
def lesser(lhs, rhs):
    """1 where ``lhs < rhs``, 0 elsewhere."""
    return lhs < rhs


@_logic("broadcast_lesser_equal", "_lesser_equal", "_Lesser_Equal")
def lesser_equal(lhs, rhs):
    """1 where ``lhs <= rhs``, 0 elsewhere."""
    return lhs <= rhs


@_logic("broadcast_logical_and", "_logical_and", "_Logical_And")
def logical_and(lhs, rhs):
    """1 where neither element is 0, 0 elsewhere."""
    return (lhs != 0) & (rhs != 0)


@_logic("broadcast_logical_or", "_logical_or", "_Logical_Or")
def logical_or(lhs, rhs):
    """1 where at least one element is not 0, 0 elsewhere."""
    return (lhs != 0) | (rhs != 0)


@_logic("broadcast_logical_xor", "_logical_xor", "_Logical_Xor")
def logical_xor(lhs, rhs):
    """1 where exactly one element is 0, 0 elsewhere."""
    return (lhs != 0) ^ (rhs != 0)
