"""The one list of operator cases.

Each family has a module ``cases_<family>`` with a list ``CASES``; an operator without a case fails
the suite. After a change, run ``reference/make_reference.py`` with a Python that has MXNet 1.9.1.
"""

from __future__ import annotations

import importlib
from pathlib import Path

__all__ = ["CASES", "FAMILIES"]

#: Modules of cases next to this one, by family.
FAMILIES = {
    path.stem[len("cases_") :]: importlib.import_module(path.stem)
    for path in sorted(Path(__file__).parent.glob("cases_*.py"))
}

CASES = [case for module in FAMILIES.values() for case in module.CASES]
