"""Initial values of parameters.

An initializer is called with a name and an array, and fills the array. Which values it gives
depends on the end of the name: its own kind for ``..._weight``, zero for ``..._bias`` and
``..._beta``, one for ``..._gamma``, and so on. An initializer given for one parameter
(``init=`` of :class:`gluonx.gluon.Parameter`) is used whatever the parameter is called.
"""

from ._base import InitDesc as InitDesc
from ._base import Initializer as Initializer
from ._base import alias as alias
from ._base import create as create
from ._base import register as register
from ._chosen import Load as Load
from ._chosen import Mixed as Mixed
from ._fixed import Bilinear as Bilinear
from ._fixed import Constant as Constant
from ._fixed import LSTMBias as LSTMBias
from ._fixed import One as One
from ._fixed import Zero as Zero
from ._random import MSRAPrelu as MSRAPrelu
from ._random import Normal as Normal
from ._random import Orthogonal as Orthogonal
from ._random import Uniform as Uniform
from ._random import Xavier as Xavier
from ._rnn import FusedRNN as FusedRNN

__all__ = [
    "Bilinear",
    "Constant",
    "FusedRNN",
    "InitDesc",
    "Initializer",
    "LSTMBias",
    "Load",
    "MSRAPrelu",
    "Mixed",
    "Normal",
    "One",
    "Orthogonal",
    "Uniform",
    "Xavier",
    "Zero",
    "alias",
    "create",
    "register",
]
