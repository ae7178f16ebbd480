"""Joining arrays and taking them apart: concat, stack, split, slice."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..engine.attributes import Count
from ..engine.images import Images
from ..engine.op import Shape, register
from ._checks import EMPTY, same_dtype, same_shape, to_axes, to_axis


def _channels_last(images: Images, arrays: Sequence[Any], attrs: dict) -> Any:
    made = [images.made(a) for a in arrays]
    if attrs["dim"] not in (1, -3) or any(there is None for there in made):
        return None
    return made, {"dim": 3}


@register("Concat", aliases=("concat",), channels_last=_channels_last)
def concat(*data, dim: int = 1):
    """Arrays joined along an axis that they have.

    Parameters
    ----------
    *data : array
        Arrays of one dtype, whose shapes differ at most along `dim`.
    dim : int
        The axis.

    Returns
    -------
    array
        As long along `dim` as the arrays together.

    Examples
    --------
    >>> nd.concat(nd.zeros((2, 3)), nd.ones((2, 1)), dim=1).shape
    (2, 4)
    """
    if not data:
        raise ValueError("give at least one array")
    same_dtype(*data)
    axis = to_axis(dim, data[0].ndim, "dim")
    for a in data[1:]:
        rest = [x.shape[:axis] + x.shape[axis + 1 :] for x in (data[0], a)]
        if a.ndim != data[0].ndim or rest[0] != rest[1]:
            raise ValueError(
                f"arrays of shapes {data[0].shape} and {a.shape} cannot be joined along axis "
                f"{axis}: all other axes must agree"
            )
    return jnp.concatenate(data, axis)


@register("stack")
def stack(*data, axis: int = 0):
    """Arrays joined along a new axis.

    Parameters
    ----------
    *data : array
        Arrays of one shape and dtype.
    axis : int
        Where the new axis stands in the result.

    Returns
    -------
    array
        One axis more than the arrays.

    Examples
    --------
    >>> nd.stack(nd.array([1, 2]), nd.array([3, 4]), axis=1)
    [[1. 3.]
     [2. 4.]]
    """
    if not data:
        raise ValueError("give at least one array")
    same_dtype(*data)
    same_shape(*data)
    return jnp.stack(data, to_axis(axis, data[0].ndim + 1))


def _pieces(data: jax.Array, axis: int, starts: Sequence[int], squeeze: bool) -> tuple:
    """The parts of ``data`` that begin at ``starts``."""
    size = data.shape[axis]
    ends = [*starts[1:], size]
    for start, end in zip(starts, ends, strict=True):
        if not 0 <= start <= end <= size:
            raise ValueError(
                f"indices {tuple(starts)} must ascend and lie within axis {axis}, whose length is "
                f"{size}"
            )
        if squeeze and end - start != 1:
            raise ValueError(
                f"squeeze_axis=True needs parts of length 1 along axis {axis}, but one has "
                f"length {end - start}"
            )
    first = starts[0] if starts else size
    sizes = [end - start for start, end in zip(starts, ends, strict=True)]
    if first:
        data = jax.lax.slice_in_dim(data, first, size, axis=axis)
    # the gradient of lax.split joins its parts; slices have one that is a sum of padded arrays
    parts = jax.lax.split(data, sizes, axis)
    return tuple(jax.lax.squeeze(p, (axis,)) if squeeze else p for p in parts)


def _names(attrs: dict) -> list[str]:
    return [f"output{i}" for i in range(attrs["num_outputs"])]


@register(
    "SliceChannel", aliases=("split",), outputs=lambda attrs: attrs["num_outputs"],
    output_names=_names,
)  # fmt: skip
def split(data, *, num_outputs: Count, axis: int = 1, squeeze_axis: bool = False):
    """The array cut into equal parts.

    Parameters
    ----------
    data : array
        Any shape.
    num_outputs : int
        Number of parts; it divides the length of the axis.
    axis : int
        The axis that is cut.
    squeeze_axis : bool
        Remove the axis from parts that have length 1 along it.

    Returns
    -------
    list of array
        The parts; the array itself when there is one.

    Examples
    --------
    >>> a, b = nd.split(nd.array([[1, 2], [3, 4]]), num_outputs=2, axis=0)
    >>> b
    [[3. 4.]]
    """
    axis = to_axis(axis, data.ndim)
    size = data.shape[axis]
    if num_outputs < 1 or size % num_outputs:
        raise ValueError(
            f"axis {axis} of {data.shape} cannot be cut into num_outputs={num_outputs} equal parts"
        )
    step = size // num_outputs
    return _pieces(data, axis, [i * step for i in range(num_outputs)], squeeze_axis)


@register("_split_v2", outputs=lambda attrs: attrs["sections"] or len(attrs["indices"]))
def split_v2(
    data,
    *,
    indices: Shape = EMPTY,
    axis: int = 1,
    squeeze_axis: bool = False,
    sections: int = 0,
):
    """The array cut at given indices, or into nearly equal parts.

    Parameters
    ----------
    data : array
        Any shape.
    indices : tuple of int
        Where the parts begin; the first one is 0.
    axis : int
        The axis that is cut.
    squeeze_axis : bool
        Remove the axis; all parts have length 1 along it.
    sections : int
        Number of parts; the first ones are longer by one where they cannot be equal. 0 to cut at
        `indices`.

    Returns
    -------
    list of array
        The parts.
    """
    axis = to_axis(axis, data.ndim)
    starts = list(indices)
    if sections:
        length, longer = divmod(data.shape[axis], sections)
        starts = [i * length + min(i, longer) for i in range(sections)]
    return _pieces(data, axis, starts, squeeze_axis)


@register("slice", aliases=("crop",))
def slice_(data, *, begin: Shape, end: Shape, step: Shape = EMPTY):
    """A part of the array, ``data[begin[0]:end[0]:step[0], ...]``.

    Parameters
    ----------
    data : array
        Any shape.
    begin, end : tuple of int or None
        Where the part begins and ends along the first axes. Negative numbers count from the end;
        None is the first or the last place.
    step : tuple of int or None
        Steps, which may be negative; 1 by default.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> x = nd.array([[1, 2, 3], [4, 5, 6]])
    >>> nd.slice(x, begin=(0, 1), end=(1, None))
    [[2. 3.]]
    >>> nd.slice(x, begin=(None, None), end=(None, None), step=(1, -1))
    [[3. 2. 1.]
     [6. 5. 4.]]
    """
    if len(begin) != len(end) or (step and len(step) != len(begin)):
        raise ValueError(
            f"begin={tuple(begin)}, end={tuple(end)} and step={tuple(step)} must have the same "
            "length"
        )
    if len(begin) > data.ndim:
        raise ValueError(f"begin={tuple(begin)} has more entries than {data.shape} has axes")
    if 0 in step:
        raise ValueError(f"step={tuple(step)} must not contain 0")
    steps = step or (None,) * len(begin)
    return data[tuple(map(builtins.slice, begin, end, steps))]


@register("slice_axis")
def slice_axis(data, *, axis: int, begin: int, end: int | None):
    """A part of the array along one axis.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int
        The axis.
    begin, end : int
        Where the part begins and ends. Negative numbers count from the end; ``end=None`` is the
        end of the axis.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.slice_axis(nd.array([[1, 2, 3], [4, 5, 6]]), axis=1, begin=-2, end=None)
    [[2. 3.]
     [5. 6.]]
    """
    axis = to_axis(axis, data.ndim)
    size = data.shape[axis]
    start = begin + size if begin < 0 else begin
    stop = size if end is None else end + size if end < 0 else end
    if not 0 <= start < stop <= size:
        raise ValueError(
            f"begin={begin}, end={end} is not a part of axis {axis} of {data.shape}, whose length "
            f"is {size}"
        )
    return jax.lax.slice_in_dim(data, start, stop, axis=axis)


@register("slice_like")
def slice_like(data, shape_like, *, axes: Shape = EMPTY):
    """The first part of the array, as long as another array.

    Parameters
    ----------
    data : array
        Any shape.
    shape_like : array
        Only its shape matters.
    axes : tuple of int
        The axes that are cut; all by default.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.slice_like(nd.zeros((3, 4)), nd.zeros((2, 3)), axes=(0,)).shape
    (2, 4)
    """
    if not axes and data.ndim != shape_like.ndim:
        raise ValueError(
            f"data of shape {data.shape} and shape_like of shape {shape_like.shape} must have "
            "equally many axes, or name the axes to cut"
        )
    ends = list(data.shape)
    for a in to_axes(axes, data.ndim, "axes") if axes else range(data.ndim):
        if a >= shape_like.ndim or shape_like.shape[a] > data.shape[a]:
            raise ValueError(
                f"axis {a} of data {data.shape} cannot be cut to that of {shape_like.shape}"
            )
        ends[a] = shape_like.shape[a]
    return jax.lax.slice(data, (0,) * data.ndim, ends)
