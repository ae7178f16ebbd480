"""An update of parameters that are on several devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..buffer import Buffer
from ..kernel import Kernel
from ..region import MAX_REGION, Region, current
from ..state import state
from ._inputs import gather
from ._job import Job
from ._way import Update
from ._written import Written

__all__ = ["run_replicated"]

_DIFFERS = "what was done on one device differs from what was done on another"


def run_replicated(
    kernel: Kernel,
    written: Written,
    grads: Sequence[Sequence[Buffer]],
    numbers: Sequence[Any],
    reduce: bool,
) -> bool:
    """Update replicated parameters, and run all that is pending on their devices.

    Parameters
    ----------
    kernel : Kernel
        Takes parameters, states, gradients and numbers; returns new parameters and states.
    written : Written
        The parameters, in the order of ``kernel``, and the states.
    grads : list of list of Buffer
        For each device.
    numbers : list of array
        The same for all devices.
    reduce : bool
        Whether the gradients are summed over the devices first; they keep the sums.

    Returns
    -------
    bool
        Whether it was done. If not nothing was updated: the parameters differ from device to
        device.
    """
    update = Update(kernel, written, grads, numbers, reduce)
    devices = written.team.devices
    with state.lock:
        regions: list[Any] = list(map(state.regions.get, devices))
        if _busy(regions):
            regions = [current(d) for d in devices]
            for region in regions:
                region.settle()
        if not _alike(regions):
            _run_each(regions)
        inputs = gather(update, regions)
        if inputs is None and any(r.nodes for r in regions):
            _run_each(regions)
            inputs = gather(update, regions)
        if inputs is None:
            return False
        Job(update, regions, inputs).run()
        return True


def _busy(regions: Sequence[Any]) -> bool:
    """Whether a device has no region, or something has to run before what is pending there."""
    for r in regions:
        if r is None or r.job is not None or r.queue.jobs or len(r.nodes) >= MAX_REGION:
            return True
    return False


def _alike(regions: Sequence[Region]) -> bool:
    """Whether all have come to the same stage, and no backward pass is to come."""
    first = regions[0].stage
    for r in regions:
        if r.stage is not first or r.open:
            return False
    return True


def _run_each(regions: Sequence[Region]) -> None:
    for region in regions:
        region.run(_DIFFERS)
