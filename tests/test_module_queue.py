"""A Module's small steps that run several at a time: nobody can tell, but by the clock."""

import copy
import threading

import numpy as np
import pytest
from gathering import failing, gathering
from interrupting import interrupted_at, points_of

import gluonx as gx
from gluonx import engine, nd

RNG = np.random.default_rng(3)
BATCHES = [
    gx.io.DataBatch([nd.array(RNG.normal(size=(4, 3)))], [nd.array(RNG.integers(0, 3, 4))])
    for _ in range(3)
]
OTHER = gx.io.DataBatch([nd.ones((2, 3))], [nd.zeros((2,))])


def network(dropout, norm):
    # a bias before BatchNorm has no gradient but noise, which Adam would make steps of
    x = gx.sym.FullyConnected(gx.sym.var("data"), num_hidden=4, name="fc1", no_bias=norm)
    if norm:
        x = gx.sym.BatchNorm(x, fix_gamma=False, name="bn")
    x = gx.sym.Dropout(gx.sym.Activation(x, act_type="tanh"), p=dropout)
    return gx.sym.SoftmaxOutput(gx.sym.FullyConnected(x, num_hidden=3, name="fc2"), name="softmax")


class Run:
    """A Module and its training loop."""

    def __init__(self, optimizer="sgd", dropout=0.0, norm=False):
        gx.random.seed(3)
        self.module = gx.mod.Module(network(dropout, norm))
        self.module.bind([("data", (4, 3))], [("softmax_label", (4,))])
        rng, values = np.random.default_rng(5), {}
        for name in self.module._param_names:
            values[name] = nd.array(rng.normal(size=self.module._parameters[name].shape))
        self.module.init_params(gx.init.One(), values)
        arguments = {"learning_rate": 0.1, "rescale_grad": 0.25}
        self.module.init_optimizer(optimizer=optimizer, optimizer_params=arguments)
        self.count = 0

    @property
    def one(self):
        return self.module._exec_group.execs[0]

    @property
    def waiting(self):
        return len(self.module._exec_group.step._queue)

    @property
    def optimizer(self):
        return self.module._trainer.optimizer

    def step(self, batch=None):
        self.module.forward_backward(batch or BATCHES[self.count % 3])
        self.module.update()
        self.count += 1

    def steps(self, count):
        for _ in range(count):
            self.step()
        return self

    def output(self):
        return self.module.get_outputs()[0].asnumpy()

    def values(self):
        one = self.one
        found = [*one.outputs, *one.arg_arrays, *one.aux_arrays, *one.grad_arrays]
        return [x.asnumpy() for x in found if x is not None]


def same(a, b, tolerance=1e-6):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, tolerance, tolerance)


def _between(run):
    """Look at outputs between backward and update."""
    run.module.forward_backward(BATCHES[0])
    found = run.output()
    run.module.update()
    return found


def _seen_by_a_thread(run):
    found = []
    thread = threading.Thread(target=lambda: found.append(run.one.arg_dict["fc1_weight"].asnumpy()))
    thread.start()
    thread.join()
    return found[0]


#: What somebody does after a step.
LOOKS = {
    "nothing": lambda run: None,
    "output": lambda run: run.output(),
    "part": lambda run: run.module.get_outputs()[0][:1].asnumpy(),
    "parameter": lambda run: run.one.arg_dict["fc1_weight"].asnumpy(),
    "gradient": lambda run: run.one.grad_dict["fc1_weight"].asnumpy(),
    "statistics": lambda run: run.one.aux_dict["bn_moving_mean"].asnumpy(),
    "params": lambda run: run.module.get_params()[0]["fc2_bias"].asnumpy(),
    "thread": _seen_by_a_thread,
    "between": _between,
    "forward": lambda run: run.module.forward(BATCHES[1], is_train=False) or run.output(),
    "twice": lambda run: run.module.backward() or run.one.grad_dict["fc2_bias"].asnumpy(),
    "batch": lambda run: run.step(OTHER) or run.output(),
    "rate": lambda run: setattr(run.optimizer, "lr", 0.03),
    "write": lambda run: run.one.arg_dict["fc2_bias"].__setitem__(0, 0.5),
    "reset": lambda run: run.one.aux_dict["bn_moving_mean"].__setitem__(slice(None), 0.5),
    "data": lambda run: run.one.arg_dict["data"].__setitem__(0, 0.5),
    "waitall": lambda run: nd.waitall(),
    "held": lambda run: run.held.append(run.one.arg_dict["fc1_weight"].asjax()),
}


def looked(run, seed):
    """Train, and do one thing or another after some of the steps; what was seen."""
    rng, seen, run.held = np.random.default_rng(seed), [], []
    names = list(LOOKS)
    for _ in range(40):
        run.step()
        if rng.random() < 0.35:
            found = LOOKS[names[rng.integers(len(names))]](run)
            seen.append(np.zeros(1) if found is None else np.array(found))
    return [*seen, *run.values(), *map(np.asarray, run.held)]


def test_what_somebody_looks_at_or_changes_is_as_it_was(seed):
    for k, optimizer in enumerate(("sgd", "adam")):
        with engine.bulk(0):
            wanted = looked(Run(optimizer, norm=True), seed + k)
        with gathering(count=3) as calls:
            found = looked(Run(optimizer, norm=True), seed + k)
        same(wanted, found, 1e-4)
        assert all(calls) and len(calls) > 2


def test_a_learning_rate_that_changes_does_not_compile():
    def train(run):
        for k in range(12):
            run.optimizer.lr = 0.1 / (k + 1)
            run.step()
        return run.values()

    with engine.bulk(0):
        wanted = train(Run("adam", dropout=0.5))
    with gathering(count=4) as calls:
        run = Run("adam", dropout=0.5)
        same(wanted, train(run))
    assert calls == [True, True]
    step = run.module._exec_group.step
    assert (step._plan.program.compiled, step._plan.program.runs) == (1, 12)
    assert [k.compiled for k in step._together[()].executables()] == [1]


#: What somebody does with a metric after a step.
METRIC_LOOKS = [
    lambda run, metric: metric.get_name_value(),
    lambda run, metric: metric.metrics[0].sum_metric,
    lambda run, metric: metric.reset(),
    lambda run, metric: metric.reset_local(),
    lambda run, metric: copy.deepcopy(metric).get_name_value(),
    lambda run, metric: run.output().tolist(),
    lambda run, metric: metric.update([nd.zeros(2)], [nd.ones((2, 3))]),
    lambda run, metric: setattr(metric.metrics[1], "top_k", 3),
]


def numbers(seen):
    """All numbers in nested lists of names and values."""
    if isinstance(seen, (list, tuple)):
        return [x for part in seen for x in numbers(part)]
    return [float(seen)] if isinstance(seen, (int, float)) else []


def test_a_metric_is_told_of_all_steps():
    def train(run, seed):
        rng, seen = np.random.default_rng(seed), []
        metric = gx.metric.create(["acc", gx.metric.TopKAccuracy(2), "ce", gx.metric.PCC()])
        own = gx.metric.np(lambda label, pred: float(pred.max()))
        for k in range(46):
            batch = BATCHES[run.count % 3]
            run.step()
            if k != 20:
                run.module.update_metric(metric, batch.label)
            if k == 30:
                run.module.update_metric(own, batch.label)
            if rng.random() < 0.25:
                seen.append(METRIC_LOOKS[rng.integers(len(METRIC_LOOKS))](run, metric))
        return [*seen, metric.get_name_value(), own.get_name_value()]

    for seed in range(2):
        with engine.bulk(0):
            wanted = train(Run(dropout=0.2), seed)
        with gathering(count=3) as calls:
            run = Run(dropout=0.2)
            found = train(run, seed)
        same([numbers(wanted)], [numbers(found)], 1e-5)
        assert all(calls) and len(calls) > 4
        step = run.module._exec_group.step
        for together in step._together.values():
            assert {k.compiled for k in together.executables()} <= {1}
        listed = [s for s in engine.explain().steps if s.name.endswith(" + metrics)")]
        assert listed and all(s.name.startswith("several x (symbol") for s in listed)
        assert {s.times for s in listed} == {1} and sum(s.runs for s in listed) > 2


def test_what_turns_waiting_off():
    with gathering() as calls:
        run = Run().steps(4)
        assert run.waiting
        with engine.bulk(1):
            run.output()
            run.steps(3)
            assert not run.waiting
        run.step()
        assert run.waiting
        monitor = gx.monitor.Monitor(1, lambda x: x)
        run.module.install_monitor(monitor)
        monitor.tic()
        run.steps(2)
        assert not run.waiting
        count = len(calls)
        run.steps(4)
        assert len(calls) == count
    run = Run().steps(20)
    assert not run.waiting  # only what runs often and quickly waits


def test_queues_that_are_always_emptied_early_are_given_up():
    waited = 0
    with gathering(count=3, in_vain=3):
        run = Run()
        for _ in range(30):
            run.step()
            waited += run.waiting
            run.output()
    assert 0 < waited < 8


def test_modules_that_share_parameters():
    def train(run):
        other = gx.mod.Module(network(0.0, False))
        other.bind([("data", (4, 3))], [("softmax_label", (4,))], shared_module=run.module)
        other.borrow_optimizer(run.module)
        for k in range(16):
            run.step()
            if k % 5 > 2:
                other.forward_backward(BATCHES[0])
                other.update()
        return [*run.values(), other.get_outputs()[0].asnumpy()]

    with engine.bulk(0):
        wanted = train(Run())
    with gathering(count=2) as calls:
        same(wanted, train(Run()))
    assert any(calls)


def test_a_step_that_fails_leaves_what_it_started_from(monkeypatch):
    left = failing(monkeypatch)
    plain = Run("adam").steps(6)
    plain.output()
    plain.steps(1)
    wanted = [x.asnumpy() for x in plain.one.arg_arrays[1:-1]]
    with gathering(count=3):
        run = Run("adam").steps(6)
        run.output()
        run.steps(2)  # both wait
        assert run.waiting == 2
        run.module.forward_backward(BATCHES[2])  # and one has begun
        left.append(2)
        with pytest.raises(RuntimeError, match="no memory"):
            run.one.arg_dict["fc1_weight"].asnumpy()
        assert not left and not run.waiting
        assert run.optimizer.num_update == plain.optimizer.num_update == 7
        assert run.optimizer._index_update_count == plain.optimizer._index_update_count
        same(wanted, [x.asnumpy() for x in run.one.arg_arrays[1:-1]])
        assert np.isfinite(run.output()).all()
        run.module.update()
        plain.step(BATCHES[2])
        same(plain.values(), run.values())

        run.steps(1)
        left.append(1)
        with pytest.raises(RuntimeError, match="no memory"):
            run.output()
        with pytest.raises(gx.MXNetError, match="never computed"):
            run.output()
        run.count = plain.count
        same(plain.steps(4).values(), run.steps(4).values())


@pytest.mark.slow
@pytest.mark.parametrize("before", [0, 2], ids=["waits", "fills the queue"])
def test_an_interrupt_at_any_moment(before, seed):
    """A step is done, or was not begun; parameters and counts are never anything else."""
    plain, wanted = Run("adam"), []
    for _ in range(500):
        wanted.append(plain.one.arg_dict["fc2_weight"].asnumpy())
        plain.step(BATCHES[0])
    with gathering(count=3) as calls:
        run = Run("adam")
        for _ in range(6):
            run.step(BATCHES[0])
        run.output()
        done, interrupts, completed = 6, 0, 0

        def prepare():
            run.output()
            for _ in range(before):
                run.step(BATCHES[0])
            assert run.waiting == before
            return before

        done += prepare() + 1
        points = points_of(lambda: run.step(BATCHES[0]))
        for point in range(seed % 3 + 1, points + 1, 3):
            done += prepare()
            interrupts += interrupted_at(lambda: run.step(BATCHES[0]), point)
            found = run.one.arg_dict["fc2_weight"].asnumpy()
            gaps = [float(np.abs(found - w).max()) for w in wanted[done : done + 2]]
            assert min(gaps) < 1e-4 < max(gaps), (point, done, seed, gaps)
            now = done + gaps.index(min(gaps))
            assert run.optimizer.num_update == now, (point, seed)
            completed += now > done
            done = now
            run.step(BATCHES[0])  # what was interrupted is no obstacle
            done += 1
        assert interrupts > points // 6
        assert completed < interrupts
    assert any(calls)


@pytest.mark.slow
def test_steps_gather_by_themselves():
    """As users meet it: after hundreds of quick steps, without this file's settings."""
    plain, run = Run(), Run()
    with engine.bulk(0):
        plain.steps(1500)
    waited = 0
    for _ in range(20_000):  # until the executable is there: a busy machine takes its time
        run.step()
        waited += bool(run.waiting)
        if run.count >= 1500 and waited:
            break
    assert waited
    with engine.bulk(0):
        plain.steps(run.count - 1500)
    same(plain.values(), run.values(), 1e-4)
    several = [s for s in engine.explain().steps if s.name.startswith("several x (symbol")]
    assert several and all(s.times == 1 for s in several)
