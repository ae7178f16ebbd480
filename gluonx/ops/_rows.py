"""Rows of several arrays at once, for the batches of data in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..engine.kernel import Kernel, is_wide, put, x64

__all__ = ["place", "rows"]

_rows = Kernel(lambda at, *columns: tuple(jnp.take(c, at, 0, mode="clip") for c in columns), "rows")
_place = Kernel(lambda *hosts: hosts, "place")

#: Up to how many bytes handing an array to a compiled program is quicker than ``jax.device_put``.
SMALL = 1 << 20


def rows(columns: Sequence[Any], at: np.ndarray, device: Any) -> tuple:
    """``column[at]`` for each of the columns, in one call.

    Parameters
    ----------
    columns : list of jax.Array
        All on ``device``.
    at : numpy.ndarray
        int32, within bounds.
    device : jax.Device
    """
    return _rows.run((at, *columns), device)


def place(hosts: Sequence[np.ndarray], device: Any) -> list[Any]:
    """Host arrays, never written to again, as arrays of JAX on a device; small ones in one call."""
    if not any([host.nbytes > SMALL or is_wide(host.dtype) for host in hosts]):
        return list(_place.run(hosts, device))
    placed: list[Any] = [None] * len(hosts)
    small = [i for i, host in enumerate(hosts) if host.nbytes <= SMALL]
    if small:
        given = [hosts[i] for i in small]
        with x64() if any([is_wide(host.dtype) for host in given]) else nullcontext():
            arrays = _place.run(given, device)
        for i, array in zip(small, arrays, strict=True):
            placed[i] = array
    return [put(hosts[i], device) if a is None else a for i, a in enumerate(placed)]
