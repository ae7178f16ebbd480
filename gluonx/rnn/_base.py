"""What all recurrent cells have in common."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from typing import Any

from .. import ndarray as nd
from .. import symbol
from ..block import Block, HybridBlock
from ..engine.state import state as _state
from ..error import HybridizeError
from . import _sequence
from ._packing import Packing

F: Any = symbol  # its functions take NDArrays, too

__all__ = ["HybridRecurrentCell", "Memory", "RecurrentCell", "make_states"]


class RecurrentCell(Packing, Block):
    """Base class of recurrent cells: one step of a recurrent network.

    A cell is called as ``output, states = cell(inputs, states)``. A subclass defines
    :meth:`state_info` and ``forward(inputs, states)``.

    Parameters
    ----------
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> class Sum(rnn.RecurrentCell):
    ...     def state_info(self, batch_size=0):
    ...         return [{'shape': (batch_size, 2), '__layout__': 'NC'}]
    ...     def forward(self, inputs, states):
    ...         total = states[0] + inputs
    ...         return total, [total]
    >>> outputs, states = Sum().unroll(3, nd.ones((1, 3, 2)), merge_outputs=True)
    >>> outputs.asnumpy().tolist()
    [[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]]
    """

    def __init__(self, prefix: str | None = None, params: Any = None):
        super().__init__(prefix=prefix, params=params)
        self._modified = False

    def reset(self) -> None:
        """Forget what was kept of the last sequence; ``unroll`` begins with it."""
        for cell in self._children.values():
            if isinstance(cell, RecurrentCell):
                cell.reset()

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        """Shape and layout of each state.

        Parameters
        ----------
        batch_size : int
            Number of samples.

        Returns
        -------
        list of dict
            With the keys ``'shape'`` and ``'__layout__'``.
        """
        raise NotImplementedError(f"{type(self).__name__} must define state_info(batch_size)")

    def begin_state(
        self, batch_size: int = 0, func: Callable[..., Any] = nd.zeros, **kwargs: Any
    ) -> list[Any]:
        """States to begin a sequence with.

        Parameters
        ----------
        batch_size : int
            Number of samples. Without it, and without other arguments, the states are symbols of
            zeros, for as many samples as they are used with.
        func : callable
            Makes a state: ``nd.zeros``, ``nd.ones``, ``sym.var``, ... It gets ``shape`` and of
            ``name``, ``__layout__`` and ``kwargs`` what it takes.
        **kwargs
            ``dtype``, ``ctx``, ...

        Returns
        -------
        list of NDArray or Symbol

        Examples
        --------
        >>> from gluonx import rnn
        >>> [s.shape for s in rnn.LSTMCell(5).begin_state(3)]
        [(3, 5), (3, 5)]
        """
        if self._modified:
            raise RuntimeError(
                f"{self.name} is inside a modifier cell, whose begin_state() is to be called"
            )
        if batch_size == 0 and func is nd.zeros and not kwargs:
            func = symbol.zeros
        return self._make_states(batch_size, func, kwargs)

    def _make_states(self, batch_size: int, func: Callable, more: dict[str, Any]) -> list[Any]:
        return make_states(self.prefix, self.state_info(batch_size), func, more)

    def _zero_states(self, like: Any) -> list[Any]:
        """Zeros for the samples along the first axis of ``like``."""
        return [
            _sequence.zeros(like, 0, info["shape"], info["__layout__"].index("N"))
            for info in self.state_info()
        ]

    def unroll(
        self, length: int, inputs: Any, begin_state: list[Any] | None = None, layout: str = "NTC",
        merge_outputs: bool | None = None, valid_length: Any = None,
    ) -> tuple[Any, list[Any]]:  # fmt: skip
        """Run the cell along a sequence.

        Parameters
        ----------
        length : int
            Number of steps.
        inputs : NDArray or Symbol, or a list of them
            The whole sequence, or one array for each step.
        begin_state : list, optional
            States to begin with; zeros by default.
        layout : str
            Where time (T) and samples (N) are in the whole sequence: ``'NTC'`` or ``'TNC'``.
        merge_outputs : bool, optional
            Whether the outputs are one array. By default they are a list, but one array with
            ``valid_length``.
        valid_length : NDArray or Symbol, optional
            Length of each sample's sequence, shape (N,). Outputs beyond it are zeros, and the
            states are those after its last step.

        Returns
        -------
        outputs : list or NDArray or Symbol
        states : list
            The states after the last step.
        """
        self.reset()
        steps = _sequence.split(length, inputs, layout)
        states = self._zero_states(steps[0]) if begin_state is None else list(begin_state)
        outputs, passed = [], []
        for step in steps:
            output, states = self(step, states)
            outputs.append(output)
            passed.append(states)
        if valid_length is not None:
            states = [
                F.SequenceLast(F.stack(*s, axis=0), valid_length, use_sequence_length=True)
                for s in zip(*passed, strict=True)
            ]
            return _sequence.mask(length, outputs, layout, valid_length, merge_outputs), states
        return (_sequence.join(outputs, layout) if merge_outputs else outputs), states

    def _get_activation(self, F: Any, inputs: Any, activation: Any, **kwargs: Any) -> Any:
        """The activation, given by name or as a function, of the inputs."""
        if isinstance(activation, str):
            return F.Activation(inputs, act_type=activation, **kwargs)
        return activation(inputs)


class HybridRecurrentCell(RecurrentCell, HybridBlock):
    """Base class of cells that can be hybridized.

    A subclass defines :meth:`state_info` and ``hybrid_forward(F, inputs, states, ...)``.

    Parameters
    ----------
    prefix, params
        See :class:`gluonx.gluon.Block`.
    """

    def hybrid_forward(self, F: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} must define hybrid_forward(self, F, inputs, states, ...)"
        )


class Memory:
    """Arrays that a cell keeps from one step of a sequence to the next.

    What is kept while a block is being compiled is of that compilation alone.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Any] = {}
        self._trace: weakref.ref | None = None

    def clear(self) -> None:
        """Forget everything: a sequence begins."""
        self._arrays.clear()
        self._trace = None if _state.trace is None else weakref.ref(_state.trace)

    def open(self, cell: Block) -> dict[str, Any]:
        """What is kept, to be read and changed."""
        now = _state.trace
        if now is None and self._trace is not None:
            self.clear()
        elif now is not None and (self._trace is None or self._trace() is not now):
            raise HybridizeError(
                f"{cell.name} keeps arrays from step to step, so inside a hybridized block a whole "
                "sequence must run in one call: use unroll(), or call reset() before the first step"
            )
        return self._arrays


def make_states(
    prefix: str, infos: list[dict[str, Any]], func: Callable, more: dict[str, Any]
) -> list[Any]:
    """A state for each of ``infos``, by ``func``."""
    states = []
    for i, info in enumerate(infos):
        named = {"name": f"{prefix}begin_state_{i}", **info, **more}
        states.append(func(**_accepted(func, named)))
    return states


def _accepted(func: Callable, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that ``func`` takes; ``shape`` and what the user gave are never left out."""
    try:
        parameters = inspect.signature(func).parameters
    except (TypeError, ValueError):
        return given
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return given
    optional = ("name", "__layout__")
    return {k: v for k, v in given.items() if k in parameters or k not in optional}
