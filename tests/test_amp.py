"""Mixed precision: what is cast, what stays, steps that stay fused, scaled losses."""

import gc

import numpy as np
import pytest

import gluonx as gx
from gluonx import amp, autograd, engine, gluon, nd, nn, sym
from gluonx.error import MXNetError


@pytest.fixture(autouse=True)
def off_again():
    yield
    amp.disable()


def name(x):
    return np.dtype(x.dtype).name


def network():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, in_channels=2), nn.BatchNorm(in_channels=4), nn.Activation("relu"))
    net.add(nn.Dense(3, in_units=36))
    net.initialize(gx.init.Normal(0.2))
    return net


X = np.random.RandomState(0).randn(6, 2, 5, 5).astype("f")
Y = np.arange(6) % 3
LOSS = gluon.loss.SoftmaxCrossEntropyLoss()


def smaller(trainer):
    """Begin with a scale at which the first step does not overflow."""
    trainer._amp_loss_scaler._initial = 2.0**10


def step(net, trainer, scaled=False, x=X):
    with autograd.record():
        loss = LOSS(net(nd.array(x)), nd.array(Y))
        if scaled:
            with amp.scale_loss(loss, trainer) as larger:
                autograd.backward(larger)
    if not scaled:
        loss.backward()
    trainer.step(6)
    return loss


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_operators_cast_as_listed(dtype):
    x, w = nd.ones((2, 3)), nd.ones((4, 3))
    call = lambda a: nd.FullyConnected(a, w, no_bias=True, num_hidden=4)  # noqa: E731
    assert name(call(x)) == "float32"
    amp.init(dtype)
    half = call(x)
    assert name(half) == dtype
    assert name(nd.relu(half)) == dtype  # as it is given
    assert name(nd.softmax(half)) == "float32"
    assert name(half + nd.ones((2, 4))) == "float32"  # the widest
    assert name(nd.concat(half, nd.ones((2, 1)))) == "float32"
    assert name(nd.Activation(half, act_type="tanh")) == dtype
    assert name(nd.Activation(half, act_type="softrelu")) == "float32"
    assert name(nd.dot(x.astype("float64"), w.astype("float64").T)) == "float64"
    amp.disable()
    assert name(call(x)) == "float32"


def test_user_blocks_and_symbols_obey():
    class Net(gluon.HybridBlock):
        def hybrid_forward(self, F, x, w):
            return F.FullyConnected(x, w, no_bias=True, num_hidden=4)

    x, w = nd.ones((2, 3)), nd.ones((4, 3))
    net = Net()
    net.hybridize()
    assert name(net(x, w)) == "float32"
    amp.init()
    assert name(net(x, w)) == "bfloat16"  # compiled anew
    y = sym.FullyConnected(sym.var("x"), sym.var("w"), no_bias=True, num_hidden=4)
    assert name(y.eval(gx.cpu(), x=x, w=w)[0]) == "bfloat16"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_training_is_one_executable_and_near_float32(dtype):
    single, mixed = network(), network()
    for p, q in zip(single.collect_params().values(), mixed.collect_params().values(), strict=True):
        q.set_data(p.data())
    trainer = gluon.Trainer(single.collect_params(), "sgd", {"learning_rate": 0.1})
    single.hybridize()
    for _ in range(6):
        step(single, trainer)
    amp.init(dtype)
    trainer = gluon.Trainer(mixed.collect_params(), "sgd", {"learning_rate": 0.1})
    amp.init_trainer(trainer)
    smaller(trainer)
    mixed.hybridize()
    step(mixed, trainer, scaled=True)
    gc.collect()  # what is gone is not listed
    before = engine.explain().steps
    for _ in range(5):
        step(mixed, trainer, scaled=True)
    after = engine.explain().steps
    assert sum(s.times for s in after) == sum(s.times for s in before)
    assert sum(s.runs for s in after) == sum(s.runs for s in before) + 5  # one a step
    [block] = [b for b in engine.explain().blocks if b.name == mixed.name]
    assert block.times == 1
    for p, q in zip(single.collect_params().values(), mixed.collect_params().values(), strict=True):
        assert name(q.data()) == "float32"
        if q.grad_req != "null":
            assert name(q.grad()) == "float32"
        np.testing.assert_allclose(q.data().asnumpy(), p.data().asnumpy(), atol=0.03)


def test_scaled_step_skips_overflow_and_halves_the_scale():
    amp.init("float16")
    net = network()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
    amp.init_trainer(trainer)
    smaller(trainer)
    net.hybridize()
    scaler = trainer._amp_loss_scaler
    step(net, trainer, scaled=True)
    assert scaler.loss_scale == 2.0**10
    counts = [(s.times, s.runs) for s in engine.explain().steps if net.name in s.name]
    assert counts == [(1, 1)]
    before = {k: p.data().asnumpy() for k, p in net.collect_params().items() if "run" not in k}
    bad = X.copy()
    bad[0, 0, 0, 0] = np.inf
    step(net, trainer, scaled=True, x=bad)
    assert scaler.loss_scale == 2.0**9
    for k, old in before.items():
        np.testing.assert_array_equal(net.collect_params()[k].data().asnumpy(), old)
    assert scaler.has_overflow(trainer._params)
    counts = [(s.times, s.runs) for s in engine.explain().steps if net.name in s.name]
    assert counts == [(1, 2)]  # one executable, whether the step is skipped or not


def test_scale_grows_after_good_steps():
    amp.init("float16")
    net = nn.Dense(1, in_units=2)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01})
    amp.init_trainer(trainer)
    trainer._amp_loss_scaler._scale_seq_len = 3
    scales = []
    for _ in range(7):
        with autograd.record():
            loss = (net(nd.ones((2, 2))) - 1) ** 2 * 1e-4
            with amp.scale_loss(loss, trainer) as scaled:
                scaled.backward()
        trainer.step(2)
        scales.append(trainer._amp_loss_scaler.loss_scale / 2.0**16)
    assert scales == [1, 1, 2, 2, 2, 4, 4]


def test_scale_is_loaded_with_the_states(tmp_path):
    amp.init("float16")
    net = nn.Dense(1, in_units=2)
    net.initialize()
    trainers = []
    for _ in range(2):
        trainer = gluon.Trainer(net.collect_params(), "adam")
        amp.init_trainer(trainer)
        trainers.append(trainer)
    smaller(trainers[0])
    with autograd.record():
        loss = net(nd.ones((2, 2)))
    loss.backward()
    trainers[0].step(2)
    trainers[0].save_states(tmp_path / "s")
    trainers[1].load_states(tmp_path / "s")
    assert trainers[1]._amp_loss_scaler.loss_scale == 2.0**10


def test_unscaled_gradients_are_those_of_the_loss_and_step_does_not_divide_again():
    amp.init("float16")
    found = []
    for unscale in (False, True):
        net = nn.Dense(1, in_units=2)
        net.initialize(gx.init.One())
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1.0})
        amp.init_trainer(trainer)
        smaller(trainer)
        for _ in range(2):
            with autograd.record():
                loss = net(nd.array([[1, 2], [3, 4]]))
                with amp.scale_loss([loss], trainer) as [scaled]:
                    scaled.backward()
            if unscale:
                amp.unscale(trainer)
                assert net.weight.grad().asnumpy().tolist() == [[4, 6]]
            trainer.step(2)
        found.append(net.weight.data().asnumpy())
    np.testing.assert_array_equal(*found)
    assert found[0].tolist() == [[-3, -5]]


def test_bfloat16_scale_is_one():
    amp.init()
    net = nn.Dense(1, in_units=2)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "sgd")
    amp.init_trainer(trainer)
    loss = nd.ones((1,))
    with amp.scale_loss(loss, trainer) as scaled:
        assert scaled is loss
    assert trainer._amp_loss_scaler.loss_scale == 1


def test_converted_block_computes_in_half_and_leaves_the_other_alone():
    net = network()
    half = amp.convert_hybrid_block(net, "bfloat16")
    x = nd.array(X)
    assert (name(half(x)), name(net(x)), name(half(x))) == ("bfloat16", "float32", "bfloat16")
    np.testing.assert_allclose(half(x).asnumpy().astype("f"), net(x).asnumpy(), atol=0.05)
    assert name(net[0].weight.data()) == "float32"


def test_lists_can_be_replaced():
    amp.init(target_precision_ops=["dot"], fp32_ops=["relu"])
    x = nd.ones((2, 2))
    assert name(nd.dot(x, x)) == "bfloat16"
    assert name(nd.FullyConnected(x, x, no_bias=True, num_hidden=2)) == "float32"
    assert name(nd.relu(nd.dot(x, x))) == "float32"
    assert "Convolution" in amp.list_lp16_ops() and "softmax" in amp.list_fp32_ops()


def test_wrong_use_raises():
    net = nn.Dense(1, in_units=2)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "sgd")
    with pytest.raises(ValueError, match="target_dtype must be"):
        amp.init("float64")
    with pytest.raises(ValueError, match="no operators called Dense"):
        amp.init(fp32_ops=["Dense"])
    with pytest.raises(MXNetError, match=r"call amp.init\(\)"):
        amp.init_trainer(trainer)
    with pytest.raises(MXNetError, match="init_trainer"), amp.scale_loss(nd.ones((1,)), trainer):
        pass
    with pytest.raises(TypeError, match="takes a gluon.Trainer"):
        amp.init_trainer("sgd")


def test_mxnet_spelling_is_the_same_module():
    from gluonx.contrib import amp as other
    from gluonx.contrib.amp.loss_scaler import LossScaler

    assert other is amp
    assert LossScaler is amp.LossScaler


def test_converted_symbol_has_casts_and_the_same_arguments():
    x = sym.var("x")
    y = sym.FullyConnected(x, num_hidden=3, name="fc")
    z = sym.softmax(sym.BatchNorm(y, name="bn") + y, name="out")
    half = sym.load_json(amp.convert_symbol(z, "bfloat16").tojson())
    assert half.list_arguments() == z.list_arguments()
    assert half.list_auxiliary_states() == z.list_auxiliary_states()
    arrays = {n: nd.ones((2, 4) if n == "x" else (3, 4) if n == "fc_weight" else (3,)) for n in
              z.list_arguments()}  # fmt: skip
    aux = {n: nd.ones((3,)) for n in z.list_auxiliary_states()}
    want = z.bind(gx.cpu(), arrays, aux_states=aux).forward()[0]
    got = half.bind(gx.cpu(), arrays, aux_states=aux).forward()[0]
    assert name(got) == "float32"
    np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), atol=0.01)
    inside = half.get_internals()
    assert sum("amp_cast" in n for n in inside.list_outputs()) == 4
    plain = amp.convert_symbol(z, excluded_sym_names=["fc", "out"])
    assert not any("amp_cast" in n for n in plain.get_internals().list_outputs())
    model, args, states = amp.convert_model(z, arrays, aux)
    assert (args, states) == (arrays, aux)
    assert model.list_arguments() == z.list_arguments()
