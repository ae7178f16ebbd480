"""Iterators over files that are larger than memory: rows are read as they are needed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..error import MXNetError
from ..ndarray import NDArray
from ..serialization.files import open_read
from ._rows import BatchesIter

__all__ = ["RowStream", "StreamIter", "blocks"]

#: How many bytes of a file are read, and parsed, at once.
_BLOCK = 1 << 20


def blocks(name: str, begin: int = 0) -> Iterator[tuple[bytes, int]]:
    """The lines of a file, many at a time, each with the place where they begin.

    Parameters
    ----------
    name : str
    begin : int
        The place of the first byte.
    """
    rest: list[bytes] = []
    at, ended = begin, False
    while not ended:
        # Opened anew for each block: nothing is open between two batches.
        with open_read(name) as file:
            whole = isinstance(file, io.BytesIO)  # a pipe, which cannot be opened again
            file.seek(at)
            block = file.read(-1 if whole else _BLOCK)
        at += len(block)
        ended = whole or not block
        cut = block.rfind(b"\n") + 1
        if cut:  # else all of it is within a long line
            lines = b"".join([*rest, block[:cut]])
            yield lines, begin
            begin += len(lines)
            rest = []
        rest.append(block[cut:])
    if any(rest):
        yield b"".join(rest), begin


class RowStream:
    """Rows that come in pieces, read in order, again and again.

    Parameters
    ----------
    pieces : callable
        Gives an iterator of pieces, from the first row on. A piece has a length and can be sliced.
    """

    def __init__(self, pieces: Callable[[], Iterator[Any]]):
        self._pieces = pieces
        self.rewind()

    def rewind(self) -> None:
        """Go to the first row."""
        self._source = self._pieces()
        self._piece: Any = ()
        self._at = 0
        self._error: BaseException | None = None

    def read(self, count: int) -> list[Any]:
        """The next rows, in pieces; fewer at the end."""
        if self._error is not None:  # or what came before it would look like all there is
            raise self._error
        found = []
        while count and self.more():
            part = self._piece[self._at : self._at + count]
            found.append(part)
            self._at += len(part)
            count -= len(part)
        return found

    def more(self) -> bool:
        """Whether there is another row."""
        while self._at == len(self._piece):
            try:
                piece = next(self._source, None)
            except BaseException as e:
                self._error = e
                raise
            if piece is None:
                return False
            self._piece, self._at = piece, 0
        return True


def length(pieces: list[Any]) -> int:
    """How many rows there are in some pieces."""
    return sum(map(len, pieces))


class StreamIter(BatchesIter):
    """Batches of consecutive rows of files.

    Parameters
    ----------
    data : RowStream
    label : RowStream, optional
        Rows beside those of the data.
    join : callable
        From pieces of data and of labels to the arrays of a batch.
    names : (str, str)
        Of the files, for messages.
    before : int
        How many rows of labels come before those of the data.
    whole : bool
        Whether labels end where the data does.
    batch_size, round_batch, shapes, dtypes, data_name, label_name
        See :class:`BatchesIter`.
    """

    def __init__(
        self, data: RowStream, label: RowStream | None,
        join: Callable[[list[Any], list[Any]], tuple[NDArray, NDArray]], names: tuple[str, str],
        batch_size: int, round_batch: bool, shapes: Sequence[tuple], dtypes: Sequence[Any],
        data_name: str, label_name: str, before: int = 0, whole: bool = True,
    ):  # fmt: skip
        super().__init__(batch_size, round_batch, shapes, dtypes, data_name, label_name)
        self._data, self._label, self._join = data, label, join
        self._names, self._before, self._whole = names, before, whole
        self._count: int | None = None
        self._at = 0
        if not data.more():
            raise MXNetError(f"{names[0]} has no numbers in it")
        self._skip()

    @property
    def num_data(self) -> int:
        """How many rows there are; before the end of the first epoch they must be counted."""
        if self._count is None:
            fresh, count = RowStream(self._data._pieces), 0
            while got := length(fresh.read(1 << 16)):
                count += got
            self._count = count
        return self._count

    def reset(self) -> None:
        """Begin the next epoch."""
        if self._at != self._begin:
            self._rewind()
        self._begin = 0
        self._new_epoch()

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end."""
        if self._ended:
            return False
        first = self._at
        pieces = self._read(self.batch_size)
        got = length(pieces[0])
        self._pad = self.batch_size - got
        self._ended = self._pad > 0
        if self._ended:
            self._count = first + got
        if not got:
            self._pad = 0
            return False
        self._index = np.arange(first, first + self.batch_size)
        if self._pad:
            self._index %= first + got
        while length(pieces[0]) < self.batch_size:
            self._rewind()
            more = self._read(self.batch_size - length(pieces[0]))
            pieces = (pieces[0] + more[0], pieces[1] + more[1])
        if self._pad and self.round_batch:
            self._begin = self._at % (first + got)
        self._now = self._join(*pieces)
        return True

    def _present(self) -> tuple[NDArray, NDArray]:
        return self._now

    def _rewind(self) -> None:
        self._at = 0
        self._data.rewind()
        if self._label is not None:
            self._label.rewind()
        self._skip()

    def _skip(self) -> None:
        left = self._before if self._label is not None else 0
        while left and (got := length(self._label.read(min(left, 1 << 16)))):  # type: ignore[union-attr]
            left -= got

    def _read(self, count: int) -> tuple[list[Any], list[Any]]:
        """The next rows of both, as many as there are."""
        data, labels = self._data.read(count), []
        self._at += length(data)
        if self._label is not None:
            labels = self._label.read(length(data))
            missing = length(data) - length(labels)
            if missing or (self._whole and length(data) < count and self._label.more()):
                raise MXNetError(
                    f"{self._names[0]} and {self._names[1]} have different numbers of rows: "
                    f"{self._names[missing > 0]} ends after {self._at - missing}"
                )
        return data, labels
