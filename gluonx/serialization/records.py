"""Streams of records (``.rec``), as MXNet's RecordIO has them.

A record is one part or more, each of them

    u32 0xCED7230A, u32 kind * 2**29 + length, the data, zeros up to a multiple of 4

in little-endian, where the kind is 0 for a whole record, else 1 for the first part, 2 for one in
the middle and 3 for the last. A record is split where its data has the first word itself at a
multiple of 4; that word is left out. So the word at such a place always begins a part.
"""

from __future__ import annotations

import io
import os
import struct
from typing import BinaryIO

from ..error import MXNetError

__all__ = ["RecordReader", "encode"]

MAGIC = 0xCED7230A
_WORD = struct.pack("<I", MAGIC)
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)
_LENGTH_BITS = 29
MAX_LENGTH = 2**_LENGTH_BITS - 1


def encode(data: bytes) -> bytes:
    """The bytes of one record.

    Parameters
    ----------
    data : bytes
        At most 2**29 - 1.

    Raises
    ------
    MXNetError
        If it is longer.

    Examples
    --------
    >>> from gluonx.serialization.records import encode
    >>> encode(b"ab").hex(" ", 4)
    '0a23d7ce 02000000 61620000'
    """
    if len(data) > MAX_LENGTH:
        raise MXNetError(f"a record has {len(data)} bytes; at most {MAX_LENGTH} are possible")
    cuts = []
    at = data.find(_WORD)
    while at >= 0:
        if at % 4 == 0:
            cuts.append(at)
        at = data.find(_WORD, at + 4 - at % 4 if at % 4 else at + 4)
    if not cuts:
        return b"".join((_WORD, struct.pack("<I", len(data)), data, bytes(-len(data) % 4)))
    pieces = []
    begins, ends = [0, *(cut + 4 for cut in cuts)], [*cuts, len(data)]
    for k, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        kind = _FIRST if k == 0 else _LAST if k == len(cuts) else _MIDDLE
        part = data[begin:end]
        pieces += [_WORD, struct.pack("<I", kind << _LENGTH_BITS | len(part)), part]
    pieces.append(bytes(-len(pieces[-1]) % 4))
    return b"".join(pieces)


class RecordReader:
    """Reads records one after the other, or from a given byte on.

    Parameters
    ----------
    file : binary file
        That can be sought in; it may grow.
    name : str or os.PathLike
        What errors call it.
    """

    def __init__(self, file: BinaryIO, name: str | os.PathLike):
        self._file = file
        self._name = os.fsdecode(name)
        self._size = 0
        self.seek(0)

    def seek(self, at: int) -> None:
        """Go on at this byte, where a record begins."""
        self._file.seek(at)
        self._at = at

    def tell(self) -> int:
        """The first byte of the next record."""
        return self._at

    def _left(self, count: int) -> int:
        """How many bytes follow, which is found out anew if it seems to be less than this."""
        if self._at + count > self._size:
            self._size = self._file.seek(0, io.SEEK_END)
            self._file.seek(self._at)
        return self._size - self._at

    def read(self) -> bytes | None:
        """The data of the next record; None at the end of the file.

        Raises
        ------
        MXNetError
            If the file is damaged there; says where, and what was expected.
        """
        start = self._at
        if self._left(8) == 0:
            return None
        parts: list[bytes] = []
        try:
            while True:
                kind, data = self._part(bool(parts))
                parts.append(data)
                if kind in (_WHOLE, _LAST):
                    break
            if len(parts) > 1 and sum(map(len, parts)) + 4 * len(parts) - 4 > MAX_LENGTH:
                raise self._error(f"a record of at most {MAX_LENGTH} bytes", start)
        except BaseException:
            self.seek(start)
            raise
        return _WORD.join(parts)

    def _part(self, goes_on: bool) -> tuple[int, bytes]:
        at = self._at
        left = self._left(8)
        if left < 8:
            what = "another part of the record" if goes_on else "a record"
            raise self._error(f"{what} (8 bytes, but the file has only {max(left, 0)} more)", at)
        magic, word = struct.unpack("<II", self._file.read(8))
        if magic != MAGIC:
            raise self._error(f"the first word of a record, {MAGIC:#x}, not {magic:#x}", at)
        self._at += 8
        kind, count = word >> _LENGTH_BITS, word & MAX_LENGTH
        kinds = (_MIDDLE, _LAST) if goes_on else (_WHOLE, _FIRST)
        if kind not in kinds:
            raise self._error(f"a part of kind {kinds[0]} or {kinds[1]}, not {kind}", at)
        padded = count + -count % 4
        left = self._left(padded)
        if padded > left:
            raise self._error(
                f"the data of a record ({padded} bytes, but the file has only {left} more)", at
            )
        data = self._file.read(padded)
        if len(data) != padded:
            raise self._error(f"the data of a record ({padded} bytes, but the file ended)", at)
        self._at += padded
        return kind, data[:count] if padded > count else data

    def _error(self, expected: str, at: int) -> MXNetError:
        return MXNetError(
            f"{self._name} cannot be read: at byte {at} of {self._size}, expected {expected}; the "
            "file is damaged or of another format"
        )
