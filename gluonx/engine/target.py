"""For which kind of device a function is being traced.

Some operators have one form for CPUs and another for GPUs. JAX's default device does not tell
which: on a machine with a GPU there are still arrays in the CPU's memory.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import jax

__all__ = ["compute_capability", "target", "tracing_for"]

_state = threading.local()


def target() -> str | None:
    """``'cpu'`` or ``'gpu'`` while a function is traced for such a device; None where that is not
    known, as for shapes alone, or for a file that runs on both."""
    device = getattr(_state, "device", None)
    return getattr(device, "platform", device)


def compute_capability() -> float:
    """NVIDIA's number of the generation of the GPU that a function is traced for; else 0."""
    device = getattr(_state, "device", None)
    try:
        return float(getattr(device, "compute_capability", 0))
    except ValueError:  # another maker's name
        return 0.0


@contextlib.contextmanager
def tracing_for(device: Any) -> Iterator[None]:
    """Scope in which functions are traced for a device, or for those of a sharding; or, by name,
    for a kind of devices."""
    if isinstance(device, jax.sharding.Sharding):
        device = next(iter(device.device_set))
    before, _state.device = getattr(_state, "device", None), device
    try:
        yield
    finally:
        _state.device = before
