"""Hooks that see the result of every operator in a block; see ``Block.register_op_hook``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import symbol as sym
from .error import MXNetError
from .hybrid import Cache
from .name import NameManager
from .ndarray import NDArray
from .symbol import Symbol
from .symbol.node import Node, roles
from .symbol.stepwise import Stepwise

if TYPE_CHECKING:
    from .block import HybridBlock

__all__ = ["run", "watcher"]


def watcher(callback: Callable, monitor_all: bool) -> Callable:
    """What is told about an operator's node, its inputs and its outputs."""

    def watch(node: Node, inputs: list[NDArray], outputs: list[NDArray]) -> None:
        kind = node.kind
        if monitor_all:
            for name, x in zip(node.input_names, inputs, strict=True):
                callback(f"{node.name}_{name}", kind, x)
        for name, y in zip(node.output_names(), outputs, strict=False):
            callback(name, kind, y)

    return watch


def run(block: HybridBlock, args: tuple, kwargs: dict, watchers: list[Callable]) -> Any:
    """Call a block operator by operator, and tell the watchers of each of them.

    The block's code is called with symbols, whose graph then runs on the arrays.
    """
    params = block.collect_params()
    if any(p._deferred is not None for p in params.values()):
        Cache.learn_shapes(block, args, kwargs)
    arrays: list[NDArray] = []
    variables: list[Symbol] = []

    def symbols(tree: Any) -> Any:
        if isinstance(tree, NDArray):
            arrays.append(tree)
            variables.append(sym.var(f"data{len(arrays) - 1}"))
            return variables[-1]
        if isinstance(tree, (list, tuple)):
            return type(tree)(map(symbols, tree))
        return tree

    given, named = symbols(args), {k: symbols(v) for k, v in kwargs.items()}
    try:
        with NameManager():
            out = block.forward(*given, **named)
    except Exception as e:
        raise MXNetError(
            f"register_op_hook(): the code of {block.name} must run on symbols, but raised "
            f"{type(e).__name__}: {e}"
        ) from e
    heads: list[Any] = []

    def places(tree: Any) -> Any:
        if isinstance(tree, Symbol):
            heads.extend(tree._heads)
            count = len(tree._heads)
            return range(len(heads) - count, len(heads)) if count > 1 else len(heads) - 1
        if isinstance(tree, (list, tuple)):
            return list(map(places, tree))
        return None

    where = places(out)
    ctx = arrays[0].context
    known = dict(zip((str(v.name) for v in variables), arrays, strict=True))
    leaves = {
        v: known[v.name] if v.name in known else params[v.name].data(ctx)
        for v in roles(heads).inputs
    }

    def tell(node: Node, inputs: list[NDArray], outputs: list[NDArray]) -> None:
        for watch in watchers:
            watch(node, inputs, outputs)

    made = Stepwise(heads, keep=False).run(leaves, ctx, tell)

    def values(tree: Any) -> Any:
        if isinstance(tree, int):
            return made[tree]
        return None if tree is None else [values(t) for t in tree]

    return values(where)
