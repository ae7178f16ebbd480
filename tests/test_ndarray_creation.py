"""Making arrays: contents, shapes, dtypes, devices, wrong arguments."""

import ml_dtypes
import numpy as np
import pytest

import gluonx as gx
from gluonx import MXNetError, autograd, nd

DTYPES = [
    "float16", "float32", "float64", "bfloat16", "int8", "uint8", "int32", "int64", "bool",
]  # fmt: skip


def _dtype(name):
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


@pytest.mark.parametrize(
    "source",
    [
        [1, 2], (1, 2), range(1, 3), [1.5, 2], np.arange(2), np.arange(2, dtype="int8"),
        np.array([True, False]), np.ones((2, 2), order="F"), np.arange(6).reshape(2, 3).T,
        np.arange(6)[::-2], [np.ones(2), np.zeros(2)], [[1, 2], [3, 4]], 5, 5.5, np.float64(3),
        True, np.int64(2), np.array(7.0), [], [[], []],
    ],
    ids=repr,
)  # fmt: skip
def test_array_copies_its_source_as_float32(source):
    x = nd.array(source)
    expected = np.array(source, "float32")
    assert x.dtype is np.float32
    assert x.shape == expected.shape
    np.testing.assert_array_equal(x.asnumpy(), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_way_to_make_an_array_knows_every_dtype(dtype):
    want = _dtype(dtype)
    one = np.ones((2, 3), want)
    for x, expected in [
        (nd.array([[1, 1, 1]] * 2, dtype=dtype), one),
        (nd.array(np.ones((2, 3)), dtype=want), one),
        (nd.ones((2, 3), dtype=dtype), one),
        (nd.zeros((2, 3), dtype=want.type), np.zeros((2, 3), want)),
        (nd.full((2, 3), 1, dtype=dtype), one),
        (nd.ones_like(nd.zeros((2, 3), dtype=dtype)), one),
        (nd.zeros_like(nd.ones((2, 3), dtype=dtype)), np.zeros((2, 3), want)),
        (nd.ones((2, 3)).astype(dtype), one),
        (nd.eye(2, 3, dtype=dtype), np.eye(2, 3, dtype=want)),
    ]:
        assert x.dtype is want.type
        assert x.asnumpy().dtype == want
        assert x.asnumpy().tobytes() == expected.tobytes()
    assert nd.empty((2, 3), dtype=dtype).dtype is want.type


def test_wide_dtypes_keep_all_their_bits():
    big = 2**62 + 1
    assert nd.array([big], dtype="int64").asscalar() == big
    assert nd.full((1,), big, dtype="int64").asscalar() == big
    assert nd.array([1 / 3], dtype="float64").asscalar() == 1 / 3
    assert nd.array(np.array([1e-300]), dtype="float64").asscalar() == 1e-300
    assert nd.arange(0, 1, 1 / 3, dtype="float64")[1].asscalar() == 1 / 3


def test_an_array_of_an_array_is_a_copy_and_keeps_the_dtype():
    x = nd.array([1, 2], dtype="int32")
    y = nd.array(x)
    assert y.dtype is np.int32
    assert nd.array(x, dtype="float16").dtype is np.float16
    y[0] = 9
    assert x.asnumpy().tolist() == [1, 2]
    assert nd.array([nd.array([1, 2]), nd.array([3, 4])]).asnumpy().tolist() == [[1, 2], [3, 4]]


def test_later_changes_of_the_source_do_not_show():
    source = np.ones((64, 64), "float32")
    x, y = nd.array(source), nd.from_numpy(source)
    z = nd.zeros((64, 64))
    z[:] = source
    source[:] = 5
    for made in (x, y, z):
        assert (made.asnumpy() == 1).all()
    x[:] = 7
    assert (source == 5).all()


def test_from_numpy_keeps_the_dtype():
    for dtype in ("float64", "int64", "uint8"):
        x = nd.from_numpy(np.arange(3).astype(dtype), zero_copy=False)
        assert x.dtype == np.dtype(dtype)
        assert x.asnumpy().tolist() == [0, 1, 2]


def test_unreadable_sources_are_type_errors():
    for source in ([[1], [2, 3]], "abc", [None, object()], {"a": 1}):
        with pytest.raises(TypeError, match=r"nd.array\(\) cannot read a \w+ as numbers"):
            nd.array(source)
    with pytest.raises(TypeError, match="foo"):
        nd.zeros((2,), dtype="foo")
    with pytest.raises(TypeError, match=r"make an NDArray with nd.array\(...\)"):
        nd.NDArray([1, 2])


def test_fractions_are_cut_and_numbers_wrap_as_in_numpy():
    assert nd.array([1.7, -1.7], dtype="int32").asnumpy().tolist() == [1, -1]
    assert nd.array(np.array([300, -1]), dtype="uint8").asnumpy().tolist() == [44, 255]
    assert nd.array([0, 0.5, 2], dtype="bool").asnumpy().tolist() == [False, True, True]


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1,), (2, 3), (1, 1, 1, 1, 1, 2)])
def test_all_shapes_can_be_made(shape):
    for make, value in ((nd.zeros, 0), (nd.ones, 1)):
        x = make(shape)
        assert x.shape == shape
        assert x.size == np.prod(shape, dtype=int)
        np.testing.assert_array_equal(x.asnumpy(), np.full(shape, value, "float32"))


def test_a_shape_may_be_a_number_or_a_list():
    assert nd.zeros(3).shape == nd.ones(np.int64(3)).shape == (3,)
    assert nd.zeros([2, 3]).shape == nd.full([2, 3], 1).shape == (2, 3)
    with pytest.raises(MXNetError, match=r"-2"):
        nd.zeros((-2,))
    with pytest.raises((TypeError, ValueError)):
        nd.zeros("ab")


@pytest.mark.parametrize(
    "args", [(5,), (2, 5), (1, 5, 0.5), (5, 1, -1), (-2, 2), (0,), (5, 1), (0, 1, 0.1), (3, 4, 5)]
)
@pytest.mark.parametrize("dtype", ["float32", "int32", "float64"])
def test_arange_counts_like_numpy(args, dtype):
    if dtype == "int32" and len(args) == 3 and args[2] % 1:
        pytest.skip("fractions of a step are for floats")
    expected = np.arange(*args).astype(dtype)
    x = nd.arange(*args, dtype=dtype)
    assert x.dtype == np.dtype(dtype)
    np.testing.assert_allclose(x.asnumpy(), expected, rtol=1e-6)


def test_arange_repeats_and_refuses_a_step_of_zero():
    assert nd.arange(3).dtype is np.float32
    assert nd.arange(0, 3, repeat=2).asnumpy().tolist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(ValueError, match="step must not be 0"):
        nd.arange(1, 2, 0)


@pytest.mark.parametrize("num", [1, 2, 5])
@pytest.mark.parametrize("endpoint", [True, False])
def test_linspace_is_that_of_numpy(num, endpoint):
    x = nd.linspace(-1, 3, num, endpoint)
    np.testing.assert_allclose(x.asnumpy(), np.linspace(-1, 3, num, endpoint), rtol=1e-6)


@pytest.mark.parametrize(("n", "m", "k"), [(3, 0, 0), (2, 3, 1), (3, 2, -1), (3, 3, 5)])
def test_eye_is_that_of_numpy(n, m, k):
    np.testing.assert_array_equal(nd.eye(n, m, k).asnumpy(), np.eye(n, m or n, k))


def test_full_cuts_fractions_for_integers():
    assert nd.full((2,), 3.9, dtype="int32").asnumpy().tolist() == [3, 3]
    assert nd.full((2,), 3).dtype is np.float32
    out = nd.zeros((2,))
    assert nd.full((2,), 4, out=out) is out
    assert out.asnumpy().tolist() == [4, 4]


def test_concatenate_and_moveaxis():
    a, b = nd.ones((1, 2)), nd.zeros((2, 2))
    assert nd.concatenate([a, b]).asnumpy().tolist() == [[1, 1], [0, 0], [0, 0]]
    assert nd.concatenate([b, b], axis=1).shape == (2, 4)
    assert nd.concatenate([a], always_copy=False) is a
    x = nd.arange(24).reshape((2, 3, 4))
    for source, destination in ((0, 2), (2, 0), ([0, 1], [-1, -2]), (-1, 1)):
        expected = np.moveaxis(x.asnumpy(), source, destination)
        np.testing.assert_array_equal(nd.moveaxis(x, source, destination).asnumpy(), expected)
    with pytest.raises(ValueError, match="axis 3 is out of range for 3 axes"):
        nd.moveaxis(x, 3, 0)


def test_facts_about_an_array():
    x = nd.zeros((2, 3), dtype="int8")
    assert (x.shape, x.size, x.ndim, len(x), x.stype) == ((2, 3), 6, 2, 2, "default")
    assert type(x.shape) is tuple
    assert x.dtype is np.int8
    assert x.T.shape == (3, 2)
    assert x.grad is None
    assert x.context == x.ctx == gx.cpu(0)
    assert nd.zeros((4,)).T.shape == (4,)


def test_arrays_made_inside_record_are_constants():
    with autograd.record():
        x = nd.ones((2,))
        y = x * 2
    with pytest.raises(MXNetError, match="not part of a recorded graph"):
        y.backward()


def test_the_spellings_of_2015_work_and_warn():
    with pytest.warns(DeprecationWarning, match="it is nd.empty now"):
        a = gx.narray.create((2, 3))
    with pytest.warns(DeprecationWarning, match="use x.asnumpy"):
        assert isinstance(a.numpy, np.ndarray)
    with pytest.raises(AttributeError):
        gx.narray.no_such_name  # noqa: B018
    with pytest.warns(DeprecationWarning, match="spelling of 2015"):
        spellings_of_2015(a)


def spellings_of_2015(a):
    assert isinstance(a, gx.narray.NArray)
    assert gx.narray.NArray is nd.NDArray
    assert gx.narray.ones((2,)).asnumpy().tolist() == [1, 1]
