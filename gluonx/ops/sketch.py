"""Compact bilinear pooling: count sketches and Fourier transforms.

Gao et al., "Compact bilinear pooling", 2016.
"""

from __future__ import annotations

import jax.numpy as jnp

from ..engine.op import register
from ._checks import as_index, is_float

__all__ = []


@register("_contrib_count_sketch")
def count_sketch(data, h, s, *, out_dim: int, processing_batch_size: int = 32):
    """The count sketch of vectors: element ``i`` is added to place ``h[i]`` with the sign ``s[i]``.

    Parameters
    ----------
    data : array
        (..., n).
    h : array
        (n,) or (1, n): places, whole numbers from 0 up to, not including, `out_dim`.
    s : array
        (n,) or (1, n): signs, 1 or -1.
    out_dim : int
        Length of the sketch.
    processing_batch_size : int
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (..., out_dim).

    Examples
    --------
    >>> x, h, s = nd.array([[1, 2, 3]]), nd.array([[0, 1, 0]]), nd.array([[1, -1, 1]])
    >>> nd.contrib.count_sketch(x, h, s, out_dim=2)
    [[ 4. -2.]]
    """
    n = data.shape[-1] if data.ndim else 0
    if not n or h.size != n or s.size != n:
        raise ValueError(
            f"h and s must have one number for each of the {n} elements of the vectors, got shapes "
            f"{h.shape} and {s.shape} for data of {data.shape}"
        )
    signed = data * s.reshape(n).astype(data.dtype)
    empty = jnp.zeros((*data.shape[:-1], out_dim), data.dtype)
    return empty.at[..., as_index(h.reshape(n), out_dim)].add(signed)


def _check_float(data) -> None:
    if data.ndim == 0 or not is_float(data):
        raise ValueError(
            f"data must have axes and a floating-point type, got {data.dtype} of shape {data.shape}"
        )


@register("_contrib_fft")
def fft(data, *, compute_size: int = 128):
    """The discrete Fourier transform along the last axis.

    Parameters
    ----------
    data : array
        (..., n), real.
    compute_size : int
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (..., 2 n): real and imaginary parts in turn.

    Examples
    --------
    >>> nd.contrib.fft(nd.array([[1, 1]]))
    [[2. 0. 0. 0.]]
    """
    _check_float(data)
    wide = data.astype(jnp.float32) if data.dtype.itemsize < 4 else data
    y = jnp.fft.fft(wide)
    parts = jnp.stack([y.real, y.imag], -1)
    return parts.reshape(*data.shape[:-1], 2 * data.shape[-1]).astype(data.dtype)


@register("_contrib_ifft")
def ifft(data, *, compute_size: int = 128):
    """The real part of the inverse discrete Fourier transform, times its length.

    Parameters
    ----------
    data : array
        (..., 2 n): real and imaginary parts in turn.
    compute_size : int
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (..., n). Divide it by n to get back what ``fft`` was given.

    Examples
    --------
    >>> nd.contrib.ifft(nd.contrib.fft(nd.array([[1, 2]]))) / 2
    [[1. 2.]]
    """
    _check_float(data)
    if data.shape[-1] % 2:
        raise ValueError(
            f"the last axis holds real and imaginary parts in turn; its length {data.shape[-1]} "
            "must be even"
        )
    wide = data.astype(jnp.float32) if data.dtype.itemsize < 4 else data
    pairs = wide.reshape(*data.shape[:-1], data.shape[-1] // 2, 2)
    y = jnp.fft.ifft(pairs[..., 0] + 1j * pairs[..., 1], norm="forward")
    return y.real.astype(data.dtype)
