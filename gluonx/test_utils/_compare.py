"""Comparing arrays."""

from __future__ import annotations

import json
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ndarray import NDArray

__all__ = [
    "almost_equal", "assert_allclose", "assert_almost_equal", "assert_almost_equal_ignore_nan",
    "assert_almost_equal_with_err", "assert_exception", "checkShapes", "compare_ndarray_tuple",
    "default_atols", "default_numeric_eps", "default_rtols", "effective_dtype", "get_atol",
    "get_rtol", "get_tolerance", "get_tols", "same", "same_array", "same_symbol_structure",
]  # fmt: skip

_EXACT = ("bool", "int8", "uint8", "int32", "uint32", "int64", "uint64")


def _by_dtype(half: float, single: float, double: float, exact: bool = True) -> dict[Any, float]:
    found = {"float16": half, "float32": single, "float64": double}
    found.update(dict.fromkeys(_EXACT if exact else (), 0))
    return {np.dtype(name): value for name, value in found.items()}


def default_rtols() -> dict[Any, float]:
    """Relative tolerances of comparisons, by dtype."""
    return _by_dtype(1e-2, 1e-4, 1e-5)


def default_atols() -> dict[Any, float]:
    """Absolute tolerances of comparisons, by dtype."""
    return _by_dtype(1e-1, 1e-3, 1e-20)


def default_numeric_eps() -> dict[Any, float]:
    """Steps of finite differences, by dtype: powers of two."""
    return _by_dtype(2.0**-6, 2.0**-9, 2.0**-14, exact=False)


def effective_dtype(dat: Any) -> np.dtype:
    """The dtype whose tolerances hold for an array; bfloat16 counts as float16."""
    dtype = np.dtype(getattr(dat, "dtype", np.float64))
    return np.dtype("float16") if dtype.name == "bfloat16" else dtype


def get_tolerance(dat: Any, tol: Any, default_tol: dict[Any, float]) -> float:
    """A tolerance for an array: a number, or an entry of a dict by dtype."""
    if isinstance(tol, numbers.Number):
        return tol  # type: ignore[return-value]
    dtype = effective_dtype(dat)
    return (tol or {}).get(dtype, default_tol.get(dtype, 0))


def get_rtol(rtol: Any = None, dtype: Any = np.float64) -> float:
    """The relative tolerance for a dtype, if none is given."""
    return default_rtols()[np.dtype(dtype)] if rtol is None else rtol


def get_atol(atol: Any = None, dtype: Any = np.float64) -> float:
    """The absolute tolerance for a dtype, if none is given."""
    return default_atols()[np.dtype(dtype)] if atol is None else atol


def get_tols(x: Any, y: Any, rtol: Any, atol: Any) -> tuple[float, float]:
    """Tolerances for two arrays: the wider of what each one's dtype asks for."""
    x, y = (np.array(a) if isinstance(a, numbers.Number) else a for a in (x, y))
    return (
        max(get_tolerance(a, rtol, default_rtols()) for a in (x, y)),
        max(get_tolerance(a, atol, default_atols()) for a in (x, y)),
    )


def _host(a: Any) -> np.ndarray:
    host = a.asnumpy() if isinstance(a, NDArray) else np.asarray(a)
    return host.astype(np.float32) if host.dtype.name == "bfloat16" else host


def same(a: Any, b: Any) -> bool:
    """Whether two arrays have the same shape and equal elements."""
    return np.array_equal(_host(a), _host(b))


def checkShapes(a: Any, b: Any) -> None:
    """Raise an AssertionError if the shapes of two arrays differ."""
    if a.shape != b.shape:
        raise AssertionError(f"the shapes differ: {a.shape} and {b.shape}")


def almost_equal(
    a: Any, b: Any, rtol: Any = None, atol: Any = None, equal_nan: bool = False,
    use_broadcast: bool = True,
) -> bool:  # fmt: skip
    """Whether ``|a - b| <= atol + rtol * |b|`` for all elements; the tolerances by dtype."""
    if not use_broadcast:
        checkShapes(a, b)
    rtol, atol = get_tols(a, b, rtol, atol)
    return bool(np.allclose(_host(a), _host(b), rtol=rtol, atol=atol, equal_nan=equal_nan))


def assert_almost_equal(
    a: Any, b: Any, rtol: Any = None, atol: Any = None, names: Sequence[str] = ("a", "b"),
    equal_nan: bool = False, use_broadcast: bool = True, mismatches: tuple = (10, 10),
) -> None:  # fmt: skip
    """Raise an AssertionError unless two arrays are almost equal.

    Parameters
    ----------
    a, b : array_like
        Dense or sparse.
    rtol, atol : float or dict of dtype to float, optional
        Tolerances, by default those of :func:`default_rtols` and :func:`default_atols`.
    names : tuple of str
        What the message calls the arrays.
    equal_nan : bool
        Whether NaN equals NaN.
    use_broadcast : bool
        Whether shapes may differ as far as they can be broadcast.
    mismatches : tuple of int
        How many of the elements that differ the message shows at most.

    Examples
    --------
    >>> from gluonx import nd, test_utils
    >>> test_utils.assert_almost_equal(nd.ones((2,)), [1, 1.00001])
    """
    if almost_equal(a, b, rtol, atol, equal_nan, use_broadcast):
        return
    rtol, atol = get_tols(a, b, rtol, atol)
    x, y = np.broadcast_arrays(_host(a), _host(b))
    raise AssertionError(_message(x, y, rtol, atol, names, equal_nan, max(mismatches[0], 1)))


def _message(
    x: np.ndarray, y: np.ndarray, rtol: float, atol: float, names: Sequence[str], equal_nan: bool,
    most: int,
) -> str:  # fmt: skip
    wrong = np.argwhere(~np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan))
    lines = [
        f"{names[0]} and {names[1]} differ in {len(wrong)} of {x.size} elements by more than "
        f"atol={atol} + rtol={rtol} * |{names[1]}|:"
    ]
    for place in map(tuple, wrong[:most]):
        index = ", ".join(map(str, place))
        lines.append(f"    {names[0]}[{index}] = {x[place]!r}, {names[1]}[{index}] = {y[place]!r}")
    return "\n".join(lines)


def assert_almost_equal_with_err(
    a: Any, b: Any, rtol: Any = None, atol: Any = None, etol: float | None = None,
    names: Sequence[str] = ("a", "b"), equal_nan: bool = False, mismatches: tuple = (10, 10),
) -> None:  # fmt: skip
    """As :func:`assert_almost_equal`; a share ``etol`` of the elements may differ."""
    rtol, atol = get_tols(a, b, rtol, atol)
    x, y = np.broadcast_arrays(_host(a), _host(b))
    wrong = ~np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if wrong.sum() > (etol or 0) * x.size:
        raise AssertionError(_message(x, y, rtol, atol, names, equal_nan, max(mismatches[0], 1)))


def assert_almost_equal_ignore_nan(
    a: Any, b: Any, rtol: Any = None, atol: Any = None, names: Sequence[str] = ("a", "b")
) -> None:
    """As :func:`assert_almost_equal`, for the elements that are NaN in neither array."""
    x, y = np.broadcast_arrays(_host(a), _host(b))
    there = ~(np.isnan(x) | np.isnan(y))
    assert_almost_equal(x[there], y[there], rtol, atol, names)


def assert_allclose(
    a: Any, b: Any, rtol: float = 1e-07, atol: float = 0, equal_nan: bool = True
) -> None:
    """``numpy.testing.assert_allclose`` of arrays of any kind."""
    np.testing.assert_allclose(_host(a), _host(b), rtol=rtol, atol=atol, equal_nan=equal_nan)


def compare_ndarray_tuple(t1: Any, t2: Any, rtol: Any = None, atol: Any = None) -> None:
    """Compare nested tuples of arrays, such as states of optimizers."""
    if t1 is None or t2 is None:
        return
    if isinstance(t1, (tuple, list)):
        for a, b in zip(t1, t2, strict=True):
            compare_ndarray_tuple(a, b, rtol, atol)
    else:
        assert_almost_equal(t1, t2, rtol=rtol, atol=atol)


def assert_exception(
    f: Callable, exception_type: type[BaseException], *args: Any, **kwargs: Any
) -> None:
    """Raise an AssertionError unless ``f(*args, **kwargs)`` raises ``exception_type``."""
    try:
        f(*args, **kwargs)
    except exception_type:
        return
    raise AssertionError(f"{exception_type.__name__} was not raised")


def same_array(array1: NDArray, array2: NDArray) -> bool:
    """Whether two arrays share their memory: what is written to one shows in the other."""
    array1[:] += 1
    shared = same(array1, array2)
    array1[:] -= 1
    return shared and same(array1, array2)


def same_symbol_structure(sym1: Any, sym2: Any) -> bool:
    """Whether two symbols are made of the same operators in the same way, whatever their names."""
    structures = [
        [(node["op"], node["inputs"]) for node in json.loads(s.tojson())["nodes"]]
        for s in (sym1, sym2)
    ]
    return structures[0] == structures[1]
