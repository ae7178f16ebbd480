"""Modules written in Python."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from .. import ndarray as nd
from ..io import DataBatch, DataDesc
from ..ndarray import NDArray
from .base_module import UNIFORM, BaseModule, as_list, check_names, descriptions

__all__ = ["PythonLossModule", "PythonModule"]


class PythonModule(BaseModule):
    """Base class of modules without parameters whose computation is Python code.

    Subclasses define ``_compute_output_shapes``, ``forward``, ``get_outputs``, and for training
    ``backward`` and ``get_input_grads``.

    Parameters
    ----------
    data_names, label_names, output_names : list of str
    logger : logging.Logger
    """

    def __init__(
        self, data_names: Any, label_names: Any, output_names: Any, logger: Any = logging
    ):  # fmt: skip
        super().__init__(logger)
        self._data_names, self._label_names = as_list(data_names), as_list(label_names)
        self._output_names = as_list(output_names)
        self._data_shapes: list[DataDesc] = []
        self._label_shapes: list[DataDesc] | None = None
        self._output_shapes: list[tuple] = []

    @property
    def data_names(self) -> list[str]:
        """Names of the data."""
        return self._data_names

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        return self._output_names

    @property
    def data_shapes(self) -> list[DataDesc]:
        """Names and shapes of the data."""
        return self._data_shapes

    @property
    def label_shapes(self) -> list[DataDesc] | None:
        """Names and shapes of the labels."""
        return self._label_shapes

    @property
    def output_shapes(self) -> list[tuple]:
        """Pairs of the outputs' names and shapes."""
        return self._output_shapes

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Nothing: there are no parameters."""
        return {}, {}

    def init_params(
        self, initializer: Any = UNIFORM, arg_params: Any = None, aux_params: Any = None,
        allow_missing: bool = False, force_init: bool = False, allow_extra: bool = False,
    ) -> None:  # fmt: skip
        """Nothing to do: there are no parameters."""
        self.params_initialized = True

    def init_optimizer(
        self, kvstore: Any = "local", optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),), force_init: bool = False,
    ) -> None:  # fmt: skip
        """Nothing to do: there are no parameters."""
        self.optimizer_initialized = True

    def update(self) -> None:
        """Nothing to do: there are no parameters."""

    def update_metric(self, eval_metric: Any, labels: Any, pre_sliced: bool = False) -> None:
        """Take the outputs of the last batch into account; not if the module has no labels."""
        if self._label_shapes is None:
            return
        if pre_sliced:
            raise ValueError("a PythonModule runs on one device: pre_sliced must be False")
        eval_metric.update_dict(
            dict(zip(self._label_names, as_list(labels), strict=False)),
            dict(zip(self._output_names, self.get_outputs(), strict=True)),
        )

    def bind(
        self, data_shapes: Any, label_shapes: Any = None, for_training: bool = True,
        inputs_need_grad: bool = False, force_rebind: bool = False, shared_module: Any = None,
        grad_req: Any = "write",
    ) -> None:  # fmt: skip
        """Take note of the shapes."""
        if self.binded and not force_rebind:
            self.logger.warning("bind(): already bound; give force_rebind=True to bind again")
            return
        if grad_req != "write":
            raise ValueError(f"a PythonModule writes its gradients, got grad_req={grad_req!r}")
        self.for_training, self.inputs_need_grad = for_training, inputs_need_grad
        self._data_shapes = descriptions(data_shapes)
        check_names([d.name for d in self._data_shapes], self._data_names, "data")
        self._label_shapes = descriptions(label_shapes) or None
        self._output_shapes = self._compute_output_shapes()
        self.binded = True

    def _compute_output_shapes(self) -> list[tuple]:
        """Pairs of the outputs' names and shapes, from ``_data_shapes`` and ``_label_shapes``."""
        raise NotImplementedError(f"{type(self).__name__} must define _compute_output_shapes()")


class PythonLossModule(PythonModule):
    """A loss whose gradient is Python code; its output is its data.

    Parameters
    ----------
    name : str
        The output is called ``name_output``.
    data_names, label_names : list of str
        One of each.
    logger : logging.Logger
    grad_func : callable, optional
        Of data and label, NDArrays: gives the gradient with respect to the data. Or override
        ``_backward_impl``, which sets ``_scores_grad``.

    Examples
    --------
    >>> import gluonx as gx
    >>> loss = gx.mod.PythonLossModule(grad_func=lambda scores, label: scores - label)
    >>> loss.bind([('data', (2,))], [('softmax_label', (2,))], inputs_need_grad=True)
    >>> loss.init_params()
    >>> loss.forward(gx.io.DataBatch([gx.nd.array([1., 3.])], [gx.nd.array([1., 1.])]))
    >>> loss.backward()
    >>> loss.get_input_grads()[0].asnumpy()
    array([0., 2.], dtype=float32)
    """

    def __init__(
        self, name: str = "pyloss", data_names: Any = ("data",),
        label_names: Any = ("softmax_label",), logger: Any = logging,
        grad_func: Callable[[NDArray, NDArray], Any] | None = None,
    ):  # fmt: skip
        super().__init__(data_names, label_names, [f"{name}_output"], logger)
        if len(self._data_names) != 1 or len(self._label_names) != 1:
            raise ValueError("a PythonLossModule has one data and one label")
        if grad_func is not None and not callable(grad_func):
            raise TypeError(f"grad_func must be callable, got {type(grad_func).__name__}")
        self._name = name
        self._grad_func = grad_func
        self._scores: Any = None
        self._labels: Any = None
        self._scores_grad: Any = None

    def _compute_output_shapes(self) -> list[tuple]:
        return [(f"{self._name}_output", self._data_shapes[0].shape)]

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Keep the scores, and for training the labels."""
        self._check("forward")
        self._scores = data_batch.data[0]
        if self.for_training if is_train is None else is_train:
            self._labels = as_list(data_batch.label)[0]

    def get_outputs(self, merge_multi_context: bool = True) -> list:
        """The scores."""
        return [self._scores]

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradient.

        Raises
        ------
        ValueError
            If gradients of the output are given: it is a loss.
        """
        if out_grads is not None:
            raise ValueError("a PythonLossModule is a loss: backward() takes no out_grads")
        self._check("backward")
        self._backward_impl()

    def _backward_impl(self) -> None:
        if self._grad_func is None:
            raise NotImplementedError(
                f"{type(self).__name__} needs grad_func, or must define _backward_impl()"
            )
        grad = self._grad_func(self._scores, self._labels)
        self._scores_grad = grad if isinstance(grad, NDArray) else nd.array(grad)

    def get_input_grads(self, merge_multi_context: bool = True) -> list:
        """The gradient of the scores."""
        return [self._scores_grad]

    def install_monitor(self, mon: Any) -> None:
        """Nothing to watch."""
