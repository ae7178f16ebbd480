"""Equinox: `eqx.filter_value_and_grad` and optax in a step under `eqx.filter_jit`, donated."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from .work import RESNET, Work

KEY = jax.eval_shape(lambda: jax.random.key(0))


class MLP(eqx.Module):
    layers: list

    def __init__(self, sizes, key):
        self.layers = [
            eqx.nn.Linear(inside, out, key=key) for inside, out in ((784, 128), (128, 64), (64, 10))
        ]

    def __call__(self, x, state):
        for layer in self.layers[:-1]:
            x = jax.nn.relu(layer(x))
        return self.layers[-1](x), state


class LeNet(eqx.Module):
    conv0: eqx.nn.Conv2d
    conv1: eqx.nn.Conv2d
    fc0: eqx.nn.Linear
    fc1: eqx.nn.Linear
    pool: eqx.nn.MaxPool2d

    def __init__(self, sizes, key):
        self.conv0 = eqx.nn.Conv2d(1, 20, 5, key=key)
        self.conv1 = eqx.nn.Conv2d(20, 50, 5, key=key)
        self.fc0 = eqx.nn.Linear(800, 500, key=key)
        self.fc1 = eqx.nn.Linear(500, 10, key=key)
        self.pool = eqx.nn.MaxPool2d(2, 2)

    def __call__(self, x, state):
        x = self.pool(jnp.tanh(self.conv0(x)))
        x = self.pool(jnp.tanh(self.conv1(x)))
        return self.fc1(jnp.tanh(self.fc0(x.reshape(-1)))), state


def batch_norm(size):
    return eqx.nn.BatchNorm(size, "batch", eps=1e-5, momentum=0.9, mode="batch")


class Block(eqx.Module):
    conv0: eqx.nn.Conv2d
    norm0: eqx.nn.BatchNorm
    conv1: eqx.nn.Conv2d
    norm1: eqx.nn.BatchNorm
    down: eqx.nn.Conv2d | None = None
    down_norm: eqx.nn.BatchNorm | None = None

    def __init__(self, inside, out, stride, key):
        self.conv0 = eqx.nn.Conv2d(inside, out, 3, stride, 1, use_bias=False, key=key)
        self.norm0 = batch_norm(out)
        self.conv1 = eqx.nn.Conv2d(out, out, 3, 1, 1, use_bias=False, key=key)
        self.norm1 = batch_norm(out)
        if stride > 1 or inside != out:
            self.down = eqx.nn.Conv2d(inside, out, 1, stride, use_bias=False, key=key)
            self.down_norm = batch_norm(out)

    def __call__(self, x, state):
        y, state = self.norm0(self.conv0(x), state)
        y, state = self.norm1(self.conv1(jax.nn.relu(y)), state)
        if self.down is not None:
            x, state = self.down_norm(self.down(x), state)
        return jax.nn.relu(x + y), state


class ResNet(eqx.Module):
    stem: eqx.nn.Conv2d
    stem_norm: eqx.nn.BatchNorm
    blocks: list
    fc: eqx.nn.Linear

    def __init__(self, sizes, key):
        self.stem = eqx.nn.Conv2d(3, 64, 3, 1, 1, use_bias=False, key=key)
        self.stem_norm = batch_norm(64)
        self.blocks = []
        inside = 64
        for out, stride in RESNET:
            self.blocks.append(Block(inside, out, stride, key))
            inside = out
        self.fc = eqx.nn.Linear(512, 10, key=key)

    def __call__(self, x, state):
        x, state = self.stem_norm(self.stem(x), state)
        x = jax.nn.relu(x)
        for block in self.blocks:
            x, state = block(x, state)
        return self.fc(x.mean((1, 2))), state


class Layer(eqx.Module):
    norm0: eqx.nn.LayerNorm
    qkv: eqx.nn.Linear
    proj: eqx.nn.Linear
    norm1: eqx.nn.LayerNorm
    fc0: eqx.nn.Linear
    fc1: eqx.nn.Linear
    heads: int = eqx.field(static=True)

    def __init__(self, d, heads, hidden, key):
        self.norm0 = eqx.nn.LayerNorm(d)
        self.qkv = eqx.nn.Linear(d, 3 * d, key=key)
        self.proj = eqx.nn.Linear(d, d, key=key)
        self.norm1 = eqx.nn.LayerNorm(d)
        self.fc0 = eqx.nn.Linear(d, hidden, key=key)
        self.fc1 = eqx.nn.Linear(hidden, d, key=key)
        self.heads = heads

    def __call__(self, x):
        length, d = x.shape
        qkv = jax.vmap(self.qkv)(jax.vmap(self.norm0)(x))
        q, k, v = jnp.moveaxis(qkv.reshape(length, 3, self.heads, d // self.heads), 1, 0)
        y = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        x = x + jax.vmap(self.proj)(y.reshape(length, d))
        y = jax.nn.relu(jax.vmap(self.fc0)(jax.vmap(self.norm1)(x)))
        return x + jax.vmap(self.fc1)(y)


class Transformer(eqx.Module):
    embed: eqx.nn.Embedding
    position: jax.Array
    layers: list
    norm: eqx.nn.LayerNorm
    head: eqx.nn.Linear

    def __init__(self, sizes, key):
        d = sizes["d"]
        self.embed = eqx.nn.Embedding(sizes["vocab"], d, key=key)
        self.position = jnp.zeros((sizes["length"], d))
        self.layers = [
            Layer(d, sizes["heads"], sizes["hidden"], key) for _ in range(sizes["layers"])
        ]
        self.norm = eqx.nn.LayerNorm(d)
        self.head = eqx.nn.Linear(d, sizes["vocab"], key=key)

    def __call__(self, tokens, state):
        x = jax.vmap(self.embed)(tokens) + self.position
        for layer in self.layers:
            x = layer(x)
        return jax.vmap(self.head)(jax.vmap(self.norm)(x)), state


class LSTM(eqx.Module):
    embed: eqx.nn.Embedding
    cells: list
    head: eqx.nn.Linear

    def __init__(self, sizes, key):
        units = sizes["units"]
        self.embed = eqx.nn.Embedding(sizes["vocab"], units, key=key)
        self.cells = [eqx.nn.LSTMCell(units, units, key=key) for _ in range(sizes["layers"])]
        self.head = eqx.nn.Linear(units, sizes["vocab"], key=key)

    def __call__(self, tokens, state):
        x = jax.vmap(self.embed)(tokens)
        for cell in self.cells:

            def step(carry, x, cell=cell):
                carry = cell(x, carry)
                return carry, carry[0]

            zeros = jnp.zeros(cell.hidden_size)
            _, x = jax.lax.scan(step, (zeros, zeros), x)
        return jax.vmap(self.head)(x), state


NETS = {"mlp": MLP, "lenet": LeNet, "resnet": ResNet, "transformer": Transformer, "lstm": LSTM}


def start(work: Work):
    """The model with the workload's weights, which are in the order of its leaves, and its state.

    Only their shapes are made first, as when a model is loaded.
    """
    model, state = eqx.filter_eval_shape(eqx.nn.make_with_state(NETS[work.net]), work.sizes, KEY)
    shapes, rest = eqx.partition(model, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
    leaves, structure = jax.tree.flatten(shapes)
    given = dict(work.weights)
    for name in work.weights:  # its LSTM has one bias in place of two, which learns half as fast
        if name.endswith("h2h.bias"):
            del given[name]
    named = zip(leaves, given.values(), strict=True)
    weights = [jnp.array(w).reshape(leaf.shape) for leaf, w in named]
    model = eqx.combine(jax.tree.unflatten(structure, weights), rest)
    return model, jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), state)


class Column:
    def __init__(self, work: Work):
        self._model, self._state = start(work)
        optimizer = optax.adam(work.rate) if work.optimizer == "adam" else optax.sgd(work.rate, 0.9)
        self._opt_state = optimizer.init(eqx.filter(self._model, eqx.is_inexact_array))
        micro = work.micro

        @eqx.filter_value_and_grad(has_aux=True)
        def loss_of(model, state, x, y):
            net = jax.vmap(model, axis_name="batch", in_axes=(0, None), out_axes=(0, None))
            logits, state = net(x, state)
            loss = optax.softmax_cross_entropy_with_integer_labels(logits, y)
            return loss.mean() / micro, state

        @eqx.filter_jit(donate="all-except-first")
        def make_step(batch, model, state, opt_state):
            x, y = batch
            n = len(x) // micro
            (loss, state), grads = loss_of(model, state, x[:n], y[:n])
            for i in range(1, micro):
                part = slice(i * n, (i + 1) * n)
                (more, state), g = loss_of(model, state, x[part], y[part])
                loss, grads = loss + more, jax.tree.map(jnp.add, grads, g)
            updates, opt_state = optimizer.update(
                grads, opt_state, eqx.filter(model, eqx.is_inexact_array)
            )
            return eqx.apply_updates(model, updates), state, opt_state, loss

        self._step = make_step
        self._batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in work.batches]

    def step(self, i: int):
        self._model, self._state, self._opt_state, self._loss = self._step(
            self._batches[i % len(self._batches)], self._model, self._state, self._opt_state
        )
        return self._loss

    def loss(self) -> float:
        return float(self._loss)

    def wait(self) -> None:
        jax.block_until_ready(self._loss)
