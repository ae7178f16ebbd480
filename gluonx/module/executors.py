"""The executors of a Module: one for each device, each with its part of the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..context import Context
from ..io import DataBatch, DataDesc
from ..ndarray import NDArray
from ..parameter import Parameter
from ..symbol import Symbol
from ..symbol.executor import Executor
from .step import Step

__all__ = ["Columns", "ExecutorGroup", "joined", "slices", "write"]


def write(target: NDArray, value: Any) -> None:
    """Let ``target`` have the contents of an array; none are copied if both are of one kind."""
    if not isinstance(value, NDArray):
        value = nd.array(value, ctx=target.context, dtype=target.dtype)
    if value.dtype != target.dtype:
        value = value.astype(target.dtype)
    target._buffer.set(value.as_in_context(target.context)._data)


def slices(size: int, count: int, what: str) -> list[slice]:
    """Equal parts of a batch, the last ones one smaller if it cannot be divided."""
    if size < count:
        raise ValueError(
            f"{what} has a batch of {size}, which cannot be split over {count} devices"
        )
    ends = [size * (k + 1) // count for k in range(count)]
    return [slice(a, b) for a, b in zip([0, *ends], ends, strict=False)]


def joined(
    batches: Sequence[DataBatch], data: Sequence[DataDesc], labels: Sequence[DataDesc]
) -> DataBatch:
    """One batch of the parts that a list has, one for each device."""
    if not batches:
        raise ValueError("the list of batches is empty")

    def join(columns: Any, described: Sequence[DataDesc]) -> list[NDArray]:
        arrays = []
        for column, d in zip(zip(*columns, strict=True), described, strict=False):
            axis = max(DataDesc.get_batch_axis(d.layout), 0)
            first = column[0].context
            arrays.append(nd.concat(*[x.as_in_context(first) for x in column], dim=axis))
        return arrays

    return DataBatch(
        join([b.data for b in batches], data), join([b.label or () for b in batches], labels)
    )


class Columns:
    """What several executors of one symbol have: for each array a list with one for each.

    Attributes
    ----------
    execs : list of Executor
    param_names, aux_names : list of str
    """

    execs: list[Executor]
    param_names: list[str]
    aux_names: list[str]

    def _columns(self, which: str, names: Sequence[str]) -> list[list[Any]]:
        return [[getattr(e, which)[name] for e in self.execs] for name in names]

    @property
    def param_arrays(self) -> list[list[NDArray]]:
        """The parameters: for each a list with its array on each device."""
        return self._columns("arg_dict", self.param_names)

    @property
    def grad_arrays(self) -> list[list[NDArray]]:
        """The gradients of the parameters, in the same form."""
        return self._columns("grad_dict", self.param_names)

    @property
    def aux_arrays(self) -> list[list[NDArray]]:
        """The auxiliary states, in the same form."""
        return self._columns("aux_dict", self.aux_names)


class ExecutorGroup(Columns):
    """Executors of one symbol for one kind of batch.

    Attributes
    ----------
    execs : list of Executor
        One for each context.

    Parameters
    ----------
    symbol : Symbol
    contexts : list of Context
    parameters : dict of str to Parameter
        Arguments and auxiliary states that are no inputs, on all the contexts.
    inputs : list of DataDesc
        Data, labels and states.
    shapes : dict of str to (shape, dtype)
        Of all inputs, those that nobody feeds included, for the whole batch.
    requests : dict of str to str
        ``grad_req`` of the inputs that get gradients.
    places : list of dict of str to Context
        Where the variables are, for each of the contexts.
    groups : list of dict of str to Context
        ``group2ctx`` for each of the contexts.
    names : list of str
        The names of a batch's arrays.
    """

    def __init__(
        self, symbol: Symbol, contexts: Sequence[Context], parameters: Mapping[str, Parameter],
        inputs: Sequence[DataDesc], shapes: Mapping[str, Any], requests: Mapping[str, str],
        training: bool, places: Sequence[Mapping[str, Context]],
        groups: Sequence[Mapping[str, Context]], names: Sequence[str],
    ):  # fmt: skip
        self.symbol = symbol
        self.contexts = list(contexts)
        self.arg_names, self.aux_names = symbol.list_arguments(), symbol.list_auxiliary_states()
        self.param_names = [n for n in self.arg_names if n in parameters]
        count = len(self.contexts)
        self._axes = {d.name: DataDesc.get_batch_axis(d.layout) for d in inputs}
        self._parts = {
            name: slices(shape[axis], count, name) if (axis := self._axis(name)) >= 0 else None
            for name, (shape, _) in shapes.items()
        }
        self.execs: list[Executor] = []
        for k, ctx in enumerate(self.contexts):
            args, grads, reqs = [], [], []
            at = places[k]
            for name in self.arg_names:
                p = parameters.get(name)
                if p is not None:
                    x = p.data(at[name])
                    req = p.grad_req if training else "null"
                    grad = None if req == "null" else p.grad(at[name])
                else:
                    x = nd.zeros(self._part_shape(name, shapes, k), at[name], shapes[name][1])
                    req = requests.get(name, "null")
                    grad = None if req == "null" else nd.zeros(x.shape, at[name], x.dtype)
                args.append(x)
                grads.append(grad)
                reqs.append(req)
            aux = [parameters[name].data(at[name]) for name in self.aux_names]
            self.execs.append(Executor(symbol, ctx, args, grads, reqs, aux, groups[k]))
        self._arguments = [e.arg_dict for e in self.execs]
        #: The arrays behind each input, with their shapes and dtypes.
        self._targets = {
            name: [(a[name], a[name].shape, a[name]._buffer.dtype) for a in self._arguments]
            for name in self.arg_names
            if name not in parameters
        }
        #: The training step, where it is known in advance.
        self.step = Step.of(self.execs[0], names) if training and count == 1 else None

    def _axis(self, name: str) -> int:
        return self._axes.get(name, 0)

    def _part_shape(self, name: str, shapes: Mapping[str, Any], k: int) -> tuple[int, ...]:
        shape, parts = list(shapes[name][0]), self._parts[name]
        if parts is not None and shape:
            shape[self._axis(name)] = parts[k].stop - parts[k].start
        return tuple(shape)

    def part(self, name: str, value: Any, k: int) -> Any:
        """What device ``k`` gets of an array."""
        parts, axis = self._parts.get(name), self._axis(name)
        if len(self.execs) == 1 or parts is None:
            return value
        return value[(slice(None),) * axis + (parts[k],)]

    def load(self, names: Sequence[str], values: Sequence[Any]) -> None:
        """Give the inputs their contents."""
        for name, value in zip(names, values, strict=True):
            # a label that the symbol does not use has no targets
            for k, (target, shape, dtype) in enumerate(self._targets.get(name, ())):
                given = self.part(name, value, k) if len(self.execs) > 1 else value
                if type(given) is NDArray and given._buffer.ctx is target._buffer.ctx:
                    array = given._data
                    if array.shape == shape and array.dtype == dtype:  # the usual case
                        target._buffer.set(array)
                        continue
                if tuple(given.shape) != shape:
                    raise ValueError(
                        f"{name} was bound with shape {shape}, got {tuple(given.shape)}; "
                        "call reshape(), or bind() with force_rebind=True"
                    )
                write(target, given)

    def set_states(self, names: Sequence[str], values: Any, value: Any) -> None:
        """Set the states on all devices, to arrays (one for each device, or merged) or a number."""
        if value is not None:
            for name in names:
                for arguments in self._arguments:
                    target = arguments[name]
                    write(target, np.full(target.shape, value))
            return
        merged = [nd.concat(*v, dim=0) if isinstance(v, (list, tuple)) else v for v in values]
        self.load(names, merged)

    def take_states(self, names: Sequence[str], other: ExecutorGroup) -> None:
        """Go on with the states of another group, those that have the same shape."""
        for mine, theirs in zip(self._arguments, other._arguments, strict=True):
            for name in names:
                old = theirs.get(name)
                if old is not None and old is not mine[name] and old.shape == mine[name].shape:
                    write(mine[name], old)

    def gather(self, lists: Sequence[Sequence[NDArray]], merge: bool, axes: Sequence[int]) -> list:
        """Arrays of the executors, by array: joined, or one for each device."""
        columns = [list(column) for column in zip(*lists, strict=True)]
        if not merge:
            return columns
        first = self.contexts[0]
        return [
            column[0] if len(column) == 1
            else nd.concat(*[x.as_in_context(first) for x in column], dim=axis)
            for column, axis in zip(columns, axes, strict=True)
        ]  # fmt: skip

    def outputs(self, merge: bool = True) -> list:
        """The outputs, joined along the batch."""
        lists = [e.outputs for e in self.execs]
        return self.gather(lists, merge, [0] * len(lists[0]))

    def gradients(self, names: Sequence[str], merge: bool = True) -> list:
        """The gradients of some inputs."""
        found: Any = [[e.grad_dict[name] for name in names] for e in self.execs]
        return self.gather(found, merge, [max(self._axis(n), 0) for n in names])

    def states(self, names: Sequence[str], merge: bool = True) -> list:
        """The contents of the states."""
        found = [[arguments[name] for name in names] for arguments in self._arguments]
        return self.gather(found, merge, [0] * len(names))

    def forward(self, is_train: bool) -> None:
        """Run forward on all devices."""
        for e in self.execs:
            e.forward(is_train=is_train)

    def backward(self, out_grads: Any = None) -> None:
        """Run backward on all devices, each from its part of the gradients."""
        if out_grads is None and self.step is not None and self.step.backward():
            return
        if isinstance(out_grads, NDArray):
            out_grads = [out_grads]
        for k, e in enumerate(self.execs):
            given = out_grads
            if given is not None and len(self.execs) > 1:
                parts = slices(given[0].shape[0], len(self.execs), "out_grads")
                given = [g[parts[k]].as_in_context(e._ctx) for g in given]
            e.backward(given)
