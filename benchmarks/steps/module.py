"""The loop of `Module.fit` on gluonx: the networks of the Gluon columns as symbols."""

from __future__ import annotations

import numpy as np

from .like_mxnet import Loop, networks
from .work import Work


class Column:
    def __init__(self, work: Work):
        import gluonx as mx

        if work.micro > 1:
            raise RuntimeError("a Module updates after each batch")
        self._mx = mx
        net = networks(mx)[work.net](**work.sizes)
        ctx = mx.gpu() if mx.context.num_gpus() else mx.cpu()
        net.initialize(ctx=ctx)
        batches = [
            (mx.nd.array(x, ctx, x.dtype), mx.nd.array(y, ctx, "float32")) for x, y in work.batches
        ]
        x, y = batches[0]
        net.infer_shape(x)
        out = net(mx.sym.var("data"))
        label = mx.sym.var("softmax_label")
        loss = mx.sym.SoftmaxOutput(out, label, preserve_shape=y.ndim > 1, name="softmax")
        trained = [p for p in net._collect_params_with_prefix().values() if p.grad_req != "null"]
        weights = dict(zip([p.name for p in trained], Loop._in_order(work, trained), strict=True))
        fixed = [p.name for p in net.collect_params().values() if p.grad_req == "null"]
        fixed = [n for n in fixed if n in loss.list_arguments()]
        self._module = module = mx.mod.Module(loss, context=ctx, fixed_param_names=fixed)
        module.bind(
            [mx.io.DataDesc("data", x.shape, x.dtype)], [mx.io.DataDesc("softmax_label", y.shape)]
        )
        values = {n: mx.nd.array(w) for n, w in weights.items()}
        values.update({n: net.collect_params()[n].data() for n in fixed})
        states = loss.list_auxiliary_states()
        module.init_params(
            arg_params=values, aux_params={n: net.collect_params()[n].data() for n in states}
        )
        arguments = {"learning_rate": work.rate, "rescale_grad": 1.0 / y.size}
        if work.optimizer == "sgd":
            arguments["momentum"] = 0.9
        module.init_optimizer(optimizer=work.optimizer, optimizer_params=arguments)
        self._batches = [mx.io.DataBatch([x], [y]) for x, y in batches]
        self._labels = [np.asarray(y, np.int64) for _, y in work.batches]
        self._last = 0

    def step(self, i: int):
        self._last = i % len(self._batches)
        self._module.forward_backward(self._batches[self._last])
        self._module.update()

    def loss(self) -> float:
        chances = self._module.get_outputs()[0].asnumpy()
        of_label = np.take_along_axis(chances, self._labels[self._last][..., None], -1)
        return float(-np.log(of_label).mean())

    def wait(self) -> None:
        self._mx.nd.waitall()
