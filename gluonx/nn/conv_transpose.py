"""Transposed convolution layers."""

from __future__ import annotations

from typing import Any

from .conv_layers import Conv
from .pooling import extents

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


class _ConvTranspose(Conv):
    """A transposed convolution over any number of axes."""

    _operator = "Deconvolution"

    def __init__(self, axes: int, output_padding: Any, *args: Any, **kwargs: Any):
        adj = extents(type(self).__name__, "output_padding", output_padding, axes)
        super().__init__(*args, adj=adj, **kwargs)
        self.outpad = adj

    def _weight_channels(self) -> tuple[int, int]:
        return self._in_channels, self._channels

    def _seen_channels(self) -> tuple[int, int]:
        return self.weight.shape[0], self._channels


class Conv1DTranspose(_ConvTranspose):
    r"""Transposed convolution over one axis; see :class:`Conv2DTranspose` for the arguments.

    Inputs
    ------
    data : NDArray, shape (N, in_channels, W)

    Outputs
    -------
    out : NDArray, shape (N, channels, W')

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> up = nn.Conv1DTranspose(3, kernel_size=4, strides=2)
    >>> up.initialize()
    >>> up(nd.ones((2, 8, 5))).shape
    (2, 3, 12)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        layout: str = "NCW",
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: int = 0,
        **kwargs: Any,
    ):
        super().__init__(
            1, output_padding, channels, kernel_size, strides, padding, dilation, groups, layout, 1,
            in_channels, activation, use_bias, weight_initializer, bias_initializer, **kwargs,
        )  # fmt: skip


class Conv2DTranspose(_ConvTranspose):
    r"""Transposed convolution over two axes, to make images larger.

    It is the gradient of a :class:`Conv2D` with respect to its data: each input element adds the
    kernel, times itself, to the output. An axis of :math:`H` elements gives
    :math:`s (H - 1) + d (k - 1) + 1 - 2 p + a`, for a kernel of :math:`k`, strides :math:`s`,
    dilation :math:`d`, padding :math:`p` and output padding :math:`a`. From Zeiler et al.,
    "Deconvolutional networks", CVPR 2010.

    Parameters
    ----------
    channels : int
        Number of output channels.
    kernel_size : int or tuple of int
        Extents of the kernel.
    strides, padding, dilation : int or tuple of int
        :math:`s`, :math:`p` and :math:`d`.
    output_padding : int or tuple of int
        :math:`a`, elements added at the end of each axis, less than the stride.
    groups : int
        Into how many groups the channels are divided; outputs see the inputs of their group only.
    layout : {'NCHW', 'NHWC'}
        Order of the axes of input and output: batch, channels, height, width.
    activation, use_bias, weight_initializer, bias_initializer, in_channels, **kwargs
        As for :class:`Conv2D`.

    Inputs
    ------
    data : NDArray, shape (N, in_channels, H, W), or (N, H, W, in_channels)

    Outputs
    -------
    out : NDArray, shape (N, channels, H', W'), or (N, H', W', channels)

    Raises
    ------
    ValueError
        For another layout, or numbers that do not go together.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> up = nn.Conv2DTranspose(3, kernel_size=4, strides=2, padding=1)
    >>> up.initialize()
    >>> up(nd.ones((2, 8, 5, 5))).shape, up.weight.shape
    ((2, 3, 10, 10), (8, 3, 4, 4))
    >>> up
    Conv2DTranspose(8 -> 3, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = (1, 1),
        padding: int | tuple[int, ...] = (0, 0),
        output_padding: int | tuple[int, ...] = (0, 0),
        dilation: int | tuple[int, ...] = (1, 1),
        groups: int = 1,
        layout: str = "NCHW",
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: int = 0,
        **kwargs: Any,
    ):
        super().__init__(
            2, output_padding, channels, kernel_size, strides, padding, dilation, groups, layout, 2,
            in_channels, activation, use_bias, weight_initializer, bias_initializer, **kwargs,
        )  # fmt: skip


class Conv3DTranspose(_ConvTranspose):
    r"""Transposed convolution over three axes; see :class:`Conv2DTranspose` for the arguments.

    Inputs
    ------
    data : NDArray, shape (N, in_channels, D, H, W), or (N, D, H, W, in_channels)

    Outputs
    -------
    out : NDArray, shape (N, channels, D', H', W'), or (N, D', H', W', channels)

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> up = nn.Conv3DTranspose(3, kernel_size=(1, 2, 2), strides=(1, 2, 2))
    >>> up.initialize()
    >>> up(nd.ones((2, 8, 3, 4, 5))).shape
    (2, 3, 3, 8, 10)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = (1, 1, 1),
        padding: int | tuple[int, ...] = (0, 0, 0),
        output_padding: int | tuple[int, ...] = (0, 0, 0),
        dilation: int | tuple[int, ...] = (1, 1, 1),
        groups: int = 1,
        layout: str = "NCDHW",
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: int = 0,
        **kwargs: Any,
    ):
        super().__init__(
            3, output_padding, channels, kernel_size, strides, padding, dilation, groups, layout, 3,
            in_channels, activation, use_bias, weight_initializer, bias_initializer, **kwargs,
        )  # fmt: skip
