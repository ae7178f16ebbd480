"""Shapes of which some extents are not known, and what an operator's say about each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .node import Entry, Node

__all__ = ["Shape", "complete", "merge", "related"]

#: 0 is an unknown extent.
Shape = tuple[int, ...]


def complete(shape: Shape | None) -> bool:
    """Whether all extents are known."""
    return shape is not None and 0 not in shape


def merge(old: Shape | None, new: Sequence[int]) -> Shape | None:
    """What both say together; None if they contradict each other."""
    if old is None:
        return tuple(new)
    if len(old) != len(new) or any(a and b and a != b for a, b in zip(old, new, strict=True)):
        return None
    return tuple(a or b for a, b in zip(old, new, strict=True))


def related(node: Node, known: Mapping[Entry, Shape | None]) -> dict[Entry, Shape]:
    """What follows for the inputs and the first output of some kinds of nodes, either way.

    Nothing if they contradict each other: whoever computes with them finds out what is wrong.
    """
    rule = _RULES.get(node.kind)
    if rule is None:
        return {}
    out = known.get((node, 0))
    found = rule([known.get(e) for e in node.inputs], out, node.params)
    named = zip([*node.inputs, (node, 0)], found, strict=False)
    return {e: shape for e, shape in named if shape is not None}


def _joined(shapes: list[Shape | None], out: Shape | None, params: Any) -> list[Shape]:
    """Arrays and what comes of joining them agree in all axes but one."""
    ranks = {len(s) for s in (*shapes, out) if s is not None}
    rank, axis = max(ranks, default=0), params["dim"]
    if len(ranks) != 1 or not -rank <= axis < rank:
        return []
    axis %= rank

    def having(length: int) -> Shape:
        return (*common[:axis], length, *common[axis + 1 :])

    common: Shape = (0,) * rank
    for s in (*shapes, out):
        if s is not None:
            both = merge(common, (*s[:axis], 0, *s[axis + 1 :]))
            if both is None:
                return []
            common = both
    lengths = [s[axis] if s is not None else 0 for s in shapes]
    total = out[axis] if out is not None else 0
    rest = total - sum(lengths)
    if lengths.count(0) == 1 and rest > 0:
        lengths[lengths.index(0)] = rest
    elif 0 not in lengths:
        if total and rest:
            return []
        total = sum(lengths)
    return [*map(having, lengths), having(total)]


def _expanded(shapes: list[Shape | None], out: Shape | None, params: Any) -> list[Shape | None]:
    """The input is the output without an axis."""
    axis = params["axis"]
    if out is None or not -len(out) <= axis < len(out):
        return []
    axis %= len(out)
    return [merge(shapes[0], out[:axis] + out[axis + 1 :])]


def _like_data(shapes: list[Shape | None], out: Shape | None, params: Any) -> list[Shape | None]:
    """The output has the shape of the first input, whatever the label is."""
    data = shapes[0]
    both = data if out is None else merge(data, out)
    return [both, *[None] * (len(shapes) - 1), both]


_RULES: dict[str, Callable[..., Sequence[Shape | None]]] = {
    "Concat": _joined,
    "expand_dims": _expanded,
    **dict.fromkeys(
        ("SoftmaxOutput", "SVMOutput", "LinearRegressionOutput", "LogisticRegressionOutput",
         "MAERegressionOutput"), _like_data,
    ),
}  # fmt: skip
