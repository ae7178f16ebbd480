"""``nd.random``: arrays of random numbers.

Where a distribution's parameters are NDArrays, each of their elements gives ``shape`` samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..context import Context
from ..engine.op import OPS
from .dispatch import invoke
from .namespace import functions as _functions
from .ndarray import NDArray

__all__ = [
    "exponential", "gamma", "generalized_negative_binomial", "multinomial", "negative_binomial",
    "normal", "poisson", "randint", "randn", "shuffle", "uniform",
]  # fmt: skip


def _sample(
    name: str,
    params: dict[str, Any],
    shape: Any,
    dtype: Any,
    ctx: Any,
    out: Any,
    default: str = "float32",
) -> NDArray:
    if out is not None:
        shape = out.shape if shape in (None, ()) else shape
        dtype = out.dtype if dtype is None else dtype
        ctx = out.context
    given: dict[str, Any] = {
        "dtype": np.dtype(dtype if dtype not in (None, "None") else default).name
    }
    arrays = [isinstance(v, NDArray) for v in params.values()]
    if any(arrays):
        if not all(arrays):
            raise TypeError(
                f"the parameters {', '.join(params)} must all be numbers or all be NDArrays"
            )
        given["shape"] = _shape(shape, ())
        return invoke(OPS[f"_sample_{name}"], list(params.values()), given, out)
    given["shape"] = _shape(shape, (1,))
    ctx = Context(ctx) if ctx is not None else None
    return invoke(OPS[f"_random_{name}"], [], {**params, **given}, out, ctx)


def _shape(shape: Any, default: tuple) -> tuple[int, ...]:
    if shape is None:
        return default
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape) or default


def uniform(
    low: Any = 0, high: Any = 1, shape=None, dtype=None, ctx=None, out=None, **kwargs
) -> NDArray:
    """Uniform on [low, high).

    Parameters
    ----------
    low, high : float or NDArray
    shape : int or tuple of int
        Shape of the result, (1,) by default.
    dtype : dtype
        float32 by default.
    ctx : Context
    out : NDArray
        Where to write the result.

    Examples
    --------
    >>> from gluonx import nd
    >>> nd.random.uniform(-1, 1, shape=(2, 3)).shape
    (2, 3)
    """
    return _sample("uniform", {"low": low, "high": high}, shape, dtype, ctx, out)


def normal(
    loc: Any = 0, scale: Any = 1, shape=None, dtype=None, ctx=None, out=None, **kwargs
) -> NDArray:
    """Normal with mean ``loc`` and standard deviation ``scale``; see :func:`uniform`."""
    return _sample("normal", {"loc": loc, "scale": scale}, shape, dtype, ctx, out)


def randn(*shape: int, loc=0, scale=1, dtype=None, ctx=None, out=None, **kwargs) -> NDArray:
    """Normal; the shape is given as arguments: ``randn(2, 3)``."""
    return normal(loc, scale, shape, dtype, ctx, out)


def gamma(alpha=1, beta=1, shape=None, dtype=None, ctx=None, out=None, **kwargs) -> NDArray:
    """Gamma with shape ``alpha`` and scale ``beta``; see :func:`uniform`."""
    return _sample("gamma", {"alpha": alpha, "beta": beta}, shape, dtype, ctx, out)


def exponential(scale=1, shape=None, dtype=None, ctx=None, out=None, **kwargs) -> NDArray:
    """Exponential with mean ``scale``; see :func:`uniform`."""
    return _sample("exponential", {"lam": 1.0 / scale}, shape, dtype, ctx, out)


def poisson(lam=1, shape=None, dtype=None, ctx=None, out=None, **kwargs) -> NDArray:
    """Poisson with mean ``lam``; see :func:`uniform`."""
    return _sample("poisson", {"lam": lam}, shape, dtype, ctx, out)


def negative_binomial(k=1, p=1, shape=None, dtype=None, ctx=None, out=None, **kwargs) -> NDArray:
    """Failures before the ``k``-th success of probability ``p``; see :func:`uniform`."""
    return _sample("negative_binomial", {"k": k, "p": p}, shape, dtype, ctx, out)


def generalized_negative_binomial(
    mu=1, alpha=1, shape=None, dtype=None, ctx=None, out=None, **kwargs
) -> NDArray:
    """Negative binomial with mean ``mu`` and dispersion ``alpha``; see :func:`uniform`."""
    params = {"mu": mu, "alpha": alpha}
    return _sample("generalized_negative_binomial", params, shape, dtype, ctx, out)


def randint(low, high, shape=None, dtype=None, ctx=None, out=None, **kwargs) -> NDArray:
    """Integers from ``low`` up to, not including, ``high``; int32 by default."""
    return _sample("randint", {"low": low, "high": high}, shape, dtype, ctx, out, "int32")


def multinomial(data, shape=None, get_prob=False, out=None, dtype="int32", **kwargs) -> Any:
    """Indices drawn with the probabilities in ``data``.

    Parameters
    ----------
    data : NDArray
        Probabilities, shape (n,) or (batch, n), summing to 1 along the last axis.
    shape : int or tuple of int
        Number of draws from each distribution.
    get_prob : bool
        Also return the log-likelihood of the draws.
    """
    given = {"shape": _shape(shape, ()), "get_prob": get_prob, "dtype": np.dtype(dtype).name}
    return invoke(OPS["_sample_multinomial"], [data], given, out)


def shuffle(data: NDArray, **kwargs: Any) -> NDArray:
    """``data`` with its first axis in random order."""
    return invoke(OPS["_shuffle"], [data], {}, kwargs.get("out"))


# uniform_like(data, low=0, high=1), normal_like, ...: of the shape, type and device of an array
for _name, _fn in _functions("_random_").items():
    if _name.endswith("_like"):
        globals()[_name] = _fn
del _name, _fn
