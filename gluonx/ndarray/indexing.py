"""``x[key]`` and ``x[key] = value`` for every key that NumPy knows.

A key that selects a contiguous piece (an integer or a slice of the first axis, and so on inwards)
gives a view. Other keys made of integers, slices, None and Ellipsis, and keys with index arrays,
give copies. Integers and index arrays are arguments of the compiled code, so a changing index does
not recompile; slices are part of it.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from ..engine.kernel import Kernel
from ..engine.state import state

if TYPE_CHECKING:
    from .ndarray import NDArray

__all__ = ["Key", "contiguous", "fit", "kernel_get", "kernel_set", "parse"]


class Key:
    """A key in canonical form.

    Attributes
    ----------
    spec : tuple
        One item per part: ``('i',)`` an integer, ``('s', start, stop, step)`` a slice with known
        ends, ``('n',)`` a new axis, ``('a', ndim)`` an index array.
    values : list
        The integers and index arrays, in order.
    shape : tuple or None
        Shape of the selection, when there are no index arrays.
    """

    __slots__ = ("spec", "values", "shape", "axes")

    def __init__(self, spec: tuple, values: list, shape: tuple | None, axes: tuple):
        self.spec = spec
        self.values = values
        self.shape = shape
        self.axes = axes


def parse(x: NDArray, key: Any) -> Key:
    """Canonical form of ``key`` for indexing ``x``.

    Raises
    ------
    IndexError
        When an index is out of range, or there are too many, or one is of an unusable type.
    """
    shape = x.shape
    parts = list(key) if isinstance(key, tuple) else [key]
    used = 0
    for p in parts:
        if p is None or p is Ellipsis:
            continue
        used += _is_mask(p) and np.ndim(_host(p)) or 1
    if sum(p is Ellipsis for p in parts) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if used > len(shape):
        raise IndexError(
            f"too many indices: the array has {len(shape)} axes (shape {shape}), the index has "
            f"{used}"
        )
    if not any(p is Ellipsis for p in parts):
        parts.append(Ellipsis)
    spec: list[tuple] = []
    values: list[Any] = []
    out: list[int] = []
    axes: list[int] = []
    axis, advanced = 0, False
    for p in parts:
        if p is Ellipsis:
            for _ in range(len(shape) - used):
                spec.append(("s", 0, shape[axis], 1))
                axes.append(axis)
                out.append(shape[axis])
                axis += 1
            continue
        if p is None:
            spec.append(("n",))
            axes.append(-1)
            out.append(1)
            continue
        if isinstance(p, slice):
            start, stop, step = _slice(p, shape[axis])
            count = len(range(start, stop, step))
            if not count:  # the ends of an empty slice may be negative
                start, stop, step = 0, 0, 1
            spec.append(("s", start, stop, step))
            axes.append(axis)
            out.append(count)
            axis += 1
            continue
        if isinstance(p, (bool, np.bool_)):
            raise IndexError("a single bool is not an index here; use None to add an axis")
        number = _integer(p)
        if number is not None:
            values.append(_check(number, shape[axis], axis))
            spec.append(("i",))
            axes.append(axis)
            axis += 1
            continue
        advanced = True
        if _is_mask(p):
            mask = _host(p)
            if mask.shape != shape[axis : axis + mask.ndim]:
                raise IndexError(
                    f"the boolean index has shape {mask.shape}, but the array's axes there have "
                    f"shape {shape[axis : axis + mask.ndim]}"
                )
            for rows in np.nonzero(mask):
                values.append(rows.astype(np.int32))
                spec.append(("a", 1))
                axes.append(axis)
                axis += 1
            continue
        rows = _rows(p, shape[axis], axis)
        values.append(rows)
        spec.append(("a", rows.ndim))
        axes.append(axis)
        axis += 1
    return Key(tuple(spec), values, None if advanced else tuple(out), tuple(axes))


def _integer(p: Any) -> int | None:
    if isinstance(p, (int, np.integer)):
        return int(p)
    if isinstance(p, np.ndarray) and p.ndim == 0 and np.issubdtype(p.dtype, np.integer):
        return int(p)
    return None


def _check(index: int, extent: int, axis: int) -> int:
    if not -extent <= index < extent:
        raise IndexError(f"index {index} is out of bounds for axis {axis} with size {extent}")
    return index + extent if index < 0 else index


def _slice(s: slice, extent: int) -> tuple[int, int, int]:
    try:
        return s.indices(extent)
    except TypeError:
        from .ndarray import NDArray

        ends = [
            int(e.asscalar()) if isinstance(e, NDArray) else e for e in (s.start, s.stop, s.step)
        ]
        return slice(*ends).indices(extent)


def _host(p: Any) -> np.ndarray:
    from .ndarray import NDArray

    return p.asnumpy() if isinstance(p, NDArray) else np.asarray(p)


def _is_mask(p: Any) -> bool:
    if isinstance(p, (int, slice, np.integer)):
        return False
    if isinstance(p, (list, tuple)):
        return np.asarray(p).dtype == bool
    return getattr(p, "dtype", None) == np.bool_ and getattr(p, "ndim", 0) > 0


def _rows(p: Any, extent: int, axis: int) -> Any:
    """An index array: int32, negative entries counted from the end."""
    from .ndarray import NDArray

    if isinstance(p, NDArray) and state.trace is not None:
        rows = p._data.astype(np.int32)
        return jax.numpy.where(rows < 0, rows + extent, rows)
    if not isinstance(p, (list, tuple, range, np.ndarray, NDArray, jax.Array)):
        raise IndexError(
            f"an index must be an integer, a slice, None, Ellipsis or an array of integers or "
            f"bools, got {type(p).__name__}"
        )
    rows = _host(p) if not isinstance(p, range) else np.array(p)
    if rows.size and rows.dtype.kind == "f" and not isinstance(p, NDArray):
        raise IndexError(f"index arrays must be of integers or bools, got {rows.dtype}")
    rows = rows.astype(np.int64)
    bad = rows[(rows < -extent) | (rows >= extent)]
    if bad.size:
        raise IndexError(f"index {bad.flat[0]} is out of bounds for axis {axis} with size {extent}")
    return np.where(rows < 0, rows + extent, rows).astype(np.int32)


def contiguous(key: Key, shape: tuple[int, ...]) -> tuple[int, tuple[int, ...]] | None:
    """Offset and shape of the selection when it is one contiguous piece, else None."""
    if key.shape is None:
        return None
    offset, partial = 0, False
    numbers = iter(key.values)
    for part, axis in zip(key.spec, key.axes, strict=True):
        if part[0] == "n":
            continue
        extent = shape[axis]
        stride = math.prod(shape[axis + 1 :])
        if part[0] == "i":
            if partial and extent != 1:
                return None
            offset += next(numbers) * stride
            continue
        _, start, stop, step = part
        count = len(range(start, stop, step))
        if count == extent and step == 1:
            if extent != 1:
                partial = True
            continue
        if (partial and extent != 1) or (step != 1 and count > 1) or count == 0:
            return None
        offset += start * stride
        if count > 1:
            partial = True
    return offset, key.shape


def _index(spec: tuple, values: Any) -> tuple:
    given = iter(values)
    return tuple(
        slice(*_ends(part)) if part[0] == "s" else None if part[0] == "n" else next(given)
        for part in spec
    )


def _ends(part: tuple) -> tuple:
    _, start, stop, step = part
    return start, (None if step < 0 and stop < 0 else stop), step


@functools.lru_cache(maxsize=1024)
def kernel_get(spec: tuple) -> Kernel:
    """``fn(x, *indices) -> x[key]``."""
    return Kernel(lambda x, *values: (x[_index(spec, values)],), "slice")


@functools.lru_cache(maxsize=1024)
def kernel_set(spec: tuple) -> Kernel:
    """``fn(x, value, *indices) -> x with x[key] = value``."""

    def fn(x, value, *values):
        index = _index(spec, values)
        value = fit(value, jax.eval_shape(lambda a: a[index], x).shape)
        return (x.at[index].set(value.astype(x.dtype)),)

    return Kernel(fn, "slice_assign")


def fit(value: Any, shape: tuple[int, ...]) -> Any:
    """``value`` with leading axes of extent 1 dropped as NumPy does, checked against ``shape``."""
    have = tuple(value.shape)
    while len(have) > len(shape) and have[0] == 1:
        have = have[1:]
    if len(have) > len(shape) or any(
        a not in (1, b) for a, b in zip(have[::-1], shape[::-1], strict=False)
    ):
        raise ValueError(
            f"cannot write an array of shape {tuple(value.shape)} into a place of shape {shape}; "
            "the shapes must be equal or broadcast"
        )
    return value if have == tuple(value.shape) else value.reshape(have)
