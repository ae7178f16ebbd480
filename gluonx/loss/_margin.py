"""Losses for margins and distances."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ._base import Loss, softplus

__all__ = ["CosineEmbeddingLoss", "HingeLoss", "LogisticLoss", "SquaredHingeLoss", "TripletLoss"]


class HingeLoss(Loss):
    r"""Hinge loss, :math:`w \max(0, m - \hat y y)`, averaged over each sample.

    Parameters
    ----------
    margin : float
        :math:`m`.
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    pred : NDArray, any shape
    label : NDArray, of as many elements
        -1 or 1.
    sample_weight : NDArray, optional
        Multiplies the loss; of a shape that broadcasts to that of ``pred``, such as (N, 1).

    Outputs
    -------
    loss : NDArray, shape (N,)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> gluon.loss.HingeLoss()(nd.array([[0.5]]), nd.array([[-1]])).asnumpy().tolist()
    [1.5]
    """

    def __init__(
        self, margin: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any
    ):
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        loss = F.relu(self._margin - pred * F.reshape_like(label, pred))
        return self._mean(F, loss, sample_weight)


class SquaredHingeLoss(Loss):
    r"""Squared hinge loss, :math:`w \max(0, m - \hat y y)^2`, averaged over each sample.

    Parameters
    ----------
    margin, weight, batch_axis
        As for :class:`HingeLoss`, also the inputs and outputs.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> gluon.loss.SquaredHingeLoss()(nd.array([[0.5]]), nd.array([[-1]])).asnumpy().tolist()
    [2.25]
    """

    def __init__(
        self, margin: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any
    ):
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        loss = F.square(F.relu(self._margin - pred * F.reshape_like(label, pred)))
        return self._mean(F, loss, sample_weight)


class LogisticLoss(Loss):
    r"""Logistic loss, :math:`w \log(1 + \exp(-\hat y y))`, averaged over each sample.

    Parameters
    ----------
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.
    label_format : {'signed', 'binary'}
        Whether the labels are -1 and 1, or 0 and 1.

    Inputs
    ------
    pred, label, sample_weight
        As for :class:`HingeLoss`.

    Outputs
    -------
    loss : NDArray, shape (N,)

    Raises
    ------
    ValueError
        For another ``label_format``.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.LogisticLoss()
    >>> print(round(loss(nd.array([[0.0]]), nd.array([[-1]])).asscalar().item(), 4))
    0.6931
    """

    def __init__(
        self,
        weight: float | None = None,
        batch_axis: int = 0,
        label_format: str = "signed",
        **kwargs: Any,
    ):
        super().__init__(weight, batch_axis, **kwargs)
        if label_format not in ("signed", "binary"):
            raise ValueError(f"label_format must be 'signed' or 'binary', got {label_format!r}")
        self._label_format = label_format

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        label = F.reshape_like(label, pred)
        if self._label_format == "signed":
            label = (label + 1.0) / 2.0
        loss = F.relu(pred) - pred * label + softplus(F, -F.abs(pred))
        return self._mean(F, loss, sample_weight)


class TripletLoss(Loss):
    r"""Triplet loss: the anchor shall be nearer to the positive than to the negative, by a margin.

    .. math:: w \max\left(0, \sum_j (a_j - p_j)^2 - \sum_j (a_j - n_j)^2 + m\right)

    Parameters
    ----------
    margin : float
        :math:`m`.
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    pred : NDArray, any shape
        The anchors :math:`a`.
    positive, negative : NDArray, of as many elements
    sample_weight : NDArray, optional
        Multiplies the loss; shape (N,).

    Outputs
    -------
    loss : NDArray, shape (N,)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.TripletLoss()
    >>> loss(nd.array([[0.0]]), nd.array([[2.0]]), nd.array([[1.0]])).asnumpy().tolist()
    [4.0]
    """

    def __init__(
        self, margin: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any
    ):
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(
        self, F: ModuleType, pred: Any, positive: Any, negative: Any, sample_weight: Any = None
    ) -> Any:
        near = F.square(F.reshape_like(positive, pred) - pred)
        far = F.square(F.reshape_like(negative, pred) - pred)
        loss = F.relu(F.sum(near - far, axis=self._batch_axis, exclude=True) + self._margin)
        return self._weighted(F, loss, sample_weight)


class CosineEmbeddingLoss(Loss):
    r"""Like vectors shall point the same way, unlike ones not.

    .. math:: w \begin{cases} 1 - \cos(a, b) & y = 1 \\
                              \max(0, \cos(a, b) - m) & y = -1 \end{cases}

    Parameters
    ----------
    weight : float or None
        :math:`w`.
    batch_axis : int
        Not used: the samples are along the first axis.
    margin : float
        :math:`m`, between -1 and 1.

    Inputs
    ------
    input1, input2 : NDArray, shape (N, D)
        The vectors :math:`a` and :math:`b`.
    label : NDArray of N elements
        1 for like vectors, -1 for unlike ones.
    sample_weight : NDArray, optional
        Multiplies the loss; shape (N, 1).

    Outputs
    -------
    loss : NDArray, shape (N, 1)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.CosineEmbeddingLoss()
    >>> a, b = nd.array([[1.0, 0.0]]), nd.array([[0.0, 2.0]])
    >>> loss(a, b, nd.array([1])).asnumpy().tolist()
    [[1.0]]
    """

    def __init__(
        self, weight: float | None = None, batch_axis: int = 0, margin: float = 0, **kwargs: Any
    ):
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(
        self, F: ModuleType, input1: Any, input2: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        input1 = F.reshape_like(input1, input2)
        label = F.reshape(label, shape=(-1, 1))
        dot = F.reshape(F.sum(input1 * input2, axis=-1), shape=(-1, 1))
        norms = F.norm(input1, axis=-1) * F.norm(input2, axis=-1)
        cosine = dot / F.maximum(F.reshape(norms, shape=(-1, 1)), 1e-12)
        one, zero = F.ones_like(cosine), F.zeros_like(cosine)
        alike, unlike = (F.where(label == sign, one, zero) for sign in (1, -1))
        loss = (1 - cosine) * alike + F.relu(cosine - self._margin) * unlike
        return self._weighted(F, loss, sample_weight)
