"""MobileNet, versions 1 and 2."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ... import nn
from ...block import HybridBlock
from ._parts import Classifier, entry

__all__ = ["MobileNet", "MobileNetV2", "get_mobilenet", "get_mobilenet_v2"]


class RELU6(HybridBlock):
    """A rectifier that does not go beyond 6."""

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.clip(x, a_min=0, a_max=6)


def _add(
    out: nn.HybridSequential,
    channels: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    activation: Any = None,
) -> None:
    """Append a convolution, a BatchNorm and an activation."""
    out.add(nn.Conv2D(channels, kernel, stride, kernel // 2, groups=groups, use_bias=False))
    out.add(nn.BatchNorm())
    if activation is not None:
        out.add(activation())


def _relu() -> nn.Activation:
    return nn.Activation("relu")


class MobileNet(Classifier):
    """Convolutions by 3 in each channel, and by 1 across them, in turn.

    From Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision
    applications", 2017.

    Parameters
    ----------
    multiplier : float
        Of the number of channels.
    classes : int
        Number of classes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.
    """

    def __init__(self, multiplier: float = 1.0, classes: int = 1000, **kwargs: Any):
        super().__init__(**kwargs)
        self.classes = classes
        widths = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
        strides = [1, 2, 1, 2, 1, 2, *[1] * 5, 2, 1]
        widths = [int(w * multiplier) for w in widths]
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            with self.features.name_scope():
                _add(self.features, widths[0], 3, 2, activation=_relu)
                for before, after, stride in zip(widths, widths[1:], strides, strict=False):
                    _add(self.features, before, 3, stride, groups=before, activation=_relu)
                    _add(self.features, after, activation=_relu)
                self.features.add(nn.GlobalAvgPool2D(), nn.Flatten())
            self.output = nn.Dense(classes)


class LinearBottleneck(HybridBlock):
    """More channels, a convolution in each, fewer channels; beside the identity if that fits.

    Parameters
    ----------
    in_channels, channels : int
    t : int
        How many times ``in_channels`` there are inside.
    stride : int
    """

    def __init__(self, in_channels: int, channels: int, t: int, stride: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.use_shortcut = stride == 1 and in_channels == channels
        with self.name_scope():
            self.out = nn.HybridSequential()
            inside = in_channels * t
            _add(self.out, inside, activation=RELU6)
            _add(self.out, inside, 3, stride, groups=inside, activation=RELU6)
            _add(self.out, channels)

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        out = self.out(x)
        return out + x if self.use_shortcut else out


class MobileNetV2(Classifier):
    """Bottlenecks turned inside out: wide inside, narrow and linear between them.

    From Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018.

    Parameters
    ----------
    multiplier : float
        Of the number of channels.
    classes : int
        Number of classes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.
    """

    #: Expansion, channels, how many, stride of the first: table 2 of the paper.
    _TABLE = (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
        (6, 320, 1, 1),
    )  # fmt: skip

    def __init__(self, multiplier: float = 1.0, classes: int = 1000, **kwargs: Any):
        super().__init__(**kwargs)
        self.classes = classes
        before = int(32 * multiplier)
        last = int(1280 * multiplier) if multiplier > 1 else 1280
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="features_")
            with self.features.name_scope():
                _add(self.features, before, 3, 2, activation=RELU6)
                for t, width, count, first in self._TABLE:
                    width = int(width * multiplier)
                    for i in range(count):
                        stride = first if i == 0 else 1
                        self.features.add(LinearBottleneck(before, width, t, stride))
                        before = width
                _add(self.features, last, activation=RELU6)
                self.features.add(nn.GlobalAvgPool2D())
            self.output = nn.HybridSequential(prefix="output_")
            with self.output.name_scope():
                self.output.add(nn.Conv2D(classes, 1, use_bias=False, prefix="pred_"))
                self.output.add(nn.Flatten())


def size_of(multiplier: float) -> str:
    """A multiplier in a network's name."""
    text = f"{multiplier:.2f}"
    return text[:-1] if text in ("1.00", "0.50") else text


def get_mobilenet(
    multiplier: float, pretrained: bool = False, ctx: Any = None, root: Any = None, **kwargs: Any
) -> MobileNet:
    """:class:`MobileNet`; for the other parameters see :func:`get_model`."""
    name = f"mobilenet{size_of(multiplier)}"
    return entry(MobileNet, name, pretrained, ctx, root, multiplier=multiplier, **kwargs)


def get_mobilenet_v2(
    multiplier: float, pretrained: bool = False, ctx: Any = None, root: Any = None, **kwargs: Any
) -> MobileNetV2:
    """:class:`MobileNetV2`; for the other parameters see :func:`get_model`."""
    name = f"mobilenetv2_{size_of(multiplier)}"
    return entry(MobileNetV2, name, pretrained, ctx, root, multiplier=multiplier, **kwargs)
