"""DataLoader: the batches of a dataset."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..context import Context, current_context
from ..random import host_rng
from . import _epoch
from ._items import IN_WORKER
from .batchify import Stack, default_batchify_fn
from .dataset import ArrayDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ["DataLoader"]


class DataLoader:
    """Gives the batches of a dataset, in the order of a sampler.

    What a batch contains depends on the dataset, the sampler and the seed alone, not on the number
    of workers or on what they are: random transforms draw from a generator that starts anew for
    each item (:func:`gluonx.data.generator`).

    Batches of an :class:`ArrayDataset` without transform are taken out of its arrays at once, not
    put together of items. ``ToTensor``, ``Normalize`` and ``Cast`` at the end of
    ``dataset.transform_first(...)`` are applied to whole batches, on the device.

    Parameters
    ----------
    dataset : Dataset
        Or anything else with a length and items by number; or any iterable, such as a generator,
        a file or a ``grain.IterDataset``, whose items are taken as they come.
    batch_size : int
        Number of items in a batch.
    shuffle : bool
        Whether the items come in random order, another one in each iteration;
        :func:`gluonx.random.seed` governs it.
    sampler : Sampler, optional
        The order of the items, instead of ``shuffle``.
    last_batch : {'keep', 'discard', 'rollover', 'pad'}, optional
        What becomes of a shorter batch at the end, see :class:`BatchSampler`; it is given by
        default. With ``'pad'`` it is filled up by its own items, so that nothing compiles anew,
        and with each batch comes a mask, float32 of shape (batch_size,): 1 for items, 0 for those
        that fill up.
    batch_sampler : Sampler, optional
        Gives the numbers of the items of each batch, instead of the four arguments before.
    batchify_fn : callable, optional
        Makes a batch of a list of items; :func:`~gluonx.data.batchify.default_batchify_fn` by
        default.
    num_workers : int
        How many workers read batches ahead. 0: each batch is read when it is asked for.
    pin_memory, pin_device_id
        Accepted for compatibility: JAX stages transfers itself.
    prefetch : int, optional
        How many batches to read ahead; twice the number of workers by default.
    thread_pool : bool, optional
        Whether the workers are threads, as they are by default, or with False processes. Processes
        are for transforms in pure Python, which threads cannot run at the same time; the dataset
        must be picklable, and it, its transforms and ``batchify_fn`` get and return NumPy arrays in
        the place of NDArrays. Worker processes have no JAX, and start when the first batch is
        needed.
    timeout : float
        After how many seconds to give up waiting for a worker.
    auto_reload : bool
        Whether workers begin with the next iteration as soon as one has ended.
    ctx : Context, optional
        Where the batches are; the current context when an iteration begins by default. Workers put
        them there before they are asked for.

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
    >>> padded = gluon.data.DataLoader(dataset, batch_size=4, last_batch='pad')
    >>> [mask.asnumpy().tolist() for data, label, mask in padded]
    [[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]]
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
        thread_pool: bool | None = None,
        timeout: float = 120,
        auto_reload: bool = False,
        *,
        ctx: Context | None = None,
    ):
        if timeout <= 0:
            raise ValueError(f"timeout must be positive, got {timeout}")
        source = None
        if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            source = _source(dataset, shuffle, sampler, batch_sampler)
        if batch_sampler is None:
            if batch_size is None:
                raise ValueError("DataLoader needs a batch_size, or a batch_sampler")
            if source is not None:
                sampler = source
            elif sampler is None:
                sampler = (RandomSampler if shuffle else SequentialSampler)(len(dataset))
            elif shuffle:
                raise ValueError("give DataLoader either shuffle=True or a sampler, not both")
            batch_sampler = BatchSampler(sampler, batch_size, last_batch or "keep")
        elif batch_size is not None or shuffle or sampler is not None or last_batch is not None:
            raise ValueError(
                "DataLoader takes batch_size, shuffle, sampler and last_batch only without a "
                "batch_sampler"
            )
        if source is None and isinstance(dataset, (nd.NDArray, np.ndarray)):
            dataset = ArrayDataset(dataset)
        self._dataset = dataset
        self._source = source
        self._batch_sampler = batch_sampler
        default = batchify_fn is None or batchify_fn is default_batchify_fn
        self._batchify_fn = None if default else batchify_fn
        self._by_default = default or type(batchify_fn) is Stack
        self._num_workers = max(0, num_workers)
        self._prefetch = max(0, 2 * self._num_workers if prefetch is None else int(prefetch))
        self._processes = thread_pool is not None and not thread_pool and source is None
        self._timeout = timeout
        self._auto_reload = bool(auto_reload) and self._num_workers > 0
        self._ctx = None if ctx is None else Context(ctx)
        self._halves: tuple[Any, Any] | None = None
        self._pool: Any = None
        self._end_pool: Any = None
        self._ready: _epoch.Epoch | None = None
        self._progress = _epoch.Progress()
        self._resume: dict[str, Any] | None = None
        if self._auto_reload:
            self.refresh()

    def __len__(self) -> int:
        return len(self._batch_sampler)

    def __iter__(self) -> _epoch.Epoch:
        ready, self._ready = self._ready, None
        epoch = ready or self._begin()
        self._progress = epoch.progress
        return epoch

    def _begin(self) -> _epoch.Epoch:
        if IN_WORKER:
            raise RuntimeError(
                "a DataLoader was used while one of its worker processes imported the main script. "
                "Put what the script does below  if __name__ == '__main__':  or use threads, "
                "DataLoader(..., thread_pool=True)"
            )
        resume, self._resume = self._resume, None
        return _epoch.begin(self, self._ctx or current_context(), resume)

    def _workers(self, dataset: Any) -> Any:
        """The processes, started if there are none."""
        if self._pool is None or self._pool.broken:
            self.close()
            from ._processes import Processes

            self._pool = Processes(dataset, self._batchify_fn, self._num_workers)
            self._end_pool = weakref.finalize(self, self._pool.close)
        return self._pool

    def refresh(self) -> None:
        """Let the workers begin with the next iteration."""
        self.clean()
        self._ready = self._begin()

    def clean(self) -> None:
        """Give up what :meth:`refresh` has begun."""
        ready, self._ready = self._ready, None
        if ready is not None:
            ready.close()

    def close(self) -> None:
        """End the worker processes, if there are any.

        They also end with the loader, and with the program. The next iteration starts new ones.
        """
        if self._end_pool is not None:
            self._end_pool()
        self._pool = self._end_pool = None

    def state_dict(self) -> dict[str, Any]:
        """Where the iteration is: numbers and lists, for JSON.

        Call it in the loop, or between two iterations. Batches that were read ahead but not given
        yet are not counted as given.

        Returns
        -------
        dict

        Examples
        --------
        >>> from gluonx import gluon
        >>> loader = gluon.data.DataLoader(range(6), batch_size=2, shuffle=True)
        >>> batches = iter(loader)
        >>> first = next(batches)
        >>> state = loader.state_dict()
        >>> expected = [batch.asnumpy().tolist() for batch in batches]
        >>> again = gluon.data.DataLoader(range(6), batch_size=2, shuffle=True)
        >>> again.load_state_dict(state)
        >>> [batch.asnumpy().tolist() for batch in again] == expected
        True
        """
        return self._progress.state(self._present())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the next iteration go on where another loader was.

        It must be made with the same dataset and arguments; the number and kind of workers may
        differ. The state of :func:`gluonx.random.host_rng` is part of what is restored, when the
        iteration begins, so later iterations are those of the other loader too. A sampler of your
        own must draw from it, or have methods ``state_dict`` and ``load_state_dict``.

        Parameters
        ----------
        state : dict
            From :meth:`state_dict`.
        """
        missing = {"rng", "sampler", "batch"} - set(state)
        if missing:
            raise ValueError(f"not the state of a DataLoader: {', '.join(sorted(missing))} missing")
        self.clean()
        self._resume = dict(state)
        self._progress = _epoch.Progress(self._resume)

    def _present(self) -> dict[str, Any]:
        """What an iteration that begins now depends on."""
        sampler = getattr(self._batch_sampler, "state_dict", dict)()
        return {"rng": host_rng().bit_generator.state, "sampler": sampler, "batch": 0}


def _source(dataset: Any, shuffle: bool, sampler: Any, batch_sampler: Any) -> _epoch.Source:
    if not hasattr(dataset, "__iter__"):
        raise TypeError(
            f"DataLoader needs a dataset with __getitem__ and __len__, or an iterable, got "
            f"{type(dataset).__name__}"
        )
    if shuffle or sampler is not None or batch_sampler is not None:
        raise ValueError(
            f"a {type(dataset).__name__} gives its items in its own order: DataLoader takes no "
            "shuffle, sampler or batch_sampler for it"
        )
    return _epoch.Source(dataset)
