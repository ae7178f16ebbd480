"""Updates: replacing the contents of buffers behind whatever is pending, the old ones donated."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from ..error import MXNetError
from .buffer import Buffer
from .graph import Value
from .kernel import Kernel
from .region import Deferred, Job, Region, current
from .stage import Stage

__all__ = ["run_update"]


class _Updating:
    """In the place of contents that an update is about to replace."""

    __slots__ = ("region",)
    aval = None  # unknown until the update is done

    def __init__(self, region: Region):
        self.region = region

    def force(self, buffer: Buffer) -> None:
        self.region.run()
        with self.region.lock:
            if buffer.pending is self:
                raise MXNetError(
                    "the contents of this array are gone: an update failed after it had given up "
                    "the old ones. Load the parameters again, from the last checkpoint."
                )


def run_update(
    kernel: Kernel,
    written: Sequence[Buffer],
    read: Sequence[Buffer],
    numbers: Sequence[Any],
    device: Any,
) -> None:
    """Replace the contents of buffers by what ``kernel`` makes of them, and run all that is
    pending.

    The kernel takes the contents of ``written``, those of ``read`` and ``numbers``, and returns the
    new contents of ``written``. The old ones are donated; where somebody else holds them, a copy
    is. If it fails, the buffers keep their contents.
    """
    region = current(device)
    with region.lock:
        old, more = (
            [_contents(b, region) if b.array is None else b.array for b in buffers]
            for buffers in (written, read)
        )
        count, first = len(old), len(region.arrays)
        given = [*old, *more, *numbers]
        refs = region.refs(given)
        stage = region.stage
        if stage is None:
            stage = Stage.first(kernel)
            region.device = device
        del given
        updating = _Updating(region)
        job = Job(region, stage.call(kernel, refs), written, refs[:count], updating)
        try:
            for buffer in written:  # from here on nobody else gets hold of the old contents
                buffer.pending = updating
                buffer.array = None
            if job.recorded is None:
                job.donate = _own(region.arrays, refs[:count], written)
            region.job = job
            region.finish(job)
        except BaseException:
            if job.outs:  # it was interrupted after the fact
                region.run()
            else:
                region.job = None
                _restore(written, old, updating)
                region.shrink(first)
            raise


def _contents(buffer: Buffer, region: Region) -> Any:
    """The contents of a buffer that has no array: its deferred value if that is of ``region``."""
    pending = buffer.pending
    if type(pending) is Deferred and pending.node.region is region:
        return pending
    return buffer.get()


_copy = Kernel(lambda a: (jnp.copy(a),), "copy")


def _own(arrays: list[Any], refs: Sequence[int], buffers: Sequence[Buffer]) -> tuple[int, ...]:
    """The slots of ``buffers`` among a region's ``arrays``, to donate; an array that somebody else
    holds is copied first.

    The references that we know of are those of ``arrays`` and of the caller's list of old contents.
    """
    slots = [number >> 1 for number in refs if number >= 0]
    shared = [b.shared for b in buffers]
    if True in shared or (slots and _count([arrays[s] for s in slots]) > _KNOWN):
        for number, buffer in zip(refs, buffers, strict=True):
            slot = number >> 1
            if number >= 0 and (buffer.shared or _count([arrays[slot]]) > _KNOWN):
                (arrays[slot],) = _copy.run((arrays[slot],), buffer.ctx.device)
    return tuple(dict.fromkeys(slots))


def _count(arrays: list[Any]) -> int:
    return max(map(sys.getrefcount, arrays))


def _calibrate() -> int:
    """What :func:`_count` gives for an array that only a region and the caller hold."""
    first, second = [object()], []
    second.append(first[0])
    return _count([first[0]])


_KNOWN = _calibrate()


def _restore(written: Sequence[Buffer], old: Sequence[Any], updating: _Updating) -> None:
    """Give buffers their old contents back, as far as these still exist."""
    for buffer, contents in zip(written, old, strict=True):
        if buffer.pending is updating:
            if isinstance(contents, Value):
                buffer.pending = contents
            elif not contents.is_deleted():
                buffer.array = contents
                buffer.pending = None
