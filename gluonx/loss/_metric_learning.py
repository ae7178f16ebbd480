"""Losses that learn distances from the pairs of a batch."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..ndarray import NDArray
from ._base import Loss

__all__ = ["SDMLLoss"]


class SDMLLoss(Loss):
    r"""Smoothed deep metric learning: each vector of one batch belongs to that of the other.

    .. math:: L_i = w \sum_j p_{ij} \left(\log p_{ij} - \log q_{ij}\right), \quad
              q_{ij} = \mathrm{softmax}_j(-\|a_i - b_j\|^2)

    with :math:`p_{ii} = 1 - s`, and :math:`s / (N - 1)` for the others. From Bonadiman et al.,
    "Large scale question paraphrase retrieval with smoothed deep metric learning", 2019.

    Parameters
    ----------
    smoothing_parameter : float
        :math:`s`, below 1.
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    x1, x2 : NDArray, shape (N, dimensions)
        Row i of one belongs to row i of the other.

    Outputs
    -------
    loss : NDArray, shape (N,)

    Raises
    ------
    ValueError
        If the shapes differ, or there is only one row.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> x = nd.array([[0, 0], [9, 9]])
    >>> gluon.loss.SDMLLoss(smoothing_parameter=0)(x, x).asnumpy().round(3).tolist()
    [0.0, 0.0]
    """

    def __init__(
        self,
        smoothing_parameter: float = 0.3,
        weight: float | None = 1.0,
        batch_axis: int = 0,
        **kwargs: Any,
    ):
        super().__init__(weight, batch_axis, **kwargs)
        if not 0 <= smoothing_parameter < 1:
            raise ValueError(f"smoothing_parameter must be in [0, 1), got {smoothing_parameter}")
        self._smoothing = smoothing_parameter

    def hybrid_forward(self, F: ModuleType, x1: Any, x2: Any) -> Any:
        if isinstance(x1, NDArray) and (x1.shape != x2.shape or x1.ndim != 2 or len(x1) < 2):
            raise ValueError(
                "SDMLLoss takes two arrays of one shape (N, dimensions), N at least 2, got "
                f"{x1.shape} and {x2.shape}"
            )
        s = self._smoothing
        between = F.expand_dims(x1, axis=1) - F.expand_dims(x2, axis=0)
        scores = F.log_softmax(-F.sum(F.square(between), axis=2), axis=1)
        # a Symbol's size is not known here, and 16 bits do not count far
        row = F.contrib.arange_like(F.cast(x1, dtype="float32"), axis=0)
        same = F.broadcast_equal(F.expand_dims(row, axis=1), F.expand_dims(row, axis=0))
        eye = F.where(same, F.ones_like(scores), F.zeros_like(scores))
        others = F.broadcast_div(1 - eye, F.sum(1 - eye, axis=1, keepdims=True))
        wanted = eye * (1 - s) + others * s
        loss = self._weighted(F, wanted * (F.log(wanted + 1e-12) - scores), None)
        return F.sum(loss, axis=1)
