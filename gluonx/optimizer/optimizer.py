"""The base class of optimizers."""

from __future__ import annotations

import copy
import itertools
import operator
from collections.abc import Sequence
from typing import Any, ClassVar

import jax
import numpy as np
import optax

from .. import registry
from ..engine.buffer import Buffer
from ..lr_scheduler import LRScheduler
from ..ndarray import NDArray
from .lazy import is_lazy, keep_rows, stored_rows
from .precision import Precision, is_half
from .rule import Fixed
from .transform import Hyper, Update, packed

__all__ = ["Optimizer", "create", "register"]


_multipliers = operator.attrgetter("lr_mult", "wd_mult")


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
    sym : Symbol, optional
        Its variables may carry ``lr_mult`` and ``wd_mult``.
    multi_precision : bool
        Keep float32 copies of float16 and bfloat16 weights, which are updated and then rounded. A
        weight that is set by hand later goes back to its copy at the next step.
    param_dict : dict of int to Parameter, optional
        Where ``lr_mult`` and ``wd_mult`` are looked up.
    begin_num_update : int
        Number of updates that were made before.
    """

    def __init__(
        self, rescale_grad: float = 1.0, param_idx2name: dict | None = None, wd: float = 0.0,
        clip_gradient: float | None = None, learning_rate: float | None = None,
        lr_scheduler: LRScheduler | None = None, sym: Any = None, begin_num_update: int = 0,
        multi_precision: bool = False, param_dict: dict | None = None, **kwargs: Any,
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
        self.aggregate_num = 0
        self.sym_info = (sym.attr_dict(), sym.list_arguments()) if sym is not None else ()
        self._update: Update | None = None
        self._single: Update | None = None
        self._hyper: tuple[Any, Any] = (None, None)
        self.lr_mult: dict[Any, float] = {}
        self.wd_mult: dict[Any, float] = {}
        self.set_lr_mult({})
        self.set_wd_mult({})

    clip_gradient = Fixed()
    multi_precision = Fixed()

    #: Optimizer classes by their lower-case names.
    opt_registry: ClassVar[dict[str, type]]

    def __getstate__(self) -> dict[str, Any]:
        own = {"param_dict": {}, "_update": None, "_single": None, "_hyper": (None, None)}
        return {**vars(self), **own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    # -- what subclasses define -------------------------------------------------------------------

    def transformation(self) -> optax.GradientTransformationExtraArgs | None:
        """The optimizer as an optax transformation; see :mod:`gluonx.optimizer.transform`."""
        return None

    def more(self, indices: Sequence[Any]) -> list[float]:
        """Further numbers that change from step to step, for ``hyper.more`` in the transformation.

        Called once for each step, after the updates were counted.
        """
        return []

    def compiled(self) -> Update | None:
        """The transformation, compiled; None for an optimizer written with ``update``."""
        if self._update is None:
            self._update = self._compile(self.multi_precision)
        return self._update

    def _compile(self, copies: bool) -> Update | None:
        if type(self).update is not Optimizer.update:
            return None
        transformation = self.transformation()
        return None if transformation is None else Update(transformation, Precision(copies))

    def _alone(self) -> Update | None:
        """As :meth:`compiled`, without float32 copies, for one parameter at a time."""
        if not self.multi_precision:
            return self.compiled()
        if self._update is None or self._single is None:
            self._update, self._single = self._compile(True), self._compile(False)
        return self._single

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """The state for one parameter: None, an NDArray or a tuple of them."""
        update = self._alone()
        if update is None:
            return None
        leaves = jax.tree.leaves(update.init([weight._data], weight.context.device))
        arrays = tuple(NDArray._new(Buffer(a, weight.context)) for a in leaves)
        return arrays if len(arrays) > 1 else arrays[0] if arrays else None

    def create_state_multi_precision(self, index: Any, weight: NDArray) -> Any:
        """The state for one parameter; with ``multi_precision`` that of a 16-bit one is
        ``(float32 copy, state)``."""
        if self.multi_precision and is_half(weight.dtype):
            copy = weight.astype("float32")
            return copy, self.create_state(index, copy)
        return self.create_state(index, weight)

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> Any:
        """Update one parameter and its state in place; lists update several."""
        update = self._alone()
        if update is None:
            raise TypeError(f"{type(self).__name__} must define update() or transformation()")
        if isinstance(index, (list, tuple)):
            for one in zip(index, weight, grad, state, strict=True):
                self.update(*one)
            return
        self._update_count(index)
        hyper = Hyper(*self.hyper([index]), self.counts([index]))
        arrays = _arrays(state)
        params = [weight._data]
        if update.tree is None:
            update.tree = update.structure(params)
        old = jax.tree.unflatten(update.tree, [x._data for x in arrays])
        new, after = update(params, [grad._data], old, hyper, None, False)
        if is_lazy(self, weight.stype, grad.stype):
            new, after = keep_rows(update, (params, old), (new, after), {0: stored_rows(grad)})
        weight._write(new[0])
        for x, leaf in zip(arrays, jax.tree.leaves(after), strict=True):
            x._write(leaf)

    def update_multi_precision(self, index: Any, weight: Any, grad: Any, state: Any) -> Any:
        """As :meth:`update`, with the states of :meth:`create_state_multi_precision`."""
        if isinstance(index, (list, tuple)):
            for one in zip(index, weight, grad, state, strict=True):
                self.update_multi_precision(*one)
            return None
        if self.multi_precision and is_half(weight.dtype):
            copy, inner = state
            new = self.update(index, copy, grad.astype("float32"), inner)
            copy.astype(weight.dtype).copyto(weight)
            return None if new is None else (copy, new)
        return self.update(index, weight, grad, state)

    # -- numbers ---------------------------------------------------------------------------------

    def hyper(self, indices: Sequence[Any]) -> tuple[Any, Any, Any, Any]:
        """Learning rates, weight decays, rescale and more of this step for some parameters, as
        fields of :class:`Hyper`; the tuple of the last call again, if nothing has changed.
        """
        parameters = list(map(self.param_dict.get, indices))
        factors: Any = None
        if None not in parameters:
            factors = list(map(_multipliers, parameters))
        elif not any(parameters):
            factors = [list(indices), self.lr_mult, self.wd_mult, self.idx2name]
        if factors is None or not self._plain_numbers():
            return self._numbers(indices)
        key = self.learning_rate, self.wd, self.rescale_grad, factors
        if key != self._hyper[0]:
            key = *key[:3], list(map(copy.copy, factors))  # a table may change
            self._hyper = key, self._numbers(indices)
        return self._hyper[1]

    def _plain_numbers(self) -> bool:
        """Whether the numbers of a step follow from the attributes that :meth:`hyper` looks at."""
        own, base = type(self), Optimizer
        return (own.more, own._get_lrs, own._get_wds) == (base.more, base._get_lrs, base._get_wds)

    def _numbers(self, indices: Sequence[Any]) -> tuple[Any, Any, Any, Any]:
        rates, decays = self._get_lrs(indices), self._get_wds(indices)
        rescale = packed([self.rescale_grad])
        return packed(rates), packed(decays), rescale, np.array(self.more(indices), np.float32)

    def counts(self, indices: Sequence[Any]) -> np.ndarray:
        """How often each of some parameters was updated, with this step; a field of Hyper."""
        counts = self._index_update_count
        return packed(list(map(counts.get, indices, itertools.repeat(self.num_update))))

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
        """Factors on the learning rate, by index or name.

        Those of the symbol's variables (``lr_mult``) hold where ``args_lr_mult`` says nothing.
        """
        self.lr_mult = {**self._of_symbol("__lr_mult__"), **args_lr_mult}

    #: Parameters that are decayed unless one says otherwise, by the ends of their names.
    _DECAYED = ("_weight", "_gamma")

    def set_wd_mult(self, args_wd_mult: dict[Any, float]) -> None:
        """Factors on the weight decay, by index or name.

        Those of the symbol's variables (``wd_mult``) hold where ``args_wd_mult`` says nothing. Of
        the parameters named in ``param_idx2name`` only weights and gammas are decayed otherwise.
        """
        names = self.idx2name.values()
        plain = {n: 0.0 for n in names if not n.endswith(self._DECAYED)}
        self.wd_mult = {**plain, **self._of_symbol("__wd_mult__"), **args_wd_mult}

    def set_lr_scale(self, args_lrscale: dict[Any, float]) -> None:
        """Raises DeprecationWarning, as in MXNet: see :meth:`set_lr_mult`."""
        raise DeprecationWarning("set_lr_scale() is gone; use set_lr_mult()")

    def _of_symbol(self, key: str) -> dict[str, float]:
        """The factors that variables of the symbol carry."""
        if not self.sym_info:
            return {}
        attributes, names = self.sym_info
        return {n: float(attributes[n][key]) for n in names if key in attributes.get(n, {})}

    def _update_count(self, index: Any) -> None:
        counts, start = self._index_update_count, self.begin_num_update
        indices = index if isinstance(index, (list, tuple)) else [index]
        known = map(counts.get, indices, itertools.repeat(start))
        new = list(map(operator.add, known, itertools.repeat(1)))
        counts.update(zip(indices, new, strict=True))
        self.num_update = max([self.num_update, *new])

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
_create = registry.get_create_func(Optimizer, "optimizer")


def create(name: Any, **kwargs: Any) -> Any:
    """Make the optimizer that a name, an instance or JSON text says.

    Parameters
    ----------
    name : str or Optimizer
        A registered name, in any case.
    **kwargs
        Arguments of the optimizer.

    Raises
    ------
    ValueError
        If there is no optimizer of that name; lists those there are.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.optimizer.create('adam', learning_rate=0.1).lr
    0.1
    """
    return _create(name, **kwargs)


Optimizer.opt_registry = registry.get_table(Optimizer)


def _arrays(state: Any) -> list[NDArray]:
    """The arrays of a state, in order."""
    if state is None:
        return []
    if isinstance(state, NDArray):
        return [state]
    return [x for part in state for x in _arrays(part)]


def __getattr__(name: str) -> Any:
    """MXNet has all optimizers in this module: they are those of the package."""
    from .. import optimizer

    if name in optimizer.__all__:
        return getattr(optimizer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
