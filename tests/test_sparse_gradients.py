"""Row-sparse gradients and parameters, lazy updates, beyond what is compared with MXNet."""

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn


def _table(rows=5, req="write"):
    w = nd.array(np.arange(2.0 * rows).reshape(rows, 2) / 10)
    w.attach_grad(req, stype="row_sparse")
    return w


def _look_up(w, ids):
    return nd.Embedding(nd.array(ids), w, input_dim=w.shape[0], output_dim=2, sparse_grad=True)


def test_gradients_that_are_added_have_the_rows_of_all():
    w = _table(req="add")
    for ids in ([0, 1], [1, 3]):
        with autograd.record():
            y = _look_up(w, ids)
        y.backward()
    assert w.grad.indices.asnumpy().tolist() == [0, 1, 3]
    assert w.grad.data.asnumpy()[:, 0].tolist() == [1, 2, 1]


def test_a_gradient_that_is_written_has_the_rows_of_the_last_backward():
    w = _table()
    for ids in ([0, 1], [3]):
        with autograd.record():
            y = _look_up(w, ids) * 0
        y.backward()
    assert w.grad.indices.asnumpy().tolist() == [3]


def test_uses_in_several_ways_add_their_rows():
    w = _table()
    x = nd.sparse.csr_matrix(([2.0], ([0], [4])), shape=(1, 5))
    with autograd.record():
        y = _look_up(w, [0]).sum() + nd.dot(x, w).sum() + w[1].sum()
    y.backward()
    assert w.grad.indices.asnumpy().tolist() == [0, 1, 4]
    assert w.grad.asnumpy()[:, 1].tolist() == [1, 1, 0, 0, 2]


def _net(hybridize, **kwargs):
    net = nn.HybridSequential()
    net.add(nn.Embedding(6, 2, sparse_grad=True), nn.Dense(1, in_units=2, flatten=False))
    net.initialize(gx.init.One(), **kwargs)
    if hybridize:
        net.hybridize()
    return net


@pytest.mark.parametrize("hybridize", [False, True])
def test_zero_grad_forgets_the_rows(hybridize):
    net = _net(hybridize)
    net.collect_params().setattr("grad_req", "add")
    for expected in ([1, 2], [2, 4]):
        with autograd.record():
            y = net(nd.array(expected)).sum()
        y.backward()
        assert net[0].weight.grad().indices.asnumpy().tolist() == expected
        net.collect_params().zero_grad()
    assert net[0].weight.grad().indices.shape == (0,)


@pytest.mark.parametrize("hybridize", [False, True])
def test_a_step_is_one_executable_and_touches_the_rows_that_occur(hybridize, compilations):
    net = _net(hybridize)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1, "wd": 0.5})
    weight = net[0].weight

    def step(ids):
        with autograd.record():
            y = (net(nd.array(ids)) * 0).sum()
        y.backward()
        trainer.step(1)

    step([0, 1])
    with compilations() as names:
        step([0, 4])
    assert not names
    assert weight.data().asnumpy()[:, 0].tolist() == [0.25, 0.5, 1, 1, 0.5, 1]


def test_devices_exchange_row_sparse_gradients():
    contexts = [gx.cpu(0), gx.cpu(1)]
    net = _net(False, ctx=contexts)
    arguments = {"learning_rate": 1, "wd": 0.5}
    trainer = gluon.Trainer(net.collect_params(), "sgd", arguments)
    weight = net[0].weight
    parts = gluon.utils.split_and_load(nd.array([0, 3, 3, 5]), contexts)
    with autograd.record():
        losses = [(net(x) * 0).sum() for x in parts]
    autograd.backward(losses)
    trainer.step(1)
    for ctx in contexts:
        assert weight.grad(ctx).indices.asnumpy().tolist() == [0, 3, 5]
        assert weight.data(ctx).asnumpy()[:, 0].tolist() == [0.5, 1, 1, 0.5, 1, 0.5]


def test_an_optimizer_that_is_called_updates_lazily_too():
    w = nd.ones((3, 2))
    grad = nd.sparse.row_sparse_array((np.zeros((1, 2), "float32"), [1]), shape=(3, 2))
    for lazy, expected in ((True, [1, 0.5, 1]), (False, [0.5, 0.25, 0.5])):
        sgd = gx.optimizer.SGD(learning_rate=1, wd=0.5, momentum=0.9, lazy_update=lazy)
        state = sgd.create_state(0, w)
        sgd.update(0, w, grad, state)
        assert w.asnumpy()[:, 0].tolist() == expected


def test_row_sparse_parameter_gives_rows_and_learns(tmp_path):
    p = gluon.Parameter("w", shape=(5, 2), stype="row_sparse", grad_stype="row_sparse")
    p.initialize("ones")
    trainer = gluon.Trainer([p], "sgd", {"learning_rate": 1})
    ids = nd.array([3, 1, 3])
    rows = p.row_sparse_data(ids)
    assert (rows.stype, rows.indices.asnumpy().tolist()) == ("row_sparse", [1, 3])
    assert len(p.list_row_sparse_data(ids)) == 1
    with autograd.record():
        y = _look_up(p.row_sparse_data(ids), [3, 1, 3])
    y.backward()
    assert p.grad().indices.asnumpy().tolist() == [1, 3]
    trainer.step(1)
    found = p.row_sparse_data(nd.arange(5))
    assert found.asnumpy()[:, 0].tolist() == [1, 0, 1, -1, 1]
    for method in (p.data, p.list_data):
        with pytest.raises(RuntimeError, match="row_sparse_data"):
            method()
    with pytest.raises(RuntimeError, match="use data"):
        gluon.Parameter("d", shape=(1,)).row_sparse_data(ids)
    parameters = gluon.ParameterDict()
    parameters._params["w"] = p
    parameters.save(tmp_path / "f")
    assert nd.load(tmp_path / "f")["w"].stype == "row_sparse"
    p.set_data(nd.zeros((5, 2)))
    parameters.load(tmp_path / "f")
    np.testing.assert_array_equal(p.row_sparse_data(nd.arange(5)).asnumpy(), found.asnumpy())


def test_unknown_storage_types_of_parameters_are_refused():
    with pytest.raises(ValueError, match="'coo'"):
        gluon.Parameter("w", shape=(2, 2), grad_stype="coo")


def test_csr_batches_train_a_hybridized_linear_model():
    class Linear(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            with self.name_scope():
                self.weight = self.params.get("weight", shape=(3, 1), grad_stype="row_sparse")

        def hybrid_forward(self, F, x, weight):
            return F.dot(x, weight)

    x = nd.sparse.csr_matrix(np.array([[0, 1, 0], [2, 0, 0]], np.float32))
    for hybridize in (False, True):
        net = Linear()
        net.initialize("zeros")
        if hybridize:
            net.hybridize()
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
        with autograd.record():
            loss = gluon.loss.L2Loss()(net(x), nd.ones((2, 1)))
        loss.backward()
        assert net.weight.grad().indices.asnumpy().tolist() == [0, 1]
        trainer.step(1)
        np.testing.assert_allclose(net.weight.data().asnumpy().ravel(), [0.2, 0.1, 0], rtol=1e-6)
