"""Convolutions whose windows are bent by offsets that a second convolution learns."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..block import HybridBlock
from .activations import Activation
from .pooling import check_layout, extents

__all__ = ["DeformableConvolution", "ModulatedDeformableConvolution"]


class _Deformable(HybridBlock):
    """A deformable convolution; ``_per_tap`` numbers for each element of the window are learned."""

    _per_tap = 2
    _order: tuple[str, ...] = ("offset", "deformable_conv")  # of the parameters
    deformable_conv_weight: Any
    deformable_conv_bias: Any

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, int] = (1, 1),
        strides: int | tuple[int, int] = (1, 1),
        padding: int | tuple[int, int] = (0, 0),
        dilation: int | tuple[int, int] = (1, 1),
        groups: int = 1,
        num_deformable_group: int = 1,
        layout: str = "NCHW",
        use_bias: bool = True,
        in_channels: int = 0,
        activation: str | None = None,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        offset_weight_initializer: Any = "zeros",
        offset_bias_initializer: Any = "zeros",
        offset_use_bias: bool = True,
        op_name: str | None = None,
        adj: Any = None,
        prefix: str | None = None,
        params: Any = None,
    ):
        super().__init__(prefix=prefix, params=params)
        kind = type(self).__name__
        check_layout(kind, layout, ("NCHW",))
        if adj:
            raise ValueError(f"{kind}: a convolution has no adj, got {adj!r}")
        if channels <= 0 or in_channels < 0 or groups <= 0 or num_deformable_group <= 0:
            raise ValueError(
                f"{kind}: channels, groups and num_deformable_group must be positive and "
                f"in_channels not negative, got {channels}, {groups}, {num_deformable_group} and "
                f"{in_channels}"
            )
        kernel = extents(kind, "kernel_size", kernel_size, 2)
        taps = num_deformable_group * kernel[0] * kernel[1]
        window = {
            "kernel": kernel,
            "stride": extents(kind, "strides", strides, 2),
            "dilate": extents(kind, "dilation", dilation, 2),
            "pad": extents(kind, "padding", padding, 2),
            "num_group": groups,
            "layout": layout,
        }
        offsets = self._per_tap * taps
        self._offset_kwargs = {
            **window, "num_filter": offsets, "no_bias": not offset_use_bias,
        }  # fmt: skip
        self._kwargs = {
            **window,
            "num_filter": channels,
            "num_deformable_group": num_deformable_group,
            "no_bias": not use_bias,
        }
        self._split = 2 * taps
        inner = in_channels // groups
        bent = (channels, inner, *kernel), weight_initializer, use_bias, bias_initializer
        learned = (
            (offsets, inner, *kernel), offset_weight_initializer, offset_use_bias,
            offset_bias_initializer,
        )  # fmt: skip
        parts = {"offset": learned, "deformable_conv": bent}
        with self.name_scope():
            for part in self._order:
                shape, init, has_bias, bias_init = parts[part]
                setattr(self, f"{part}_weight", self._get(f"{part}_weight", shape, init))
                bias = self._get(f"{part}_bias", shape[:1], bias_init) if has_bias else None
                setattr(self, f"{part}_bias", bias)
            self.act = None
            if activation:
                self.act = Activation(activation, prefix=activation + "_")

    def _get(self, name: str, shape: tuple[int, ...], init: Any) -> Any:
        return self.params.get(name, shape=shape, init=init, allow_deferred_init=True)

    def _convolve(self, F: ModuleType, x: Any, learned: Any, arrays: tuple) -> Any:
        return F.contrib.DeformableConvolution(x, learned, *arrays, name="fwd", **self._kwargs)

    def hybrid_forward(
        self,
        F: ModuleType,
        x: Any,
        offset_weight: Any,
        deformable_conv_weight: Any,
        offset_bias: Any = None,
        deformable_conv_bias: Any = None,
    ) -> Any:
        arrays = (offset_weight,) if offset_bias is None else (offset_weight, offset_bias)
        learned = F.Convolution(x, *arrays, **self._offset_kwargs)
        arrays = (deformable_conv_weight,)
        if deformable_conv_bias is not None:
            arrays = (deformable_conv_weight, deformable_conv_bias)
        out = self._convolve(F, x, learned, arrays)
        return self.act(out) if self.act else out

    def __repr__(self) -> str:
        kw = self._kwargs
        shape = self.deformable_conv_weight.shape
        parts = [
            f"{shape[1] or None} -> {shape[0]}",
            f"kernel_size={kw['kernel']}",
            f"stride={kw['stride']}",
        ]
        if any(kw["pad"]):
            parts.append(f"padding={kw['pad']}")
        if kw["dilate"] != (1, 1):
            parts.append(f"dilation={kw['dilate']}")
        if kw["num_group"] != 1:
            parts.append(f"groups={kw['num_group']}")
        if self.deformable_conv_bias is None:
            parts.append("bias=False")
        if self.act:
            parts.append(repr(self.act))
        return f"{type(self).__name__}({', '.join(parts)})"


class DeformableConvolution(_Deformable):
    """Convolution whose window is bent by learned offsets.

    A convolution with the same window gives the offsets of each element of the window at each
    place. Dai et al., "Deformable convolutional networks", 2017.

    Parameters
    ----------
    channels : int
        Number of output channels.
    kernel_size, strides, padding, dilation : int or (int, int)
        As in :class:`Conv2D`.
    groups : int
        Into how many groups the channels are divided, in both convolutions.
    num_deformable_group : int
        Groups of input channels that have offsets of their own.
    layout : {'NCHW'}
        Order of the axes.
    use_bias : bool
        Whether the output has a bias.
    in_channels : int
        Number of input channels. 0: learned at the first call.
    activation : str, optional
        Activation of the output, see :class:`Activation`.
    weight_initializer, bias_initializer : Initializer or str, optional
        Initial values of the convolution itself.
    offset_weight_initializer, offset_bias_initializer : Initializer or str, optional
        Initial values of the convolution that gives the offsets. With zeros the layer begins as
        an ordinary convolution.
    offset_use_bias : bool
        Whether the offsets have a bias.
    op_name, adj
        Accepted for compatibility.
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, in_channels, H, W)

    Outputs
    -------
    out : NDArray, shape (N, channels, H', W')

    Raises
    ------
    ValueError
        For another layout, or numbers that do not go together.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> conv = nn.DeformableConvolution(8, kernel_size=3, padding=1)
    >>> conv.initialize()
    >>> conv(nd.ones((2, 3, 10, 10))).shape, conv.offset_weight.shape
    ((2, 8, 10, 10), (18, 3, 3, 3))
    """

    def _alias(self) -> str:
        return "deformable_conv"


class ModulatedDeformableConvolution(_Deformable):
    """Deformable convolution that also learns how much each element of the window counts.

    A convolution gives the offsets and, through ``2 sigmoid(x)``, the weights. Zhu et al.,
    "Deformable ConvNets v2", 2019. The parameters are those of :class:`DeformableConvolution`.

    Inputs
    ------
    data : NDArray, shape (N, in_channels, H, W)

    Outputs
    -------
    out : NDArray, shape (N, channels, H', W')

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> conv = nn.ModulatedDeformableConvolution(8, kernel_size=3, padding=1)
    >>> conv.initialize()
    >>> conv(nd.ones((2, 3, 10, 10))).shape, conv.offset_weight.shape
    ((2, 8, 10, 10), (27, 3, 3, 3))
    """

    _per_tap = 3
    _order = ("deformable_conv", "offset")

    def _alias(self) -> str:
        return "modulated_deformable_conv"

    def _convolve(self, F: ModuleType, x: Any, learned: Any, arrays: tuple) -> Any:
        offset = F.slice_axis(learned, axis=1, begin=0, end=self._split)
        mask = F.slice_axis(learned, axis=1, begin=self._split, end=None)
        return F.contrib.ModulatedDeformableConvolution(
            x, offset, F.sigmoid(mask) * 2, *arrays, name="fwd", **self._kwargs
        )
