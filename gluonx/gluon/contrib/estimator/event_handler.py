"""MXNet's place of the handlers of :mod:`gluonx.estimator`."""

from ....estimator import *  # noqa: F403
from ....estimator import __all__ as __all__
