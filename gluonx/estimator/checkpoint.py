"""Handlers that keep what is good: checkpoints, and an end when nothing gets better."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any

from ..metric import EvalMetric
from ..serialization.files import open_write
from .events import BatchEnd, EpochEnd, TrainBegin, TrainEnd

__all__ = ["CheckpointHandler", "EarlyStoppingHandler"]


class _Monitor:
    """Whether a metric has improved."""

    def __init__(self, monitor: EvalMetric, mode: str, min_delta: float = 0.0):
        if not isinstance(monitor, EvalMetric):
            raise ValueError(f"monitor must be an EvalMetric, got {monitor!r}")
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}")
        if mode == "auto":
            name = str(monitor.name).lower()
            larger = re.search("acc|f1|mcc|correlation|pearson|pcc", name) is not None
        else:
            larger = mode == "max"
        self.sign = 1 if larger else -1
        self.metric, self.delta = monitor, abs(min_delta)
        self.best = -math.inf * self.sign

    def value(self) -> float:
        value = self.metric.get()[1]
        return value[0] if isinstance(value, list) else value

    def improved(self) -> bool:
        """Compare with the best value so far, and remember the better one."""
        now = self.value()
        better = (now - self.best) * self.sign > self.delta
        if better:
            self.best = now
        return better


class EarlyStoppingHandler(TrainBegin, EpochEnd, TrainEnd):
    """Stops when a metric has not improved for some epochs.

    Parameters
    ----------
    monitor : EvalMetric
        The metric, such as one of ``estimator.val_metrics``.
    min_delta : float
        What counts as an improvement.
    patience : int
        How many epochs to wait for one.
    mode : {'auto', 'min', 'max'}
        Whether smaller or larger is better; ``'auto'`` decides by the metric's name.
    baseline : float, optional
        A value that must be exceeded.
    """

    def __init__(
        self,
        monitor: EvalMetric,
        min_delta: float = 0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
    ):
        self.monitor = monitor
        self.baseline, self.patience = baseline, patience
        self._state = (mode, min_delta)
        self._watch = _Monitor(monitor, mode, min_delta)
        self.wait = self.stopped_epoch = self.current_epoch = 0
        self.stop_training = False

    def train_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self._watch = _Monitor(self.monitor, *self._state)
        if self.baseline is not None:
            self._watch.best = self.baseline
        self.wait = self.stopped_epoch = self.current_epoch = 0
        self.stop_training = False

    def epoch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> bool:
        if math.isnan(self._watch.value()):
            estimator.logger.warning("%s has no value to stop by", self.monitor.name)
        elif self._watch.improved():
            self.wait = 0
        else:
            self.wait += 1
            if self.wait >= max(self.patience, 1):
                self.stopped_epoch = self.current_epoch
                self.stop_training = True
        self.current_epoch += 1
        return self.stop_training

    def train_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        if self.stop_training:
            estimator.logger.info(
                "stopped after epoch %d: %s has not improved on %.4f for %d epochs",
                self.stopped_epoch, self.monitor.name, self._watch.best, self.wait,
            )  # fmt: skip


class CheckpointHandler(TrainBegin, BatchEnd, EpochEnd):
    """Saves parameters, and the trainer's states, from time to time.

    Files are ``PREFIX-epochEbatchB.params`` and ``.states``, and ``PREFIX-best.params``; E and B
    are numbers of epochs and batches done.

    Parameters
    ----------
    model_dir : str or path
        The folder.
    model_prefix : str
        How the names begin.
    monitor : EvalMetric, optional
        For ``save_best``.
    verbose : int
        Whether to log each save.
    save_best : bool
        Whether to keep the best parameters apart.
    mode : {'auto', 'min', 'max'}
        Whether smaller or larger is better; ``'auto'`` decides by the metric's name.
    epoch_period, batch_period : int, optional
        After how many epochs, and batches, to save.
    max_checkpoints : int
        How many to keep; older ones are deleted, the best is not.
    resume_from_checkpoint : bool
        Whether to load the last one before training, and to do only the epochs that are left.
    """

    def __init__(
        self,
        model_dir: str | os.PathLike,
        model_prefix: str = "model",
        monitor: EvalMetric | None = None,
        verbose: int = 0,
        save_best: bool = False,
        mode: str = "auto",
        epoch_period: int | None = 1,
        batch_period: int | None = None,
        max_checkpoints: int = 5,
        resume_from_checkpoint: bool = False,
    ):
        if save_best and monitor is None:
            raise ValueError("save_best=True needs the metric to monitor")
        self.model_dir, self.model_prefix = Path(model_dir), model_prefix
        self.verbose, self.save_best = verbose, save_best
        self.epoch_period, self.batch_period = epoch_period, batch_period
        self.max_checkpoints = max_checkpoints
        self.resume_from_checkpoint = resume_from_checkpoint
        self._watch = _Monitor(monitor, mode) if monitor is not None else None
        self.current_batch = self.current_epoch = 0
        self.saved_checkpoints: list[str] = []

    def train_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.model_dir.mkdir(parents=True, exist_ok=True)
        self.current_batch = self.current_epoch = 0
        if self.resume_from_checkpoint:
            self._resume(estimator)

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.current_batch += 1
        if self.batch_period and self.current_batch % self.batch_period == 0:
            self._save(estimator)

    def epoch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.current_epoch += 1
        if self.epoch_period and self.current_epoch % self.epoch_period == 0:
            self._save(estimator)

    def _write(self, estimator: Any, name: str) -> None:
        estimator.net.save_parameters(self.model_dir / f"{name}.params")
        if hasattr(estimator.trainer, "save_states"):
            estimator.trainer.save_states(str(self.model_dir / f"{name}.states"))
        if self.verbose:
            estimator.logger.info("saved %s", self.model_dir / name)

    def _save(self, estimator: Any) -> None:
        name = f"{self.model_prefix}-epoch{self.current_epoch}batch{self.current_batch}"
        self._write(estimator, name)
        self.saved_checkpoints.append(name)
        best = None
        if self.save_best and self._watch is not None:
            if self._watch.improved():
                self._write(estimator, f"{self.model_prefix}-best")
            best = self._watch.best
        while len(self.saved_checkpoints) > self.max_checkpoints:
            old = self.saved_checkpoints.pop(0)
            for ending in (".params", ".states"):
                (self.model_dir / f"{old}{ending}").unlink(missing_ok=True)
        # written last: it names only what is there
        state = {
            "epoch": self.current_epoch,
            "batch": self.current_batch,
            "best": best if best is None or math.isfinite(best) else None,
            "saved": self.saved_checkpoints,
        }
        with open_write(self.model_dir / f"{self.model_prefix}.json") as file:
            file.write(json.dumps(state).encode())

    def _resume(self, estimator: Any) -> None:
        path = self.model_dir / f"{self.model_prefix}.json"
        if not path.exists():
            estimator.logger.info("no checkpoint in %s, training from the start", self.model_dir)
            return
        state = json.loads(path.read_text())
        name = state["saved"][-1]
        estimator.net.load_parameters(self.model_dir / f"{name}.params", ctx=estimator.context)
        states = self.model_dir / f"{name}.states"
        if states.exists() and hasattr(estimator.trainer, "load_states"):
            estimator.trainer.load_states(str(states))
        self.current_epoch, self.current_batch = state["epoch"], state["batch"]
        self.saved_checkpoints = list(state["saved"])
        if state["best"] is not None and self._watch is not None:
            self._watch.best = state["best"]
        if estimator.max_epoch is not None:
            estimator.max_epoch = max(estimator.max_epoch - self.current_epoch, 0)
        if estimator.max_batch is not None:
            estimator.max_batch = max(estimator.max_batch - self.current_batch, 0)
        estimator.logger.info("resumed from %s", name)
