"""``x[key]`` and ``x[key] = value`` for every key that NumPy knows."""

import random

import numpy as np
import pytest

from gluonx import autograd, nd

SHAPE = (3, 4, 5)
BASIC = [
    0, -1, slice(None), Ellipsis, None, (), slice(1, 3), slice(0, 0), slice(5, 9),
    slice(None, None, -1), slice(None, None, 2), slice(-1, 0, -1), slice(2, 0, -2),
    slice(-100, 100), slice(2, None, -1), (0, 1), (0, 1, 2), (-1, -1, -1), (slice(None), 1),
    (Ellipsis, 1), (1, Ellipsis), (Ellipsis, 1, 2), (1, Ellipsis, 2), (0, 1, 2, Ellipsis),
    (None, 0), (0, None), (None, Ellipsis, None), (slice(None), None, 2),
    (slice(1, 2), slice(1, 3)), (0, slice(1, 3)), (0, 1, slice(1, 3)), (slice(0, 1), slice(0, 1)),
    (slice(None, None, -1), slice(None, None, 2), slice(3, 0, -1)), (slice(0, 2), 1, slice(None)),
    (np.int64(1), slice(np.int64(1), np.int32(3))), np.int8(2), (slice(2, 1), 0),
    (slice(1, None), Ellipsis, slice(None, -1)), slice(-9, None, -1), (0, slice(-5, None, -2)),
]  # fmt: skip
_rows = np.array([[0, 2], [1, -1]])
_mask = np.arange(60).reshape(SHAPE) % 3 == 0
ADVANCED = [
    [0, 2], [2, 0, 0], [-1], [], _rows, (_rows,), [[0, 1], [1, 0]], np.array([], int), range(2),
    (slice(None), [0, 3]), (slice(None), slice(None), [4, -5]), (Ellipsis, [0, 0]), (0, [1, 2]),
    ([0, 1], [2, 3]), ([0, 1], [2, 3], [4, 0]), (_rows, 1), (0, slice(None), [0, 1]),
    ([0, 1], slice(None), [0, 1]), ([0, 1], slice(None), 2), (slice(None), [0], [0, 1]),
    ([[0], [1]], [[0, 1, 2]]), (None, [0, 1]), ([0, 1], None), ([0, 1], None, [1, 2]),
    (slice(None, None, -1), [1, 3], slice(1, None, 2)), (slice(1, 3), None, [0, 1], 0), np.array(1),
    (np.array(1), np.array([0, 1])), _mask, _mask[:, 0, 0], (slice(None), _mask[0, :, 0]),
    (Ellipsis, _mask[0, 0]), _mask[..., 0], ([True, False, True],), (0, _mask[0]),
    (_mask[:, 0, 0], 1), (_mask[:, 0, 0], slice(None), [0, 1]), np.zeros(3, bool),
    np.ones(SHAPE, bool),
]  # fmt: skip
KEYS = BASIC + ADVANCED


def _array():
    host = np.arange(60, dtype="float32").reshape(SHAPE)
    return host.copy(), nd.array(host)


def _shape(expected):
    """Elements of an array have shape (1,), not ()."""
    return expected.shape or (1,)


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_getitem_is_that_of_numpy(key):
    host, x = _array()
    y = x[key]
    assert y.shape == _shape(host[key])
    np.testing.assert_array_equal(y.asnumpy(), host[key].reshape(y.shape))


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_setitem_is_that_of_numpy(key):
    host, x = _array()
    value = np.array(np.random.random(host[key].shape))
    host[key] = x[key] = value
    np.testing.assert_array_equal(x.asnumpy(), host)
    x[:] = host = np.zeros(SHAPE)
    host[key] = value = value.astype("float32")
    x[key] = nd.array(value)
    np.testing.assert_array_equal(x.asnumpy(), host)


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "uint8"])
def test_arrays_as_indices(dtype):
    host, x = _array()
    i, j = nd.array([2, 0], dtype=dtype), nd.array([[1], [3]], dtype=dtype)
    a, b = i.asnumpy().astype(int), j.asnumpy().astype(int)
    np.testing.assert_array_equal(x[i].asnumpy(), host[a])
    np.testing.assert_array_equal(x[i, j].asnumpy(), host[a, b])
    np.testing.assert_array_equal(x[:, j].asnumpy(), host[:, b])
    np.testing.assert_array_equal(x[i, ..., [1, 2]].asnumpy(), host[a, ..., [1, 2]])
    x[i, j] = 5
    host[a, b] = 5
    np.testing.assert_array_equal(x.asnumpy(), host)


def test_a_mask_is_an_array_of_dtype_bool():
    x = nd.arange(5)
    assert x[(x > 2).astype("bool")].asnumpy().tolist() == [3, 4]
    # comparisons give float32, which are the indices 0 and 1, as in MXNet
    assert x[x > 2].asnumpy().tolist() == [0, 0, 0, 1, 1]
    x[(x > 2).astype("bool")] = -1
    assert x.asnumpy().tolist() == [0, 1, 2, -1, -1]


def test_ends_of_slices_may_be_arrays():
    x = nd.arange(5)
    assert x[nd.array([1], dtype="int32") : nd.array([3])].asnumpy().tolist() == [1, 2]


def test_an_array_without_axes():
    x = nd.array(5.0)
    assert x[()].shape == x[...].shape == ()
    assert x[None].shape == (1,)
    x[()] = 3
    x[...] += 1
    assert x.asscalar() == 4


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (3, "index 3 is out of bounds for axis 0 with size 3"),
        (-4, "index -4 is out of bounds for axis 0 with size 3"),
        ((0, 4), "index 4 is out of bounds for axis 1 with size 4"),
        ((slice(None), [0, 7]), "index 7 is out of bounds for axis 1 with size 4"),
        ([-4], "index -4 is out of bounds for axis 0"),
        ((0, 0, 0, 0), r"too many indices: the array has 3 axes \(shape \(3, 4, 5\)\), .* has 4"),
        ((Ellipsis, Ellipsis), "single ellipsis"),
        ("a", "an index must be an integer, a slice, None, Ellipsis or an array .*, got str"),
        (1.5, "got float"),
        (True, "a single bool is not an index"),
        (np.array([0.5, 1]), "index arrays must be of integers or bools, got float64"),
        (np.zeros(4, bool), r"boolean index has shape \(4,\), .* have shape \(3,\)"),
        ((0, np.zeros((4, 4), bool)), r"boolean index has shape \(4, 4\), .* \(4, 5\)"),
    ],
)
def test_wrong_keys_are_index_errors(key, message):
    host, x = _array()
    with pytest.raises(IndexError, match=message):
        x[key]
    with pytest.raises(IndexError, match=message):
        x[key] = 1
    np.testing.assert_array_equal(x.asnumpy(), host)


def test_index_arrays_that_do_not_broadcast_are_errors():
    _, x = _array()
    with pytest.raises((IndexError, ValueError)):
        x[[0, 1], [0, 1, 2]]
    with pytest.raises(ValueError, match="step cannot be zero"):
        x[::0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (slice(None), np.zeros(3)),
        (0, np.zeros((2, 5))),
        (slice(0, 2), [1, 2]),
        ([0, 1], np.ones((3, 4, 5))),
    ],
    ids=repr,
)
def test_values_that_do_not_fit_are_value_errors(key, value):
    host, x = _array()
    for v in (value, nd.array(value)):
        with pytest.raises(
            ValueError, match="cannot write an array of shape .* into a place of shape"
        ):
            x[key] = v
    np.testing.assert_array_equal(x.asnumpy(), host)


@pytest.mark.parametrize(
    "value",
    ["a", None, 1j, object(), [None], {"a": 1}, np.array(["b"])],
    ids=["text", "None", "complex", "object", "list", "dict", "array"],
)
def test_values_that_are_no_numbers_are_type_errors(value):
    x = nd.zeros((2,))
    for key in (0, slice(None), [0, 1]):
        with pytest.raises(TypeError, match="cannot write a"):
            x[key] = value
    assert x.asnumpy().tolist() == [0, 0]


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"]
)
def test_values_take_the_dtype_of_the_array(dtype):
    for key in (1, slice(1, 3), slice(None, None, 2), [0, 2]):
        for value in (2.75, [2.75], nd.array([2.75]), np.array([2.75]), np.float64(2.75)):
            x, host = nd.zeros((3,), dtype=dtype), np.zeros(3, dtype)
            x[key] = value
            host[key] = np.asarray(2.75).astype(dtype)
            assert x.dtype == np.dtype(dtype)
            np.testing.assert_array_equal(x.asnumpy(), host)


def test_all_bits_of_wide_values_are_written():
    x = nd.zeros((3,), dtype="int64")
    x[0], x[1:2], x[[2]] = 2**40 + 1, [2**41 + 1], np.array([2**42 + 1])
    assert x.asnumpy().tolist() == [2**40 + 1, 2**41 + 1, 2**42 + 1]
    y = nd.zeros((3,), dtype="float64")
    y[0], y[::2][1:], y[[1]] = 1 / 3, 5, nd.array([1 / 7], dtype="float64")
    assert y.asnumpy().tolist() == [1 / 3, 1 / 7, 0]


def test_leading_axes_of_length_1_are_dropped_from_values():
    x = nd.zeros((2, 3))
    x[:] = nd.array([[[1, 2, 3]]])
    x[0] = [[4, 5, 6]]
    x[[1], [0]] = nd.array([[[9]]])
    assert x.asnumpy().tolist() == [[4, 5, 6], [9, 2, 3]]
    x[1, 2] = nd.array([7])
    assert x.asnumpy()[1].tolist() == [9, 2, 7]


def test_an_array_assigned_to_itself():
    x = nd.arange(5)
    x[1:] = x[:-1]
    assert x.asnumpy().tolist() == [0, 0, 1, 2, 3]
    x[::-1] = x
    assert x.asnumpy().tolist() == [3, 2, 1, 0, 0]
    y = nd.arange(4).reshape((2, 2))
    y[:] = y.T
    assert y.asnumpy().tolist() == [[0, 2], [1, 3]]


def test_slice_assign():
    x = nd.zeros((3, 3))
    x.slice_assign(nd.ones((2, 1)), begin=(0, 1), end=(2, 2), step=(1, 1))
    x.slice_assign_scalar(5, begin=(2,), end=(3,), step=(None,))
    assert x.asnumpy().tolist() == [[0, 1, 0], [0, 1, 0], [5, 5, 5]]


def test_the_gradient_of_an_index_is_its_scatter():
    for key in KEYS[::4]:
        _, x = _array()
        x.attach_grad()
        with autograd.record():
            y = x[key] * 2
        if y.size:
            y.backward()
        expected = np.zeros(SHAPE)
        np.add.at(expected, key, 2)
        np.testing.assert_array_equal(x.grad.asnumpy(), expected, err_msg=repr(key))


def _template(rng, shape):
    """The parts of a random key, with 'i' for an integer and 'a' for an index array."""
    parts = []
    for n in shape[: rng.randint(0, len(shape))]:
        ends = [None, 0, 1, -1, n, -n - 1, n + 2]
        parts.append(
            rng.choice(
                [
                    "i",
                    "a",
                    slice(rng.choice(ends), rng.choice(ends), rng.choice([None, 1, 2, -1, -2])),
                ]
            )
        )
    for _ in range(rng.choice([0, 0, 1, 2])):
        parts.insert(rng.randint(0, len(parts)), None)
    if rng.random() < 0.4:
        parts.insert(rng.randint(0, len(parts)), Ellipsis)
    return parts


def _fill(rng, parts, shape):
    """A key from a template."""
    key = []
    ellipsis = next((i for i, p in enumerate(parts) if p is Ellipsis), len(parts))
    skipped = len(shape) - sum(p is not None and p is not Ellipsis for p in parts)
    axis = 0
    for i, p in enumerate(parts):
        if i == ellipsis:
            axis += skipped
        if p is None or p is Ellipsis:
            key.append(p)
            continue
        n = shape[axis]
        if p == "i":
            p = rng.randrange(-n, n)
        elif p == "a":
            p = np.array([rng.randrange(-n, n) for _ in range(2)])
            p = rng.choice([p, p.tolist(), nd.array(p, dtype="int32"), nd.array(p)])
        key.append(p)
        axis += 1
    return tuple(key) if len(key) != 1 or rng.random() < 0.5 else key[0]


def _as_numpy(key):
    def host(p):
        return p.asnumpy().astype(int) if isinstance(p, nd.NDArray) else p

    return tuple(map(host, key)) if isinstance(key, tuple) else host(key)


@pytest.mark.parametrize("shape", [(4,), (3, 2), (2, 3, 4), (1, 3, 1, 2)], ids=str)
def test_random_keys(shape, seed):
    rng = random.Random(seed)
    x = nd.zeros(shape)
    host = np.zeros(shape, "float32")
    count = 0
    for _ in range(25):
        parts = _template(rng, shape)
        for _ in range(30):
            key = _fill(rng, parts, shape)
            plain = _as_numpy(key)
            y = x[key]
            assert y.shape == _shape(host[plain]), (key, seed)
            np.testing.assert_array_equal(
                y.asnumpy(), host[plain].reshape(y.shape), str((key, seed))
            )
            value = rng.choice([count, np.float32(count), [[count]]])
            x[key] = value
            host[plain] = np.float32(count)
            count += 1
        np.testing.assert_array_equal(x.asnumpy(), host, str((parts, seed)))
