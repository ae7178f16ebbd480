"""The plain Gluon loop on gluonx; MXNet runs the same code (see mxnet.py)."""

from __future__ import annotations

from .like_mxnet import Loop
from .work import Work


class Column(Loop):
    def __init__(self, work: Work):
        import gluonx

        super().__init__(gluonx, work)
