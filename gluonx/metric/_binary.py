"""Metrics made from a table of predicted and true classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ndarray as nd
from ._base import EvalMetric, on_device, pairs, register

__all__ = ["F1", "MCC", "PCC"]


class _Binary(EvalMetric):
    """A score of the counts of true and false positives and negatives."""

    _sums = (*EvalMetric._sums, "_local_counts", "_global_counts")

    def __init__(
        self,
        name: str,
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        average: str = "macro",
    ):
        if average not in ("macro", "micro"):
            raise ValueError(f"average must be 'macro' or 'micro', got {average!r}")
        self.average = average
        super().__init__(
            name,
            average=average,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=True,
        )

    def _score(self, tp: int, fp: int, fn: int, tn: int) -> float:
        raise NotImplementedError

    def reset(self) -> None:
        super().reset()
        self._local_counts = self._global_counts = np.zeros(4, np.int64)

    def reset_local(self) -> None:
        super().reset_local()
        self._local_counts = np.zeros(4, np.int64)

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Count the predictions of one batch; nothing is read from the device.

        Labels with more than two values are noticed when somebody looks at the metric: ValueError.
        """
        counts, size = [], 0
        for label, pred in pairs(labels, preds):
            if pred.ndim != 2 or label.size != pred.shape[0]:
                raise ValueError(
                    f"{self.name}: expected predictions of shape (N, 2) and N labels, got "
                    f"{pred.shape} and {label.size} labels (shape {label.shape})"
                )
            label = label.reshape((-1,)).astype("int32", copy=False)
            counts.append(_count(label, nd.argmax(pred, axis=1).astype("int32", copy=False)))
            size += label.size
        self._later(size, *counts)

    def _fold(self, size: int, *counts: np.ndarray) -> None:
        tp, predicted, true, strange = (int(c) for c in np.sum(counts, axis=0))
        if strange:
            raise ValueError(
                f"{self.name} is for two classes, but the labels of an update had more than two "
                "different values"
            )
        new = np.array([tp, predicted - tp, true - tp, size - predicted - true + tp])
        if self.average == "macro":
            self._add(self._score(*new.tolist()), 1)
            return
        self._local_counts = self._local_counts + new
        self._global_counts = self._global_counts + new
        for sums, all_counts in (
            (self._local, self._local_counts),
            (self._global, self._global_counts),
        ):
            total = int(all_counts.sum())
            sums[:] = self._score(*all_counts.tolist()) * total, total


def _count(label: nd.NDArray, pred: nd.NDArray) -> nd.NDArray:
    """True positives, predicted positives, positives, and labels other than the extreme two."""
    true, predicted = label == 1, pred == 1
    strange = (label != nd.max(label)) * (label != nd.min(label))
    counts = [true * predicted, predicted, true, strange]
    return nd.concat(*(nd.sum(c.astype("int32", copy=False)) for c in counts), dim=0)


@register
class F1(_Binary):
    r"""F1 score of a binary classifier.

    .. math:: F_1 = \frac{2 \, \mathrm{precision} \cdot \mathrm{recall}}
                         {\mathrm{precision} + \mathrm{recall}}

    with :math:`\mathrm{precision} = tp / (tp + fp)` and :math:`\mathrm{recall} = tp / (tp + fn)`.

    Parameters
    ----------
    name, output_names, label_names
        See :class:`EvalMetric`.
    average : {'macro', 'micro'}
        The mean of the scores of the updates, or the score of all samples together.

    Inputs
    ------
    labels : NDArray of N elements
        1 is the positive class; there may be one other value.
    preds : NDArray, shape (N, 2)
        Scores of the negative and the positive class.

    Raises
    ------
    ValueError
        For another ``average``; from ``update``, for other shapes; from ``get``, if the labels had
        more than two values.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.F1()
    >>> scores = gx.nd.array([[0.3, 0.7], [0.1, 0.9], [0.6, 0.4]])
    >>> metric.update(gx.nd.array([0, 1, 0]), scores)
    >>> print(round(metric.get()[1], 4))
    0.6667
    """

    def __init__(
        self,
        name: str = "f1",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        average: str = "macro",
    ):
        super().__init__(name, output_names, label_names, average)

    def _score(self, tp: int, fp: int, fn: int, tn: int) -> float:
        return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


@register
class MCC(_Binary):
    r"""Matthews correlation coefficient of a binary classifier, from -1 to 1.

    .. math:: \frac{tp \cdot tn - fp \cdot fn}{\sqrt{(tp + fp)(tp + fn)(tn + fp)(tn + fn)}}

    Zero factors under the root are left out (Matthews, 1975).

    Parameters
    ----------
    name, output_names, label_names, average
        See :class:`F1`, also for the inputs and what is raised.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.MCC()
    >>> metric.update(gx.nd.array([0, 1]), gx.nd.array([[0.9, 0.1], [0.2, 0.8]]))
    >>> metric.get()
    ('mcc', 1.0)
    """

    def __init__(
        self,
        name: str = "mcc",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        average: str = "macro",
    ):
        super().__init__(name, output_names, label_names, average)

    def _score(self, tp: int, fp: int, fn: int, tn: int) -> float:
        product = math.prod(n for n in (tp + fp, tp + fn, tn + fp, tn + fn) if n)
        return (tp * tn - fp * fn) / math.sqrt(product)


@register
class PCC(EvalMetric):
    r"""Pearson's correlation of true and predicted classes: :class:`MCC` for any number of classes.

    With the confusion matrix C, n its sum, x and y its row and column sums,

    .. math:: \frac{\sum_k (C_{kk} n - x_k y_k)}
                   {\sqrt{\sum_k x_k (n - x_k)} \sqrt{\sum_k y_k (n - y_k)}}

    (Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
    2004). NaN if all labels, or all predictions, are of one class.

    Parameters
    ----------
    name, output_names, label_names
        See :class:`EvalMetric`.
    has_global_stats : bool
        Whether :meth:`get_global` differs from :meth:`get`.

    Inputs
    ------
    labels : NDArray of N elements
        Class numbers.
    preds : NDArray, shape (N, C), or that of the labels
        Scores of the classes, or class numbers.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.PCC()
    >>> metric.update(gx.nd.array([0, 1, 2]), gx.nd.array([0, 1, 2]))
    >>> print(round(metric.get()[1], 6))
    1.0
    """

    _sums = (*EvalMetric._sums, "_local_matrix", "_global_matrix")

    def __init__(
        self,
        name: str = "pcc",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        has_global_stats: bool = True,
    ):
        super().__init__(
            name,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=has_global_stats,
        )

    def reset(self) -> None:
        super().reset()
        self._local_matrix = self._global_matrix = np.zeros((2, 2))

    def reset_local(self) -> None:
        super().reset_local()
        self._local_matrix = np.zeros((2, 2))

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Count the classes of one batch; nothing is read from the device.

        Negative class numbers are noticed when somebody looks at the metric: ValueError.
        """
        classes = []
        for label, pred in pairs(labels, preds):
            if pred.shape != label.shape:
                pred = nd.argmax(pred, axis=1)
            if pred.size != label.size:
                raise ValueError(
                    f"{self.name}: {label.size} labels (shape {label.shape}) for {pred.size} "
                    "predictions"
                )
            classes += [pred.astype("int32"), label.astype("int32")]
        self._later(*classes)

    def _fold(self, *classes: Any) -> None:
        given = [np.ravel(x) for x in classes]
        for found, true in zip(given[::2], given[1::2], strict=True):
            if found.size and min(found.min(), true.min()) < 0:
                raise ValueError(f"{self.name}: class numbers must not be negative")
            self._local_matrix = _add_counts(self._local_matrix, found, true)
            self._global_matrix = _add_counts(self._global_matrix, found, true)
        for sums, matrix in (
            (self._local, self._local_matrix),
            (self._global, self._global_matrix),
        ):
            sums[1] += 1
            sums[0] = _correlation(matrix) * sums[1]


def _add_counts(matrix: np.ndarray, found: np.ndarray, true: np.ndarray) -> np.ndarray:
    size = max(len(matrix), int(max(found.max(initial=0), true.max(initial=0))) + 1)
    larger = np.pad(matrix, (0, size - len(matrix)))
    np.add.at(larger, (found, true), 1)
    return larger


def _correlation(matrix: np.ndarray) -> float:
    n, rows, columns = matrix.sum(), matrix.sum(axis=1), matrix.sum(axis=0)
    spread = np.sum(rows * (n - rows)) * np.sum(columns * (n - columns))
    if spread == 0:
        return float("nan")
    return float(np.sum(matrix.diagonal() * n - rows * columns) / math.sqrt(spread))
