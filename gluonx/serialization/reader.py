"""Reading the numbers and arrays of a file without believing what it says about their size."""

from __future__ import annotations

import io
import math
import os
import struct
from typing import Any, BinaryIO

import numpy as np

from ..error import MXNetError

__all__ = ["Reader", "is_shape", "memory_of"]

_ALIGNMENT = 64  # what XLA takes over on the CPU without a copy


def is_shape(shape: Any, axes: int = 32) -> bool:
    """Whether these are extents that an array can have, in a list or tuple of integers."""
    return (
        isinstance(shape, (list, tuple))
        and len(shape) <= axes
        and all(type(n) is int and n >= 0 for n in shape)
        # NumPy cannot represent more, even if there is a 0 among the extents.
        and math.prod(max(n, 1) for n in shape) <= 2**59
    )


def memory_of(count: int) -> np.ndarray:
    """So many bytes, where XLA can take them as they lie."""
    memory = np.empty(count + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + count]


class Reader:
    """A file being read; asks for no more bytes, and no more memory, than the file has left.

    Parameters
    ----------
    source : bytes-like or binary file
        The contents, or a file to be read from its beginning to its end.
    name : str or os.PathLike
        What errors call it.
    """

    def __init__(self, source: Any, name: str | os.PathLike):
        self.file: BinaryIO = source if hasattr(source, "readinto") else io.BytesIO(source)
        self.name = os.fsdecode(name)
        self.part = ""
        self.file.seek(0, io.SEEK_END)
        self.size = self.file.tell()
        self.seek(0)

    def seek(self, at: int) -> None:
        """Go on at this byte."""
        self.file.seek(at)
        self.at = at

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return self.size - self.at

    def error(self, expected: str, at: int | None = None) -> MXNetError:
        """What to raise where something else was expected, by default at the present byte."""
        at = self.at if at is None else at
        return MXNetError(
            f"{self.name} cannot be loaded: {self.part}at byte {at} of {self.size}, expected "
            f"{expected}; the file is damaged or of another format"
        )

    def need(self, count: int, what: str) -> None:
        """Raise if not so many bytes follow."""
        if count > self.left:
            raise self.error(f"{what} ({count} bytes, but the file has only {self.left} more)")

    def take(self, count: int, what: str) -> bytes:
        """The next bytes."""
        self.need(count, what)
        data = self.file.read(count)
        if len(data) != count:
            raise self.error(f"{what} ({count} bytes, but the file ended)")
        self.at += count
        return data

    def unpack(self, form: str, what: str) -> tuple:
        """The next numbers, by a form of the struct module."""
        return struct.unpack(form, self.take(struct.calcsize(form), what))

    def values(self, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        """The next bytes as an array, writable and in memory of its own."""
        count = math.prod(shape) * dtype.itemsize
        what = f"the values of a {dtype.name} array of shape {shape}"
        self.need(count, what)
        memory = memory_of(count)
        if count and self.file.readinto(memory) != count:  # type: ignore[attr-defined]
            raise self.error(f"{what} ({count} bytes, but the file ended)")
        self.at += count
        if dtype == np.bool_:
            np.minimum(memory, 1, out=memory)  # NumPy's booleans are 0 or 1
        return memory.view(dtype).reshape(shape)
