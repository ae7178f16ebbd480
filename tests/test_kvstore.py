"""Key-value stores within one process; the numbers of compression are MXNet's."""

import numpy as np
import optax
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd

KINDS = ("local", "device", "nccl", "local_update_cpu", "dist_sync", "dist", "horovod")


def pulled(kv, key, shape=(2,), **kwargs):
    out = nd.zeros(shape)
    kv.pull(key, out=out, **kwargs)
    return out.asnumpy().tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_pushes_are_added_up_over_devices_and_pulled_by_all(kind):
    kv = gx.kv.create(kind.upper())
    assert (kv.type, kv.rank, kv.num_workers) == (kind, 0, 1)
    assert isinstance(kv, gx.kvstore.KVStore)
    kv.init(3, nd.ones((2,)))
    with pytest.raises(gx.MXNetError, match="key 3 is there already"):
        kv.init(3, nd.ones((2,)))
    kv.push(3, [nd.ones((2,), gx.cpu(i)) for i in range(4)])
    a, b = nd.zeros((2,)), nd.zeros((2,), gx.cpu(1), dtype="float16")
    kv.pull(3, out=[a, b])
    assert a.asnumpy().tolist() == b.asnumpy().tolist() == [4, 4]
    assert (b.context, b.dtype) == (gx.cpu(1), np.float16)
    kv.barrier()


def test_lists_of_keys_and_what_is_pushed_is_copied():
    kv = gx.kv.create()
    kv.init(["a", "b"], [nd.ones((2,)), nd.ones((3,))])
    given = nd.ones((2,)) * 5
    kv.push(["a", "a", "b"], [given, [nd.ones((2,))] * 2, nd.ones((3,))], priority=-1)
    assert pulled(kv, "a") == [7, 7]
    kv.push("a", given)
    given[:] = 0
    assert pulled(kv, "a") == [5, 5]
    kv.push("a", [nd.ones((2,)), nd.ones((2,), dtype="float64")])  # the type of the first
    assert pulled(kv, "a") == [2, 2]
    x, y = nd.ones((2,)), nd.ones((2,), gx.cpu(1)) * 2
    kv.pushpull("a", [x, y])
    assert x.asnumpy().tolist() == y.asnumpy().tolist() == [3, 3]
    kv.pushpull(["a", "b"], [[x, y], nd.ones((3,))], out=[x, nd.zeros((3,))])
    assert (x.asnumpy().tolist(), y.asnumpy().tolist()) == ([6, 6], [3, 3])
    kv.broadcast("c", nd.ones((2,)) * 2, out=[x, y])
    assert x.asnumpy().tolist() == y.asnumpy().tolist() == pulled(kv, "c") == [2, 2]


def test_updaters_and_optimizers(tmp_path):
    kv, seen = gx.kv.create("device"), []

    def add(key, pushed, stored):
        seen.append(key)
        stored += pushed * 2

    kv.set_updater(add)
    kv.init(7, nd.ones((2,)))
    kv.push(7, [nd.ones((2,)), nd.ones((2,))])
    assert (pulled(kv, 7), seen) == ([5, 5], [7])

    def trained(steps, states=None, weight=1.0):
        kv = gx.kv.create("local")
        kv.set_optimizer(gx.optimizer.SGD(learning_rate=0.5, momentum=0.5))
        kv.init("w", nd.ones((2,)) * weight)
        if states:
            kv.load_optimizer_states(states)
        for _ in range(steps):
            kv.push("w", nd.ones((2,)))
        kv.save_optimizer_states(tmp_path / "states", dump_optimizer=True)
        return pulled(kv, "w")[0]

    whole = trained(3)
    assert trained(1, tmp_path / "states", trained(2)) == whole
    assert kv.is_capable("optimizer") and not gx.kv.create("horovod").is_capable("optimizer")


def test_sparse_values():
    kv = gx.kv.create("local")
    weight = nd.array(np.arange(8).reshape(4, 2)).tostype("row_sparse")
    kv.init(["w", "d"], [weight, nd.ones((4, 2))])
    out = nd.sparse.zeros("row_sparse", (4, 2))
    kv.pull("w", out=out)
    assert not out.asnumpy().any()
    kv.row_sparse_pull("w", out=out, row_ids=nd.array([3, 1, 1]))
    assert out.indices.asnumpy().tolist() == [1, 3]
    assert out.data.asnumpy().tolist() == [[2, 3], [6, 7]]
    gradient = nd.sparse.row_sparse_array((np.ones((1, 2), "f"), [2]), shape=(4, 2))
    kv.push("w", [gradient, gradient])
    kv.pull("w", out=out, ignore_sparse=False)
    assert out.indices.asnumpy().tolist() == [2]
    kv.set_optimizer(gx.optimizer.SGD(learning_rate=1.0))
    kv.push("d", [gradient, gradient])
    assert pulled(kv, "d", (4, 2)) == [[1, 1], [1, 1], [-1, -1], [1, 1]]
    with pytest.raises(gx.MXNetError, match="no row 4; rows are 0 to 3"):
        kv.row_sparse_pull("w", out=out, row_ids=nd.array([4]))
    with pytest.raises(gx.MXNetError, match="use pull"):
        kv.row_sparse_pull("d", out=out, row_ids=nd.array([1]))


def test_two_bits_give_the_numbers_of_mxnet():
    kv = gx.kv.create("device")
    kv.set_gradient_compression({"type": "2bit", "threshold": 0.5})
    kv.init([0, 1], [nd.zeros((6,)), nd.zeros((3,))])
    pushed = np.array([  # two devices, four times
        [[0.1, 0.43, 0.21, 0.09, -0.15, 0.29], [-0.12, 0.78, 0.93, -0.23, 0.58, 0.06]],
        [[0.14, 0.85, -0.86, -0.83, -0.96, 0.67], [0.56, 0.74, 0.96, 0.6, -0.08, 0.56]],
        [[-0.76, 0.28, -0.71, 0.89, 0.04, -0.17], [-0.47, 0.55, -0.09, 0.14, -0.96, 0.24]],
        [[0.22, 0.23, 0.89, 0.36, -0.28, -0.13], [0.4, -0.88, 0.33, 0.34, -0.58, -0.74]],
    ])  # fmt: skip
    wanted = [
        [0.0, 0.5, 0.5, 0.0, 0.5, 0.0], [0.0, 1.0, 0.0, -0.5, -0.5, 1.0],
        [-0.5, 1.0, 0.0, 1.0, -1.0, 0.0], [0.0, 0.5, 1.0, 0.5, -0.5, 0.0],
    ]  # fmt: skip
    for values, sums in zip(pushed, wanted, strict=True):
        kv.push(0, [nd.array(v, gx.cpu(i)) for i, v in enumerate(values)])
        assert pulled(kv, 0, (6,)) == sums
    for sums in ([1, -1, 0], [1, -1, 1], [1, -1, 0]):  # the threshold itself counts
        kv.push(1, [nd.array([0.5, -0.5, 0.25])] * 2)
        assert pulled(kv, 1, (3,)) == sums


@pytest.mark.parametrize("kind", ["2bit", "fp16"])
def test_what_compression_leaves_out_comes_later(kind):
    kv = gx.kv.create("device")
    kv.set_gradient_compression({"type": kind, "threshold": 0.01})
    kv.init(0, nd.zeros((3,)))
    rng = np.random.default_rng(0)
    given = rng.uniform(-0.009, 0.009, (40, 3)).astype("f")
    total = np.zeros(3)
    for g in given:
        kv.push(0, nd.array(g))
        total += pulled(kv, 0, (3,))
    assert np.abs(total - given.sum(0)).max() <= (0.011 if kind == "2bit" else 1e-5)
    assert np.abs(total).min() > 0


def test_wrong_calls_say_what_is_wrong():
    kv = gx.kv.create("local")
    kv.init("a", nd.ones((2,)))
    x = nd.ones((2,))
    for call, error, text in [
        (lambda: gx.kv.create("dist_async"), gx.MXNetError, "Use 'dist_sync'"),
        (lambda: gx.kv.create("foo"), gx.MXNetError, "no kvstore 'foo'; there are local, "),
        (lambda: gx.kv.create(3), TypeError, "must be a string"),
        (lambda: kv.init(1, x), gx.MXNetError, "all integers or all strings"),
        (lambda: kv.init("b", [x, x]), gx.MXNetError, "takes one value, got 2"),
        (lambda: kv.push("b", x), gx.MXNetError, "'b' is not there; call init"),
        (lambda: kv.pull("b", x), gx.MXNetError, "'b' is not there; call init"),
        (lambda: kv.pull("a"), TypeError, "needs out="),
        (lambda: kv.push("a", nd.ones((3,))), gx.MXNetError, r"stored is \(2,\)"),
        (lambda: kv.pull("a", nd.ones((3,))), gx.MXNetError, r"out is \(3,\)"),
        (lambda: kv.push(["a", "b"], x), ValueError, "2 keys need"),
        (lambda: kv.push("a", 3), TypeError, "an NDArray or a list"),
        (lambda: kv.push(None, x), TypeError, "integer or a string"),
        (lambda: kv.is_capable("x"), ValueError, "no 'x'"),
        (lambda: kv.set_optimizer("sgd"), TypeError, "takes an Optimizer"),
        (lambda: kv.save_optimizer_states("f"), gx.MXNetError, "set_optimizer"),
        (lambda: kv.set_gradient_compression({"type": "2bit"}), gx.MXNetError, "'local'"),
        (lambda: gx.kv.Compression({}), gx.MXNetError, "must be a dict"),
        (lambda: gx.kv.Compression({"type": "1bit"}), gx.MXNetError, "'2bit' or 'fp16'"),
        (lambda: gx.kv.Compression({"type": "2bit", "threshold": 0}), gx.MXNetError, "above|great"),
        (lambda: gluon.Trainer([], "sgd", kvstore=3), TypeError, "KVStore"),
        (lambda: gx.kv.create().init(["c", 3], [x, x]), gx.MXNetError, "3: .*all integers or all"),
        (lambda: gx.kv.create().init(["c", "c"], [x, x]), gx.MXNetError, "'c' is there already"),
        (lambda: kv.set_updater("sgd"), TypeError, r"updater\(key, pushed, stored\), got str"),
        (
            lambda: kv.row_sparse_pull("a", out=x, row_ids=[1]),
            TypeError,
            "NDArray or a list .* int",
        ),
        (lambda: gx.kv.Compression({"type": "2bit", "threshold": "x"}), gx.MXNetError, "number"),
        (lambda: gx.kv.KVStoreServer(3), TypeError, "KVStore, got int"),
    ]:
        with pytest.raises(error, match=text):
            call()


def trained(kvstore, contexts, steps=3, **options):
    """A weight after some steps, with a gradient of [0.5, 0.25] on each device and batch size 2."""
    p = gluon.Parameter("w", shape=(2,), init="ones")
    p.initialize(ctx=contexts)
    trainer = gluon.Trainer([p], "sgd", {"learning_rate": 1.0}, kvstore=kvstore, **options)
    for _ in range(steps):
        with autograd.record():
            losses = [(x * nd.array([0.5, 0.25], x.context)).sum() for x in p.list_data()]
        autograd.backward(losses)
        trainer.step(2)
    assert len({tuple(x.asnumpy().tolist()) for x in p.list_data()}) == 1
    return p.list_data()[0].asnumpy().tolist()


def test_trainers_take_stores_and_compression():
    both = [gx.cpu(0), gx.cpu(1)]
    plain = trained("device", both)
    assert plain == [-0.5, 0.25]
    assert trained(gx.kv.create("dist_sync"), both) == trained(None, both) == plain
    assert trained("device", both, compression_params={"type": "fp16"}) == plain
    two = {"type": "2bit", "threshold": 0.5}
    assert trained("device", both, compression_params=two) == [-0.5, 0.5]
    assert trained("device", gx.cpu(), compression_params=two) == [0.25, 0.75]

    calls = []

    @gx.kv.KVStoreBase.register
    class Halved(gx.kv.KVStoreBase):
        type, rank, num_workers = "halved", 0, 1

        def is_capable(self, capability):
            return False

        def broadcast(self, key, value, out, priority=0):
            calls.append(key)

        def pushpull(self, key, value, out=None, priority=0):
            total = value[0] + value[1].as_in_context(value[0].context)
            for x in value:
                x[:] = (total / 2).as_in_context(x.context)

    try:
        assert trained("halved", both) == [0.25, 0.625]
        assert calls == [0]
        with pytest.raises(ValueError, match="update_on_kvstore=False"):
            trained("halved", both, update_on_kvstore=True)
    finally:
        del gx.kv.KVStoreBase.kv_registry["halved"]


def test_a_store_of_ones_own_applies_the_optimizer_if_it_can(tmp_path):
    calls = []

    class Own(gx.kv.kvstore.KVStoreBase):
        type, rank, num_workers, capable = "own", 0, 1, True

        def is_capable(self, capability):
            return self.capable

        def set_optimizer(self, optimizer):
            calls.append("set_optimizer")
            self.updater = gx.optimizer.get_updater(optimizer)

        def broadcast(self, key, value, out, priority=0):
            calls.append(("broadcast", len(out)))

        def pushpull(self, key, value, out=None, priority=0):
            calls.append((key, len(value), None if out is None else len(out)))
            if out is not None:
                total = value[0] + value[1].as_in_context(value[0].context)
                self.updater(key, total, out[0])
                out[0].copyto(out[1])

        def save_optimizer_states(self, fname, dump_optimizer=False):
            calls.append(("save", dump_optimizer))

        def load_optimizer_states(self, fname):
            calls.append("load")

    both, plain = [gx.cpu(0), gx.cpu(1)], [-0.5, 0.25]
    assert trained(Own(), both) == plain
    assert calls == ["set_optimizer", ("broadcast", 2), *[(0, 2, 2)] * 3]
    calls.clear()
    trained(Own(), both, 1, update_on_kvstore=False)
    assert calls == [("broadcast", 2), (0, 2, None)]

    p = gluon.Parameter("w", shape=(2,), init="ones")
    p.initialize()
    trainer = gluon.Trainer([p], "sgd", kvstore=Own())
    trainer.save_states(tmp_path / "states")
    trainer.load_states(tmp_path / "states")
    assert calls[-2:] == [("save", True), "load"]
    with pytest.raises(gx.MXNetError, match="update_on_kvstore=False"):
        trainer.update(1)
    with pytest.raises(ValueError, match="optax"):
        gluon.Trainer([p], optax.sgd(0.1), kvstore=Own(), update_on_kvstore=True)

    # MXNet's example of one
    kv, x, y = gx.kv.create("TestStore"), nd.zeros((2,)), nd.zeros((2,), gx.cpu(1))
    kv.broadcast("w", nd.ones((2,)), out=[x, y])
    kv.pushpull("w", [x, y])
    kv.pushpull("w", x, out=y)
    assert x.asnumpy().tolist() == y.asnumpy().tolist() == [2, 2]
    assert (kv.type, kv.rank, kv.num_workers, kv.is_capable("optimizer")) == ("teststore", 0, 1, 0)
    assert trained("teststore", both) == plain


def test_samplers_split_among_workers(monkeypatch):
    monkeypatch.setattr(gx.hosts, "size", lambda: 3)
    parts = []
    for k in range(3):
        monkeypatch.setattr(gx.hosts, "rank", lambda k=k: k)
        parts.append(list(gluon.data.SplitSampler(11, shuffle=False)))
    assert parts == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 0]]  # equally many steps for all
    monkeypatch.undo()
    assert list(gluon.data.SplitSampler(4, shuffle=False)) == [0, 1, 2, 3]
