"""What a small network does between its large products, as calls.

Behind each operation XLA's CPU runtime looks for all that can begin now, and for a thread to do it.
In a step of several backward passes that takes about as long as the many small operations
themselves, and gains nothing: only a large product keeps several threads busy. In a call that XLA
does not inline, operations simply follow each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata
from jax.extend import core

from .options import apart

__all__ = ["calls_between"]

#: Multiplications of a large product, and of one that takes so long that nothing else matters.
_LARGE, _HUGE = 2**21, 2**25
#: Bytes of the largest array that may be made in a call: larger ones XLA had better make together
#: with what is around them, or with several threads.
_SMALL = 2**17
#: How many operations are at least a call.
_SEVERAL = 8
#: Operations that may take long, whatever the size of their results.
_LONG = {
    "conv_general_dilated", "io_callback", "pure_callback", "scan", "shard_map", "while",
}  # fmt: skip


def calls_between(function: Callable, *arguments: Any) -> Any:
    """The results of a function of arrays, traced with what is between its products as calls.

    Without any call if the function has other work than such products that may take long.
    """
    closed, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
    given = jax.tree.leaves(arguments)
    jaxpr = closed.jaxpr
    levels = None if jaxpr.effects else _levels(jaxpr.eqns)
    if levels is None:
        outs = core.jaxpr_as_fun(closed)(*given)
    else:
        inputs = [*jaxpr.constvars, *jaxpr.invars]
        values = dict(zip(inputs, [*closed.consts, *given], strict=True))
        for eqns, called in _parts(jaxpr.eqns, levels):
            _evaluate(eqns, called, jaxpr, values)
        outs = [v.val if isinstance(v, core.Literal) else values[v] for v in jaxpr.outvars]
    return jax.tree.unflatten(jax.tree.structure(shapes), outs)


def _levels(eqns: Sequence[Any]) -> list[tuple[int, bool]] | None:
    """For each operation how many large products lie before it, one behind the other, and whether
    it is one; None if there are none, or something else that may take long."""
    level: dict[Any, int] = {}
    found = []
    for eqn in eqns:
        cost = _multiplications(eqn)
        large = cost > _LARGE
        at = max((level.get(v, 0) for v in _variables(eqn.invars)), default=0)
        bulky = at > 0 and not large and any(_bytes(v.aval) > _SMALL for v in eqn.outvars)
        if cost > _HUGE or bulky:
            return None
        found.append((at, large))
        level.update((v, at + large) for v in eqn.outvars)
    return found if any(large for _, large in found) else None


def _parts(eqns: Sequence[Any], levels: Sequence[Any]) -> Iterator[tuple[list[Any], bool]]:
    """The operations in an order in which they can run, and which of them are a call."""
    for at in range(1 + max(level for level, _ in levels)):
        small, large = (
            [eqn for eqn, key in zip(eqns, levels, strict=True) if key == (at, is_large)]
            for is_large in (False, True)
        )
        yield small, at > 0 and len(small) >= _SEVERAL
        yield large, False


def _evaluate(eqns: list[Any], called: bool, jaxpr: Any, values: dict[Any, Any]) -> None:
    """Add the values that operations make to those that there are."""
    own = set(map(id, eqns))
    made = [v for eqn in eqns for v in eqn.outvars]
    takes = [v for v in dict.fromkeys(_variables(v for e in eqns for v in e.invars)) if v in values]
    wanted = set(_variables(jaxpr.outvars))
    wanted.update(_variables(v for e in jaxpr.eqns if id(e) not in own for v in e.invars))
    gives = [v for v in made if v in wanted]
    part = core.Jaxpr((), takes, gives, eqns, debug_info=jaxpr.debug_info.with_unknown_names())
    evaluate = core.jaxpr_as_fun(core.ClosedJaxpr(part, ()))

    def between_products(*arrays):
        with set_xla_metadata(inlineable=None):  # this is a call, not what it calls
            return evaluate(*arrays)

    given = [values[v] for v in takes]
    results = apart(between_products)(*given) if called else evaluate(*given)
    values.update(zip(gives, results, strict=True))


def _variables(atoms: Any) -> Iterator[Any]:
    return (v for v in atoms if not isinstance(v, core.Literal))


def _bytes(aval: Any) -> int:
    return aval.size * aval.dtype.itemsize


def _multiplications(eqn: Any) -> float:
    """How many an operation has in matrix products; infinite if it may take long otherwise."""
    if eqn.primitive.name in _LONG:
        return math.inf
    if eqn.primitive.name == "dot_general":
        (axes, _), _ = eqn.params["dimension_numbers"]
        shape = eqn.invars[0].aval.shape
        return eqn.outvars[0].aval.size * math.prod(shape[k] for k in axes)
    inside = (inner for part in core.jaxprs_in_params(eqn.params) for inner in part.eqns)
    return sum(map(_multiplications, inside))
