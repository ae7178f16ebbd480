"""What all metrics have in common: sums, and statistics that wait on the device."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from .. import autograd, registry
from .. import ndarray as nd

__all__ = ["EvalMetric", "alias", "check_label_shapes", "create", "register"]

#: How many updates, and numbers in them, may wait. Beyond that the older half is read; it was
#: computed long ago by then, so nothing has to wait for the device.
_MAX_WAITING = 128
_MAX_NUMBERS = 1 << 22


class EvalMetric:
    """Base class of metrics.

    A metric adds up a score over updates. Subclasses define ``update(labels, preds)``, which either
    adds to ``sum_metric`` and ``num_inst``, or hands small arrays to :meth:`_later`; those stay on
    the device until somebody looks at the metric.

    Parameters
    ----------
    name : str
        Name that :meth:`get` gives.
    output_names, label_names : list of str, optional
        Which predictions and labels :meth:`update_dict` uses; all of them by default.
    **kwargs
        Further arguments of the subclass, for :meth:`get_config`. ``has_global_stats=True`` says
        that the metric keeps sums since :meth:`reset` besides those since :meth:`reset_local`.

    Examples
    --------
    >>> import gluonx as gx
    >>> class Largest(gx.metric.EvalMetric):
    ...     def __init__(self, name='largest'):
    ...         super().__init__(name)
    ...     def update(self, labels, preds):
    ...         self.sum_metric += max(pred.asnumpy().max() for pred in preds)
    ...         self.num_inst += 1
    >>> metric = Largest()
    >>> metric.update(None, [gx.nd.array([1, 3])])
    >>> metric.get()
    ('largest', 3.0)
    """

    #: What :meth:`state_dict` keeps.
    _sums: ClassVar[tuple[str, ...]] = ("_local", "_global")
    _owing: Any = None

    def __init__(
        self,
        name: str,
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        **kwargs: Any,
    ):
        self.name = str(name)
        self.output_names = output_names
        self.label_names = label_names
        self._has_global_stats = kwargs.pop("has_global_stats", False)
        self._kwargs = kwargs
        self.reset()

    # -- to be defined by subclasses -------------------------------------------------------------

    def update(self, labels: Any, preds: Any) -> None:
        """Take the labels and predictions of one batch into account.

        Parameters
        ----------
        labels, preds : NDArray, or list of NDArray
            One array per output and device.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update(self, labels, preds)")

    def _fold(self, *values: Any) -> None:
        """Add to the sums what :meth:`_later` was given.

        Arrays come as NumPy arrays, those of one element as Python numbers.
        """
        raise NotImplementedError

    # -- for use by subclasses -------------------------------------------------------------------

    def _later(self, *values: nd.NDArray | int) -> None:
        """Keep ``values`` where they are and call :meth:`_fold` with them when somebody looks."""
        if _aside.calls is not None:
            _aside.calls.append((self, values))
            return
        self._collect()
        self._keep(values)

    def _keep(self, values: Sequence[Any]) -> None:
        self._waiting.append(values)
        self._numbers += _size(values)
        if len(self._waiting) > _MAX_WAITING or self._numbers > _MAX_NUMBERS:
            self._fold_all(leave=len(self._waiting) // 2)

    def _settle(self) -> None:
        """Everything that the metric was given is in its sums."""
        self._collect()
        self._fold_all()

    def _fold_all(self, leave: int = 0) -> None:
        while len(self._waiting) > leave:
            values = self._waiting.popleft()
            self._numbers -= _size(values)
            self._fold(*map(_to_host, values))

    def _add(self, total: float, count: int) -> None:
        """Add to the sums since ``reset_local`` and since ``reset``."""
        self._local[0] += total
        self._local[1] += count
        self._global[0] += total
        self._global[1] += count

    # -- work that waits (see module._measure) ----------------------------------------------------

    def _computes(self) -> Any:
        """What tells apart what metrics compute; None for one of which it is not known that it
        computes on the device, and does no more than to hand the results to :meth:`_later`."""
        own = type(self)
        if not (
            getattr(own.update, "on_device", False) and own.__module__.startswith("gluonx.metric.")
        ):
            return None
        mine = [(k, v) for k, v in vars(self).items() if k[0] != "_"]
        return own, *[(k, tuple(v)) if type(v) is list else (k, v) for k, v in mine]

    def _leaves(self) -> list[EvalMetric]:
        """The metrics that :meth:`_computes` speaks of."""
        return [self]

    def _expect(self, work: Any) -> None:
        """There is work that waits and will call :meth:`_keep`: its ``catch_up()`` has it done."""
        if self._owing is not work:
            self._collect()
            self._owing = work

    def _collect(self) -> None:
        if self._owing is not None:
            self._owing.catch_up()
            self._owing = None

    def __getstate__(self) -> Any:
        self._collect()
        return vars(self)

    # -- sums ------------------------------------------------------------------------------------

    @property
    def sum_metric(self) -> Any:
        """Sum of the scores since the last :meth:`reset_local`."""
        self._settle()
        return self._local[0]

    @sum_metric.setter
    def sum_metric(self, value: Any) -> None:
        self._settle()
        self._local[0] = value

    @property
    def num_inst(self) -> Any:
        """What to divide :attr:`sum_metric` by."""
        self._settle()
        return self._local[1]

    @num_inst.setter
    def num_inst(self, value: Any) -> None:
        self._settle()
        self._local[1] = value

    @property
    def global_sum_metric(self) -> Any:
        """Sum of the scores since the last :meth:`reset`."""
        self._settle()
        return self._global[0]

    @global_sum_metric.setter
    def global_sum_metric(self, value: Any) -> None:
        self._settle()
        self._global[0] = value

    @property
    def global_num_inst(self) -> Any:
        """What to divide :attr:`global_sum_metric` by."""
        self._settle()
        return self._global[1]

    @global_num_inst.setter
    def global_num_inst(self, value: Any) -> None:
        self._settle()
        self._global[1] = value

    def reset(self) -> None:
        """Start again from nothing."""
        self._collect()
        self._waiting: deque[Sequence[nd.NDArray | int]] = deque()
        self._numbers = 0
        self._local: list[Any] = [0.0, 0]
        self._global: list[Any] = [0.0, 0]

    def reset_local(self) -> None:
        """Start again, but keep the sums since the last :meth:`reset`."""
        self._settle()
        self._local = [0.0, 0]

    # -- results ---------------------------------------------------------------------------------

    def _result(self, total: Any, count: Any) -> float:
        value = total / count if count else float("nan")
        return value.item() if isinstance(value, np.generic) else value

    def get(self) -> tuple[Any, Any]:
        """Name and value; the value is NaN before the first update.

        Returns
        -------
        name : str, or list of str
        value : float, or list of float
        """
        return self.name, self._result(self.sum_metric, self.num_inst)

    def get_global(self) -> tuple[Any, Any]:
        """Name and value since the last :meth:`reset`."""
        if not self._has_global_stats:
            return self.get()
        return self.name, self._result(self.global_sum_metric, self.global_num_inst)

    def get_name_value(self) -> list[tuple[str, Any]]:
        """The results of :meth:`get` as pairs."""
        return _pairs(*self.get())

    def get_global_name_value(self) -> list[tuple[str, Any]]:
        """The results of :meth:`get_global` as pairs."""
        return _pairs(*self.get_global())

    # -- the rest --------------------------------------------------------------------------------

    def update_dict(self, label: dict[str, nd.NDArray], pred: dict[str, nd.NDArray]) -> None:
        """Update from labels and predictions by name.

        Parameters
        ----------
        label, pred : dict of str to NDArray
            Those named in ``label_names`` and ``output_names`` are used, or all.
        """
        self.update(_select(label, self.label_names), _select(pred, self.output_names))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric; ``create(**config)`` does."""
        return {
            **self._kwargs,
            "metric": type(self).__name__,
            "name": self.name,
            "output_names": self.output_names,
            "label_names": self.label_names,
        }

    def state_dict(self) -> dict[str, Any]:
        """The sums so far, as numbers and lists that JSON can hold; see :meth:`load_state_dict`.

        A subclass with attributes of its own that :meth:`reset` begins anew extends both.
        """
        self._settle()
        return {name: _plain(getattr(self, name)) for name in self._sums}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from sums of :meth:`state_dict`."""
        self.reset()
        for name in self._sums:
            old, new = getattr(self, name), state[name]
            setattr(self, name, np.array(new, old.dtype) if isinstance(old, np.ndarray) else new)

    def __str__(self) -> str:
        return f"EvalMetric: {dict(self.get_name_value())}"


register = registry.get_register_func(EvalMetric, "metric")
alias = registry.get_alias_func(EvalMetric, "metric")
_create = registry.get_create_func(EvalMetric, "metric")


def create(metric: Any, *args: Any, **kwargs: Any) -> EvalMetric:
    """Make a metric.

    Parameters
    ----------
    metric : str, EvalMetric, callable or list
        A name; a metric, returned as it is; a function ``f(label, pred)`` of NumPy arrays, see
        :class:`CustomMetric`; or a list of these, which gives a :class:`CompositeEvalMetric`.
    *args, **kwargs
        Arguments for the metric.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.metric.create('acc').get()
    ('accuracy', nan)
    >>> gx.metric.create(['acc', 'mse']).get()
    (['accuracy', 'mse'], [nan, nan])
    """
    if isinstance(metric, type) and issubclass(metric, EvalMetric):
        return metric(*args, **kwargs)
    if isinstance(metric, list):
        return _create("composite", [create(m, *args, **kwargs) for m in metric])
    if callable(metric):
        return _create("custommetric", metric, *args, **kwargs)
    return _create(metric, *args, **kwargs)


def check_label_shapes(
    labels: Any, preds: Any, wrap: bool = False, shape: bool = False
) -> tuple[Any, Any]:
    """Check that there are as many labels as predictions.

    Parameters
    ----------
    labels, preds : NDArray, or list of NDArray
        What to compare.
    wrap : bool
        Whether to return single arrays as lists of one.
    shape : bool
        Whether to compare the shapes rather than the lengths.

    Returns
    -------
    labels, preds

    Raises
    ------
    ValueError
        If they differ.
    """
    found = (labels.shape, preds.shape) if shape else (len(labels), len(preds))
    if found[0] != found[1]:
        raise ValueError(
            f"the {'shape' if shape else 'number'} of the labels, {found[0]}, differs from that of "
            f"the predictions, {found[1]}"
        )
    if wrap:
        labels = [labels] if isinstance(labels, nd.NDArray) else labels
        preds = [preds] if isinstance(preds, nd.NDArray) else preds
    return labels, preds


def pairs(labels: Any, preds: Any) -> list[tuple[nd.NDArray, nd.NDArray]]:
    """Labels and predictions as pairs of arrays on one device.

    Single arrays and NumPy arrays are taken too.
    """
    labels, preds = as_list(labels, "labels"), as_list(preds, "predictions")
    if len(labels) != len(preds):
        raise ValueError(
            f"got {len(labels)} arrays of labels and {len(preds)} of predictions; give one array "
            "of labels for each array of predictions"
        )
    return [
        (label.as_in_context(pred.context), pred) for label, pred in zip(labels, preds, strict=True)
    ]


def unrecorded(update: Callable) -> Callable:
    """Decorator for ``update``: what it computes is no part of the recorded graph.

    Otherwise a metric would keep the graph of every batch alive.
    """

    @functools.wraps(update)
    def unrecorded_update(self: EvalMetric, labels: Any, preds: Any) -> None:
        with autograd.pause():
            update(self, labels, preds)

    return unrecorded_update


def on_device(update: Callable) -> Callable:
    """:func:`unrecorded`, of an ``update`` that reads nothing from the device, and does no more
    than to hand arrays to :meth:`EvalMetric._later`."""
    found: Any = unrecorded(update)
    found.on_device = True
    return found


class _Aside(threading.local):
    calls: list | None = None


_aside = _Aside()


@contextlib.contextmanager
def aside() -> Iterator[list[tuple[EvalMetric, Sequence[Any]]]]:
    """Scope in which this thread's metrics keep nothing; gives what they were to keep."""
    old, _aside.calls = _aside.calls, []
    try:
        yield _aside.calls
    finally:
        _aside.calls = old


def as_float(array: nd.NDArray) -> nd.NDArray:
    """``array`` in a type in which sums are exact enough: float32, or float64 as it is."""
    return array if array.dtype == np.float64 else array.astype("float32", copy=False)


def as_list(arrays: Any, what: str) -> list[nd.NDArray]:
    """Arrays as a list of NDArrays; raises TypeError for anything else."""
    if isinstance(arrays, (nd.NDArray, np.ndarray)):
        arrays = [arrays]
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(f"{what} must be an NDArray or a list of them, got {type(arrays).__name__}")
    return [_to_nd(a, what) for a in arrays]


def _to_nd(array: Any, what: str) -> nd.NDArray:
    if isinstance(array, nd.NDArray):
        return array
    if isinstance(array, np.ndarray):
        return nd.array(array, dtype=array.dtype)
    raise TypeError(f"{what} must be NDArrays, got {type(array).__name__}")


def _to_host(value: Any) -> Any:
    if not isinstance(value, nd.NDArray):
        return value
    return value.asscalar().item() if value.size == 1 else value.asnumpy()


def _size(values: Sequence[Any]) -> int:
    return sum(x.size for x in values if isinstance(x, nd.NDArray))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(x) for x in value]
    value = _to_host(value)
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _select(arrays: dict[str, Any], names: Iterable[str] | None) -> list[Any]:
    if names is None:
        return list(arrays.values())
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ValueError(f"no array called {', '.join(missing)}; there are {', '.join(arrays)}")
    return [arrays[name] for name in names]


def _pairs(name: Any, value: Any) -> list[tuple[str, Any]]:
    names = name if isinstance(name, list) else [name]
    values = value if isinstance(value, list) else [value]
    return list(zip(names, values, strict=True))
