"""The key-value store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import autograd, hosts
from .. import ndarray as nd
from .. import optimizer as opt
from ..engine.buffer import Buffer
from ..error import MXNetError
from ..ndarray import NDArray
from ..serialization.files import open_read, open_write, path_name
from . import exchange
from .base import DISTRIBUTED, KVStoreBase
from .compression import Compression

__all__ = ["KVStore"]


class KVStore(KVStoreBase):
    """Arrays by key, into which several devices and workers push, and from which they pull.

    A push adds up what the devices, and with a ``dist`` store what all workers, give for a key. The
    sum replaces what is stored, or is given to the updater. A ``dist`` store works by collectives:
    all workers must make the same calls in the same order.

    Keys are integers or strings, not both in one store. A method takes one key or a list; the value
    of a key is an array, or a list with one for each device.

    Made by :func:`create`.

    Examples
    --------
    >>> import gluonx as gx
    >>> kv = gx.kv.create('local')
    >>> kv.init('w', gx.nd.ones((2,)))
    >>> kv.push('w', [gx.nd.ones((2,)), gx.nd.ones((2,)) * 2])
    >>> out = gx.nd.zeros((2,))
    >>> kv.pull('w', out=out)
    >>> out.asnumpy()
    array([3., 3.], dtype=float32)
    """

    def __init__(self, kind: str):
        self._type = kind
        self._job = hosts.join() if kind in DISTRIBUTED else None
        self._stored: dict[Any, NDArray] = {}
        self._updater: Callable[[Any, NDArray, NDArray], None] | None = None
        self._compression: Compression | None = None

    def __repr__(self) -> str:
        return f"<KVStore {self._type}, worker {self.rank} of {self.num_workers}>"

    # -- about ------------------------------------------------------------------------------------

    @property
    def type(self) -> str:
        """The name that it was made by."""
        return self._type

    @property
    def rank(self) -> int:
        """The number of this worker, from 0 on."""
        return 0 if self._job is None else self._job.rank

    @property
    def num_workers(self) -> int:
        """How many workers there are."""
        return 1 if self._job is None else self._job.size

    def is_capable(self, capability: str) -> bool:
        """Whether the store has a capability; there is ``'optimizer'``.

        Raises
        ------
        ValueError
            For an unknown one.
        """
        if str(capability).lower() == self.OPTIMIZER:
            return self._type != "horovod"
        raise ValueError(f"there is a capability 'optimizer', but no {capability!r}")

    def barrier(self) -> None:
        """Wait until all workers have come here."""
        if self.num_workers > 1:
            exchange.barrier()

    _barrier = barrier

    # -- values -----------------------------------------------------------------------------------

    def init(self, key: Any, value: Any) -> None:
        """Store the first value of keys; with several workers, that of worker 0.

        Parameters
        ----------
        key : int, str or list
        value : NDArray or list of NDArray

        Raises
        ------
        MXNetError
            If a key is there already.
        """
        pairs = self._pairs(key, value)
        keys = {*self._stored}
        for k, values in pairs:
            if k in keys:
                raise MXNetError(f"key {k!r} is there already; init or broadcast a key once")
            if isinstance(k, str) != isinstance(next(iter(keys), k), str):
                raise MXNetError(f"key {k!r}: keys of one store are all integers or all strings")
            keys.add(k)
            if len(values) != 1:
                raise MXNetError(f"key {k!r}: init takes one value, got {len(values)}")
        found = [values[0].copy() for _, values in pairs]
        if self.num_workers > 1:
            found = exchange.first(found, "init()")
        self._stored.update(zip([k for k, _ in pairs], found, strict=True))

    def push(self, key: Any, value: Any, priority: int = 0) -> None:
        """Add up values, and store the sum or give it to the updater.

        Parameters
        ----------
        key : int, str or list
        value : NDArray, list of NDArray or list of lists of NDArray
            The values of the devices; for a list of keys, a list of such.
        priority : int
            Accepted for compatibility.
        """
        with autograd.pause(autograd.is_training()):
            for k, total in self._reduced(self._pairs(key, value)).items():
                stored = self._stored[k]
                if self._updater is None:
                    total = total.astype(stored.dtype, copy=False)
                    self._stored[k] = (
                        total if total.stype == stored.stype else total.tostype(stored.stype)
                    )
                else:
                    self._updater(k, total.as_in_context(stored.context), stored)

    def pull(
        self, key: Any, out: Any = None, priority: int = 0, ignore_sparse: bool = True
    ) -> None:
        """Copy what is stored.

        Parameters
        ----------
        key : int, str or list
        out : NDArray, list of NDArray or list of lists of NDArray
            Where to.
        priority : int
            Accepted for compatibility.
        ignore_sparse : bool
            Leave sparse arrays of ``out`` as they are; they are for :meth:`row_sparse_pull`.
        """
        if out is None:
            raise TypeError("pull() needs out=, the array or arrays to copy to")
        for k, outs in self._pairs(key, out):
            stored = self._value(k)
            for x in outs:
                self._check(k, x, "out")
                if not (x._sparse and ignore_sparse):
                    _copy(stored, x)

    def pushpull(self, key: Any, value: Any, out: Any = None, priority: int = 0) -> None:
        """Push values, and pull into ``out``, or into the values themselves."""
        self.push(key, value, priority)
        self.pull(key, value if out is None else out, priority, ignore_sparse=False)

    def broadcast(self, key: Any, value: Any, out: Any, priority: int = 0) -> None:
        """Store the first value of keys, that of worker 0, and copy it to ``out``."""
        self.init(key, value)
        self.pull(key, out, priority)

    def row_sparse_pull(
        self, key: Any, out: Any = None, priority: int = 0, row_ids: Any = None
    ) -> None:
        """Copy some rows of what is stored.

        Parameters
        ----------
        key : int, str or list
        out : RowSparseNDArray or list
        priority : int
            Accepted for compatibility.
        row_ids : NDArray or list of NDArray
            Which rows; one array for each of ``out``, or one for all.
        """
        if out is None or row_ids is None:
            raise TypeError("row_sparse_pull() needs out= and row_ids=")
        pairs = self._pairs(key, out)
        flat = [(k, x) for k, outs in pairs for x in outs]
        rows = _flat(row_ids)
        if len(rows) == 1:
            rows = rows * len(flat)
        if len(rows) != len(flat):
            raise ValueError(f"row_ids has {len(rows)} arrays for {len(flat)} outputs")
        for (k, x), ids in zip(flat, rows, strict=True):
            stored = self._value(k)
            if x.stype != "row_sparse" or stored.stype != "row_sparse":
                raise MXNetError(
                    f"key {k!r}: row_sparse_pull() is for row_sparse arrays, but what is stored is "
                    f"{stored.stype} and out is {x.stype}; use pull() for dense ones"
                )
            self._check(k, x, "out")
            _check_rows(k, ids, len(stored))
            kept = nd.sparse.retain(stored, ids.as_in_context(stored.context))  # type: ignore[attr-defined]
            kept.copyto(x)

    # -- updates ----------------------------------------------------------------------------------

    def set_updater(self, updater: Callable[[Any, NDArray, NDArray], None] | None) -> None:
        """Give what is pushed to a function ``updater(key, pushed, stored)``, which changes
        ``stored``; with None, store it."""
        if updater is not None and not callable(updater):
            raise TypeError(
                "set_updater() takes a function updater(key, pushed, stored), got "
                f"{type(updater).__name__}"
            )
        self._updater = updater

    _set_updater = set_updater

    def set_optimizer(self, optimizer: Any) -> None:
        """Apply an optimizer to what is pushed, the gradient of what is stored."""
        if not isinstance(optimizer, opt.Optimizer):
            raise TypeError(f"set_optimizer() takes an Optimizer, got {type(optimizer).__name__}")
        self._updater = opt.get_updater(optimizer)

    def _states(self) -> opt.Updater:
        if not isinstance(self._updater, opt.Updater):
            raise MXNetError("there are no states of an optimizer; call set_optimizer() first")
        return self._updater

    def save_optimizer_states(self, fname: Any, dump_optimizer: bool = False) -> None:
        """Save the states of the optimizer; with several workers, worker 0 does.

        Parameters
        ----------
        fname : str or os.PathLike
        dump_optimizer : bool
            Also its numbers, such as the learning rate.
        """
        path_name(fname)
        data = self._states().get_states(dump_optimizer)
        with hosts.once(fname) as mine:
            if mine:
                with open_write(fname) as file:
                    file.write(data)

    def load_optimizer_states(self, fname: Any) -> None:
        """Load what :meth:`save_optimizer_states` wrote; worker 0 reads it for all."""
        updater = self._states()
        if self.num_workers > 1:
            updater.set_states(exchange.first_file(fname))
            return
        with open_read(fname) as file:
            updater.set_states(file.read())

    def set_gradient_compression(self, compression_params: dict[str, Any]) -> None:
        """Compress what is pushed, with error feedback.

        Between the devices of one process this only changes numbers; between workers less is sent:
        a sixteenth with ``'2bit'``, half with ``'fp16'``. With ``dist`` stores, the sum over the
        devices of a worker is compressed.

        Parameters
        ----------
        compression_params : dict
            ``{'type': '2bit', 'threshold': 0.5}`` or ``{'type': 'fp16'}``; see
            :class:`~gluonx.kvstore.compression.Compression`.
        """
        if self._type.startswith("local"):
            raise MXNetError(
                f"kvstore {self._type!r} does not compress gradients; 'device' and 'dist_sync' do"
            )
        self._compression = Compression(compression_params)

    # -- helpers ----------------------------------------------------------------------------------

    def _value(self, key: Any) -> NDArray:
        found = self._stored.get(key)
        if found is None:
            raise MXNetError(f"key {key!r} is not there; call init() or broadcast() first")
        return found

    def _check(self, key: Any, x: NDArray, title: str) -> None:
        stored = self._value(key)
        if x.shape != stored.shape:
            raise MXNetError(f"key {key!r}: stored is {stored.shape}, but {title} is {x.shape}")

    def _pairs(self, key: Any, value: Any) -> list[tuple[Any, list[NDArray]]]:
        """Keys with the arrays for each."""
        if not isinstance(key, (list, tuple)):
            key, value = [key], [value]
        elif not isinstance(value, (list, tuple)) or len(value) != len(key):
            raise ValueError(
                f"{len(key)} keys need a list of {len(key)} values, got {value!r:.100}"
            )
        pairs = []
        for k, v in zip(key, value, strict=True):
            if isinstance(k, bool) or not isinstance(k, (int, str)):
                raise TypeError(f"a key is an integer or a string, got {k!r}")
            arrays = list(v) if isinstance(v, (list, tuple)) else [v]
            if not arrays or not all(isinstance(x, NDArray) for x in arrays):
                raise TypeError(
                    f"key {k!r}: a value is an NDArray or a list of them, got {v!r:.80}"
                )
            pairs.append((k, arrays))
        return pairs

    def _reduced(self, pairs: list[tuple[Any, list[NDArray]]]) -> dict[Any, NDArray]:
        """The sum of each key over devices and workers."""
        merged: dict[Any, list[NDArray]] = {}
        for k, values in pairs:
            for x in values:
                self._check(k, x, "the value")
            merged.setdefault(k, []).extend(values)
        totals = []
        for k, values in merged.items():
            total = self._over_devices(k, values)
            totals.append(total.copy() if total is values[0] else total)
        if self.num_workers > 1:
            totals = exchange.sums(totals, list(merged), self._compression)
        return dict(zip(merged, totals, strict=True))

    def _over_devices(self, key: Any, values: list[NDArray]) -> NDArray:
        """The sum over the devices of this process; one value itself."""
        compression = self._compression if self.num_workers == 1 else None
        if compression is not None:
            values = [
                x if x._sparse else NDArray._new(
                    Buffer(compression.quantize((key, i), x._data), x.context)
                )
                for i, x in enumerate(values)
            ]  # fmt: skip
        total = values[0]
        for x in values[1:]:
            total = total + x.as_in_context(total.context).astype(total.dtype, copy=False)
        return total


def _flat(rows: Any) -> list[NDArray]:
    if isinstance(rows, NDArray):
        return [rows]
    if not isinstance(rows, (list, tuple)):
        raise TypeError(
            f"row_ids is an NDArray or a list of them, got {type(rows).__name__}: {rows!r:.80}"
        )
    return [x for part in rows for x in _flat(part)]


def _check_rows(key: Any, ids: NDArray, count: int) -> None:
    wrong = [i for i in ids.asnumpy().ravel().tolist() if not 0 <= i < count]
    if wrong:
        raise MXNetError(f"key {key!r}: there is no row {wrong[0]:g}; rows are 0 to {count - 1}")


def _copy(source: NDArray, target: NDArray) -> None:
    if target._sparse:
        if source.stype != target.stype:
            source = source.tostype(target.stype)
        source.as_in_context(target.context).copyto(target)
        return
    if source._sparse:
        source = source.tostype("default")
    target[:] = source.as_in_context(target.context).astype(target.dtype, copy=False)
