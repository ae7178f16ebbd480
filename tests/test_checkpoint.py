"""Checkpoints by Orbax: a run that goes on from one is the run that was not interrupted."""

import sys

import jax
import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd
from gluonx.checkpoint import Checkpoints
from gluonx.error import MXNetError


def make(contexts, optimizer="adam"):
    net = gx.nn.HybridSequential()
    net.add(gx.nn.Dense(2), gx.nn.Dropout(0.5), gx.nn.BatchNorm())
    net.initialize(ctx=contexts)
    net.hybridize()
    if optimizer == "heavy":
        return net, gluon.Trainer(net.collect_params(), Heavy(learning_rate=0.1))
    scheduler = gx.lr_scheduler.FactorScheduler(2, 0.5)
    arguments = {"learning_rate": 0.1, "lr_scheduler": scheduler}
    return net, gluon.Trainer(net.collect_params(), optimizer, arguments)


def train(net, trainer, contexts):
    """A step with random numbers of each device and of the host."""
    losses = []
    with autograd.record():
        for ctx in contexts:
            x = nd.random.normal(shape=(4, 3), ctx=ctx)
            losses.append((net(x * gx.random.host_rng().normal()) ** 2).sum())
    autograd.backward(losses)
    trainer.step(4 * len(contexts))


def weights(net):
    return [x.asnumpy() for p in net.collect_params().values() for x in p.list_data()]


class Heavy(gx.optimizer.Optimizer):
    """An optimizer written in Python."""

    def create_state(self, index, weight):
        return nd.zeros(weight.shape), [0]

    def update(self, index, weight, grad, state):
        self._update_count(index)
        state[1][0] += 1
        state[0][:] = 0.5 * state[0] - 0.1 / state[1][0] * grad
        weight += state[0]


@pytest.mark.extras
@pytest.mark.parametrize("optimizer, devices", [("adam", 1), ("sgd", 2), ("heavy", 1)])
def test_run_that_goes_on_from_a_checkpoint_is_the_same_bit_for_bit(optimizer, devices, tmp_path):
    pytest.importorskip("orbax.checkpoint")
    contexts = [gx.cpu(i) for i in range(devices)]
    net, trainer = make(contexts, optimizer)
    numbers = {"epoch": 3, "best": (0.5, None), "table": np.arange(3, dtype="int64")}
    with Checkpoints(tmp_path / "run", keep=2) as checkpoints:
        assert checkpoints.latest is None
        for step in range(5):
            train(net, trainer, contexts)
            if step in (0, 1, 2):
                # written in the background, while the next steps change all of it
                checkpoints.save(step, net, trainer, numbers)
    want = weights(net)
    drawn = nd.random.uniform(shape=(3,)).asnumpy()
    gx.random.seed(77)
    again, other = make(contexts, optimizer)
    with Checkpoints(tmp_path / "run", asynchronous=False) as checkpoints:
        assert checkpoints.steps == [1, 2]
        found = checkpoints.restore(again, other)
    assert found["epoch"] == 3 and found["best"] == (0.5, None)
    assert found["table"].dtype == np.int64 and found["table"].tolist() == [0, 1, 2]
    for _ in range(2):
        train(again, other, contexts)
    assert (nd.random.uniform(shape=(3,)).asnumpy() == drawn).all()
    for a, b in zip(weights(again), want, strict=True):
        assert a.dtype == b.dtype and (a == b).all()
    assert other.learning_rate == trainer.learning_rate
    assert optimizer == "heavy" or other.learning_rate < 0.1


@pytest.mark.extras
def test_all_element_types_and_sharded_arrays_are_saved(tmp_path):
    pytest.importorskip("orbax.checkpoint")
    kinds = "float16 bfloat16 float32 float64 int8 int32 int64 uint8 bool".split()
    net = gx.ParameterDict("p/")
    for kind in kinds:
        p = net.get(kind, shape=(2, 3), dtype=kind, init="ones", grad_req="null")
        p.initialize()
        p.set_data((nd.arange(6).reshape((2, 3)) % 2).astype(kind))
    mesh = jax.make_mesh((2,), ("x",), devices=jax.devices()[:2])
    spread = jax.NamedSharding(mesh, jax.sharding.PartitionSpec("x"))
    numbers = [jax.device_put(np.arange(8.0, dtype="float32"), spread), np.zeros((0, 2)), 2**80]
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(0, net, numbers=numbers)
        for p in net.values():
            p.set_data(nd.zeros((2, 3), dtype=p.dtype))
        sharded, empty, large = checkpoints.restore(net)
    for p in net.values():
        assert np.dtype(p.data().dtype) == np.dtype(p.dtype)
        assert p.data().astype("float32").asnumpy().tolist() == [[0, 1, 0], [1, 0, 1]]
    assert sharded.tolist() == list(range(8)) and empty.shape == (0, 2) and large == 2**80


@pytest.mark.extras
def test_errors_of_checkpoints_say_what_is_wrong_and_change_nothing(tmp_path, monkeypatch):
    pytest.importorskip("orbax.checkpoint")
    contexts = [gx.cpu(0)]
    net, trainer = make(contexts)
    train(net, trainer, contexts)
    with Checkpoints(tmp_path / "run") as checkpoints:
        with pytest.raises(MXNetError, match="there is no checkpoint in .*run; there are: none"):
            checkpoints.restore(net)
        with pytest.raises(TypeError, match="a state may hold"):
            checkpoints.save(1, net, numbers=object())
        with pytest.raises(TypeError, match="net must be a Block or a ParameterDict, got list"):
            checkpoints.save(1, [])
        checkpoints.save(1, net)
        with pytest.raises(MXNetError, match="cannot save checkpoint 1 in"):
            checkpoints.save(1, net)
        with pytest.raises(MXNetError, match="there is no checkpoint 7 in .*; there are: 1"):
            checkpoints.restore(net, step=7)
        with pytest.raises(MXNetError, match="was saved without a trainer"):
            checkpoints.restore(net, trainer)
        checkpoints.save(2, net, trainer)
        other = gx.nn.Dense(2, in_units=3)
        other.initialize()
        before = weights(other)
        with pytest.raises(ValueError, match="(?s)cannot load checkpoint 2 of .*missing.*weight"):
            checkpoints.restore(other)
        assert all((a == b).all() for a, b in zip(weights(other), before, strict=True))
        same, plain = make(contexts, "sgd")
        train(same, plain, contexts)
        before = weights(same)
        with pytest.raises(MXNetError, match="these are states of Adam"):
            checkpoints.restore(same, plain)
        assert all((a == b).all() for a, b in zip(weights(same), before, strict=True))
        checkpoints.wait()
        for path in (tmp_path / "run" / "2" / "gluonx").iterdir():
            path.write_bytes(path.read_bytes()[:10])
        with pytest.raises(MXNetError, match="cannot read checkpoint 2 of"):
            checkpoints.restore(net, trainer)
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    with pytest.raises(MXNetError, match=r"pip install gluonx\[orbax\]"):
        Checkpoints(tmp_path)


def test_state_of_random_numbers_is_checked():
    state = gx.random.get_state()
    for wrong in ({}, None, state | {"generators": [[1]]}, state | {"host": {}}):
        with pytest.raises(ValueError, match=r"takes what get_state\(\) gave"):
            gx.random.set_state(wrong)
