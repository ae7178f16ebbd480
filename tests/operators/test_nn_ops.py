"""Operators of neural networks: forms that must agree, shapes that follow, and mistakes."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd
from gluonx.engine.op import OPS
from gluonx.engine.target import tracing_for
from gluonx.ops import _convolve
from gluonx.ops._windows import layout_of

# -- convolution ----------------------------------------------------------------------------------

SIZES = {"NCW": (9,), "NWC": (9,), "NCHW": (7, 8), "NHWC": (7, 8), "NDHWC": (5, 4, 6)}
CHANNELS = [(1, 4, 6, 3), (4, 4, 4, 3), (4, 4, 8, 2), (2, 4, 6, 3), (1, 4, 6, 1), (4, 4, 4, 1)]
# stride, margins, dilate, spread
SETTINGS = [
    (1, (0, 0), 1, 1),
    (2, (1, 1), 1, 1),
    (1, (1, 1), 2, 1),
    (1, (1, 2), 1, 2),
    (2, (-1, 2), 1, 1),
]


@pytest.mark.parametrize("layout", SIZES)
@pytest.mark.parametrize("groups, inputs, outputs, size", CHANNELS)
def test_forms_of_convolution_agree(layout, groups, inputs, outputs, size):
    extents = SIZES[layout]
    where, axes = layout_of(layout, len(extents) + 2), len(extents)
    shape, inner = [2, *extents], inputs // groups
    weight_shape = [outputs, *(size,) * axes]
    shape.insert(where.channel, inputs)
    weight_shape.insert(where.channel, inner)
    rng = np.random.RandomState(0)
    x = jnp.asarray(rng.standard_normal(shape), "float32")
    w = jnp.asarray(rng.standard_normal(weight_shape), "float32")
    for stride, margins, dilate, spread in SETTINGS:
        stride, dilate, spread = ((n,) * axes for n in (stride, dilate, spread))
        margins = [margins] * axes
        want = _convolve._general(x, w, where, stride, margins, dilate, groups, spread)
        with tracing_for("cpu"):
            got = _convolve.convolve(x, w, where, stride, margins, dilate, groups, spread)
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


# shape, weight, groups, stride, margins, dilate, spread
WITH_GRADIENTS = {
    "depthwise": ((2, 4, 7, 8), (4, 1, 3, 2), 4, (2, 1), (1, 2), (1, 2), (1, 1)),
    "image by image": ((2, 3, 7, 8), (4, 3, 1, 1), 1, (1, 2), (0, 0), (1, 1), (1, 1)),
    "growing": ((2, 3, 6, 7), (4, 3, 3, 3), 1, (2, 1), (3, 2), (1, 1), (1, 1)),
    "phases at once": ((2, 3, 5, 6), (4, 3, 4, 2), 1, (1, 1), (2, 1), (1, 1), (2, 2)),
}


def test_forms_of_convolution_have_the_gradients_of_the_plain_one():
    where, rng = layout_of("NCHW", 4), np.random.RandomState(0)
    for name, (shape, kernel, groups, stride, ends, dilate, spread) in WITH_GRADIENTS.items():
        x, w = (jnp.asarray(rng.standard_normal(s), "float32") for s in (shape, kernel))
        steps = _convolve._Steps(where, stride, (ends, ends), dilate, groups, spread)

        def plain(x, w, steps=steps):
            return _convolve._native(x, w, steps)

        def ours(x, w, s=steps):
            with tracing_for("cpu"):
                return _convolve.convolve(
                    x, w, s.where, s.stride, s.margins, s.dilate, s.groups, s.spread
                )

        head = jnp.asarray(rng.standard_normal(jax.eval_shape(plain, x, w).shape), "float32")

        def run(f, x, w, head):
            y, back = jax.vjp(f, x, w)
            return y, *back(head)

        found = [jax.jit(run, static_argnums=0)(f, x, w, head) for f in (ours, plain)]
        for got, want in zip(*found, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4, err_msg=name)


def test_forms_of_the_gradient_of_maxima_agree():
    pooling, rng = OPS["Pooling"].fn, np.random.RandomState(0)
    for kernel, stride, pad, convention in (
        ((3, 3), (2, 2), (1, 1), "valid"),
        ((3, 2), (1, 1), (0, 1), "full"),
        ((3, 3), (2, 1), (1, 0), "same"),
        ((2, 3, 2), (1, 2, 1), (0, 1, 1), "full"),
    ):
        pad = (0,) * len(kernel) if convention == "same" else pad
        x = jnp.asarray(rng.randint(0, 4, (2, 3, 8, 9, 7)[: 2 + len(kernel)]), "float32")
        found = []
        for kind in (
            "cpu",
            "gpu",
        ):  # where equal numbers share a window, the first has the gradient
            with tracing_for(kind):
                y, back = jax.vjp(
                    lambda x, k=kernel, s=stride, p=pad, c=convention: pooling(
                        x, kernel=k, stride=s, pad=p, pool_type="max", pooling_convention=c
                    ),
                    x,
                )
                head = np.random.RandomState(1).normal(size=y.shape).astype("float32")
                found.append(back(jnp.asarray(head))[0])
        np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


def randn(*shape):
    return nd.array(np.random.standard_normal(shape))


@pytest.mark.parametrize("op", ["Convolution", "Deconvolution"])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_channels_last_is_channels_first_transposed(op, groups, axes):
    first = (0, axes + 1, *range(1, axes + 1))
    last = (0, *range(2, axes + 2), 1)
    kernel, size = (3, 2, 2)[:axes], (5, 6, 4)[:axes]
    x = randn(2, 4, *size)
    w = randn(*((8, 4 // groups) if op == "Convolution" else (4, 8 // groups)), *kernel)
    settings = {"kernel": kernel, "num_filter": 8, "num_group": groups, "no_bias": True}
    settings["stride"] = (2,) * axes
    want = getattr(nd, op)(x, w, **settings)
    layout = "N" + "DHW"[-axes:] + "C" if axes > 1 else "NWC"
    got = getattr(nd, op)(x.transpose(last), w.transpose(last), layout=layout, **settings)
    np.testing.assert_allclose(got.transpose(first).asnumpy(), want.asnumpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("axes, groups", list(itertools.product([1, 2, 3], [1, 2, 4])))
def test_deconvolution_is_the_gradient_of_convolution(axes, groups):
    settings = {
        "kernel": (3, 2, 3)[:axes],
        "stride": (2, 1, 2)[:axes],
        "dilate": (1, 2, 1)[:axes],
        "pad": (1, 0, 2)[:axes],
        "num_group": groups,
        "no_bias": True,
    }
    x, w = nd.zeros((2, 4, *(7, 6, 5)[:axes])), randn(8, 4 // groups, *settings["kernel"])
    x.attach_grad()
    with autograd.record():
        y = nd.Convolution(x, w, num_filter=8, **settings)
    head = randn(*y.shape)
    y.backward(head)
    whole = nd.Deconvolution(head, w, num_filter=4, **settings)
    left = tuple(n - m for n, m in zip(x.shape[2:], whole.shape[2:], strict=True))
    got = nd.Deconvolution(head, w, num_filter=4, adj=left, **settings)
    np.testing.assert_allclose(x.grad.asnumpy(), got.asnumpy(), rtol=1e-4, atol=1e-4)


# -- pooling --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kernel, stride, pad", [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 3, 0), (5, 3, 2), (4, 4, 3)]
)
def test_max_pooling_is_that_of_xla(kernel, stride, pad):
    x = randn(2, 3, 11, 13)
    x.attach_grad()
    with autograd.record():
        y = nd.Pooling(x, kernel=(kernel,) * 2, stride=(stride,) * 2, pad=(pad,) * 2)
    head = randn(*y.shape)
    y.backward(head)

    def reference(a):
        window, step = (1, 1, kernel, kernel), (1, 1, stride, stride)
        margins = [(0, 0), (0, 0), (pad, pad), (pad, pad)]
        return jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, window, step, margins)

    want, back = jax.vjp(reference, x.asjax())
    np.testing.assert_array_equal(y.asnumpy(), want)
    np.testing.assert_allclose(x.grad.asnumpy(), back(head.asjax())[0], rtol=1e-6, atol=1e-6)


def test_gradient_of_equal_maxima_goes_to_the_first():
    x = nd.zeros((1, 1, 4, 4))
    for stride in (1, 2):
        x.attach_grad()
        with autograd.record():
            y = nd.Pooling(x, kernel=(2, 2), stride=(stride,) * 2)
        y.backward()
        want = np.zeros((4, 4))
        want[:3:stride, :3:stride] = 1
        np.testing.assert_array_equal(x.grad.asnumpy()[0, 0], want)


def test_max_pooling_of_minus_infinity():
    x = nd.full((1, 1, 3, 3), -np.inf)
    x.attach_grad()
    with autograd.record():
        y = nd.Pooling(x, kernel=(3, 3), stride=(2, 2), pad=(1, 1))
    y.backward()
    assert (y.asnumpy() == -np.inf).all()
    assert x.grad.asnumpy().sum() <= 4


def test_second_gradient_of_pooling():
    x = randn(1, 1, 6, 6)
    x.attach_grad()
    for kind in ("max", "avg"):
        with autograd.record():
            y = (nd.Pooling(x, kernel=(3, 3), stride=(2, 2), pool_type=kind) ** 3).sum()
            (dx,) = autograd.grad(y, [x], create_graph=True)
            z = (dx * dx).sum()
        z.backward()
        assert np.isfinite(x.grad.asnumpy()).all() and x.grad.asnumpy().any()


# -- normalization --------------------------------------------------------------------------------


def test_batch_norm_changes_its_statistics_while_training_only():
    x = randn(8, 3, 4)
    g, b, m, v = nd.ones(3) * 2, nd.zeros(3), nd.ones(3), nd.ones(3) * 2
    nd.BatchNorm(x, g, b, m, v)
    assert (m.asnumpy() == 1).all() and (v.asnumpy() == 2).all()
    with autograd.record():
        nd.BatchNorm(x, g, b, m, v, momentum=0.8)
    a = x.asnumpy()
    np.testing.assert_allclose(m.asnumpy(), 0.8 + 0.2 * a.mean((0, 2)), rtol=1e-5)
    np.testing.assert_allclose(v.asnumpy(), 1.6 + 0.2 * a.var((0, 2)), rtol=1e-5)
    assert (g.asnumpy() == 2).all()  # MXNet writes 1 into it with fix_gamma


@pytest.mark.parametrize("shift", [0, 1e3])
def test_batch_norm_far_from_zero(shift):
    x = randn(64, 2, 5) + shift
    with autograd.record():
        y = nd.BatchNorm(x, nd.ones(2), nd.zeros(2), nd.zeros(2), nd.ones(2), eps=1e-5)
    y = y.asnumpy()
    assert abs(y.mean()) < 1e-3 and abs(y.std() - 1) < 1e-3


def test_batch_norm_shows_what_it_used():
    x, m, v = randn(8, 3), nd.zeros(3), nd.ones(3)
    with autograd.record():
        _, mean, inverse = nd.BatchNorm(x, nd.ones(3), nd.zeros(3), m, v, output_mean_var=True)
    np.testing.assert_allclose(mean.asnumpy(), x.asnumpy().mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(inverse.asnumpy(), 1 / np.sqrt(x.asnumpy().var(0) + 1e-3), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_batch_norm_in_half_precision_has_single_statistics(dtype):
    x = (randn(256, 2) * 3 + 50).astype(dtype)
    m, v = nd.zeros(2), nd.ones(2)
    with autograd.record():
        y = nd.BatchNorm(x, nd.ones(2), nd.zeros(2), m, v, momentum=0)
    assert y.dtype == x.dtype and m.dtype == np.float32
    a = x.asnumpy().astype("float64")
    np.testing.assert_allclose(m.asnumpy(), a.mean(0), rtol=1e-5)
    np.testing.assert_allclose(v.asnumpy(), a.var(0), rtol=1e-4)


# -- outputs --------------------------------------------------------------------------------------


def test_softmax_output_can_multiply_the_head_gradient_in():
    x, label, head = randn(4, 3), nd.array([0, 2, 1, 1]), randn(4, 3)
    grads = []
    for out_grad in (False, True):
        x.attach_grad()
        with autograd.record():
            y = nd.SoftmaxOutput(x, label, out_grad=out_grad)
        y.backward(head)
        grads.append(x.grad.asnumpy())
    np.testing.assert_allclose(grads[1], grads[0] * head.asnumpy(), rtol=1e-6)


def test_output_operators_give_labels_no_gradient():
    for op in ("SoftmaxOutput", "LinearRegressionOutput", "SVMOutput"):
        shape = (4, 3) if op == "LinearRegressionOutput" else (4,)
        x, label = randn(4, 3), nd.ones(shape)
        x.attach_grad()
        label.attach_grad()
        with autograd.record():
            y = getattr(nd, op)(x, label)
        y.backward()
        assert x.grad.asnumpy().any() and not label.grad.asnumpy().any()


# -- shapes of parameters -------------------------------------------------------------------------

CONV = {"kernel": (3, 2), "num_filter": 8}
BN = ("gamma", "beta", "moving_mean", "moving_var")
INFERRED = [
    ("FullyConnected", {"num_hidden": 5}, (2, 3, 4), {"weight": (5, 12), "bias": (5,)}),
    (
        "FullyConnected",
        {"num_hidden": 5, "flatten": False},
        (2, 3, 4),
        {"weight": (5, 4), "bias": (5,)},
    ),
    ("FullyConnected", {"num_hidden": 5, "no_bias": True}, (2, 3), {"weight": (5, 3)}),
    ("FullyConnected", {"num_hidden": 5, "no_bias": True}, (2, 0), {"weight": (5, 0)}),
    ("Convolution", CONV, (2, 6, 9, 9), {"weight": (8, 6, 3, 2), "bias": (8,)}),
    ("Convolution", {**CONV, "num_group": 2}, (2, 6, 9, 9), {"weight": (8, 3, 3, 2), "bias": (8,)}),
    (
        "Convolution",
        {**CONV, "layout": "NHWC"},
        (2, 9, 9, 6),
        {"weight": (8, 3, 2, 6), "bias": (8,)},
    ),
    (
        "Convolution",
        {"kernel": (3,), "num_filter": 8},
        (2, 0, 0),
        {"weight": (8, 0, 3), "bias": (8,)},
    ),
    ("Convolution", CONV, None, {"bias": (8,)}),
    ("Deconvolution", {**CONV, "num_group": 2}, (2, 6, 9, 9), {"weight": (6, 4, 3, 2)}),
    (
        "Deconvolution",
        {**CONV, "no_bias": False},
        (2, 6, 9, 9),
        {"weight": (6, 8, 3, 2), "bias": (8,)},
    ),
    ("Deconvolution", {**CONV, "layout": "NHWC"}, (2, 9, 9, 6), {"weight": (6, 3, 2, 8)}),
    ("BatchNorm", {}, (2, 6, 9), dict.fromkeys(BN, (6,))),
    ("BatchNorm", {"axis": -1}, (2, 6, 9), dict.fromkeys(BN, (9,))),
    ("LayerNorm", {}, (2, 6, 9), {"gamma": (9,), "beta": (9,)}),
    ("LayerNorm", {"axis": 1}, (2, 6, 9), {"gamma": (6,), "beta": (6,)}),
    ("InstanceNorm", {}, (2, 6, 9), {"gamma": (6,), "beta": (6,)}),
    ("GroupNorm", {"num_groups": 3}, (2, 6, 9), {"gamma": (3,), "beta": (3,)}),
    ("LeakyReLU", {"act_type": "prelu"}, (2, 6, 9), {"gamma": (6,)}),
    ("LeakyReLU", {"act_type": "elu"}, (2, 6, 9), {}),
    ("SoftmaxOutput", {}, (4, 3), {"label": (4,)}),
    ("SoftmaxOutput", {"multi_output": True}, (4, 3, 5, 2), {"label": (4, 10)}),
    ("SoftmaxOutput", {"preserve_shape": True}, (4, 3, 5), {"label": (4, 3)}),
    ("LinearRegressionOutput", {}, (4, 3), {"label": (4, 3)}),
    ("MAERegressionOutput", {}, (4, 1), {"label": (4,)}),
    ("SVMOutput", {}, (4, 3), {"label": (4,)}),
]


@pytest.mark.parametrize("op, attrs, data, want", INFERRED)
def test_shapes_of_parameters_follow(op, attrs, data, want):
    op = OPS[op]
    shapes = {name: None for name in op.inputs}
    shapes["data"] = data
    assert {k: tuple(v) for k, v in op.infer(shapes, op.parse(attrs)).items()} == want


# -- mistakes -------------------------------------------------------------------------------------

X = (2, 4, 6, 6)
MISTAKES = [
    (
        "FullyConnected",
        [(2, 3), (5, 4), (5,)],
        {"num_hidden": 5},
        r"weight must have shape \(5, 3\)",
    ),
    ("FullyConnected", [(2, 3), (5, 3), (4,)], {"num_hidden": 5}, r"bias must have shape \(5,\)"),
    ("FullyConnected", [(2, 3), (5, 3)], {"num_hidden": 5}, "bias is missing"),
    ("FullyConnected", [(2, 3), (5, 3), (5,)], {"num_hidden": 5, "no_bias": True}, "no_bias=True"),
    ("Convolution", [X, (8, 4, 3, 3), (8,)], {"kernel": (3,), "num_filter": 8}, "3 axes"),
    (
        "Convolution",
        [X, (8, 3, 3, 3), (8,)],
        {"kernel": (3, 3), "num_filter": 8},
        r"\(8, 4, 3, 3\)",
    ),
    ("Convolution", [X, (8, 4, 9, 9), (8,)], {"kernel": (9, 9), "num_filter": 8}, "window spans 9"),
    (
        "Convolution",
        [X, (8, 4, 3, 3), (8,)],
        {**CONV, "kernel": (3, 3), "num_group": 3},
        "num_group=3",
    ),
    (
        "Convolution",
        [X, (8, 4, 3, 3), (8,)],
        {**CONV, "layout": "NCW"},
        "layout='NCW' does not fit",
    ),
    ("Convolution", [X, (8, 4, 3, 2), (8,)], {**CONV, "stride": (2,)}, r"stride=\(2,\)"),
    ("Deconvolution", [X, (4, 8, 3, 2)], {**CONV, "adj": (1, 1)}, "must be less than stride"),
    ("Deconvolution", [X, (4, 8, 3, 2)], {**CONV, "target_shape": (99, 99)}, "too big"),
    ("Pooling", [X], {"kernel": (9, 9)}, "global_pool=True"),
    ("Pooling", [X], {"kernel": (2, 2), "pool_type": "min"}, "'max', 'avg', 'sum', 'lp'"),
    ("Pooling", [X], {"kernel": (2, 2), "pool_type": "lp"}, "p_value"),
    ("Pooling", [X], {"kernel": (2, 2), "pooling_convention": "ceil"}, "'valid', 'full', 'same'"),
    ("Pooling", [X], {}, "1, 2 or 3 spatial axes"),
    ("Activation", [X], {"act_type": "swish"}, "'softrelu'"),
    ("LeakyReLU", [X], {"act_type": "prelu"}, "needs the slopes"),
    ("LeakyReLU", [X, (3,)], {"act_type": "prelu"}, r"\(4,\)"),
    ("LeakyReLU", [X], {"act_type": "what"}, "'gelu'"),
    ("Dropout", [X], {"p": -0.1}, "between 0 and 1"),
    ("Dropout", [X], {"p": 0.5, "mode": "never"}, "'always'"),
    ("BatchNorm", [X, (3,), (4,), (4,), (4,)], {}, r"gamma must have shape \(4,\)"),
    ("BatchNorm", [X, (4,), (4,), (4,), (4,)], {"axis": 5}, "axis=5"),
    ("LayerNorm", [X, (5,), (6,)], {}, r"gamma must have shape \(6,\)"),
    ("GroupNorm", [X, (3,), (3,)], {"num_groups": 3}, "num_groups=3"),
    ("InstanceNorm", [(2, 3), (3,), (3,)], {}, "at least 3 axes"),
    ("LRN", [X], {"nsize": 4}, "odd"),
    ("softmax", [X], {"axis": 7}, "axis=7"),
    ("softmax", [X], {"temperature": 0}, "temperature"),
    ("log_softmax", [X], {"use_length": True}, "length"),
    ("SoftmaxOutput", [(4, 3, 5), (4, 3)], {}, "preserve_shape=True"),
    ("SoftmaxOutput", [(4, 3), (4,)], {"normalization": "mean"}, "'null', 'batch', 'valid'"),
    ("LinearRegressionOutput", [(4, 3), (4,)], {}, r"\(4, 3\)"),
    ("softmax_cross_entropy", [(4, 3), (4, 3)], {}, r"label \(batch,\)"),
    ("UpSampling", [(4, 3)], {"scale": 2, "sample_type": "nearest"}, "batch, channels, height"),
]


@pytest.mark.parametrize("op, shapes, attrs, message", MISTAKES)
def test_mistakes_say_what_to_do(op, shapes, attrs, message):
    with pytest.raises(gx.MXNetError, match=message) as caught:
        getattr(nd, op)(*map(nd.ones, shapes), **attrs)
    assert str(caught.value).startswith(op)


@pytest.mark.parametrize("op", ["Activation", "LeakyReLU", "Dropout", "softmax", "BatchNorm"])
def test_integers_are_refused_where_floats_are_needed(op):
    arrays = [nd.ones((2, 3), dtype="int32")]
    arrays += [nd.ones(3) for _ in range(4)] if op == "BatchNorm" else []
    attrs = {"act_type": "relu"} if op == "Activation" else {}
    with pytest.raises(gx.MXNetError, match="floating-point.*astype"):
        getattr(nd, op)(*arrays, **attrs)


@pytest.mark.parametrize("mode", ["clip", "wrap"])
def test_pick_of_a_large_array(mode):
    """Its gradient is made in another way than that of a small one."""
    rng = np.random.default_rng(0)
    index = rng.integers(-3, 140, 130)
    for axis in (0, 1):
        x = nd.array(rng.normal(size=(130, 130)))
        x.attach_grad()
        with autograd.record():
            y = nd.pick(x, nd.array(index), axis=axis, mode=mode)
            loss = (y * y).sum()
        loss.backward()
        at = index % 130 if mode == "wrap" else index.clip(0, 129)
        where = (at, np.arange(130)) if axis == 0 else (np.arange(130), at)
        expected = np.zeros((130, 130), np.float32)
        np.add.at(expected, where, 2 * x.asnumpy()[where])
        np.testing.assert_array_equal(x.grad.asnumpy(), expected)
