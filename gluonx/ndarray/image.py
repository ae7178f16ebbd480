"""``nd.image``: operators on images, (height, width, channel) or with a batch axis before."""

from .namespace import SPACES, functions

globals().update(functions(SPACES["image"]))

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del SPACES, functions
