"""MXNet's spelling of what it called experimental: ``mx.contrib.amp`` is ``gluonx.amp``."""

import sys

from .. import amp as amp
from ..ndarray import contrib as ndarray
from ..symbol import contrib as symbol
from . import io as io

nd = ndarray
sym = symbol

__all__ = ["amp", "io", "nd", "ndarray", "sym", "symbol"]

for _name in [n for n in sys.modules if n.split(".")[:2] == ["gluonx", "amp"]]:
    sys.modules[_name.replace("gluonx.amp", "gluonx.contrib.amp", 1)] = sys.modules[_name]
