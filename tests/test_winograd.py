"""Convolutions by Winograd's filtering: near the exact ones, and only where they are faster."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest
from counting import divided

import gluonx as mx
from gluonx import autograd, nd, nn
from gluonx.engine.target import tracing_for
from gluonx.ops.conv import convolution

#: Shapes of (batch, channels, height, width), numbers of outputs and paddings, with 128 tiles each.
SHAPES = [
    ((8, 64, 16, 16), 64, (1, 1)),
    ((8, 64, 15, 13), 96, (1, 1)),
    ((6, 80, 23, 18), 64, (0, 0)),
    ((32, 64, 5, 7), 64, (2, 1)),
    ((64, 64, 8, 3), 64, (0, 2)),
]


@pytest.fixture
def rng(seed):
    return np.random.default_rng(seed)


def made(shape, outputs, dtype, rng):
    """Data and weight of a convolution."""
    x = rng.normal(size=shape)
    w = rng.normal(size=(outputs, shape[1], 3, 3)) / np.sqrt(9 * shape[1])
    return nd.array(x, dtype=dtype), nd.array(w, dtype=dtype)


def results(x, w, pad, head, layout="NCHW"):
    """A convolution and its gradients, as float64 NumPy arrays with channels first."""
    if layout == "NHWC":
        x, w = x.transpose((0, 2, 3, 1)), w.transpose((0, 2, 3, 1))
    x.attach_grad()
    w.attach_grad()
    with autograd.record():
        y = nd.Convolution(
            x, w, kernel=(3, 3), pad=pad, num_filter=w.shape[0], no_bias=True, layout=layout
        )
    if layout == "NHWC":
        head = head.transpose(0, 2, 3, 1)
    y.backward(nd.array(head, dtype=x.dtype))
    found = [a.asnumpy().astype(np.float64) for a in (y, x.grad, w.grad)]
    return [a.transpose(0, 3, 1, 2) for a in found] if layout == "NHWC" else found


def near(got, want):
    """Within ten times the rounding errors of sums of products, which are 3e-7 (RMS)."""
    for a, b in zip(got, want, strict=True):
        size = np.sqrt((b**2).mean())
        assert np.sqrt(((a - b) ** 2).mean()) < 3e-6 * size
        assert abs(a - b).max() < 3e-5 * size


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("shape, outputs, pad", SHAPES)
def test_values_and_gradients(shape, outputs, pad, layout, rng):
    x, w = made(shape, outputs, "float64", rng)
    height, width = (n + 2 * p - 2 for n, p in zip(shape[2:], pad, strict=True))
    head = rng.normal(size=(shape[0], outputs, height, width))
    want = results(x, w, pad, head)
    near(results(x.astype("float32"), w.astype("float32"), pad, head, layout), want)


def test_gradient_of_the_gradient(rng):
    found = []
    x, w = made((8, 64, 16, 16), 64, "float64", rng)
    for dtype in ("float64", "float32"):
        a, b = x.astype(dtype), w.astype(dtype)
        a.attach_grad()
        b.attach_grad()
        with autograd.record():
            y = nd.Convolution(a, b, kernel=(3, 3), pad=(1, 1), num_filter=64, no_bias=True)
            (da,) = autograd.grad((y * y).sum(), [a], create_graph=True)
            loss = (da * da).sum()
        loss.backward()
        found.append([v.asnumpy().astype(np.float64) for v in (a.grad, b.grad)])
    near(found[1], found[0])


def convolutions(shape, outputs, dtype="float32", device=None, **attrs):
    """How many of XLA's convolutions one, or one and its gradients, is made of."""
    attrs = {"kernel": (3, 3), "pad": (1, 1), **attrs}
    weight = (outputs, shape[1] // attrs.get("num_group", 1), *attrs["kernel"])

    def run(x, w):
        return convolution(x, w, num_filter=outputs, no_bias=True, **attrs).sum()

    avals = [jax.ShapeDtypeStruct(s, dtype) for s in (shape, weight)]
    counts = []
    with jax.enable_x64(dtype == "float64"), tracing_for(device or jax.devices("cpu")[0]):
        for fn in (run, jax.grad(run, (0, 1))):
            text = jax.jit(lambda *a, fn=fn: fn(*a)).lower(*avals).as_text()
            counts.append(text.count("stablehlo.convolution"))
    return counts


def test_where_it_is_used():
    assert convolutions((8, 64, 16, 16), 64) == [0, 0]
    assert convolutions((9, 64, 15, 13), 200, pad=(2, 0)) == [0, 0]
    # too few tiles or channels, another kernel, stride, dilation, dtype, or groups
    assert convolutions((7, 64, 16, 16), 64) == [1, 2]
    assert convolutions((8, 63, 16, 16), 64) == [1, 2]
    assert convolutions((8, 64, 16, 16), 63) == [1, 2]
    for attrs in (
        {"kernel": (3, 5), "pad": (1, 2)}, {"stride": (2, 2)}, {"dilate": (2, 2), "pad": (2, 2)},
        {"dtype": "float64"}, {"dtype": "float16"},
    ):  # fmt: skip
        assert convolutions((16, 64, 32, 32), 64, **attrs) == [1, 2], attrs
    # on other devices XLA knows better
    assert convolutions((8, 64, 16, 16), 64, device="gpu")[0] == 1


def test_it_can_be_turned_off():
    code = "import tests.test_winograd as t\nassert t.convolutions((8, 64, 16, 16), 64) == [1, 2]\n"
    environment = {**os.environ, "GLUONX_WINOGRAD": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=os.getcwd())


class Residual(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        self.body = nn.HybridSequential()
        for _ in range(2):
            self.body.add(nn.Conv2D(64, 3, padding=1, use_bias=False, in_channels=64))
            self.body.add(nn.BatchNorm(in_channels=64), nn.Activation("relu"))

    def hybrid_forward(self, F, x):
        return F.relu(self.body(x) + x)


def test_compiled_as_eager(rng):
    x = nd.array(rng.normal(size=(8, 64, 16, 16)))
    found = []
    for hybridized in (False, True):
        mx.random.seed(5)
        net = Residual()
        net.initialize(mx.init.Xavier())
        net.hybridize(hybridized)
        x.attach_grad()
        with autograd.record():
            loss = (net(x) ** 2).mean()
        loss.backward()
        weights = [p.grad() for p in net.collect_params(".*weight").values()]
        found.append([a.asnumpy().astype(np.float64) for a in (loss, x.grad, *weights)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5 * abs(b).max())


@pytest.mark.skipif(jax.device_count("cpu") < 2, reason="needs two devices")
def test_divided_over_a_mesh_each_device_has_its_tiles():
    def loss(x, w):
        y = convolution(x, w, kernel=(3, 3), pad=(1, 1), num_filter=64, no_bias=True)
        return (y**2).sum()

    text = divided(loss, (16, 64, 16, 16), (64, 64, 3, 3))
    assert "f32[36,128,64]" in text and "f32[36,256,64]" not in text
    assert "all-gather" not in text and text.count(" all-reduce(") == 1
