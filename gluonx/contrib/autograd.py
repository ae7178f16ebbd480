"""Automatic differentiation as MXNet had it before :mod:`gluonx.autograd`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import autograd as _autograd
from .. import ndarray as nd
from ..autograd import mark_variables as mark_variables

__all__ = [
    "TrainingStateScope", "backward", "compute_gradient", "grad", "grad_and_loss",
    "mark_variables", "set_is_training", "test_section", "train_section",
]  # fmt: skip


def set_is_training(is_train: bool) -> bool:
    """Switch recording and train mode on or off; returns whether train mode was on."""
    before = _autograd.set_training(is_train)
    _autograd.set_recording(is_train)
    return before


class TrainingStateScope:
    """Scope with recording and train mode on or off.

    Parameters
    ----------
    enter_state : bool
    """

    def __init__(self, enter_state: bool):
        self._state = enter_state
        self._before = False

    def __enter__(self) -> None:
        self._before = set_is_training(self._state)

    def __exit__(self, *exc: object) -> None:
        set_is_training(self._before)


def train_section() -> TrainingStateScope:
    """Scope in which operators are recorded, in train mode."""
    return TrainingStateScope(True)


def test_section() -> TrainingStateScope:
    """Scope within :func:`train_section` in which nothing is recorded, in predict mode."""
    return TrainingStateScope(False)


def backward(outputs: Any, out_grads: Any = None, retain_graph: bool = False) -> None:
    """Compute the gradients of variables; see :func:`gluonx.autograd.backward`."""
    _autograd.backward(outputs, out_grads, retain_graph)


def compute_gradient(outputs: Any) -> None:
    """:func:`backward`."""
    backward(outputs)


def grad_and_loss(func: Callable, argnum: int | Sequence[int] | None = None) -> Callable:
    """A function that gives the gradient of ``func`` and its value.

    Parameters
    ----------
    func : callable
        Of NDArrays.
    argnum : int or list of int, optional
        The numbers of the arguments to differentiate by; all of them by default.

    Examples
    --------
    >>> import gluonx as gx
    >>> grads, value = gx.contrib.autograd.grad_and_loss(lambda x: x * x)(gx.nd.array([3]))
    >>> grads[0].asscalar(), value.asscalar()
    (np.float32(6.0), np.float32(9.0))
    """

    @functools.wraps(func)
    def wrapped(*args: Any) -> tuple[list[nd.NDArray], Any]:
        numbers = range(len(args)) if argnum is None else argnum
        variables = [args[i] for i in ([numbers] if isinstance(numbers, int) else numbers)]
        for x in variables:
            if not isinstance(x, nd.NDArray):
                raise TypeError(f"the arguments must be NDArrays, got {type(x).__name__}")
        grads = [nd.zeros_like(x) for x in variables]
        mark_variables(variables, grads)
        with train_section():
            outputs = func(*args)
        backward([outputs] if isinstance(outputs, nd.NDArray) else outputs)
        return grads, outputs

    return wrapped


def grad(func: Callable, argnum: int | Sequence[int] | None = None) -> Callable:
    """A function that gives the gradient of ``func``; see :func:`grad_and_loss`."""
    both = grad_and_loss(func, argnum)
    return functools.wraps(both)(lambda *args: both(*args)[0])
