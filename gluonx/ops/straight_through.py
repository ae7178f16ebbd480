"""Operators whose gradient is not the derivative, on purpose."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from ..engine.attributes import Part
from ..engine.op import register
from ._checks import is_float

__all__ = []


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _straight_through(function, data):
    return function(data)


@_straight_through.defjvp
def _straight_through_jvp(function, primals, tangents):
    return _straight_through(function, *primals), tangents[0]


def _round(data):
    return jax.lax.round(data, jax.lax.RoundingMethod.AWAY_FROM_ZERO) if is_float(data) else data


@register("_contrib_round_ste")
def round_ste(data):
    """The nearest whole number; the gradient passes as if nothing had been rounded.

    Halves are rounded away from 0. Bengio et al., "Estimating or propagating gradients through
    stochastic neurons for conditional computation", 2013.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.round_ste(nd.array([-1.5, 0.4, 2.5]))
    [-2.  0.  3.]
    """
    return _straight_through(_round, data)


@register("_contrib_sign_ste")
def sign_ste(data):
    """The sign, -1, 0 or 1; the gradient passes as if it were the number itself.

    Bengio et al., "Estimating or propagating gradients through stochastic neurons for conditional
    computation", 2013.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.sign_ste(nd.array([-1.5, 0, 2.5]))
    [-1.  0.  1.]
    """
    return _straight_through(jnp.sign, data)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _multiplied(scalar, data):
    return data


@_multiplied.defjvp
def _multiplied_jvp(scalar, primals, tangents):
    tangent = tangents[0]
    return primals[0], tangent * jnp.asarray(scalar, tangent.dtype)


@register("_contrib_gradientmultiplier")
def gradientmultiplier(data, *, scalar: float = 1.0, is_int: bool = True):
    """The array itself; its gradient is multiplied by a number.

    With a negative number it reverses gradients: Ganin and Lempitsky, "Unsupervised domain
    adaptation by backpropagation", 2015.

    Parameters
    ----------
    data : array
        Any shape.
    scalar : float
        What the gradient is multiplied by.
    is_int : bool
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.gradientmultiplier(nd.array([1, 2]), scalar=-1)
    [1. 2.]
    """
    return _multiplied(scalar, data)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _penalized(target, penalty, data, average):
    return data


def _penalized_backward(target, penalty, average, head):
    average = average.astype(head.dtype)
    slope = penalty * (-target / average + (1 - target) / (1 - average))
    along = slope.reshape(1, -1, *[1] * (head.ndim - 2))
    return head + along.astype(head.dtype), jnp.zeros_like(average)


_penalized.defvjp(
    lambda target, penalty, data, average: (data, average),
    _penalized_backward,
)


def _infer_penalized(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    return {"moving_avg": (data[1],)} if data and len(data) > 1 else {}


@register("IdentityAttachKLSparseReg", aux=("moving_avg",), infer=_infer_penalized)
def identity_attach_kl_sparse_reg(
    data,
    moving_avg,
    *,
    sparseness_target: Part = 0.1,
    penalty: float = 0.001,
    momentum: Part = 0.9,
    train,
):
    r"""The array itself; its gradient gets a penalty on units that are active too often.

    The penalty is the derivative of the Kullback-Leibler divergence between the wanted mean
    activation :math:`\rho` and the running one :math:`\hat\rho`:

    .. math:: \lambda \left(-\frac{\rho}{\hat\rho} + \frac{1 - \rho}{1 - \hat\rho}\right)

    Meant for the outputs of a sigmoid. Ng, "Sparse autoencoder", 2011.

    Parameters
    ----------
    data : array
        (batch, units, ...), between 0 and 1.
    moving_avg : array
        (units,), the running mean; changed in place while training.
    sparseness_target : float
        The wanted mean activation.
    penalty : float
        The weight of the penalty.
    momentum : float
        How much of the running mean stays at each step.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> x, mean = nd.array([[0.2, 0.8]]), nd.array([0.1, 0.1])
    >>> nd.IdentityAttachKLSparseReg(x, mean)
    [[0.2 0.8]]
    """
    if data.ndim < 2 or moving_avg.shape != (data.shape[1],):
        raise ValueError(
            "data must be (batch, units, ...) and moving_avg (units,), got shapes "
            f"{data.shape} and {moving_avg.shape}"
        )
    if not train:
        return data, None
    mean = data.mean([i for i in range(data.ndim) if i != 1])
    mean = jax.lax.stop_gradient(mean).astype(moving_avg.dtype)
    average = momentum * moving_avg + (1 - momentum) * mean
    return _penalized(sparseness_target, penalty, data, average), average
