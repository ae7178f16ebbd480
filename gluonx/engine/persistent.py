"""The compilation cache on disk: what one process compiled, the next one loads.

It is JAX's own cache, switched on at the first compilation unless the user has configured it (or
switched it off) in JAX. This is the one global setting of JAX that gluonx touches.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

__all__ = ["compilation_cache_folder", "switch_on"]

#: When the folder is larger, the entries that were not used for the longest time go.
_MAX_BYTES = 2 << 30

_switched = False


def switch_on() -> None:
    """Use the cache from now on; does nothing after the first call."""
    global _switched
    if _switched:
        return
    _switched = True
    config = jax.config
    if config.jax_compilation_cache_dir or not config.jax_enable_compilation_cache:  # type: ignore[attr-defined]
        return  # the user has decided
    folder = compilation_cache_folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.W_OK):
        return
    _shrink(folder)
    config.update("jax_compilation_cache_dir", str(folder))
    if config.jax_persistent_cache_min_compile_time_secs == 1.0:  # type: ignore[attr-defined]
        # JAX's default; an operator compiles in 40 ms, and a notebook uses many
        config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    # JAX looks only once, at the first compilation of the process, which may have been before
    compilation_cache.reset_cache()


def compilation_cache_folder() -> Path | None:
    """The folder that compiled programs are kept in, unless JAX has one configured.

    It is in the user's cache folder, apart for each kind of processor and version of jaxlib.
    ``GLUONX_COMPILATION_CACHE`` names another one; set to ``0`` it switches the cache off (None).
    """
    chosen = os.environ.get("GLUONX_COMPILATION_CACHE", "")
    if chosen.lower() in ("0", "off", "false", "no"):
        return None
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(base).expanduser() / "gluonx" / f"jaxlib-{version('jaxlib')}-{_processor()}"
    except RuntimeError:  # there is no home
        return None


def _processor() -> str:
    """What programs for the CPU may depend on: a home folder may be shared by unlike machines."""
    facts = platform.machine() + platform.processor()
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        facts += "".join(line for line in file if line.startswith(("flags", "Features", "model")))
    return hashlib.sha256(facts.encode()).hexdigest()[:12]


def _shrink(folder: Path) -> None:
    """Delete the entries that were used least recently, down to half of the limit."""
    entries = []
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            with contextlib.suppress(OSError):
                facts = entry.stat()
                entries.append((max(facts.st_atime, facts.st_mtime), facts.st_size, entry.path))
    total = sum(size for _, size, _ in entries)
    if total <= _MAX_BYTES:
        return
    for _, size, path in sorted(entries):
        with contextlib.suppress(OSError):
            os.unlink(path)
            total -= size
        if total <= _MAX_BYTES // 2:
            return
