"""Files that workers have in common: one of them writes, and others read what one has."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..serialization import urls
from ..serialization.files import missing, path_name
from .job import join_if_started, joined
from .lending import NotLentError

__all__ = ["at_hand", "once"]

#: Seconds to wait for word of a file that seems to have been saved again.
_AGAIN = 5


@contextmanager
def once(path: Any) -> Iterator[bool]:
    """Whether this process is to write a file of what workers have in common, such as parameters.

    Worker 0 is, always, and needs nobody for it. Another worker waits until worker 0 has saved the
    file, and is to write it only if worker 0 does not (it has gone on to the next exchange), or if
    what it finds under the path is not that file, because it has a disk of its own. So afterwards
    the file is there in each process that has asked for it.

    Parameters
    ----------
    path : str or os.PathLike
        A path or URL.

    Examples
    --------
    >>> from gluonx.hosts.files import once
    >>> with once('net.params') as mine:
    ...     print(mine)
    True
    """
    name, job = path_name(path), joined()
    peers = None if job is None else job.peers
    if job is None or peers is None:
        yield True
    elif job.rank == 0:
        yield True
        peers.progress.tell_saved(peers.others, _title(name), _stamp(name))
    else:
        progress, title = peers.progress, _title(name)
        stamp = progress.wait_for_save(title, peers.timeout)
        there = stamp is not None and _same(name, stamp)
        if not there and stamp is not None and _is_later(name, stamp):
            # most likely worker 0 has saved it again meanwhile, and is to say so
            there = progress.wait_for_another(title, lambda other: _same(name, other), _AGAIN)
        yield not there


@contextmanager
def at_hand(path: Any) -> Iterator[Any]:
    """Where this process finds a file of parameters that it is to read.

    That is the path itself where there is such a file, and always on worker 0. Another worker that
    lacks it gets a copy of what worker 0 reads under that name at the same place in the program,
    for as long as the ``with`` block lasts. No worker needs to call this because another one does.

    Parameters
    ----------
    path : str or os.PathLike
        A path or URL; a URL is left as it is.

    Raises
    ------
    FileError
        If the file is not here, and worker 0 does not read it either: it goes on to the next
        exchange, ends, is lost, or does nothing for ``GLUONX_PEER_TIMEOUT``.

    Examples
    --------
    >>> from gluonx.hosts.files import at_hand
    >>> with at_hand('net.params') as name:
    ...     print(name)
    net.params
    """
    name = path_name(path)
    join_if_started()
    job, local = joined(), _local(name)
    peers = None if job is None else job.peers
    if job is None or peers is None or local is None:
        yield path
        return
    names = [name, os.path.abspath(local)]  # hosts may have their working folders in other places
    if job.rank == 0:
        peers.lending.offer(names, local)
        yield path
    elif os.path.exists(local):
        yield path
    else:
        folder = tempfile.mkdtemp(prefix="gluonx-")
        try:
            copy = os.path.join(folder, os.path.basename(local))
            try:
                with open(copy, "wb") as file:
                    for part in peers.lending.borrow(names, peers.timeout):
                        file.write(part)
            except NotLentError as e:
                raise missing(
                    name, f"there is no such file for worker {job.rank}, and {peers.title(0)} {e}"
                ) from None
            yield copy
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_later(name: str, stamp: Any) -> bool:
    """Whether there is a file that was written after that of worker 0."""
    try:
        mine = _stamp(name)
    except OSError:
        return False
    return bool(mine and stamp) and mine[1] >= stamp[1]


def _local(name: str) -> str | None:
    return urls.local_path(name) if "://" in name else name


def _title(name: str) -> str:
    local = _local(name)
    return name if local is None else os.path.abspath(local)


def _stamp(name: str) -> list[int]:
    """What tells a file from others; nothing for a URL, a device or a pipe."""
    local = _local(name)
    if local is None or not os.path.isfile(local):
        return []
    with open(local, "rb") as file:  # a network file system looks again when a file is opened
        found = os.fstat(file.fileno())
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _same(name: str, stamp: Any) -> bool:
    """Whether the file of worker 0 is there in this process too."""
    if _local(name) is None:
        return not name.startswith("memory:")  # that is each process's own
    try:
        mine = _stamp(name)
    except OSError:
        return False
    if not mine or len(mine) != len(stamp):
        return False
    size, moment, number = mine
    # over a network, fractions of a second may be lost
    near = abs(moment - stamp[1]) < 2 * 10**9 and number == stamp[2]
    return size == stamp[0] and (moment == stamp[1] or near)
