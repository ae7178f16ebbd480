"""The plain Gluon loop on MXNet 1.9.1."""

from __future__ import annotations

from .like_mxnet import Loop
from .work import Work


class Column(Loop):
    def __init__(self, work: Work):
        import mxnet

        super().__init__(mxnet, work)
