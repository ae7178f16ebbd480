"""Write docs/operators.md: every operator, where it is public, and what its values are tested with.

    python tools/make_coverage.py

Run it after adding an operator or a case of one; a test compares the page with what this writes.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import gluonx
from gluonx.engine.op import OPS, Op
from gluonx.ndarray.namespace import SPACES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "operators.md"
#: Modules whose functions other modules import and do not offer.
_HELPERS = (".compose", ".dispatch", ".namespace")

TESTS = ROOT / "tests" / "operators"

HEAD = """# Operators

Made by `tools/make_coverage.py`; changes here are lost.

Each operator is registered once; its functions in `nd` and `sym` are made from that. `F` in a
block is `sym`, whose functions compute when they are given arrays.

- **Gradient**: *yes*, the derivative; *custom*, another one on purpose, such as that of a loss
  layer; *no*, none is recorded.
- **Verified against**: *MXNet*, values (and gradients, where there are any) that MXNet 1.9.1 gave;
  *differences*, gradients compared with finite differences.

{figures}
"""


@functools.cache
def cases() -> dict[str, list]:
    """The test cases of each operator."""
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    found: dict[str, list] = {}
    for family, module in importlib.import_module("cases").FAMILIES.items():
        for case in module.CASES:
            found.setdefault(case.op, []).append((family, case))
    return found


@functools.cache
def stored(family: str) -> frozenset[str]:
    """The keys of the cases for which there are values of MXNet."""
    path = TESTS / "reference" / f"{family}.npz"
    if not path.exists():
        return frozenset()
    with np.load(path) as file:
        return frozenset(json.loads(file["index"].tobytes()))


def operators() -> dict[str, Op]:
    """All operators by their canonical names."""
    return dict(sorted({op.name: op for op in OPS.values()}.items()))


def spaces(root: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    """``nd`` or ``sym`` and the namespaces inside it, with the prefixes of their names."""
    yield "", root
    for name in (*SPACES, "random", "sparse"):
        if inspect.ismodule(getattr(root, name, None)):
            yield f"{name}.", getattr(root, name)


def functions(root: ModuleType) -> dict[str, Any]:
    """The public functions of ``nd`` or ``sym``; of ``sym`` only those that take symbols."""
    return {
        prefix + name: value
        for prefix, space in spaces(root)
        for name, value in sorted(vars(space).items())
        if not name.startswith("_")
        and inspect.isfunction(value)
        and not value.__module__.endswith(_HELPERS)
        and not hasattr(value, "of_arrays_only")
    }


def public(op: Op) -> list[str]:
    """The names under which an operator may be found in ``nd`` and ``sym``."""
    prefixes = {**SPACES, "random": "_random_"}
    found = []
    for name in (op.name, *op.aliases):
        if not name.startswith("_"):
            found.append(name)
        for space, prefix in prefixes.items():
            if name.startswith(prefix):
                found.append(f"{space}.{name[len(prefix) :]}")
    return found


def gradient(op: Op) -> str:
    """Whether the operator has a gradient, and whether that is the derivative."""
    known = [case for _, case in cases().get(op.name, ()) if case.wanted() or case.wanted(case.fd)]
    if not op.differentiable or not op.inputs or not known:
        return "no"
    return "yes" if any(case.wanted(case.fd) for case in known) else "custom"


def verified(op: Op) -> str:
    """What the operator's values and gradients are compared with."""
    known = cases().get(op.name, ())
    ways = []
    if any(case.reference and case.value and case.key in stored(family) for family, case in known):
        ways.append("MXNet")
    if any(case.value and case.wanted(case.fd) for _, case in known):
        ways.append("differences")
    return ", ".join(ways) or "–"


def row(op: Op, arrays: dict[str, Any], symbols: dict[str, Any]) -> str:
    """The operator's line of the table."""
    names = public(op)
    nd = [name for name in names if name in arrays]
    shared = [name for name in nd if name in symbols]
    aliases = ", ".join(f"`{name}`" for name in op.aliases) or "–"
    mark = {True: "✓", False: "–"}
    cells = [
        f"`{op.name}`", aliases, ", ".join(f"`{name}`" for name in nd) or "–",
        mark[any(name in symbols for name in names)], mark[bool(shared)], gradient(op),
        verified(op),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def mirrored(arrays: dict[str, Any], symbols: dict[str, Any]) -> float:
    """The share of the functions of ``nd`` that ``sym`` has too."""
    return sum(name in symbols for name in arrays) / len(arrays)


def page() -> str:
    """The whole page."""
    arrays, symbols = functions(gluonx.nd), functions(gluonx.sym)
    all_of_them = operators()
    both = sum(name in symbols for name in arrays)
    missing = sorted(name for name in arrays if name not in symbols)
    ways = [verified(op) for op in all_of_them.values()]
    figures = [
        f"{len(all_of_them)} operators; {sum('MXNet' in w for w in ways)} are verified against "
        f"MXNet, {sum('differences' in w for w in ways)} against finite differences, "
        f"{sum(w == '–' for w in ways)} against neither (random numbers, mostly: their "
        "distributions are tested).",
        f"`sym` has {both} of the {len(arrays)} public functions of `nd` and its namespaces, "
        f"{100 * both / len(arrays):.1f} %. Only in `nd`: "
        f"{', '.join(f'`{name}`' for name in missing) or 'none'}.",
    ]
    parts = [HEAD.format(figures="\n\n".join(figures))]
    for family in sorted({_family(op) for op in all_of_them.values()}):
        parts.append(
            f"\n## {family}\n\n"
            "| Operator | Also called | `nd.` | `sym` | `F` | Gradient | Verified against |\n"
            "|---|---|---|---|---|---|---|\n"
        )
        chosen = [op for op in all_of_them.values() if _family(op) == family]
        parts += [row(op, arrays, symbols) + "\n" for op in chosen]
    known = {name for op in all_of_them.values() for name in public(op)}
    parts.append("\n## Functions that are not operators\n\n| `nd.` | `sym` |\n|---|---|\n")
    for name in arrays:
        if name not in known:
            parts.append(f"| `{name}` | {'✓' if name in symbols else '–'} |\n")
    return "".join(parts)


def _family(op: Op) -> str:
    return op.fn.__module__.rsplit(".", 1)[-1].strip("_")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(operators())} operators")
