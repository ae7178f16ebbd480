"""Key-value stores: how devices and workers exchange arrays. ``gluonx.kv`` for short."""

from .base import KVStoreBase as KVStoreBase
from .base import create as create
from .compression import Compression as Compression
from .exchange import share_file as share_file
from .kvstore import KVStore as KVStore
from .kvstore_server import KVStoreServer as KVStoreServer

__all__ = ["Compression", "KVStore", "KVStoreBase", "KVStoreServer", "create", "share_file"]
