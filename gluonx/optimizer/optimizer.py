"""The base class of optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import optax

from .. import registry
from ..lr_scheduler import LRScheduler
from ..ndarray import NDArray
from .lazy import is_lazy, keep_rows, stored_rows
from .transform import Hyper, Update

__all__ = ["Optimizer", "Updater", "create", "get_updater", "register"]


class Optimizer:
    """Base class of optimizers.

    A built-in optimizer defines :meth:`transformation`; one of your own may do the same, or define
    ``create_state(index, weight)`` and ``update(index, weight, grad, state)`` on NDArrays.

    Parameters
    ----------
    rescale_grad : float
        Multiplies the gradients.
    param_idx2name : dict of int to str, optional
        Names of the parameters.
    wd : float
        Weight decay: ``wd * weight`` is added to the gradient.
    clip_gradient : float, optional
        Gradients are clipped to [-c, c], elementwise.
    learning_rate : float, optional
        0.01 by default, or the scheduler's base rate.
    lr_scheduler : LRScheduler, optional
        Gives the learning rate for each number of updates.
    multi_precision : bool
        Keep a float32 copy of half-precision weights.
    param_dict : dict of int to Parameter, optional
        Where ``lr_mult`` and ``wd_mult`` are looked up.
    begin_num_update : int
        Number of updates that were made before.
    """

    def __init__(
        self, rescale_grad: float = 1.0, param_idx2name: dict | None = None, wd: float = 0.0,
        clip_gradient: float | None = None, learning_rate: float | None = None,
        lr_scheduler: LRScheduler | None = None, sym: Any = None, begin_num_update: int = 0,
        multi_precision: bool = False, param_dict: dict | None = None,
        aggregate_num: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        if kwargs:
            raise TypeError(
                f"{type(self).__name__} got unexpected arguments: {', '.join(sorted(kwargs))}"
            )
        self.rescale_grad = rescale_grad
        self.lr_scheduler = lr_scheduler
        if lr_scheduler is None:
            self.lr = 0.01 if learning_rate is None else learning_rate
        else:
            if learning_rate is not None:
                lr_scheduler.base_lr = learning_rate
            self.lr = lr_scheduler.base_lr
        self.wd = wd
        self.clip_gradient = clip_gradient
        self.multi_precision = multi_precision
        self.begin_num_update = begin_num_update
        self.num_update = begin_num_update
        self._index_update_count: dict[Any, int] = {}
        self.idx2name = dict(param_idx2name or {})
        self.param_dict = dict(param_dict or {})
        self.lr_mult: dict[Any, float] = {}
        self.wd_mult: dict[Any, float] = {}
        self._update: Update | None = None

    # -- what subclasses define -------------------------------------------------------------------

    def transformation(self) -> optax.GradientTransformationExtraArgs | None:
        """The optimizer as an optax transformation; see :mod:`gluonx.optimizer.transform`."""
        return None

    def compiled(self) -> Update | None:
        """The transformation, compiled; None for an optimizer written with ``update``."""
        if type(self).update is not Optimizer.update:
            return None
        if self._update is None:
            transformation = self.transformation()
            if transformation is not None:
                self._update = Update(transformation)
        return self._update

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """The state for one parameter."""
        update = self.compiled()
        return None if update is None else update.init([weight._data], weight.context.device)

    def create_state_multi_precision(self, index: Any, weight: NDArray) -> Any:
        """The state for one parameter, with a float32 copy where asked for."""
        return self.create_state(index, weight)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> Any:
        """Update one parameter in place; returns the new state."""
        update = self.compiled()
        if update is None:
            raise TypeError(f"{type(self).__name__} must define update() or transformation()")
        self._update_count(index)
        numbers = np.array(self.hyper([index]), np.float32)
        hyper = Hyper.unpack(numbers, self.counts([index]))
        params = [weight._data]
        new, after = update(params, [grad._data], state, hyper, None, False)
        if is_lazy(self, weight.stype, grad.stype):
            rows = {0: stored_rows(grad)}
            new, after = keep_rows(update.transformation, (params, state), (new, after), rows)
        weight._write(new[0])
        return after

    def update_multi_precision(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> Any:
        """As :meth:`update`."""
        return self.update(index, weight, grad, state)

    # -- numbers ---------------------------------------------------------------------------------

    def hyper(self, indices: Sequence[Any]) -> list[float]:
        """Learning rates, weight decays and rescale of this step for some parameters."""
        return [*self._get_lrs(indices), *self._get_wds(indices), self.rescale_grad]

    def counts(self, indices: Sequence[Any]) -> np.ndarray:
        """How often each of some parameters was updated, with this step."""
        counts = self._index_update_count
        return np.array([counts.get(i, self.num_update) for i in indices], np.float32)

    @property
    def learning_rate(self) -> float:
        """The present learning rate."""
        if self.lr_scheduler is not None:
            return self.lr_scheduler(self.num_update)
        return self.lr

    def set_learning_rate(self, lr: float) -> None:
        """Set the learning rate.

        Raises
        ------
        UserWarning
            If a scheduler gives the learning rate.
        """
        if self.lr_scheduler is not None:
            raise UserWarning(
                "the learning rate comes from lr_scheduler; change the scheduler's base_lr instead"
            )
        self.lr = lr

    def set_lr_mult(self, args_lr_mult: dict[Any, float]) -> None:
        """Factors on the learning rate, by index or name."""
        self.lr_mult = dict(args_lr_mult)

    def set_wd_mult(self, args_wd_mult: dict[Any, float]) -> None:
        """Factors on the weight decay, by index or name; without one, biases have none."""
        self.wd_mult = {
            n: 0.0 for n in self.idx2name.values() if not n.endswith(("_weight", "_gamma"))
        }
        self.wd_mult.update(args_wd_mult)

    def _update_count(self, index: Any) -> None:
        counts = self._index_update_count
        most = self.num_update
        for i in index if isinstance(index, (list, tuple)) else [index]:
            counts[i] = count = counts.get(i, self.begin_num_update) + 1
            if count > most:
                most = count
        self.num_update = most

    def _multiplier(self, index: Any, table: dict[Any, float], attribute: str) -> float:
        parameter = self.param_dict.get(index)
        if parameter is not None:
            return getattr(parameter, attribute)
        if index in table:
            return table[index]
        return table.get(self.idx2name.get(index), 1.0)

    def _get_lrs(self, indices: Sequence[Any]) -> list[float]:
        lr = self.learning_rate
        return [lr * self._multiplier(i, self.lr_mult, "lr_mult") for i in indices]

    def _get_wds(self, indices: Sequence[Any]) -> list[float]:
        return [self.wd * self._multiplier(i, self.wd_mult, "wd_mult") for i in indices]

    def _get_lr(self, index: Any) -> float:
        return self._get_lrs([index])[0]

    def _get_wd(self, index: Any) -> float:
        return self._get_wds([index])[0]

    # -- registry --------------------------------------------------------------------------------

    @staticmethod
    def register(klass: type) -> type:
        """Register an optimizer class under its lower-case name."""
        return register(klass)

    @staticmethod
    def create_optimizer(name: Any, **kwargs: Any) -> Optimizer:
        """Make an optimizer by name."""
        return create(name, **kwargs)


register = registry.get_register_func(Optimizer, "optimizer")
create = registry.get_create_func(Optimizer, "optimizer")


class Updater:
    """Applies an optimizer to parameters by index, making states as needed.

    Parameters
    ----------
    optimizer : Optimizer
    """

    def __init__(self, optimizer: Optimizer):
        self.optimizer = optimizer
        self.states: dict[Any, Any] = {}

    def __call__(self, index: Any, grad: Any, weight: Any) -> None:
        """Update ``weight`` in place; lists update several parameters."""
        if not isinstance(index, (list, tuple)):
            index, grad, weight = [index], [grad], [weight]
        for i, g, w in zip(index, grad, weight, strict=True):
            if i not in self.states:
                self.states[i] = self.optimizer.create_state_multi_precision(i, w)
            new = self.optimizer.update_multi_precision(i, w, g, self.states[i])
            if new is not None:
                self.states[i] = new


def get_updater(optimizer: Optimizer) -> Updater:
    """A function ``updater(index, grad, weight)`` that applies ``optimizer``."""
    return Updater(optimizer)
