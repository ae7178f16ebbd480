"""Flax NNX: `nnx.value_and_grad` and `nnx.Optimizer` in a step under `nnx.jit_partial`, donated."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from .hand import attention, channels_last, optimizer_of
from .work import Work, blocks

RECIPE = (
    "layers with dtype=bfloat16 and param_dtype=float32, the residual stream in bfloat16, "
    "gradients and optimizer in float32; nnx.jit_partial, donated; NHWC; "
    "jax.nn.dot_product_attention (cuDNN's on a GPU)"
)

LOW = jnp.bfloat16


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
        out, inside = self.weights[name + ".weight"].shape
        return nnx.Linear(
            inside, out, dtype=LOW, rngs=self.rngs, bias_init=self.init(name + ".bias"),
            kernel_init=lambda key, shape, dtype: self.array(name + ".weight").T,
        )  # fmt: skip

    def conv(self, name, stride=1, pad=0):
        height, width, inside, out = self.weights[name + ".weight"].shape
        bias = name + ".bias"
        return nnx.Conv(
            inside, out, (height, width), stride, padding=pad, use_bias=bias in self.weights,
            kernel_init=self.init(name + ".weight"), bias_init=self.init(bias), rngs=self.rngs,
            dtype=LOW,
        )  # fmt: skip

    def batch_norm(self, name):
        size = len(self.weights[name + ".gamma"])
        return nnx.BatchNorm(size, momentum=0.9, epsilon=1e-5, dtype=LOW, rngs=self.rngs)

    def layer_norm(self, name):
        size = len(self.weights[name + ".gamma"])
        return nnx.LayerNorm(size, epsilon=1e-5, dtype=LOW, rngs=self.rngs)


class Block(nnx.Module):
    def __init__(self, layers: Layers, name: str, stride: int):
        self.conv0 = layers.conv(name + "conv0", stride)
        self.norm0 = layers.batch_norm(name + "norm0")
        self.conv1 = layers.conv(name + "conv1", 1, 1)
        self.norm1 = layers.batch_norm(name + "norm1")
        self.conv2 = layers.conv(name + "conv2")
        self.norm2 = layers.batch_norm(name + "norm2")
        self.has_down = name + "down.weight" in layers.weights
        if self.has_down:
            self.down = layers.conv(name + "down", stride)
            self.down_norm = layers.batch_norm(name + "down_norm")

    def __call__(self, x):
        y = nnx.relu(self.norm0(self.conv0(x)))
        y = nnx.relu(self.norm1(self.conv1(y)))
        y = self.norm2(self.conv2(y))
        if self.has_down:
            x = self.down_norm(self.down(x))
        return nnx.relu(x + y)


class ResNet(nnx.Module):
    def __init__(self, layers: Layers, stages, classes):
        self.stem = layers.conv("stem", 2, 3)
        self.stem_norm = layers.batch_norm("stem_norm")
        self.blocks = nnx.List(Block(layers, name, stride) for name, _, _, stride in blocks(stages))
        self.output = layers.dense("output")

    def __call__(self, x):
        x = nnx.relu(self.stem_norm(self.stem(x)))
        x = nnx.max_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1)))
        for block in self.blocks:
            x = block(x)
        return self.output(x.mean((1, 2)))


class Layer(nnx.Module):
    def __init__(self, layers: Layers, name: str, heads: int):
        self.heads = heads
        self.norm0 = layers.layer_norm(name + "norm0")
        self.norm1 = layers.layer_norm(name + "norm1")
        for part in ("qkv", "proj", "fc0", "fc1"):
            setattr(self, part, layers.dense(name + part))

    def __call__(self, x):
        n, length, d = x.shape
        qkv = self.qkv(self.norm0(x)).reshape(n, length, 3, self.heads, d // self.heads)
        y = attention(qkv[:, :, 0], qkv[:, :, 1], qkv[:, :, 2])
        x = x + self.proj(y.reshape(n, length, d))
        return x + self.fc1(nnx.gelu(self.fc0(self.norm1(x)), approximate=False))


class GPT(nnx.Module):
    def __init__(self, layers: Layers, sizes):
        self.embed = nnx.Embed(
            sizes["vocab"], sizes["d"], embedding_init=layers.init("embed"), rngs=layers.rngs,
            dtype=LOW,
        )  # fmt: skip
        self.position = nnx.Param(layers.array("position"))
        self.layers = nnx.List(
            Layer(layers, f"layer{i}.", sizes["heads"]) for i in range(sizes["layers"])
        )
        self.norm = layers.layer_norm("norm")

    def __call__(self, tokens):
        x = self.embed(tokens) + self.position[...].astype(LOW)
        for layer in self.layers:
            x = layer(x)
        return self.embed.attend(self.norm(x))


class Column:
    def __init__(self, work: Work):
        weights, batches = channels_last(work)
        layers = Layers(weights)
        if work.net == "resnet":
            model = ResNet(layers, **work.sizes)
        else:
            model = GPT(layers, work.sizes)
        optimizer = nnx.Optimizer(model, optimizer_of(work), wrt=nnx.Param)

        def loss_of(model, x, y):
            logits = model(x).astype(jnp.float32)
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

        def train_step(model, optimizer, x, y):
            loss, grads = nnx.value_and_grad(loss_of)(model, x, y)
            optimizer.update(model, grads)
            return loss

        self._batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in batches]
        # argument 0: model and optimizer together, as jit_partial hands them on
        self._step = nnx.jit_partial(train_step, model, optimizer, graph=False, donate_argnums=0)

    def step(self, i: int) -> None:
        x, y = self._batches[i % len(self._batches)]
        self._loss = self._step(x, y)

    def loss(self) -> float:
        return float(self._loss)

    def wait(self) -> None:
        jax.block_until_ready(self._loss)
