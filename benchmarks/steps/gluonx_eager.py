"""The plain Gluon loop on gluonx, one operator at a time."""

from __future__ import annotations

from . import gluonx


class Column(gluonx.Column):
    hybrid = False
