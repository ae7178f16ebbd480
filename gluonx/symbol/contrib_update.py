"""Updates of ``sym.contrib`` that rescale by a number or a symbol."""

from __future__ import annotations

from typing import Any

from ..engine.op import OPS
from ..ndarray import contrib_update
from .compose import compose
from .creation import full
from .namespace import either
from .symbol import Symbol

__all__ = ["adamw_update", "mp_adamw_update"]


def _rescale(rescale_grad: Any) -> Symbol:
    return rescale_grad if isinstance(rescale_grad, Symbol) else full((1,), rescale_grad)


@either(contrib_update.adamw_update)
def adamw_update(
    weight: Symbol, grad: Symbol, mean: Symbol, var: Symbol, rescale_grad: Any, lr: float,
    eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, wd: float = 0,
    clip_gradient: float = -1, out: Any = None, name: str | None = None,
) -> Symbol:  # fmt: skip
    """``nd.contrib.adamw_update`` as a symbol."""
    numbers = {
        "lr": lr, "eta": eta, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd,
        "clip_gradient": clip_gradient,
    }  # fmt: skip
    symbols = [weight, grad, mean, var, _rescale(rescale_grad)]
    return compose(OPS["_adamw_update"], "adamw_update", symbols, numbers, name)


@either(contrib_update.mp_adamw_update)
def mp_adamw_update(
    weight: Symbol, grad: Symbol, mean: Symbol, var: Symbol, weight32: Symbol, rescale_grad: Any,
    lr: float, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
    wd: float = 0, clip_gradient: float = -1, out: Any = None, name: str | None = None,
) -> Symbol:  # fmt: skip
    """``nd.contrib.mp_adamw_update`` as a symbol."""
    numbers = {
        "lr": lr, "eta": eta, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd,
        "clip_gradient": clip_gradient,
    }  # fmt: skip
    symbols = [weight, grad, mean, var, weight32, _rescale(rescale_grad)]
    return compose(OPS["_mp_adamw_update"], "mp_adamw_update", symbols, numbers, name)
