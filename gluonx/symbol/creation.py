"""Constants in a graph, and functions on symbols that take more than one operator's arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import ndarray as nd
from ..engine.op import OPS
from ..ndarray.creation import split_pieces
from .compose import compose
from .namespace import either, of_arrays_only
from .symbol import Symbol

__all__ = [
    "arange", "array", "concatenate", "empty", "eye", "from_numpy", "full", "linspace", "moveaxis",
    "ones", "split_v2", "zeros",
]  # fmt: skip


def _make(op: str, given: dict[str, Any], dtype: Any, name: Any, attr: Any) -> Symbol:
    given["dtype"] = "float32" if dtype is None else dtype
    return compose(OPS[op], op, (), given, name, attr)


@either(nd.zeros)
def zeros(
    shape: int | Sequence[int],
    dtype: Any = None,
    name: str | None = None,
    attr: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> Symbol:
    """A symbol of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
        float32 by default.
    name : str, optional

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.sym.zeros((2, 3)).infer_shape()[1]
    [(2, 3)]
    """
    return _make("_zeros", {"shape": shape}, dtype, name, attr)


@either(nd.ones)
def ones(
    shape: int | Sequence[int],
    dtype: Any = None,
    name: str | None = None,
    attr: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> Symbol:
    """A symbol of ones; parameters as :func:`zeros`."""
    return _make("_ones", {"shape": shape}, dtype, name, attr)


@either(nd.empty)
def empty(
    shape: int | Sequence[int],
    dtype: Any = None,
    name: str | None = None,
    attr: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> Symbol:
    """A symbol whose values do not matter (they are zeros); parameters as :func:`zeros`."""
    return _make("_zeros", {"shape": shape}, dtype, name, attr)


@either(nd.full)
def full(
    shape: int | Sequence[int],
    val: float,
    dtype: Any = None,
    name: str | None = None,
    attr: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> Symbol:
    """A symbol that is ``val`` everywhere; other parameters as :func:`zeros`."""
    return _make("_full", {"shape": shape, "value": float(val)}, dtype, name, attr)


@either(nd.arange)
def arange(
    start: float,
    stop: float | None = None,
    step: float = 1.0,
    repeat: int = 1,
    infer_range: bool = False,
    name: str | None = None,
    dtype: Any = None,
    attr: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> Symbol:
    """Numbers from ``start`` up to, not including, ``stop``; see :func:`gluonx.nd.arange`.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.sym.arange(4).eval()[0].asnumpy()
    array([0., 1., 2., 3.], dtype=float32)
    """
    given = {"start": start, "stop": stop, "step": step, "repeat": repeat}
    return _make("_arange", {**given, "infer_range": bool(infer_range)}, dtype, name, attr)


@either(nd.linspace)
def linspace(
    start: float,
    stop: float,
    num: int,
    endpoint: bool = True,
    name: str | None = None,
    dtype: Any = None,
    attr: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> Symbol:
    """``num`` evenly spaced numbers from ``start`` to ``stop``; see :func:`gluonx.nd.linspace`."""
    given = {"start": start, "stop": stop, "num": num, "endpoint": endpoint}
    return _make("_linspace", given, dtype, name, attr)


@either(nd.eye)
def eye(
    N: int,
    M: int = 0,
    k: int = 0,
    dtype: Any = None,
    name: str | None = None,
    attr: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> Symbol:
    """Ones on the ``k``-th diagonal of an (N, M) matrix; see :func:`gluonx.nd.eye`."""
    return _make("_eye", {"N": N, "M": M, "k": k}, dtype, name, attr)


@either(nd.concatenate)
def concatenate(
    arrays: Sequence[Symbol], axis: int = 0, always_copy: bool = True, name: str | None = None
) -> Symbol:
    """Join along an axis; see also :func:`gluonx.sym.concat`."""
    return compose(OPS["Concat"], "concatenate", tuple(arrays), {"dim": axis}, name)


@either(nd.split_v2)
def split_v2(
    ary: Symbol,
    indices_or_sections: int | Sequence[int],
    axis: int = 0,
    squeeze_axis: bool = False,
    name: str | None = None,
) -> Symbol:
    """Cut along an axis, at the given indices or into equal parts.

    Parameters
    ----------
    ary : Symbol
    indices_or_sections : int or sequence of int
        The number of parts, or where all parts but the first begin.
    axis : int
    squeeze_axis : bool
        Remove the axis; all parts must have length 1 along it.

    Returns
    -------
    Symbol
        With one output for each part.

    Examples
    --------
    >>> import gluonx as gx
    >>> parts = gx.sym.split_v2(gx.sym.var('x'), (1,))
    >>> parts.infer_shape(x=(4, 2))[1]
    [(1, 2), (3, 2)]
    """
    given = split_pieces(indices_or_sections, axis, squeeze_axis)
    return compose(OPS["_split_v2"], "_split_v2", (ary,), given, name)


_VALUES = "a symbol holds no values. Use sym.var(name, init=gluonx.init.Constant(...)), or sym.full"

array = of_arrays_only("array", _VALUES)
from_numpy = of_arrays_only("from_numpy", _VALUES)
moveaxis = of_arrays_only(
    "moveaxis", "the number of a symbol's axes is not known here. Use sym.transpose(x, axes=(...))"
)
