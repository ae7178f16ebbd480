"""AlexNet."""

from __future__ import annotations

from typing import Any

from ... import nn
from ._parts import Classifier, entry

__all__ = ["AlexNet", "alexnet"]


class AlexNet(Classifier):
    """AlexNet, in one column.

    From Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.

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
            with self.features.name_scope():
                self.features.add(
                    nn.Conv2D(64, 11, strides=4, padding=2, activation="relu"),
                    nn.MaxPool2D(3, 2),
                    nn.Conv2D(192, 5, padding=2, activation="relu"),
                    nn.MaxPool2D(3, 2),
                    nn.Conv2D(384, 3, padding=1, activation="relu"),
                    nn.Conv2D(256, 3, padding=1, activation="relu"),
                    nn.Conv2D(256, 3, padding=1, activation="relu"),
                    nn.MaxPool2D(3, 2),
                    nn.Flatten(),
                    nn.Dense(4096, activation="relu"),
                    nn.Dropout(0.5),
                    nn.Dense(4096, activation="relu"),
                    nn.Dropout(0.5),
                )
            self.output = nn.Dense(classes)


def alexnet(pretrained: bool = False, ctx: Any = None, root: Any = None, **kwargs: Any) -> AlexNet:
    """:class:`AlexNet`; for the parameters see :func:`get_model`."""
    return entry(AlexNet, "alexnet", pretrained, ctx, root, **kwargs)
