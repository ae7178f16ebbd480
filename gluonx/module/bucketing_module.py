"""BucketingModule: one set of parameters, symbols for inputs of several sizes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import model
from .. import ndarray as nd
from .. import symbol as sym
from ..io import DataBatch, DataDesc
from ..ndarray import NDArray
from .base_module import UNIFORM, BaseModule
from .module import Module

__all__ = ["BucketingModule"]


class BucketingModule(BaseModule):
    """A module for inputs of several sizes, sequences of several lengths for example.

    Each size, a bucket, has a symbol of its own; all use the same parameters and optimizer. A batch
    says by its ``bucket_key`` to which it belongs.

    Parameters
    ----------
    sym_gen : callable
        Of a bucket's key: gives ``symbol, data_names, label_names``.
    default_bucket_key : object
        The bucket that has all parameters; usually the largest.
    logger, context, work_load_list, fixed_param_names, state_names, group2ctxs, compression_params
        As for :class:`Module`.

    Examples
    --------
    >>> import gluonx as gx
    >>> def sym_gen(length):
    ...     x = gx.sym.mean(gx.sym.var('data'), axis=1)
    ...     y = gx.sym.FullyConnected(x, num_hidden=2, name='fc')
    ...     return gx.sym.SoftmaxOutput(y, name='softmax'), ('data',), ('softmax_label',)
    >>> mod = gx.mod.BucketingModule(sym_gen, default_bucket_key=8)
    >>> mod.bind([('data', (2, 8, 3))], [('softmax_label', (2,))])
    >>> mod.init_params()
    >>> batch = gx.io.DataBatch(
    ...     [gx.nd.ones((2, 5, 3))], [gx.nd.zeros((2,))], bucket_key=5,
    ...     provide_data=[('data', (2, 5, 3))], provide_label=[('softmax_label', (2,))])
    >>> mod.forward(batch)
    >>> mod.get_outputs()[0].shape
    (2, 2)
    """

    def __init__(
        self, sym_gen: Callable, default_bucket_key: Any = None, logger: Any = logging,
        context: Any = None, work_load_list: Any = None, fixed_param_names: Any = None,
        state_names: Any = None, group2ctxs: Any = None, compression_params: Any = None,
    ):  # fmt: skip
        super().__init__(logger)
        if default_bucket_key is None:
            raise ValueError("BucketingModule needs default_bucket_key, the largest bucket's key")
        self._sym_gen = sym_gen
        self._default_bucket_key = default_bucket_key
        self._arguments: dict[str, Any] = {
            "logger": logger, "context": context, "work_load_list": work_load_list,
            "fixed_param_names": fixed_param_names, "state_names": state_names,
        }  # fmt: skip
        self._buckets: dict[Any, Module] = {}
        self._curr_module: Module = None  # type: ignore[assignment]
        self._curr_bucket_key: Any = None
        self._monitor: Any = None
        self._grad_req: Any = "write"
        self._loaded: tuple[dict, dict] | None = None
        self._generated: dict[Any, Any] = {}
        self._names(default_bucket_key)

    def _names(self, key: Any) -> tuple[Any, Any, Any]:
        if key not in self._generated:
            found = self._sym_gen(key)
            if not (isinstance(found, tuple) and len(found) == 3):
                raise ValueError(
                    "sym_gen(key) must return symbol, data_names, label_names; got "
                    f"{type(found).__name__}"
                )
            self._generated[key] = found
        return self._generated[key]

    def _module(self, key: Any) -> Module:
        symbol, data_names, label_names = self._names(key)
        return Module(symbol, data_names, label_names, **self._arguments)

    @property
    def data_names(self) -> list[str]:
        """Names of the data of the present bucket."""
        if self.binded:
            return self._curr_module.data_names
        return list(self._names(self._default_bucket_key)[1])

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        if self.binded:
            return self._curr_module.output_names
        return self._names(self._default_bucket_key)[0].list_outputs()

    @property
    def data_shapes(self) -> list[DataDesc]:
        """Names and shapes of the data of the present bucket."""
        self._check("data_shapes", params=False)
        return self._curr_module.data_shapes

    @property
    def label_shapes(self) -> list[DataDesc] | None:
        """Names and shapes of the labels of the present bucket."""
        self._check("label_shapes", params=False)
        return self._curr_module.label_shapes

    @property
    def output_shapes(self) -> list[tuple]:
        """Pairs of the outputs' names and shapes."""
        self._check("output_shapes", params=False)
        return self._curr_module.output_shapes

    @property
    def symbol(self) -> Any:
        """The symbol of the present bucket."""
        self._check("symbol", params=False)
        return self._curr_module.symbol

    @property
    def _default(self) -> Module:
        return self._buckets[self._default_bucket_key]

    def bind(
        self, data_shapes: Any, label_shapes: Any = None, for_training: bool = True,
        inputs_need_grad: bool = False, force_rebind: bool = False, shared_module: Any = None,
        grad_req: Any = "write",
    ) -> None:  # fmt: skip
        """Bind the default bucket; the others are bound when their first batch comes."""
        if shared_module is not None:
            raise ValueError("a BucketingModule cannot share the parameters of another module")
        if self.binded and not force_rebind:
            self.logger.warning("bind(): already bound; give force_rebind=True to bind again")
            return
        kept = self.get_params() if self.params_initialized and self.binded else None
        self.for_training, self.inputs_need_grad = for_training, inputs_need_grad
        self._grad_req = grad_req
        module = self._module(self._default_bucket_key)
        module._loaded, self._loaded = self._loaded or kept, None
        module.params_initialized = module._loaded is not None
        module.bind(data_shapes, label_shapes, for_training, inputs_need_grad, grad_req=grad_req)
        self._buckets = {self._default_bucket_key: module}
        self._curr_module, self._curr_bucket_key = module, self._default_bucket_key
        self.binded = True
        if self._monitor is not None:
            module.install_monitor(self._monitor)

    def switch_bucket(self, bucket_key: Any, data_shapes: Any, label_shapes: Any = None) -> None:
        """Go to a bucket; it is bound if that was not done before.

        Parameters
        ----------
        bucket_key : object
        data_shapes, label_shapes : list of DataDesc or (str, tuple)
        """
        self._check("switch_bucket", params=False)
        module = self._buckets.get(bucket_key)
        if module is None:
            module = self._module(bucket_key)
            module.bind(
                data_shapes, label_shapes, self.for_training, self.inputs_need_grad,
                shared_module=self._default, grad_req=self._grad_req,
            )  # fmt: skip
            if self._monitor is not None:
                module.install_monitor(self._monitor)
            self._buckets[bucket_key] = module
        if self.optimizer_initialized and not module.optimizer_initialized:
            module.borrow_optimizer(self._default)
        if module is not self._curr_module:
            module._take_states(self._curr_module)
        self._curr_module, self._curr_bucket_key = module, bucket_key

    # -- parameters and optimizer -----------------------------------------------------------------

    def init_params(
        self, initializer: Any = UNIFORM, arg_params: Any = None, aux_params: Any = None,
        allow_missing: bool = False, force_init: bool = False, allow_extra: bool = False,
    ) -> None:  # fmt: skip
        """Give the parameters their first values; see :meth:`Module.init_params`."""
        self._check("init_params", params=False)
        self._default.init_params(
            initializer, arg_params, aux_params, allow_missing, force_init, allow_extra
        )
        self.params_initialized = True

    def set_params(
        self, arg_params: Any, aux_params: Any, allow_missing: bool = False,
        force_init: bool = True, allow_extra: bool = False,
    ) -> None:  # fmt: skip
        """Set parameters and auxiliary states; see :meth:`Module.set_params`."""
        self._check("set_params", params=False)
        self._default.set_params(arg_params, aux_params, allow_missing, force_init, allow_extra)
        self.params_initialized = True

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Copies of the parameters and of the auxiliary states, on the CPU."""
        self._check("get_params")
        return self._default.get_params()

    def init_optimizer(
        self, kvstore: Any = "local", optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),), force_init: bool = False,
    ) -> None:  # fmt: skip
        """Make the optimizer of all buckets; see :meth:`Module.init_optimizer`."""
        self._check("init_optimizer")
        if self.optimizer_initialized and not force_init:
            self.logger.warning("init_optimizer(): there is an optimizer; see force_init")
            return
        self._default.init_optimizer(kvstore, optimizer, optimizer_params, force_init)
        for module in self._buckets.values():
            module.borrow_optimizer(self._default)
        self.optimizer_initialized = True

    # -- steps ------------------------------------------------------------------------------------

    def prepare(self, data_batch: DataBatch, sparse_row_id_fn: Any = None) -> None:
        """Bind the bucket of a batch that will come."""
        self._check("prepare")
        now = self._curr_bucket_key, self._curr_module
        self._switch(data_batch)
        self._curr_bucket_key, self._curr_module = now

    def _switch(self, batch: DataBatch) -> None:
        if batch.bucket_key is None:
            raise ValueError("the batches of a BucketingModule must have a bucket_key")
        self.switch_bucket(batch.bucket_key, batch.provide_data, batch.provide_label)

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Compute the outputs, in the bucket of the batch."""
        self._check("forward")
        self._switch(data_batch)
        self._curr_module.forward(data_batch, is_train)

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradients."""
        self._check("backward")
        self._curr_module.backward(out_grads)

    def update(self) -> None:
        """Update the parameters that the present bucket has."""
        self._check("update", optimizer=True)
        self._curr_module.update()

    def get_outputs(self, merge_multi_context: bool = True) -> list:
        """The outputs of the last :meth:`forward`."""
        self._check("get_outputs")
        return self._curr_module.get_outputs(merge_multi_context)

    def get_input_grads(self, merge_multi_context: bool = True) -> list:
        """The gradients of the data."""
        self._check("get_input_grads")
        return self._curr_module.get_input_grads(merge_multi_context)

    def get_states(self, merge_multi_context: bool = True) -> list:
        """The contents of the states of the present bucket."""
        self._check("get_states")
        return self._curr_module.get_states(merge_multi_context)

    def set_states(self, states: Any = None, value: Any = None) -> None:
        """Set the states of the present bucket."""
        self._check("set_states")
        self._curr_module.set_states(states, value)

    def update_metric(self, eval_metric: Any, labels: Any, pre_sliced: bool = False) -> None:
        """Take the outputs of the last batch into account."""
        self._check("update_metric")
        self._curr_module.update_metric(eval_metric, labels, pre_sliced)

    def install_monitor(self, mon: Any) -> None:
        """Let a :class:`~gluonx.monitor.Monitor` watch, in all buckets."""
        self._check("install_monitor", params=False)
        self._monitor = mon
        for module in self._buckets.values():
            module.install_monitor(mon)

    # -- files ------------------------------------------------------------------------------------

    def save_checkpoint(self, prefix: str, epoch: int, remove_amp_cast: bool = False) -> None:
        """Save the parameters, the symbol of each bucket to ``prefix-KEY-symbol.json``, and keys
        that are numbers to ``prefix.buckets``, which MXNet wants to see."""
        self._check("save_checkpoint")
        for key, module in self._buckets.items():
            module.symbol.save(f"{prefix}-{key}-symbol.json")
        keys = np.array(list(self._buckets))
        if keys.ndim == 1 and keys.dtype.kind in "iu":
            nd.save(f"{prefix}.buckets", [nd.array(keys, dtype="int32")])
        self.save_params(f"{prefix}-{epoch:04d}.params")

    @staticmethod
    def load(
        prefix: str, epoch: int, sym_gen: Any = None, default_bucket_key: Any = None, **kwargs: Any
    ) -> BucketingModule:
        """A module with the parameters that :meth:`save_checkpoint` wrote.

        Parameters
        ----------
        prefix : str
        epoch : int
        sym_gen, default_bucket_key, **kwargs
            For :class:`BucketingModule`.
        """
        if sym_gen is None:
            raise ValueError("BucketingModule.load() needs sym_gen, which makes the symbols")
        mod = BucketingModule(sym_gen, default_bucket_key, **kwargs)
        mod._loaded = model.load_params(prefix, epoch)
        mod.params_initialized = True
        return mod

    @staticmethod
    def load_dict(
        sym_dict: dict[Any, sym.Symbol] | None = None, sym_gen: Any = None,
        default_bucket_key: Any = None, arg_params: Any = None, aux_params: Any = None,
        **kwargs: Any,
    ) -> BucketingModule:  # fmt: skip
        """A module with given parameters; see :meth:`load`."""
        if sym_gen is None:
            raise ValueError("BucketingModule.load_dict() needs sym_gen, which makes the symbols")
        mod = BucketingModule(sym_gen, default_bucket_key, **kwargs)
        mod._loaded = dict(arg_params or {}), dict(aux_params or {})
        mod.params_initialized = True
        return mod
