"""What programs ask ``mxnet.libinfo`` for: the version. There is no C library of MXNet's kind."""

from __future__ import annotations

from typing import NoReturn

__all__ = ["find_conf_path", "find_include_path", "find_lib_path"]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from . import __version__

        return __version__
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _none(what: str) -> NoReturn:
    raise RuntimeError(f"gluonx is Python on JAX and has no {what}; jaxlib has the compiled code")


def find_lib_path(prefix: str = "libmxnet") -> list[str]:
    """MXNet's C library, which is not there.

    Raises
    ------
    RuntimeError
    """
    _none(f"library {prefix}")


def find_include_path() -> str:
    """The headers of MXNet's C library, which are not there.

    Raises
    ------
    RuntimeError
    """
    _none("C headers")


def find_conf_path(prefix: str = "tvmop") -> list[str]:
    """The configuration of TVM's operators, which is not there.

    Raises
    ------
    RuntimeError
    """
    _none(f"configuration {prefix}")
