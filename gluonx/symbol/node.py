"""Nodes: what a symbol is made of.

A :class:`Node` is an operator or a variable, with a name, attributes as text and inputs. An *entry*
is one output of a node; a symbol is a list of entries. Nodes are shared between symbols, and only
``Symbol._set_attr`` changes one; composing builds new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.op import Op
from ..ops.control_flow import links

__all__ = [
    "ELEMENTWISE",
    "Entry",
    "Node",
    "Roles",
    "copy_graph",
    "input_names",
    "postorder",
    "roles",
    "text",
]

#: Attributes that belong to the node, not to the operator; kept as ``__name__``.
OWN = ("ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage", "profiler_scope")

#: Inputs that an operator has only for some attributes.
_ONLY_IF: dict[str, Callable[[dict], bool]] = {
    "bias": lambda a: not a.get("no_bias"),
    "length": lambda a: a.get("use_length", True),
    "sequence_length": lambda a: a.get("use_sequence_length", True),
    "data_lengths": lambda a: a.get("use_data_lengths", True),
    "label_lengths": lambda a: a.get("use_label_lengths", True),
    "mask": lambda a: a.get("use_mask", True),
    "valid_length": lambda a: a.get("use_valid_length", True),
    "offset": lambda a: a.get("use_offset", True),
    "state_cell": lambda a: a.get("mode", "lstm") == "lstm",
    "bins": lambda a: a.get("bin_cnt") is None,
    "gamma": lambda a: a.get("act_type", "prelu") == "prelu",
    "like": lambda a: a.get("mode") == "like",
    "trans": lambda a: not a.get("no_trans"),
}

#: Operators that MXNet has twice, for arrays of one shape and with broadcasting, and gluonx once;
#: a symbol made with Python's operators is written under these names.
ELEMENTWISE = (
    "_mod", "_power", "_maximum", "_minimum", "_hypot", "_equal", "_not_equal", "_greater",
    "_greater_equal", "_lesser", "_lesser_equal", "_logical_and", "_logical_or", "_logical_xor",
)  # fmt: skip


class Node:
    """An operator or a variable in a graph.

    Attributes
    ----------
    op : Op or None
        None for a variable.
    kind : str
        The operator's name in a file; ``'null'`` for a variable.
    name : str
    attrs : dict of str to str
        As the caller or a file gave them: parameters of the operator, and ``__own__`` attributes.
    inputs : list of Entry
        Which outputs of which nodes.
    subgraphs : sequence of (sequence of Entry)
        The graphs that a loop or a branch runs, by their outputs.
    kernels : dict
        The kernels of a node with subgraphs, by train mode.
    """

    __slots__ = ("op", "kind", "name", "attrs", "inputs", "subgraphs", "kernels", "_params")

    def __init__(
        self,
        op: Op | None,
        name: str,
        attrs: dict[str, str],
        inputs: Sequence[Entry] = (),
        called: str | None = None,
        subgraphs: Sequence[Sequence[Entry]] = (),
    ):
        self.op = op
        self.kind = "null" if op is None else called if called in ELEMENTWISE else op.name
        self.name = name
        self.attrs = attrs
        self.inputs = list(inputs)
        self.subgraphs = subgraphs
        self.kernels: dict[bool, Any] = {}
        self._params: dict[str, Any] | None = None

    @property
    def given(self) -> dict[str, str]:
        """The operator's parameters among the attributes."""
        known = self.op.attrs if self.op is not None else {}
        return {k: v for k, v in self.attrs.items() if k in known}

    @property
    def params(self) -> dict[str, Any]:
        """All parameters of the operator, as values."""
        if self._params is None:
            self._params = self.op.parse(self.given) if self.op is not None else {}
        return self._params

    def update(self, attrs: Mapping[str, str]) -> None:
        """Change attributes."""
        self.attrs.update(attrs)
        self._params = None
        self.kernels = {}

    @property
    def visible(self) -> int:
        """Number of outputs that a symbol shows."""
        if self.op is None:
            return 1
        outputs = self.op.outputs
        return outputs if isinstance(outputs, int) else outputs(self.params)

    @property
    def total(self) -> int:
        """Number of outputs as a file counts them."""
        return max(self.visible, len(self._names()))

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs there are."""
        if self.op is None:
            return ()
        if self.op.variadic:
            return tuple(f"arg{i}" for i in range(len(self.inputs)))
        return input_names(self.op, self.params)[: len(self.inputs)]

    @property
    def links(self) -> list[list[int]]:
        """For each subgraph, which input each of its variables is."""
        return links(self.kind, self.params)

    @property
    def aux(self) -> Sequence[str]:
        """Names of the inputs that the operator changes."""
        if self.op is None:
            return ()
        if not self.subgraphs:
            if not self.op.variadic:
                return self.op.aux
            names = self.input_names
            return [names[at] for at in self.op.changed(len(names), self.params)]
        changed: set[int] = set()
        for entries, places in zip(self.subgraphs, self.links, strict=True):
            found = roles(entries)
            changed.update(
                at for v, at in zip(found.inputs, places, strict=True) if v in found.auxiliary
            )
        return [f"arg{at}" for at in sorted(changed)]

    @property
    def random(self) -> bool:
        """Whether it draws random numbers."""
        if self.subgraphs:
            return any(n.random for entries in self.subgraphs for n in postorder(entries))
        return self.op is not None and self.op.random

    def output_names(self) -> list[str]:
        """Full names of the visible outputs."""
        if self.op is None:
            return [self.name]
        names = self._names()
        if not names:
            names = ["output"] if self.visible == 1 else [f"output{i}" for i in range(self.visible)]
        return [f"{self.name}_{n}" for n in names[: self.visible]]

    def _names(self) -> Sequence[str]:
        """Names of all outputs, if they have other ones than usual."""
        names = self.op.output_names if self.op is not None else None
        return names(self.params) if callable(names) else names or ()


#: One output of a node.
Entry = tuple[Node, int]


def input_names(op: Op, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The inputs that an operator has with these parameters."""
    return tuple(
        n
        for n in op.inputs
        if n not in op.optional or n not in _ONLY_IF or _ONLY_IF[n](dict(params))
    )


def text(value: Any) -> str:
    """An attribute's value as a symbol file has it."""
    if isinstance(value, str):
        return value
    if isinstance(value, (tuple, list)):
        items = [text(v) if not isinstance(v, str) else repr(v) for v in value]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, (type, np.dtype)):
        return np.dtype(value).name
    if value is None or isinstance(value, (bool, int, float, np.generic)):
        return str(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return str(value.item())
    raise TypeError(
        f"an attribute of a symbol must be a number, a string, a tuple or a dtype, got "
        f"{type(value).__module__}.{type(value).__name__}"
    )


def postorder(entries: Iterable[Entry]) -> list[Node]:
    """All nodes below the entries, each after its inputs, in depth-first order."""
    done: dict[Node, None] = {}
    entered: set[Node] = set()
    stack = [(node, False) for node, _ in entries][::-1]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            done[node] = None
        elif node not in entered:
            entered.add(node)
            stack.append((node, True))
            stack += [(n, False) for n, _ in reversed(node.inputs) if n not in entered]
    return list(done)


class Roles:
    """The variables of a graph: arguments and auxiliary states, in order."""

    def __init__(self, nodes: Iterable[Node]):
        aux: set[Node] = set()
        variables = []
        for node in nodes:
            if node.op is None:
                variables.append(node)
            elif changed := node.aux:
                named = zip(node.input_names, node.inputs, strict=True)
                aux.update(n for name, (n, _) in named if name in changed and n.op is None)
        self.inputs: list[Node] = variables
        self.arguments: list[Node] = [v for v in variables if v not in aux]
        self.auxiliary: list[Node] = [v for v in variables if v in aux]


def roles(entries: Iterable[Entry]) -> Roles:
    """Arguments and auxiliary states below the entries."""
    return Roles(postorder(entries))


def copy_graph(
    entries: Sequence[Entry], replace: Mapping[Node, Entry] | None = None
) -> tuple[list[Entry], dict[Node, Node]]:
    """A copy of the graph in which some variables are replaced by entries of other graphs.

    Returns the copied entries, and the copy of each node.
    """
    replace = replace or {}
    copies: dict[Node, Node] = {}
    for node in postorder(entries):
        if node not in replace:
            inputs = [replace.get(n) or (copies[n], i) for n, i in node.inputs]
            copies[node] = Node(
                node.op, node.name, dict(node.attrs), inputs, node.kind, node.subgraphs
            )
    return [replace.get(n) or (copies[n], i) for n, i in entries], copies
