"""gluonx.test_utils: random arrays, comparisons, checks of symbols and blocks."""

import os

import numpy as np
import pytest

import gluonx as gx
from gluonx import gluon, nd, sym
from gluonx import test_utils as tu


def test_random_shapes_and_arrays():
    for shape in (tu.rand_shape_2d(3, 4), tu.rand_shape_3d(), tu.rand_shape_nd(4, 5)):
        assert all(1 <= n <= 10 for n in shape)
    assert len(tu.rand_shape_nd(4)) == 4
    assert [a.shape for a in tu.random_arrays((2, 3), (4,))] == [(2, 3), (4,)]
    assert tu.random_arrays((2,)).dtype == np.float32
    assert tu.random_sample(list("abcd"), 4) == list("abcd")
    row, column = tu.rand_coord_2d(0, 3, 5, 6)
    assert (0 <= row < 3, column) == (True, 5)


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_random_array_has_what_was_asked_for(stype):
    x = tu.rand_ndarray((6, 4), stype, density=0.5, dtype="float64")
    assert (x.stype, x.shape, x.dtype) == (stype, (6, 4), np.float64)
    if stype == "default":
        return
    x.check_format()
    full, stored = tu.rand_sparse_ndarray((6, 4), stype, density=1, data_init=3)
    assert full.asnumpy().tolist() == [[3] * 4] * 6
    assert len(stored) == {"row_sparse": 2, "csr": 3}[stype]
    empty = tu.create_sparse_array_zd((6, 4), stype, density=0)
    assert empty.indices.shape == (0,)
    twice = tu.create_sparse_array((6, 4), stype, 3, density=1, modifier_func=lambda v: 2 * v)
    assert twice.asnumpy().max() == 6


def test_random_rows_and_shuffled_columns():
    x = tu.create_sparse_array((5, 2), "row_sparse", rsp_indices=[1, 4])
    assert x.indices.asnumpy().tolist() == [1, 4]
    x = tu.rand_ndarray((4, 30), "csr", density=1, distribution="powerlaw")
    y = tu.shuffle_csr_column_indices(x)
    assert tu.same(x, y)
    assert np.diff(x.indptr.asnumpy())[:3].tolist() == [1, 2, 4]
    with pytest.raises(gx.MXNetError, match="in each row"):
        y.check_format()


def test_comparisons():
    a = nd.array([1.0, 2.0])
    assert tu.almost_equal(a, [1, 2.0001])
    assert not tu.almost_equal(a, [1, 2.1])
    assert tu.same(a.tostype("row_sparse"), np.array([1, 2], np.float32))
    tu.assert_almost_equal(a, np.array([1, 2.0001]))
    tu.assert_almost_equal(nd.array([1.0], dtype="float16"), nd.array([1.01]), atol=0.1)
    with pytest.raises(AssertionError, match=r"x and y differ in 1 of 2 .*\n.*x\[1\] = .*2.0"):
        tu.assert_almost_equal(a, [1, 3], names=("x", "y"))
    with pytest.raises(AssertionError, match="shapes differ"):
        tu.assert_almost_equal(a, nd.ones((1,)), use_broadcast=False)
    tu.assert_almost_equal_ignore_nan(nd.array([1, np.nan]), nd.array([1, 5]))
    tu.assert_almost_equal_with_err(a, nd.array([1, 9]), etol=0.5)
    tu.assert_exception(lambda: 1 / 0, ZeroDivisionError)
    with pytest.raises(AssertionError, match="ValueError was not raised"):
        tu.assert_exception(lambda: None, ValueError)
    tu.compare_ndarray_tuple((a, (a, None)), (a, (a, None)))
    assert tu.same_array(a, a[:])
    assert not tu.same_array(a, a.copy())


def test_numpy_reductions():
    x = np.arange(24).reshape(2, 3, 4)
    assert tu.np_reduce(x, (0, 2), True, np.sum).tolist() == x.sum((0, 2), keepdims=True).tolist()
    assert tu.np_reduce(x, None, False, np.max) == 23
    assert tu.collapse_sum_like(x, (3, 1)).tolist() == x.sum((0, 2)).reshape(3, 1).tolist()
    assert tu.assign_each(x, lambda v: v + 1).tolist() == (x + 1).tolist()


def test_surroundings():
    assert tu.default_context() == gx.cpu()
    assert len(tu.list_gpus()) == gx.num_gpus()
    with tu.environment("GLUONX_SOMETHING", "1"):
        assert os.environ["GLUONX_SOMETHING"] == "1"
    assert "GLUONX_SOMETHING" not in os.environ
    with tu.discard_stderr():
        os.write(2, b"nobody sees this")
    tries = []

    @tu.retry(3)
    def sometimes():
        tries.append(1)
        assert len(tries) == 3

    sometimes()


def test_checks_of_a_symbol():
    x, w = sym.var("x"), sym.var("w")
    y = sym.dot(x, w)
    a, b = np.arange(6.0).reshape(2, 3) / 6, np.arange(6.0).reshape(3, 2) / 3
    np.testing.assert_allclose(tu.simple_forward(y, x=a, w=b), a @ b, rtol=1e-6)
    tu.check_symbolic_forward(y, [a, b], [a @ b])
    head = np.array([[1.0, 2.0], [3.0, 4.0]])
    expected = {"x": head @ b.T, "w": a.T @ head}
    for req in ("write", "add", "null"):
        tu.check_symbolic_backward(y, {"x": a, "w": b}, [head], expected, grad_req=req)
    grads = tu.check_symbolic_backward(
        y, [nd.array(a).tostype("csr"), b], [head], expected, grad_stypes={"w": "row_sparse"}
    )
    assert grads["w"].stype == "row_sparse"
    tu.check_numeric_gradient(y, [a, b])
    tu.check_numeric_gradient(y, [a, b], grad_nodes={"w": "add"}, dtype=np.float64)
    for check in (
        lambda: tu.check_symbolic_forward(y, [a, b], [a @ b + 1]),
        lambda: tu.check_symbolic_backward(y, [a, b], [head], {"x": head @ b.T + 1}),
        lambda: tu.check_numeric_gradient(sym.BlockGrad(x) + 0 * x, [a]),
    ):
        with pytest.raises(AssertionError, match="differ in"):
            check()
    with pytest.raises(ValueError, match="must give w"):
        tu.check_symbolic_forward(y, {"x": a}, [a])
    assert tu.check_speed(y, {"x": a, "w": b}, N=2) > 0
    assert tu.same_symbol_structure(y, sym.dot(sym.var("p"), sym.var("q")))
    assert not tu.same_symbol_structure(y, x + w)


def test_consistency_of_devices_and_dtypes():
    y = sym.FullyConnected(sym.var("data"), num_hidden=2, name="fc")
    types = [("float32", gx.cpu(0)), ("float32", gx.cpu(1)), ("float64", gx.cpu(0))]
    settings = [{"ctx": ctx, "data": (2, 3), "type_dict": {"data": dtype}} for dtype, ctx in types]
    truth = tu.check_consistency(y, settings)
    assert truth["fc_output"].dtype == np.float64
    other = sym.FullyConnected(2 * sym.var("data"), num_hidden=2, name="fc")
    with pytest.raises(AssertionError, match="of setting"):
        tu.check_consistency([y, other], settings[:2])
    with pytest.raises(ValueError, match="same arguments and outputs"):
        tu.check_consistency([y, y * 2], settings[:2])


def test_consistency_of_eager_and_hybridized_blocks():
    def build(prefix):
        return gluon.nn.Dense(2, prefix=prefix, activation="tanh")

    tu.check_gluon_hybridize_consistency(build, [nd.ones((2, 3))])


def test_generators_and_optimizers_are_checked():
    rng = np.random.default_rng(0)
    buckets, probs = tu.gen_buckets_probs_with_ppf(lambda p: 2 * p - 1, 4)
    assert buckets == [(-1, -0.5), (-0.5, 0), (0, 0.5), (0.5, 1)] and probs == [0.25] * 4
    assert len(tu.verify_generator(lambda n: rng.uniform(-1, 1, n), buckets, probs, 999)) == 5
    with pytest.raises(AssertionError, match="do not follow"):
        tu.verify_generator(lambda n: rng.uniform(-1, 0.5, n), buckets, probs, 2000)
    p, observed, _ = tu.chi_square_check(
        lambda n: nd.array(rng.integers(0, 2, n)), [0, 1], [0.5, 0.5], 100
    )
    assert 0 <= p <= 1 and observed.sum() == 100
    normal = lambda n: rng.normal(1, 2, n)  # noqa: E731
    assert tu.mean_check(normal, 1, 2, 1000) and not tu.mean_check(normal, 2, 2, 1000)
    assert tu.var_check(normal, 2, 1000) and not tu.var_check(normal, 3, 1000)

    sgd = gx.optimizer.SGD
    tu.compare_optimizer(sgd(momentum=0.9), sgd(momentum=0.9), (2, 3), "float32", ntensors=2)
    with pytest.raises(AssertionError):
        tu.compare_optimizer(sgd(), sgd(learning_rate=1), (2, 3), "float32")
    dummy = tu.DummyIter(gx.io.NDArrayIter(nd.arange(4), nd.arange(4), 2))
    assert [dummy.next().data[0].asnumpy().tolist() for _ in range(3)] == [[0, 1]] * 3
    assert dummy.batch_size == 2
