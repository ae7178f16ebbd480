"""Code inside code: the bodies of loops and branches while a block is traced.

A body is Python code over NDArrays, as the block around it is. It is traced by itself, into a
function of its arguments, of the arrays from outside that it changes and of the random state; what
it only reads, parameters for example, it finds in the trace around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np

from ..error import MXNetError
from .buffer import Buffer
from .kernel import Aval, is_wide, x64
from .loops import branch, each, repeat
from .trace import Trace, wide_inside

__all__ = ["Changes", "Code", "trace_branches", "trace_each", "trace_repeat"]

#: What a body is: from buffers that hold its arguments to the arrays that it returns.
Body = Callable[[list[Buffer]], list[Any]]


class Changes(MXNetError):
    """A state has another shape or dtype after a step than before it."""


class _Inner(Trace):
    """The trace of a body; what is not its own belongs to the trace around it."""

    def __init__(self, outer: Trace, rng: Any):
        super().__init__(outer.block, outer.ctx, rng)
        self.outer = outer
        self.recording = outer.recording

    def read(self, buffer: Buffer, handle: Any = None) -> Any:
        if buffer.owner is self:
            return buffer.array
        now = self._now.get(id(buffer))
        return self.outer.read(buffer, handle) if now is None else now

    def write(self, buffer: Buffer, array: Any) -> None:
        if buffer.owner is not self and id(buffer) not in self._buffers:
            self.argument(buffer, self.outer.read(buffer))
        super().write(buffer, array)

    def _made_here(self, value: Any) -> bool:
        return super()._made_here(value) or self.outer._made_here(value)

    def pass_on(self) -> None:
        """Tell the trace around it which of its arrays are changed where recording forbids it."""
        outer: Any = self.outer
        outer.changed += [x for x in self.changed if x._buffer.owner is not outer]


class Code:
    """A traced body.

    Attributes
    ----------
    outputs : list of Aval
    changed : list of Buffer
        Arrays from outside that the code changes.
    draws : int
        Random numbers that one run consumes.
    wide : bool
        Whether 64-bit types occur.
    """

    def __init__(self, body: Body, avals: Sequence[Any], outer: Trace):
        self.changed: list[Buffer] = []
        found = True
        while found:  # a buffer that the code turns out to change becomes an argument
            inner, closed, found = self._trace(body, avals, outer)
            self.changed += found
        inner.pass_on()
        self.draws = inner.draws
        self.outputs = [Aval(a.shape, a.dtype) for a in closed.out_avals]
        if self.changed:
            self.outputs = self.outputs[: -len(self.changed)]
        self.wide = any(is_wide(a.dtype) for a in closed.in_avals) or wide_inside(closed.jaxpr)
        self._call = jax.extend.core.jaxpr_as_fun(closed)

    def _trace(
        self, body: Body, avals: Sequence[Any], outer: Trace
    ) -> tuple[_Inner, Any, list[Buffer]]:
        traces, found = [], []
        contents = [outer.read(b) for b in self.changed]

        def run(arrays, changed, rng):
            with _Inner(outer, rng) as inner:
                for buffer, a in zip(self.changed, changed, strict=True):
                    inner.argument(buffer, a)
                outs = body([inner.new(a) for a in arrays])
                traces.append(inner)
                known = {id(b) for b in self.changed}
                found.extend(b for b, _ in inner.written() if id(b) not in known)
                return list(outs), [inner.read(b) for b in self.changed]

        given = [Aval(a.shape, a.dtype) for a in contents]
        rng = Aval((3,), np.dtype("uint32"))
        if any(is_wide(a.dtype) for a in (*avals, *given)):
            with x64():
                closed = jax.make_jaxpr(run)(list(avals), given, rng)
        else:
            closed = jax.make_jaxpr(run)(list(avals), given, rng)
        return traces[0], closed, found

    def __call__(self, arrays: Sequence[Any], changed: Sequence[Any], rng: Any) -> tuple:
        """Outputs, and new contents of what is changed."""
        outs = self._call(*arrays, *changed, rng)
        return list(outs[: len(self.outputs)]), list(outs[len(self.outputs) :])


class _Around:
    """What the codes of one loop share: arrays that they change, and random numbers."""

    def __init__(self, codes: Sequence[Code], outer: Trace):
        self.outer = outer
        self.changed = list({id(b): b for code in codes for b in code.changed}.values())
        self.contents = [outer.read(b) for b in self.changed]
        self.wide = any(code.wide for code in codes)
        self.random = any(code.draws for code in codes)

    def rng(self) -> Any:
        """The random state before the first run."""
        start = np.array([0, 0, self.outer.draws], np.uint32)
        # A state that nobody needs must not become an argument of the block.
        if self.outer.rng is None or not self.random:
            return jnp.asarray(start)
        return self.outer.rng + start

    def run(self, code: Code, arrays: Sequence[Any], changed: Sequence[Any], rng: Any) -> tuple:
        """Run one of the codes; the new contents are those of all that is changed."""
        at = {id(b): k for k, b in enumerate(self.changed)}
        mine = [at[id(b)] for b in code.changed]
        outs, news = code(arrays, [changed[k] for k in mine], rng)
        changed = list(changed)
        for k, new in zip(mine, news, strict=True):
            changed[k] = new
        return outs, changed

    def finish(self, changed: Sequence[Any], draws: int) -> None:
        for buffer, new in zip(self.changed, changed, strict=True):
            self.outer.write(buffer, new)
        self.outer.draws += draws

    def compute(self, function: Callable, *args: Any) -> Any:
        if self.wide:
            with x64():
                return function(*args)
        return function(*args)


def _avals(arrays: Sequence[Any]) -> list[Aval]:
    return [Aval(a.shape, a.dtype) for a in arrays]


def _advance(rng: Any, draws: int) -> Any:
    return rng + np.array([0, 0, draws], np.uint32)


def _check_states(what: str, states: Sequence[Any], news: Sequence[Any]) -> None:
    for k, (old, new) in enumerate(zip(states, news, strict=True)):
        if old.shape != new.shape or old.dtype != new.dtype:
            raise Changes(
                f"{what} {k} must keep its shape and dtype where a block is hybridized: it was "
                f"{tuple(old.shape)} {np.dtype(old.dtype).name} and became {tuple(new.shape)} "
                f"{np.dtype(new.dtype).name} after one step"
            )


def trace_each(
    body: Body, data: Sequence[Any], states: Sequence[Any], outer: Trace
) -> tuple[list[Any], list[Any]]:
    """A loop over the first axis of ``data``, inside a trace.

    Parameters
    ----------
    body : callable
        From the buffers of a slice of each array and of the states to outputs followed by new
        states.
    data, states : list of array
    outer : Trace

    Returns
    -------
    outputs, states : list of array

    Raises
    ------
    Changes
        If a state does not keep its shape and dtype.
    """
    slices = [Aval(a.shape[1:] or (1,), a.dtype) for a in data]
    code = Code(body, [*slices, *_avals(states)], outer)
    count = len(code.outputs) - len(states)
    _check_states("state", states, code.outputs[count:])
    around = _Around([code], outer)
    n = len(states)

    def step(x, carry):
        outs, changed = around.run(code, [*x, *carry[:n]], carry[n:-1], carry[-1])
        return outs[:count], [*outs[count:], *changed, _advance(carry[-1], code.draws)]

    carry = [*states, *around.contents, around.rng()]
    outs, last = around.compute(each, step, data, carry)
    around.finish(last[n:-1], code.draws * data[0].shape[0])
    return outs, last[:n]


def trace_repeat(
    test: Body, body: Body, states: Sequence[Any], limit: int, outer: Trace
) -> tuple[list[Any], list[Any]]:
    """A loop while a test is true, ``limit`` times at most, inside a trace."""
    avals = _avals(states)
    check, code = Code(test, avals, outer), Code(body, avals, outer)
    count = len(code.outputs) - len(states)
    _check_states("loop variable", states, code.outputs[count:])
    around = _Around([check, code], outer)
    n = len(states)

    def truth(carry):
        outs, changed = around.run(check, carry[:n], carry[n:-1], carry[-1])
        return outs[0], [*carry[:n], *changed, _advance(carry[-1], check.draws)]

    def step(carry):
        outs, changed = around.run(code, carry[:n], carry[n:-1], carry[-1])
        return outs[:count], [*outs[count:], *changed, _advance(carry[-1], code.draws)]

    carry = [*states, *around.contents, around.rng()]
    outs, last = around.compute(repeat, truth, step, carry, limit)
    around.finish(last[n:-1], (check.draws + code.draws) * limit)
    return outs, last[:n]


def trace_branches(truth: Any, then: Body, other: Body, outer: Trace) -> list[Any]:
    """One of two bodies without arguments, inside a trace."""
    codes = Code(then, [], outer), Code(other, [], outer)
    given = [[(tuple(a.shape), np.dtype(a.dtype).name) for a in code.outputs] for code in codes]
    if given[0] != given[1]:
        raise MXNetError(
            "both branches of cond() must return arrays of the same shapes and dtypes where a "
            f"block is hybridized; then_func returns {given[0]}, else_func {given[1]}"
        )
    around = _Around(codes, outer)
    rng = around.rng()

    def run(code):
        def call(changed):
            outs, changed = around.run(code, [], changed, rng)
            return [*outs, *changed]

        return call

    outs = around.compute(branch, truth, run(codes[0]), run(codes[1]), around.contents)
    count = len(given[0])
    around.finish(outs[count:], max(code.draws for code in codes))
    return outs[:count]
