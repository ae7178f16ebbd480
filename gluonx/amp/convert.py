"""Networks for inference in 16 bits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..block import HybridBlock
from ..engine.state import state
from ..ops.precision import Policy
from .switch import low_precision

__all__ = ["convert_hybrid_block"]


class _Converted(HybridBlock):
    """A block under a policy of its own."""

    def __init__(self, block: HybridBlock, policy: Policy):
        super().__init__(prefix=block.prefix, params=None)
        self._policy = policy
        self.block = block
        self._active = True  # compiled as one, whatever the block does when it is called itself

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        own = vars(state)  # what this thread has of its own; else the setting of all counts
        before = own.get("precision", own)
        state.precision = self._policy
        try:
            return self.block.forward(*args, **kwargs)
        finally:
            if before is own:
                del state.precision
            else:
                state.precision = before


def convert_hybrid_block(
    block: HybridBlock,
    target_dtype: Any = "bfloat16",
    target_dtype_ops: Collection[str] | None = None,
    fp32_ops: Collection[str] | None = None,
    conditional_fp32_ops: Collection[tuple[str, str, Collection]] | None = None,
    excluded_sym_names: Collection[str] | None = None,
    ctx: Any = None,
    cast_optional_params: bool = False,
) -> HybridBlock:
    """A block that computes what another does, in mixed precision, without :func:`init`.

    It shares the other's parameters, which stay float32, and is hybridized.

    Parameters
    ----------
    block : HybridBlock
    target_dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops
        As for :func:`init`.
    excluded_sym_names
        Not supported: leave operators out by ``target_dtype_ops``.
    ctx, cast_optional_params
        Without effect; accepted for compatibility.

    Returns
    -------
    HybridBlock

    Examples
    --------
    >>> from gluonx import amp, nd, nn
    >>> net = nn.Dense(3)
    >>> net.initialize()
    >>> half = amp.convert_hybrid_block(net)
    >>> half(nd.ones((2, 4))).dtype.__name__, net(nd.ones((2, 4))).dtype.__name__
    ('bfloat16', 'float32')
    """
    if not isinstance(block, HybridBlock):
        raise TypeError(f"convert_hybrid_block() takes a HybridBlock, got {type(block).__name__}")
    if excluded_sym_names:
        raise ValueError(
            "excluded_sym_names is not supported; give the operators that shall compute in "
            f"{target_dtype} as target_dtype_ops"
        )
    dtype = low_precision(target_dtype)
    return _Converted(block, Policy(dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops))
