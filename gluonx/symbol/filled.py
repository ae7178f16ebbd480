"""Constants whose shape a graph leaves open: ``sym.zeros((0, 16))`` beside a batch of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .infer import Inference
from .node import Entry, Node, copy_graph, postorder, text

__all__ = ["filled", "is_open"]


def is_open(node: Node) -> bool:
    """Whether a node makes an array of which some extents follow from where it is used."""
    if node.op is None or node.inputs or "shape" not in node.op.attrs:
        return False
    return 0 in (node.params["shape"] or ())


def filled(heads: Sequence[Entry], known: Mapping[Node, Any]) -> list[Entry]:
    """The graph with the shapes of such nodes written down.

    Parameters
    ----------
    heads : list of Entry
    known : dict of Node to Aval
        Shapes and dtypes of the variables.

    Returns
    -------
    list of Entry
        ``heads`` themselves if there is nothing to do; else of a copy with the same variables.
    """
    nodes = postorder(heads)
    wanted = [n for n in nodes if is_open(n)]
    if not wanted:
        return list(heads)
    shapes = {v: tuple(a.shape) for v, a in known.items()}
    inference = Inference(heads, shapes, {v: np.dtype(a.dtype) for v, a in known.items()})
    inference.infer_shapes()
    copied, copies = copy_graph(heads, {n: (n, 0) for n in nodes if n.op is None})
    for node in wanted:
        copies[node].update({"shape": text(inference.shapes[node, 0])})
    return copied
