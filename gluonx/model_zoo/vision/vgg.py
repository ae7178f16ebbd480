"""VGG networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import initializer, nn
from ._parts import Classifier, entry

__all__ = ["VGG", "get_vgg"]

_LAYERS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
_FILTERS = (64, 128, 256, 512, 512)


class VGG(Classifier):
    """Stages of convolutions by 3, a pool after each, and three dense layers.

    From Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
    recognition", ICLR 2015.

    Parameters
    ----------
    layers, filters : list of int
        Number of convolutions in each stage, and of their channels.
    classes : int
        Number of classes.
    batch_norm : bool
        Whether a BatchNorm follows each convolution.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.
    """

    def __init__(
        self,
        layers: Sequence[int],
        filters: Sequence[int],
        classes: int = 1000,
        batch_norm: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if len(layers) != len(filters):
            raise ValueError(f"layers and filters must be of equal length, got {layers}, {filters}")
        self.classes = classes
        he = initializer.Xavier(rnd_type="gaussian", factor_type="out", magnitude=2)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            for count, channels in zip(layers, filters, strict=True):
                for _ in range(count):
                    self.features.add(nn.Conv2D(channels, 3, padding=1, weight_initializer=he))
                    if batch_norm:
                        self.features.add(nn.BatchNorm())
                    self.features.add(nn.Activation("relu"))
                self.features.add(nn.MaxPool2D(strides=2))
            for _ in range(2):
                self.features.add(nn.Dense(4096, activation="relu", weight_initializer="normal"))
                self.features.add(nn.Dropout(0.5))
            self.output = nn.Dense(classes, weight_initializer="normal")


def get_vgg(
    num_layers: int, pretrained: bool = False, ctx: Any = None, root: Any = None, **kwargs: Any
) -> VGG:
    """:class:`VGG` with 11, 13, 16 or 19 layers; for the other parameters see :func:`get_model`."""
    if num_layers not in _LAYERS:
        raise ValueError(f"VGG has {', '.join(map(str, _LAYERS))} layers, not {num_layers}")
    name = f"vgg{num_layers}" + "_bn" * bool(kwargs.get("batch_norm"))
    settings = {"layers": _LAYERS[num_layers], "filters": _FILTERS, **kwargs}
    return entry(VGG, name, pretrained, ctx, root, **settings)
