"""The outputs of an executor: before it has run, and the gradients that backward starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.buffer import Buffer
from ..engine.kernel import Aval
from ..error import MXNetError
from ..ndarray import NDArray, zeros
from ..ndarray.dispatch import check_devices

if TYPE_CHECKING:
    from .symbol import Symbol

__all__ = ["NO_GRADIENT", "NotRun", "head_gradients"]

#: In the place of the gradient of an output that has none.
NO_GRADIENT: Any = object()


class NotRun:
    """In the place of the outputs of an executor that has not run."""

    def __init__(self, aval: Aval):
        self.aval = aval

    def force(self, buffer: Buffer) -> None:
        fresh = zeros(self.aval.shape, ctx=buffer.ctx, dtype=self.aval.dtype)
        buffer.set(fresh._data)


def head_gradients(symbol: Symbol, outputs: Sequence[NDArray], out_grads: Any) -> list[Any]:
    """The gradient of each output that a backward pass starts with.

    An NDArray; None for ones, where the output is a loss; or ``NO_GRADIENT``.
    """
    names = symbol.list_outputs()
    if isinstance(out_grads, Mapping):
        unknown = [k for k in out_grads if k not in names]
        if unknown:
            raise MXNetError(
                f"there is no output {', '.join(unknown)}; the outputs are {', '.join(names)}"
            )
        out_grads = [out_grads.get(n) for n in names]
    elif out_grads is None or isinstance(out_grads, NDArray):
        out_grads = [out_grads]
    given = [*out_grads, *[None] * (len(names) - len(out_grads))]
    if len(given) > len(names):
        raise MXNetError(f"backward() got {len(given)} gradients for {len(names)} outputs")
    return [_head_gradient(symbol, outputs, i, g) for i, g in enumerate(given)]


def _head_gradient(symbol: Symbol, outputs: Sequence[NDArray], i: int, given: Any) -> Any:
    y, node = outputs[i], symbol._heads[i][0]
    if given is not None:
        if not isinstance(given, NDArray):
            raise TypeError(f"out_grads must be NDArrays, got {type(given).__name__}")
        if given.shape != y.shape:
            raise MXNetError(
                f"the gradient of output {symbol.list_outputs()[i]} must have its shape "
                f"{y.shape}, got {given.shape}"
            )
        check_devices("backward(), of an output and its gradient", (y, given))
        return given
    if node.op is not None and node.op.loss:
        return None
    if node.op is not None and not node.op.differentiable:
        return NO_GRADIENT
    raise MXNetError(
        f"output {symbol.list_outputs()[i]} is not a loss, so backward() needs the "
        "gradient with respect to it:\n    ex.backward(nd.ones(y.shape))\n"
        "or make it a loss: sym.make_loss(y)"
    )
