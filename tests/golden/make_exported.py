"""A network that MXNet 1.9.1 has exported, with its numbers: `python make_exported.py`."""

import os
from pathlib import Path

import numpy as np

os.environ["MXNET_MKLDNN_ENABLED"] = "0"

if __name__ == "__main__":
    import mxnet as mx
    from mxnet import autograd
    from mxnet.gluon import nn

    here = Path(__file__).parent
    mx.random.seed(1)
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Conv2D(3, 3), nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(2, 1))
        net.add(nn.Flatten(), nn.Dropout(0.0), nn.Dense(4), nn.LayerNorm())
    net.initialize(mx.init.Xavier())
    net.hybridize()
    x = mx.nd.array(np.random.RandomState(0).rand(2, 2, 5, 5))
    net(x)
    found = {"x": x, "predicted": net(x)}
    net.export(str(here / "exported"), 0)
    x.attach_grad()
    with autograd.record():
        y = net(x)
        loss = (y * mx.nd.arange(8).reshape((2, 4))).sum()
    loss.backward()
    found.update(trained=y, gradient=x.grad)
    found.update({k: p.grad() for k, p in net.collect_params().items() if p.grad_req != "null"})
    np.savez(here / "exported.npz", **{k: v.asnumpy() for k, v in found.items()})
