"""Step fusion changes the speed and nothing else: fused = unfused = eager."""

import jax
import numpy as np
import optax
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn
from gluonx.engine import config


def mlp(dropout=False):
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Dense(8, activation="tanh"), nn.BatchNorm(), nn.Dense(3))
        if dropout:
            net.add(nn.Dropout(0.5))
    return net


class Loop:
    """A net, its data and trainer, made the same way each time."""

    def __init__(self, mode, optimizer="sgd", arguments=None, dropout=False):
        gx.random.seed(5)
        rng = np.random.RandomState(0)
        self.net = mlp(dropout)
        self.net.initialize(gx.init.Xavier())
        if mode != "eager":
            self.net.hybridize()
        self.x = nd.array(rng.randn(6, 4))
        self.y = nd.array(rng.randint(0, 3, 6))
        self.loss = gluon.loss.SoftmaxCrossEntropyLoss()
        if arguments is None:
            arguments = {"learning_rate": 0.1, "momentum": 0.9}
        self.trainer = gluon.Trainer(self.net.collect_params(), optimizer, arguments)
        self.seen = []

    def forward(self, x=None, y=None):
        with autograd.record():
            return self.loss(self.net(self.x if x is None else x), self.y if y is None else y)

    def params(self):
        return list(self.net.collect_params().values())


def plain(loop):
    for _ in range(4):
        loss = loop.forward()
        loss.backward()
        loop.trainer.step(6)
        loop.seen.append(loss.asnumpy())


def read_between(loop):
    for _ in range(3):
        loss = loop.forward()
        loop.seen.append(loss.mean().asscalar())
        loss.backward()
        loop.seen.append(loop.params()[0].grad().asnumpy())
        loop.trainer.step(6)
        loop.seen.append(loop.params()[0].data().asnumpy())


def accumulate(loop):
    for p in loop.params():
        if p.grad_req != "null":
            p.grad_req = "add"
    for _ in range(3):
        # in parts of three, since BatchNorm over two rows leaves hardly any gradient
        for part in (slice(0, 3), slice(3, 6)):
            loop.forward(loop.x[part], loop.y[part]).backward()
        loop.trainer.step(6)
        for p in loop.params():
            p.zero_grad()


def summed_losses(loop):
    for _ in range(2):
        with autograd.record():
            total = loop.loss(loop.net(loop.x), loop.y) + 0.5 * loop.loss(loop.net(-loop.x), loop.y)
        total.backward()
        loop.trainer.step(6)


def several_heads(loop):
    for _ in range(2):
        with autograd.record():
            out = loop.net(loop.x)
            first, second = loop.loss(out, loop.y), (out * out).mean()
        autograd.backward([first, second])
        loop.trainer.step(6)


def head_gradients(loop):
    for _ in range(2):
        with autograd.record():
            out = loop.net(loop.x)
        out.backward(out.detach() * 2)
        loop.trainer.step(6)


def clipped(loop):
    for _ in range(3):
        loop.forward().backward()
        grads = [p.grad() for p in loop.params() if p.grad_req != "null"]
        gluon.utils.clip_global_norm(grads, 0.1, check_isfinite=False)
        loop.trainer.step(6)


def split_step(loop):
    for _ in range(2):
        loop.forward().backward()
        loop.trainer.allreduce_grads()
        loop.trainer.update(6)


def frozen(loop):
    loop.net[0].weight.grad_req = "null"
    loop.net[2].weight.lr_mult = 0.1
    plain(loop)


def thawed(loop):
    loop.net[0].weight.grad_req = "null"
    plain(loop)
    loop.net[0].weight.grad_req = "write"
    plain(loop)


def changing_batch(loop):
    for n in (6, 6, 4, 6, 4):
        loop.forward(loop.x[:n], loop.y[:n]).backward()
        loop.trainer.step(n)


def changing_rate(loop):
    for i in range(4):
        loop.trainer.set_learning_rate(0.1 / (i + 1))
        loop.forward().backward()
        loop.trainer.step(6)


def user_writes(loop):
    for _ in range(3):
        loop.forward().backward()
        p = loop.params()[0]
        p.grad()[:] = p.grad() * 0.5
        p.data()[:] = p.data() * 0.9
        p.grad()[0] = 1
        loop.trainer.step(6)


def kept_outputs(loop):
    kept = []
    for _ in range(3):
        with autograd.record():
            out = loop.net(loop.x)
            loss = loop.loss(out, loop.y)
        kept += [out, loss]
        loss.backward()
        loop.trainer.step(6)
    loop.seen += [k.asnumpy() for k in kept]


def carried_state(loop):
    h = nd.zeros((6, 4))
    for _ in range(3):
        with autograd.record():
            out = loop.net(loop.x + h)
            loss = loop.loss(out, loop.y)
        loss.backward()
        loop.trainer.step(6)
        h = nd.concat(out.detach(), nd.zeros((6, 1)), dim=1)
    loop.seen.append(h.asnumpy())


def stopped_half_way(loop):
    plain(loop)
    with pytest.raises(KeyError), autograd.record():
        loop.net(loop.x)
        raise KeyError("stop")
    plain(loop)


def aliases(loop):
    plain(loop)
    views = []
    for _ in range(4):
        for p in loop.params():
            x = p.data()
            views += [(x.asjax(), x.asnumpy()), (x.copy(), x.asnumpy())]
            views.append((np.asarray(x), x.asnumpy()))
            views.append((np.from_dlpack(x), x.asnumpy()))
        loop.forward().backward()
        loop.trainer.step(6)
    for alias, values in views:
        have = alias.asnumpy() if isinstance(alias, nd.NDArray) else np.asarray(alias)
        np.testing.assert_array_equal(have, values)


def two_records(loop):
    """The first loss is left alone until the second has been stepped."""
    for _ in range(2):
        first = loop.forward()
        second = loop.forward(-loop.x)
        second.backward()
        loop.trainer.step(6)
        first.backward()
        loop.trainer.step(6)
        loop.seen += [first.asnumpy(), second.asnumpy()]


def stale(loop):
    loop.forward().backward()
    loop.trainer.step(6)
    before = [p.data().asnumpy() for p in loop.params()]
    with pytest.raises(UserWarning, match="has not been written by backward"):
        loop.trainer.step(6)
    for p, old in zip(loop.params(), before, strict=True):
        np.testing.assert_array_equal(p.data().asnumpy(), old)
    with autograd.record():
        loop.net[0](loop.x).sum().backward()
    loop.trainer.step(6, ignore_stale_grad=True)


SCENARIOS = [
    plain, read_between, accumulate, summed_losses, several_heads, head_gradients, clipped,
    split_step, frozen, thawed, changing_batch, changing_rate, user_writes, kept_outputs,
    carried_state, stopped_half_way, aliases, two_records, stale,
]  # fmt: skip

OPTIMIZERS = {
    "momentum": ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.01}),
    "adam": ("adam", {"learning_rate": 0.01}),
    "optax": (optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(0.01)), {}),
}


def outcome(scenario, mode, optimizer="momentum", dropout=False):
    with config.fusing(mode == "fused"):
        loop = Loop(mode, *OPTIMIZERS[optimizer], dropout=dropout)
        scenario(loop)
        params = [p.data().asnumpy() for p in loop.params()]
        grads = [p.grad().asnumpy() for p in loop.params() if p.grad_req != "null"]
        return params + grads + loop.seen


def assert_same(got, want):
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_fused_equals_unfused_and_eager(scenario):
    want = outcome(scenario, "eager")
    assert_same(outcome(scenario, "unfused"), want)
    assert_same(outcome(scenario, "fused"), want)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("scenario", [plain, accumulate, thawed], ids=lambda s: s.__name__)
def test_optimizers(scenario, optimizer):
    want = outcome(scenario, "eager", optimizer)
    assert_same(outcome(scenario, "fused", optimizer), want)


def test_dropout_draws_the_same_numbers():
    want = outcome(plain, "eager", dropout=True)
    assert_same(outcome(plain, "unfused", dropout=True), want)
    assert_same(outcome(plain, "fused", dropout=True), want)


_compiled = [0]


@jax.monitoring.register_event_duration_secs_listener
def _listen(event, duration, **kwargs):
    _compiled[0] += event == "/jax/core/compile/backend_compile_duration"


def compilations(action):
    """Number of XLA programs compiled by ``action``."""
    before = _compiled[0]
    action()
    return _compiled[0] - before


def test_ten_steps_compile_once():
    loop = Loop("fused")
    plain(loop)
    step = lambda: (loop.forward().backward(), loop.trainer.step(6))  # noqa: E731
    step()
    assert compilations(lambda: [step() for _ in range(10)]) == 0
    loop.trainer.set_learning_rate(0.01)
    assert compilations(lambda: [step() for _ in range(3)]) == 0


def test_gan_two_losses_two_trainers():
    def run(mode):
        with config.fusing(mode == "fused"):
            gx.random.seed(1)
            make, judge = nn.Dense(4), nn.Dense(1)
            for net in (make, judge):
                net.initialize(gx.init.Xavier())
                if mode != "eager":
                    net.hybridize()
            trainers = [
                gluon.Trainer(n.collect_params(), "adam", {"learning_rate": 0.05})
                for n in (make, judge)
            ]
            bce = gluon.loss.SigmoidBinaryCrossEntropyLoss()
            rng = np.random.RandomState(0)
            seen = []
            for _ in range(4):
                real, noise = nd.array(rng.randn(5, 4)), nd.array(rng.randn(5, 2))
                with autograd.record():
                    fake = make(noise)
                    loss = bce(judge(real), nd.ones((5,))) + bce(
                        judge(fake.detach()), nd.zeros((5,))
                    )
                loss.backward()
                trainers[1].step(5)
                with autograd.record():
                    other = bce(judge(fake), nd.ones((5,)))
                other.backward()
                trainers[0].step(5)
                seen += [loss.asnumpy(), other.asnumpy()]
            return seen + [
                p.data().asnumpy() for n in (make, judge) for p in n.collect_params().values()
            ]

    want = run("eager")
    assert_same(run("unfused"), want)
    assert_same(run("fused"), want)


def test_failed_update_leaves_the_parameters_whole():
    def broken(updates, state, params=None):
        raise ZeroDivisionError("no update today")

    loop = Loop("fused", optax.GradientTransformation(lambda p: (), broken), {})
    loop.forward().asnumpy()
    loss = loop.forward()
    values = [p.data().asnumpy() for p in loop.params()[:1]]
    loss.backward()
    with pytest.raises(ZeroDivisionError):
        loop.trainer.step(6)
    assert_same([p.data().asnumpy() for p in loop.params()[:1]], values)
    assert loss.asnumpy().shape == (6,)
    assert np.isfinite(loop.params()[0].grad().asnumpy()).all()


def test_second_backward_is_refused():
    loop = Loop("fused")
    loss = loop.forward()
    loss.backward()
    with pytest.raises(gx.MXNetError, match="retain_graph=True"):
        loss.backward()
    loss.asnumpy()
    with pytest.raises(gx.MXNetError, match="retain_graph=True"):
        loss.backward()


def test_backward_without_a_step_does_not_pile_up():
    loop = Loop("fused")
    plain(loop)
    for _ in range(3):
        loop.forward().backward()
    assert compilations(lambda: [loop.forward().backward() for _ in range(20)]) == 0
    loop.trainer.step(6)
