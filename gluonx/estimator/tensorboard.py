"""Metrics for TensorBoard."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import Any

from ..metric import EvalMetric
from .events import BatchEnd, EpochEnd, TrainBegin, TrainEnd
from .handlers import checked

__all__ = ["TensorBoardHandler", "summary_writer"]


def summary_writer(logdir: str | os.PathLike) -> Any:
    """A ``tensorboardX.SummaryWriter``; ImportError that says what to install."""
    try:
        module = importlib.import_module("tensorboardX")
    except ImportError:
        raise ImportError(
            "writing for TensorBoard needs tensorboardX: pip install tensorboardX"
        ) from None
    return module.SummaryWriter(os.fspath(logdir))


class TensorBoardHandler(TrainBegin, BatchEnd, EpochEnd, TrainEnd):
    """Writes metrics and the learning rate for TensorBoard, by tensorboardX.

    Parameters
    ----------
    log_dir : str or path
        The folder.
    metrics : list of EvalMetric, optional
        The estimator's metrics by default.
    log_interval : int or 'epoch'
        Write after each epoch, or after each so many batches. Reading metrics waits for the device.
    summary_writer : optional
        What has a method ``add_scalar(name, value, step)``, instead of a new writer in ``log_dir``.
    priority : float

    Raises
    ------
    ImportError
        If tensorboardX is not installed.

    Examples
    --------
    >>> from gluonx import estimator
    >>> class Prints:
    ...     def add_scalar(self, name, value, step):
    ...         print(step, name)
    >>> handler = estimator.TensorBoardHandler(summary_writer=Prints(), log_interval=50)
    """

    priority = float("inf")
    _kept = ("current_batch",)

    def __init__(
        self,
        log_dir: str | os.PathLike = "runs",
        metrics: Sequence[EvalMetric] | None = None,
        log_interval: int | str = "epoch",
        summary_writer: Any = None,
        priority: float = float("inf"),
    ):
        if log_interval != "epoch" and not isinstance(log_interval, int):
            raise ValueError(f"log_interval must be a number or 'epoch', got {log_interval!r}")
        self.metrics = None if metrics is None else checked(metrics)
        self.log_interval, self.priority = log_interval, priority
        self._own = summary_writer is None
        self.summary_writer = _writer(log_dir) if summary_writer is None else summary_writer
        self.current_batch = 0

    def train_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.current_batch = 0

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.current_batch += 1
        if self.log_interval != "epoch" and self.current_batch % int(self.log_interval) == 0:
            self._write(estimator, estimator.train_metrics)

    def epoch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        if self.log_interval == "epoch":
            self._write(estimator, estimator.train_metrics + estimator.val_metrics)

    def train_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        if self._own:
            self.summary_writer.flush()

    def _write(self, estimator: Any, usual: list[EvalMetric]) -> None:
        step = self.current_batch
        for metric in usual if self.metrics is None else self.metrics:
            for name, value in metric.get_name_value():
                if value == value:  # one that was never updated has no value
                    self.summary_writer.add_scalar(name, value, step)
        if estimator.trainer.optimizer is not None:
            rate = estimator.trainer.learning_rate
            self.summary_writer.add_scalar("learning rate", rate, step)


_writer = summary_writer
