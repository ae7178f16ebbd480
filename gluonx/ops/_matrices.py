"""What the operators of ``linalg`` share: checks, and types that factorizations can work in."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ._checks import is_float, same_dtype

__all__ = ["check_matrices", "check_square", "never_scalar", "widened"]


def check_matrices(**arrays: jax.Array) -> None:
    """Raise ValueError unless all are matrices of one floating-point type in equal batches."""
    same_dtype(*arrays.values())
    shapes = {name: a.shape for name, a in arrays.items()}
    for name, a in arrays.items():
        if a.ndim < 2:
            raise ValueError(f"{name} must be (..., rows, columns), got shape {a.shape}")
        if not is_float(a):
            raise ValueError(f"{name} must be of a floating-point type, got {a.dtype}; use astype")
    if len({shape[:-2] for shape in shapes.values()}) > 1:
        raise ValueError(
            "the axes before the last two must be equal, got "
            + ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            + "; use broadcast_to"
        )


def check_square(**arrays: jax.Array) -> None:
    """Raise ValueError unless all are batches of square matrices."""
    for name, a in arrays.items():
        check_matrices(**{name: a})
        if a.shape[-1] != a.shape[-2]:
            raise ValueError(f"{name} must be square, (..., n, n), got shape {a.shape}")


def widened(a: jax.Array) -> jax.Array:
    """``a`` in a type that can be factorized: float32 for 16-bit floats."""
    return a.astype(jnp.float32) if a.dtype.itemsize < 4 else a


def never_scalar(y: jax.Array) -> jax.Array:
    """The number of a single matrix has shape (1,)."""
    return y.reshape(1) if y.ndim == 0 else y
