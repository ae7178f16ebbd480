"""Counts and times by name."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

__all__ = ["text"]

_ORDER = {"total": 1, "avg": 4, "min": 2, "max": 3, "count": 0}
_HEADS = ("Name", "Total Count", "Time (ms)", "Min Time (ms)", "Max Time (ms)", "Avg Time (ms)")


def text(events: list[dict[str, Any]], format: str, sort_by: str, ascending: bool) -> str:
    """Events summed up by category and name; counters have their values in place of times."""
    if format not in ("table", "json"):
        raise ValueError(f"format must be 'table' or 'json', got {format!r}")
    if sort_by not in _ORDER:
        raise ValueError(f"sort_by must be one of {', '.join(_ORDER)}, got {sort_by!r}")
    sums: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event["ph"] == "X":
            sums[event["cat"]][event["name"]].append(event["dur"] / 1000)
        elif event["ph"] == "C":
            sums[event["cat"]][event["name"]].append(event["args"][event["name"]])
    rows = {
        category: sorted(
            ((name, _row(values)) for name, values in names.items()),
            key=lambda row: row[1][_ORDER[sort_by]],
            reverse=not ascending,
        )
        for category, names in sorted(sums.items())
    }
    if format == "json":
        keys = ("Count", "Total", "Min", "Max", "Avg")
        found = {c: {n: dict(zip(keys, row, strict=True)) for n, row in r} for c, r in rows.items()}
        return json.dumps({"Time": found, "Unit": "ms"}, indent=4)
    lines = ["Profile Statistics"]
    for category, named in rows.items():
        lines += ["", category, "=" * 17, _line(_HEADS), _line(["-" * len(h) for h in _HEADS])]
        lines += [_line([n, str(row[0]), *(f"{v:.4f}" for v in row[1:])]) for n, row in named]
    return "\n".join(lines) + "\n"


def _row(values: list[float]) -> tuple[float, ...]:
    total = sum(values)
    return len(values), total, min(values), max(values), total / len(values)


def _line(cells: Any) -> str:
    return f"{cells[0]:<40}" + "".join(f" {cell:>16}" for cell in cells[1:])
