"""Pooling."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..engine.images import Images
from ..engine.op import Shape, register
from ..engine.target import target
from ._checks import EMPTY, is_float
from ._windows import LayoutName, layout_of, per_axis

__all__ = ["pooling"]

#: Windows with more elements along their axes than this are left to XLA's own reductions.
_MAX_STEPS = 32
#: Windows with more elements have their gradients scattered, on a GPU too.
_MAX_GATHERED = 64


class Window(NamedTuple):
    """One axis of a sliding window."""

    axis: int
    size: int
    stride: int
    before: int
    after: int
    extent: int
    out: int

    @property
    def overlaps(self) -> bool:
        return self.size > self.stride


def _window(axis: int, extent: int, size: int, stride: int, pad: int, convention: str) -> Window:
    """Padding and output extent of one axis."""
    if convention == "same":
        if pad:
            raise ValueError("pooling_convention='same' chooses the padding itself; leave pad out")
        out = -(-extent // stride)
        total = max((out - 1) * stride + size - extent, 0)
        return Window(axis, size, stride, total // 2, total - total // 2, extent, out)
    span = extent + 2 * pad
    if size > span:
        raise ValueError(
            f"the window of {size} is larger than axis {axis} of the data, {extent} "
            f"({span} with padding); use a smaller kernel, or global_pool=True"
        )
    if convention == "valid":
        out = (span - size) // stride + 1
    else:
        out = -(-(span - size) // stride) + 1
    after = max((out - 1) * stride + size - extent - pad, 0)
    return Window(axis, size, stride, pad, after, extent, out)


def _channels_last(images: Images, arrays: Sequence[Any], attrs: dict) -> Any:
    made = images.made(arrays[0])
    if made is None or attrs["layout"] not in (None, "NCHW"):
        return None
    return (made,), {**attrs, "layout": "NHWC"}


@register("Pooling", channels_last=_channels_last)
def pooling(
    data,
    *,
    kernel: Shape = EMPTY,
    pool_type: Literal["max", "avg", "sum", "lp"] = "max",
    global_pool: bool = False,
    cudnn_off: bool = False,
    pooling_convention: Literal["valid", "full", "same"] = "valid",
    stride: Shape = EMPTY,
    pad: Shape = EMPTY,
    p_value: int | None = None,
    count_include_pad: bool | None = None,
    layout: LayoutName | None = None,
):
    r"""Pooling over one, two or three spatial axes.

    Each window gives one number: its maximum, mean, sum, or p-norm
    :math:`(\sum_i x_i^p)^{1/p}` (the signed sum, as MXNet computes it). Where a maximum occurs
    several times, the gradient goes to its first place.

    Parameters
    ----------
    data : array
        (batch, channels, \*spatial); channels last when `layout` says so.
    kernel : tuple of int
        Extent of the window.
    pool_type : str
        ``'max'``, ``'avg'``, ``'sum'`` or ``'lp'``.
    global_pool : bool
        One window over everything; `kernel`, `stride` and `pad` do not matter.
    pooling_convention : str
        How the last windows fit: ``'valid'`` gives ``(n + 2 * pad - kernel) // stride + 1``,
        ``'full'`` rounds up instead of down, ``'same'`` gives ``n / stride`` rounded up and
        chooses the padding.
    stride, pad : tuple of int
        Step of the window (1 by default), margin around the data.
    p_value : int, optional
        The p of ``'lp'``: 1, 2 or 3.
    count_include_pad : bool, optional
        Whether the margin counts in the mean; it does by default.
    layout : str, optional
        As in Convolution.
    cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s layout with other spatial extents.

    Examples
    --------
    >>> x = nd.array([[[1, 5, 2, 4, 3]]])
    >>> nd.Pooling(x, kernel=(2,), stride=(2,), pool_type='max')
    [[[5. 4.]]]
    >>> nd.Pooling(x, kernel=(2,), stride=(2,), pool_type='max', pooling_convention='full')
    [[[5. 4. 3.]]]
    """
    where = layout_of(layout, data.ndim, None if global_pool else len(kernel))
    if pool_type == "lp" and p_value not in (1, 2, 3):
        raise ValueError(f"pool_type='lp' needs p_value=1, 2 or 3, got {p_value}")
    if not is_float(data) and pool_type != "max":
        raise ValueError(f"pool_type={pool_type!r} needs floating-point data, got {data.dtype}")
    if global_pool:
        return _global(data, where.spatial, pool_type, p_value)
    axes = len(kernel)
    kernel = per_axis("kernel", kernel, axes, 1, 1)
    stride = per_axis("stride", stride, axes, 1, 1)
    pad = per_axis("pad", pad, axes, 0, 0)
    windows = tuple(
        _window(a, data.shape[a], k, s, p, pooling_convention)
        for a, k, s, p in zip(where.spatial, kernel, stride, pad, strict=True)
    )
    if pool_type == "max":
        return _max(data, windows)
    if pool_type == "lp":
        return _root(_sum(data**p_value, windows), p_value)
    y: Any = _sum(data, windows)
    return y if pool_type == "sum" else y / _counts(data, windows, pad, count_include_pad)


def _global(data, axes: tuple[int, ...], pool_type: str, p: int | None):
    if pool_type == "avg":
        return data.mean(axes, keepdims=True)
    if pool_type == "sum":
        return data.sum(axes, keepdims=True)
    if pool_type == "lp":
        return _root((data**p).sum(axes, keepdims=True), p)
    rows = jnp.moveaxis(data, axes, range(-len(axes), 0))
    rows = rows.reshape(*rows.shape[: -len(axes)], -1)
    y = _global_max(rows)
    return jnp.expand_dims(y, axes)


def _root(y, p: int | None):
    """The p-th root, with gradient 0 at 0."""
    if p == 1:
        return y
    safe = jnp.where(y == 0, 1, y)
    root = jnp.sqrt(safe) if p == 2 else jnp.cbrt(safe)
    return jnp.where(y == 0, jnp.zeros_like(y), root)


def _counts(data, windows: Sequence[Window], pad: Sequence[int], include: bool | None):
    """How many elements each window averages over."""
    count = np.ones((1,) * data.ndim)
    for w, p in zip(windows, pad, strict=True):
        start = np.arange(w.out) * w.stride - w.before
        # a window that reaches beyond the margin counts what lies inside
        end = np.minimum(start + w.size, w.extent + p)
        if include is False or w.before != p:
            start, end = np.maximum(start, 0), np.minimum(end, w.extent)
        shape = [1] * data.ndim
        shape[w.axis] = w.out
        count = count * np.maximum(end - start, 0).reshape(shape)
    return jnp.asarray(np.maximum(count, 1), data.dtype)  # windows that lie in the margin give 0


def _fill(data, value, windows: Sequence[Window]):
    """``data`` with its margins."""
    config = [(0, 0, 0)] * data.ndim
    for w in windows:
        config[w.axis] = (w.before, w.after, 0)
    if not any(map(any, config)):
        return data
    return lax.pad(data, jnp.asarray(value, data.dtype), config)


def _steps(data, w: Window):
    """Element 0, 1, … of every window along one axis, margins already there."""
    for i in range(w.size):
        yield lax.slice_in_dim(data, i, i + (w.out - 1) * w.stride + 1, w.stride, w.axis)


def _lax_window(ndim: int, windows: Sequence[Window]) -> tuple:
    size, stride, margin = [1] * ndim, [1] * ndim, [(0, 0)] * ndim
    for w in windows:
        size[w.axis], stride[w.axis], margin[w.axis] = w.size, w.stride, (w.before, w.after)
    return tuple(size), tuple(stride), tuple(margin)


# -- sums ---------------------------------------------------------------------------------------


def _sum(data, windows: tuple[Window, ...]):
    """Window sums."""
    if all(w.size == w.stride <= _MAX_STEPS for w in windows):
        return _block_sum(data, windows)
    return _sliding_sum(data, windows)


def _sliding_sum(data, windows: tuple[Window, ...]):
    """Window sums, one axis after the other.

    Sums of shifted slices are one vectorized loop each; XLA's reduce-window is several times slower
    on a CPU, and no faster for few elements on a GPU.
    """
    for w in windows:
        if w.size > _MAX_STEPS:
            zero = np.zeros((), data.dtype)  # JAX must see the number to know the gradient
            data = lax.reduce_window(data, zero, lax.add, *_lax_window(data.ndim, [w]))
        else:
            data = functools.reduce(lax.add, _steps(_fill(data, 0, [w]), w))
    return data


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def _block_sum(data, windows: tuple[Window, ...]):
    """Window sums where no windows overlap and nothing lies between them.

    A sum over an axis of a reshaped array has the fast gradient that stands here, but takes five
    times as long as slices do (16x64x28x28 on a CPU, windows of 2x2: 0.6 and 0.1 ms).
    """
    return _sliding_sum(data, windows)


def _block_sum_forward(data, windows: tuple[Window, ...]):
    return _sliding_sum(data, windows), None


def _block_sum_backward(windows: tuple[Window, ...], kept: None, grad):
    return (_repeat(windows, grad, 0),)


_block_sum.defvjp(_block_sum_forward, _block_sum_backward)


# -- maxima -------------------------------------------------------------------------------------


def _lowest(data):
    return -jnp.inf if is_float(data) else jnp.iinfo(data.dtype).min


def _max(data, windows: tuple[Window, ...]):
    if sum(w.size for w in windows) > _MAX_STEPS or data.size >= 2**31:
        low = np.asarray(_lowest(data), data.dtype)
        return lax.reduce_window(data, low, lax.max, *_lax_window(data.ndim, windows))
    return _sliding_max(data, windows)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def _sliding_max(data, windows: tuple[Window, ...]):
    """Window maxima.

    The gradient that JAX derives for reduce-window runs XLA's select-and-scatter, which on a CPU
    takes some six times as long as what stands here (LeNet's 64x20x24x24, windows of 2x2).
    """
    for w in reversed(windows):
        data = functools.reduce(jnp.maximum, _steps(_fill(data, _lowest(data), [w]), w))
    return data


def _sliding_max_forward(data, windows: tuple[Window, ...]):
    """The maxima, and for each the number of its (first) place in the window."""
    size = math.prod(w.size for w in windows)
    dtype = jnp.uint8 if size < 254 else jnp.int32
    best, place, unit = data, jnp.zeros(data.shape, dtype), 1
    for w in reversed(windows):
        values = _steps(_fill(best, _lowest(data), [w]), w)
        places = _steps(_fill(place, 0, [w]), w)
        best, place = next(values), next(places)
        for i, (value, here) in enumerate(zip(values, places, strict=True), 1):
            place = jnp.where(value > best, here + jnp.asarray(i * unit, dtype), place)
            best = jnp.maximum(best, value)
        unit *= w.size
    return best, place


def _sliding_max_backward(windows: tuple[Window, ...], place, grad):
    if any(w.overlaps for w in windows):
        if target() == "gpu" and math.prod(w.size for w in windows) <= _MAX_GATHERED:
            return (_gather(windows, place, grad),)
        return (_scatter(windows, place, grad),)
    return (_spread(windows, place, grad),)


def _spread(windows: tuple[Window, ...], place, grad):
    """Gradient for windows that do not overlap: every element looks at its own window."""
    ndim = grad.ndim
    code, inside = np.zeros((1,) * ndim, int), np.ones((1,) * ndim, bool)
    for w in windows:
        at = (np.arange(w.extent) + w.before) % w.stride
        at = at.reshape([-1 if i == w.axis else 1 for i in range(ndim)])
        code, inside = code * w.size + at, inside & (at < w.size)
    none = 255 if place.dtype == np.uint8 else -1
    code = np.where(inside, code, none - 1).astype(place.dtype)
    hit = _repeat(windows, place, none) == code
    return jnp.where(hit, _repeat(windows, grad, 0), jnp.zeros((), grad.dtype))


def _repeat(windows: tuple[Window, ...], values, fill: int):
    """Each window's value at each of its elements."""
    config = [(0, 0, 0)] * values.ndim
    for w in windows:
        at = w.axis
        values = jnp.expand_dims(values, at + 1)
        shape = values.shape
        values = jnp.broadcast_to(values, (*shape[: at + 1], w.stride, *shape[at + 2 :]))
        values = values.reshape(*shape[:at], w.out * w.stride, *shape[at + 2 :])
        config[at] = (-w.before, w.extent + w.before - w.out * w.stride, 0)
    return lax.pad(values, jnp.asarray(fill, values.dtype), config)


def _scatter(windows: tuple[Window, ...], place, grad):
    """Gradient for overlapping windows: every window adds to one element."""
    shape = list(grad.shape)
    rest = place.astype(jnp.int32)
    at: list = [lax.broadcasted_iota(jnp.int32, grad.shape, i) for i in range(grad.ndim)]
    inside = None
    for w in reversed(windows):
        step = at[w.axis] * w.stride - w.before + rest % w.size
        rest = rest // w.size
        at[w.axis], shape[w.axis] = step, w.extent
        if w.before or w.after:
            # a window of minus infinities may have chosen its margin
            ok = (step >= 0) & (step < w.extent)
            inside = ok if inside is None else inside & ok
    flat = jnp.zeros((), jnp.int32)
    for n, step in zip(shape, at, strict=True):
        flat = flat * n + step
    if inside is not None:
        flat = jnp.where(inside, flat, math.prod(shape))
    flat_grad = jnp.zeros(math.prod(shape), grad.dtype)
    return flat_grad.at[flat.ravel()].add(grad.ravel(), mode="drop").reshape(shape)


def _gather(windows: tuple[Window, ...], place, grad):
    """The same where every element asks the windows that it is in: for a GPU, where many threads
    that add to one element take turns, in an order of their own."""
    wide = grad.astype(jnp.float32) if grad.dtype.itemsize < 4 else grad
    zero = jnp.zeros((), wide.dtype)
    total: Any = None
    for number, steps in enumerate(itertools.product(*[range(w.size) for w in windows])):
        config = [(0, 0, 0)] * grad.ndim
        for w, step in zip(windows, steps, strict=True):
            first = step - w.before
            last = first + (w.out - 1) * w.stride
            config[w.axis] = (first, w.extent - 1 - last, w.stride - 1)
        part = lax.pad(jnp.where(place == number, wide, zero), zero, config)
        total = part if total is None else total + part
    return total.astype(grad.dtype)


_sliding_max.defvjp(_sliding_max_forward, _sliding_max_backward)


@jax.custom_vjp
def _global_max(rows):
    """Maximum over the last axis; the gradient goes to its first place."""
    return rows.max(-1)


def _global_max_forward(rows):
    return rows.max(-1), (rows, rows.argmax(-1))


def _global_max_backward(kept: tuple, grad):
    rows, place = kept
    hit = lax.broadcasted_iota(place.dtype, rows.shape, rows.ndim - 1) == place[..., None]
    return (jnp.where(hit, grad[..., None], jnp.zeros((), grad.dtype)),)


_global_max.defvjp(_global_max_forward, _global_max_backward)
