"""``sym.image``: operators on images, (height, width, channel) or with a batch axis before."""

from ..ndarray.namespace import SPACES
from .namespace import functions

globals().update(functions(SPACES["image"]))

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
