"""SVRGModule: a Module whose gradients vary less from batch to batch."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from ... import ndarray as nd
from ...io import DataBatch, DataIter
from ...module import Module

__all__ = ["SVRGModule"]


class SVRGModule(Module):
    r"""A :class:`~gluonx.module.Module` trained with stochastic variance-reduced gradients.

    Each ``update_freq`` epochs the weights :math:`\tilde w` are noted, and the mean
    :math:`\tilde\mu` of the gradients of all batches there. The optimizer then gets

    .. math:: g = \nabla f_b(w) - \nabla f_b(\tilde w) + \tilde\mu

    Johnson and Zhang, "Accelerating stochastic gradient descent using predictive variance
    reduction", 2013.

    Parameters
    ----------
    symbol, data_names, label_names, logger, context, work_load_list, fixed_param_names
        See :class:`~gluonx.module.Module`, as for ``state_names``, ``group2ctxs`` and
        ``compression_params``.
    update_freq : int
        Epochs from one mean of all gradients to the next.

    Raises
    ------
    TypeError, ValueError
        If ``update_freq`` is not a positive integer.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> from gluonx.contrib.svrg_optimization import SVRGModule
    >>> y = gx.sym.FullyConnected(gx.sym.var('data'), num_hidden=1, name='fc')
    >>> y = gx.sym.LinearRegressionOutput(y, name='lin')
    >>> x = np.arange(8, dtype='float32').reshape(4, 2)
    >>> batches = gx.io.NDArrayIter(x, x.sum(1), 2, label_name='lin_label')
    >>> mod = SVRGModule(y, label_names=['lin_label'], update_freq=2)
    >>> mod.fit(batches, num_epoch=60, eval_metric='mse', optimizer_params={'learning_rate': .02})
    >>> mod.score(batches, 'mse')[0][1] < 1e-2
    True
    """

    def __init__(
        self, symbol: Any, data_names: Any = ("data",), label_names: Any = ("softmax_label",),
        logger: Any = logging, context: Any = None, work_load_list: Any = None,
        fixed_param_names: Any = None, state_names: Any = None, group2ctxs: Any = None,
        compression_params: Any = None, update_freq: int | None = None,
    ):  # fmt: skip
        if not isinstance(update_freq, int) or isinstance(update_freq, bool):
            raise TypeError(
                f"SVRGModule(update_freq=...) takes a number of epochs, got {update_freq!r}"
            )
        if update_freq < 1:
            raise ValueError(f"SVRGModule: update_freq must be at least 1, got {update_freq}")
        arguments = (
            symbol, data_names, label_names, logger, context, work_load_list, fixed_param_names,
            state_names, group2ctxs, compression_params,
        )  # fmt: skip
        super().__init__(*arguments)
        self.update_freq = update_freq
        #: Has the weights of the last mean, and their gradients for the batch.
        self._before = Module(*arguments)
        #: The mean of all gradients: for each parameter one array for each device.
        self._means: Any = None

    def bind(
        self, data_shapes: Any, label_shapes: Any = None, for_training: bool = True,
        inputs_need_grad: bool = False, force_rebind: bool = False, shared_module: Any = None,
        grad_req: Any = "write",
    ) -> None:  # fmt: skip
        """Make the executors; see :meth:`Module.bind`."""
        arguments = (
            data_shapes, label_shapes, for_training, inputs_need_grad, force_rebind,
            shared_module, grad_req,
        )  # fmt: skip
        super().bind(*arguments)
        if for_training:
            self._before.bind(*arguments)

    def reshape(self, data_shapes: Any, label_shapes: Any = None) -> None:
        """Bind for other shapes; see :meth:`Module.reshape`."""
        super().reshape(data_shapes, label_shapes)
        self._before.reshape(data_shapes, label_shapes)

    def init_optimizer(
        self, kvstore: Any = "local", optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),), force_init: bool = False,
    ) -> None:  # fmt: skip
        """Make the optimizer; see :meth:`Module.init_optimizer`.

        Raises
        ------
        ValueError
            For a key-value store of several workers, each of which has other gradients.
        """
        super().init_optimizer(kvstore, optimizer, optimizer_params, force_init)
        store = self._trainer._kvstore if self._trainer is not None else None
        if getattr(store, "num_workers", 1) > 1:
            raise ValueError("SVRGModule trains on the devices of one worker; use kvstore='device'")

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Compute the outputs; see :meth:`Module.forward`."""
        super().forward(data_batch, is_train)
        if (self.for_training if is_train is None else is_train) and self._means is not None:
            self._before.forward(data_batch, True)

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradients, at the weights and at those of the last mean."""
        super().backward(out_grads)
        if self._means is not None:
            self._before.backward(out_grads)

    def update(self) -> None:
        """Update the parameters, by gradients that vary less.

        Before the first :meth:`update_full_grads` the gradients are those of the batch.
        """
        self._check("update", optimizer=True)
        if self._means is not None:
            before = self._before._exec_group.grad_arrays
            for now, old, mean in zip(
                self._exec_group.grad_arrays, before, self._means, strict=True
            ):
                for g, g_old, m in zip(now, old, mean, strict=True):
                    if g is not None:
                        g[:] = g - g_old + m
        super().update()

    def update_full_grads(self, train_data: DataIter) -> None:
        """Note the weights, and the mean of all gradients there.

        Parameters
        ----------
        train_data : DataIter
            It is reset first; padded rows of the last batch do not count.
        """
        self._check("update_full_grads")
        if not self._before.params_initialized:
            self._before.init_params(None, *self.get_params())
        else:
            self._before.set_params(*self.get_params())
        train_data.reset()
        sums: list[list[Any]] | None = None
        count, pad = 0, 0
        for batch in train_data:
            self._before.forward(batch, True)
            self._before.backward()
            found = self._before._exec_group.grad_arrays
            if sums is None:
                sums = [[None if g is None else g.copy() for g in gs] for gs in found]
            else:
                for kept, new in zip(sums, found, strict=True):
                    for s, g in zip(kept, new, strict=True):
                        if s is not None:
                            s += g
            count, pad = count + 1, batch.pad or 0
        if sums is None:
            raise ValueError("update_full_grads(): train_data has no batches")
        batches = count - pad / train_data.batch_size
        self._means = [_shared(arrays, batches) for arrays in sums]

    def fit(self, train_data: DataIter, *args: Any, **kwargs: Any) -> None:
        """Train; see :meth:`Module.fit`."""
        begin = kwargs.get("begin_epoch", args[15] if len(args) > 15 else 0)
        super().fit(_Epochs(self, train_data, begin), *args, **kwargs)  # type: ignore[arg-type]


def _shared(arrays: list[Any], count: float) -> list[Any]:
    """The sum over the devices, divided by their number and by that of the batches."""
    if arrays[0] is None:
        return arrays
    total = nd.add_n(*[a.as_in_context(arrays[0].context) for a in arrays])
    mean = total / (count * len(arrays))
    return [mean.as_in_context(a.context) for a in arrays]


class _Epochs:
    """An iterator that, when an epoch begins, has the module take the mean of all gradients."""

    def __init__(self, module: SVRGModule, batches: DataIter, epoch: int):
        self._module, self._batches, self._epoch = module, batches, epoch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batches, name)

    def __iter__(self) -> Iterator[DataBatch]:
        if self._epoch % self._module.update_freq == 0:
            self._module.update_full_grads(self._batches)
            self._batches.reset()
        self._epoch += 1
        return iter(self._batches)
