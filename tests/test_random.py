"""Random numbers: seeds, devices, streams, shapes, distributions."""

import subprocess
import sys
import threading

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd

DRAWS = {
    "uniform": lambda **k: nd.random.uniform(-1, 3, shape=(20000,), **k),
    "normal": lambda **k: nd.random.normal(2, 0.5, shape=(20000,), **k),
    "exponential": lambda **k: nd.random.exponential(2, shape=(20000,), **k),
    "gamma": lambda **k: nd.random.gamma(4, 0.5, shape=(20000,), **k),
    "poisson": lambda **k: nd.random.poisson(3, shape=(20000,), **k),
    "negative_binomial": lambda **k: nd.random.negative_binomial(3, 0.5, shape=(20000,), **k),
    "generalized_negative_binomial": lambda **k: nd.random.generalized_negative_binomial(
        2, 0.25, shape=(20000,), **k
    ),
    "randint": lambda **k: nd.random.randint(-2, 7, shape=(20000,), **k),
}
MOMENTS = {
    "uniform": (1, 16 / 12), "normal": (2, 0.25), "exponential": (2, 4), "gamma": (2, 1),
    "poisson": (3, 3), "negative_binomial": (3, 6), "generalized_negative_binomial": (2, 3),
    "randint": (2, 80 / 12),
}  # fmt: skip


def _draw(ctx=None):
    return nd.random.uniform(shape=(8,), ctx=ctx).asnumpy().tolist()


@pytest.mark.parametrize("name", DRAWS)
def test_equal_seeds_give_equal_numbers(name):
    gx.random.seed(7)
    first, second = DRAWS[name]().asnumpy(), DRAWS[name]().asnumpy()
    gx.random.seed(7)
    np.testing.assert_array_equal(DRAWS[name]().asnumpy(), first)
    np.testing.assert_array_equal(DRAWS[name]().asnumpy(), second)
    assert (first != second).any()
    gx.random.seed(8)
    assert (DRAWS[name]().asnumpy() != first).any()


@pytest.mark.parametrize("name", DRAWS)
def test_mean_and_variance(name):
    gx.random.seed(1)
    sample = DRAWS[name]().asnumpy()
    mean, variance = MOMENTS[name]
    np.testing.assert_allclose(sample.mean(), mean, atol=5 * np.sqrt(variance / sample.size))
    np.testing.assert_allclose(sample.var(), variance, rtol=0.1)


def test_numbers_lie_where_they_should():
    assert set(DRAWS["randint"]().asnumpy()) == set(range(-2, 7))
    uniform = DRAWS["uniform"]().asnumpy()
    assert uniform.min() >= -1
    assert uniform.max() < 3
    assert (DRAWS["poisson"]().asnumpy() % 1 == 0).all()


def test_devices_draw_different_numbers_from_one_seed():
    gx.random.seed(3)
    numbers = [_draw(gx.cpu(i)) for i in range(3)]
    assert numbers[0] != numbers[1] != numbers[2] != numbers[0]
    gx.random.seed(3)
    # the order of the devices does not matter, nor what the others have drawn
    assert [_draw(gx.cpu(i)) for i in (2, 1, 0)] == numbers[::-1]


def test_one_device_can_be_seeded():
    gx.random.seed(3)
    zero, one = _draw(gx.cpu(0)), _draw(gx.cpu(1))
    after = _draw(gx.cpu(0))
    gx.random.seed(3)
    assert _draw(gx.cpu(0)) == zero
    gx.random.seed(3, ctx=gx.cpu(1))
    assert _draw(gx.cpu(1)) == one
    assert _draw(gx.cpu(0)) == after
    gx.random.seed(4, ctx=gx.cpu(1))
    assert _draw(gx.cpu(1)) != one


def test_the_current_context_is_drawn_from():
    gx.random.seed(3)
    expected = _draw(gx.cpu(1))
    gx.random.seed(3)
    with gx.cpu(1):
        assert _draw() == expected


@pytest.mark.parametrize("seed", [0, -5, 2**31, 2**40, 2**63 + 1, np.int64(9), np.uint8(9)])
def test_any_integer_is_a_seed(seed):
    gx.random.seed(seed)
    first = _draw()
    gx.random.seed(int(seed))
    assert _draw() == first
    assert len(set(first)) == len(first)


def test_seeds_that_differ_in_high_bits_differ():
    drawn = []
    for seed in (1, 2**32 + 1, 2**33 + 1, -1):
        gx.random.seed(seed)
        drawn.append(tuple(_draw()))
    assert len(set(drawn)) == 4


@pytest.mark.parametrize("seed", ["a", 1.5, None, True])
def test_a_wrong_seed_is_a_type_error(seed):
    with pytest.raises(
        TypeError, match=r"seed must be an integer, got .*write gluonx.random.seed\(42\)"
    ):
        gx.random.seed(seed)


def test_processes_without_a_seed_differ():
    code = "from gluonx import nd; print(nd.random.uniform(shape=(4,)).asnumpy().tolist())"
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        for _ in range(2)
    ]
    assert runs[0].stdout != runs[1].stdout
    assert runs[0].stdout.startswith(b"[")


def test_the_host_generator_follows_the_seed():
    gx.random.seed(5)
    first = gx.random.host_rng().permutation(20).tolist()
    drawn = _draw()
    gx.random.seed(5)
    assert _draw() == drawn  # the generators do not disturb each other
    assert gx.random.host_rng().permutation(20).tolist() == first
    state = np.random.get_state()[1].tolist()
    gx.random.seed(6)
    assert gx.random.host_rng().permutation(20).tolist() != first
    assert np.random.get_state()[1].tolist() == state  # NumPy's own is left alone
    gx.random.seed(5, ctx=gx.cpu(0))  # one device only
    assert gx.random.host_rng().permutation(20).tolist() != first


def test_shuffle_permutes_the_first_axis():
    x = nd.arange(60).reshape((20, 3))
    gx.random.seed(1)
    y = nd.random.shuffle(x)
    rows = y.asnumpy()
    assert sorted(map(tuple, rows)) == sorted(map(tuple, x.asnumpy()))
    assert (rows != x.asnumpy()).any()
    gx.random.seed(1)
    np.testing.assert_array_equal(nd.shuffle(x).asnumpy(), rows)
    assert x.asnumpy()[0].tolist() == [0, 1, 2]
    x.attach_grad()
    with autograd.record():
        z = nd.random.shuffle(x) * nd.arange(20).reshape((20, 1))
    z.backward()
    assert sorted(x.grad.asnumpy()[:, 0]) == list(range(20))


def test_shapes_dtypes_and_targets():
    assert nd.random.uniform().shape == nd.random.randn().shape == (1,)
    assert nd.random.uniform(shape=3).shape == (3,)
    assert nd.random.randn(2, 3).shape == (2, 3)
    assert nd.random.uniform(shape=(2, 0)).shape == (2, 0)
    for dtype in ("float16", "float32", "float64"):
        assert nd.random.normal(shape=(2,), dtype=dtype).dtype == np.dtype(dtype)
    assert nd.random.randint(0, 5).dtype is np.int32
    assert nd.random.randint(2**40, 2**40 + 1, dtype="int64").asscalar() == 2**40
    out = nd.zeros((2, 2), ctx=gx.cpu(1))
    assert nd.random.uniform(1, 2, out=out) is out
    assert (out.asnumpy() >= 1).all()
    assert gx.random.uniform(shape=(2,)).shape == nd.random_uniform(0, 1, shape=(2,)).shape


def test_parameters_may_be_arrays():
    low, high = nd.array([0, 100]), nd.array([1, 101])
    y = nd.random.uniform(low, high, shape=(2, 3)).asnumpy()
    assert y.shape == (2, 2, 3)
    assert (np.floor(y) == [[[0]], [[100]]]).all()
    assert nd.random.normal(low, high).shape == (2,)
    assert nd.random.exponential(nd.array([1e-6, 1e6])).asnumpy().argmax() == 1
    with pytest.raises(TypeError, match="loc, scale must all be numbers or all be NDArrays"):
        nd.random.normal(low, 1)
    with pytest.raises(gx.MXNetError, match="low=5 must be less than high=5"):
        nd.random.randint(5, 5)


def test_multinomial():
    p = nd.array([[0, 1, 0], [0.5, 0, 0.5]])
    drawn = nd.random.multinomial(p, shape=1000).asnumpy()
    assert drawn.shape == (2, 1000)
    assert drawn.dtype == np.int32
    assert set(drawn[0]) == {1}
    assert abs((drawn[1] == 0).mean() - 0.5) < 0.1
    sample, logp = nd.random.multinomial(p, get_prob=True)
    np.testing.assert_allclose(logp.asnumpy(), [0, np.log(0.5)], rtol=1e-6)
    assert sample.shape == (2,)


def test_what_is_drawn_while_recording_is_constant():
    x = nd.array([1.0, 2.0])
    x.attach_grad()
    gx.random.seed(2)
    with autograd.record():
        noise = nd.random.normal(shape=(2,))
        y = x * noise
    y.backward()
    gx.random.seed(2)
    np.testing.assert_array_equal(x.grad.asnumpy(), nd.random.normal(shape=(2,)).asnumpy())


def test_threads_never_draw_the_same_numbers():
    drawn = []

    def work():
        for _ in range(20):
            drawn.append(tuple(_draw()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(drawn)) == 80
