"""Making arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from ..context import Context, current_context
from ..engine import kernel
from ..engine.buffer import Buffer
from ..engine.op import OPS
from ..engine.state import state
from .dispatch import bind, invoke
from .ndarray import NDArray

__all__ = [
    "arange", "array", "concatenate", "empty", "eye", "from_dlpack", "from_numpy", "full",
    "linspace", "moveaxis", "ones", "to_dlpack_for_read", "zeros",
]  # fmt: skip


def put(host: np.ndarray, ctx: Context) -> Any:
    """A host array, never written to again, as a ``jax.Array`` on the context's device."""
    return kernel.put(host, ctx.place(host.shape))


def array(source_array: Any, ctx: Context | None = None, dtype: Any = None) -> NDArray:
    """An array with the given contents.

    Parameters
    ----------
    source_array : array_like
        Numbers, nested lists, a NumPy array, an NDArray or a ``jax.Array``. It is copied.
    ctx : Context, optional
        The device, by default the current context.
    dtype : dtype, optional
        By default float32, or the dtype of a source that is an NDArray.

    Returns
    -------
    NDArray

    Examples
    --------
    >>> from gluonx import nd
    >>> nd.array([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    ctx = Context(ctx) if ctx is not None else current_context()
    if getattr(source_array, "_sparse", False) or _is_scipy(source_array):
        from . import sparse

        return sparse.array(source_array, ctx, dtype)
    if isinstance(source_array, NDArray):
        y = source_array.copyto(ctx)
        return y if dtype is None else y.astype(dtype, copy=False)
    if isinstance(source_array, jax.core.Tracer) and state.trace is not None:
        return NDArray._new(state.trace.new(source_array.astype(dtype or "float32")))
    host = host_array(source_array, dtype)
    if state.trace is not None:
        return NDArray._new(state.trace.new(put(host, ctx), ctx))
    return NDArray._new(Buffer(put(host, ctx), ctx))


def host_array(source: Any, dtype: Any = None) -> np.ndarray:
    """A copy of an array, or of numbers in nested lists, in NumPy; float32 by default."""
    if isinstance(source, (list, tuple)):
        source = [x.asnumpy() if isinstance(x, NDArray) else x for x in source]
    try:
        return np.array(source, dtype=np.dtype("float32" if dtype is None else dtype))
    except (TypeError, ValueError) as e:
        raise TypeError(
            f"nd.array() cannot read a {type(source).__name__} as numbers ({e}); give "
            "numbers, nested lists of equal length, or an array"
        ) from None


def _is_scipy(x: Any) -> bool:
    return type(x).__module__.startswith("scipy.sparse")


def _make(name: str, given: dict, ctx: Context | None, out: NDArray | None = None) -> NDArray:
    if out is not None and ctx is None:
        ctx = out.context
    return invoke(OPS[name], [], given, out, Context(ctx) if ctx is not None else None)


def _shape(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)


def _dtype(dtype: Any) -> str:
    return np.dtype("float32" if dtype is None else dtype).name


def zeros(
    shape: int | Sequence[int],
    ctx: Context | None = None,
    dtype: Any = None,
    stype: str | None = None,
    out: NDArray | None = None,
    **kwargs: Any,
) -> NDArray:
    """An array of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    ctx : Context, optional
        The device, by default the current context.
    dtype : dtype, optional
        float32 by default.
    stype : {'default', 'row_sparse', 'csr'}, optional
        The storage type; see :mod:`gluonx.nd.sparse`.
    """
    if stype not in (None, "default"):
        from . import sparse

        return sparse.zeros(stype, shape, ctx, dtype)
    return _make("_zeros", {"shape": _shape(shape), "dtype": _dtype(dtype)}, ctx, out)


def ones(
    shape: int | Sequence[int],
    ctx: Context | None = None,
    dtype: Any = None,
    out: NDArray | None = None,
    **kwargs: Any,
) -> NDArray:
    """An array of ones; parameters as :func:`zeros`."""
    return _make("_ones", {"shape": _shape(shape), "dtype": _dtype(dtype)}, ctx, out)


def full(
    shape: int | Sequence[int],
    val: float,
    ctx: Context | None = None,
    dtype: Any = None,
    out: NDArray | None = None,
) -> NDArray:
    """An array filled with ``val``; other parameters as :func:`zeros`."""
    y = zeros(shape, ctx, dtype) if out is None else out
    y[:] = val
    return y


def empty(
    shape: int | Sequence[int],
    ctx: Context | None = None,
    dtype: Any = None,
    stype: str | None = None,
) -> NDArray:
    """An array whose contents do not matter (they are zeros); parameters as :func:`zeros`."""
    return zeros(shape, ctx, dtype, stype)


def arange(
    start: float, stop: float | None = None, step: float = 1.0, repeat: int = 1,
    infer_range: bool | None = None, ctx: Context | None = None, dtype: Any = "float32",
) -> NDArray:  # fmt: skip
    """Numbers from ``start`` up to, not including, ``stop``, every ``step``.

    Parameters
    ----------
    start : number
        First number; with one argument the stop, and the start is 0.
    stop : number, optional
    step : number
    repeat : int
        How often each number is repeated.
    ctx : Context, optional
    dtype : dtype

    Returns
    -------
    NDArray
        1-dimensional.
    """
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ValueError("arange(): step must not be 0")
    given = {"start": start, "stop": stop, "step": step, "repeat": repeat, "dtype": _dtype(dtype)}
    return _make("_arange", given, ctx)


def linspace(
    start: float,
    stop: float,
    num: int,
    endpoint: bool = True,
    ctx: Context | None = None,
    dtype: Any = "float32",
) -> NDArray:
    """``num`` evenly spaced numbers from ``start`` to ``stop``."""
    given = {"start": start, "stop": stop, "num": num, "endpoint": endpoint, "dtype": _dtype(dtype)}
    return _make("_linspace", given, ctx)


def eye(
    N: int, M: int = 0, k: int = 0, ctx: Context | None = None, dtype: Any = None, **kwargs: Any
) -> NDArray:
    """A matrix with ones on its ``k``-th diagonal: shape (N, M), or (N, N) when ``M`` is 0."""
    return _make("_eye", {"N": N, "M": M, "k": k, "dtype": _dtype(dtype)}, ctx)


def from_numpy(ndarray: np.ndarray, zero_copy: bool = True) -> NDArray:
    """An array of the same dtype with the contents of a NumPy array (always copied)."""
    return array(ndarray, dtype=ndarray.dtype)


def from_dlpack(dlpack: Any) -> NDArray:
    """An array from any object that speaks DLPack (``__dlpack__``), or from a DLPack capsule.

    Where the devices allow it the contents are shared until either array is written to; gluonx
    never writes into memory that it was given. Whoever owns that memory must not write to it before
    what has used the array is done: :func:`gluonx.nd.waitall`.
    """
    from .ndarray import from_jax

    if type(dlpack).__name__ == "PyCapsule":
        dlpack = _Capsule(dlpack)
    with jax.enable_x64(True):  # float64 stays float64
        return from_jax(jnp.from_dlpack(dlpack))


def to_dlpack_for_read(data: NDArray) -> Any:
    """A DLPack capsule of an array's contents, to be read only."""
    return data.to_dlpack_for_read()


class _Capsule:
    """A bare DLPack capsule as the object that JAX expects."""

    def __init__(self, capsule: Any):
        self.capsule = capsule

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        get = ctypes.pythonapi.PyCapsule_GetPointer
        get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
        # DLTensor begins with the data pointer, the device type and the device number
        at = get(self.capsule, b"dltensor") + ctypes.sizeof(ctypes.c_void_p)
        return tuple((ctypes.c_int32 * 2).from_address(at))  # type: ignore[return-value]


def moveaxis(tensor: NDArray, source: Any, destination: Any) -> NDArray:
    """Move axes to other places.

    Parameters
    ----------
    tensor : NDArray
    source, destination : int or sequence of int
        Axes, and where they go.
    """
    n = tensor.ndim
    source = [source] if isinstance(source, int) else list(source)
    destination = [destination] if isinstance(destination, int) else list(destination)
    if len(source) != len(destination):
        raise ValueError("moveaxis(): source and destination must have the same number of axes")
    for axis in (*source, *destination):
        if not -n <= axis < n:
            raise ValueError(f"moveaxis(): axis {axis} is out of range for {n} axes")
    source = [a % n for a in source]
    order = [a for a in range(n) if a not in source]
    for to, axis in sorted(zip([a % n for a in destination], source, strict=True)):
        order.insert(to, axis)
    return tensor.transpose(order)  # type: ignore[attr-defined]


def concatenate(arrays: Sequence[NDArray], axis: int = 0, always_copy: bool = True) -> NDArray:
    """Join arrays along an axis; see also :func:`gluonx.nd.concat`."""
    if len(arrays) == 1 and not always_copy:
        return arrays[0]
    inputs, given = bind(OPS["Concat"], list(arrays), {"dim": axis})
    return invoke(OPS["Concat"], inputs, given)


def split_pieces(indices_or_sections: Any, axis: int, squeeze_axis: bool) -> dict[str, Any]:
    """The attributes of operator ``_split_v2``."""
    given: dict[str, Any] = {"axis": axis, "squeeze_axis": squeeze_axis}
    if isinstance(indices_or_sections, int):
        return {"indices": (), "sections": indices_or_sections, **given}
    return {"indices": (0, *indices_or_sections), "sections": 0, **given}


def split_v2(
    ary: NDArray,
    indices_or_sections: int | Sequence[int],
    axis: int = 0,
    squeeze_axis: bool = False,
) -> Any:
    """Cut along an axis, at the given indices or into equal parts.

    Parameters
    ----------
    ary : NDArray
    indices_or_sections : int or sequence of int
        The number of parts, or where all parts but the first begin.
    axis : int
    squeeze_axis : bool
        Remove the axis; all parts must have length 1 along it.

    Returns
    -------
    NDArray or list of NDArray
        The parts; one part alone is not in a list.

    Examples
    --------
    >>> from gluonx import nd
    >>> [part.shape for part in nd.split_v2(nd.zeros((4, 2)), (1,))]
    [(1, 2), (3, 2)]
    """
    given = split_pieces(indices_or_sections, axis, squeeze_axis)
    return invoke(OPS["_split_v2"], [ary], given)


def _unpickle(host: np.ndarray, ctx: Context) -> NDArray:
    try:
        ctx.device  # noqa: B018  raises where there is no such device
    except RuntimeError:
        ctx = current_context()
    return NDArray._new(Buffer(put(host, ctx), ctx))
