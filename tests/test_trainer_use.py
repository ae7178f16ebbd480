"""Trainer: stale gradients, freezing, several contexts, errors."""

import numpy as np
import optax
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn

OPTIMIZERS = pytest.mark.parametrize(
    "optimizer",
    [
        pytest.param(("sgd", {"learning_rate": 0.1, "momentum": 0.9}), id="sgd"),
        pytest.param(("adam", {"learning_rate": 0.1}), id="adam"),
        pytest.param((optax.adam(0.1), None), id="optax"),
    ],
)


def two_layers(ctx=None):
    net = nn.HybridSequential(prefix="n_")
    with net.name_scope():
        net.add(nn.Dense(3, in_units=2, use_bias=False), nn.Dense(1, in_units=3, use_bias=False))
    net.initialize(gx.init.Normal(1), ctx=ctx)
    return net


def backward(net, x):
    with autograd.record():
        loss = (net(x) ** 2).sum()
    loss.backward()


def values(net):
    return [p.data().asnumpy() for p in net.collect_params().values()]


X = np.random.RandomState(0).randn(8, 2)


# -- stale gradients -----------------------------------------------------------------------------


def test_stale_gradient_raises_and_changes_nothing():
    net = two_layers()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    with pytest.raises(UserWarning, match=r"gradient of parameter .*n_dense0_weight.* cpu\(0\)"):
        trainer.step(1)
    before = values(net)
    with autograd.record():
        y = net[0](nd.array(X)).sum()
    y.backward()
    with pytest.raises(UserWarning, match="n_dense1_weight.*ignore_stale_grad=True"):
        trainer.step(1)
    assert all((a == b).all() for a, b in zip(values(net), before, strict=True))


def test_ignore_stale_grad_updates_the_fresh_ones_only():
    net = two_layers()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    before = values(net)
    with autograd.record():
        y = net[0](nd.array(X)).sum()
    y.backward()
    trainer.step(1, ignore_stale_grad=True)
    after = values(net)
    assert (after[0] != before[0]).any() and (after[1] == before[1]).all()
    trainer.step(1, ignore_stale_grad=True)
    assert (values(net)[0] == after[0]).all()


@pytest.mark.parametrize("hybridize", [False, True])
@OPTIMIZERS
def test_layers_used_in_turns_equal_a_trainer_each(optimizer, hybridize):
    x = nd.array(X)
    nets = []
    for separate in (False, True):
        gx.random.seed(1)
        net = two_layers()
        for layer in net:
            layer.hybridize(hybridize)
        groups = [[p] for p in net.collect_params().values()] if separate else None
        trainers = [gluon.Trainer(g, *optimizer) for g in groups or [net.collect_params()]]
        for i in range(6):
            used = i % 2
            with autograd.record():
                y = (net[used](x if used == 0 else nd.concat(x, x[:, :1], dim=1)) ** 2).sum()
            y.backward()
            trainers[used if separate else 0].step(8, ignore_stale_grad=True)
        nets.append(values(net))
    for a, b in zip(*nets, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


# -- freezing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("hybridize", [False, True])
@OPTIMIZERS
def test_frozen_layers_stay_and_learn_again_when_thawed(optimizer, hybridize):
    net = two_layers()
    net.hybridize(hybridize)
    net[0].collect_params().setattr("grad_req", "null")
    trainer = gluon.Trainer(net.collect_params(), *optimizer)
    x = nd.array(X)
    start = values(net)
    for _ in range(2):
        backward(net, x)
        trainer.step(8)
    frozen = values(net)
    assert (frozen[0] == start[0]).all() and (frozen[1] != start[1]).any()
    net[0].collect_params().setattr("grad_req", "write")
    backward(net, x)
    trainer.step(8)
    thawed = values(net)
    assert (thawed[0] != frozen[0]).any() and (thawed[1] != frozen[1]).any()
    net[1].collect_params().setattr("grad_req", "null")
    backward(net, x)
    trainer.step(8)
    again = values(net)
    assert (again[0] != thawed[0]).any() and (again[1] == thawed[1]).all()
    assert all(np.isfinite(a).all() for a in again)


def test_gradients_that_add_up_over_several_batches():
    results = []
    for parts in (1, 4):
        gx.random.seed(1)
        net = two_layers()
        net.hybridize()
        net.collect_params().setattr("grad_req", "add")
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01})
        for _ in range(3):
            net.collect_params().zero_grad()
            for part in np.split(X, parts):
                backward(net, nd.array(part))
            trainer.step(8)
        results.append(values(net))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4)


def test_gradients_may_be_changed_before_the_step():
    net = two_layers()
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1})
    before = values(net)
    backward(net, nd.array(X))
    trainer.allreduce_grads()
    gluon.utils.clip_global_norm([p.grad() for p in net.collect_params().values()], 0.5)
    trainer.update(1)
    moved = sum(((a - b) ** 2).sum() for a, b in zip(values(net), before, strict=True))
    np.testing.assert_allclose(np.sqrt(moved), 0.5, rtol=1e-4)


def test_two_trainers_share_one_net():
    net = two_layers()
    net.hybridize()
    slow = gluon.Trainer(net[0].collect_params(), "sgd", {"learning_rate": 0.001})
    fast = gluon.Trainer(net[1].collect_params(), "adam", {"learning_rate": 0.1})
    before = values(net)
    for _ in range(3):
        backward(net, nd.array(X))
        slow.step(8)
        fast.step(8)
    assert all((a != b).any() for a, b in zip(values(net), before, strict=True))


def test_handles_of_parameters_and_gradients_stay_the_same():
    net = two_layers()
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    data, grad = net[0].weight.data(), net[0].weight.grad()
    copy, shared = data.copy(), data.asjax()
    start = data.asnumpy()
    for _ in range(3):
        backward(net, nd.array(X))
        trainer.step(8)
    assert net[0].weight.data() is data
    assert net[0].weight.grad() is grad
    assert (data.asnumpy() != start).any()
    np.testing.assert_array_equal(copy.asnumpy(), start)
    np.testing.assert_array_equal(np.asarray(shared), start)


# -- several contexts ----------------------------------------------------------------------------


@pytest.mark.parametrize("hybridize", [False, True])
@OPTIMIZERS
def test_two_contexts_equal_one(optimizer, hybridize):
    results = []
    for contexts in ([gx.cpu(0)], [gx.cpu(0), gx.cpu(1)]):
        gx.random.seed(1)
        net = two_layers(ctx=contexts)
        net.hybridize(hybridize)
        trainer = gluon.Trainer(net.collect_params(), *optimizer)
        for _ in range(3):
            with autograd.record():
                losses = [
                    (net(x) ** 2).sum() for x in gluon.utils.split_and_load(nd.array(X), contexts)
                ]
            autograd.backward(losses)
            trainer.step(8)
        for p in net.collect_params().values():
            assert [x.context for x in p.list_data()] == contexts
            for x in p.list_data():
                np.testing.assert_array_equal(x.asnumpy(), p.data(gx.cpu(0)).asnumpy())
        results.append([p.data(gx.cpu(0)).asnumpy() for p in net.collect_params().values()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_allreduce_adds_the_gradients_of_all_contexts():
    contexts = [gx.cpu(0), gx.cpu(1)]
    p = gluon.Parameter("w", shape=(2,))
    p.initialize("ones", ctx=contexts)
    trainer = gluon.Trainer([p], "sgd", {"learning_rate": 1})
    with autograd.record():
        losses = [(p.data(ctx) * (i + 1)).sum() for i, ctx in enumerate(contexts)]
    autograd.backward(losses)
    trainer.allreduce_grads()
    assert [g.asnumpy().tolist() for g in p.list_grad()] == [[3, 3], [3, 3]]
    trainer.update(3)
    assert [x.asnumpy().tolist() for x in p.list_data()] == [[0, 0], [0, 0]]


# -- errors --------------------------------------------------------------------------------------


def parameter(**kwargs):
    p = gluon.Parameter("w", shape=(2,), **kwargs)
    p.initialize("ones")
    return p


@pytest.mark.parametrize("params", [[1], "w", 3, nd.ones((2,)), [nd.ones((2,))]])
def test_params_must_be_parameters(params):
    with pytest.raises(ValueError, match=r"Trainer takes .* net.collect_params\(\)"):
        gluon.Trainer(params, "sgd")


def test_unknown_optimizers_and_arguments_are_named():
    with pytest.raises(ValueError, match="nope"):
        gluon.Trainer([parameter()], "nope")
    with pytest.raises(TypeError, match="SGD got unexpected arguments: momntum"):
        gluon.Trainer([parameter()], "sgd", {"momntum": 1})
    for optimizer in (gx.optimizer.SGD(), optax.sgd(0.1)):
        with pytest.raises(ValueError, match="optimizer_params must be empty"):
            gluon.Trainer([parameter()], optimizer, {"learning_rate": 1})
    with pytest.raises(gx.MXNetError, match="dist_async"):
        gluon.Trainer([parameter()], "sgd", kvstore="dist_async")


def test_parameters_without_values_are_named():
    p = gluon.Parameter("w", shape=(2,))
    with pytest.raises(RuntimeError, match="w has not been initialized"):
        gluon.Trainer([p], "sgd").step(1)
    p = gluon.Parameter("w", shape=(2, 0), allow_deferred_init=True)
    p.initialize()
    with pytest.raises(gluon.parameter.DeferredInitializationError, match="w has no values yet"):
        gluon.Trainer([p], "sgd").step(1)


def test_rate_of_a_scheduler_cannot_be_set():
    schedule = gx.lr_scheduler.FactorScheduler(step=2, factor=0.5)
    options = {"learning_rate": 0.1, "lr_scheduler": schedule}
    trainer = gluon.Trainer([parameter()], "sgd", options)
    assert trainer.learning_rate == 0.1
    with pytest.raises(UserWarning, match="lr_scheduler"):
        trainer.set_learning_rate(1)


def test_own_optimizer_without_update_says_what_to_define():
    class Nothing(gx.optimizer.Optimizer):
        pass

    p = parameter()
    with pytest.raises(TypeError, match=r"Nothing must define update\(\) or transformation\(\)"):
        gx.optimizer.get_updater(Nothing())(0, nd.ones((2,)), p.data())


def test_parameter_given_twice_is_updated_once():
    p = parameter()
    trainer = gluon.Trainer([p, p], "sgd", {"learning_rate": 1})
    with autograd.record():
        y = p.data().sum()
    y.backward()
    trainer.step(1)
    assert p.data().asnumpy().tolist() == [0, 0]
