"""What ``hybridize()`` compiles: one kernel for each kind of call of a block."""

from ._cache import Cache as Cache
from ._cache import shared_cache as shared_cache
from ._script import Rehearsal as Rehearsal
from ._tree import flatten as flatten
from ._tree import is_array as is_array
from ._tree import unflatten as unflatten

__all__ = ["Cache", "Rehearsal", "flatten", "is_array", "shared_cache", "unflatten"]
