"""Checks and small conversions that the operators share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import jax
import jax.numpy as jnp

from ..engine.op import DType, Shape

__all__ = [
    "EMPTY",
    "FLOAT32",
    "INT64",
    "Storage",
    "adopt",
    "as_index",
    "is_float",
    "reduced_axes",
    "same_dtype",
    "same_shape",
    "to_axes",
    "to_axis",
]

#: Storage types.
Storage = Literal["default", "row_sparse", "csr"]

#: Defaults of attributes.
EMPTY = Shape()
FLOAT32 = DType("float32")
INT64 = DType("int64")


def adopt(run: Callable, fn: Callable, doc: str) -> Callable:
    """Give ``run`` the name of ``fn`` and a docstring; the signature stays its own."""
    run.__name__, run.__qualname__, run.__module__ = fn.__name__, fn.__qualname__, fn.__module__
    run.__doc__ = doc
    return run


def is_float(data: jax.Array) -> bool:
    return jnp.issubdtype(data.dtype, jnp.floating)


def same_dtype(*arrays: jax.Array) -> None:
    """Raise ValueError unless all arrays have one dtype: there is no implicit promotion."""
    first = arrays[0].dtype
    for a in arrays[1:]:
        if a.dtype != first:
            raise ValueError(
                f"the arrays have different dtypes, {first} and {a.dtype}; convert one of them "
                "with astype"
            )


def same_shape(*arrays: jax.Array, hint: str = "") -> None:
    """Raise ValueError unless all arrays have one shape."""
    first = arrays[0].shape
    for a in arrays[1:]:
        if a.shape != first:
            raise ValueError(f"the arrays must have one shape, got {first} and {a.shape}{hint}")


def to_axis(axis: int, ndim: int, name: str = "axis") -> int:
    """``axis`` counted from the front."""
    if not -ndim <= axis < ndim:
        raise ValueError(
            f"{name}={axis} is out of range for an array with {ndim} axes; "
            f"it must be at least {-ndim} and less than {ndim}"
        )
    return axis % ndim


def to_axes(axes: Sequence[int], ndim: int, name: str = "axis") -> tuple[int, ...]:
    """``axes`` counted from the front; no axis may occur twice."""
    found = tuple(to_axis(a, ndim, name) for a in axes)
    if len(set(found)) != len(found):
        raise ValueError(f"{name}={tuple(axes)} names the same axis of a {ndim}-d array twice")
    return found


def reduced_axes(axis: Sequence[int] | None, ndim: int, exclude: bool = False) -> tuple[int, ...]:
    """The axes that a reduction runs over: all of them for None or ``()``."""
    if not axis:
        return tuple(range(ndim))
    axes = to_axes(axis, ndim)
    if exclude:
        return tuple(i for i in range(ndim) if i not in axes)
    return axes


def as_index(indices: jax.Array, size: int, mode: str = "clip") -> jax.Array:
    """Integer indices in ``[0, size)`` from numbers of any dtype.

    Fractions are cut off. ``clip`` moves what lies outside to the nearest valid index, ``wrap``
    counts round and round.
    """
    if mode not in ("clip", "wrap"):
        raise ValueError(f"mode={mode!r} is not known; expected 'clip' or 'wrap'")
    if size == 0 and math.prod(indices.shape):
        raise ValueError("cannot pick elements from an axis of length 0")
    if not jnp.issubdtype(indices.dtype, jnp.integer):
        indices = indices.astype(jnp.int32)
    elif jnp.iinfo(indices.dtype).bits < 32:
        indices = indices.astype(jnp.int32)
    return indices % size if mode == "wrap" else jnp.clip(indices, 0, max(size - 1, 0))
