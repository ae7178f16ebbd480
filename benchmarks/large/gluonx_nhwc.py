"""The plain Gluon loop on gluonx with a ResNet-50 that has its channels last."""

from __future__ import annotations

import gluonx as mx
from gluonx.gluon import HybridBlock, nn

from . import gluonx
from .work import Work, blocks

RECIPE = "as gluonx, but the network is written with layout='NHWC'"


def conv(out: int, inside: int, size: int, stride: int = 1, pad: int = 0, bias: bool = False):
    return nn.Conv2D(
        out, size, stride, pad, use_bias=bias, in_channels=inside, layout="NHWC"
    )  # fmt: skip


def norm(channels: int):
    return nn.BatchNorm(axis=3, in_channels=channels)


class Block(HybridBlock):
    def __init__(self, inside: int, out: int, stride: int):
        super().__init__()
        inner = out // 4
        self.body = nn.HybridSequential()
        self.body.add(
            conv(inner, inside, 1, stride, bias=True), norm(inner), nn.Activation("relu"),
            conv(inner, inner, 3, pad=1), norm(inner), nn.Activation("relu"),
            conv(out, inner, 1, bias=True), norm(out),
        )  # fmt: skip
        self.down = None
        if inside != out:
            self.down = nn.HybridSequential()
            self.down.add(conv(out, inside, 1, stride), norm(out))

    def hybrid_forward(self, F, x):
        beside = x if self.down is None else self.down(x)
        return F.relu(self.body(x) + beside)


class Column(gluonx.Column):
    def __init__(self, work: Work):
        if work.net != "resnet":
            raise RuntimeError("only ResNet-50 has a layout")
        super().__init__(work)

    def network(self, work: Work):
        net = nn.HybridSequential()
        net.add(conv(64, 3, 7, 2, 3), norm(64), nn.Activation("relu"))
        net.add(nn.MaxPool2D(3, 2, 1, layout="NHWC"))
        for _, inside, out, stride in blocks(work.sizes["stages"]):
            net.add(Block(inside, out, stride))
        net.add(nn.GlobalAvgPool2D(layout="NHWC"), nn.Dense(work.sizes["classes"], in_units=out))
        return net

    def input(self, x):
        return x.transpose(0, 2, 3, 1)

    def weight(self, w):
        return mx.nd.array(w.transpose(0, 2, 3, 1) if w.ndim == 4 else w)
