"""Functions as blocks."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from .. import ndarray as nd
from ..block import Block, HybridBlock

__all__ = ["Flatten", "HybridLambda", "Identity", "Lambda"]


class Identity(HybridBlock):
    """Gives its input back, for the branch of a :class:`HybridConcatenate` that changes nothing.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same
    """

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return x


class Flatten(HybridBlock):
    """Takes all axes but the first together.

    Inputs
    ------
    data : NDArray, shape (N, a, b, ...)

    Outputs
    -------
    out : NDArray, shape (N, a * b * ...)

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.Flatten()(nd.ones((2, 3, 4))).shape
    (2, 12)
    """

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.flatten(x)

    def __repr__(self) -> str:
        return type(self).__name__


class Lambda(Block):
    """A function as a block.

    Parameters
    ----------
    function : callable or str
        The function, or the name of an operator in ``gluonx.nd``.
    prefix : str, optional
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    *args
        What the function takes.

    Outputs
    -------
    out
        What it gives.

    Raises
    ------
    ValueError
        If there is no such operator.
    TypeError
        For anything but a function or a name.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.Lambda(lambda x: x * 2)(nd.ones((2,))).asnumpy().tolist()
    [2.0, 2.0]
    >>> nn.Lambda('tanh')
    Lambda(tanh)
    """

    def __init__(self, function: Callable | str, prefix: str | None = None):
        super().__init__(prefix=prefix)
        self._func_name = _function_name(function)
        self._func_impl = getattr(nd, function) if isinstance(function, str) else function

    def forward(self, *args: Any) -> Any:
        return self._func_impl(*args)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._func_name})"


class HybridLambda(HybridBlock):
    """A function of operators as a block; it can be hybridized.

    Parameters
    ----------
    function : callable or str
        ``function(F, x, ...)``, or the name of an operator.
    prefix : str, optional
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    *args
        What the function takes after ``F``.

    Outputs
    -------
    out
        What it gives.

    Raises
    ------
    ValueError, TypeError
        As for :class:`Lambda`.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> double = nn.HybridLambda(lambda F, x: F.broadcast_add(x, x))
    >>> double(nd.ones((2,))).asnumpy().tolist()
    [2.0, 2.0]
    """

    def __init__(self, function: Callable | str, prefix: str | None = None):
        super().__init__(prefix=prefix)
        self._func_name = _function_name(function)
        self._func = function

    def hybrid_forward(self, F: ModuleType, x: Any, *args: Any) -> Any:
        if isinstance(self._func, str):
            return getattr(F, self._func)(x, *args)
        return self._func(F, x, *args)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._func_name})"


def _function_name(function: Callable | str) -> str:
    if isinstance(function, str):
        if not callable(getattr(nd, function, None)):
            raise ValueError(f"there is no operator gluonx.nd.{function}; give a function instead")
        return function
    if not callable(function):
        raise TypeError(f"expected a function or the name of an operator, got {function!r}")
    return getattr(function, "__name__", type(function).__name__)
