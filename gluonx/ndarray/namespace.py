"""Functions of a namespace (``nd.X``) from the registered operators."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..engine.op import OPS, Op
from .dispatch import bind, invoke

__all__ = ["SPACES", "function", "functions"]

#: The namespaces inside ``nd`` and ``sym``, with what operators' names in them begin with.
SPACES = {"contrib": "_contrib_", "image": "_image_", "linalg": "_linalg_"}

_EXTRA = (
    inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None),
    inspect.Parameter("name", inspect.Parameter.KEYWORD_ONLY, default=None),
)


def function(op: Op, name: str) -> Callable:
    """The public function of an operator, with its signature and documentation."""

    def fn(*args: Any, out: Any = None, name: Any = None, **kwargs: Any) -> Any:
        ctx = kwargs.pop("ctx", None)
        inputs, given = bind(op, args, kwargs)
        return invoke(op, inputs, given, out, ctx)

    fn.__name__ = fn.__qualname__ = name
    fn.__module__ = "gluonx.ndarray"
    fn.__doc__ = op.doc
    fn.__signature__ = op.signature(_EXTRA)  # type: ignore[attr-defined]
    return fn


def functions(prefix: str = "") -> dict[str, Callable]:
    """Public functions of all operators whose names begin with ``prefix``, without it."""
    return {
        name[len(prefix) :]: function(op, name[len(prefix) :])
        for name, op in OPS.items()
        if name.startswith(prefix) and not name[len(prefix) :].startswith("_")
    }
