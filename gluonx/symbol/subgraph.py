"""Nodes that carry graphs: their kernels, and what follows about shapes and types.

What the subgraphs of a node mean is said in :mod:`gluonx.ops.control_flow`; here they become
functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..engine.kernel import Aval, Kernel
from ..error import MXNetError
from ..ops.control_flow import Graphs
from .node import Entry, Node, postorder, roles

__all__ = ["check", "dtypes", "graph_kernel", "shapes"]

#: How many subgraphs a node has.
_COUNTS = {"_cond": 3, "_foreach": 1, "_while_loop": 2}


def check(node: Node) -> None:
    """Refuse a node whose subgraphs and attributes do not fit together."""
    wanted = _COUNTS.get(node.kind, 0)
    if len(node.subgraphs) != wanted:
        raise MXNetError(
            f"node {node.name!r}: {node.kind} has {wanted} subgraphs, got {len(node.subgraphs)}"
        )
    try:
        fits = _fits(node)
    except (TypeError, IndexError, KeyError) as e:
        raise MXNetError(f"node {node.name!r}: {e}") from None
    if not fits:
        raise MXNetError(
            f"node {node.name!r}: the attributes of {node.kind} do not fit its subgraphs and inputs"
        )
    if set(_changed(node)) & {at for at, _ in _states(node)}:
        raise MXNetError(
            f"node {node.name!r}: a state of the loop is changed as an auxiliary state"
        )


def _fits(node: Node) -> bool:
    params, places = node.params, node.links
    if node.kind == "_foreach":
        order = [*params["in_data_locs"], *params["in_state_locs"], *params["remain_locs"]]
        if sorted(order) != list(range(len(order))) or not params["in_data_locs"]:
            return False
    elif len(node.subgraphs[0]) != 1:  # the condition
        return False
    total, first = params["num_outputs"], params.get("num_out_data", 0)
    return (
        len(_outputs(node)) == total
        and (node.kind == "_cond" or 0 <= first == total - len(_states(node)))
        and all(
            len(p) == len(roles(g).inputs) and all(0 <= at < len(node.inputs) for at in p)
            for p, g in zip(places, node.subgraphs, strict=True)
        )
    )


def _changed(node: Node) -> list[int]:
    """Numbers of the inputs that subgraphs change."""
    return [int(name[len("arg") :]) for name in node.aux]


def _outputs(node: Node) -> Sequence[Entry]:
    """The entries of a subgraph that the node's outputs are made of."""
    return node.subgraphs[0 if node.kind == "_foreach" else 1]


def _states(node: Node) -> list[tuple[int, int]]:
    """Of each variable that a loop passes on: its input, and its output."""
    params = node.params
    first = params.get("num_out_data", 0)
    if node.kind == "_foreach":
        n = len(params["in_data_locs"])
        inputs: Any = range(n, n + len(params["in_state_locs"]))
    elif node.kind == "_while_loop":
        inputs = [params["func_input_locs"][at] for at in params["func_var_locs"]]
    else:
        return []
    return [(at, first + k) for k, at in enumerate(inputs)]


# -- kernels ------------------------------------------------------------------------------------


class _Code:
    """A subgraph as a function of arrays."""

    def __init__(self, entries: Sequence[Entry], train: bool):
        self.entries = entries
        self.train = train
        self.slots = {v: k for k, v in enumerate(roles(entries).inputs)}
        nodes = postorder(entries)
        self.draws = sum(n.random for n in nodes if n.op is not None)
        from .lower import node_kernel

        self.wide = any(node_kernel(n, train).wide for n in nodes if n.op is not None)
        self._programs: dict[tuple, Any] = {}

    def __call__(self, arrays: Sequence[Any], rng: Any) -> tuple[Sequence[Any], dict[int, Any]]:
        from .lower import lower

        avals = [Aval(a.shape, np.dtype(a.dtype)) for a in arrays]
        key = tuple((a.shape, a.dtype) for a in avals)
        program = self._programs.get(key)
        if program is None:
            program = self._programs[key] = lower(self.entries, self.slots, avals, self.train)
        given = list(arrays)
        given += [jnp.asarray(np.asarray(v).astype(dtype)) for v, dtype in program.numbers]
        given += [rng + np.array([0, 0, k], np.uint32) for k in range(program.draws)]
        outs = program.kernel.inline(given)
        visible = program.kernel.visible
        return outs[:visible], dict(zip(program.written, outs[visible:], strict=True))


def graph_kernel(node: Node, train: bool) -> Kernel:
    """The kernel of a node with subgraphs: of its inputs and, if it draws, a random state."""
    found = node.kernels.get(train)
    if found is not None:
        return found
    op: Any = node.op
    codes = [_Code(entries, train) for entries in node.subgraphs]
    graphs = Graphs(codes, [c.draws for c in codes], node.links, _changed(node))
    params, random, fn = node.params, node.random, op.fn

    def run(*arrays):
        rng = None
        if random:
            *arrays, rng = arrays
        return fn(*arrays, graphs=graphs, rng=rng, **params)

    run.__name__ = op.name
    kernel = Kernel(run, op.name, visible=node.visible)
    kernel.wide = any(c.wide for c in codes)
    node.kernels[train] = kernel
    return kernel


# -- inference ----------------------------------------------------------------------------------


def _inner(
    node: Node, shapes: Sequence[Any], dtypes: Mapping[Entry, Any]
) -> Iterator[tuple[Any, dict[Node, int], Sequence[Entry]]]:
    """For each subgraph: its inference, the inputs that its variables are, its outputs."""
    from .infer import Inference

    sliced = len(node.params["in_data_locs"]) if node.kind == "_foreach" else 0
    for entries, places in zip(node.subgraphs, node.links, strict=True):
        at = dict(zip(roles(entries).inputs, places, strict=True))
        known = {}
        for v, k in at.items():
            shape = shapes[k] if shapes else None
            if shape is not None:
                known[v] = tuple(shape[1:]) or (1,) if k < sliced else shape
        types = {v: t for v, k in at.items() if (t := dtypes.get(node.inputs[k])) is not None}
        yield Inference(entries, known, types), at, entries


def shapes(node: Node, known: list[Any], dtypes: Mapping[Entry, Any]) -> dict[Entry, Any]:
    """Shapes of a node's inputs that follow from its subgraphs and the shapes that are known."""
    known = list(known)
    sliced = len(node.params["in_data_locs"]) if node.kind == "_foreach" else 0
    changed = True
    while changed:
        changed = False
        for inference, at, entries in _inner(node, known, dtypes):
            inference.infer_shapes()
            news = [(k, inference.shapes[v, 0]) for v, k in at.items() if k >= sliced]
            if entries is _outputs(node):  # a state leaves with the shape that it came with
                news += [(k, inference.shapes.get(entries[i])) for k, i in _states(node)]
            for k, new in news:
                old = known[k]
                if new is not None and (old is None or (0 in old and 0 not in new)):
                    changed |= old != new
                    known[k] = new
    return {
        entry: shape for entry, shape in zip(node.inputs, known, strict=True) if shape is not None
    }


def dtypes(node: Node, known: Mapping[Entry, Any]) -> dict[Entry, Any]:
    """Types of a node's inputs and outputs that follow from its subgraphs."""
    found: dict[Entry, Any] = {}
    states = _states(node)
    for inference, at, entries in _inner(node, [], known):
        inference.infer_dtypes()
        for v, k in at.items():
            if inference.dtypes[v, 0] is not None:
                found.setdefault(node.inputs[k], inference.dtypes[v, 0])
        if entries is _outputs(node):
            for i, entry in enumerate(entries):
                if inference.dtypes.get(entry) is not None:
                    found[node, i] = inference.dtypes[entry]
            for k, i in states:
                if (node, i) in found:
                    found.setdefault(node.inputs[k], found[node, i])
    return {e: t for e, t in found.items() if known.get(e) is None}
