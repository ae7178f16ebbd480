"""Functions of ``nd.contrib`` that are written with operators, or whose shapes depend on values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.op import OPS
from . import random
from .creation import array
from .dispatch import invoke
from .ndarray import NDArray

__all__ = ["boolean_mask", "isfinite", "isinf", "isnan", "rand_zipfian"]


def isfinite(data: Any) -> Any:
    """1 where an element is finite, 0 where it is infinite or NaN.

    Parameters
    ----------
    data : NDArray or Symbol

    Returns
    -------
    NDArray or Symbol
        Shape and dtype of `data`.

    Examples
    --------
    >>> from gluonx import nd
    >>> nd.contrib.isfinite(nd.array([1, float('inf'), float('nan')])).asnumpy()
    array([1., 0., 0.], dtype=float32)
    """
    return data - data == 0


def isinf(data: Any) -> Any:
    """1 where an element is infinite, 0 elsewhere; see :func:`isfinite`."""
    return (data == data) * (data - data != 0)


def isnan(data: Any) -> Any:
    """1 where an element is NaN, 0 elsewhere; see :func:`isfinite`."""
    return data != data


def boolean_mask(data: NDArray, index: NDArray, axis: int = 0, **kwargs: Any) -> NDArray:
    """The entries along an axis for which a mask is not 0.

    The shape of the result depends on the values of the mask, so the mask is looked at: inside a
    hybridized block that is an error. Multiply by the mask there, or choose with ``where``, which
    keep the shape; or leave the block unhybridized.

    Parameters
    ----------
    data : NDArray
        (..., n, ...).
    index : NDArray
        (n,): the mask.
    axis : int
        The axis of length n.

    Returns
    -------
    NDArray
        As many entries along `axis` as the mask has numbers other than 0.

    Raises
    ------
    HybridizeError
        Inside a hybridized block.

    Examples
    --------
    >>> from gluonx import nd
    >>> nd.contrib.boolean_mask(nd.array([[1, 2], [3, 4]]), nd.array([0, 1])).asnumpy()
    array([[3., 4.]], dtype=float32)
    """
    if not -data.ndim <= axis < data.ndim or index.shape != (data.shape[axis],):
        raise ValueError(
            f"boolean_mask(): the mask must have one number for each entry of axis {axis} of data "
            f"{data.shape}, got shape {index.shape}"
        )
    mask = np.asarray(index._concrete("boolean_mask()"))
    places = array(np.flatnonzero(mask), ctx=data.context, dtype="int32")
    return invoke(OPS["take"], [data, places], {"axis": axis}, kwargs.get("out"))


def rand_zipfian(
    true_classes: NDArray, num_sampled: int, range_max: int, ctx: Any = None
) -> list[NDArray]:
    r"""Candidate classes for a sampled softmax, drawn from a log-uniform (Zipfian) distribution.

    Class :math:`k` has the probability
    :math:`(\log(k + 2) - \log(k + 1)) / \log(\mathrm{range\_max} + 1)`: classes should be sorted by
    falling frequency.

    Parameters
    ----------
    true_classes : NDArray
        The classes of the data.
    num_sampled : int
        How many classes to draw, with replacement.
    range_max : int
        The number of classes.
    ctx : Context, optional
        Where the results are; where `true_classes` is by default.

    Returns
    -------
    samples : NDArray
        (num_sampled,), int64.
    expected_count_true, expected_count_sample : NDArray
        float64: how often each of `true_classes`, each of the samples, is expected to be drawn.

    Examples
    --------
    >>> from gluonx import nd
    >>> samples, true, drawn = nd.contrib.rand_zipfian(nd.array([3]), 4, 5)
    >>> samples.shape, true.asnumpy().round(3)
    ((4,), array([0.498]))
    """
    if ctx is None:
        ctx = true_classes.context
    return zipfian(random, true_classes.as_in_context(ctx), num_sampled, range_max, ctx=ctx)


def zipfian(random: Any, true_classes: Any, num_sampled: int, range_max: int, **place: Any) -> list:
    """The work of :func:`rand_zipfian`, for arrays and for symbols."""
    whole = math.log(range_max + 1)
    drawn = random.uniform(0, whole, shape=(num_sampled,), dtype="float64", **place)
    samples = (drawn.exp() - 1).astype("int64") % range_max

    def expected(classes: Any) -> Any:
        k = classes.astype("float64")
        return ((k + 2) / (k + 1)).log() * (num_sampled / whole)

    return [samples, expected(true_classes), expected(samples)]
