"""Metrics of anything: the mean of losses, a function of the user, several metrics at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from .. import ndarray as nd
from ._base import (
    EvalMetric,
    alias,
    as_float,
    as_list,
    create,
    on_device,
    pairs,
    register,
    unrecorded,
)

__all__ = ["Caffe", "CompositeEvalMetric", "CustomMetric", "Loss", "Torch", "np"]


@register
class Loss(EvalMetric):
    """Mean of losses, over all their elements.

    Parameters
    ----------
    name, output_names, label_names
        See :class:`EvalMetric`.

    Inputs
    ------
    labels
        Not used.
    preds : NDArray, or list of NDArray
        Losses of any shape.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.Loss()
    >>> metric.update(None, gx.nd.array([1, 2, 3]))
    >>> metric.update(None, gx.nd.array([6]))
    >>> metric.get()
    ('loss', 3.0)
    """

    def __init__(
        self,
        name: str = "loss",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(
            name, output_names=output_names, label_names=label_names, has_global_stats=True
        )

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Add the losses of one batch; nothing is read from the device."""
        for pred in as_list(preds, "losses"):
            self._later(nd.sum(as_float(pred)), pred.size)

    def _fold(self, total: float, count: int) -> None:
        self._add(total, count)


@register
class Torch(Loss):
    """:class:`Loss` under another name."""

    def __init__(
        self,
        name: str = "torch",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(name, output_names, label_names)


@register
class Caffe(Loss):
    """:class:`Loss` under another name."""

    def __init__(
        self,
        name: str = "caffe",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(name, output_names, label_names)


@register
class CustomMetric(EvalMetric):
    """Mean over the updates of a function of NumPy arrays.

    Parameters
    ----------
    feval : callable
        ``feval(label, pred)`` gives a number, or a pair (sum, count).
    name : str, optional
        The function's name by default.
    allow_extra_outputs : bool
        Whether there may be more predictions than labels; the further ones are left out.
    output_names, label_names
        See :class:`EvalMetric`.

    Raises
    ------
    TypeError
        If ``feval`` cannot be called.
    ValueError
        From ``update``, if the lists of labels and predictions differ in length.

    Examples
    --------
    >>> import gluonx as gx
    >>> def furthest(label, pred):
    ...     return abs(label - pred).max()
    >>> metric = gx.metric.CustomMetric(furthest)
    >>> metric.update(gx.nd.array([1, 2]), gx.nd.array([1, 5]))
    >>> metric.get()
    ('furthest', 3.0)
    """

    def __init__(
        self,
        feval: Callable[[numpy.ndarray, numpy.ndarray], Any],
        name: str | None = None,
        allow_extra_outputs: bool = False,
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        if not callable(feval):
            raise TypeError(f"CustomMetric needs a function f(label, pred), got {feval!r}")
        called = str(getattr(feval, "__name__", type(feval).__name__))
        super().__init__(
            name or (f"custom({called})" if "<" in called else called),
            feval=feval,
            allow_extra_outputs=allow_extra_outputs,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=True,
        )
        self._feval = feval
        self._allow_extra_outputs = allow_extra_outputs

    @unrecorded
    def update(self, labels: Any, preds: Any) -> None:
        """Call the function; reads the values."""
        if self._allow_extra_outputs:
            labels, preds = as_list(labels, "labels"), as_list(preds, "predictions")
            labels, preds = labels[: len(preds)], preds[: len(labels)]
        for label, pred in pairs(labels, preds):
            result = self._feval(label.asnumpy(), pred.asnumpy())
            self._add(*(result if isinstance(result, tuple) else (result, 1)))

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(f"{self.name}: a function cannot be saved as a configuration")


def np(
    numpy_feval: Callable[[numpy.ndarray, numpy.ndarray], Any],
    name: str | None = None,
    allow_extra_outputs: bool = False,
) -> CustomMetric:
    """A metric from a function of NumPy arrays; see :class:`CustomMetric`.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.np(lambda label, pred: (label == pred.argmax(1)).mean(), name='acc')
    >>> metric.update(gx.nd.array([1, 0]), gx.nd.array([[0, 1], [0, 1]]))
    >>> metric.get()
    ('acc', 0.5)
    """
    return CustomMetric(numpy_feval, name, allow_extra_outputs)


@register
@alias("composite")
class CompositeEvalMetric(EvalMetric):
    """Several metrics, updated together.

    Parameters
    ----------
    metrics : list, optional
        Whatever :func:`create` takes.
    name, output_names, label_names
        See :class:`EvalMetric`.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.CompositeEvalMetric(['acc', gx.metric.F1()])
    >>> metric.update(gx.nd.array([1, 0]), gx.nd.array([[0, 1], [1, 0]]))
    >>> metric.get_name_value()
    [('accuracy', 1.0), ('f1', 1.0)]
    """

    def __init__(
        self,
        metrics: Sequence[Any] | None = None,
        name: str = "composite",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        self.metrics = [create(metric) for metric in metrics or ()]
        super().__init__(
            name, output_names=output_names, label_names=label_names, has_global_stats=True
        )

    def add(self, metric: Any) -> None:
        """Add a metric, as a name, an instance or a function."""
        self.metrics.append(create(metric))

    def get_metric(self, index: int) -> EvalMetric:
        """The metric number ``index``.

        Raises
        ------
        ValueError
            If there is none.
        """
        try:
            return self.metrics[index]
        except IndexError:
            raise ValueError(
                f"there are {len(self.metrics)} metrics, so none with index {index}"
            ) from None

    def _computes(self) -> Any:
        keys = [metric._computes() for metric in self.metrics]
        if type(self) is not CompositeEvalMetric or None in keys:
            return None
        names = [None if x is None else tuple(x) for x in (self.label_names, self.output_names)]
        return CompositeEvalMetric, *names, *keys

    def _leaves(self) -> list[EvalMetric]:
        return [leaf for metric in self.metrics for leaf in metric._leaves()]

    def update(self, labels: Any, preds: Any) -> None:
        for metric in self.metrics:
            metric.update(labels, preds)

    def update_dict(self, labels: dict[str, nd.NDArray], preds: dict[str, nd.NDArray]) -> None:
        if self.label_names is not None:
            labels = {k: v for k, v in labels.items() if k in self.label_names}
        if self.output_names is not None:
            preds = {k: v for k, v in preds.items() if k in self.output_names}
        for metric in self.metrics:
            metric.update_dict(labels, preds)

    def reset(self) -> None:
        super().reset()
        for metric in self.metrics:
            metric.reset()

    def reset_local(self) -> None:
        for metric in self.metrics:
            metric.reset_local()

    def get(self) -> tuple[list[str], list[Any]]:
        return _unzip(metric.get_name_value() for metric in self.metrics)

    def get_global(self) -> tuple[list[str], list[Any]]:
        return _unzip(metric.get_global_name_value() for metric in self.metrics)

    def state_dict(self) -> dict[str, Any]:
        """The sums of the metrics; see :meth:`EvalMetric.state_dict`."""
        return {"metrics": [metric.state_dict() for metric in self.metrics]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from sums of :meth:`state_dict`."""
        for metric, of in zip(self.metrics, state["metrics"], strict=True):
            metric.load_state_dict(of)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "metrics": [m.get_config() for m in self.metrics]}


def _unzip(results: Any) -> tuple[list[str], list[Any]]:
    found = [pair for result in results for pair in result]
    return [name for name, _ in found], [value for _, value in found]
