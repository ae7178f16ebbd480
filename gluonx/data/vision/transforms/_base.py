"""What the transforms have in common: two ways to be computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import ndarray as nd

__all__ = ["HostBlock", "OnPixels", "on_pixels", "pair"]


class OnPixels:
    """A transform that also takes NumPy arrays; mixed into blocks, before Block.

    ``_pixels()`` gives the function of a NumPy image, which can be pickled for workers without JAX.
    """

    def _pixels(self) -> Any:
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], np.ndarray):
            function = on_pixels(self)
            if function is not None:
                return function(*args, **kwargs)
        return super().__call__(*args, **kwargs)  # type: ignore[misc]


class HostBlock(OnPixels):
    """A transform that is always computed by NumPy, as MXNet computes it on the CPU."""

    def forward(self, x: Any) -> nd.NDArray:
        return nd.array(self._pixels()(x.asnumpy()), ctx=x.context, dtype=x.dtype)


def on_pixels(transform: Any) -> Any:
    """The function of NumPy images that does what a transform does, or None if there is none.

    A subclass that redefines ``forward`` and not ``_pixels`` has none.
    """
    for cls in type(transform).__mro__:
        if "_pixels" in vars(cls):
            return transform._pixels() if cls is not OnPixels else None
        if "forward" in vars(cls) or "hybrid_forward" in vars(cls):
            return None
    return None


def pair(size: Any, name: str) -> tuple[int, int]:
    """(width, height) of one or two numbers."""
    values = tuple(size) if isinstance(size, Sequence) else (size, size)
    if len(values) != 2 or not all(isinstance(v, (int, float, np.number)) for v in values):
        raise ValueError(f"{name}: size must be a number, or (width, height), got {size!r}")
    width, height = (int(v) for v in values)
    if min(width, height) < 1:
        raise ValueError(f"{name}: size must be positive, got {size!r}")
    return width, height
