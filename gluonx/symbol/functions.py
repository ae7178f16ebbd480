"""Functions of ``sym`` and ``sym.contrib`` that do more than compose one operator."""

from __future__ import annotations

from collections.abc import Sequence

from .. import ndarray as nd
from ..engine.op import OPS
from ..ndarray import masks
from ..ndarray.functions import histogram_settings
from . import random
from .compose import compose
from .namespace import either, of_arrays_only
from .symbol import Symbol

__all__ = [
    "Group", "boolean_mask", "histogram", "isfinite", "isinf", "isnan", "onehot_encode",
    "rand_zipfian", "reset_arrays",
]  # fmt: skip

isfinite, isinf, isnan = masks.isfinite, masks.isinf, masks.isnan


@either(nd.histogram)
def histogram(
    a: Symbol,
    bins: int | Symbol = 10,
    range: tuple[float, float] | None = None,
    name: str | None = None,
) -> Symbol:
    """How many elements fall into each of several bins; see :func:`gluonx.nd.histogram`.

    Examples
    --------
    >>> import gluonx as gx
    >>> y = gx.sym.histogram(gx.sym.var('x'), bins=2, range=(0, 4))
    >>> y.eval(x=gx.nd.array([1, 2, 2, 5]))[0].asnumpy()
    array([1, 2])
    """
    if isinstance(bins, Symbol):
        return compose(OPS["_histogram"], "_histogram", (a, bins), {}, name)
    return compose(OPS["_histogram"], "_histogram", (a,), histogram_settings(bins, range), name)


@either(nd.onehot_encode)
def onehot_encode(indices: Symbol, out: Symbol, name: str | None = None) -> Symbol:
    """One-hot rows in the shape and dtype of ``out``; see :func:`gluonx.nd.onehot_encode`."""
    return compose(OPS["_onehot_encode"], "onehot_encode", (indices, out), {}, name)


@either(nd.contrib.rand_zipfian)
def rand_zipfian(true_classes: Symbol, num_sampled: int, range_max: int) -> list[Symbol]:
    """Candidate classes for a sampled softmax; see :func:`gluonx.nd.contrib.rand_zipfian`."""
    return masks.zipfian(random, true_classes, num_sampled, range_max)


reset_arrays = of_arrays_only("reset_arrays", "a symbol computes, it does not write")


boolean_mask = of_arrays_only(
    "boolean_mask",
    "the shape of its result depends on the mask's values, and shapes in a graph are fixed. Keep "
    "the shape instead, for example sym.broadcast_mul(data, mask)",
    nd.contrib,
)


def Group(symbols: Sequence[Symbol]) -> Symbol:
    """One symbol with the outputs of several.

    Parameters
    ----------
    symbols : list of Symbol

    Examples
    --------
    >>> import gluonx as gx
    >>> x = gx.sym.var('x')
    >>> gx.sym.Group([x * 1, x * 2]).eval(x=gx.nd.ones((1,)))[1].asscalar()
    np.float32(2.0)
    """
    symbols = list(symbols) if isinstance(symbols, (list, tuple, Symbol)) else []
    if not symbols or not all(isinstance(s, Symbol) for s in symbols):
        raise TypeError("Group() takes a list of at least one Symbol")
    return Symbol([e for s in symbols for e in s._heads])
