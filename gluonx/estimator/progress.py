"""A bar that moves with the training, and says when it stands because something is compiled."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Sequence
from typing import Any

import jax

from ..metric import EvalMetric
from .events import BatchEnd, EpochBegin, EpochEnd, TrainBegin, TrainEnd
from .handlers import checked

__all__ = ["ProgressBarHandler"]

#: JAX's events: a program was made ready for the compiler; the compiler is done with it.
_BEGINS = "/jax/core/compile/jaxpr_to_mlir_module_duration"
_ENDS = "/jax/core/compile/backend_compile_duration"


def _tqdm() -> Any:
    try:
        return importlib.import_module("tqdm.auto").tqdm
    except ImportError:
        raise ImportError("the progress bar needs tqdm: pip install tqdm") from None


def usable() -> bool:
    """Whether there are a tqdm and somebody who looks: a terminal or a notebook."""
    if not (sys.stderr is not None and sys.stderr.isatty()) and "ipykernel" not in sys.modules:
        return False
    return importlib.util.find_spec("tqdm") is not None


class ProgressBarHandler(TrainBegin, EpochBegin, BatchEnd, EpochEnd, TrainEnd):
    """A bar for each epoch, by ``tqdm.auto``; it says "compiling…" while XLA compiles.

    An estimator has one by default if tqdm is installed and it runs in a terminal or a notebook.

    Parameters
    ----------
    metrics : list of EvalMetric, optional
        Metrics to show, the estimator's by default.
    log_interval : int
        After how many batches to show them anew. Reading metrics waits for the device.
    leave : bool
        Whether the bars of epochs that are done stay.
    priority : float
    **kwargs
        Further arguments of tqdm, such as ``file`` or ``ncols``.

    Raises
    ------
    ImportError
        If tqdm is not installed.
    """

    def __init__(
        self,
        metrics: Sequence[EvalMetric] | None = None,
        log_interval: int = 50,
        leave: bool = True,
        priority: float = float("inf"),
        **kwargs: Any,
    ):
        if not isinstance(log_interval, int) or log_interval < 1:
            raise ValueError(f"log_interval must be 1 or greater, got {log_interval!r}")
        self.metrics = None if metrics is None else checked(metrics)
        self.log_interval, self.leave, self.priority = log_interval, leave, priority
        self._make, self._more = _tqdm(), kwargs
        self._bar: Any = None
        self._title = ""
        self._listening = False
        self._thread = 0

    def train_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self._thread = threading.get_ident()
        if not self._listening:
            jax.monitoring.register_event_duration_secs_listener(self._compiler)
            self._listening = True

    def epoch_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self._close()
        of = f"/{estimator.max_epoch}" if estimator.max_epoch is not None else ""
        self._title = f"epoch {estimator.epochs_done + 1}{of}"
        self._bar = self._make(
            total=estimator.batches_in_train_data,
            initial=estimator.batches_in_epoch,
            desc=self._title,
            leave=self.leave,
            **self._more,
        )

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self._bar.update()
        if self._bar.n % self.log_interval == 0:
            self._show(estimator.train_metrics)

    def epoch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self._show(estimator.train_metrics + estimator.val_metrics)
        self._close()

    def train_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away; also when the training ends with an error."""
        self._close()
        if self._listening:
            jax.monitoring.unregister_event_duration_listener(self._compiler)
            self._listening = False

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self, usual: list[EvalMetric]) -> None:
        pairs = [p for m in (self.metrics or usual) for p in m.get_name_value() if p[1] == p[1]]
        self._bar.set_postfix_str(", ".join(f"{name} {value:.4g}" for name, value in pairs))

    def _compiler(self, event: str, duration_secs: float, **kwargs: Any) -> None:
        if self._bar is None or threading.get_ident() != self._thread:
            return
        if event == _BEGINS:
            self._bar.set_description_str(f"{self._title}, compiling…")
        elif event == _ENDS:
            self._bar.set_description_str(self._title, refresh=False)
