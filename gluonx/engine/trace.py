"""Tracing a block's Python code once into a kernel.

While a :class:`Trace` is active on a thread, every NDArray that the code reads is an argument of
the kernel (the inputs, the parameters, and any other array it closes over) and every array it
writes is a result. Nothing outside the trace changes, so other threads may use the same
parameters.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import jax
import jax.extend
import numpy as np

from ..error import HybridizeError, MXNetError
from . import images
from .across import with_marks
from .buffer import Buffer
from .kernel import Kernel, aval_of, is_wide, x64
from .state import state
from .target import tracing_for

__all__ = ["Trace", "Traced", "Unfusable", "trace_kernel", "user_frame", "wide_inside"]


def user_frame() -> str:
    """``file:line: code`` of the innermost frame outside gluonx, or ''."""
    import linecache

    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(("gluonx.", "jax.", "jax_", "contextlib")) and module != "jax":
            name, line = frame.f_code.co_filename, frame.f_lineno
            code = linecache.getline(name, line).strip()
            return f'File "{name}", line {line}\n    {code}'
        frame = frame.f_back  # type: ignore[assignment]
    return ""


class Unfusable(HybridizeError):
    """The code of a block does something that only works with values: the block must run eagerly.

    The block that is being called catches it.
    """


def wide_inside(jaxpr: Any) -> bool:
    """Whether a 64-bit array is made in a jaxpr, or in one inside it (the body of a loop)."""
    for eqn in jaxpr.eqns:
        if any(hasattr(v.aval, "dtype") and is_wide(v.aval.dtype) for v in eqn.outvars):
            return True
        for value in eqn.params.values():
            for part in value if isinstance(value, (list, tuple)) else (value,):
                inner = getattr(part, "jaxpr", part)  # a closed one
                if hasattr(inner, "eqns") and wide_inside(inner):
                    return True
    return False


class _Finished:
    """In the place of the contents of an array that a finished trace left behind."""

    def __init__(self, aval: Any, block: str):
        self.aval = aval
        self.block = block

    def force(self, buffer: Buffer) -> None:
        raise HybridizeError(
            f"this array was made while {self.block} was being compiled, and has no value: it was "
            "kept beyond the call (in an attribute, a list, a global). Return it from "
            "forward() instead:\n    wrong:  self.h = h; return y\n    right:  return y, h"
        )


class Trace:
    """One run of a block's code over abstract values.

    Attributes
    ----------
    block : str
        Name of the block, for messages.
    ctx : Context
        The device that arrays made inside are on.
    missing : list of NDArray
        Arrays from outside that the code read and that are not arguments yet.
    recording : bool
        Whether the block is called under ``autograd.record()``; what the code does under
        ``pause()`` then has no gradient.
    changed : list of NDArray
        Arrays from outside that the code changes in place, where recording forbids it.
    resolve : bool
        A pass that only finds the shapes of parameters: a parameter that learns its shape is
        zeros of that shape here and is initialized after the pass.
    """

    def __init__(self, block: str, ctx: Any, rng: Any = None, resolve: bool = False):
        self.block = block
        self.ctx = ctx
        self.rng = rng
        self.draws = 0
        #: Whether the code has asked for the device of an array.
        self.asked = False
        self.recording = state.recording
        self.changed: list[Any] = []
        self.resolve = resolve
        self.missing: list[Any] = []
        self.resolved: list[Any] = []
        self._now: dict[int, Any] = {}
        self._first: dict[int, Any] = {}
        self._buffers: dict[int, Buffer] = {}
        self._made: list[weakref.ref] = []
        self._outer: Trace | None = None
        self._images: images.Images | None = None

    def argument(self, buffer: Buffer, tracer: Any) -> None:
        """Let ``buffer`` read as ``tracer``."""
        self._buffers[id(buffer)] = buffer
        self._now[id(buffer)] = self._first[id(buffer)] = tracer

    def new(self, array: Any, ctx: Any = None) -> Buffer:
        """A buffer that lives as long as the trace."""
        buffer = Buffer(array, ctx or self.ctx)
        buffer.owner = self
        self._made.append(weakref.ref(buffer))
        return buffer

    def read(self, buffer: Buffer, handle: Any = None) -> Any:
        """The contents of a buffer here; ``handle`` is the NDArray that asks."""
        if buffer.owner is self:
            return buffer.array
        now = self._now.get(id(buffer))
        if now is None:
            if buffer.array is None and hasattr(buffer.pending, "resolve"):
                return buffer.pending.resolve(self, buffer)
            now = buffer.get()
            if not self.resolve:
                self.missing.append(_whole(handle, buffer))
            self.argument(buffer, now)
        return now

    def write(self, buffer: Buffer, array: Any) -> None:
        buffer.version += 1
        if buffer.owner is self:
            buffer.array = array
            return
        if id(buffer) not in self._buffers:
            self.read(buffer)
        self._now[id(buffer)] = array

    def written(self) -> list[tuple[Buffer, Any]]:
        """Outside buffers that the code changed, with their new contents."""
        return [
            (self._buffers[k], now) for k, now in self._now.items() if now is not self._first[k]
        ]

    def draw(self) -> Any:
        """Random state for one operator: the block's state, advanced by the draws before."""
        offset = np.array([0, 0, self.draws], np.uint32)
        self.draws += 1
        if self.rng is None:
            return offset
        return self.rng + offset

    def check_kept(self, name: str, value: Any) -> None:
        """Refuse to keep an array of this trace in an attribute."""
        if self._made_here(value):
            raise HybridizeError(
                f"{self.block} is hybridized, and keeps an array in self.{name} that has no value "
                f"while it is compiled.\n  {user_frame()}\nReturn it instead:\n"
                f"    wrong:  self.{name} = h; return y\n    right:  return y, h"
            )

    def _made_here(self, value: Any) -> bool:
        if isinstance(value, (list, tuple)):
            return any(map(self._made_here, value))
        if isinstance(value, dict):
            return any(map(self._made_here, value.values()))
        return getattr(getattr(value, "_buffer", None), "owner", None) is self

    def __enter__(self) -> Trace:
        self._outer, state.trace = state.trace, self
        self._images, state.images = state.images, images.wanted()
        return self

    def __exit__(self, *exc: object) -> None:
        state.trace, state.images = self._outer, self._images
        for ref in self._made:
            buffer = ref()
            if buffer is not None and buffer.array is not None:
                buffer.pending = _Finished(aval_of(buffer.array), self.block)
                buffer.array = None


def _whole(handle: Any, buffer: Buffer) -> Any:
    """A handle on the whole buffer: the one given, unless it is a view of a part."""
    if handle is not None and handle._view is None:
        return handle
    kind: Any = type(handle)
    return kind._new(buffer)


class Traced:
    """A block's code as a kernel, with what is needed to call it.

    Attributes
    ----------
    kernel : Kernel
        Of the used state buffers, the array inputs and the random state, in this order.
    states : list of NDArray
        Arrays read: parameters and captured arrays.
    inputs : list of int
        Which of the inputs are used.
    written : list of Buffer or int
        Buffers, and numbers of inputs, whose new contents follow the outputs.
    changed : list of NDArray
        Arrays that are changed in place, which is not allowed while they are recorded.
    draws : int
        Random numbers consumed; the random state is an argument if there are any.
    result : Any
        How the outputs are nested (whatever ``trace_kernel``'s function returned beside them).
    """

    __slots__ = ("kernel", "states", "inputs", "written", "changed", "draws", "result", "asked")

    def __init__(self, kernel, states, inputs, written, changed, draws, result, asked):
        self.kernel: Kernel = kernel
        self.states: list[Any] = states
        self.inputs: list[int] = inputs
        self.written: list[Buffer | int] = written
        self.changed: list[Any] = changed
        self.draws: int = draws
        self.result = result
        #: Whether the code has asked which device it runs on.
        self.asked: bool = asked

    def on(self, there: dict[int, Any]) -> Traced:
        """The same code with other arrays, by the ids of the buffers of those it has."""
        return Traced(
            self.kernel,
            [there[id(x._buffer)] for x in self.states],
            self.inputs,
            [there[id(b)]._buffer if isinstance(b, Buffer) else b for b in self.written],
            [there[id(x._buffer)] for x in self.changed],
            self.draws,
            self.result,
            self.asked,
        )


def trace_kernel(
    fn: Callable[[Trace, list[Buffer]], tuple[list[Any], Any]],
    name: str,
    ctx: Any,
    states: list[Any],
    inputs: list[Any],
) -> Traced:
    """Trace ``fn`` into a kernel.

    Parameters
    ----------
    fn : callable
        ``fn(trace, buffers) -> (outputs, result)``; ``buffers`` hold the inputs, ``outputs`` are
        arrays of the trace.
    states : list of NDArray
        Arrays that the code is known to read. Others are found by tracing once more.
    inputs : list of Aval
        Shapes and dtypes of the inputs.
    """
    states = list(states)
    for _ in range(8):
        captured = {}

        def run(state_arrays, input_arrays, rng, states=states, captured=captured):
            with Trace(name, ctx, rng) as trace:
                for x, tracer in zip(states, state_arrays, strict=True):
                    trace.argument(x._buffer, tracer)
                given = [trace.new(a) for a in input_arrays]
                outputs, result = fn(trace, given)
                captured.update(trace=trace, result=result, count=len(outputs))
                written: list[tuple[Any, Any]] = list(trace.written())
                written += [
                    (i, b.array)
                    for i, (b, a) in enumerate(zip(given, input_arrays, strict=True))
                    if b.array is not a
                ]
                captured["written"] = [b for b, _ in written]
                return [*outputs, *(a for _, a in written)]

        avals = [jax.ShapeDtypeStruct(x._buffer.shape, x._buffer.dtype) for x in states]
        rng = jax.ShapeDtypeStruct((3,), np.uint32)
        wide = any(a.dtype.itemsize == 8 for a in [*avals, *inputs])
        make = jax.make_jaxpr(run)
        with x64() if wide else nullcontext(), tracing_for(ctx.device):
            closed = make(avals, inputs, rng)
        missing = captured["trace"].missing
        if not missing:
            break
        states += missing
    else:
        raise MXNetError(
            f"{name}: every run of forward() reads other arrays, so it cannot be compiled. Make "
            "the arrays once, in __init__, or leave this block unhybridized."
        )

    jaxpr = closed.jaxpr
    # 64-bit arrays may be made inside, by astype
    wide = wide or wide_inside(jaxpr)
    # arguments that the code does not use are dropped
    used = {id(v) for eqn in jaxpr.eqns for v in eqn.invars} | {id(v) for v in jaxpr.outvars}
    keep = [id(v) in used for v in jaxpr.invars]
    call = with_marks(closed)
    ins = closed.in_avals
    written = captured["written"]

    def flat(*arrays):
        given = iter(arrays)
        # XLA drops the zeros that stand for unused arguments
        return tuple(
            call(
                *[
                    next(given) if k else np.zeros(a.shape, a.dtype)
                    for k, a in zip(keep, ins, strict=True)
                ]
            )
        )

    flat.__name__ = name
    kernel = Kernel(flat, name, visible=captured["count"])
    kernel.wide = wide
    n = len(states)
    return Traced(
        kernel,
        [x for x, k in zip(states, keep[:n], strict=True) if k],
        [i for i, k in enumerate(keep[n : n + len(inputs)]) if k],
        written,
        captured["trace"].changed,
        captured["trace"].draws if keep[-1] else 0,
        captured["result"],
        captured["trace"].asked,
    )
