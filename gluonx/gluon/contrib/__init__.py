"""What MXNet has in ``gluon.contrib``."""

from . import rnn as rnn

__all__ = ["rnn"]
