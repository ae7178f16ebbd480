"""What MXNet has in ``gluon.contrib``."""

from . import cnn as cnn
from . import nn as nn
from . import rnn as rnn

__all__ = ["cnn", "nn", "rnn"]
