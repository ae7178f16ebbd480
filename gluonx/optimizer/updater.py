"""Updaters: an optimizer applied to parameters by index."""

from __future__ import annotations

from typing import Any

from ..context import current_context
from ..engine.buffer import Buffer
from ..ndarray import NDArray
from ..ndarray.creation import put
from ..serialization import states as files
from .optimizer import Optimizer
from .saving import numbers_of, restore_numbers, unchanged_if_it_fails

__all__ = ["Updater", "get_updater"]


class Updater:
    """Applies an optimizer to parameters by index, making states as needed.

    Parameters
    ----------
    optimizer : Optimizer

    Attributes
    ----------
    states : dict
        The state of each index that was updated.

    Examples
    --------
    >>> import gluonx as gx
    >>> updater = gx.optimizer.get_updater(gx.optimizer.SGD(learning_rate=0.5))
    >>> weight = gx.nd.ones((2,))
    >>> updater(0, gx.nd.ones((2,)), weight)
    >>> weight.asnumpy().tolist()
    [0.5, 0.5]
    """

    def __init__(self, optimizer: Optimizer):
        self.optimizer = optimizer
        self.states: dict[Any, Any] = {}
        self._elsewhere: set[Any] = set()

    def __call__(self, index: Any, grad: Any, weight: Any) -> None:
        """Update ``weight`` in place; lists update several parameters."""
        if not isinstance(index, (list, tuple)):
            index, grad, weight = [index], [grad], [weight]
        for i, g, w in zip(index, grad, weight, strict=True):
            i = i.decode() if isinstance(i, bytes) else i
            if i not in self.states:
                self.states[i] = self.optimizer.create_state_multi_precision(i, w)
            elif i in self._elsewhere:
                self._elsewhere.discard(i)
                self.states[i] = self.sync_state_context(self.states[i], w.context)
            new = self.optimizer.update_multi_precision(i, w, g, self.states[i])
            if new is not None:
                self.states[i] = new

    def sync_state_context(self, state: Any, context: Any) -> Any:
        """The state with its arrays on a context."""
        if isinstance(state, NDArray):
            return state.as_in_context(context)
        if isinstance(state, (list, tuple)):
            return type(state)(self.sync_state_context(s, context) for s in state)
        if isinstance(state, dict):
            return {k: self.sync_state_context(s, context) for k, s in state.items()}
        return state

    def get_states(self, dump_optimizer: bool = False) -> bytes:
        """All states as bytes, in the format of :mod:`gluonx.serialization.states`.

        Parameters
        ----------
        dump_optimizer : bool
            Add how often each index was updated and the numbers of the optimizer and its scheduler
            (learning rate, momentum and so on).
        """
        content: dict[str, Any] = {"states": list(self.states.items())}
        if dump_optimizer:
            content.update(numbers_of(self.optimizer))
        return b"".join(files.dump(content))

    def set_states(self, states: bytes) -> None:
        """Take over states that :meth:`get_states` gave.

        Raises
        ------
        MXNetError
            If they are damaged, MXNet's pickled ones, or of another optimizer.
        """
        content = files.load(states, make=_array)
        found = content.get("states", {})
        with unchanged_if_it_fails(self.optimizer):
            restore_numbers(self.optimizer, content)
        self.states = found
        self._elsewhere = set(found)


def _array(host: Any) -> NDArray:
    ctx = current_context()
    return NDArray._new(Buffer(put(host, ctx), ctx))


def get_updater(optimizer: Optimizer) -> Updater:
    """A function ``updater(index, grad, weight)`` that applies ``optimizer``."""
    return Updater(optimizer)
