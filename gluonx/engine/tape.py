"""The tape: what ``autograd.record()`` writes and ``backward()`` reads.

An operator that is recorded runs at once, keeping what its gradient needs, and becomes a node. A
region of deferred work (:mod:`gluonx.engine.region`) becomes one node when it runs.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..error import MXNetError
from .buffer import Buffer, Zeros
from .graph import Leaves, Node, Plan, Value, Variable, ancestors, cached
from .kernel import Kernel, is_float

__all__ = ["backward", "cotangents", "gradients", "ones_like", "record", "transferred"]

RELEASED = (
    "backward() reached a part of the graph that an earlier backward() has released. Call the "
    "earlier one with retain_graph=True, or record the computation again."
)


def record(
    kernel: Kernel, arrays: Sequence[Any], values: Sequence[Value | None], device: Any
) -> tuple[tuple, Node | None]:
    """Run ``kernel`` now and put it on the tape.

    Returns its outputs and the node. ``values`` are the tape's values of the inputs, None where no
    gradient flows.
    """
    pairs = zip(values, arrays, strict=True)
    mask = tuple([v is not None and is_float(a.dtype) for v, a in pairs])
    if not any(mask):
        return kernel.run(arrays, device), None
    outs, pullback = kernel.record(arrays, mask, device)
    node = Node(
        kernel,
        tuple([v if m else None for v, m in zip(values, mask, strict=True)]),
        # an input that another node made can be made again; only leaves are kept
        tuple(
            [
                a if v is None or v.node is None or not m else None
                for a, v, m in zip(arrays, values, mask, strict=True)
            ]
        ),
    )
    node.pullback = pullback
    node.mask = mask
    return outs, node


def _added(*arrays: Any) -> tuple:
    olds, news = arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]
    return tuple(old + new.astype(old.dtype) for old, new in zip(olds, news, strict=True))


#: Takes arrays, and then one for each that is added to it.
add = Kernel(_added, "add_gradients")
_ones = Kernel(lambda a: (jnp.ones_like(a),), "ones")


#: Ones that backward passes start from, by shape, dtype and device; the dict's own reference keeps
#: them from being donated.
_kept_ones: dict[tuple, Any] = {}
_MAX_KEPT, _MAX_KEPT_SIZE = 64, 1 << 16


def ones_like(array: Any, device: Any) -> Any:
    """The default gradient of a head."""
    key = (array.shape, array.dtype, device)
    found = _kept_ones.get(key)
    if found is None:
        found = _ones.run((array,), device)[0]
        if array.size <= _MAX_KEPT_SIZE and len(_kept_ones) < _MAX_KEPT:
            _kept_ones[key] = found
    return found


def _sum(old: Any, new: Any) -> Any:
    return new if old is None else add.run((old, new), old.device)[0]


def cotangents(
    heads: Sequence[tuple[Value, Any]], wanted: Sequence[Value] = (), retain: bool = False
) -> dict[Value, Any]:
    """Reverse sweep over the tape.

    Parameters
    ----------
    heads : list of (Value, array)
        Where to start, with which gradient.
    wanted : list of Value
        Intermediate values whose gradients the caller wants besides those of the variables.
    retain : bool
        Keep the tape for another sweep.

    Returns
    -------
    dict
        Gradient of each reached Variable and each wanted value.
    """
    waiting: dict[int, dict[int, Any]] = {}
    nodes: dict[int, Node] = {}
    heap: list[int] = []
    result: dict[Value, Any] = {}
    ids = {id(v) for v in wanted}

    def give(value: Value, ct: Any) -> None:
        node = value.node
        if node is None or id(value) in ids:
            result[value] = _sum(result.get(value), ct)
        if node is None:
            return
        if node.released:
            raise MXNetError(RELEASED)
        slots = waiting.get(node.order)
        if slots is None:
            slots = waiting[node.order] = {}
            nodes[node.order] = node
            heapq.heappush(heap, -node.order)
        slots[value.index] = _sum(slots.get(value.index), ct)

    for value, ct in heads:
        give(value, ct)
    done: list[Node] = []
    passed: dict[int, Node] = {}
    while heap:
        order = -heapq.heappop(heap)
        node, slots = nodes.pop(order), waiting.pop(order)
        reached = None
        if node.origins:
            reached = set()
            passed.update(_passed(node, slots, reached))
        pullback: Any = node.pullback
        if isinstance(pullback, FunctionPullback):
            cts = pullback(slots)
        else:
            cts = pullback([slots.get(i) for i in range(len(pullback.spec.avals))])
        targets = [v for v in node.inputs if v is not None]
        for value, ct in zip(targets, cts, strict=True):
            if ct is not None and (reached is None or id(value) in reached):
                give(value, ct)
        done.append(node)
    if not retain:
        for node in passed.values():
            node.release()
        for node in done:
            if all(origin.released for origin in node.origins):
                node.release()
    return result


def _passed(region: Node, indices: Iterable[int], reached: set[int]) -> dict[int, Node]:
    """The nodes inside a region that has run which a backward pass from some of its outputs
    passes; ``reached`` gets the ids of the values where it leaves the region."""
    found: dict[int, Node] = {}
    todo = [region.origins[i] for i in indices]
    while todo:
        node = todo.pop()
        if node.order in found:
            continue
        if node.released:
            raise MXNetError(RELEASED)
        found[node.order] = node
        for value in node.inputs:
            if value is None:
                continue
            if value.node is region:
                todo.append(region.origins[value.index])
            elif value.node is not None and value.node.inside is region:
                todo.append(value.node)
            else:
                reached.add(id(value))
    return found


class FunctionPullback:
    """Base of pullbacks written in Python (``autograd.Function``)."""

    def __call__(self, slots: dict[int, Any]) -> Sequence[Any]:
        """Gradients of the inputs that need one, from those of the outputs by number."""
        raise NotImplementedError


def backward(heads: Sequence[tuple[Value, Any]], retain: bool = False) -> None:
    """Compute the gradients of all variables that the heads depend on, into their buffers."""
    sums: dict[Any, list[tuple[Variable, Buffer, Any]]] = {}
    for value, ct in cotangents(heads, retain=retain).items():
        if not isinstance(value, Variable) or value.grad_req == "null":
            continue
        buffer = value.grad._buffer
        if value.grad_req == "add" and type(buffer.pending) is not Zeros:
            sums.setdefault(buffer.ctx.device, []).append((value, buffer, ct))
            continue
        buffer.set(ct if ct.dtype == buffer.dtype else ct.astype(buffer.dtype))
        value.fresh = True
    for device, found in sums.items():
        _add(found, device)


def _add(found: list[tuple[Variable, Buffer, Any]], device: Any) -> None:
    """Add gradients to what is in their variables' buffers: all in one call, unless variables have
    a buffer in common."""
    if len({id(buffer) for _, buffer, _ in found}) < len(found):
        for one in found:
            _add([one], device)
        return
    olds = [buffer.get() for _, buffer, _ in found]
    news = add.run([*olds, *(ct for _, _, ct in found)], device)
    for (variable, buffer, _), new in zip(found, news, strict=True):
        buffer.set(new)
        variable.fresh = True


def gradients(
    heads: Sequence[tuple[Value, Any, Value | None]],
    wanted: Sequence[tuple[Value, Any]],
    device: Any,
) -> tuple[tuple, Node | None]:
    """Gradients that are themselves differentiable (``create_graph=True``).

    The graph between ``wanted`` and ``heads`` becomes one kernel, its gradient, of the graph's
    leaves and the head gradients; to record that kernel is to record the gradient.

    Parameters
    ----------
    heads : list of (Value, array, Value or None)
        Head, head gradient and the latter's own value on the tape.
    wanted : list of (Value, array)
        What to differentiate by, with its present contents.

    Returns
    -------
    tuple
        Outputs of that kernel, and the node (None if nothing is recorded).
    """
    stop = {id(v) for v, _ in wanted}
    nodes = ancestors([v for v, _, _ in heads], stop)
    position = {id(n): i for i, n in enumerate(nodes)}
    known = {id(v): a for v, a in wanted}
    leaves = Leaves()
    slots = [leaves.slot(a, v) for v, a in wanted]
    steps = []
    for node in nodes:
        if node.released:
            raise MXNetError(
                "autograd.grad() reached a part of the graph that an earlier backward() has "
                "released. Call the earlier one with retain_graph=True, or record it again."
            )
        if node.kernel is None:
            raise MXNetError(
                "create_graph=True cannot go through an autograd.Function, whose backward is "
                "plain Python. Write it as a differentiable operator with gluonx.op(fn) instead."
            )
        refs = []
        for value, array in zip(node.inputs, node.arrays, strict=True):
            if value is None:
                refs.append((leaves.slot(array, None), -1, False))
            elif id(value) in known:
                refs.append((leaves.slot(known[id(value)], value), -1, True))
            elif value.node is None:
                refs.append((leaves.slot(array, value), -1, True))
            else:
                refs.append((position[id(value.node)], value.index, True))
        steps.append((node.kernel, tuple(refs)))
    outputs = []
    for value, _, _ in heads:
        if value.node is None or id(value) in known:
            outputs.append((leaves.slot(known.get(id(value)), value), -1))
        else:
            outputs.append((position[id(value.node)], value.index))
    plan = Plan(tuple(steps), tuple(outputs))
    if not steps:
        raise MXNetError("the heads do not depend on the variables through any recorded operator")
    count = len(leaves.arrays)

    def fn(*args):
        given, head_grads = args[:count], args[count:]

        def forward(*chosen):
            full = list(given)
            for slot, a in zip(slots, chosen, strict=True):
                full[slot] = a
            return plan(*full)

        outs, vjp = jax.vjp(forward, *[given[s] for s in slots])
        return vjp(tuple(g.astype(o.dtype) for g, o in zip(head_grads, outs, strict=True)))

    key = ("gradient", plan.key, tuple(slots), count)
    kernel = cached(plan, key, lambda: Kernel(fn, "gradient", visible=len(slots)))
    kernel.wide = any(kernel.wide for kernel, _ in steps)
    arrays = leaves.arrays + [g for _, g, _ in heads]
    values = leaves.values + [v for _, _, v in heads]
    return record(kernel, arrays, values, device)


class _Moved(FunctionPullback):
    """Gradient of a copy between devices: the copy back."""

    def __init__(self, device: Any):
        self.device = device

    def __call__(self, slots: dict[int, Any]) -> list[Any]:
        return [jax.device_put(slots[0], self.device)]


def transferred(value: Value, source: Any) -> Value:
    """The value of a copy on another device of ``value``, whose device is ``source``."""
    node = Node(None, (value,), (None,))
    node.pullback = _Moved(source)
    return Value(node, 0)
