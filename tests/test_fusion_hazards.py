"""What must not happen to a fused step: interrupts, threads, dead networks, growing costs."""

import gc
import signal
import sys
import threading
import time
import weakref

import numpy as np
import pytest
from interrupting import listening

from gluonx import autograd, engine, gluon, nd, nn


def network(prefix=None, width=4, layers=2, optimizer="sgd", **arguments):
    net = nn.HybridSequential(prefix=prefix)
    for _ in range(layers):
        net.add(nn.Dense(width, in_units=width))
    net.initialize()
    net.hybridize()
    arguments.setdefault("learning_rate", 0.01)
    return net, gluon.Trainer(net.collect_params(), optimizer, arguments)


def step(net, trainer, x):
    with autograd.record():
        loss = (net(x) ** 2).sum()
    loss.backward()
    trainer.step(len(x))
    return loss


def weights(net):
    return [p.data().asnumpy() for p in net.collect_params().values()]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
@listening()
def test_an_interrupt_leaves_the_parameters_whole(seed):
    """Ctrl-C at any moment leaves the parameters as before or after a step; training goes on."""
    rng = np.random.default_rng(seed)
    x = nd.array(rng.normal(size=(8, 4)))
    net, trainer = network()
    other, other_trainer = network()
    interrupted = updated = 0
    old = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        for _ in range(3):
            kept = [p.data().asjax() for p in net.collect_params().values()]
            step(net, trainer, x)
            step(net, trainer, x)
        del kept
        for _ in range(150):
            before = weights(net)
            for p, w in zip(other.collect_params().values(), before, strict=True):
                p.set_data(nd.array(w))
            step(other, other_trainer, x)
            after = weights(other)
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, float(rng.uniform(1e-6, 4e-4)))
                    step(net, trainer, x)
                    time.sleep(1e-3)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            nd.waitall()  # compile what was left pending, outside of the next interrupt
            assert not autograd.is_recording() and not autograd.is_training()
            now = weights(net)
            same = all(np.array_equal(a, b) for a, b in zip(now, before, strict=True))
            assert same or all(np.allclose(a, b, 1e-5) for a, b in zip(now, after, strict=True))
            updated += not same
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert interrupted > 20 and updated > 0
    assert np.isfinite(step(net, trainer, x).asscalar())


def test_dead_networks_are_freed():
    alive = []

    def train():
        net, trainer = network(optimizer="adam")
        body, head = network()[0], network()[0]
        params = [*body.collect_params().values(), *head.collect_params().values()]
        both = gluon.Trainer(params, "sgd")
        for _ in range(2):
            step(net, trainer, nd.ones((2, 4)))
            with autograd.record():
                loss = head(body(net(nd.ones((2, 4))))).sum()
            loss.backward()
            both.step(2)
        for block in (net, body, head):
            alive.append(weakref.ref(block))
            alive.extend(weakref.ref(p) for p in block.collect_params().values())
            alive.extend(weakref.ref(p.data()._buffer) for p in block.collect_params().values())

    train()
    step(*network(), nd.ones((2, 4)))
    gc.collect()
    assert [r() for r in alive if r() is not None] == []


def test_compiled_steps_die_with_the_network():
    from gluonx import engine

    net, trainer = network(prefix="mortal_")
    step(net, trainer, nd.ones((2, 4)))
    assert any(s.name.startswith("mortal") for s in engine.explain().steps)
    del net, trainer
    gc.collect()
    assert not any(s.name.startswith("mortal") for s in engine.explain().steps)


def test_programs_are_bounded():
    from gluonx import engine

    net, trainer = network(prefix="bounded_")
    x = nd.ones((2, 4))
    step(net, trainer, x)
    for n in range(80):
        with autograd.record():
            y = net(x)
            for _ in range(n % 9):
                y = y + 1
            loss = [y.sum() for _ in range(n // 9 + 1)]
        autograd.backward(loss)
        trainer.step(2)
    found = [s for s in engine.explain().steps if s.name.startswith("bounded")]
    assert 0 < len(found) <= 64


def count_calls(function):
    """Python and C calls that ``function`` makes."""
    calls = 0

    def profile(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls


class Deep(gluon.HybridBlock):
    """Many operators on one parameter."""

    def __init__(self, n):
        super().__init__()
        self.n = n
        self.w = self.params.get("w", shape=(4,), init="ones")

    def hybrid_forward(self, F, x, w):
        for _ in range(self.n):
            x = F.tanh(F.broadcast_mul(x, w))
        return x


def test_python_work_does_not_grow_with_the_operators_of_the_net():
    counts = []
    for n in (1, 30):
        net = Deep(n)
        net.initialize()
        net.hybridize()
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
        x = nd.ones((2, 4))
        for _ in range(3):
            step(net, trainer, x)
        counts.append(count_calls(lambda: step(net, trainer, x)))  # noqa: B023
    assert counts[1] <= counts[0] + 5


def test_next_to_no_python_work_per_parameter():
    counts = []
    for layers in (2, 22):
        net, trainer = network(layers=layers)
        x = nd.ones((2, 4))
        for _ in range(3):
            step(net, trainer, x)
        counts.append(count_calls(lambda: step(net, trainer, x)))  # noqa: B023
    more = (counts[1] - counts[0]) / 40  # calls for each of the 40 parameters more
    assert more < 30, counts


def test_zero_grad_of_a_gradient_that_is_a_part_of_another_array():
    net, _ = network(layers=1)
    both = nd.ones((2, 4))
    autograd.mark_variables(net[0].bias.data(), both[0])
    net[0].bias.zero_grad()
    assert both.asnumpy().tolist() == [[0] * 4, [1] * 4]


def test_threads_train_their_own_networks():
    results = {}

    def train(k):
        net, trainer = network(prefix=f"thread{k}_")
        for p in net.collect_params().values():
            p.set_data(nd.ones(p.shape) * 0.1)
        for i in range(30):
            step(net, trainer, nd.ones((2 + k % 2, 4)) * (i % 3))
        results[k] = weights(net)

    threads = [threading.Thread(target=train, args=(k,)) for k in range(4)]
    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(old)
    train(4)
    train(5)
    for k in range(4):
        for a, b in zip(results[k], results[4 + k % 2], strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_thread_reads_while_another_trains():
    net, trainer = network()
    x = nd.ones((2, 4))
    step(net, trainer, x)
    stop, errors, reads = threading.Event(), [], []

    def read():
        try:
            while not stop.is_set():
                reads.append([p.data().asnumpy().shape for p in net.collect_params().values()])
                net(x).asnumpy()
                [p.grad().asnumpy() for p in net.collect_params().values()]
        except Exception as e:
            errors.append(e)

    thread = threading.Thread(target=read)
    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        thread.start()
        for _ in range(300):
            step(net, trainer, x)
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(old)
    assert not errors and reads


def test_micro_batches_are_one_executable(compilations):
    net, trainer = network()
    net.collect_params().setattr("grad_req", "add")
    x = nd.ones((2, 4))

    def accumulated():
        for _ in range(4):
            with autograd.record():
                loss = (net(x) ** 2).sum()
            loss.backward()
        trainer.step(8)
        net.collect_params().zero_grad()

    for _ in range(2):
        accumulated()
    with compilations() as names:
        for _ in range(10):
            accumulated()
    assert not names
    from gluonx import engine

    mine = [s for s in engine.explain().steps if s.name.startswith(net.name + " ")]
    assert len(mine) == 1 and mine[0].times == 1 and mine[0].runs == 12
    assert all((p.grad().asnumpy() == 0).all() for p in net.collect_params().values())


def test_gradient_of_a_call_between_those_of_a_backward_pass():
    """BatchNorm's statistics lead from the first call through the second, whose gradient comes
    later, to the third."""
    grads = []
    for fused in (True, False):
        with engine.fusing(fused):
            net = nn.HybridSequential()
            net.add(nn.Dense(4, in_units=4), nn.BatchNorm(in_channels=4), nn.Dense(3, in_units=4))
            net.initialize()
            net.hybridize()
            rng = np.random.default_rng(5)
            for p in net.collect_params().values():
                if p.grad_req != "null":
                    p.set_data(nd.array(rng.normal(size=p.shape)))
            x, y = (nd.array(rng.normal(size=(n, 4))) for n in (4, 3))
            with autograd.record():
                first = net(x)
                later = net(y)
                losses = [(first * first).mean(), ((second := net(x)) * second).mean()]
            autograd.backward(losses)
            with autograd.record():
                loss = (later**2).mean()
            autograd.backward([loss], retain_graph=True)
            grads.append(net[0].weight.grad().asnumpy())
    assert np.abs(grads[1]).max() > 0.01
    np.testing.assert_allclose(*grads, rtol=1e-4, atol=1e-6)
