"""Callbacks for :meth:`gluonx.module.Module.fit`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

__all__ = [
    "LogValidationMetricsCallback",
    "ProgressBar",
    "Speedometer",
    "do_checkpoint",
    "log_train_metric",
    "module_checkpoint",
]


def do_checkpoint(prefix: str, period: int = 1) -> Callable:
    """A callback for the end of an epoch that saves symbol and parameters.

    Parameters
    ----------
    prefix : str
        As for :func:`gluonx.model.save_checkpoint`.
    period : int
        Save each so many epochs.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.callback.do_checkpoint('/tmp/gluonx-doc')(0, gx.sym.var('x'), {}, {})
    >>> gx.model.load_checkpoint('/tmp/gluonx-doc', 1)[0].name
    'x'
    """
    period = max(int(period), 1)

    def callback(epoch: int, symbol: Any, arg_params: Any, aux_params: Any) -> None:
        from .model import save_checkpoint

        if (epoch + 1) % period == 0:
            save_checkpoint(prefix, epoch + 1, symbol, arg_params, aux_params)

    return callback


def module_checkpoint(
    mod: Any, prefix: str, period: int = 1, save_optimizer_states: bool = False
) -> Callable:
    """A callback for the end of an epoch that saves a module.

    Parameters
    ----------
    mod : Module
    prefix : str
    period : int
        Save each so many epochs.
    save_optimizer_states : bool
    """
    period = max(int(period), 1)

    def callback(epoch: int, symbol: Any = None, arg_params: Any = None, aux: Any = None) -> None:
        if (epoch + 1) % period == 0:
            mod.save_checkpoint(prefix, epoch + 1, save_optimizer_states)

    return callback


def log_train_metric(period: int, auto_reset: bool = False) -> Callable:
    """A callback for the end of a batch that logs the metric.

    Parameters
    ----------
    period : int
        Log each so many batches.
    auto_reset : bool
        Begin the metric anew each time.
    """

    def callback(param: Any) -> None:
        if param.nbatch % period == 0 and param.eval_metric is not None:
            for name, value in param.eval_metric.get_name_value():
                logging.info(
                    "Iter[%d] Batch[%d] Train-%s=%f", param.epoch, param.nbatch, name, value
                )
            if auto_reset:
                param.eval_metric.reset_local()

    return callback


class Speedometer:
    """A callback for the end of a batch that logs samples per second and the metric.

    Parameters
    ----------
    batch_size : int
    frequent : int
        Log each so many batches.
    auto_reset : bool
        Begin the metric anew each time.
    """

    def __init__(self, batch_size: int, frequent: int = 50, auto_reset: bool = True):
        self.batch_size = batch_size
        self.frequent = frequent
        self.auto_reset = auto_reset
        self._start: float | None = None
        self._last = 0

    def __call__(self, param: Any) -> None:
        """Take note of a batch."""
        count = param.nbatch
        if self._start is None or count < self._last:  # a new epoch
            self._start, self._last = time.time(), count
            return
        self._last = count
        if count % self.frequent:
            return
        elapsed = time.time() - self._start
        speed = self.frequent * self.batch_size / elapsed if elapsed else float("inf")
        if param.eval_metric is None:
            logging.info("Iter[%d] Batch [%d]\tSpeed: %.2f samples/sec", param.epoch, count, speed)
        else:
            pairs = param.eval_metric.get_name_value()
            first = 0
            if self.auto_reset:
                param.eval_metric.reset_local()
                first = count - self.frequent
            logging.info(
                "Epoch[%d] Batch [%d-%d]\tSpeed: %.2f samples/sec" + "\t%s=%f" * len(pairs),
                param.epoch, first, count, speed, *(x for pair in pairs for x in pair),
            )  # fmt: skip
        self._start = time.time()


class ProgressBar:
    """A callback for the end of a batch that logs a bar.

    Parameters
    ----------
    total : int
        Batches in an epoch.
    length : int
        Of the bar.
    """

    def __init__(self, total: int, length: int = 80):
        self.total = total
        self.bar_len = length

    def __call__(self, param: Any) -> None:
        """Show how far it is."""
        filled = round(self.bar_len * param.nbatch / self.total)
        percent = -(-100 * param.nbatch // self.total)
        bar = "=" * filled + "-" * (self.bar_len - filled)
        logging.info("[%s] %s%s\r", bar, percent, "%")


class LogValidationMetricsCallback:
    """A callback for the end of an evaluation that logs the metric."""

    def __call__(self, param: Any) -> None:
        """Log the metric."""
        if param.eval_metric is not None:
            for name, value in param.eval_metric.get_name_value():
                logging.info("Epoch[%d] Validation-%s=%f", param.epoch, name, value)
