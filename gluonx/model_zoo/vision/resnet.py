"""Residual networks, versions 1 and 2."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ... import nn
from ...block import HybridBlock
from ._parts import Classifier, entry

__all__ = [
    "BasicBlockV1",
    "BasicBlockV2",
    "BottleneckV1",
    "BottleneckV2",
    "ResNetV1",
    "ResNetV2",
    "get_resnet",
]


def _conv3x3(channels: int, stride: int, in_channels: int) -> nn.Conv2D:
    return nn.Conv2D(channels, 3, stride, 1, use_bias=False, in_channels=in_channels)


class _BlockV1(HybridBlock):
    """A body beside the identity, or beside a convolution by 1; a rectifier after the sum.

    From He et al., "Deep residual learning for image recognition", CVPR 2016.

    Parameters
    ----------
    channels, stride : int
        Of the output.
    downsample : bool
        Whether there is a convolution beside the body, because its output has another shape.
    in_channels : int
        Of the input. 0: learned at the first call.
    """

    def __init__(
        self,
        channels: int,
        stride: int,
        downsample: bool = False,
        in_channels: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.body = nn.HybridSequential(prefix="")
        self._fill(channels, stride, in_channels)
        self.downsample: Any = None
        if downsample:
            self.downsample = nn.HybridSequential(prefix="")
            conv = nn.Conv2D(channels, 1, stride, use_bias=False, in_channels=in_channels)
            self.downsample.add(conv, nn.BatchNorm())

    def _fill(self, channels: int, stride: int, in_channels: int) -> None:
        raise NotImplementedError

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        beside = x if self.downsample is None else self.downsample(x)
        return F.Activation(self.body(x) + beside, act_type="relu")


class BasicBlockV1(_BlockV1):
    __doc__ = f"Two convolutions by 3. {_BlockV1.__doc__}"

    def _fill(self, channels: int, stride: int, in_channels: int) -> None:
        self.body.add(_conv3x3(channels, stride, in_channels), nn.BatchNorm())
        self.body.add(nn.Activation("relu"), _conv3x3(channels, 1, channels), nn.BatchNorm())


class BottleneckV1(_BlockV1):
    __doc__ = f"Convolutions by 1, 3 and 1, of a quarter of the channels. {_BlockV1.__doc__}"

    def _fill(self, channels: int, stride: int, in_channels: int) -> None:
        inside = channels // 4
        self.body.add(nn.Conv2D(inside, 1, stride), nn.BatchNorm(), nn.Activation("relu"))
        self.body.add(_conv3x3(inside, 1, inside), nn.BatchNorm(), nn.Activation("relu"))
        self.body.add(nn.Conv2D(channels, 1, 1), nn.BatchNorm())


class _BlockV2(HybridBlock):
    """As in version 1, but norm and rectifier come before each convolution, and none after the sum.

    From He et al., "Identity mappings in deep residual networks", ECCV 2016.

    Parameters
    ----------
    channels, stride : int
        Of the output.
    downsample : bool
        Whether there is a convolution beside the body, because its output has another shape.
    in_channels : int
        Of the input. 0: learned at the first call.
    """

    def __init__(
        self,
        channels: int,
        stride: int,
        downsample: bool = False,
        in_channels: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        convs = self._convs(channels, stride, in_channels)
        self._count = len(convs)
        for i, make in enumerate(convs, 1):
            setattr(self, f"bn{i}", nn.BatchNorm())
            setattr(self, f"conv{i}", make())
        self.downsample: Any = None
        if downsample:
            self.downsample = nn.Conv2D(
                channels, 1, stride, use_bias=False, in_channels=in_channels
            )

    def _convs(self, channels: int, stride: int, in_channels: int) -> Sequence[Any]:
        raise NotImplementedError

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        beside = x
        for i in range(1, self._count + 1):
            x = F.Activation(getattr(self, f"bn{i}")(x), act_type="relu")
            if i == 1 and self.downsample is not None:
                beside = self.downsample(x)
            x = getattr(self, f"conv{i}")(x)
        return x + beside


class BasicBlockV2(_BlockV2):
    __doc__ = f"Two convolutions by 3. {_BlockV2.__doc__}"

    def _convs(self, channels: int, stride: int, in_channels: int) -> Sequence[Any]:
        return (
            lambda: _conv3x3(channels, stride, in_channels),
            lambda: _conv3x3(channels, 1, channels),
        )


class BottleneckV2(_BlockV2):
    __doc__ = f"Convolutions by 1, 3 and 1, of a quarter of the channels. {_BlockV2.__doc__}"

    def _convs(self, channels: int, stride: int, in_channels: int) -> Sequence[Any]:
        inside = channels // 4
        return (
            lambda: nn.Conv2D(inside, 1, use_bias=False),
            lambda: _conv3x3(inside, stride, inside),
            lambda: nn.Conv2D(channels, 1, use_bias=False),
        )


class _ResNet(Classifier):
    """Stages of blocks.

    Parameters
    ----------
    block : type
        The class of the blocks.
    layers : list of int
        Number of blocks in each stage.
    channels : list of int
        Of the first convolution, then of each stage.
    classes : int
        Number of classes.
    thumbnail : bool
        For small images: a first convolution by 3 and no pool.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.
    """

    def __init__(
        self,
        block: Any,
        layers: Sequence[int],
        channels: Sequence[int],
        classes: int = 1000,
        thumbnail: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if len(layers) != len(channels) - 1:
            raise ValueError(f"channels must be one more than layers, got {channels} and {layers}")
        self.classes = classes
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self._begin()
            if thumbnail:
                self.features.add(_conv3x3(channels[0], 1, 0))
            else:
                self.features.add(nn.Conv2D(channels[0], 7, 2, 3, use_bias=False))
                self.features.add(nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(3, 2, 1))
            pairs = zip(channels, channels[1:], layers, strict=False)
            for i, (before, after, count) in enumerate(pairs):
                stage = nn.HybridSequential(prefix=f"stage{i + 1}_")
                with stage.name_scope():
                    first = 1 if i == 0 else 2
                    stage.add(block(after, first, after != before, in_channels=before, prefix=""))
                    for _ in range(count - 1):
                        stage.add(block(after, 1, False, in_channels=after, prefix=""))
                self.features.add(stage)
            self._end()
            self.output = nn.Dense(classes, in_units=channels[-1])

    def _begin(self) -> None:
        pass

    def _end(self) -> None:
        self.features.add(nn.GlobalAvgPool2D())


class ResNetV1(_ResNet):
    __doc__ = f"A residual network of version 1. {_ResNet.__doc__}"


class ResNetV2(_ResNet):
    __doc__ = f"A residual network of version 2. {_ResNet.__doc__}"

    def _begin(self) -> None:
        self.features.add(nn.BatchNorm(scale=False, center=False))

    def _end(self) -> None:
        self.features.add(nn.BatchNorm(), nn.Activation("relu"))
        self.features.add(nn.GlobalAvgPool2D(), nn.Flatten())


_BLOCKS = {1: (ResNetV1, BasicBlockV1, BottleneckV1), 2: (ResNetV2, BasicBlockV2, BottleneckV2)}
_BASIC, _WIDE = (64, 64, 128, 256, 512), (64, 256, 512, 1024, 2048)
_SPECS = {
    18: (False, (2, 2, 2, 2)),
    34: (False, (3, 4, 6, 3)),
    50: (True, (3, 4, 6, 3)),
    101: (True, (3, 4, 23, 3)),
    152: (True, (3, 8, 36, 3)),
}


def get_resnet(
    version: int,
    num_layers: int,
    pretrained: bool = False,
    ctx: Any = None,
    root: Any = None,
    **kwargs: Any,
) -> ResNetV1 | ResNetV2:
    """A residual network.

    Parameters
    ----------
    version : {1, 2}
        :class:`ResNetV1` or :class:`ResNetV2`.
    num_layers : {18, 34, 50, 101, 152}
    pretrained, ctx, root, **kwargs
        See :func:`get_model`.
    """
    if num_layers not in _SPECS:
        raise ValueError(f"ResNet has {', '.join(map(str, _SPECS))} layers, not {num_layers}")
    if version not in _BLOCKS:
        raise ValueError(f"the version of ResNet must be 1 or 2, got {version}")
    deep, layers = _SPECS[num_layers]
    net, basic, bottleneck = _BLOCKS[version]
    settings = {
        "block": bottleneck if deep else basic,
        "layers": layers,
        "channels": _WIDE if deep else _BASIC,
        **kwargs,
    }
    return entry(net, f"resnet{num_layers}_v{version}", pretrained, ctx, root, **settings)
