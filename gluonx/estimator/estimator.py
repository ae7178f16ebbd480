"""The training loop."""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Sequence
from typing import Any

from .. import loss as losses
from .. import metric as metrics_module
from ..context import Context, current_context
from ..metric import EvalMetric
from ..trainer import Trainer
from . import progress, resume
from .batch import BatchProcessor
from .checkpoint import CheckpointHandler
from .handlers import (
    GradientUpdateHandler,
    LoggingHandler,
    MetricHandler,
    StoppingHandler,
    ValidationHandler,
    update_metrics,
)

__all__ = ["Estimator"]


class Estimator:
    """Trains a network.

    Parameters
    ----------
    net : Block
    loss : gluon.loss.Loss
    train_metrics, val_metrics : EvalMetric or list of EvalMetric, optional
        Without any, accuracy for a softmax cross-entropy loss. Those for validation are copies of
        the others by default. The loss is added to both.
    initializer : Initializer, optional
        For parameters that are not initialized yet.
    trainer : Trainer, optional
        Adam with a learning rate of 0.001 by default.
    context : Context or list of Context, optional
        Where to train; the current context by default.
    val_net, val_loss : optional
        For validation, ``net`` and ``loss`` by default.
    batch_processor : BatchProcessor, optional
        What to do with a batch.

    Examples
    --------
    >>> import logging
    >>> from gluonx import estimator, gluon, nd, nn
    >>> data = gluon.data.ArrayDataset(nd.ones((8, 3)), nd.zeros((8,)))
    >>> loader = gluon.data.DataLoader(data, batch_size=4)
    >>> est = estimator.Estimator(nn.Dense(2), gluon.loss.SoftmaxCrossEntropyLoss())
    >>> est.logger.setLevel(logging.WARNING)
    >>> est.fit(loader, epochs=20)
    >>> [metric.name for metric in est.train_metrics]
    ['training accuracy', 'training softmaxcrossentropyloss']
    """

    def __init__(
        self,
        net: Any,
        loss: losses.Loss,
        train_metrics: Any = None,
        val_metrics: Any = None,
        initializer: Any = None,
        trainer: Trainer | None = None,
        context: Context | Sequence[Context] | None = None,
        val_net: Any = None,
        val_loss: losses.Loss | None = None,
        batch_processor: BatchProcessor | None = None,
    ):
        if not isinstance(loss, losses.Loss):
            raise ValueError(f"loss must be a gluon.loss.Loss, got {loss!r}")
        self.net, self.loss = net, loss
        self.val_net = net if val_net is None else val_net
        self.val_loss = loss if val_loss is None else val_loss
        given = current_context() if context is None else context
        self.context = [given] if isinstance(given, Context) else list(given)
        self.logger = logging.getLogger("gluonx.estimator")
        if not self.logger.handlers and not logging.getLogger().handlers:
            printer = logging.StreamHandler(sys.stdout)
            # who configures logging later would see each line twice
            printer.addFilter(lambda record: not logging.getLogger().handlers)
            self.logger.addHandler(printer)
        if self.logger.level == logging.NOTSET:
            self.logger.setLevel(logging.INFO)
        self._train_metrics = _metrics(train_metrics)
        self._val_metrics = _metrics(val_metrics)
        if not self._train_metrics and isinstance(loss, losses.SoftmaxCrossEntropyLoss):
            self._train_metrics = [metrics_module.Accuracy()]
        if not self._val_metrics:
            self._val_metrics = [copy.deepcopy(m) for m in self._train_metrics]
        for kind, metrics, of in (
            ("training", self._train_metrics, self.loss),
            ("validation", self._val_metrics, self.val_loss),
        ):
            if not any(isinstance(m, metrics_module.Loss) for m in metrics):
                metrics.append(metrics_module.Loss(name=type(of).__name__.lower()))
            for m in metrics:
                if not str(m.name).startswith(kind):
                    m.name = f"{kind} {m.name}"
        self._initialize(initializer)
        if trainer is None:
            trainer = Trainer(net.collect_params(), "adam", {"learning_rate": 1e-3})
        if not isinstance(trainer, Trainer):
            raise ValueError(f"trainer must be a gluon.Trainer, got {trainer!r}")
        self.trainer = trainer
        self.batch_processor = batch_processor or BatchProcessor()
        self.max_epoch: int | None = None
        self.max_batch: int | None = None
        self.batch_axis = 0
        #: Batches in an epoch, if that is known.
        self.batches_in_train_data: int | None = None
        #: How far the training is.
        self.epochs_done = self.batches_done = self.batches_in_epoch = 0
        self._handlers: list[Any] = []
        self._data: Any = None
        self._epoch_start: dict[str, Any] | None = None
        self._resumed: dict[str, Any] | None = None

    @property
    def train_metrics(self) -> list[EvalMetric]:
        """Metrics of the training data, in the present epoch."""
        return self._train_metrics

    @property
    def val_metrics(self) -> list[EvalMetric]:
        """Metrics of the last evaluation."""
        return self._val_metrics

    def _initialize(self, initializer: Any) -> None:
        params = list(self.net.collect_params().values())
        missing = [p for p in params if p._data is None and p._deferred is None]
        for p in missing:
            p.initialize(ctx=self.context, default_init=initializer or "uniform")
        for p in params:
            if p not in missing and set(p.list_ctx()) != set(self.context):
                p.reset_ctx(self.context)

    def evaluate(self, val_data: Any, batch_axis: int = 0, event_handlers: Any = None) -> None:
        """Update ``val_metrics`` with all of some data.

        Parameters
        ----------
        val_data : DataLoader
        batch_axis : int
            The axis of samples.
        event_handlers : list of EventHandler, optional
        """
        handlers = _sorted(event_handlers)
        for metric in self.val_metrics:
            metric.reset()
        _call(handlers, "epoch_begin", self)
        for batch in val_data:
            _call(handlers, "batch_begin", self, batch=batch)
            _, label, pred, loss = self.batch_processor.evaluate_batch(self, batch, batch_axis)
            update_metrics(self.val_metrics, label, pred, loss)
            _call(handlers, "batch_end", self, batch=batch, pred=pred, label=label, loss=loss)
        _call(handlers, "epoch_end", self)

    def fit(
        self,
        train_data: Any,
        val_data: Any = None,
        epochs: int | None = None,
        event_handlers: Any = None,
        batches: int | None = None,
        batch_axis: int = 0,
    ) -> None:
        """Train.

        Parameters
        ----------
        train_data, val_data : DataLoader
        epochs, batches : int
            For how long; one of them.
        event_handlers : EventHandler or list of EventHandler, optional
            Handlers for updates, metrics, validation, logging and the end are added, unless some
            of their kind are given.
        batch_axis : int
            The axis of samples.

        Raises
        ------
        ValueError
            Unless exactly one of ``epochs`` and ``batches`` is given.
        """
        if (epochs is None) == (batches is None):
            raise ValueError(f"give epochs or batches, got epochs={epochs}, batches={batches}")
        self.max_epoch, self.max_batch, self.batch_axis = epochs, batches, batch_axis
        self.epochs_done = self.batches_done = self.batches_in_epoch = 0
        self._epoch_start = self._resumed = None
        self._data, self.batches_in_train_data = train_data, _length(train_data)
        handlers = self._handlers = self._with_usual(_sorted(event_handlers), val_data)
        try:
            self._fit(handlers, train_data)
        finally:
            self._data = None
            for handler in handlers:  # what is open, such as a bar on the screen
                if hasattr(handler, "close"):
                    handler.close()

    def _fit(self, handlers: list[Any], train_data: Any) -> None:
        _call(handlers, "train_begin", self)
        if self._resumed is not None:  # from a checkpoint
            resume.restore(self, self._resumed)
        ends = ((self.epochs_done, self.max_epoch), (self.batches_done, self.max_batch))
        done = any(end is not None and so_far >= end for so_far, end in ends)
        while not done:
            _call(handlers, "epoch_begin", self)
            seen = self.batches_in_epoch > 0
            whole = True
            for batch in resume.batches(self, train_data):
                seen = True
                _call(handlers, "batch_begin", self, batch=batch)
                _, label, pred, loss = self.batch_processor.fit_batch(self, batch, self.batch_axis)
                self.batches_done += 1
                self.batches_in_epoch += 1
                done = _call(
                    handlers, "batch_end", self, batch=batch, pred=pred, label=label, loss=loss
                )
                if done:
                    whole = False
                    break
            if not seen and self.max_epoch is None:
                raise ValueError("train_data has no batches left, fewer than `batches`")
            if whole:
                self.epochs_done += 1
                self.batches_in_epoch = 0
            done = _call(handlers, "epoch_end", self) or done
        _call(handlers, "train_end", self)

    def _with_usual(self, handlers: list[Any], val_data: Any) -> list[Any]:
        usual: list[Any] = [
            StoppingHandler(self.max_epoch, self.max_batch),
            GradientUpdateHandler(),
            MetricHandler(self.train_metrics),
            LoggingHandler(metrics=self.train_metrics + (self.val_metrics if val_data else [])),
        ]
        if progress.usable():
            usual.append(progress.ProgressBarHandler())
        if val_data is not None:
            usual.append(ValidationHandler(val_data, self.evaluate))
        given = tuple(map(type, handlers))
        added = [h for h in usual if not any(issubclass(kind, type(h)) for kind in given)]
        # a checkpoint is written when all others have had their turn: it saves their states
        return sorted(
            [*handlers, *added],
            key=lambda h: (getattr(h, "priority", 0), isinstance(h, CheckpointHandler)),
        )


def _length(data: Any) -> int | None:
    try:
        return len(data)
    except TypeError:  # an iterator
        return None


def _metrics(given: Any) -> list[EvalMetric]:
    if given is None:
        return []
    found = list(given) if isinstance(given, (list, tuple)) else [given]
    return [metrics_module.create(m) for m in found]


def _sorted(handlers: Any) -> list[Any]:
    given = handlers if isinstance(handlers, (list, tuple)) else [handlers] if handlers else []
    return sorted(given, key=lambda h: getattr(h, "priority", 0))


def _call(handlers: list[Any], event: str, estimator: Estimator, **kwargs: Any) -> bool:
    """Call the handlers of an event; whether one of them wants to stop."""
    stop = [getattr(h, event)(estimator, **kwargs) for h in handlers if hasattr(h, event)]
    return any(map(bool, stop))
