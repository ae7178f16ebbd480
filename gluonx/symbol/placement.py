"""Where the parts of a graph run: ``ctx_group`` and ``group2ctx``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..context import Context
from .node import Entry, Node, postorder

__all__ = ["group_contexts", "module_contexts", "places"]


def group_contexts(given: Any) -> dict[str, Context]:
    """``group2ctx`` as a user gives it, checked."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(
            "group2ctx must be a dict of contexts by the names of groups, such as "
            f"{{'stage1': mx.cpu(0), 'stage2': mx.gpu(0)}}; got {given!r}"
        )
    found = {}
    for group, ctx in given.items():
        if isinstance(ctx, (list, tuple)) and len(ctx) == 1:
            ctx = ctx[0]
        if not isinstance(ctx, Context):
            raise TypeError(f"group2ctx: the group {group!r} needs a Context, got {ctx!r}")
        found[group] = ctx
    return found


def module_contexts(given: Any, count: int) -> list[dict[str, Context]]:
    """``group2ctxs`` of a Module on ``count`` contexts: ``group2ctx`` for each of them."""
    if given is None:
        return [{}] * count
    if isinstance(given, Mapping):
        lists = {g: list(c) if isinstance(c, (list, tuple)) else [c] for g, c in given.items()}
        lists = {g: c * count if len(c) == 1 else c for g, c in lists.items()}
        wrong = {g: len(c) for g, c in lists.items() if len(c) != count}
        if wrong:
            raise ValueError(
                f"group2ctxs must have one context, or one for each of the {count} of the module, "
                f"for each group; got {wrong}"
            )
        given = [{g: c[k] for g, c in lists.items()} for k in range(count)]
    if len(given) != count:
        raise ValueError(f"group2ctxs has {len(given)} entries for {count} contexts")
    return [group_contexts(g) for g in given]


def places(
    heads: Iterable[Entry], ctx: Context, contexts: Mapping[str, Context]
) -> dict[Node, Context]:
    """The context of each node.

    A node of a group is where ``contexts`` says; an operator of none is where its first input that
    has a group is, and everything else on ``ctx``.
    """
    chosen: dict[Node, Context] = {}
    nodes = postorder(heads)
    for node in nodes:
        found = contexts.get(node.attrs.get("__ctx_group__", node.attrs.get("ctx_group", "")))
        if found is None and node.op is not None:
            found = next((chosen[n] for n, _ in node.inputs if n in chosen), None)
        if found is not None:
            chosen[node] = found
    return {node: chosen.get(node, ctx) for node in nodes}
