"""Winograd's minimal filtering for 3x3 convolutions on the CPU.

F(2x2, 3x3) of Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016: a tile of
2 x 2 results takes 16 multiplications of a 4 x 4 tile of the data with the transformed kernel,
element by element, in place of 36,

    Y = A [(G w G') * (B d B')] A',

and with many channels each of the 16 elements is a matrix product, (tiles, channels) by (channels,
outputs). The gradient of the data is such a convolution, too; that of the weight is F(3x3, 2x2),
the same matrices the other way round. All are written in XLA's own operations.

For 32 images, result and both gradients take 45 ms in XLA's convolutions and 32 here with 128
channels of 16x16, 57 and 30 with 512 of 4x4 (two cores, JAX 0.12); with 64 of 32x32 it would be
twice as slow. The largest difference to XLA's is 1e-6 of the largest result, as rounding makes.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ._windows import Layout

__all__ = ["suits_winograd", "winograd"]

#: Fewest channels, in and out, for which it is faster.
_LEAST_CHANNELS = 128
#: Most elements of the transformed data or result, four times as many as they have themselves; more
#: do not stay in the processor's cache (32 images of 128 channels, 28x28: 74 ms in place of 44).
_MOST_ELEMENTS = 1 << 23

_B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], np.float32)
_G = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]], np.float32) / 2
_A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], np.float32)
#: The reversed kernel has these elements of the kernel's transform, along each axis.
_REVERSED = [3, 1, 2, 0]


def suits_winograd(data, weight, where: Layout, margins: Sequence[tuple[int, int]]) -> bool:
    """Whether :func:`winograd` can be used, and is faster, for this convolution of stride 1."""
    if data.dtype != jnp.float32 or [weight.shape[a] for a in where.spatial] != [3, 3]:
        return False
    outputs, channels = weight.shape[0], data.shape[where.channel]
    extents = [data.shape[a] for a in where.spatial]
    counts = _counts(extents, margins)
    tiles = data.shape[0] * math.prod(counts)
    # With few tiles it is transforming the kernel that takes time. But images smaller than the
    # kernel are slow in XLA's convolution (32 of 512 channels, 2x2: 270 ms; here 4).
    enough = 4 * tiles >= max(outputs, channels) or (tiles > 0 and min(extents) < 3)
    return (
        min(outputs, channels) >= _LEAST_CHANNELS
        and min(counts) > 0
        and enough
        and 16 * tiles * max(outputs, channels) <= _MOST_ELEMENTS
    )


def _counts(extents: Sequence[int], margins: Sequence[tuple[int, int]]) -> list[int]:
    """Tiles along each axis: half of the results, rounded up."""
    return [(n + low + high - 1) // 2 for n, (low, high) in zip(extents, margins, strict=True)]


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def winograd(data, weight, where: Layout, margins: tuple[tuple[int, int], tuple[int, int]]):
    """A 3x3 convolution of stride 1 over two axes, with margins from 0 to 2."""
    x = _channels_last(data, where)
    tiles = jnp.einsum("etc,eoc->eto", _data_tiles(x, margins, _B), _kernels(weight, where))
    return _laid_out(_results(tiles, x.shape, margins, _A), where)


def _forward(data, weight, where: Layout, margins):
    return winograd(data, weight, where, margins), (data, weight)


def _backward(where: Layout, margins, kept, grad):
    # The barrier keeps XLA from holding what has been transformed since the forward pass.
    data, weight, grad = lax.optimization_barrier((*kept, grad))
    x, g = _channels_last(data, where), _channels_last(grad, where)

    # The reversed kernel's elements come in another order: so do those of data and result.
    around = tuple((2 - low, 2 - high) for low, high in margins)
    tiles = _data_tiles(g, around, _B[_REVERSED])
    tiles = jnp.einsum("eto,eoc->etc", tiles, _kernels(weight, where))
    d_data = _laid_out(_results(tiles, g.shape, around, _A[:, _REVERSED]), where)

    tiles = jnp.einsum("eto,etc->eoc", _grad_tiles(g), _data_tiles(x, margins, _B))
    return d_data, _taps(tiles, where)


winograd.defvjp(_forward, _backward)


def _channels_last(x, where: Layout):
    return x if where.channel_last else x.transpose(0, 2, 3, 1)


def _laid_out(x, where: Layout):
    return x if where.channel_last else x.transpose(0, 3, 1, 2)


def _data_tiles(x, margins, transform):
    """``transform @ d @ transform.T`` for each 4 x 4 tile ``d``, two apart: (16, tiles, channels).

    All is one loop over the result, whose factors are small constants: sums of 2 x 2 slices for
    each of the 16 take as long, but 16 times as long to compile.
    """
    batch, *extents, channels = x.shape
    rows, columns = _counts(extents, margins)
    config = [(0, 0, 0)] * 4
    for i, (n, count, (low, _)) in enumerate(zip(extents, (rows, columns), margins, strict=True)):
        config[i + 1] = (low, 2 * count + 2 - n - low, 0)
    x = lax.pad(x, jnp.zeros((), x.dtype), config)
    factors = [transform[:, i].reshape(4, 1, 1, 1, 1) for i in range(4)]
    down: Any = sum(
        lax.slice_in_dim(x, i, i + 2 * rows - 1, 2, 1) * f for i, f in enumerate(factors)
    )  # (4, batch, rows, width, channels)
    tiles: Any = sum(
        lax.slice_in_dim(down, i, i + 2 * columns - 1, 2, 3)[:, None] * f
        for i, f in enumerate(factors)
    )  # (4, 4, batch, rows, columns, channels)
    return tiles.reshape(16, batch * rows * columns, channels)


def _results(tiles, shape, margins, transform):
    """``transform @ m @ transform.T`` for each tile ``m`` of (16, tiles, outputs), side by side."""
    batch, *extents, _ = shape
    rows, columns = _counts(extents, margins)
    grid = tiles.reshape(4, 4, batch, rows, columns, -1)
    down = [_weighted(factors, grid) for factors in transform]
    y = jnp.stack([jnp.stack([_weighted(f, d) for f in transform], 3) for d in down], 2)
    y = y.reshape(batch, 2 * rows, 2 * columns, -1)
    height, width = (n + low + high - 2 for n, (low, high) in zip(extents, margins, strict=True))
    # Each part of the result is one of four sums: quick in a loop of its own, slow inside others.
    return lax.optimization_barrier(y[:, :height, :width])


def _weighted(factors, arrays):
    """The sum of arrays with these factors, zeros left out."""
    return functools.reduce(lax.add, (a * f for f, a in zip(factors, arrays, strict=True) if f))


def _grad_tiles(g):
    """``A.T @ g @ A`` for each 2 x 2 tile of a result's gradient: (16, tiles, outputs)."""
    _, height, width, outputs = g.shape
    if height % 2 or width % 2:
        g = jnp.pad(g, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)))
    tiles: Any = sum(
        g[:, i::2, j::2] * np.outer(_A[i], _A[j]).reshape(4, 4, 1, 1, 1, 1)
        for i, j in itertools.product(range(2), repeat=2)
    )
    return tiles.reshape(16, -1, outputs)


def _kernels(weight, where: Layout):
    """``G @ w @ G.T`` for each kernel: (16, outputs, channels)."""
    outputs, both = weight.shape[0], np.kron(_G, _G)
    if where.channel_last:
        return jnp.einsum("ek,okc->eoc", both, weight.reshape(outputs, 9, -1))
    # A matrix product: a sum of strided reads takes twice as long.
    return (both @ weight.reshape(-1, 9).T).reshape(16, outputs, -1)


def _taps(tiles, where: Layout):
    """``G.T @ m @ G`` for each of the tiles (16, outputs, channels), as a kernel."""
    grid = tiles.reshape(4, 4, *tiles.shape[1:])
    down = [_weighted(factors, grid) for factors in _G.T]
    axis = 1 if where.channel_last else -1
    rows = [jnp.stack([_weighted(f, d) for f in _G.T], axis) for d in down]
    return jnp.stack(rows, 1 if where.channel_last else 2)
