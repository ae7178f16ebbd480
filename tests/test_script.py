"""Steps that are like the ones before: whatever comes in between, all is as it would be."""

import concurrent.futures
import copy
import gc
import weakref

import numpy as np
import pytest
from counting import calls_of
from gathering import failing
from rehearsing import rehearsing

import gluonx as gx
from gluonx import autograd, engine, gluon, nd, nn
from gluonx.engine import config
from gluonx.engine.state import state

BATCH, WARM = 4, 8


class Run:
    """A network of two layers; ``hooks`` has what is done at which point of a step."""

    def __init__(self, micro=1):
        gx.random.seed(5)
        self.net = nn.HybridSequential()
        self.net.add(nn.Dense(3, in_units=3, activation="tanh"), nn.Dense(3, in_units=3))
        self.net.initialize(gx.init.Xavier())
        self.net.hybridize()
        self.params = self.net.collect_params()
        self.micro = micro
        if micro > 1:
            self.params.setattr("grad_req", "add")
        self.trainer = gluon.Trainer(self.params, "adam", {"learning_rate": 0.05})
        self.loss_function = gluon.loss.L2Loss()
        self.rng = np.random.default_rng(3)
        self.data = [nd.array(self.rng.normal(size=(BATCH, 3))) for _ in range(3)]
        self.hooks = {}
        self.seen = []
        self.count = 0

    def at(self, point):
        if point in self.hooks:
            self.hooks[point](self)

    def see(self, *arrays):
        self.seen += [x.asnumpy() for x in arrays]

    def param(self, k=0):
        return list(self.params.values())[k]

    def step(self):
        for k in range(self.micro):
            self.x = self.data[(self.count + k) % 3]
            with autograd.record():
                self.out = self.net(self.x)
                self.at(f"out{k}")
                self.loss = self.loss_function(self.out, self.x)
            self.at(f"loss{k}")
            self.loss.backward()
            self.at(f"backward{k}")
        self.trainer.step(self.micro * BATCH)
        self.at("step")
        if self.micro > 1:
            self.params.zero_grad()
        self.at("end")
        self.count += 1

    def all(self):
        params = self.params.values()
        arrays = [p.data() for p in params] + [p.grad() for p in params if p.grad_req != "null"]
        return [x.asnumpy() for x in (*arrays, self.loss)]


def _write_param(run):
    run.param(1).data()[:] = 0.25


def _write_grad(run):
    run.param().grad()[1] = 0.5


def _other_call(run):
    with autograd.record():
        run.kept = run.net(run.data[2])


def _more_work(run):
    with autograd.record():
        run.kept = (run.loss * 2).sum()


def _in_a_thread(run):
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        run.seen += thread.submit(
            lambda: [run.loss.asnumpy(), run.param().grad().asnumpy()]
        ).result()


def _hook(run):
    """From here on until the end of the next step."""
    handle = run.net.register_forward_hook(lambda *_: run.seen.append(np.ones(1)))

    def end(run):
        run.hooks = {"end": lambda run: handle.detach()}

    run.hooks = {"end": end}


def _cast(run):
    run.net.cast("float64")
    run.net.cast("float32")


def _new_trainer(run):
    run.trainer = gluon.Trainer(run.params, "sgd", {"learning_rate": 0.1})


ACTIONS = {
    "nothing": lambda run: None,
    "param": lambda run: run.see(run.param().data()),
    "grad": lambda run: run.see(run.param(2).grad()),
    "loss": lambda run: run.see(run.loss),
    "out": lambda run: run.see(run.out),
    "shapes": lambda run: run.seen.append(np.array(run.out.shape + run.loss.shape)),
    "write param": _write_param,
    "write grad": _write_grad,
    "set data": lambda run: run.param().set_data(nd.ones((3, 3))),
    "write input": lambda run: run.x.__setitem__(0, 0.5),
    "other call": _other_call,
    "predict": lambda run: run.see(run.net(run.data[1])),
    "more work": _more_work,
    "zero": lambda run: run.params.zero_grad(),
    "wait": lambda run: nd.waitall(),
    "thread": _in_a_thread,
    "copy": lambda run: run.see(copy.copy(run.loss), run.out.copy()),
    "rate": lambda run: run.trainer.set_learning_rate(0.01),
    "multiplier": lambda run: setattr(run.param(), "lr_mult", 0.1),
    "freeze": lambda run: setattr(run.param(), "grad_req", "null"),
    "request": lambda run: run.params.setattr("grad_req", "write"),
    "hybridize": lambda run: run.net.hybridize(),
    "hook": _hook,
    "cast": _cast,
    "reinitialize": lambda run: run.net.initialize(gx.init.One(), force_reinit=True),
    "trainer": _new_trainer,
    "no fusion": lambda run: setattr(config, "fusion", False),
    "forget": lambda run: (delattr(run, "out"), delattr(run, "x"), gc.collect()),
}
#: Where alone something makes sense.
ONLY = {
    **dict.fromkeys(("forget", "freeze", "reinitialize"), ("step", "end")),
    "more work": ("loss0", "loss1"),
    "write param": ("loss0", "backward0", "loss1", "backward1", "step", "end"),
}
#: What looks at the loss, of which there is no new one yet when the network has just been called.
OF_LOSS = {"loss", "shapes", "thread", "copy"}
POINTS = {
    1: ("out0", "backward0"),
    2: ("loss0", "backward0", "out1", "loss1", "backward1", "step", "end"),
}


def course(micro, point, action, fused):
    """What is seen of steps in which something is done once, after several like one another."""
    old = config.fusion
    try:
        with rehearsing() as updates, config.fusing(fused):
            run = Run(micro)
            for _ in range(WARM):
                run.step()
            warm = updates.count(True)
            run.hooks = {point: ACTIONS[action]}
            run.step()
            if action != "hook":
                run.hooks = {}
            for _ in range(4):
                run.step()
            return [*run.seen, *run.all()], warm, updates
    finally:
        config.fusion = old


CASES = [
    (micro, point, action)
    for micro, points in POINTS.items()
    for point in points
    for action in ACTIONS
    if point in ONLY.get(action, (point,)) and not (point == "out0" and action in OF_LOSS)
]


@pytest.mark.parametrize(("micro", "point", "action"), CASES)
def test_anything_may_come_in_between(micro, point, action):
    wanted, none, _ = course(micro, point, action, fused=False)
    seen, warm, _ = course(micro, point, action, fused=True)
    assert none == 0 and warm >= 2
    assert len(seen) == len(wanted)
    for k, (a, b) in enumerate(zip(seen, wanted, strict=True)):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6, err_msg=str(k))


def test_results_are_arrays_like_others():
    with rehearsing() as updates:
        run = Run()
        for _ in range(WARM):
            run.step()
        kinds = []
        run.hooks = {
            "loss0": lambda run: kinds.append((type(run.loss), isinstance(run.out, nd.NDArray)))
        }
        run.step()
        assert kinds == [(nd.NDArray, True)]
        assert updates[-1]
        run.hooks = {"loss0": lambda run: kinds.append(hasattr(run.loss, "nothing"))}
        run.step()
        assert kinds[1] is False and updates[-1]
        with pytest.raises(AttributeError, match="'NDArray' object has no attribute 'nothing'"):
            run.loss.nothing  # noqa: B018


def test_all_results_may_be_kept():
    """Some are held in some steps, others in others; each has its own values."""
    with rehearsing() as updates:
        run, kept = Run(), []
        run.hooks = {
            "loss0": lambda run: kept.append(run.loss) if run.count % 3 else None,
            "step": lambda run: kept.append(run.out) if run.count % 2 else None,
        }
        for _ in range(30):
            run.step()
            del run.out
    plain = Run()
    with config.fusing(False):
        wanted = []
        plain.hooks = {
            "loss0": lambda run: wanted.append(run.loss) if run.count % 3 else None,
            "step": lambda run: wanted.append(run.out) if run.count % 2 else None,
        }
        for _ in range(30):
            plain.step()
    assert updates.count(True) > 10
    for a, b in zip(kept, wanted, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=2e-5, atol=1e-6)


def test_a_step_that_fails_leaves_all_as_it_was(monkeypatch):
    with rehearsing() as updates:
        run = Run(2)
        for _ in range(WARM):
            run.step()
        assert updates[-1]
        left = failing(monkeypatch)
        run.hooks = {"backward1": lambda run: left.append(1)}
        with pytest.raises(RuntimeError, match="no memory"):
            run.step()
        run.hooks = {}
        before = [p.data().asnumpy() for p in run.params.values()]
        grads = [p.grad().asnumpy() for p in run.params.values()]
        assert np.isfinite(run.loss.asnumpy()).all() and np.isfinite(run.out.asnumpy()).all()
        count = run.trainer.optimizer.num_update
        plain = Run(2)
        for _ in range(WARM):
            plain.step()
        assert count == WARM == plain.trainer.optimizer.num_update
        for a, p in zip(before, plain.params.values(), strict=True):
            np.testing.assert_allclose(a, p.data().asnumpy(), rtol=2e-5, atol=1e-6)
        run.trainer.step(2 * BATCH)  # the gradients are there
        plain.step()
        assert all(np.abs(g).max() > 0 for g in grads[:1])
        for a, b in zip(run.params.values(), plain.params.values(), strict=True):
            np.testing.assert_allclose(a.data().asnumpy(), b.data().asnumpy(), rtol=2e-5, atol=1e-6)


def test_a_forward_pass_that_ends_in_an_error_is_forgotten():
    with rehearsing() as updates:
        run, plain = Run(), Run()
        for _ in range(WARM):
            run.step()

        def stop(run):
            raise KeyError("stop")

        run.hooks = {"out0": stop}
        with pytest.raises(KeyError, match="stop"):
            run.step()
        run.hooks = {}
        for _ in range(4):
            run.step()
        assert updates.count(True) > 4
        with config.fusing(False):
            for _ in range(WARM + 4):
                plain.step()
    for a, b in zip(run.all(), plain.all(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


def test_who_always_looks_is_served_as_before():
    """A script that is of no use rests, longer and longer."""
    with rehearsing(in_vain=4) as updates:
        run = Run()
        run.hooks = {"loss0": lambda run: run.see(run.loss)}
        for _ in range(40):
            run.step()
        assert not any(updates)
        assert state.script() is None


def test_two_networks_in_turns():
    """As in a GAN: each Trainer's steps have a script of their own."""
    with rehearsing() as updates:
        one, two = Run(), Run(2)
        for _ in range(12):
            one.step()
            two.step()
        assert updates.count(True) > 14
    with config.fusing(False):
        plain = Run(), Run(2)
        for _ in range(12):
            for run in plain:
                run.step()
    for a, b in zip(one.all() + two.all(), plain[0].all() + plain[1].all(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def test_threads_have_their_own():
    def train(run):
        for _ in range(15):
            run.step()
        return run.all()

    with rehearsing() as updates:
        wanted = train(Run())
        runs = [Run() for _ in range(3)]  # drawing random numbers is not for several threads
        with concurrent.futures.ThreadPoolExecutor(3) as threads:
            found = list(threads.map(train, runs))
        assert updates.count(True) > 30
    for seen in found:
        for a, b in zip(seen, wanted, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_step_compiles_once():
    with rehearsing() as updates:
        run = Run()
        for _ in range(20):
            run.step()
        assert updates.count(True) > 10
        lines = [line for line in str(engine.explain()).splitlines() if run.net.name + " +" in line]
        assert len(lines) == 1 and lines[0].endswith("compiled 1 time, run 20 times"), lines


def test_without_a_scope_scripts_come_by_themselves():
    run = Run(2)
    for _ in range(40):
        run.step()
    assert state.script() is not None
    run.net.hybridize()
    few = calls_of(run.step)
    for _ in range(40):
        run.step()
    assert calls_of(run.step) < 0.75 * few


def test_nothing_keeps_what_is_gone_alive():
    run = Run()
    for _ in range(40):
        run.step()
    assert state.script() is not None
    refs = [weakref.ref(x) for x in (run.net, run.trainer, run.param(), run.net._cache)]
    refs.append(state.script)
    del run
    gc.collect()
    assert [ref() for ref in refs] == [None] * len(refs)
