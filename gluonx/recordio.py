"""Files of records: ``MXRecordIO``, ``MXIndexedRecordIO``, and the packing of images and labels.

What is written here, MXNet reads, and the other way round.
"""

from __future__ import annotations

import numbers
import os
import struct
import sys
import threading
from contextlib import ExitStack
from typing import Any, NamedTuple, Self

import numpy as np

from .error import MXNetError
from .serialization import images
from .serialization.files import open_read, open_stream, path_name
from .serialization.records import RecordReader, encode

__all__ = [
    "IRHeader", "MXIndexedRecordIO", "MXRecordIO", "pack", "pack_img", "unpack", "unpack_img",
]  # fmt: skip


class MXRecordIO:
    """A file of records, read or written one after the other.

    A pickled reader opens the file anew, at its beginning. In a process that was forked, so do
    ``reset`` and reading by key; until then ``read`` raises there, since all processes would read
    the same records. A file that is being written belongs to the process that opened it.

    Parameters
    ----------
    uri : str or os.PathLike
        A path, or a URL if fsspec is installed.
    flag : {'r', 'w'}
        Read; or write, from the beginning.

    Raises
    ------
    MXNetError
        If the file cannot be opened; a missing file also raises as FileNotFoundError.

    Examples
    --------
    >>> from gluonx import recordio
    >>> with recordio.MXRecordIO("a.rec", "w") as record:
    ...     for i in range(3):
    ...         record.write(b"record %d" % i)
    >>> with recordio.MXRecordIO("a.rec", "r") as record:
    ...     record.read(), record.read()
    (b'record 0', b'record 1')
    """

    is_open = False

    def __init__(self, uri: str | os.PathLike, flag: str):
        self.uri = path_name(uri)
        if flag not in ("r", "w"):
            raise ValueError(f"the flag must be 'r' or 'w', not {flag!r}")
        self.flag = flag
        self.open()

    @property
    def writable(self) -> bool:
        """Whether the file is being written."""
        return self.flag == "w"

    def open(self) -> None:
        """Open the file, at its beginning. A file to be written is emptied."""
        self.close()
        self.pid = os.getpid()
        self._lock = threading.RLock()
        with ExitStack() as stack:
            if self.writable:
                self._file = stack.enter_context(open_stream(self.uri))
                self._at = 0
            else:
                self._reader = RecordReader(stack.enter_context(open_read(self.uri)), self.uri)
            self._open_more(stack)
            self._stack = stack.pop_all()
        self.is_open = True

    def _open_more(self, stack: ExitStack) -> None:
        """Open what else belongs to the file."""

    def close(self) -> None:
        """Close the file; it may be closed already."""
        if self.is_open:
            self.is_open = False
            self._stack.close()

    def reset(self) -> None:
        """Close the file and open it again; a file to be written becomes empty."""
        self.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: Any) -> None:
        self.close()

    def __del__(self, _ending: Any = sys.is_finalizing) -> None:
        try:
            self.close()
        except Exception:
            if not _ending():  # else what closing needs may be gone; the system closes the file
                raise

    def __getstate__(self) -> dict[str, Any]:
        if self.writable:
            raise TypeError(f"{self.uri} is being written; only a reader can be pickled")
        left_out = ("_stack", "_reader", "_lock", "pid")
        return {k: v for k, v in self.__dict__.items() if k not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        is_open = state.pop("is_open", False)
        self.__dict__.update(state)
        if is_open:
            self.open()

    def _check(self, writing: bool, anew: bool = False) -> None:
        """Raise unless the file is open for this in this process, or may be opened anew."""
        if writing != self.writable:
            doing = "writing, not for reading" if self.writable else "reading, not for writing"
            raise MXNetError(f"{self.uri} is open for {doing}")
        if not self.is_open:
            raise MXNetError(f"{self.uri} is closed; open() opens it again")
        if self.pid == os.getpid():
            return
        if writing:
            raise MXNetError(
                f"{self.uri} is being written by process {self.pid}, which opened it; another "
                "process cannot write to it"
            )
        if not anew:
            raise MXNetError(
                f"{self.uri} was opened by process {self.pid}, and this one was forked from it; "
                "reset() opens the file here, and so does reading by key"
            )
        self.open()

    def write(self, buf: Any) -> None:
        """Append a record.

        Parameters
        ----------
        buf : bytes-like
            At most 2**29 - 1 bytes.
        """
        self._check(writing=True)
        try:
            data = encode(bytes(memoryview(buf)))
        except TypeError:
            raise TypeError(f"a record must be bytes, not {type(buf).__name__}") from None
        self._file.write(data)
        self._at += len(data)

    def read(self) -> bytes | None:
        """The next record, or None at the end of the file.

        Raises
        ------
        MXNetError
            If the file is damaged there; says where.
        """
        self._check(writing=False)
        with self._lock:
            return self._reader.read()


class MXIndexedRecordIO(MXRecordIO):
    """A file of records that are found by keys, which an index file beside it lists.

    A line of the index is a key, a tab, and the first byte of the record.

    Parameters
    ----------
    idx_path : str or os.PathLike
        The index file.
    uri : str or os.PathLike
        The file of the records.
    flag : {'r', 'w'}
    key_type : callable
        Makes a key of its text.

    Attributes
    ----------
    keys : list
        In the order of the index.
    idx : dict
        The first byte of the record of each key.

    Examples
    --------
    >>> from gluonx import recordio
    >>> with recordio.MXIndexedRecordIO("b.idx", "b.rec", "w") as record:
    ...     for i in range(3):
    ...         record.write_idx(i, b"record %d" % i)
    >>> with recordio.MXIndexedRecordIO("b.idx", "b.rec", "r") as record:
    ...     record.read_idx(2)
    b'record 2'
    """

    def __init__(
        self, idx_path: str | os.PathLike, uri: str | os.PathLike, flag: str, key_type: Any = int
    ):
        self.idx_path = path_name(idx_path)
        self.key_type = key_type
        self.keys: list[Any] = []
        self.idx: dict[Any, int] = {}
        super().__init__(uri, flag)

    def _open_more(self, stack: ExitStack) -> None:
        self.keys, self.idx = [], {}
        if self.writable:
            self._index = stack.enter_context(open_stream(self.idx_path))
            return
        with open_read(self.idx_path) as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    key, at = line.decode().rstrip("\r\n").split("\t")
                    found, at = self.key_type(key), int(at)
                    if not 0 <= at < 2**63:
                        raise ValueError(f"there cannot be a byte {at}")
                except ValueError as e:
                    raise MXNetError(
                        f"{self.idx_path} cannot be read: in line {number}, expected a key, a tab "
                        f"and the first byte of a record, not {line!r:.80} ({e})"
                    ) from None
                self.keys.append(found)
                self.idx[found] = at

    def seek(self, idx: Any) -> None:
        """Go to the record of a key; ``read`` reads it.

        Raises
        ------
        KeyError
            If the index has no such key.
        """
        self._check(writing=False, anew=True)
        if idx not in self.idx:
            raise KeyError(f"{self.idx_path} has no key {idx!r}")
        self._reader.seek(self.idx[idx])

    def tell(self) -> int:
        """The first byte of the next record to be written, or read."""
        if self.writable:
            self._check(writing=True)
            return self._at
        self._check(writing=False, anew=True)
        return self._reader.tell()

    def read_idx(self, idx: Any) -> bytes | None:
        """The record of a key; threads may do this at the same time.

        Raises
        ------
        KeyError
            If the index has no such key.
        """
        self._check(writing=False, anew=True)
        with self._lock:
            self.seek(idx)
            return self._reader.read()

    def write_idx(self, idx: Any, buf: Any) -> None:
        """Append a record and list it under a key.

        Parameters
        ----------
        idx : key
        buf : bytes-like
        """
        key, at = self.key_type(idx), self.tell()
        text = str(key)
        if any(c in text for c in "\t\r\n"):
            raise ValueError(f"a key must not have tabs or ends of lines, got {key!r}")
        self.write(buf)
        self._index.write(f"{text}\t{at}\n".encode())
        self.idx[key] = at
        self.keys.append(key)


class IRHeader(NamedTuple):
    """What stands before the image in a record.

    ``flag`` is 0 for one label, else the number of labels (``pack`` finds it out); ``label`` is a
    number or an array of float32; ``id`` and ``id2`` are integers.
    """

    flag: int
    label: Any
    id: int
    id2: int


_HEADER = struct.Struct("<IfQQ")


def pack(header: Any, s: bytes) -> bytes:
    """A record of a header and bytes.

    Parameters
    ----------
    header : IRHeader or tuple of four
        ``label`` is a number, or numbers, which are saved as float32.
    s : bytes

    Returns
    -------
    bytes

    Examples
    --------
    >>> from gluonx import recordio
    >>> s = recordio.pack(recordio.IRHeader(0, [1, 2], 7, 0), b"bytes")
    >>> header, data = recordio.unpack(s)
    >>> header.label.tolist(), header.id, data
    ([1.0, 2.0], 7, b'bytes')
    """
    header = IRHeader(*header)
    label, more = header.label, b""
    if isinstance(label, numbers.Number):
        flag, first = 0, label
    else:
        label = label.asnumpy() if hasattr(label, "asnumpy") else label
        labels = np.asarray(label, dtype="<f4")
        flag, first, more = labels.size, 0.0, labels.tobytes()
    try:
        start = _HEADER.pack(flag, first, header.id, header.id2)
    except (struct.error, OverflowError) as e:
        raise ValueError(
            "the label must be a float32, and id and id2 integers from 0 to 2**64 - 1; got "
            f"{header}: {e}"
        ) from None
    return start + more + bytes(s)


def unpack(s: bytes) -> tuple[IRHeader, bytes]:
    """The header and the bytes of a record that :func:`pack` made.

    Raises
    ------
    MXNetError
        If it is shorter than its header says.
    """
    if len(s) < _HEADER.size:
        raise MXNetError(
            f"expected a header of {_HEADER.size} bytes in a record, but it has only {len(s)}"
        )
    header = IRHeader(*_HEADER.unpack_from(s))
    rest = s[_HEADER.size :]
    if header.flag > 0:
        if 4 * header.flag > len(rest):
            raise MXNetError(
                f"expected {header.flag} labels at byte {_HEADER.size} of a record, but only "
                f"{len(rest)} bytes follow"
            )
        labels = np.frombuffer(rest, "<f4", header.flag).astype(np.float32)
        header, rest = header._replace(label=labels), rest[4 * header.flag :]
    return header, rest


def pack_img(header: Any, img: Any, quality: int = 95, img_fmt: str = ".jpg") -> bytes:
    """A record of a header and an image.

    Parameters
    ----------
    header : IRHeader
    img : array of uint8
        Height, width, channels, in OpenCV's order: blue, green, red.
    quality : int
        For JPEG 1 to 100, for PNG how much it is compressed, 0 to 9.
    img_fmt : {'.jpg', '.jpeg', '.png'}
    """
    return pack(header, images.encode(img, quality, img_fmt))


def unpack_img(s: bytes, iscolor: int = -1) -> tuple[IRHeader, np.ndarray]:
    """The header and the image of a record that :func:`pack_img` made.

    Parameters
    ----------
    s : bytes
    iscolor : {-1, 0, 1}
        -1: the channels of the file; 0: gray; 1: blue, green and red.

    Raises
    ------
    MXNetError
        If it is not an image.
    """
    header, data = unpack(s)
    return header, images.decode(data, iscolor)
