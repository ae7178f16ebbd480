"""Networks that others have designed, and often trained."""

from . import model_store as model_store
from . import vision as vision

__all__ = ["model_store", "vision"]
