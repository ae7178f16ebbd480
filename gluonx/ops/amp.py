"""What mixed precision and large batches need: casts, checks for overflow, norms of many arrays."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..engine.op import DType, register
from ._checks import is_float, same_shape

__all__ = ["all_finite", "amp_cast", "amp_multicast", "multi_all_finite"]


def _count(name: str, given: int | None, arrays: tuple) -> None:
    """Raise ValueError unless there are as many arrays as the attribute says."""
    if given is not None and given != len(arrays):
        raise ValueError(f"{name}={given}, but {len(arrays)} arrays are given; leave {name} out")
    if not arrays:
        raise ValueError("give at least one array")


@register("all_finite", differentiable=False)
def all_finite(data, *, init_output: bool = True):
    """Whether all elements are finite: 1, or 0 if there is an infinity or a NaN.

    Parameters
    ----------
    data : array
        Any shape.
    init_output : bool
        With False and ``out=``, the result is 1 only where `out` was 1 before.

    Returns
    -------
    array
        (1,), float32.

    Examples
    --------
    >>> nd.all_finite(nd.array([1, np.inf]))
    [0.]
    """
    return jnp.isfinite(data).all().reshape(1).astype(jnp.float32)


@register("multi_all_finite", differentiable=False)
def multi_all_finite(*data, num_arrays: int | None = None, init_output: bool = True):
    """Whether all elements of several arrays are finite: 1, or 0 if one is infinite or NaN.

    Parameters
    ----------
    *data : array
        Any shapes.
    num_arrays : int, optional
        How many arrays there are.
    init_output : bool
        With False and ``out=``, the result is 1 only where `out` was 1 before.

    Returns
    -------
    array
        (1,), float32.

    Examples
    --------
    >>> nd.multi_all_finite(nd.ones(2), nd.ones((2, 3)), num_arrays=2)
    [1.]
    """
    _count("num_arrays", num_arrays, data)
    found = [jnp.isfinite(a).all() for a in data]
    return jnp.stack(found).all().reshape(1).astype(jnp.float32)


@register("amp_cast")
def amp_cast(data, *, dtype: DType):
    """The array in another dtype, if it is of a floating-point type; integers stay.

    The gradient arrives in the dtype of `data`.

    Parameters
    ----------
    data : array
        Any shape.
    dtype : dtype or str
        The dtype wanted.

    Returns
    -------
    array
        Shape of `data`.

    Examples
    --------
    >>> nd.amp_cast(nd.ones(2), dtype="float16").dtype.__name__
    'float16'
    """
    return data.astype(dtype) if is_float(data) else data


@register("amp_multicast", outputs=lambda attrs: attrs["num_outputs"])
def amp_multicast(*data, num_outputs: int, cast_narrow: bool = False):
    """Several arrays in the widest floating-point type among them; integers stay.

    Parameters
    ----------
    *data : array
        Any shapes.
    num_outputs : int
        How many arrays there are.
    cast_narrow : bool
        Take the narrowest type instead.

    Returns
    -------
    list of array
        Shapes of `data`.

    Examples
    --------
    >>> a, b = nd.amp_multicast(nd.ones(2, dtype="float16"), nd.ones(3), num_outputs=2)
    >>> a.dtype.__name__
    'float32'
    """
    _count("num_outputs", num_outputs, data)
    kinds = [a.dtype for a in data if is_float(a)]
    if not kinds:
        return data
    target = (min if cast_narrow else max)(kinds, key=lambda kind: kind.itemsize)
    return tuple(a.astype(target) if is_float(a) else a for a in data)


@register("multi_sum_sq", differentiable=False)
def multi_sum_sq(*data, num_arrays: int | None = None):
    """The sums of squares of several arrays.

    Parameters
    ----------
    *data : array
        Any shapes.
    num_arrays : int, optional
        How many arrays there are.

    Returns
    -------
    array
        (number of arrays,), float32.

    Examples
    --------
    >>> nd.multi_sum_sq(nd.array([1, 2]), nd.array([3]), num_arrays=2)
    [5. 9.]
    """
    _count("num_arrays", num_arrays, data)
    return jnp.stack([jnp.square(a.astype(jnp.float32)).sum() for a in data])


@register("multi_lars", differentiable=False, traced=("rescale_grad",))
def multi_lars(
    lrs, weights_sum_sq, grads_sum_sq, wds, *, eta: float, eps: float, rescale_grad: float = 1.0
):
    r"""Learning rates of layers by LARS.

    .. math:: \lambda \frac{\eta \|w\|}{\|g\| + \beta \|w\| + \epsilon}

    where both norms are positive, the learning rate :math:`\lambda` itself elsewhere;
    :math:`\|g\|` is multiplied by `rescale_grad`. You et al., "Large batch training of
    convolutional networks", 2017.

    Parameters
    ----------
    lrs : array
        (layers,), the learning rates.
    weights_sum_sq, grads_sum_sq : array
        (layers,), squared norms of weights and gradients.
    wds : array
        (layers,), weight decays.
    eta : float
        The trust coefficient.
    eps : float
        Added to the denominator.
    rescale_grad : float
        Factor of the gradients.

    Returns
    -------
    array
        (layers,).

    Examples
    --------
    >>> one = nd.ones(1)
    >>> nd.multi_lars(one, one * 4, one, one * 0, eta=0.5, eps=0)
    [1.]
    """
    same_shape(lrs, weights_sum_sq, grads_sum_sq, wds)
    weights, grads = jnp.sqrt(weights_sum_sq), jnp.sqrt(grads_sum_sq) * rescale_grad
    scaled = lrs * eta * weights / (grads + wds * weights + eps)
    return jax.lax.select((weights_sum_sq > 0) & (grads_sum_sq > 0), scaled, lrs)
