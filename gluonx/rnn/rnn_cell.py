"""Recurrent cells, under the name that MXNet has for their module."""

from ._base import HybridRecurrentCell, RecurrentCell
from ._basic import GRUCell, LSTMCell, RNNCell
from ._containers import BidirectionalCell, HybridSequentialRNNCell, SequentialRNNCell
from ._fused_cell import FusedRNNCell
from ._modifiers import DropoutCell, ModifierCell, ResidualCell, ZoneoutCell

#: What ``mx.rnn`` calls it.
BaseRNNCell = RecurrentCell

__all__ = [
    "BidirectionalCell",
    "DropoutCell",
    "BaseRNNCell",
    "FusedRNNCell",
    "GRUCell",
    "HybridRecurrentCell",
    "HybridSequentialRNNCell",
    "LSTMCell",
    "ModifierCell",
    "RNNCell",
    "RecurrentCell",
    "ResidualCell",
    "SequentialRNNCell",
    "ZoneoutCell",
]
