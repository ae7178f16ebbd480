"""Files behind URLs, which fsspec opens: objects of a store, files of a server.

A file is written all or nothing, without fsspec's transactions: these are a state of the file
system, which a second file that is saved meanwhile would end. Instead each file is opened with
``autocommit=False``, and then committed or discarded by itself. Where a file system cannot do that,
the bytes go to a temporary file beside the old one, which is then renamed.
"""

from __future__ import annotations

import importlib
import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..error import MXNetError

__all__ = ["Failed", "local_path", "reading", "streaming", "writing"]

#: How much is handed over at a time: a client may keep all of it, in several copies.
_STEP = 2**24
#: A file that is not larger is read at once.
_SMALL = 2**20


class Failed(Exception):  # noqa: N818
    """The cause is what a file system raised; the text is what became of the file, if known."""


def _system(url: str) -> tuple[Any, str, Any]:
    """The file system of a URL, the path in it, and fsspec."""
    scheme = url.partition("://")[0]
    try:
        fsspec = importlib.import_module("fsspec")
    except ImportError:
        raise MXNetError(
            f"{url}: paths that begin with {scheme}:// need fsspec, which is not installed: "
            f"pip install fsspec, and its package for {scheme} (s3fs for s3, gcsfs for gs, "
            "pyarrow for hdfs, aiohttp for http)"
        ) from None
    try:
        return *fsspec.core.url_to_fs(url), fsspec
    except (ImportError, ValueError) as e:
        raise MXNetError(f"{url}: fsspec cannot open {scheme}:// here: {e}") from e


def local_path(url: str) -> str | None:
    """The path of a ``file://`` URL; None for others."""
    if url.partition("://")[0] not in ("file", "local"):
        return None
    return _system(url)[1]


@contextmanager
def _failing(state: str = "") -> Iterator[None]:
    """Let whatever a file system raises be known as that."""
    try:
        yield
    except Failed:
        raise
    except Exception as e:
        raise Failed(state) from e


class _Reading(io.RawIOBase):
    """A file of fsspec that gives all that it is asked for, and says when the fault is its own."""

    def __init__(self, file: Any):
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        with _failing():
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any, /) -> int:
        view, at = memoryview(buffer).cast("B"), 0
        while at < len(view):
            with _failing():
                data = self._file.read(min(_STEP, len(view) - at))
            if not data:
                break
            view[at : at + len(data)] = data
            at += len(data)
        return at


class _Writing:
    """A file of fsspec that says when the fault is its own."""

    def __init__(self, file: Any, state: str = ""):
        self._file = file
        self._state = state

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        with _failing(self._state):
            for at in range(0, len(view), _STEP):
                # a copy, since not all of them take a memoryview
                self._file.write(bytes(view[at : at + _STEP]))
        return len(view)


@contextmanager
def reading(url: str) -> Iterator[io.RawIOBase | io.BytesIO]:
    """Open a URL for reading bytes.

    Raises
    ------
    Failed
        If its file system raises.
    """
    system, path, _ = _system(url)
    with _failing():
        system.invalidate_cache(path)  # its length may be another one by now
        file = system.open(path, "rb")
    try:
        with _failing():
            size = getattr(file, "size", 0)
            if isinstance(file, io.BytesIO):  # which others read too, at the same position
                whole = file.getvalue()
            elif not file.seekable() or size is None:
                # A server that cannot begin in the middle, or does not tell the length.
                whole = file.read()
            elif 0 < size <= _SMALL:
                # Not in parts, so that it is whole even if the file is replaced meanwhile.
                whole = system.cat_file(path)
            else:
                whole = None
        yield _Reading(file) if whole is None else io.BytesIO(whole)
    finally:
        with suppress(Exception):
            file.close()


@contextmanager
def streaming(url: str) -> Iterator[_Writing]:
    """Open a URL for writing bytes that stay, if the file system can do so, after a failure."""
    system, path, _ = _system(url)
    with _failing():
        file = system.open(path, "wb")
    try:
        yield _Writing(file)
    finally:
        with _failing():
            file.close()


@contextmanager
def writing(url: str) -> Iterator[_Writing]:
    """Open a URL for writing bytes; the file is there, whole, after the ``with`` block.

    Raises
    ------
    Failed
        If its file system raises.
    """
    system, path, fsspec = _system(url)
    with _failing(_UNCHANGED):
        file, temporary = _open_uncommitted(system, path, fsspec)
    try:
        yield _Writing(file, _UNCHANGED)
        if isinstance(file, fsspec.spec.AbstractBufferedFile):
            with _failing(_UNCHANGED):
                file.close()
        with _failing("the old file or the new one is there, whole"):
            file.close()
            if temporary is not None:
                if not hasattr(file, "autocommit") and hasattr(file, "commit"):
                    file.commit()  # in memory, if somebody's transaction is going on
                _move(system, temporary, path, fsspec)
            elif not _is_local_copy(file):
                file.commit()
    except BaseException:
        with suppress(Exception):
            if temporary is None:
                _discard(file)
            else:
                file.close()
                system.rm_file(temporary)
        raise


_UNCHANGED = "what was there is unchanged"


def _open_uncommitted(system: Any, path: str, fsspec: Any) -> tuple[Any, str | None]:
    """A file that is not there before ``commit()``, or a temporary one and its path."""
    folder, slash, base = path.rpartition("/")
    temporary = f"{folder}{slash}.{base[:40]}.{secrets.token_hex(8)}.tmp"
    # Whether it can be committed is seen only when it is open, and opening could empty the old one.
    file = _open(system, temporary)
    buffered = fsspec.spec.AbstractBufferedFile
    if _is_local_copy(file) or (
        isinstance(file, buffered)
        and type(file).commit is not buffered.commit
        and file.autocommit is False
    ):
        _discard(file)
        return _open(system, path), None
    return file, temporary


def _is_local_copy(file: Any) -> bool:
    """Whether it is a file of a cache that is sent, in one go, when it is closed."""
    cached = importlib.import_module("fsspec.implementations.cached")
    return isinstance(file, cached.LocalTempFile)


def _open(system: Any, path: str) -> Any:
    file = system.open(path, "wb", autocommit=False)
    with suppress(ValueError):
        system.transaction.files.remove(file)  # somebody else's, perhaps, and not to be ended here
    return file


def _discard(file: Any) -> None:
    """Forget a file that was not committed; the last part of it is not sent any more."""
    file.closed = True
    file.discard()


def _move(system: Any, source: str, target: str, fsspec: Any) -> None:
    base = fsspec.spec.AbstractFileSystem
    if type(system).mv is not base.mv:
        system.mv(source, target)
    else:  # as mv() does, but without asking whether these are patterns or folders
        system.cp_file(source, target)
        system.rm_file(source)
