"""Where the parts of a graph run: ``ctx_group`` and ``group2ctx``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..context import Context
from .node import Entry, Node, postorder

__all__ = ["group_contexts", "places"]


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
