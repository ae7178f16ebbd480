"""Sequences as cells take them: one array, or a list with an array for each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ndarray as nd
from .. import symbol
from ..ndarray import NDArray

# its functions take NDArrays, too
F: Any = symbol

__all__ = ["axis_of", "is_one", "join", "mask", "reverse", "split", "zeros"]


def axis_of(what: str, layout: str) -> int:
    """The axis of time (``'T'``) or samples (``'N'``) in a layout."""
    if what not in layout:
        raise ValueError(f"layout={layout!r} must name the time axis T and the batch axis N")
    return layout.index(what)


def is_one(sequence: Any) -> bool:
    """Whether a sequence is one array, and not a list."""
    return not isinstance(sequence, (list, tuple))


def split(length: int, sequence: Any, layout: str) -> list[Any]:
    """The steps of a sequence.

    Raises
    ------
    ValueError
        If there are not as many as ``length`` says.
    """
    axis = axis_of("T", layout)
    if is_one(sequence):
        if isinstance(sequence, NDArray) and sequence.shape[axis] != length:
            raise ValueError(
                f"length={length}, but the inputs of shape {sequence.shape} with layout {layout!r} "
                f"have {sequence.shape[axis]} steps"
            )
        steps = F.split(sequence, num_outputs=length, axis=axis, squeeze_axis=True)
        return [steps] if length == 1 else list(steps)
    if len(sequence) != length:
        raise ValueError(f"length={length}, but there are {len(sequence)} inputs")
    return list(sequence)


def join(steps: Any, layout: str) -> Any:
    """A sequence as one array."""
    return steps if is_one(steps) else F.stack(*steps, axis=axis_of("T", layout))


def mask(length: int, sequence: Any, layout: str, valid_length: Any, merge: bool | None) -> Any:
    """The sequence with zeros beyond each sample's length; a list only if ``merge`` is False."""
    joined = F.SequenceMask(
        join(sequence, layout), valid_length, use_sequence_length=True, axis=axis_of("T", layout)
    )
    return split(length, joined, layout) if merge is False else joined


def reverse(steps: Sequence[Any], valid_length: Any) -> list[Any]:
    """The steps from the last to the first; each sample from its own last one."""
    if valid_length is None:
        return list(reversed(steps))
    turned = F.SequenceReverse(F.stack(*steps, axis=0), valid_length, use_sequence_length=True)
    return split(len(steps), turned, "TN")


def zeros(like: Any, batch_axis: int, shape: Sequence[int], place: int) -> Any:
    """Zeros for as many samples as ``like`` has.

    Parameters
    ----------
    like : NDArray or Symbol
        Samples are along ``batch_axis``, 0 or 1.
    shape : tuple of int
        The shape of the result; what stands at ``place`` does not count.
    """
    if isinstance(like, NDArray):
        shape = [like.shape[batch_axis] if i == place else n for i, n in enumerate(shape)]
        return nd.zeros(shape, ctx=like._buffer.ctx, dtype=like.dtype)
    # how many samples a symbol has is known later
    if batch_axis == 1:
        like = F.swapaxes(like, dim1=0, dim2=1)
    one = F.slice_axis(F.reshape(like, shape=(0, -1)), axis=1, begin=0, end=1)
    one = F.reshape(F.zeros_like(one), shape=[-1 if i == place else 1 for i in range(len(shape))])
    others = [i for i in range(len(shape)) if i != place]
    return F.broadcast_axis(one, axis=others, size=[shape[i] for i in others])
