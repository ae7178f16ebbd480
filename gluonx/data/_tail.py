"""Transforms that a loader applies to whole batches, on the device, instead of to each image.

``ToTensor`` and ``Normalize`` come last in nearly every pipeline, and do the same to each number.
Applied to the batch they are one compiled call; and what travels to the device is bytes, a quarter
of what it would be as float32.
"""

from __future__ import annotations

from typing import Any

from .. import autograd
from .. import ndarray as nd
from ..nn import HybridSequential
from .dataset import Dataset, _First, _Transformed

__all__ = ["Tail", "without_tail"]


class Tail:
    """Some transforms, for the first element of a batch.

    Parameters
    ----------
    transforms : list of HybridBlock
        In their order.
    """

    def __init__(self, transforms: list[Any]):
        self._together = HybridSequential()
        self._together.add(*transforms)
        self._together.hybridize()

    def __call__(self, batch: Any) -> Any:
        if isinstance(batch, list):
            return [self(batch[0]), *batch[1:]]
        with autograd.pause():
            if batch.ndim == 4:
                return self._together(batch)
            return nd.stack(*map(self._together, batch))


def without_tail(dataset: Any) -> tuple[Any, Tail | None]:
    """A dataset less those of its last transforms that can be applied to batches; and these."""
    from .vision import transforms as vision

    if type(dataset) is not _Transformed or type(dataset._fn) is not _First:
        return dataset, None
    fn = dataset._fn._fn
    steps = list(fn._children.values()) if type(fn) is vision.Compose else [fn]
    steps = [s for step in steps for s in _flat(step, vision)]
    count = len(steps)
    while count and type(steps[count - 1]) in (vision.ToTensor, vision.Normalize, vision.Cast):
        count -= 1
    if count == len(steps):
        return dataset, None
    head: Dataset = dataset._data
    if count:
        head = _Transformed(head, _First(vision.Compose(steps[:count])))
    return head, Tail(steps[count:])


def _flat(step: Any, vision: Any) -> list[Any]:
    """The transforms that a Compose has put together to compile them as one."""
    if type(step) in (HybridSequential, vision.Compose):
        return [s for child in step._children.values() for s in _flat(child, vision)]
    return [step]
