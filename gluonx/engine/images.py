"""Images with their channels last, though the network has them first.

XLA's convolutions for a CPU take channels last. A network that has them first gets a transposition
before and behind each of them, a tenth of a training step. So while a block is compiled, the result
of a convolution is kept as it was made as well, and an operator that has said how it does the same
with channels last (``channels_last``, see :class:`~gluonx.engine.op.Op`) takes that one. What is
behind it, code or operator, sees the array that it should, a transposition of what was made, which
XLA drops where nobody looks at it; the gradient goes the way that the values came.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .state import state
from .target import target

__all__ = ["Images", "elementwise", "first", "keeping", "last", "through", "wanted"]

#: An array that was not made with channels last is transposed for one that was if it is so many
#: times smaller: the factors of a squeeze-and-excitation block.
_SMALL = 16


def last(a: Any) -> Any:
    """(batch, channels, height, width) as (batch, height, width, channels)."""
    return jnp.moveaxis(a, 1, -1)


def first(a: Any) -> Any:
    """(batch, height, width, channels) as (batch, channels, height, width)."""
    return jnp.moveaxis(a, -1, 1)


class _Made:
    """An array that was made with channels last."""

    __slots__ = ("seen", "made", "settled", "used")

    def __init__(self, made: Any):
        #: What others see; held, so that no other array can get its identity.
        self.seen = first(made)
        self.made = made
        #: The same, that XLA has to put into memory. If it is not used it costs nothing; made here
        #: it belongs to the same trace, though a loop's body may be the first to use it.
        self.settled = jax.lax.optimization_barrier(made)
        self.used = False


class Images:
    """Which arrays of a trace were made with channels last."""

    def __init__(self) -> None:
        self._all: dict[int, _Made] = {}

    def keep(self, made: Any) -> Any:
        """What was made with channels last, with channels first."""
        found = _Made(made)
        self._all[id(found.seen)] = found
        return found.seen

    def made(self, a: Any) -> Any:
        """``a`` as it was made, with channels last; None if it was not."""
        found = self._all.get(id(a))
        if found is None:
            return None
        return found.settled if found.used else found.made

    def settled(self, a: Any) -> Any:
        """As :meth:`made`, for an operator that needs it in memory: whoever takes it from now on,
        the gradient as well, finds it there.

        XLA computes elementwise work anew in each operation that takes its result, and a residual
        block's data is a sum over all blocks before.
        """
        found = self._all.get(id(a))
        if found is None:
            return None
        found.used = True
        return found.settled


#: ``(images, arrays, attributes) -> (arrays, attributes)`` with which the operator makes its first
#: output with channels last, or None.
Way = Callable[[Images, Sequence[Any], dict], Any]


def elementwise(images: Images, arrays: Sequence[Any], attrs: dict) -> Any:
    """The way of operators whose outputs at a place depend on the inputs there."""
    made = [images.made(a) for a in arrays]
    if all(there is None for there in made):
        return None
    given, most = [], max(a.size for a in arrays)
    for a, there in zip(arrays, made, strict=True):
        if there is None and (a.ndim != 4 or a.size * _SMALL > most):
            return None
        given.append(last(a) if there is None else there)
    return given, attrs


def through(way: Way, fn: Callable, arrays: Sequence[Any], attrs: dict) -> Any:
    """An operator's outputs, made with channels last; None where that cannot be or gains nothing.

    Parameters
    ----------
    way : callable
        What the operator has said.
    fn : callable
        The operator.
    arrays : sequence of array or None
        Its inputs.
    attrs : dict
        Its attributes.
    """
    images: Any = state.images
    try:
        found = way(images, arrays, attrs)
        if found is None:
            return None
        outs = fn(*found[0], **found[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        # to be said of the arrays that the user has
        return None
    if not isinstance(outs, (tuple, list)):
        return images.keep(outs)
    return images.keep(outs[0]), *outs[1:]


def wanted() -> Images | None:
    """What a trace that begins keeps; None where channels are as good anywhere."""
    return Images() if target() == "cpu" else None


def keeping(fn: Callable) -> Callable:
    """A function that calls operators, as one in which images are kept with channels last.

    It keeps its own: it may be the body of a loop, whose arrays are nobody else's.
    """

    @functools.wraps(fn)
    def run(*arrays):
        before = state.images
        state.images = wanted()
        try:
            return fn(*arrays)
        finally:
            state.images = before

    return run
