"""Sequences of different lengths in one array.

The time axis is 0 or 1, the batch axis is the other one of them. Lengths are numbers of any dtype,
one for each entry of the batch; no gradient passes to them.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..engine.op import register
from ._checks import as_index


def _lengths(data, sequence_length, use: bool, axis: int) -> jax.Array | None:
    """Lengths as integers, or None where they are not used."""
    if axis not in (0, 1):
        raise ValueError(f"axis={axis} cannot be the time axis; expected 0 or 1")
    if data.ndim < 2:
        raise ValueError(f"data of shape {data.shape} must have a time axis and a batch axis")
    if not use:
        if sequence_length is not None:
            raise ValueError("sequence_length is given, so set use_sequence_length=True")
        return None
    if sequence_length is None:
        raise ValueError("use_sequence_length=True needs the array sequence_length")
    if sequence_length.shape != (data.shape[1 - axis],):
        raise ValueError(
            f"sequence_length has shape {sequence_length.shape}, but data of shape {data.shape} "
            f"with time axis {axis} needs ({data.shape[1 - axis]},)"
        )
    return as_index(sequence_length, data.shape[axis] + 1)


def _time(data: jax.Array, axis: int) -> jax.Array:
    """Times 0, 1, ... along ``axis``, to compare with lengths along the batch axis."""
    return jnp.arange(data.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1))


def _beside(array: jax.Array, data: jax.Array) -> jax.Array:
    """A (time, batch) array with axes of length 1 for the other axes of ``data``."""
    return array.reshape(array.shape + (1,) * (data.ndim - 2))


@register("SequenceMask")
def sequence_mask(
    data,
    sequence_length=None,
    *,
    use_sequence_length: bool = False,
    value: float = 0.0,
    axis: int = 0,
):
    """The array with `value` in place of everything beyond the end of each sequence.

    Parameters
    ----------
    data : array
        (time, batch, ...), or (batch, time, ...) with ``axis=1``.
    sequence_length : array, optional
        (batch,).
    use_sequence_length : bool
        Whether `sequence_length` is given; without it the array is returned as it is.
    value : float
        What is put beyond the end.
    axis : {0, 1}
        The time axis.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> x = nd.array([[1, 2], [3, 4]])
    >>> nd.SequenceMask(x, nd.array([1, 2]), use_sequence_length=True)
    [[1. 2.]
     [0. 4.]]
    """
    lengths = _lengths(data, sequence_length, use_sequence_length, axis)
    if lengths is None:
        return data
    inside = _time(data, axis) < jnp.expand_dims(lengths, axis)
    return jnp.where(_beside(inside, data), data, jnp.asarray(value, data.dtype))


@register("SequenceLast")
def sequence_last(data, sequence_length=None, *, use_sequence_length: bool = False, axis: int = 0):
    """The last element of each sequence.

    Parameters
    ----------
    data : array
        (time, batch, ...), or (batch, time, ...) with ``axis=1``.
    sequence_length : array, optional
        (batch,).
    use_sequence_length : bool
        Whether `sequence_length` is given; without it all sequences are as long as the time axis.
    axis : {0, 1}
        The time axis.

    Returns
    -------
    array
        (batch, ...).
    """
    lengths = _lengths(data, sequence_length, use_sequence_length, axis)
    if lengths is None:
        return jax.lax.index_in_dim(data, data.shape[axis] - 1, axis, keepdims=False)
    last = jnp.expand_dims(jnp.maximum(lengths - 1, 0), axis)
    found = jnp.take_along_axis(data, _beside(last, data), axis, mode="promise_in_bounds")
    return found.squeeze(axis)


@register("SequenceReverse")
def sequence_reverse(
    data, sequence_length=None, *, use_sequence_length: bool = False, axis: int = 0
):
    """The sequences reversed; what is beyond the end of a sequence stays where it is.

    Parameters
    ----------
    data : array
        (time, batch, ...), or (batch, time, ...) with ``axis=1``.
    sequence_length : array, optional
        (batch,).
    use_sequence_length : bool
        Whether `sequence_length` is given; without it all sequences are as long as the time axis.
    axis : {0, 1}
        The time axis.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> x = nd.array([[1, 2], [3, 4]])
    >>> nd.SequenceReverse(x, nd.array([1, 2]), use_sequence_length=True)
    [[1. 4.]
     [3. 2.]]
    """
    lengths = _lengths(data, sequence_length, use_sequence_length, axis)
    if lengths is None:
        return jnp.flip(data, axis)
    time, ends = _time(data, axis), jnp.expand_dims(lengths, axis)
    source = jnp.where(time < ends, ends - 1 - time, time)
    return jnp.take_along_axis(data, _beside(source, data), axis, mode="promise_in_bounds")
