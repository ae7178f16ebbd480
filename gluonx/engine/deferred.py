"""Deferred values: what a buffer waits for while the work that makes it is pending on a region."""

from __future__ import annotations

import itertools
import operator
import threading
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

from ..error import MXNetError
from . import tape
from .buffer import Buffer, Zeros
from .graph import STALE, Node, Value, Variable
from .spread import Spreads, fill
from .state import nobody, state

__all__ = [
    "Backward",
    "Deferred",
    "fresh",
    "hold",
    "released",
    "take_spare",
    "use_gradients",
    "wait_instead",
    "zero",
]

#: Held while the results of a backward pass are handed out, or the pass begins anew.
_changing = threading.Lock()
_pending = operator.attrgetter("pending")
_buffer = operator.attrgetter("grad._buffer")
_by = operator.attrgetter("by")


#: In the place of nodes that a deferred backward pass has released.
_gone = Node(None, (), ())
_gone.release()


class _Passed(tape.FunctionPullback):
    def __call__(self, slots: dict[int, Any]) -> Sequence[Any]:
        return list(slots.values())[:1]


#: In the place of nodes whose inputs all come from such: a backward pass to them is refused.
_cut = Node(None, (Value(_gone, 0),), (None,))
_cut.pullback = _Passed()


class Deferred(Value):
    """A value that its region has not computed yet; what a buffer waits for.

    ``holder`` is a weak reference to the Buffer or view that wants it: a value that nobody holds is
    not an output of its region.
    """

    __slots__ = ("holder",)

    def __init__(self, node: Node | None, index: int, aval: Any = None):
        self.node = node
        self.index = index
        self.aval = aval
        self.holder: Any = nobody

    def hold(self, holder: Any) -> None:
        self.holder = weakref.ref(holder)

    def computed(self, node: Node | None, index: int) -> None:
        """The region has run, and is ``node`` on the tape, if it is recorded."""
        if self.holder is not nobody:
            source = self.node
            gone = _gone if source.released else _cut if any(source.inputs) else None
            self.node, self.index, self.holder = node or gone, index, nobody

    def force(self, buffer: Buffer) -> None:
        node = self.node
        if type(node) is Backward:
            while buffer.pending is self and node.open():
                pass
        elif node is not None and node.region is not None:
            node.region.run()
        if buffer.pending is self:
            raise MXNetError(
                "the value of this array was never computed: the deferred work that makes it "
                "failed before. Run that work again and look at its error."
            )


def released(aval: Any) -> Deferred:
    """In the place of a value that was computed, and that a backward pass has released."""
    return Deferred(_gone, 0, aval)


def hold(buffer: Buffer, value: Deferred) -> None:
    """Let ``buffer`` hold a deferred value."""
    value.holder = weakref.ref(buffer)  # before: after an interrupt nobody would compute it
    buffer.defer(value)


#: Instead of results: all gradients are zero.
_ZEROS: Any = object()


class Backward(Node):
    """A deferred backward pass, and then what it has found.

    The gradients stay with it until somebody looks at one. If nobody has when the next training
    step makes the same pass, the buffers need not be told that they wait again. Nor need they if a
    later pass replaces the gradients or adds to them: it is the same node, further on.

    Attributes
    ----------
    over : tuple of int
        The positions of the nodes that run under it.
    variables : tuple of Variable
        Whose gradients it finds; ``buffers`` and ``outputs`` belong to them one by one.
    results : tuple of jax.Array, or Spreads, or None
        The gradients, while they are here.
    fresh : bool
        Whether no Trainer has used them.
    spare : Spreads or None
        The results of the pass before, for an update that comes next, see :func:`take_spare`.
    passed : Node
        What stays at its position on the region when it moves on.
    """

    __slots__ = (
        "over", "variables", "results", "fresh", "spare", "passed", "buffers", "numbers",
    )  # fmt: skip

    #: In the place of the position of a pass that is added to: the gradients are zero.
    ZERO = -1

    passed: Backward

    def __init__(self, variables: tuple[Variable, ...] = (), over: tuple[int, ...] = ()):
        super().__init__(None, (), ())
        self.over = over
        self.variables = variables
        self.results: tuple | Spreads | None = None
        self.fresh = False
        self.spare: Any = None
        self.buffers: list[Buffer] = list(map(_buffer, variables))
        self.numbers: Sequence[int] = ()
        self.outputs = [
            Deferred(self, k, b._aval() if (a := b.array) is None else a.aval)
            for k, b in enumerate(self.buffers)
        ]

    def _free(self, region: Any) -> bool:
        """Whether it may be on ``region`` now: it is on none, or in the queue of this one."""
        mine = self.region
        return mine is None or mine.queued_on is region

    def _untouched(self) -> bool:
        """Whether the buffers wait for it."""
        return (
            list(map(_pending, self.buffers)) == self.outputs
            and list(map(_buffer, self.variables)) == self.buffers
        )

    def again(self, region: Any, since: int | None, stage: Any, sweep: tuple) -> bool:
        """Begin anew on ``region`` if nobody has touched the gradients since the last time.

        ``since`` is the position of the pass whose gradients it adds to, or ZERO; None if it
        replaces them. ``stage`` and ``sweep`` are for :meth:`Region.add_sweep`.
        """
        with _changing:
            if since is not None and since >= 0:
                there = region.nodes[since] is self
            elif since is None:
                there = self._free(region) and not (self.results is None and self.region is None)
            else:
                there = self._free(region) and self.results is _ZEROS
            if not there or not self._untouched():
                return False
            self.spare = self.results if type(self.results) is Spreads else None
            region.add_sweep(self, stage, sweep)
            return True

    def begin(self, region: Any, variables: tuple[Variable, ...], stage: Any, sweep: tuple) -> bool:
        """Let the gradients of ``variables`` wait for what it will find on ``region``, if it is not
        on another one: threads may share a network.

        An interrupt leaves it on the region, with some buffers that wait for it and some that still
        have their old contents; never with buffers that wait for what no region will make.
        """
        with _changing:
            if (
                not (self.region is region or self._free(region))
                or self.variables != variables
                or list(map(_buffer, variables)) != self.buffers
            ):
                return False
            self._hand_out()
            region.add_sweep(self, stage, sweep)
        for buffer, value in zip(self.buffers, self.outputs, strict=True):
            wait_instead(buffer, value)
        return True

    def untouched(self) -> bool:
        """Whether nobody has replaced the gradients."""
        with _changing:
            return self._untouched()

    def lend(self, script: Any, zeros: bool) -> bool:
        """Let the gradients wait for what a script has noted, if nobody has touched them since the
        last time; they must be zero, if so asked. The script keeps what it had found."""
        with _changing:
            found = self.results
            there = found is _ZEROS if zeros else found is not None
            if not there or self.region is not None or not self._untouched():
                return False
            script.before = found  # first: an interrupt may come anywhere
            self.region, self.results, self.spare = script, None, None
            return True

    def give_back(self, found: Any) -> None:
        """It waits for no script any more."""
        with _changing:
            self.results, self.region = found, None

    def put(self, region: Any, stage: Any, sweep: tuple) -> None:
        """Begin on ``region`` what a script has noted."""
        with _changing:
            region.add_sweep(self, stage, sweep)

    def found(self, results: tuple, script: Any) -> None:
        """What a script has noted was computed."""
        with _changing:
            if self.region is script:
                self.results, self.region = results, None

    def wrote(self) -> None:
        """Note that it writes the gradients."""
        self.fresh = True
        if set(map(_by, self.variables)) != {self}:
            for variable in self.variables:
                variable.by = self

    def open(self) -> bool:
        """Give each buffer its own contents; False if they were never computed."""
        region = self.region
        if region is not None:
            region.run()
        return self.hand_out() or (self.region is not None and self.region is not region)

    def hand_out(self) -> bool:
        """Give each buffer its own contents, if they are here."""
        with _changing:
            return self._hand_out()

    def _hand_out(self) -> bool:
        if self.results is None:
            return False
        zero = self.results is _ZEROS
        found: Iterable = itertools.repeat(None) if zero else self.results
        for buffer, value, array in zip(self.buffers, self.outputs, found, strict=False):
            if buffer.pending is value:
                if zero:
                    buffer.defer(Zeros(value.aval.shape, value.aval.dtype))
                else:
                    fill(buffer, array)
        self.results = None
        return True

    def zero(self) -> bool:
        """Let the gradients be zero, if nobody has touched them, and no work that is pending may
        yet write them."""
        with _changing:
            mine = self.region
            idle = mine is None or mine.queued_on in state.regions.values()
            if not idle or (mine is None and self.results is None) or not self._untouched():
                return False
            self.region, self.results = None, _ZEROS
            return True

    @property
    def zeros(self) -> bool:
        """Whether the gradients are zero."""
        return self.results is _ZEROS


def take_spare(passes: Sequence[Any], team: Any) -> tuple | None:
    """The gradients that these passes found the last time, if the devices of a team have them in
    common, and nobody has seen one: arrays whose memory the new ones may have."""
    with _changing:
        found = passes[0].spare
        alike = all([one.spare is found and one.results is None for one in passes])
        for one in passes:
            one.spare = None
        return found.unseen(team) if alike and found is not None else None


def wait_instead(buffer: Buffer, pending: Any) -> None:
    """Let the buffer of a gradient wait for something else."""
    before = buffer.pending
    if type(before) is Deferred and type(before.node) is Backward:
        before.node.hand_out()
    buffer.defer(pending)


def fresh(variables: Sequence[Variable]) -> bool:
    """Whether backward passes have written all gradients since a Trainer last used them."""
    return all([by.fresh for by in set(map(_by, variables))])


def use_gradients(variables: Sequence[Variable]) -> None:
    """A Trainer has used the gradients of ``variables``."""
    by = set(map(_by, variables))
    if set(map(type, by)) == {Backward}:
        if sum([len(one.variables) for one in by]) == len(variables):
            for one in by:
                one.fresh = False
            return
    for variable in variables:
        variable.by = STALE


def zero(variables: Sequence[Variable]) -> bool:
    """Let the gradients of ``variables`` be zero; False if they have to be told one by one."""
    passes = set(map(_by, variables))
    if set(map(type, passes)) != {Backward}:
        return False
    if sum([len(one.variables) for one in passes]) != len(set(variables)):
        return False
    return all([one.zero() for one in passes])
