"""Padding layers."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ..block import HybridBlock

__all__ = ["ReflectionPad2D"]


class ReflectionPad2D(HybridBlock):
    """Adds a border to images that mirrors what is inside.

    Parameters
    ----------
    padding : int or tuple of int
        Width of the border; or two numbers, before and after, for each of the four axes, those of
        the first two axes being 0.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, H, W)

    Outputs
    -------
    out : NDArray, shape (N, C, H + 2 * padding, W + 2 * padding)

    Raises
    ------
    ValueError
        If ``padding`` is neither one number nor eight.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.ReflectionPad2D(1)(nd.array([[[[1, 2], [3, 4]]]])).asnumpy().astype(int).tolist()
    [[[[4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3], [2, 1, 2, 1]]]]
    """

    def __init__(self, padding: int | Sequence[int] = 0, **kwargs: Any):
        super().__init__(**kwargs)
        if isinstance(padding, int):
            padding = (0, 0, 0, 0, padding, padding, padding, padding)
        if len(padding) != 8:
            raise ValueError(
                "ReflectionPad2D: padding must be one number, or two for each of the four axes, "
                f"got {padding!r}"
            )
        self._padding = tuple(padding)

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.pad(x, mode="reflect", pad_width=self._padding)
