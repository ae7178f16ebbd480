"""``sym.contrib``: operators of detection, attention and other special uses."""

from ..ndarray.namespace import SPACES
from .functions import boolean_mask as boolean_mask
from .functions import isfinite as isfinite
from .functions import isinf as isinf
from .functions import isnan as isnan
from .functions import rand_zipfian as rand_zipfian
from .namespace import functions

globals().update(functions(SPACES["contrib"]))

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
