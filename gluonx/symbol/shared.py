"""Arrays that several executors of ``simple_bind`` have in common."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

from ..context import Context
from ..error import MXNetError
from ..ndarray import NDArray, zeros
from .executor import Executor

__all__ = ["Shared"]

_GRADIENT = "grad of "


def _beginning(x: NDArray, shape: tuple[int, ...]) -> NDArray:
    """The first elements of an array, in another shape; they share memory."""
    if x.shape == shape:
        return x
    return x.reshape((-1,))[: math.prod(shape)].reshape(shape)


def _fits(x: NDArray, name: str, shape: tuple[int, ...], dtype: Any, where: str) -> NDArray:
    """An array of another executor, if it is of the right kind."""
    if x.shape != shape or x._buffer.dtype != dtype:
        raise MXNetError(
            f"simple_bind() needs shape {shape} and type {dtype} for {name}, but {where} has it "
            f"with shape {x.shape} and type {x._buffer.dtype}"
        )
    return x


class Shared:
    """Where ``simple_bind`` takes arrays from, see :meth:`Symbol.simple_bind`.

    Without a ``buffer`` all arrays are new, as in MXNet. :meth:`keep` puts new ones into it.

    Parameters
    ----------
    buffer : dict of str to NDArray, optional
    executor : Executor, optional
    names : list of str, optional
    """

    def __init__(self, buffer: Any, executor: Any, names: Any):
        if not isinstance(names, (list, type(None))):
            raise ValueError(f"shared_arg_names must be a list, got {type(names).__name__}")
        if not isinstance(buffer, (dict, type(None))):
            raise ValueError(f"shared_buffer must be a dict, got {type(buffer).__name__}")
        if not isinstance(executor, (Executor, type(None))):
            raise TypeError(f"shared_exec must be an Executor, got {type(executor).__name__}")
        for name, x in (buffer or {}).items():
            if not isinstance(x, NDArray) or x.stype != "default":
                kind = f"of type {x.stype}" if isinstance(x, NDArray) else type(x).__name__
                raise TypeError(f"shared_buffer[{name!r}] must be a dense NDArray, got {kind}")
        self.buffer: dict[str, NDArray] | None = buffer
        self.new: dict[str, NDArray] = {}
        self.executor: Executor | None = executor if buffer is not None else None
        self.names = frozenset(names or ()) if buffer is not None else frozenset()

    def _of_executor(
        self, having: Mapping[str, NDArray | None], name: str, shape: Any, dtype: Any
    ) -> NDArray:
        found = having.get(name)
        if found is None:
            raise MXNetError(
                f"shared_exec has no {name}; it has "
                f"{', '.join(k for k, v in having.items() if v is not None) or 'nothing like it'}"
            )
        return _fits(found, name, shape, dtype, "shared_exec")

    def argument(self, name: str, shape: Any, dtype: Any, ctx: Context) -> NDArray:
        """The array for an argument."""
        if name not in self.names:
            return self._of_buffer(name, shape, dtype, ctx)
        if self.executor is None:
            return zeros(shape, ctx=ctx, dtype=dtype)
        return self._of_executor(self.executor.arg_dict, name, shape, dtype)

    def gradient(self, name: str, shape: Any, dtype: Any, ctx: Context) -> NDArray:
        """The array for an argument's gradient."""
        if name not in self.names:
            return self._of_buffer(_GRADIENT + name, shape, dtype, ctx)
        if self.executor is None:
            return zeros(shape, ctx=ctx, dtype=dtype)
        having = {_GRADIENT + k: v for k, v in self.executor.grad_dict.items()}
        return self._of_executor(having, _GRADIENT + name, shape, dtype)

    def state(self, name: str, shape: Any, dtype: Any, ctx: Context) -> NDArray:
        """The array for an auxiliary state."""
        if self.executor is None:
            return zeros(shape, ctx=ctx, dtype=dtype)
        return self._of_executor(self.executor.aux_dict, name, shape, dtype)

    def _of_buffer(self, name: str, shape: Any, dtype: Any, ctx: Context) -> NDArray:
        found = None if self.buffer is None else self.buffer.get(name)
        if found is not None:
            if found._buffer.dtype != dtype or found.context.device != ctx.device:
                raise MXNetError(
                    f"simple_bind() needs {name} with type {dtype} on {ctx}, but it has type "
                    f"{found._buffer.dtype} on {found.context} in shared_buffer"
                )
            if found.size >= math.prod(shape):
                return _beginning(found, shape)
            warnings.warn(
                f"{name} has shape {found.shape} in shared_buffer, but {shape} is needed: a larger "
                "array takes its place, and executors that have the old one keep that. Bind the "
                "largest shapes first",
                stacklevel=6,
            )
        new = self.new[name] = zeros(shape, ctx=ctx, dtype=dtype)
        return new

    def keep(self) -> None:
        """Put the new arrays into the buffer."""
        if self.buffer is not None:
            self.buffer.update(self.new)
