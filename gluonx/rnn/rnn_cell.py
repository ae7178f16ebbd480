"""Recurrent cells, under the name that MXNet has for their module."""

from ._base import HybridRecurrentCell, RecurrentCell
from ._basic import GRUCell, LSTMCell, RNNCell
from ._containers import BidirectionalCell, HybridSequentialRNNCell, SequentialRNNCell
from ._modifiers import DropoutCell, ModifierCell, ResidualCell, ZoneoutCell

__all__ = [
    "BidirectionalCell",
    "DropoutCell",
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
