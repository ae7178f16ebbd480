"""MXNet's spelling of what it called experimental: ``mx.contrib.amp`` is ``gluonx.amp``."""

import sys

from .. import amp as amp
from ..data import text as text
from ..ndarray import contrib as ndarray
from ..symbol import contrib as symbol
from . import autograd as autograd
from . import io as io
from . import svrg_optimization as svrg_optimization
from . import tensorboard as tensorboard

nd = ndarray
sym = symbol

__all__ = [
    "amp", "autograd", "io", "nd", "ndarray", "sym", "svrg_optimization", "symbol", "tensorboard",
    "text",
]  # fmt: skip

for _own in ("amp", "data.text"):
    for _name in [n for n in sys.modules if f"{n}.".startswith(f"gluonx.{_own}.")]:
        _spelled = _name.replace(f"gluonx.{_own}", f"gluonx.contrib.{_own.rpartition('.')[2]}", 1)
        sys.modules[_spelled] = sys.modules[_name]
