"""Records of images, pass after pass, and part of them if there are several readers."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import recordio
from ..error import MXNetError
from ..serialization.files import open_read
from ..serialization.records import MAGIC, RecordReader
from ._rows import files_of, need_part

__all__ = ["RecordSource", "Stream", "read_labels"]

_CHUNK = 64  # MB that are shuffled at once if there is no index


def read_labels(path: Any, width: int) -> dict[int, np.ndarray]:
    """Labels by number, from a list file: lines ``number TAB labels TAB path``."""
    labels: dict[int, np.ndarray] = {}
    with open_read(path) as file:
        for at, line in enumerate(file.read().splitlines(), 1):
            fields = line.split(b"\t")
            if not line.strip():
                continue
            try:
                label = np.array([float(x) for x in fields[1:-1]], np.float32)
                number = int(float(fields[0]))
            except ValueError:
                label, number = np.zeros(0, np.float32), 0
            if len(label) < width or not len(label):
                raise MXNetError(
                    f"{os.fspath(path)}: in line {at}, expected a number, {width} labels and a "
                    f"path, with tabs between them, not {line[:80].decode(errors='replace')!r}"
                )
            labels[number] = label[:width] if width > 0 else label
    return labels


class RecordSource:
    """The records of one or more files.

    With an index they are read one by one, in any order. Without it they are read from the
    beginning to the end, and shuffled within chunks.

    Parameters
    ----------
    path : str
        A file, a folder of files, or files with ``;`` between them.
    index : str, optional
        The index of that file.
    num_parts, part_index : int
        Take one of equal parts only: of records if there is an index, else of bytes.
    shuffle : bool
    chunk : int
        Megabytes that are shuffled at once without an index.
    seed : int
    """

    def __init__(
        self, path: Any, index: Any = None, num_parts: int = 1, part_index: int = 0,
        shuffle: bool = False, chunk: int = 0, seed: int = 0,
    ):  # fmt: skip
        need_part(num_parts, part_index)
        self.shuffle = shuffle
        self.seed = abs(int(seed))
        self._bytes = (chunk or _CHUNK) * 2**20
        self._indexed = None
        if index:
            self._indexed = recordio.MXIndexedRecordIO(index, path, "r")
            keys = self._indexed.keys
            step = -(-len(keys) // num_parts)
            self._keys = keys[step * part_index : step * (part_index + 1)]
            if not self._keys:
                raise MXNetError(f"part {part_index} of {len(keys)} records has none")
            return
        self._files = []
        for name in files_of(path):
            with open_read(name) as file:
                self._files.append((name, file.seek(0, 2)))
        total = sum(size for _, size in self._files)
        step = -(-total // num_parts)
        step += -step % 4
        self._part = step * part_index, min(step * (part_index + 1), total)

    def records(self, number: int) -> Iterator[bytes]:
        """The records of a pass; each has its own order if they are shuffled."""
        rng = np.random.default_rng((self.seed, number))
        if self._indexed is not None:
            order = np.arange(len(self._keys))
            if self.shuffle:
                rng.shuffle(order)
            for k in order:
                yield self._indexed.read_idx(self._keys[k])  # type: ignore[misc]
            return
        if not self.shuffle:
            yield from self._read()
            return
        chunk: list[bytes] = []
        size = 0
        for record in self._read():
            chunk.append(record)
            size += len(record)
            if size >= self._bytes:
                yield from (chunk[k] for k in rng.permutation(len(chunk)))
                chunk, size = [], 0
        yield from (chunk[k] for k in rng.permutation(len(chunk)))

    def _read(self) -> Iterator[bytes]:
        """Those that begin in the part."""
        before = 0
        first, last = self._part
        for name, size in self._files:
            low, high = max(first - before, 0), min(last - before, size)
            before += size
            if low >= high:
                continue
            with open_read(name) as file:
                reader = RecordReader(file, name)
                if low:
                    reader.seek(_next_record(file, low, high))
                while reader.tell() < high:
                    record = reader.read()
                    if record is None:
                        break
                    yield record


def _next_record(file: Any, at: int, end: int) -> int:
    """Where the first record begins that is not before `at`, which is a multiple of 4."""
    word = struct.pack("<I", MAGIC)
    while at < end:
        file.seek(at)
        data = file.read(2**16)
        if len(data) < 8:
            break
        found = data.find(word)
        while found >= 0 and found + 8 <= len(data):
            kind = struct.unpack_from("<I", data, found + 4)[0] >> 29
            if found % 4 == 0 and kind in (0, 1):  # a whole record, or the first part of one
                return at + found
            found = data.find(word, found + 1)
        at += len(data) // 4 * 4 - 4  # the word may be the last one
    return end


class Stream:
    """The records of all passes, one after the other, with a look at whether a pass has more.

    Parameters
    ----------
    source : RecordSource
    """

    def __init__(self, source: RecordSource):
        self._source = source
        self.number = -1
        self.next_pass()

    def next_pass(self) -> None:
        """Begin the next pass."""
        self.number += 1
        self._at = 0
        self._records = self._source.records(self.number)
        self._next = next(self._records, None)

    def more(self) -> bool:
        """Whether this pass has more records."""
        return self._next is not None

    def take(self) -> tuple[bytes, tuple[int, int]]:
        """The next record, and its pass and place in it."""
        found = self._next
        if found is None:
            raise MXNetError("there are no records")
        place = (self.number, self._at)
        self._at += 1
        self._next = next(self._records, None)
        return found, place
