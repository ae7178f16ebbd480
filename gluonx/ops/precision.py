"""Which operators compute in 16 bits under mixed precision, which in 32, which in the widest type.

Micikevicius et al., "Mixed precision training", ICLR 2018. The lists are facts of the operators:
each has its entry as ``Op.precision``. The casts are part of the operator's kernel, so they hold
wherever it is called (eagerly, in a hybridized block, by a symbol), are compiled with it, and
gradients pass through them: those of float32 weights are float32.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import jax.numpy as jnp

from ..engine.op import OPS, Op

__all__ = ["CONDITIONAL", "Policy", "names"]

#: Matrix products, which are fast in 16 bits and add up in 32.
_LOW = (
    "Convolution", "Deconvolution", "FullyConnected", "RNN", "_contrib_dot_product_attention",
)  # fmt: skip

#: Sums over many elements, powers, logarithms: they lose too much, or overflow.
_SINGLE = (
    "Convolution_v1", "GroupNorm", "IdentityAttachKLSparseReg", "InstanceNorm", "L2Normalization",
    "LRN", "LayerNorm", "LinearRegressionOutput", "LogisticRegressionOutput",
    "MAERegressionOutput", "MakeLoss", "SVMOutput", "SoftmaxActivation", "SoftmaxOutput",
    "CTCLoss", "_contrib_SyncBatchNorm", "_contrib_count_sketch", "_contrib_fft",
    "_contrib_hawkesll", "_hypot_scalar", "_linalg_det", "_linalg_extractdiag",
    "_linalg_extracttrian", "_linalg_gelqf", "_linalg_gemm", "_linalg_gemm2", "_linalg_inverse",
    "_linalg_makediag", "_linalg_maketrian", "_linalg_potrf", "_linalg_potri", "_linalg_slogdet",
    "_linalg_sumlogdiag", "_linalg_syevd", "_linalg_syrk", "_linalg_trmm", "_linalg_trsm",
    "_power_scalar", "_rdiv_scalar", "_rpower_scalar", "arccos", "arcsin", "arctanh", "argsort",
    "broadcast_hypot", "broadcast_power", "cosh", "erfinv", "exp", "expm1", "gamma", "gammaln",
    "khatri_rao", "log", "log10", "log1p", "log2", "log_softmax", "make_loss", "mean", "moments",
    "nanprod", "nansum", "norm", "prod", "rcbrt", "reciprocal", "rsqrt", "sinh", "smooth_l1",
    "softmax", "softmax_cross_entropy", "softmin", "square", "sum", "tan", "topk", "_np_cumsum",
)  # fmt: skip

#: Operators whose arrays have one type: 16-bit ones become float32 beside a float32 one.
_WIDEST = (
    "Concat", "Correlation", "_contrib_cache_write", "_contrib_interleaved_matmul_encdec_qk",
    "_contrib_interleaved_matmul_encdec_valatt", "_contrib_interleaved_matmul_selfatt_qk",
    "_contrib_interleaved_matmul_selfatt_valatt", "_random_pdf_dirichlet",
    "_random_pdf_exponential", "_random_pdf_gamma", "_random_pdf_generalized_negative_binomial",
    "_random_pdf_negative_binomial", "_random_pdf_normal", "_random_pdf_poisson",
    "_random_pdf_uniform", "add_n", "batch_dot", "broadcast_add", "broadcast_div",
    "broadcast_equal", "broadcast_greater", "broadcast_greater_equal", "broadcast_lesser",
    "broadcast_lesser_equal", "broadcast_logical_and", "broadcast_logical_or",
    "broadcast_logical_xor", "broadcast_maximum", "broadcast_minimum", "broadcast_mod",
    "broadcast_mul", "broadcast_not_equal", "broadcast_sub", "dot", "elemwise_add", "elemwise_div",
    "elemwise_mul", "elemwise_sub", "stack", "where",
)  # fmt: skip

for _precision, _names in (("low", _LOW), ("single", _SINGLE), ("widest", _WIDEST)):
    for _name in _names:
        if _name in OPS:
            OPS[_name].precision = _precision

#: Operators that compute in 32 bits for some values of an attribute.
CONDITIONAL = (
    ("Activation", "act_type", ("softrelu",)),
    ("LeakyReLU", "act_type", ("elu", "selu")),
)


def names(precision: str) -> list[str]:
    """The operators of one precision: ``'low'``, ``'single'``, ``'widest'`` or ``'any'``."""
    return sorted({op.name for op in OPS.values() if op.precision == precision})


class Policy:
    """One setting of mixed precision.

    Parameters
    ----------
    dtype : {'bfloat16', 'float16'}
        The 16-bit type.
    low, single : collection of str, optional
        Names of operators that compute in it, and in float32, in place of the usual ones.
    conditional : collection of (str, str, collection), optional
        Name of an operator, of an attribute, and values for which it computes in float32.
    """

    def __init__(
        self,
        dtype: str,
        low: Collection[str] | None = None,
        single: Collection[str] | None = None,
        conditional: Collection[tuple[str, str, Collection]] | None = None,
    ):
        self.dtype = dtype
        self._own: dict[str, str] = {}
        for what, chosen in (("low", low), ("single", single)):
            if chosen is None:
                continue
            unknown = [n for n in chosen if n not in OPS]
            if unknown:
                raise ValueError(f"there are no operators called {', '.join(unknown)}")
            self._own.update(dict.fromkeys((n for n in names(what) if n not in self._own), "any"))
            self._own.update({OPS[n].name: what for n in chosen})
        self._conditional = CONDITIONAL if conditional is None else tuple(conditional)

    def precision(self, op: Op, attrs: Mapping[str, Any]) -> str:
        """What an operator with these attributes computes in."""
        for name, attribute, values in self._conditional:
            if name in (op.name, *op.aliases) and attrs.get(attribute) in values:
                return "single"
        return self._own.get(op.name, op.precision)

    def casting(self, op: Op, attrs: Mapping[str, Any], fn: Callable, count: int) -> Callable:
        """``fn``, which begins by casting the first ``count`` of its arrays."""
        precision = self.precision(op, attrs)
        if precision == "any":
            return fn
        low = jnp.dtype(self.dtype)

        def call(*arrays):
            return fn(*_cast(arrays[:count], precision, low), *arrays[count:])

        call.__name__ = call.__qualname__ = op.name
        return call


_HALF = (jnp.dtype("float16"), jnp.dtype("bfloat16"))
_FLOAT = (*_HALF, jnp.dtype("float32"))


def _cast(arrays: tuple, precision: str, low: Any) -> list:
    """Arrays of 16 and 32-bit floats in the type of the precision; others as they are."""
    if precision == "widest":
        kinds = {a.dtype for a in arrays if a.dtype in _FLOAT}
        if len(kinds) < 2:
            return list(arrays)
    wanted = low if precision == "low" else jnp.dtype("float32")
    return [a.astype(wanted) if a.dtype in _FLOAT else a for a in arrays]
