"""Losses for numbers."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

from ._base import Loss

__all__ = ["HuberLoss", "L1Loss", "L2Loss", "PoissonNLLLoss"]


class L2Loss(Loss):
    r"""Half the squared error, :math:`\frac{w}{2} (y - \hat y)^2`, averaged over each sample.

    Parameters
    ----------
    weight : float or None
        :math:`w`; None is 1.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    pred : NDArray, any shape
    label : NDArray, of as many elements
    sample_weight : NDArray, optional
        Multiplies the loss; of a shape that broadcasts to that of ``pred``, such as (N, 1).

    Outputs
    -------
    loss : NDArray, shape (N,)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.L2Loss()
    >>> loss(nd.array([[1, 2], [3, 4]]), nd.array([[1, 0], [3, 0]])).asnumpy().tolist()
    [1.0, 4.0]
    """

    def __init__(self, weight: float | None = 1.0, batch_axis: int = 0, **kwargs: Any):
        super().__init__(weight, batch_axis, **kwargs)

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        loss = F.square(F.reshape_like(label, pred) - pred)
        return self._mean(F, loss, sample_weight, factor=0.5)


class L1Loss(Loss):
    r"""Absolute error, :math:`w \, |y - \hat y|`, averaged over each sample.

    Parameters
    ----------
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    pred, label, sample_weight
        As for :class:`L2Loss`.

    Outputs
    -------
    loss : NDArray, shape (N,)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> gluon.loss.L1Loss()(nd.array([[1, 2]]), nd.array([[1, 0]])).asnumpy().tolist()
    [1.0]
    """

    def __init__(self, weight: float | None = None, batch_axis: int = 0, **kwargs: Any):
        super().__init__(weight, batch_axis, **kwargs)

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        return self._mean(F, F.abs(F.reshape_like(label, pred) - pred), sample_weight)


class HuberLoss(Loss):
    r"""Squared error near zero, absolute error further out, averaged over each sample.

    .. math:: w \begin{cases} \frac{1}{2 \rho} (y - \hat y)^2 & |y - \hat y| \le \rho \\
                              |y - \hat y| - \frac{\rho}{2} & \text{otherwise} \end{cases}

    (Huber, "Robust estimation of a location parameter", 1964.)

    Parameters
    ----------
    rho : float
        Where the one turns into the other.
    weight : float or None
        :math:`w`.
    batch_axis : int
        The axis of samples.

    Inputs
    ------
    pred, label, sample_weight
        As for :class:`L2Loss`.

    Outputs
    -------
    loss : NDArray, shape (N,)

    Raises
    ------
    ValueError
        If ``rho`` is not positive.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.HuberLoss()
    >>> loss(nd.array([[0.5], [3]]), nd.array([[0], [0]])).asnumpy().tolist()
    [0.125, 2.5]
    """

    def __init__(
        self, rho: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any
    ):
        super().__init__(weight, batch_axis, **kwargs)
        if not rho > 0:
            raise ValueError(f"HuberLoss: rho must be positive, got {rho}")
        self._rho = rho

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        error = F.abs(F.reshape_like(label, pred) - pred)
        near = F.square(error) * (0.5 / self._rho)
        loss = F.where(error > self._rho, error - 0.5 * self._rho, near)
        return self._mean(F, loss, sample_weight)


class PoissonNLLLoss(Loss):
    r"""Negative log likelihood of counts from a Poisson distribution, averaged over everything.

    .. math:: w \, (\lambda - y \log \lambda + \log y!)

    with :math:`\log \lambda = \hat y`, or :math:`\lambda = \hat y` if not ``from_logits``. The last
    term is left out unless ``compute_full``; then it is Stirling's approximation
    :math:`y \log y - y + \frac12 \log(2 \pi y)` where :math:`y > 1`, and 0 elsewhere.

    Parameters
    ----------
    weight : float or None
        :math:`w`.
    from_logits : bool
        Whether the predictions are logarithms of rates rather than rates.
    batch_axis : int
        Not used: the result is one number.
    compute_full : bool
        Whether to add the term that does not depend on the prediction.

    Inputs
    ------
    pred : NDArray, any shape
    target : NDArray, of as many elements
    sample_weight : NDArray, optional
        As for :class:`L2Loss`.
    epsilon : float
        Added to a rate in the logarithm.

    Outputs
    -------
    loss : NDArray, shape (1,)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> gluon.loss.PoissonNLLLoss()(nd.array([0.0, 0.0]), nd.array([1, 3])).asnumpy().tolist()
    [1.0]
    """

    def __init__(
        self,
        weight: float | None = None,
        from_logits: bool = True,
        batch_axis: int = 0,
        compute_full: bool = False,
        **kwargs: Any,
    ):
        super().__init__(weight, batch_axis, **kwargs)
        self._from_logits = from_logits
        self._compute_full = compute_full

    def hybrid_forward(
        self,
        F: ModuleType,
        pred: Any,
        target: Any,
        sample_weight: Any = None,
        epsilon: float = 1e-08,
    ) -> Any:
        target = F.reshape_like(target, pred)
        if self._from_logits:
            loss = F.exp(pred) - target * pred
        else:
            loss = pred - target * F.log(pred + epsilon)
        if self._compute_full:
            stirling = target * F.log(target) - target + 0.5 * F.log(2 * math.pi * target)
            # Chosen rather than multiplied by 0: the logarithm of 0 is not finite.
            loss = loss + F.where(target > 1, stirling, F.zeros_like(stirling))
        return F.mean(self._weighted(F, loss, sample_weight))
