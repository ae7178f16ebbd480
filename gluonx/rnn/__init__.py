"""Recurrent networks: layers, which run whole sequences, and cells, which make one step.

The cells are Gluon's, and MXNet's ``mx.rnn``, too: unrolled on symbols they give symbols.
"""

from ..io._sentences import BucketSentenceIter as BucketSentenceIter
from ..io._sentences import encode_sentences as encode_sentences
from . import rnn_cell as rnn_cell
from . import rnn_layer as rnn_layer
from ._checkpoints import do_rnn_checkpoint as do_rnn_checkpoint
from ._checkpoints import load_rnn_checkpoint as load_rnn_checkpoint
from ._checkpoints import rnn_unroll as rnn_unroll
from ._checkpoints import save_rnn_checkpoint as save_rnn_checkpoint
from .rnn_cell import BaseRNNCell as BaseRNNCell
from .rnn_cell import BidirectionalCell as BidirectionalCell
from .rnn_cell import DropoutCell as DropoutCell
from .rnn_cell import FusedRNNCell as FusedRNNCell
from .rnn_cell import GRUCell as GRUCell
from .rnn_cell import HybridRecurrentCell as HybridRecurrentCell
from .rnn_cell import HybridSequentialRNNCell as HybridSequentialRNNCell
from .rnn_cell import LSTMCell as LSTMCell
from .rnn_cell import ModifierCell as ModifierCell
from .rnn_cell import RecurrentCell as RecurrentCell
from .rnn_cell import ResidualCell as ResidualCell
from .rnn_cell import RNNCell as RNNCell
from .rnn_cell import SequentialRNNCell as SequentialRNNCell
from .rnn_cell import ZoneoutCell as ZoneoutCell
from .rnn_layer import GRU as GRU
from .rnn_layer import LSTM as LSTM
from .rnn_layer import RNN as RNN

__all__ = [
    "BaseRNNCell",
    "BucketSentenceIter",
    "FusedRNNCell",
    "do_rnn_checkpoint",
    "encode_sentences",
    "load_rnn_checkpoint",
    "rnn_unroll",
    "save_rnn_checkpoint",
    "BidirectionalCell",
    "DropoutCell",
    "GRU",
    "GRUCell",
    "HybridRecurrentCell",
    "HybridSequentialRNNCell",
    "LSTM",
    "LSTMCell",
    "ModifierCell",
    "RNN",
    "RNNCell",
    "RecurrentCell",
    "ResidualCell",
    "SequentialRNNCell",
    "ZoneoutCell",
    "rnn_cell",
    "rnn_layer",
]
