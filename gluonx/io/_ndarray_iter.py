"""Batches from arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..ndarray import NDArray
from ..random import host_rng
from ._batch import DataBatch, DataDesc, DataIter

__all__ = ["NDArrayIter"]

_HANDLING = ("pad", "discard", "roll_over")


def _named(given: Any, name: str, optional: bool) -> list[tuple[str, np.ndarray]]:
    """Arrays with their names, on the host."""
    if given is None:
        if not optional:
            raise ValueError("NDArrayIter: data is None; give an array, a list or a dict of arrays")
        return []
    if isinstance(given, (list, tuple)):
        one = len(given) == 1
        given = {name if one else f"_{i}_{name}": x for i, x in enumerate(given)}
        pairs = list(given.items())
    elif isinstance(given, Mapping):
        pairs = sorted(given.items())
    else:
        pairs = [(name, given)]
    return [(key, _host(key, value)) for key, value in pairs]


def _host(name: str, value: Any) -> np.ndarray:
    if isinstance(value, NDArray):
        return value.asnumpy()
    if hasattr(value, "shape") and hasattr(value, "dtype"):  # NumPy, JAX, h5py
        return np.asarray(value, dtype=np.float32)
    raise TypeError(
        f"NDArrayIter: {name} must be an NDArray or a NumPy array, got {type(value).__name__}"
    )


class NDArrayIter(DataIter):
    """Batches of arrays that are in memory.

    Parameters
    ----------
    data : array_like, list or dict of array_like
        The samples along the first axis. Several arrays are called ``_0_data``, ``_1_data``, ... in
        a list; those of a dict come in the order of their names. NumPy arrays become float32.
    label : array_like, list or dict of array_like, optional
    batch_size : int
    shuffle : bool
        Whether each epoch has its own order; :func:`gluonx.random.seed` governs it.
    last_batch_handle : {'pad', 'discard', 'roll_over'}
        What becomes of the samples at the end that do not fill a batch: they are filled up with
        those from the beginning, left out, or put in front of the next epoch.
    data_name, label_name : str
        Names of single arrays.
    layout : str
        Of the data.

    Raises
    ------
    ValueError
        If the arrays differ in length, or there are fewer samples than one batch has and they may
        not be filled up.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> batches = gx.io.NDArrayIter(np.arange(5), np.zeros(5), batch_size=2)
    >>> [(b.data[0].asnumpy().tolist(), b.pad) for b in batches]
    [([0.0, 1.0], 0), ([2.0, 3.0], 0), ([4.0, 0.0], 1)]
    """

    def __init__(
        self, data: Any, label: Any = None, batch_size: int = 1, shuffle: bool = False,
        last_batch_handle: str = "pad", data_name: str = "data", label_name: str = "softmax_label",
        layout: str = "NCHW",
    ):  # fmt: skip
        super().__init__(batch_size)
        if last_batch_handle not in _HANDLING:
            raise ValueError(
                f"last_batch_handle must be one of {', '.join(map(repr, _HANDLING))}, got "
                f"{last_batch_handle!r}"
            )
        self._data = _named(data, data_name, False)
        self._label = _named(label, label_name, True)
        lengths = {name: len(x) for name, x in [*self._data, *self._label]}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"NDArrayIter: arrays of different lengths: {lengths}")
        self.num_data = next(iter(lengths.values()))
        if self.num_data < (batch_size if last_batch_handle != "pad" else 1):
            raise ValueError(
                f"NDArrayIter: {self.num_data} samples do not fill a batch of {batch_size}"
            )
        self.shuffle = shuffle
        self.last_batch_handle = last_batch_handle
        self.layout = layout
        self.idx = np.arange(self.num_data)
        #: Samples that the last epoch left over.
        self._rest = self.idx[:0]
        self.hard_reset()
        if shuffle:
            self._shuffle()

    @property
    def data(self) -> list[tuple[str, NDArray]]:
        """The arrays with their names."""
        return [(name, nd.array(x, dtype=x.dtype)) for name, x in self._data]

    @property
    def label(self) -> list[tuple[str, NDArray]]:
        """The labels with their names."""
        return [(name, nd.array(x, dtype=x.dtype)) for name, x in self._label]

    def _describe(self, arrays: list[tuple[str, np.ndarray]]) -> list[DataDesc]:
        return [
            DataDesc(name, (self.batch_size, *x.shape[1:]), x.dtype.type, self.layout)
            for name, x in arrays
        ]

    @property
    def provide_data(self) -> list[DataDesc]:
        """Names and shapes of a batch's data."""
        return self._describe(self._data)

    @property
    def provide_label(self) -> list[DataDesc]:
        """Names and shapes of a batch's labels."""
        return self._describe(self._label)

    def _shuffle(self) -> None:
        host_rng().shuffle(self.idx)

    def hard_reset(self) -> None:
        """Begin anew; what an epoch has left over is forgotten."""
        self._rest = self.idx[:0]
        self._before_first = False
        self.cursor = -self.batch_size

    def reset(self) -> None:
        """Begin the next epoch."""
        self._rest = self.idx[:0]
        if self.last_batch_handle == "roll_over" and (
            self.num_data - self.batch_size < self.cursor < self.num_data
        ):
            self._rest = self.idx[self.cursor :].copy()
        if self.shuffle:
            self._shuffle()
        self.cursor = -len(self._rest) - self.batch_size * (not len(self._rest))
        self._before_first = bool(len(self._rest))

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end."""
        if self._before_first:  # the first batch begins with what was left over
            self._before_first = False
        else:
            self.cursor += self.batch_size
        end = self.num_data
        if self.last_batch_handle != "pad":
            end -= self.batch_size - 1
        return self.cursor < end

    def _chosen(self) -> np.ndarray:
        """The samples of the present batch."""
        start = max(self.cursor, 0)
        count = self.batch_size + min(self.cursor, 0)
        mine = self.idx[np.arange(start, start + count) % self.num_data]
        return np.concatenate([self._rest, mine]) if self.cursor < 0 else mine

    def _taken(self, arrays: list[tuple[str, np.ndarray]]) -> list[NDArray]:
        chosen = self._chosen()
        return [nd.array(x[chosen], dtype=x.dtype) for _, x in arrays]

    def next(self) -> DataBatch:
        """The next batch."""
        if not self.iter_next():
            raise StopIteration
        return DataBatch(self.getdata(), self.getlabel(), self.getpad(), None)

    def getdata(self) -> list[NDArray]:
        """The data of the present batch."""
        return self._taken(self._data)

    def getlabel(self) -> list[NDArray]:
        """The labels of the present batch."""
        return self._taken(self._label)

    def getpad(self) -> int:
        """How many samples were added to fill the present batch.

        After a roll-over: how many of the new epoch stand behind those of the old one.
        """
        if self.last_batch_handle == "roll_over" and self.cursor < 0:
            return self.batch_size - len(self._rest)
        if self.last_batch_handle == "pad":
            return max(self.cursor + self.batch_size - self.num_data, 0)
        return 0
