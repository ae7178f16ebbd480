"""Key-value stores: how devices and workers exchange arrays. ``gluonx.kv`` for short."""

from .base import KVStoreBase as KVStoreBase
from .base import create as create
from .compression import Compression as Compression
from .exchange import share_file as share_file
from .kvstore import KVStore as KVStore

__all__ = ["Compression", "KVStore", "KVStoreBase", "create", "share_file"]
