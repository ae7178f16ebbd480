"""MXNet's name for the executors of a Module."""

from .executors import ExecutorGroup as DataParallelExecutorGroup

__all__ = ["DataParallelExecutorGroup"]
