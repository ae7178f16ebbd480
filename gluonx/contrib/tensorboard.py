"""Metrics for TensorBoard, written by tensorboardX."""

from __future__ import annotations

import os
from typing import Any

from ..estimator.tensorboard import summary_writer

__all__ = ["LogMetricsCallback"]


class LogMetricsCallback:
    """A callback of :meth:`gluonx.module.Module.fit` that writes metrics for TensorBoard.

    Parameters
    ----------
    logging_dir : str or path
        The folder.
    prefix : str, optional
        What the metrics' names begin with, to tell training and evaluation apart.

    Raises
    ------
    ImportError
        If tensorboardX is not installed.
    """

    def __init__(self, logging_dir: str | os.PathLike, prefix: str | None = None):
        self.prefix = prefix
        self.step = 0
        self.summary_writer = summary_writer(logging_dir)

    def __call__(self, param: Any) -> None:
        """Write the metric."""
        self.step += 1
        if param.eval_metric is None:
            return
        for name, value in param.eval_metric.get_name_value():
            name = f"{self.prefix}-{name}" if self.prefix is not None else name
            self.summary_writer.add_scalar(name, value, self.step)
