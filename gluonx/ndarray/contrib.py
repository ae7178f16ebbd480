"""``nd.contrib``: operators of detection, attention and other special uses."""

from .contrib_update import *  # noqa: F403
from .namespace import SPACES, functions

globals().update(functions(SPACES["contrib"]))

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
