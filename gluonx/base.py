"""Names that programs take from ``mxnet.base``.

What belongs to MXNet's C library (handles, ctypes, checks of its calls) has no counterpart.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from .error import MXNetError as MXNetError
from .error import error_types as error_types
from .error import register_error as register_error

__all__ = [
    "MXNetError", "NotImplementedForSymbol", "classproperty", "data_dir", "data_dir_default",
    "error_types", "integer_types", "numeric_types", "py_str", "register_error", "string_types",
    "with_metaclass",
]  # fmt: skip

integer_types = (int, np.int32, np.int64)
numeric_types = (float, int, np.generic)
string_types = (str,)


class NotImplementedForSymbol(MXNetError):  # noqa: N818
    """A function of NDArrays was called with a Symbol.

    Parameters
    ----------
    function : callable
    alias : str
        The name of the operator, if it is another one.
    *args
        What it was called with.
    """

    def __init__(self, function: Callable, alias: str | None, *args: Any):
        kinds = ", ".join(type(a).__name__ for a in args)
        name = getattr(function, "__name__", str(function))
        called = f"{name} ({alias})" if alias else name
        super().__init__(f"{called} is for NDArrays, and does not take a Symbol; got {kinds}")


class classproperty:  # noqa: N801
    """Decorator: a property of a class."""

    def __init__(self, func: Callable):
        self._func = func

    def __get__(self, instance: Any, owner: type) -> Any:
        return self._func(owner)


def with_metaclass(meta: type, *bases: type) -> type:
    """A base class that gives its subclasses the metaclass ``meta``."""
    return meta("_with_metaclass", bases, {})


def py_str(x: bytes | str) -> str:
    """Bytes as text."""
    return x if isinstance(x, str) else x.decode()


def data_dir_default() -> str:
    """The folder for data of all kinds: ``~/.mxnet``."""
    return os.path.join(os.path.expanduser("~"), ".mxnet")


def data_dir() -> str:
    """``$MXNET_HOME`` if that is set, else :func:`data_dir_default`."""
    return os.environ.get("MXNET_HOME") or data_dir_default()
