"""Functions of ``nd`` that do more than call one operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.op import OPS
from .dispatch import invoke
from .ndarray import NDArray

__all__ = ["all_finite", "histogram", "multi_all_finite", "onehot_encode", "reset_arrays"]


def histogram(
    a: NDArray, bins: int | NDArray = 10, range: tuple[float, float] | None = None
) -> list[NDArray]:
    """How many elements fall into each of several bins.

    A bin contains its lower edge; the last one also its upper edge. What is outside is not counted.

    Parameters
    ----------
    a : NDArray
        Any shape.
    bins : int or NDArray
        The number of bins of equal width, or the edges, (n + 1,), in ascending order.
    range : tuple of float, optional
        Where the bins of equal width begin and end; at the least and the greatest element by
        default.

    Returns
    -------
    list of NDArray
        Counts (n,), int64 (float32 where the range is left to the function), and edges (n + 1,).

    Examples
    --------
    >>> from gluonx import nd
    >>> counts, edges = nd.histogram(nd.array([1, 2, 2, 5]), bins=2, range=(0, 4))
    >>> counts.asnumpy()
    array([1, 2])
    """
    op = OPS["_histogram"]
    if isinstance(bins, NDArray):
        return invoke(op, [a, bins], {})
    return invoke(op, [a], histogram_settings(bins, range))


def histogram_settings(bins: Any, limits: Any) -> dict[str, Any]:
    """Attributes for bins of equal width."""
    if not isinstance(bins, int):
        raise TypeError(f"bins must be an integer or an array of edges, got {type(bins).__name__}")
    if limits is None:
        return {"bin_cnt": bins, "dtype": "float32"}
    return {"bin_cnt": bins, "range": tuple(map(float, limits))}


def onehot_encode(indices: NDArray, out: NDArray) -> NDArray:
    """Write one-hot rows to ``out``: 1 in the column that each index names; see also ``one_hot``.

    Parameters
    ----------
    indices : NDArray
        (n,).
    out : NDArray
        (n, m).

    Returns
    -------
    NDArray
        `out`.
    """
    return invoke(OPS["_onehot_encode"], [indices, out], {}, out)


def _arrays(given: Sequence[Any], num_arrays: int | None) -> list[NDArray]:
    if len(given) == 1 and isinstance(given[0], (list, tuple)):
        given = given[0]
    if num_arrays is not None and num_arrays != len(given):
        raise ValueError(f"num_arrays={num_arrays}, but {len(given)} arrays are given")
    return list(given)


def reset_arrays(*arrays: NDArray, num_arrays: int | None = None, **kwargs: Any) -> list:
    """Set arrays to zero, in place.

    Parameters
    ----------
    *arrays : NDArray
    num_arrays : int, optional
        How many there are.

    Examples
    --------
    >>> from gluonx import nd
    >>> x = nd.ones(2)
    >>> nd.reset_arrays(x, num_arrays=1)
    []
    >>> x.asnumpy()
    array([0., 0.], dtype=float32)
    """
    for x in _arrays(arrays, num_arrays):
        x[:] = 0
    return []


def all_finite(
    data: NDArray, init_output: bool = True, out: NDArray | None = None, name: str | None = None
) -> NDArray:
    """Whether all elements are finite: 1, or 0 if there is an infinity or a NaN.

    Parameters
    ----------
    data : NDArray
        Any shape.
    init_output : bool
        With False, what `out` holds already counts too: the result is 1 only if that was 1.
    out : NDArray, optional
        (1,), where to write the result.

    Returns
    -------
    NDArray
        (1,), float32.

    Examples
    --------
    >>> from gluonx import nd
    >>> nd.all_finite(nd.array([1, float('inf')])).asscalar()
    np.float32(0.0)
    """
    return _into(invoke(OPS["all_finite"], [data], {}), init_output, out)


def multi_all_finite(
    *data: NDArray,
    num_arrays: int | None = None,
    init_output: bool = True,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Whether all elements of several arrays are finite; parameters as :func:`all_finite`."""
    found = invoke(OPS["multi_all_finite"], _arrays(data, num_arrays), {})
    return _into(found, init_output, out)


def _into(found: NDArray, init_output: bool, out: NDArray | None) -> NDArray:
    if out is None:
        return found
    out[:] = found if init_output else found * out
    return out
