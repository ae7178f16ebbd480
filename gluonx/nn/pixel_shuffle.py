"""Layers that enlarge images by moving channels to where pixels are.

Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
convolutional neural network", 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from types import ModuleType
from typing import Any

from ..block import HybridBlock
from .pooling import extents

__all__ = ["PixelShuffle1D", "PixelShuffle2D", "PixelShuffle3D"]


class _PixelShuffle(HybridBlock):
    """Shuffling over any number of axes."""

    def __init__(self, factor: int | Sequence[int], axes: int):
        super().__init__()
        self._factors: tuple[int, ...] = tuple(
            int(f) for f in extents(type(self).__name__, "factor", factor, axes)
        )

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        axes = len(self._factors)
        # (N, C f1 f2, H, W), (N, C, f1, f2, H, W), (N, C, H, f1, W, f2), (N, C, H f1, W f2)
        x = F.reshape(x, shape=(0, -4, -1, prod(self._factors), -2))
        for i, f in enumerate(self._factors[:-1]):
            rest = prod(self._factors[i + 1 :])
            x = F.reshape(x, shape=(*(0,) * (2 + i), -4, f, rest, -2))
        order = [at for i in range(axes) for at in (2 + axes + i, 2 + i)]
        x = F.transpose(x, axes=(0, 1, *order))
        return F.reshape(x, shape=(0, 0, *(-3,) * axes))

    def __repr__(self) -> str:
        factors = self._factors[0] if len(self._factors) == 1 else self._factors
        return f"{type(self).__name__}({factors})"


class PixelShuffle1D(_PixelShuffle):
    """Enlarges sequences: groups of channels become neighbours along the axis.

    Parameters
    ----------
    factor : int or (int,)
        How many times longer.

    Inputs
    ------
    data : NDArray, shape (N, factor C, W)

    Outputs
    -------
    out : NDArray, shape (N, C, factor W)

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.PixelShuffle1D(2)(nd.zeros((1, 8, 3))).shape
    (1, 4, 6)
    """

    def __init__(self, factor: int | Sequence[int]):
        super().__init__(factor, 1)


class PixelShuffle2D(_PixelShuffle):
    """Enlarges images: groups of channels become blocks of pixels.

    Parameters
    ----------
    factor : int or (int, int)
        How many times higher and wider.

    Inputs
    ------
    data : NDArray, shape (N, f1 f2 C, H, W)

    Outputs
    -------
    out : NDArray, shape (N, C, f1 H, f2 W)

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.PixelShuffle2D((2, 3))(nd.zeros((1, 12, 3, 5))).shape
    (1, 2, 6, 15)
    """

    def __init__(self, factor: int | Sequence[int]):
        super().__init__(factor, 2)


class PixelShuffle3D(_PixelShuffle):
    """Enlarges volumes: groups of channels become blocks of voxels.

    Parameters
    ----------
    factor : int or (int, int, int)
        How many times deeper, higher and wider.

    Inputs
    ------
    data : NDArray, shape (N, f1 f2 f3 C, D, H, W)

    Outputs
    -------
    out : NDArray, shape (N, C, f1 D, f2 H, f3 W)

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.PixelShuffle3D((2, 3, 4))(nd.zeros((1, 48, 3, 5, 7))).shape
    (1, 2, 6, 15, 28)
    """

    def __init__(self, factor: int | Sequence[int]):
        super().__init__(factor, 3)
