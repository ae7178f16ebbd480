"""``nd.linalg``: linear algebra on matrices in the last two axes."""

from .namespace import SPACES, functions

globals().update(functions(SPACES["linalg"]))

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
