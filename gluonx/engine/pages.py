"""Programs that compute in the memory of the call before.

On a CPU XLA takes the memory of a program's intermediate results anew in each call, in one piece.
The GNU C library gets pieces above 32 MB from the operating system and gives them back at once, so
that each training step waits while the kernel clears the same pages again: a quarter of the time of
a small transformer's step. Smaller pieces it keeps, and XLA can be told to ask for those. But JAX
cannot store such an executable in its compilation cache; so the first one is as usual, and where a
program that runs often is seen to touch many fresh pages, another one is made in the background,
which takes its place. Of the pieces the C library keeps 64 MB by itself; it is told to keep as much
as the program needs, for as long as there is the program.
"""

from __future__ import annotations

import ctypes
import os
import sys
import warnings
import weakref
from collections.abc import Sequence
from typing import Any

import jax

from .kernel import Aval, Kernel
from .together import in_background

try:
    import resource
except ImportError:  # Windows
    resource = None

__all__ = ["AT", "watch"]

#: After how many runs of a program the pages are counted.
AT = (16, 48)
#: So many bytes of fresh pages in each run are worth another executable.
_MANY = 16 << 20
#: XLA's option, and the bytes of a piece.
_PIECES = {"xla_multiheap_size_constraint_per_heap": 30 << 20}
#: What JAX says when it cannot store the executable.
_NOT_STORED = "Error writing persistent compilation cache entry.*Multiple temp buffer"


def watch(program: Kernel, arrays: Sequence[Any], device: Any, donate: tuple[int, ...]) -> None:
    """Look whether a program that has run as often as ``AT`` says needs fresh memory in each run;
    if it does, another executable is compiled in the background.

    Parameters
    ----------
    program : Kernel
    arrays : sequence of jax.Array
        What it was called with; those that were given up may be gone.
    device : jax.Device
    donate : tuple of int
        The places of those that it gives up.
    """
    if resource is None or sys.platform != "linux" or getattr(device, "platform", "") != "cpu":
        return
    if any(option in os.environ.get("XLA_FLAGS", "") for option in _PIECES):
        return  # the user has decided
    faults, runs = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, program.runs
    if runs == AT[0]:
        program.faults = faults
        return
    fresh = (faults - program.faults) * resource.getpagesize()
    few = not program.faults or fresh < _MANY * (runs - AT[0])
    if few or program.needs_x64(arrays):
        return
    avals = [Aval(a.shape, a.dtype, sharding=getattr(a, "sharding", None)) for a in arrays]
    need = fresh // (runs - AT[0])
    in_background(lambda: _prepare(program, avals, device, donate, need))


def _prepare(program: Kernel, avals: list, device: Any, donate: tuple[int, ...], need: int) -> None:
    warnings.filterwarnings("ignore", _NOT_STORED)
    try:
        program.prepare(avals, device, donate, _PIECES)
    except jax.errors.JaxRuntimeError:
        return  # this XLA has no such option; the program stays as it is
    if need > _KEPT and _may_tell():
        _needs[id(program)] = 2 * need
        weakref.finalize(program, _gone, id(program)).atexit = False
        _tell()


#: mallopt's parameters; what the C library keeps, and takes as a piece, by itself at most; and how
#: much more than is asked for it takes from the operating system.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT, _PIECE, _MORE = 64 << 20, 32 << 20, 128 << 10
#: What programs may keep, by their identity: twice what each run needs, for they are not alone.
_needs: dict[int, int] = {}


def _may_tell() -> bool:
    """Whether this is the GNU C library, and the user has not told it what to do."""
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    return "malloc" not in os.environ.get("GLIBC_TUNABLES", "") and hasattr(_libc(), "mallopt")


def _libc() -> Any:
    return ctypes.CDLL(None)


def _tell() -> None:
    libc = _libc()
    libc.mallopt(_MMAP_THRESHOLD, _PIECE)
    most = min(max(list(_needs.values()), default=_KEPT), 2**31 - 1)
    libc.mallopt(_TRIM_THRESHOLD, most)
    # so that threads' own heaps are kept as well; it is an address range, not memory
    libc.mallopt(_TOP_PAD, most if _needs else _MORE)


def _gone(program: int) -> None:
    _needs.pop(program, None)
    _tell()
    _libc().malloc_trim(0)
