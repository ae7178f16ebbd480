"""What the transforms have in common: two ways to be computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import ndarray as nd
from ..._items import on_pixels

__all__ = ["HostBlock", "OnPixels", "pair"]


class OnPixels:
    """A transform that also takes NumPy arrays; mixed into blocks, before Block.

    A subclass defines ``_pixels()``, which gives the function of a NumPy image.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], np.ndarray):
            function = on_pixels(self)
            if function is not None:
                return function(*args, **kwargs)
        return super().__call__(*args, **kwargs)  # type: ignore[misc]


class HostBlock(OnPixels):
    """A transform that is always computed by NumPy, as MXNet computes it on the CPU."""

    def _pixels(self) -> Any:
        raise NotImplementedError

    def forward(self, x: Any) -> nd.NDArray:
        out = self._pixels()(x.asnumpy())
        return nd.array(out, ctx=x.context, dtype=x.dtype)


def pair(size: Any, name: str) -> tuple[int, int]:
    """(width, height) of one or two numbers."""
    values = tuple(size) if isinstance(size, Sequence) else (size, size)
    if len(values) != 2 or not all(isinstance(v, (int, float, np.number)) for v in values):
        raise ValueError(f"{name}: size must be a number, or (width, height), got {size!r}")
    width, height = (int(v) for v in values)
    if min(width, height) < 1:
        raise ValueError(f"{name}: size must be positive, got {size!r}")
    return width, height
