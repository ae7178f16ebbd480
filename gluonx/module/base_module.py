"""What all modules have in common: the loops over batches."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import initializer as init
from .. import metric
from .. import ndarray as nd
from ..error import MXNetError
from ..io import DataBatch, DataDesc, DataIter
from ..model import BatchEndParam, read_params, write_params
from ..ndarray import NDArray

__all__ = ["BaseModule"]

#: How parameters are initialized by default.
UNIFORM = init.Uniform(0.01)


def as_list(x: Any) -> list:
    """A list of what may be one thing, several or None."""
    return [] if x is None else list(x) if isinstance(x, (list, tuple)) else [x]


def descriptions(shapes: Any) -> list[DataDesc]:
    """Pairs of names and shapes as DataDesc."""
    return [d if isinstance(d, DataDesc) else DataDesc(*d) for d in shapes or ()]


def check_names(given: Sequence[str], expected: Sequence[str], what: str) -> None:
    """Raise ValueError unless a module gets the inputs that it has."""
    if sorted(given) != sorted(expected):
        raise ValueError(
            f"the {what} shapes are for {list(given)}, but the module's {what}_names are "
            f"{list(expected)}; make both equal, by Module(..., {what}_names=...) or by naming "
            "the iterator's arrays"
        )


class BaseModule:
    """Base class of modules: something with inputs and outputs that can be trained.

    Subclasses define ``bind``, ``init_params``, ``init_optimizer``, ``forward``, ``backward``,
    ``update``, ``get_outputs``, ``get_input_grads``, ``update_metric``, ``get_params`` and the
    properties ``data_names``, ``output_names``, ``data_shapes``, ``label_shapes`` and
    ``output_shapes``; this class makes of them ``fit``, ``score`` and ``predict``.

    Parameters
    ----------
    logger : logging.Logger
        Where :meth:`fit` reports.
    """

    def __init__(self, logger: Any = logging):
        self.logger = logger
        self.binded = False
        self.for_training = False
        self.inputs_need_grad = False
        self.params_initialized = False
        self.optimizer_initialized = False
        self._symbol: Any = None

    # -- what subclasses define -------------------------------------------------------------------

    def _must(self, name: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define {name}")

    @property
    def data_names(self) -> list[str]:
        """Names of the data."""
        return self._must("data_names")

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        return self._must("output_names")

    @property
    def data_shapes(self) -> list[DataDesc]:
        """What :meth:`bind` was given for the data."""
        return self._must("data_shapes")

    @property
    def label_shapes(self) -> list[DataDesc] | None:
        """What :meth:`bind` was given for the labels."""
        return self._must("label_shapes")

    @property
    def output_shapes(self) -> list[tuple]:
        """Pairs of the outputs' names and shapes."""
        return self._must("output_shapes")

    @property
    def symbol(self) -> Any:
        """The symbol."""
        return self._symbol

    def bind(
        self, data_shapes: Any, label_shapes: Any = None, for_training: bool = True,
        inputs_need_grad: bool = False, force_rebind: bool = False, shared_module: Any = None,
        grad_req: Any = "write",
    ) -> None:  # fmt: skip
        """Make the executors for shapes of data and labels."""
        self._must("bind()")

    def init_params(
        self, initializer: Any = UNIFORM, arg_params: Any = None, aux_params: Any = None,
        allow_missing: bool = False, force_init: bool = False, allow_extra: bool = False,
    ) -> None:  # fmt: skip
        """Initialize the parameters."""
        self._must("init_params()")

    def init_optimizer(
        self, kvstore: Any = "local", optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),), force_init: bool = False,
    ) -> None:  # fmt: skip
        """Make the optimizer."""
        self._must("init_optimizer()")

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Compute the outputs for a batch."""
        self._must("forward()")

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradients."""
        self._must("backward()")

    def update(self) -> None:
        """Update the parameters from their gradients."""
        self._must("update()")

    def get_outputs(self, merge_multi_context: bool = True) -> list:
        """The outputs of the last :meth:`forward`."""
        return self._must("get_outputs()")

    def get_input_grads(self, merge_multi_context: bool = True) -> list:
        """The gradients of the data."""
        return self._must("get_input_grads()")

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Copies of the parameters and of the auxiliary states, on the CPU."""
        return self._must("get_params()")

    def update_metric(self, eval_metric: Any, labels: Any, pre_sliced: bool = False) -> None:
        """Take the outputs of the last batch into account in a metric."""
        self._must("update_metric()")

    def install_monitor(self, mon: Any) -> None:
        """Let a :class:`~gluonx.monitor.Monitor` watch."""
        self._must("install_monitor()")

    def get_states(self, merge_multi_context: bool = True) -> list:
        """The states; a module has none unless it says so."""
        self._check("get_states")
        return []

    def set_states(self, states: Any = None, value: Any = None) -> None:
        """Set the states; a module has none unless it says so."""
        self._check("set_states")
        if states:
            raise ValueError(f"{type(self).__name__} has no states")

    def prepare(self, data_batch: Any, sparse_row_id_fn: Any = None) -> None:
        """Get ready for a batch that will come."""

    # -- parameters -------------------------------------------------------------------------------

    def _check(self, what: str, params: bool = True, optimizer: bool = False) -> None:
        """Raise MXNetError unless the steps before ``what`` were done."""
        for done, call in (
            (self.binded, "bind(data_shapes, label_shapes)"),
            (self.params_initialized or not params, "init_params()"),
            (self.optimizer_initialized or not optimizer, "init_optimizer()"),
        ):
            if not done:
                raise MXNetError(f"{what}(): call {call} of this {type(self).__name__} first")

    def set_params(
        self, arg_params: Any, aux_params: Any, allow_missing: bool = False,
        force_init: bool = True, allow_extra: bool = False,
    ) -> None:  # fmt: skip
        """Set the parameters and the auxiliary states."""
        self.init_params(None, arg_params, aux_params, allow_missing, force_init, allow_extra)

    def save_params(self, fname: Any) -> None:
        """Save parameters and auxiliary states to a file."""
        write_params(fname, *self.get_params())

    def load_params(self, fname: Any) -> None:
        """Load what :meth:`save_params` wrote.

        Raises
        ------
        ValueError
            If the file holds something else.
        """
        self.set_params(*read_params(fname))

    # -- batches ----------------------------------------------------------------------------------

    def forward_backward(self, data_batch: DataBatch) -> None:
        """Forward in train mode, then backward."""
        self.forward(data_batch, is_train=True)
        self.backward()

    def _outputs_of(self, eval_data: DataIter, num_batch: Any, reset: bool) -> Iterator[tuple]:
        """Batches with their numbers, after the outputs were computed."""
        if reset:
            eval_data.reset()
        batches = eval_data if num_batch is None else itertools.islice(eval_data, num_batch)
        for number, batch in enumerate(batches):
            self.prepare(batch)
            self.forward(batch, is_train=False)
            yield number, batch

    def _trimmed(self, batch: DataBatch) -> list[NDArray]:
        """Outputs without the rows that fill the batch."""
        pad = batch.pad or 0
        return [y[: y.shape[0] - pad] if pad else y.copy() for y in self.get_outputs()]

    def _count_in(self, eval_metric: Any, batch: Any) -> None:
        if isinstance(batch, list):
            self.update_metric(eval_metric, [b.label for b in batch], pre_sliced=True)
        else:
            self.update_metric(eval_metric, batch.label)

    def score(
        self, eval_data: DataIter, eval_metric: Any, num_batch: int | None = None,
        batch_end_callback: Any = None, score_end_callback: Any = None, reset: bool = True,
        epoch: int = 0, sparse_row_id_fn: Any = None,
    ) -> list[tuple[str, float]]:  # fmt: skip
        """Evaluate on an iterator.

        Parameters
        ----------
        eval_data : DataIter
        eval_metric : EvalMetric or str or list
        num_batch : int, optional
            All batches by default.
        batch_end_callback, score_end_callback : callable or list of callable, optional
            Called with a :class:`~gluonx.model.BatchEndParam` after each batch, and at the end.
        reset : bool
            Whether to reset ``eval_data`` first.
        epoch : int
            For the callbacks.

        Returns
        -------
        list of (str, float)
            Names and values of the metric.
        """
        self._check("score")
        eval_metric = _metric(eval_metric)
        eval_metric.reset()
        actual_num_batch = 0
        for nbatch, eval_batch in self._outputs_of(eval_data, num_batch, reset):
            self._count_in(eval_metric, eval_batch)
            _call(batch_end_callback, epoch, nbatch, eval_metric, locals())
            actual_num_batch += 1
        _call(score_end_callback, epoch, actual_num_batch, eval_metric, locals())
        return eval_metric.get_name_value()

    def iter_predict(
        self, eval_data: DataIter, num_batch: int | None = None, reset: bool = True,
        sparse_row_id_fn: Any = None,
    ) -> Iterator[tuple[list[NDArray], int, DataBatch]]:  # fmt: skip
        """Outputs batch by batch, each with the batch's number and the batch."""
        self._check("iter_predict")
        for nbatch, batch in self._outputs_of(eval_data, num_batch, reset):
            yield self._trimmed(batch), nbatch, batch

    def predict(
        self, eval_data: Any, num_batch: int | None = None, merge_batches: bool = True,
        reset: bool = True, always_output_list: bool = False, sparse_row_id_fn: Any = None,
    ) -> Any:  # fmt: skip
        """Outputs for an iterator, or for one array.

        Parameters
        ----------
        eval_data : DataIter, NDArray or numpy.ndarray
        num_batch : int, optional
            All batches by default.
        merge_batches : bool
            Join the batches; otherwise a list with a list of outputs for each.
        reset : bool
            Whether to reset ``eval_data`` first.
        always_output_list : bool
            A list even if there is one output.

        Returns
        -------
        NDArray, or list
        """
        self._check("predict")
        if isinstance(eval_data, (NDArray, np.ndarray)):
            data = eval_data if isinstance(eval_data, NDArray) else nd.array(eval_data)
            self.forward(DataBatch([data]), is_train=False)
            return self.get_outputs()[0]
        if not isinstance(eval_data, DataIter):
            raise ValueError(
                f"predict() takes a DataIter or one array, got {type(eval_data).__name__}"
            )
        found = [y for y, _, _ in self.iter_predict(eval_data, num_batch, reset)]
        if not found or not merge_batches:
            return found
        if len({len(ys) for ys in found}) > 1:
            raise ValueError(
                "predict() cannot join batches with different numbers of outputs; use "
                "merge_batches=False"
            )
        merged = [nd.concatenate(list(ys)) for ys in zip(*found, strict=True)]
        return merged[0] if len(merged) == 1 and not always_output_list else merged

    def fit(
        self, train_data: DataIter, eval_data: DataIter | None = None, eval_metric: Any = "acc",
        epoch_end_callback: Any = None, batch_end_callback: Any = None, kvstore: Any = "local",
        optimizer: Any = "sgd", optimizer_params: Any = (("learning_rate", 0.01),),
        eval_end_callback: Any = None, eval_batch_end_callback: Any = None,
        initializer: Any = UNIFORM, arg_params: Any = None, aux_params: Any = None,
        allow_missing: bool = False, force_rebind: bool = False, force_init: bool = False,
        begin_epoch: int = 0, num_epoch: int | None = None, validation_metric: Any = None,
        monitor: Any = None, sparse_row_id_fn: Any = None,
    ) -> None:  # fmt: skip
        """Train.

        Each step, that is, forward, backward and update, is one executable.

        Parameters
        ----------
        train_data, eval_data : DataIter
            What to train on, and what to evaluate on after each epoch.
        eval_metric, validation_metric : EvalMetric, str or list
            What to report of each; the same by default.
        epoch_end_callback : callable or list of callable, optional
            Called with ``epoch, symbol, arg_params, aux_params``.
        batch_end_callback, eval_end_callback, eval_batch_end_callback : optional
            Called with a :class:`~gluonx.model.BatchEndParam`; its ``locals`` are the variables of
            this method, under MXNet's names, such as ``data_batch`` and ``train_data``.
        kvstore, optimizer, optimizer_params
            See :meth:`init_optimizer`.
        initializer, arg_params, aux_params, allow_missing, force_init
            See :meth:`init_params`.
        force_rebind : bool
            Bind again if that was done before.
        begin_epoch, num_epoch : int
            The epochs from the first to (not including) the second.
        monitor : Monitor, optional
            What to show of the insides.

        Raises
        ------
        ValueError
            Without ``num_epoch``.
        """
        if num_epoch is None:
            raise ValueError("fit() needs num_epoch, the number of the epoch to stop before")
        provided: Any = train_data
        self.bind(
            provided.provide_data, provided.provide_label, for_training=True,
            force_rebind=force_rebind,
        )  # fmt: skip
        if monitor is not None:
            self.install_monitor(monitor)
        self.init_params(initializer, arg_params, aux_params, allow_missing, force_init)
        self.init_optimizer(kvstore, optimizer, optimizer_params)
        eval_metric = _metric(eval_metric)
        validation_metric = eval_metric if validation_metric is None else validation_metric
        for epoch in range(begin_epoch, num_epoch):
            tic = time.time()
            eval_metric.reset()
            eval_name_vals: list[tuple[str, float]] = []
            data_iter = iter(train_data)
            nbatch, data_batch = 0, next(data_iter, None)
            while data_batch is not None:
                if monitor is not None:
                    monitor.tic()
                self.forward_backward(data_batch)
                self.update()
                self._count_in(eval_metric, data_batch)
                next_data_batch = next(data_iter, None)
                if next_data_batch is not None:
                    self.prepare(next_data_batch, sparse_row_id_fn)
                else:  # before a callback begins the metric anew
                    eval_name_vals = eval_metric.get_global_name_value()
                if monitor is not None:
                    monitor.toc_print()
                _call(batch_end_callback, epoch, nbatch, eval_metric, locals())
                nbatch, data_batch = nbatch + 1, next_data_batch
            for name, value in eval_name_vals:
                self.logger.info("Epoch[%d] Train-%s=%f", epoch, name, value)
            self.logger.info("Epoch[%d] Time cost=%.3f", epoch, time.time() - tic)
            args, aux = self.get_params()
            self.set_params(args, aux)  # the states of several devices become one
            for callback in as_list(epoch_end_callback):
                callback(epoch, self.symbol, args, aux)
            if eval_data is not None:
                for name, value in self.score(
                    eval_data, validation_metric, score_end_callback=eval_end_callback,
                    batch_end_callback=eval_batch_end_callback, epoch=epoch,
                ):  # fmt: skip
                    self.logger.info("Epoch[%d] Validation-%s=%f", epoch, name, value)
            train_data.reset()


def _metric(given: Any) -> metric.EvalMetric:
    return given if isinstance(given, metric.EvalMetric) else metric.create(given)


def _call(
    callbacks: Callable | Sequence[Callable] | None, epoch: int, nbatch: int, eval_metric: Any,
    scope: dict,
) -> None:  # fmt: skip
    for callback in as_list(callbacks):
        callback(BatchEndParam(epoch, nbatch, eval_metric, scope))
