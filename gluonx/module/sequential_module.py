"""SequentialModule: modules one after the other."""

from __future__ import annotations

import logging
from typing import Any

from ..io import DataBatch, DataDesc
from ..ndarray import NDArray
from .base_module import UNIFORM, BaseModule, descriptions

__all__ = ["SequentialModule"]


class SequentialModule(BaseModule):
    """Modules of which each gets the outputs of the one before.

    Examples
    --------
    >>> import gluonx as gx
    >>> sym = gx.sym
    >>> first = sym.FullyConnected(sym.var('data'), num_hidden=4, name='fc1')
    >>> last = sym.SoftmaxOutput(sym.FullyConnected(sym.var('data'), num_hidden=2), name='softmax')
    >>> mod = gx.mod.SequentialModule()
    >>> mod = mod.add(gx.mod.Module(first, label_names=None))
    >>> mod = mod.add(gx.mod.Module(last), take_labels=True, auto_wiring=True)
    >>> mod.bind([('data', (3, 5))], [('softmax_label', (3,))])
    >>> mod.output_shapes
    [('softmax_output', (3, 2))]
    """

    META_TAKE_LABELS = "take_labels"
    META_AUTO_WIRING = "auto_wiring"

    def __init__(self, logger: Any = logging):
        super().__init__(logger)
        self._modules: list[Any] = []
        self._metas: list[dict[str, Any]] = []
        self._label_shapes: list[DataDesc] | None = None

    def add(self, module: BaseModule, **kwargs: Any) -> SequentialModule:
        """Append a module.

        Parameters
        ----------
        module : BaseModule
        take_labels : bool
            Whether it gets the labels.
        auto_wiring : bool
            Whether its data gets the previous outputs in order, whatever they are called.

        Returns
        -------
        SequentialModule
            This one.
        """
        unknown = set(kwargs) - {self.META_TAKE_LABELS, self.META_AUTO_WIRING}
        if unknown:
            raise ValueError(
                f"add() takes take_labels and auto_wiring, not {', '.join(sorted(unknown))}"
            )
        self._modules.append(module)
        self._metas.append(kwargs)
        self.binded = self.params_initialized = self.optimizer_initialized = False
        return self

    @property
    def data_names(self) -> list[str]:
        """Names of the first module's data."""
        return self._modules[0].data_names if self._modules else []

    @property
    def output_names(self) -> list[str]:
        """Names of the last module's outputs."""
        return self._modules[-1].output_names if self._modules else []

    @property
    def data_shapes(self) -> list[DataDesc]:
        """Names and shapes of the data."""
        self._check("data_shapes", params=False)
        return self._modules[0].data_shapes

    @property
    def label_shapes(self) -> list[DataDesc] | None:
        """Names and shapes of the labels; None if no module takes them."""
        self._check("label_shapes", params=False)
        return self._label_shapes

    @property
    def output_shapes(self) -> list[tuple]:
        """Pairs of the outputs' names and shapes."""
        self._check("output_shapes", params=False)
        return self._modules[-1].output_shapes

    def bind(
        self, data_shapes: Any, label_shapes: Any = None, for_training: bool = True,
        inputs_need_grad: bool = False, force_rebind: bool = False, shared_module: Any = None,
        grad_req: Any = "write",
    ) -> None:  # fmt: skip
        """Bind the modules, each for the outputs of the one before."""
        if self.binded and not force_rebind:
            self.logger.warning("bind(): already bound; give force_rebind=True to bind again")
            return
        if shared_module is not None:
            raise ValueError("a SequentialModule cannot share the parameters of another module")
        if not self._modules:
            raise ValueError("bind(): add() modules first")
        self.for_training, self.inputs_need_grad = for_training, inputs_need_grad
        shapes, labels = descriptions(data_shapes), descriptions(label_shapes) or None
        taken = False
        for k, (module, meta) in enumerate(zip(self._modules, self._metas, strict=True)):
            takes = bool(meta.get(self.META_TAKE_LABELS))
            taken = taken or takes
            if meta.get(self.META_AUTO_WIRING):
                names = module.data_names
                if len(names) != len(shapes):
                    raise ValueError(
                        f"module {k} has {len(names)} data, {', '.join(names)}, but gets "
                        f"{len(shapes)} arrays"
                    )
                shapes = [DataDesc(n, d[1]) for n, d in zip(names, shapes, strict=True)]
            module.bind(
                shapes, labels if takes else None, for_training,
                inputs_need_grad or (for_training and k > 0), force_rebind, None, grad_req,
            )  # fmt: skip
            shapes = module.output_shapes
        self._label_shapes = labels if taken else None
        self.binded = True

    def init_params(
        self, initializer: Any = UNIFORM, arg_params: Any = None, aux_params: Any = None,
        allow_missing: bool = False, force_init: bool = False, allow_extra: bool = False,
    ) -> None:  # fmt: skip
        """Initialize the modules; see :meth:`Module.init_params`.

        Raises
        ------
        ValueError
            If two modules have parameters of one name.
        """
        if self.params_initialized and not force_init:
            return
        self._check("init_params", params=False)
        owners: dict[str, int] = {}
        for k, module in enumerate(self._modules):
            module.init_params(
                initializer, arg_params, aux_params, allow_missing, force_init, allow_extra
            )
            for names in module.get_params():
                for name in names:
                    if owners.setdefault(name, k) != k:
                        raise ValueError(
                            f"modules {owners[name]} and {k} both have a parameter {name}; give "
                            "their layers different names"
                        )
        self.params_initialized = True

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Copies of the parameters and of the auxiliary states, on the CPU."""
        self._check("get_params")
        args, aux = {}, {}
        for module in self._modules:
            more = module.get_params()
            args.update(more[0])
            aux.update(more[1])
        return args, aux

    def init_optimizer(
        self, kvstore: Any = "local", optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),), force_init: bool = False,
    ) -> None:  # fmt: skip
        """Make an optimizer for each module; see :meth:`Module.init_optimizer`."""
        self._check("init_optimizer")
        for module in self._modules:
            module.init_optimizer(kvstore, optimizer, optimizer_params, force_init)
        self.optimizer_initialized = True

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Compute the outputs, module by module."""
        self._check("forward")
        data, provided = data_batch.data, data_batch.provide_data
        for module, meta in zip(self._modules, self._metas, strict=True):
            takes = meta.get(self.META_TAKE_LABELS)
            module.forward(
                DataBatch(
                    data, data_batch.label if takes else None, data_batch.pad, data_batch.index,
                    provide_data=provided,
                    provide_label=data_batch.provide_label if takes else None,
                ),
                is_train=is_train,
            )  # fmt: skip
            data, provided = module.get_outputs(), None

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradients, from the last module to the first."""
        self._check("backward")
        for k in reversed(range(len(self._modules))):
            self._modules[k].backward(out_grads)
            if k:
                out_grads = self._modules[k].get_input_grads()

    def update(self) -> None:
        """Update all modules."""
        self._check("update", optimizer=True)
        for module in self._modules:
            module.update()

    def get_outputs(self, merge_multi_context: bool = True) -> list:
        """The outputs of the last module."""
        self._check("get_outputs")
        return self._modules[-1].get_outputs(merge_multi_context)

    def get_input_grads(self, merge_multi_context: bool = True) -> list:
        """The gradients of the data."""
        self._check("get_input_grads")
        return self._modules[0].get_input_grads(merge_multi_context)

    def update_metric(self, eval_metric: Any, labels: Any, pre_sliced: bool = False) -> None:
        """Take the outputs of the modules with labels into account."""
        self._check("update_metric")
        for module, meta in zip(self._modules, self._metas, strict=True):
            if meta.get(self.META_TAKE_LABELS):
                module.update_metric(eval_metric, labels, pre_sliced)

    def install_monitor(self, mon: Any) -> None:
        """Let a :class:`~gluonx.monitor.Monitor` watch."""
        self._check("install_monitor", params=False)
        for module in self._modules:
            module.install_monitor(mon)
