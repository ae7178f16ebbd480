"""Exceptions of gluonx.

Every error that a user's mistake can cause is a subclass of :class:`MXNetError` or a built-in
exception (``IndexError``, ``TypeError``, ``ValueError``) whose text says what was given, what was
expected and what to do.
"""

from __future__ import annotations

__all__ = ["MXNetError", "OpError", "HybridizeError"]


class MXNetError(RuntimeError):
    """Base class of the errors that the framework raises."""


class OpError(MXNetError, ValueError):
    """An operator was called with shapes, types or attributes that it cannot take."""


class HybridizeError(MXNetError, TypeError):
    """Code inside a hybridized block needs a value that does not exist while it is compiled."""
