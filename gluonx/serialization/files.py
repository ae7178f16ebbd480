"""Opening files to read, and writing them so that a crash never leaves half a file.

A path is a ``str`` or ``os.PathLike``. One with ``://`` in it is a URL, which fsspec opens, if that
is installed.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..error import MXNetError
from . import urls

__all__ = ["FileError", "missing", "open_read", "open_stream", "open_write", "path_name"]


class FileError(MXNetError, OSError):
    """A file could not be read or written; ``errno`` says why, as for every OSError."""


class _MissingError(FileError, FileNotFoundError):
    pass


def path_name(path: str | os.PathLike) -> str:
    """The path as a string.

    Raises
    ------
    TypeError
        If it is neither a string nor os.PathLike.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"expected a file name (str or os.PathLike), got {type(path).__name__}: {path!r:.80}"
        )
    return os.fsdecode(path)


@contextmanager
def open_read(path: str | os.PathLike) -> Iterator[Any]:
    """Open a file or URL for reading bytes; what opens can be sought in.

    Parameters
    ----------
    path : str or os.PathLike
        A path, or a URL for fsspec.

    Raises
    ------
    FileError
        If it cannot be opened or read. It is an OSError and an MXNetError, and a FileNotFoundError
        where that is the cause.
    MXNetError
        For a URL, if fsspec or its part for that scheme is not installed.
    """
    name = path_name(path)
    local = urls.local_path(name) if "://" in name else name
    with _failing("read", name):
        with urls.reading(name) if local is None else open(local, "rb") as file:
            # A pipe: take all there is.
            yield file if file.seekable() else io.BytesIO(file.read())


@contextmanager
def open_write(path: str | os.PathLike) -> Iterator[Any]:
    """Open a file or URL for writing bytes; the end of the ``with`` block replaces the old file.

    The bytes go to a temporary file ``.NAME.RANDOM.tmp`` in the same folder and are forced to the
    disk; then that file is renamed. So a failure, a crash or a power cut leaves the old file or the
    new one, whole. After a crash the temporary file may be left too, and can be deleted. An
    existing file keeps its permission bits, a symbolic link stays one, and a device or a pipe is
    written to directly.

    A URL is written all or nothing too, see :mod:`gluonx.serialization.urls`.

    Parameters
    ----------
    path : str or os.PathLike
        A path, or a URL for fsspec.

    Raises
    ------
    FileError
        If it cannot be written; the text says what became of the old file. It is an OSError and
        an MXNetError.
    MXNetError
        For a URL, if fsspec or its part for that scheme is not installed.

    Examples
    --------
    >>> from gluonx.serialization.files import open_write
    >>> with open_write("notes.txt") as file:
    ...     file.write(b"all or nothing")
    14
    """
    name = path_name(path)
    local = urls.local_path(name) if "://" in name else name
    with _failing("write", name):
        with urls.writing(name) if local is None else _local(local) as file:
            yield file


@contextmanager
def open_stream(path: str | os.PathLike) -> Iterator[Any]:
    """Open a file or URL for writing that takes long, such as a data set: it is emptied at once.

    Unlike with :func:`open_write`, what was written is there at once, and stays after a failure. A
    local file has no buffer, so that a forked process cannot write it a second time.
    """
    name = path_name(path)
    local = urls.local_path(name) if "://" in name else name
    with _failing("write", name):
        if local is None:
            with urls.streaming(name) as file:
                yield file
        else:
            with open(local, "wb", buffering=0) as file:
                yield _Unbuffered(file, name)


@contextmanager
def _failing(action: str, name: str) -> Iterator[None]:
    """Turn what the system or a server says into a FileError."""
    try:
        yield
    except FileError:
        raise
    except urls.Failed as e:
        raise _failure(action, name, e.__cause__, str(e)) from e.__cause__
    except OSError as e:
        raise _failure(action, name, e) from e


class _Unbuffered:
    """A file without a buffer that writes all that it is given, or nothing."""

    def __init__(self, file: io.FileIO, name: str):
        self._file = file
        self._name = name

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as e:
            with suppress(OSError):
                start = self._file.tell() - (len(data) - len(rest))
                self._file.truncate(start)
                self._file.seek(start)
            raise _failure("write", self._name, e) from e
        return len(data)


@contextmanager
def _local(name: str) -> Iterator[Any]:
    target = os.path.realpath(name)
    try:
        old = os.stat(target)
    except FileNotFoundError:
        old = None
    if old is not None and not stat.S_ISREG(old.st_mode):
        with open(target, "wb") as file:  # a device or a pipe; a folder raises
            yield file
        return

    folder, base = os.path.split(target)
    temporary = os.path.join(folder, f".{base[:40]}.{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        if old is not None and not os.access(target, os.W_OK):
            # Renaming would not ask for this permission.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        with os.fdopen(os.open(temporary, flags, 0o666), "wb") as file:
            if old is not None:
                os.chmod(temporary, stat.S_IMODE(old.st_mode) & 0o777)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as e:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(e, OSError) and not isinstance(e, FileError):
            kept = "nothing was written" if old is None else "the file that was there is unchanged"
            raise _failure("write", name, e, kept) from e
        raise
    try:
        _sync_folder(folder)
    except OSError as e:
        if e.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system without it
            kept = "the new file is there, but might not survive a power cut"
            raise _failure("write", name, e, kept) from e


def _sync_folder(folder: str) -> None:
    """Make a renaming durable."""
    if os.name != "posix":  # other systems cannot open a folder
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def missing(name: str, why: str) -> FileError:
    """An error, to be raised, for a file that is not there."""
    error = _MissingError(f"cannot read {name}: {why}")
    error.errno = errno.ENOENT
    return error


def _failure(action: str, name: str, cause: Any, state: str = "") -> FileError:
    kind = _MissingError if isinstance(cause, FileNotFoundError) else FileError
    reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    text = f"cannot {action} {name}: {reason}"
    number = getattr(cause, "errno", None)
    if number in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        text += " (there must be room for the old file and the new one)"
    error = kind(f"{text}; {state}" if state else text)
    error.errno = number
    return error
