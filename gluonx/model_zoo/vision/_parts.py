"""What several families of networks share."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ...block import HybridBlock
from ..model_store import load_pretrained

__all__ = ["Classifier", "entry", "sized"]


class Classifier(HybridBlock):
    """A network of two parts: ``features``, and the ``output`` that they go to.

    Inputs
    ------
    data : NDArray, shape (N, 3, height, width)

    Outputs
    -------
    scores : NDArray, shape (N, classes)
    """

    features: Any
    output: Any

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return self.output(self.features(x))


def entry(
    make: Callable[..., Any],
    name: str,
    pretrained: bool = False,
    ctx: Any = None,
    root: Any = None,
    **kwargs: Any,
) -> Any:
    """A network by its name in the model store."""
    return load_pretrained(make(**kwargs), pretrained, name, ctx, root)


def sized(family: Callable[..., Any], name: str, *sizes: Any) -> Callable[..., Any]:
    """A function that makes the network of a family with these sizes."""

    def make(**kwargs: Any) -> Any:
        return family(*sizes, **kwargs)

    make.__name__ = make.__qualname__ = name
    make.__module__ = family.__module__
    make.__doc__ = (
        f"``{family.__name__}({', '.join(map(str, sizes))}, **kwargs)``, see "
        f":func:`{family.__name__}`."
    )
    return make
