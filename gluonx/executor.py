"""Executors of symbols; see :class:`gluonx.symbol.executor.Executor`."""

from .symbol.executor import Executor as Executor

__all__ = ["Executor"]
