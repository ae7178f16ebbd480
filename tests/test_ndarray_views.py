"""Which arrays share memory, and that they do so both ways, to any depth."""

import random

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd

# MXNet: a key makes a view when what it selects is one contiguous piece.
VIEWS = [
    0, -1, slice(None), Ellipsis, (), None, slice(1, 3), slice(0, 2, 1), slice(2, None), (1, 2),
    (0, 1, 2), (0, slice(1, 3)), (0, 1, slice(1, 4)), (slice(1, 2), slice(1, 3)), (1, Ellipsis),
    (None, 1), (slice(1, 3), None), (Ellipsis, slice(None)), (slice(1, 2), 2, slice(0, 2)),
    (slice(0, 1), slice(2, 3), slice(3, 5)), (-1, -1, -1),
]  # fmt: skip
COPIES = [
    (slice(None), 0), (slice(None), slice(0, 2)), (Ellipsis, 0), slice(None, None, 2),
    slice(None, None, -1), (slice(0, 2), slice(0, 2)), (slice(0, 2), 1), (0, slice(None), 0),
    [0, 1], [1], (0, [1, 2]), np.array([0]), np.ones(3, bool), (slice(None), None, 0),
]  # fmt: skip


def _array(shape=(3, 4, 5)):
    host = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    return host, nd.array(host)


@pytest.mark.parametrize("key", VIEWS, ids=repr)
def test_contiguous_pieces_share_memory_both_ways(key):
    host, x = _array()
    view, expected = x[key], host[key]
    expected = expected if expected.shape else host.reshape(-1)[expected.astype(int) :][:1]
    view[:] = -1
    expected[...] = -1
    np.testing.assert_array_equal(x.asnumpy(), host)
    x *= 2
    host *= 2
    np.testing.assert_array_equal(view.asnumpy(), expected)
    x[key] = 5
    assert (view.asnumpy() == 5).all()


@pytest.mark.parametrize("key", COPIES, ids=repr)
def test_other_selections_are_copies(key):
    host, x = _array()
    part = x[key]
    part[:] = -1
    np.testing.assert_array_equal(x.asnumpy(), host)
    x[:] = 7
    assert (part.asnumpy() == -1).all()


def test_reshape_shares_memory():
    _, x = _array((3, 4))
    flat, narrow = x.reshape((-1,)), x.reshape((2, 6)).reshape((6, 2))
    assert (
        x.reshape(4, 3).shape == x.reshape(shape=(4, 3)).shape == x.reshape([4, -1]).shape == (4, 3)
    )
    flat[5] = -1
    narrow[0] = -2
    assert x.asnumpy()[1, 1] == -1
    assert x.asnumpy()[0, :2].tolist() == [-2, -2]
    x[:] = 0
    assert not flat.asnumpy().any()
    assert not narrow.asnumpy().any()


@pytest.mark.parametrize(
    ("code", "shape", "kwargs"),
    [
        ((0, -1), (2, 12), {}), ((-3, 0), (6, 4), {}), ((0, -4, 3, -1, 0), (2, 3, 1, 4), {}),
        ((-2,), (2, 3, 4), {}), ((0, -2), (2, 3, 4), {}), ((-1, 0), (6, 4), {"reverse": True}),
        ((4, 6), (4, 6), {}), ((-2, 1, 1), (2, 3, 4, 1, 1), {}),
    ],
)  # fmt: skip
def test_codes_of_reshape(code, shape, kwargs):
    x = nd.zeros((2, 3, 4))
    assert x.reshape(code, **kwargs).shape == shape
    x.reshape(code, **kwargs)[:] = 1
    assert (x.asnumpy() == 1).all()


def test_wrong_shapes_say_what_does_not_fit():
    x = nd.zeros((2, 3))
    for shape in ((4, 2), (-1, -1), (-1, 4)):
        with pytest.raises(
            ValueError, match=r"cannot reshape an array of shape \(2, 3\) \(6 elements\)"
        ):
            x.reshape(shape)
    with pytest.raises(TypeError, match="needs a shape"):
        x.reshape()
    for wrong in (lambda: x.reshape(2, "a"), lambda: x.reshape(shape=(2, "a"))):
        with pytest.raises(TypeError, match=r"takes whole numbers, .*; got \(2, 'a'\)"):
            wrong()
    assert x.reshape(shape=np.array([3, 2])).shape == (3, 2)
    with pytest.raises(TypeError, match="unexpected keyword argument 'order'"):
        x.reshape((3, 2), order="F")


@pytest.mark.parametrize(
    "copy",
    [
        nd.NDArray.copy, lambda x: x.T, lambda x: x.astype("float32"), lambda x: x + 0,
        lambda x: x.expand_dims(0), lambda x: x.flatten(), lambda x: x.squeeze(),
        lambda x: nd.reshape(x, (4, 3)), lambda x: x.copyto(gx.cpu(0)), nd.array,
        lambda x: x.broadcast_to((3, 4)), lambda x: nd.from_jax(x.asjax()),
    ],
)  # fmt: skip
def test_operators_and_copies_make_new_memory(copy):
    _, x = _array((3, 4))
    y = copy(x)
    before = x.asnumpy()
    y[:] = -1
    np.testing.assert_array_equal(x.asnumpy(), before)
    x[:] = 5
    assert (y.asnumpy() == -1).all()


@pytest.mark.parametrize(
    "same",
    [
        lambda x: x.detach(),
        lambda x: x.as_in_context(gx.cpu(0)),
        lambda x: x[:],
        lambda x: x.astype("float32", copy=False),
    ],
)
def test_these_share_memory(same):
    _, x = _array((3, 4))
    same(x)[1] = -1
    assert x.asnumpy()[1].tolist() == [-1] * 4


def test_views_of_views_of_views():
    _, x = _array((4, 6))
    view = x[1:].reshape((-1,))[3:15].reshape((2, 6))[1][2:].reshape((2, 2))[1]
    assert view.shape == (2,)
    assert view.asnumpy().tolist() == [19, 20]
    view += 100
    x[3, 2] -= 1  # element 20
    assert view.asnumpy().tolist() == [119, 119]
    deep = x
    for _ in range(50):
        deep = deep.reshape((-1,)).reshape((4, 6))[0:4]
    deep[0][0][:] = -5
    assert x.asnumpy()[0, 0] == -5
    x[1][2:4][0] = 77
    assert x.asnumpy()[1, 2] == 77


def test_a_view_outlives_its_array():
    _, x = _array((3, 4))
    view = x[1]
    del x
    view += 1
    assert view.asnumpy().tolist() == [5, 6, 7, 8]


def test_every_kind_of_write_goes_through_a_view():
    x = nd.zeros((4, 2))
    nd.ones((2,)).copyto(x[0])
    nd.exp(nd.zeros((2,)), out=x[1])
    x[2][:] = nd.array([3, 4])
    x[3] += 5
    x[0:2].reshape((4,))[1:3] *= 10
    assert x.asnumpy().tolist() == [[1, 10], [10, 1], [3, 4], [5, 5]]
    for row in x:
        row -= 1
    assert x.asnumpy().tolist() == [[0, 9], [9, 0], [2, 3], [4, 4]]


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8", "int64", "bool"])
def test_views_of_every_dtype(dtype):
    x = nd.zeros((3, 2), dtype=dtype)
    view = x[1:].reshape((4,))
    view[1:3] = nd.ones((2,), dtype=dtype)
    assert x.asnumpy().tolist() == np.array([[0, 0], [0, 1], [1, 0]], dtype).tolist()
    assert view[3:].dtype == np.dtype(dtype)


def test_empty_views():
    x = nd.zeros((3, 2))
    for view in (x[3:], x[1:1], x[2:0], nd.zeros((0, 2))[:]):
        view[:] = 1
        view += 1
        assert view.size == 0
    assert not x.asnumpy().any()


def test_values_taken_before_a_write_do_not_change():
    x = nd.zeros((2, 2))
    y, z = x + 1, x.copy()
    host, array = x.asnumpy(), x[0].asjax()
    x[:] = 5
    for kept in (y - 1, z, host, array):
        assert not np.asarray(kept).any()


def test_views_of_a_gradient_follow_it():
    x = nd.ones((2, 2))
    x.attach_grad()
    row = x.grad[1]
    with autograd.record():
        y = (x * nd.array([[1, 2], [3, 4]])).sum()
    y.backward()
    assert row.asnumpy().tolist() == [3, 4]
    row[:] = 0
    assert x.grad.asnumpy().tolist() == [[1, 2], [0, 0]]


class _Program:
    """Random views and writes, carried out by NumPy and gluonx side by side."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        shape = self.rng.choice([(12,), (3, 4), (2, 3, 2), (6, 1, 2)])
        base = np.arange(12, dtype="float32").reshape(shape)
        self.pairs = [(base, nd.array(base))]
        self.log = [f"base {shape}"]

    def step(self):
        at = self.rng.randrange(len(self.pairs))
        host, x = self.pairs[at]
        action = self.rng.choice(
            ["int", "slice", "reshape", "write", "write", "inplace", "scatter", "copy"]
        )
        n = host.shape[0]
        if action == "int":
            i = self.rng.randrange(-n, n)
            new = host[i] if host.ndim > 1 else host[i % n : i % n + 1], x[i]
        elif action == "slice":
            start = self.rng.randrange(n)
            stop = self.rng.randrange(start + 1, n + 1)
            new = host[start:stop], x[start:stop]
        elif action == "reshape":
            size = host.size
            first = self.rng.choice([k for k in range(1, size + 1) if size % k == 0])
            new = host.reshape(first, -1), x.reshape((first, -1))
        elif action == "copy":
            new = host.copy(), x.copy()
        else:
            self.write(action, host, x)
            self.log.append(f"{action} in {at} {host.shape}")
            return
        assert new[0].shape == new[1].shape, self.log
        self.log.append(f"{action} of {at} {host.shape} -> {new[0].shape}")
        if len(self.pairs) < 8:
            self.pairs.append(new)
        else:
            self.pairs[self.rng.randrange(1, 8)] = new

    def write(self, action, host, x):
        value = np.float32(self.rng.randrange(100))
        if action == "write":
            part = host[: self.rng.randrange(1, len(host) + 1)]
            part[...] = value
            x[: len(part)] = self.rng.choice(
                [float(value), nd.full(part.shape, value), [value] * part.shape[-1]]
            )
        elif action == "inplace":
            host += value
            x += float(value)
        else:
            rows = [self.rng.randrange(len(host)) for _ in range(2)]
            host[rows] = value
            x[rows] = value

    def check(self):
        for i, (host, x) in enumerate(self.pairs):
            np.testing.assert_array_equal(x.asnumpy(), host, f"array {i}\n" + "\n".join(self.log))


@pytest.mark.parametrize("number", range(15))
def test_random_programs_of_views_and_writes(number, seed):
    program = _Program(seed + number)
    for _ in range(40):
        program.step()
        if program.rng.random() < 0.3:
            program.check()
    program.check()
