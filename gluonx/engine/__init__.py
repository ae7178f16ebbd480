"""How work is recorded, compiled and run.

Public here: :func:`explain`, what was compiled and why; :func:`fusing`, the switch of step fusion;
:func:`compilation_cache_folder`, where compiled programs are kept between processes; and MXNet's
:func:`bulk` and :func:`set_bulk_size`.
"""

from .config import bulk as bulk
from .config import fusing as fusing
from .config import set_bulk_size as set_bulk_size
from .persistent import compilation_cache_folder as compilation_cache_folder
from .report import explain as explain

__all__ = ["bulk", "compilation_cache_folder", "explain", "fusing", "set_bulk_size"]
