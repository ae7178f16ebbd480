"""NDArrays and the functions on them: ``gluonx.nd``."""

from .. import ops as ops
from . import contrib as contrib
from . import creation, namespace, operators
from . import image as image
from . import linalg as linalg
from . import random as random
from .creation import arange as arange
from .creation import array as array
from .creation import concatenate as concatenate
from .creation import empty as empty
from .creation import eye as eye
from .creation import from_dlpack as from_dlpack
from .creation import from_numpy as from_numpy
from .creation import full as full
from .creation import linspace as linspace
from .creation import moveaxis as moveaxis
from .creation import ones as ones
from .creation import split_v2 as split_v2
from .creation import to_dlpack_for_read as to_dlpack_for_read
from .creation import zeros as zeros
from .custom import Custom as Custom
from .functions import all_finite as all_finite
from .functions import histogram as histogram
from .functions import multi_all_finite as multi_all_finite
from .functions import onehot_encode as onehot_encode
from .functions import reset_arrays as reset_arrays
from .ndarray import NDArray as NDArray
from .ndarray import from_jax as from_jax
from .ndarray import waitall as waitall
from .save_load import load as load
from .save_load import load_frombuffer as load_frombuffer
from .save_load import save as save

operators.install()
from . import sparse as sparse  # noqa: E402
from .sparse import Embedding as Embedding  # noqa: E402
from .sparse import cast_storage as cast_storage  # noqa: E402

globals().update({k: v for k, v in namespace.functions().items() if k not in globals()})

for _name, _kind in {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "true_divide":
    "truediv", "modulo": "mod", "power": "pow", "maximum": "maximum", "minimum": "minimum",
    "equal": "eq", "not_equal": "ne", "greater": "gt", "greater_equal": "ge", "lesser": "lt",
    "lesser_equal": "le", "logical_and": "logical_and", "logical_or": "logical_or", "logical_xor":
    "logical_xor",
}.items():  # fmt: skip
    globals()[_name] = operators.dispatching(_kind)
    globals()[_name].__name__ = _name

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
del _name, _kind, creation, namespace, operators
