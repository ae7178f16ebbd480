"""Rows of several arrays at once, for the batches of data in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..engine.kernel import Kernel, is_wide, put

__all__ = ["place", "rows"]

_rows = Kernel(lambda at, *columns: tuple(jnp.take(c, at, 0, mode="clip") for c in columns), "rows")
_place = Kernel(lambda x: (x,), "place")

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


def place(host: np.ndarray, device: Any) -> Any:
    """A host array, never written to again, as a ``jax.Array`` on a device."""
    if host.nbytes > SMALL or is_wide(host.dtype):
        return put(host, device)
    return _place.run((host,), device)[0]
