"""Flax NNX: `nnx.value_and_grad` and `nnx.Optimizer` in a step under `nnx.jit_partial`, donated.

Of NNX's recipes (`nnx.jit`, `nnx.cached_partial` and the functional loop of its performance guide
are others) it has the least overhead.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from .channels_last import channels_last
from .work import RESNET, Work


class Layers:
    """Makes layers that start with given weights."""

    def __init__(self, weights):
        self.weights = weights
        self.rngs = nnx.Rngs(0)

    def array(self, name):
        return jnp.array(self.weights[name])

    def init(self, name):
        return lambda key, shape, dtype: self.array(name)

    def dense(self, name):
        return nnx.Linear(
            *self.weights[name + ".weight"].shape, rngs=self.rngs,
            kernel_init=self.init(name + ".weight"), bias_init=self.init(name + ".bias"),
        )  # fmt: skip

    def conv(self, name, stride=1, pad=0):
        height, width, inside, out = self.weights[name + ".weight"].shape
        bias = name + ".bias"
        return nnx.Conv(
            inside, out, (height, width), stride, padding=pad, use_bias=bias in self.weights,
            kernel_init=self.init(name + ".weight"), bias_init=self.init(bias), rngs=self.rngs,
        )  # fmt: skip

    def lstm(self, name):
        """It has one bias in place of two, which learns half as fast."""
        inside, gates = self.weights[name + ".i2h.weight"].shape
        return nnx.OptimizedLSTMCell(
            inside, gates // 4, rngs=self.rngs, kernel_init=self.init(name + ".i2h.weight"),
            recurrent_kernel_init=self.init(name + ".h2h.weight"),
            bias_init=self.init(name + ".h2h.bias"),
        )  # fmt: skip

    def batch_norm(self, name):
        size = len(self.weights[name + ".gamma"])
        return nnx.BatchNorm(size, momentum=0.9, epsilon=1e-5, rngs=self.rngs)

    def layer_norm(self, name):
        size = len(self.weights[name + ".gamma"])
        return nnx.LayerNorm(size, epsilon=1e-5, rngs=self.rngs)


class MLP(nnx.Module):
    def __init__(self, layers: Layers):
        self.fc0, self.fc1, self.fc2 = (layers.dense(f"fc{i}") for i in range(3))

    def __call__(self, x):
        return self.fc2(nnx.relu(self.fc1(nnx.relu(self.fc0(x)))))


class LeNet(nnx.Module):
    def __init__(self, layers: Layers):
        self.conv0, self.conv1 = layers.conv("conv0"), layers.conv("conv1")
        self.fc0, self.fc1 = layers.dense("fc0"), layers.dense("fc1")

    def __call__(self, x):
        x = nnx.max_pool(nnx.tanh(self.conv0(x)), (2, 2), (2, 2))
        x = nnx.max_pool(nnx.tanh(self.conv1(x)), (2, 2), (2, 2))
        return self.fc1(nnx.tanh(self.fc0(x.reshape(len(x), -1))))


class Block(nnx.Module):
    def __init__(self, layers: Layers, name, stride):
        self.conv0 = layers.conv(name + ".conv0", stride, 1)
        self.norm0 = layers.batch_norm(name + ".norm0")
        self.conv1 = layers.conv(name + ".conv1", 1, 1)
        self.norm1 = layers.batch_norm(name + ".norm1")
        self.has_down = name + ".down.weight" in layers.weights
        if self.has_down:
            self.down = layers.conv(name + ".down", stride)
            self.down_norm = layers.batch_norm(name + ".down_norm")

    def __call__(self, x):
        y = nnx.relu(self.norm0(self.conv0(x)))
        y = self.norm1(self.conv1(y))
        if self.has_down:
            x = self.down_norm(self.down(x))
        return nnx.relu(x + y)


class ResNet(nnx.Module):
    def __init__(self, layers: Layers):
        self.stem = layers.conv("stem", 1, 1)
        self.stem_norm = layers.batch_norm("stem_norm")
        self.blocks = nnx.List(
            Block(layers, f"block{i}", stride) for i, (_, stride) in enumerate(RESNET)
        )
        self.fc = layers.dense("fc")

    def __call__(self, x):
        x = nnx.relu(self.stem_norm(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        return self.fc(x.mean((1, 2)))


class Layer(nnx.Module):
    def __init__(self, layers: Layers, name, heads):
        self.heads = heads
        self.norm0 = layers.layer_norm(name + ".norm0")
        self.norm1 = layers.layer_norm(name + ".norm1")
        for part in ("qkv", "proj", "fc0", "fc1"):
            setattr(self, part, layers.dense(f"{name}.{part}"))

    def __call__(self, x):
        n, length, d = x.shape
        qkv = self.qkv(self.norm0(x)).reshape(n, length, 3, self.heads, d // self.heads)
        y = nnx.dot_product_attention(*jnp.moveaxis(qkv, 2, 0), is_causal=True)
        x = x + self.proj(y.reshape(n, length, d))
        return x + self.fc1(nnx.relu(self.fc0(self.norm1(x))))


class Transformer(nnx.Module):
    def __init__(self, layers: Layers, sizes):
        self.embed = nnx.Embed(
            sizes["vocab"], sizes["d"], embedding_init=layers.init("embed"), rngs=layers.rngs
        )
        self.position = nnx.Param(layers.array("position"))
        self.layers = nnx.List(
            Layer(layers, f"layer{i}", sizes["heads"]) for i in range(sizes["layers"])
        )
        self.norm = layers.layer_norm("norm")
        self.head = layers.dense("head")

    def __call__(self, tokens):
        x = self.embed(tokens) + self.position[...]
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


class LSTM(nnx.Module):
    def __init__(self, layers: Layers, sizes):
        self.embed = nnx.Embed(
            sizes["vocab"], sizes["units"], embedding_init=layers.init("embed"), rngs=layers.rngs
        )
        self.lstm = nnx.List(
            nnx.RNN(layers.lstm(f"lstm{i}"), rngs=layers.rngs) for i in range(sizes["layers"])
        )
        self.head = layers.dense("head")

    def __call__(self, tokens):
        x = self.embed(tokens)
        for layer in self.lstm:
            x = layer(x)
        return self.head(x)


NETS = {"mlp": MLP, "lenet": LeNet, "resnet": ResNet, "transformer": Transformer, "lstm": LSTM}


class Column:
    def __init__(self, work: Work):
        weights, batches = channels_last(work)
        arguments = (work.sizes,) if work.sizes else ()
        model = NETS[work.net](Layers(weights), *arguments)
        optimizer = nnx.Optimizer(
            model,
            optax.adam(work.rate) if work.optimizer == "adam" else optax.sgd(work.rate, 0.9),
            wrt=nnx.Param,
        )
        micro = work.micro

        def loss_of(model, x, y):
            logits = model(x)
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean() / micro

        def train_step(model, optimizer, x, y):
            both = nnx.value_and_grad(loss_of)
            n = len(x) // micro
            loss, grads = both(model, x[:n], y[:n])
            for i in range(1, micro):
                part = slice(i * n, (i + 1) * n)
                more, g = both(model, x[part], y[part])
                loss, grads = loss + more, jax.tree.map(jnp.add, grads, g)
            optimizer.update(model, grads)
            return loss

        self._batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in batches]
        # argument 0: model and optimizer together, as jit_partial hands them on
        self._step = nnx.jit_partial(train_step, model, optimizer, graph=False, donate_argnums=0)

    def step(self, i: int):
        x, y = self._batches[i % len(self._batches)]
        self._loss = self._step(x, y)
        return self._loss

    def loss(self) -> float:
        return float(self._loss)

    def wait(self) -> None:
        jax.block_until_ready(self._loss)
