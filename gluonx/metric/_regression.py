"""Metrics of regression."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ndarray as nd
from ._base import EvalMetric, alias, as_float, on_device, pairs, register

__all__ = ["MAE", "MSE", "RMSE", "PearsonCorrelation"]


class _Error(EvalMetric):
    """Mean over the updates of a mean over the elements."""

    def __init__(
        self,
        name: str,
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(
            name, output_names=output_names, label_names=label_names, has_global_stats=True
        )

    def _mean(self, difference: nd.NDArray) -> nd.NDArray:
        return nd.mean(nd.square(difference))

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Add the error of one batch; nothing is read from the device."""
        for label, pred in pairs(labels, preds):
            label, pred = _column(label), _column(pred)
            try:
                np.broadcast_shapes(label.shape, pred.shape)
            except ValueError:
                raise ValueError(
                    f"{self.name}: labels of shape {label.shape} do not go with predictions of "
                    f"shape {pred.shape}"
                ) from None
            self._later(self._mean(nd.broadcast_sub(label.astype(pred.dtype, copy=False), pred)))

    def _fold(self, mean: float) -> None:
        self._add(mean, 1)


def _column(array: nd.NDArray) -> nd.NDArray:
    array = as_float(array)
    return array.reshape((-1, 1)) if array.ndim == 1 else array


@register
class MAE(_Error):
    r"""Mean absolute error :math:`\frac1n \sum_i |y_i - \hat y_i|`, averaged over the updates.

    Parameters
    ----------
    name, output_names, label_names
        See :class:`EvalMetric`.

    Inputs
    ------
    labels, preds : NDArray
        Arrays of one shape, or shapes that broadcast; shape (N,) counts as (N, 1).

    Raises
    ------
    ValueError
        From ``update``, for shapes that do not go together.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.MAE()
    >>> metric.update(gx.nd.array([3, -0.5, 2, 7]), gx.nd.array([2.5, 0, 2, 8]))
    >>> metric.get()
    ('mae', 0.5)
    """

    def __init__(
        self,
        name: str = "mae",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(name, output_names, label_names)

    def _mean(self, difference: nd.NDArray) -> nd.NDArray:
        return nd.mean(nd.abs(difference))


@register
class MSE(_Error):
    r"""Mean squared error :math:`\frac1n \sum_i (y_i - \hat y_i)^2`, averaged over the updates.

    Parameters
    ----------
    name, output_names, label_names
        See :class:`EvalMetric`; :class:`MAE` for the inputs and what is raised.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.MSE()
    >>> metric.update(gx.nd.array([3, -0.5, 2, 7]), gx.nd.array([2.5, 0, 2, 8]))
    >>> metric.get()
    ('mse', 0.375)
    """

    def __init__(
        self,
        name: str = "mse",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(name, output_names, label_names)


@register
class RMSE(_Error):
    r"""Root mean squared error :math:`\sqrt{\frac1n \sum_i (y_i - \hat y_i)^2}`.

    The root is taken for each update; the result is the mean of the roots.

    Parameters
    ----------
    name, output_names, label_names
        See :class:`EvalMetric`; :class:`MAE` for the inputs and what is raised.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.RMSE()
    >>> metric.update(gx.nd.array([0, 0]), gx.nd.array([3, 3]))
    >>> metric.get()
    ('rmse', 3.0)
    """

    def __init__(
        self,
        name: str = "rmse",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ):
        super().__init__(name, output_names, label_names)

    def _fold(self, mean: float) -> None:
        self._add(math.sqrt(mean), 1)


@register
@alias("pearsonr")
class PearsonCorrelation(EvalMetric):
    r"""Pearson's correlation :math:`\mathrm{cov}(y, \hat y) / (\sigma_y \sigma_{\hat y})`.

    NaN if the labels, or the predictions, are all equal.

    Parameters
    ----------
    name, output_names, label_names
        See :class:`EvalMetric`.
    average : {'macro', 'micro'}
        The mean of the correlations of the updates, or the correlation of all samples together.

    Inputs
    ------
    labels, preds : NDArray
        Arrays of one shape.

    Raises
    ------
    ValueError
        For another ``average``; from ``update``, if the shapes differ.

    Examples
    --------
    >>> import gluonx as gx
    >>> metric = gx.metric.PearsonCorrelation()
    >>> metric.update(gx.nd.array([1, 2, 3]), gx.nd.array([2, 4, 6]))
    >>> print(round(metric.get()[1], 6))
    1.0
    """

    def __init__(
        self,
        name: str = "pearsonr",
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

    def reset(self) -> None:
        super().reset()
        self._local_moments, self._global_moments = _Moments(), _Moments()

    def reset_local(self) -> None:
        super().reset_local()
        self._local_moments = _Moments()

    @on_device
    def update(self, labels: Any, preds: Any) -> None:
        """Add the correlation of one batch; nothing is read from the device.

        The values are kept until somebody looks, who gets sums in float64.
        """
        for label, pred in pairs(labels, preds):
            if label.shape != pred.shape:
                raise ValueError(
                    f"{self.name}: labels have shape {label.shape}, predictions {pred.shape}"
                )
            self._later(label.copy(), pred.copy())

    def _fold(self, label: Any, pred: Any) -> None:
        y, x = np.ravel(label).astype(np.float64), np.ravel(pred).astype(np.float64)
        if self.average == "macro":
            self._add(_Moments().add(x, y).correlation(), 1)
            return
        for sums, moments in (
            (self._local, self._local_moments),
            (self._global, self._global_moments),
        ):
            sums[1] += 1
            sums[0] = moments.add(x, y).correlation() * sums[1]

    def state_dict(self) -> dict[str, Any]:
        """The sums so far; see :meth:`EvalMetric.state_dict`."""
        sums = super().state_dict()
        return {**sums, "moments": [self._local_moments.numbers, self._global_moments.numbers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from sums of :meth:`state_dict`."""
        super().load_state_dict(state)
        self._local_moments, self._global_moments = (_Moments(*x) for x in state["moments"])


class _Moments:
    """Means and sums of squares of pairs that arrive in batches (Welford, 1962)."""

    def __init__(self, count: int = 0, *sums: float) -> None:
        self.count = count
        self.mean_x, self.mean_y, self.xx, self.yy, self.xy = sums or (0.0,) * 5

    @property
    def numbers(self) -> list[float]:
        """What makes an equal one."""
        return [self.count, *map(float, (self.mean_x, self.mean_y, self.xx, self.yy, self.xy))]

    def add(self, x: np.ndarray, y: np.ndarray) -> _Moments:
        self.count += len(x)
        before_x, before_y = x - self.mean_x, y - self.mean_y
        self.mean_x += before_x.sum() / self.count
        self.mean_y += before_y.sum() / self.count
        self.xx += np.sum(before_x * (x - self.mean_x))
        self.yy += np.sum(before_y * (y - self.mean_y))
        self.xy += np.sum(before_x * (y - self.mean_y))
        return self

    def correlation(self) -> float:
        spread = math.sqrt(self.xx * self.yy)
        return float(self.xy / spread) if spread else float("nan")
