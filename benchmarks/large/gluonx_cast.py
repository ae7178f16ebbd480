"""The plain Gluon loop on gluonx with a network of bfloat16."""

from __future__ import annotations

from . import gluonx

RECIPE = (
    "net.cast('bfloat16') and multi_precision=True: parameters, gradients and everything between "
    "in bfloat16, statistics and the loss in float32, the optimizer's copy of the parameters in "
    "float32; else as gluonx"
)


class Column(gluonx.Column):
    cast = True
