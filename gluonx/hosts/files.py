"""Files that all workers would write alike, and that one of them writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..serialization import urls
from ..serialization.files import path_name
from .job import joined

__all__ = ["once"]


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
        stamp = peers.progress.wait_for_save(_title(name), peers.timeout)
        yield stamp is None or not _same(name, stamp)


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
