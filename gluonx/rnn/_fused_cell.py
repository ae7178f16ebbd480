"""FusedRNNCell: layers of a recurrent network as one operator, in the form of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import ndarray as nd
from .. import symbol
from ..initializer import FusedRNN
from ..ndarray import NDArray
from . import _sequence
from ._base import HybridRecurrentCell
from ._basic import GRUCell, LSTMCell, RNNCell
from ._containers import BidirectionalCell, SequentialRNNCell
from ._modifiers import DropoutCell

F: Any = symbol  # its functions take NDArrays, too

__all__ = ["FusedRNNCell"]


class FusedRNNCell(HybridRecurrentCell):
    """Recurrent layers that run a whole sequence as one operator, ``mx.rnn``'s form of them.

    All weights are one parameter, ``PREFIXparameters``.

    Parameters
    ----------
    num_hidden : int
        Size of each state.
    num_layers : int
    mode : {'rnn_relu', 'rnn_tanh', 'lstm', 'gru'}
    bidirectional : bool
    dropout : float
        Between layers, while training.
    get_next_state : bool
        Whether :meth:`unroll` gives the states after the last step; else an empty list.
    forget_bias : float
        Initial bias of an LSTM's forget gates.
    prefix : str, optional
        The mode and an underscore by default.
    params
        See :class:`gluonx.gluon.Block`.

    Examples
    --------
    >>> import gluonx as gx
    >>> cell = gx.rnn.FusedRNNCell(4, num_layers=2, mode='gru')
    >>> outputs, _ = cell.unroll(5, gx.sym.var('data'), layout='TNC', merge_outputs=True)
    >>> outputs.infer_shape(data=(5, 2, 3))
    ([(5, 2, 3), (228,)], [(5, 2, 4)], [])
    """

    def __init__(
        self, num_hidden: int, num_layers: int = 1, mode: str = "lstm", bidirectional: bool = False,
        dropout: float = 0.0, get_next_state: bool = False, forget_bias: float = 1.0,
        prefix: str | None = None, params: Any = None,
    ):  # fmt: skip
        self._layout = FusedRNN(None, num_hidden, num_layers, mode, bidirectional, forget_bias)
        super().__init__(prefix=f"{mode}_" if prefix is None else prefix, params=params)
        self._num_hidden, self._num_layers = num_hidden, num_layers
        self._mode, self._bidirectional = mode, bidirectional
        self._dropout = dropout
        self._get_next_state = get_next_state
        self.parameters = self.params.get(
            "parameters", shape=(0,), init=self._layout, allow_deferred_init=True
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mode}, {self._num_layers} x {self._num_hidden})"

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        shape = (self._num_layers * (1 + self._bidirectional), batch_size, self._num_hidden)
        return [{"shape": shape, "__layout__": "LNC"}] * (2 if self._mode == "lstm" else 1)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            "a FusedRNNCell runs whole sequences: call unroll(), or unfuse() for cells that step"
        )

    def unroll(
        self, length: int, inputs: Any, begin_state: list[Any] | None = None, layout: str = "NTC",
        merge_outputs: bool | None = None, valid_length: Any = None,
    ) -> tuple[Any, list[Any]]:  # fmt: skip
        """Run the layers along a sequence; see :meth:`RecurrentCell.unroll`.

        The outputs are one array unless ``merge_outputs`` is False.
        """
        self.reset()
        joined = _sequence.join(inputs, layout)
        data = joined if _sequence.axis_of("T", layout) == 0 else F.swapaxes(joined, dim1=0, dim2=1)
        states = begin_state
        if states is None:
            states = [
                _sequence.zeros(data, 1, info["shape"], 1) for info in self.state_info()
            ]  # fmt: skip
        held = self.parameters
        weights = held.data(data.context) if isinstance(data, NDArray) else held.var()
        more: dict[str, Any] = {"use_sequence_length": True, "sequence_length": valid_length}
        made = F.RNN(
            data, weights, *states, state_size=self._num_hidden, num_layers=self._num_layers,
            mode=self._mode, bidirectional=self._bidirectional, p=self._dropout,
            state_outputs=self._get_next_state, name=f"{self.prefix}rnn",
            **(more if valid_length is not None else {}),
        )  # fmt: skip
        outputs, *after = list(made) if self._get_next_state else [made]
        if layout.index("T") != 0:
            outputs = F.swapaxes(outputs, dim1=0, dim2=1)
        if merge_outputs is False:
            outputs = _sequence.split(length, outputs, layout)
        return outputs, after

    def unfuse(self) -> SequentialRNNCell:
        """The same layers as a stack of cells; :meth:`unpack_weights` gives their parameters.

        Returns
        -------
        SequentialRNNCell
        """
        stack = SequentialRNNCell()
        for i in range(self._num_layers):
            if self._bidirectional:
                both = (self._cell(f"l{i}_"), self._cell(f"r{i}_"))
                stack.add(BidirectionalCell(*both, output_prefix=f"{self.prefix}bi_l{i}_"))
            else:
                stack.add(self._cell(f"l{i}_"))
            if self._dropout > 0 and i + 1 < self._num_layers:
                stack.add(DropoutCell(self._dropout, prefix=f"{self.prefix}_dropout{i}_"))
        return stack

    def _cell(self, name: str) -> Any:
        prefix = self.prefix + name
        if self._mode == "lstm":
            bias = self._layout._kwargs["forget_bias"]
            return LSTMCell(num_hidden=self._num_hidden, forget_bias=bias, prefix=prefix)
        if self._mode == "gru":
            return GRUCell(num_hidden=self._num_hidden, prefix=prefix)
        activation = self._mode.removeprefix("rnn_")
        return RNNCell(num_hidden=self._num_hidden, activation=activation, prefix=prefix)

    def unpack_weights(self, args: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Parameters by name, with the weights of each layer, direction and gate by itself."""
        found = dict(args)
        name = f"{self.prefix}parameters"
        flat, at = self._taken(found, name), 0
        for part, shape in self._layout._parts(name, flat.size):
            size = int(np.prod(shape))
            found[self.prefix + part] = flat[at : at + size].reshape(shape).copy()
            at += size
        return found

    def pack_weights(self, args: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """The reverse of :meth:`unpack_weights`."""
        found = dict(args)
        h, sides, gates = self._num_hidden, 1 + self._bidirectional, len(self._layout._gates)
        first = f"{self.prefix}l0_i2h{self._layout._gates[0]}_weight"
        if first not in found:
            raise ValueError(f"{first} is missing among the weights: {', '.join(sorted(found))}")
        rows = gates * h * sides
        size = rows * (found[first].shape[1] + h + 2)
        size += (self._num_layers - 1) * rows * (sides * h + h + 2)
        parts = self._layout._parts(f"{self.prefix}parameters", size)
        arrays = [self._taken(found, self.prefix + part).reshape((-1,)) for part, _ in parts]
        found[f"{self.prefix}parameters"] = nd.concat(*arrays, dim=0)
        return found
