"""SqueezeNet."""

from __future__ import annotations

from typing import Any

from ... import nn
from ._parts import Classifier, entry

__all__ = ["SqueezeNet", "get_squeezenet"]

#: First convolution (channels, kernel); fire modules between the pools, as channels that squeeze.
_VERSIONS = {
    "1.0": (96, 7, ((16, 16, 32), (32, 48, 48, 64), (64,))),
    "1.1": (64, 3, ((16, 16), (32, 32), (48, 48, 64, 64))),
}


def _conv(channels: int, kernel: int, padding: int = 0) -> nn.HybridSequential:
    out = nn.HybridSequential(prefix="")
    out.add(nn.Conv2D(channels, kernel, padding=padding), nn.Activation("relu"))
    return out


def _fire(channels: int) -> nn.HybridSequential:
    """A fire module: few channels by 1, then four times as many by 1 and by 3, side by side."""
    out = nn.HybridSequential(prefix="")
    out.add(_conv(channels, 1))
    paths = nn.HybridConcatenate(axis=1, prefix="")
    paths.add(_conv(4 * channels, 1), _conv(4 * channels, 3, 1))
    out.add(paths)
    return out


class SqueezeNet(Classifier):
    """SqueezeNet: AlexNet's accuracy with few parameters.

    From Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB
    model size", 2016.

    Parameters
    ----------
    version : {'1.0', '1.1'}
    classes : int
        Number of classes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.
    """

    def __init__(self, version: str, classes: int = 1000, **kwargs: Any):
        super().__init__(**kwargs)
        if version not in _VERSIONS:
            raise ValueError(f"the version of SqueezeNet must be '1.0' or '1.1', got {version!r}")
        self.classes = classes
        channels, kernel, stages = _VERSIONS[version]
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(nn.Conv2D(channels, kernel, strides=2), nn.Activation("relu"))
            for stage in stages:
                self.features.add(nn.MaxPool2D(3, 2, ceil_mode=True))
                self.features.add(*map(_fire, stage))
            self.features.add(nn.Dropout(0.5))
            self.output = nn.HybridSequential(prefix="")
            self.output.add(nn.Conv2D(classes, 1), nn.Activation("relu"))
            self.output.add(nn.AvgPool2D(13), nn.Flatten())


def get_squeezenet(
    version: str, pretrained: bool = False, ctx: Any = None, root: Any = None, **kwargs: Any
) -> SqueezeNet:
    """:class:`SqueezeNet`; for the parameters see :func:`get_model`."""
    name = f"squeezenet{version}"
    return entry(SqueezeNet, name, pretrained, ctx, root, version=version, **kwargs)
