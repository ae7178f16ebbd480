"""Compressing gradients, with error feedback.

What compression takes from a gradient is kept as a *residual* and added to the next one, so that
nothing is lost for ever (Seide et al., "1-bit stochastic gradient descent and its application to
data-parallel distributed training of speech DNNs", 2014).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..engine.collective import Group
from ..engine.kernel import Kernel
from ..error import MXNetError

__all__ = ["Compression"]


class Compression:
    """A way to compress float32 gradients; those of other types stay as they are.

    With ``r`` the residual plus the gradient, and ``q`` what is sent:

    - ``2bit``: ``q`` is ``threshold`` where ``r >= threshold``, ``-threshold`` where
      ``r <= -threshold``, else 0, as in MXNet. Two bits for a number.
    - ``fp16``: ``q`` is ``r`` rounded to float16, at most 65504.

    The new residual is ``r - q``.

    Parameters
    ----------
    params : dict
        ``type`` and, for ``2bit``, ``threshold`` (0.5).

    Raises
    ------
    MXNetError
        For another type, or a threshold that is not above 0.
    """

    def __init__(self, params: dict[str, Any]):
        if not isinstance(params, dict) or "type" not in params:
            raise MXNetError(
                "compression_params must be a dict such as {'type': '2bit', 'threshold': 0.5}, "
                f"got {params!r}"
            )
        self.type = str(params["type"])
        if self.type not in ("2bit", "fp16"):
            raise MXNetError(f"the type of compression must be '2bit' or 'fp16', got {self.type!r}")
        given = params.get("threshold", 0.5)
        try:
            self.threshold = float(given)
        except (TypeError, ValueError):
            raise MXNetError(f"threshold must be a number, got {given!r}") from None
        if not self.threshold > 0 and self.type == "2bit":
            raise MXNetError(f"threshold must be greater than 0, got {self.threshold}")
        self._residuals: dict[Any, Any] = {}
        t = self.threshold
        coarse = functools.partial(_two_bits, t=t) if self.type == "2bit" else _half
        self._decode = functools.partial(_unpack, t=t) if self.type == "2bit" else _widen
        pack = _pack if self.type == "2bit" else _narrow

        def quantize(grad, residual):
            total = grad + residual
            sent = coarse(total)
            return sent, total - sent

        def encode(*arrays):
            count = len(arrays) // 2
            pairs = [quantize(arrays[i], arrays[count + i]) for i in range(count)]
            flat = jnp.concatenate([sent.ravel() for sent, _ in pairs])
            return pack(flat), *[residual for _, residual in pairs]

        self._quantize = Kernel(quantize, "compress")
        self._encode = Kernel(encode, "compress")

    def residual(self, key: Any, array: Any) -> Any:
        """What is left over from former gradients under ``key``; zeros at first."""
        found = self._residuals.get(key)
        if found is None or found.shape != array.shape or found.device != array.device:
            found = jnp.zeros(array.shape, jnp.float32, device=array.device)
        return found

    def fits(self, array: Any) -> bool:
        """Whether an array can be compressed."""
        return array.dtype == np.float32 and array.size > 0

    def quantize(self, key: Any, array: Any) -> Any:
        """What arrives of a gradient on the other side.

        Parameters
        ----------
        key : hashable
            Whose residual to use.
        array : jax.Array
        """
        if not self.fits(array):
            return array
        residual = self.residual(key, array)
        sent, self._residuals[key] = self._quantize.run((array, residual), array.device)
        return sent

    def exchange(
        self, keys: Sequence[Any], arrays: Sequence[Any], group: Group
    ) -> tuple[list[Any], Any]:
        """Sums of compressed gradients over the processes.

        Parameters
        ----------
        keys : sequence of hashable
            Whose residuals to use.
        arrays : sequence of jax.Array
            All of them must be such that :meth:`fits`.
        group : Group

        Returns
        -------
        list of jax.Array, jax.Array
            As for :meth:`Group.run`.
        """
        residuals = [self.residual(k, a) for k, a in zip(keys, arrays, strict=True)]
        codes, *left = self._encode.run((*arrays, *residuals), group.device)
        self._residuals.update(zip(keys, left, strict=True))
        return group.gather(self._decode, codes, tuple(a.shape for a in arrays))


def _two_bits(total, t):
    return jnp.where(total >= t, t, jnp.where(total <= -t, -t, 0.0)).astype(total.dtype)


def _half(total):
    return jnp.clip(total, -65504, 65504).astype(jnp.float16).astype(total.dtype)


def _pack(flat):
    """Four numbers in a byte: 1 for positive ones, 2 for negative ones, else 0."""
    codes = (flat > 0).astype(jnp.uint8) + 2 * (flat < 0).astype(jnp.uint8)
    codes = jnp.pad(codes, (0, -codes.size % 4)).reshape(-1, 4)
    return (codes << jnp.arange(0, 8, 2, dtype=jnp.uint8)).sum(1, dtype=jnp.uint8)


def _unpack(codes, shapes, t):
    bits = (codes[:, None] >> jnp.arange(0, 8, 2, dtype=jnp.uint8)) & 3
    flat = bits.ravel()
    return _cut(jnp.where(flat == 1, t, jnp.where(flat == 2, -t, 0.0)).astype(jnp.float32), shapes)


def _narrow(flat):
    return flat.astype(jnp.float16)


def _widen(codes, shapes):
    return _cut(codes.astype(jnp.float32), shapes)


def _cut(flat, shapes):
    parts, start = [], 0
    for shape in shapes:
        count = math.prod(shape)
        parts.append(flat[start : start + count].reshape(shape))
        start += count
    return parts
