"""DataLoader: the batches of a dataset."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from .batchify import default_batchify_fn
from .dataset import gather
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ["DataLoader"]


class DataLoader:
    """Gives the batches of a dataset, in the order of a sampler.

    An :class:`ArrayDataset` without transform is read a whole batch at a time, not item by item.

    Parameters
    ----------
    dataset : Dataset
        Or anything else with a length and items by number.
    batch_size : int
        Number of items in a batch.
    shuffle : bool
        Whether the items come in random order, another one in each iteration;
        :func:`gluonx.random.seed` governs it.
    sampler : Sampler, optional
        The order of the items, instead of ``shuffle``.
    last_batch : {'keep', 'discard', 'rollover'}, optional
        What becomes of a shorter batch at the end, see :class:`BatchSampler`; it is given by
        default.
    batch_sampler : Sampler, optional
        Gives the numbers of the items of each batch, instead of the four arguments before.
    batchify_fn : callable, optional
        Makes a batch of a list of items; :func:`~gluonx.data.batchify.default_batchify_fn` by
        default.
    num_workers : int
        Number of threads that read batches ahead. 0: each batch is read when it is asked for.
    pin_memory, pin_device_id
        Accepted for compatibility.
    prefetch : int, optional
        How many batches to read ahead; twice the number of workers by default.
    thread_pool : bool
        Accepted for compatibility: workers are threads.
    timeout : float
        After how many seconds to give up waiting for a worker.
    auto_reload : bool
        Accepted for compatibility.

    Raises
    ------
    ValueError
        For arguments that do not go together.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> dataset = gluon.data.ArrayDataset(nd.ones((5, 3)), nd.arange(5))
    >>> for data, label in gluon.data.DataLoader(dataset, batch_size=2):
    ...     print(data.shape, label.shape)
    (2, 3) (2,)
    (2, 3) (2,)
    (1, 3) (1,)
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = None,
        shuffle: bool = False,
        sampler: Sampler | None = None,
        last_batch: str | None = None,
        batch_sampler: Sampler | None = None,
        batchify_fn: Callable[[list[Any]], Any] | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
        pin_device_id: int = 0,
        prefetch: int | None = None,
        thread_pool: bool = False,
        timeout: float = 120,
        auto_reload: bool = False,
    ):
        if timeout <= 0:
            raise ValueError(f"timeout must be positive, got {timeout}")
        if batch_sampler is None:
            if batch_size is None:
                raise ValueError("DataLoader needs a batch_size, or a batch_sampler")
            if sampler is None:
                sampler = (RandomSampler if shuffle else SequentialSampler)(len(dataset))
            elif shuffle:
                raise ValueError("give DataLoader either shuffle=True or a sampler, not both")
            batch_sampler = BatchSampler(sampler, batch_size, last_batch or "keep")
        elif batch_size is not None or shuffle or sampler is not None or last_batch is not None:
            raise ValueError(
                "DataLoader takes batch_size, shuffle, sampler and last_batch only without a "
                "batch_sampler"
            )
        self._dataset = dataset
        self._batch_sampler = batch_sampler
        self._batchify_fn = batchify_fn
        self._num_workers = max(0, num_workers)
        self._prefetch = max(0, 2 * self._num_workers if prefetch is None else int(prefetch))
        self._timeout = timeout

    def __len__(self) -> int:
        return len(self._batch_sampler)

    def __iter__(self) -> Iterator[Any]:
        if self._num_workers:
            return self._read_ahead()
        return map(self._batch, self._batch_sampler)

    def _batch(self, numbers: Sequence[Any]) -> Any:
        if self._batchify_fn is None:
            batch = gather(self._dataset, numbers)
            if batch is not None:
                return batch
        items = [self._dataset[number] for number in numbers]
        return (self._batchify_fn or default_batchify_fn)(items)

    def _read_ahead(self) -> Iterator[Any]:
        """Batches in order; up to ``prefetch`` more are being read or ready."""
        pool = ThreadPoolExecutor(self._num_workers, thread_name_prefix="gluonx-data")
        under_way: deque[Future] = deque()
        try:
            for numbers in self._batch_sampler:
                under_way.append(pool.submit(self._batch, numbers))
                if len(under_way) > max(self._prefetch, self._num_workers):
                    yield self._wait_for(under_way.popleft())
            while under_way:
                yield self._wait_for(under_way.popleft())
        finally:
            # Also when the loop over the batches was left early: nothing goes on in the background.
            pool.shutdown(wait=False, cancel_futures=True)

    def _wait_for(self, batch: Future) -> Any:
        try:
            return batch.result(self._timeout)
        except FutureTimeoutError:
            if batch.done():  # the worker itself raised it
                raise
            raise RuntimeError(
                f"DataLoader waited {self._timeout} s for a batch. The dataset or batchify_fn is "
                "too slow, or hangs; try num_workers=0 to see where, or a larger timeout"
            ) from None
