"""Networks divided among the devices of a mesh: the numbers of one device, a part of the memory."""

import jax
import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, engine, gluon, nd, nn

P = jax.sharding.PartitionSpec


def mesh_of(*sizes):
    return jax.make_mesh(sizes, ("data", "model"), devices=jax.devices()[: np.prod(sizes)])


RULES = {
    "whole": {},
    "fully": {"": "data"},
    "tensor": [
        (r"0\.weight", P("model", None)),
        (r"0\.bias", P("model")),
        (r"1\.weight", P(None, "model")),
    ],
}


def train(ctx, rules, steps=3):
    gx.random.seed(1)
    net = nn.HybridSequential()
    net.add(nn.Dense(8, activation="tanh"), nn.Dense(3), nn.Dropout(0.2))
    net.shard(rules)
    net.initialize(gx.initializer.Xavier(), ctx=ctx)
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.05})
    L = gluon.loss.SoftmaxCrossEntropyLoss()
    rng = np.random.default_rng(0)
    losses = []
    for _ in range(steps):
        x = nd.array(rng.normal(size=(8, 6))).as_in_context(ctx)
        y = nd.array(rng.integers(0, 3, 8)).as_in_context(ctx)
        with autograd.record():
            loss = L(net(x), y)
        loss.backward()
        trainer.step(8)
        losses.append(loss.asnumpy())
    return losses, net, trainer


def share(array):
    """The part of an array that the first device holds."""
    array = getattr(array, "_data", array)
    return array.addressable_shards[0].data.nbytes / array.nbytes


def check(sizes, names=tuple(RULES)):
    mesh = mesh_of(*sizes)
    expected, one, _ = train(gx.cpu(), {})
    for name in names:
        rules = RULES[name]
        engine.report.forget()
        found, net, trainer = train(mesh, rules)
        np.testing.assert_allclose(found, expected, 1e-4, 1e-6)
        for p, q in zip(one.collect_params().values(), net.collect_params().values(), strict=True):
            np.testing.assert_allclose(q.data().asnumpy(), p.data().asnumpy(), 1e-4, 1e-5)
        data, model = sizes
        wanted = {"whole": 1, "fully": 1 / data, "tensor": 1 / model}[name]
        states = [b for b in trainer._groups[0].states if b.shape == (8, 6)]
        assert len(states) == 2
        weight = net[0].weight
        for array in (weight.data(), weight.grad(), *(b.get() for b in states)):
            assert share(array) == wanted, name
        assert engine.explain().unfused == ()
        [step] = [s for s in engine.explain().steps if s.name.startswith(net.name)]
        assert (step.times, step.runs) == (1, 3)


def test_divided_parameters_give_what_one_device_gives():
    check((2, 1), ["fully"])
    check((1, 2), ["tensor"])


def test_files_and_further_steps(tmp_path):
    mesh, results = mesh_of(2, 1), []
    for ctx in (gx.cpu(), mesh):
        _, net, trainer = train(ctx, RULES["fully"], steps=2)
        net.save_parameters(str(tmp_path / "net"))
        trainer.save_states(str(tmp_path / "states"))
        net.load_parameters(str(tmp_path / "net"))
        trainer.load_states(str(tmp_path / "states"))
        for _ in range(2):
            with autograd.record():
                loss = (net(nd.ones((4, 6), ctx=ctx)) ** 2).mean()
            loss.backward()
            trainer.step(1)
        if ctx is mesh:
            arrays = [net[0].weight.data(), *(b.get() for b in trainer._groups[0].states)]
            assert all(share(a) == 0.5 for a in arrays if a.shape == (8, 6))
        results.append([p.data().asnumpy() for p in net.collect_params().values()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, 1e-4, 1e-5)


def test_contexts_of_meshes():
    mesh = mesh_of(2, 1)
    ctx = gx.Context(mesh)
    assert ctx is gx.mesh.MeshContext(mesh, batch="data") and str(ctx) == "mesh(data=2, model=1)"
    assert share(nd.ones((4, 3)).as_in_context(mesh)) == 0.5
    assert share(nd.ones((3, 3)).as_in_context(mesh)) == 1
    (part,) = gluon.utils.split_and_load(np.ones((4, 3)), [ctx])
    assert part.context is ctx and share(part) == 0.5
    x = nd.array([1.0, 2.0], ctx=mesh)
    y = x * 2 + nd.ones((2,), ctx=mesh)
    assert y.context is ctx and y.as_in_context(gx.cpu()).asnumpy().tolist() == [3, 5]
    x[0] = 7
    assert x.asnumpy().tolist() == [7, 2]
    with pytest.raises(gx.error.MXNetError, match="as_in_context"):
        nd.ones((2, 2), ctx=gx.cpu(1)) + nd.ones((2, 2)).as_in_context(mesh)
    with pytest.raises(ValueError, match="has no axis 'rows'"):
        gx.mesh.MeshContext(mesh, batch="rows")


def test_rules_that_do_not_fit_are_refused():
    mesh = mesh_of(2, 1)
    net = nn.Dense(3, in_units=4, prefix="fc_")
    net.initialize(ctx=mesh)
    with pytest.raises(ValueError, match=r"weight.*3 is not a multiple of 2"):
        net.shard({"weight": P("data")})
    with pytest.raises(ValueError, match=r"names 'rows'; the mesh has data, model"):
        net.shard({"weight": "rows"})
    with pytest.raises(ValueError, match="too many axes"):
        net.shard({"bias": P(None, "data")})
    net.shard({"weight": lambda shape: P(None, "data")})
    assert share(net.weight.data()) == 0.5 and share(net.bias.data()) == 1
    net.weight.set_data(nd.ones((3, 4)))
    assert share(net.weight.data()) == 0.5 and net.weight.data().asnumpy().sum() == 12
