"""Handlers that every training has: updates, metrics, validation, logging, the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from .. import metric as metrics_module
from ..metric import EvalMetric
from .events import BatchBegin, BatchEnd, EpochBegin, EpochEnd, TrainBegin, TrainEnd

__all__ = [
    "GradientUpdateHandler",
    "LoggingHandler",
    "MetricHandler",
    "StoppingHandler",
    "ValidationHandler",
]


class StoppingHandler(TrainBegin, BatchEnd, EpochEnd):
    """Stops after a number of epochs or batches.

    Parameters
    ----------
    max_epoch, max_batch : int, optional
    """

    _kept = ("current_batch", "current_epoch")

    def __init__(self, max_epoch: int | None = None, max_batch: int | None = None):
        self.max_epoch = max_epoch
        self.max_batch = max_batch
        self.current_batch = self.current_epoch = 0
        self.stop_training = False

    def train_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.max_epoch, self.max_batch = estimator.max_epoch, estimator.max_batch
        self.current_batch = self.current_epoch = 0
        self.stop_training = False

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> bool:
        self.current_batch += 1
        self.stop_training |= self.current_batch == self.max_batch
        return self.stop_training

    def epoch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> bool:
        self.current_epoch += 1
        self.stop_training |= self.current_epoch == self.max_epoch
        return self.stop_training


class GradientUpdateHandler(BatchEnd):
    """Takes a step of the trainer after each batch, before other handlers look at anything.

    Parameters
    ----------
    priority : float
    """

    def __init__(self, priority: float = -2000):
        self.priority = priority

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        loss = kwargs["loss"]
        batch_size = sum(part.shape[0] for part in loss)
        estimator.trainer.step(batch_size)


class MetricHandler(EpochBegin, BatchEnd):
    """Updates metrics after each batch, and resets them before each epoch.

    Parameters
    ----------
    metrics : list of EvalMetric
        A :class:`gluonx.metric.Loss` gets the loss, the others labels and predictions.
    priority : float
    """

    def __init__(self, metrics: Sequence[EvalMetric], priority: float = -1000):
        self.metrics = checked(metrics)
        self.priority = priority

    def epoch_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        for metric in self.metrics:
            metric.reset()

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        update_metrics(self.metrics, kwargs["label"], kwargs["pred"], kwargs["loss"])


def update_metrics(metrics: Sequence[EvalMetric], label: Any, pred: Any, loss: Any) -> None:
    """Update metrics with one batch."""
    for metric in metrics:
        if isinstance(metric, metrics_module.Loss):
            metric.update(0, loss)
        else:
            metric.update(label, pred)


def checked(metrics: Any) -> list[EvalMetric]:
    """Metrics as a list; ValueError for anything else."""
    found = list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
    for metric in found:
        if not isinstance(metric, EvalMetric):
            raise ValueError(f"metrics must be EvalMetrics, got {metric!r}")
    return found


class ValidationHandler(TrainBegin, BatchEnd, EpochEnd):
    """Evaluates on validation data from time to time.

    Parameters
    ----------
    val_data : DataLoader
    eval_fn : callable
        ``eval_fn(val_data=..., batch_axis=..., event_handlers=...)``, usually
        :meth:`Estimator.evaluate`.
    epoch_period, batch_period : int, optional
        After how many epochs, and batches.
    priority : float
    event_handlers : list of EventHandler, optional
        For the evaluation.
    """

    _kept = ("current_batch", "current_epoch")

    def __init__(
        self,
        val_data: Any,
        eval_fn: Callable,
        epoch_period: int | None = 1,
        batch_period: int | None = None,
        priority: float = -1000,
        event_handlers: Any = None,
    ):
        self.val_data = val_data
        self.eval_fn = eval_fn
        self.epoch_period, self.batch_period = epoch_period, batch_period
        self.priority = priority
        self.event_handlers = event_handlers
        self.current_batch = self.current_epoch = 0

    def train_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.current_batch = self.current_epoch = 0

    def _evaluate(self, estimator: Any) -> None:
        self.eval_fn(
            val_data=self.val_data,
            batch_axis=estimator.batch_axis,
            event_handlers=self.event_handlers,
        )

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.current_batch += 1
        if self.batch_period and self.current_batch % self.batch_period == 0:
            self._evaluate(estimator)

    def epoch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.current_epoch += 1
        if self.epoch_period and self.current_epoch % self.epoch_period == 0:
            self._evaluate(estimator)


class LoggingHandler(TrainBegin, TrainEnd, EpochBegin, EpochEnd, BatchBegin, BatchEnd):
    """Logs the course of a training.

    Parameters
    ----------
    log_interval : int or 'epoch'
        Log each epoch, or each so many batches. Reading metrics waits for the device.
    metrics : list of EvalMetric, optional
    priority : float
    """

    _kept = ("current_epoch",)

    def __init__(
        self,
        log_interval: int | str = "epoch",
        metrics: Sequence[EvalMetric] | None = None,
        priority: float = float("inf"),
    ):
        if log_interval != "epoch" and not isinstance(log_interval, int):
            raise ValueError(f"log_interval must be a number or 'epoch', got {log_interval!r}")
        self.log_interval = log_interval
        self.metrics = checked(metrics or [])
        self.priority = priority
        self.batch_index = self.current_epoch = self.processed_samples = 0
        self._train_start = self._epoch_start = self._interval_start = 0.0

    def _values(self) -> str:
        return "".join(f", {name}: {value:.4f}" for m in self.metrics for name, value in _named(m))

    def train_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self._train_start = time.time()
        trainer = estimator.trainer
        if trainer.optimizer is not None:
            estimator.logger.info(
                "Training begins: %s, learning rate %.4f",
                type(trainer.optimizer).__name__,
                trainer.learning_rate,
            )
        self.batch_index = self.current_epoch = self.processed_samples = 0

    def train_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        spent = time.time() - self._train_start
        estimator.logger.info(
            "Training ended after %d epochs, %.1fs%s", self.current_epoch, spent, self._values()
        )

    def epoch_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self._epoch_start = time.time()
        self.batch_index, self.processed_samples = estimator.batches_in_epoch, 0

    def epoch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        spent = time.time() - self._epoch_start
        estimator.logger.info("[Epoch %d] %.1fs%s", self.current_epoch, spent, self._values())
        self.current_epoch += 1

    def batch_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        if self.log_interval != "epoch" and self.batch_index % int(self.log_interval) == 0:
            self._interval_start, self.processed_samples = time.time(), 0

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.batch_index += 1
        if self.log_interval == "epoch":
            return
        self.processed_samples += sum(part.shape[0] for part in kwargs["loss"])
        if self.batch_index % int(self.log_interval) == 0:
            values = self._values()  # waits for the batches
            spent = max(time.time() - self._interval_start, 1e-9)
            estimator.logger.info(
                "[Epoch %d][Batch %d] %.1f samples/s%s",
                self.current_epoch,
                self.batch_index,
                self.processed_samples / spent,
                values,
            )


def _named(metric: EvalMetric) -> list[tuple[str, float]]:
    return metric.get_name_value()
