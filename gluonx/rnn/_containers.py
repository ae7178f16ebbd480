"""Cells made of other cells, one on top of the other or in both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import symbol as F
from ..block import Block
from . import _sequence
from ._base import HybridRecurrentCell, RecurrentCell

__all__ = ["BidirectionalCell", "HybridSequentialRNNCell", "SequentialRNNCell"]


class _Stack:
    """What a stack of cells has besides being a cell."""

    _children: dict[str, Any]

    def add(self, cell: RecurrentCell) -> None:
        """Put a cell on top.

        Raises
        ------
        TypeError
            If something else than a cell is given.
        """
        if not isinstance(cell, RecurrentCell):
            raise TypeError(
                f"{type(self).__name__}.add() takes recurrent cells, got {cell!r}; layers such as "
                "rnn.LSTM run whole sequences"
            )
        self.register_child(cell)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._children)

    def __getitem__(self, i: int) -> Any:
        return list(self._children.values())[i]

    def __iter__(self) -> Iterator[Block]:
        return iter(list(self._children.values()))

    def __repr__(self) -> str:
        lines = [
            f"({name}): {repr(cell).replace(chr(10), chr(10) + '  ')}"
            for name, cell in self._children.items()
        ]
        return "\n".join([f"{type(self).__name__}(", *(lines or [""]), ")"])

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return [info for c in self._children.values() for info in c.state_info(batch_size)]

    def _make_states(self, batch_size: int, func: Callable, more: dict[str, Any]) -> list[Any]:
        cells = self._children.values()
        return [s for c in cells for s in c.begin_state(batch_size=batch_size, func=func, **more)]

    def _shares(self, states: Any) -> Iterator[tuple[Any, list[Any]]]:
        """Each cell with its part of the states."""
        states, at = list(states), 0
        wanted = sum(len(c.state_info()) for c in self._children.values())
        if len(states) != wanted:
            raise ValueError(
                f"{type(self).__name__} has {wanted} states, got {len(states)}; begin_state() "
                "makes them"
            )
        for cell in self._children.values():
            size = len(cell.state_info())
            yield cell, states[at : at + size]
            at += size

    def _step(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        after: list[Any] = []
        for cell, state in self._shares(states):
            inputs, state = cell(inputs, state)
            after += state
        return inputs, after

    def unroll(
        self, length: int, inputs: Any, begin_state: list[Any] | None = None, layout: str = "NTC",
        merge_outputs: bool | None = None, valid_length: Any = None,
    ) -> tuple[Any, list[Any]]:  # fmt: skip
        """Run the cells along a sequence, each along the whole of it; see
        :meth:`RecurrentCell.unroll`.
        """
        self.reset()  # type: ignore[attr-defined]
        if begin_state is None:
            steps = inputs = _sequence.split(length, inputs, layout)
            begin_state = self._zero_states(steps[0])  # type: ignore[attr-defined]
        after: list[Any] = []
        top = len(self._children) - 1
        for i, (cell, state) in enumerate(self._shares(begin_state)):
            inputs, state = cell.unroll(
                length, inputs, state, layout, merge_outputs if i == top else None, valid_length
            )
            after += state
        return inputs, after


class SequentialRNNCell(_Stack, RecurrentCell):
    """Cells one on top of the other.

    ``cell[i]`` is a cell of them, ``len(cell)`` their number.

    Parameters
    ----------
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    inputs
        What the first cell takes.
    states : list of NDArray
        Those of the first cell, then those of the second one, ...

    Outputs
    -------
    output
        What the last cell gives.
    states : list of NDArray

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.SequentialRNNCell()
    >>> cell.add(rnn.LSTMCell(4))
    >>> cell.add(rnn.GRUCell(3))
    >>> cell.initialize()
    >>> output, states = cell(nd.ones((2, 5)), cell.begin_state(batch_size=2))
    >>> output.shape, len(states)
    ((2, 3), 3)
    """

    def __init__(self, prefix: str | None = None, params: Any = None):
        super().__init__(prefix=prefix, params=params)

    def forward(self, inputs: Any, states: Any) -> Any:
        return self._step(inputs, states)


class HybridSequentialRNNCell(_Stack, HybridRecurrentCell):
    """Hybrid cells one on top of the other; see :class:`SequentialRNNCell`.

    Parameters
    ----------
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.HybridSequentialRNNCell()
    >>> cell.add(rnn.LSTMCell(4))
    >>> cell.add(rnn.DropoutCell(0.5))
    >>> cell.initialize()
    >>> cell.hybridize()
    >>> cell(nd.ones((2, 5)), cell.begin_state(batch_size=2))[0].shape
    (2, 4)
    """

    def __init__(self, prefix: str | None = None, params: Any = None):
        super().__init__(prefix=prefix, params=params)

    def hybrid_forward(self, F: Any, inputs: Any, states: Any) -> Any:  # type: ignore[override]
        return self._step(inputs, states)


class BidirectionalCell(HybridRecurrentCell):
    """One cell from the beginning of a sequence to the end, another one from the end.

    It runs whole sequences, by :meth:`unroll`; the outputs of both stand side by side.

    Parameters
    ----------
    l_cell, r_cell : RecurrentCell
        The cell that runs forward, and the one that runs backward.
    output_prefix, params
        Accepted for compatibility.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.BidirectionalCell(rnn.LSTMCell(4), rnn.LSTMCell(4))
    >>> cell.initialize()
    >>> outputs, states = cell.unroll(5, nd.ones((2, 5, 3)), merge_outputs=True)
    >>> outputs.shape, len(states)
    ((2, 5, 8), 4)
    """

    def __init__(self, l_cell: Any, r_cell: Any, output_prefix: str = "bi_", params: Any = None):
        super().__init__(prefix="", params=None)
        self.register_child(l_cell, "l_cell")
        self.register_child(r_cell, "r_cell")
        self._output_prefix = output_prefix

    def __repr__(self) -> str:
        forward, backward = self._children.values()
        return f"{type(self).__name__}(forward={forward!r}, backward={backward!r})"

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return [info for c in self._children.values() for info in c.state_info(batch_size)]  # type: ignore[attr-defined]

    def _make_states(self, batch_size: int, func: Callable, more: dict[str, Any]) -> list[Any]:
        cells: Any = self._children.values()
        return [s for c in cells for s in c.begin_state(batch_size=batch_size, func=func, **more)]

    def forward(self, inputs: Any, states: Any) -> Any:
        raise NotImplementedError(
            "BidirectionalCell needs the whole sequence and cannot make one step; use unroll()"
        )

    def unroll(
        self, length: int, inputs: Any, begin_state: list[Any] | None = None, layout: str = "NTC",
        merge_outputs: bool | None = None, valid_length: Any = None,
    ) -> tuple[Any, list[Any]]:  # fmt: skip
        """Run both cells along a sequence; see :meth:`RecurrentCell.unroll`."""
        self.reset()
        steps = _sequence.split(length, inputs, layout)
        states = self._zero_states(steps[0]) if begin_state is None else list(begin_state)
        forward, backward = self._children.values()
        size = len(forward.state_info())  # type: ignore[attr-defined]
        ahead, after = forward.unroll(  # type: ignore[attr-defined]
            length, steps, states[:size], layout, False, valid_length
        )
        back, back_after = backward.unroll(  # type: ignore[attr-defined]
            length, _sequence.reverse(steps, valid_length), states[size:], layout, False,
            valid_length,
        )  # fmt: skip
        back = _sequence.reverse(back, valid_length)
        outputs: Any = [F.concat(a, b, dim=1) for a, b in zip(ahead, back, strict=True)]
        if merge_outputs or (merge_outputs is None and valid_length is not None):
            outputs = _sequence.join(outputs, layout)
        return outputs, after + back_after
