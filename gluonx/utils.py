"""Helpers for training loops and files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import ndarray as nd
from .block import HookHandle as HookHandle
from .context import Context
from .download import check_sha1 as check_sha1
from .download import download as download
from .ndarray.divided import divide

__all__ = [
    "HookHandle",
    "check_sha1",
    "clip_global_norm",
    "download",
    "replace_file",
    "shape_is_known",
    "split_and_load",
    "split_data",
]


def split_data(
    data: nd.NDArray, num_slice: int, batch_axis: int = 0, even_split: bool = True
) -> list[nd.NDArray]:
    """Split an array into parts along the axis of samples.

    Parameters
    ----------
    data : NDArray
        What to split.
    num_slice : int
        Number of parts.
    batch_axis : int
        The axis of samples.
    even_split : bool
        Whether all parts must have the same length. If not, the first parts are longer by one.

    Returns
    -------
    list of NDArray
        Along the first axis they share memory with ``data``.

    Raises
    ------
    ValueError
        If an even split is not possible, or there are fewer samples than parts.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> parts = gluon.utils.split_data(nd.ones((5, 2)), 2, even_split=False)
    >>> [part.shape for part in parts]
    [(3, 2), (2, 2)]
    """
    size = data.shape[batch_axis]
    if num_slice < 1 or size < num_slice:
        raise ValueError(
            f"cannot split an array of shape {data.shape} into {num_slice} parts along axis "
            f"{batch_axis}; there must be at least one part and one sample for each"
        )
    if even_split and size % num_slice:
        raise ValueError(
            f"cannot split an array of shape {data.shape} into {num_slice} parts of equal length "
            f"along axis {batch_axis}; use a batch size that is a multiple of {num_slice}, or "
            "even_split=False"
        )
    length, rest = divmod(size, num_slice)
    begins = [length * i + min(i, rest) for i in range(num_slice + 1)]
    if batch_axis == 0:
        return [data[a:b] for a, b in zip(begins, begins[1:], strict=False)]
    return [
        nd.slice_axis(data, axis=batch_axis, begin=a, end=b)
        for a, b in zip(begins, begins[1:], strict=False)
    ]


def split_and_load(
    data: Any, ctx_list: Sequence[Context], batch_axis: int = 0, even_split: bool = True
) -> list[nd.NDArray]:
    """Split a batch and put one part on each device.

    Parameters
    ----------
    data : NDArray or numpy.ndarray
        The batch.
    ctx_list : list of Context
        The devices.
    batch_axis, even_split
        See :func:`split_data`.

    Returns
    -------
    list of NDArray
        One for each device.

    Raises
    ------
    TypeError
        If ``ctx_list`` is not a list of contexts.
    ValueError
        See :func:`split_data`.

    Examples
    --------
    >>> import gluonx as gx
    >>> parts = gx.gluon.utils.split_and_load(gx.nd.ones((4, 2)), [gx.cpu(0), gx.cpu(1)])
    >>> [(part.shape, part.context) for part in parts]
    [((2, 2), cpu(0)), ((2, 2), cpu(1))]
    """
    if isinstance(ctx_list, Context) or not all([isinstance(ctx, Context) for ctx in ctx_list]):
        raise TypeError(f"ctx_list must be a list such as [gx.gpu(0), gx.gpu(1)], got {ctx_list!r}")
    if len(ctx_list) > 1 and batch_axis == 0:
        found = divide(data, ctx_list)
        if found is not None:
            return found
    if not isinstance(data, nd.NDArray):
        data = nd.array(data, ctx=ctx_list[0])
    if len(ctx_list) == 1:
        return [data.as_in_context(ctx_list[0])]
    parts = split_data(data, len(ctx_list), batch_axis, even_split)
    return [part.as_in_context(ctx) for part, ctx in zip(parts, ctx_list, strict=True)]


def clip_global_norm(
    arrays: Sequence[nd.NDArray], max_norm: float, check_isfinite: bool = True
) -> float | nd.NDArray:
    r"""Scale arrays in place so that their norm, taken together, is at most ``max_norm``.

    With the norm :math:`n = \sqrt{\sum_i \|a_i\|^2}`, each array is multiplied by
    :math:`\min(1, m / (n + 10^{-8}))` (Pascanu et al., "On the difficulty of training recurrent
    neural networks", ICML 2013).

    Parameters
    ----------
    arrays : list of NDArray
        For example the gradients of all parameters.
    max_norm : float
        :math:`m`.
    check_isfinite : bool
        Whether to read the norm and warn if it is not finite. If not, nothing waits for the device.

    Returns
    -------
    float, or NDArray of shape (1,)
        The norm before scaling; an NDArray if not ``check_isfinite``.

    Raises
    ------
    ValueError
        If there are no arrays.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> gradients = [nd.array([3.0]), nd.array([4.0])]
    >>> gluon.utils.clip_global_norm(gradients, max_norm=1.0)
    5.0
    >>> [round(g.asscalar().item(), 3) for g in gradients]
    [0.6, 0.8]
    """
    if not arrays:
        raise ValueError("clip_global_norm needs at least one array")
    ctx = arrays[0].context
    squares = [nd.sum(nd.square(_widen(a))).as_in_context(ctx) for a in arrays]
    norm = nd.sqrt(nd.add_n(*squares))
    scale = nd.minimum(max_norm / (norm + 1e-8), 1.0)
    for array in arrays:
        array *= scale.as_in_context(array.context).astype(array.dtype, copy=False)
    if not check_isfinite:
        return norm
    value = norm.asscalar().item()
    if not np.isfinite(value):
        warnings.warn(
            f"the norm of the arrays is {value}, so that clipping has no meaning; check the loss "
            "and the learning rate",
            stacklevel=2,
        )
    return value


def _widen(array: nd.NDArray) -> nd.NDArray:
    """In half precision the sum of squares would overflow."""
    return array.astype("float32") if np.dtype(array.dtype).itemsize < 4 else array


def replace_file(src: str | os.PathLike, dst: str | os.PathLike) -> None:
    """Rename a file; what is at ``dst`` is replaced, at once and as a whole."""
    os.replace(src, dst)


def shape_is_known(shape: Sequence[int] | None) -> bool:
    """Whether no extent of a shape is left to be learned (0, or None for all)."""
    return shape is not None and all(extent > 0 for extent in shape)
