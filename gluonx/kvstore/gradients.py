"""What a Trainer does with its kvstore."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from .. import autograd
from .. import ndarray as nd
from ..error import MXNetError
from ..ndarray import NDArray
from ..parameter import Parameter
from . import exchange
from .base import KVStoreBase, create
from .kvstore import KVStore

__all__ = ["Gradients", "gradients_of"]


def gradients_of(
    kvstore: Any, compression_params: dict[str, Any] | None, update_on_kvstore: bool | None
) -> tuple[Any, Gradients | None]:
    """The store that a Trainer was given, and what exchanges gradients through it.

    Returns
    -------
    KVStoreBase or None
    Gradients or None
        None where a Trainer adds up the gradients of its devices itself.
    """
    if kvstore is None:
        if compression_params:
            raise MXNetError("compression_params need a kvstore; use kvstore='device'")
        return None, None
    store = create(kvstore) if isinstance(kvstore, str) else kvstore
    if not isinstance(store, KVStoreBase):
        raise TypeError(
            f"kvstore must be None, a name or a KVStore (kv.create()), got {type(kvstore).__name__}"
        )
    if update_on_kvstore and not store.is_capable(KVStoreBase.OPTIMIZER):
        raise ValueError(
            f"kvstore {store.type!r} does not apply an optimizer; use update_on_kvstore=False"
        )
    if compression_params:
        if not isinstance(store, KVStore):
            raise MXNetError(f"{type(store).__name__} does not compress gradients")
        store.set_gradient_compression(compression_params)
    if isinstance(store, KVStore) and store.num_workers == 1 and store._compression is None:
        return store, None
    return store, Gradients(store, update_on_kvstore is not False)


class Gradients:
    """Equal parameters at the beginning, and sums of gradients in each step.

    Parameters
    ----------
    store : KVStoreBase
    may_update : bool
        Whether the store may apply the optimizer, if it can.

    Attributes
    ----------
    joint : bool
        Whether the ordinary step may be one program of all workers: they are several, work on CPUs
        of the same numbers, and send gradients as they are.
    updates : bool
        Whether the store, one of the user's own, applies the optimizer too.
    """

    def __init__(self, store: Any, may_update: bool = False):
        self.store = store
        self._own = isinstance(store, KVStore)
        self.updates = may_update and not self._own and store.is_capable(KVStoreBase.OPTIMIZER)
        self._has_optimizer = False
        self.joint = self._own and store.num_workers > 1
        #: Places of the parameters that all devices and workers have from worker 0, with what tells
        #: whether somebody has written to them since.
        self._equal: dict[int, list[tuple]] = {}
        self._stepped = False

    def make_equal(
        self, params: Sequence[Parameter], again: bool = False, step: bool = False
    ) -> None:
        """Give all workers the parameters of worker 0, each once all have its values.

        In the first step those too that one of them has loaded, or has written to, since.
        """
        if again and self._own:
            self._equal.clear()
        elif step and not self._stepped and self._own and self.store.num_workers > 1:
            self._stepped = True
            self._forget_written(params)
        if len(self._equal) == len(params) or (self._own and self.store.num_workers == 1):
            return
        if self.updates and not self._has_optimizer:
            return
        waiting = [i for i in range(len(params)) if i not in self._equal]
        ready = [i for i in waiting if params[i]._data is not None and not params[i]._deferred]
        with autograd.pause(autograd.is_training()):
            if not self._own:
                for i in ready:
                    arrays = _arrays(params[i])
                    self.store.broadcast(i, arrays[0], out=arrays)
                self._equal.update((i, []) for i in ready)
                return
            agreed = np.flatnonzero(_count(params, ready) == self.store.num_workers).tolist()
            firsts = [_arrays(params[i])[0] for i in agreed]
            alike = _same(params, agreed, self.store)
            self.joint = self.joint and alike and self.store._compression is None
            for i, new in zip(agreed, exchange.first(firsts, "Trainer()"), strict=True):
                for x in _arrays(params[i]):
                    give(new, x)
            self._equal.update((i, _versions(params[i])) for i in agreed)

    def _forget_written(self, params: Sequence[Parameter]) -> None:
        written = [
            i for i, known in self._equal.items()
            if _versions(params[i]) != known and not _computed(params[i])
        ]  # fmt: skip
        with autograd.pause(autograd.is_training()):
            for i in np.flatnonzero(_count(params, written)).tolist():
                self._equal.pop(i, None)

    def update(self, params: Sequence[Parameter], chosen: list[int], optimizer: Any) -> None:
        """Let the store add up gradients and apply the optimizer; it has that before the
        parameters."""
        if not self._has_optimizer:
            self.store.set_optimizer(optimizer)
            self._has_optimizer = True
        self.make_equal(params)
        with autograd.pause(autograd.is_training()):
            for i in chosen:
                p = params[i]
                self.store.pushpull(i, p.list_grad(), out=p.list_data(), priority=-i)

    def reduce(self, params: Sequence[Parameter]) -> None:
        """Add up the gradients over devices and workers; all have the sums afterwards."""
        self.make_equal(params, step=True)
        places = [
            i for i, p in enumerate(params)
            if p._grad_req != "null" and p._data is not None and not p._deferred
        ]  # fmt: skip
        with autograd.pause(autograd.is_training()):
            grads = [params[i].list_grad() for i in places]
            if not self._own:
                for i, found in zip(places, grads, strict=True):
                    self.store.pushpull(i, found)
                return
            keys = [("gradient", i) for i in places]
            totals = [
                self.store._over_devices(key, found) for key, found in zip(keys, grads, strict=True)
            ]
            if self.store.num_workers > 1:
                totals = exchange.sums(totals, keys, self.store._compression, "Trainer.step()")
            for total, found in zip(totals, grads, strict=True):
                for x in found:
                    if x is not total:
                        give(total, x)


def _count(params: Sequence[Parameter], places: list[int]) -> np.ndarray:
    """How many workers name each of the parameters."""
    mine = np.zeros(len(params), np.int32)
    mine[places] = 1
    return exchange.sums([nd.array(mine, dtype="int32")], what="Trainer()")[0].asnumpy()


def _versions(p: Parameter) -> list[tuple]:
    return [(id(x._buffer), x._buffer.version) for x in _arrays(p)]


def _computed(p: Parameter) -> bool:
    """Whether the contents are what a pending call of the network has made of them, as it does of
    running statistics."""
    return p._grad_req == "null" and any(x._buffer.pending is not None for x in _arrays(p))


def _arrays(p: Parameter) -> list[NDArray]:
    return list(p._data.values())  # type: ignore[union-attr]


def _same(params: Sequence[Parameter], places: list[int], store: KVStore) -> bool:
    """Raise where the workers have not made the same network; else say whether they have it on the
    same devices, in a way that suits one program of all of them."""
    text = [f"{params[i].shape} {params[i].dtype}" for i in places]
    ways = [_way(params[i]) for i in places]
    mine = np.array([zlib.crc32(repr(t).encode()) & 0x7FFFFFFF for t in (text, ways)], np.int32)
    (theirs,) = exchange.first([nd.array(mine, dtype="int32")], "Trainer()")
    different = nd.array((theirs.asnumpy() != mine).astype(np.int32), dtype="int32")
    (counts,) = exchange.sums([different], what="Trainer()")
    networks, devices = counts.asnumpy()
    if networks:
        raise MXNetError(
            "the workers have parameters of different shapes or types; worker "
            f"{store.rank} has {'; '.join(text)[:500]}. All of them must make the same network"
        )
    return not devices and None not in ways


def _way(p: Parameter) -> tuple | None:
    """Where a parameter is, and whether it has a gradient; None if that is not dense on CPUs."""
    devices = [c.device for c in p.list_ctx()]
    if p._grad_stype != "default" or any(getattr(d, "platform", "") != "cpu" for d in devices):
        return None
    local = jax.local_devices(backend="cpu")
    return p._grad_req, [local.index(d) if d in local else -1 for d in devices]


def give(source: NDArray, target: NDArray) -> None:
    """Replace the contents of ``target`` by those of ``source``."""
    moved = source.as_in_context(target.context)
    if target._sparse or target._view is not None or moved._sparse:
        moved.copyto(target)
    else:
        target._buffer.set(moved.astype(target.dtype, copy=False)._data)
