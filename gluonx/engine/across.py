"""Means over the devices that run one program, as a part of an operator.

An operator does not know whether it will run on one device or be a part of a program on several
(:mod:`gluonx.engine.replicas`), because a block is traced once for all of them. So it marks what is
to be a mean, and the mark is put into effect when such a program is compiled; on one device the
mean is the value itself.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.extend.core

__all__ = ["compiling_for", "mean_across", "with_marks"]

_NAME = "mean_across_devices"


class _Axis(threading.local):
    name: str | None = None


_axis = _Axis()


@contextlib.contextmanager
def compiling_for(axis: str) -> Iterator[None]:
    """Scope in which what is traced becomes a part of a program over the devices of ``axis``."""
    old, _axis.name = _axis.name, axis
    try:
        yield
    finally:
        _axis.name = old


def _same(*arrays):
    return arrays


_same.__name__ = _same.__qualname__ = _NAME
_marked = jax.jit(_same)


def mean_across(*arrays: Any) -> tuple[Any, ...]:
    """The means of arrays over all devices that run the same program."""
    if _axis.name is not None:
        return jax.lax.pmean(arrays, _axis.name)
    return _marked(*arrays)


def with_marks(closed: Any) -> Callable[..., Sequence[Any]]:
    """A traced function, in which marks are means wherever it becomes a part of such a program."""
    call = jax.extend.core.jaxpr_as_fun(closed)
    if not _has_mark(closed.jaxpr):
        return call

    def run(*arrays):
        return call(*arrays) if _axis.name is None else _evaluate(closed, arrays)

    return run


def _inside(eqn: Any) -> Any:
    """The function that a ``jit`` in a traced function calls; None for other operations."""
    return eqn.params.get("jaxpr") if eqn.primitive.name in ("jit", "pjit") else None


def _has_mark(jaxpr: Any) -> bool:
    return any(
        (inner := _inside(eqn)) is not None
        and (eqn.params.get("name") == _NAME or _has_mark(inner.jaxpr))
        for eqn in jaxpr.eqns
    )


def _evaluate(closed: Any, arrays: Sequence[Any]) -> list[Any]:
    jaxpr, known = closed.jaxpr, {}
    known.update(zip(jaxpr.constvars, closed.consts, strict=True))
    known.update(zip(jaxpr.invars, arrays, strict=True))

    def read(v: Any) -> Any:
        return v.val if isinstance(v, jax.extend.core.Literal) else known[v]

    for eqn in jaxpr.eqns:
        inputs, inner = list(map(read, eqn.invars)), _inside(eqn)
        if inner is not None and eqn.params.get("name") == _NAME:
            outs = mean_across(*inputs)
        elif inner is not None and _has_mark(inner.jaxpr):
            outs = _evaluate(inner, inputs)
        else:
            bound = eqn.primitive.get_bind_params(eqn.params)
            functions, params = bound if isinstance(bound, tuple) else ((), bound)  # older JAX
            with eqn.ctx.manager:
                outs = eqn.primitive.bind(*functions, *inputs, **params)
            outs = outs if eqn.primitive.multiple_results else [outs]
        known.update(zip(eqn.outvars, outs, strict=True))
    return list(map(read, jaxpr.outvars))
