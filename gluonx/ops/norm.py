"""Normalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..engine.images import Images
from ..engine.op import register
from ._checks import is_float, to_axis
from ._kept import moments, normalized, wide
from ._once import gradient_once

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "lrn"]


def _wide(data):
    """``data`` in a type that sums can be taken in: float32 for 16-bit floats."""
    if not is_float(data):
        raise ValueError(f"data must be of a floating-point type, got {data.dtype}; use astype")
    return wide(data)


def _check_parameters(shape: tuple[int, ...], what: str, **parameters) -> None:
    for name, a in parameters.items():
        if a.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, {what}, got {a.shape}")


def _infer_batch_norm(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    if not data:
        return {}
    channels = (data[to_axis(attrs["axis"], len(data))],)
    return dict.fromkeys(("gamma", "beta", "moving_mean", "moving_var"), channels)


#: What a symbol knows of the outputs and states of BatchNorm, under all its names.
STATISTICS: dict[str, Any] = {
    "output_names": ("output", "mean", "var"),
    "initial": {"moving_mean": '["zero", {}]', "moving_var": '["one", {}]'},
}


def channels_last(images: Images, arrays: Sequence[Any], attrs: dict) -> Any:
    """How BatchNorm, under all its names, is with channels last (see ``engine.images``)."""
    if attrs["axis"] not in (1, -3):
        return None
    made = images.settled(arrays[0])
    return None if made is None else ((made, *arrays[1:]), {**attrs, "axis": 3})


@register(
    "BatchNorm",
    aux=("moving_mean", "moving_var"),
    infer=_infer_batch_norm,
    outputs=lambda attrs: 3 if attrs["output_mean_var"] else 1,
    channels_last=channels_last,
    **STATISTICS,
)
def batch_norm(
    data,
    gamma,
    beta,
    moving_mean,
    moving_var,
    *,
    eps: float = 0.0010000000474974513,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    axis: int = 1,
    cudnn_off: bool = False,
    min_calib_range: float | None = None,
    max_calib_range: float | None = None,
    train,
):
    r"""Normalize each channel over the batch.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    While training, :math:`\mu` and :math:`\sigma^2` are the batch's own (biased variance), and the
    running statistics move towards them: ``moving = momentum * moving + (1 - momentum) * batch``.
    Otherwise they are the running statistics. Ioffe and Szegedy, "Batch normalization", 2015.

    Parameters
    ----------
    data : array
        Any shape with channels on `axis`.
    gamma, beta : array
        (channels,).
    moving_mean, moving_var : array
        (channels,); changed in place while training.
    eps : float
        Added to the variance.
    momentum : float
        How much of the running statistics stays at each step.
    fix_gamma : bool
        Take gamma as 1; its gradient is then 0.
    use_global_stats : bool
        Use the running statistics while training, too, and leave them alone.
    output_mean_var : bool
        Also return the mean and the inverse standard deviation that were used.
    axis : int
        Axis of the channels.
    cudnn_off, min_calib_range, max_calib_range
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (channels,).

    Examples
    --------
    >>> x = nd.random.normal(3, 2, shape=(8, 4, 5, 5))
    >>> g, b, m, v = nd.ones(4), nd.zeros(4), nd.zeros(4), nd.ones(4)
    >>> with autograd.record():
    ...     y = nd.BatchNorm(x, g, b, m, v)
    """
    return normalize_batch(
        data, gamma, beta, moving_mean, moving_var, eps, momentum, fix_gamma,
        train and not use_global_stats, output_mean_var, axis,
    )  # fmt: skip


def normalize_batch(
    data, gamma, beta, moving_mean, moving_var, eps, momentum, fix_gamma, own, output_mean_var,
    axis=1, across=None,
):  # fmt: skip
    """:func:`batch_norm`; ``own`` says whether the batch's own statistics are used.

    ``across`` makes means over several devices of means over each one's part.
    """
    axis = to_axis(axis, data.ndim)
    channels = (data.shape[axis],)
    _check_parameters(
        channels, f"one number for each channel (axis {axis})",
        gamma=gamma, beta=beta, moving_mean=moving_mean, moving_var=moving_var,
    )  # fmt: skip
    along = tuple(-1 if i == axis else 1 for i in range(data.ndim))
    x = _wide(data)
    new_mean = new_var = None
    if own:
        axes = tuple(i for i in range(data.ndim) if i != axis)
        mean, var = moments(x, axes)
        if across is not None:
            part = mean
            mean, square = across(part, var + part * part)
            var = jax.numpy.maximum(square - mean * mean, 0)
        new_mean = _moved(moving_mean, mean, momentum)
        new_var = _moved(moving_var, var, momentum)
    else:
        mean = moving_mean.astype(x.dtype).reshape(along)
        var = moving_var.astype(x.dtype).reshape(along)
    inverse = jax.lax.rsqrt(var + eps)
    gamma = jnp.ones_like(gamma) if fix_gamma else gamma
    gamma, beta = (a.astype(x.dtype).reshape(along) for a in (gamma, beta))
    if own and across is None:
        y = normalized(data, gamma, beta, axes, eps)
    else:
        y = ((x - mean) * (inverse * gamma) + beta).astype(data.dtype)
    if output_mean_var:
        return y, mean.reshape(channels), inverse.reshape(channels), new_mean, new_var
    return y, new_mean, new_var


def _moved(moving, batch, momentum: float):
    old = moving.astype(batch.dtype)
    batch = jax.lax.stop_gradient(batch).reshape(moving.shape)
    return (old * momentum + batch * (1 - momentum)).astype(moving.dtype)


def _infer_layer_norm(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    if not data:
        return {}
    return dict.fromkeys(("gamma", "beta"), (data[to_axis(attrs["axis"], len(data))],))


def _three(attrs: dict) -> int:
    return 3 if attrs["output_mean_var"] else 1


@register(
    "LayerNorm", infer=_infer_layer_norm, outputs=_three, output_names=("output", "mean", "std")
)
def layer_norm(
    data, gamma, beta, *, axis: int = -1, eps: float = 1e-5, output_mean_var: bool = False
):
    r"""Normalize along one axis, for each position on the others.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Ba et al., "Layer normalization", 2016.

    Parameters
    ----------
    data : array
    gamma, beta : array
        (n,), n the extent of `axis`.
    axis : int
        The axis over which mean and variance are taken.
    eps : float
        Added to the variance.
    output_mean_var : bool
        Also return mean and standard deviation.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays with extent 1 on `axis`.

    Examples
    --------
    >>> nd.LayerNorm(nd.array([[1, 3], [10, 30]]), nd.ones(2), nd.zeros(2)).round()
    [[-1.  1.]
     [-1.  1.]]
    """
    axis = to_axis(axis, data.ndim)
    n = data.shape[axis]
    _check_parameters((n,), f"the extent of axis {axis}", gamma=gamma, beta=beta)
    data = gradient_once(data)
    x = _wide(data)
    along = tuple(n if i == axis else 1 for i in range(data.ndim))
    gamma, beta = (a.astype(x.dtype).reshape(along) for a in (gamma, beta))
    y = normalized(data, gamma, beta, (axis,), eps)
    if output_mean_var:
        mean, var = moments(x, (axis,))
        return y, mean.astype(data.dtype), jnp.sqrt(var + eps).astype(data.dtype)
    return y


def _infer_instance_norm(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    return dict.fromkeys(("gamma", "beta"), (data[1],)) if data else {}


@register("InstanceNorm", infer=_infer_instance_norm, output_names=("output", "mean", "var"))
def instance_norm(data, gamma, beta, *, eps: float = 1e-3):
    r"""Normalize each channel of each example over its spatial axes.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Ulyanov et al., "Instance normalization", 2016.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    gamma, beta : array
        (channels,).
    eps : float
        Added to the variance.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.InstanceNorm(nd.array([[[1, 3], [10, 30]]]), nd.ones(2), nd.zeros(2)).shape
    (1, 2, 2)
    """
    _need_channels(data, 3)
    _check_parameters((data.shape[1],), "one number for each channel", gamma=gamma, beta=beta)
    x = _wide(data)
    along = (-1,) + (1,) * (data.ndim - 2)
    gamma, beta = (a.astype(x.dtype).reshape(along) for a in (gamma, beta))
    return normalized(data, gamma, beta, tuple(range(2, data.ndim)), eps)


def _need_channels(data, axes: int) -> None:
    if data.ndim < axes:
        raise ValueError(
            f"data must have at least {axes} axes (batch, channels, ...), got {data.shape}"
        )


def _infer_group_norm(shapes: dict, attrs: dict) -> dict:
    return dict.fromkeys(("gamma", "beta"), (attrs["num_groups"],))


@register(
    "GroupNorm", infer=_infer_group_norm, outputs=_three, output_names=("output", "mean", "std")
)
def group_norm(
    data, gamma, beta, *, num_groups: int = 1, eps: float = 1e-5, output_mean_var: bool = False
):
    r"""Normalize groups of channels of each example.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Wu and He, "Group normalization", 2018. As in MXNet 1.x, `gamma` and `beta` have one number for
    each group; one for each channel, as in the paper, works as well.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    gamma, beta : array
        (num_groups,) or (channels,).
    num_groups : int
        Number of groups; it divides the number of channels.
    eps : float
        Added to the variance.
    output_mean_var : bool
        Also return mean and standard deviation.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (batch, num_groups).

    Examples
    --------
    >>> nd.GroupNorm(nd.ones((2, 6, 4)), nd.ones(3), nd.zeros(3), num_groups=3).shape
    (2, 6, 4)
    """
    _need_channels(data, 3)
    batch, channels = data.shape[:2]
    if num_groups < 1 or channels % num_groups:
        raise ValueError(f"num_groups={num_groups} must divide the {channels} channels of the data")
    if gamma.shape != (channels,) or beta.shape != (channels,):
        what = "one number for each group"
        _check_parameters((num_groups,), what, gamma=gamma, beta=beta)
        gamma, beta = (jnp.repeat(a, channels // num_groups) for a in (gamma, beta))
    parts = data.reshape(batch, num_groups, channels // num_groups, *data.shape[2:])
    x, axes = _wide(parts), tuple(range(2, parts.ndim))
    along = (num_groups, -1) + (1,) * (data.ndim - 2)
    gamma, beta = (a.astype(x.dtype).reshape(along) for a in (gamma, beta))
    y: Any = normalized(parts, gamma, beta, axes, eps)
    y = y.reshape(data.shape)
    if output_mean_var:
        mean, var = moments(x, axes)
        std = jnp.sqrt(var + eps)
        return y, *(a.reshape(batch, num_groups).astype(data.dtype) for a in (mean, std))
    return y


@register("LRN", output_names=("output", "tmp_norm"))
def lrn(data, *, alpha: float = 1e-4, beta: float = 0.75, knorm: float = 2.0, nsize: int):
    r"""Local response normalization across channels.

    .. math:: y_c = x_c \Big/ \Big(k + \frac{\alpha}{n} \sum_{|d - c| \le n / 2} x_d^2\Big)^\beta

    Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    alpha, beta, knorm : float
        As in the formula (k is `knorm`).
    nsize : int
        Number of channels in the sum, odd.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.LRN(nd.ones((1, 3, 2, 2)), nsize=3).shape
    (1, 3, 2, 2)
    """
    _need_channels(data, 2)
    if nsize < 1 or nsize % 2 == 0:
        raise ValueError(f"nsize={nsize} must be odd and positive")
    x = _wide(data)
    margin = [(nsize // 2, nsize // 2) if i == 1 else (0, 0) for i in range(x.ndim)]
    squares = jnp.pad(jnp.square(x), margin)
    n = x.shape[1]
    total = sum(jax.lax.slice_in_dim(squares, i, i + n, axis=1) for i in range(nsize))
    return (x * (knorm + alpha / nsize * total) ** -beta).astype(data.dtype)
