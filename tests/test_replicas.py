"""The loop over several contexts: one program on all devices, with what one device would give."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from counting import calls_of, collectives
from interrupting import interrupted_at, listening, points_of

import gluonx as gx
from gluonx import amp, autograd, engine, gluon, nd, nn
from gluonx.gluon.utils import split_and_load

CONTEXTS = [gx.cpu(0), gx.cpu(1)]
ONE = [gx.cpu(0)]


def network(contexts, *layers, hybridize=True, seed=1):
    gx.random.seed(seed)
    net = nn.HybridSequential()
    net.add(*(layers or (nn.Dense(8, activation="tanh"), nn.Dense(3))))
    net.initialize(gx.initializer.Xavier(), ctx=contexts)
    net.hybridize(hybridize)
    return net


def batch(rng, n=8):
    return rng.normal(size=(n, 5)).astype("float32"), rng.integers(0, 3, n).astype("float32")


def train(
    contexts, optimizer=("sgd", {"learning_rate": 0.1}), steps=3, between=None, each=False,
    net=None, trainer=None, **kwargs,
):  # fmt: skip
    """Losses of all steps, and the network and its trainer."""
    net = net or network(contexts, **kwargs)
    trainer = trainer or gluon.Trainer(net.collect_params(), *optimizer)
    L = gluon.loss.SoftmaxCrossEntropyLoss()
    rng = np.random.default_rng(3)
    found = []
    for _ in range(steps):
        pairs = zip(*(split_and_load(a, contexts) for a in batch(rng)), strict=True)
        if each:
            losses = []
            for x, y in pairs:
                with autograd.record():
                    losses.append(L(net(x), y))
                losses[-1].backward()
        else:
            with autograd.record():
                losses = [L(net(x), y) for x, y in pairs]
            autograd.backward(losses)
        if between is not None:
            between(net, losses)
        trainer.step(8)
        found.append(losses)
    return np.array([np.concatenate([v.asnumpy() for v in r]) for r in found]), net, trainer


def values(net, what="list_data"):
    return [[x.asnumpy() for x in getattr(p, what)()] for p in net.collect_params().values()]


def same(one, several, rtol=1e-4, atol=1e-6):
    for (expected,), found in zip(one, several, strict=True):
        for x in found:
            np.testing.assert_array_equal(x, found[0])
            np.testing.assert_allclose(x, expected, rtol, atol)


def test_a_step_has_one_collective_of_the_gradients_bytes():
    _, net, _ = train(CONTEXTS, steps=1)
    size = sum(p.data(CONTEXTS[0]).size for p in net.collect_params().values())
    assert collectives(net) == (1, 4 * size)


@pytest.mark.parametrize("each", [False, True])
def test_two_devices_give_what_one_gives_and_compile_once(each):
    expected, one, _ = train(ONE, ("adam", {"learning_rate": 0.05}))
    engine.report.forget()
    found, two, _ = train(CONTEXTS, ("adam", {"learning_rate": 0.05}), each=each)
    np.testing.assert_allclose(found, expected, 1e-5, 1e-6)
    same(values(one), values(two))
    same(values(one, "list_grad"), values(two, "list_grad"))
    explained = engine.explain()
    assert explained.unfused == ()
    name = two.name
    [block] = [b for b in explained.blocks if b.name == name]
    [step] = [s for s in explained.steps if s.name.startswith(name)]
    assert block.times == 1
    assert (step.times, step.runs) == (1, 3) and step.name.endswith("backward + update")
    for p in two.collect_params().values():  # each is its device's own array
        for x, ctx in zip(p.list_data(), CONTEXTS, strict=True):
            assert x.context == ctx and x.asjax().devices() == {ctx.device}


def between_reads(net, losses):
    losses[-1].asnumpy()


def between_writes(net, losses):
    for p in net.collect_params().values():
        for x, g in zip(p.list_data(), p.list_grad(), strict=True):
            x *= 0.9
            g *= 2


def between_reads_gradients(net, losses):
    values(net, "list_grad")


def between_reads_parameters(net, losses):
    net[0].weight.data(CONTEXTS[0] if len(losses) == 1 else CONTEXTS[1]).asnumpy()


def between_sets(net, losses):
    net[0].weight.set_data(net[0].weight.data(CONTEXTS[0]) * 0.5)


BETWEEN = [
    between_reads, between_writes, between_reads_gradients, between_reads_parameters, between_sets,
]  # fmt: skip


def test_parts_of_a_batch_that_were_put_on_their_devices_one_by_one():
    x, y = batch(np.random.default_rng(0))
    found = []
    for parts in (lambda a: split_and_load(a, CONTEXTS), lambda a: [
        nd.array(half, ctx=ctx) for half, ctx in zip(np.split(a, 2), CONTEXTS, strict=True)
    ]):  # fmt: skip
        net = network(CONTEXTS)
        trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.05})
        engine.report.forget()
        for step in range(4):
            xs, ys = parts(x), parts(y)
            if step == 2:  # somebody looks at one
                assert xs[1].asnumpy().shape == (4, 5)
            with autograd.record():
                losses = [((net(a) - b.reshape((-1, 1))) ** 2) for a, b in zip(xs, ys, strict=True)]
            autograd.backward(losses)
            trainer.step(8)
        assert engine.explain().unfused == ()
        found.append(values(net))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_network_that_was_frozen_after_a_step_runs_recorded():
    _, net, _ = train(CONTEXTS, steps=2)
    x = batch(np.random.default_rng(0))[0]
    expected = [net(part).asnumpy() for part in split_and_load(x, CONTEXTS)]
    train(CONTEXTS, ("sgd", {"learning_rate": 0.0}), net=net, steps=1)
    net.collect_params().setattr("grad_req", "null")
    with autograd.record():
        found = [net(part) for part in split_and_load(x, CONTEXTS)]
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(b.asnumpy(), a, 1e-6)


def test_programs_on_several_devices_count_as_compiled(monkeypatch):
    from gluonx.engine import mappings
    from gluonx.engine.spread import PARTS, WHOLE, spmd, team_of

    team = team_of([c.device for c in CONTEXTS])
    program = spmd(lambda a: (a + 1,), team, [PARTS], [PARTS])
    monkeypatch.setattr(mappings, "_limit", lambda: 10)
    monkeypatch.setattr(mappings, "_EVERY", 1)
    with pytest.warns(UserWarning, match="memory mappings"):
        (found,) = program(np.zeros(4, "float32"))
    np.testing.assert_array_equal(found, 1)
    monkeypatch.undo()
    (again,) = spmd(lambda a: (a * 2,), team, [WHOLE], [WHOLE])(np.ones(3, "float32"))
    np.testing.assert_array_equal(again, 2)


def test_whatever_is_done_between_backward_and_step():
    results = []
    for contexts in (ONE, CONTEXTS):
        todo = iter(BETWEEN)
        _, net, _ = train(
            contexts, ("sgd", {"learning_rate": 0.1, "momentum": 0.9}), steps=len(BETWEEN),
            between=lambda net, losses: next(todo)(net, losses),  # noqa: B023
        )  # fmt: skip
        results.append(values(net))
    same(*results)


def test_old_contents_stay_with_those_who_hold_them():
    """Aliases, exports, detached and pending readers of what the step gives up."""
    _, net, trainer = train(CONTEXTS)
    weight = net[0].weight
    exported = weight.data(CONTEXTS[1]).asjax()
    view = weight.data(CONTEXTS[0])[1:3]
    before = np.asarray(exported).copy()
    rows = view.asnumpy().copy()
    doubled = weight.data(CONTEXTS[1]) * 1
    with autograd.record():
        pending = net(nd.ones((2, 5), ctx=CONTEXTS[1]))
    expected = net(nd.ones((2, 5), ctx=CONTEXTS[0])).asnumpy()
    copies = [x.copy() for x in weight.list_data()]
    train(CONTEXTS, net=net, trainer=trainer, steps=1)
    np.testing.assert_array_equal(np.asarray(exported), before)
    np.testing.assert_array_equal(doubled.asnumpy(), before)
    np.testing.assert_allclose(pending.asnumpy(), expected, 1e-5)
    for x in copies:
        np.testing.assert_array_equal(x.asnumpy(), before)
    assert not np.array_equal(view.asnumpy(), rows)  # a view shows what there is now
    np.testing.assert_array_equal(view.asnumpy(), weight.data(CONTEXTS[1]).asnumpy()[1:3])


def test_parameters_that_differ_follow_the_first_device():
    _, net, trainer = train(CONTEXTS, steps=1)
    net[1].bias.data(CONTEXTS[1])[:] = 5
    train(CONTEXTS, net=net, trainer=trainer, steps=2)
    for found in values(net):
        np.testing.assert_array_equal(found[0], found[1])


def test_statistics_are_of_each_device_and_masks_differ():
    layers = nn.Dense(4), nn.BatchNorm(), nn.Dropout(0.5), nn.Dense(3)
    found, net, trainer = train(CONTEXTS, steps=1, net=network(CONTEXTS, *layers))
    means = [x.asnumpy() for x in net[1].running_mean.list_data()]
    assert not np.allclose(means[0], means[1])
    with engine.fusing(False):
        layers = nn.Dense(4), nn.BatchNorm(), nn.Dropout(0.5), nn.Dense(3)
        expected, other, _ = train(CONTEXTS, steps=1, net=network(CONTEXTS, *layers))
    np.testing.assert_allclose(found, expected, 1e-4, 1e-6)
    for a, b in zip(values(net), values(other), strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, 1e-4, 1e-6)
    train(CONTEXTS, net=net, trainer=trainer, steps=2)
    [step] = [s for s in engine.explain().steps if s.name.startswith(net.name)]
    assert (step.times, step.runs) == (1, 3)


def test_synchronized_statistics_are_of_all_devices():
    def layers():
        return nn.Dense(4), nn.SyncBatchNorm(num_devices=2), nn.Activation("tanh"), nn.Dense(3)

    optimizer = "sgd", {"learning_rate": 0.5}
    expected, one, _ = train(ONE, optimizer, net=network(ONE, *layers()))
    found, two, _ = train(CONTEXTS, optimizer, net=network(CONTEXTS, *layers()))
    np.testing.assert_allclose(found, expected, 1e-4, 1e-5)
    same(values(one), values(two), 1e-3, 1e-5)


@pytest.mark.parametrize(
    "case", ["uneven", "eager", "logical", "frozen", "add", "python", "apart", "wide"]
)
def test_other_ways_of_training_give_the_same(case):
    contexts = [gx.cpu(0), gx.cpu(2)] if case == "logical" else CONTEXTS
    results = []
    for ctxs in (ONE, contexts):
        net = network(ctxs, hybridize=case != "eager")
        net(nd.ones((1, 5), ctx=ctxs[0]))
        params = net.collect_params()
        if case == "frozen":
            net[0].collect_params().setattr("grad_req", "null")
        if case == "wide":
            net.cast("float64")
        if case == "add":
            params.setattr("grad_req", "add")
        optimizer = gx.optimizer.SGD(learning_rate=0.1)
        if case == "python":

            class Plain(gx.optimizer.SGD):
                def update(self, index, weight, grad, state):
                    weight -= 0.1 * self.rescale_grad * grad

                transformation = gx.optimizer.Optimizer.transformation

            optimizer = Plain()
        trainer = gluon.Trainer(params, optimizer)
        rng = np.random.default_rng(3)
        for _ in range(2):
            X, _ = batch(rng, 7 if case == "uneven" else 8)
            X = nd.array(X, dtype="float64" if case == "wide" else "float32")
            for _ in range(2 if case == "add" else 1):
                with autograd.record():
                    parts = split_and_load(X, ctxs, even_split=False)
                    losses = [(net(x) ** 2).sum() for x in parts]
                autograd.backward(losses)
            if case == "apart":
                trainer.allreduce_grads()
                trainer.update(8)
            else:
                trainer.step(8)
            params.zero_grad()
        results.append(values(net))
    same(*results)


def losses_of(net, contexts, x, y):
    L = gluon.loss.SoftmaxCrossEntropyLoss()
    pairs = [split_and_load(nd.array(a), contexts, even_split=False) for a in (x, y)]
    with autograd.record():
        outs = [net(part) for part in pairs[0]]
        return outs, pairs[1], [L(a, b) for a, b in zip(outs, pairs[1], strict=True)]


def test_a_course_of_all_kinds_of_steps(tmp_path):
    """Replicas that differ, a last batch, clipped gradients, metrics, files, other contexts."""
    results = []
    for contexts in (ONE, CONTEXTS):
        net = network(contexts)
        params = net.collect_params()
        trainer = gluon.Trainer(params, "sgd", {"learning_rate": 0.1, "momentum": 0.9})
        metrics = [gx.metric.Accuracy(), gx.metric.CrossEntropy(), gx.metric.Loss()]
        rng, found = np.random.default_rng(3), []
        for step in range(9):
            n = 7 if step == 2 else 8
            outs, ys, losses = losses_of(net, contexts, *batch(rng, n))
            if step == 1:  # not the same work on all devices
                losses[0].asnumpy()
            for loss in losses:
                loss.backward()
            if step == 3:
                trainer.allreduce_grads()
                for ctx in contexts:
                    gluon.utils.clip_global_norm([p.grad(ctx) for p in params.values()], 0.1)
                trainer.update(1)
                continue
            if step == 4:
                found += [[sum(g.asnumpy() for g in p.list_grad())] for p in params.values()]
            trainer.step(n)
            if step == 5:
                metrics[0].update(ys, outs)
                metrics[1].update(ys, [nd.softmax(a) for a in outs])
                metrics[2].update(None, losses)
                net.save_parameters(str(tmp_path / "net"))
                trainer.save_states(str(tmp_path / "states"))
            if step == 6:  # back to where the files are
                net.load_parameters(str(tmp_path / "net"), ctx=contexts)
                trainer.load_states(str(tmp_path / "states"))
            if step == 7:
                params.reset_ctx(ONE)
                _, _, [loss] = losses_of(net, ONE, *batch(rng))
                loss.backward()
                trainer.step(8)
                params.reset_ctx(contexts)
        with pytest.raises(UserWarning, match="has not been written"):
            trainer.step(8)
        found += [[np.float32(m.get()[1])] for m in metrics]
        results.append(values(net) + found + values(net, "list_grad"))
    same(*results)


def test_two_networks_with_a_trainer_each():
    results = []
    for contexts in (ONE, CONTEXTS):
        G, D = network(contexts, nn.Dense(5)), network(contexts, nn.Dense(1), seed=2)
        trainers = [
            gluon.Trainer(b.collect_params(), "adam", {"learning_rate": 0.1}) for b in (G, D)
        ]
        L, rng = gluon.loss.SigmoidBinaryCrossEntropyLoss(), np.random.default_rng(3)
        for step in range(3):
            xs, zs = (split_and_load(batch(rng)[0], contexts) for _ in range(2))
            with autograd.record():
                losses = [
                    L(D(x), nd.ones((len(x), 1), ctx=x.context))
                    + L(D(G(z).detach()), nd.zeros((len(x), 1), ctx=x.context))
                    for x, z in zip(xs, zs, strict=True)
                ]
            autograd.backward(losses)
            trainers[1].step(8)
            with autograd.record():
                fooled = [L(D(G(z)), nd.ones((len(z), 1), ctx=z.context)) for z in zs]
            autograd.backward(fooled)
            if step == 1:
                losses[-1].asnumpy()
            trainers[0].step(8)
        results.append(values(G) + values(D))
    same(*results)


def test_steps_that_are_alike_open_nothing(monkeypatch):
    from gluonx.engine.bundle import Bundle
    from gluonx.engine.deferred import Backward

    _, net, trainer = train(CONTEXTS, ("sgd", {"learning_rate": 0.1, "momentum": 0.9}), steps=4)
    engine.report.forget()
    called = []
    for cls, name in ((Bundle, "open"), (Backward, "hand_out"), (Backward, "begin")):
        monkeypatch.setattr(cls, name, lambda *_, name=name: called.append(name))
    train(CONTEXTS, net=net, trainer=trainer, steps=3)
    assert called == []
    monkeypatch.undo()
    exported = [p.list_grad()[1].asjax() for p in net.collect_params().values()]
    before = [np.array(a) for a in exported]
    train(CONTEXTS, net=net, trainer=trainer, steps=2)
    for a, b in zip(exported, before, strict=True):
        np.testing.assert_array_equal(np.asarray(a), b)
    for found in values(net) + values(net, "list_grad"):
        np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("contexts", [ONE, CONTEXTS])
def test_results_that_are_given_twice_after_an_interrupt(contexts, monkeypatch):
    from gluonx.engine.bundle import Bundle

    _, net, trainer = train(contexts, steps=2)
    give = Bundle.give
    monkeypatch.setattr(Bundle, "give", lambda *given: [give(*given) for _ in range(2)])
    train(contexts, net=net, trainer=trainer, steps=2)
    monkeypatch.undo()
    assert np.isfinite(values(net)[0][-1]).all()


def test_an_update_without_the_sum_is_each_devices_own():
    x, y = batch(np.random.default_rng(3), 4)
    found = []
    for contexts in (ONE, CONTEXTS):
        net = network(contexts)
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
        for _ in range(2):  # the same on each device, so all stay equal
            _, _, losses = losses_of(
                net, contexts, *(np.concatenate([a] * len(contexts)) for a in (x, y))
            )
            autograd.backward(losses)
            trainer.update(4)
        found.append(values(net) + values(net, "list_grad"))
    same(*found)


def test_a_batch_is_what_it_was_when_it_was_split():
    x, _ = batch(np.random.default_rng(0))
    whole = nd.array(x)
    parts = split_and_load(x, CONTEXTS), split_and_load(whole, CONTEXTS)
    expected = x.copy()
    x[:] = 0
    whole[:] = 0
    _, net, trainer = train(CONTEXTS, steps=1)
    for step in range(4):  # as a part of the program, then moved, then looked at
        for xs in parts:
            with autograd.record():
                losses = [(net(part) ** 2).sum() + part.sum() for part in xs]
            autograd.backward(losses)
            trainer.step(8)
            if step == 2:
                np.testing.assert_array_equal(xs[1].asnumpy(), expected[4:])
                xs[1][:] = expected[4:]
    for xs in parts:
        np.testing.assert_array_equal(np.concatenate([a.asnumpy() for a in xs]), expected)


def test_states_are_saved_and_loaded(tmp_path):
    file = str(tmp_path / "states")
    results = []
    for contexts in (ONE, CONTEXTS):
        _, net, trainer = train(contexts, ("adam", {"learning_rate": 0.1}), steps=2)
        trainer.save_states(file)
        other = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
        other.load_states(file)
        train(contexts, net=net, trainer=other, steps=2)
        results.append(values(net))
    same(*results)


def test_a_failed_step_changes_nothing():
    _, net, trainer = train(CONTEXTS, steps=2)
    before = values(net)
    bad = nd.ones((3,), ctx=CONTEXTS[0])
    with autograd.record():
        losses = [net(nd.ones((2, 5), ctx=c)).sum() for c in CONTEXTS]
    autograd.backward(losses)
    from gluonx.engine import replicas

    original = replicas._job.Job._compute

    def broken(self):
        raise KeyboardInterrupt

    replicas._job.Job._compute = broken
    try:
        with pytest.raises(KeyboardInterrupt):
            trainer.step(4)
    finally:
        replicas._job.Job._compute = original
    assert bad.shape == (3,)
    for a, b in zip(values(net), before, strict=True):
        np.testing.assert_array_equal(a, b)
    trainer.step(4)
    assert not np.array_equal(values(net)[0][0], before[0][0])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
@listening()
def test_an_interrupt_leaves_all_devices_alike(seed):
    rng = np.random.default_rng(seed)
    _, net, trainer = train(CONTEXTS, steps=2)
    interrupted = updated = 0
    old = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        for _ in range(60):
            before = values(net)
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, float(rng.uniform(1e-5, 5e-3)))
                    train(CONTEXTS, net=net, trainer=trainer, steps=1)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            nd.waitall()
            now = values(net)
            for found in now:
                np.testing.assert_array_equal(found[0], found[1])
            updated += not np.array_equal(now[0][0], before[0][0])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert interrupted > 5
    found, _, _ = train(CONTEXTS, net=net, trainer=trainer, steps=1)
    assert np.isfinite(found).all()


def test_an_interrupt_leaves_devices_alike_that_are_updated_one_by_one(seed):
    """Devices whose parameters differ, contexts that share a device, an optimizer in Python."""
    rng = np.random.default_rng(seed)
    L, x = gluon.loss.L2Loss(), nd.array(rng.normal(size=(4, 3)))

    @gx.optimizer.register
    class PlainSGD(gx.optimizer.Optimizer):
        def create_state(self, index, weight):
            return None

        def update(self, index, weight, grad, state):
            self._update_count(index)
            weight -= self._get_lr(index) * self.rescale_grad * grad

    shared = [gx.cpu(0), gx.Context("cpu_pinned", 0)]
    for contexts, name in ((CONTEXTS, "sgd"), (CONTEXTS, "plainsgd"), (shared, "sgd")):
        net = nn.Dense(2, in_units=3)
        net.initialize(ctx=contexts)
        net.hybridize()
        trainer = gluon.Trainer(net.collect_params(), name, {"learning_rate": 0.1})
        start = [p.list_data()[0].copy() for p in net.collect_params().values()]
        differ = contexts is CONTEXTS and name == "sgd"

        def prepare(net=net, contexts=contexts, start=start, differ=differ):
            for p, value in zip(net.collect_params().values(), start, strict=True):
                p.set_data(value)
                if differ:
                    p.list_data()[1][:] = value.as_in_context(contexts[1]) + 1
            with autograd.record():
                losses = [L(net(x.as_in_context(c)), nd.zeros((4, 2), ctx=c)) for c in contexts]
            autograd.backward(losses)

        prepare()
        prepare()
        gradients = values(net, "list_grad")
        trainer.step(8)
        wanted = values(net)
        sums = [np.add(*pair) for pair in gradients]
        prepare()
        points = points_of(lambda trainer=trainer: trainer.step(8))
        for point in sorted(set(rng.integers(1, points + 1, 12).tolist())):
            prepare()
            before = values(net)
            interrupted_at(lambda trainer=trainer: trainer.step(8), point)
            now, grads = values(net), values(net, "list_grad")
            for found, old, new, g, own, total in zip(
                now, before, wanted, grads, gradients, sums, strict=True
            ):
                done = np.allclose(found[0], new[0], 1e-4, 1e-5)
                for k in range(2):
                    np.testing.assert_allclose(found[k], (new if done else old)[k], 1e-4, 1e-5)
                    np.testing.assert_allclose(g[k], total if done else own[k], 1e-4, 1e-5)


def test_other_threads_read_while_steps_run():
    _, net, trainer = train(CONTEXTS, steps=2)
    errors: list[BaseException] = []
    done = threading.Event()

    def read():
        try:
            while not done.is_set():
                assert all(np.isfinite(x).all() for pair in values(net) for x in pair)
                net(nd.ones((2, 5), ctx=CONTEXTS[1])).asnumpy()
        except BaseException as e:  # noqa: BLE001
            errors.append(e)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    train(CONTEXTS, net=net, trainer=trainer, steps=40)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.slow
def test_loss_scaling_on_several_devices():
    results = []
    for contexts in (ONE, CONTEXTS):
        net = network(contexts)
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
        net(nd.ones((1, 5), ctx=contexts[0]))
        before = values(net)
        amp.init("float16")
        try:
            amp.init_trainer(trainer)
            trainer._amp_loss_scaler._initial = 64.0
            for _ in range(3):
                with autograd.record():
                    parts = split_and_load(np.ones((4, 5)), contexts)
                    losses = [(net(x) ** 2).sum() for x in parts]
                    with amp.scale_loss(losses, trainer) as scaled:
                        autograd.backward(scaled)
                trainer.step(4)
        finally:
            amp.disable()
        results.append(values(net))
    same(*results, 1e-2, 1e-3)
    assert not np.allclose(results[1][0][0], before[0][0])  # steps were not skipped


def test_sub_blocks_on_several_devices():
    """Model parallelism: each part of a network on a context of its own."""
    results = []
    for second in (gx.cpu(0), gx.cpu(1)):
        gx.random.seed(2)
        body, head = nn.Dense(8, in_units=5, activation="tanh"), nn.Dense(3, in_units=8)
        body.initialize(ctx=gx.cpu(0))
        head.initialize(ctx=second)
        head.weight.set_data(nd.array(np.linspace(-1, 1, 24).reshape(3, 8)))
        body.hybridize()
        head.hybridize()
        params = gluon.ParameterDict()
        params.update(body.collect_params())
        params.update(head.collect_params())
        trainer = gluon.Trainer(params, "adam", {"learning_rate": 0.1})
        rng = np.random.default_rng(0)
        for _ in range(3):
            x = nd.array(batch(rng)[0])
            with autograd.record():
                loss = (head(body(x).as_in_context(second)) ** 2).sum()
            loss.backward()
            trainer.step(8)
        assert head.weight.list_ctx() == [second]
        results.append([p.data().asnumpy() for p in params.values()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, 1e-5, 1e-6)


def run(devices, case):
    """Run a script of tests/replicas on several virtual devices."""
    env = {**os.environ, "JAX_NUM_CPU_DEVICES": str(devices)}
    env["PYTHONPATH"] = os.pathsep.join(sys.path)
    script = Path(__file__).with_name("replicas_script.py")
    done = subprocess.run(
        [sys.executable, str(script), str(devices), case], env=env, capture_output=True, text=True,
        timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def test_eight_devices():
    run(8, "two")


@pytest.mark.slow
def test_four_devices():
    run(4, "all")


@pytest.mark.slow
def test_a_mesh_of_eight_devices():
    run(8, "mesh")


@pytest.mark.slow
def test_thousands_of_steps_that_nobody_waits_for():
    run(8, "flood")


def test_gradients_that_somebody_has_seen_are_not_overwritten():
    """Those that nobody has seen give their memory to the next ones; it is one program."""
    net = network(CONTEXTS)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    weight, kept = next(iter(net.collect_params().values())), []
    for k in range(6):
        train(CONTEXTS, net=net, trainer=trainer, steps=2)
        if k in (1, 3, 4):
            kept.append(weight.grad(CONTEXTS[k % 2]).asjax())
            kept.append(np.array(kept[-1]))
    for array, host in zip(kept[::2], kept[1::2], strict=True):
        np.testing.assert_array_equal(np.asarray(array), host)
        assert not np.array_equal(host, weight.list_grad()[0].asnumpy())
    [step] = [s for s in engine.explain().steps if s.name.startswith(net.name)]
    assert (step.times, step.runs) == (1, 12)


def test_python_work_of_a_step_on_two_devices():
    counts = []
    for layers in (1, 6):
        net = network(CONTEXTS, *(nn.Dense(5) for _ in range(layers)))
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
        L, (x, y) = gluon.loss.SoftmaxCrossEntropyLoss(), batch(np.random.default_rng(0))

        def step(net=net, trainer=trainer, L=L, x=x, y=y):
            xs, ys = split_and_load(x, CONTEXTS), split_and_load(y, CONTEXTS)
            with autograd.record():
                losses = [L(net(x), y) for x, y in zip(xs, ys, strict=True)]
            autograd.backward(losses)
            trainer.step(8)
            return losses

        for _ in range(5):
            step()
        counts.append(calls_of(step))
    assert counts[0] == counts[1] <= 172, counts


@pytest.mark.parametrize("hybridize", [False, True])
def test_a_gradient_that_is_stale_on_one_device_is_neither_summed_nor_used(hybridize):
    nets = [nn.Dense(1, in_units=2, use_bias=False) for _ in range(2)]
    params = [net.weight for net in nets]
    for net in nets:
        net.initialize(gx.init.One(), ctx=CONTEXTS)
        net.hybridize(hybridize)
    trainer = gluon.Trainer(params, "sgd", {"learning_rate": 0.5})
    xs = [nd.ones((1, 2), ctx=ctx) * (k + 1) for k, ctx in enumerate(CONTEXTS)]

    def step(used):
        with autograd.record():
            losses = [sum(net(x).sum() for net in which) for x, which in zip(xs, used, strict=True)]
        autograd.backward(losses)
        trainer.step(1, ignore_stale_grad=True)

    step([nets, nets])
    before = params[1].data(CONTEXTS[0]).asnumpy()
    step([nets[:1], nets])
    for ctx in CONTEXTS:
        assert params[0].data(ctx).asnumpy().tolist() == [[-2, -2]]
        np.testing.assert_array_equal(params[1].data(ctx).asnumpy(), before)
    assert [g.asnumpy().tolist() for g in params[0].list_grad()] == [[[3, 3]]] * 2
    assert [g.asnumpy().tolist() for g in params[1].list_grad()] == [[[3, 3]], [[2, 2]]]
