"""Symbols as text: MXNet 1.9.1's JSON form, and a listing for people."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..engine.op import OPS
from ..error import MXNetError
from ..ops.control_flow import GRAPH_OPS
from ..serialization.files import open_read, open_write, path_name
from . import legacy
from .custom import CustomNode
from .node import Entry, Node, input_names, postorder
from .subgraph import check
from .symbol import Symbol

__all__ = ["debug_text", "dump", "load", "load_json", "save"]

#: The version of the form: MXNet 1.9.1.
_VERSION = 10901

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _versions(nodes: list[Node]) -> Iterator[tuple[Node, list[int]]]:
    """Each node with the versions of its inputs: how often a state was changed up to then."""
    changes: dict[Entry, int] = {}
    for node in nodes:
        versions, aux = [], node.aux
        for name, entry in zip(node.input_names, node.inputs, strict=True):
            if name in aux and entry[0].op is None:
                changes[entry] = changes.get(entry, 0) + 1
            versions.append(changes.get(entry, 0))
        yield node, versions


def dump(symbol: Symbol) -> str:
    """JSON text of a symbol."""
    return _text({**_graph(symbol._heads), "attrs": {"mxnet_version": ["int", _VERSION]}})


def _text(value: Any, indent: str = "") -> str:
    """JSON as MXNet lays it out: some lists and dictionaries on one line, and only those escapes
    that it can read."""
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, int):
        return str(value)
    inner = indent + "  "
    if isinstance(value, dict):
        first, last = "{}"
        items = [f"{_text(k)}: {_text(v, inner)}" for k, v in value.items()]
        spread = len(items) > 1
    else:
        first, last = "[]"
        items = [_text(v, inner) for v in value]
        spread = len(items) > 10 or any(isinstance(v, dict) for v in value)
    if not spread:
        return first + ", ".join(items) + last
    return f"{first}\n{inner}" + f", \n{inner}".join(items) + f"\n{indent}{last}"


def _graph(heads: Sequence[Entry]) -> dict[str, Any]:
    nodes = postorder(heads)
    index = {node: i for i, node in enumerate(nodes)}
    listed, pointers = [], [0]
    for node, versions in _versions(nodes):
        item: dict[str, Any] = {"op": node.kind, "name": node.name}
        if node.attrs:
            item["attrs"] = dict(sorted(node.attrs.items()))
        item["inputs"] = [[index[n], i, v] for (n, i), v in zip(node.inputs, versions, strict=True)]
        if node.subgraphs:
            item["subgraphs"] = list(map(_graph, node.subgraphs))
        listed.append(item)
        pointers.append(pointers[-1] + node.total)
    return {
        "nodes": listed,
        "arg_nodes": [i for i, node in enumerate(nodes) if node.op is None],
        "node_row_ptr": pointers,
        "heads": [[index[n], i, 0] for n, i in heads],
    }


def save(symbol: Symbol, fname: str | os.PathLike) -> None:
    """Write a symbol to a file; the old file or the new one is there, whole."""
    content = dump(symbol).encode()
    with open_write(fname) as file:
        file.write(content)


def load(fname: str | os.PathLike) -> Symbol:
    """Read a symbol from a file that :meth:`Symbol.save`, or MXNet, wrote.

    Parameters
    ----------
    fname : str or path
        A path, or a URL.

    Returns
    -------
    Symbol

    Raises
    ------
    MXNetError
        If the file cannot be read, or holds no symbol.
    """
    with open_read(fname) as file:
        content = file.read()
    try:
        return load_json(content.decode())
    except UnicodeDecodeError:
        raise MXNetError(f"{path_name(fname)} is not a symbol file: it is not text") from None
    except MXNetError as e:
        raise MXNetError(f"{path_name(fname)}: {e}") from None


def load_json(json_str: str) -> Symbol:
    """Read a symbol from JSON text.

    Parameters
    ----------
    json_str : str
        What :meth:`Symbol.tojson`, or MXNet, wrote.

    Returns
    -------
    Symbol

    Raises
    ------
    MXNetError
        If the text is not a symbol, or has an operator that gluonx does not have.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.sym.load_json((gx.sym.var('a') * 2).tojson()).list_arguments()
    ['a']
    """
    if not isinstance(json_str, str):
        raise TypeError(f"load_json() takes a string, got {type(json_str).__name__}")
    try:
        graph = json.loads(json_str)
    except (ValueError, RecursionError) as e:
        raise MXNetError(f"this is not the JSON text of a symbol: {e}") from None
    try:
        return Symbol(_heads(graph))
    except RecursionError:
        raise MXNetError("the symbol has too many subgraphs inside each other") from None


def _heads(graph: Any, version: int | None = None) -> list[Entry]:
    """The outputs of a graph of the file; one inside another has the other's version."""
    parts = graph if isinstance(graph, dict) else {}
    if not (isinstance(parts.get("nodes"), list) and isinstance(parts.get("heads"), list)):
        raise MXNetError(
            "this is not the JSON text of a symbol: it lacks lists 'nodes' and 'heads'"
        )
    if version is None:
        version = legacy.version_of(parts)
    nodes: list[Node] = []
    for item in graph["nodes"]:
        nodes.append(_node(item, nodes, version))
    if not graph["heads"]:
        raise MXNetError("the symbol has no outputs: the list 'heads' is empty")
    return [_entry(e, nodes, "the list of heads") for e in graph["heads"]]


def _node(item: Any, before: list[Node], version: int) -> Node:
    """A node of the file; its inputs stand before it."""
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise MXNetError(f"node {len(before)} of the symbol has no name")
    name = item["name"]
    attrs: dict[str, str] = {}
    for key in ("param", "attr", "attrs"):
        found = item.get(key) or {}
        if not isinstance(found, Mapping) or not all(isinstance(v, str) for v in found.values()):
            raise MXNetError(f"node {name!r}: {key!r} must hold strings")
        attrs.update(found)
    inputs = item.get("inputs")
    if not isinstance(inputs, list):
        raise MXNetError(f"node {name!r} has no list of inputs")
    entries = [_entry(e, before, f"node {name!r}") for e in inputs]
    attrs, meant = legacy.own_keys(attrs)
    if item.get("op") == "null":
        attrs.update((f"{argument}_{key[2:-2]}", value) for argument, key, value in meant)
        return Node(None, name, attrs)
    kind = item["op"] if isinstance(item.get("op"), str) else ""
    op = OPS.get(kind) or GRAPH_OPS.get(kind)
    if item.get("op") == "Custom":
        op = CustomNode({k: v for k, v in attrs.items() if not k.startswith("__")})
    if op is None:
        raise MXNetError(f"node {name!r}: gluonx has no operator {item.get('op')!r}")
    subgraphs = item.get("subgraphs") or []
    if not isinstance(subgraphs, list):
        raise MXNetError(f"node {name!r}: 'subgraphs' must be a list")
    attrs = legacy.updated(kind, attrs, version)
    node = Node(op, name, attrs, entries, item["op"], [_heads(g, version) for g in subgraphs])
    if op.graphs or subgraphs:
        check(node)
    try:
        wanted = () if op.variadic else input_names(op, node.params)
        node.inputs = entries = legacy.complete(name, attrs, entries, wanted, version)
        node.visible  # noqa: B018  raises for parameters that make no sense
    except (TypeError, ValueError, KeyError) as e:
        raise MXNetError(f"node {name!r}: {e}") from None
    if not op.variadic and len(entries) != len(wanted):
        raise MXNetError(
            f"node {name!r}: {op.name} takes {len(wanted)} inputs ({', '.join(wanted)}), the file "
            f"gives {len(entries)}"
        )
    legacy.initialize(op, entries, wanted, version)
    for argument, key, value in meant:
        source = entries[wanted.index(argument)][0] if argument in wanted else node
        if source is node or source.op is not None:
            node.update({f"{argument}_{key[2:-2]}": value})  # of no input: as the file has it
        else:
            source.attrs[key] = value
    return node


def _entry(item: Any, nodes: list[Node], where: str) -> Entry:
    """One output of an earlier node: [node, output] or [node, output, version]."""
    numbers = item if isinstance(item, list) else []
    if len(numbers) not in (2, 3) or not all(type(n) is int and n >= 0 for n in numbers):
        raise MXNetError(f"{where}: {item!r} is not a reference to a node's output")
    at, index = numbers[:2]
    if at >= len(nodes):
        raise MXNetError(f"{where} refers to node {at}, which does not come before it")
    if index >= nodes[at].visible:
        raise MXNetError(
            f"{where} refers to output {index} of {nodes[at].name!r}, which has {nodes[at].visible}"
        )
    return nodes[at], index


def debug_text(symbol: Symbol) -> str:
    """The graph as text, node by node."""
    lines = ["Symbol Outputs:"]
    lines += [f"\toutput[{k}]={n.name}({i})" for k, (n, i) in enumerate(symbol._heads)]
    for node, versions in _versions(postorder(symbol._heads)):
        if node.op is None:
            lines.append(f"Variable:{node.name}")
            continue
        lines += ["-" * 20, f"Op:{node.kind}, Name={node.name}", "Inputs:"]
        for k, ((n, i), version) in enumerate(zip(node.inputs, versions, strict=True)):
            mark = f" version={version}" if n.op is None else ""
            lines.append(f"\targ[{k}]={n.name}({i}){mark}")
        if node.attrs:
            lines += ["Attrs:", *(f"\t{k}={v}" for k, v in sorted(node.attrs.items()))]
    return "\n".join(lines) + "\n"
