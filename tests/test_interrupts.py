"""Ctrl-C at any moment of a training step leaves every array with its old value or its new one."""

import contextlib

import numpy as np
import pytest
from gathering import gathering
from interrupting import held_locks, interrupted_at, points_of
from rehearsing import rehearsing

import gluonx as gx
from gluonx import autograd, gluon, nd, nn
from gluonx.engine import buffer
from gluonx.engine.state import state

BATCH = 4
DATA = np.random.default_rng(0).normal(size=(BATCH, 3))
RATE = {"learning_rate": 0.02}


class Run:
    """A network of two layers; subclasses have a training step."""

    contexts = (gx.cpu(0),)
    #: Whether an interrupted step was done as a whole, or not at all.
    whole = True
    #: How many steps come before each that is interrupted.
    warm = 0

    def __init__(self):
        gx.random.seed(3)
        self.net = self.network()
        self.params = list(self.net.collect_params().values())
        self.trainer = gluon.Trainer(self.net.collect_params(), "adam", RATE)
        self.loss_function = gluon.loss.L2Loss()
        self.x = nd.array(DATA)
        self.prepare()

    def network(self, hybridize=True):
        net = nn.HybridSequential()
        net.add(nn.Dense(3, in_units=3, activation="tanh"), nn.Dense(3, in_units=3))
        net.initialize(gx.init.Xavier(), ctx=list(self.contexts))
        net.hybridize(hybridize)
        return net

    def prepare(self):
        pass

    def backward(self):
        with autograd.record():
            self.loss = self.loss_function(self.net(self.x), self.x)
        self.loss.backward()

    def step(self):
        self.backward()
        self.trainer.step(BATCH)

    def arrays(self):
        """All that a user may look at."""
        found = [p.list_data() for p in self.params]
        found += [p.list_grad() for p in self.params if p.grad_req != "null"]
        return [x for arrays in found for x in arrays] + [self.loss]

    def values(self):
        """The parameters, on each device."""
        return [x.asnumpy() for p in self.params for x in p.list_data()]


class Plain(Run):
    """As everybody writes it."""


class Looked(Run):
    """What is deferred runs in parts."""

    def step(self):
        self.backward()
        self.loss.asnumpy()
        self.trainer.step(BATCH)


class Eager(Run):
    def network(self):
        return super().network(hybridize=False)


class Micro(Run):
    """Gradients of several batches are added up."""

    def prepare(self):
        self.net.collect_params().setattr("grad_req", "add")

    def step(self):
        self.net.collect_params().zero_grad()
        for _ in range(3):
            self.backward()
        self.trainer.step(3 * BATCH)


class Written(Run):
    """Gradients are looked at and written to before the update."""

    def step(self):
        self.backward()
        gluon.utils.clip_global_norm([p.grad() for p in self.params], 100.0)
        self.params[1].grad()[:] *= 0.5
        self.params[2].grad()[0] = 0.25
        self.params[2].grad()[[1, 2]] *= 0.5
        self.trainer.step(BATCH)


class HeadGradient(Run):
    """A backward pass that is not like the one before."""

    count = 0

    def backward(self):
        self.count += 1
        with autograd.record():
            self.loss = self.net(self.x)
        self.loss.backward([None, self.x * 0 + 1][self.count % 2])


class Statistics(Run):
    """BatchNorm's statistics change in the forward pass."""

    whole = False

    def network(self):
        net = nn.HybridSequential()
        net.add(nn.Dense(3, in_units=3), nn.BatchNorm(in_channels=3), nn.Dropout(0.5))
        net.initialize(gx.init.Xavier())
        net.hybridize()
        return net


class Two(Run):
    """Two networks, each with a Trainer, as in a GAN."""

    whole = False

    def prepare(self):
        self.other = self.network()
        self.params += self.other.collect_params().values()
        self.second = gluon.Trainer(self.other.collect_params(), "sgd", {**RATE, "momentum": 0.5})

    def step(self):
        with autograd.record():
            made = self.net(self.x)
            self.loss = self.loss_function(self.other(made.detach()), self.x)
        self.loss.backward()
        self.second.step(BATCH)
        with autograd.record():
            self.loss = self.loss_function(self.other(self.net(self.x)), self.x)
        self.loss.backward()
        self.trainer.step(BATCH)


class Replicas(Run):
    """Two devices."""

    contexts = (gx.cpu(0), gx.cpu(1))

    def step(self):
        parts = gluon.utils.split_and_load(DATA, self.contexts)
        with autograd.record():
            self.losses = [self.loss_function(self.net(x), x) for x in parts]
        autograd.backward(self.losses)
        self.loss = self.losses[0]
        self.trainer.step(BATCH)


class MicroReplicas(Replicas):
    def prepare(self):
        self.net.collect_params().setattr("grad_req", "add")

    def step(self):
        self.net.collect_params().zero_grad()
        parts = gluon.utils.split_and_load(DATA, self.contexts)
        for _ in range(2):
            with autograd.record():
                self.losses = [self.loss_function(self.net(x), x) for x in parts]
            autograd.backward(self.losses)
        self.loss = self.losses[1]
        self.trainer.step(2 * BATCH)


class Gathered(Run):
    """Steps wait until several are one call."""


class Scripted(Run):
    """Steps follow a script, once two were like the one before."""

    warm = 3


class ScriptedMicro(Scripted, Micro):
    """So do those of several batches."""


class Module:
    """A Module's step, which is prepared."""

    whole, warm = True, 0

    def __init__(self):
        gx.random.seed(3)
        x = gx.sym.FullyConnected(gx.sym.var("data"), num_hidden=4, name="fc1")
        x = gx.sym.FullyConnected(gx.sym.Activation(x, act_type="tanh"), num_hidden=3, name="fc2")
        self.module = gx.mod.Module(gx.sym.SoftmaxOutput(x, name="softmax"))
        self.module.bind([("data", (4, 3))], [("softmax_label", (4,))])
        self.module.init_params(gx.init.Xavier())
        self.module.init_optimizer("local", "adam", {**RATE, "rescale_grad": 0.25})
        self.batch = gx.io.DataBatch([nd.array(DATA)], [nd.array([0, 1, 2, 0])])
        self.metric = gx.metric.create(["acc", "ce"])

    def step(self):
        self.module.forward_backward(self.batch)
        self.module.update()
        self.module.update_metric(self.metric, self.batch.label)

    def arrays(self):
        one = self.module._exec_group.execs[0]
        found = [*one.outputs, *one.arg_arrays, *one.grad_arrays]
        return [x for x in found if x is not None]

    def values(self):
        return [x.asnumpy() for x in self.module.get_params()[0].values()]


RUNS = [
    Plain, Looked, Eager, Micro, Written, HeadGradient, Statistics, Two, Replicas, MicroReplicas,
    Gathered, Scripted, ScriptedMicro, Module,
]  # fmt: skip
#: How many steps a run takes before it is interrupted.
BEGUN = 6


def apart(a, b):
    """How far two lists of arrays are from one another."""
    return max(float(np.abs(x - y).max()) for x, y in zip(a, b, strict=True))


def interrupt(kind, every, first):
    """Interrupt a step at each of some points, and look at everything."""
    scope = contextlib.nullcontext()
    if kind is Gathered:
        scope = gathering(count=3)
    elif kind.warm:
        scope = rehearsing()
    with scope as updates:
        run, plain = kind(), kind()
        for _ in range(BEGUN):
            run.step()
            plain.step()
        old = plain.values()
        points = points_of(run.step)
        plain.step()
        old, new = plain.values(), None
        interrupts = completed = 0
        for point in range(first % every + 1, points + 1, every):
            for _ in range(kind.warm):
                run.step()
                if new is None:
                    plain.step()
                    new = plain.values()
                old, new = new, None
            if new is None:
                plain.step()
                new = plain.values()
            came = interrupted_at(run.step, point)
            interrupts += came
            assert not autograd.is_recording() and not autograd.is_training(), point
            for x in run.arrays():
                assert np.isfinite(x.asnumpy()).all(), point
            found = run.values()
            if kind.whole:
                far = apart(old, new)
                gaps = apart(found, old), apart(found, new)
                assert min(gaps) < 0.05 * far, (point, points, far, gaps)
                if gaps[1] < gaps[0]:
                    completed, old, new = completed + came, new, None
                else:
                    assert came, point
            if point % 3 == 0:  # what was interrupted is no obstacle
                run.step()
                if kind.whole:
                    if new is None:
                        plain.step()
                        new = plain.values()
                    assert apart(run.values(), new) < 0.05 * apart(old, new), (point, points)
                    old, new = new, None
        assert not kind.warm or updates.count(True) > interrupts
        assert interrupts > 0.5 * len(range(first % every + 1, points + 1, every))
        if kind.whole:
            assert completed < interrupts


@pytest.mark.slow
@pytest.mark.parametrize("kind", RUNS)
def test_an_interrupt_at_any_moment_of_a_step(kind, seed):
    interrupt(kind, 9, seed)


@pytest.mark.parametrize(
    ("kind", "every"),
    [
        (Micro, 61),
        (Written, 211),
        (Replicas, 61),
        (Scripted, 17),
        (ScriptedMicro, 31),
        (Module, 41),
    ],
)
def test_an_interrupt_at_some_moments_of_a_step(kind, every, seed):
    interrupt(kind, every, seed)


def test_no_lock_stays_held():
    """Python lets no signal in between the end of a ``with`` statement's body and the unlocking."""
    run = Plain()
    run.step()
    run.step()
    points = points_of(run.step)
    assert points > 300
    for point in range(1, points, 9):
        interrupted_at(run.step, point)  # looks at the locks
    with state.lock, buffer._claiming:
        assert held_locks() == ["gluonx.engine.buffer._claiming", "state.lock"]
    assert not held_locks()
