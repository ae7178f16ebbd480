"""What was compiled and why: engine.explain(), its warning, the compilation cache on disk."""

import os
import subprocess
import sys
import warnings

import pytest

import gluonx as gx
from gluonx import autograd, engine, gluon, nd, nn
from gluonx.engine import report


@pytest.fixture(autouse=True)
def _from_here_on():
    nd.waitall()  # what another test left pending
    report.forget()


def trained(prefix, optimizer="sgd"):
    net = nn.Dense(2, in_units=3, prefix=prefix)
    net.initialize()
    net.hybridize()
    return net, gluon.Trainer(net.collect_params(), optimizer)


def step(net, trainer, n=4, before=None, between=None):
    with autograd.record():
        loss = gluon.loss.L2Loss()(net(nd.ones((n, 3))), nd.zeros((n, 2)))
    if before:
        before(loss)
    loss.backward()
    if between:
        between(loss)
    trainer.step(n)


def block_of(name):
    return next(b for b in engine.explain().blocks if b.name == name)


def test_reasons_of_recompilation():
    net, trainer = trained("one_")
    step(net, trainer, 4)
    step(net, trainer, 4)
    step(net, trainer, 5)
    net(nd.ones((5, 3)))
    net(nd.ones((5, 3), dtype="float32"))
    with autograd.record(train_mode=False):
        net(nd.ones((5, 3)))
    found = block_of("one")
    assert found.times == 4
    assert found.reasons == (
        "first call",
        "argument 0: shape (4, 3) became (5, 3)",
        "train mode: on became off; recording: on became off",
        "recording: off became on",
    )


def test_an_attribute_that_is_set_recompiles():
    class Scaled(gluon.HybridBlock):
        factor = 1.0

        def hybrid_forward(self, F, x):
            return x * self.factor

    net = Scaled(prefix="scaled_")
    net.hybridize()
    net(nd.ones(2))
    net.factor = 2.0
    assert net(nd.ones(2)).asnumpy().tolist() == [2, 2]
    assert block_of("scaled").reasons == ("first call", "scaled.factor was set")


def test_arguments_that_are_not_arrays():
    class Power(gluon.HybridBlock):
        def hybrid_forward(self, F, x, n):
            return x**n

    net = Power(prefix="power_")
    net.hybridize()
    net(nd.ones(2), 2)
    net(nd.ones(2), 3)
    assert block_of("power").reasons[1] == "arguments: (array, 2) became (array, 3)"


def test_steps_are_counted():
    net, trainer = trained("counted_")
    for _ in range(10):
        step(net, trainer)
    found = [s for s in engine.explain().steps if s.name.startswith("counted + ")]
    assert [(s.times, s.runs) for s in found] == [(1, 10)]
    assert found[0].name.endswith(" + backward + update")
    assert not engine.explain().unfused


@pytest.mark.parametrize(
    "when, reason",
    [
        ("before", "a recorded result was needed before backward()"),
        ("between", "a gradient or a result was needed between backward() and the Trainer's step"),
    ],
)
def test_the_line_that_looked_too_early(when, reason):
    net, trainer = trained("early_")
    for _ in range(3):
        step(net, trainer, **{when: lambda loss: loss.asnumpy()})
    [found] = engine.explain().unfused
    assert found.reason == reason
    assert "test_explain.py" in found.where and "loss.asnumpy()" in found.where


def test_gradients_that_no_trainer_used():
    net, trainer = trained("unused_")
    for _ in range(2):
        with autograd.record():
            loss = net(nd.ones((4, 3))).sum()
        loss.backward()
    trainer.step(4)
    [found] = engine.explain().unfused
    assert found.reason.startswith("a new forward pass began before a Trainer used the gradients")


def test_losses_of_many_kinds_go_on_compiling():
    net, trainer = trained("kinds_")
    losses = [gluon.loss.L2Loss(weight=1 + k / 100) for k in range(70)]
    for n in (2, 3):  # the first ones have left the shared cache, and meet a new shape
        for loss in losses[:2] if n == 3 else losses:
            with autograd.record():
                y = loss(net(nd.ones((n, 3))), nd.zeros((n, 2)))
            del y


def test_a_loss_that_is_not_hybridized_is_compiled_and_not_deferred():
    net = nn.Dense(3, in_units=3)
    net.initialize()
    loss_function, other = (
        gluon.loss.SoftmaxCrossEntropyLoss(weight=0.731, prefix=name)
        for name in ("alone_", "other_")
    )
    other.hybridize()
    with autograd.record():
        other(net(nd.ones((4, 3))), nd.array([0, 1, 2, 0])).backward()
    report.forget()  # that one is deferred, and backward goes on outside
    for k in range(5):
        with autograd.record():
            loss = loss_function(net(nd.ones((4, 3))), nd.array([0, 1, 2, k % 3]))
        seen = loss.asnumpy()
        loss.backward()
        with autograd.record():
            by_operators = loss_function.forward(net(nd.ones((4, 3))), nd.array([0, 1, 2, k % 3]))
        grad = net.weight.grad().asnumpy()
        by_operators.backward()
        assert seen == pytest.approx(by_operators.asnumpy(), rel=1e-6)
        assert grad == pytest.approx(net.weight.grad().asnumpy(), rel=1e-5, abs=1e-7)
    assert block_of("alone").times == 1
    assert engine.explain().unfused == ()


def test_an_optimizer_in_python_is_named():
    class Own(gx.optimizer.Optimizer):
        def create_state(self, index, weight):
            return None

        def update(self, index, weight, grad, state):
            weight[:] = weight - 0.1 * grad

    net, trainer = trained("python_", Own())
    step(net, trainer)
    assert any("Own updates parameters in Python" in u.reason for u in engine.explain().unfused)


def test_printing_shows_all():
    net, trainer = trained("shown_")
    step(net, trainer, between=lambda loss: loss.asnumpy())
    text = str(engine.explain())
    for part in ("Hybridized blocks", "shown: compiled 1 time", "first call", "Not fused, because"):
        assert part in text


def test_many_compilations_warn_once_with_the_reason():
    net, trainer = trained("many_")
    for n in range(1, 8):
        step(net, trainer, n)
    text = r"many has been compiled 8 times .*\(7, 3\) became \(8, 3\)"
    with pytest.warns(UserWarning, match=text) as found:
        step(net, trainer, 8)
    assert found[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        step(net, trainer, 9)


SCRIPT = """
import sys
import jax
import gluonx as gx
from gluonx import autograd, gluon, nd, nn

if "first" in sys.argv:
    jax.numpy.ones(3).sum().block_until_ready()
hits = {"hit": 0, "miss": 0}
def count(event, **more):
    if "/compilation_cache/cache_" in event:
        hits["hit" if "hits" in event else "miss"] += 1
jax.monitoring.register_event_listener(count)
net = nn.HybridSequential()
net.add(nn.Dense(4, activation="relu"), nn.Dense(2))
net.initialize()
net.hybridize()
trainer = gluon.Trainer(net.collect_params(), "adam")
for _ in range(3):
    with autograd.record():
        loss = gluon.loss.L2Loss()(net(nd.ones((4, 3))), nd.zeros((4, 2)))
    loss.backward()
    trainer.step(4)
loss.asnumpy()
print(hits["hit"], hits["miss"], jax.config.jax_compilation_cache_dir)
"""


def run(tmp_path, *arguments, **environment):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "GLUONX_", "XDG_"))}
    env.update(HOME=str(tmp_path), PYTHONPATH=os.pathsep.join(sys.path), **environment)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip(), done.stderr
    hits, misses, folder = done.stdout.split()
    return int(hits), int(misses), folder


@pytest.mark.slow
def test_a_second_process_compiles_nothing(tmp_path):
    hits, misses, folder = run(tmp_path)
    assert hits == 0 and misses > 0
    assert folder.startswith(str(tmp_path))
    assert run(tmp_path) == (misses, 0, folder)
    # also when JAX has compiled something before gluonx
    hits, misses, _ = run(tmp_path, "first")
    assert hits > 0 and misses == 0


@pytest.mark.slow
def test_the_cache_is_the_users_to_configure(tmp_path):
    assert run(tmp_path, GLUONX_COMPILATION_CACHE="0")[2] == "None"
    assert run(tmp_path, JAX_ENABLE_COMPILATION_CACHE="false")[2] == "None"
    chosen = str(tmp_path / "mine")
    assert run(tmp_path, GLUONX_COMPILATION_CACHE=chosen)[2] == chosen
    other = str(tmp_path / "jax")
    assert run(tmp_path, JAX_COMPILATION_CACHE_DIR=other)[2] == other


def test_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("GLUONX_COMPILATION_CACHE", "off")
    assert engine.compilation_cache_folder() is None
    monkeypatch.setenv("GLUONX_COMPILATION_CACHE", str(tmp_path))
    assert engine.compilation_cache_folder() == tmp_path
    monkeypatch.delenv("GLUONX_COMPILATION_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform.startswith("linux"):
        assert engine.compilation_cache_folder().parent == tmp_path / "gluonx"


def test_old_entries_go_when_the_folder_is_large(monkeypatch, tmp_path):
    from gluonx.engine import persistent

    for i in range(10):
        entry = tmp_path / f"entry{i}"
        entry.write_bytes(b"x" * 100)
        os.utime(entry, (i, i))
    monkeypatch.setattr(persistent, "_MAX_BYTES", 1000)
    persistent._shrink(tmp_path)
    assert len(list(tmp_path.iterdir())) == 10
    monkeypatch.setattr(persistent, "_MAX_BYTES", 600)
    persistent._shrink(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["entry7", "entry8", "entry9"]
