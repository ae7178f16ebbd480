"""Bundles: the contents of many buffers, kept and replaced as one.

A training step writes all parameters and all states of an optimizer. To tell each Buffer so takes
Python longer than a small network's whole step. So after a step the buffers hold nothing of their
own: their :class:`Bundle` has the tuple that the executable returned, and each waits for its
:class:`Part`. Whoever looks at one of them opens the bundle, and each has its own contents again.

Buffers of one device that have their contents in common with those of others are such a bundle,
too: what it has then are :class:`~gluonx.engine.spread.Spread` arrays.
"""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ..error import MXNetError
from .buffer import Buffer
from .spread import Spread, fill

__all__ = ["GONE", "Bundle", "Part", "Selection", "take"]

#: A bundle that was found open by so many updates in a row is left so, but for every now and then.
_OPENED, _AGAIN = 3, 64
#: Held while a bundle is opened, or taken by an update.
_changing = threading.Lock()
_array = operator.attrgetter("array")
_pending = operator.attrgetter("pending")

GONE = (
    "the contents of this array are gone: an update failed after it had given up the old ones. "
    "Load the parameters again, from the last checkpoint."
)


class Part:
    """What a buffer waits for whose contents are in a bundle."""

    __slots__ = ("bundle", "aval")

    def __init__(self, bundle: Bundle, aval: Any):
        self.bundle = bundle
        self.aval = aval

    def force(self, buffer: Buffer) -> None:
        while buffer.pending is self:
            if not self.bundle.open() and buffer.pending is self:
                raise MXNetError(GONE)


class Bundle:
    """Buffers that updates write together.

    Attributes
    ----------
    buffers : list of Buffer
    arrays : tuple of jax.Array, or of Spread, or None
        Their contents, while they are in the bundle.
    parts : list of Part
        What each of them waits for then.
    updating : Updating or None
        The update that is about to replace the contents. If it waits in a queue, ``arrays`` has the
        parts: to the thread that called it they stand for what it will make.
    updates : int
        How many updates there were.
    """

    __slots__ = ("buffers", "arrays", "parts", "updating", "updates", "_opened", "_made")

    def __init__(self, buffers: list[Buffer]):
        self.buffers = buffers
        self.arrays: Sequence[Any] | None = None
        self.parts: list[Part] = []
        self.updating: Any = None
        self.updates = 0
        #: How many updates in a row have found it open.
        self._opened = 0
        #: The last update.
        self._made: Any = None

    def there(self, region: Any) -> Sequence[Any] | None:
        """The contents, as ``region`` (None: any) may take them, if they are in the bundle."""
        arrays = self.arrays
        if not arrays or type(arrays[0]) is not Part:
            return arrays
        updating = self.updating  # it waits: in the queue of another thread, or in this one's
        return arrays if updating is not None and updating.region is region else None

    def whole(self, region: Any) -> Sequence[Any] | None:
        """The contents of all buffers, as ``region`` may take them, if they are in the bundle."""
        arrays = self.there(region)
        if arrays is not None and list(map(_pending, self.buffers)) == self.parts:
            return arrays
        return None

    def wait(self) -> None:
        """The update has to wait in the queue of its region."""
        self.arrays = tuple(self.parts)

    def give(self, arrays: tuple, updating: Any) -> None:
        """The update is done. May be interrupted, and called again."""
        if self.updating is updating:
            self.arrays = arrays
            self._made = updating  # so that it is not taken for another one if it comes again
            self.updating = None
            self.updates += 1
            self._opened = 0
            return
        with _changing:
            if self._made is not updating:
                self._opened += 1
                self.updates += 1
                again = self._opened <= _OPENED or self._opened % _AGAIN == 0
                self.parts = [Part(self, a.aval) for a in arrays] if again else []
                self.arrays = arrays if again else None
                self._made = updating
            waits: Any = [None] * len(arrays) if self.arrays is None else self.parts
            for buffer, part, array in zip(self.buffers, waits, arrays, strict=True):
                if buffer.pending is updating:
                    buffer.shared = False  # not before: a failed update restores the old contents
                    if part is None:
                        fill(buffer, array)
                    else:
                        buffer.version += 1
                        buffer.pending = part

    def restore(self, old: Sequence[Any], updating: Any, before: Any = None) -> None:
        """The update has failed: give the old contents back, as far as they still exist.

        ``before`` is the update that was to make them, if it waits.
        """
        with _changing:
            if self.updating is updating:
                self.arrays, self.updating = old, before
                if before is not None or not any(a.is_deleted() for a in old):
                    return
                self._hand_out()
        for buffer, contents in zip(self.buffers, old, strict=True):
            if buffer.pending is updating:
                if hasattr(contents, "is_deleted") and contents.is_deleted():
                    continue
                if hasattr(contents, "force"):  # it waits, or the array is on several devices
                    buffer.pending = contents
                else:
                    buffer.array = contents
                    buffer.pending = None

    def open(self) -> bool:
        """Give each buffer its own contents; False if they are gone."""
        updating = self.updating
        if updating is not None:  # wait for it
            updating.region.run()
        with _changing:
            if self.arrays is None or self.updating is not None:
                return self.updating is not None
            self._hand_out()
            return True

    def _hand_out(self) -> None:
        for buffer, part, array in zip(self.buffers, self.parts, self.arrays or (), strict=True):
            if buffer.pending is part and not array.is_deleted():
                fill(buffer, array)
        self.arrays = None


def take(written: Sequence[Bundle], old: Sequence[Sequence[Any]], updating: Any) -> None:
    """Let the buffers of bundles, whose contents are ``old``, wait for an update."""
    with _changing:
        for bundle, contents in zip(written, old, strict=True):
            if bundle.arrays is contents:
                bundle.updating = updating
                bundle.arrays = None
                continue
            for buffer in bundle.buffers:
                buffer.pending = updating
                buffer.array = None


class Selection:
    """Some buffers, of which bundles have the contents of all or some."""

    __slots__ = ("spread", "_alone", "_inside", "_outside", "_pick")

    def __init__(self, buffers: Sequence[Buffer], bundles: Sequence[Bundle]):
        #: Whether there are Spread arrays among the contents.
        self.spread = any(type(a) is Spread for bundle in bundles for a in bundle.arrays or ())
        #: Each bundle with the buffers in it, and what these wait for until somebody opens it.
        self._inside: list[tuple[Bundle, list[Buffer], list[Part]]] = []
        places: dict[int, int] = {}
        for bundle in bundles:
            start = len(places)
            places.update((id(part), start + k) for k, part in enumerate(bundle.parts))
            own = [b for b in buffers if type(b.pending) is Part and b.pending.bundle is bundle]
            self._inside.append((bundle, own, list(map(_pending, own))))
        self._outside = [b for b in buffers if id(b.pending) not in places]
        self._alone = len(self._inside) == 1 and not self._outside
        rest = itertools.count(len(places))
        found = [places.get(id(b.pending)) for b in buffers]
        found = [next(rest) if k is None else k for k in found]
        self._pick: Callable = operator.itemgetter(*found, found[0])  # a tuple even if one

    @classmethod
    def of(cls, buffers: Sequence[Buffer], region: Any) -> Selection | None:
        """What there is for buffers of which at least one is in a bundle, None if none is."""
        if Part not in set(map(type, map(_pending, buffers))):
            return None
        bundles = dict.fromkeys(b.pending.bundle for b in buffers if type(b.pending) is Part)
        whole = [bundle for bundle in bundles if bundle.whole(region) is not None]
        return cls(buffers, whole) if whole else None

    def mark(self) -> Any:
        """What is another one once the contents are others: a number, or the update that is to make
        them; None where there is none, as several bundles have them, or buffers of their own."""
        if not self._alone:
            return None
        bundle = self._inside[0][0]
        return (bundle.updating or bundle.updates) if bundle.arrays else None

    def still(self, mark: Any) -> bool:
        """Whether the contents are certain to be what they were when they had this mark."""
        bundle, own, parts = self._inside[0]
        now = bundle.updating or bundle.updates
        return now == mark and list(map(_pending, own)) == parts

    @property
    def bundle(self) -> Bundle | None:
        """The bundle that has the contents of all."""
        return self._inside[0][0] if self._alone else None

    def pick(self, arrays: Sequence[Any]) -> list[Any]:
        """Those among the contents of the bundle."""
        return list(self._pick(arrays)[:-1])

    def contents(self, region: Any) -> list[Any] | None:
        """The contents of all, as ``region`` may take them, None for those that wait; None if a
        bundle was opened."""
        if self._alone:  # the usual case
            (bundle, own, parts) = self._inside[0]
            arrays = bundle.there(region)
            if not arrays or list(map(_pending, own)) != parts:
                return None
            return self.pick(arrays)
        pool: list[Any] = []
        for bundle, own, parts in self._inside:
            arrays = bundle.there(region)
            if arrays is None or list(map(_pending, own)) != parts:
                return None
            pool += arrays
        pool += map(_array, self._outside)
        return list(self._pick(pool)[:-1])
