"""Sparse arrays: making them, what they store, conversions, copies, assignment, files."""

import copy
import pickle

import numpy as np
import pytest

import gluonx as gx
from gluonx import nd
from gluonx.error import MXNetError

DENSE = np.array([[0, 1, 0], [0, 0, 0], [2, 0, 3]], np.float32)
HUGE = (10**7, 10**7)


def rsp(ctx=None):
    return nd.sparse.row_sparse_array(DENSE, ctx=ctx)


def csr(ctx=None):
    return nd.sparse.csr_matrix(DENSE, ctx=ctx)


def parts(x):
    names = ("data", "indices", "indptr") if x.stype == "csr" else ("data", "indices")
    return [getattr(x, name).asnumpy().tolist() for name in names]


# -- making -----------------------------------------------------------------------------------


def _scipy(kind):
    def make():
        sparse = pytest.importorskip("scipy.sparse")
        return getattr(sparse, f"{kind}_matrix")(DENSE)

    return make


@pytest.mark.parametrize(
    "source",
    [
        lambda: DENSE,
        lambda: DENSE.tolist(),
        lambda: nd.array(DENSE),
        csr,
        _scipy("csr"),
        _scipy("coo"),
        lambda: ([1, 2, 3], [1, 0, 2], [0, 1, 1, 3]),
        lambda: (nd.array([1, 2, 3]), nd.array([1, 0, 2]), np.array([0, 1, 1, 3])),
        lambda: ([2, 3, 1], ([2, 2, 0], [0, 2, 1])),
        lambda: ([2, 1, 1, 2], ([2, 2, 0, 2], [0, 2, 1, 2])),
    ],
)
def test_csr_matrix_takes_every_form(source):
    x = nd.sparse.csr_matrix(source())
    assert isinstance(x, nd.sparse.CSRNDArray)
    assert (x.stype, x.shape, x.dtype, x.context) == ("csr", (3, 3), np.float32, gx.cpu())
    assert parts(x) == [[1, 2, 3], [1, 0, 2], [0, 1, 1, 3]]
    assert x.indices.dtype == x.indptr.dtype == np.int64
    np.testing.assert_array_equal(x.asnumpy(), DENSE)
    x.check_format()


@pytest.mark.parametrize(
    "source", [lambda: DENSE, lambda: nd.array(DENSE), rsp, lambda: (DENSE[[0, 2]], [0, 2])]
)
def test_row_sparse_array_takes_every_form(source):
    x = nd.sparse.row_sparse_array(source())
    assert isinstance(x, nd.sparse.RowSparseNDArray)
    assert (x.stype, x.shape, x.dtype) == ("row_sparse", (3, 3), np.float32)
    assert parts(x) == [[[0, 1, 0], [2, 0, 3]], [0, 2]]
    np.testing.assert_array_equal(x.asnumpy(), DENSE)
    x.check_format()


@pytest.mark.parametrize("dtype", ["float16", "float64", "int32", "int64", "uint8"])
@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_element_types(stype, dtype):
    x = nd.array(DENSE, dtype=dtype).tostype(stype)
    assert x.dtype == x.data.dtype == np.dtype(dtype)
    assert nd.sparse.zeros(stype, (2, 3), dtype=dtype).dtype == np.dtype(dtype)
    assert (x * 2).dtype == np.dtype(dtype)
    np.testing.assert_array_equal((x * 2).asnumpy(), 2 * DENSE.astype(dtype))


def test_given_dtypes_and_shapes():
    x = nd.sparse.csr_matrix(([1, 2], [0, 1], [0, 1, 2]), shape=(2, 5), dtype="float64")
    assert (x.dtype, x.shape) == (np.float64, (2, 5))
    assert nd.sparse.csr_matrix((2, 3)).shape == (2, 3)
    assert nd.sparse.csr_matrix((np.array([1, 2]), [0, 1], [0, 1, 2])).dtype == np.int64
    assert nd.sparse.row_sparse_array((4, 2, 3)).shape == (4, 2, 3)
    assert nd.sparse.row_sparse_array(([[1.0, 2.0]], [3])).shape == (4, 2)
    assert nd.zeros((2, 3), stype="csr").stype == nd.empty((2, 3), stype="csr").stype == "csr"
    assert nd.array(rsp()).stype == nd.sparse.array(rsp()).stype == "row_sparse"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nd.sparse.csr_matrix((1, 2, 3, 4)), ValueError, "tuple of 4"),
        (lambda: nd.sparse.csr_matrix(DENSE, shape=(2, 2)), ValueError, r"shape=\(2, 2\)"),
        (lambda: nd.sparse.csr_matrix(([1], [0, 1], [0, 1])), ValueError, "1 values but 2"),
        (lambda: nd.sparse.csr_matrix(([], [], [0])), ValueError, "shape must be given"),
        (lambda: nd.sparse.csr_matrix(([1], ([5], [0])), shape=(2, 2)), ValueError, "outside"),
        (lambda: nd.sparse.csr_matrix(rsp()), ValueError, "RowSparseNDArray"),
        (lambda: nd.sparse.row_sparse_array(csr()), ValueError, "CSRNDArray"),
        (lambda: nd.sparse.row_sparse_array(([[1]], [0, 1])), ValueError, "each index"),
        (lambda: nd.sparse.array(DENSE), ValueError, "for a dense one use"),
        (lambda: nd.sparse.zeros("coo", (2, 2)), ValueError, "'coo'"),
        (lambda: nd.zeros((2, 2, 2)).tostype("csr"), Exception, "matrix"),
        (lambda: rsp().tostype("csr"), ValueError, "no direct way"),
        (lambda: csr().tostype("row_sparse"), ValueError, "no direct way"),
        (lambda: csr()[3], IndexError, "out of bounds"),
        (lambda: csr().__setitem__(0, 1), TypeError, "only all of"),
        (lambda: csr().__setitem__(slice(None), 1), ValueError, "not be sparse"),
        (lambda: csr().copyto(rsp()), TypeError, "cannot write a csr"),
    ],
)
def test_wrong_calls_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: nd.sparse.csr_matrix(([1, 2], [0, 9], [0, 1, 2]), shape=(2, 3)), "columns from 0"),
        (lambda: nd.sparse.csr_matrix(([1, 2], [0, 1], [0, 3, 2]), shape=(2, 3)), "ascend"),
        (lambda: nd.sparse.csr_matrix(([1, 2], [0, 1], [0, 1, 3]), shape=(2, 3)), "go from 0 to 2"),
        (lambda: nd.sparse.csr_matrix(([1, 2], [0, 1], [0, 2]), shape=(2, 3)), "one more than"),
        (lambda: nd.sparse.csr_matrix(([1, 2], [1, 0], [0, 2]), shape=(1, 3)), "in each row"),
        (lambda: nd.sparse.row_sparse_array(([[1], [2]], [3, 1]), shape=(5, 1)), "ascend"),
        (lambda: nd.sparse.row_sparse_array(([[1], [2]], [1, 9]), shape=(5, 1)), "rows from 0"),
    ],
)
def test_check_format_finds_what_is_wrong(made, message):
    with pytest.raises(MXNetError, match=message):
        made().check_format()


def test_representation_is_that_of_mxnet():
    assert repr(rsp()) == "\n<RowSparseNDArray 3x3 @cpu(0)>"
    assert repr(csr()) == "\n<CSRNDArray 3x3 @cpu(0)>"


def test_zeros_of_a_huge_array_take_no_memory():
    x = nd.sparse.zeros("row_sparse", (10**12, 10))
    assert (x.shape, x.data.shape, (x * 2).indices.shape) == ((10**12, 10), (0, 10), (0,))
    y = nd.sparse.csr_matrix(([1.0, 2.0], ([5, 9], [10**6, 3])), shape=HUGE)
    assert parts((y + y)[9])[0] == [4]
    assert nd.sparse.dot(y[5:10], nd.ones((10**7, 1))).asnumpy().ravel().tolist() == [1, 0, 0, 0, 2]
    assert nd.norm(y).asscalar() == pytest.approx(5**0.5)


# -- copies, conversions, assignment -----------------------------------------------------------


@pytest.mark.parametrize("make", [rsp, csr])
def test_copies_are_independent(make):
    x = make()
    copies = [
        x.copy(), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.tostype(x.stype),
        x.as_in_context(gx.cpu(1)), nd.sparse.array(x), x.astype("float32"),
    ]  # fmt: skip
    assert x.as_in_context(gx.cpu()) is x
    assert copies[4].context == gx.cpu(1)
    x[:] = 0
    x.data[:] = 7  # a copy
    assert x.asnumpy().sum() == 0
    for y in copies:
        assert type(y) is type(x)
        np.testing.assert_array_equal(y.asnumpy(), DENSE)
    assert x.detach()._buffer is x._buffer


@pytest.mark.parametrize("make", [rsp, csr])
def test_conversion_there_and_back(make):
    x = make()
    dense = x.tostype("default")
    assert type(dense) is nd.NDArray
    np.testing.assert_array_equal(dense.asnumpy(), DENSE)
    assert parts(nd.cast_storage(dense, x.stype)) == parts(x)
    np.testing.assert_array_equal(x.todense().asnumpy(), DENSE)


@pytest.mark.parametrize("make", [rsp, csr])
def test_assignment_of_everything(make):
    x = make()
    for value in (nd.ones((3, 3)), np.ones((3, 3)), nd.ones((3, 3)).tostype(x.stype)):
        x[:] = 0
        x[:] = value
        assert (x.stype, x.asnumpy().tolist()) == (make().stype, np.ones((3, 3)).tolist())
    y = nd.zeros((3, 3))
    make().copyto(y)
    np.testing.assert_array_equal(y.asnumpy(), DENSE)
    y[:] = make()
    np.testing.assert_array_equal(y.asnumpy(), DENSE)
    nd.elemwise_add(make(), make(), out=x)
    np.testing.assert_array_equal(x.asnumpy(), 2 * DENSE)
    x *= 2
    x += make()
    x /= 5
    assert x.stype == make().stype
    np.testing.assert_allclose(x.asnumpy(), DENSE)


def test_a_number_fills_all_rows_of_a_row_sparse_array():
    x = nd.sparse.zeros("row_sparse", (3, 2))
    x[:] = 2
    assert parts(x) == [[[2, 2]] * 3, [0, 1, 2]]


def test_rows_of_a_csr_matrix():
    x = csr()
    for key in (0, 2, -1, slice(0, 2), slice(1, None), slice(None, None, 2), slice(2, 2)):
        y = x[key]
        assert y.stype == "csr"
        expected = DENSE[key] if isinstance(key, slice) else DENSE[[key]]
        np.testing.assert_array_equal(y.asnumpy(), expected)
    assert x[:] is x
    assert [row.asnumpy().ravel().tolist() for row in x] == DENSE.tolist()
    assert (len(x), x.ndim, x.size) == (3, 2, 9)


def test_scipy_matrix_has_the_same_values():
    pytest.importorskip("scipy.sparse")
    y = csr().asscipy()
    assert (type(y).__name__, y.nnz) == ("csr_matrix", 3)
    np.testing.assert_array_equal(y.toarray(), DENSE)


def test_unsorted_and_repeated_indices_are_understood():
    x = nd.sparse.row_sparse_array(([[1.0], [2.0]], [3, 1]), shape=(5, 1))
    assert (x + x).asnumpy().ravel().tolist() == [0, 4, 0, 2, 0]
    assert nd.sparse.retain(x, nd.array([1, 1])).asnumpy().ravel().tolist() == [0, 2, 0, 0, 0]


# -- operators ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [rsp, csr])
def test_operators_without_a_sparse_form_take_the_dense_array(make):
    x, dense = make(), nd.array(DENSE)
    for call in (nd.exp, nd.softmax, lambda a: a.reshape((9,)), lambda a: a.T, lambda a: a + 1,
                 lambda a: nd.maximum(a, dense), lambda a: nd.clip(a, 1, 2)):  # fmt: skip
        y = call(x)
        assert y.stype == "default"
        np.testing.assert_array_equal(y.asnumpy(), call(dense).asnumpy())
    assert x.stype == make().stype


def test_products_with_vectors_and_tensors():
    x, v = csr(), nd.array([1, 2, 3])
    np.testing.assert_allclose(nd.dot(x, v).asnumpy(), DENSE @ [1, 2, 3])
    np.testing.assert_allclose(nd.dot(x, v, transpose_a=True).asnumpy(), DENSE.T @ [1, 2, 3])
    w = nd.array(np.arange(12).reshape(3, 2, 2))
    np.testing.assert_allclose(nd.dot(x, w).asnumpy(), np.tensordot(DENSE, w.asnumpy(), 1))
    with pytest.raises(ValueError, match="differ in length"):
        nd.dot(x, nd.ones((2, 2)))


def test_another_number_of_values_seldom_compiles(compilations):
    w = nd.ones((50, 2))
    matrices = [nd.sparse.csr_matrix(np.tri(4, 50, n, dtype="float32")) for n in range(9, 12)]
    nd.sparse.dot(matrices[0], w), nd.square(matrices[0])
    with compilations() as names:
        for x in matrices:
            nd.sparse.dot(x, w), nd.square(x)
    assert not names


# -- symbols -----------------------------------------------------------------------------------


def test_executor_takes_sparse_arrays_and_gives_sparse_gradients():
    x, w = gx.sym.var("x", stype="csr"), gx.sym.var("w", stype="row_sparse")
    y = gx.sym.sparse.dot(x, w)
    grad = nd.sparse.zeros("row_sparse", (3, 2))
    weight = nd.array([[1, 2], [3, 4], [0, 0]]).tostype("row_sparse")
    executor = y.bind(gx.cpu(), {"x": csr(), "w": weight}, {"w": grad}, {"x": "null", "w": "write"})
    executor.forward(is_train=True)
    executor.backward(nd.ones((3, 2)))
    np.testing.assert_array_equal(executor.outputs[0].asnumpy(), DENSE @ weight.asnumpy())
    assert executor.grad_dict["w"].stype == "row_sparse"
    np.testing.assert_array_equal(grad.asnumpy(), np.repeat(DENSE.sum(0)[:, None], 2, 1))
    assert gx.sym.sparse.retain(w, gx.sym.var("i")).list_arguments() == ["w", "i"]
