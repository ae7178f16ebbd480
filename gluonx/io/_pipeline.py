"""Batches of images that threads decode ahead of their use."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import numpy as np

from .. import ndarray as nd
from ..error import MXNetError
from ..ndarray import NDArray
from ._batch import DataDesc
from ._record_source import RecordSource, Stream
from ._rows import MXDataIter

__all__ = ["ImagePipeline", "Worker"]

_PIECE = 8  # images that a thread takes at once

Record = tuple[bytes, tuple[int, int]]


class Worker(Protocol):
    """What makes an image and a label of a record; several threads call it."""

    def __call__(self, record: Record, data: np.ndarray, label: np.ndarray) -> int:
        """Put them into `data` and `label`, and return the record's number."""
        ...


class _Job(NamedTuple):
    data: np.ndarray
    label: np.ndarray
    index: np.ndarray
    pad: int
    waiting: list[Future]


def _piece(worker: Worker, records: Sequence[Record], job: _Job, first: int) -> None:
    for k, record in enumerate(records, first):
        job.index[k] = worker(record, job.data[k], job.label[k])


def _plan(stream: Stream, size: int, round_batch: bool) -> Iterator[tuple[list[Record], int]]:
    """The batches of an epoch: records, and how many fill the batch up."""
    while stream.more():
        records = []
        while len(records) < size and stream.more():
            records.append(stream.take())
        pad = size - len(records)
        if pad and round_batch:
            while len(records) < size:
                if not stream.more():
                    stream.next_pass()
                records.append(stream.take())
            if not stream.more():
                stream.next_pass()
            yield records, pad
            return
        yield records, pad
    stream.next_pass()


class ImagePipeline(MXDataIter):
    """Batches of records, made into arrays by a worker in several threads.

    Parameters
    ----------
    source : RecordSource
    worker : Worker
    batch_size : int
    data_shape : tuple of int
        Of one sample.
    label_width : int
        Numbers in a label; a single one has no axis.
    dtype : dtype
        Of the data; labels are float32.
    threads : int
    prefetch : int
        How many batches are begun ahead.
    round_batch : bool
        Whether the last batch is filled up with samples of the next pass, and the next epoch goes
        on behind them; otherwise it is filled up with zeros.
    label_fill : float
        What labels are before the worker writes them.
    data_name, label_name : str
    """

    def __init__(
        self, source: RecordSource, worker: Worker, batch_size: int, data_shape: tuple,
        label_width: int, dtype: Any, threads: int, prefetch: int, round_batch: bool,
        label_fill: float, data_name: str, label_name: str,
    ):  # fmt: skip
        super().__init__(batch_size, data_name, label_name)
        if threads < 1:
            raise ValueError(f"preprocess_threads must be at least 1, got {threads}")
        self.round_batch = round_batch
        self._worker = worker
        self._dtype = np.dtype(dtype)
        self._width = label_width
        self._fill = label_fill
        self._ahead = max(1, prefetch)
        self._stream = Stream(source)
        if not self._stream.more():
            raise MXNetError("there are no records in the file, or in this part of it")
        self.provide_data = [DataDesc(data_name, (batch_size, *data_shape), self._dtype.type)]
        self.provide_label = [
            DataDesc(label_name, (batch_size, label_width)[: 1 + (label_width > 1)], np.float32)
        ]
        self._pool = ThreadPoolExecutor(threads, "gluonx-images")
        self._end = weakref.finalize(self, self._pool.shutdown, wait=False, cancel_futures=True)
        self._jobs: deque[_Job] = deque()
        self._epoch = _plan(self._stream, batch_size, round_batch)
        self._started = self._all_begun = False
        self._now: _Job | None = None

    def close(self) -> None:
        """End the threads; the iterator cannot be used afterwards."""
        self._end()

    def _begin(self, records: list[Record], pad: int) -> None:
        shape = self.provide_data[0].shape
        filled = len(records) == self.batch_size
        data = (np.empty if filled else np.zeros)(shape, self._dtype)
        label = np.full((self.batch_size, self._width), self._fill, np.float32)
        job = _Job(data, label, np.zeros(self.batch_size, np.int64), pad, [])
        for first in range(0, len(records), _PIECE):
            part = records[first : first + _PIECE]
            job.waiting.append(self._pool.submit(_piece, self._worker, part, job, first))
        self._jobs.append(job)

    def _drop(self) -> None:
        for job in self._jobs:
            for future in job.waiting:
                future.cancel()
        self._jobs.clear()

    def reset(self) -> None:
        """Begin the next epoch, or the present one anew if it has not ended."""
        if not self._started:
            return
        if not self._all_begun or self._jobs:
            self._drop()
            self._stream.next_pass()
        self._epoch = _plan(self._stream, self.batch_size, self.round_batch)
        self._started = self._all_begun = False
        self._now = None

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end."""
        self._started = True
        while not self._all_begun and len(self._jobs) < self._ahead:
            batch = next(self._epoch, None)
            if batch is None:
                self._all_begun = True
            else:
                self._begin(*batch)
        if not self._jobs:
            return False
        job = self._jobs.popleft()
        for future in job.waiting:
            future.result()
        self._now = job
        return True

    def _present(self) -> _Job:
        if self._now is None:
            raise ValueError("there is no batch yet: call next() or iter_next() first")
        return self._now

    def getdata(self) -> NDArray:
        """The data of the present batch."""
        return nd.array(self._present().data, dtype=self._dtype)

    def getlabel(self) -> NDArray:
        """The labels of the present batch."""
        label = self._present().label.reshape(self.provide_label[0].shape)
        return nd.array(label, dtype=np.float32)

    def getindex(self) -> np.ndarray:
        """The numbers in the records of the present batch."""
        return self._present().index

    def getpad(self) -> int:
        """How many samples were added to fill the present batch."""
        return self._present().pad
