"""Composition: an operator applied to symbols is a symbol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..engine.op import Op
from ..error import MXNetError
from ..name import NameManager
from .node import Entry, Node, copy_graph, input_names, roles, text
from .symbol import Symbol
from .variable import own_attributes

__all__ = ["call", "compose"]


def compose(
    op: Op,
    hint: str,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    name: str | None = None,
    attr: Mapping[str, str] | None = None,
) -> Symbol:
    """Apply an operator to symbols.

    Parameters
    ----------
    op : Op
    hint : str
        Beginning of an automatic name.
    args, kwargs
        Symbols and attributes, as the public function takes them.
    name : str, optional
    attr : dict of str to str, optional
        Attributes of the node.
    """
    inputs, given = _split(op, args, kwargs)
    name = NameManager.current.get(name, hint)
    own = own_attributes(attr)
    attrs = {**own, **{k: text(v) for k, v in given.items()}}
    params = op.parse({k: v for k, v in attrs.items() if not k.startswith("__")})
    if op.variadic:
        if not inputs:
            raise TypeError(f"{op.name}() needs at least one symbol")
        attrs["num_args"] = str(len(inputs))
        entries = [e for _, e in inputs]
    else:
        found = dict(inputs)
        entries = []
        for wanted in input_names(op, params):
            entry = found.get(wanted)
            if entry is None:
                entry = (Node(None, f"{name}_{wanted}", dict(attrs)), 0)
            init = op.initial.get(wanted)
            if init is not None and entry[0].op is None:
                entry[0].attrs.setdefault("__init__", init)
            entries.append(entry)
    node = Node(op, name, attrs, entries, hint)
    return Symbol([(node, i) for i in range(node.visible)])


def _split(
    op: Op, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[list[tuple[str, Entry]], dict[str, Any]]:
    """Symbols by input name, and attributes, from a call of the public function."""
    if op.variadic:
        given = dict(kwargs)
        given.pop("num_args", None)
        named = given.pop(op.inputs[0], None)
        symbols: list[Any] = []
        for a in (*args, named):
            if isinstance(a, (list, tuple, Symbol)):
                symbols += a  # a symbol with several outputs stands for all of them
            elif a is not None:
                symbols.append(a)
        return [(op.inputs[0], _entry(op, op.inputs[0], s)) for s in symbols], given
    names, order = op.inputs, tuple(op.attrs)
    found: dict[str, Any] = {}
    given = {}
    at = 0
    for at, a in enumerate(args):
        if at >= len(names) or not (a is None or isinstance(a, Symbol)):
            break
        if a is not None:
            found[names[at]] = a
    else:
        at = len(args)
    if at < len(names) and at < len(args) and names[at] not in op.optional:
        raise _not_symbol(op, names[at], args[at])
    rest = args[at:]
    if len(rest) > len(order):
        raise TypeError(f"{op.name}() takes at most {len(names) + len(order)} positional arguments")
    for key, value in (*zip(order, rest, strict=False), *kwargs.items()):
        target = found if key in names else given
        if key in target:
            raise TypeError(f"{op.name}() got two values for the argument {key!r}")
        if key not in names or value is not None:
            target[key] = value
    return [(k, _entry(op, k, s)) for k, s in found.items()], given


def _entry(op: Op, name: str, value: Any) -> Entry:
    if not isinstance(value, Symbol):
        raise _not_symbol(op, name, value)
    if len(value._heads) != 1:
        raise MXNetError(
            f"{op.name}(): {name} must be a symbol with one output, got {value!r} with "
            f"{len(value._heads)}; choose one of them: y[0]"
        )
    return value._heads[0]


def _not_symbol(op: Op, name: str, value: Any) -> TypeError:
    return TypeError(
        f"{op.name}(): {name} must be a Symbol, got {type(value).__module__}."
        f"{type(value).__name__}; make one with sym.var(name)"
    )


def call(symbol: Symbol, args: Sequence[Any], name: str | None, kwargs: dict[str, Any]) -> Symbol:
    """A copy of ``symbol`` in which variables are replaced by other symbols."""
    if args:
        raise TypeError(
            "give the symbols to put in by the names of the variables that they replace: "
            f"net({roles(symbol._heads).inputs[0].name}=other)"
        )
    by_name: dict[str, list[Node]] = {}
    for node in roles(symbol._heads).inputs:
        by_name.setdefault(node.name, []).append(node)
    replace: dict[Node, Entry] = {}
    for key, value in kwargs.items():
        if not isinstance(value, Symbol):
            raise TypeError(f"{key} must be a Symbol, got {type(value).__name__}")
        if len(value._heads) != 1:
            raise MXNetError(f"{key} must be a symbol with one output, got {value!r}")
        if key not in by_name:
            raise MXNetError(
                f"{symbol!r} has no variable {key!r} to replace; it has {', '.join(by_name)}"
            )
        replace.update(dict.fromkeys(by_name[key], value._heads[0]))
    heads, copies = copy_graph(symbol._heads, replace)
    if name is not None:
        node = symbol._heads[0][0]
        if node in copies:
            copies[node].name = name
    return Symbol(heads)
