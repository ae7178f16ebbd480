"""Files of optimizer states: what is in them, what is refused, and optimizers' numbers."""

import json
import pickle

import numpy as np
import optax
import pytest
from optimizers import network, parameters, step, train, weights

import gluonx as gx
from gluonx import gluon, nd
from gluonx.serialization import states


def trainer_of(name="adam", net=None, **arguments):
    net = net or network(gx, name)
    return net, gluon.Trainer(net.collect_params(), name, arguments)


def test_a_file_of_states_is_one_of_arrays(tmp_path):
    _, trainer, _ = train(gx, "adam", steps=2)
    trainer.save_states(tmp_path / "a.states")
    arrays = nd.load(str(tmp_path / "a.states"))
    assert isinstance(arrays, dict)
    assert set(arrays) == {"gluonx", *map(str, range(8))}
    assert json.loads(arrays["gluonx"].asnumpy().tobytes())[0] == "dict"


def test_every_kind_of_content_comes_back(tmp_path):
    content = {
        "a": (1, 2.5, None, "x", [True, {"k": 1, 3: (np.arange(3, dtype="uint32"),)}]),
        "b": np.array(2.0, "float32"),
        "c": nd.ones((2, 0)),
        "d": nd.ones((2, 2), dtype="bfloat16")._data,
        "inf": float("inf"),
    }
    found = states.load(b"".join(states.dump(content)))
    assert found["a"][:4] == (1, 2.5, None, "x") and found["inf"] == float("inf")
    inner = found["a"][4][1][3][0]
    assert inner.dtype == np.uint32 and inner.tolist() == [0, 1, 2]
    assert found["b"].shape == () and found["c"].shape == (2, 0)
    assert str(found["d"].dtype) == "bfloat16"
    with pytest.raises(TypeError, match="a state may hold arrays.* got builtins.object"):
        states.dump({"a": object()})


def test_pickled_states_are_refused_and_not_executed(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("executed",))

    file = tmp_path / "old.states"
    file.write_bytes(pickle.dumps({0: Trap()}))
    _, trainer = trainer_of()
    with pytest.raises(gx.MXNetError, match=r"old.states .* pickled.*Trainer.load_states"):
        trainer.load_states(file)
    with pytest.raises(gx.MXNetError, match="pickled"):
        gx.optimizer.get_updater(gx.optimizer.SGD()).set_states(file.read_bytes())


@pytest.mark.parametrize("cut", [0, 1, 20, 400])
def test_damaged_files_are_refused(cut, tmp_path):
    net, trainer, _ = train(gx, "adam", steps=1)
    trainer.save_states(tmp_path / "a.states")
    data = (tmp_path / "a.states").read_bytes()
    (tmp_path / "b.states").write_bytes(data[:cut])
    before = weights(net)
    with pytest.raises(gx.MXNetError, match="b.states"):
        trainer.load_states(tmp_path / "b.states")
    step(gx, net, trainer)
    assert np.isfinite(weights(net)).all() and (weights(net) != before).any()


@pytest.mark.parametrize(
    "head",
    [
        b"[", b"3", b'["dict", [["version", 9]]]', b'["dict", [["version", 1], ["states", 5]]]',
        b'["dict", [["version", 1], ["states", ["list", [["tuple", [0, ["array", "7", "float32", '
        b'[2]]]]]]]]]', b"[" * 100000,
        b'["dict", [["version", 1], ["groups", ["list", [["list", [99]]]]]]]',
    ],
)  # fmt: skip
def test_contents_that_make_no_sense_are_refused(head, tmp_path):
    nd.save(str(tmp_path / "x"), {"gluonx": nd.array(list(head), dtype="uint8")})
    _, trainer = trainer_of()
    with pytest.raises(gx.MXNetError, match="x"):
        trainer.load_states(tmp_path / "x")


def test_states_of_something_else_are_refused_and_nothing_changes(tmp_path):
    net, trainer, _ = train(gx, "adam", steps=2)
    trainer.save_states(tmp_path / "adam")
    _, other = trainer_of("sgd", learning_rate=0.3)
    with pytest.raises(gx.MXNetError, match="states of Adam, but the optimizer is SGD.*'adam'"):
        other.load_states(tmp_path / "adam")
    assert other.learning_rate == 0.3
    wide = gx.nn.Dense(7, in_units=4)
    wide.initialize()
    _, third = trainer_of("adam", wide, learning_rate=0.4)
    with pytest.raises(gx.MXNetError, match=r"the trainer has only 2 parameters|needs a state of"):
        third.load_states(tmp_path / "adam")
    assert third.learning_rate == 0.4 and third.optimizer.num_update == 0


def test_states_that_were_converted_in_mxnet_are_read(tmp_path):
    arrays = {}
    for i, shape in enumerate([(3,), (3, 4), (2,), (2, 3)]):
        arrays |= {f"{i}:0": nd.full(shape, 0.5), f"{i}:1": nd.full(shape, 0.25)}
        arrays[f"{i}:count"] = nd.array([7], dtype="int64")
    nd.save(str(tmp_path / "converted"), arrays)
    net, trainer = trainer_of("adam", learning_rate=0.0)
    trainer.load_states(tmp_path / "converted")
    assert trainer.optimizer.num_update == 7
    step(gx, net, trainer)
    assert trainer.optimizer._index_update_count == dict.fromkeys(range(4), 8)
    trainer.save_states(tmp_path / "again")
    content = states.load((tmp_path / "again").read_bytes())
    for i, p in enumerate(parameters(net)):
        mean = 0.9 * 0.5 + 0.1 * p.grad().asnumpy() / 8
        np.testing.assert_allclose(content["states"][i][0], mean, rtol=1e-5)


def test_optax_states_are_saved_and_loaded(tmp_path):
    ends = []
    for load in (False, True):
        gx.random.seed(0)
        net = network(gx, "adam")
        trainer = gluon.Trainer(net.collect_params(), optax.adam(0.1))
        for i in range(6):
            if i == 3 and not load:
                trainer.save_states(tmp_path / "s")
                net.save_parameters(str(tmp_path / "p"))
            if i == 3 and load:
                net.load_parameters(str(tmp_path / "p"))
                trainer = gluon.Trainer(net.collect_params(), optax.adam(0.1))
                trainer.load_states(tmp_path / "s")
            step(gx, net, trainer)
        ends.append(weights(net))
    assert (ends[0] == ends[1]).all()


def test_an_optimizer_in_python_is_saved_and_loaded(tmp_path):
    class Heavy(gx.optimizer.Optimizer):
        def create_state(self, index, weight):
            return {"momentum": (nd.zeros(weight.shape), None), "steps": [0]}

        def update(self, index, weight, grad, state):
            self._update_count(index)
            m = state["momentum"][0]
            state["steps"][0] += 1
            m[:] = 0.5 * m - self._get_lr(index) * self.rescale_grad * grad
            weight += m

    ends = []
    for load in (False, True):
        net = network(gx, "sgd")
        trainer = gluon.Trainer(net.collect_params(), Heavy(learning_rate=0.1))
        for i in range(4):
            if i == 2 and not load:
                trainer.save_states(tmp_path / "s")
            if i == 2 and load:
                trainer = gluon.Trainer(net.collect_params(), Heavy(learning_rate=0.7))
                trainer.load_states(tmp_path / "s")
                assert trainer.learning_rate == 0.1
            step(gx, net, trainer)
        ends.append(weights(net))
    assert (ends[0] == ends[1]).all()


def test_updaters_exchange_states_with_each_other_and_a_trainer(tmp_path):
    updater = gx.optimizer.get_updater(gx.optimizer.Adam(learning_rate=0.1))
    w, g = nd.array([1.0, 2.0]), nd.array([0.5, -0.5])
    updater(0, g, w)
    other = gx.optimizer.get_updater(gx.optimizer.Adam(learning_rate=0.5))
    other.set_states(updater.get_states())
    assert other.optimizer.lr == 0.5 and other.optimizer.num_update == 0
    other.set_states(updater.get_states(dump_optimizer=True))
    assert other.optimizer.lr == 0.1 and other.optimizer.num_update == 1
    a, b = w.copy(), w.copy()
    updater(0, g, a)
    other(0, g, b)
    assert (a.asnumpy() == b.asnumpy()).all()
    (tmp_path / "s").write_bytes(updater.get_states(dump_optimizer=True))
    x = gx.Parameter("x", shape=(2,))
    x.initialize()
    trainer = gluon.Trainer([x], "adam")
    trainer.load_states(tmp_path / "s")
    assert trainer.optimizer.num_update == 2
    np.testing.assert_array_equal(
        trainer._groups[0].states[0].get(), updater.states[0][0].asnumpy()
    )


def test_scheduler_goes_on_where_it_was(tmp_path):
    def make():
        schedule = gx.lr_scheduler.FactorScheduler(step=2, factor=0.5)
        return trainer_of("sgd", learning_rate=0.8, lr_scheduler=schedule)

    net, trainer = make()
    for _ in range(5):
        step(gx, net, trainer)
    assert trainer.learning_rate == 0.2
    trainer.save_states(tmp_path / "s")
    _, again = make()
    again.load_states(tmp_path / "s")
    assert again.learning_rate == 0.2 and again.optimizer.lr_scheduler.count == 4


# -- numbers -------------------------------------------------------------------------------------


def test_a_number_of_the_compiled_update_may_be_changed_between_steps():
    ends = []
    for change in (False, True):
        net, trainer = trainer_of("sgd", learning_rate=0.1, momentum=0.5 if change else 0.9)
        trainer.optimizer.momentum = 0.5
        step(gx, net, trainer)
        trainer.optimizer.momentum = 0.8
        step(gx, net, trainer)
        ends.append(weights(net))
    assert (ends[0] == ends[1]).all()
    trainer.optimizer.momentum = 0
    with pytest.raises(gx.MXNetError, match="was changed after the first step; make a new Trainer"):
        step(gx, net, trainer)


def test_names_and_symbols_give_multipliers():
    names = {0: "fc_weight", 1: "fc_bias", 2: "bn_gamma"}
    sgd = gx.optimizer.SGD(learning_rate=1.0, wd=1.0, param_idx2name=names)
    assert sgd._get_wds([0, 1, 2]) == [1, 0, 1]
    assert gx.optimizer.LARS(wd=1.0, param_idx2name=names)._get_wds([0, 1, 2]) == [1, 0, 0]
    sgd.set_lr_mult({"fc_bias": 2.0, 0: 0.5})
    sgd.set_wd_mult({"fc_bias": 3.0})
    assert sgd._get_lrs([0, 1, 2]) == [0.5, 2, 1] and sgd._get_wds([0, 1, 2]) == [1, 3, 1]
    weight = gx.sym.var("fc_weight", lr_mult=0.1, wd_mult=0.2)
    net = gx.sym.FullyConnected(gx.sym.var("data"), weight, num_hidden=2, name="fc")
    sgd = gx.optimizer.SGD(learning_rate=1.0, wd=1.0, sym=net, param_idx2name=names)
    assert sgd._get_lrs([0, 1]) == [0.1, 1] and sgd._get_wds([0, 1]) == [0.2, 0]
    with pytest.raises(DeprecationWarning, match="set_lr_mult"):
        sgd.set_lr_scale({})


def test_optimizers_can_be_pickled_and_found_by_name():
    adam = pickle.loads(pickle.dumps(gx.optimizer.Adam(learning_rate=0.3, param_dict={0: None})))
    assert adam.lr == 0.3 and adam.param_dict == {} and adam.compiled() is not None
    assert gx.optimizer.Optimizer.opt_registry["adam"] is gx.optimizer.Adam
    assert type(gx.optimizer.Optimizer.create_optimizer("NAG")) is gx.optimizer.NAG
    with pytest.warns(DeprecationWarning, match="use SGD"):
        gx.optimizer.create("ccsgd")


def test_update_on_kvstore_is_one_go_on_several_contexts():
    net = gx.nn.Dense(1, in_units=2)
    net.initialize(ctx=[gx.cpu(0), gx.cpu(1)])
    trainer = gluon.Trainer(net.collect_params(), "sgd", update_on_kvstore=True)
    for use in (trainer.allreduce_grads, lambda: trainer.update(1)):
        with pytest.raises(gx.MXNetError, match="update_on_kvstore=False"):
            use()
