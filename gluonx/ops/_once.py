"""Work that is done once, whoever uses its result."""

from __future__ import annotations

import functools

import jax
from jax import lax
from jax.experimental.xla_metadata import set_xla_metadata

__all__ = ["apart", "gradient_once", "once"]


def once(x):
    """`x`, arrays, behind a barrier that XLA's simplification does not cross on a CPU."""
    return lax.platform_dependent(x, cpu=lax.optimization_barrier, default=lambda a: a)


@jax.custom_vjp
def gradient_once(x):
    """`x` itself; the gradient that comes back through it is computed once.

    XLA repeats elementwise work inside each operation that takes its result. On a CPU that is more
    than it saves where there are several: the gradient of a linear map's result goes into those of
    its data, weight and bias; and that of a residual block's data is a term of the gradients in all
    blocks before it, so that this work grows with the square of their number.
    """
    return x


def _back(_, gradient):
    return (once(gradient),)


gradient_once.defvjp(lambda x: (x, None), _back)


def apart(function, static_argnums=()):
    """A function whose results XLA puts into memory, once, whoever uses them.

    XLA calls it, where other functions become part of what is around them. What is called several
    times with one shape is compiled once.
    """
    compiled = jax.jit(function, static_argnums=static_argnums)

    @functools.wraps(function)
    def call(*arguments):
        with set_xla_metadata(inlineable="false"):
            return compiled(*arguments)

    return call
