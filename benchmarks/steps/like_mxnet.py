"""The workloads in Gluon, for gluonx and MXNet alike: networks, and the loop as users write it."""

from __future__ import annotations

import numpy as np

from .work import MLP, RESNET, Work


def networks(mx):
    """Functions that make each network, for a module with MXNet's interface."""
    nn = mx.gluon.nn
    HybridBlock = mx.gluon.HybridBlock

    class Block(HybridBlock):
        """A residual block, version 1."""

        def __init__(self, out, inside, stride):
            super().__init__()
            self.conv0 = nn.Conv2D(out, 3, stride, 1, use_bias=False, in_channels=inside)
            self.norm0 = nn.BatchNorm(in_channels=out)
            self.conv1 = nn.Conv2D(out, 3, 1, 1, use_bias=False, in_channels=out)
            self.norm1 = nn.BatchNorm(in_channels=out)
            self.down = None
            if stride > 1 or inside != out:
                self.down = nn.Conv2D(out, 1, stride, use_bias=False, in_channels=inside)
                self.down_norm = nn.BatchNorm(in_channels=out)

        def hybrid_forward(self, F, x):
            y = F.relu(self.norm0(self.conv0(x)))
            y = self.norm1(self.conv1(y))
            if self.down is not None:
                x = self.down_norm(self.down(x))
            return F.relu(x + y)

    class Layer(HybridBlock):
        """A layer of the transformer, normalized before attention and before the MLP."""

        def __init__(self, d, heads, hidden):
            super().__init__()
            self.heads, self.size = heads, d // heads
            self.norm0 = nn.LayerNorm(in_channels=d)
            self.qkv = nn.Dense(3 * d, flatten=False, in_units=d)
            self.proj = nn.Dense(d, flatten=False, in_units=d)
            self.norm1 = nn.LayerNorm(in_channels=d)
            self.fc0 = nn.Dense(hidden, activation="relu", flatten=False, in_units=d)
            self.fc1 = nn.Dense(d, flatten=False, in_units=hidden)

        def hybrid_forward(self, F, x, mask):
            heads, size = self.heads, self.size
            qkv = self.qkv(self.norm0(x)).reshape((0, 0, 3, heads, size))
            qkv = qkv.transpose((2, 0, 3, 1, 4))  # 3, batch, heads, length, size
            q, k, v = F.split(qkv, num_outputs=3, axis=0, squeeze_axis=True)
            q, k, v = (a.reshape((-3, -2)) for a in (q, k, v))  # batch and heads together
            scores = F.batch_dot(q, k, transpose_b=True) * size**-0.5
            y = F.batch_dot(F.softmax(F.broadcast_add(scores, mask)), v)
            y = y.reshape((-4, -1, heads, 0, 0)).transpose((0, 2, 1, 3)).reshape((0, 0, -3))
            x = x + self.proj(y)
            return x + self.fc1(self.fc0(self.norm1(x)))

    class Transformer(HybridBlock):
        def __init__(self, layers, d, heads, hidden, vocab, length):
            super().__init__()
            self.embed = nn.Embedding(vocab, d)
            self.position = self.params.get("position", shape=(length, d))
            future = np.triu(np.full((length, length), -1e9, np.float32), 1)
            self.mask = self.params.get_constant("mask", mx.nd.array(future))
            self.layers = nn.HybridSequential()
            for _ in range(layers):
                self.layers.add(Layer(d, heads, hidden))
            self.norm = nn.LayerNorm(in_channels=d)
            self.head = nn.Dense(vocab, flatten=False, in_units=d)

        def hybrid_forward(self, F, x, position, mask):
            x = F.broadcast_add(self.embed(x), position.expand_dims(0))
            mask = mask.expand_dims(0)
            for layer in self.layers:
                x = layer(x, mask)
            return self.head(self.norm(x))

    class LSTM(HybridBlock):
        def __init__(self, layers, units, vocab):
            super().__init__()
            self.embed = nn.Embedding(vocab, units)
            self.lstm = mx.gluon.rnn.LSTM(units, layers, layout="NTC", input_size=units)
            self.head = nn.Dense(vocab, flatten=False, in_units=units)

        def hybrid_forward(self, F, x):
            return self.head(self.lstm(self.embed(x)))

    def sequence(*layers):
        net = nn.HybridSequential()
        net.add(*layers)
        return net

    def mlp():
        return sequence(
            nn.Dense(MLP[1], activation="relu"), nn.Dense(MLP[2], activation="relu"),
            nn.Dense(MLP[3]),
        )  # fmt: skip

    def lenet():
        return sequence(
            nn.Conv2D(20, 5, activation="tanh"), nn.MaxPool2D(2, 2),
            nn.Conv2D(50, 5, activation="tanh"), nn.MaxPool2D(2, 2),
            nn.Flatten(), nn.Dense(500, activation="tanh"), nn.Dense(10),
        )  # fmt: skip

    def resnet():
        net = sequence(
            nn.Conv2D(64, 3, 1, 1, use_bias=False), nn.BatchNorm(), nn.Activation("relu")
        )
        inside = 64
        for out, stride in RESNET:
            net.add(Block(out, inside, stride))
            inside = out
        net.add(nn.GlobalAvgPool2D(), nn.Dense(10))
        return net

    return {
        "mlp": mlp, "lenet": lenet, "resnet": resnet, "transformer": Transformer, "lstm": LSTM,
    }  # fmt: skip


class Loop:
    #: Whether the network is hybridized.
    hybrid = True

    def __init__(self, mx, work: Work):
        self._mx = mx
        make = networks(mx)[work.net]
        self._net = net = make(**work.sizes)
        ctx = mx.gpu() if mx.context.num_gpus() else mx.cpu()
        net.initialize(ctx=ctx)
        self._items = len(work.batches[0][0])
        n = self._items // work.micro
        self._batches = [
            [
                (
                    mx.nd.array(x[i : i + n], ctx, x.dtype),
                    mx.nd.array(y[i : i + n], ctx, y.dtype),
                )
                for i in range(0, len(x), n)
            ]
            for x, y in work.batches
        ]
        net.infer_shape(self._batches[0][0][0])
        named = net._collect_params_with_prefix()
        trained = [p for k, p in named.items() if p.grad_req != "null"]
        for p, w in zip(trained, self._in_order(work, trained)):  # noqa: B905
            p.set_data(mx.nd.array(w))
        if self.hybrid:
            net.hybridize(static_alloc=True, static_shape=True)
        self._params = net.collect_params()
        if work.micro > 1:
            self._params.setattr("grad_req", "add")
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        arguments = {"learning_rate": work.rate}
        if work.optimizer == "sgd":
            arguments["momentum"] = 0.9
        self._trainer = mx.gluon.Trainer(self._params, work.optimizer, arguments)
        self._last = []

    @staticmethod
    def _in_order(work: Work, params):
        """The weights in the order in which the network made its parameters."""
        weights = list(work.weights.values())
        if work.net == "transformer":  # a block's own parameters come before its children's
            weights[0], weights[1] = weights[1], weights[0]
        for w, p in zip(weights, params):  # noqa: B905
            if w.shape != p.shape:
                raise ValueError(f"{p.name} has shape {p.shape}, its weights {w.shape}")
        return weights

    def step(self, i: int):
        losses = []
        for x, y in self._batches[i % len(self._batches)]:
            with self._mx.autograd.record():
                loss = self._loss(self._net(x), y)
            loss.backward()
            losses.append(loss)
        self._trainer.step(self._items)
        if len(losses) > 1:
            self._params.zero_grad()
        self._last = losses

    def loss(self) -> float:
        return sum(float(x.mean().asscalar()) for x in self._last) / len(self._last)

    def wait(self) -> None:
        self._mx.nd.waitall()
