"""A DataLoader as an iterator for modules: ``mx.contrib.io``."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndarray as nd
from ..io import DataBatch, DataDesc, DataIter
from ..ndarray import NDArray

__all__ = ["DataLoaderIter"]


class DataLoaderIter(DataIter):
    """Batches of a DataLoader that gives pairs of data and labels.

    Parameters
    ----------
    loader : gluonx.data.DataLoader
        The first batch is drawn at once, for its shapes.
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.
    dtype : dtype
        Of data and labels.

    Examples
    --------
    >>> import gluonx as mx
    >>> dataset = mx.gluon.data.ArrayDataset(mx.nd.arange(3), mx.nd.arange(3))
    >>> loader = mx.gluon.data.DataLoader(dataset, batch_size=2)
    >>> [(b.data[0].asnumpy().tolist(), b.pad) for b in mx.contrib.io.DataLoaderIter(loader)]
    [([0.0, 1.0], 0), ([2.0, 0.0], 1)]
    """

    def __init__(
        self, loader: Any, data_name: str = "data", label_name: str = "softmax_label",
        dtype: Any = "float32",
    ):  # fmt: skip
        self._loader = loader
        self._dtype = dtype
        self._batches = iter(loader)
        self._first = next(self._batches)
        data, label = self._first
        super().__init__(data.shape[0])
        self.provide_data = [DataDesc(data_name, data.shape, np.dtype(dtype).type)]
        self.provide_label = [DataDesc(label_name, label.shape, np.dtype(dtype).type)]

    def reset(self) -> None:
        """Begin the next epoch."""
        self._first = None
        self._batches = iter(self._loader)

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end."""
        batch = self._first or next(self._batches, None)
        self._first = None
        if batch is None:
            return False
        self._now = batch
        return True

    def next(self) -> DataBatch:
        """The next batch."""
        if not self.iter_next():
            raise StopIteration
        return DataBatch(self.getdata(), self.getlabel(), self.getpad(), self.getindex())

    def _filled(self, array: NDArray) -> list[NDArray]:
        """With zeros behind, if the batch is smaller than the first one."""
        missing = self.batch_size - array.shape[0]
        array = array.astype(self._dtype, copy=False)
        if missing > 0:
            zeros = nd.zeros((missing, *array.shape[1:]), ctx=array.ctx, dtype=array.dtype)
            array = nd.concat(array, zeros, dim=0)
        return [array]

    def getdata(self) -> list[NDArray]:
        """The data of the present batch."""
        return self._filled(self._now[0])

    def getlabel(self) -> list[NDArray]:
        """The labels of the present batch."""
        return self._filled(self._now[1])

    def getpad(self) -> int:
        """How many samples were added to fill the present batch."""
        return self.batch_size - self._now[0].shape[0]
