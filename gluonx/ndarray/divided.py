"""A batch on several devices, moved there at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from ..context import Context
from ..engine.buffer import Buffer
from ..engine.kernel import Aval, put
from ..engine.spread import PARTS, Spread, team_of
from ..engine.state import state
from .creation import host_array
from .ndarray import NDArray

__all__ = ["divide"]


def divide(data: Any, contexts: Sequence[Context]) -> list[NDArray] | None:
    """Parts of equal length of a batch, along its first axis, one on each context.

    JAX gets the whole batch to divide, which costs a fraction of the time of a transfer for each
    part; and to a program that runs on all these devices (:mod:`gluonx.engine.replicas`) it can
    be given as it is.

    Parameters
    ----------
    data : NDArray, numpy.ndarray or list
        In host memory.
    contexts : list of Context

    Returns
    -------
    list of NDArray or None
        None if it cannot be done so: the contexts share devices or are of several kinds, the parts
        would not be equal, or ``data`` is sparse, on a GPU, or a part of what is recorded.
    """
    devices = [c.device for c in contexts]
    if len(set(devices)) < len(devices) or state.trace is not None:
        return None
    if len({getattr(d, "platform", None) for d in devices} | {None}) != 2:  # not one, or a mesh
        return None
    given = isinstance(data, NDArray)
    if given:
        if data._sparse or (state.recording and data._recorded):
            return None
        array = data._data
        where = data.context.device
        if isinstance(where, jax.sharding.Sharding) or where.platform != "cpu":
            return None
        data._buffer.shared = True  # the parts may be in its memory
        host = np.asarray(array)
    elif isinstance(data, (np.ndarray, list, tuple)):
        host = host_array(data)
    else:
        return None
    length, rest = divmod(host.shape[0] if host.ndim else 0, len(contexts))
    if rest or not host.size:
        return None
    team = team_of(devices)
    aval = Aval((length, *host.shape[1:]), host.dtype)
    spread = Spread(team, put(host, team.parts), PARTS, aval)
    found = []
    for ctx in contexts:
        buffer = Buffer(None, ctx, given)
        buffer.pending = spread
        found.append(NDArray._new(buffer))
    return found
