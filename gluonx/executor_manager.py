"""Executors of a symbol on several devices, for training loops that are older than Module."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .io import DataBatch, DataDesc
from .module import Module
from .module.executor_group import DataParallelExecutorGroup as DataParallelExecutorGroup
from .module.executors import Columns
from .ndarray import NDArray

__all__ = ["DataParallelExecutorGroup", "DataParallelExecutorManager"]


def _split_input_slice(batch_size: int, work_load_list: Sequence[float]) -> list[slice]:
    """The part of a batch that each device gets, by their shares of the work."""
    total = sum(work_load_list)
    ends = np.cumsum([round(batch_size * work / total) for work in work_load_list]).tolist()
    ends[-1] = batch_size
    parts = [slice(min(a, batch_size), b) for a, b in zip([0, *ends], ends, strict=False)]
    if any(p.start >= p.stop for p in parts):
        raise ValueError(
            f"a batch of {batch_size} cannot be split by {list(work_load_list)}: a part is empty"
        )
    return parts


def _check_arguments(symbol: Any) -> None:
    """Refuse a symbol with two arguments of one name."""
    names = [*symbol.list_arguments(), *symbol.list_auxiliary_states()]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(
            f"the symbol has several variables called {', '.join(twice)}; make each of them once "
            "and use it where it is needed"
        )


class DataParallelExecutorManager(Columns):
    """Executors of a symbol on some devices, each with its part of the batch.

    For code from before :class:`~gluonx.module.Module`, which does the same and the update.

    Parameters
    ----------
    symbol : Symbol
    ctx : list of Context
        The devices.
    train_data : DataIter
        Tells names and shapes of data and labels.
    arg_names, param_names, aux_names : list of str
        The arguments, those that are trained, and the auxiliary states.
    work_load_list : list of float, optional
        Accepted for compatibility; a batch is split evenly.
    logger : logging.Logger, optional
    sym_gen : callable, optional
        Makes the symbol for a bucket's key, for batches that have one.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> y = gx.sym.FullyConnected(gx.sym.var('data'), num_hidden=2, name='fc')
    >>> y = gx.sym.SoftmaxOutput(y, name='softmax')
    >>> batches = gx.io.NDArrayIter(np.eye(4), np.array([0, 1, 0, 1]), batch_size=4)
    >>> manager = gx.executor_manager.DataParallelExecutorManager(
    ...     y, [gx.cpu()], batches, y.list_arguments(), ['fc_weight', 'fc_bias'], [])
    >>> manager.set_params({'fc_weight': gx.nd.zeros((2, 4)), 'fc_bias': gx.nd.zeros(2)}, {})
    >>> updater = gx.optimizer.get_updater(gx.optimizer.SGD(learning_rate=1.0))
    >>> for step in range(5):
    ...     manager.load_data_batch(next(iter(batches))); batches.reset()
    ...     manager.forward(is_train=True); manager.backward()
    ...     for i, (w, g) in enumerate(zip(manager.param_arrays, manager.grad_arrays)):
    ...         updater(i, g[0], w[0])
    >>> metric = gx.metric.Accuracy()
    >>> manager.update_metric(metric, [gx.nd.array([0, 1, 0, 1])]); metric.get()
    ('accuracy', 1.0)
    """

    def __init__(
        self, symbol: Any, ctx: Any, train_data: Any, arg_names: Sequence[str] | None = None,
        param_names: Sequence[str] | None = None, aux_names: Sequence[str] | None = None,
        work_load_list: Any = None, logger: Any = None, sym_gen: Callable | None = None,
    ):  # fmt: skip
        _check_arguments(symbol)
        self.symbol = symbol
        self.sym_gen = sym_gen
        self.ctx = list(ctx) if isinstance(ctx, (list, tuple)) else [ctx]
        self.slices = _split_input_slice(train_data.batch_size, [1] * len(self.ctx))
        self._logger = logger or logging
        self._data = [d[0] for d in train_data.provide_data]
        self._labels = [d[0] for d in train_data.provide_label or ()]
        inputs = {*self._data, *self._labels}
        arguments = symbol.list_arguments() if arg_names is None else list(arg_names)
        self.arg_names = arguments
        self.param_names = [
            n for n in arguments if (n in param_names if param_names else n not in inputs)
        ]
        self.aux_names = symbol.list_auxiliary_states() if aux_names is None else list(aux_names)
        key = getattr(train_data, "default_bucket_key", None)
        self._first = self._module(symbol)
        self._first.bind(train_data.provide_data, self._used(train_data.provide_label))
        self._first.params_initialized = True
        self._modules = {key: self._first}
        self._current = self._first

    @property
    def execs(self) -> list[Any]:
        """The executors of the present batch."""
        return self._current._exec_group.execs

    def _module(self, symbol: Any) -> Module:
        arguments = symbol.list_arguments()
        inputs = {*self._data, *self._labels}
        fixed = [n for n in arguments if n not in inputs and n not in self.param_names]
        labels = [n for n in self._labels if n in arguments]
        return Module(symbol, self._data, labels, self._logger, self.ctx, None, fixed)

    def _used(self, labels: Any) -> list[DataDesc] | None:
        names = self.symbol.list_arguments()
        return [d for d in labels or () if d[0] in names] or None

    def install_monitor(self, monitor: Any) -> None:
        """Let a :class:`~gluonx.monitor.Monitor` watch."""
        self._current.install_monitor(monitor)

    def set_params(
        self, arg_params: Mapping[str, NDArray], aux_params: Mapping[str, NDArray]
    ) -> None:
        """Set parameters and auxiliary states on all devices; others keep their values."""
        self._first.set_params(arg_params, aux_params, allow_missing=True, allow_extra=True)

    def copy_to(self, arg_params: dict[str, NDArray], aux_params: dict[str, NDArray]) -> None:
        """Write parameters and auxiliary states to the arrays of two dictionaries."""
        for target, found in zip((arg_params, aux_params), self._first.get_params(), strict=True):
            for name, value in found.items():
                if name in target:
                    value.astype(target[name].dtype).copyto(target[name])
                else:
                    target[name] = value

    def load_data_batch(self, data_batch: DataBatch) -> None:
        """Give the executors a batch; one of another bucket gets executors of its own."""
        key = getattr(data_batch, "bucket_key", None)
        if self.sym_gen is not None and key is not None:
            if key not in self._modules:
                made = self.sym_gen(key)
                made = self._module(made[0] if isinstance(made, tuple) else made)
                made.bind(
                    data_batch.provide_data, self._used(data_batch.provide_label),
                    shared_module=self._first,
                )  # fmt: skip
                self._modules[key] = made
            self._current = self._modules[key]
        group = self._current._exec_group
        group.load(self._data, data_batch.data)
        if data_batch.label:
            group.load(self._labels, data_batch.label)

    def forward(self, is_train: bool = False) -> None:
        """Compute the outputs of the batch."""
        self._current._exec_group.forward(is_train)

    def backward(self) -> None:
        """Compute the gradients; the symbol's outputs are losses."""
        self._current._exec_group.backward()

    def update_metric(self, metric: Any, labels: Any, pre_sliced: bool = False) -> None:
        """Take the outputs into account; see :meth:`gluonx.module.Module.update_metric`."""
        self._current.update_metric(metric, labels, pre_sliced)
