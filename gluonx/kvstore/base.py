"""What every key-value store has, and making one by name."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from ..error import MXNetError

__all__ = ["KVStoreBase", "TestStore", "create"]


class KVStoreBase:
    """Base class of key-value stores: what a :class:`~gluonx.gluon.Trainer` needs of one.

    A subclass defines the methods below, and is registered so that :func:`create` makes it by
    name.

    Examples
    --------
    >>> import gluonx as gx
    >>> @gx.kv.KVStoreBase.register
    ... class MyStore(gx.kv.KVStoreBase):
    ...     @property
    ...     def type(self):
    ...         return 'mystore'
    >>> gx.kv.create('mystore').type
    'mystore'
    """

    #: The capability to apply an optimizer.
    OPTIMIZER = "optimizer"
    kv_registry: ClassVar[dict[str, type]] = {}

    def _missing(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} must define {method}()")

    def broadcast(self, key: Any, value: Any, out: Any, priority: int = 0) -> None:
        """Give ``out`` of all workers the value that worker 0 has."""
        raise self._missing("broadcast")

    def pushpull(self, key: Any, value: Any, out: Any = None, priority: int = 0) -> None:
        """Give ``out`` the sum of the values of all devices and workers."""
        raise self._missing("pushpull")

    def set_optimizer(self, optimizer: Any) -> None:
        """Apply an optimizer to what is pushed."""
        raise self._missing("set_optimizer")

    def is_capable(self, capability: str) -> bool:
        """Whether the store can do something, such as :attr:`OPTIMIZER`."""
        raise self._missing("is_capable")

    def save_optimizer_states(self, fname: Any, dump_optimizer: bool = False) -> None:
        """Save the states of the optimizer."""
        raise self._missing("save_optimizer_states")

    def load_optimizer_states(self, fname: Any) -> None:
        """Load the states of the optimizer."""
        raise self._missing("load_optimizer_states")

    @property
    def type(self) -> str:
        """The name of this kind of store."""
        raise self._missing("type")

    @property
    def rank(self) -> int:
        """The number of this worker."""
        raise self._missing("rank")

    @property
    def num_workers(self) -> int:
        """How many workers there are."""
        raise self._missing("num_workers")

    @staticmethod
    def register(klass: type) -> type:
        """Register a class of stores under its name in lower case; a decorator."""
        if not isinstance(klass, type) or not issubclass(klass, KVStoreBase):
            raise TypeError(f"register() takes a subclass of KVStoreBase, got {klass!r}")
        name = klass.__name__.lower()
        old = KVStoreBase.kv_registry.get(name)
        if old is not None and (old.__module__, old.__qualname__) != (
            klass.__module__, klass.__qualname__,
        ):  # fmt: skip
            warnings.warn(
                f"kvstore {name!r} is now {klass.__module__}.{klass.__qualname__}, no longer "
                f"{old.__module__}.{old.__qualname__}",
                stacklevel=2,
            )
        KVStoreBase.kv_registry[name] = klass
        return klass


@KVStoreBase.register
class TestStore(KVStoreBase):
    """A store that keeps nothing: it copies and adds up what it is given, and leaves the update to
    the Trainer. An example of one of your own, as in MXNet, under the name ``'teststore'``.

    Examples
    --------
    >>> import gluonx as gx
    >>> a, b = gx.nd.ones((2,)), gx.nd.ones((2,))
    >>> gx.kv.create('teststore').pushpull('w', [a, b])
    >>> a.asnumpy()
    array([2., 2.], dtype=float32)
    """

    __test__ = False  # pytest takes what is called Test... for a test

    def broadcast(self, key: Any, value: Any, out: Any, priority: int = 0) -> None:
        """Copy the value to all of ``out``."""
        for x in _listed(out):
            x[:] = _listed(value)[0].as_in_context(x.context)

    def pushpull(self, key: Any, value: Any, out: Any = None, priority: int = 0) -> None:
        """Add up the values, into all of ``out``, or into the values themselves."""
        values = _listed(value)
        total = values[0]
        for x in values[1:]:
            total = total + x.as_in_context(total.context)
        for x in values if out is None else _listed(out):
            if x is not total:
                x[:] = total.as_in_context(x.context)

    def is_capable(self, capability: str) -> bool:
        """False for :attr:`OPTIMIZER`, the only capability that there is."""
        if str(capability).lower() == self.OPTIMIZER:
            return False
        raise ValueError(f"there is a capability 'optimizer', but no {capability!r}")

    @property
    def type(self) -> str:
        """``'teststore'``."""
        return "teststore"

    @property
    def rank(self) -> int:
        """0: there is one worker."""
        return 0

    @property
    def num_workers(self) -> int:
        """1."""
        return 1


def _listed(arrays: Any) -> Any:
    return arrays if isinstance(arrays, (list, tuple)) else [arrays]


#: Kinds within one process, and over all workers.
LOCAL = (
    "local", "local_update_cpu", "local_allreduce_cpu", "local_allreduce_device", "device", "nccl",
)  # fmt: skip
DISTRIBUTED = ("dist", "dist_sync", "dist_device_sync", "dist_sync_device", "horovod")


def create(name: str = "local") -> Any:
    """Make a key-value store.

    Parameters
    ----------
    name : str
        - ``'local'``, ``'device'``, ``'nccl'``: between the devices of this process; the same
          here, except that only the latter two compress gradients.
        - ``'dist_sync'``, ``'dist_device_sync'``, ``'dist'``, ``'horovod'``: also between all
          workers of a job. Joins the other workers at the first call, for which no array may have
          been made before, and waits for them; a process that was started alone is the only worker.
        - The name of a class that was registered by :meth:`KVStoreBase.register`.

    Returns
    -------
    KVStoreBase

    Raises
    ------
    MXNetError
        For ``'dist_async'`` and unknown names, or if workers do not come.

    Examples
    --------
    >>> import gluonx as gx
    >>> kv = gx.kv.create('device')
    >>> kv.type, kv.rank, kv.num_workers
    ('device', 0, 1)
    """
    from .kvstore import KVStore

    if not isinstance(name, str):
        raise TypeError(f"the name of a kvstore must be a string, got {name!r}")
    kind = name.lower()
    found = KVStoreBase.kv_registry.get(kind)
    if found is not None:
        return found()
    if kind.startswith("dist") and "async" in kind:
        raise MXNetError(
            f"kvstore {name!r}: asynchronous updates need a server that applies gradients as they "
            "come, to parameters that have changed meanwhile. Here all workers compute one program "
            "and there is no server. Use 'dist_sync', which gives the same result in every run; "
            "where workers are of unequal speed, give slower ones smaller batches"
        )
    if kind not in LOCAL + DISTRIBUTED:
        known = [*LOCAL, *DISTRIBUTED, *KVStoreBase.kv_registry]
        raise MXNetError(f"there is no kvstore {name!r}; there are {', '.join(known)}")
    return KVStore(kind)
