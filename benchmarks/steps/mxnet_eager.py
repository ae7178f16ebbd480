"""The plain Gluon loop on mxnet, one operator at a time."""

from __future__ import annotations

from . import mxnet


class Column(mxnet.Column):
    hybrid = False
