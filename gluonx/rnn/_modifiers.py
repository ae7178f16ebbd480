"""Cells that change what another cell does."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import _sequence
from ._base import HybridRecurrentCell, Memory
from ._containers import BidirectionalCell, SequentialRNNCell

__all__ = ["DropoutCell", "ModifierCell", "ResidualCell", "ZoneoutCell"]


class DropoutCell(HybridRecurrentCell):
    """Dropout of the inputs; it has no states. For a stack of cells.

    Parameters
    ----------
    rate : float
        The share of elements set to zero while training.
    axes : tuple of int
        Axes along which all elements share one decision.
    prefix, params
        See :class:`gluonx.gluon.Block`.
    dropout : float
        ``mx.rnn``'s name for ``rate``.

    Inputs
    ------
    inputs : NDArray, any shape
    states : list

    Outputs
    -------
    output : NDArray, the same shape
    states : list
        As given.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.DropoutCell(0.5)
    >>> cell(nd.ones((1, 2)), [])[0].asnumpy().tolist()  # no change outside training
    [[1.0, 1.0]]
    """

    def __init__(
        self, rate: float | None = None, axes: tuple[int, ...] = (), prefix: str | None = None,
        params: Any = None, *, dropout: float | None = None,
    ):  # fmt: skip
        rate = dropout if rate is None else rate
        if rate is None:
            raise TypeError("DropoutCell() takes rate, or dropout as mx.rnn's cell does")
        super().__init__(prefix=prefix, params=params)
        if not 0 <= rate <= 1:
            raise ValueError(f"DropoutCell: rate must be from 0 to 1, got {rate}")
        self._rate = rate
        self._axes = axes

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rate={self._rate}, axes={self._axes})"

    def _alias(self) -> str:
        return "dropout"

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return []

    def hybrid_forward(self, F: ModuleType, inputs: Any, states: Any) -> Any:  # type: ignore[override]
        if self._rate > 0:
            inputs = F.Dropout(inputs, p=self._rate, axes=self._axes)
        return inputs, states

    def unroll(
        self, length: int, inputs: Any, begin_state: list[Any] | None = None, layout: str = "NTC",
        merge_outputs: bool | None = None, valid_length: Any = None,
    ) -> tuple[Any, list[Any]]:  # fmt: skip
        """Drop elements of the whole sequence; see :meth:`RecurrentCell.unroll`."""
        self.reset()
        if merge_outputs is None:
            merge_outputs = _sequence.is_one(inputs)
        if merge_outputs:
            return self(_sequence.join(inputs, layout), begin_state or [])
        steps = _sequence.split(length, inputs, layout)
        return [self(x, [])[0] for x in steps], begin_state or []


class ModifierCell(HybridRecurrentCell):
    """Base class of cells that change what another cell does; they share its parameters.

    Parameters
    ----------
    base_cell : RecurrentCell
        The cell that is changed. It is not to be called by itself any more.
    """

    def __init__(self, base_cell: Any):
        base_cell._modified = True
        super().__init__(prefix=base_cell.prefix + self._alias(), params=None)
        self.base_cell = base_cell

    @property
    def params(self) -> Any:
        """The parameters of the base cell."""
        return self.base_cell.params

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return self.base_cell.state_info(batch_size)

    def _make_states(self, batch_size: int, func: Callable, more: dict[str, Any]) -> list[Any]:
        return self.base_cell._make_states(batch_size, func, more)


class ZoneoutCell(ModifierCell):
    """While training, random elements of outputs and states stay as they were before the step.

    Krueger et al., "Zoneout: regularizing RNNs by randomly preserving hidden activations", 2016.

    Parameters
    ----------
    base_cell : RecurrentCell
    zoneout_outputs, zoneout_states : float
        The share of elements of the output, and of the states, that stay.

    Inputs
    ------
    inputs, states
        Those of the base cell.

    Outputs
    -------
    output, states
        Those of the base cell.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.ZoneoutCell(rnn.GRUCell(4), zoneout_states=0.2)
    >>> cell.initialize()
    >>> cell(nd.ones((2, 3)), cell.begin_state(2))[0].shape
    (2, 4)
    """

    def __init__(self, base_cell: Any, zoneout_outputs: float = 0.0, zoneout_states: float = 0.0):
        if isinstance(base_cell, BidirectionalCell):
            raise ValueError(
                "ZoneoutCell works on steps, which BidirectionalCell does not make; put it around "
                "each of the two cells"
            )
        for what, p in (("outputs", zoneout_outputs), ("states", zoneout_states)):
            if not 0 <= p <= 1:
                raise ValueError(f"ZoneoutCell: zoneout_{what} must be from 0 to 1, got {p}")
        super().__init__(base_cell)
        self.zoneout_outputs = zoneout_outputs
        self.zoneout_states = zoneout_states
        self._memory = Memory()

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p_out={self.zoneout_outputs}, p_state={self.zoneout_states}, "
            f"{self.base_cell!r})"
        )

    def _alias(self) -> str:
        return "zoneout"

    def reset(self) -> None:
        super().reset()
        self._memory.clear()

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        """Compile the base cell; what is kept from step to step stays outside."""
        super().hybridize(active, **kwargs)
        self._active = False

    def hybrid_forward(self, F: ModuleType, inputs: Any, states: Any) -> Any:  # type: ignore[override]
        output, new = self.base_cell(inputs, states)
        p = self.zoneout_outputs
        if p:
            memory = self._memory.open(self)
            before = memory.get("output")
            before = F.zeros_like(output) if before is None else before
            output = memory["output"] = _zoned(F, p, output, before)
        p = self.zoneout_states
        if p:
            new = [_zoned(F, p, a, b) for a, b in zip(new, states, strict=True)]
        return output, new


def _zoned(F: ModuleType, p: float, new: Any, old: Any) -> Any:
    return F.where(F.Dropout(F.ones_like(new), p=p), new, old)


class ResidualCell(ModifierCell):
    """Adds the input to the output.

    Wu et al., "Google's neural machine translation system", 2016.

    Parameters
    ----------
    base_cell : RecurrentCell
        A cell whose output has the shape of its input.

    Inputs
    ------
    inputs, states
        Those of the base cell.

    Outputs
    -------
    output, states
        Those of the base cell.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.ResidualCell(rnn.GRUCell(3))
    >>> cell.initialize()
    >>> cell(nd.ones((2, 3)), cell.begin_state(2))[0].shape
    (2, 3)
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_cell!r})"

    def hybrid_forward(self, F: ModuleType, inputs: Any, states: Any) -> Any:  # type: ignore[override]
        output, states = self.base_cell(inputs, states)
        return output + inputs, states

    def unroll(
        self, length: int, inputs: Any, begin_state: list[Any] | None = None, layout: str = "NTC",
        merge_outputs: bool | None = None, valid_length: Any = None,
    ) -> tuple[Any, list[Any]]:  # fmt: skip
        """Run the base cell along a sequence; see :meth:`RecurrentCell.unroll`."""
        self.reset()
        outputs, states = self.base_cell.unroll(
            length, inputs, begin_state, layout, merge_outputs, valid_length
        )
        if not _sequence.is_one(outputs):
            given = _sequence.split(length, inputs, layout)
        else:
            given = _sequence.join(inputs, layout)
        if valid_length is not None:
            merge = _sequence.is_one(outputs)
            given = _sequence.mask(length, given, layout, valid_length, merge)
        if _sequence.is_one(outputs):
            return outputs + given, states
        return [a + b for a, b in zip(outputs, given, strict=True)], states


def has_bidirectional(cell: Any) -> bool:
    """Whether a cell, or one of a stack, runs in both directions."""
    if isinstance(cell, SequentialRNNCell):
        return any(map(has_bidirectional, cell))
    return isinstance(cell, BidirectionalCell)
