"""The array module as it was spelled in 2015: ``gluonx.narray``.

``NArray`` is ``NDArray`` and ``create`` is ``nd.empty``; every other name is that of ``gluonx.nd``.
"""

from typing import Any

from . import ndarray as _nd
from .ndarray import NDArray as NArray
from .ndarray import empty as create

__all__ = ["NArray", "create"]


def __getattr__(name: str) -> Any:
    return getattr(_nd, name)
