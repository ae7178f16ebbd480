"""Keras 3 on JAX: a functional model and `train_on_batch`, which compiles and donates by itself.

Gradients of micro-batches are added up by the optimizer's `gradient_accumulation_steps`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
from keras import layers, ops

from .channels_last import channels_last
from .work import RESNET, Work


class Layers:
    """Applies layers that start with given weights."""

    def __init__(self, weights):
        self.weights = weights

    def init(self, name):
        return lambda shape, dtype=None: jnp.array(self.weights[name])

    def dense(self, x, name, activation=None):
        w, b = name + ".weight", name + ".bias"
        return layers.Dense(
            self.weights[w].shape[1], activation,
            kernel_initializer=self.init(w), bias_initializer=self.init(b),
        )(x)  # fmt: skip

    def conv(self, x, name, stride=1, pad=0, activation=None):
        w, b = name + ".weight", name + ".bias"
        if pad and stride > 1:  # 'same' would pad at the end alone
            x = layers.ZeroPadding2D(pad)(x)
        height, width, _, out = self.weights[w].shape
        return layers.Conv2D(
            out, (height, width), stride, "same" if pad and stride == 1 else "valid",
            activation=activation, use_bias=b in self.weights,
            kernel_initializer=self.init(w), bias_initializer=self.init(b),
        )(x)  # fmt: skip


def batch_norm(x):
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def layer_norm(x):
    return layers.LayerNormalization(epsilon=1e-5)(x)


def mlp(net: Layers, work: Work, x):
    x = net.dense(net.dense(x, "fc0", "relu"), "fc1", "relu")
    return net.dense(x, "fc2")


def lenet(net: Layers, work: Work, x):
    x = layers.MaxPooling2D()(net.conv(x, "conv0", activation="tanh"))
    x = layers.MaxPooling2D()(net.conv(x, "conv1", activation="tanh"))
    return net.dense(net.dense(layers.Flatten()(x), "fc0", "tanh"), "fc1")


def resnet(net: Layers, work: Work, x):
    x = layers.ReLU()(batch_norm(net.conv(x, "stem", 1, 1)))
    for i, (_, stride) in enumerate(RESNET):
        b = f"block{i}."
        y = layers.ReLU()(batch_norm(net.conv(x, b + "conv0", stride, 1)))
        y = batch_norm(net.conv(y, b + "conv1", 1, 1))
        if b + "down.weight" in net.weights:
            x = batch_norm(net.conv(x, b + "down", stride))
        x = layers.ReLU()(layers.Add()([x, y]))
    return net.dense(layers.GlobalAveragePooling2D()(x), "fc")


class Embedding(layers.Layer):
    """Of tokens and positions."""

    def __init__(self, net: Layers):
        super().__init__()
        self.net = net

    def build(self, shape):
        self.embed, self.position = (
            self.add_weight(shape=self.net.weights[name].shape, initializer=self.net.init(name))
            for name in ("embed", "position")
        )

    def call(self, tokens):
        return ops.take(self.embed, tokens, axis=0) + self.position


def transformer(net: Layers, work: Work, tokens):
    s = work.sizes
    length, d, heads = s["length"], s["d"], s["heads"]
    x = Embedding(net)(tokens)
    for i in range(s["layers"]):
        b = f"layer{i}."
        qkv = net.dense(layer_norm(x), b + "qkv")
        qkv = ops.reshape(qkv, (-1, length, 3, heads, d // heads))
        q, k, v = ops.unstack(qkv, 3, axis=2)
        y = ops.dot_product_attention(q, k, v, is_causal=True)
        x = x + net.dense(ops.reshape(y, (-1, length, d)), b + "proj")
        x = x + net.dense(net.dense(layer_norm(x), b + "fc0", "relu"), b + "fc1")
    return net.dense(layer_norm(x), "head")


def lstm(net: Layers, work: Work, tokens):
    """Its layers have one bias in place of two, which learns half as fast."""
    s = work.sizes
    x = layers.Embedding(s["vocab"], s["units"], embeddings_initializer=net.init("embed"))(tokens)
    for i in range(s["layers"]):
        name = f"lstm{i}."
        x = layers.LSTM(
            s["units"], return_sequences=True, unit_forget_bias=False,
            kernel_initializer=net.init(name + "i2h.weight"),
            recurrent_initializer=net.init(name + "h2h.weight"),
            bias_initializer=net.init(name + "h2h.bias"),
        )(x)  # fmt: skip
    return net.dense(x, "head")


NETS = {"mlp": mlp, "lenet": lenet, "resnet": resnet, "transformer": transformer, "lstm": lstm}


class Column:
    def __init__(self, work: Work):
        weights, batches = channels_last(work)
        x = batches[0][0]
        inputs = keras.Input(x.shape[1:], dtype=str(x.dtype))
        self._model = keras.Model(inputs, NETS[work.net](Layers(weights), work, inputs))
        accumulate = {"gradient_accumulation_steps": work.micro if work.micro > 1 else None}
        if work.optimizer == "adam":
            optimizer = keras.optimizers.Adam(work.rate, epsilon=1e-8, **accumulate)
        else:
            optimizer = keras.optimizers.SGD(work.rate, momentum=0.9, **accumulate)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._model.compile(optimizer, loss)
        n = len(x) // work.micro
        self._batches = [
            [(jnp.array(x[i : i + n]), jnp.array(y[i : i + n])) for i in range(0, len(x), n)]
            for x, y in batches
        ]

    def step(self, i: int):
        batch = self._batches[i % len(self._batches)]
        self._last = [self._model.train_on_batch(x, y) for x, y in batch]

    def loss(self) -> float:
        return sum(float(x) for x in self._last) / len(self._last)

    def wait(self) -> None:
        jax.block_until_ready([v.value for v in self._model.trainable_variables])
