"""What is done with one batch."""

from __future__ import annotations

from typing import Any

from .. import autograd
from ..utils import split_and_load

__all__ = ["BatchProcessor"]


class BatchProcessor:
    """Computes with one batch; override it for networks with other inputs or losses."""

    def _split(self, estimator: Any, batch: Any, batch_axis: int) -> tuple[list, list]:
        data, label = batch
        return tuple(  # type: ignore[return-value]
            split_and_load(x, ctx_list=estimator.context, batch_axis=batch_axis, even_split=False)
            for x in (data, label)
        )

    def evaluate_batch(self, estimator: Any, val_batch: Any, batch_axis: int = 0) -> tuple:
        """Predictions and losses of a batch of validation data.

        Parameters
        ----------
        estimator : Estimator
        val_batch : tuple of NDArray
            Data and label.
        batch_axis : int
            The axis of samples.

        Returns
        -------
        data, label, pred, loss : list of NDArray
            One for each context.
        """
        data, label = self._split(estimator, val_batch, batch_axis)
        pred = [estimator.val_net(x) for x in data]
        loss = [estimator.val_loss(p, y) for p, y in zip(pred, label, strict=True)]
        return data, label, pred, loss

    def fit_batch(self, estimator: Any, train_batch: Any, batch_axis: int = 0) -> tuple:
        """Forward and backward of a batch of training data; the result is as of evaluating."""
        data, label = self._split(estimator, train_batch, batch_axis)
        with autograd.record():
            pred = [estimator.net(x) for x in data]
            loss = [estimator.loss(p, y) for p, y in zip(pred, label, strict=True)]
        autograd.backward(loss)
        return data, label, pred, loss
