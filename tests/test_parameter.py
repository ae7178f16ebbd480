"""Parameter, Constant and ParameterDict."""

import warnings

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn
from gluonx.gluon.parameter import DeferredInitializationError

TWO = [gx.cpu(0), gx.cpu(1)]


def make(shape=(2, 3), init="ones", ctx=None, **kwargs):
    p = gluon.Parameter("w", shape=shape, **kwargs)
    p.initialize(init, ctx=ctx)
    return p


def doubled(p, ctx=None):
    """Run a backward pass that gives the gradient 2."""
    with autograd.record():
        y = (p.data(ctx) * 2).sum()
    y.backward()


# -- before there are values ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "use", [lambda p: p.data(), lambda p: p.list_data(), lambda p: p.grad(), lambda p: p.list_ctx()]
)
def test_use_before_initialize_raises(use):
    p = gluon.Parameter("w", shape=(2, 3))
    with pytest.raises(RuntimeError, match=r"parameter w has not been initialized.*initialize\(\)"):
        use(p)


def test_set_data_before_initialize_raises():
    with pytest.raises(RuntimeError, match="w has not been initialized"):
        gluon.Parameter("w", shape=(2,)).set_data(nd.ones((2,)))
    with pytest.raises(RuntimeError, match="w has not been initialized"):
        gluon.Parameter("w", shape=(2,)).reset_ctx(gx.cpu(1))


def test_unknown_shape_cannot_be_initialized_unless_deferred():
    with pytest.raises(ValueError, match=r"cannot initialize parameter w: its shape \(2, 0\)"):
        make((2, 0))
    with pytest.raises(ValueError, match="allow_deferred_init=True"):
        make(None)


@pytest.mark.parametrize("use", [lambda p: p.data(), lambda p: p.grad(), lambda p: p.list_data()])
def test_deferred_parameter_names_itself_and_the_ways_out(use):
    p = make((2, 0), allow_deferred_init=True)
    assert p.list_ctx() == [gx.cpu(0)]
    with pytest.raises(DeferredInitializationError) as caught:
        use(p)
    text = str(caught.value)
    assert "parameter w has no values yet: its shape (2, 0) is not known" in text
    assert "net(x)" in text
    assert "in_units=20" in text


def test_deferred_error_in_a_net_shows_the_path():
    net = nn.HybridSequential(prefix="n_")
    with net.name_scope():
        net.add(nn.Dense(2), nn.Dense(3))
    net.initialize()
    with pytest.raises(
        DeferredInitializationError, match=r"parameter 1.weight \(n_dense1_weight\)"
    ):
        net[1].weight.data()


@pytest.mark.parametrize("hybridize", [False, True])
def test_first_call_tells_the_shapes(hybridize):
    net = nn.HybridSequential()
    net.add(nn.Dense(4), nn.BatchNorm(), nn.Dense(2, flatten=False))
    net.initialize("ones")
    if hybridize:
        net.hybridize()
    assert net[0].weight.shape == (4, 0)
    out = net(nd.ones((5, 3)))
    assert [p.shape for p in net.collect_params().values()] == [
        (4, 3), (4,), (4,), (4,), (4,), (4,), (2, 4), (2,),
    ]  # fmt: skip
    assert out.shape == (5, 2)
    assert (net[0].weight.data().asnumpy() == 1).all()
    assert (net[0].bias.data().asnumpy() == 0).all()


def test_infer_shape_computes_nothing():
    net = nn.Dense(4)
    net.initialize()
    net.infer_shape(nd.ones((5, 3)))
    assert net.weight.shape == (4, 3)


def test_shape_can_be_given_after_construction():
    p = gluon.Parameter("w", shape=(2, 0))
    p.shape = (2, 4)
    assert p.shape == (2, 4)
    with pytest.raises(ValueError, match=r"shape \(2, 4\), which does not agree .* \(5, 4\)"):
        p.shape = (5, 4)
    assert gluon.Parameter("w", shape=10).shape == (10,)
    assert gluon.Parameter("w", shape=()).shape == ()
    assert gluon.Parameter("w").shape is None


def test_wrong_input_size_is_an_error():
    net = nn.Dense(2, in_units=3)
    net.initialize()
    with pytest.raises(gx.MXNetError, match="FullyConnected"):
        net(nd.ones((1, 5)))


# -- initializers --------------------------------------------------------------------------------


def test_own_initializer_wins_over_the_networks():
    p = gluon.Parameter("w", shape=(2,), init=gx.init.Constant(3))
    p.initialize(default_init="ones")
    assert p.data().asnumpy().tolist() == [3, 3]
    p.initialize("ones", force_reinit=True)
    assert p.data().asnumpy().tolist() == [1, 1]


def test_initializing_again_warns_and_does_nothing():
    p = make()
    p.set_data(nd.zeros((2, 3)))
    with pytest.warns(UserWarning, match="parameter w is initialized already.*force_reinit=True"):
        p.initialize("ones")
    assert (p.data().asnumpy() == 0).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p.initialize("ones", force_reinit=True)
    assert (p.data().asnumpy() == 1).all()


def test_networks_initializer_leaves_biases_at_zero():
    net = nn.Dense(3, in_units=2)
    net.initialize(gx.init.Constant(5))
    assert (net.weight.data().asnumpy() == 5).all()
    assert (net.bias.data().asnumpy() == 0).all()


# -- several contexts ----------------------------------------------------------------------------


def test_parameter_on_two_contexts_starts_equal():
    p = make(init="normal", ctx=TWO)
    assert p.list_ctx() == TWO
    assert [x.context for x in p.list_data()] == TWO
    np.testing.assert_array_equal(p.data(gx.cpu(0)).asnumpy(), p.data(gx.cpu(1)).asnumpy())
    assert p.data().context == gx.cpu(0)
    with gx.cpu(1):
        assert p.data().context == gx.cpu(1)


def test_context_that_the_parameter_is_not_on_is_named():
    p = make(ctx=TWO)
    with pytest.raises(
        RuntimeError, match=r"not initialized on cpu\(3\), only on cpu\(0\), cpu\(1\)"
    ):
        p.data(gx.cpu(3))


def test_set_data_writes_everywhere_and_keeps_the_arrays():
    p = make(ctx=TWO)
    arrays = p.list_data()
    p.set_data(nd.full((2, 3), 7))
    assert all((x.asnumpy() == 7).all() for x in arrays)
    assert all(a is b for a, b in zip(arrays, p.list_data(), strict=True))
    with pytest.raises(ValueError, match=r"does not agree with the expected \(3, 3\)"):
        p.set_data(nd.ones((3, 3)))


def test_set_data_on_a_deferred_parameter_tells_the_shape():
    p = make((2, 0), allow_deferred_init=True)
    p.set_data(nd.full((2, 4), 7))
    assert p.shape == (2, 4)
    assert (p.data().asnumpy() == 7).all()


def test_reset_ctx_moves_the_values():
    p = make(init="normal", ctx=TWO)
    before = p.data().asnumpy()
    p.reset_ctx(gx.cpu(1))
    assert p.list_ctx() == [gx.cpu(1)]
    np.testing.assert_array_equal(p.data().asnumpy(), before)
    doubled(p)
    assert (p.grad().asnumpy() == 2).all()


def test_ctx_must_be_contexts_and_none_twice():
    with pytest.raises(TypeError, match="ctx must be a Context or a list of them, got 'cpu'"):
        make(ctx="cpu")
    with pytest.raises(ValueError, match="twice"):
        make(ctx=[gx.cpu(0), gx.cpu(0)])


def test_each_context_has_its_own_gradient():
    p = make(ctx=TWO)
    doubled(p, gx.cpu(1))
    assert [g.context for g in p.list_grad()] == TWO
    assert [g.asnumpy()[0, 0] for g in p.list_grad()] == [0, 2]


# -- gradients -----------------------------------------------------------------------------------


def test_grad_req_write_replaces_and_add_accumulates():
    p = make()
    for _ in range(3):
        doubled(p)
    assert (p.grad().asnumpy() == 2).all()
    p.grad_req = "add"
    p.zero_grad()
    for _ in range(3):
        doubled(p)
    assert (p.grad().asnumpy() == 6).all()
    p.zero_grad()
    assert (p.grad().asnumpy() == 0).all()


def test_grad_req_null_frees_the_gradient_and_can_be_undone():
    p = make()
    p.grad_req = "null"
    for use in (lambda: p.grad(), lambda: p.list_grad()):
        with pytest.raises(
            RuntimeError, match="parameter w has no gradient: its grad_req is 'null'"
        ):
            use()
    p.zero_grad()
    p.grad_req = "write"
    doubled(p)
    assert (p.grad().asnumpy() == 2).all()


def test_grad_req_must_be_known():
    with pytest.raises(ValueError, match="grad_req of parameter w must be .* got 'foo'"):
        gluon.Parameter("w", grad_req="foo")
    p = make()
    with pytest.raises(ValueError, match="got 'bar'"):
        p.grad_req = "bar"


def test_parameter_that_is_not_differentiable_stays_null():
    p = gluon.Parameter("w", shape=(2,), differentiable=False)
    p.grad_req = "write"
    assert p.grad_req == "null"


# -- dtype and constants -------------------------------------------------------------------------


def test_cast_changes_contents_and_gradient():
    p = make()
    doubled(p)
    p.cast("float16")
    assert p.data().dtype == p.grad().dtype == np.float16
    assert (p.grad().asnumpy() == 2).all()
    doubled(p)
    assert p.grad().dtype == np.float16
    q = make((2, 0), allow_deferred_init=True)
    q.cast("float64")
    q.set_data(nd.ones((2, 1)))
    assert q.data().dtype == np.float64


def test_constant_keeps_its_value_and_has_no_gradient():
    c = gluon.Constant("c", [[1, 2], [3, 4]])
    c.initialize(default_init="zeros")
    assert c.data().asnumpy().tolist() == [[1, 2], [3, 4]]
    assert c.grad_req == "null"
    with pytest.warns(UserWarning, match="Constant c has no gradient"):
        c.grad_req = "write"
    assert c.grad_req == "null"
    with pytest.raises(RuntimeError, match="'null'"):
        c.grad()


def test_repr_is_as_in_mxnet():
    assert repr(gluon.Parameter("w", shape=(2, 0), dtype="float32")) == (
        "Parameter w (shape=(2, 0), dtype=float32)"
    )
    assert repr(gluon.Constant("c", [1.0])).startswith("Constant c (shape=(1,), dtype=")


def test_var_is_a_symbol_with_shape_and_multipliers():
    p = gluon.Parameter("w", shape=(2, 3), lr_mult=3, wd_mult=0.5)
    assert isinstance(p.var(), gx.sym.Symbol)
    assert p.var() is p.var()
    attributes = p.var().attr_dict()["w"]
    assert attributes["__shape__"] == "(2, 3)"
    assert float(attributes["__lr_mult__"]) == 3
    assert float(attributes["__wd_mult__"]) == 0.5


# -- ParameterDict -------------------------------------------------------------------------------


def test_get_makes_once_and_then_compares():
    params = gluon.ParameterDict("a_")
    w = params.get("w", shape=(2, 0), dtype="float32")
    assert w.name == "a_w"
    assert params.get("w", shape=(0, 3)) is w
    assert w.shape == (2, 3)
    with pytest.raises(ValueError, match=r"a_w exists with shape=\(2, 3\).*shape=\(5, 3\)"):
        params.get("w", shape=(5, 3))
    with pytest.raises(ValueError, match="a_w exists with dtype=float32.*dtype=float16"):
        params.get("w", dtype="float16")


def test_get_constant_makes_once():
    params = gluon.ParameterDict("a_")
    k = params.get_constant("k", [1, 2])
    assert params.get_constant("k") is k
    assert list(params.keys()) == ["a_k"]
    with pytest.raises(KeyError, match="no constant a_z"):
        params.get_constant("z")
    params.get("w", shape=(1,))
    with pytest.raises(TypeError, match="a_w is a Parameter, not a Constant"):
        params.get_constant("w", [1])


def test_setattr_and_zero_grad_reach_all_parameters():
    net = nn.Dense(2, in_units=2)
    net.initialize("ones")
    params = net.collect_params()
    params.setattr("lr_mult", 0.5)
    params.setattr("grad_req", "add")
    assert [p.lr_mult for p in params.values()] == [0.5, 0.5]
    for _ in range(2):
        with autograd.record():
            y = net(nd.ones((1, 2)))
        y.backward()
    assert (net.weight.grad().asnumpy() == 2).all()
    params.zero_grad()
    assert (net.weight.grad().asnumpy() == 0).all()
