"""Gradients that are made of what is there: they are those that JAX derives, and keep less."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gluonx as mx
from gluonx import autograd, nd
from gluonx.engine.options import compiler_options
from gluonx.engine.target import tracing_for
from gluonx.ops import _kept
from gluonx.ops.indexing import pick
from gluonx.ops.softmax import log_softmax


def plain_norm(x, gamma, beta, axes, eps):
    mean = x.mean(axes, keepdims=True)
    var = ((x - mean) ** 2).mean(axes, keepdims=True)
    return (x - mean) / jnp.sqrt(var + eps) * gamma + beta


RNG = np.random.default_rng(3)
NORMS = [  # shape, gamma's, axes: layer, layer along another axis, batch, group
    ((3, 5), (1, 5), (1,)),
    ((3, 4, 2), (1, 4, 1), (1,)),
    ((3, 4, 2, 2), (1, 4, 1, 1), (0, 2, 3)),
    ((2, 2, 3, 2), (2, 3, 1), (2, 3)),
]


@pytest.mark.parametrize("shape, along, axes", NORMS)
def test_gradients_of_a_norm_are_those_of_its_formula(shape, along, axes):
    x, w = (RNG.normal(1, 2, shape).astype(np.float32) for _ in range(2))
    gamma, beta = (RNG.normal(size=along).astype(np.float32) for _ in range(2))

    def gradients(norm):
        def first(x, gamma, beta):
            return (norm(x, gamma, beta, axes, 1e-3) * w).sum()

        def second(*arrays):
            return sum((g * g * g).sum() for g in jax.grad(first, (0, 1, 2))(*arrays))

        def run(*arrays):
            grads = [jax.grad(f, (0, 1, 2))(*arrays) for f in (first, second)]
            return norm(*arrays, axes, 1e-3), *grads

        return jax.jit(run)(x, gamma, beta)

    for a, b in zip(
        jax.tree.leaves(gradients(_kept.normalized)), jax.tree.leaves(gradients(plain_norm)),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-3 * max(1, float(abs(b).max())))


@pytest.mark.parametrize("name, plain", [
    ("softmax", jax.nn.softmax), ("log_softmax", jax.nn.log_softmax),
    ("rectified", lambda x, axis: jnp.where(x > 0, x, 0)),
])  # fmt: skip
def test_gradients_of_an_activation_are_those_of_its_formula(name, plain):
    kept = getattr(_kept, name)
    x, w = (jnp.asarray(RNG.normal(size=(3, 4)), jnp.float32) for _ in range(2))

    def first(f):
        return lambda x: (f(x) * w).sum()

    def second(f):
        return lambda x: (jax.grad(first(f))(x) ** 3).sum()

    def ours(x):
        return kept(x) if name == "rectified" else kept(x, 1)

    for made in (first, second):
        a, b = (jax.grad(made(f))(x) for f in (ours, lambda x: plain(x, axis=1)))
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    many = jax.vmap(jax.grad(first(ours)), 0)(x[None])[0]
    np.testing.assert_allclose(many, jax.grad(first(ours))(x), rtol=1e-6)


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
def test_gradients_of_batch_dot(transpose_a, transpose_b):
    for rows, inner, columns in ((4, 3, 2), (2, 5, 6)):
        a = RNG.normal(size=(2, inner, rows) if transpose_a else (2, rows, inner))
        b = RNG.normal(size=(2, columns, inner) if transpose_b else (2, inner, columns))
        w = RNG.normal(size=(2, rows, columns))
        arrays = [nd.array(v, dtype="float32") for v in (a, b)]
        for v in arrays:
            v.attach_grad()
        with autograd.record():
            y = nd.batch_dot(*arrays, transpose_a=transpose_a, transpose_b=transpose_b)
            (first,) = autograd.grad((y * nd.array(w)).sum(), arrays[:1], create_graph=True)
            (first * first).sum().backward()
        left = a.swapaxes(1, 2) if transpose_a else a
        right = b.swapaxes(1, 2) if transpose_b else b
        np.testing.assert_allclose(y.asnumpy(), left @ right, rtol=1e-4, atol=1e-5)
        d_left = w @ right.swapaxes(1, 2)
        np.testing.assert_allclose(
            first.asnumpy(), d_left.swapaxes(1, 2) if transpose_a else d_left, rtol=1e-4, atol=1e-5
        )
        d_right = 2 * d_left.swapaxes(1, 2) @ w  # of the sum of d_left's squares
        np.testing.assert_allclose(
            arrays[1].grad.asnumpy(), d_right.swapaxes(1, 2) if transpose_b else d_right,
            rtol=1e-4, atol=1e-5,
        )  # fmt: skip
        with autograd.record():
            y = nd.batch_dot(*arrays, transpose_a=transpose_a, transpose_b=transpose_b)
        y.backward(nd.array(w))
        d_right = left.swapaxes(1, 2) @ w
        np.testing.assert_allclose(
            arrays[1].grad.asnumpy(), d_right.swapaxes(1, 2) if transpose_b else d_right,
            rtol=1e-4, atol=1e-5,
        )  # fmt: skip


def memory(f, *shapes):
    arrays = [jax.ShapeDtypeStruct(s, np.float32) for s in shapes]
    options = compiler_options(jax.devices("cpu")[0])
    compiled = jax.jit(jax.grad(f, tuple(range(len(arrays)))), compiler_options=options)
    return compiled.lower(*arrays).compile().memory_analysis().temp_size_in_bytes


def test_attention_keeps_its_weights_alone():
    op = mx.ops.softmax.softmax

    def loss(softmax, q, k, v):
        for _ in range(4):
            q = jnp.einsum("bqk,bkd->bqd", softmax(jnp.einsum("bqd,bkd->bqk", q, k)), v)
        return (q * q).sum()

    shapes = [(8, 128, 32)] * 3
    ours = memory(lambda *a: loss(op, *a), *shapes)
    assert ours < 0.8 * memory(lambda *a: loss(jax.nn.softmax, *a), *shapes)


def test_the_gradient_of_split_joins():
    def loss(x):
        a, b = mx.ops.join.split(x, num_outputs=2, axis=1)
        return (a * jnp.sin(b)).sum()

    text = jax.jit(jax.grad(loss)).lower(jnp.ones((3, 4))).as_text()
    assert "concatenate" in text
    assert "pad" not in text


def test_moments_in_one_pass_are_as_exact():
    rng = np.random.RandomState(0)
    x = jnp.asarray(rng.normal(3, 1e-2, (8, 4, 5, 5)) + 1000, jnp.float32)
    exact = np.asarray(x, np.float64)
    weights = jnp.arange(4.0).reshape(1, 4, 1, 1)

    def loss(x):
        mean, var = _kept.moments(x, (0, 2, 3))
        return (mean + weights * var).sum()

    gradients = []
    for kind in ("cpu", "gpu"):
        with tracing_for(kind):
            mean, var = _kept.moments(x, (0, 2, 3))
            gradients.append(jax.grad(loss)(x))
        np.testing.assert_allclose(mean.ravel(), exact.mean((0, 2, 3)), rtol=1e-6)
        np.testing.assert_allclose(var.ravel(), exact.var((0, 2, 3)), rtol=5e-3)
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape, axis", [((3, 5), -1), ((2, 5, 3), 1), ((40, 500), 1)])
@pytest.mark.parametrize("dtype, error", [("float32", 1e-6), ("float16", 2e-3)])
def test_picked_log_softmax_has_the_values_and_gradient_of_the_formula(shape, axis, dtype, error):
    x = nd.array(RNG.normal(size=shape) * 3, dtype=dtype)
    left = [n for i, n in enumerate(shape) if i != axis % len(shape)]
    at = nd.array(RNG.integers(-1, 6, left), dtype="int32")
    head = nd.array(RNG.normal(size=left), dtype=dtype)
    x.attach_grad()

    class Block(mx.nn.HybridBlock):
        def hybrid_forward(self, F, x, at):
            return F.pick(F.log_softmax(x, axis=axis), at, axis=axis)

    block = Block()
    block.hybridize()
    with autograd.record():
        y = block(x, at)
    y.backward(head)
    exact = x.asjax().astype(jnp.float32)
    where = jnp.expand_dims(jnp.clip(at.asjax(), 0, shape[axis] - 1), axis)

    def plain(x):
        return jnp.take_along_axis(jax.nn.log_softmax(x, axis), where, axis).squeeze(axis)

    want, back = jax.vjp(plain, exact)
    (gradient,) = back(head.asjax().astype(jnp.float32))
    np.testing.assert_allclose(y.asnumpy(), want, rtol=error, atol=error)
    np.testing.assert_allclose(x.grad.asnumpy(), gradient, rtol=error, atol=error)


def reductions(loss):
    """Over the classes, in the compiled gradient."""
    with tracing_for("cpu"):
        lowered = jax.jit(jax.grad(loss)).lower(jnp.ones((30, 700)))
    return len(re.findall(r" reduce\(.*dimensions={1}", lowered.compile().as_text()))


def test_picked_log_softmax_sums_no_gradient_of_zeros():
    at = jnp.arange(30)
    assert reductions(lambda x: pick(log_softmax(x), at).sum()) == 2  # maximum and sum
    assert reductions(lambda x: pick(log_softmax(x) + 0 * x, at).sum()) > 2
    assert not _kept._scores


def test_picked_log_softmax_and_the_others_add_their_gradients():
    x = jnp.asarray(RNG.normal(size=(4, 9)), jnp.float32)
    at = jnp.arange(4)

    def loss(log_softmax, pick, x):
        logs = log_softmax(x)
        return pick(logs, at).sum() + (logs * logs).sum()

    def plain(logs, at):
        return logs[jnp.arange(4), at]

    with tracing_for("cpu"):
        found = jax.grad(lambda x: loss(log_softmax, pick, x))(x)
    want = jax.grad(lambda x: loss(jax.nn.log_softmax, plain, x))(x)
    np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-5)
