"""Arrays and everybody else: NumPy, JAX, DLPack, pickle, Python's own protocols, printing."""

import copy
import pickle

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

import gluonx as gx
from gluonx import MXNetError, autograd, nd

DTYPES = ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"]


def _host(dtype):
    dtype = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    return np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_asnumpy_is_a_copy(dtype):
    host = _host(dtype)
    x = nd.array(host, dtype=host.dtype)
    for y, expected in ((x, host), (x[1], host[1]), (x.reshape((6,)), host.reshape(6))):
        taken = y.asnumpy()
        assert type(taken) is np.ndarray
        assert taken.dtype == host.dtype
        assert taken.flags.writeable
        np.testing.assert_array_equal(taken, expected)
        taken[...] = 0
        np.testing.assert_array_equal(x.asnumpy(), host)


def test_numpy_reads_arrays():
    x = nd.array([[1, 2], [3, 4]])
    assert np.asarray(x).dtype == np.float32
    assert np.array(x, dtype="int64").tolist() == [[1, 2], [3, 4]]
    target = np.zeros((2, 2))
    target[:] = x
    target += x
    assert target.tolist() == [[2, 4], [6, 8]]
    assert np.concatenate([x, x]).shape == (4, 2)
    assert np.dot(x, x).tolist() == [[7, 10], [15, 22]]
    assert np.array([x[0], x[1]]).tolist() == [[1, 2], [3, 4]]
    np.testing.assert_allclose(x, [[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="can only be copied to NumPy"):
        np.asarray(x, copy=False)


def test_ufuncs_of_numpy_give_numpy_arrays():
    x = nd.array([1.0, 4.0])
    assert np.sqrt(x).tolist() == [1, 2]
    assert np.add.reduce(x) == 5
    assert type(x + np.ones(2)) is type(np.ones(2) + x) is np.ndarray
    with pytest.raises(TypeError, match=r"out= of np.exp\(\) cannot be an NDArray; write x\[:\] ="):
        np.exp(np.ones(2), out=x)


def test_functions_of_numpy_use_the_methods_of_the_array():
    x = nd.array([[1.0, 5.0], [2.0, 4.0]])
    for result, expected in [
        (np.mean(x), [3]), (np.sum(x, axis=0), [3, 9]), (np.max(x), [5]),
        (np.argmax(x, axis=1), [1, 1]),
        (np.transpose(x), [[1, 2], [5, 4]]), (np.reshape(x, (4,)), [1, 5, 2, 4]),
        (np.clip(x, 2, 4), [[2, 4], [2, 4]]), (np.round(x), [[1, 5], [2, 4]]),
    ]:  # fmt: skip
        assert np.asarray(result).tolist() == expected
    assert np.shape(x) == (2, 2)


def test_functions_of_numpy_refuse_recorded_arrays():
    x = nd.array([1.0, 2.0])
    x.attach_grad()
    with autograd.record():
        for lose in (lambda: np.exp(x), lambda: x + np.ones(2), lambda: np.ones(2) * x):
            with pytest.raises(
                MXNetError, match="(?s)a NumPy function .* gradient would be lost.*lose"
            ):
                lose()
        assert np.exp(nd.zeros((2,))).tolist() == [1, 1]  # a constant
        assert np.exp(x.asnumpy())[0] == np.exp(np.float32(1))
        y = np.float64(2) * x + np.array(1.0)  # numbers are no arrays
    y.backward()
    assert x.grad.asnumpy().tolist() == [2, 2]


def test_asjax_keeps_its_values():
    x = nd.array([1.0, 2.0, 3.0])
    whole, part = x.asjax(), x[1:].asjax()
    assert isinstance(whole, jax.Array)
    x += 1
    x[0] = 9
    x[[1, 2]] = 7
    assert whole.tolist() == [1, 2, 3]
    assert part.tolist() == [2, 3]
    assert jnp.asarray(x).tolist() == [9, 7, 7]


def test_from_jax_leaves_the_source_alone():
    source = jnp.arange(3.0)
    x, y = nd.from_jax(source), nd.from_jax(source)
    x[0] = 5
    x[:] = 6
    y += 1
    assert source.tolist() == [0, 1, 2]
    assert x.asnumpy().tolist() == [6, 6, 6]
    assert y.asnumpy().tolist() == [1, 2, 3]


def test_from_jax_knows_devices_and_wide_dtypes():
    away = jax.device_put(jnp.ones(2), jax.devices("cpu")[1])
    assert nd.from_jax(away).context == gx.cpu(1)
    assert nd.from_jax(away, ctx=gx.cpu(0)).context == gx.cpu(0)
    with jax.enable_x64(True):
        wide = jnp.array([1 / 3])
    x = nd.from_jax(wide)
    assert x.dtype is np.float64
    assert (x * 3).asscalar() == 1
    with pytest.raises(TypeError, match=r"from_jax\(\) takes a jax.Array, got ndarray"):
        nd.from_jax(np.ones(2))


def test_functions_of_jax_refuse_recorded_arrays():
    x = nd.array([1.0, 2.0])
    x.attach_grad()
    assert jnp.asarray(x).tolist() == [1, 2]
    with autograd.record():
        with pytest.raises(
            MXNetError, match=r"(?s)a JAX function .*would be lost.*gluonx.op\(jnp.sin\)\(x\)"
        ):
            jnp.asarray(x)
        with pytest.raises((MXNetError, ValueError)):
            jnp.exp(x)
        with pytest.raises((MXNetError, ValueError)):
            jnp.ones(2) + x
        assert jnp.asarray(x.detach()).tolist() == [1, 2]


@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack_to_and_from_jax(dtype):
    host = _host(dtype)
    x = nd.array(host, dtype=host.dtype)
    with jax.enable_x64(True):
        there = jnp.from_dlpack(x)
        back = nd.from_dlpack(there)
    assert back.dtype is host.dtype.type
    x[:] = 0
    back[0] = 1
    assert there.tolist() == host.tolist()
    assert back.asnumpy()[1].tolist() == host[1].tolist()


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "uint8", "int32", "int64"]
)
def test_dlpack_to_and_from_numpy(dtype):
    host = _host(dtype)
    x = nd.from_dlpack(host)
    assert x.dtype is host.dtype.type
    x[0] = 9
    assert host[0].tolist() == [0, 1, 2]
    there = np.from_dlpack(x)
    x[:] = 0
    assert there.tolist() == [[9, 9, 9], [3, 4, 5]]


def test_dlpack_capsules():
    x = nd.array([1 / 3], dtype="float64")
    capsule = nd.to_dlpack_for_read(x)
    assert nd.from_dlpack(capsule).asscalar() == 1 / 3
    assert nd.from_dlpack(x[0].to_dlpack_for_read()).dtype is np.float64
    assert x.__dlpack_device__() == (1, 0)
    with pytest.raises(ValueError):  # a capsule is read once
        nd.from_dlpack(capsule)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "clone", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, copy.copy]
)
def test_pickles_and_copies(clone, dtype):
    host = _host(dtype)
    x = nd.array(host, dtype=host.dtype, ctx=gx.cpu(1))
    x.attach_grad()
    for y, expected in ((x, host), (x[1], host[1])):
        z = clone(y)
        assert z.dtype is host.dtype.type
        assert z.context == gx.cpu(1)
        assert z.grad is None
        np.testing.assert_array_equal(z.asnumpy(), expected)
        z[:] = 1
        np.testing.assert_array_equal(y.asnumpy(), expected)


def test_deepcopy_keeps_what_is_shared():
    x = nd.zeros((2,))
    a, b = copy.deepcopy([x, x])
    a[:] = 1
    assert a is b
    assert not x.asnumpy().any()


def test_numbers_from_arrays_of_one_element():
    for x in (nd.array([2.5]), nd.array(2.5), nd.array([[2.5]])):
        assert (float(x), int(x), bool(x), x.asscalar(), x.item()) == (2.5, 2, True, 2.5, 2.5)
        assert type(x.asscalar()) is np.float32
    assert bool(nd.array([0])) is bool(nd.array([])) is False
    assert type(nd.array([1], dtype="int64").asscalar()) is np.int64
    assert "abc"[nd.array([1], dtype="int32")] == "b"
    assert len(range(nd.array([3], dtype="int64"))) == 3
    with pytest.raises(TypeError, match="array of float32 cannot be used as an index"):
        "abc"[nd.array([1])]
    with pytest.raises(
        ValueError, match=r"asscalar\(\) needs .* one element; this one has shape \(2,\)"
    ):
        float(nd.array([1, 2]))
    with pytest.raises(ValueError, match="truth value of an array with 2 elements is ambiguous"):
        bool(nd.array([1, 2]))


def test_len_and_iteration():
    x = nd.array([[1, 2], [3, 4]])
    assert len(x) == 2
    assert [row.asnumpy().tolist() for row in x] == [[1, 2], [3, 4]]
    assert [row.asscalar() for row in reversed(x[0])] == [2, 1]
    a, b = x[1]
    assert (a.shape, b.asscalar()) == ((1,), 4)
    assert sum(x).asnumpy().tolist() == [4, 6]
    with pytest.raises(TypeError, match="without axes"):
        len(nd.array(1.0))


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (nd.array([1, 2]), "\n[1. 2.]\n<NDArray 2 @cpu(0)>"),
        (nd.array([[1, 2], [3, 4.5]]), "\n[[1.  2. ]\n [3.  4.5]]\n<NDArray 2x2 @cpu(0)>"),
        (nd.array([[1], [3]], dtype="int32"), "\n[[1]\n [3]]\n<NDArray 2x1 @cpu(0)>"),
        (nd.array([1, 2], dtype="float16"), "\n[1. 2.]\n<NDArray 2 @cpu(0)>"),
        (nd.array([1, 0], dtype="bool"), "\n[ True False]\n<NDArray 2 @cpu(0)>"),
        (nd.array(5.0), "\n5.0\n<NDArray  @cpu(0)>"),
        (nd.array([]), "\n[]\n<NDArray 0 @cpu(0)>"),
        (nd.array([np.nan, np.inf, -0.0]), "\n[nan inf -0.]\n<NDArray 3 @cpu(0)>"),
        (nd.zeros((1, 1, 2), dtype="uint8"), "\n[[[0 0]]]\n<NDArray 1x1x2 @cpu(0)>"),
        (nd.ones((1,), ctx=gx.cpu(1)), "\n[1.]\n<NDArray 1 @cpu(1)>"),
        (nd.array([1 / 3], dtype="float64"), "\n[0.33333333]\n<NDArray 1 @cpu(0)>"),
        (
            nd.arange(2000),
            "\n[0.000e+00 1.000e+00 2.000e+00 ... 1.997e+03 1.998e+03 1.999e+03]\n"
            "<NDArray 2000 @cpu(0)>",
        ),
    ],
    ids=lambda v: "" if isinstance(v, str) else str(v.dtype.__name__),
)
def test_printing_is_that_of_mxnet(x, text):
    assert repr(x) == str(x) == f"{x}" == text


def test_waiting():
    x = nd.ones((50, 50))
    y = nd.dot(x, x)
    assert y.wait_to_read() is y.wait_to_write() is y.wait() is nd.waitall() is None
    assert y.asnumpy()[0, 0] == 50


@pytest.mark.filterwarnings("ignore:.*spelling of 2015:DeprecationWarning")
def test_the_numpy_property_writes_back():
    x = nd.zeros((2, 2))
    view = x.numpy
    assert isinstance(view, np.ndarray)
    view[:] = 10
    x.numpy[0, 1] = 5
    view2 = x.numpy
    view2 += 1
    assert x.asnumpy().tolist() == [[11, 6], [11, 11]]
    x.numpy[1][0] = -1  # a part of a part
    assert x.asnumpy().tolist() == [[11, 6], [-1, 11]]
    plain, copied = x.numpy(), x.numpy.copy()
    plain[:] = copied[:] = 0
    assert type(plain) is np.ndarray
    assert type(x.numpy + 1) is np.ndarray
    assert x.asnumpy()[0, 0] == 11
    assert str(nd.ones((2,)).numpy) == "[1. 1.]"
