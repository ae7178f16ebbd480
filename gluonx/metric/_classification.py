"""Metrics of classifiers over any number of classes."""

from __future__ import annotations

import math
from typing import Any

from .. import ndarray as nd
from ._base import EvalMetric, alias, as_float, on_device, pairs, register

__all__ = ["Accuracy", "CrossEntropy", "NegativeLogLikelihood", "Perplexity", "TopKAccuracy"]


@register
@alias("acc")
class Accuracy(EvalMetric):
    r"""Share of the predictions that are right: :math:`\frac1n \sum_i [\hat y_i = y_i]`.

    Parameters
    ----------
    axis : int
        The axis of classes; the prediction is where its largest score is.
    name, output_names, label_names
        See :class:`EvalMetric`.

    Inputs
    ------
    labels : NDArray, shape (N, ...)
        Class numbers.
    preds : NDArray, shape (N, C, ...), or that of the labels
        Scores of the classes, or class numbers.

    Raises
    ------
    ValueError
        From ``update``, if the labels and predictions differ in number.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.Accuracy()
    >>> scores = gx.nd.array([[0.3, 0.7], [0.1, 0.9], [0.6, 0.4]])
    >>> metric.update(labels=gx.nd.array([0, 1, 0]), preds=scores)
    >>> name, value = metric.get()
    >>> print(name, round(value, 3))
    accuracy 0.667
    """

    def __init__(
        self,
        axis: int = 1,
        name: str = "accuracy",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(
            name,
            axis=axis,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=True,
        )
        self.axis = axis

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Count the right predictions of one batch; nothing is read from the device."""
        for label, pred in pairs(labels, preds):
            if pred.shape != label.shape:
                pred = nd.argmax(pred, axis=self.axis)
            if pred.size != label.size:
                raise ValueError(
                    f"{self.name}: {label.size} labels (shape {label.shape}) for {pred.size} "
                    f"predictions (shape {pred.shape} after argmax over axis {self.axis})"
                )
            if pred.shape != label.shape:
                pred, label = pred.reshape((-1,)), label.reshape((-1,))
            right = nd.equal(pred.astype("int32", copy=False), label.astype("int32", copy=False))
            # Counted in integers: float32 would stop at 2^24.
            self._later(nd.sum(right.astype("int32", copy=False)), label.size)

    def _fold(self, right: int, count: int) -> None:
        self._add(right, count)


@register
@alias("top_k_accuracy", "top_k_acc")
class TopKAccuracy(EvalMetric):
    """Share of the samples whose class is among the ``top_k`` highest scores.

    Parameters
    ----------
    top_k : int
        How many scores count, at least 2.
    name, output_names, label_names
        See :class:`EvalMetric`. ``_`` and ``top_k`` are appended to the name.

    Inputs
    ------
    labels : NDArray, shape (N,)
        Class numbers.
    preds : NDArray, shape (N, C)
        Scores of the classes.

    Raises
    ------
    ValueError
        If ``top_k`` is below 2; from ``update``, for other shapes.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.TopKAccuracy(top_k=2)
    >>> metric.update(gx.nd.array([0, 1]), gx.nd.array([[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]))
    >>> metric.get()
    ('top_k_accuracy_2', 0.5)
    """

    def __init__(
        self,
        top_k: int = 1,
        name: str = "top_k_accuracy",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        if top_k <= 1:
            raise ValueError(f"top_k must be 2 or greater, got {top_k}; for 1 use Accuracy")
        super().__init__(
            f"{name}_{top_k}",
            top_k=top_k,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=True,
        )
        self.top_k = top_k

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Count the right predictions of one batch; nothing is read from the device."""
        for label, pred in pairs(labels, preds):
            _check_scores(self.name, label, pred)
            best = nd.topk(pred, axis=1, k=min(self.top_k, pred.shape[1]), ret_typ="indices")
            label = label.reshape((-1, 1)).astype("int32", copy=False)
            right = nd.broadcast_equal(best.astype("int32"), label)
            self._later(nd.sum(right.astype("int32", copy=False)), label.size)

    def _fold(self, right: int, count: int) -> None:
        self._add(right, count)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "name": self.name.removesuffix(f"_{self.top_k}")}


@register
@alias("ce")
class CrossEntropy(EvalMetric):
    r"""Mean cross entropy :math:`-\frac1n \sum_i \log(p_{i, y_i} + \epsilon)`.

    Parameters
    ----------
    eps : float
        :math:`\epsilon`, keeps the logarithm finite.
    name, output_names, label_names
        See :class:`EvalMetric`.

    Inputs
    ------
    labels : NDArray of N elements
        Class numbers.
    preds : NDArray, shape (N, C)
        Probabilities of the classes.

    Raises
    ------
    ValueError
        From ``update``, for other shapes.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.CrossEntropy()
    >>> metric.update(gx.nd.array([0, 1]), gx.nd.array([[1, 0], [0, 1]]))
    >>> abs(metric.get()[1]) < 1e-6
    True
    """

    def __init__(
        self,
        eps: float = 1e-12,
        name: str = "cross-entropy",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(
            name,
            eps=eps,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=True,
        )
        self.eps = eps

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Add the cross entropy of one batch; nothing is read from the device."""
        for label, pred in pairs(labels, preds):
            _check_scores(self.name, label, pred)
            probability = nd.pick(as_float(pred), label.reshape((-1,)), axis=1)
            self._later(-nd.sum(nd.log(probability + self.eps)), label.size)

    def _fold(self, loss: float, count: int) -> None:
        self._add(loss, count)


@register
@alias("nll_loss")
class NegativeLogLikelihood(CrossEntropy):
    """Mean negative log likelihood: :class:`CrossEntropy` under another name.

    Parameters
    ----------
    eps, name, output_names, label_names
        See :class:`CrossEntropy`.
    """

    def __init__(
        self,
        eps: float = 1e-12,
        name: str = "nll-loss",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(eps, name, output_names, label_names)


@register
class Perplexity(EvalMetric):
    r"""Perplexity of a language model: :math:`\exp(-\frac1n \sum_i \log p_{i, y_i})`.

    Probabilities below 1e-10 count as 1e-10.

    Parameters
    ----------
    ignore_label : int or None
        Label that does not count, such as that of padding.
    axis : int
        The axis of classes.
    name, output_names, label_names
        See :class:`EvalMetric`.

    Inputs
    ------
    labels : NDArray
        Class numbers, one for each prediction.
    preds : NDArray, shape (..., C)
        Probabilities of the classes.

    Raises
    ------
    ValueError
        From ``update``, if the labels and predictions differ in number.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.Perplexity(ignore_label=None)
    >>> metric.update(gx.nd.array([0, 1]), gx.nd.array([[0.5, 0.5], [0.5, 0.5]]))
    >>> print(metric.get()[0], round(metric.get()[1], 3))
    perplexity 2.0
    """

    def __init__(
        self,
        ignore_label: int | None,
        axis: int = -1,
        name: str = "perplexity",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(
            name,
            ignore_label=ignore_label,
            axis=axis,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=True,
        )
        self.ignore_label = ignore_label
        self.axis = axis

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Add the log likelihood of one batch; nothing is read from the device."""
        for label, pred in pairs(labels, preds):
            shape = list(pred.shape)
            del shape[self.axis]
            if label.size != math.prod(shape):
                raise ValueError(
                    f"{self.name}: {label.size} labels (shape {label.shape}) for predictions of "
                    f"shape {pred.shape}; one is needed for each place along all axes but "
                    f"{self.axis}"
                )
            label = label.reshape(tuple(shape)).astype("int32", copy=False)
            probability = nd.pick(as_float(pred), label, axis=self.axis)
            ignored = 0
            if self.ignore_label is not None:
                ignore = nd.equal(label, self.ignore_label)
                probability = nd.where(ignore, nd.ones_like(probability), probability)
                ignored = nd.sum(ignore.astype("int32", copy=False))
            self._later(-nd.sum(nd.log(nd.maximum(probability, 1e-10))), label.size, ignored)

    def _fold(self, loss: float, count: int, ignored: int) -> None:
        self._add(loss, count - ignored)

    def _result(self, total: Any, count: Any) -> float:
        mean = super()._result(total, count)
        return math.exp(mean) if not mean > 700 else math.inf


def _check_scores(name: str, label: nd.NDArray, pred: nd.NDArray) -> None:
    if pred.ndim != 2 or label.size != pred.shape[0]:
        raise ValueError(
            f"{name}: expected predictions of shape (N, C) and N labels, got predictions of shape "
            f"{pred.shape} and {label.size} labels (shape {label.shape})"
        )
