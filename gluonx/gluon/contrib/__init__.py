"""What MXNet has in ``gluon.contrib``."""

from . import cnn as cnn
from . import nn as nn

__all__ = ["cnn", "nn"]
