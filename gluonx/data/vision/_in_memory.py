"""Datasets of images that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._items import as_given
from ..dataset import ArrayDataset, Dataset, gather

__all__ = ["InMemory"]


class InMemory(Dataset):
    """Images and labels as NumPy arrays; an image that is asked for is an NDArray.

    Parameters
    ----------
    images, labels : numpy.ndarray
        Of equal length.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, transform: Callable | None):
        self._columns = ArrayDataset(images, labels)
        self._transform = transform

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, idx: Any) -> Any:
        image, label = self._columns[idx]
        if self._transform is not None:
            return self._transform(as_given(image), label)
        return as_given(image), label

    def _item(self, idx: int) -> Any:
        return self[idx] if self._transform is not None else self._columns[idx]

    def _gather(self, indices: Sequence[int]) -> Any:
        return gather(self._columns, indices) if self._transform is None else None

    def _rows(self, indices: Sequence[int]) -> Any:
        return self._columns._rows(indices) if self._transform is None else None
