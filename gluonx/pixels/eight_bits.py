"""Linear interpolation of eight-bit images, in whole numbers of 16 bits as far as they reach.

It is what :func:`gluonx.pixels.taps.linear_bytes` describes, with fewer and larger calls of NumPy
than resizing in general needs, on memory that is there already: threads that read images wait for
each other at every call.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import numpy as np

from .taps import ONE, linear_places

__all__ = ["interpolated"]

#: How many numbers of the lines between the two passes there are at once.
_BLOCK = 1 << 17


def _table(size: int, target: int, rows: bool, corner: bool) -> Any:
    """Places of the pixels before and behind each output, (2, outputs), and the weights of those
    behind; None where two weights do not add up."""
    low, part = linear_places(size, target, rows, corner)
    weight = np.rint(part * np.float32(ONE))
    if (np.rint((1 - part) * np.float32(ONE)) + weight != ONE).any():
        return None
    places = np.empty((2, target), np.intp)
    places[0], places[1] = low, low + 1
    np.maximum(places, 0, out=places)
    np.minimum(places, size - 1, out=places)
    return places, weight


@functools.lru_cache(256)
def _columns(size: int, target: int, channels: int, corner: bool) -> Any:
    """Places with channels side by side, and weights in sixteenths, the whole part and the rest."""
    table = _table(size, target, False, corner)
    if table is None:
        return None
    places = (table[0][:, :, None] * channels + np.arange(channels)).reshape(2, -1)
    weight = np.repeat(table[1].astype(np.int16), channels)
    return places, weight >> 4, weight & 15


@functools.lru_cache(256)
def _rows(size: int, target: int, corner: bool) -> Any:
    """Places, and the weights of both, (2, outputs, 1)."""
    table = _table(size, target, True, corner)
    if table is None:
        return None
    weight = table[1].astype(np.int32)[:, None]
    return table[0], np.stack([ONE - weight, weight])


def interpolated(flat: np.ndarray, rows: Any, columns: Any, corner: bool) -> np.ndarray | None:
    """The image in another size, or None where only wider numbers can compute it.

    Parameters
    ----------
    flat : numpy.ndarray
        (rows, columns * channels), uint8.
    rows : (int, int, slice)
        Number of inputs and outputs, and the outputs that are wanted.
    columns : (int, int, slice, int)
        The same for columns, where the slice counts their channels; and how many channels.
    corner : bool
        See :func:`gluonx.pixels.taps.linear_bytes`.
    """
    size, target, wanted, channels = columns
    across, down = _columns(size, target, channels, corner), _rows(*rows[:2], corner)
    if across is None or down is None:
        return None
    (left, right), whole_part, rest = (part[..., wanted] for part in across)
    places, weights = (part[:, rows[2]] for part in down)
    out = np.empty((places.shape[1], left.size), np.uint8)
    blocks = max(1, -(-out.size * 2 // _BLOCK))
    step = max(1, -(-len(out) // blocks))
    memory = _Memory.of(2 * step * left.size)
    for start in range(0, len(out), step):
        block = slice(start, start + step)
        at = places[:, block]
        first, last = int(at[0, 0]), int(at[1, -1]) + 1
        if last - first <= at.size:
            lines, at = flat[first:last], at - first
        else:
            lines, at = flat.take(at.ravel(), 0), np.arange(at.size).reshape(2, -1)
        wide = _across(lines, left, right, whole_part, rest, memory)
        _down(wide, at, weights[:, block], out[block], memory)
    return out


_local = threading.local()


class _Memory:
    """What is written between the passes; up to a size a thread keeps it."""

    def __init__(self, size: int):
        self.bytes = np.empty(size, np.uint8)
        self.short = [np.empty(size, np.int16) for _ in range(3)]
        self.long = [np.empty(-(-size // 2), np.int32) for _ in range(2)]

    @classmethod
    def of(cls, size: int) -> _Memory:
        if size > 2 * _BLOCK:  # a very wide image
            return cls(size)
        kept = getattr(_local, "memory", None)
        if kept is None or kept.bytes.size < size:
            kept = _local.memory = cls(size)
        return kept


def _across(
    lines: np.ndarray, left: np.ndarray, right: np.ndarray, whole_part: np.ndarray,
    rest: np.ndarray, memory: _Memory,
) -> np.ndarray:  # fmt: skip
    """Weighted sums along the columns, shifted right by 4: 15 bits.

    With weights in sixteenths, of which the right pixel has 16 * whole_part + rest and both have
    2048, it is ``left * 128 + (right - left) * whole_part + ((right - left) * rest >> 4)``.
    """
    shape = len(lines), left.size
    size = len(lines) * left.size
    taken = memory.bytes[:size].reshape(shape)
    total, step, part = (short[:size].reshape(shape) for short in memory.short)
    total[...] = lines.take(left, 1, taken, "clip")
    step[...] = lines.take(right, 1, taken, "clip")
    step -= total
    np.multiply(step, rest, out=part)
    part >>= 4
    step *= whole_part
    step += part
    total <<= 7
    total += step
    return total


def _down(
    wide: np.ndarray, places: np.ndarray, weights: np.ndarray, out: np.ndarray, memory: _Memory
) -> None:
    """Weighted sums along the rows, which drop low bits as OpenCV does."""
    short = memory.short[1][: out.size].reshape(out.shape)
    total, other = (long[: out.size].reshape(out.shape) for long in memory.long)
    for part, place, weight in zip((total, other), places, weights, strict=True):
        part[...] = wide.take(place, 0, short, "clip")
        part *= weight
        part >>= 16
    total += other
    total += 2
    total >>= 2
    out[...] = total
