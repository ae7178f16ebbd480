"""Work that is done once, whoever uses its result."""

from __future__ import annotations

import jax
from jax import lax

from ..engine.options import apart
from ..engine.target import target

__all__ = ["gradient_once", "once", "product"]


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


def _product(a, b, axes: tuple[int, int], dtype):
    return lax.dot_general(a, b, ((axes[:1], axes[1:]), ((), ())), preferred_element_type=dtype)


_product_apart = jax.custom_vjp(apart(_product, static_argnums=(2, 3)), nondiff_argnums=(2, 3))
# by themselves, so that a gradient is not held up until both are there
_product_apart.defvjp(
    lambda a, b, axes, dtype: (_product_apart(a, b, axes, dtype), (a, b)),
    lambda axes, dtype, kept, g: jax.vjp(lambda a, b: _product(a, b, axes, dtype), *kept)[1](g),
)


def product(a, b, axes: tuple[int, int], dtype=None):
    """The product of two matrices along an axis of each, in a type.

    On a CPU it is made by itself: a bias or a tanh that XLA makes with it, in YNNPACK, takes longer
    than behind it, in XLA's own code (700 x 200 x 2000 and a bias, 4.2 ms together and 3.4 apart).
    """
    return (_product_apart if target() == "cpu" else _product)(a, b, axes, dtype)
