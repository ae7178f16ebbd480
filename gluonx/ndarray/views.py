"""Reading and writing parts of a buffer: the compiled pieces behind views and ``x[key] = v``."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from ..engine.buffer import Buffer
from ..engine.kernel import any_wide, sharding_on, x64
from ..engine.state import state
from .dispatch import scalar

__all__ = ["read_view", "write_view"]


@functools.lru_cache(maxsize=1024)
def _reader(shape: tuple[int, ...], whole: bool) -> Any:
    if whole:
        return jax.jit(lambda base: base.reshape(shape))
    size = math.prod(shape)
    return jax.jit(
        lambda base, offset: jax.lax.dynamic_slice(base.reshape(-1), (offset,), (size,)).reshape(
            shape
        )
    )


def read_view(base: Any, offset: int, shape: tuple[int, ...], ctx: Any) -> Any:
    """The elements from ``offset`` on, as an array of ``shape``."""
    whole = math.prod(shape) == base.size
    with _scope(base.dtype):
        if whole:
            return _reader(shape, True)(base)
        return _reader(shape, False)(base, _offset(offset, base, ctx))


@functools.lru_cache(maxsize=1024)
def _writer(shape: tuple[int, ...], whole: bool, donate: bool, device: Any) -> Any:
    def write(base, value, offset):
        value = jnp.broadcast_to(value.astype(base.dtype), shape)
        if whole:
            return value.reshape(base.shape)
        flat = jax.lax.dynamic_update_slice(base.reshape(-1), value.reshape(-1), (offset,))
        return flat.reshape(base.shape)

    return jax.jit(
        write,
        donate_argnums=0 if donate and not whole else (),
        out_shardings=None if device is None else sharding_on(device),
    )


def write_view(buffer: Buffer, offset: int, shape: tuple[int, ...], value: Any) -> None:
    """Put ``value``, broadcast to ``shape``, at ``offset`` of the buffer."""
    trace = state.trace
    whole = math.prod(shape) == math.prod(buffer.shape)
    if trace is not None:
        base = trace.read(buffer)
        with _scope(base.dtype, value.dtype):
            new = _writer(shape, whole, False, None)(base, value, np.int32(offset))
        trace.write(buffer, new)
        return

    def write(base: Any, donate: bool, outs: list) -> None:
        with _scope(base.dtype, value.dtype):
            given = base, value, _offset(offset, base, buffer.ctx)
            writer = _writer(shape, whole, donate, buffer.ctx.device)
            outs.extend(zip(itertools.starmap(writer, (given,)), strict=True))

    buffer.replace(write)


def _offset(offset: int, base: Any, ctx: Any) -> Any:
    if isinstance(base, jax.core.Tracer):
        return np.int32(offset)
    return scalar(offset, _INT32 if base.size <= 2**31 - 1 else _INT64, ctx.device)


_INT32, _INT64 = np.dtype("int32"), np.dtype("int64")


class _NoScope:
    def __enter__(self) -> None: ...
    def __exit__(self, *exc: object) -> None: ...


_no_scope = _NoScope()


def _scope(*dtypes: Any) -> Any:
    """``enable_x64`` where a 64-bit type takes part."""
    return x64() if any_wide(*dtypes) else _no_scope
