"""What all losses have in common."""

from __future__ import annotations

import numbers
from types import ModuleType
from typing import Any

from ..block import HybridBlock

__all__ = ["Loss"]


class Loss(HybridBlock):
    """Base class of losses.

    Parameters
    ----------
    weight : float or None
        What the loss is multiplied by.
    batch_axis : int
        The axis of samples.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Raises
    ------
    TypeError
        If ``weight`` is not a number; weights of the samples are an argument of the call.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> class FourthPower(gluon.loss.Loss):
    ...     def __init__(self, weight=None, batch_axis=0, **kwargs):
    ...         super().__init__(weight, batch_axis, **kwargs)
    ...     def hybrid_forward(self, F, pred, label):
    ...         return F.mean((pred - label) ** 4, axis=self._batch_axis, exclude=True)
    >>> FourthPower()(nd.array([[1, 2]]), nd.array([[1, 0]])).asnumpy().tolist()
    [8.0]
    """

    def __init__(self, weight: float | None, batch_axis: int, **kwargs: Any):
        super().__init__(**kwargs)
        if weight is not None and not isinstance(weight, numbers.Number):
            raise TypeError(
                f"{type(self).__name__}: weight must be a number or None, got "
                f"{type(weight).__name__}; give weights of samples in the call: "
                "loss(pred, label, sample_weight)"
            )
        self._weight: Any = weight
        self._batch_axis = batch_axis

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._pure = cls.__module__.startswith(__package__ + ".")  # type: ignore[operator]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(batch_axis={self._batch_axis}, w={self._weight})"

    def hybrid_forward(self, F: ModuleType, x: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define hybrid_forward(self, F, ...)")

    def _weighted(self, F: ModuleType, loss: Any, sample_weight: Any, factor: float = 1) -> Any:
        """``loss * sample_weight * weight * factor``; what is None is left out."""
        if sample_weight is not None:
            loss = F.broadcast_mul(loss, sample_weight)
        if self._weight is not None:
            factor = self._weight * factor
        return loss if factor == 1 else loss * factor

    def _mean(self, F: ModuleType, loss: Any, sample_weight: Any, factor: float = 1) -> Any:
        """Mean of the weighted loss for each sample."""
        loss = self._weighted(F, loss, sample_weight, factor)
        return F.mean(loss, axis=self._batch_axis, exclude=True)


def softplus(F: ModuleType, x: Any) -> Any:
    """``log(1 + exp(x))``, without overflow."""
    return F.Activation(x, act_type="softrelu")
