"""First versions of operators, which old symbol files name."""

from __future__ import annotations

import math
from typing import Literal

import jax.numpy as jnp

from ..engine.attributes import Count
from ..engine.op import Shape, get, register
from ._checks import EMPTY
from ._windows import LayoutName, Tuning
from .conv import convolution
from .pool import pooling

__all__ = []


@register("Convolution_v1", infer=get("Convolution").infer)
def convolution_v1(
    data,
    weight,
    bias=None,
    *,
    kernel: Shape,
    stride: Shape = EMPTY,
    dilate: Shape = EMPTY,
    pad: Shape = EMPTY,
    num_filter: Count,
    num_group: int = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    cudnn_tune: Tuning | None = None,
    cudnn_off: bool = False,
    layout: LayoutName | None = None,
):
    """The first version of :func:`Convolution`; it computes the same.

    Parameters
    ----------
    data : array
        (batch, channels, ...), or as `layout` says.
    weight : array
        (num_filter, channels / num_group, \\*kernel).
    bias : array, optional
        (num_filter,).
    kernel : tuple of int
        Extent of the window.
    stride, dilate, pad : tuple of int
        Step of the window, distance of its elements, zeros around the data. 1, 1 and 0 by default.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        As in Convolution.
    workspace, cudnn_tune, cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s layout with `num_filter` channels.
    """
    return convolution(
        data, weight, bias, kernel=kernel, stride=stride, dilate=dilate, pad=pad,
        num_filter=num_filter, num_group=num_group, no_bias=no_bias, layout=layout,
    )  # fmt: skip


@register("Pooling_v1")
def pooling_v1(
    data,
    *,
    kernel: Shape = EMPTY,
    pool_type: Literal["max", "avg", "sum"] = "max",
    global_pool: bool = False,
    pooling_convention: Literal["valid", "full"] = "valid",
    stride: Shape = EMPTY,
    pad: Shape = EMPTY,
):
    """The first version of :func:`Pooling`.

    It differs in one thing: a mean is always divided by the size of the kernel, also where the
    last window of ``pooling_convention='full'`` reaches over the end of the data.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    kernel : tuple of int
        Extent of the window.
    pool_type : {'max', 'avg', 'sum'}
        What each window gives.
    global_pool : bool
        One window over everything.
    pooling_convention : {'valid', 'full'}
        Whether the number of windows is rounded down or up.
    stride, pad : tuple of int
        Step of the window (1 by default), margin around the data.

    Returns
    -------
    array
        (batch, channels, ...) with other spatial extents.

    Examples
    --------
    >>> x = nd.array([[[[2, 4, 6]]]])
    >>> nd.Pooling_v1(x, kernel=(1, 2), stride=(1, 2), pool_type="avg", pooling_convention="full")
    [[[[3. 3.]]]]
    """
    settings = {"global_pool": global_pool, "pooling_convention": pooling_convention}
    where = {"kernel": kernel, "stride": stride, "pad": pad}
    if pool_type != "avg":
        return pooling(data, pool_type=pool_type, **settings, **where)
    total = pooling(data, pool_type="sum", **settings, **where)
    size = math.prod(data.shape[2:] if global_pool else kernel)
    return total / jnp.asarray(size, data.dtype)
