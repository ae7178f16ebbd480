"""Inception, version 3."""

from __future__ import annotations

from typing import Any

from ... import nn
from ._parts import Classifier, entry

__all__ = ["Inception3", "inception_v3"]

_WIDE, _HIGH = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))


def _conv(channels: int, kernel: Any, strides: Any = 1, padding: Any = 0) -> nn.HybridSequential:
    out = nn.HybridSequential(prefix="")
    out.add(nn.Conv2D(channels, kernel, strides, padding, use_bias=False))
    out.add(nn.BatchNorm(epsilon=0.001), nn.Activation("relu"))
    return out


def _branch(*convs: tuple, pool: Any = None) -> nn.HybridSequential:
    """Convolutions one after the other, perhaps after a pool."""
    out = nn.HybridSequential(prefix="")
    if pool is not None:
        out.add(pool)
    out.add(*(_conv(*c) for c in convs))
    return out


def _average(channels: int) -> nn.HybridSequential:
    return _branch((channels, 1), pool=nn.AvgPool2D(3, 1, 1))


def _side_by_side(prefix: str, *branches: Any) -> nn.HybridConcatenate:
    out = nn.HybridConcatenate(axis=1, prefix=prefix)
    with out.name_scope():
        out.add(*(make() for make in branches))
    return out


def _a(features: int, prefix: str) -> nn.HybridConcatenate:
    return _side_by_side(
        prefix,
        lambda: _branch((64, 1)),
        lambda: _branch((48, 1), (64, 5, 1, 2)),
        lambda: _branch((64, 1), (96, 3, 1, 1), (96, 3, 1, 1)),
        lambda: _average(features),
    )


def _b(prefix: str) -> nn.HybridConcatenate:
    return _side_by_side(
        prefix,
        lambda: _branch((384, 3, 2)),
        lambda: _branch((64, 1), (96, 3, 1, 1), (96, 3, 2)),
        lambda: _branch(pool=nn.MaxPool2D(3, 2)),
    )


def _c(n: int, prefix: str) -> nn.HybridConcatenate:
    return _side_by_side(
        prefix,
        lambda: _branch((192, 1)),
        lambda: _branch((n, 1), (n, *_WIDE), (192, *_HIGH)),
        lambda: _branch((n, 1), (n, *_HIGH), (n, *_WIDE), (n, *_HIGH), (192, *_WIDE)),
        lambda: _average(192),
    )


def _d(prefix: str) -> nn.HybridConcatenate:
    return _side_by_side(
        prefix,
        lambda: _branch((192, 1), (320, 3, 2)),
        lambda: _branch((192, 1), (192, *_WIDE), (192, *_HIGH), (192, 3, 2)),
        lambda: _branch(pool=nn.MaxPool2D(3, 2)),
    )


def _split(*convs: tuple) -> nn.HybridSequential:
    """Convolutions, then a wide and a high one side by side."""
    out = nn.HybridSequential(prefix="")
    out.add(_branch(*convs))
    both = nn.HybridConcatenate(axis=1, prefix="")
    both.add(_branch((384, (1, 3), 1, (0, 1))), _branch((384, (3, 1), 1, (1, 0))))
    out.add(both)
    return out


def _e(prefix: str) -> nn.HybridConcatenate:
    return _side_by_side(
        prefix,
        lambda: _branch((320, 1)),
        lambda: _split((384, 1)),
        lambda: _split((448, 1), (384, 3, 1, 1)),
        lambda: _average(192),
    )


class Inception3(Classifier):
    """Branches of convolutions of many shapes, for images of 299 by 299.

    From Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR 2016.

    Parameters
    ----------
    classes : int
        Number of classes.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.
    """

    def __init__(self, classes: int = 1000, **kwargs: Any):
        super().__init__(**kwargs)
        self.classes = classes
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(_conv(32, 3, 2), _conv(32, 3), _conv(64, 3, 1, 1), nn.MaxPool2D(3, 2))
            self.features.add(_conv(80, 1), _conv(192, 3), nn.MaxPool2D(3, 2))
            self.features.add(_a(32, "A1_"), _a(64, "A2_"), _a(64, "A3_"), _b("B_"))
            self.features.add(_c(128, "C1_"), _c(160, "C2_"), _c(160, "C3_"), _c(192, "C4_"))
            self.features.add(_d("D_"), _e("E1_"), _e("E2_"))
            self.features.add(nn.AvgPool2D(8), nn.Dropout(0.5))
            self.output = nn.Dense(classes)


def inception_v3(
    pretrained: bool = False, ctx: Any = None, root: Any = None, **kwargs: Any
) -> Inception3:
    """:class:`Inception3`; for the parameters see :func:`get_model`."""
    return entry(Inception3, "inceptionv3", pretrained, ctx, root, **kwargs)
