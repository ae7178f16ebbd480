"""``sym.linalg``: linear algebra on matrices in the last two axes."""

from ..ndarray.namespace import SPACES
from .namespace import functions

globals().update(functions(SPACES["linalg"]))

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
