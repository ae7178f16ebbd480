"""``nd.sparse``: sparse arrays, and the operators that have a meaning for them.

There are two kinds. A ``row_sparse`` array stores some rows; gradients of embeddings are of this
kind. A ``csr`` matrix stores some values by compressed rows; data with few features per sample is.
Operators that keep zeros zero, sums and products give sparse arrays, as
they do in MXNet; all other operators of ``nd`` take sparse arrays for dense ones.

What is stored lives in the memory of the host, also for arrays on a GPU.

Examples
--------
>>> from gluonx import nd
>>> x = nd.sparse.csr_matrix(([5., 7.], [2, 0], [0, 1, 2]), shape=(2, 3))
>>> (2 * x).data.asnumpy()
array([10., 14.], dtype=float32)
>>> nd.sparse.dot(x, nd.ones((3, 1))).asnumpy()
array([[5.],
       [7.]], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.op import OPS
from . import sparse_dot as _dot  # noqa: F401  (has rules)
from . import sparse_ops as _ops  # noqa: F401  (has rules)
from . import sparse_updates as _updates  # noqa: F401  (has rules)
from .dispatch import bind, invoke
from .namespace import function
from .ndarray import NDArray
from .operators import binary as _binary
from .sparse_array import BaseSparseNDArray as BaseSparseNDArray
from .sparse_array import CSRNDArray as CSRNDArray
from .sparse_array import RowSparseNDArray as RowSparseNDArray
from .sparse_array import mark_of as _mark_of
from .sparse_creation import array as array
from .sparse_creation import cast_storage as cast_storage
from .sparse_creation import csr_matrix as csr_matrix
from .sparse_creation import empty as empty
from .sparse_creation import row_sparse_array as row_sparse_array
from .sparse_creation import zeros as zeros

#: Operators that ``nd.sparse`` has besides ``nd``.
NAMES = """
    ElementWiseSum FullyConnected LinearRegressionOutput LogisticRegressionOutput
    MAERegressionOutput abs adam_update add_n arccos arccosh arcsin arcsinh arctan arctanh
    broadcast_add broadcast_div broadcast_minus broadcast_mul broadcast_plus broadcast_sub cbrt ceil
    clip concat cos cosh degrees dot elemwise_add elemwise_div elemwise_mul elemwise_sub exp expm1
    fix floor ftrl_update gamma gammaln log log10 log1p log2 make_loss mean negative norm radians
    relu rint round rsqrt sgd_mom_update sgd_update sigmoid sign sin sinh slice sqrt square
    stop_gradient sum tan tanh trunc where zeros_like
""".split()
#: Those whose operators have another name.
RENAMED = {"retain": "_sparse_retain", "adagrad_update": "_sparse_adagrad_update"}


def _embedding() -> Callable:
    op = OPS["Embedding"]
    plain = function(op, "Embedding")

    def Embedding(*args: Any, out: Any = None, name: Any = None, **kwargs: Any) -> Any:
        inputs, given = bind(op, args, kwargs)
        mark = _mark_of(inputs[1])
        if mark is None:
            return invoke(op, inputs, given, out)
        sizes = {key: given[key] for key in ("input_dim", "output_dim") if key in given}
        return invoke(OPS["_marked_embedding"], [*inputs, mark], sizes, out)

    Embedding.__doc__ = op.doc
    Embedding.__module__ = "gluonx.ndarray"
    Embedding.__signature__ = plain.__signature__  # type: ignore[attr-defined]
    return Embedding


#: ``Embedding`` that tells a row_sparse gradient which rows it read.
Embedding = _embedding()

globals().update({n: function(OPS[n], n) for n in NAMES if n in OPS and n not in globals()})
globals().update({n: function(OPS[full], n) for n, full in RENAMED.items() if full in OPS})


def _arithmetic(kind: str, name: str, elementwise: str) -> Callable:
    def fn(lhs: Any, rhs: Any) -> Any:
        arrays = isinstance(lhs, NDArray) and isinstance(rhs, NDArray)
        if arrays and lhs.shape == rhs.shape:
            return invoke(OPS[elementwise], [lhs, rhs], {})
        result = _binary(kind, lhs, rhs)
        if result is NotImplemented:
            raise TypeError(
                f"nd.sparse.{name}() takes arrays and numbers, got {type(lhs).__name__} and "
                f"{type(rhs).__name__}"
            )
        return result

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""``{name}`` of two arrays, or of an array and a number.

Parameters
----------
lhs, rhs : array or number
    Arrays of the same shape, or of shapes that can be broadcast.

Returns
-------
array
    Sparse where MXNet's result is; see ``nd.{elementwise}``."""
    return fn


add = _arithmetic("add", "add", "elemwise_add")
subtract = _arithmetic("sub", "subtract", "elemwise_sub")
multiply = _arithmetic("mul", "multiply", "elemwise_mul")
divide = _arithmetic("truediv", "divide", "elemwise_div")

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    k for k in globals()
    if k[0] != "_" and k not in ("annotations", "Any", "Callable", "NAMES", "NDArray", "OPS",
    "RENAMED", "bind", "binary", "function", "invoke", "mark_of")
]  # fmt: skip
