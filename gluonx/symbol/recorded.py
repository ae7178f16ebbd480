"""What was recorded, as a symbol."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..error import MXNetError
from .compose import compose
from .symbol import Symbol
from .variable import var

__all__ = ["get_symbol"]


def get_symbol(x: Any) -> Symbol:
    """The operators that made an array; see :func:`gluonx.autograd.get_symbol`."""
    x.wait_to_read()
    value = x._entry
    if value is None or value.node is None:
        raise MXNetError("this array was not computed by recorded operators")
    made: dict[Any, Symbol] = {}
    variables: dict[Any, Symbol] = {}

    def variable(key: Any) -> Symbol:
        if key not in variables:
            variables[key] = var(f"var{len(variables)}")
        return variables[key]

    def walk(node: Any) -> Symbol:
        """The symbol of a node whose inputs' nodes have theirs."""
        if node.released:
            raise MXNetError(
                "the graph was released by backward(); call get_symbol() before, or "
                "backward(retain_graph=True)"
            )
        op = getattr(node.kernel, "op", None)
        if op is None:
            raise MXNetError(
                "a part of this was computed by a hybridized block or in Python; call the block "
                "with mx.sym.var('data') for its symbol"
            )
        count = len(node.inputs) - len(op.traced) - bool(op.random)
        args = []
        for at in range(count):
            of, array = node.inputs[at], node.arrays[at]
            if of is not None and of.node is not None:
                args.append(made[of.node][of.index])
            else:
                args.append(variable(of if of is not None else id(array)))
        attrs = {k: v for k, v in node.kernel.attrs.items() if v != op.attrs[k].default}
        for at, name in enumerate(op.traced, count):
            number = np.asarray(node.arrays[at])
            attrs[name] = number.item() if number.ndim == 0 else tuple(number.tolist())
        names = op.inputs if node.kernel.present is op.present else None
        if op.variadic or names is not None:
            return compose(op, op.name.lower().strip("_"), args, attrs)
        present = [n for n, there in zip(op.inputs, node.kernel.present, strict=True) if there]
        given = dict(zip(present, args, strict=True))
        return compose(op, op.name.lower().strip("_"), [], {**attrs, **given})

    for node in _in_order(value.node):
        made[node] = walk(node)
    return made[value.node][value.index]


def _in_order(last: Any) -> list[Any]:
    """A node and all before it, each after its inputs'."""
    seen = {last}
    waiting = [last]
    while waiting:
        for of in waiting.pop().inputs:
            if of is not None and of.node is not None and of.node not in seen:
                seen.add(of.node)
                waiting.append(of.node)
    return sorted(seen, key=lambda node: node.order)
