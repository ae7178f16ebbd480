"""Mixed precision on and off, and the lists of operators."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from ..engine import report
from ..engine.state import ThreadState, state
from ..ops.precision import CONDITIONAL, Policy, names

__all__ = [
    "disable",
    "init",
    "list_conditional_fp32_ops",
    "list_fp32_ops",
    "list_loss_output_functions",
    "list_lp16_fp32_ops",
    "list_lp16_ops",
    "list_lp16_use_fp32_params",
    "list_widest_type_cast",
    "low_precision",
]


def low_precision(dtype: Any) -> str:
    """The name of a 16-bit type; ValueError for any other."""
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in ("float16", "bfloat16"):
        raise ValueError(f"target_dtype must be 'bfloat16' or 'float16', got {name!r}")
    return name


def _switch(policy: Policy | None, reason: str) -> None:
    ThreadState.precision = policy  # for all threads
    for cache in list(report.blocks):
        cache.clear(reason)


def init(
    target_dtype: Any = "bfloat16",
    target_precision_ops: Collection[str] | None = None,
    conditional_fp32_ops: Collection[tuple[str, str, Collection]] | None = None,
    fp32_ops: Collection[str] | None = None,
) -> None:
    """Switch mixed precision on, for all threads.

    From then on operators cast their inputs: products (convolutions, dense layers, attention)
    compute in the 16-bit type, sums over many elements, exponentials and logarithms in float32,
    and the others in what they are given, the widest type where types are mixed. Parameters and
    their gradients stay float32. What was compiled before is compiled anew; a symbol that is bound
    already stays as it is.

    Parameters
    ----------
    target_dtype : {'bfloat16', 'float16'}
        The 16-bit type. float16 also needs :func:`init_trainer` and :func:`scale_loss`.
    target_precision_ops, fp32_ops : list of str, optional
        Names of the operators that compute in it, and in float32, in place of the usual ones
        (:func:`list_lp16_ops`, :func:`list_fp32_ops`).
    conditional_fp32_ops : list of (str, str, list), optional
        Name of an operator, of an attribute, and the values for which it computes in float32.

    Raises
    ------
    ValueError
        For another type, or a name that no operator has.

    Examples
    --------
    >>> from gluonx import amp, nd
    >>> amp.init()
    >>> x, w = nd.ones((2, 3)), nd.ones((4, 3))
    >>> y = nd.FullyConnected(x, w, no_bias=True, num_hidden=4)
    >>> y.dtype.__name__, y.sum().dtype.__name__
    ('bfloat16', 'float32')
    >>> amp.disable()
    """
    dtype = low_precision(target_dtype)
    policy = Policy(dtype, target_precision_ops, fp32_ops, conditional_fp32_ops)
    _switch(policy, f"mixed precision ({dtype}) was switched on")


def disable() -> None:
    """Switch mixed precision off again."""
    if state.precision is not None:
        _switch(None, "mixed precision was switched off")


def list_lp16_ops(target_dtype: Any = "bfloat16") -> list[str]:
    """Operators that compute in the 16-bit type."""
    low_precision(target_dtype)
    return names("low")


def list_fp32_ops(target_dtype: Any = "bfloat16") -> list[str]:
    """Operators that compute in float32."""
    low_precision(target_dtype)
    return names("single")


def list_lp16_fp32_ops(target_dtype: Any = "bfloat16") -> list[str]:
    """Operators that compute in the type that they are given."""
    low_precision(target_dtype)
    return names("any")


def list_widest_type_cast(target_dtype: Any = "bfloat16") -> list[str]:
    """Operators that compute in the widest of the types that they are given."""
    low_precision(target_dtype)
    return names("widest")


def list_conditional_fp32_ops(target_dtype: Any = "bfloat16") -> list[tuple[str, str, list]]:
    """Operators that compute in float32 for some values of an attribute."""
    low_precision(target_dtype)
    return [(name, attribute, list(values)) for name, attribute, values in CONDITIONAL]


def list_loss_output_functions(target_dtype: Any = "bfloat16") -> list[str]:
    """Operators that are a loss and its gradient."""
    low_precision(target_dtype)
    return [
        "SoftmaxOutput", "LinearRegressionOutput", "LogisticRegressionOutput",
        "MAERegressionOutput",
    ]  # fmt: skip


def list_lp16_use_fp32_params(target_dtype: Any = "bfloat16") -> None:
    """Operators whose parameters must stay float32: none needs to be listed, all of them do."""
    low_precision(target_dtype)
