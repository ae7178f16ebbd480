"""Handlers that keep what is good: checkpoints, and an end when nothing gets better."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any

from ..error import MXNetError
from ..hosts import at_hand, once, rank
from ..metric import EvalMetric
from ..serialization.files import open_write
from . import resume
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

    _kept = ("wait", "stopped_epoch", "current_epoch")

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

    def state_dict(self) -> dict[str, Any]:
        """The best value so far, and for how long nothing was better."""
        return {**super().state_dict(), "best": self._watch.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state of :meth:`state_dict`."""
        super().load_state_dict(state)
        self._watch.best = state["best"]

    def train_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        if self.stop_training:
            estimator.logger.info(
                "stopped after epoch %d: %s has not improved on %.4f for %d epochs",
                self.stopped_epoch, self.monitor.name, self._watch.best, self.wait,
            )  # fmt: skip


class CheckpointHandler(TrainBegin, BatchEnd, EpochEnd):
    """Saves parameters, and the trainer's states, from time to time.

    Files are ``PREFIX-epochEbatchB.params`` and ``.states``, and ``PREFIX-best.params``; E and B
    are numbers of epochs and batches done. ``PREFIX.json``, written when the others are there,
    names the last of them and holds what else the training needs to go on: random numbers, the
    position in the epoch, metrics, what other handlers count. A training that was killed and is
    resumed ends with the very numbers of one that was not, if its data come in an order that
    :func:`gluonx.random.seed`, or NumPy's or Python's global generator, governs.

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
        Whether to load the last one before training, and to do only what is left of the
        ``epochs`` or ``batches`` of :meth:`Estimator.fit`.
    """

    priority = math.inf

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
        if max_checkpoints < 1:
            raise ValueError(f"max_checkpoints must be 1 or greater, got {max_checkpoints}")
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
            # workers that see other data may disagree; worker 0 decides
            if self._watch.improved() and rank() == 0:
                self._write(estimator, f"{self.model_prefix}-best")
            best = self._watch.best
        if name in self.saved_checkpoints[:-1]:
            self.saved_checkpoints.remove(name)
        old = self.saved_checkpoints[: -self.max_checkpoints]
        self.saved_checkpoints = self.saved_checkpoints[-self.max_checkpoints :]
        # written when the others are there, and before any is deleted: it names only what is there
        state = {
            "epoch": self.current_epoch,
            "batch": self.current_batch,
            "best": best if best is None or math.isfinite(best) else None,
            "saved": self.saved_checkpoints,
            "training": resume.capture(estimator),
        }
        path = self.model_dir / f"{self.model_prefix}.json"
        with once(path) as mine:
            if mine:
                with open_write(path) as file:
                    file.write(json.dumps(state).encode())
        for gone in old:
            for ending in (".params", ".states"):
                (self.model_dir / f"{gone}{ending}").unlink(missing_ok=True)

    def _resume(self, estimator: Any) -> None:
        path = self.model_dir / f"{self.model_prefix}.json"
        try:
            with at_hand(path) as found:
                state = json.loads(Path(found).read_text())
        except FileNotFoundError:
            estimator.logger.info("no checkpoint in %s, training from the start", self.model_dir)
            return
        if "training" not in state:
            raise MXNetError(
                f"{path} is of an older version, whose trainings cannot be resumed exactly; delete "
                "it to train from the start"
            )
        name = state["saved"][-1]
        estimator.net.load_parameters(self.model_dir / f"{name}.params", ctx=estimator.context)
        states = self.model_dir / f"{name}.states"
        if (rank() > 0 or states.exists()) and hasattr(estimator.trainer, "load_states"):
            estimator.trainer.load_states(str(states))
        self.current_epoch, self.current_batch = state["epoch"], state["batch"]
        self.saved_checkpoints = list(state["saved"])
        if state["best"] is not None and self._watch is not None:
            self._watch.best = state["best"]
        estimator._resumed = state["training"]
        estimator.logger.info("resumed from %s", name)
