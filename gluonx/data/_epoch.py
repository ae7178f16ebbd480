"""One iteration over a DataLoader."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import ndarray as nd
from ..context import Context
from ..random import host_rng
from ._arrays import as_batch, as_given, mapped
from ._collect import make, read
from ._tail import without_tail
from ._threads import Threads
from .sampler import Padded, Sampler

if TYPE_CHECKING:
    from .dataloader import DataLoader

__all__ = ["Epoch", "Progress", "Source", "begin"]


class Source(Sampler):
    """An iterable as a sampler: it gives items, not their numbers."""

    def __init__(self, dataset: Any):
        self._dataset = dataset
        self.iterator: Any = None
        self._restore: Any = None

    def __iter__(self) -> Iterator[Any]:
        self.iterator = iter(self._dataset)
        if self._restore is not None:
            self.iterator.set_state(self._restore)
            self._restore = None
        return self.iterator

    def __len__(self) -> int:
        return len(self._dataset)

    def state(self) -> Any:
        """Where the iterator is, if it knows how to say so."""
        get = getattr(self.iterator, "get_state", None)
        return None if get is None else get()

    def restore(self, state: Any) -> None:
        """Let the next iteration begin there."""
        self._restore = state


class Progress:
    """How far an iteration is."""

    def __init__(self, start: dict[str, Any] | None = None):
        self.start = start
        self.batch = 0 if start is None else start["batch"]
        self.source: Any = None if start is None else start.get("source")

    def state(self, present: dict[str, Any]) -> dict[str, Any]:
        """The state to go on from: of this iteration, or of the next if this one has ended."""
        if self.start is None:
            return present
        state = {**self.start, "batch": self.batch}
        return state if self.source is None else {**state, "source": self.source}


def begin(loader: DataLoader, ctx: Context, resume: dict[str, Any] | None) -> Epoch:
    """The iterator of a loader; its workers start to read.

    What is random is drawn now, in the caller's thread: the seed of the random transforms and the
    order of the items.
    """
    if resume is not None:
        host_rng().bit_generator.state = resume["rng"]
        if resume["sampler"]:
            loader._batch_sampler.load_state_dict(resume["sampler"])  # type: ignore[attr-defined]
        if resume.get("source") is not None and loader._source is not None:
            loader._source.restore(resume["source"])
    progress = Progress({**loader._present(), "batch": 0 if resume is None else resume["batch"]})
    progress.source = None if resume is None else resume.get("source")
    seed = int(host_rng().integers(1 << 62))
    batches = iter(loader._batch_sampler)
    if progress.source is None:
        for _ in range(progress.batch):
            next(batches, None)
    dataset, tail = _halves(loader)
    pads = getattr(loader._batch_sampler, "pads", False)
    jobs = (_Numbered if loader._source is None else _Streamed)(
        loader, dataset, batches, seed, ctx, partial(_finish, loader._ctx, tail, pads)
    )
    return Epoch(loader, progress, jobs)


def _halves(loader: DataLoader) -> tuple[Any, Any]:
    """What is read item by item, and what is applied to batches; once, for it is compiled."""
    if loader._halves is None:
        split = loader._by_default and loader._source is None
        loader._halves = without_tail(loader._dataset) if split else (loader._dataset, None)
    return loader._halves


def _finish(to: Context | None, tail: Any, pads: bool, numbers: Any, batch: Any) -> Any:
    """What is done to a batch after its items have been put together."""
    if to is not None:
        batch = _moved(to, batch)
    if tail is not None:
        batch = tail(batch)
    if not pads:
        return batch
    mask = np.ones(len(numbers), np.float32)
    if isinstance(numbers, Padded):
        mask[numbers.count :] = 0
    if isinstance(batch, (list, tuple)):
        return type(batch)([*batch, as_batch(mask)])
    return [batch, as_batch(mask)]


def _moved(ctx: Context, batch: Any) -> Any:
    if isinstance(batch, nd.NDArray):
        return batch.as_in_context(ctx)
    return mapped(partial(_moved, ctx), batch)


#: Batches that take less time than this, in seconds, and less memory, in bytes, are made several at
#: a time: to hand one over to another thread takes as long.
_QUICK, _SMALL, _SEVERAL = 1e-3, 1 << 17, 16


class _Several(list):
    """The results of one job: batches, and perhaps at the end the error that came instead."""


class _Failed:
    def __init__(self, error: BaseException):
        self.error = error


def _bytes(batch: Any) -> int:
    if isinstance(batch, nd.NDArray):
        return batch.size * np.dtype(batch.dtype).itemsize
    if isinstance(batch, dict):
        batch = list(batch.values())
    return sum(map(_bytes, batch)) if isinstance(batch, (list, tuple)) else 0


class _Numbered:
    """Makes the batches of items by number: here, in threads or in processes."""

    def __init__(
        self, loader: DataLoader, dataset: Any, batches: Iterator[Any], seed: int, ctx: Context,
        finish: Callable,
    ):  # fmt: skip
        self._dataset = dataset
        self._batchify_fn = loader._batchify_fn
        self._batches = batches
        self._seed = seed
        self._ctx = ctx
        self._finish = finish
        self._together = 1
        self.threads = self._processes = None
        if loader._num_workers and loader._processes:
            self._processes = loader._workers(dataset)
        elif loader._num_workers:
            self.threads = Threads(loader._num_workers)

    def now(self, number: int) -> Any:
        """Batch ``number``, the next one; raises StopIteration after the last."""
        return self._make(next(self._batches), number)

    def submit(self, number: int) -> tuple[Future, int]:
        """Have the next batches made, and say how many; raises StopIteration after the last."""
        if self._processes is None:
            several = list(itertools.islice(self._batches, self._together))
            if not several:
                raise StopIteration
            return self.threads.submit(self._make_several, several, number), len(several)  # type: ignore[union-attr]
        numbers = next(self._batches)
        job = (list(numbers), self._seed, number)
        return self._processes.submit(job, partial(self._given, numbers)), 1

    def state(self, batch: Any) -> tuple[Any, Any]:
        """A result, less the state of the source."""
        return batch, None

    def _make(self, numbers: Any, number: int) -> Any:
        try:
            with self._ctx:
                batch = read(self._dataset, numbers, self._batchify_fn, self._seed, number)
                return self._finish(numbers, batch)
        except StopIteration as e:  # it would look like the end of the iteration
            raise RuntimeError("the dataset raised StopIteration") from e

    def _make_several(self, several: list[Any], first: int) -> _Several:
        made, start = _Several(), time.perf_counter()
        for k, numbers in enumerate(several):
            try:
                made.append(self._make(numbers, first + k))
            except BaseException as e:
                made.append(_Failed(e))
                return made
        spent = (time.perf_counter() - start) / len(several)
        small = _bytes(made[-1]) <= _SMALL
        self._together = _SEVERAL if small and spent < _QUICK else 1
        return made

    def _given(self, numbers: Any, batch: Any) -> Any:
        with self._ctx:
            return self._finish(numbers, as_given(batch))


class _Streamed:
    """Makes the batches of items as they come: here, or in one thread."""

    _processes = None

    def __init__(
        self, loader: DataLoader, dataset: Any, batches: Iterator[Any], seed: int, ctx: Context,
        finish: Callable,
    ):  # fmt: skip
        self._batchify_fn = loader._batchify_fn
        self._batches = batches
        self._seed = seed
        self._ctx = ctx
        self._finish = finish
        self._source: Any = loader._source
        self.threads = Threads(1) if loader._num_workers else None

    def now(self, number: int) -> Any:
        items = next(self._batches)
        state = self._source.state()
        with self._ctx:
            batch = make(items, self._batchify_fn, self._seed, number)
            return self._finish(items, batch), state

    def submit(self, number: int) -> tuple[Future, int]:
        return self.threads.submit(self._or_end, number), 1  # type: ignore[union-attr]

    def _or_end(self, number: int) -> Any:
        try:
            return self.now(number)
        except StopIteration:
            return _END

    def state(self, batch: Any) -> tuple[Any, Any]:
        return batch


_END = object()


class Epoch:
    """The iterator of a DataLoader.

    It ends with its last batch, with an error, or by :meth:`close`, which leaving the loop early
    calls; nothing goes on in the background then.
    """

    def __init__(self, loader: DataLoader, progress: Progress, jobs: _Numbered | _Streamed):
        self.progress = progress
        self._loader: DataLoader | None = loader  # whose processes are at work
        self._jobs = jobs
        self._timeout = loader._timeout
        self._next = progress.batch
        self._under_way: deque[Future] = deque()
        self._ready: deque[Any] = deque()
        self._all = False
        #: How many jobs, of a batch or some small ones, are under way while a batch is used.
        self._ahead = max(loader._prefetch, loader._num_workers) if loader._num_workers else 0
        self._read_ahead(self._ahead)

    def __iter__(self) -> Epoch:
        return self

    def __next__(self) -> Any:
        if self._loader is None:
            raise StopIteration
        try:
            if self._ahead:
                if not self._ready:
                    self._take()
                result = self._ready.popleft()
                if type(result) is _Failed:
                    raise result.error
            else:
                result = self._jobs.now(self._next)
                self._next += 1
        except StopIteration:
            result = _END
        except BaseException:
            self.close()
            raise
        if result is _END:
            self._end()
            raise StopIteration
        batch, self.progress.source = self._jobs.state(result)
        self.progress.batch += 1
        return batch

    def _take(self) -> None:
        """Wait for the job that was given out first, and give out another one."""
        made = self._wait(self._under_way.popleft()) if self._under_way else _END
        self._read_ahead(self._ahead)
        self._ready.extend(made if type(made) is _Several else (made,))

    def _read_ahead(self, count: int) -> None:
        while not self._all and len(self._under_way) < count:
            try:
                job, batches = self._jobs.submit(self._next)
                self._under_way.append(job)
                self._next += batches
            except StopIteration:
                self._all = True

    def _wait(self, batch: Future) -> Any:
        try:
            return batch.result(self._timeout)
        except FutureTimeoutError:
            if batch.done():  # the worker itself raised it
                raise
            if self._jobs._processes is not None and self._loader is not None:
                self._loader.close()  # whoever hangs is not worth keeping
            raise RuntimeError(
                f"DataLoader waited {self._timeout} s for a batch. The dataset or batchify_fn is "
                "too slow, or hangs; try num_workers=0 to see where, or a larger timeout"
            ) from None

    def _end(self) -> None:
        loader = self._loader
        self.progress.start = None
        self.close()
        if loader is not None and loader._auto_reload:
            loader.refresh()

    def close(self) -> None:
        """Give up what is being read."""
        self._loader = None
        self._all = True
        for future in self._under_way:
            future.cancel()
        self._under_way.clear()
        self._ready.clear()
        if self._jobs.threads is not None:
            self._jobs.threads.close()

    def __del__(self) -> None:
        if getattr(self, "_loader", None) is not None:
            self.close()
