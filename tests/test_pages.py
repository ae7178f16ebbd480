"""Programs that compute in the memory of the call before: counted in fresh pages, not in time."""

import gc
import sys
import threading

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn
from gluonx.engine import pages

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="a question of the GNU C library's memory"
)


def compilations():
    """The threads that compile."""
    return [t for t in threading.enumerate() if t.name == "gluonx-compile"]


def step_of(units, rows):
    """A training step with ``units * rows`` numbers in each of some layers, and its network."""
    gx.random.seed(3)
    net = nn.HybridSequential()
    for _ in range(6):
        net.add(nn.Dense(units, activation="tanh", in_units=units))
    net.initialize(gx.init.Xavier())
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    rng = np.random.default_rng(0)
    x = nd.array(rng.normal(size=(rows, units)))

    def step(x=x):
        with autograd.record():
            loss = (net(x) ** 2).mean()
        loss.backward()
        trainer.step(1)
        return loss.asscalar()

    return step, x, net


def resident_bytes():
    """What the process has of the machine's memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def fresh_bytes(step):
    """What a step touches that the operating system has to clear before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    step()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    return faults * resource.getpagesize()


def test_a_program_that_runs_often_keeps_its_memory(monkeypatch):
    monkeypatch.setattr(pages, "AT", (3, 7))
    rows = 80 << 10  # 5 MB in each layer's result
    step, x, net = step_of(16, rows)
    losses = [step() for _ in range(3)]
    assert min(fresh_bytes(step) for _ in range(4)) > 32 << 20
    (thread,) = compilations()
    thread.join()
    assert min(fresh_bytes(step) for _ in range(12)) < 4 << 20
    [compiled] = [s for s in gx.engine.explain().steps if s.name.startswith(net.name)]
    assert (compiled.times, compiled.runs) == (1, 19)
    # another batch size, for which the executable was not made, and back
    losses += [step(x[:1000]), step(), step()]
    assert min(fresh_bytes(step) for _ in range(4)) < 4 << 20
    monkeypatch.setattr(pages, "AT", ())
    other, y, _ = step_of(16, rows)
    expected = [other() for _ in range(19)]
    assert losses == [*expected[:3], other(y[:1000]), other(), other()]  # to the bit
    with gx.engine.fusing(False):
        other, y, _ = step_of(16, rows)
        expected = [other() for _ in range(19)]
        expected = [*expected[:3], other(y[:1000]), other(), other()]
    np.testing.assert_allclose(losses, expected, rtol=2e-5)


def test_a_large_program_keeps_all_of_its_memory(monkeypatch):
    monkeypatch.setattr(pages, "AT", (3, 7))
    step, _, net = step_of(16, 400 << 10)  # 26 MB in each layer's result
    for _ in range(3):
        step()
    assert min(fresh_bytes(step) for _ in range(4)) > 120 << 20
    for thread in compilations():  # this one may have ended
        thread.join()
    assert min(fresh_bytes(step) for _ in range(8)) < 16 << 20
    # and no longer than there is the program
    before = resident_bytes()
    del step, net
    gc.collect()
    assert not pages._needs
    assert resident_bytes() < before - (60 << 20)


def test_a_small_program_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(pages, "AT", (3, 7))
    step, _, _ = step_of(16, 1 << 10)
    for _ in range(9):
        step()
    assert not compilations()
