"""Optimizers: ``gluonx.optimizer``.

Built-in optimizers are optax transformations with MXNet's formulas; any
``optax.GradientTransformation`` can be given to a Trainer as well.
"""

from .adam import Adam as Adam
from .optimizer import Optimizer as Optimizer
from .optimizer import Updater as Updater
from .optimizer import create as create
from .optimizer import get_updater as get_updater
from .optimizer import register as register
from .sgd import NAG as NAG
from .sgd import SGD as SGD

__all__ = ["NAG", "SGD", "Adam", "Optimizer", "Updater", "create", "get_updater", "register"]
