"""Parameters and optimizer of a Module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import initializer as init
from .. import kvstore as kv
from .. import ndarray as nd
from .. import optimizer as opt
from ..context import Context, cpu
from ..error import MXNetError
from ..initializer import InitDesc
from ..initializer._base import fill
from ..io import DataDesc
from ..ndarray import NDArray
from ..parameter import Parameter
from ..trainer import Trainer
from .base_module import UNIFORM, BaseModule

__all__ = ["Trained"]


class Trained(BaseModule):
    """A symbol's parameters on some devices, and what trains them; see :class:`Module`."""

    def __init__(self, logger: Any):
        super().__init__(logger)
        self._context: list[Context] = []
        self._places: list[dict[str, Context]] = []
        self._param_names: list[str] = []
        self._aux_names: list[str] = []
        self._data_shapes: list[DataDesc] = []
        self._requests: dict[str, str] = {}
        #: Arguments and auxiliary states, shared by the modules of a BucketingModule.
        self._parameters: dict[str, Parameter] = {}
        self._loaded: tuple[dict, dict] | None = None
        self._states_file: Any = None
        self._trainer: Trainer | None = None

    def _parameter(self, name: str, shape: Any, dtype: Any) -> None:
        req = "null" if name in self._aux_names else self._requests[name]
        p = self._parameters.get(name)
        if p is not None:
            p.shape = shape  # raises if it differs
            if self.for_training:
                p.grad_req = req
            return
        if self.params_initialized and self._loaded is None:
            raise MXNetError(
                f"the symbol has a parameter {name} that the module it shares parameters with has "
                "not; the default bucket must have them all"
            )
        p = Parameter(name, req if self.for_training else "null", shape, dtype)
        contexts = [at.get(name, ctx) for at, ctx in zip(self._places, self._context, strict=True)]
        if len(set(contexts)) < len(contexts):
            raise ValueError(
                f"group2ctxs puts {name} on {contexts[0]} more than once; each of several contexts "
                "needs devices of its own"
            )
        p.initialize("zeros", contexts)
        self._parameters[name] = p

    # -- parameters -------------------------------------------------------------------------------

    def init_params(
        self, initializer: Any = UNIFORM, arg_params: Any = None, aux_params: Any = None,
        allow_missing: bool = False, force_init: bool = False, allow_extra: bool = False,
    ) -> None:  # fmt: skip
        """Give the parameters their first values.

        Parameters
        ----------
        initializer : Initializer
            For what is not given.
        arg_params, aux_params : dict of str to NDArray or numpy.ndarray, optional
            Values of parameters and auxiliary states. If given they must have all, unless
            ``allow_missing``.
        allow_missing : bool
            Whether to leave the rest to ``initializer``.
        force_init : bool
            Begin anew if they were initialized before.
        allow_extra : bool
            Accepted; names that the symbol does not have are passed over.

        Raises
        ------
        RuntimeError
            If a value is missing.
        ValueError
            If one has the wrong shape.
        """
        if self.params_initialized and self._loaded is None and not force_init:
            self.logger.warning(
                "init_params(): the parameters are initialized already; give force_init=True to "
                "begin anew"
            )
            return
        self._check("init_params", params=False)
        attributes = self._symbol.attr_dict()
        for names, given in ((self._param_names, arg_params), (self._aux_names, aux_params)):
            for name in sorted(names):
                if given is not None and name in given:
                    self._set(name, given[name])
                elif given is not None and not allow_missing:
                    raise RuntimeError(
                        f"{name} is missing among the given parameters; give it, or "
                        "allow_missing=True to have it initialized"
                    )
                elif initializer is not None:
                    x = self._parameters[name].list_data()[0]
                    desc = InitDesc(name, attributes.get(name))
                    made = nd.zeros(x.shape, cpu(), x.dtype)
                    init.create(initializer)(desc, made)
                    self._set(name, made)
        self.params_initialized = True

    def _set(self, name: str, value: Any) -> None:
        """Write a parameter on all devices, through the host: nothing is compiled."""
        p = self._parameters[name]
        host = value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)
        if host.shape != p.shape:
            raise ValueError(f"{name} has shape {p.shape}, but was given {host.shape}")
        for x in p.list_data():
            fill(x, host)

    def set_params(
        self, arg_params: Any, aux_params: Any, allow_missing: bool = False,
        force_init: bool = True, allow_extra: bool = False,
    ) -> None:  # fmt: skip
        """Set parameters and auxiliary states; see :meth:`init_params`.

        Parameters
        ----------
        allow_missing : bool
            Whether those that are not given keep their values.
        allow_extra : bool
            With ``allow_missing``: whether names that the symbol does not have are passed over.
        """
        if allow_missing and not allow_extra:
            given = {**(arg_params or {}), **(aux_params or {})}
            extra = [n for n in given if n not in self._parameters]
            if extra:
                raise ValueError(f"set_params(): there is no parameter {', '.join(extra)}")
        self.init_params(None, arg_params, aux_params, allow_missing, force_init, allow_extra)

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Copies of the parameters and of the auxiliary states, on the CPU."""
        if self._loaded is not None and not self.binded:
            return dict(self._loaded[0]), dict(self._loaded[1])
        self._check("get_params")
        return (
            {n: self._copy(n) for n in self._param_names},
            {n: self._copy(n) for n in self._aux_names},
        )

    def _copy(self, name: str) -> NDArray:
        arrays = [x.asnumpy() for x in self._parameters[name].list_data()]
        mean = arrays[0] if len(arrays) == 1 else np.mean(arrays, axis=0).astype(arrays[0].dtype)
        return nd.array(mean, cpu(), mean.dtype)

    # -- optimizer --------------------------------------------------------------------------------

    def init_optimizer(
        self, kvstore: Any = "local", optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),), force_init: bool = False,
    ) -> None:  # fmt: skip
        """Make the optimizer.

        Parameters
        ----------
        kvstore : str, KVStore or None
            As for :class:`~gluonx.gluon.Trainer`.
        optimizer : str or Optimizer
            By name, its ``rescale_grad`` is 1 / batch size unless given; the batch size of all
            workers together, if there are several.
        optimizer_params : dict or tuple of pairs
        force_init : bool
            Begin anew if there is one.
        """
        self._check("init_optimizer")
        if self.optimizer_initialized and not force_init:
            self.logger.warning("init_optimizer(): there is an optimizer; see force_init")
            return
        first = self._data_shapes[0]
        batch_size = first.shape[max(DataDesc.get_batch_axis(first.layout), 0)]
        if isinstance(kvstore, str):
            kvstore = kv.create(kvstore)
        batch_size *= 1 if kvstore is None else kvstore.num_workers
        names = dict(enumerate(self._param_names))
        if isinstance(optimizer, str):
            arguments = {"rescale_grad": 1.0 / batch_size, **dict(optimizer_params)}
            attributes = self._symbol.attr_dict()
            optimizer = opt.create(optimizer, sym=self._symbol, param_idx2name=names, **arguments)
            optimizer.set_lr_mult(_factors(attributes, "__lr_mult__"))
            optimizer.set_wd_mult(_factors(attributes, "__wd_mult__"))
        elif optimizer.rescale_grad != 1.0 / batch_size:
            self.logger.warning(
                "init_optimizer(): the optimizer's rescale_grad is %s, not 1 / %s, the batch size",
                optimizer.rescale_grad, batch_size,
            )  # fmt: skip
        if not optimizer.idx2name:
            optimizer.idx2name = names
        parameters = [self._parameters[n] for n in self._param_names]
        self._trainer = Trainer(parameters, optimizer, kvstore=kvstore)
        optimizer.param_dict = {}  # factors are those of the optimizer, by name
        self.optimizer_initialized = True
        if self._states_file is not None:
            fname, self._states_file = self._states_file, None
            self.load_optimizer_states(fname)

    def borrow_optimizer(self, shared_module: Trained) -> None:
        """Use the optimizer of a module whose parameters this one shares."""
        if not shared_module.optimizer_initialized:
            raise MXNetError("borrow_optimizer(): that module has no optimizer")
        self._trainer = shared_module._trainer
        self.optimizer_initialized = True

    def save_optimizer_states(self, fname: Any) -> None:
        """Save the optimizer's states; see :meth:`gluonx.gluon.Trainer.save_states`."""
        self._check("save_optimizer_states", optimizer=True)
        self._trainer.save_states(fname)  # type: ignore[union-attr]

    def load_optimizer_states(self, fname: Any) -> None:
        """Load what :meth:`save_optimizer_states` wrote."""
        self._check("load_optimizer_states", optimizer=True)
        self._trainer.load_states(fname)  # type: ignore[union-attr]


def _factors(attributes: Mapping[str, Mapping[str, str]], key: str) -> dict[str, float]:
    """What variables of a symbol say about learning rate or weight decay."""
    return {name: float(attrs[key]) for name, attrs in attributes.items() if key in attrs}
