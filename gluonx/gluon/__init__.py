"""Gluon as MXNet spells it: ``from gluonx import gluon``; ``gluon.nn`` is ``gluonx.nn``."""

import sys

from .. import block as block
from .. import data as data
from .. import loss as loss
from .. import metric as metric
from .. import model_zoo as model_zoo
from .. import nn as nn
from .. import parameter as parameter
from .. import rnn as rnn
from .. import trainer as trainer
from .. import utils as utils
from ..block import Block as Block
from ..block import HybridBlock as HybridBlock
from ..parameter import Constant as Constant
from ..parameter import DeferredInitializationError as DeferredInitializationError
from ..parameter import Parameter as Parameter
from ..parameter import ParameterDict as ParameterDict
from ..stablehlo import StableHLOBlock as StableHLOBlock
from ..symbol_block import SymbolBlock as SymbolBlock
from ..trainer import Trainer as Trainer
from . import contrib as contrib

__all__ = [
    "Block",
    "Constant",
    "DeferredInitializationError",
    "HybridBlock",
    "Parameter",
    "ParameterDict",
    "StableHLOBlock",
    "SymbolBlock",
    "Trainer",
    "block",
    "contrib",
    "data",
    "loss",
    "metric",
    "model_zoo",
    "nn",
    "parameter",
    "rnn",
    "trainer",
    "utils",
]


def _enter_modules() -> None:
    """Let ``import gluonx.gluon.nn`` give ``gluonx.nn``.

    Every module inside is entered too; otherwise ``gluonx.gluon.data.vision`` would be loaded a
    second time, with classes that are not those of ``gluonx.data.vision``.
    """
    package = __name__.rpartition(".")[0]
    for name, module in list(sys.modules.items()):
        head, _, rest = name.removeprefix(package + ".").partition(".")
        if name.startswith(package + ".") and head in __all__ and head != "contrib":  # its own
            sys.modules[".".join(filter(None, (__name__, head, rest)))] = module


_enter_modules()
