"""``nd.contrib``: operators of detection, attention and other special uses."""

from .contrib_update import adamw_update as adamw_update
from .contrib_update import mp_adamw_update as mp_adamw_update
from .contrib_update import multi_adamw_update as multi_adamw_update
from .contrib_update import multi_lamb_update as multi_lamb_update
from .contrib_update import multi_mp_adamw_update as multi_mp_adamw_update
from .contrib_update import multi_mp_lamb_update as multi_mp_lamb_update
from .namespace import SPACES, functions

globals().update(functions(SPACES["contrib"]))

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
