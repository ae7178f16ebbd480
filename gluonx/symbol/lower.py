"""From a symbol to a plan: the graph of kernels that the engine compiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.graph import Plan, cached
from ..engine.images import keeping
from ..engine.kernel import Aval, Kernel
from ..engine.op import OPS, Op
from ..error import MXNetError, OpError
from .node import Entry, Node, postorder

__all__ = ["Program", "abstract", "lower", "node_kernel", "refused"]

_RANDOM_STATE = Aval((3,), np.dtype("uint32"))

#: Symbols broadcast as arrays do, whatever a file calls the sum.
_BROADCAST = {
    "elemwise_add": "broadcast_add",
    "elemwise_sub": "broadcast_sub",
    "elemwise_mul": "broadcast_mul",
    "elemwise_div": "broadcast_div",
}


def _executed(op: Op) -> Op:
    return OPS[_BROADCAST[op.name]] if op.name in _BROADCAST else op


def node_kernel(node: Node, train: bool) -> Kernel:
    """The kernel of an operator node."""
    if node.subgraphs:
        from .subgraph import graph_kernel

        return graph_kernel(node, train)
    op = _executed(node.op)  # type: ignore[arg-type]
    given = {k: v for k, v in node.given.items() if k not in op.traced}
    present: Any = len(node.inputs)
    if not op.variadic:
        names = node.input_names
        present = tuple(n in names for n in op.inputs)
    return op.kernel(given, present, train)


def _extra(node: Node, avals: Sequence[Aval]) -> tuple[list[tuple[Any, Any]], bool]:
    """What the kernel takes after the inputs: numbers with their dtype; whether random state."""
    op = _executed(node.op)  # type: ignore[arg-type]
    dtype = np.dtype(avals[0].dtype) if avals else np.dtype("float32")
    if op.precise and dtype.itemsize < 4:
        dtype = np.dtype("float32")
    return [(node.params[name], dtype) for name in op.traced], node.random


def abstract(node: Node, kernel: Kernel, avals: Sequence[Aval]) -> tuple:
    """Shapes and dtypes of a node's outputs (None for a state that stays as it is).

    Raises
    ------
    OpError
        Naming the node, if the inputs do not fit.
    """
    numbers, random = _extra(node, avals)
    full = [*avals, *(Aval(np.shape(number), dtype) for number, dtype in numbers)]
    if random:
        full.append(_RANDOM_STATE)
    try:
        return kernel.abstract(tuple(full))
    except MXNetError:
        raise
    except (TypeError, ValueError, IndexError, ZeroDivisionError) as e:
        shown = [f"{tuple(a.shape)} {np.dtype(a.dtype).name}" for a in avals]
        raise refused(node, shown, str(e).split("\n")[0]) from None


def refused(node: Node, shown: Sequence[str], text: str) -> OpError:
    """The error of a node whose inputs do not fit; ``shown`` describes each of them."""
    given = ", ".join(
        f"{name}={source.name} {what}"
        for name, (source, _), what in zip(node.input_names, node.inputs, shown, strict=True)
    )
    return OpError(f"{node.op.name} {node.name!r} ({given}): {text}")  # type: ignore[union-attr]


class Program:
    """A symbol as one kernel, for given shapes and train mode.

    Attributes
    ----------
    kernel : Kernel
        Of the variables' arrays, then the numbers, then one random state for each draw. Its
        visible outputs are the symbol's, then come new contents of auxiliary states.
    outputs : list of Aval
    numbers : list of (number, dtype)
    draws : int
    written : list of int
        Which variables the outputs after the visible ones belong to.
    """

    __slots__ = ("kernel", "outputs", "numbers", "draws", "written", "_results")

    def __init__(self, kernel, outputs, numbers, draws, written):
        self.kernel: Kernel = kernel
        self.outputs: list[Aval] = outputs
        self.numbers: list[tuple[Any, Any]] = numbers
        self.draws: int = draws
        self.written: list[int] = written
        self._results: tuple | None = None

    def results(self, avals: Sequence[Aval]) -> tuple:
        """Shapes and dtypes of all that the kernel returns; ``avals`` are those of the leaves."""
        if self._results is None:
            numbers = [Aval((), np.dtype(dtype)) for _, dtype in self.numbers]
            draws = [_RANDOM_STATE] * self.draws
            self._results = self.kernel.abstract((*avals, *numbers, *draws))
        return self._results


def lower(
    heads: Sequence[Entry], slots: Mapping[Node, int], avals: Sequence[Aval], train: bool
) -> Program:
    """Lower a graph.

    Parameters
    ----------
    heads : list of Entry
        The outputs.
    slots : dict of Node to int
        The leaf of each variable.
    avals : list of Aval
        Shape and dtype of each leaf.
    train : bool
        Train mode.
    """
    known: dict[Entry, Aval] = {}
    refs: dict[Entry, tuple[int, int]] = {}
    numbers: list[tuple[Any, Any]] = []
    steps: list[tuple[Kernel, list]] = []
    draws: list[list] = []  # places of random states, whose slots follow all numbers
    states: dict[int, tuple[int, int]] = {}
    for node in postorder(heads):
        if node.op is None:
            refs[node, 0], known[node, 0] = (slots[node], -1), avals[slots[node]]
            continue
        kernel = node_kernel(node, train)
        inputs = [known[e] for e in node.inputs]
        outs = abstract(node, kernel, inputs)
        names, aux = node.input_names, node.aux
        places: list[Any] = []
        for name, entry in zip(names, node.inputs, strict=True):
            changed = name in aux
            at, index = refs[entry]
            if changed and index < 0:  # a state that an earlier node has changed
                at, index = states.get(at, (at, index))
            places.append((at, index, node.op.differentiable and not changed))
        more, random = _extra(node, inputs)
        for number in more:
            places.append((len(avals) + len(numbers), -1, False))
            numbers.append(number)
        if random:
            places.append(None)
            draws.append(places)
        steps.append((kernel, places))
        at = len(steps) - 1
        for i in range(kernel.visible):
            refs[node, i], known[node, i] = (at, i), outs[i]
        for k, name in enumerate(aux[: len(outs) - kernel.visible]):
            source, index = refs[node.inputs[names.index(name)]]
            if outs[kernel.visible + k] is not None and index < 0:
                states[source] = (at, kernel.visible + k)
    for k, places in enumerate(draws):
        places[places.index(None)] = (len(avals) + len(numbers) + k, -1, False)
    plan = Plan(
        tuple((kernel, tuple(places)) for kernel, places in steps),
        (*(refs[e] for e in heads), *states.values()),
    )
    return Program(
        _kernel(plan, len(heads)), [known[e] for e in heads], numbers, len(draws), list(states)
    )


def _kernel(plan: Plan, visible: int) -> Kernel:
    """The kernel of a plan; equal plans have one."""

    def make() -> Kernel:
        kernel = Kernel(keeping(plan), "symbol", visible=visible)
        kernel.wide = any(k.wide for k, _ in plan.steps)
        return kernel

    return cached(plan, ("symbol", plan.key, visible), make) if plan.steps else make()
