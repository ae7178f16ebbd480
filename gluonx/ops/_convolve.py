"""The convolution that all operators share, in the form that is fast on the device.

On a GPU, XLA hands every convolution to cuDNN. Its CPU code is good for the ordinary ones, but slow
for groups and for some gradients of weights. Measured on two cores, native against what is here:

- depthwise, 8x64x56x56, 3x3, stride 2, with both gradients: 319 ms; a sum of slices 13 ms;
- 32 groups of 4 channels, 8x128x28x28, 3x3, gradient of the weight: 11.5 s; a convolution for each
  group 17 ms;
- 1x1, 8x64x56x56 to 256 channels, gradient of the weight: 390 ms; a matrix product 50 ms;
- transposed, 8x32x14x14 to 16 channels, 4x4, stride 2, both gradients: 8.3 ms; a convolution for
  each phase 1.9 ms.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ..engine.options import apart
from ..engine.target import target
from ._windows import Layout
from ._winograd import faster, winograd

__all__ = ["convolve"]

#: Depthwise kernels with more elements than this are not unrolled.
_MAX_UNROLLED = 64


def convolve(
    data,
    weight,
    where: Layout,
    stride: Sequence[int],
    margins: Sequence[tuple[int, int]],
    dilate: Sequence[int],
    groups: int = 1,
    spread: Sequence[int] | None = None,
):
    """A convolution.

    Parameters
    ----------
    data, weight : array
        In the layout `where`; the weight has outputs for the batch axis.
    stride, dilate : sequence of int
        Step of the window and distance of its elements.
    margins : sequence of (int, int)
        Zeros before and after each axis; negative numbers cut off.
    groups : int
        Number of groups.
    spread : sequence of int, optional
        Distance of the data's elements, zeros in between: the stride of a transposed convolution.
    """
    axes = len(where.spatial)
    spread = spread or (1,) * axes
    if target() == "cpu":
        kernel = [weight.shape[a] for a in where.spatial]
        channels = data.shape[where.channel]
        if groups > 1 and groups == channels and math.prod(kernel) <= _MAX_UNROLLED:
            data = _margins(data, where, margins, spread)
            return _depthwise(data, weight, where, stride, dilate)
        if groups > 1:
            parts = [
                _general(x, w, where, stride, margins, dilate, 1, spread)
                for x, w in zip(
                    jnp.split(data, groups, where.channel),
                    jnp.split(weight, groups, 0),
                    strict=True,
                )
            ]
            return jnp.concatenate(parts, where.channel)
        if max(kernel) == max(spread) == 1 and not any(map(any, margins)):
            return _pointwise(data, weight, where, stride)
        if max(spread) > 1 and max(stride) == max(dilate) == 1:
            return _transposed(data, weight, where, margins, spread)
    return _general(data, weight, where, stride, margins, dilate, groups, spread)


class _Steps(NamedTuple):
    """What a convolution takes besides its arrays."""

    where: Layout
    stride: tuple[int, ...]
    margins: tuple[tuple[int, int], ...]
    dilate: tuple[int, ...]
    groups: int = 1
    spread: tuple[int, ...] = ()


def _general(data, weight, where: Layout, stride, margins, dilate, groups: int, spread) -> Any:
    cpu = target() == "cpu"
    if cpu and max(spread) == 1:
        stride, margins = _unstrided(data, weight, where, stride, margins, dilate)
        data, margins = _within(data, weight, where, margins, dilate)
    steps = _Steps(
        where, tuple(stride), tuple(map(tuple, margins)), tuple(dilate), groups, tuple(spread)
    )
    known = all(isinstance(n, int) for n in data.shape)  # not in a file for any batch size
    if cpu and known and groups == max(spread) == 1:
        y = _by_winograd(data, weight, steps)
        return _plain(data, weight, steps) if y is None else y
    return _native(data, weight, steps)


def _by_winograd(data, weight, steps: _Steps):
    """The convolution by Winograd's filtering; None where that cannot be or is not faster."""
    where = steps.where
    kernel = [weight.shape[a] for a in where.spatial]
    if kernel != [3, 3] or max(*steps.stride, *steps.dilate) > 1 or data.dtype != jnp.float32:
        return None
    each = zip(where.spatial, steps.margins, strict=True)
    extents = [data.shape[a] + low + high - 2 for a, (low, high) in each]
    if not faster(len(data), extents, data.shape[where.channel], len(weight)):
        return None
    if where.channel_last:
        return winograd(data, weight.transpose(1, 2, 3, 0), steps.margins)
    y: Any = winograd(jnp.moveaxis(data, 1, -1), weight.transpose(2, 3, 1, 0), steps.margins)
    return jnp.moveaxis(y, -1, 1)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _plain(data, weight, steps: _Steps):
    """XLA's convolution without groups, whose gradients are :func:`_data_grad` and
    :func:`_weight_grad`. Each of the three is linear in both of its arrays, and the gradients of
    each are the other two."""
    return _native(data, weight, steps)


def _plain_backward(steps: _Steps, kept, grad):
    data, weight = kept
    kernel = tuple(weight.shape[a] for a in steps.where.spatial)
    return _data_grad(weight, grad, steps, data.shape), _weight_grad(data, grad, steps, kernel)


_plain.defvjp(lambda x, w, steps: (_plain(x, w, steps), (x, w)), _plain_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _data_grad(weight, grad, steps: _Steps, shape: tuple[int, ...]):
    """The gradient of a convolution's data, which has this shape, of that of its result."""
    data = jax.ShapeDtypeStruct(shape, grad.dtype)
    return jax.linear_transpose(lambda x: _native(x, weight, steps), data)(grad)[0]


def _data_grad_backward(steps: _Steps, shape, kept, data):
    weight, grad = kept
    kernel = tuple(weight.shape[a] for a in steps.where.spatial)
    return _weight_grad(data, grad, steps, kernel), _plain(data, weight, steps)


_data_grad.defvjp(lambda w, g, *more: (_data_grad(w, g, *more), (w, g)), _data_grad_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _weight_grad(data, grad, steps: _Steps, kernel: tuple[int, ...]):
    """The gradient of a convolution's weight of that of its result.

    It is a convolution of one with the other, with channels for images. XLA's CPU code needs both
    with their axes in another order, for which it would compute what they are made of once more: in
    a residual network a sum over all blocks before. And with zeros in margins, where the window of
    one is wider than the other, it takes each product by itself (32x128x8x8, 2x2, margin 1, to 256
    channels: 230 ms in place of 6).
    """
    d_weight = lax.conv_general_dilated(
        _over_batch(data, steps, kernel, grad.shape),
        grad.transpose(*steps.where.spatial, 0, steps.where.channel),
        steps.dilate,
        [(0, 0)] * len(kernel),
        rhs_dilation=steps.stride,
        dimension_numbers=_CHANNELS_LAST[len(kernel)],
    )
    # (inputs, *kernel, outputs)
    return jnp.moveaxis(d_weight, (0, -1), (steps.where.channel, 0))


def _weight_grad_backward(steps: _Steps, kernel, kept, weight):
    data, grad = kept
    return _data_grad(weight, grad, steps, data.shape), _plain(data, weight, steps)


_weight_grad.defvjp(lambda x, g, *more: (_weight_grad(x, g, *more), (x, g)), _weight_grad_backward)

_CHANNELS_LAST = {
    1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC"),
}  # fmt: skip


@functools.partial(apart, static_argnums=(1,))
def _with_margins(data, config):
    return lax.pad(data, jnp.zeros((), data.dtype), config)


def _over_batch(data, steps: _Steps, kernel: tuple[int, ...], result: tuple[int, ...]):
    """The data with its margins, as far as the result reaches: (channels, *spatial, batch)."""
    config = [(0, 0, 0)] * data.ndim
    each = zip(steps.where.spatial, kernel, steps.margins, steps.stride, steps.dilate, strict=True)
    for axis, k, (low, _), s, d in each:
        reach = (result[axis] - 1) * s + (k - 1) * d + 1
        config[axis] = (low, reach - data.shape[axis] - low, 0)
    data = _with_margins(data, tuple(config))
    return data.transpose(steps.where.channel, *steps.where.spatial, 0)


def _native(data, weight, steps: _Steps):
    name = steps.where.name.replace("N", "O").replace("C", "I")
    return lax.conv_general_dilated(
        data,
        weight,
        steps.stride,
        steps.margins,
        lhs_dilation=steps.spread,
        rhs_dilation=steps.dilate,
        dimension_numbers=(steps.where.name, name, steps.where.name),
        feature_group_count=steps.groups,
    )


def _unstrided(data, weight, where: Layout, stride, margins, dilate):
    """Strides and margins without a stride along axes where the window stands at one place.

    XLA (jaxlib 0.10) aborts the process on some gradients of such convolutions, 2x4 images with a
    3x2 kernel, stride 2 and margins of 1 for example.
    """
    strides, ends = list(stride), list(margins)
    for i, (axis, (low, high), s, d) in enumerate(
        zip(where.spatial, margins, stride, dilate, strict=True)
    ):
        span, extent = d * (weight.shape[axis] - 1) + 1, data.shape[axis]
        if s > 1 and (extent + low + high - span) // s == 0:
            strides[i], ends[i] = 1, (low, span - extent - low)
    return strides, ends


def _within(data, weight, where: Layout, margins, dilate):
    """The data and the margins with no margin that is negative or as wide as the kernel.

    XLA's float32 code for the CPU (jaxlib 0.10) takes negative margins for something else, and the
    gradient of a convolution whose margin is as wide as its kernel has negative ones.
    """
    kept = []
    for axis, ends, d in zip(where.spatial, margins, dilate, strict=True):
        most = d * (weight.shape[axis] - 1)
        kept.append(tuple(min(max(m, 0), most) for m in ends))
    more = [(low - a, high - b) for (low, high), (a, b) in zip(margins, kept, strict=True)]
    if any(map(any, more)):  # the barrier keeps XLA from putting the zeros back into the margins
        data = lax.optimization_barrier(_margins(data, where, more, (1,) * len(kept)))
    return data, kept


def _margins(data, where: Layout, margins: Sequence[tuple[int, int]], spread: Sequence[int]):
    config = [(0, 0, 0)] * data.ndim
    for axis, (low, high), n in zip(where.spatial, margins, spread, strict=True):
        config[axis] = (low, high, n - 1)
    if not any(map(any, config)):
        return data
    return lax.pad(data, jnp.zeros((), data.dtype), config)


class _Phase(NamedTuple):
    """Every ``spread``-th element of a transposed convolution's result, along one axis.

    They are at ``first``, ``first + spread``, ...; the kernel's elements from ``kernel`` on, as far
    apart, make them, from the data with these margins.
    """

    first: int
    kernel: int
    margins: tuple[int, int]
    count: int


def _phases(n: int, k: int, margins: tuple[int, int], spread: int) -> tuple[list[_Phase], int]:
    """The phases of one axis that are not zero, and the extent of the result.

    With ``spread - 1`` zeros after each of ``n`` elements, the result at ``t`` is the sum over
    ``u`` of ``kernel[u] * spread_data[t + u - low]``; only each ``spread``-th ``u`` meets data.
    """
    low, high = margins
    extent = (n - 1) * spread + 1 + low + high - k + 1
    found = []
    for first in range(min(spread, extent)):
        begin = (low - first) % spread
        size = len(range(begin, k, spread))
        count = len(range(first, extent, spread))
        ahead = (first + begin - low) // spread
        if size:
            found.append(_Phase(first, begin, (-ahead, count - 1 + ahead + size - n), count))
    return found, extent


def _transposed(data, weight, where: Layout, margins, spread: Sequence[int]):
    """A stride of the data: an ordinary convolution for each phase of the result.

    Where the stride divides the kernel all phases have kernels of one size, and one convolution
    with the phases' outputs side by side makes them.
    """
    axes = [
        _phases(data.shape[a], weight.shape[a], m, s)
        for a, m, s in zip(where.spatial, margins, spread, strict=True)
    ]
    outputs, extents = weight.shape[0], [extent for _, extent in axes]
    every = list(itertools.product(*(found for found, _ in axes)))
    if not every:
        shape = list(data.shape)
        shape[where.channel] = outputs
        for axis, extent in zip(where.spatial, extents, strict=True):
            shape[axis] = extent
        return jnp.zeros(shape, data.dtype)
    kernels = []
    for phases in every:
        part = weight
        for axis, p, s in zip(where.spatial, phases, spread, strict=True):
            part = lax.slice_in_dim(part, p.kernel, None, s, axis)
        kernels.append(part)
    ones, parts = (1,) * len(axes), []
    if len({k.shape for k in kernels}) > 1 or len(every) == 1:
        for phases, part in zip(every, kernels, strict=True):
            y = _general(data, part, where, ones, [p.margins for p in phases], ones, 1, ones)
            parts.append(y)
    else:
        both = [_around([p.margins for p in found]) for found, _ in axes]
        y = _general(data, jnp.concatenate(kernels), where, ones, both, ones, 1, ones)
        for i, phases in enumerate(every):
            part = lax.slice_in_dim(y, i * outputs, (i + 1) * outputs, 1, where.channel)
            for axis, p, (low, _) in zip(where.spatial, phases, both, strict=True):
                begin = low - p.margins[0]
                part = lax.slice_in_dim(part, begin, begin + p.count, 1, axis)
            parts.append(part)
    placed = []
    for phases, y in zip(every, parts, strict=True):
        config = [(0, 0, 0)] * data.ndim
        for axis, p, s, extent in zip(where.spatial, phases, spread, extents, strict=True):
            config[axis] = (p.first, extent - p.first - (p.count - 1) * s - 1, s - 1)
        placed.append(lax.pad(y, jnp.zeros((), y.dtype), config))
    return functools.reduce(lax.add, placed)


def _around(margins: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The widest margins."""
    lows, highs = zip(*margins, strict=True)
    return max(lows), max(highs)


class _Taps(NamedTuple):
    """The places of a kernel's elements in a channel's data, margins already there."""

    where: Layout
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilate: tuple[int, ...]

    def slices(self, data) -> Iterator:
        """What each element of the kernel is multiplied by."""
        each = list(zip(self.where.spatial, self.kernel, self.stride, self.dilate, strict=True))
        for place in itertools.product(*map(range, self.kernel)):
            start, stop, step = [0] * data.ndim, list(data.shape), [1] * data.ndim
            for i, (axis, k, s, d) in zip(place, each, strict=True):
                out = (data.shape[axis] - d * (k - 1) - 1) // s + 1
                start[axis], stop[axis], step[axis] = i * d, i * d + (out - 1) * s + 1, s
            yield lax.slice(data, start, stop, step)


def _depthwise(data, weight, where: Layout, stride: Sequence[int], dilate: Sequence[int]):
    """One input channel for each group: a sum of slices, each times one element of the kernel."""
    outputs, channels = weight.shape[0], data.shape[where.channel]
    if outputs > channels:
        data = jnp.repeat(data, outputs // channels, where.channel, total_repeat_length=outputs)
    dtype = data.dtype
    if dtype.itemsize < 4:  # sums of 16-bit floats are taken in 32 bits
        data, weight = data.astype(jnp.float32), weight.astype(jnp.float32)
    kernel = tuple(weight.shape[a] for a in where.spatial)
    taps = _Taps(where, kernel, tuple(stride), tuple(dilate))
    y: Any = _tap_sum(data, weight.reshape(outputs, -1), taps)
    return y.astype(dtype)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _tap_sum(data, flat, taps: _Taps):
    """The convolution with the kernels ``flat``, (channels, elements).

    The gradient with respect to the data is such a sum, too, one loop; what JAX derives adds up as
    many padded arrays as the kernel has elements. For 16x64x28x28 and 3x3, both gradients with the
    convolution take 3 ms in place of 6.
    """
    along = taps.where.along_channels(data.ndim)
    terms = (x * flat[:, i].reshape(along) for i, x in enumerate(taps.slices(data)))
    return functools.reduce(lax.add, terms)


def _tap_sum_forward(data, flat, taps: _Taps):
    return _tap_sum(data, flat, taps), (data, flat)


def _tap_sum_backward(taps: _Taps, kept, grad):
    data, flat = kept
    others = [i for i in range(data.ndim) if i != taps.where.channel]
    d_flat = jnp.stack([(x * grad).sum(others) for x in taps.slices(data)], 1)
    config = [(0, 0, 0)] * data.ndim
    for axis, k, s, d in zip(taps.where.spatial, *taps[1:], strict=True):
        config[axis] = (d * (k - 1), data.shape[axis] - (grad.shape[axis] - 1) * s - 1, s - 1)
    spread = lax.pad(grad, jnp.zeros((), grad.dtype), config)
    d_data = _tap_sum(spread, flat[:, ::-1], taps._replace(stride=(1,) * len(taps.stride)))
    return d_data, d_flat


_tap_sum.defvjp(_tap_sum_forward, _tap_sum_backward)


def _pointwise(data, weight, where: Layout, stride: Sequence[int]):
    """A kernel of one element: a matrix product over the channels."""
    for axis, s in zip(where.spatial, stride, strict=True):
        data = lax.slice_in_dim(data, 0, None, s, axis)
    matrix = weight.reshape(weight.shape[0], -1)
    outputs, channels = matrix.shape
    if where.channel_last:
        return lax.dot_general(data, matrix, (((where.channel,), (1,)), ((), ())))
    batch, _, *spatial = data.shape
    places = math.prod(spatial)
    if data.dtype.itemsize >= 4 and 2 * outputs * channels <= places * (outputs + channels):
        y = _for_each_image(matrix, data.reshape(batch, channels, places))
        return y.reshape(batch, outputs, *spatial)
    y = lax.dot_general(matrix, data, (((1,), (where.channel,)), ((), ())))
    # (outputs, batch, *spatial)
    return jnp.moveaxis(y, 0, where.channel)


@jax.custom_vjp
def _for_each_image(matrix, data):
    """``matrix`` times each image of ``data``, (batch, channels, places).

    Nothing is transposed, which takes as long as the product itself; instead the matrix is repeated
    for each image, so it must be small beside it. For 16x64x28x28 to 128 channels 1.1 ms in place
    of 2.2, and the gradients the same.
    """
    repeated = jnp.broadcast_to(matrix, (len(data), *matrix.shape))
    return lax.dot_general(repeated, data, (((2,), (1,)), ((0,), (0,))))


def _for_each_image_forward(matrix, data):
    return _for_each_image(matrix, data), (matrix, data)


def _for_each_image_backward(kept, grad):
    matrix, data = kept
    d_matrix = lax.dot_general(grad, data, (((2,), (2,)), ((0,), (0,)))).sum(0)
    return d_matrix, _for_each_image(matrix.T, grad)


_for_each_image.defvjp(_for_each_image_forward, _for_each_image_backward)
