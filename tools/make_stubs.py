"""Write the type stubs of `gluonx.nd` and `gluonx.sym` from the operator registry.

    python tools/make_stubs.py

The functions of both namespaces and the operators that are methods of NDArray are made when gluonx
is imported, so editors and type checkers, which import nothing, could not know them. Run this after
adding or changing an operator; a test compares the files with what this would write.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import gluonx
from gluonx.engine.attributes import shown
from gluonx.engine.op import OPS, Op
from gluonx.ndarray.namespace import SPACES
from gluonx.ndarray.operators import METHODS

PACKAGE = Path(gluonx.__file__).parent
WIDTH = 100

HEADER = '''"""{doc}"""

# Made by tools/make_stubs.py; changes here are lost.

from collections.abc import Sequence
from typing import Any

import numpy as np
{imports}

_Shape = int | Sequence[int]
_DType = str | type | np.dtype[Any]
'''

OPERATORS = {
    "binary": "add sub mul truediv mod pow radd rsub rmul rtruediv rmod rpow iadd isub imul "
    "itruediv imod ipow matmul gt ge lt le",
    "comparison": "eq ne",
    "unary": "neg pos abs",
}


def default(parameter: inspect.Parameter) -> str:
    """`` = value``, or nothing for a parameter that must be given."""
    if parameter.default is inspect.Parameter.empty:
        return ""
    text = repr(parameter.default)
    return f" = {text if text not in ('inf', '-inf', 'nan') else '...'}"


def parameters(op: Op, signature: inspect.Signature, array: str, more: Sequence[str]) -> list[str]:
    """The parameters of an operator's function."""
    found, star = [], False
    for p in signature.parameters.values():
        if p.kind is p.VAR_POSITIONAL:
            found.append(f"*{p.name}: {array} | Sequence[{array}]")
            star = True
            continue
        if p.kind is p.KEYWORD_ONLY and not star:
            found.append("*")
            star = True
        if p.name in op.inputs:
            optional = "" if p.default is p.empty else " | None"
            found.append(f"{p.name}: {array}{optional}{default(p)}")
        elif p.name not in ("out", "name", "attr"):
            found.append(f"{p.name}: {shown(p)}{default(p)}")
    if more and not star:
        found.append("*")
    return found + list(more)


def render(name: str, params: Iterable[str], result: str, doc: str | None, indent: str = "") -> str:
    """One function with its documentation."""
    params = list(params)
    head = f"{indent}def {name}({', '.join(params)}) -> {result}:"
    if len(head) > WIDTH:
        lines = "".join(f"{indent}    {p},\n" for p in params)
        head = f"{indent}def {name}(\n{lines}{indent}) -> {result}:"
    if not doc:
        return f"{head} ...\n"
    body = indent + "    "
    start = 'r"""' if "\\" in doc else '"""'
    end = f'\n{body}"""' if "\n" in doc else '"""'
    return f"{head}\n{body}{start}{textwrap.indent(doc, body).strip()}{end}\n"


def result(op: Op, array: str) -> str:
    """What the operator returns: one array, several, or as its attributes say."""
    if isinstance(op.outputs, int):
        return array if op.outputs == 1 else f"list[{array}]"
    return "Any"


def reexported(module: Any) -> tuple[str, set[str]]:
    """The lines ``from .x import y as y`` of a package, and the names."""
    lines, names = [], set()
    tree = ast.parse(Path(module.__file__).read_text())
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and all(a.asname == a.name for a in node.names):
            lines.append(ast.unparse(node))
            names |= {a.name for a in node.names}
    return "\n".join(lines), names


def functions(
    module: Any, array: str, more: Callable[[Op], list[str]], known: set[str], prefix: str = ""
) -> str:
    """All functions of a namespace that its source does not spell out.

    ``prefix`` is what the operators' names in this namespace begin with.
    """
    parts, spelled = [], {}
    for name in sorted(vars(module)):
        function = getattr(module, name)
        if name.startswith("_") or name in known or not inspect.isfunction(function):
            continue
        op, signature = OPS.get(prefix + name), inspect.signature(function)
        if op is None or list(signature.parameters) == ["lhs", "rhs"]:  # of arrays or numbers
            operand = f"{array} | float"
            given = [f"{p}: {operand}" for p in signature.parameters]
            parts.append(render(name, given, array, inspect.getdoc(function)))
        elif op in spelled:
            parts.append(f"{name} = {spelled[op]}\n")
        else:
            spelled[op] = name
            given = parameters(op, signature, array, more(op))
            parts.append(render(name, given, result(op, array), inspect.getdoc(function)))
    return "\n".join(parts)


def arrays(space: str = "") -> str:
    """The stub of ``gluonx.nd``, or of a namespace inside it."""
    module = getattr(gluonx.nd, space) if space else gluonx.nd

    def more(op: Op) -> list[str]:
        ctx = [] if op.inputs else ["ctx: Context | None = None"]
        out = "NDArray | None" if op.outputs == 1 else "NDArray | Sequence[NDArray] | None"
        return [*ctx, f"out: {out} = None", "name: str | None = None"]

    imports, known = reexported(module)
    own = "from .ndarray import NDArray\n" if space else ""
    imports = f"from ..context import Context\n{own}{imports}"
    head = HEADER.format(doc=module.__doc__, imports=imports.strip())
    return head + "\n" + functions(module, "NDArray", more, known, SPACES.get(space, ""))


def symbols(space: str = "") -> str:
    """The stub of ``gluonx.sym``, or of a namespace inside it."""
    module = getattr(gluonx.sym, space) if space else gluonx.sym
    more = ["name: str | None = None", "attr: dict[str, str] | None = None"]
    imports, known = reexported(module)
    own = "from .symbol import Symbol\n" if space else ""
    head = HEADER.format(doc=module.__doc__, imports=f"{own}{imports}".strip())
    return head + "\n" + functions(module, "Symbol", lambda op: more, known, SPACES.get(space, ""))


def methods() -> str:
    """The stub of the operators as methods of NDArray."""
    module = gluonx.ndarray.methods
    parts = [HEADER.format(doc=module.__doc__, imports="from .ndarray import NDArray")]
    parts.append(f'\nclass ArrayMethods:\n    """{module.ArrayMethods.__doc__}"""\n')
    operand = "other: NDArray | float"
    for kind in OPERATORS["binary"].split():
        parts.append(f"    def __{kind}__(self, {operand}) -> NDArray: ...\n")
    for kind in OPERATORS["comparison"].split():
        parts.append(
            f"    def __{kind}__(self, other: object) -> NDArray: ...  # type: ignore[override]\n"
        )
    for kind in OPERATORS["unary"].split():
        parts.append(f"    def __{kind}__(self) -> NDArray: ...\n")
    parts.append("\n    def transpose(self, *axes: Any, **kwargs: Any) -> NDArray: ...\n")
    for name in METHODS:
        if name in OPS and name != "transpose":
            op = OPS[name]
            signature = op.signature()
            rest = [p for p in signature.parameters.values() if p.name != op.inputs[0]]
            signature = signature.replace(parameters=rest)
            given = parameters(op, signature, "NDArray", ["out: NDArray | None = None"])
            doc = getattr(gluonx.nd.NDArray, name).__doc__
            parts.append("\n" + render(name, ["self", *given], result(op, "NDArray"), doc, "    "))
    return "".join(parts)


STUBS = {
    "ndarray/__init__.pyi": arrays,
    "ndarray/methods.pyi": methods,
    "symbol/__init__.pyi": symbols,
    **{f"ndarray/{space}.pyi": functools.partial(arrays, space) for space in SPACES},
    **{f"symbol/{space}.pyi": functools.partial(symbols, space) for space in SPACES},
}


def main() -> None:
    for path, make in STUBS.items():
        text = make()
        PACKAGE.joinpath(path).write_text(text)
        print(f"{path}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()
