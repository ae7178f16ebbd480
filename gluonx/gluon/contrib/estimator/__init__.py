"""MXNet's spelling of :mod:`gluonx.estimator`."""

from ....estimator import *  # noqa: F403
from ....estimator import __all__ as __all__
