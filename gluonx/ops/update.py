"""Update operators: one step of an optimizer on one weight.

The states are changed in place and the new weight is returned, so ``out=weight`` is the usual way
to call them. Numbers that change from step to step (learning rate, weight decay, rescaling, step
number) are arguments of the compiled code. A 16-bit weight is updated in float32 and rounded; the
``mp_`` operators keep its float32 copy, ``weight32``, besides. None of these operators has a
gradient.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from inspect import cleandoc
from typing import Any

import jax.numpy as jnp

from ..engine.op import register
from . import _rules as rules

__all__ = [
    "document", "mp_nag_mom_update", "mp_sgd_mom_update", "mp_sgd_update", "nag_mom_update",
    "sgd_mom_update", "sgd_update", "signsgd_update", "signum_update", "update_operator",
]  # fmt: skip

#: What the parameters of update operators mean.
_DESCRIPTIONS = {
    "weight": "The weight.",
    "grad": "Its gradient, of the same shape.",
    "mom": "The momentum; changed in place.",
    "mean": "Running mean of the gradients; changed in place.",
    "var": "Running mean of their squares; changed in place.",
    "weight32": "The weight in float32; changed in place.",
    "d": "State; changed in place.",
    "v": "State; changed in place.",
    "z": "State; changed in place.",
    "n": "Running sum or mean of squared gradients; changed in place.",
    "delta": "The last step; changed in place.",
    "history": "Sum of squared gradients; changed in place.",
    "r1": "Norm of the weight, one number.",
    "r2": "Norm of `g`, one number.",
    "lr": "The learning rate.",
    "eta": "Multiplies the whole step, decay included.",
    "momentum": "How much of the momentum stays.",
    "wd": "Weight decay.",
    "wd_lh": "Weight decay that is not part of the gradient.",
    "rescale_grad": "Multiplies the gradient.",
    "clip_gradient": "The gradient is clipped to [-c, c]; a negative number does not clip.",
    "clip_grad": "The gradient is clipped to [-c, c]; a negative number does not clip.",
    "clip_weights": "The new weight is clipped to [-c, c]; a negative number does not clip.",
    "beta1": "How much of the running mean stays.",
    "beta2": "How much of the running mean of squares stays.",
    "gamma1": "How much of the running means stays.",
    "gamma2": "How much of the last step stays.",
    "epsilon": "Keeps the denominator away from 0.",
    "lamda1": "The L1 penalty.",
    "beta": "Added to the root in the denominator.",
    "t": "The number of this step, from 1.",
    "bias_correction": "Divide the running means by what they sum up to.",
    "lower_bound": "The least norm of the weight; a negative number sets no bound.",
    "upper_bound": "The greatest norm of the weight; a negative number sets no bound.",
    "lazy_update": "Without effect; it concerns row-sparse gradients.",
}


#: Inputs that need not have the weight's shape.
_OTHER_SHAPES = {"r1", "r2", "rescale_grad", "history"}


def update_operator(
    name: str, *, aux: Any = (), traced: Any = ("lr", "wd", "rescale_grad"),
    returns: str = "The new weight.", dtype: Any = None, describe: dict[str, str] | None = None,
    **facts: Any,
) -> Callable[[Callable], Callable]:  # fmt: skip
    """Register ``fn(*arrays, **attributes)`` as an update operator.

    It gets 16-bit floats as float32. Its first result is rounded to the weight's type, or has
    ``dtype``; the others, new values of ``aux``, are rounded to the types of the old ones. The
    sections of the docstring are made from the signature.
    """

    def add(fn: Callable) -> Callable:
        parameters = list(inspect.signature(fn).parameters.values())
        inputs = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]

        @wraps(fn)
        def run(*arrays: Any, **attributes: Any) -> tuple:
            for at, input in enumerate(inputs):
                if input not in _OTHER_SHAPES and arrays[at].shape != arrays[0].shape:
                    raise ValueError(
                        f"{input} must have the weight's shape {arrays[0].shape}, got "
                        f"{arrays[at].shape}"
                    )
            result, *states = fn(*rules.widened(*arrays), **attributes)
            old = [arrays[inputs.index(state)].dtype for state in aux]
            states = [new.astype(kind) for new, kind in zip(states, old, strict=True)]
            return result.astype(dtype or arrays[0].dtype), *states

        run.__doc__ = document(fn, returns, **(describe or {}))
        numbers = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name in traced]
        register(name, aux=aux, traced=numbers, precise=True, differentiable=False, **facts)(run)
        return fn

    return add


def document(fn: Callable, returns: str, **more: str) -> str:
    """The docstring of ``fn`` with its sections; ``more`` describes what not every update has."""
    text, _, examples = cleandoc(fn.__doc__ or "").partition("\nExamples\n--------\n")
    lines = [text.rstrip(), "", "Parameters", "----------"]
    for p in inspect.signature(fn).parameters.values():
        kind = "array" if p.annotation is p.empty else p.annotation
        mark = "*" if p.kind is p.VAR_POSITIONAL else ""
        lines += [f"{mark}{p.name} : {kind}", f"    {more.get(p.name) or _DESCRIPTIONS[p.name]}"]
    lines += ["", "Returns", "-------", "array", f"    {returns}"]
    if examples:
        lines += ["", "Examples", "--------", examples]
    return "\n".join(lines)


# -- gradient descent -----------------------------------------------------------------------------


@update_operator("sgd_update", aliases=("_sparse_sgd_update",))
def sgd_update(
    weight, grad, *, lr: float, wd: float = 0.0, rescale_grad: float = 1.0,
    clip_gradient: float = -1.0, lazy_update: bool = True,
):  # fmt: skip
    """Gradient descent.

    ``g = clip(rescale_grad * grad) + wd * weight``; ``weight = weight - lr * g``.

    Examples
    --------
    >>> w, g = nd.array([2, 1]), nd.array([10, -10])
    >>> nd.sgd_update(w, g, lr=0.1, out=w)
    [1. 2.]
    """
    return (weight - lr * _descent(weight, grad, rescale_grad, wd, clip_gradient),)


def _descent(weight, grad, rescale, wd, clip):
    return rules.rescaled(grad, rescale, clip) + wd * weight


@update_operator("sgd_mom_update", aux=("mom",), aliases=("_sparse_sgd_mom_update",))
def sgd_mom_update(
    weight, grad, mom, *, lr: float, momentum: float = 0.0, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, lazy_update: bool = True,
):  # fmt: skip
    """Gradient descent with momentum.

    ``g = clip(rescale_grad * grad) + wd * weight``; ``mom = momentum * mom - lr * g``;
    ``weight = weight + mom``.
    """
    g = _descent(weight, grad, rescale_grad, wd, clip_gradient)
    step, mom = rules.momentum(g, mom, lr, momentum)
    return weight + step, mom


@update_operator("mp_sgd_update", aux=("weight32",))
def mp_sgd_update(
    weight, grad, weight32, *, lr: float, wd: float = 0.0, rescale_grad: float = 1.0,
    clip_gradient: float = -1.0, lazy_update: bool = True,
):  # fmt: skip
    """``sgd_update`` of a 16-bit weight with a float32 copy."""
    new = weight32 - lr * _descent(weight32, grad, rescale_grad, wd, clip_gradient)
    return new, new


@update_operator("mp_sgd_mom_update", aux=("mom", "weight32"))
def mp_sgd_mom_update(
    weight, grad, mom, weight32, *, lr: float, momentum: float = 0.0, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, lazy_update: bool = True,
):  # fmt: skip
    """``sgd_mom_update`` of a 16-bit weight with a float32 copy."""
    g = _descent(weight32, grad, rescale_grad, wd, clip_gradient)
    step, mom = rules.momentum(g, mom, lr, momentum)
    return weight32 + step, mom, weight32 + step


@update_operator("nag_mom_update", aux=("mom",))
def nag_mom_update(
    weight, grad, mom, *, lr: float, momentum: float = 0.0, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0,
):  # fmt: skip
    """Nesterov's accelerated gradient (Sutskever et al., 2013).

    ``g = clip(rescale_grad * grad) + wd * weight``; ``mom = momentum * mom - lr * g``;
    ``weight = weight + momentum * mom - lr * g``.
    """
    g = _descent(weight, grad, rescale_grad, wd, clip_gradient)
    step, mom = rules.nesterov(g, mom, lr, momentum)
    return weight + step, mom


@update_operator("mp_nag_mom_update", aux=("mom", "weight32"))
def mp_nag_mom_update(
    weight, grad, mom, weight32, *, lr: float, momentum: float = 0.0, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0,
):  # fmt: skip
    """``nag_mom_update`` of a 16-bit weight with a float32 copy."""
    g = _descent(weight32, grad, rescale_grad, wd, clip_gradient)
    step, mom = rules.nesterov(g, mom, lr, momentum)
    return weight32 + step, mom, weight32 + step


@update_operator("signsgd_update")
def signsgd_update(
    weight, grad, *, lr: float, wd: float = 0.0, rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
):  # fmt: skip
    """A step of one size for every element (Bernstein et al., "signSGD", 2018).

    ``weight = (1 - lr * wd) * weight - lr * sign(grad)``.
    """
    g = rules.rescaled(grad, rescale_grad, clip_gradient)
    return (weight - lr * (wd * weight + jnp.sign(g)),)


@update_operator("signum_update", aux=("mom",))
def signum_update(
    weight, grad, mom, *, lr: float, momentum: float = 0.0, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, wd_lh: float = 0.0,
):  # fmt: skip
    """The sign of the momentum (Bernstein et al., "signSGD", 2018).

    ``g = clip(rescale_grad * grad) + wd * weight``; ``mom = momentum * mom - (1 - momentum) * g``;
    ``weight = (1 - lr * wd_lh) * weight + lr * sign(mom)``.
    """
    g = rules.rescaled(grad, rescale_grad, clip_gradient)
    step, mom = rules.signum(weight, g, mom, lr, wd, momentum, wd_lh)
    return weight + step, mom
