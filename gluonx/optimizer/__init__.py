"""Optimizers: ``gluonx.optimizer``.

Built-in optimizers are optax transformations with MXNet's formulas; any
``optax.GradientTransformation`` can be given to a Trainer as well.
"""

from . import contrib as contrib
from .adam import Adam as Adam
from .adam import Adamax as Adamax
from .adam import AdamW as AdamW
from .adam import Nadam as Nadam
from .adaptive import FTML as FTML
from .adaptive import AdaDelta as AdaDelta
from .adaptive import AdaGrad as AdaGrad
from .adaptive import Ftrl as Ftrl
from .adaptive import RMSProp as RMSProp
from .large_batch import LAMB as LAMB
from .large_batch import LARS as LARS
from .large_batch import LBSGD as LBSGD
from .optimizer import Optimizer as Optimizer
from .optimizer import create as create
from .optimizer import register as register
from .sgd import DCASGD as DCASGD
from .sgd import NAG as NAG
from .sgd import SGD as SGD
from .sgd import SGLD as SGLD
from .sgd import Signum as Signum
from .sgd import Test as Test
from .sgd import ccSGD as ccSGD
from .updater import Updater as Updater
from .updater import get_updater as get_updater

__all__ = [
    "DCASGD", "FTML", "LAMB", "LARS", "LBSGD", "NAG", "SGD", "SGLD", "AdaDelta", "AdaGrad", "Adam",
    "AdamW", "Adamax", "Ftrl", "Nadam", "Optimizer", "RMSProp", "Signum", "Test", "Updater",
    "ccSGD", "contrib", "create", "get_updater", "register",
]  # fmt: skip
