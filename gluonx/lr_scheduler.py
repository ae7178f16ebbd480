"""Learning rate schedules.

A scheduler is called with the number of updates so far and gives the learning rate. Numbers must
not go down: like MXNet's, schedulers keep the current rate in ``base_lr``.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

__all__ = [
    "CosineScheduler",
    "FactorScheduler",
    "LRScheduler",
    "MultiFactorScheduler",
    "PolyScheduler",
]


class LRScheduler:
    """Base class of schedulers. Subclasses define ``__call__(num_update)``.

    Parameters
    ----------
    base_lr : float
        The learning rate.
    warmup_steps : int
        For how many updates to warm up.
    warmup_begin_lr : float
        The learning rate before the first update of the warm-up.
    warmup_mode : {'linear', 'constant'}
        Whether the rate rises evenly to ``base_lr``, or stays at ``warmup_begin_lr`` until the
        warm-up is over.

    Raises
    ------
    ValueError
        For numbers that do not go together, or another mode.

    Examples
    --------
    >>> import gluonx as gx
    >>> class Halves(gx.lr_scheduler.LRScheduler):
    ...     def __call__(self, num_update):
    ...         return self.base_lr * 0.5 ** num_update
    >>> Halves(base_lr=1.0)(3)
    0.125
    """

    def __init__(
        self,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        if not isinstance(warmup_steps, int) or warmup_steps < 0:
            raise ValueError(f"warmup_steps must be an integer of 0 or more, got {warmup_steps!r}")
        if warmup_begin_lr > base_lr:
            raise ValueError(
                f"warmup_begin_lr={warmup_begin_lr} must not be greater than base_lr={base_lr}"
            )
        if warmup_mode not in ("linear", "constant"):
            raise ValueError(f"warmup_mode must be 'linear' or 'constant', got {warmup_mode!r}")
        self.base_lr = base_lr
        self.warmup_steps = warmup_steps
        self.warmup_final_lr = base_lr
        self.warmup_begin_lr = warmup_begin_lr
        self.warmup_mode = warmup_mode

    def get_warmup_lr(self, num_update: int) -> float:
        """The learning rate after ``num_update`` updates, during the warm-up.

        Raises
        ------
        ValueError
            If the warm-up is over by then.
        """
        if num_update >= self.warmup_steps:
            raise ValueError(
                f"the warm-up ends after {self.warmup_steps} updates, got num_update={num_update}"
            )
        if self.warmup_mode == "constant":
            return self.warmup_begin_lr
        rise = self.warmup_final_lr - self.warmup_begin_lr
        return self.warmup_begin_lr + rise * num_update / self.warmup_steps

    def __call__(self, num_update: int) -> float:
        """The learning rate after ``num_update`` updates."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, num_update)")


class FactorScheduler(LRScheduler):
    r"""Multiplies the rate by a factor every ``step`` updates.

    .. math:: \eta_n = \max(\eta_{stop},\; \eta_0 f^{\lceil n / step \rceil - 1})

    Parameters
    ----------
    step : int
        After how many updates the rate changes.
    factor : float
        :math:`f`, at most 1.
    stop_factor_lr : float
        :math:`\eta_{stop}`, the smallest rate.
    base_lr, warmup_steps, warmup_begin_lr, warmup_mode
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If ``step`` is below 1 or ``factor`` above 1.

    Examples
    --------
    >>> import gluonx as gx
    >>> schedule = gx.lr_scheduler.FactorScheduler(step=10, factor=0.5, base_lr=1.0)
    >>> [schedule(n) for n in (1, 10, 11, 25)]
    [1.0, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        step: int,
        factor: float = 1,
        stop_factor_lr: float = 1e-08,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if step < 1:
            raise ValueError(f"step must be 1 or greater, got {step}")
        _check_factor(factor)
        self.step = step
        self.factor = factor
        self.stop_factor_lr = stop_factor_lr
        self.count = 0

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        while num_update > self.count + self.step:
            self.count += self.step
            self.base_lr = max(self.base_lr * self.factor, self.stop_factor_lr)
            _log(num_update, self.base_lr)
        return self.base_lr


class MultiFactorScheduler(LRScheduler):
    """Multiplies the rate by a factor after each of the given numbers of updates.

    Parameters
    ----------
    step : list of int
        When the rate changes, in rising order.
    factor : float
        What the rate is multiplied by, at most 1.
    base_lr, warmup_steps, warmup_begin_lr, warmup_mode
        See :class:`LRScheduler`.

    Raises
    ------
    TypeError
        If ``step`` is not a list.
    ValueError
        If the steps do not rise from 1 or more, or ``factor`` is above 1.

    Examples
    --------
    >>> import gluonx as gx
    >>> schedule = gx.lr_scheduler.MultiFactorScheduler(step=[10, 15], factor=0.5, base_lr=1.0)
    >>> [schedule(n) for n in (1, 10, 11, 16)]
    [1.0, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        step: Sequence[int],
        factor: float = 1,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if not isinstance(step, (list, tuple)) or not step:
            raise TypeError(f"step must be a list of numbers of updates, got {step!r}")
        if step[0] < 1 or any(a >= b for a, b in zip(step, step[1:], strict=False)):
            raise ValueError(f"step must rise from 1 or more, got {list(step)}")
        _check_factor(factor)
        self.step = step
        self.factor = factor
        self.cur_step_ind = 0
        self.count = 0

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        while self.cur_step_ind < len(self.step) and num_update > self.step[self.cur_step_ind]:
            self.count = self.step[self.cur_step_ind]
            self.cur_step_ind += 1
            self.base_lr *= self.factor
            _log(num_update, self.base_lr)
        return self.base_lr


class _Decay(LRScheduler):
    """From the base rate to a final one over a number of updates, then constant."""

    def __init__(
        self,
        max_update: int,
        base_lr: float,
        final_lr: float,
        warmup_steps: int,
        warmup_begin_lr: float,
        warmup_mode: str,
    ):
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if not isinstance(max_update, int) or max_update < 1:
            raise ValueError(f"max_update must be an integer of 1 or more, got {max_update!r}")
        if max_update <= warmup_steps:
            raise ValueError(
                f"max_update={max_update} must be greater than warmup_steps={warmup_steps}"
            )
        self.base_lr_orig = base_lr
        self.max_update = max_update
        self.final_lr = final_lr
        self.max_steps = max_update - warmup_steps

    def _share(self, progress: float) -> float:
        """How much is left of the way down, after a share ``progress`` of the updates."""
        raise NotImplementedError

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        progress = min((num_update - self.warmup_steps) / self.max_steps, 1.0)
        self.base_lr = self.final_lr + (self.base_lr_orig - self.final_lr) * self._share(progress)
        return self.base_lr


class PolyScheduler(_Decay):
    r"""Lowers the rate by a power of the updates left.

    .. math:: \eta_n = \eta_{final} + (\eta_0 - \eta_{final}) (1 - t)^{pwr}

    where :math:`t` goes from 0, after the warm-up, to 1 at ``max_update``.

    Parameters
    ----------
    max_update : int
        After how many updates the final rate is reached.
    base_lr : float
        :math:`\eta_0`.
    pwr : int
        The power.
    final_lr : float
        :math:`\eta_{final}`.
    warmup_steps, warmup_begin_lr, warmup_mode
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If ``max_update`` is not greater than ``warmup_steps``.

    Examples
    --------
    >>> import gluonx as gx
    >>> schedule = gx.lr_scheduler.PolyScheduler(max_update=10, base_lr=1.0)
    >>> [schedule(n) for n in (0, 5, 10, 11)]
    [1.0, 0.25, 0.0, 0.0]
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        pwr: float = 2,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        super().__init__(max_update, base_lr, final_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        self.power = pwr

    def _share(self, progress: float) -> float:
        return (1 - progress) ** self.power


class CosineScheduler(_Decay):
    r"""Lowers the rate along half a wave of a cosine.

    .. math:: \eta_n = \eta_{final} + (\eta_0 - \eta_{final}) \frac{1 + \cos \pi t}{2}

    where :math:`t` goes from 0, after the warm-up, to 1 at ``max_update``. From Loshchilov and
    Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Parameters
    ----------
    max_update : int
        After how many updates the final rate is reached.
    base_lr : float
        :math:`\eta_0`.
    final_lr : float
        :math:`\eta_{final}`.
    warmup_steps, warmup_begin_lr, warmup_mode
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If ``max_update`` is not greater than ``warmup_steps``.

    Examples
    --------
    >>> import gluonx as gx
    >>> schedule = gx.lr_scheduler.CosineScheduler(max_update=10, base_lr=1.0)
    >>> [round(schedule(n), 3) for n in (0, 5, 10, 11)]
    [1.0, 0.5, 0.0, 0.0]
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        super().__init__(max_update, base_lr, final_lr, warmup_steps, warmup_begin_lr, warmup_mode)

    def _share(self, progress: float) -> float:
        return (1 + math.cos(math.pi * progress)) / 2


def _check_factor(factor: float) -> None:
    if factor > 1:
        raise ValueError(f"factor must be at most 1, so that the rate goes down, got {factor}")


def _log(num_update: int, rate: float) -> None:
    logging.info("Update[%d]: the learning rate is now %0.5e", num_update, rate)
