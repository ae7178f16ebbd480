"""Padding of images."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..block import HybridBlock

__all__ = ["ReflectionPad2D"]


class ReflectionPad2D(HybridBlock):
    """Adds a margin to images in which they are mirrored at their edges.

    Parameters
    ----------
    padding : int or tuple of int
        Width of the margin; or eight numbers, the widths before and after each axis.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, H, W)

    Outputs
    -------
    out : NDArray, shape (N, C, H + 2 padding, W + 2 padding)

    Raises
    ------
    ValueError
        If ``padding`` is neither one number nor eight.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.ReflectionPad2D(1)(nd.array([[[[1, 2], [3, 4]]]])).shape
    (1, 1, 4, 4)
    """

    def __init__(self, padding: int | tuple[int, ...] = 0, **kwargs: Any):
        super().__init__(**kwargs)
        widths = (0, 0, 0, 0, *(padding,) * 4) if isinstance(padding, int) else tuple(padding)
        if len(widths) != 8:
            raise ValueError(
                f"ReflectionPad2D: padding must be a number or eight numbers, got {padding!r}"
            )
        self._padding = widths

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.pad(x, mode="reflect", pad_width=self._padding)
