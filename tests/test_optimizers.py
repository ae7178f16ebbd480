"""All optimizers, by properties: as MXNet's, fused or not, in 16 bits, on two devices, saved, ...

They are listed in ``optimizers.py``; MXNet's numbers are in ``reference/optimizers.json``, written
by ``reference/make_optimizers.py``.
"""

import functools
import inspect
import json
from pathlib import Path

import numpy as np
import pytest
from optimizers import OPTIMIZERS, network, parameters, step, train, weights

import gluonx as gx
from gluonx import autograd, gluon, nd

REFERENCE = json.loads((Path(__file__).parent / "reference" / "optimizers.json").read_text())
EACH = pytest.mark.parametrize("name", OPTIMIZERS)
#: For each optimizer, the entry with most arguments.
FAMILIES = {
    optimizer: max(
        (n for n, (o, _) in OPTIMIZERS.items() if o == optimizer),
        key=lambda n: len(OPTIMIZERS[n][1]),
    )
    for optimizer, _ in OPTIMIZERS.values()
}
#: Those that the quick tests take where the code is common to all.
QUICK = {"sgd", "adam", "lamb", "nadam", "lbsgd", "lars"}


def one_of_each(quick=None, without=()):
    """Parametrize a test over one entry for each optimizer; all but ``quick`` are slow tests."""
    return pytest.mark.parametrize(
        "name",
        [
            pytest.param(name, marks=pytest.mark.slow if quick and o not in quick else ())
            for o, name in FAMILIES.items()
            if o not in without
        ],
    )


@functools.cache
def trained(name, steps):
    gx.random.seed(3)
    net, _, losses = train(gx, name, hybridize=True, steps=steps)
    return weights(net), losses


def test_every_optimizer_is_listed():
    made = {type(gx.optimizer.create(o, **a)) for o, a in OPTIMIZERS.values()}
    known = {c for c in gx.optimizer.Optimizer.opt_registry.values() if "gluonx" in c.__module__}
    assert known - made == {gx.optimizer.ccSGD}
    names = [getattr(gx.optimizer, n) for n in gx.optimizer.__all__]
    names += [getattr(gx.optimizer.contrib, n) for n in gx.optimizer.contrib.__all__]
    public = {c for c in names if inspect.isclass(c) and issubclass(c, gx.optimizer.Optimizer)}
    assert public - {gx.optimizer.Optimizer} == known


@pytest.mark.parametrize("name", REFERENCE)
def test_trains_as_mxnet(name):
    values, losses = trained(name, 30)
    np.testing.assert_allclose(losses, REFERENCE[name]["losses"], rtol=5e-5)
    np.testing.assert_allclose(values, REFERENCE[name]["weights"], rtol=1e-4, atol=1e-5)


@EACH
def test_learns(name):
    losses = trained(name, 30)[1]
    assert losses[-1] < losses[0] * 0.99


@one_of_each(QUICK)
def test_fused_equals_one_after_the_other(name):
    gx.random.seed(3)
    with gx.engine.fusing(False):
        net, _, losses = train(gx, name, steps=30)
    values, fused = trained(name, 30)
    np.testing.assert_allclose(losses, fused, rtol=1e-4)
    np.testing.assert_allclose(weights(net), values, rtol=1e-3, atol=1e-4)


@one_of_each(QUICK)
def test_two_contexts_are_one(name):
    gx.random.seed(3)
    contexts = [gx.cpu(0), gx.cpu(1)]
    net, _, losses = train(gx, name, hybridize=True, steps=3, ctx=contexts)
    for p in parameters(net):
        one, other = p.list_data()
        assert (one.asnumpy() == other.asnumpy()).all()
    gx.random.seed(3)
    again, _, want = train(gx, name, hybridize=True, steps=3)
    np.testing.assert_allclose(losses, want, rtol=1e-5)
    np.testing.assert_allclose(weights(net), weights(again), rtol=1e-4, atol=1e-5)


@one_of_each(QUICK, without=["sgld"])  # which draws other numbers
def test_updater_equals_trainer(name):
    optimizer, arguments = OPTIMIZERS[name]
    net = network(gx, name)
    updater = gx.optimizer.get_updater(gx.optimizer.create(optimizer, **arguments))
    updater.optimizer.rescale_grad /= 8

    class Steps:
        def step(self, batch):
            for i, p in enumerate(parameters(net)):
                updater(i, p.grad(), p.data())

    losses = []
    for i in range(9):
        if i == 3:
            updater.optimizer.set_learning_rate(arguments.get("learning_rate", 0.01) / 2)
        losses.append(step(gx, net, Steps()))
    again, _, want = train(gx, name, hybridize=True, steps=9)
    np.testing.assert_allclose(losses, want, rtol=1e-4)
    np.testing.assert_allclose(weights(net), weights(again), rtol=1e-3, atol=1e-4)


@one_of_each()
def test_numbers_that_change_compile_nothing(name, compilations):
    optimizer, arguments = OPTIMIZERS[name]
    net = network(gx, name)
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), optimizer, arguments)

    def change(i):
        trainer.set_learning_rate(0.01 / (i + 1))
        trainer.optimizer.wd = 0.0 if name == "groupadagrad" else 0.01 * i
        for p in net.collect_params().values():
            p.lr_mult = 1 + i
        step(gx, net, trainer)

    for i in range(2):
        change(i)
    with compilations() as compiled:
        for i in range(2, 10):
            change(i)
    assert compiled == []


@one_of_each()
def test_states_are_saved_loaded_and_go_on(name, tmp_path):
    optimizer, arguments = OPTIMIZERS[name]
    file = tmp_path / "trainer.states"

    def run(net, trainer):
        for _ in range(5):
            step(gx, net, trainer)
        return weights(net)

    net, trainer, _ = train(gx, name, hybridize=True, steps=4)
    trainer.save_states(file)
    net.save_parameters(str(tmp_path / "net.params"))
    gx.random.seed(1)
    want = run(net, trainer)

    other = network(gx, name)
    other.hybridize()
    other.load_parameters(str(tmp_path / "net.params"))
    again = gluon.Trainer(other.collect_params(), optimizer, {**arguments, "learning_rate": 9.0})
    again.load_states(file)
    assert again.learning_rate == trainer.learning_rate
    assert again.optimizer.num_update == 4
    gx.random.seed(1)
    assert (run(other, again) == want).all()


@pytest.mark.parametrize("dtype", ["float16", pytest.param("bfloat16", marks=pytest.mark.slow)])
@one_of_each(QUICK, without=["sgld"])
def test_multi_precision_rounds_a_float32_training(name, dtype):
    net, trainer, _ = train(gx, name, hybridize=True, steps=6, dtype=dtype, multi_precision=True)
    assert all(str(np.dtype(p.data().dtype)) == dtype for p in net.collect_params().values())
    (group,) = trainer._groups
    values = np.concatenate([b.get() for b in group.states[: len(group.indices)]], axis=None)
    assert values.dtype == np.float32  # the copies come first
    rounded = np.asarray(values.astype(np.dtype(net[0].weight.data().dtype)), "float32")
    assert (weights(net) == rounded).all()
    # signs make a step of one size out of a small difference
    want, _, _ = train(gx, name, hybridize=True, steps=6)
    error = np.abs(values - weights(want))
    assert np.median(error) < (0.01 if dtype == "float16" else 0.05)


@one_of_each(QUICK, without=["sgld"])
def test_multipliers_of_all_parameters_act_like_the_numbers_themselves(name):
    optimizer, arguments = OPTIMIZERS[name]
    rate, decay = arguments.get("learning_rate", 0.01), arguments.get("wd", 0.0)
    ends = []
    for k in (1, 0.5):
        net = network(gx, name)
        net.collect_params().setattr("lr_mult", 1 / k)
        net.collect_params().setattr("wd_mult", 1 / k)
        more = {"learning_rate": rate * k, "wd": decay * k}
        trainer = gluon.Trainer(net.collect_params(), optimizer, {**arguments, **more})
        for _ in range(2):
            step(gx, net, trainer)
        ends.append(weights(net))
    np.testing.assert_allclose(*ends, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["adam", "lbsgd-linear"])
def test_a_stale_16_bit_parameter_keeps_its_copy_and_state(name):
    optimizer, arguments = OPTIMIZERS[name]
    net = network(gx, name, "float16")
    trainer = gluon.Trainer(net.collect_params(), optimizer, {**arguments, "multi_precision": True})
    step(gx, net, trainer, "float16")
    (group,) = trainer._groups

    def of_second_layer():  # the bias and the weight of the second layer
        leaves = [np.asarray(b.get()) for b in group.states]
        return [leaf for i, leaf in enumerate(leaves) if i % 4 >= 2]

    before, first = of_second_layer(), weights(net)
    x = nd.ones((2, 4), dtype="float16")
    for _ in range(2):
        with autograd.record():
            loss = net[0](x).sum()
        loss.backward()
        trainer.step(1, ignore_stale_grad=True)
    assert all((a == b).all() for a, b in zip(before, of_second_layer(), strict=True))
    assert (weights(net)[-8:] == first[-8:]).all() and (weights(net)[:-8] != first[:-8]).any()


def test_float64_parameters_are_updated_in_float64():
    x = gx.Parameter("x", shape=(3,), dtype="float64")
    x.initialize(gx.init.One())
    trainer = gluon.Trainer([x], "adam", {"learning_rate": 0.5, "epsilon": 0.0})
    with autograd.record():
        loss = (x.data() * 1e-9).sum()
    loss.backward()
    trainer.step(1)
    assert x.data().dtype == np.float64
    np.testing.assert_allclose(x.data().asnumpy(), 0.5, rtol=1e-6)


def test_sgld_adds_noise_of_the_size_of_its_rate():
    gx.random.seed(0)
    x = gx.Parameter("x", shape=(2000,))
    x.initialize(gx.init.Zero())
    trainer = gluon.Trainer([x], "sgld", {"learning_rate": 0.04})
    drawn = []
    for _ in range(2):
        before = x.data().asnumpy()
        with autograd.record():
            loss = (x.data() * 3).sum()
        loss.backward()
        trainer.step(1)
        drawn.append(x.data().asnumpy() - before)
    for noise in drawn:
        assert abs(noise.mean() + 0.06) < 0.02
        assert abs(noise.std() - 0.2) < 0.02
    assert abs(np.corrcoef(*drawn)[0, 1]) < 0.1


def test_adamw_is_the_operator_with_a_corrected_rate():
    w, g = nd.array([1.0, -2.0]), nd.array([0.3, 0.1])
    optimizer = gx.optimizer.AdamW(learning_rate=0.1, wd=0.2)
    updater = gx.optimizer.get_updater(optimizer)
    other, mean, var = w.copy(), nd.zeros(2), nd.zeros(2)
    for t in range(1, 4):
        updater(0, g, w)
        rate = np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        nd.contrib.adamw_update(other, g, mean, var, 1, lr=rate, eta=0.1, wd=0.2, out=other)
    np.testing.assert_allclose(w.asnumpy(), other.asnumpy(), rtol=1e-6)
    np.testing.assert_allclose(updater.states[0][1].asnumpy(), var.asnumpy(), rtol=1e-6)


def test_adamax_leaves_alone_what_never_had_a_gradient():
    w = nd.array([1.0, 2.0])
    gx.optimizer.get_updater(gx.optimizer.Adamax())(0, nd.array([0.0, 1.0]), w)
    assert w.asnumpy()[0] == 1 and w.asnumpy()[1] < 2
