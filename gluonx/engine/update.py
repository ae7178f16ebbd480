"""Updates: replacing the contents of buffers behind whatever is pending, the old ones donated."""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Sequence
from typing import Any

from ..error import MXNetError
from .buffer import Buffer
from .bundle import GONE, Bundle, take
from .deferred import Deferred
from .job import Job
from .kernel import COPY, Kernel
from .region import Past, Region, current
from .stage import Stage
from .state import state

__all__ = ["Updating", "own", "run_update"]


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
                raise MXNetError(GONE)


def run_update(
    kernel: Kernel,
    written: Sequence[Bundle],
    read: Sequence[Buffer],
    numbers: Sequence[Any],
    device: Any,
) -> Past | None:
    """Replace the contents of buffers by what ``kernel`` makes of them, and run all that is
    pending; returns what that was like, if all of it had come by short ways.

    The kernel takes the contents of ``written``, those of ``read`` and ``numbers``, and returns the
    new contents of ``written``. The old ones are donated; where somebody else holds them, a copy
    is. If it fails, the buffers keep their contents.
    """
    script = state.script()
    if script is not None and script.update(kernel, written, read, numbers):
        return None
    region = current(device)
    with region.lock:
        past = None
        queue, began = region.queue, None
        while began != region.began:  # to look for the one may have run the region, with the other
            began = region.began
            more, old = _contents(read, region), _start(written, region)
        follows = bool(queue)
        first = len(region.arrays)
        if region.stage is None:
            region.stage = Stage.first(kernel)
        given = [*itertools.chain.from_iterable(old), *more, *numbers]
        count = len(given) - len(more) - len(numbers)
        again = region.place(kernel, given, None)
        del given
        refs, updating = again.refs[:count], Updating(region)
        job = Job(region, again.stage, written, refs, updating)
        if job.recorded is None:
            job.donate = again.stage.donated(refs)
        waits = queue.wants(job, old)
        if follows and not waits:  # the steps before it have run
            old, follows = _start(written, region), False
        before = [b.updating for b in written]
        try:
            take(written, old, updating)  # from here on nobody else gets hold of them
            if (
                job.recorded is None and not follows
            ):  # else nobody else can have what it starts from
                own(region.arrays, refs, written, old)
            if waits:
                queue.add(job)
                return None
            if job.recorded is None and 0 < len(region.events) == len(region.nodes):
                past = Past(
                    region.events, again, job.program, job.places, job.takes, job.base, job.donate
                )
            region.job = job
            region.finish(job)
        except BaseException:
            if job.outs:  # it was interrupted after the fact
                region.run()
            elif job in queue.jobs:
                queue.resume()
            elif job.queued_on is None:  # else the queue has done so
                region.job = None
                for bundle, arrays, last in zip(written, old, before, strict=True):
                    bundle.restore(arrays, updating, last)
                region.shrink(first)
            raise
        job.dispatched()
        return past


def _start(written: Sequence[Bundle], region: Region) -> list[Sequence[Any]]:
    """What an update starts from, for each bundle."""
    waiting = bool(region.queue)
    found = [bundle.whole(region) or _contents(bundle.buffers, region) for bundle in written]
    if waiting and not region.queue:  # to look for some has run what waited, which makes others
        return _start(written, region)
    return found


_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")
_node = operator.attrgetter("node")
_updating = operator.attrgetter("updating")
_NONE = id(None)


def _contents(buffers: Sequence[Buffer], region: Region) -> list[Any]:
    """The contents of buffers; a deferred value where one waits for a value of ``region``."""
    waiting = list(map(_pending, buffers))
    if set(map(type, waiting)) == {Deferred}:
        if all([region.has(node) for node in set(map(_node, waiting))]):
            return waiting
    while _NONE in map(id, map(_array, buffers)):
        others = [b for b in buffers if b.array is None and not _waits_for(b, region)]
        if not others:
            return [b.pending or b.get() if (a := b.array) is None else a for b in buffers]
        for buffer in others:
            buffer.get()  # which may run the region
    return list(map(_array, buffers))


def _waits_for(buffer: Buffer, region: Region) -> bool:
    """Whether the contents of a buffer are a deferred value of ``region``."""
    waits = buffer.pending
    return type(waits) is Deferred and region.has(waits.node)


def own(
    arrays: list[Any], refs: Sequence[int], written: Sequence[Bundle], old: list[Sequence[Any]]
) -> None:
    """Make sure that nobody else holds those of a region's ``arrays`` that are to be donated, the
    contents ``old`` of ``written``: what somebody holds is copied.

    The references that we know of are those of ``arrays`` and of ``old``. Whoever holds a tuple of
    ``old`` may be about to take an array from it.
    """
    held, inside = max(map(sys.getrefcount, old)), None not in map(_updating, written)
    if inside and held <= _HELD:  # nobody outside has ever seen what is in a bundle
        if max(map(sys.getrefcount, itertools.chain.from_iterable(old))) <= _KNOWN:
            return
    first = 0
    for bundle in written:
        for number, buffer in zip(refs[first:], bundle.buffers, strict=False):
            slot = number >> 1
            if number >= 0 and (
                held > _HELD or buffer.shared or sys.getrefcount(arrays[slot]) > _PLACED
            ):
                (arrays[slot],) = COPY.run((arrays[slot],), buffer.ctx.device)
        first += len(bundle.buffers)


def _calibrate() -> tuple[int, int, int]:
    """The references to a tuple of contents, to an array in it, and to that array in the region's
    list, when :func:`own` looks."""
    arrays = [object()]
    old = [tuple(arrays)]
    inside = max(map(sys.getrefcount, itertools.chain.from_iterable(old)))
    return max(map(sys.getrefcount, old)), inside, sys.getrefcount(arrays[0])


_HELD, _KNOWN, _PLACED = _calibrate()
