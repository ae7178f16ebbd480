"""``nd.contrib``: operators of detection, attention and other special uses."""

from .masks import boolean_mask as boolean_mask
from .masks import isfinite as isfinite
from .masks import isinf as isinf
from .masks import isnan as isnan
from .masks import rand_zipfian as rand_zipfian
from .namespace import SPACES, functions

globals().update(functions(SPACES["contrib"]))

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
