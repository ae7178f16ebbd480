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

__all__ = ["target", "tracing_for"]

_state = threading.local()


def target() -> str | None:
    """``'cpu'`` or ``'gpu'`` while a function is traced for such a device; None where that is not
    known, as for shapes alone, or for a file that runs on both."""
    return getattr(_state, "kind", None)


@contextlib.contextmanager
def tracing_for(device: Any) -> Iterator[None]:
    """Scope in which functions are traced for a device, or for those of a sharding; or, by name,
    for a kind of devices."""
    if isinstance(device, jax.sharding.Sharding):
        device = next(iter(device.device_set))
    before = target()
    _state.kind = device if device is None or isinstance(device, str) else device.platform
    try:
        yield
    finally:
        _state.kind = before
