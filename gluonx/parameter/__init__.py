"""Parameters: the arrays that a Block learns."""

from ._dict import ParameterDict as ParameterDict
from ._dict import assign as assign
from ._parameter import Constant as Constant
from ._parameter import DeferredInitializationError as DeferredInitializationError
from ._parameter import Parameter as Parameter

__all__ = ["Constant", "DeferredInitializationError", "Parameter", "ParameterDict"]
