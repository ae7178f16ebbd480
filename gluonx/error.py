"""Exceptions of gluonx.

Every error that a user's mistake can cause is a subclass of :class:`MXNetError` or a built-in
exception (``IndexError``, ``TypeError``, ``ValueError``) whose text says what was given, what was
expected and what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["ArgumentError", "HybridizeError", "InternalError", "MXNetError", "OpError", "register"]


class MXNetError(RuntimeError):
    """Base class of the errors that the framework raises."""


class OpError(MXNetError, ValueError):
    """An operator was called with shapes, types or attributes that it cannot take."""


class ArgumentError(OpError, TypeError):
    """An operator was called with a parameter that it has not, or a value of the wrong kind."""


class HybridizeError(MXNetError, TypeError):
    """Code inside a hybridized block needs a value that does not exist while it is compiled."""


class InternalError(MXNetError):
    """An error of the framework itself, and not of its user."""


#: The kinds of errors by name.
error_types: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (
        AttributeError, IndexError, InternalError, NotImplementedError, TypeError, ValueError,
    )
}  # fmt: skip


def register(func_name: Any = None, cls: type[Exception] | None = None) -> Callable[..., Any]:
    """Enter a kind of errors under its name; a decorator for classes, too.

    Parameters
    ----------
    func_name : str or type
        The name, or the class alone.
    cls : type, optional
        The class.

    Examples
    --------
    >>> import gluonx as gx
    >>> @gx.error.register
    ... class OutOfPaper(gx.MXNetError):
    ...     pass
    >>> gx.base.error_types['OutOfPaper'] is OutOfPaper
    True
    """
    if isinstance(func_name, type):
        func_name, cls = func_name.__name__, func_name

    def enter(kind: type[Exception]) -> type[Exception]:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise TypeError(f"error.register() takes a class of exceptions, got {kind!r}")
        error_types[func_name if isinstance(func_name, str) else kind.__name__] = kind
        return kind

    return enter if cls is None else enter(cls)  # type: ignore[return-value]


register_error = register
