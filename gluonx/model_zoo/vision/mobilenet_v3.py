"""MobileNet, version 3."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

from ... import nn
from ...block import HybridBlock
from ._parts import Classifier, entry
from .mobilenet import size_of

__all__ = ["MobileNetV3", "get_mobilenet_v3"]


def _wide(channels: float) -> int:
    """The next multiple of 8."""
    return math.ceil(channels / 8) * 8


class HardSigmoid(HybridBlock):
    """A sigmoid of three straight lines: 0 up to -3, 1 from 3 on."""

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.clip(x + 3, a_min=0, a_max=6) / 6


class HardSwish(HybridBlock):
    """``x`` times its :class:`HardSigmoid`, section 5.2 of the paper."""

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return x * (F.clip(x + 3, a_min=0, a_max=6) / 6)


class _Norms:
    """How to make the layers that normalize, the same ones all over a network."""

    def __init__(self, layer: Any, kwargs: dict[str, Any] | None, use_global_stats: bool):
        self.layer = layer
        self.kwargs = {**({"use_global_stats": True} if use_global_stats else {}), **(kwargs or {})}

    def __call__(self, prefix: str) -> Any:
        return self.layer(prefix=prefix, **self.kwargs)


class Convolved(HybridBlock):
    """A convolution, what normalizes it and, if there is one, an activation.

    Parameters
    ----------
    norms : callable
        Makes the second from a prefix.
    channels, kernel, stride, groups : int
        Of the convolution, which keeps the extent of an image if ``stride`` is 1.
    activation : callable, optional
        Makes the third.
    """

    def __init__(
        self,
        norms: _Norms,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        activation: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        with self.name_scope():
            self.conv = nn.Conv2D(
                channels, kernel, stride, kernel // 2, groups=groups, use_bias=False,
                prefix="conv2d_",
            )  # fmt: skip
            self.bn = norms("batchnorm_")
            self.act = None if activation is None else activation()

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        x = self.bn(self.conv(x))
        return x if self.act is None else self.act(x)


class SqueezeExcite(HybridBlock):
    """Channels times weights from 0 to 1 that follow from the means of all channels.

    From Hu et al., "Squeeze-and-excitation networks", CVPR 2018; with the hard sigmoid.

    Parameters
    ----------
    channels : int
        A quarter of them, rounded up to a multiple of 8, is the width between the two layers.
    """

    def __init__(self, channels: int, **kwargs: Any):
        super().__init__(**kwargs)
        with self.name_scope():
            self.pool = nn.GlobalAvgPool2D()
            self.conv1 = nn.Conv2D(_wide(channels / 4), 1, prefix="fc1_")
            self.act1 = nn.Activation("relu")
            self.conv2 = nn.Conv2D(channels, 1, prefix="fc2_")
            self.act2 = HardSigmoid()

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        weights = self.act2(self.conv2(self.act1(self.conv1(self.pool(x)))))
        return F.broadcast_mul(x, weights)


def _relu() -> nn.Activation:
    return nn.Activation("relu")


class Bottleneck(HybridBlock):
    """More channels, a convolution in each, weights for them, fewer channels: figure 4.

    Parameters
    ----------
    norms : callable
        Makes layers that normalize.
    index : int
        Which one of the network it is. The first one does not have more channels inside.
    shape : tuple
        Kernel, channels inside and of the output, whether there are weights, activation, stride.
    shortcut : bool
        Whether to add the input to the output.
    """

    def __init__(self, norms: _Norms, index: int, shape: tuple, shortcut: bool, **kwargs: Any):
        super().__init__(**kwargs)
        kernel, inside, channels, weighted, activation, stride = shape
        self.use_shortcut = shortcut
        self.expand = self.se = None
        name = f"seq-{index}-"
        with self.name_scope():
            if index:
                self.expand = Convolved(norms, inside, activation=activation, prefix=f"{name}exp-")
            self.conv1 = Convolved(
                norms, inside, kernel, stride, inside, activation, prefix=f"{name}depthwise-"
            )
            if weighted:
                self.se = SqueezeExcite(inside, prefix=f"{name}se_")
            self.conv2 = Convolved(norms, channels, prefix=f"{name}linear-")

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        out = x if self.expand is None else self.expand(x)
        out = self.conv1(out)
        if self.se is not None:
            out = self.se(out)
        out = self.conv2(out)
        return out + x if self.use_shortcut else out


#: Kernel, channels inside, channels, weights for them, activation, stride: tables 1 and 2.
_LARGE = (
    (3, 16, 16, False, _relu, 1), (3, 64, 24, False, _relu, 2), (3, 72, 24, False, _relu, 1),
    (5, 72, 40, True, _relu, 2), (5, 120, 40, True, _relu, 1), (5, 120, 40, True, _relu, 1),
    (3, 240, 80, False, HardSwish, 2), (3, 200, 80, False, HardSwish, 1),
    (3, 184, 80, False, HardSwish, 1), (3, 184, 80, False, HardSwish, 1),
    (3, 480, 112, True, HardSwish, 1), (3, 672, 112, True, HardSwish, 1),
    (5, 672, 160, True, HardSwish, 2), (5, 960, 160, True, HardSwish, 1),
    (5, 960, 160, True, HardSwish, 1),
)  # fmt: skip
_SMALL = (
    (3, 16, 16, True, _relu, 2), (3, 72, 24, False, _relu, 2), (3, 88, 24, False, _relu, 1),
    (5, 96, 40, True, HardSwish, 2), (5, 240, 40, True, HardSwish, 1),
    (5, 240, 40, True, HardSwish, 1), (5, 120, 48, True, HardSwish, 1),
    (5, 144, 48, True, HardSwish, 1), (5, 288, 96, True, HardSwish, 2),
    (5, 576, 96, True, HardSwish, 1), (5, 576, 96, True, HardSwish, 1),
)  # fmt: skip
_TABLES = {"large": _LARGE, "small": _SMALL}


class MobileNetV3(Classifier):
    """Bottlenecks that a search found, with weights for channels and a cheaper beginning and end.

    From Howard et al., "Searching for MobileNetV3", ICCV 2019. MXNet's own zoo does not have it;
    files of parameters of GluonCV's networks can be loaded.

    Parameters
    ----------
    model_name : str
        ``'large'`` or ``'small'``.
    multiplier : float
        Of the number of channels, which is then rounded up to a multiple of 8.
    classes : int
        Number of classes.
    final_drop : float
        Probability with which a value before the last layer is left out in training.
    norm_layer : type
        Layers that normalize, such as :class:`gluonx.gluon.nn.BatchNorm`.
    norm_kwargs : dict, optional
        What those layers take besides.
    use_global_stats : bool
        Whether the layers use their running statistics in training too.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Raises
    ------
    ValueError
        If there is no such table of sizes.
    """

    def __init__(
        self,
        model_name: str = "large",
        multiplier: float = 1.0,
        classes: int = 1000,
        final_drop: float = 0.2,
        norm_layer: Any = nn.BatchNorm,
        norm_kwargs: dict[str, Any] | None = None,
        use_global_stats: bool = False,
        **kwargs: Any,
    ):
        if model_name not in _TABLES:
            raise ValueError(f"MobileNetV3 is 'large' or 'small'; got {model_name!r}")
        super().__init__(**kwargs)
        self.classes = classes
        norms = _Norms(norm_layer, norm_kwargs, use_global_stats)
        rows = [
            (kernel, _wide(inside * multiplier), _wide(channels * multiplier), *others)
            for kernel, inside, channels, *others in _TABLES[model_name]
        ]
        # the parameters of GluonCV's networks belong to a first block that takes its input for
        # 16 wide, whatever the multiplier makes of that: beside another width it has no shortcut
        before = 16
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            with self.features.name_scope():
                self._convolve(norms, "first-3x3-conv-", rows[0][1], 3, 2)
                for i, row in enumerate(rows):
                    shortcut = row[-1] == 1 and row[2] == before
                    block = Bottleneck(norms, i, row, shortcut, prefix=f"_resunit{i}_")
                    self.features.add(block)
                    before = row[2]
                last = _wide(_TABLES[model_name][-1][1] * multiplier)
                self._convolve(norms, "last-1x1-conv1-", last, 1, 1)
                self.features.add(
                    nn.GlobalAvgPool2D(),
                    nn.Conv2D(1280, 1, use_bias=False, prefix="last-1x1-conv2-conv2d_"),
                    HardSwish(),
                )
                if final_drop > 0:
                    self.features.add(nn.Dropout(final_drop))
            self.output = nn.HybridSequential(prefix="output_")
            with self.output.name_scope():
                self.output.add(nn.Conv2D(classes, 1, in_channels=1280, prefix="fc_"), nn.Flatten())

    def _convolve(self, norms: _Norms, name: str, channels: int, kernel: int, stride: int) -> None:
        """Append a convolution, what normalizes it and its activation, three blocks."""
        self.features.add(
            nn.Conv2D(
                channels, kernel, stride, kernel // 2, use_bias=False, prefix=f"{name}conv2d_"
            ),
            norms(f"{name}batchnorm_"),
            HardSwish(),
        )


def get_mobilenet_v3(
    model_name: str,
    multiplier: float = 1.0,
    pretrained: bool = False,
    ctx: Any = None,
    root: Any = None,
    **kwargs: Any,
) -> MobileNetV3:
    """:class:`MobileNetV3`, which takes the other parameters; and see :func:`get_model`.

    The trained parameters are GluonCV's: its file must lie in ``root``.
    """
    name = f"mobilenetv3_{model_name}"
    if multiplier != 1:
        name = f"{name}_{size_of(multiplier)}"
    return entry(
        MobileNetV3, name, pretrained, ctx, root, model_name=model_name, multiplier=multiplier,
        **kwargs,
    )  # fmt: skip
