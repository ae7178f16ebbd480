"""How work is recorded, compiled and run.

Public here: :func:`explain`, what was compiled and why; :func:`fusing`, the switch of step fusion;
:func:`compilation_cache_folder`, where compiled programs are kept between processes.
"""

from .config import fusing as fusing
from .persistent import compilation_cache_folder as compilation_cache_folder
from .report import explain as explain

__all__ = ["compilation_cache_folder", "explain", "fusing"]
