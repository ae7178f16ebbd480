"""What a training step leaves in one piece: nobody can tell, and no array costs Python anything."""

import gc
import threading
import weakref

import numpy as np
import pytest
from counting import calls_of

import gluonx as gx
from gluonx import autograd, engine, gluon, nd, nn

BATCH = 4


def make(layers=2, optimizer="sgd", micro=1):
    gx.random.seed(1)
    net = nn.HybridSequential()
    for _ in range(layers):
        net.add(nn.Dense(3, in_units=3, activation="tanh"))
    net.initialize()
    net.hybridize()
    params = net.collect_params()
    if micro > 1:
        params.setattr("grad_req", "add")
    arguments = {"learning_rate": 0.1, **({"momentum": 0.9} if optimizer == "sgd" else {})}
    trainer = gluon.Trainer(params, optimizer, arguments)
    x = nd.array(np.random.default_rng(0).normal(size=(BATCH, 3)))
    loss_function = gluon.loss.L2Loss()

    def step():
        for _ in range(micro):
            with autograd.record():
                loss = loss_function(net(x), x)
            loss.backward()
        trainer.step(BATCH)
        if micro > 1:
            params.zero_grad()
        return loss

    return net, trainer, step


def values(net):
    return [p.data().asnumpy() for p in net.collect_params().values()]


#: gluonx's calls of Python in a step, by the number of micro-batches.
CALLS = {1: 105, 3: 185}


@pytest.mark.parametrize("micro", [1, 3])
def test_python_work_of_a_step_does_not_grow_with_the_network(micro):
    counts = []
    nd.ones(1, dtype="float64").wait_to_read()  # from here on 64-bit types are looked for
    for layers in (1, 6):
        _, _, step = make(layers, micro=micro)
        for _ in range(25):
            step()
        counts.append(calls_of(step))
    assert counts[0] == counts[1] <= CALLS[micro], counts


def course_of_calls():
    """What is seen of steps, each but for one thing like the one before."""
    net, trainer, _ = make(micro=2)
    other, _, _ = make(layers=1)
    params, rng, seen = list(net.collect_params().values()), np.random.default_rng(7), []
    loss_function, x = gluon.loss.L2Loss(), nd.array(rng.normal(size=(BATCH, 3)))
    wide, wanted = nd.array(rng.normal(size=(2, BATCH, 3))), x.copy()
    wanted.attach_grad()

    def step(*inputs, between=lambda: None):
        for k, given in enumerate(inputs):
            with autograd.record():
                out = net(given)
                loss = loss_function(out, x[: len(given)])
            if k == 0:
                between()
            loss.backward()
        trainer.step(BATCH)
        seen.append(loss.asnumpy() if len(seen) % 3 == 0 else 0)
        net.collect_params().zero_grad()

    def record_other():
        with autograd.record():
            seen.append(other(x).sum())

    moments = [
        lambda: params[0].set_data(params[0].data() * 0.5),
        lambda: params[-1].data().__setitem__(0, 0.25),
        lambda: seen.append(params[1].data().asnumpy()),
        lambda: seen.append(params[0].grad().asnumpy()),
        lambda: seen.append(net(x).asnumpy()),
        lambda: trainer.set_learning_rate(0.05),
        lambda: setattr(trainer.optimizer, "momentum", 0.5),
        lambda: setattr(params[1], "grad_req", "null"),
        lambda: setattr(params[1], "grad_req", "add"),
        lambda: setattr(params[2], "lr_mult", 0.5),
        lambda: params[1].data().attach_grad("add"),
        record_other,
        lambda: net.collect_params().zero_grad(),
        lambda: net.cast("float32"),
        nd.waitall,
    ]
    for moment in moments:
        step(x, x)
        step(x, x, between=moment)
        step(x, x)
        moment()
        step(x, x)
    for inputs in ((x, wide[1]), (wide[0], wide[0]), (x * 1, x * 2), (wanted, x), (x, x[:2])):
        step(x, x)
        step(*inputs)
        step(*reversed(inputs))
        seen.append(wanted.grad.asnumpy())
    return [np.asarray(a.asnumpy() if hasattr(a, "asnumpy") else a) for a in seen] + values(net)


def test_a_call_that_is_like_the_last_one_but_for_one_thing():
    found = course_of_calls()
    with engine.fusing(False):
        expected = course_of_calls()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, 1e-4, 1e-6)


def course_of_gradients():
    """What is seen of gradients that are added to, zeroed, written and looked at in any order."""
    net, trainer, _ = make(micro=2)
    params, rng, seen = net.collect_params(), np.random.default_rng(5), []
    first = next(iter(params.values()))
    x = nd.array(rng.normal(size=(BATCH, 3)))
    moments = {
        1: params.zero_grad,
        2: first.zero_grad,
        3: lambda: seen.append(first.grad().asnumpy()),
        4: lambda: first.grad().__setitem__(slice(None), 1),
        5: lambda: params.setattr("grad_req", "write"),
        6: lambda: params.setattr("grad_req", "add"),
        7: lambda: trainer.step(BATCH, ignore_stale_grad=True),
        8: nd.waitall,
    }
    for kind in rng.integers(0, 16, 120):
        with autograd.record():
            loss = (net(x) ** 2).sum()
        loss.backward()
        moments.get(int(kind), lambda: None)()
        if kind > 10:
            trainer.step(BATCH)
            params.zero_grad()
    return seen + values(net) + [p.grad().asnumpy() for p in params.values()]


def test_gradients_are_added_to_zeroed_and_looked_at_at_any_moment():
    found = course_of_gradients()
    with engine.fusing(False):
        expected = course_of_gradients()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, 1e-5, 1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_looking_at_anything_between_steps_changes_nothing(optimizer):
    plain, _, step = make(optimizer=optimizer)
    for _ in range(12):
        step()
    net, trainer, step = make(optimizer=optimizer)
    first = next(iter(net.collect_params().values()))
    kept, row = [], first.data()[1]
    for k in range(12):
        step()
        if k % 3 == 0:
            kept.append((first.data().copy(), first.data().asnumpy(), first.data().asjax()))
        if k % 4 == 1:
            kept.append((first.grad().copy(), first.grad().asnumpy(), first.grad().asjax()))
        if k % 5 == 2:
            np.testing.assert_array_equal(row.asnumpy(), first.data().asnumpy()[1])
    for a, b in zip(values(plain), values(net), strict=True):
        np.testing.assert_array_equal(a, b)
    for copy, host, array in kept:
        np.testing.assert_array_equal(copy.asnumpy(), host)
        np.testing.assert_array_equal(np.asarray(array), host)
    # writes between steps count, too
    first.set_data(nd.zeros((3, 3)))
    np.testing.assert_array_equal(row.asnumpy(), np.zeros(3))
    step()
    assert np.abs(first.data().asnumpy()).max() < 0.5
    assert not np.array_equal(values(plain)[1], values(net)[1])


def test_other_threads_may_look_all_the_time():
    plain, _, step = make()
    for _ in range(60):
        step()
    net, _, step = make()
    for _ in range(3):
        step()
    params = list(net.collect_params().values())
    stop, failures, looks = threading.Event(), [], []

    def look():
        try:
            while not stop.is_set():
                for p in params:
                    assert np.isfinite(p.data().asnumpy()).all()
                    assert np.isfinite(p.grad().asnumpy()).all()
                looks.append(1)
        except BaseException as e:
            failures.append(e)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for t in threads:
        t.start()
    for _ in range(57):
        step()
    stop.set()
    for t in threads:
        t.join()
    assert not failures
    assert looks
    for a, b in zip(values(plain), values(net), strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_trainers_share_a_network():
    nets = []
    for together in (True, False):
        net, _, _ = make()
        params = net.collect_params()
        weights, biases = params, None
        if not together:
            weights, biases = net.collect_params(".*weight"), net.collect_params(".*bias")
        trainers = [
            gluon.Trainer(p, "sgd", {"learning_rate": 0.1, "momentum": 0.9})
            for p in (weights, biases)
            if p is not None
        ]
        x = nd.ones((BATCH, 3))
        for _ in range(6):
            with autograd.record():
                loss = (net(x) ** 2).sum()
            loss.backward()
            for t in trainers:
                t.step(BATCH)
        nets.append(net)
    for a, b in zip(*map(values, nets), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_few_results_of_steps_in_flight_are_kept():
    """Python waits for steps now and then, by results that it does not hold on to."""
    _, _, step = make()
    losses = [weakref.ref(step().asjax()) for _ in range(60)]
    gc.collect()
    assert sum(r() is not None for r in losses) <= 16


def test_backward_with_and_without_a_head_gradient_take_turns():
    nets = []
    for fused in (True, False):
        net, trainer, _ = make()
        x = nd.ones((BATCH, 3))
        with engine.fusing(fused):
            for k in range(8):
                with autograd.record():
                    y = net(x)
                y.backward(2 * x if k % 3 == 1 else None)
                trainer.step(BATCH)
        nets.append(net)
    for a, b in zip(*map(values, nets), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
