"""MXNet's names for modules that are others here: ``from gluonx.io.io import DataDesc`` works."""

from __future__ import annotations

import importlib
import sys

__all__: list[str] = []

_SPELLINGS = {
    "contrib.ndarray": "ndarray.contrib",
    "contrib.symbol": "symbol.contrib",
    "image.detection": "image",
    "image.image": "image",
    "io.io": "io",
    "ndarray.op": "ndarray",
    "ndarray.utils": "ndarray",
    "rnn.io": "rnn",
    "rnn.rnn": "rnn",
    "symbol.op": "symbol",
}

for _name, _own in _SPELLINGS.items():
    _module = sys.modules[f"{__package__}.{_name}"] = importlib.import_module(
        f".{_own}", __package__
    )
    _parent, _, _last = _name.rpartition(".")
    setattr(sys.modules[f"{__package__}.{_parent}"], _last, _module)
