"""``sym.contrib``: operators of detection, attention and other special uses."""

from ..ndarray.namespace import SPACES
from .contrib_update import adamw_update as adamw_update
from .contrib_update import mp_adamw_update as mp_adamw_update
from .control_flow import cond as cond
from .control_flow import foreach as foreach
from .control_flow import while_loop as while_loop
from .functions import boolean_mask as boolean_mask
from .functions import isfinite as isfinite
from .functions import isinf as isinf
from .functions import isnan as isnan
from .functions import rand_zipfian as rand_zipfian
from .namespace import functions

globals().update({k: v for k, v in functions(SPACES["contrib"]).items() if k not in globals()})

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
