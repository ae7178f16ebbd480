"""Devices of this process that run one program together with those of all other processes.

The processes need not run the same program: what they have in common is the order of their
exchanges. So a worker that looks at a loss, and therefore runs its step in parts, and one that does
not, meet in the sum of the gradients, which both make of the same arrays in the same order
(:func:`~gluonx.engine.collective.packed`). That is so on CPUs, where exchanges are matched by their
order; XLA compiles each process's program by itself there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import jax
import numpy as np

from .collective import SUM, fellows, packed
from .kernel import put
from .spread import AXIS, Team, wide_scope

__all__ = ["JointTeam"]

_PROCESSES = "processes"


class JointTeam(Team):
    """Devices of this process, together with those of the same numbers of all others.

    Parameters
    ----------
    devices : sequence of jax.Device
        Those of this process.
    call : callable
        ``call(function)`` gives an object that calls it in another thread: ``start()`` begins,
        ``result()`` waits, and raises if another process is gone. The function returns a tuple, and
        an array to wait for.
    """

    joint = True

    def __init__(self, devices: Sequence[Any], call: Callable[[Callable], Any]):
        super().__init__(devices)
        rows = list(zip(*map(fellows, self.devices), strict=True))
        self._over(jax.sharding.Mesh(np.array(rows), (_PROCESSES, AXIS)))
        self._call = call
        #: The order of programs matters among the devices of this process, and nothing else holds
        #: a lock while it waits for other processes.
        self._order = self.launching if len(self.devices) > 1 else nullcontext()

    def put(self, host: Any) -> Any:
        # device_put would compare it with what the other processes have, by an exchange
        copies = [put(host, d) for d in self.devices]
        return jax.make_array_from_single_device_arrays(copies[0].shape, self.whole, copies)

    def join(self, arrays: Sequence[Any]) -> tuple[Any, str]:
        if not isinstance(arrays[0], jax.Array):
            arrays = [put(a, d) for a, d in zip(arrays, self.devices, strict=True)]
        return super().join(arrays)

    def sum(self, parts: tuple[Any, ...]) -> Sequence[Any]:
        return packed(SUM, parts, (_PROCESSES, AXIS))

    def run_into(self, outs: list, program: Callable, arrays: Sequence[Any], wide: bool) -> None:
        def run() -> tuple[tuple, Any]:
            with wide_scope(arrays, wide) or nullcontext(), self._order:
                found = program(*arrays)
            return found, found[-1]

        outs.append(self._call(run))
        try:
            outs[0].start()
        except Exception:
            outs.clear()
            raise

    def results(self, outs: list) -> tuple:
        """What :meth:`run_into` has given; waits for it.

        If it failed ``outs`` is empty. An interrupt leaves the program under way.
        """
        if type(outs[0]) is not tuple:
            try:
                outs[:] = [outs[0].result()]
            except Exception:
                outs.clear()
                raise
        return outs[0]

    def under_way(self, outs: list) -> bool:
        return type(outs[0]) is not tuple
