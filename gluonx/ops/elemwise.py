"""Elementwise functions of one array: arithmetic, exponentials, trigonometry, rounding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import wraps

import jax
import jax.numpy as jnp
from jax.scipy import special

from ..engine.op import register
from ._checks import is_float
from ._kept import rectified

_SECTIONS = """

Parameters
----------
data : array
    Any shape. Integers are computed in floating point and the result is cut to an integer.

Returns
-------
array
    Shape and dtype of `data`.
"""


def _unary(name: str, *, aliases: Sequence[str] = (), exact: bool = False) -> Callable:
    """Register ``fn(data)`` as an elementwise operator and complete its docstring.

    ``exact`` functions take integers as they are.
    """

    def add(fn: Callable) -> Callable:
        @wraps(fn)
        def run(data):
            if exact or is_float(data):
                return fn(data)
            wide = jnp.promote_types(data.dtype, jnp.float32)
            return fn(data.astype(wide)).astype(data.dtype)

        run.__doc__ = (fn.__doc__ or "").rstrip() + _SECTIONS
        return register(name, aliases=aliases, alike=True)(run)

    return add


@_unary("abs", exact=True)
def abs_(data):
    """Absolute value; its gradient is the sign, 0 at 0."""
    # the slope of jnp.abs is 1 at 0
    return data * jnp.sign(data) if is_float(data) else jnp.abs(data)


@_unary("negative", exact=True)
def negative(data):
    """The negated array, ``-x``."""
    return jnp.negative(data)


@_unary("sign", exact=True)
def sign(data):
    """-1, 0 or 1 by the sign of the element; its gradient is 0."""
    return jnp.sign(data)


@_unary("square", exact=True)
def square(data):
    """The square, ``x * x``."""
    return jnp.square(data)


@_unary("reciprocal")
def reciprocal(data):
    """The reciprocal, ``1 / x``."""
    return 1 / data


@_unary("sqrt")
def sqrt(data):
    """Square root; NaN for negative elements."""
    return jnp.sqrt(data)


@_unary("rsqrt")
def rsqrt(data):
    """Reciprocal of the square root, ``1 / sqrt(x)``."""
    return jax.lax.rsqrt(data)


@jax.custom_jvp
def _cbrt(x):
    return jnp.cbrt(x)


# JAX divides by x here, which is NaN at 0 where the slope is infinite.
_cbrt.defjvps(lambda t, root, x: t / (3 * root * root))


@_unary("cbrt")
def cbrt(data):
    """Cube root."""
    return _cbrt(data)


@_unary("rcbrt")
def rcbrt(data):
    """Reciprocal of the cube root."""
    return 1 / _cbrt(data)


@_unary("exp")
def exp(data):
    """Exponential function, ``e ** x``."""
    return jnp.exp(data)


@_unary("expm1")
def expm1(data):
    """``exp(x) - 1``, exact for small elements."""
    return jnp.expm1(data)


@_unary("log")
def log(data):
    """Natural logarithm; NaN for negative elements, ``-inf`` for 0."""
    return jnp.log(data)


@_unary("log10")
def log10(data):
    """Logarithm to base 10."""
    return jnp.log10(data)


@_unary("log2")
def log2(data):
    """Logarithm to base 2."""
    return jnp.log2(data)


@_unary("log1p")
def log1p(data):
    """``log(1 + x)``, exact for small elements."""
    return jnp.log1p(data)


@_unary("sin")
def sin(data):
    """Sine of angles in radians."""
    return jnp.sin(data)


@_unary("cos")
def cos(data):
    """Cosine of angles in radians."""
    return jnp.cos(data)


@_unary("tan")
def tan(data):
    """Tangent of angles in radians."""
    return jnp.tan(data)


@_unary("arcsin")
def arcsin(data):
    """Inverse sine, in [-pi/2, pi/2]; NaN outside [-1, 1]."""
    return jnp.arcsin(data)


@_unary("arccos")
def arccos(data):
    """Inverse cosine, in [0, pi]; NaN outside [-1, 1]."""
    return jnp.arccos(data)


@_unary("arctan")
def arctan(data):
    """Inverse tangent, in (-pi/2, pi/2)."""
    return jnp.arctan(data)


@_unary("sinh")
def sinh(data):
    """Hyperbolic sine, ``(exp(x) - exp(-x)) / 2``."""
    return jnp.sinh(data)


@_unary("cosh")
def cosh(data):
    """Hyperbolic cosine, ``(exp(x) + exp(-x)) / 2``."""
    return jnp.cosh(data)


@_unary("tanh")
def tanh(data):
    """Hyperbolic tangent, ``sinh(x) / cosh(x)``."""
    return jnp.tanh(data)


@_unary("arcsinh")
def arcsinh(data):
    """Inverse hyperbolic sine."""
    return jnp.arcsinh(data)


@_unary("arccosh")
def arccosh(data):
    """Inverse hyperbolic cosine; NaN below 1."""
    return jnp.arccosh(data)


@_unary("arctanh")
def arctanh(data):
    """Inverse hyperbolic tangent; NaN outside [-1, 1]."""
    return jnp.arctanh(data)


@_unary("degrees")
def degrees(data):
    """Angles in degrees from angles in radians."""
    return data * (180 / math.pi)


@_unary("radians")
def radians(data):
    """Angles in radians from angles in degrees."""
    return data * (math.pi / 180)


@_unary("erf")
def erf(data):
    r"""Error function, :math:`\frac{2}{\sqrt{\pi}} \int_0^x e^{-t^2} dt`."""
    return special.erf(data)


@_unary("erfinv")
def erfinv(data):
    """Inverse of the error function; NaN outside [-1, 1]."""
    return special.erfinv(data)


@_unary("gamma")
def gamma(data):
    r"""Gamma function, :math:`\Gamma(x) = \int_0^\infty t^{x-1} e^{-t} dt`."""
    return special.gamma(data)


@_unary("gammaln")
def gammaln(data):
    r"""Logarithm of the absolute value of the gamma function, :math:`\log |\Gamma(x)|`."""
    return special.gammaln(data)


@_unary("sigmoid")
def sigmoid(data):
    """Logistic function, ``1 / (1 + exp(-x))``."""
    return jax.nn.sigmoid(data)


@_unary("softsign")
def softsign(data):
    """``x / (1 + abs(x))``."""
    return data / (1 + jnp.abs(data))


@_unary("relu", exact=True)
def relu(data):
    """``max(x, 0)``; its gradient is 0 at 0."""
    return rectified(data) if is_float(data) else jnp.maximum(data, 0)


@_unary("rint")
def rint(data):
    """The nearest whole number; of two equally near ones the lower."""
    low = jnp.floor(data)
    return jnp.where(data - low <= 0.5, low, low + 1)


@_unary("round")
def round_(data):
    """The nearest whole number; of two equally near ones that farther from 0."""
    return jax.lax.round(data, jax.lax.RoundingMethod.AWAY_FROM_ZERO)


@_unary("ceil")
def ceil(data):
    """The smallest whole number that is not less than the element."""
    return jnp.ceil(data)


@_unary("floor")
def floor(data):
    """The largest whole number that is not greater than the element."""
    return jnp.floor(data)


@_unary("trunc")
def trunc(data):
    """The whole part: rounds towards 0."""
    return jnp.trunc(data)


@_unary("fix")
def fix(data):
    """The whole part: rounds towards 0."""
    return jnp.trunc(data)


@_unary("logical_not", exact=True)
def logical_not(data):
    """1 where the element is 0, 0 elsewhere; its gradient is 0."""
    return (data == 0).astype(data.dtype)
