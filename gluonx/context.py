"""Devices.

A :class:`Context` names a device the way MXNet does: ``cpu(0)``, ``gpu(1)``. ``cpu(i)`` with ``i``
beyond the CPU devices that JAX has is a logical context on an existing one, so code for several
contexts runs anywhere. No device is touched until an array is made.
"""

from __future__ import annotations

import functools
import threading
from typing import Any, ClassVar

import jax

from .error import MXNetError
from .hosts import join_if_started, open_devices

__all__ = [
    "Context", "cpu", "cpu_pinned", "cpu_shared", "current_context", "gpu", "gpu_memory_info",
    "num_gpus",
]  # fmt: skip


class Context:
    """A device: its type and its number.

    Parameters
    ----------
    device_type : str, Context or jax.sharding.Mesh
        ``'cpu'``, ``'gpu'``, ``'cpu_pinned'`` or ``'cpu_shared'``.
    device_id : int
        Number of the device, 0 by default.

    Raises
    ------
    ValueError
        For an unknown device type or a negative number.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.Context('cpu', 1) == gx.cpu(1)
    True
    >>> with gx.cpu(1):
    ...     gx.nd.zeros((2,)).context
    cpu(1)
    """

    devtype2str: ClassVar[dict[int, str]] = {1: "cpu", 2: "gpu", 3: "cpu_pinned", 5: "cpu_shared"}
    devstr2type: ClassVar[dict[str, int]] = {v: k for k, v in devtype2str.items()}

    _known: ClassVar[dict[tuple[str, int], Context]] = {}
    _stack = threading.local()

    __slots__ = ("device_type", "device_id", "_device")
    device_type: str
    device_id: int

    def __new__(cls, device_type: Any, device_id: int = 0) -> Context:
        if isinstance(device_type, Context):
            return device_type
        if isinstance(device_type, jax.sharding.Mesh):
            from .mesh import MeshContext

            return MeshContext(device_type)
        key = (device_type, int(device_id))
        found = cls._known.get(key)
        if found is None:
            if device_type not in cls.devstr2type:
                raise ValueError(
                    f"unknown device type {device_type!r}; expected one of "
                    f"{', '.join(map(repr, cls.devstr2type))}"
                )
            if device_id < 0:
                raise ValueError(f"device_id must be 0 or greater, got {device_id}")
            found = super().__new__(cls)
            found.device_type, found.device_id = key
            found._device = None
            found = cls._known.setdefault(key, found)  # one object for one device
        return found

    @property
    def device_typeid(self) -> int:
        """MXNet's number of the device type."""
        return self.devstr2type[self.device_type]

    @property
    def device(self) -> Any:
        """The ``jax.Device`` behind this context.

        Raises
        ------
        MXNetError
            When there is no such device.
        """
        if self._device is None:
            self._device = _find(self)
        return self._device

    def place(self, shape: Any) -> Any:
        """Where JAX puts an array of this shape that is copied here."""
        return self.device

    def empty_cache(self) -> None:
        """Accepted for compatibility: XLA manages the device's memory itself."""

    def __reduce__(self) -> tuple:
        return Context, (self.device_type, self.device_id)

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    __str__ = __repr__

    def __enter__(self) -> Context:
        stack = self._stack.__dict__.setdefault("entered", [])
        stack.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.entered.pop()

    @classmethod
    def _current(cls) -> Context:
        entered = cls._stack.__dict__.get("entered")
        return entered[-1] if entered else _CPU0


def _find(ctx: Context) -> Any:
    join_if_started()
    open_devices()
    if ctx.device_type == "gpu":
        gpus = _gpus()
        if ctx.device_id >= len(gpus):
            have = f"there are {len(gpus)} GPUs" if gpus else "JAX finds no GPU on this machine"
            raise MXNetError(
                f"{ctx} is not available: {have}. Use gluonx.cpu(), or choose by "
                "gluonx.context.num_gpus()."
            )
        return gpus[ctx.device_id]
    cpus = jax.local_devices(backend="cpu")
    return cpus[ctx.device_id % len(cpus)]


@functools.cache
def _gpus() -> list:
    join_if_started()
    open_devices()
    try:
        return jax.local_devices(backend="gpu")
    except RuntimeError:  # JAX has no such backend here
        return []


def cpu(device_id: int = 0) -> Context:
    """The CPU context number ``device_id``."""
    return Context("cpu", device_id)


def cpu_pinned(device_id: int = 0) -> Context:
    """Pinned CPU memory; the same as the CPU here."""
    return Context("cpu_pinned", device_id)


def cpu_shared(device_id: int = 0) -> Context:
    """Shared CPU memory; the same as the CPU here."""
    return Context("cpu_shared", device_id)


def gpu(device_id: int = 0) -> Context:
    """The GPU context number ``device_id``; using it without that GPU raises MXNetError."""
    return Context("gpu", device_id)


def num_gpus() -> int:
    """Number of GPUs that this process can use."""
    return len(_gpus())


def gpu_memory_info(device_id: int = 0) -> tuple[int, int]:
    """Free and total bytes of the memory of a GPU that this process may use.

    JAX takes most of a GPU's memory at the start; what counts here is what of that is in use by
    arrays.

    Parameters
    ----------
    device_id : int
        Number of the GPU.

    Returns
    -------
    free, total : int

    Raises
    ------
    MXNetError
        Without that GPU, or if it does not tell.
    """
    stats = gpu(device_id).device.memory_stats()
    if not stats or "bytes_limit" not in stats:
        raise MXNetError(f"JAX does not tell how much memory gpu({device_id}) has")
    total = int(stats["bytes_limit"])
    return total - int(stats.get("bytes_in_use", 0)), total


def current_context() -> Context:
    """The context of the innermost ``with ctx:``, else ``cpu(0)``."""
    return Context._current()


_CPU0 = Context("cpu", 0)
