"""Losses for classes, from probabilities."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ._base import Loss, softplus

__all__ = [
    "KLDivLoss",
    "SigmoidBCELoss",
    "SigmoidBinaryCrossEntropyLoss",
    "SoftmaxCELoss",
    "SoftmaxCrossEntropyLoss",
]


class SigmoidBinaryCrossEntropyLoss(Loss):
    r"""Cross entropy of independent yes/no predictions.

    With :math:`p = \sigma(\hat y)`, or :math:`p = \hat y` if ``from_sigmoid``,

    .. math:: -w \, (q \, y \log p + (1 - y) \log(1 - p)),

    averaged over each sample; :math:`q` is ``pos_weight``. From scores it is computed without
    overflow; from probabilities with 1e-12 added to the arguments of the logarithms.

    Parameters
    ----------
    from_sigmoid : bool
        Whether the predictions are probabilities rather than scores.
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    pred : NDArray, any shape
    label : NDArray, of as many elements
        Values in [0, 1].
    sample_weight : NDArray, optional
        Multiplies the loss; of a shape that broadcasts to that of ``pred``, such as (N, 1).
    pos_weight : NDArray, optional
        Weight of the positive class, of a shape that broadcasts, such as (1, C).

    Outputs
    -------
    loss : NDArray, shape (N,)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    >>> print(round(loss(nd.array([[0.0]]), nd.array([[1]])).asscalar().item(), 4))
    0.6931
    """

    def __init__(
        self,
        from_sigmoid: bool = False,
        weight: float | None = None,
        batch_axis: int = 0,
        **kwargs: Any,
    ):
        super().__init__(weight, batch_axis, **kwargs)
        self._from_sigmoid = from_sigmoid

    def hybrid_forward(
        self,
        F: ModuleType,
        pred: Any,
        label: Any,
        sample_weight: Any = None,
        pos_weight: Any = None,
    ) -> Any:
        label = F.reshape_like(label, pred)
        if self._from_sigmoid:
            eps = 1e-12
            positive = F.log(pred + eps) * label
            if pos_weight is not None:
                positive = F.broadcast_mul(positive, pos_weight)
            loss = -(positive + F.log(1 - pred + eps) * (1 - label))
        elif pos_weight is None:
            loss = F.relu(pred) - pred * label + softplus(F, -F.abs(pred))
        else:
            weight = 1 + F.broadcast_mul(label, pos_weight - 1)
            loss = pred - pred * label + weight * (softplus(F, -F.abs(pred)) + F.relu(-pred))
        return self._mean(F, loss, sample_weight)


SigmoidBCELoss = SigmoidBinaryCrossEntropyLoss


class SoftmaxCrossEntropyLoss(Loss):
    r"""Cross entropy of a choice among classes, softmax included.

    With :math:`\log p = \mathrm{log\_softmax}(\hat y)`, or :math:`\hat y` itself if
    ``from_logits``, and the class :math:`y_i` or the distribution :math:`y_{ij}` as the label,

    .. math:: L_i = -w \log p_{i, y_i} \quad\mathrm{or}\quad L_i = -w \sum_j y_{ij} \log p_{ij},

    averaged over the places within each sample.

    Parameters
    ----------
    axis : int
        The axis of classes.
    sparse_label : bool
        Whether the labels are class numbers rather than distributions.
    from_logits : bool
        Whether the predictions are logarithms of probabilities rather than scores.
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    pred : NDArray, shape (N, C), or any other with ``axis`` and ``batch_axis``
    label : NDArray
        Class numbers: the shape of ``pred`` without ``axis`` (or with extent 1 there).
        Distributions: as many elements as ``pred``.
    sample_weight : NDArray, optional
        Multiplies the loss, which has the shape of ``pred`` with extent 1 along ``axis``.

    Outputs
    -------
    loss : NDArray, shape (N,)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.SoftmaxCrossEntropyLoss()
    >>> loss(nd.zeros((2, 10)), nd.array([3, 7])).shape
    (2,)
    """

    def __init__(
        self,
        axis: int = -1,
        sparse_label: bool = True,
        from_logits: bool = False,
        weight: float | None = None,
        batch_axis: int = 0,
        **kwargs: Any,
    ):
        super().__init__(weight, batch_axis, **kwargs)
        self._axis = axis
        self._sparse_label = sparse_label
        self._from_logits = from_logits

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        if not self._from_logits:
            pred = F.log_softmax(pred, axis=self._axis)
        if self._sparse_label:
            loss = -F.pick(pred, label, axis=self._axis, keepdims=True)
        else:
            label = F.reshape_like(label, pred)
            loss = -F.sum(pred * label, axis=self._axis, keepdims=True)
        return self._mean(F, loss, sample_weight)


SoftmaxCELoss = SoftmaxCrossEntropyLoss


class KLDivLoss(Loss):
    r"""Kullback-Leibler divergence of the predicted distribution from the given one.

    .. math:: w \sum_j y_j \, (\log y_j - \log p_j)

    summed over each sample; 1e-12 is added to :math:`y_j` in the logarithm.

    Parameters
    ----------
    from_logits : bool
        Whether the predictions are :math:`\log p` rather than scores, of which ``log_softmax`` is
        taken.
    axis : int
        The axis of classes, for ``log_softmax``.
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    pred : NDArray, any shape
    label : NDArray, the same shape
        Probabilities.
    sample_weight : NDArray, optional
        Multiplies the loss; of a shape that broadcasts to that of ``pred``, such as (N, 1).

    Outputs
    -------
    loss : NDArray, shape (N,)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.KLDivLoss(from_logits=False)
    >>> print(round(loss(nd.zeros((1, 2)), nd.array([[1, 0]])).asscalar().item(), 4))
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = True,
        axis: int = -1,
        weight: float | None = None,
        batch_axis: int = 0,
        **kwargs: Any,
    ):
        super().__init__(weight, batch_axis, **kwargs)
        self._from_logits = from_logits
        self._axis = axis

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        if not self._from_logits:
            pred = F.log_softmax(pred, axis=self._axis)
        loss = self._weighted(F, label * (F.log(label + 1e-12) - pred), sample_weight)
        return F.sum(loss, axis=self._batch_axis, exclude=True)
