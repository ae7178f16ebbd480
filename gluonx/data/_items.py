"""Whether the items of a dataset are NumPy arrays or NDArrays.

Somebody who asks a dataset of images for an item gets an NDArray, as in MXNet. Between a dataset
and the transforms that take NumPy arrays there are NumPy arrays, and in a worker process there is
nothing else: the modules that need JAX are stand-ins there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndarray as nd
from ..nn import HybridSequential, Sequential

__all__ = ["IN_WORKER", "as_given", "on_pixels"]

#: Whether there is no JAX in this process.
IN_WORKER = not hasattr(nd.NDArray, "_new")


def as_given(item: Any) -> Any:
    """An item whose first element, or which itself, is an NDArray if it was a NumPy array.

    In a worker process it stays a NumPy array.
    """
    if isinstance(item, tuple):
        return (as_given(item[0]), *item[1:]) if item else item
    if isinstance(item, np.ndarray) and not IN_WORKER:
        return nd.array(item, dtype=item.dtype)
    return item


def on_pixels(transform: Any) -> Any:
    """The function of NumPy arrays that does what a transform does, or None if there is none.

    It is what the transform's ``_pixels()`` gives. A subclass that redefines ``forward`` and not
    ``_pixels`` has none.
    """
    if type(transform) in (Sequential, HybridSequential):
        return together(transform)
    for cls in type(transform).__mro__:
        if "_pixels" in vars(cls):
            return transform._pixels()
        if "forward" in vars(cls) or "hybrid_forward" in vars(cls):
            return None
    return None


def together(transforms: Any) -> Any:
    """The function of several transforms, one after the other, or None if one of them has none."""
    from .vision._pixels import Compose  # not above: vision needs this module

    functions = [on_pixels(transform) for transform in transforms]
    return None if None in functions else Compose(functions)
