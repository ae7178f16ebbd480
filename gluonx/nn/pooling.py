"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ..block import HybridBlock

__all__ = [
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
]

#: Layouts that the layers take, by the number of spatial axes.
_LAYOUTS = {1: ("NCW", "NWC"), 2: ("NCHW", "NHWC"), 3: ("NCDHW", "NDHWC")}


def extents(kind: str, what: str, value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """``value`` for each of ``axes`` axes: one number counts for all."""
    given = tuple(value) if isinstance(value, Sequence) else (value,) * axes
    if len(given) != axes:
        raise ValueError(f"{kind}: {what} must be a number or {axes} numbers, got {value!r}")
    return given


def check_layout(kind: str, layout: str, layouts: Sequence[str]) -> None:
    """Raise ValueError for a layout that is not among ``layouts``."""
    if layout not in layouts:
        raise ValueError(f"{kind}: layout must be {' or '.join(layouts)}, got {layout!r}")


class Pooling(HybridBlock):
    """Pooling over any number of axes."""

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None,
        padding: int | Sequence[int],
        ceil_mode: bool,
        global_pool: bool,
        pool_type: str,
        layout: str,
        axes: int,
        count_include_pad: bool | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        kind = type(self).__name__
        check_layout(kind, layout, _LAYOUTS[axes])
        kernel = extents(kind, "pool_size", pool_size, axes)
        self._kwargs = {
            "kernel": kernel,
            "stride": kernel if strides is None else extents(kind, "strides", strides, axes),
            "pad": extents(kind, "padding", padding, axes),
            "global_pool": global_pool,
            "pool_type": pool_type,
            "layout": layout,
            "pooling_convention": "full" if ceil_mode else "valid",
        }
        if count_include_pad is not None:
            self._kwargs["count_include_pad"] = count_include_pad

    def _alias(self) -> str:
        return "pool"

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.Pooling(x, name="fwd", **self._kwargs)

    def __repr__(self) -> str:
        kw = self._kwargs
        return (
            f"{type(self).__name__}(size={kw['kernel']}, stride={kw['stride']}, "
            f"padding={kw['pad']}, ceil_mode={kw['pooling_convention'] == 'full'}, "
            f"global_pool={kw['global_pool']}, pool_type={kw['pool_type']}, "
            f"layout={kw['layout']})"
        )


class MaxPool1D(Pooling):
    """The largest element in each window of one axis; arguments as for :class:`MaxPool2D`.

    Inputs
    ------
    data : NDArray, shape (N, C, W), or (N, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, W'), or (N, W', C)
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        layout: str = "NCW",
        ceil_mode: bool = False,
        **kwargs: Any,
    ):
        super().__init__(pool_size, strides, padding, ceil_mode, False, "max", layout, 1, **kwargs)


class MaxPool2D(Pooling):
    r"""The largest element in each window.

    A row of :math:`H` elements gives :math:`\lfloor (H + 2 p - k) / s \rfloor + 1`, rounded up
    instead if ``ceil_mode``, for windows of :math:`k`, strides :math:`s` and padding :math:`p`.

    Parameters
    ----------
    pool_size : int or tuple of int
        Extents of the window.
    strides : int or tuple of int, optional
        Distance of the windows; the extents of the window by default.
    padding : int or tuple of int
        How far the windows reach beyond the edge.
    layout : {'NCHW', 'NHWC'}
        Order of the axes: batch, channels, height, width.
    ceil_mode : bool
        Whether a window that is only partly inside counts.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, H, W), or (N, H, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, H', W'), or (N, H', W', C)

    Raises
    ------
    ValueError
        For another layout, or too few or many numbers.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.MaxPool2D()(nd.arange(16).reshape((1, 1, 4, 4))).asnumpy().tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2),
        strides: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        layout: str = "NCHW",
        ceil_mode: bool = False,
        **kwargs: Any,
    ):
        super().__init__(pool_size, strides, padding, ceil_mode, False, "max", layout, 2, **kwargs)


class MaxPool3D(Pooling):
    """The largest element in each window of three axes; arguments as for :class:`MaxPool2D`.

    Inputs
    ------
    data : NDArray, shape (N, C, D, H, W), or (N, D, H, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, D', H', W'), or (N, D', H', W', C)
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2, 2),
        strides: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        layout: str = "NCDHW",
        **kwargs: Any,
    ):
        super().__init__(pool_size, strides, padding, ceil_mode, False, "max", layout, 3, **kwargs)


class AvgPool1D(Pooling):
    """The mean of each window of one axis; arguments as for :class:`AvgPool2D`.

    Inputs
    ------
    data : NDArray, shape (N, C, W), or (N, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, W'), or (N, W', C)
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        layout: str = "NCW",
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            pool_size, strides, padding, ceil_mode, False, "avg", layout, 1, count_include_pad,
            **kwargs,
        )  # fmt: skip


class AvgPool2D(Pooling):
    r"""The mean of each window.

    Parameters
    ----------
    pool_size, strides, padding, ceil_mode, layout, **kwargs
        As for :class:`MaxPool2D`, also the inputs, the outputs and what is raised.
    count_include_pad : bool
        Whether the zeros beyond the edge count.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.AvgPool2D()(nd.arange(16).reshape((1, 1, 4, 4))).asnumpy().tolist()
    [[[[2.5, 4.5], [10.5, 12.5]]]]
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2),
        strides: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        layout: str = "NCHW",
        count_include_pad: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            pool_size, strides, padding, ceil_mode, False, "avg", layout, 2, count_include_pad,
            **kwargs,
        )  # fmt: skip


class AvgPool3D(Pooling):
    """The mean of each window of three axes; arguments as for :class:`AvgPool2D`.

    Inputs
    ------
    data : NDArray, shape (N, C, D, H, W), or (N, D, H, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, D', H', W'), or (N, D', H', W', C)
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2, 2),
        strides: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        layout: str = "NCDHW",
        count_include_pad: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            pool_size, strides, padding, ceil_mode, False, "avg", layout, 3, count_include_pad,
            **kwargs,
        )  # fmt: skip
