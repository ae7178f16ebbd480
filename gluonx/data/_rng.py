"""Where the random transforms of data draw from.

A loader sets a generator for each item, so that an item is the same whichever worker makes it. This
module imports NumPy alone: it runs in processes that never import JAX.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import numpy as np

__all__ = ["drawing_from", "generator"]

_current: ContextVar[np.random.Generator | None] = ContextVar("gluonx_data_rng", default=None)


def generator() -> np.random.Generator:
    """The generator of this context; without one that of :func:`gluonx.random.host_rng`.

    Returns
    -------
    numpy.random.Generator
    """
    found = _current.get()
    if found is None:
        from ..random import host_rng  # not above: it knows devices, and so JAX

        found = host_rng()
    return found


@contextlib.contextmanager
def drawing_from(rng: np.random.Generator) -> Iterator[None]:
    """Scope in which :func:`generator` gives ``rng``; for this thread alone.

    Parameters
    ----------
    rng : numpy.random.Generator
        For example ``numpy.random.default_rng((seed, epoch, number_of_the_item))``.
    """
    token = _current.set(rng)
    try:
        yield
    finally:
        _current.reset(token)
