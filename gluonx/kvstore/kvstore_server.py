"""MXNet's server of a distributed store, by name: here there are none."""

from __future__ import annotations

from typing import Any

from .base import KVStoreBase

__all__ = ["KVStoreServer"]


class KVStoreServer:
    """What a process that was started as a server runs; it has nothing to do here.

    MXNet's launcher starts servers with the program of the workers, and the parameters are theirs.
    Workers of gluonx have them themselves, so that a process with ``DMLC_ROLE=server`` ends when it
    would join, and this class is only there for programs that name it.

    Parameters
    ----------
    kvstore : KVStoreBase

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.kv.KVStoreServer(gx.kv.create('local')).run()
    """

    def __init__(self, kvstore: Any):
        if not isinstance(kvstore, KVStoreBase):
            raise TypeError(f"KVStoreServer takes a KVStore, got {type(kvstore).__name__}")
        self.kvstore = kvstore

    def run(self) -> None:
        """Serve the workers until they end; returns at once, as they need no server."""
