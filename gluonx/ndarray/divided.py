"""A batch on several devices, moved there at once."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from ..context import Context
from ..engine.buffer import Buffer
from ..engine.kernel import Aval, aligned_bytes, put
from ..engine.spread import PARTS, Spread, Team, team_of
from ..engine.state import state
from .creation import host_array
from .ndarray import NDArray

__all__ = ["divide"]

#: From how many numbers on XLA's copy of a batch takes longer than to see to it that there is none.
_LARGE = 1 << 15

_aval = functools.lru_cache(maxsize=256)(Aval)


def divide(data: Any, contexts: Sequence[Context]) -> list[NDArray] | None:
    """Parts of equal length of a batch, along its first axis, one on each context.

    JAX gets the whole batch to divide, which costs a fraction of the time of a transfer for each
    part; and to a program that runs on all these devices (:mod:`gluonx.engine.replicas`) it can
    be given as it is: on CPUs the array of the host.

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
    team = _team(tuple(contexts))
    if team is None or state.trace is not None:
        return None
    given, here = isinstance(data, NDArray), team.bounded
    if given:
        if data._sparse or (state.recording and data._recorded):
            return None
        array = data._data
        where = data.context.device
        if isinstance(where, jax.sharding.Sharding) or where.platform != "cpu":
            return None
        here = here and not data._buffer.shared  # else somebody may write into its memory
        data._buffer.shared = True  # the parts may be in it
        host = np.asarray(array)
    elif isinstance(data, (np.ndarray, list, tuple)):
        host = _copy(data) if here else host_array(data)
    else:
        return None
    length, rest = divmod(host.shape[0] if host.ndim else 0, len(contexts))
    if rest or not host.size:
        return None
    aval = _aval((length, *host.shape[1:]), host.dtype)
    # on a CPU a transfer is work of Python's own thread, and less of it as a part of the program
    spread = Spread(team, host if here else put(host, team.parts), PARTS, aval)
    found = []
    for ctx in contexts:
        buffer = Buffer(None, ctx, given)
        buffer.pending = spread
        found.append(NDArray._new(buffer))
    return found


def _copy(data: Any) -> np.ndarray:
    """A copy of a batch as float32; of a large one the parts begin where XLA takes them over."""
    if not isinstance(data, np.ndarray) or data.size < _LARGE or data.dtype.kind not in "fiub":
        return host_array(data)
    copy = aligned_bytes(4 * data.size).view(np.float32).reshape(data.shape)
    copy[...] = data
    return copy


@functools.lru_cache(maxsize=64)
def _team(contexts: tuple[Context, ...]) -> Team | None:
    """The devices of some contexts if a batch can be divided among them."""
    devices = [c.device for c in contexts]
    if len(set(devices)) < len(devices):
        return None
    if len({getattr(d, "platform", None) for d in devices} | {None}) != 2:  # not one, or a mesh
        return None
    return team_of(devices)
