"""Small helpers: environment variables, numbers of GPUs, and the switches of NumPy's semantics.

In MXNet :func:`set_np_shape` decides whether ``()`` is the shape of a scalar and 0 a length. Here
both are always so in arrays; the switch is remembered, and ``0`` stays "not known" in the shape of
a parameter. MXNet's ``mx.np`` arrays are not part of this version; what switches to them raises.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from .context import gpu, gpu_memory_info, num_gpus
from .error import MXNetError

__all__ = [
    "get_cuda_compute_capability", "get_gpu_count", "get_gpu_memory", "getenv", "is_np_array",
    "is_np_shape", "np_array", "np_shape", "reset_np", "set_module", "set_np", "set_np_shape",
    "setenv", "use_np", "use_np_array", "use_np_shape",
]  # fmt: skip

_T = TypeVar("_T")
_local = threading.local()


def getenv(name: str) -> str | None:
    """The value of an environment variable, None if it is not set."""
    return os.environ.get(name)


def setenv(name: str, value: str | None) -> None:
    """Set an environment variable, or remove it (None).

    gluonx reads its variables when it is imported, or when they are first needed.
    """
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = str(value)


def get_gpu_count() -> int:
    """Number of GPUs that this process can use."""
    return num_gpus()


def get_gpu_memory(gpu_dev_id: int) -> tuple[int, int]:
    """Free and total bytes of a GPU; see :func:`gluonx.context.gpu_memory_info`."""
    return gpu_memory_info(gpu_dev_id)


def get_cuda_compute_capability(ctx: Any) -> int:
    """The compute capability of a GPU, such as 90 for 9.0.

    Parameters
    ----------
    ctx : Context

    Raises
    ------
    ValueError
        For a context that is no GPU.
    """
    if ctx.device_type != "gpu":
        raise ValueError(f"only a GPU has a compute capability, got {ctx}")
    return int(float(gpu(ctx.device_id).device.compute_capability) * 10 + 0.5)


def set_module(module: str) -> Callable[[_T], _T]:
    """Decorator that says which module a public name belongs to."""

    def decorate(thing: _T) -> _T:
        if module is not None:
            thing.__module__ = module
        return thing

    return decorate


# -- NumPy's semantics ---------------------------------------------------------------------------


def is_np_shape() -> bool:
    """Whether :func:`set_np_shape` or :func:`np_shape` is on."""
    return getattr(_local, "shape", False)


def set_np_shape(active: bool) -> bool:
    """Say that the program uses NumPy's meaning of shapes; returns what was said before.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.util.set_np_shape(True)
    False
    >>> gx.util.is_np_shape(), gx.nd.zeros((0, 3)).shape
    (True, (0, 3))
    >>> gx.util.reset_np()
    """
    before, _local.shape = is_np_shape(), bool(active)
    return before


@contextlib.contextmanager
def np_shape(active: bool = True) -> Iterator[None]:
    """Scope of :func:`set_np_shape`."""
    before = set_np_shape(active)
    try:
        yield
    finally:
        set_np_shape(before)


def use_np_shape(func: _T) -> _T:
    """Decorator: a function, or the methods of a class, in the scope of :func:`np_shape`."""
    if isinstance(func, type):
        for name, method in list(vars(func).items()):
            if callable(method) and (not name.startswith("__") or name in ("__init__", "__call__")):
                setattr(func, name, use_np_shape(method))
        return func

    @functools.wraps(func)  # type: ignore[arg-type]
    def scoped(*args: Any, **kwargs: Any) -> Any:
        with np_shape(True):
            return func(*args, **kwargs)  # type: ignore[operator]

    return scoped  # type: ignore[return-value]


def is_np_array() -> bool:
    """Whether blocks work on ``mx.np`` arrays: never."""
    return False


def _without_arrays(active: bool, what: str) -> None:
    if active:
        raise MXNetError(
            f"{what} switches to mx.np arrays, which are not part of this version; use mx.nd, "
            "whose arrays have shapes as NumPy's do"
        )


def np_array(active: bool = True) -> contextlib.AbstractContextManager[None]:
    """Scope with ``mx.np`` arrays; MXNetError unless ``active`` is False."""
    _without_arrays(active, "np_array()")
    return contextlib.nullcontext()


def set_np(shape: bool = True, array: bool = True) -> None:
    """Switch to NumPy's shapes and ``mx.np`` arrays; MXNetError unless ``array`` is False."""
    _without_arrays(array, "set_np()")
    set_np_shape(shape)


def reset_np() -> None:
    """Back to the beginning: :func:`is_np_shape` and :func:`is_np_array` are False."""
    set_np(shape=False, array=False)


def use_np_array(func: _T) -> _T:
    """Decorator for code with ``mx.np`` arrays: MXNetError."""
    _without_arrays(True, "use_np_array")
    return func


def use_np(func: _T) -> _T:
    """Decorator for code with ``mx.np`` arrays: MXNetError."""
    _without_arrays(True, "use_np")
    return func
