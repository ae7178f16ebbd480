"""Random operators: moments, reproducibility, choices, dropout."""

import math

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd

N = 50_000

# name: (arguments, mean, variance)
MOMENTS = {
    "uniform": ({"low": -1.0, "high": 3.0}, 1.0, 16 / 12),
    "normal": ({"loc": 2.0, "scale": 0.5}, 2.0, 0.25),
    "gamma": ({"alpha": 2.5, "beta": 0.5}, 1.25, 0.625),
    "gamma-small": ({"alpha": 0.3, "beta": 2.0}, 0.6, 1.2),
    "exponential": ({"lam": 4.0}, 0.25, 1 / 16),
    "poisson": ({"lam": 3.5}, 3.5, 3.5),
    "poisson-large": ({"lam": 60.0}, 60.0, 60.0),
    "negative_binomial": ({"k": 3, "p": 0.4}, 4.5, 11.25),
    "generalized_negative_binomial": ({"mu": 2.0, "alpha": 0.3}, 2.0, 2 + 0.3 * 4),
    "generalized_negative_binomial-poisson": ({"mu": 2.0, "alpha": 0.0}, 2.0, 2.0),
}
ALL = pytest.mark.parametrize("name", MOMENTS)


def check_moments(x, mean, variance, axis=None):
    """Mean and variance within five of their standard errors."""
    n = x.size if axis is None else x.shape[axis]
    x = x.astype("float64")
    spread = math.sqrt(variance / n)
    assert np.abs(x.mean(axis) - mean).max() < 5 * spread
    squares = (x - mean) ** 2
    assert (np.abs(squares.mean(axis) - variance) < 5 * squares.std(axis) / math.sqrt(n)).all()


def distribution(name):
    return name.partition("-")[0]


@ALL
def test_moments(name):
    arguments, mean, variance = MOMENTS[name]
    x = getattr(nd, "random_" + distribution(name))(shape=(N,), **arguments)
    assert x.shape == (N,) and x.dtype == np.float32
    check_moments(x.asnumpy(), mean, variance)


@ALL
def test_moments_of_sample_operators(name):
    arguments, mean, variance = MOMENTS[name]
    parameters = [nd.full((2, 1), v) for v in arguments.values()]
    x = getattr(nd, "sample_" + distribution(name))(*parameters, shape=(N,))
    assert x.shape == (2, 1, N)
    x = x.asnumpy()
    check_moments(x, mean, variance, axis=2)
    assert (x[0] != x[1]).any()


@ALL
def test_moments_in_half_precision(name):
    arguments, mean, variance = MOMENTS[name]
    x = getattr(nd, "random_" + distribution(name))(shape=(N,), dtype="float16", **arguments)
    assert x.dtype == np.float16
    x = x.asnumpy().astype("float64")
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / N) + 1e-3 * abs(mean)


def test_sample_operators_use_each_parameter():
    low, high = nd.array([[0, 10], [-3, 5]]), nd.array([[1, 20], [-2, 5.5]])
    x = nd.sample_uniform(low, high, shape=(500,)).asnumpy()
    low, high = low.asnumpy()[..., None], high.asnumpy()[..., None]
    assert x.shape == (2, 2, 500)
    assert ((x >= low) & (x < high)).all()
    assert (np.abs(x.mean(2) - (low + high)[..., 0] / 2) < 0.2 * (high - low)[..., 0]).all()


def test_sample_parameters_must_have_one_shape():
    with pytest.raises(gx.MXNetError, match="one shape"):
        nd.sample_normal(nd.zeros(2), nd.ones((1, 2)))


@pytest.mark.parametrize(
    "call",
    [
        lambda: nd.random.uniform(shape=(3, 2)),
        lambda: nd.random.normal(shape=(3, 2)),
        lambda: nd.random.gamma(2.0, 1.0, shape=(3,)),
        lambda: nd.random.exponential(2.0, shape=(3,)),
        lambda: nd.random.poisson(30.0, shape=(5,)),
        lambda: nd.random.negative_binomial(30, 0.1, shape=(5,)),
        lambda: nd.random.generalized_negative_binomial(50.0, 0.5, shape=(5,)),
        lambda: nd.random.randint(0, 1_000_000, shape=(4,)),
        lambda: nd.random.randn(3, 2),
        lambda: nd.random.normal(nd.zeros(3), nd.ones(3), shape=2),
        lambda: nd.random.multinomial(nd.full((50,), 0.02), shape=20),
        lambda: nd.random.shuffle(nd.arange(100)),
    ],
)
def test_seed_repeats_and_calls_differ(call):
    gx.random.seed(11)
    first, second = call().asnumpy(), call().asnumpy()
    gx.random.seed(11)
    assert np.array_equal(call().asnumpy(), first)
    assert np.array_equal(call().asnumpy(), second)
    assert not np.array_equal(first, second)
    gx.random.seed(12)
    assert not np.array_equal(call().asnumpy(), first)


def test_changed_parameters_compile_nothing(compilations):
    def draw(i):
        nd.random.uniform(-i, i, shape=(3,)).wait_to_read()
        nd.random.normal(i, 0.5 / i, shape=(3,)).wait_to_read()
        nd.random.gamma(0.5 * i, i, shape=(3,)).wait_to_read()

    draw(1)
    with compilations() as compiled:
        for i in range(2, 6):
            draw(i)
    assert not compiled


# -- integers, choices, permutations -------------------------------------------------------------


def test_randint_is_uniform_over_its_range():
    x = nd.random.randint(-3, 4, shape=(N,))
    assert x.dtype == np.int32
    values, counts = np.unique(x.asnumpy(), return_counts=True)
    assert values.tolist() == list(range(-3, 4))
    expected = N / 7
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # chi-square, 6 degrees, p = 1e-4


def test_randint_reaches_64_bits():
    x = nd.random.randint(2**40, 2**40 + 2**35, shape=(100,), dtype="int64").asnumpy()
    assert x.dtype == np.int64
    assert (x >= 2**40).all() and (x < 2**40 + 2**35).all() and len(np.unique(x)) > 90


@pytest.mark.parametrize(
    "low, high, dtype, message",
    [(5, 5, "int32", "less than"), (5, 4, "int32", "less than"), (0, 2**40, "int32", "int64")],
)
def test_randint_with_impossible_bounds(low, high, dtype, message):
    with pytest.raises(gx.MXNetError, match=message):
        nd.random.randint(low, high, shape=(2,), dtype=dtype)


def test_float_distributions_refuse_integer_types():
    with pytest.raises(gx.MXNetError, match="floating-point"):
        nd.random_normal(shape=(2,), dtype="int32")


def test_multinomial_follows_its_probabilities():
    p = np.array([[0.1, 0.2, 0, 0.7], [0.25, 0.25, 0.5, 0]], "float32")
    x = nd.random.multinomial(nd.array(p), shape=N).asnumpy()
    assert x.shape == (2, N) and x.dtype == np.int32
    for row, want in zip(x, p, strict=True):
        counts = np.bincount(row, minlength=4)
        assert (counts[want == 0] == 0).all()
        there = want > 0
        expected = want[there] * N
        assert ((counts[there] - expected) ** 2 / expected).sum() < 21.1  # 3 degrees, p = 1e-4


def test_multinomial_gives_log_probabilities_with_their_gradient():
    p = nd.array([[0.2, 0.8, 0], [0, 0.1, 0.9]])
    p.attach_grad()
    with autograd.record():
        drawn, logs = nd.random.multinomial(p, shape=7, get_prob=True)
        loss = (logs * nd.array([[1.0], [2.0]])).sum()
    loss.backward()
    chosen = drawn.asnumpy()
    values = p.asnumpy()
    np.testing.assert_allclose(
        logs.asnumpy(), np.log(np.take_along_axis(values, chosen, 1)), rtol=1e-6
    )
    want = np.zeros_like(values)
    for row in range(2):
        for i in chosen[row]:
            want[row, i] += (row + 1) / values[row, i]
    np.testing.assert_allclose(p.grad.asnumpy(), want, rtol=1e-5)


def test_shuffle_keeps_the_rows():
    x = nd.arange(60).reshape((20, 3))
    y = nd.random.shuffle(x).asnumpy()
    order = y[:, 0].argsort()
    assert np.array_equal(y[order], x.asnumpy())
    assert not np.array_equal(y, x.asnumpy())


def test_shuffle_favours_no_place():
    places = np.stack([nd.random.shuffle(nd.arange(4)).asnumpy() for _ in range(2000)])
    counts = np.stack([np.bincount(c.astype(int), minlength=4) for c in places.T])
    assert ((counts - 500) ** 2 / 500).sum() < 33.8  # chi-square, 9 degrees, p = 1e-4


# -- Dropout and rrelu ----------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean(p):
    x = nd.ones((200, 250))
    with autograd.record():
        y = nd.Dropout(x, p=p).asnumpy()
    zero = (y == 0).mean()
    assert abs(zero - p) < 5 * math.sqrt(p * (1 - p) / y.size)
    np.testing.assert_allclose(y[y != 0], 1 / (1 - p), rtol=1e-6)


def test_dropout_gradient_has_the_same_zeros():
    x = nd.random.uniform(1, 2, shape=(30, 40))
    x.attach_grad()
    with autograd.record():
        y = nd.Dropout(x, p=0.4)
    y.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), y.asnumpy() / x.asnumpy(), rtol=1e-5)


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 2), (-1,)])
def test_dropout_shares_its_choice_along_axes(axes):
    with autograd.record():
        y = nd.Dropout(nd.ones((12, 13, 14)), p=0.5, axes=axes).asnumpy()
    one = y[tuple(slice(0, 1) if i in {a % 3 for a in axes} else slice(None) for i in range(3))]
    assert np.array_equal(y, np.broadcast_to(one, y.shape))
    assert len(np.unique(one)) == 2


def test_dropout_outside_training():
    x = nd.ones((50,))
    assert np.array_equal(nd.Dropout(x).asnumpy(), x.asnumpy())
    assert (nd.Dropout(x, mode="always").asnumpy() == 0).any()
    with autograd.train_mode():
        assert (nd.Dropout(x).asnumpy() == 0).any()
        assert (nd.Dropout(x, p=1).asnumpy() == 0).all()
    with pytest.raises(gx.MXNetError, match="between 0 and 1"):
        nd.Dropout(x, p=1.5)


def test_rrelu_draws_slopes_while_training():
    x = -nd.ones((100, 100))
    x.attach_grad()
    with autograd.record():
        y = nd.LeakyReLU(x, act_type="rrelu", lower_bound=0.1, upper_bound=0.3)
    y.backward()
    slopes = -y.asnumpy()
    assert slopes.min() >= 0.1 and slopes.max() < 0.3
    check_moments(slopes, 0.2, 0.04 / 12)
    np.testing.assert_allclose(x.grad.asnumpy(), slopes, rtol=1e-6)
    np.testing.assert_allclose(
        nd.LeakyReLU(x, act_type="rrelu", lower_bound=0.1, upper_bound=0.3).asnumpy(), -0.2
    )
