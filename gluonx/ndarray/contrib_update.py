"""Updates of ``nd.contrib`` that take lists of weights, or rescale by a number or an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.op import OPS
from .creation import full
from .dispatch import invoke
from .ndarray import NDArray

__all__ = [
    "adamw_update", "mp_adamw_update", "multi_adamw_update", "multi_lamb_update",
    "multi_mp_adamw_update", "multi_mp_lamb_update",
]  # fmt: skip


def _rescale(rescale_grad: Any, weight: NDArray) -> NDArray:
    if isinstance(rescale_grad, NDArray):
        return rescale_grad.as_in_context(weight.context)
    return full((1,), rescale_grad, ctx=weight.context)


def _interleaved(*parts: Sequence[NDArray]) -> list[NDArray]:
    """Arrays weight by weight, from lists part by part."""
    return [a for group in zip(*parts, strict=True) for a in group]


def adamw_update(
    weight: NDArray, grad: NDArray, mean: NDArray, var: NDArray, rescale_grad: Any, lr: float,
    eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, wd: float = 0,
    clip_gradient: float = -1, out: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    ``g = clip(rescale_grad * grad)``; ``mean = beta1 * mean + (1 - beta1) * g``;
    ``var = beta2 * var + (1 - beta2) * g**2``;
    ``weight = weight - eta * (lr * mean / (sqrt(var) + epsilon) + wd * weight)``.

    Parameters
    ----------
    weight, grad : NDArray
    mean, var : NDArray
        States, changed in place.
    rescale_grad : float or NDArray
        One number; nothing changes if it is 0 or not finite, as after an overflow.
    lr, eta, beta1, beta2, epsilon, wd, clip_gradient : float
    out : NDArray, optional
        Where the new weight goes.

    Returns
    -------
    NDArray
        The new weight.

    Examples
    --------
    >>> from gluonx import nd
    >>> w, g, mean, var = nd.ones(2), nd.ones(2), nd.zeros(2), nd.zeros(2)
    >>> nd.contrib.adamw_update(w, g, mean, var, 1.0, lr=0.1, eta=1, out=w).shape
    (2,)
    """
    return invoke(
        OPS["_adamw_update"],
        [weight, grad, mean, var, _rescale(rescale_grad, weight)],
        {
            "lr": lr, "eta": eta, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd,
            "clip_gradient": clip_gradient,
        },
        out,
    )  # fmt: skip


def mp_adamw_update(
    weight: NDArray, grad: NDArray, mean: NDArray, var: NDArray, weight32: NDArray,
    rescale_grad: Any, lr: float, eta: float, beta1: float = 0.9, beta2: float = 0.999,
    epsilon: float = 1e-8, wd: float = 0, clip_gradient: float = -1, out: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """:func:`adamw_update` of a 16-bit weight with a float32 copy, changed in place."""
    return invoke(
        OPS["_mp_adamw_update"],
        [weight, grad, mean, var, weight32, _rescale(rescale_grad, weight)],
        {
            "lr": lr, "eta": eta, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd,
            "clip_gradient": clip_gradient,
        },
        out,
    )  # fmt: skip


def multi_adamw_update(
    weights: Sequence[NDArray], grads: Sequence[NDArray], mean: Sequence[NDArray],
    var: Sequence[NDArray], rescale_grad: Any, lrs: Sequence[float], wds: Sequence[float],
    etas: Sequence[float], out: Any = None, name: str | None = None, size: int = 0, **kwargs: Any,
) -> Any:  # fmt: skip
    """:func:`adamw_update` of many weights; lists with an entry for each."""
    return invoke(
        OPS["_multi_adamw_update"],
        [*_interleaved(weights, grads, mean, var), _rescale(rescale_grad, weights[0])],
        {"lrs": lrs, "wds": wds, "etas": etas, "num_weights": size or len(weights), **kwargs},
        out,
    )


def multi_mp_adamw_update(
    weights: Sequence[NDArray], grads: Sequence[NDArray], mean: Sequence[NDArray],
    var: Sequence[NDArray], weights32: Sequence[NDArray], rescale_grad: Any, lrs: Sequence[float],
    wds: Sequence[float], etas: Sequence[float], out: Any = None, name: str | None = None,
    size: int = 0, **kwargs: Any,
) -> Any:  # fmt: skip
    """:func:`mp_adamw_update` of many weights; lists with an entry for each."""
    return invoke(
        OPS["_multi_mp_adamw_update"],
        [*_interleaved(weights, grads, mean, var, weights32), _rescale(rescale_grad, weights[0])],
        {"lrs": lrs, "wds": wds, "etas": etas, "num_weights": size or len(weights), **kwargs},
        out,
    )


def multi_lamb_update(
    weights: Sequence[NDArray], grads: Sequence[NDArray], mean: Sequence[NDArray],
    var: Sequence[NDArray], step_count: Sequence[int], lrs: Sequence[float],
    wds: Sequence[float], out: Any = None, num_tensors: int = 0, **kwargs: Any,
) -> Any:  # fmt: skip
    """A step of LAMB for many weights; lists with an entry for each.

    Parameters
    ----------
    weights, grads : list of NDArray
    mean, var : list of NDArray
        States, changed in place.
    step_count : list of int
        The number of this step for each weight, from 1.
    lrs, wds : list of float
    out : list of NDArray, optional
        Where the new weights go.
    num_tensors : int
        How many weights there are; by default the length of ``weights``.
    **kwargs
        ``beta1``, ``beta2``, ``epsilon``, ``rescale_grad``, ``lower_bound``, ``upper_bound``,
        ``clip_gradient``, ``bias_correction``.
    """
    return _lamb("_multi_lamb_update", (weights, grads, mean, var), step_count, lrs, wds,
                 out, num_tensors, kwargs)  # fmt: skip


def multi_mp_lamb_update(
    weights: Sequence[NDArray], grads: Sequence[NDArray], mean: Sequence[NDArray],
    var: Sequence[NDArray], weights32: Sequence[NDArray], step_count: Sequence[int],
    lrs: Sequence[float], wds: Sequence[float], out: Any = None, num_tensors: int = 0,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """:func:`multi_lamb_update` of 16-bit weights with float32 copies, changed in place."""
    return _lamb("_multi_mp_lamb_update", (weights, grads, mean, var, weights32), step_count, lrs,
                 wds, out, num_tensors, kwargs)  # fmt: skip


def _lamb(
    name: str, parts: Sequence[Any], step_count: Any, lrs: Any, wds: Any, out: Any, count: int,
    more: dict[str, Any],
) -> Any:  # fmt: skip
    numbers = {"step_count": step_count, "learning_rates": lrs, "wds": wds}
    given = {**numbers, "num_tensors": count or len(parts[0]), **more}
    return invoke(OPS[name], _interleaved(*parts), given, out)
