"""Repetition, padding, reversal, and moving blocks between depth and space."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp

from ..engine.op import Shape, register
from ._checks import to_axes, to_axis


@register("tile")
def tile(data, *, reps: Shape):
    """The array repeated as a whole along its axes.

    Parameters
    ----------
    data : array
        Any shape.
    reps : tuple of int
        Repetitions along each axis, counted from the last; further ones add axes in front.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.tile(nd.array([1, 2]), reps=(2, 2))
    [[1. 2. 1. 2.]
     [1. 2. 1. 2.]]
    """
    if any(n < 0 for n in reps):
        raise ValueError(f"reps={tuple(reps)} must not be negative")
    return jnp.tile(data, tuple(reps))


@register("repeat")
def repeat(data, *, repeats: int, axis: int | None = None):
    """The array with every element repeated.

    Parameters
    ----------
    data : array
        Any shape.
    repeats : int
        How often.
    axis : int, optional
        The axis along which elements are repeated; None repeats those of the flattened array.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.repeat(nd.array([[1, 2]]), repeats=2, axis=1)
    [[1. 1. 2. 2.]]
    """
    if repeats < 0:
        raise ValueError(f"repeats={repeats} must not be negative")
    return jnp.repeat(data, repeats, None if axis is None else to_axis(axis, data.ndim))


@register("Pad", aliases=("pad",))
def pad(
    data,
    *,
    mode: Literal["constant", "edge", "reflect"],
    pad_width: Shape,
    constant_value: float = 0.0,
):
    """The array with a border.

    Parameters
    ----------
    data : array
        Any shape.
    mode : {'constant', 'edge', 'reflect'}
        What the border holds: a number, the nearest element, or the elements mirrored at the edge.
    pad_width : tuple of int
        Before and after the first axis, before and after the second axis, and so on.
    constant_value : float
        The number.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.pad(nd.ones((1, 1, 2, 3)), mode="edge", pad_width=(0, 0, 0, 0, 1, 1, 2, 2)).shape
    (1, 1, 4, 7)
    """
    if len(pad_width) != 2 * data.ndim or any(n < 0 for n in pad_width):
        raise ValueError(
            f"pad_width={tuple(pad_width)} must have two non-negative entries for each axis of "
            f"{data.shape}"
        )
    widths = [(pad_width[2 * i], pad_width[2 * i + 1]) for i in range(data.ndim)]
    if mode == "constant":
        return jnp.pad(data, widths, constant_values=jnp.asarray(constant_value, data.dtype))
    if mode == "reflect" and any(
        max(w) >= max(n, 1) for w, n in zip(widths, data.shape, strict=True)
    ):
        raise ValueError(
            f"pad_width={tuple(pad_width)} reflects more than the axes of {data.shape} have"
        )
    return jnp.pad(data, widths, mode=mode)


@register("reverse", aliases=("flip",))
def reverse(data, *, axis: Shape):
    """The array with the order of its elements reversed along some axes.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int
        The axes.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.flip(nd.array([[1, 2, 3]]), axis=1)
    [[3. 2. 1.]]
    """
    return jnp.flip(data, to_axes(axis, data.ndim))


@register("depth_to_space")
def depth_to_space(data, *, block_size: int):
    """Blocks of channels laid out as blocks of pixels.

    Parameters
    ----------
    data : array
        (batch, block_size ** 2 * channels, height, width).
    block_size : int
        Height and width of a block.

    Returns
    -------
    array
        (batch, channels, height * block_size, width * block_size).
    """
    b = block_size
    if data.ndim != 4 or b < 1 or data.shape[1] % (b * b):
        raise ValueError(
            f"data of shape {data.shape} must be (batch, channels, height, width), its channels a "
            f"multiple of block_size ** 2 = {b * b}"
        )
    n, c, h, w = data.shape
    y = data.reshape(n, b, b, c // (b * b), h, w).transpose(0, 3, 4, 1, 5, 2)
    return y.reshape(n, c // (b * b), h * b, w * b)


@register("space_to_depth")
def space_to_depth(data, *, block_size: int):
    """Blocks of pixels laid out as blocks of channels; the inverse of ``depth_to_space``.

    Parameters
    ----------
    data : array
        (batch, channels, height * block_size, width * block_size).
    block_size : int
        Height and width of a block.

    Returns
    -------
    array
        (batch, block_size ** 2 * channels, height, width).
    """
    b = block_size
    if data.ndim != 4 or b < 1 or data.shape[2] % b or data.shape[3] % b:
        raise ValueError(
            f"data of shape {data.shape} must be (batch, channels, height, width), its height and "
            f"width multiples of block_size = {b}"
        )
    n, c, h, w = data.shape
    y = data.reshape(n, c, h // b, b, w // b, b).transpose(0, 3, 5, 1, 2, 4)
    return y.reshape(n, b * b * c, h // b, w // b)
