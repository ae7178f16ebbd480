"""The array module as it was spelled in 2015: ``gluonx.narray``.

``NArray`` is ``NDArray`` and ``create`` is ``nd.empty``; every other name is that of ``gluonx.nd``.
Using one gives a DeprecationWarning.
"""

import warnings
from typing import Any

from . import ndarray as _nd

_NEW = {"NArray": "NDArray", "create": "empty"}


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    new = _NEW.get(name, name)
    found = getattr(_nd, new)
    warnings.warn(
        f"narray.{name} is the spelling of 2015; it is nd.{new} now",
        DeprecationWarning,
        stacklevel=2,
    )
    return found
