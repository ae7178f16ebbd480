"""Networks as tables and as pictures: ``mx.viz``."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from .drawing import svg
from .serialization.files import open_write
from .symbol import Symbol
from .symbol.infer import Inference
from .symbol.node import Node, postorder, roles
from .symbol.relations import complete

__all__ = ["Dot", "plot_network", "print_summary"]

#: Ends of the names of variables that are parameters.
_WEIGHTS = (
    "_weight", "_bias", "_beta", "_gamma", "_moving_var", "_moving_mean", "_running_var",
    "_running_mean",
)  # fmt: skip

#: Colours of boxes, ColorBrewer's Set3.
_COLOURS = {
    **dict.fromkeys(("Convolution", "Deconvolution", "FullyConnected"), "#fb8072"),
    **dict.fromkeys(("Activation", "LeakyReLU"), "#ffffb3"),
    **dict.fromkeys(("BatchNorm", "BatchNorm_v1"), "#bebada"),
    **dict.fromkeys(("_contrib_BatchNormWithReLU", "_contrib_SyncBatchNorm"), "#bebada"),
    "Pooling": "#80b1d3",
    **dict.fromkeys(("Concat", "Flatten", "Reshape"), "#fdb462"),
    "softmax": "#b3de69",
}
_VARIABLE, _OTHER = "#8dd3c7", "#fccde5"


def _check(symbol: Any) -> None:
    if not isinstance(symbol, Symbol):
        raise TypeError(f"a Symbol is needed, got {type(symbol).__name__}")


def _shapes(symbol: Symbol, shape: Mapping[str, Any] | None) -> dict[Any, tuple]:
    """The shapes of all results inside, by entry; empty without ``shape``."""
    if shape is None:
        return {}
    inside = symbol.get_internals()
    inputs = roles(inside._heads).inputs
    unknown = set(shape).difference(v.name for v in inputs)
    if unknown:
        raise ValueError(
            f"the symbol has no input {', '.join(sorted(unknown))}; it has "
            f"{', '.join(v.name for v in inputs)}"
        )
    inference = Inference(inside._heads, {v: shape[v.name] for v in inputs if v.name in shape}, {})
    inference.infer_shapes()
    found = [inference.shapes.get(e) for e in inside._heads]
    missing = [n for n, s in zip(inside.list_outputs(), found, strict=True) if not complete(s)]
    if missing:
        raise ValueError(
            f"the shapes do not follow from {dict(shape)}: {', '.join(missing[:5])} "
            "stay unknown; give those of all inputs"
        )
    return {e: s for e, s in zip(inside._heads, found, strict=True) if s is not None}


def _times(values: Sequence[Any]) -> str:
    return "x".join(map(str, values))


def print_summary(
    symbol: Symbol, shape: Mapping[str, Any] | None = None, line_length: int = 120,
    positions: Sequence[float] = (0.44, 0.64, 0.74, 1.0),
) -> None:  # fmt: skip
    """Print a table of the nodes, with the shapes of outputs and the numbers of parameters.

    Parameters
    ----------
    symbol : Symbol
    shape : dict of str to tuple of int, optional
        Shapes of the inputs; without them, shapes and most numbers are not known.
    line_length : int
    positions : list of float
        Where columns end, as parts of the line or in characters.

    Raises
    ------
    ValueError
        If the shapes do not follow from ``shape``.

    Examples
    --------
    >>> import gluonx as gx
    >>> y = gx.sym.FullyConnected(gx.sym.var('data'), num_hidden=3, name='fc')
    >>> gx.viz.print_summary(y, {'data': (2, 4)}, line_length=80)
    ________________________________________________________________________________
    Layer (type)                       Output Shape    Param # Previous Layer
    ================================================================================
    data(null)                         4               0
    ________________________________________________________________________________
    fc(FullyConnected)                 3               15      data
    ================================================================================
    Total params: 15
    ________________________________________________________________________________
    """
    _check(symbol)
    shapes = _shapes(symbol, shape)
    scale = line_length if positions[-1] <= 1 else 1
    ends = [int(scale * p) for p in positions]

    def row(fields: Sequence[Any]) -> None:
        line = ""
        for field, end in zip(fields, ends, strict=True):
            line = (line + str(field))[:end].ljust(end)
        print(line)

    print("_" * line_length)
    row(["Layer (type)", "Output Shape", "Param #", "Previous Layer"])
    print("=" * line_length)
    nodes = postorder(symbol._heads)
    shown = [n for k, n in enumerate(nodes) if n.op is not None or k == 0]
    counted: set[Node] = set()
    total = 0
    for node in shown:
        own = 0
        aux = set(node.aux)
        for name, (source, _) in zip(node.input_names, node.inputs, strict=True):
            if source.op is None and source is not nodes[0] and name not in aux:
                if source not in counted and source.name not in (shape or {}):
                    own += _size(source, shapes) if name != "label" else 0
                counted.add(source)
        total += own
        before = [s.name for s, _ in node.inputs if s.op is not None or s is nodes[0]] or [""]
        size = _times(shapes.get((node, 0), ())[1:])
        row([f"{node.name}({node.kind})", size, own, before[0]])
        for name in before[1:]:
            row(["", "", "", name])
        print(("=" if node is shown[-1] else "_") * line_length)
    print(f"Total params: {total}")
    print("_" * line_length)


def _size(variable: Node, shapes: Mapping[Any, tuple]) -> int:
    shape = shapes.get((variable, 0))
    return math.prod(shape) if shape else 0


class Dot:
    """A graph as DOT text, for Graphviz, and as a plain picture.

    Attributes
    ----------
    source : str
        The text.

    Parameters
    ----------
    title : str
    nodes : dict of str to dict
        Attributes by name.
    edges : list of (str, str, dict)
    """

    def __init__(self, title: str, nodes: dict[str, dict], edges: list[tuple[str, str, dict]]):
        self.title = title
        self.nodes = nodes
        self.edges = edges

    @property
    def source(self) -> str:
        """The graph as DOT text."""
        lines = [f"\t{_quoted(n)} {_attributes(a)}" for n, a in self.nodes.items()]
        lines += [f"\t{_quoted(a)} -> {_quoted(b)} {_attributes(x)}" for a, b, x in self.edges]
        return "\n".join([f"digraph {_quoted(self.title)} {{", *lines, "}"]) + "\n"

    def __str__(self) -> str:
        return self.source

    def save(self, filename: Any = None, directory: Any = None) -> str:
        """Write the text to a file, ``title.gv`` by default; returns its name."""
        path = os.path.join(directory or "", os.fspath(filename or f"{self.title}.gv"))
        with open_write(path) as f:
            f.write(self.source.encode())
        return path

    def _repr_svg_(self) -> str:
        """The picture that a notebook shows: inputs at the bottom, outputs at the top."""
        return svg(self.nodes, self.edges)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _attributes(attributes: Mapping[str, str]) -> str:
    return "[" + " ".join(f"{k}={_quoted(v)}" for k, v in attributes.items()) + "]"


def _title(node: Node) -> str:
    """What stands in the box of a node."""
    p = node.params
    if node.kind in ("Convolution", "Deconvolution"):
        kernel = _times(p["kernel"])
        return f"{node.kind}\n{kernel}/{_times(p.get('stride') or (1,))}, {p['num_filter']}"
    if node.kind == "FullyConnected":
        return f"{node.kind}\n{p['num_hidden']}"
    if node.kind in ("Activation", "LeakyReLU"):
        return f"{node.kind}\n{p['act_type']}"
    if node.kind == "Pooling":
        stride = _times(p.get("stride") or (1,))
        return f"Pooling\n{p['pool_type']}, {_times(p['kernel'] or ())}/{stride}"
    return node.name


def plot_network(
    symbol: Symbol, title: str = "plot", save_format: str = "pdf",
    shape: Mapping[str, Any] | None = None, dtype: Any = None,
    node_attrs: Mapping[str, str] | None = None, hide_weights: bool = True,
) -> Any:  # fmt: skip
    """A picture of a network.

    Parameters
    ----------
    symbol : Symbol
    title : str
    save_format : str
        Format of the files that Graphviz writes.
    shape : dict of str to tuple of int, optional
        Shapes of the inputs, to show the shapes at the edges.
    dtype : optional
        Accepted for compatibility.
    node_attrs : dict of str to str, optional
        Attributes of the boxes, see Graphviz.
    hide_weights : bool
        Leave out variables that are parameters, by their names.

    Returns
    -------
    graphviz.Digraph or Dot
        The latter if the package ``graphviz`` is not installed; both have ``source`` and
        ``save()``, and are shown in notebooks.

    Raises
    ------
    ValueError
        If the shapes do not follow from ``shape``.

    Examples
    --------
    >>> import gluonx as gx
    >>> y = gx.sym.FullyConnected(gx.sym.var('data'), num_hidden=3, name='fc')
    >>> dot = gx.viz.plot_network(y, shape={'data': (2, 4)})
    >>> 'FullyConnected' in dot.source, 'fc_weight' in dot.source
    (True, False)
    """
    graph = graph_of(symbol, title, shape, node_attrs, hide_weights)
    try:
        from graphviz import Digraph  # type: ignore[import-not-found]
    except ImportError:
        return graph
    made = Digraph(name=title, format=save_format)
    for name, attributes in graph.nodes.items():
        made.node(name=name, **attributes)
    for a, b, attributes in graph.edges:
        made.edge(tail_name=a, head_name=b, **attributes)
    return made


def graph_of(
    symbol: Symbol, title: str, shape: Mapping[str, Any] | None,
    node_attrs: Mapping[str, str] | None, hide_weights: bool,
) -> Dot:  # fmt: skip
    """The graph that :func:`plot_network` shows."""
    _check(symbol)
    shapes = _shapes(symbol, shape)
    common = {"shape": "box", "fixedsize": "true", "width": "1.3", "height": "0.8034",
              "style": "filled", **(node_attrs or {})}  # fmt: skip
    nodes: dict[str, dict] = {}
    edges: list[tuple[str, str, dict]] = []
    for node in postorder(symbol._heads):
        if node.op is None:
            if not (hide_weights and node.name.endswith(_WEIGHTS)):
                look = {"shape": "oval", "label": node.name, "fillcolor": _VARIABLE}
                nodes[node.name] = {**common, **look}
            continue
        colour = _COLOURS.get(node.kind, _OTHER)
        nodes[node.name] = {**common, "label": _title(node), "fillcolor": colour}
        for source, k in node.inputs:
            if source.name in nodes:
                size = _times(shapes.get((source, k), ())[1:])
                look = {"dir": "back", "arrowtail": "open", "label": size}
                edges.append((node.name, source.name, look))
    return Dot(title, nodes, edges)
