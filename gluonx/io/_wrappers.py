"""Iterators around iterators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ._batch import DataBatch, DataDesc, DataIter

__all__ = ["PrefetchingIter", "ResizeIter"]


class _Holding(DataIter):
    """An iterator that keeps its present batch."""

    current_batch: DataBatch | None = None

    def getdata(self) -> Any:
        """The data of the present batch."""
        return self.current_batch.data  # type: ignore[union-attr]

    def getlabel(self) -> Any:
        """The labels of the present batch."""
        return self.current_batch.label  # type: ignore[union-attr]

    def getindex(self) -> Any:
        """Which samples the present batch has."""
        return self.current_batch.index  # type: ignore[union-attr]

    def getpad(self) -> int | None:
        """How many rows were added to fill the present batch."""
        return self.current_batch.pad  # type: ignore[union-attr]

    def next(self) -> DataBatch:
        """The next batch."""
        if not self.iter_next():
            raise StopIteration
        return self.current_batch  # type: ignore[return-value]


class ResizeIter(_Holding):
    """An iterator with another number of batches in an epoch.

    Parameters
    ----------
    data_iter : DataIter
        Begun anew whenever it ends before.
    size : int
        Batches in an epoch.
    reset_internal : bool
        Whether :meth:`reset` resets ``data_iter`` too.

    Examples
    --------
    >>> import gluonx as gx
    >>> short = gx.io.NDArrayIter(gx.nd.zeros((4, 1)), batch_size=2)
    >>> len(list(gx.io.ResizeIter(short, 5)))
    5
    """

    def __init__(self, data_iter: DataIter, size: int, reset_internal: bool = True):
        super().__init__(data_iter.batch_size)
        self.data_iter = data_iter
        self.size = size
        self.reset_internal = reset_internal
        self.cur = 0
        self.provide_data = data_iter.provide_data  # type: ignore[attr-defined]
        self.provide_label = data_iter.provide_label  # type: ignore[attr-defined]
        if hasattr(data_iter, "default_bucket_key"):
            self.default_bucket_key = data_iter.default_bucket_key  # type: ignore[attr-defined]

    def reset(self) -> None:
        """Begin anew."""
        self.cur = 0
        if self.reset_internal:
            self.data_iter.reset()

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end."""
        if self.cur == self.size:
            return False
        try:
            self.current_batch = self.data_iter.next()
        except StopIteration:
            self.data_iter.reset()
            self.current_batch = self.data_iter.next()
        self.cur += 1
        return True


class PrefetchingIter(_Holding):
    """Several iterators as one, each read ahead by one batch in a thread of its own.

    Parameters
    ----------
    iters : DataIter or list of DataIter
        Equally long.
    rename_data, rename_label : list of dict, optional
        For each iterator, new names for its arrays.

    Examples
    --------
    >>> import gluonx as gx
    >>> batches = gx.io.PrefetchingIter(gx.io.NDArrayIter(gx.nd.zeros((4, 1)), batch_size=2))
    >>> [b.data[0].shape for b in batches]
    [(2, 1), (2, 1)]
    """

    def __init__(self, iters: Any, rename_data: Any = None, rename_label: Any = None):
        self.iters: list[DataIter] = list(iters) if isinstance(iters, (list, tuple)) else [iters]
        if not self.iters:
            raise ValueError("PrefetchingIter takes at least one iterator")
        self.n_iter = len(self.iters)
        self.rename_data = rename_data
        self.rename_label = rename_label
        super().__init__(self.provide_data[0].shape[0])
        self._pools = [ThreadPoolExecutor(1, "gluonx-prefetch") for _ in self.iters]
        self._next: list[Future] = []
        self._fetch()

    def __del__(self) -> None:
        for pool in getattr(self, "_pools", ()):
            pool.shutdown(wait=False)

    @property
    def provide_data(self) -> list[DataDesc]:
        """Names and shapes of a batch's data."""
        return self._renamed("provide_data", self.rename_data)

    @property
    def provide_label(self) -> list[DataDesc]:
        """Names and shapes of a batch's labels."""
        return self._renamed("provide_label", self.rename_label)

    def _renamed(self, what: str, names: Sequence[Mapping[str, str]] | None) -> list[DataDesc]:
        found = []
        for k, source in enumerate(self.iters):
            new = names[k] if names is not None else {}
            for item in getattr(source, what):
                desc = item if isinstance(item, DataDesc) else DataDesc(*item)
                name = new.get(desc.name, desc.name)
                found.append(DataDesc(name, desc.shape, desc.dtype, desc.layout))
        return found

    def _fetch(self) -> None:
        self._next = [
            pool.submit(next, source, None)
            for pool, source in zip(self._pools, self.iters, strict=True)
        ]

    def reset(self) -> None:
        """Begin anew."""
        for waiting in self._next:
            waiting.exception()  # wait for it
        for source in self.iters:
            source.reset()
        self._fetch()

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end."""
        batches = [waiting.result() for waiting in self._next]
        ended = [b is None for b in batches]
        if any(ended):
            if not all(ended):
                raise ValueError("PrefetchingIter: the iterators differ in length")
            return False
        if len({b.pad for b in batches}) > 1:
            raise ValueError(
                f"PrefetchingIter: the iterators differ in padding: {[b.pad for b in batches]}"
            )
        self.current_batch = DataBatch(
            [x for b in batches for x in b.data],
            [x for b in batches for x in b.label or ()],
            batches[0].pad,
            batches[0].index,
            provide_data=self.provide_data,
            provide_label=self.provide_label,
        )
        self._fetch()
        return True
