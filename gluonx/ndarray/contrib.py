"""``nd.contrib``: operators of detection, attention and other special uses."""

from .contrib_update import adamw_update as adamw_update
from .contrib_update import mp_adamw_update as mp_adamw_update
from .contrib_update import multi_adamw_update as multi_adamw_update
from .contrib_update import multi_lamb_update as multi_lamb_update
from .contrib_update import multi_mp_adamw_update as multi_mp_adamw_update
from .contrib_update import multi_mp_lamb_update as multi_mp_lamb_update
from .control_flow import cond as cond
from .control_flow import foreach as foreach
from .control_flow import while_loop as while_loop
from .masks import boolean_mask as boolean_mask
from .masks import isfinite as isfinite
from .masks import isinf as isinf
from .masks import isnan as isnan
from .masks import rand_zipfian as rand_zipfian
from .namespace import SPACES, functions

globals().update({k: v for k, v in functions(SPACES["contrib"]).items() if k not in globals()})

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
