"""Small training steps that run several at a time: nobody can tell, but by the clock."""

import threading

import numpy as np
import pytest
from gathering import failing, gathering
from interrupting import interrupted_at, points_of

import gluonx as gx
from gluonx import autograd, engine, gluon, nd, nn
from gluonx.engine import config

BATCH = 4
DATA = [nd.array(np.random.default_rng(k).normal(size=(BATCH, 3))) for k in range(3)]


class Run:
    """A network and its training loop."""

    def __init__(self, optimizer="sgd", grad_req="write", dropout=0.0, **arguments):
        gx.random.seed(3)
        self.net = nn.HybridSequential()
        self.net.add(nn.Dense(3, in_units=3, activation="tanh"), nn.Dropout(dropout))
        self.net.add(nn.Dense(3, in_units=3))
        self.net.initialize()
        self.net.hybridize()
        self.params = list(self.net.collect_params().values())
        for p in self.params:
            p.grad_req = grad_req
        arguments.setdefault("learning_rate", 0.1)
        self.trainer = gluon.Trainer(self.net.collect_params(), optimizer, arguments)
        self.loss_function = gluon.loss.L2Loss()
        self.count = 0

    def backward(self, x=None):
        x = DATA[self.count % 3] if x is None else x
        with autograd.record():
            loss = self.loss_function(self.net(x), x)
        loss.backward()
        return loss

    def step(self, x=None):
        loss = self.backward(x)
        self.trainer.step(BATCH)
        self.count += 1
        return loss

    def values(self):
        return [p.data().asnumpy() for p in self.params]


def same(a, b, tolerance=1e-6):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, tolerance, tolerance)


#: What somebody does after a step, and what is seen of it.
LOOKS = {
    "nothing": lambda run, loss: None,
    "loss": lambda run, loss: loss.asnumpy(),
    "mean": lambda run, loss: loss.mean().asscalar(),
    "parameter": lambda run, loss: run.params[-1].data().asnumpy(),
    "gradient": lambda run, loss: run.params[0].grad().asnumpy(),
    "half_a_gradient": lambda run, loss: (run.params[0].grad() * 2).asnumpy(),
    "predict": lambda run, loss: run.net(DATA[0]).asnumpy(),
    "batch": lambda run, loss: run.step(nd.ones((2, 3))).asnumpy(),
    "rate": lambda run, loss: run.trainer.set_learning_rate(0.05),
    "write": lambda run, loss: run.params[0].set_data(run.params[0].data() * 0.5),
    "inplace": lambda run, loss: run.params[1].data().__setitem__(0, 0.25),
    "clear": lambda run, loss: run.params[0].zero_grad(),
    "freeze": lambda run, loss: setattr(run.params[0], "grad_req", "null"),
    "cast": lambda run, loss: run.net.cast("float32"),
    "forward": lambda run, loss: run.backward().asnumpy(),
    "waitall": lambda run, loss: nd.waitall(),
}


def looked(run, look):
    """Train, and look after some steps; what was seen."""
    seen = []
    for k in range(16):
        loss = run.step()
        if k in (7, 8, 13):
            found = LOOKS[look](run, loss)
            seen.append(np.zeros(1) if found is None else found)
    return [*seen, *run.values()]


@pytest.mark.parametrize("look", LOOKS)
def test_what_somebody_looks_at_or_changes_is_as_it_was(look):
    for optimizer in ("sgd", "adam"):
        wanted = looked(Run(optimizer), look)
        with gathering(count=3) as calls:
            found = looked(Run(optimizer), look)
        same(wanted, found)
        assert any(calls)


@pytest.mark.parametrize("before", [3, 4, 5])
def test_a_parameter_that_is_written_between_forward_and_backward(before):
    """The step that writes cannot wait for those that do: what it starts from is theirs."""
    seen = []
    for fused in (False, True):
        with config.fusing(fused), gathering(count=3):
            run = Run(momentum=0.9)
            for _ in range(before):
                run.step()
            with autograd.record():
                loss = run.loss_function(run.net(DATA[0]), DATA[0])
            run.params[0].set_data(nd.ones((3, 3)))
            loss.backward()
            run.trainer.step(BATCH)
            seen.append([*run.values(), *(p.grad().asnumpy() for p in run.params)])
    same(*seen)


def test_losses_that_are_kept_have_their_values():
    plain, gathered = Run(dropout=0.3), Run(dropout=0.3)
    wanted = [plain.step() for _ in range(12)]
    wanted = [x.asnumpy() for x in wanted]
    gx.random.seed(3)
    gathered = Run(dropout=0.3)
    with gathering(count=4) as calls:
        found = [gathered.step() for _ in range(12)]
        same(wanted, [x.asnumpy() for x in found])
    assert calls.count(True) >= 2
    with pytest.raises(gx.MXNetError, match="released"):
        found[-2].backward()


def test_gradients_are_added_up():
    def train(run):
        for _ in range(10):
            run.backward()
            run.backward()
            run.trainer.step(BATCH)
            run.net.collect_params().zero_grad()

    plain, gathered = Run(grad_req="add"), Run(grad_req="add")
    train(plain)
    with gathering() as calls:
        train(gathered)
    assert any(calls)
    same(plain.values(), gathered.values())


def test_another_backward_pass_through_a_waiting_step_is_refused():
    with gathering():
        run = Run()
        for _ in range(5):
            loss = run.step()
            with pytest.raises(gx.MXNetError, match="retain_graph"):
                loss.backward()


def test_steps_of_one_network_by_two_trainers():
    def train(run):
        first = gluon.Trainer(run.params[:2], "sgd", {"learning_rate": 0.1})
        second = gluon.Trainer(run.params[2:], "adam")
        for _ in range(8):
            run.backward()
            first.step(BATCH)
            second.step(BATCH)

    plain, gathered = Run(), Run()
    train(plain)
    with gathering():
        train(gathered)
    same(plain.values(), gathered.values())


def test_a_thread_that_looks_on():
    run, plain = Run("adam"), Run("adam")
    for _ in range(60):
        plain.step()
    over, seen = threading.Event(), []

    def look():
        while not over.is_set():
            seen.append(run.params[0].data().asnumpy())
            seen.append(run.net(DATA[0]).asnumpy())

    thread = threading.Thread(target=look)
    with gathering():
        for _ in range(6):
            run.step()
        thread.start()
        for _ in range(54):
            run.step()
        over.set()
        thread.join()
        same(plain.values(), run.values(), 1e-5)
    assert np.isfinite(seen[0]).all()


def test_states_that_are_saved_in_between(tmp_path):
    plain, run = Run("adam"), Run("adam")
    with gathering(count=4):
        for _ in range(12):
            plain.step()
        for k in range(12):
            run.step()
            if k == 8:
                run.trainer.save_states(tmp_path / "s")
                run.net.save_parameters(tmp_path / "p")
        same(plain.values(), run.values())
        run.net.load_parameters(tmp_path / "p")
        run.trainer.load_states(tmp_path / "s")
        run.count = 9
        for _ in range(3):
            run.step()
        same(plain.values(), run.values())


def test_queues_that_are_always_emptied_early_are_given_up():
    run = Run()
    with gathering(count=3, in_vain=3):
        waited = 0
        for _ in range(30):
            loss = run.step()
            waited += bool(gx.engine.state.state.regions) and loss._buffer.array is None
            loss.asnumpy()
    assert 0 < waited < 8  # not each of 30


def test_the_switch():
    run = Run()
    with gathering() as calls, engine.bulk(1):
        for _ in range(8):
            run.step()
    assert not calls


def test_only_what_runs_often_and_quickly_waits():
    """Without the test's settings, a few steps do not."""
    run = Run()
    for _ in range(20):
        loss = run.step()
        assert loss._buffer.array is not None


@pytest.mark.slow
def test_steps_gather_by_themselves():
    """As users meet it: after hundreds of quick steps, without this file's settings."""
    plain, run = Run(), Run()
    with engine.bulk(0):
        for _ in range(1500):
            plain.step(DATA[0])
    waited = 0
    for _ in range(20_000):  # until the executable is there: a busy machine takes its time
        loss = run.step(DATA[0])
        waited += loss._buffer.array is None
        if run.count >= 1500 and waited:
            break
    assert waited
    name = run.net.name
    several = [s for s in engine.explain().steps if s.name.startswith(f"several x ({name} ")]
    assert several and all(s.times == 1 for s in several)
    for _ in range(run.count - 1500):
        plain.step(DATA[0])
    same(plain.values(), run.values(), 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("before", [0, 1], ids=["waits", "fills the queue"])
def test_an_interrupt_at_any_moment(before, seed):
    """A step is done, or was not begun; the parameters are never anything else."""
    plain = Run()
    wanted = [plain.values()]
    for _ in range(1200):
        plain.step(DATA[0])
        wanted.append(plain.values())
    run = Run(learning_rate=0.1)
    with gathering() as calls:
        for _ in range(6):
            run.step(DATA[0])
        run.values()
        done, interrupts, completed = 6, 0, 0
        for _ in range(before):
            run.step(DATA[0])
        done += before
        points = points_of(lambda: run.step(DATA[0]))
        done += 1
        for point in range(seed % 9 + 1, points + 1, 9):
            run.values()
            for _ in range(before):
                run.step(DATA[0])
            done += before
            interrupts += interrupted_at(lambda: run.step(DATA[0]), point)
            found = run.values()
            close = [k for k in (done, done + 1) if np.allclose(found[0], wanted[k][0], 1e-6, 1e-7)]
            assert close, (point, done, seed)
            assert autograd.is_recording() is False
            completed += close[-1] > done
            done = close[-1]
            same(found, wanted[done], 1e-5)
        assert interrupts > points // 18
        assert completed < interrupts
    assert any(calls)


def test_a_step_that_fails_leaves_the_parameters(monkeypatch):
    run, plain = Run(), Run()
    left = failing(monkeypatch)
    with gathering(count=3):
        for each in (run, plain):
            for _ in range(6):
                each.step()
            each.values()
        plain.step()
        plain.step()
        wanted = plain.values()
        run.step()  # at once, for somebody had looked
        loss, lost = run.step(), run.step()  # both wait
        left.append(2)
        with pytest.raises(RuntimeError, match="no memory"):
            run.values()
        assert not left
        same(wanted, run.values())
        assert np.isfinite(loss.asnumpy()).all()
        with pytest.raises(gx.MXNetError, match="never computed"):
            lost.asnumpy()
        run.count = plain.count
        for each in (run, plain):
            for _ in range(7):
                each.step()
        same(plain.values(), run.values())
