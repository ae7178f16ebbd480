"""Where an update on several devices finds its inputs."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..buffer import Buffer
from ..kernel import Kernel
from ..region import Region
from ..stage import place, ref
from ._held import LISTED
from ._written import Written

__all__ = ["Update", "Way"]


class Update(NamedTuple):
    """What is to be done, see :func:`~gluonx.engine.replicas.run_replicated`."""

    kernel: Kernel
    written: Written
    grads: Sequence[Sequence[Buffer]]
    numbers: Sequence[Any]
    reduce: bool


class Way:
    """Where an update's inputs come from: the same for all steps that end at the same stage.

    Attributes
    ----------
    first : int
        How many arrays the region has that the work before the update needs.
    refs, slots : list of int
        Those of what the update writes.
    places : list of int
        The slots of the inputs that are among these arrays.
    made : list of (int, int, int)
        The gradients that are deferred: their number, and the node and output that makes them.
    kept : list of int
        The gradients that are not.
    sweep : int or None
        The node that makes all gradients, if there is one; ``taken`` finds them in its outputs.
    given : callable or None
        The other way round, if it makes no others: finds its outputs in the gradients.
    others : list of int
        The slots of arrays that the update does not take, such as the batch.
    own : set of int
        The refs of the gradients, less ``diff``.
    spent : set of int
        The nodes of which nothing but these gradients can be wanted.
    values : list of (int, int, int), or None
        The nodes and outputs, with their numbers, of which somebody may have the result; None if
        there are other gradients, too.
    references : list of int
        How often :func:`~gluonx.engine.replicas._held.counts` finds each of the arrays that are
        written in a list, if nobody has them besides the regions.
    """

    values: list[tuple[int, int, int]] | None = None
    #: What :func:`~gluonx.engine.replicas._held.counts` gave for what the bundles had, when these
    #: had the same, and nobody else had it.
    alone: list[int] | None = None

    #: How many steps in a row had no memory of old gradients to give up.
    missed = 0

    def __init__(self, update: Update, refs: tuple[int, ...], region: Region, first: int):
        written = update.written
        count = len(written.params[0]) + len(written.states)
        grads = range(count, count + len(update.grads[0]))
        devices = len(written.params)
        self.first = first
        self.refs = refs[:count]
        self.slots = [r >> 1 for r in refs[:count]]
        self.places = [r >> 1 for r in refs if 0 <= r >> 1 < first]
        self.made = [(i - count, *place(refs[i])) for i in grads if refs[i] < 0]
        self.kept = [i - count for i in grads if refs[i] >= 0]
        makers = {position for _, position, _ in self.made}
        self.sweep: Any = makers.pop() if len(makers) == 1 and not self.kept else None
        indices = [index for _, _, index in self.made]
        self.taken = _picker(indices)
        self.given: Any = None
        if self.sweep is not None and len(indices) == len(region.nodes[self.sweep].outputs):
            self.given = _picker(sorted(range(len(indices)), key=indices.__getitem__))
        self.others = [slot for slot in range(first) if slot not in self.places]
        self.own = {refs[i] & ~1 if refs[i] >= 0 else refs[i] for i in grads}
        self.spent = {
            at
            for at, node in enumerate(region.nodes)
            if node.kernel is None and self.own.issuperset(node.numbers)
        }
        nodes = [(at, n) for at, n in enumerate(region.nodes) if at not in self.spent]
        if not any([node.kernel is None for _, node in nodes]):
            self.values = [
                (at, k, ref(at, k, False))
                for at, node in nodes
                for k, value in enumerate(node.outputs)
                if value is not None
            ]
        self.references = [LISTED + (devices if slot < first else 1) for slot in self.slots]
        self._known: dict[int, list[int]] = {}
        self.donate = tuple(dict.fromkeys(self.slots))

    def known(self, first: int, lists: int) -> list[int]:
        """:attr:`references` where so many lists also have the ``first`` parameters, and one has
        the states."""
        found = self._known.get(lists)
        if found is None:
            found = [n + lists for n in self.references[:first]]
            found += [n + 1 for n in self.references[first:]]
            self._known[lists] = found
        return found

    def alike(self, regions: Sequence[Region], contents: Sequence[tuple]) -> bool:
        """Whether all regions have the update's inputs at the same places as the first one, where
        they were found; ``contents`` they have of the gradients."""
        places, sweep, first = self.places, self.sweep, contents[0]
        mine = list(map(regions[0].arrays.__getitem__, places))
        for region, theirs in zip(regions[1:], contents[1:], strict=True):
            arrays, nodes = region.arrays, region.nodes
            if len(arrays) != self.first:
                return False
            if not all(map(operator.is_, map(arrays.__getitem__, places), mine)):
                return False
            if sweep is not None:
                if self.taken(nodes[sweep].outputs) != theirs:
                    return False
                continue
            for j, position, index in self.made:
                if theirs[j] is not nodes[position].outputs[index]:
                    return False
            if not all([theirs[j] is first[j] for j in self.kept]):
                return False
        return True


def _picker(indices: list[int]) -> Callable[[Sequence], tuple]:
    """A function that gives the entries of a sequence at some indices, as a tuple."""
    if len(indices) == 1:
        return lambda found: (found[indices[0]],)
    return operator.itemgetter(*indices) if indices else lambda found: ()
