"""Convolution layers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..block import HybridBlock
from .activations import Activation
from .pooling import check_layout, extents

__all__ = ["Conv", "Conv1D", "Conv2D", "Conv3D"]

#: Layouts that the layers take, by the number of spatial axes.
_LAYOUTS = {1: ("NCW",), 2: ("NCHW", "NHWC"), 3: ("NCDHW", "NDHWC")}


class Conv(HybridBlock):
    """A convolution over any number of axes."""

    _operator = "Convolution"

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...],
        padding: int | tuple[int, ...],
        dilation: int | tuple[int, ...],
        groups: int,
        layout: str,
        axes: int,
        in_channels: int = 0,
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        prefix: str | None = None,
        params: Any = None,
        **more: tuple[int, ...],
    ):
        super().__init__(prefix=prefix, params=params)
        kind = type(self).__name__
        check_layout(kind, layout, _LAYOUTS[axes])
        if channels <= 0 or in_channels < 0 or groups <= 0:
            raise ValueError(
                f"{kind}: channels and groups must be positive and in_channels not negative, got "
                f"channels={channels}, groups={groups}, in_channels={in_channels}"
            )
        if channels % groups or in_channels % groups:
            raise ValueError(
                f"{kind}: channels={channels} and in_channels={in_channels} must be multiples of "
                f"groups={groups}"
            )
        self._channels = channels
        self._in_channels = in_channels
        self._kwargs = {
            "kernel": extents(kind, "kernel_size", kernel_size, axes),
            "stride": extents(kind, "strides", strides, axes),
            "dilate": extents(kind, "dilation", dilation, axes),
            "pad": extents(kind, "padding", padding, axes),
            "num_filter": channels,
            "num_group": groups,
            "no_bias": not use_bias,
            "layout": layout,
            **more,
        }
        # The weight has the layout of the data; outputs and inputs are its N and C.
        self._channel_axis = layout.index("C")
        outer, inner = self._weight_channels()
        shape = [outer, *self._kwargs["kernel"]]
        shape.insert(self._channel_axis, inner // groups)
        with self.name_scope():
            self.weight: Any = self.params.get(
                "weight",
                shape=tuple(shape),
                init=weight_initializer,
                allow_deferred_init=True,
            )
            self.bias = None
            if use_bias:
                self.bias = self.params.get(
                    "bias", shape=(channels,), init=bias_initializer, allow_deferred_init=True
                )
            self.act = None
            if activation is not None:
                self.act = Activation(activation, prefix=activation + "_")

    def _alias(self) -> str:
        return "conv"

    def _weight_channels(self) -> tuple[int, int]:
        """Channels along axis 0 of the weight, and along its axis of channels in all groups."""
        return self._channels, self._in_channels

    def _seen_channels(self) -> tuple[int, int]:
        """Inputs, in one group, and outputs."""
        shape = self.weight.shape
        return shape[self._channel_axis], shape[0]

    def hybrid_forward(self, F: ModuleType, x: Any, weight: Any, bias: Any = None) -> Any:
        arrays = (x, weight) if bias is None else (x, weight, bias)
        out = getattr(F, self._operator)(*arrays, name="fwd", **self._kwargs)
        return self.act(out) if self.act else out

    def __repr__(self) -> str:
        kw, one = self._kwargs, (1,) * len(self._kwargs["kernel"])
        inputs, outputs = self._seen_channels()
        parts = [
            f"{inputs or None} -> {outputs}",
            f"kernel_size={kw['kernel']}",
            f"stride={kw['stride']}",
        ]
        if any(kw["pad"]):
            parts.append(f"padding={kw['pad']}")
        if kw["dilate"] != one:
            parts.append(f"dilation={kw['dilate']}")
        if kw["num_group"] != 1:
            parts.append(f"groups={kw['num_group']}")
        if self.bias is None:
            parts.append("bias=False")
        if self.act:
            parts.append(repr(self.act))
        return f"{type(self).__name__}({', '.join(parts)})"


class Conv1D(Conv):
    r"""Convolution over one axis; see :class:`Conv2D` for the arguments.

    Inputs
    ------
    data : NDArray, shape (N, in_channels, W)

    Outputs
    -------
    out : NDArray, shape (N, channels, W')

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> conv = nn.Conv1D(8, kernel_size=3)
    >>> conv.initialize()
    >>> conv(nd.ones((2, 4, 10))).shape
    (2, 8, 8)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
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
            channels, kernel_size, strides, padding, dilation, groups, layout, 1, in_channels,
            activation, use_bias, weight_initializer, bias_initializer, **kwargs,
        )  # fmt: skip


class Conv2D(Conv):
    r"""Convolution over two axes, as it is used for images.

    .. math:: y_{oij} = b_o + \sum_c \sum_{u,v} w_{ocuv} \, x_{c,\, s i + d u - p,\, s j + d v - p}

    with strides :math:`s`, dilation :math:`d` and padding :math:`p`; zero outside the image. An
    output has :math:`\lfloor (H + 2 p - d (k - 1) - 1) / s \rfloor + 1` rows for a kernel of
    :math:`k`.

    Parameters
    ----------
    channels : int
        Number of output channels.
    kernel_size : int or tuple of int
        Extents of the kernel.
    strides, padding, dilation : int or tuple of int
        :math:`s`, :math:`p` and :math:`d`.
    groups : int
        Into how many groups the channels are divided; outputs see the inputs of their group only.
    layout : {'NCHW', 'NHWC'}
        Order of the axes of input and output: batch, channels, height, width.
    activation : str, optional
        Activation of the output, see :class:`Activation`.
    use_bias : bool
        Whether there is a :math:`b`.
    weight_initializer, bias_initializer : Initializer or str, optional
        Initial values.
    in_channels : int
        Number of input channels. 0: learned at the first call.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

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
    >>> conv = nn.Conv2D(8, kernel_size=3, padding=1, activation='relu')
    >>> conv.initialize()
    >>> conv(nd.ones((2, 3, 10, 10))).shape, conv.weight.shape
    ((2, 8, 10, 10), (8, 3, 3, 3))
    >>> conv
    Conv2D(3 -> 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), Activation(relu))
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = (1, 1),
        padding: int | tuple[int, ...] = (0, 0),
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
            channels, kernel_size, strides, padding, dilation, groups, layout, 2, in_channels,
            activation, use_bias, weight_initializer, bias_initializer, **kwargs,
        )  # fmt: skip


class Conv3D(Conv):
    r"""Convolution over three axes; see :class:`Conv2D` for the arguments.

    Inputs
    ------
    data : NDArray, shape (N, in_channels, D, H, W), or (N, D, H, W, in_channels)

    Outputs
    -------
    out : NDArray, shape (N, channels, D', H', W'), or (N, D', H', W', channels)

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> conv = nn.Conv3D(8, kernel_size=(1, 3, 3))
    >>> conv.initialize()
    >>> conv(nd.ones((2, 4, 5, 6, 7))).shape
    (2, 8, 5, 4, 5)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = (1, 1, 1),
        padding: int | tuple[int, ...] = (0, 0, 0),
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
            channels, kernel_size, strides, padding, dilation, groups, layout, 3, in_channels,
            activation, use_bias, weight_initializer, bias_initializer, **kwargs,
        )  # fmt: skip
