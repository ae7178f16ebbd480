"""Symbols and the functions on them: ``gluonx.sym``.

A symbol describes a computation. Inside a hybridized block ``F`` is this module; there its
functions compute on NDArrays as those of :mod:`gluonx.nd` do.
"""

from . import contrib as contrib
from . import creation, namespace, operators
from . import image as image
from . import linalg as linalg
from . import random as random
from . import sparse as sparse
from .creation import arange as arange
from .creation import array as array
from .creation import concatenate as concatenate
from .creation import empty as empty
from .creation import eye as eye
from .creation import from_numpy as from_numpy
from .creation import full as full
from .creation import linspace as linspace
from .creation import moveaxis as moveaxis
from .creation import ones as ones
from .creation import split_v2 as split_v2
from .creation import zeros as zeros
from .custom import Custom as Custom
from .functions import Group as Group
from .functions import histogram as histogram
from .functions import onehot_encode as onehot_encode
from .functions import reset_arrays as reset_arrays
from .graph_json import load as load
from .graph_json import load_json as load_json
from .symbol import NotImplementedForSymbol as NotImplementedForSymbol
from .symbol import Symbol as Symbol
from .variable import Variable as Variable
from .variable import var as var

operators.install()
globals().update({k: v for k, v in namespace.functions().items() if k not in globals()})
globals().update(operators.functions())

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del creation, namespace, operators
