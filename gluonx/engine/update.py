"""Updates: replacing the contents of buffers behind whatever is pending, the old ones donated."""

from __future__ import annotations

import operator
import sys
from collections.abc import Sequence
from typing import Any

from ..error import MXNetError
from .buffer import Buffer
from .graph import Value
from .kernel import COPY, Kernel
from .region import Deferred, Job, Region, current
from .stage import Stage

__all__ = ["Updating", "run_update"]


class Updating:
    """In the place of contents that an update of a region, or of several, is about to replace."""

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
        old, more = _contents(written, region), _contents(read, region)
        count, first = len(old), len(region.arrays)
        if region.stage is None:
            region.stage = Stage.first(kernel)
        given = [*old, *more, *numbers]
        again = region.place(kernel, given, [None] * len(given))
        del given
        refs, updating = again.refs[:count], Updating(region)
        job = Job(region, again.stage, written, refs, updating)
        try:
            for buffer in written:  # from here on nobody else gets hold of the old contents
                buffer.pending = updating
                buffer.array = None
            if job.recorded is None:
                job.donate = again.stage.donated(refs)
                _own(region.arrays, job.donate, refs, written)
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


_array = operator.attrgetter("array")
_shared = operator.attrgetter("shared")
_NONE = id(None)


def _contents(buffers: Sequence[Buffer], region: Region) -> list[Any]:
    """The contents of buffers; a deferred value where one waits for a value of ``region``."""
    found = list(map(_array, buffers))
    if _NONE in map(id, found):
        for k, buffer in enumerate(buffers):
            if found[k] is None:
                waits = buffer.pending
                if type(waits) is not Deferred or waits.node.region is not region:
                    waits = buffer.get()
                found[k] = waits
    return found


def _own(
    arrays: list[Any], slots: Sequence[int], refs: Sequence[int], buffers: Sequence[Buffer]
) -> None:
    """Make sure that nobody else holds those of a region's ``arrays`` that are to be donated, at
    ``slots``, the contents of ``buffers``: what somebody holds is copied.

    The references that we know of are those of ``arrays`` and of the caller's list of old contents.
    """
    if True in map(_shared, buffers) or (slots and _count([arrays[s] for s in slots]) > _KNOWN):
        for number, buffer in zip(refs, buffers, strict=True):
            slot = number >> 1
            if number >= 0 and (buffer.shared or _count([arrays[slot]]) > _KNOWN):
                (arrays[slot],) = COPY.run((arrays[slot],), buffer.ctx.device)


def _count(arrays: list[Any]) -> int:
    return max(map(sys.getrefcount, arrays))


def _calibrate() -> int:
    """What :func:`_count` gives for an array that only a region and the caller hold."""
    first, second = [object()], []
    second.append(first[0])
    return _count([first[0]])


_KNOWN = _calibrate()


def _restore(written: Sequence[Buffer], old: Sequence[Any], updating: Updating) -> None:
    """Give buffers their old contents back, as far as these still exist."""
    for buffer, contents in zip(written, old, strict=True):
        if buffer.pending is updating:
            if isinstance(contents, Value):
                buffer.pending = contents
            elif not contents.is_deleted():
                buffer.array = contents
                buffer.pending = None
