"""Module: a symbol with its parameters, executors and optimizer."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import model
from ..context import current_context
from ..error import MXNetError
from ..io import DataBatch, DataDesc
from ..ndarray import NDArray
from ..parameter import Parameter
from ..symbol import Symbol
from ..symbol.infer import Inference
from ..symbol.node import roles
from ..symbol.placement import module_contexts, places
from ._trained import Trained
from .base_module import as_list, check_names, descriptions
from .executors import ExecutorGroup, joined

__all__ = ["Module"]

_MAX_GROUPS = 32


class Module(Trained):
    """A symbol that can be trained.

    Parameters
    ----------
    symbol : Symbol
    data_names, label_names : list of str
        Which of its arguments are data and labels. All others are parameters.
    logger : logging.Logger
    context : Context or list of Context
        Where to run; a batch is split over several.
    group2ctxs : dict of str to Context or list of Context, or list of dict, optional
        Where the parts of the network run that ``AttrScope(ctx_group=...)`` names, for each of the
        contexts.
    work_load_list, compression_params
        Accepted for compatibility.
    fixed_param_names : list of str, optional
        Parameters that are not trained.
    state_names : list of str, optional
        Arguments that are states, see :meth:`set_states`.

    Raises
    ------
    ValueError
        For a name that the symbol does not have.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> y = gx.sym.FullyConnected(gx.sym.var('data'), num_hidden=2, name='fc')
    >>> y = gx.sym.SoftmaxOutput(y, name='softmax')
    >>> batches = gx.io.NDArrayIter(np.eye(4), np.array([0, 1, 0, 1]), batch_size=2)
    >>> mod = gx.mod.Module(y)
    >>> mod.fit(batches, num_epoch=20, optimizer_params={'learning_rate': 1.})
    >>> mod.score(batches, 'acc')
    [('accuracy', 1.0)]
    """

    def __init__(
        self, symbol: Symbol, data_names: Any = ("data",), label_names: Any = ("softmax_label",),
        logger: Any = logging, context: Any = None, work_load_list: Any = None,
        fixed_param_names: Any = None, state_names: Any = None, group2ctxs: Any = None,
        compression_params: Any = None,
    ):  # fmt: skip
        super().__init__(logger)
        if not isinstance(symbol, Symbol):
            raise TypeError(f"Module takes a Symbol, got {type(symbol).__name__}")
        self._symbol = symbol
        self._context = as_list(context) or [current_context()]
        self._data_names, self._label_names = as_list(data_names), as_list(label_names)
        self._fixed_param_names = as_list(fixed_param_names)
        self._state_names = as_list(state_names)
        groups = module_contexts(group2ctxs, len(self._context))
        #: Where each variable is, for each context.
        self._places = [
            {n.name: c for n, c in places(symbol._heads, ctx, group).items() if n.op is None}
            for ctx, group in zip(self._context, groups, strict=True)
        ]
        self._group_contexts = groups
        arguments = symbol.list_arguments()
        self._check_names("data", self._data_names, arguments, raising=True)
        self._check_names("label", self._label_names, arguments, raising=False)
        self._check_names("state", self._state_names, arguments, raising=True)
        self._check_names("fixed_param", self._fixed_param_names, arguments, raising=True)
        inputs = {*self._data_names, *self._label_names, *self._state_names}
        self._param_names = [n for n in arguments if n not in inputs]
        self._aux_names = symbol.list_auxiliary_states()
        self._output_names = symbol.list_outputs()
        self._groups: dict[Any, ExecutorGroup] = {}
        self._exec_group: ExecutorGroup = None  # type: ignore[assignment]
        self._label_shapes: list[DataDesc] | None = None
        self._monitor: Any = None
        #: The arrays of the parameters, and ``Parameter.moves`` then.
        self._known: tuple[int, list[NDArray]] = (-1, [])

    def _check_names(
        self, what: str, names: Sequence[str], arguments: Sequence[str], raising: bool
    ) -> None:
        unknown = [n for n in names if n not in arguments]
        if not unknown:
            return
        text = (
            f"Module(..., {what}_names={list(names)}): the symbol has no argument "
            f"{', '.join(unknown)}; it has {', '.join(arguments)}"
        )
        if raising:
            raise ValueError(text)
        if names == ["softmax_label"]:  # the default, for symbols that have no label
            self.logger.debug(text)
        else:
            warnings.warn(text, stacklevel=4)

    # -- facts ------------------------------------------------------------------------------------

    @property
    def data_names(self) -> list[str]:
        """Names of the data."""
        return self._data_names

    @property
    def label_names(self) -> list[str]:
        """Names of the labels."""
        return self._label_names

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        return self._output_names

    @property
    def data_shapes(self) -> list[DataDesc]:
        """Names and shapes of the data."""
        self._check("data_shapes", params=False)
        return self._data_shapes

    @property
    def label_shapes(self) -> list[DataDesc] | None:
        """Names and shapes of the labels; None without labels."""
        self._check("label_shapes", params=False)
        return self._label_shapes

    @property
    def output_shapes(self) -> list[tuple]:
        """Pairs of the outputs' names and shapes."""
        self._check("output_shapes", params=False)
        shapes = {d.name: d.shape for d in [*self._data_shapes, *(self._label_shapes or ())]}
        used = {k: v for k, v in shapes.items() if k in self._symbol.list_arguments()}
        found = self._symbol.infer_shape(**used)[1]
        return list(zip(self._output_names, found, strict=True))

    # -- binding ----------------------------------------------------------------------------------

    def bind(
        self, data_shapes: Any, label_shapes: Any = None, for_training: bool = True,
        inputs_need_grad: bool = False, force_rebind: bool = False, shared_module: Any = None,
        grad_req: Any = "write",
    ) -> None:  # fmt: skip
        """Make the executors.

        Parameters
        ----------
        data_shapes, label_shapes : list of DataDesc or (str, tuple)
            Names and shapes, as an iterator's ``provide_data`` and ``provide_label``.
        for_training : bool
            Whether there will be gradients.
        inputs_need_grad : bool
            Whether the data gets gradients too, see :meth:`get_input_grads`.
        force_rebind : bool
            Bind again. The parameters stay.
        shared_module : Module, optional
            Take its parameters and use them together.
        grad_req : str, list or dict
            ``'write'``, ``'add'`` or ``'null'``, for all parameters or for each.
        """
        if self.binded and not force_rebind:
            self.logger.warning("bind(): already bound; give force_rebind=True to bind again")
            return
        if inputs_need_grad and not for_training:
            raise ValueError("bind(): inputs_need_grad=True needs for_training=True")
        self.for_training, self.inputs_need_grad = for_training, inputs_need_grad
        if shared_module is not None:
            if not (shared_module.binded and shared_module.params_initialized):
                raise MXNetError("bind(): shared_module must be bound, and its parameters set")
            self._parameters = shared_module._parameters
            self.params_initialized = True
        self._requests, self._known = self._grad_reqs(grad_req), (-1, [])
        self._groups, self._exec_group = {}, None  # type: ignore[assignment]
        self._use(descriptions(data_shapes), descriptions(label_shapes))
        self.binded = True
        if self._loaded is not None:
            loaded, self._loaded = self._loaded, None
            self.init_params(None, *loaded, force_init=True)

    def _grad_reqs(self, grad_req: Any) -> dict[str, str]:
        arguments = self._symbol.list_arguments()
        if isinstance(grad_req, str):
            found = dict.fromkeys(arguments, grad_req)
        elif isinstance(grad_req, Mapping):
            found = {n: grad_req.get(n, "write") for n in arguments}
        elif len(grad_req) == len(arguments):
            found = dict(zip(arguments, grad_req, strict=True))
        else:
            raise ValueError(f"bind(): grad_req has {len(grad_req)} of {len(arguments)} entries")
        for name in [*self._label_names, *self._state_names, *self._fixed_param_names]:
            found[name] = "null"
        if not self.inputs_need_grad:
            found.update(dict.fromkeys(self._data_names, "null"))
        return found

    def _use(self, data: list[DataDesc], labels: list[DataDesc]) -> None:
        """Take the executors for these shapes, made when they are first wanted."""
        check_names([d.name for d in data], self._data_names, "data")
        if labels:
            check_names([d.name for d in labels], self._label_names, "label")
        described = [*data, *labels]
        key = tuple((d.name, d.shape, np.dtype(d.dtype).name, d.layout) for d in described)
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= _MAX_GROUPS:
                del self._groups[next(iter(self._groups))]
            group = self._groups[key] = self._make(described)
            if self._monitor is not None:
                for e in group.execs:
                    self._monitor.install(e)
        if self._exec_group is not None and group is not self._exec_group:
            group.take_states(self._state_names, self._exec_group)
        self._exec_group = group
        order = {n: i for i, n in enumerate(self._data_names)}
        self._data_shapes = sorted(data, key=lambda d: order[d.name])
        places = {n: i for i, n in enumerate(self._label_names)}
        self._label_shapes = sorted(labels, key=lambda d: places[d.name]) or None

    def _make(self, described: list[DataDesc]) -> ExecutorGroup:
        found = roles(self._symbol._heads)
        known = {d.name: d for d in described}
        inference = Inference(
            self._symbol._heads,
            {v: known[v.name].shape for v in found.inputs if v.name in known},
            {v: np.dtype(known[v.name].dtype) for v in found.inputs if v.name in known},
        )
        inference.infer_shapes()
        unknown = [v.name for v in found.inputs if not inference.known(v)]
        if unknown:
            raise MXNetError(
                f"bind() cannot decide the shapes of {', '.join(unknown)} from those of "
                f"{', '.join(known)}"
            )
        shapes = {v.name: (inference.shapes[v, 0], inference.dtypes[v, 0]) for v in found.inputs}
        for name in [*self._param_names, *self._aux_names]:
            self._parameter(name, *shapes[name])
        inputs = {
            n: s for n, s in shapes.items() if n not in {*self._param_names, *self._aux_names}
        }
        return ExecutorGroup(
            self._symbol, self._context, self._parameters, described, inputs, self._requests,
            self.for_training, self._places, self._group_contexts,
            [*self._data_names, *self._label_names],
        )  # fmt: skip

    def reshape(self, data_shapes: Any, label_shapes: Any = None) -> None:
        """Bind for other shapes; a batch of another shape does that by itself.

        Parameters
        ----------
        data_shapes, label_shapes : list of DataDesc or (str, tuple)
        """
        self._check("reshape", params=False)
        self._use(descriptions(data_shapes), descriptions(label_shapes))

    # -- steps ------------------------------------------------------------------------------------

    def forward(self, data_batch: Any, is_train: bool | None = None) -> None:
        """Compute the outputs.

        Parameters
        ----------
        data_batch : DataBatch or list of DataBatch
            Of other shapes than those that were bound, it binds for its own. A list has a part
            for each of several contexts.
        is_train : bool, optional
            Train mode; by default, what :meth:`bind` was given as ``for_training``.
        """
        if isinstance(data_batch, list):
            data_batch = joined(data_batch, self._data_shapes, self._label_shapes or ())
        step = self._exec_group.step if self.binded else None
        if step is not None and is_train in (None, True):
            if step.forward([*data_batch.data, *(data_batch.label or ())]):
                return
        self._check("forward")
        is_train = self.for_training if is_train is None else bool(is_train)
        labels = as_list(data_batch.label)
        if len(data_batch.data) != len(self._data_names):
            raise ValueError(
                f"the batch has {len(data_batch.data)} arrays of data, the module "
                f"{len(self._data_names)}: {', '.join(self._data_names)}"
            )
        if any(
            tuple(x.shape) != d.shape
            for x, d in zip(data_batch.data, self._data_shapes, strict=True)
        ):
            self._follow(data_batch, labels)
        self._exec_group.load(self._data_names, data_batch.data)
        if labels and self._label_shapes:
            self._exec_group.load(self._label_names, labels)
        self._exec_group.forward(is_train)

    def _follow(self, batch: DataBatch, labels: list) -> None:
        """Bind for the shapes of a batch."""
        data = [
            DataDesc(d.name, x.shape, d.dtype, d.layout)
            for d, x in zip(self._data_shapes, batch.data, strict=True)
        ]
        known = self._label_shapes or []
        if labels:
            known = [
                DataDesc(d.name, x.shape, d.dtype, d.layout)
                for d, x in zip(known, labels, strict=False)
            ]
        else:  # nobody looks at the labels; they have the shapes that follow from the data
            known = []
        self._use(batch.provide_data or data, batch.provide_label or known)

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradients.

        Parameters
        ----------
        out_grads : NDArray or list of NDArray, optional
            With respect to each output; losses need none.
        """
        self._check("backward")
        if not self.for_training:
            raise MXNetError("backward() needs bind(..., for_training=True)")
        self._exec_group.backward(out_grads)

    def update(self) -> None:
        """Update the parameters: with forward and backward, which wait for it, one executable."""
        self._check("update", optimizer=True)
        trainer: Any = self._trainer
        step = self._exec_group.step
        if trainer.optimizer is not None:
            trainer._scale = trainer.optimizer.rescale_grad
        if step is not None and step.update(trainer):
            return
        if self._known[0] != Parameter.moves:
            arrays = [x for n in self._param_names for x in self._parameters[n].list_data()]
            self._known = Parameter.moves, arrays
        for x in self._known[1]:
            if x._entry is not None:
                x._entry.fresh = True
        trainer.step(1, ignore_stale_grad=True)
        if step is not None:
            step.prepare(trainer)

    def get_outputs(self, merge_multi_context: bool = True) -> list:
        """The outputs of the last :meth:`forward`.

        Parameters
        ----------
        merge_multi_context : bool
            Join those of several devices; otherwise a list for each output.
        """
        self._check("get_outputs")
        return self._exec_group.outputs(merge_multi_context)

    def get_input_grads(self, merge_multi_context: bool = True) -> list:
        """The gradients of the data, after ``bind(..., inputs_need_grad=True)``."""
        self._check("get_input_grads")
        if not self.inputs_need_grad:
            raise MXNetError("get_input_grads() needs bind(..., inputs_need_grad=True)")
        return self._exec_group.gradients(self._data_names, merge_multi_context)

    def get_states(self, merge_multi_context: bool = True) -> list:
        """The contents of the states (``state_names``)."""
        self._check("get_states")
        return self._exec_group.states(self._state_names, merge_multi_context)

    def _take_states(self, other: Module) -> None:
        """Go on with the states of another module, those of the same name and shape."""
        self._exec_group.take_states(self._state_names, other._exec_group)

    def set_states(self, states: Any = None, value: Any = None) -> None:
        """Set the states.

        Parameters
        ----------
        states : list, optional
            Arrays, as :meth:`get_states` gives them or :meth:`get_outputs`.
        value : number, optional
            For all states.
        """
        self._check("set_states")
        if (states is None) == (value is None):
            raise ValueError("set_states() takes either states or value")
        self._exec_group.set_states(self._state_names, states, value)

    def update_metric(self, eval_metric: Any, labels: Any, pre_sliced: bool = False) -> None:
        """Take the outputs of the last batch into account.

        Parameters
        ----------
        eval_metric : EvalMetric
        labels : list of NDArray
            Or, with ``pre_sliced``, one such list for each device.
        """
        if pre_sliced:
            for label, e in zip(labels, self._exec_group.execs, strict=True):
                self._feed(eval_metric, self._labels(label), e.outputs)
            return
        given, step = self._labels(labels), self._exec_group.step if self.binded else None
        if step is None or not step.measure(eval_metric, given, self._output_names):
            self._feed(eval_metric, given, self.get_outputs())

    def _labels(self, labels: Any) -> dict[str, Any]:
        return dict(zip(self._label_names, as_list(labels), strict=False))

    def _feed(self, eval_metric: Any, given: dict[str, Any], outputs: Sequence[NDArray]) -> None:
        eval_metric.update_dict(given, dict(zip(self._output_names, outputs, strict=True)))

    def install_monitor(self, mon: Any) -> None:
        """Let a :class:`~gluonx.monitor.Monitor` watch."""
        self._check("install_monitor", params=False)
        self._monitor = mon
        for group in self._groups.values():
            for e in group.execs:
                mon.install(e)

    # -- files ------------------------------------------------------------------------------------

    def save_checkpoint(
        self, prefix: str, epoch: int, save_optimizer_states: bool = False,
        remove_amp_cast: bool = True,
    ) -> None:  # fmt: skip
        """Save symbol and parameters to ``prefix-symbol.json`` and ``prefix-0001.params``.

        Parameters
        ----------
        prefix : str
        epoch : int
        save_optimizer_states : bool
            Also the optimizer's states, to ``prefix-0001.states``.
        """
        model.save_checkpoint(prefix, epoch, self._symbol, *self.get_params(), remove_amp_cast)
        if save_optimizer_states:
            self.save_optimizer_states(f"{prefix}-{epoch:04d}.states")
            self.logger.info(
                'Wrote the optimizer\'s states to "%s"', f"{prefix}-{epoch:04d}.states"
            )

    @staticmethod
    def load(prefix: str, epoch: int, load_optimizer_states: bool = False, **kwargs: Any) -> Module:
        """A module from what :meth:`save_checkpoint` wrote; its parameters are set when it is
        bound.

        Parameters
        ----------
        prefix : str
        epoch : int
        load_optimizer_states : bool
            Also the optimizer's states, when there is an optimizer.
        **kwargs
            For :class:`Module`.
        """
        symbol, args, aux = model.load_checkpoint(prefix, epoch)
        mod = Module(symbol, **kwargs)
        mod._loaded = args, aux
        mod.params_initialized = True
        if load_optimizer_states:
            mod._states_file = f"{prefix}-{epoch:04d}.states"
        return mod
