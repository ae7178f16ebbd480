"""The reference: a training step written by hand for `jax.jit`, with optax, buffers donated."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import optax

from .work import Work, blocks

RECIPE = (
    "jax.jit and optax, all donated: products in bfloat16 of float32 parameters cast inside, norms "
    "and the language model's residual stream in float32, gradients and optimizer in float32; "
    "NHWC; jax.nn.dot_product_attention (cuDNN's on a GPU)"
)

LOW = jnp.bfloat16


def dense(w, name, x):
    return x.astype(LOW) @ w[name + ".weight"].T.astype(LOW) + w[name + ".bias"].astype(LOW)


def conv(w, name, x, stride=1, pad=0):
    y = jax.lax.conv_general_dilated(
        x.astype(LOW), w[name + ".weight"].astype(LOW), (stride, stride), [(pad, pad)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )  # fmt: skip
    bias = w.get(name + ".bias")
    return y if bias is None else y + bias.astype(LOW)


def batch_norm(w, stats, new, name, x):
    """The statistics in one pass over the data, as Flax takes them."""
    wide = x.astype(jnp.float32)
    mean = wide.mean((0, 1, 2))
    var = jnp.maximum(jnp.square(wide).mean((0, 1, 2)) - jnp.square(mean), 0)
    new[name] = tuple(
        0.9 * old + 0.1 * jax.lax.stop_gradient(a)
        for old, a in zip(stats[name], (mean, var), strict=True)
    )
    scale = jax.lax.rsqrt(var + 1e-5) * w[name + ".gamma"]
    return ((wide - mean) * scale + w[name + ".beta"]).astype(x.dtype)


def pool(x):
    return jax.lax.reduce_window(
        x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), [(0, 0), (1, 1), (1, 1), (0, 0)]
    )


def resnet(w, stats, x, stages, classes):
    new = {}
    norm = functools.partial(batch_norm, w, stats, new)
    x = pool(jax.nn.relu(norm("stem_norm", conv(w, "stem", x, 2, 3))))
    for name, _, _, stride in blocks(stages):
        y = jax.nn.relu(norm(name + "norm0", conv(w, name + "conv0", x, stride)))
        y = jax.nn.relu(norm(name + "norm1", conv(w, name + "conv1", y, 1, 1)))
        y = norm(name + "norm2", conv(w, name + "conv2", y))
        if name + "down.weight" in w:
            x = norm(name + "down_norm", conv(w, name + "down", x, stride))
        x = jax.nn.relu(x + y)
    return dense(w, "output", x.mean((1, 2))), new


def layer_norm(w, name, x):
    x = x.astype(jnp.float32)
    mean = x.mean(-1, keepdims=True)
    var = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(var + 1e-5) * w[name + ".gamma"] + w[name + ".beta"]


def attention(q, k, v):
    implementation = "cudnn" if jax.default_backend() == "gpu" else None
    return jax.nn.dot_product_attention(q, k, v, is_causal=True, implementation=implementation)


def gpt(w, stats, tokens, layers, d, heads, vocab, length, stream):
    batch = len(tokens)
    x = (w["embed"][tokens] + w["position"]).astype(stream)
    for i in range(layers):
        name = f"layer{i}."
        qkv = dense(w, name + "qkv", layer_norm(w, name + "norm0", x))
        qkv = qkv.reshape(batch, length, 3, heads, d // heads)
        y = attention(qkv[:, :, 0], qkv[:, :, 1], qkv[:, :, 2])
        x = x + dense(w, name + "proj", y.reshape(batch, length, d)).astype(stream)
        y = dense(w, name + "fc0", layer_norm(w, name + "norm1", x))
        x = x + dense(w, name + "fc1", jax.nn.gelu(y, approximate=False)).astype(stream)
    return layer_norm(w, "norm", x).astype(LOW) @ w["embed"].T.astype(LOW), stats


def channels_last(work: Work):
    """Weights and batches with the order of axes that JAX's convolutions like best."""
    weights = {
        name: w.transpose(2, 3, 1, 0) if w.ndim == 4 else w for name, w in work.weights.items()
    }
    batches = [(x.transpose(0, 2, 3, 1) if x.ndim == 4 else x, y) for x, y in work.batches]
    return weights, batches


def optimizer_of(work: Work):
    return optax.adam(work.rate) if work.optimizer == "adam" else optax.sgd(work.rate, 0.9)


class Column:
    #: Type of the language model's residual stream.
    stream = jnp.float32

    def __init__(self, work: Work):
        sizes = work.sizes if work.net == "resnet" else {**work.sizes, "stream": self.stream}
        net = functools.partial({"resnet": resnet, "gpt": gpt}[work.net], **sizes)
        optimizer = optimizer_of(work)

        def loss_of(w, stats, x, y):
            logits, stats = net(w, stats, x)
            logits = logits.astype(jnp.float32)
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), stats

        def step(w, state, stats, x, y):
            (loss, stats), grads = jax.value_and_grad(loss_of, has_aux=True)(w, stats, x, y)
            updates, state = optimizer.update(grads, state, w)
            return optax.apply_updates(w, updates), state, stats, loss

        self._step = jax.jit(step, donate_argnums=(0, 1, 2))
        weights, batches = channels_last(work)
        self._batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in batches]
        self._w = {name: jnp.array(w) for name, w in weights.items()}
        self._state = jax.jit(optimizer.init)(self._w)
        self._stats = {
            name.removesuffix(".gamma"): (jnp.zeros_like(w), jnp.ones_like(w))
            for name, w in self._w.items()
            if work.net == "resnet" and name.endswith(".gamma")
        }

    def step(self, i: int) -> None:
        x, y = self._batches[i % len(self._batches)]
        self._w, self._state, self._stats, self._loss = self._step(
            self._w, self._state, self._stats, x, y
        )

    def loss(self) -> float:
        return float(self._loss)

    def wait(self) -> None:
        jax.block_until_ready((self._w, self._loss))
