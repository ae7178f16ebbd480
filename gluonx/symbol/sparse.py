"""``sym.sparse``: the operators of ``nd.sparse``. In a graph all arrays are dense."""

from ..engine.op import OPS
from ..ndarray import sparse as _nd
from . import operators
from .namespace import either, function

_made = {name: function(OPS[name], name) for name in _nd.NAMES if name in OPS}
_made |= {name: function(OPS[full], name) for name, full in _nd.RENAMED.items() if full in OPS}
for _name in ("Embedding", "cast_storage"):
    _made[_name] = either(getattr(_nd, _name))(function(OPS[_name], _name))
_made |= {n: f for n, f in operators.functions().items() if hasattr(_nd, n)}
globals().update(_made)

__all__ = list(_made)  # pyright: ignore[reportUnsupportedDunderAll]
del OPS, either, function, operators
