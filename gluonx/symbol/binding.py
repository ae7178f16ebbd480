"""Binding: arrays for the variables of a symbol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..context import Context, current_context
from ..engine.kernel import is_float
from ..error import MXNetError
from ..ndarray import NDArray, zeros
from .executor import Executor
from .infer import Inference
from .node import Node, roles
from .placement import group_contexts, places
from .shared import Shared

if TYPE_CHECKING:
    from .symbol import Symbol

__all__ = ["bind", "simple_bind"]

_REQS = ("write", "add", "null")


def _arrays(what: str, given: Any, names: list[str], optional: bool) -> list[Any]:
    """One array for each name."""
    if isinstance(given, Mapping):
        if not optional:
            for name in names:
                if name not in given:
                    raise ValueError(
                        f"{what} lacks an array for {name!r}; it has {', '.join(given)}"
                    )
        found = [given.get(n) for n in names]
    elif isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(
                f"{what} has {len(given)} arrays, but {len(names)} are needed: {', '.join(names)}"
            )
        found = list(given)
    elif given is None:
        found = [None] * len(names)
        if names and not optional:
            raise ValueError(f"{what} is missing; give arrays for {', '.join(names)}")
    else:
        raise TypeError(f"{what} must be a list or a dict of NDArrays, got {type(given).__name__}")
    for name, x in zip(names, found, strict=True):
        if not (isinstance(x, NDArray) or (x is None and optional)):
            raise TypeError(f"{what}: {name} must be an NDArray, got {type(x).__name__}")
    return found


def _requests(grad_req: Any, names: list[str]) -> list[str]:
    if grad_req is None or isinstance(grad_req, str):
        reqs = [grad_req or "null"] * len(names)
    elif isinstance(grad_req, Mapping):
        reqs = [grad_req.get(n, "null") for n in names]
    elif isinstance(grad_req, (list, tuple)) and len(grad_req) == len(names):
        reqs = list(grad_req)
    else:
        raise ValueError(
            f"grad_req must be a string, a dict or a list of {len(names)} strings, got {grad_req!r}"
        )
    for req in reqs:
        if req not in _REQS:
            raise ValueError(f"grad_req must be one of {', '.join(map(repr, _REQS))}, got {req!r}")
    return reqs


def bind(
    symbol: Symbol, ctx: Any, args: Any, args_grad: Any, grad_req: Any, aux_states: Any,
    group2ctx: Any = None,
) -> Executor:  # fmt: skip
    """See :meth:`Symbol.bind`."""
    ctx = Context(ctx) if ctx is not None else current_context()
    contexts = group_contexts(group2ctx)
    names, aux_names = symbol.list_arguments(), symbol.list_auxiliary_states()
    arrays = _arrays("args", args, names, optional=False)
    aux = _arrays("aux_states", aux_states, aux_names, optional=False)
    grads = _arrays("args_grad", args_grad, names, optional=True)
    reqs = _requests(grad_req, names)
    for name, x, grad in zip(names, arrays, grads, strict=True):
        if grad is not None and grad.shape != x.shape:
            raise MXNetError(f"the gradient of {name} must have shape {x.shape}, got {grad.shape}")
    for name, x in zip([*names, *aux_names], [*arrays, *aux], strict=True):
        if x.context.device != ctx.device and not contexts:
            raise MXNetError(
                f"{name} is on {x.context}, but the symbol is bound on {ctx}; copy it first"
            )
    found = roles(symbol._heads)
    tied = dict(zip([*found.arguments, *found.auxiliary], [*arrays, *aux], strict=True))
    shapes = {v: x.shape for v, x in tied.items()}
    dtypes = {v: x._buffer.dtype for v, x in tied.items()}
    Inference(symbol._heads, shapes, dtypes).infer_shapes()  # for its errors
    return Executor(symbol, ctx, arrays, grads, reqs, aux, contexts)


def simple_bind(
    symbol: Symbol,
    ctx: Any,
    grad_req: Any,
    type_dict: Mapping[str, Any] | None,
    shapes: Mapping[str, Any],
    group2ctx: Any,
    shared: Shared,
) -> Executor:
    """See :meth:`Symbol.simple_bind`."""
    ctx = Context(ctx) if ctx is not None else current_context()
    contexts = group_contexts(group2ctx)
    found = roles(symbol._heads)
    types = type_dict or {}
    inference = Inference(
        symbol._heads,
        {v: tuple(shapes[v.name]) for v in found.inputs if v.name in shapes},
        {v: np.dtype(types[v.name]) for v in found.inputs if v.name in types},
    )
    inference.infer_shapes()
    unknown = [v.name for v in found.inputs if not inference.known(v)]
    if unknown:
        raise MXNetError(
            f"simple_bind() cannot decide the shapes of {', '.join(unknown)}; give more shapes, "
            f"for example {unknown[0]}=(32, 10)"
        )

    made: dict[tuple, NDArray] = {}
    at = places(symbol._heads, ctx, contexts)

    def array(node: Node, new: Callable[..., NDArray]) -> NDArray:
        """The array for a variable; variables of one name have one."""
        shape, dtype = inference.shapes[node, 0] or (), inference.dtypes[node, 0]
        key = (new, node.name, shape)
        if key not in made:
            made[key] = new(node.name, shape, dtype, at[node])
        return made[key]

    args = [array(v, shared.argument) for v in found.arguments]
    aux = [array(v, shared.state) for v in found.auxiliary]
    reqs = _requests(grad_req, [v.name for v in found.arguments])
    grads = [
        array(v, shared.gradient) if req != "null" and is_float(x._buffer.dtype) else None
        for v, x, req in zip(found.arguments, args, reqs, strict=True)
    ]
    executor = Executor(symbol, ctx, args, grads, reqs, aux, contexts)
    shared.keep()
    return executor


def reshaped(executor: Executor, given: Mapping[str, Any], partial: bool, larger: bool) -> Executor:
    """See :meth:`Executor.reshape`."""
    symbol, ctx = executor._symbol, executor._ctx
    found = roles(symbol._heads)
    old = dict(
        zip(
            [*found.arguments, *found.auxiliary],
            [*executor.arg_arrays, *executor.aux_arrays],
            strict=True,
        )
    )
    unknown = [name for name in given if name not in {v.name for v in old}]
    if unknown:
        raise MXNetError(
            f"reshape(): the symbol has no variable {', '.join(unknown)}; it has "
            f"{', '.join(v.name for v in old)}"
        )
    inference = Inference(
        symbol._heads,
        {v: tuple(given[v.name]) for v in old if v.name in given},
        {v: x._buffer.dtype for v, x in old.items()},
    )
    inference.infer_shapes()

    def again(v: Node, x: NDArray | None) -> Any:
        shape: Any = inference.shapes[v, 0] if inference.known(v) else old[v].shape
        if x is None or shape == x.shape:
            return x
        if v.name not in given and not partial:
            raise MXNetError(
                f"reshape() would change {v.name} from {x.shape} to {shape}; give its shape, "
                f"{v.name}={shape}, or allow it with partial_shaping=True"
            )
        if np.prod(shape) > x.size and not larger:
            raise MXNetError(
                f"reshape() would make {v.name} larger, {shape} instead of {x.shape}; allow it "
                "with allow_up_sizing=True"
            )
        return zeros(shape, ctx=x.context, dtype=x._buffer.dtype)

    args = [again(v, x) for v, x in zip(found.arguments, executor.arg_arrays, strict=True)]
    grads = [again(v, x) for v, x in zip(found.arguments, executor.grad_arrays, strict=True)]
    aux = [again(v, x) for v, x in zip(found.auxiliary, executor.aux_arrays, strict=True)]
    return Executor(
        symbol,
        ctx,
        args,
        grads,
        executor._reqs,
        aux,
        executor._contexts,
    )
