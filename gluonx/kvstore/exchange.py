"""Exchanging arrays with the other processes of the job."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import hosts
from .. import ndarray as nd
from ..engine.buffer import Buffer
from ..engine.collective import FIRST, SUM, Group
from ..engine.joint import JointTeam
from ..engine.kernel import put
from ..error import MXNetError
from ..ndarray import NDArray
from ..serialization.files import open_read, open_write, path_name
from .compression import Compression

__all__ = [
    "barrier",
    "first",
    "first_bytes",
    "first_file",
    "share_file",
    "sums",
    "team_with_others",
]

_groups: dict[Any, Group] = {}
_teams: dict[tuple, JointTeam] = {}
#: Of devices that work on while Python goes on: what to wait for before the next exchange.
_under_way: dict[Any, Any] = {}


def _group(device: Any) -> Group:
    found = _groups.get(device)
    if found is None:
        found = _groups[device] = Group(device)
    return found


def _call(
    device: Any, function: Callable[[], tuple[Any, Any]], what: str, kind: str | None = None
) -> hosts.Call:
    """A call of a function that computes arrays with the other workers, and one to wait for."""

    def run() -> Any:
        before = _under_way.pop(device, None)
        if before is not None:
            before.block_until_ready()
        results, token = function()
        if device.platform == "cpu":
            # Gloo's errors are to be seen here, and XLA's CPU client takes few programs at once.
            token.block_until_ready()
        else:
            _under_way[device] = token
        return results

    return hosts.Call(run, what, kind)


def _together(device: Any, function: Callable[[], tuple[list[Any], Any]], what: str) -> list[Any]:
    return _call(device, function, what).result()


def team_with_others(devices: Sequence[Any]) -> JointTeam:
    """Devices of this process that run one program with those of all others."""
    key = tuple(devices)
    found = _teams.get(key)
    if found is None:

        def call(function: Callable[[], tuple[Any, Any]]) -> hosts.Call:
            return _call(key[0], function, "Trainer.step()")

        found = _teams[key] = JointTeam(key, call)
    return found


def _run(combine: Any, arrays: Sequence[NDArray], what: str) -> list[NDArray]:
    found: list[Any] = [None] * len(arrays)
    by_context: dict[Any, list[int]] = {}
    for i, x in enumerate(arrays):
        by_context.setdefault(x.context, []).append(i)
    for ctx, places in by_context.items():
        group, parts = _group(ctx.device), [arrays[i]._data for i in places]
        results = _together(
            ctx.device, lambda group=group, parts=parts: group.run(combine, parts), what
        )
        for i, result in zip(places, results, strict=True):
            found[i] = NDArray._new(Buffer(result, ctx))
    return found


def first(arrays: Sequence[NDArray], what: str = "a broadcast") -> list[NDArray]:
    """What worker 0 has, for each of some arrays with equal shapes in all processes."""
    dense = [x.tostype("default") if x._sparse else x for x in arrays]
    found = _run(FIRST, dense, what)
    return [y.tostype(x.stype) if x._sparse else y for x, y in zip(arrays, found, strict=True)]


def first_bytes(data: bytes | None, what: str, kind: str | None = None) -> bytes:
    """The bytes that worker 0 gives; the others give None. For ``kind`` see
    :class:`~gluonx.hosts.Call`."""
    device = nd.zeros((1,)).context.device

    def send(host: np.ndarray, kind: str | None = None) -> np.ndarray:
        group, part = _group(device), put(host, device)
        call = _call(device, lambda: group.run(FIRST, [part]), what, kind)
        (result,) = call.result()
        return np.asarray(result)

    host = np.frombuffer(data or b"", np.uint8)
    high, low = send(np.array([host.size >> 31, host.size & 0x7FFFFFFF], np.int32), kind).tolist()
    size = (high << 31) + low
    return send(np.zeros(size, np.uint8) if data is None else host).tobytes()


def sums(
    arrays: Sequence[NDArray], keys: Sequence[Any] = (), compression: Compression | None = None,
    what: str = "the sum over all workers",
) -> list[NDArray]:  # fmt: skip
    """Sums over the processes, for each of some arrays.

    Parameters
    ----------
    arrays : sequence of NDArray
        With the same shapes, types and contexts in all processes. Sparse ones give sparse sums; the
        exchange itself is dense.
    keys : sequence of hashable
        Whose residuals the compression uses.
    compression : Compression, optional
    what : str
        For messages: what is computed.
    """
    found: list[Any] = [None] * len(arrays)
    small: dict[Any, list[int]] = {}
    plain: list[int] = []
    for i, x in enumerate(arrays):
        if compression is not None and not x._sparse and compression.fits(x):
            small.setdefault(x.context, []).append(i)
        else:
            plain.append(i)
    for ctx, places in small.items():
        group = _group(ctx.device)
        names, parts = [keys[i] for i in places], [arrays[i]._data for i in places]
        results = _together(
            ctx.device,
            lambda group=group, names=names, parts=parts: compression.exchange(  # type: ignore[union-attr]
                names, parts, group
            ),
            what,
        )
        for i, result in zip(places, results, strict=True):
            found[i] = NDArray._new(Buffer(result, ctx))
    if plain:
        flat: list[NDArray] = []
        for i in plain:
            x = arrays[i]
            flat += [x.tostype("default"), _rows(x)] if x._sparse else [x]
        results = _run(SUM, flat, what)
        for i in plain:
            total = results.pop(0)
            found[i] = _sparse_again(total, results.pop(0)) if arrays[i]._sparse else total
    return found


def _rows(x: Any) -> NDArray:
    """Which rows a row_sparse array stores."""
    host = np.zeros(x.shape[0], np.float32)
    host[x.indices.asnumpy()] = 1
    return nd.array(host, ctx=x.context)


def _sparse_again(total: NDArray, rows: NDArray) -> NDArray:
    stored = np.flatnonzero(rows.asnumpy())
    values = total.asnumpy()[stored]
    return nd.sparse.row_sparse_array(
        (values, stored), shape=total.shape, ctx=total.context, dtype=total.dtype
    )


def barrier() -> None:
    """Wait until all workers have come here."""
    if hosts.size() > 1:
        _run(SUM, [nd.ones((1,))], "the barrier")


def first_file(fname: Any) -> bytes:
    """The contents of a file of worker 0, for all workers, which all must call this."""
    data, failure = b"", None
    if hosts.rank() == 0:
        try:
            with open_read(fname) as file:
                data = b"\1" + file.read()
        except (OSError, MXNetError) as e:  # the others wait: they must hear of it too
            failure, data = e, b"\0" + str(e).encode()
    what = f"loading {path_name(fname)}"
    data = first_bytes(data if hosts.rank() == 0 else None, what, "loading a file of worker 0")
    if failure is not None:
        raise failure
    if data[:1] != b"\1":
        raise MXNetError(f"worker 0: {data[1:].decode()}")
    return data[1:]


def share_file(fname: Any) -> str:
    """A path under which every worker finds a file of worker 0.

    For checkpoints on a disk that only worker 0 has. All workers must call it; it gives the same
    path to worker 0, and a copy in the folder for temporary files, deleted at the end of the
    process, to the others.

    Parameters
    ----------
    fname : str or os.PathLike

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.nd.save('net.params', {'weight': gx.nd.ones((2,))})
    >>> list(gx.nd.load(gx.kv.share_file('net.params')))
    ['weight']
    """
    name = path_name(fname)
    if hosts.size() == 1:
        return name
    data = first_file(name)
    if hosts.rank() == 0:
        return name
    folder = tempfile.mkdtemp(prefix="gluonx-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = os.path.join(folder, os.path.basename(name))
    with open_write(copy) as file:
        file.write(data)
    return copy
