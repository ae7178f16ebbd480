"""Nested arguments and results: their arrays, and what is left without these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ndarray import NDArray

__all__ = ["ARRAY", "flatten", "is_array", "unflatten", "words"]

ARRAY = "array"


def flatten(tree: Any, leaves: list[Any], keep: Callable[[Any], bool]) -> Any:
    """Collect the leaves that ``keep`` chooses; returns the hashable rest."""
    if keep(tree):
        leaves.append(tree)
        return ARRAY, len(leaves) - 1
    if isinstance(tree, (list, tuple)):
        return type(tree), tuple(flatten(t, leaves, keep) for t in tree)
    if isinstance(tree, dict):
        return dict, tuple((k, flatten(t, leaves, keep)) for k, t in tree.items())
    return None, (type(tree), tree)  # True, 1 and 1.0 are equal, and are not the same


def unflatten(spec: Any, leaves: list[Any]) -> Any:
    """The tree that :func:`flatten` took apart, with other leaves."""
    kind, rest = spec
    if kind is ARRAY:
        return leaves[rest]
    if kind is None:
        return rest[1]
    if kind is dict:
        return {k: unflatten(t, leaves) for k, t in rest}
    items = [unflatten(t, leaves) for t in rest]
    if hasattr(kind, "_fields"):  # a namedtuple
        return kind(*items)
    return kind(items)


def is_array(x: Any) -> bool:
    return isinstance(x, NDArray)


def words(spec: Any) -> str:
    """What :func:`flatten` has left, for people."""
    kind, rest = spec
    if kind is ARRAY:
        return "array"
    if kind is None:
        return repr(rest[1])[:40]
    if kind is dict:
        return "{" + ", ".join(f"{k}: {words(t)}" for k, t in rest) + "}"
    return "(" + ", ".join(map(words, rest)) + ")"
