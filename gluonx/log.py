"""Loggers whose lines begin with level, date, process and place."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

__all__ = [
    "CRITICAL", "DEBUG", "ERROR", "INFO", "NOTSET", "WARNING", "getLogger", "get_logger",
]  # fmt: skip

CRITICAL = logging.CRITICAL
DEBUG = logging.DEBUG
ERROR = logging.ERROR
INFO = logging.INFO
NOTSET = logging.NOTSET
WARNING = logging.WARNING

_COLORS = {"D": "32", "I": "32", "W": "33", "E": "31", "C": "31"}


class _Formatter(logging.Formatter):
    def __init__(self, colored: bool):
        super().__init__(datefmt="%m%d %H:%M:%S")
        self.colored = colored

    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname[0]
        head = f"{level}{self.formatTime(record, self.datefmt)} {record.process} "
        head += f"{record.pathname}:{record.funcName}:{record.lineno}]"
        if self.colored:
            head = f"\x1b[{_COLORS.get(level, '0')}m{head}\x1b[0m"
        self._style = logging.PercentStyle(head.replace("%", "%%") + " %(message)s")
        return super().format(record)


def get_logger(
    name: str | None = None,
    filename: str | None = None,
    filemode: str | None = None,
    level: int = WARNING,
) -> logging.Logger:
    """The logger called ``name``; the first time it gets a handler.

    Parameters
    ----------
    name : str, optional
        Without one the root logger is returned as it is.
    filename : str, optional
        A file to write to; standard error by default, in colors if that is a terminal.
    filemode : str, optional
        How to open the file, ``'a'`` by default.
    level : int
        What is less severe is left out.

    Examples
    --------
    >>> import gluonx as gx
    >>> logger = gx.log.get_logger('mine', level=gx.log.INFO)
    >>> logger.level == gx.log.INFO
    True
    """
    logger = logging.getLogger(name)
    if name is not None and not getattr(logger, "_gluonx", False):
        handler: Any
        if filename:
            handler = logging.FileHandler(filename, filemode or "a")
        else:
            handler = logging.StreamHandler()
        handler.setFormatter(_Formatter(not filename and sys.stderr.isatty()))
        logger.addHandler(handler)
        logger.setLevel(level)
        logger._gluonx = True  # type: ignore[attr-defined]
    return logger


def getLogger(  # noqa: N802
    name: str | None = None,
    filename: str | None = None,
    filemode: str | None = None,
    level: int = WARNING,
) -> logging.Logger:
    """Deprecated: :func:`get_logger`."""
    warnings.warn("getLogger() is now log.get_logger()", DeprecationWarning, stacklevel=2)
    return get_logger(name, filename, filemode, level)
