"""Optimizers on 16-bit parameters.

The update of a float16 or bfloat16 parameter is computed in float32 and then rounded. With
``multi_precision`` a float32 copy of the parameter is part of the state, so that changes too small
for 16 bits add up (Micikevicius et al., "Mixed precision training", 2018).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

__all__ = ["Precision", "is_half"]


def is_half(dtype: Any) -> bool:
    """Whether it is a floating-point type of 16 bits."""
    return dtype in (jnp.float16, jnp.bfloat16)


class CopiesState(NamedTuple):
    """``copies``: 16-bit parameters in float32; ``inner``: the optimizer's state."""

    copies: Any
    inner: Any


class Precision:
    """How a transformation treats 16-bit parameters.

    Parameters
    ----------
    copies : bool
        Whether float32 copies are kept.
    """

    def __init__(self, copies: bool):
        self.copies = copies

    def wrap(self, inner: Any) -> optax.GradientTransformationExtraArgs:
        """``inner`` in float32; its updates are those of the float32 values."""

        def init(params):
            if not self.copies:
                return inner.init(params)
            return CopiesState(jax.tree.map(_copy, params), inner.init(jax.tree.map(_wide, params)))

        def update(updates: Any, state: Any, params: Any = None, **more: Any) -> tuple:
            old = state.inner if self.copies else state
            copies = state.copies if self.copies else params
            wide = [
                _wide(c if is_half(p.dtype) else p) for c, p in zip(copies, params, strict=True)
            ]
            updates = [_wide(g) for g in updates]
            changes, new = inner.update(updates, jax.tree.map(_wide, old), wide, **more)
            new = jax.tree.map(lambda n, o: n.astype(o.dtype), new, old)
            if not self.copies:
                return changes, new
            copies = [
                w + u if is_half(p.dtype) else c
                for w, u, p, c in zip(wide, changes, params, state.copies, strict=True)
            ]
            return changes, CopiesState(copies, new)

        return optax.GradientTransformationExtraArgs(init, update)  # type: ignore[arg-type]

    def apply(self, params: list[Any], updates: list[Any], after: Any) -> list[Any]:
        """The new parameters, from the updates and the new state."""
        new = [_wide(p) + u for p, u in zip(params, updates, strict=True)]
        if self.copies:
            new = [
                c if is_half(p.dtype) else n
                for c, n, p in zip(after.copies, new, params, strict=True)
            ]
        return [n.astype(p.dtype) for n, p in zip(new, params, strict=True)]


def _wide(array: Any) -> Any:
    return array.astype(jnp.float32) if is_half(array.dtype) else array


def _copy(param: Any) -> Any:
    """The float32 copy; an empty array where there is none."""
    if is_half(param.dtype):
        return param.astype(jnp.float32)
    return jnp.zeros((0,), param.dtype)
