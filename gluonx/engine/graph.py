"""The graph: nodes of (kernel, inputs), and the one evaluator.

Recorded work, deferred regions and gradients of gradients are all the same thing: nodes whose
inputs are values of other nodes or arrays. :class:`Plan` is the structure of such a graph alone:
it can be compared, used as a cache key, and called as a function of the graph's leaves.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import jax

from .kernel import Aval, Kernel, Pullback

if TYPE_CHECKING:
    from .tape import Region

__all__ = ["Node", "Plan", "Value", "Variable"]

_sequence = itertools.count()


class Value:
    """One output of a node: what a recorded array points to."""

    __slots__ = ("node", "index", "aval", "__weakref__")

    def __init__(self, node: Node | None, index: int, aval: Aval | None = None):
        self.node = node
        self.index = index
        self.aval = aval


class Variable(Value):
    """A leaf whose gradient is wanted.

    Attributes
    ----------
    grad : NDArray
        Where ``backward`` puts the gradient.
    grad_req : str
        ``'write'``, ``'add'`` or ``'null'``.
    fresh : bool
        Whether ``backward`` has written the gradient since a Trainer last used it.
    """

    __slots__ = ("grad", "grad_req", "fresh")

    def __init__(self, grad: Any, grad_req: str):
        super().__init__(None, 0)
        self.grad = grad
        self.grad_req = grad_req
        self.fresh = False


class Node:
    """One recorded call of a kernel.

    Attributes
    ----------
    inputs : tuple of Value or None
        The value that each input's gradient goes to; None where no gradient flows.
    arrays : tuple
        The data of each input: an array, the Value of another deferred node, or None where an
        executed node's input can be had from the node that made it.
    pullback : Pullback, callable or None
        The way back, once the node has run; None again after ``backward`` released it.
    """

    __slots__ = (
        "kernel", "inputs", "arrays", "order", "pullback", "mask", "outputs", "region", "released",
        "__weakref__",
    )  # fmt: skip

    def __init__(self, kernel: Kernel | None, inputs: tuple, arrays: tuple):
        self.kernel = kernel
        self.inputs = inputs
        self.arrays = arrays
        self.order = next(_sequence)
        self.pullback: Pullback | Callable | None = None
        self.mask: tuple[bool, ...] = ()
        self.outputs: tuple = ()
        self.region: Region | None = None
        self.released = False

    def release(self) -> None:
        """Forget what the gradient needs."""
        self.pullback = None
        self.inputs = self.arrays = ()
        self.released = True


class Plan:
    """The structure of a graph: a function of its leaves.

    Parameters
    ----------
    steps : tuple of (Kernel, refs)
        In an order in which inputs come before users. A ref is ``(leaf slot, -1, diff)`` or
        ``(step, output, diff)``; ``diff`` says whether the gradient flows through it.
    outputs : tuple of (int, int)
        Which outputs of which steps (or ``(leaf slot, -1)``) the plan returns.
    """

    __slots__ = ("steps", "outputs", "key")

    def __init__(self, steps: tuple, outputs: tuple):
        self.steps = steps
        self.outputs = outputs
        self.key = (steps, outputs)

    def __call__(self, *leaves: Any) -> tuple:
        done: list[tuple] = []

        def get(ref):
            at, index, diff = ref
            a = leaves[at] if index < 0 else done[at][index]
            return a if diff else jax.lax.stop_gradient(a)

        for kernel, refs in self.steps:
            done.append(kernel.fn(*map(get, refs)))
        return tuple(leaves[at] if index < 0 else done[at][index] for at, index in self.outputs)


class Leaves:
    """Collects the arrays that a graph starts from; equal arrays share a slot."""

    def __init__(self):
        self.arrays: list[Any] = []
        self.values: list[Value | None] = []
        self._slots: dict[tuple[int, int], int] = {}

    def slot(self, array: Any, value: Value | None) -> int:
        key = (id(array), id(value))
        found = self._slots.get(key)
        if found is None:
            found = self._slots[key] = len(self.arrays)
            self.arrays.append(array)
            self.values.append(value)
        return found


def ancestors(values: Iterable[Value], stop: set[int] = frozenset()) -> list[Node]:  # type: ignore[assignment]
    """All nodes that ``values`` depend on, in the order of recording.

    Values whose id is in ``stop`` are taken as leaves.
    """
    found: dict[int, Node] = {}
    todo = [v.node for v in values if v.node is not None and id(v) not in stop]
    while todo:
        node = todo.pop()
        if node.order in found:
            continue
        found[node.order] = node
        todo += [
            v.node for v in node.inputs if v is not None and v.node is not None and id(v) not in stop
        ]
    return [found[k] for k in sorted(found)]
