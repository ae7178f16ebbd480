"""Trainer: the numbers of its optimizers, optax, stale gradients, contexts, errors."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn

HYBRID = pytest.mark.parametrize("hybridize", [False, True])
X = np.random.RandomState(0).randn(8, 3).astype("float32")
Y = np.random.RandomState(1).randn(8, 2).astype("float32")
W = np.random.RandomState(2).randn(2, 3).astype("float32")


def dense(ctx=None):
    """A linear layer with the weight W and no bias."""
    net = nn.Dense(2, in_units=3, use_bias=False, prefix="fc_")
    net.initialize(gx.init.Constant(nd.array(W)), ctx=ctx)
    return net


def backward(net, x=X, y=Y):
    """Half the squared error, summed."""
    with autograd.record():
        d = net(nd.array(x)) - nd.array(y)
        loss = (d * d).sum() / 2
    loss.backward()
    return loss


def gradient(w, x=X, y=Y):
    return (x @ w.T - y).T @ x


def train(net, optimizer, params=None, steps=5, batch=8, rates=None):
    trainer = gluon.Trainer(net.collect_params(), optimizer, params)
    for i in range(steps):
        if rates:
            trainer.set_learning_rate(rates[i])
        backward(net)
        trainer.step(batch)
    return net.weight.data().asnumpy()


# -- the numbers ---------------------------------------------------------------------------------


def numpy_sgd(lr, momentum=0.0, wd=0.0, clip=None, steps=5, batch=8, nesterov=False, rates=None):
    w, m = W.astype("float64"), 0
    for i in range(steps):
        lr = rates[i] if rates else lr
        g = gradient(w) / batch
        g = (g if clip is None else np.clip(g, -clip, clip)) + wd * w
        m = momentum * m - lr * g
        w = w + (momentum * m - lr * g if nesterov else m)
    return w


def numpy_adam(lr=0.001, b1=0.9, b2=0.999, eps=1e-8, wd=0.0, steps=5, batch=8):
    w, m, v = W.astype("float64"), 0, 0
    for t in range(1, steps + 1):
        g = gradient(w) / batch + wd * w
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        w = w - lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + eps)
    return w


@HYBRID
@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.1},
        {"lr": 0.1, "wd": 0.05},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "wd": 0.05, "clip": 0.2},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.0, "momentum": 0.9, "rates": [0.3, 0.1, 0.2, 0.0, 0.1]},
    ],
)
def test_sgd_gives_the_numbers_of_its_formula(options, hybridize):
    net = dense()
    net.hybridize(hybridize)
    names = {"lr": "learning_rate", "clip": "clip_gradient"}
    params = {names.get(k, k): v for k, v in options.items() if k not in ("nesterov", "rates")}
    got = train(net, "nag" if "nesterov" in options else "sgd", params, rates=options.get("rates"))
    np.testing.assert_allclose(got, numpy_sgd(**options), rtol=1e-5, atol=1e-6)


@HYBRID
@pytest.mark.parametrize(
    ("params", "options"),
    [
        (None, {}),
        ({"learning_rate": 0.1, "wd": 0.02}, {"lr": 0.1, "wd": 0.02}),
        ({"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}, {"b1": 0.5, "b2": 0.9, "eps": 1e-3}),
    ],
)
def test_adam_gives_the_numbers_of_its_formula(params, options, hybridize):
    net = dense()
    net.hybridize(hybridize)
    got = train(net, "adam", params)
    np.testing.assert_allclose(got, numpy_adam(**options), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_step_divides_by_the_batch_size_and_keeps_rescale_grad(batch):
    got = train(dense(), "sgd", {"learning_rate": 0.01, "rescale_grad": 2}, batch=batch)
    np.testing.assert_allclose(got, numpy_sgd(0.01, batch=batch / 2), rtol=1e-4)


def test_scheduler_gives_the_learning_rate_of_each_step():
    schedule = gx.lr_scheduler.FactorScheduler(step=2, factor=0.5)
    got = train(dense(), "sgd", {"learning_rate": 0.2, "lr_scheduler": schedule})
    rates = [0.2, 0.2, 0.1, 0.1, 0.05]
    np.testing.assert_allclose(got, numpy_sgd(0, rates=rates), rtol=1e-5)


def test_multipliers_of_parameters_act_on_rate_and_decay():
    net = dense()
    net.weight.lr_mult, net.weight.wd_mult = 0.5, 4.0
    got = train(net, "sgd", {"learning_rate": 0.2, "wd": 0.01})
    np.testing.assert_allclose(got, numpy_sgd(0.1, wd=0.04), rtol=1e-5)


def test_optimizer_instance_is_used_as_it_is():
    optimizer = gx.optimizer.SGD(learning_rate=0.1, momentum=0.9)
    net = dense()
    trainer = gluon.Trainer(net.collect_params(), optimizer)
    assert trainer.optimizer is optimizer
    backward(net)
    trainer.step(8)
    np.testing.assert_allclose(net.weight.data().asnumpy(), numpy_sgd(0.1, 0.9, steps=1), rtol=1e-5)


# -- optax ---------------------------------------------------------------------------------------

TRANSFORMATIONS = {
    "adam": lambda: optax.adam(0.05),
    "adamw": lambda: optax.adamw(0.05, weight_decay=0.1),
    "clipped": lambda: optax.chain(optax.clip_by_global_norm(0.3), optax.sgd(0.1, momentum=0.9)),
    "schedule": lambda: optax.sgd(optax.exponential_decay(0.2, 2, 0.5)),
    "lion": lambda: optax.lion(0.01),
    "rmsprop": lambda: optax.rmsprop(0.01, momentum=0.5),
    "injected": lambda: optax.inject_hyperparams(optax.adam)(learning_rate=0.02),
    "multi_steps": lambda: optax.MultiSteps(optax.sgd(0.1), 2),
}


@HYBRID
@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_any_optax_transformation_equals_a_loop_written_in_jax(name, hybridize):
    make = TRANSFORMATIONS[name]
    net = nn.HybridSequential()
    net.add(nn.Dense(4, in_units=3, activation="tanh"), nn.Dense(2, in_units=4))
    net.initialize(gx.init.Normal(0.5))
    net.hybridize(hybridize)
    params = list(net.collect_params().values())
    trainer = gluon.Trainer(params, make())
    expected = [jnp.asarray(p.data().asnumpy()) for p in params]

    def loss(params):
        w1, b1, w2, b2 = params
        d = jnp.tanh(X @ w1.T + b1) @ w2.T + b2 - Y
        return (d * d).sum() / 2 / 8

    transformation = make()
    state = transformation.init(expected)
    for _ in range(6):
        backward(net)
        trainer.step(8)
        updates, state = transformation.update(jax.grad(loss)(expected), state, expected)
        expected = optax.apply_updates(expected, updates)
    for p, value in zip(params, expected, strict=True):
        np.testing.assert_allclose(p.data().asnumpy(), value, rtol=1e-4, atol=1e-5)


def test_optax_obeys_lr_mult_and_keeps_its_own_rate():
    net = dense()
    net.weight.lr_mult = 0.5
    got = train(net, optax.sgd(0.2))
    np.testing.assert_allclose(got, numpy_sgd(0.1), rtol=1e-5)
    trainer = gluon.Trainer(net.collect_params(), optax.sgd(0.2))
    assert trainer.optimizer is None
    for use in (lambda: trainer.learning_rate, lambda: trainer.set_learning_rate(1)):
        with pytest.raises(UserWarning, match="optax transformation, which holds its own"):
            use()


# -- an optimizer of one's own -------------------------------------------------------------------


def test_own_optimizer_with_update_runs_for_each_parameter():
    @gx.optimizer.register
    class Heavy(gx.optimizer.Optimizer):
        def create_state(self, index, weight):
            return nd.zeros(weight.shape)

        def update(self, index, weight, grad, state):
            self._update_count(index)
            state[:] = 0.9 * state - self._get_lr(index) * grad * self.rescale_grad
            weight += state

    got = train(dense(), "heavy", {"learning_rate": 0.1})
    np.testing.assert_allclose(got, numpy_sgd(0.1, 0.9), rtol=1e-5)


def test_own_optimizer_with_a_transformation():
    class Scaled(gx.optimizer.Optimizer):
        def transformation(self):
            return optax.with_extra_args_support(optax.sgd(0.1))

    net = dense()
    got = train(net, Scaled(), steps=1)
    np.testing.assert_allclose(got, W - 0.1 * gradient(W), rtol=1e-5)


# -- compiling -----------------------------------------------------------------------------------


@HYBRID
def test_changed_numbers_compile_nothing(hybridize, compilations):
    net = dense()
    net.hybridize(hybridize)
    trainer = gluon.Trainer(net.collect_params(), "adam", {"wd": 0.1})

    def step(i):
        backward(net)
        trainer.set_learning_rate(0.1 / (i + 1))
        trainer.optimizer.wd = 0.1 * i
        net.weight.lr_mult = i
        trainer.step(8 + i)
        nd.waitall()

    for i in range(3):
        step(i)
    with compilations() as compiled:
        for i in range(3, 6):
            step(i)
    assert compiled == []
