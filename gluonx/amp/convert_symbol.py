"""Symbols for inference in 16 bits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..engine.op import OPS
from ..ops.precision import Policy
from ..symbol import Symbol
from ..symbol.node import Entry, Node, postorder
from .switch import low_precision

__all__ = ["convert_model", "convert_symbol"]


class _Converter:
    """A copy of a graph, with casts between its nodes."""

    def __init__(self, policy: Policy, excluded: Collection[str]):
        self._policy = policy
        self._excluded = excluded
        self._copies: dict[Node, Node] = {}
        self._casts: dict[tuple[Node, int, str], Node] = {}

    def _cast(self, entry: Entry, dtype: str) -> Entry:
        found = self._casts.get((*entry, dtype))
        if found is None:
            name = f"{entry[0].name}_{entry[1]}_amp_cast_{dtype}"
            found = Node(OPS["amp_cast"], name, {"dtype": dtype}, [entry])
            self._casts[(*entry, dtype)] = found
        return found, 0

    def _inputs(self, node: Node) -> list[Entry]:
        inputs = [(self._copies[n], i) for n, i in node.inputs]
        if node.op is None or node.subgraphs or node.name in self._excluded:
            return inputs
        precision = self._policy.precision(node.op, node.params)
        if precision == "widest" and len(inputs) > 1:
            count = {"num_outputs": str(len(inputs))}
            wide = Node(OPS["amp_multicast"], f"{node.name}_amp_multicast", count, inputs)
            return [(wide, i) for i in range(len(inputs))]
        if precision in ("low", "single"):
            dtype = self._policy.dtype if precision == "low" else "float32"
            names = inputs if node.op.variadic else node.input_names
            return [
                entry if name in node.op.aux else self._cast(entry, dtype)
                for entry, name in zip(inputs, names, strict=True)
            ]
        return inputs

    def convert(self, heads: list[Entry]) -> list[Entry]:
        for node in postorder(heads):
            self._copies[node] = Node(
                node.op, node.name, dict(node.attrs), self._inputs(node), node.kind, node.subgraphs
            )
        return [(self._copies[n], i) for n, i in heads]


def convert_symbol(
    sym: Symbol,
    target_dtype: Any = "bfloat16",
    target_dtype_ops: Collection[str] | None = None,
    fp32_ops: Collection[str] | None = None,
    conditional_fp32_ops: Collection[tuple[str, str, Collection]] | None = None,
    excluded_sym_names: Collection[str] | None = None,
    data_names: Collection[str] | None = None,
    cast_optional_params: bool = False,
) -> Symbol:
    """A symbol that computes in mixed precision: a copy with casts between its operators.

    Parameters
    ----------
    sym : Symbol
    target_dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops
        As for :func:`init`.
    excluded_sym_names : list of str, optional
        Names of nodes that get no casts.
    data_names, cast_optional_params
        Without effect: all arguments stay float32.

    Returns
    -------
    Symbol
        With the same arguments; it can be saved.

    Examples
    --------
    >>> from gluonx import amp, nd, sym
    >>> y = sym.FullyConnected(sym.var('x'), sym.var('w'), no_bias=True, num_hidden=2)
    >>> half = amp.convert_symbol(y)
    >>> half.list_arguments()
    ['x', 'w']
    >>> half.eval(x=nd.ones((1, 3)), w=nd.ones((2, 3)))[0].dtype.__name__
    'bfloat16'
    """
    if not isinstance(sym, Symbol):
        raise TypeError(f"convert_symbol() takes a Symbol, got {type(sym).__name__}")
    dtype = low_precision(target_dtype)
    policy = Policy(dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops)
    return Symbol(_Converter(policy, excluded_sym_names or ()).convert(list(sym._heads)))


def convert_model(
    sym: Symbol,
    arg_params: dict,
    aux_params: dict,
    target_dtype: Any = "bfloat16",
    target_dtype_ops: Collection[str] | None = None,
    fp32_ops: Collection[str] | None = None,
    conditional_fp32_ops: Collection[tuple[str, str, Collection]] | None = None,
    excluded_sym_names: Collection[str] | None = None,
    cast_optional_params: bool = False,
) -> tuple[Symbol, dict, dict]:
    """:func:`convert_symbol` for a symbol with its parameters, which stay as they are."""
    converted = convert_symbol(
        sym,
        target_dtype,
        target_dtype_ops,
        fp32_ops,
        conditional_fp32_ops,
        excluded_sym_names,
    )
    return converted, dict(arg_params), dict(aux_params)
