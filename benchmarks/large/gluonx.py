"""The plain Gluon loop on gluonx: the model zoo's ResNet-50, and a language model of its blocks."""

from __future__ import annotations

import gluonx as mx
from gluonx import amp, autograd, gluon
from gluonx.gluon import nn

from .work import Work

RECIPE = (
    "amp.init('bfloat16'): products, their bias and what follows them in bfloat16, norms, sums and "
    "the language model's residual stream in float32; parameters, gradients and optimizer in "
    "float32; NCHW as the model zoo has it; contrib.dot_product_attention (cuDNN's on a GPU)"
)


class Layer(gluon.HybridBlock):
    """Attention and two dense layers, each after a norm and beside the identity."""

    def __init__(self, d: int, heads: int):
        super().__init__()
        self.shape = (0, 0, 3, heads, d // heads)
        self.norm0 = nn.LayerNorm(in_channels=d)
        self.qkv = nn.Dense(3 * d, flatten=False, in_units=d)
        self.proj = nn.Dense(d, flatten=False, in_units=d)
        self.norm1 = nn.LayerNorm(in_channels=d)
        self.fc0 = nn.Dense(4 * d, flatten=False, in_units=d)
        self.fc1 = nn.Dense(d, flatten=False, in_units=4 * d)

    def hybrid_forward(self, F, x):
        qkv = self.qkv(self.norm0(x)).reshape(self.shape)
        q, k, v = F.split(qkv, num_outputs=3, axis=2, squeeze_axis=True)
        y = F.contrib.dot_product_attention(q, k, v, causal=True)
        x = x + self.proj(y.reshape((0, 0, -3)))
        return x + self.fc1(F.LeakyReLU(self.fc0(self.norm1(x)), act_type="gelu"))


class GPT(gluon.HybridBlock):
    def __init__(self, layers: int, d: int, heads: int, vocab: int, length: int):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.position = self.params.get("position", shape=(1, length, d))
        self.layers = nn.HybridSequential()
        for _ in range(layers):
            self.layers.add(Layer(d, heads))
        self.norm = nn.LayerNorm(in_channels=d)
        self.head = nn.Dense(
            vocab, flatten=False, use_bias=False, in_units=d, params=self.embed.params
        )

    def hybrid_forward(self, F, x, position):
        x = F.broadcast_add(self.embed(x), position)
        return self.head(self.norm(self.layers(x)))


def resnet(stages, classes: int):
    channels = [64, *(out for _, out in stages)]
    layers = [count for count, _ in stages]
    zoo = gluon.model_zoo.vision
    return zoo.get_resnet(1, 50, layers=layers, channels=channels, classes=classes)


def weights_of(work: Work) -> list:
    """The weights in the order in which the network has made its parameters."""
    weights = dict(work.weights)
    if work.net == "gpt":  # a block's own come before its children's
        position = weights.pop("position")
        return [position[None], *weights.values()]
    return list(weights.values())


class Column:
    #: Whether the network itself is made bfloat16, in place of mixed precision by operator.
    cast = False

    def __init__(self, work: Work):
        ctx = mx.gpu() if mx.context.num_gpus() else mx.cpu()
        self._net = net = self.network(work)
        net.initialize(ctx=ctx)
        batches = [
            (
                mx.nd.array(self.input(x), dtype=x.dtype, ctx=ctx),
                mx.nd.array(y, dtype=y.dtype, ctx=ctx),
            )
            for x, y in work.batches
        ]
        net.infer_shape(batches[0][0])
        params = [p for p in self.in_order(net) if p.grad_req != "null"]
        for p, w in zip(params, weights_of(work), strict=True):
            p.set_data(self.weight(w))
        arguments = {"learning_rate": work.rate}
        if work.optimizer == "sgd":
            arguments["momentum"] = 0.9
        if self.cast:
            net.cast("bfloat16")
            arguments["multi_precision"] = True
        else:
            amp.init("bfloat16")
        if self.cast and work.net == "resnet":
            batches = [(x.astype("bfloat16"), y) for x, y in batches]
        self._batches = batches
        net.hybridize(static_alloc=True, static_shape=True)
        self._loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
        self._trainer = gluon.Trainer(net.collect_params(), work.optimizer, arguments)
        self._size = len(batches[0][0])

    def network(self, work: Work):
        return resnet(**work.sizes) if work.net == "resnet" else GPT(**work.sizes)

    def in_order(self, net):
        """The parameters, each once."""
        return dict.fromkeys(net._collect_params_with_prefix().values())

    def input(self, x):
        return x

    def weight(self, w):
        return mx.nd.array(w)

    def step(self, i: int) -> None:
        x, y = self._batches[i % len(self._batches)]
        with autograd.record():
            out = self._net(x)
            if self.cast:
                out = out.astype("float32")
            loss = self._loss_function(out, y)
        loss.backward()
        self._trainer.step(self._size)
        self._loss = loss

    def loss(self) -> float:
        return float(self._loss.mean().asscalar())

    def wait(self) -> None:
        mx.nd.waitall()

    def explain(self) -> str:
        return str(mx.engine.explain())
