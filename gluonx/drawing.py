"""A plain picture of a directed graph, in layers (Sugiyama, Tagawa, Toda, 1981), as SVG text."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from html import escape
from itertools import pairwise

__all__ = ["svg"]

_BOX = (140, 44)
_ROW = 80
#: Characters that fit into a box, by the size of letters.
_SIZES = ((21, 11), (25, 9), (28, 8))
_SWEEPS = 12

#: A node's name, or where a long line crosses a row: the name where it begins, and the row.
Item = Hashable


def _levels(names: Sequence[str], below: Mapping[str, list[str]]) -> dict[str, int]:
    """The row of each node, from the bottom; what a node needs comes before it in ``names``."""
    level: dict[str, int] = {}
    above: dict[str, list[str]] = {}
    for name in names:
        level[name] = max((level.get(b, 0) + 1 for b in below.get(name, ())), default=0)
        for b in below.get(name, ()):
            above.setdefault(b, []).append(name)
    for name in names:  # an input stands right under what uses it
        if name not in below and name in above:
            level[name] = min(level[a] for a in above[name]) - 1
    return level


def _width(item: Item) -> float:
    return _BOX[0] + 20 if isinstance(item, str) else 16


def _packed(row: list[Item], wanted: Mapping[Item, float]) -> dict[Item, float]:
    """Places near the wanted ones, in their order, that do not overlap."""
    row.sort(key=wanted.__getitem__)
    gaps = [(_width(a) + _width(b)) / 2 for a, b in pairwise(row)]
    right, left = [wanted[row[0]]], [wanted[row[-1]]]
    for item, gap in zip(row[1:], gaps, strict=True):
        right.append(max(wanted[item], right[-1] + gap))
    for item, gap in zip(row[-2::-1], gaps[::-1], strict=True):
        left.append(min(wanted[item], left[-1] - gap))
    return {x: (a + b) / 2 for x, a, b in zip(row, right, left[::-1], strict=True)}


def _places(rows: list[list[Item]], lines: set[tuple[Item, Item]]) -> dict[Item, float]:
    """Where each item is in its row: near what it is joined to."""
    near: dict[Item, list[list[Item]]] = {x: [[], []] for row in rows for x in row}
    for upper, lower in lines:
        near[upper][0].append(lower)
        near[lower][1].append(upper)
    at: dict[Item, float] = {}
    for row in rows:
        at.update(_packed(row, {x: i * _width(x) for i, x in enumerate(row)}))
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for row in rows[::-1] if side else rows:
            wanted = {}
            for x in row:
                found = near[x][side] or near[x][1 - side]
                wanted[x] = sum(at[y] for y in found) / len(found) if found else at[x]
            at.update(_packed(row, wanted))
    return at


def svg(nodes: Mapping[str, Mapping[str, str]], edges: Sequence[tuple[str, str, Mapping]]) -> str:
    """The picture: inputs at the bottom, outputs at the top.

    Parameters
    ----------
    nodes : dict of str to dict
        By name, in an order in which inputs come first: ``label``, ``shape`` and ``fillcolor``.
    edges : list of (str, str, dict)
        From a node to one of its inputs; the ``label`` stands at the line.
    """
    below: dict[str, list[str]] = {}
    for a, b, _ in edges:
        below.setdefault(a, []).append(b)
    level = _levels(list(nodes), below)
    rows: list[list[Item]] = [[] for _ in range(max(level.values(), default=0) + 1)]
    for name, k in level.items():
        rows[k].append(name)
    lines: dict[tuple[Item, Item], str] = {}
    for a, b, attributes in edges:  # a line that crosses rows bends there; lines of one node join
        bends: list[Item] = [(b, k) for k in range(level[b] + 1, level[a])]
        for k, bend in enumerate(bends, level[b] + 1):
            if bend not in rows[k]:
                rows[k].append(bend)
        way = [b, *bends, a]
        for k, (lower, upper) in enumerate(pairwise(way)):
            lines.setdefault((upper, lower), "" if k else attributes.get("label", ""))
    at = _places(rows, set(lines))
    first = min((at[x] - _width(x) / 2 for x in at), default=0)
    width = max((at[x] + _width(x) / 2 for x in at), default=0) - first
    height = _ROW * len(rows)
    heights: dict[Item, float] = {
        x: height - _ROW * k - _ROW / 2 for k, row in enumerate(rows) for x in row
    }
    parts = [_MARKER]
    for (upper, lower), label in lines.items():
        x1, y1 = at[lower] - first, heights[lower] - _BOX[1] / 2
        x2, y2 = at[upper] - first, heights[upper] + _BOX[1] / 2
        middle = (y1 + y2) / 2
        end = ' marker-end="url(#gluonx-arrow)"' if isinstance(upper, str) else ""
        bar = f" V{y2 - _BOX[1]:.0f}" if not end else ""
        parts.append(
            f'<path d="M{x1:.0f} {y1:.0f} C{x1:.0f} {middle:.0f} {x2:.0f} {middle:.0f} '
            f'{x2:.0f} {y2:.0f}{bar}" fill="none" stroke="black"{end}/>'
        )
        parts.append(_text((x1 + x2) / 2 + 4, middle + 4, label, 9, "start"))
    parts += [_node(n, nodes[n], at[n] - first, heights[n]) for n in nodes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'font-family="sans-serif">{"".join(parts)}</svg>'
    )


_MARKER = (
    '<defs><marker id="gluonx-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
    'markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8" fill="none" stroke="black"/>'
    "</marker></defs>"
)


def _node(name: str, attributes: Mapping[str, str], x: float, y: float) -> str:
    """A box, with its name for whoever points at it."""
    wide, high = _BOX
    round_ = 20 if attributes.get("shape") == "oval" else 3
    parts = [
        f"<g><title>{escape(name)}</title>"
        f'<rect x="{x - wide / 2:.0f}" y="{y - high / 2:.0f}" width="{wide}" height="{high}" '
        f'rx="{round_}" fill="{escape(attributes["fillcolor"])}" stroke="black"/>'
    ]
    lines = attributes["label"].split("\n")
    for k, line in enumerate(lines):
        size = next((size for count, size in _SIZES if len(line) <= count), _SIZES[-1][1])
        if len(line) > _SIZES[-1][0]:
            line = line[:16] + "…" + line[-11:]
        parts.append(_text(x, y + 4 + 14 * (k - (len(lines) - 1) / 2), line, size, "middle"))
    return "".join(parts) + "</g>"


def _text(x: float, y: float, text: str, size: int, anchor: str) -> str:
    if not text:
        return ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
