"""The reference: a training step written by hand for `jax.jit`, with optax, buffers donated."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import optax

from .work import RESNET, Work


def dense(w, name, x):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def conv(w, name, x, stride=1, pad=0):
    y = jax.lax.conv_general_dilated(
        x, w[name + ".weight"], (stride, stride), [(pad, pad)] * 2,
        dimension_numbers=("NCHW", "OIHW", "NCHW"),
    )  # fmt: skip
    bias = w.get(name + ".bias")
    return y if bias is None else y + bias[:, None, None]


def pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def mlp(w, stats, x):
    x = jax.nn.relu(dense(w, "fc0", x))
    x = jax.nn.relu(dense(w, "fc1", x))
    return dense(w, "fc2", x), stats


def lenet(w, stats, x):
    x = pool(jnp.tanh(conv(w, "conv0", x)))
    x = pool(jnp.tanh(conv(w, "conv1", x)))
    x = jnp.tanh(dense(w, "fc0", x.reshape(len(x), -1)))
    return dense(w, "fc1", x), stats


def batch_norm(w, stats, new, name, x):
    mean = x.mean((0, 2, 3))
    var = x.var((0, 2, 3))
    old = stats[name]
    new[name] = (0.9 * old[0] + 0.1 * mean, 0.9 * old[1] + 0.1 * var)
    scale = jax.lax.rsqrt(var + 1e-5) * w[name + ".gamma"]
    return (x - mean[:, None, None]) * scale[:, None, None] + w[name + ".beta"][:, None, None]


def resnet(w, stats, x):
    new = {}
    norm = functools.partial(batch_norm, w, stats, new)
    x = jax.nn.relu(norm("stem_norm", conv(w, "stem", x, 1, 1)))
    for i, (_, stride) in enumerate(RESNET):
        b = f"block{i}."
        y = jax.nn.relu(norm(b + "norm0", conv(w, b + "conv0", x, stride, 1)))
        y = norm(b + "norm1", conv(w, b + "conv1", y, 1, 1))
        if b + "down.weight" in w:
            x = norm(b + "down_norm", conv(w, b + "down", x, stride))
        x = jax.nn.relu(x + y)
    return dense(w, "fc", x.mean((2, 3))), new


def layer_norm(w, name, x):
    mean = x.mean(-1, keepdims=True)
    var = x.var(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(var + 1e-5) * w[name + ".gamma"] + w[name + ".beta"]


def transformer(w, stats, tokens, sizes):
    n, length = tokens.shape
    d, heads = sizes["d"], sizes["heads"]
    x = w["embed"][tokens] + w["position"]
    mask = jnp.tril(jnp.ones((length, length), bool))
    for i in range(sizes["layers"]):
        b = f"layer{i}."
        qkv = dense(w, b + "qkv", layer_norm(w, b + "norm0", x))
        q, k, v = jnp.moveaxis(qkv.reshape(n, length, 3, heads, d // heads), 2, 0)
        scores = jnp.einsum("nqhd,nkhd->nhqk", q, k) / (d // heads) ** 0.5
        scores = jax.nn.softmax(jnp.where(mask, scores, -1e9))
        y = jnp.einsum("nhqk,nkhd->nqhd", scores, v).reshape(n, length, d)
        x = x + dense(w, b + "proj", y)
        y = jax.nn.relu(dense(w, b + "fc0", layer_norm(w, b + "norm1", x)))
        x = x + dense(w, b + "fc1", y)
    return dense(w, "head", layer_norm(w, "norm", x)), stats


def lstm(w, stats, tokens, sizes):
    x = w["embed"][tokens].swapaxes(0, 1)
    zeros = jnp.zeros((len(tokens), sizes["units"]))
    for i in range(sizes["layers"]):

        def cell(carry, x, name=f"lstm{i}"):
            h, c = carry
            gates = dense(w, name + ".i2h", x) + dense(w, name + ".h2h", h)
            i, f, g, o = jnp.split(gates, 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        _, x = jax.lax.scan(cell, (zeros, zeros), x)
    return dense(w, "head", x.swapaxes(0, 1)), stats


NETS = {"mlp": mlp, "lenet": lenet, "resnet": resnet, "transformer": transformer, "lstm": lstm}


class Column:
    def __init__(self, work: Work):
        net = NETS[work.net]
        if work.sizes:
            net = functools.partial(net, sizes=work.sizes)
        optimizer = optax.adam(work.rate) if work.optimizer == "adam" else optax.sgd(work.rate, 0.9)
        micro = work.micro

        def loss_of(w, stats, x, y):
            logits, stats = net(w, stats, x)
            loss = optax.softmax_cross_entropy_with_integer_labels(logits, y)
            return loss.mean() / micro, stats

        def step(w, state, stats, x, y):
            both = jax.value_and_grad(loss_of, has_aux=True)
            n = len(x) // micro
            (loss, stats), grads = both(w, stats, x[:n], y[:n])
            for i in range(1, micro):
                part = slice(i * n, (i + 1) * n)
                (more, stats), g = both(w, stats, x[part], y[part])
                loss, grads = loss + more, jax.tree.map(jnp.add, grads, g)
            updates, state = optimizer.update(grads, state, w)
            return optax.apply_updates(w, updates), state, stats, loss

        self._step = jax.jit(step, donate_argnums=(0, 1, 2))
        self._batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in work.batches]
        self._w = {name: jnp.array(w) for name, w in work.weights.items()}
        self._state = optimizer.init(self._w)
        self._stats = {
            name.removesuffix(".gamma"): (jnp.zeros_like(w), jnp.ones_like(w))
            for name, w in self._w.items()
            if work.net == "resnet" and name.endswith(".gamma")
        }

    def step(self, i: int):
        x, y = self._batches[i % len(self._batches)]
        self._w, self._state, self._stats, self._loss = self._step(
            self._w, self._state, self._stats, x, y
        )
        return self._loss

    def loss(self) -> float:
        return float(self._loss)

    def wait(self) -> None:
        jax.block_until_ready(self._w)
