"""Metrics of steps that wait: what they need of a step's outputs is computed with the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import autograd
from ..engine.buffer import Buffer
from ..engine.kernel import Aval, Kernel
from ..engine.trace import Trace, Traced, trace_kernel
from ..metric import EvalMetric
from ..metric._base import aside
from ..ndarray import NDArray

__all__ = ["Measure", "Measured", "measure_key", "measure_of"]


class Measure:
    """What a metric makes of the labels and the outputs of a step.

    Attributes
    ----------
    kernel : Kernel
        Of what :meth:`pick` picks; gives ``count`` arrays.
    labels : int
        How many labels there are.
    """

    __slots__ = ("kernel", "labels", "count", "_picks", "_calls", "_ctx")

    def __init__(self, traced: Traced, labels: int, ctx: Any):
        self.kernel: Kernel = traced.kernel
        self.labels, self.count = labels, traced.kernel.visible
        self._picks = traced.inputs
        #: For each call of ``_later``, of which of the metrics it is, and its values: numbers, or
        #: ``_Result``s.
        self._calls: list[tuple[int, list[Any]]] = traced.result
        self._ctx = ctx

    def pick(self, labels: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
        """What the kernel takes."""
        given = [*labels, *outputs]
        return [given[k] for k in self._picks]

    def tell(self, metrics: Sequence[EvalMetric], results: Sequence[Any]) -> None:
        """Hand on what the kernel has found."""
        for which, values in self._calls:
            found = [
                NDArray._new(Buffer(results[v.place], self._ctx)) if type(v) is _Result else v
                for v in values
            ]
            metrics[which]._keep(found)


class _Result:
    """In the place of a result of the kernel."""

    __slots__ = ("place",)

    def __init__(self, place: int):
        self.place = place


class Measured:
    """A step's labels, and the metrics that are to take them into account with its outputs."""

    __slots__ = ("measure", "metrics", "labels")

    def __init__(self, measure: Measure, metrics: Sequence[EvalMetric], labels: list[Any]):
        self.measure = measure
        self.metrics = metrics
        self.labels = labels

    def tell(self, outputs: Sequence[Any], results: Sequence[Any] | None, device: Any) -> None:
        """Tell the metrics, what was computed with the step, or what is to be computed of its
        outputs."""
        if results is None:
            picked = self.measure.pick(self.labels, outputs)
            results = self.measure.kernel.run(picked, device)
        self.measure.tell(self.metrics, results)


def measure_key(metric: EvalMetric, labels: Mapping[str, Any], ctx: Any) -> Any:
    """What tells a metric's :class:`Measure` from others; None if there cannot be one."""
    own = metric._computes() if isinstance(metric, EvalMetric) else None
    if own is None:
        return None
    for x in labels.values():
        if type(x) is not NDArray or x._buffer.ctx is not ctx:
            return None
    arrays = [(name, x.shape, x._buffer.dtype) for name, x in labels.items()]
    key = own, *arrays
    try:
        hash(key)
    except TypeError:
        return None
    return key


def measure_of(
    metric: EvalMetric, labels: Mapping[str, Any], outputs: Mapping[str, Any], ctx: Any
) -> Measure | None:
    """The measure of a metric; None if it needs values, or there is something wrong with them.

    ``outputs`` has the shapes and dtypes of the outputs.
    """
    avals = [Aval(x.shape, x._buffer.dtype) for x in labels.values()]
    avals += [Aval(a.shape, np.dtype(a.dtype)) for a in outputs.values()]
    metrics = metric._leaves()

    def run(trace: Trace, buffers: list[Buffer]) -> tuple[list[Any], Any]:
        arrays = [NDArray._new(b) for b in buffers]
        first, second = arrays[: len(labels)], arrays[len(labels) :]
        with aside() as said:
            metric.update_dict(
                dict(zip(labels, first, strict=True)), dict(zip(outputs, second, strict=True))
            )
        results: list[Any] = []
        calls = []
        for which, values in said:
            found: list[Any] = []
            for value in values:
                if isinstance(value, NDArray):
                    found.append(_Result(len(results)))
                    results.append(value._data)
                else:
                    found.append(value)
            calls.append(([m is which for m in metrics].index(True), found))
        return results, calls

    try:
        with autograd.pause():
            traced = trace_kernel(run, "metric", ctx, [], avals)
    except Exception:  # the metric says so itself when it takes the outputs
        return None
    if traced.states or traced.written or traced.draws or not traced.kernel.visible:
        return None
    return Measure(traced, len(labels), ctx)
