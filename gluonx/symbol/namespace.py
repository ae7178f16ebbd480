"""Functions of the namespace (``sym.X``) from the registered operators.

Inside a hybridized block ``F`` is this namespace and the arguments are NDArrays: then each function
does what the one of the same name in ``gluonx.nd`` does.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, TypeVar

from .. import ndarray as nd
from ..engine.op import OPS, Op
from ..engine.state import state
from ..ndarray import NDArray
from ..ndarray import namespace as nd_namespace
from .compose import compose
from .symbol import Symbol

__all__ = ["either", "function", "functions", "of_arrays_only"]

F = TypeVar("F", bound=Callable)

_EXTRA = (
    inspect.Parameter("name", inspect.Parameter.KEYWORD_ONLY, default=None),
    inspect.Parameter("attr", inspect.Parameter.KEYWORD_ONLY, default=None),
)


def _wants_arrays(name: str, given: Iterable[Any]) -> bool:
    """Whether a call is to compute on NDArrays rather than to describe."""
    arrays = symbols = False
    for a in given:
        for x in a if isinstance(a, (list, tuple)) else (a,):
            arrays = arrays or isinstance(x, NDArray)
            symbols = symbols or isinstance(x, Symbol)
    if arrays and symbols:
        raise TypeError(
            f"{name}() got both NDArrays and Symbols. In a graph, arrays are variables: use "
            "sym.var(name) and give the array when the graph is bound"
        )
    return arrays or (not symbols and state.trace is not None)


def either(of_arrays: Callable) -> Callable[[F], F]:
    """Let a function of symbols do for NDArrays what ``of_arrays`` does.

    Without symbols and arrays it describes, unless a block is being traced.
    """

    def add(of_symbols: F) -> F:
        @functools.wraps(of_symbols)
        def fn(*args: Any, **kwargs: Any) -> Any:
            if _wants_arrays(of_symbols.__name__, (*args, *kwargs.values())):
                kwargs.pop("name", None)
                kwargs.pop("attr", None)
                return of_arrays(*args, **kwargs)
            return of_symbols(*args, **kwargs)

        return fn  # type: ignore[return-value]

    return add


def function(op: Op, name: str) -> Callable:
    """The public function of an operator, with its signature and documentation."""
    hint = name.lower()

    def of_symbols(*args: Any, name: Any = None, attr: Any = None, **kwargs: Any) -> Any:
        kwargs.pop("out", None)
        kwargs.pop("ctx", None)
        return compose(op, hint, args, kwargs, name, attr)

    of_symbols.__name__ = of_symbols.__qualname__ = name
    of_symbols.__module__ = "gluonx.symbol"
    of_symbols.__doc__ = op.doc
    of_arrays = getattr(nd, name, None) if OPS.get(name) is op else None
    of_arrays = of_arrays or nd_namespace.function(op, name)
    fn = either(of_arrays)(of_symbols)
    fn.__signature__ = _signature(op)  # type: ignore[attr-defined]
    return fn


def _signature(op: Op) -> inspect.Signature:
    """As the operator's own, but any array may be left out: it becomes a variable."""
    own = op.signature(_EXTRA)
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    params = []
    for p in own.parameters.values():
        if p.name in op.inputs and p.kind is positional:
            p = p.replace(default=None)
        elif p.name in op.attrs and p.kind is positional:
            p = p.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        params.append(p)
    return inspect.Signature(params)


def functions(prefix: str = "") -> dict[str, Callable]:
    """Public functions of all operators whose names begin with ``prefix``, without it."""
    return {
        name[len(prefix) :]: function(op, name[len(prefix) :])
        for name, op in OPS.items()
        if name.startswith(prefix) and not name[len(prefix) :].startswith("_")
    }


def of_arrays_only(name: str, advice: str, space: ModuleType = nd) -> Callable:
    """A function of ``gluonx.nd``, or of a namespace in it, that has no meaning for symbols."""
    of_arrays = getattr(space, name)

    def of_symbols(*args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{name}() is for NDArrays: {advice}")

    functools.update_wrapper(of_symbols, of_arrays)
    fn = either(of_arrays)(of_symbols)
    fn.of_arrays_only = True  # type: ignore[attr-defined]
    return fn
