"""Pooling layers whose window is the whole image."""

from __future__ import annotations

from typing import Any

from .pooling import Pooling

__all__ = [
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
]


class GlobalMaxPool1D(Pooling):
    """The largest element of each channel of each sample.

    Parameters
    ----------
    layout : {'NCW', 'NWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, W), or (N, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, 1), or the same in the other order
    """

    def __init__(self, layout: str = "NCW", **kwargs: Any):
        super().__init__(1, None, 0, True, True, "max", layout, 1, **kwargs)


class GlobalMaxPool2D(Pooling):
    """The largest element of each channel of each sample.

    Parameters
    ----------
    layout : {'NCHW', 'NHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, H, W), or (N, H, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, 1, 1), or the same in the other order

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.GlobalMaxPool2D()(nd.arange(16).reshape((1, 1, 4, 4))).asnumpy().tolist()
    [[[[15.0]]]]
    """

    def __init__(self, layout: str = "NCHW", **kwargs: Any):
        super().__init__(1, None, 0, True, True, "max", layout, 2, **kwargs)


class GlobalMaxPool3D(Pooling):
    """The largest element of each channel of each sample.

    Parameters
    ----------
    layout : {'NCDHW', 'NDHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, D, H, W), or (N, D, H, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, 1, 1, 1), or the same in the other order
    """

    def __init__(self, layout: str = "NCDHW", **kwargs: Any):
        super().__init__(1, None, 0, True, True, "max", layout, 3, **kwargs)


class GlobalAvgPool1D(Pooling):
    """The mean of each channel of each sample.

    Parameters
    ----------
    layout : {'NCW', 'NWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, W), or (N, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, 1), or the same in the other order
    """

    def __init__(self, layout: str = "NCW", **kwargs: Any):
        super().__init__(1, None, 0, True, True, "avg", layout, 1, **kwargs)


class GlobalAvgPool2D(Pooling):
    """The mean of each channel of each sample.

    Parameters
    ----------
    layout : {'NCHW', 'NHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, H, W), or (N, H, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, 1, 1), or the same in the other order

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.GlobalAvgPool2D()(nd.arange(16).reshape((1, 1, 4, 4))).asnumpy().tolist()
    [[[[7.5]]]]
    """

    def __init__(self, layout: str = "NCHW", **kwargs: Any):
        super().__init__(1, None, 0, True, True, "avg", layout, 2, **kwargs)


class GlobalAvgPool3D(Pooling):
    """The mean of each channel of each sample.

    Parameters
    ----------
    layout : {'NCDHW', 'NDHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, D, H, W), or (N, D, H, W, C)

    Outputs
    -------
    out : NDArray, shape (N, C, 1, 1, 1), or the same in the other order
    """

    def __init__(self, layout: str = "NCDHW", **kwargs: Any):
        super().__init__(1, None, 0, True, True, "avg", layout, 3, **kwargs)
