"""The graph: nodes of (kernel, inputs), and the one evaluator.

Recorded work, deferred regions and gradients of gradients are all the same thing: nodes whose
inputs are values of other nodes or arrays. :class:`Plan` is the structure of such a graph alone:
it can be compared, used as a cache key, and called as a function of the graph's leaves.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from .between import calls_between
from .kernel import Kernel, Pullback
from .target import target

if TYPE_CHECKING:
    from .job import Job
    from .region import Region

__all__ = [
    "FRESH", "STALE", "Leaves", "Node", "Plan", "Sweep", "Value", "Variable", "ancestors", "cached",
    "sequence",
]  # fmt: skip

sequence = itertools.count()


class Value:
    """One output of a node: what a recorded array points to."""

    __slots__ = ("node", "index", "aval", "__weakref__")

    #: See :class:`Variable`; others have no gradient of their own.
    request = 0

    def __init__(self, node: Node | None, index: int, aval: Any = None):
        self.node: Any = node
        self.index = index
        self.aval: Any = aval

    @property
    def live(self) -> bool:
        """Whether a gradient can still flow to it: no ``backward`` has released its node.

        What is recorded later takes a value that is not live as a constant.
        """
        node = self.node
        if node is None:
            return True
        if self.index < len(node.origins):
            node = node.origins[self.index]
        return not node.released


class _Writer(NamedTuple):
    fresh: bool


#: What has written a gradient that a Trainer may use, and one that none may.
FRESH, STALE = _Writer(True), _Writer(False)


class Variable(Value):
    """A leaf whose gradient is wanted.

    Attributes
    ----------
    grad : NDArray
        Where ``backward`` puts the gradient.
    grad_req : str
        ``'write'``, ``'add'`` or ``'null'``.
    by : object
        What has written the gradient; its ``fresh`` says whether no Trainer has used it since.
    plain : bool
        Whether ``grad`` is an array of its own (no view) with the dtype of what it belongs to.
    request : int
        One of REQUESTS: what a deferred backward pass does with the gradient, ODD if it cannot.
    """

    __slots__ = ("grad", "by", "plain", "request", "_grad_req")

    NULL, WRITE, ADD, ODD = REQUESTS = 1, 2, 3, 4
    #: How often the request of any variable was set.
    asked = 0

    def __init__(self, grad: Any, grad_req: str, plain: bool):
        super().__init__(None, 0)
        self.grad = grad
        self.by: Any = STALE
        self.plain = plain
        self.grad_req = grad_req

    @property
    def fresh(self) -> bool:
        """Whether ``backward`` has written the gradient since a Trainer last used it."""
        return self.by.fresh

    @fresh.setter
    def fresh(self, fresh: bool) -> None:
        self.by = FRESH if fresh else STALE

    @property
    def grad_req(self) -> str:
        return self._grad_req

    @grad_req.setter
    def grad_req(self, req: str) -> None:
        self._grad_req = req
        Variable.asked += 1
        self.request = _REQUESTS[req] if self.plain else self.ODD


_REQUESTS = {"null": Variable.NULL, "write": Variable.WRITE, "add": Variable.ADD}


class Node:
    """One recorded call of a kernel.

    Attributes
    ----------
    inputs : tuple of Value or None
        The value that each input's gradient goes to; None where no gradient flows.
    arrays : tuple
        The data of each input of a node that has run, None where it can be had from the node that
        made it.
    pullback : Pullback, callable or None
        The way back, once the node has run; None again after ``backward`` released it.
    region : Region or Job or None
        The pending region that the node is on, at ``position``.
    refs : tuple of int
        While pending: where each input comes from, see :mod:`gluonx.engine.stage`.
    buffers, numbers : sequence of Buffer, sequence of ref
        For a deferred backward pass: those that wait for its gradients, and what these are called.
    inside : Node or None
        The node that a deferred node became part of when its region ran.
    origins : list of Node
        For a region that has run: the deferred node that each output comes from. ``backward``
        releases them one by one, and the region's pullback when none is left.
    """

    __slots__ = (
        "kernel", "inputs", "arrays", "order", "outputs", "region", "position", "refs", "released",
        "__dict__", "__weakref__",
    )  # fmt: skip

    # most nodes of a training step never have these: one that has keeps them in its ``__dict__``
    pullback: Pullback | Callable | None = None
    mask: tuple[bool, ...] = ()
    inside: Node | None = None
    origins: Sequence[Node] = ()
    buffers: Sequence[Any] = ()
    numbers: Sequence[int] = ()

    def __init__(
        self, kernel: Kernel | None, inputs: tuple, arrays: tuple, refs: tuple[int, ...] = ()
    ):
        self.kernel = kernel
        self.inputs = inputs
        self.arrays = arrays
        self.refs = refs
        self.order = next(sequence)
        self.outputs: Sequence[Any] = ()
        self.region: Region | Job | None = None
        self.position = 0
        self.released = False

    def release(self) -> None:
        """Forget what the gradient needs."""
        if self.pullback is not None:
            self.pullback = None
        self.inputs = self.arrays = ()
        self.released = True


class Sweep(NamedTuple):
    """A backward pass as a step of a plan.

    ``heads`` are the (step, output) to differentiate, ``cotangents`` refs of their gradients (None
    for ones), ``wanted`` for each gradient the leaf slots that it is summed over, ``olds`` refs of
    what it is added to (or None), ``over`` the steps between them, with those that pass values on
    without a gradient.
    """

    heads: tuple
    cotangents: tuple
    wanted: tuple
    olds: tuple
    over: tuple


class Plan:
    """The structure of a graph: a function of its leaves.

    Parameters
    ----------
    steps : tuple of (Kernel, refs) or Sweep
        In an order in which inputs come before users. A ref is ``(leaf slot, -1, diff)`` or
        ``(step, output, diff)``; ``diff`` says whether the gradient flows through it.
    outputs : tuple of (int, int)
        Which outputs of which steps (or ``(leaf slot, -1)``) the plan returns.
    """

    __slots__ = ("steps", "outputs", "key", "__weakref__")

    def __init__(self, steps: tuple, outputs: tuple):
        self.steps = steps
        self.outputs = outputs
        self.key = (steps, outputs)

    def __call__(self, *leaves: Any) -> tuple:
        done: list[Any] = [None] * len(self.steps)
        sweeps = {i: s for i, s in enumerate(self.steps) if isinstance(s, Sweep)}
        if not sweeps:
            for i, (kernel, refs) in enumerate(self.steps):
                done[i] = kernel.fn(*[_get(r, leaves, done) for r in refs])
        else:
            self._interleave(leaves, done, sweeps)
        return tuple(leaves[at] if index < 0 else done[at][index] for at, index in self.outputs)

    def _interleave(self, leaves: Any, done: list[Any], sweeps: dict[int, Sweep]) -> None:
        """Run steps as their inputs become available; those under a sweep run inside its vjp."""
        under = {i for sweep in sweeps.values() for i in sweep.over}
        pullbacks: dict[int, Any] = {}
        several = len(sweeps) > 1 and target() == "cpu"
        waiting = [i for i in range(len(self.steps)) if i not in under]
        while waiting:
            left, begun = [], len(pullbacks)
            for i in waiting:
                step = self.steps[i]
                if i not in sweeps:
                    if _ready(step[1], done):
                        done[i] = step[0].fn(*[_get(r, leaves, done) for r in step[1]])
                        continue
                else:
                    sweep = sweeps[i]
                    if i not in pullbacks and self._ready_under(sweep, done):
                        if several and not any(sweep.cotangents):
                            pullbacks[i] = self._both(sweep, leaves, done)
                        else:
                            pullbacks[i] = self._forward(sweep, leaves, done)
                    given = [r for r in (*sweep.cotangents, *sweep.olds) if r is not None]
                    if i in pullbacks and _ready(given, done):
                        done[i] = self._backward(sweep, pullbacks.pop(i), leaves, done)
                        continue
                left.append(i)
            if len(left) == len(waiting) and len(pullbacks) == begun:
                raise RuntimeError("the steps of a recorded graph wait for each other")
            waiting = left

    def _ready_under(self, sweep: Sweep, done: list[Any]) -> bool:
        inside = set(sweep.over)
        return all(
            index < 0 or at in inside or done[at] is not None
            for i in sweep.over
            for at, index, _ in self.steps[i][1]
        )

    def _forward(self, sweep: Sweep, leaves: Any, done: list[Any]) -> Any:
        slots = [s for group in sweep.wanted for s in group]

        def forward(*chosen):
            mine = list(map(jax.lax.stop_gradient, leaves))
            for slot, a in zip(slots, chosen, strict=True):
                mine[slot] = a
            local = list(done)
            for i in sweep.over:
                kernel, refs = self.steps[i]
                local[i] = kernel.fn(*[_get(r, mine, local) for r in refs])
            return [local[at][index] for at, index in sweep.heads], [local[i] for i in sweep.over]

        chosen = [jax.lax.stop_gradient(leaves[s]) for s in slots]
        heads, pullback, results = jax.vjp(forward, *chosen, has_aux=True)
        for i, result in zip(sweep.over, results, strict=True):
            done[i] = result
        return pullback, heads

    def _both(self, sweep: Sweep, leaves: Any, done: list[Any]) -> Any:
        """As :meth:`_forward`, with the way back, which begins from ones, made at once."""

        def both(leaves, done):
            pullback, heads = self._forward(sweep, leaves, done)
            grads = pullback([jnp.ones_like(h) for h in heads])
            return heads, [done[i] for i in sweep.over], grads

        heads, results, grads = calls_between(both, leaves, done)
        for i, result in zip(sweep.over, results, strict=True):
            done[i] = result
        return (lambda _: grads), heads

    def _backward(self, sweep: Sweep, kept: Any, leaves: Any, done: list[Any]) -> tuple:
        pullback, heads = kept
        cotangents = [
            jnp.ones_like(h) if ref is None else _get(ref, leaves, done).astype(h.dtype)
            for ref, h in zip(sweep.cotangents, heads, strict=True)
        ]
        given = iter(pullback(cotangents))
        grads = []
        for group, old in zip(sweep.wanted, sweep.olds, strict=True):
            grad = functools.reduce(jnp.add, [next(given) for _ in group])
            if old is not None:
                before = _get(old, leaves, done)
                grad = before + grad.astype(before.dtype)
            grads.append(grad)
        return tuple(grads)


def _get(ref: tuple, leaves: Any, done: Any) -> Any:
    at, index, diff = ref
    a = leaves[at] if index < 0 else done[at][index]
    return a if diff else jax.lax.stop_gradient(a)


def _ready(refs: Any, done: list[Any]) -> bool:
    return all(index < 0 or done[at] is not None for at, index, _ in refs)


class Leaves:
    """Collects the arrays that a graph starts from; one array has one slot.

    Attributes
    ----------
    arrays : list of jax.Array
    values : list of Value or None
        What the tape records of each.
    """

    def __init__(self):
        self.arrays: list[Any] = []
        self.values: list[Value | None] = []
        self._slots: dict[int, list[int]] = {}

    def slot(self, array: Any, value: Value | None) -> int:
        """The slot of ``array``; its gradient, if ``value`` is given, belongs to ``value``."""
        slots = self._slots.setdefault(id(array), [])
        for s in slots:
            if value is None or self.values[s] is None or self.values[s] is value:
                break
        else:  # new, or the same array as another variable
            s = len(self.arrays)
            slots.append(s)
            self.arrays.append(array)
            self.values.append(None)
        if value is not None:
            self.values[s] = value
        return s


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
            v.node
            for v in node.inputs
            if v is not None and v.node is not None and id(v) not in stop
        ]
    return [found[k] for k in sorted(found)]


_MAX_CACHED = 64


def _first(plan: Plan) -> Kernel:
    return next(step[0] for step in plan.steps if not isinstance(step, Sweep))


def cached(plan: Plan, key: Any, make: Callable[[], Kernel]) -> Kernel:
    """The kernel for a plan, kept by the plan's first kernel (and so as long as that one lives)."""
    home = _first(plan)
    if home.regions is None:
        home.regions = {}
    found = home.regions.pop(key, None)
    if found is None:
        found = make()
        if len(home.regions) >= _MAX_CACHED:
            del home.regions[next(iter(home.regions))]
    home.regions[key] = found  # the last one used stands last
    return found
