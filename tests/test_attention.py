"""Attention against plain NumPy; caches, masks, dropout."""

import types

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd, nn
from gluonx.engine.target import tracing_for
from gluonx.ops import attention_dot

RNG = np.random.RandomState(0)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(q, k, v, seen=None):
    """Head by head, with loops."""
    out = np.zeros(q.shape)
    shared = q.shape[2] // k.shape[2]
    for b in range(q.shape[0]):
        for h in range(q.shape[2]):
            scores = q[b, :, h] @ k[b, :, h // shared].T / np.sqrt(q.shape[3])
            if seen is not None:
                scores = np.where(seen[b], scores, -np.inf)
            out[b, :, h] = softmax(scores) @ v[b, :, h // shared]
    return out


def dense(layer, x):
    return x @ layer.weight.data().asnumpy().T + layer.bias.data().asnumpy()


def multi_head(layer, x, memory=None, seen=None):
    memory = x if memory is None else memory
    q, k, v = dense(layer.query, x), dense(layer.key, memory), dense(layer.value, memory)
    q, k, v = (a.reshape(*a.shape[:2], n, -1) for a, n in zip((q, k, v), (4, 2, 2), strict=True))
    return dense(layer.out, attend(q, k, v, seen).reshape(*x.shape[:2], -1))


def made(net):
    net.initialize(gx.init.Normal(0.4))
    return net


X, MEMORY = RNG.randn(2, 5, 8).astype("f"), RNG.randn(2, 3, 6).astype("f")


@pytest.mark.parametrize("hybridize", [False, True])
def test_attention_equals_numpy_for_all_masks(hybridize):
    layer = made(nn.MultiHeadAttention(8, 4, num_kv_heads=2))
    causal = made(nn.MultiHeadAttention(8, 4, num_kv_heads=2, causal=True))
    if hybridize:
        layer.hybridize()
        causal.hybridize()
    x = nd.array(X)
    close = lambda a, b: np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-4, atol=1e-5)  # noqa: E731
    close(layer(x), multi_head(layer, X))
    triangle = np.broadcast_to(np.tril(np.ones((5, 5), bool)), (2, 5, 5))
    close(causal(x), multi_head(causal, X, seen=triangle))
    close(layer(x, mask=nd.array(triangle)), multi_head(layer, X, seen=triangle))
    lengths = np.arange(5) < np.array([2, 4])[:, None, None]
    want = multi_head(layer, X, seen=np.broadcast_to(lengths, (2, 5, 5)))
    close(layer(x, valid_length=nd.array([2, 4])), want)


def test_cross_attention_takes_a_memory_of_other_units():
    layer = made(nn.MultiHeadAttention(8, 4, num_kv_heads=2))
    got = layer(nd.array(X), nd.array(MEMORY))
    assert layer.key.weight.shape == (4, 6)
    np.testing.assert_allclose(got.asnumpy(), multi_head(layer, X, MEMORY), rtol=1e-4, atol=1e-5)


def test_query_that_sees_nothing_gives_zeros_and_finite_gradients():
    q = nd.array(RNG.randn(1, 2, 1, 4))
    q.attach_grad()
    with autograd.record():
        y = nd.contrib.dot_product_attention(q, q, q, valid_length=nd.array([0]))
    y.backward()
    assert not y.asnumpy().any()
    assert np.isfinite(q.grad.asnumpy()).all()


@pytest.mark.parametrize("pre_norm", [False, True])
def test_cached_decoding_equals_the_whole_sequence_and_compiles_once(pre_norm):
    rotary = nn.RotaryEmbedding()
    layer = made(nn.TransformerEncoderLayer(8, 4, causal=True, pre_norm=pre_norm, rotary=rotary))
    x = nd.array(X)
    whole = layer(x)
    layer.hybridize()
    cache = layer.begin_cache(2, 9)
    pieces = []
    for t in range(5):
        out, cache = layer(x[:, t : t + 1], cache=cache)
        pieces.append(out)
    got = nd.concat(*pieces, dim=1)
    np.testing.assert_allclose(got.asnumpy(), whole.asnumpy(), rtol=1e-4, atol=1e-5)
    [block] = [b for b in gx.engine.explain().blocks if b.name == layer.name]
    assert block.times == 1
    assert cache[2].asscalar() == 5


def test_dropout_of_weights_only_while_training_keeps_the_mean():
    q, v = nd.zeros((1, 1, 1, 4)), nd.ones((1, 400, 1, 4))
    k = nd.zeros((1, 400, 1, 4))
    still = nd.contrib.dot_product_attention(q, k, v, dropout=0.5).asnumpy()
    np.testing.assert_allclose(still, 1, rtol=1e-5)
    with autograd.train_mode():
        y = nd.contrib.dot_product_attention(q, k, v, dropout=0.5).asnumpy()
    assert abs(y.max() - 1) > 1e-4
    assert abs(y.mean() - 1) < 0.2


def test_rotary_products_depend_on_distance_only():
    for interleaved in (False, True):
        rotary = nn.RotaryEmbedding(interleaved=interleaved)
        a, b = (nd.array(np.tile(RNG.randn(1, 1, 1, 8), (1, 6, 1, 1))) for _ in range(2))
        a, b = rotary(a).asnumpy()[0, :, 0], rotary(b).asnumpy()[0, :, 0]
        products = a @ b.T
        np.testing.assert_allclose(products[1, 3], products[2, 4], rtol=1e-4)
        assert abs(products[1, 3] - products[3, 1]) > 1e-3
    x = nd.array(RNG.randn(1, 5, 1, 8))
    later = rotary(x[:, 3:], nd.array([3]))
    np.testing.assert_allclose(rotary(x)[:, 3:].asnumpy(), later.asnumpy(), atol=1e-5)


def test_decoder_layer_equals_its_parts():
    layer = made(nn.TransformerDecoderLayer(8, 4, memory_units=6))
    x, memory = nd.array(X), nd.array(MEMORY)
    y = layer.attention_norm(x + layer.attention(x))
    y = layer.memory_norm(y + layer.memory_attention(y, memory))
    y = layer.feed_forward_norm(y + layer.feed_forward.out(nd.relu(layer.feed_forward.hidden(y))))
    np.testing.assert_allclose(layer(x, memory).asnumpy(), y.asnumpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: nn.MultiHeadAttention(8, 3), "units must be a multiple of num_heads"),
        (lambda: nn.MultiHeadAttention(8, 4, dropout=1.0), r"dropout must be in \[0, 1\)"),
        (lambda: nn.TransformerEncoderLayer(8, 4, norm="batch"), "norm must be one of"),
        (lambda: nn.TransformerEncoderLayer(8, 4, activation="tanh"), "activation must be one"),
    ],
)
def test_wrong_settings_raise(make, text):
    with pytest.raises(ValueError, match=text):
        make()


@pytest.mark.parametrize("capability, fits", [("9.0", True), ("7.5", False), ("gfx942", False)])
def test_flash_attention_is_for_the_gpus_that_have_it(capability, fits):
    device = types.SimpleNamespace(platform="gpu", compute_capability=capability)
    with tracing_for(device):
        assert attention_dot._fits_cudnn(np.ones((1, 4, 2, 8), "float16")) is fits
    assert not attention_dot._fits_cudnn(np.ones((1, 4, 2, 8), "float16"))
