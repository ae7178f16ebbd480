"""Functions of nd.contrib and nd whose results the operator cases cannot compare with MXNet."""

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd, sym
from gluonx.error import HybridizeError


def test_boolean_mask_gives_rows_and_their_gradient():
    x, mask = nd.array([[1, 2], [3, 4], [5, 6]]), nd.array([1, 0, 2])
    x.attach_grad()
    with autograd.record():
        y = nd.contrib.boolean_mask(x, mask)
    y.backward(nd.array([[1, 2], [3, 4]]))
    assert y.asnumpy().tolist() == [[1, 2], [5, 6]]
    assert x.grad.asnumpy().tolist() == [[1, 2], [0, 0], [3, 4]]
    assert nd.contrib.boolean_mask(x, mask * 0).shape == (0, 2)
    assert nd.contrib.boolean_mask(x, nd.array([0, 1]), axis=1).shape == (3, 1)
    with pytest.raises(ValueError, match=r"axis 0 of data \(3, 2\).*\(2,\)"):
        nd.contrib.boolean_mask(x, nd.array([0, 1]))


def test_boolean_mask_in_a_trace_or_a_graph_names_a_way_out():
    class Masked(gx.HybridBlock):
        def hybrid_forward(self, F, x):
            return F.contrib.boolean_mask(x, x > 0)

    block, x = Masked(), nd.array([1, -1, 2])
    assert block(x).asnumpy().tolist() == [1, 2]
    block.hybridize()
    with pytest.raises(HybridizeError, match=r"boolean_mask\(\)(.|\n)*F.where"):
        block(x)
    with pytest.raises(TypeError, match="broadcast_mul"):
        sym.contrib.boolean_mask(sym.var("x"), sym.var("m"))


@pytest.mark.parametrize(
    ("name", "want"),
    [("isfinite", [1, 0, 0, 0]), ("isinf", [0, 1, 1, 0]), ("isnan", [0, 0, 0, 1])],
)
def test_tests_for_special_values_of_arrays_and_symbols(name, want):
    x = nd.array([1, np.inf, -np.inf, np.nan])
    got = getattr(nd.contrib, name)(x)
    assert got.asnumpy().tolist() == want
    assert got.dtype == np.float32
    symbol = sym.load_json(getattr(sym.contrib, name)(sym.var("x")).tojson())
    assert symbol.eval(x=x)[0].asnumpy().tolist() == want


def test_rand_zipfian_draws_low_classes_more_often():
    true = nd.array([3, 1])
    samples, expected_true, expected = nd.contrib.rand_zipfian(true, 2000, 5)
    assert samples.dtype == np.int64
    chances = np.log((np.arange(5) + 2) / (np.arange(5) + 1)) / np.log(6)
    np.testing.assert_allclose(expected_true.asnumpy(), 2000 * chances[[3, 1]], rtol=1e-6)
    np.testing.assert_allclose(expected.asnumpy(), 2000 * chances[samples.asnumpy()], rtol=1e-6)
    counts = np.bincount(samples.asnumpy(), minlength=5)
    assert (abs(counts - 2000 * chances) < 5 * np.sqrt(2000 * chances)).all()
    outputs = sym.Group(sym.contrib.rand_zipfian(sym.var("t"), 4, 5)).eval(t=true)
    assert [y.shape for y in outputs] == [(4,), (2,), (4,)]


def test_histogram_counts_as_numpy():
    x = np.array([1, 2, 2, 3, 10, -4], np.float32)
    for bins, limits in [(3, None), (4, (0, 4)), ([1, 2, 3.5], None)]:
        given = nd.array(bins) if isinstance(bins, list) else bins
        counts, edges = nd.histogram(nd.array(x), given, limits)
        want, places = np.histogram(x, bins, limits)
        assert counts.asnumpy().tolist() == want.tolist()
        np.testing.assert_allclose(edges.asnumpy(), places, rtol=1e-6)
    with pytest.raises(TypeError, match="bins"):
        nd.histogram(nd.array(x), "many")


def test_all_finite_keeps_what_out_held():
    out = nd.zeros(1)
    nd.multi_all_finite(nd.ones(2), nd.ones(3), num_arrays=2, init_output=False, out=out)
    assert out.asscalar() == 0
    assert nd.all_finite(nd.ones(2), out=out).asscalar() == 1
    assert nd.all_finite(nd.array([np.nan]), init_output=False, out=out).asscalar() == 0
    with pytest.raises(ValueError, match="num_arrays=3"):
        nd.multi_all_finite(nd.ones(2), num_arrays=3)


def test_functions_that_write_to_their_arguments():
    x, y = nd.ones((2, 3)), nd.ones(2)
    assert nd.onehot_encode(nd.array([2, 0]), x) is x
    assert x.asnumpy().tolist() == [[0, 0, 1], [1, 0, 0]]
    nd.reset_arrays(x, y, num_arrays=2)
    assert not x.asnumpy().any()
    assert not y.asnumpy().any()
    with pytest.raises(TypeError, match="NDArrays"):
        sym.reset_arrays(sym.var("x"), num_arrays=1)


def test_kl_sparse_regularization_is_mxnets():
    # the numbers are those of MXNet 1.9.1's symbol of the same name
    x, mean = nd.array([[0.1, 0.9], [0.5, 0.7]]), nd.array([0.3, 0.4])
    x.attach_grad()
    with autograd.record():
        y = nd.IdentityAttachKLSparseReg(x, mean, penalty=0.1)
    y.backward()
    assert y.asnumpy().tolist() == x.asnumpy().tolist()
    np.testing.assert_allclose(x.grad.asnumpy(), [[1.0952381, 1.137987]] * 2, rtol=1e-6)
    np.testing.assert_allclose(mean.asnumpy(), [0.3, 0.44], rtol=1e-6)


def test_fourier_transforms_are_numpys():
    x = np.random.RandomState(0).standard_normal((2, 5)).astype("float32")
    y = nd.contrib.fft(nd.array(x))
    want = np.fft.fft(x)
    np.testing.assert_allclose(y.asnumpy()[:, ::2], want.real, atol=1e-5)
    np.testing.assert_allclose(y.asnumpy()[:, 1::2], want.imag, atol=1e-5)
    np.testing.assert_allclose((nd.contrib.ifft(y) / 5).asnumpy(), x, atol=1e-5)


def test_batch_norm_variants_are_batch_norm():
    x = nd.random.normal(shape=(4, 3, 2))
    gamma, beta = nd.random.uniform(0.5, 1, shape=(3,)), nd.random.normal(shape=(3,))

    def run(function, **settings):
        mean, var = nd.zeros(3), nd.ones(3)
        with autograd.train_mode():
            y = function(x, gamma, beta, mean, var, fix_gamma=False, **settings)
        return [a.asnumpy() for a in (y, mean, var)]

    want = run(nd.BatchNorm)
    variants = [
        (want, run(nd.contrib.SyncBatchNorm, key="bn", ndev=2)),
        (want, run(nd.BatchNorm_v1)),
        ([np.maximum(want[0], 0), *want[1:]], run(nd.contrib.BatchNormWithReLU)),
    ]
    for expected, got in variants:
        for a, b in zip(expected, got, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    symbol = sym.contrib.SyncBatchNorm(sym.var("x"), key="bn", name="bn")
    assert symbol.list_auxiliary_states() == ["bn_moving_mean", "bn_moving_var"]
    assert symbol.infer_shape(x=(4, 3, 2))[2] == [(3,), (3,)]


def test_linalg_names_its_mistakes():
    with pytest.raises(ValueError, match=r"square.*\(2, 3\)"):
        nd.linalg.potrf(nd.ones((2, 3)))
    with pytest.raises(ValueError, match="broadcast_to"):
        nd.linalg.gemm2(nd.ones((2, 3, 3)), nd.ones((3, 3)))
    with pytest.raises(ValueError, match="astype"):
        nd.linalg.det(nd.ones((2, 2), dtype="int32"))
    with pytest.raises(ValueError, match="columns"):
        nd.linalg.gemm2(nd.ones((2, 3)), nd.ones((2, 3)))
    with pytest.raises(ValueError, match="offset=3"):
        nd.linalg.extractdiag(nd.ones((2, 2)), offset=3)


def test_methods_of_mxnet_1_9_are_there():
    x = nd.arange(6).reshape((3, 2))
    assert [p.shape for p in x.split_v2((1,))] == [(1, 2), (2, 2)]
    assert x.as_nd_ndarray() is x
    assert x.writable
    x.slice_assign_scalar(9, begin=(0, 0), end=(1, 2), step=(None, None))
    assert x.asnumpy()[0].tolist() == [9, 9]
