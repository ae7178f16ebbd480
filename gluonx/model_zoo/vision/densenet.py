"""DenseNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import nn
from ._parts import Classifier, entry

__all__ = ["DenseNet", "get_densenet"]

#: First channels, growth, and layers of each block.
_SPECS = {
    121: (64, 32, (6, 12, 24, 16)),
    161: (96, 48, (6, 12, 36, 24)),
    169: (64, 32, (6, 12, 32, 32)),
    201: (64, 32, (6, 12, 48, 32)),
}


def _layer(growth: int, bn_size: int, dropout: float) -> nn.HybridConcatenate:
    """New channels, beside those that are there."""
    new = nn.HybridSequential(prefix="")
    new.add(nn.BatchNorm(), nn.Activation("relu"))
    new.add(nn.Conv2D(bn_size * growth, 1, use_bias=False))
    new.add(nn.BatchNorm(), nn.Activation("relu"))
    new.add(nn.Conv2D(growth, 3, padding=1, use_bias=False))
    if dropout:
        new.add(nn.Dropout(dropout))
    out = nn.HybridConcatenate(axis=1, prefix="")
    out.add(nn.Identity(), new)
    return out


class DenseNet(Classifier):
    """Blocks in which each layer sees the outputs of all before it.

    From Huang et al., "Densely connected convolutional networks", CVPR 2017.

    Parameters
    ----------
    num_init_features : int
        Channels of the first convolution.
    growth_rate : int
        Channels that each layer adds.
    block_config : list of int
        Number of layers in each block.
    bn_size : int
        How many times ``growth_rate`` the channels inside a layer are.
    dropout : float
        After each layer.
    classes : int
        Number of classes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.
    """

    def __init__(
        self,
        num_init_features: int,
        growth_rate: int,
        block_config: Sequence[int],
        bn_size: int = 4,
        dropout: float = 0,
        classes: int = 1000,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.classes = classes
        channels = num_init_features
        with self.name_scope():
            self.features = features = nn.HybridSequential(prefix="")
            features.add(nn.Conv2D(channels, 7, strides=2, padding=3, use_bias=False))
            features.add(nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(3, 2, 1))
            for i, count in enumerate(block_config):
                block = nn.HybridSequential(prefix=f"stage{i + 1}_")
                with block.name_scope():
                    block.add(*(_layer(growth_rate, bn_size, dropout) for _ in range(count)))
                features.add(block)
                channels += count * growth_rate
                if i + 1 < len(block_config):
                    channels //= 2
                    between = nn.HybridSequential(prefix="")
                    between.add(nn.BatchNorm(), nn.Activation("relu"))
                    between.add(nn.Conv2D(channels, 1, use_bias=False), nn.AvgPool2D(2, 2))
                    features.add(between)
            features.add(nn.BatchNorm(), nn.Activation("relu"), nn.AvgPool2D(7), nn.Flatten())
            self.output = nn.Dense(classes)


def get_densenet(
    num_layers: int, pretrained: bool = False, ctx: Any = None, root: Any = None, **kwargs: Any
) -> DenseNet:
    """:class:`DenseNet` with 121, 161, 169 or 201 layers; for the rest see :func:`get_model`."""
    if num_layers not in _SPECS:
        raise ValueError(f"DenseNet has {', '.join(map(str, _SPECS))} layers, not {num_layers}")
    first, growth, blocks = _SPECS[num_layers]
    settings = {
        "num_init_features": first, "growth_rate": growth, "block_config": blocks, **kwargs,
    }  # fmt: skip
    return entry(DenseNet, f"densenet{num_layers}", pretrained, ctx, root, **settings)
