"""Modules: symbols that are trained."""

import importlib.util
import json
import logging
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import nd, sym

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("make_module", HERE / "reference" / "make_module.py")
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)
EXPECTED = json.loads((HERE / "reference" / "module.json").read_text())


def perceptron(hidden=2):
    x = sym.FullyConnected(sym.var("data"), num_hidden=4, name="fc1")
    x = sym.FullyConnected(sym.relu(x), num_hidden=hidden, name="fc2")
    return sym.SoftmaxOutput(x, name="softmax")


def task(n=40, size=10, **kwargs):
    x = np.random.RandomState(0).randn(n, 3).astype("float32")
    return gx.io.NDArrayIter(x, (x[:, 0] > 0).astype("float32"), size, **kwargs)


# -- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(EXPECTED))
def test_training_takes_the_way_of_mxnet(name):
    optimizer, arguments, more = reference.RUNS[name]
    found = reference.train(gx, optimizer, arguments, **more)
    np.testing.assert_allclose(found["losses"], EXPECTED[name]["losses"], rtol=2e-4)
    for key, total in EXPECTED[name]["sums"].items():
        assert found["sums"][key] == pytest.approx(total, rel=1e-3, abs=1e-4), key


def test_two_devices_take_the_way_of_one_without_batch_statistics():
    ways = []
    for context in (gx.cpu(), [gx.cpu(0), gx.cpu(1)]):
        gx.random.seed(1)
        mod = gx.mod.Module(perceptron(), context=context)
        mod.fit(task(), num_epoch=2, optimizer_params={"learning_rate": 0.5, "momentum": 0.9})
        ways.append(mod.get_params()[0])
        assert mod.get_outputs()[0].shape == (10, 2)
    for k in ways[0]:
        np.testing.assert_allclose(ways[0][k].asnumpy(), ways[1][k].asnumpy(), rtol=1e-4, atol=1e-6)
    assert [len(x) for x in mod.get_outputs(merge_multi_context=False)] == [2]


def test_parts_of_a_module_are_on_devices_of_their_own():
    with gx.AttrScope(ctx_group="last"):
        weight = sym.var("fc2_weight")
    x = sym.FullyConnected(sym.var("data"), num_hidden=4, name="fc1")
    net = sym.SoftmaxOutput(sym.FullyConnected(x, weight, num_hidden=2, name="fc2"), name="softmax")
    mod = gx.mod.Module(net, context=gx.cpu(), group2ctxs={"last": gx.cpu(1)})
    batch = next(task())
    mod.bind(task().provide_data, task().provide_label)
    mod.init_params()
    mod.forward_backward(batch)
    group = mod._exec_group
    assert group.param_names == ["fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias"]
    assert [x.context.device_id for (x,) in group.param_arrays] == [0, 0, 1, 0]
    assert [x.context.device_id for (x,) in group.grad_arrays] == [0, 0, 1, 0]
    assert all(abs(x.asnumpy()).sum() > 0 for (x,) in group.grad_arrays)
    with pytest.raises(ValueError, match="one for each of the 3"):
        gx.mod.Module(net, context=[gx.cpu()] * 3, group2ctxs={"last": [gx.cpu(1)] * 2})


def test_a_step_is_one_executable():
    mod = reference.module(gx)
    mod.init_optimizer(optimizer_params={"learning_rate": 0.1, "momentum": 0.9})
    batch = reference.batches(gx)[0]
    mod.forward_backward(batch)
    arrays = [p.list_data()[0] for p in mod._parameters.values()]
    assert mod._exec_group.execs[0].outputs[0]._buffer.array is None
    assert all(
        p.grad()._buffer.array is None for p in mod._parameters.values() if p.grad_req != "null"
    )
    mod.update()
    old = [x._buffer.array for x in arrays if x._entry is not None]
    for _ in range(2):
        mod.forward_backward(batch)
        mod.update()
    del old
    names = [
        stage for stage in str(gx.engine.explain()).splitlines() if "backward + update" in stage
    ]
    assert any("symbol + backward + update" in line for line in names)


# -- fit, score, predict --------------------------------------------------------------------------


def test_fit_learns_and_reports(caplog):
    caplog.set_level(logging.INFO)
    gx.random.seed(0)
    seen = []
    mod = gx.mod.Module(perceptron())
    mod.fit(
        task(), task(), num_epoch=8, optimizer_params={"learning_rate": 0.5},
        initializer=gx.init.Xavier(),
        batch_end_callback=[gx.callback.Speedometer(10, 2), seen.append],
        epoch_end_callback=lambda epoch, symbol, args, aux: seen.append(sorted(args)),
    )  # fmt: skip
    assert mod.score(task(), "acc")[0][1] > 0.9
    assert seen[0].nbatch == 0 and seen[4] == ["fc1_bias", "fc1_weight", "fc2_bias", "fc2_weight"]
    for text in (
        "Epoch[7] Train-accuracy=",
        "Epoch[0] Time cost=",
        "Epoch[7] Validation-accuracy=",
    ):
        assert text in caplog.text
    assert "Epoch[0] Batch [0-2]\tSpeed: " in caplog.text
    with pytest.raises(ValueError, match="num_epoch"):
        mod.fit(task())


def test_predict_joins_batches_and_leaves_padding_out():
    mod = gx.mod.Module(perceptron())
    batches = task(25, 10)
    mod.bind(batches.provide_data, batches.provide_label, for_training=False)
    mod.init_params()
    whole = mod.predict(batches)
    assert whole.shape == (25, 2)
    assert [ys[0].shape for ys in mod.predict(batches, merge_batches=False)] == [(10, 2)] * 2 + [
        (5, 2)
    ]
    parts = [(ys[0].shape[0], n) for ys, n, _ in mod.iter_predict(batches, num_batch=2)]
    assert parts == [(10, 0), (10, 1)]
    first = mod.predict(batches.data[0][1][:10])
    np.testing.assert_allclose(first.asnumpy(), whole[:10].asnumpy(), rtol=1e-6)
    assert type(mod.predict(batches, always_output_list=True)) is list


def test_batches_of_other_shapes_are_followed():
    mod = gx.mod.Module(perceptron())
    mod.bind([("data", (10, 3))], [("softmax_label", (10,))])
    mod.init_params()
    mod.forward(gx.io.DataBatch([nd.ones((4, 3))], [nd.zeros((4,))]))
    assert mod.get_outputs()[0].shape == (4, 2) and mod.data_shapes[0].shape == (4, 3)
    mod.forward(gx.io.DataBatch([nd.ones((7, 3))]), is_train=False)
    assert mod.output_shapes == [("softmax_output", (7, 2))]
    mod.reshape([("data", (10, 3))], [("softmax_label", (10,))])
    assert mod.label_shapes == [("softmax_label", (10,))]


def test_gradients_of_inputs():
    mod = gx.mod.Module(sym.var("a") * sym.var("b"), ("a", "b"), None)
    mod.bind([("a", (2,)), ("b", (2,))], inputs_need_grad=True)
    mod.init_params()
    mod.forward(gx.io.DataBatch([nd.array([1, 2]), nd.array([3, 4])]))
    mod.backward([nd.ones((2,))])
    assert [g.asnumpy().tolist() for g in mod.get_input_grads()] == [[3, 4], [1, 2]]


def test_states_are_kept_between_batches():
    h = sym.var("h", shape=(2, 1))
    new = sym.broadcast_add(h, sym.var("data"))
    mod = gx.mod.Module(sym.Group([new, sym.BlockGrad(new)]), label_names=None, state_names=["h"])
    mod.bind([("data", (2, 1))], for_training=False)
    mod.init_params()
    mod.set_states(value=1)
    for _ in range(3):
        mod.forward(gx.io.DataBatch([nd.ones((2, 1))]))
        mod.set_states(states=mod.get_outputs()[1:])
    assert mod.get_states()[0].asnumpy().tolist() == [[4], [4]]


def test_states_go_on_in_other_buckets_and_batches_of_other_shapes():
    def sums(length):
        h = sym.var("h", shape=(2, 1))
        new = h + sym.sum(sym.var("data"), axis=1, keepdims=True)
        return sym.Group([new, sym.BlockGrad(new)]), ("data",), None

    mod = gx.mod.BucketingModule(sums, default_bucket_key=3, state_names=["h"])
    mod.bind([("data", (2, 3))], for_training=False)
    mod.init_params()
    mod.set_states(value=1)
    for length in (3, 2, 3):
        shapes = [("data", (2, length))]
        mod.forward(gx.io.DataBatch([nd.ones((2, length))], None, None, None, length, shapes))
        mod.set_states(states=mod.get_outputs()[1:])
    assert mod.get_states()[0].asnumpy().tolist() == [[9], [9]]
    one = mod._curr_module
    one.forward(gx.io.DataBatch([nd.ones((2, 5))]))  # binds for another shape
    assert one.get_outputs()[0].asnumpy().tolist() == [[14], [14]]


# -- parameters -----------------------------------------------------------------------------------


def test_checkpoints_hold_symbol_and_parameters(tmp_path):
    mod = reference.module(gx)
    prefix = str(tmp_path / "net")
    mod.save_checkpoint(prefix, 3)
    again = gx.mod.Module.load(prefix, 3)
    again.bind([("data", (6, 2, 5, 5))], for_training=False)
    batch = reference.batches(gx)[0]
    for m in (mod, again):
        m.forward(batch, is_train=False)
    assert (mod.get_outputs()[0].asnumpy() == again.get_outputs()[0].asnumpy()).all()
    symbol, args, aux = gx.model.load_checkpoint(prefix, 3)
    assert symbol.list_outputs() == ["softmax_output"] and set(aux) == set(mod.get_params()[1])
    fresh = gx.mod.Module(symbol)
    fresh.bind([("data", (6, 2, 5, 5))], [("softmax_label", (6,))])
    fresh.load_params(f"{prefix}-0003.params")
    assert (fresh.get_params()[0]["fc_weight"].asnumpy() == args["fc_weight"].asnumpy()).all()


@pytest.mark.skipif(not hasattr(gx.Trainer, "save_states"), reason="Trainers have no files yet")
def test_checkpoints_hold_optimizer_states(tmp_path):
    prefix = str(tmp_path / "net")
    mod = reference.module(gx)
    arguments = {"optimizer_params": {"learning_rate": 0.1, "momentum": 0.9}}
    mod.init_optimizer(**arguments)
    batch = reference.batches(gx)[0]
    mod.forward_backward(batch)
    mod.update()
    mod.save_checkpoint(prefix, 1, save_optimizer_states=True)
    again = gx.mod.Module.load(prefix, 1, load_optimizer_states=True)
    assert set(again.get_params()[0]) == set(mod.get_params()[0])  # before it is bound
    again.bind([("data", (6, 2, 5, 5))], [("softmax_label", (6,))])
    again.init_optimizer(**arguments)
    for m in (mod, again):
        m.forward_backward(batch)
        m.update()
    a, b = (m.get_params()[0]["fc_weight"].asnumpy() for m in (mod, again))
    np.testing.assert_allclose(a, b, rtol=1e-6)


def test_missing_and_extra_parameters():
    mod = reference.module(gx)
    args, aux = mod.get_params()
    args.pop("fc_bias")
    with pytest.raises(RuntimeError, match="fc_bias is missing"):
        mod.set_params(args, aux)
    mod.set_params({**args, "fc_bias": np.arange(4)}, aux)
    assert mod.get_params()[0]["fc_bias"].asnumpy().tolist() == [0, 1, 2, 3]
    mod.set_params(args, aux, allow_missing=True)
    with pytest.raises(ValueError, match="no parameter extra"):
        mod.set_params({"extra": nd.ones((1,))}, {}, allow_missing=True)
    with pytest.raises(ValueError, match="shape"):
        mod.set_params({"fc_bias": nd.ones((5,))}, {}, allow_missing=True)


def test_attributes_of_variables_initialize_and_scale_rates():
    w = sym.var("w", init=gx.init.Constant(2), lr_mult=0.5)
    y = sym.LinearRegressionOutput(
        sym.FullyConnected(sym.var("data"), weight=w, num_hidden=1, no_bias=True), name="lro"
    )
    mod = gx.mod.Module(y, label_names=["lro_label"])
    mod.bind([("data", (1, 1))], [("lro_label", (1, 1))])
    mod.init_params()
    mod.init_optimizer(optimizer_params={"learning_rate": 0.1})
    mod.forward_backward(gx.io.DataBatch([nd.ones((1, 1))], [nd.zeros((1, 1))]))
    mod.update()
    assert mod.get_params()[0]["w"].asscalar() == pytest.approx(2 - 0.5 * 0.1 * 2)


# -- mistakes -------------------------------------------------------------------------------------


def test_mistakes_say_what_to_do():
    with pytest.raises(ValueError, match="no argument x"):
        gx.mod.Module(perceptron(), data_names=["x"])
    mod = gx.mod.Module(perceptron())
    with pytest.raises(gx.MXNetError, match="call bind"):
        mod.forward(None)
    with pytest.raises(ValueError, match="data_names"):
        mod.bind([("x", (2, 3))])
    mod.bind([("data", (2, 3))], [("softmax_label", (2,))])
    with pytest.raises(gx.MXNetError, match="init_params"):
        mod.init_optimizer()
    mod.init_params()
    with pytest.raises(gx.MXNetError, match="init_optimizer"):
        mod.update()
    with pytest.raises(ValueError, match="arrays of data"):
        mod.forward(gx.io.DataBatch([nd.ones((2, 3))] * 2))
    with pytest.raises(gx.MXNetError, match="inputs_need_grad"):
        mod.get_input_grads()
    with pytest.warns(UserWarning, match="no argument lable; it has data"):
        gx.mod.Module(perceptron(), label_names=["lable"])
    mod.bind([("data", (2, 3))], for_training=False, force_rebind=True)
    mod.forward(gx.io.DataBatch([nd.ones((2, 3))]))
    with pytest.raises(gx.MXNetError, match="for_training=True"):
        mod.backward()


def test_a_list_of_batches_has_a_part_for_each_context():
    mod = gx.mod.Module(perceptron(), context=[gx.cpu(0), gx.cpu(1)])
    mod.bind([("data", (4, 3))], [("softmax_label", (4,))])
    mod.init_params()
    parts = [
        gx.io.DataBatch([nd.array(np.eye(2, 3) + k)], [nd.array([0, 1])]) for k in range(2)
    ]  # fmt: skip
    mod.forward(parts)
    together = mod.get_outputs()[0].asnumpy()
    metric = gx.metric.Accuracy()
    mod.update_metric(metric, [b.label for b in parts], pre_sliced=True)
    assert metric.num_inst == 4
    data = np.concatenate([np.eye(2, 3), np.eye(2, 3) + 1])
    mod.forward(gx.io.DataBatch([nd.array(data)], [nd.array([0, 1, 0, 1])]))
    assert (mod.get_outputs()[0].asnumpy() == together).all()


def test_callbacks_are_shown_the_variables_of_the_loop():
    seen = []
    gx.mod.Module(perceptron()).fit(
        task(), task(), num_epoch=1, batch_end_callback=lambda p: seen.append(p.locals),
        eval_batch_end_callback=lambda p: seen.append(p.locals),
    )  # fmt: skip
    assert {"self", "train_data", "data_batch", "next_data_batch", "data_iter", "tic"} <= set(
        seen[0]
    )
    assert {"self", "eval_data", "eval_batch", "actual_num_batch"} <= set(seen[-1])


# -- other modules --------------------------------------------------------------------------------


def bucket(length):
    x = sym.sum(sym.Embedding(sym.var("data"), input_dim=5, output_dim=3, name="emb"), axis=1)
    return (
        sym.SoftmaxOutput(sym.FullyConnected(x, num_hidden=2, name="fc"), name="softmax"),
        ("data",),
        ("softmax_label",),
    )


def test_buckets_share_parameters_and_optimizer():
    mod = gx.mod.BucketingModule(bucket, default_bucket_key=6)
    mod.bind([("data", (4, 6))], [("softmax_label", (4,))])
    mod.init_params(gx.init.Xavier())
    mod.init_optimizer(optimizer="adam", optimizer_params={"learning_rate": 0.1})
    metric = gx.metric.Accuracy()
    for step in range(90):
        length = (6, 3, 4)[step % 3]
        tokens = np.random.RandomState(step).randint(0, 5, (4, length))
        label = nd.array((tokens == 0).any(1))
        batch = gx.io.DataBatch(
            [nd.array(tokens)], [label], bucket_key=length,
            provide_data=[("data", (4, length))], provide_label=[("softmax_label", (4,))],
        )  # fmt: skip
        mod.prepare(batch)
        mod.forward_backward(batch)
        mod.update()
        if step > 60:
            mod.update_metric(metric, batch.label)
    assert metric.get()[1] > 0.8
    assert set(mod._buckets) == {6, 3, 4} and mod.get_outputs()[0].shape == (4, 2)
    arrays = {id(m._exec_group.execs[0].arg_dict["fc_weight"]) for m in mod._buckets.values()}
    assert len(arrays) == 1


def test_bucketing_checkpoint_is_read_again(tmp_path):
    mod = gx.mod.BucketingModule(bucket, default_bucket_key=6)
    mod.bind([("data", (4, 6))], [("softmax_label", (4,))])
    mod.init_params()
    mod.save_checkpoint(str(tmp_path / "b"), 1)
    assert gx.nd.load(str(tmp_path / "b.buckets"))[0].asnumpy()[0] == 6  # MXNet reads it
    again = gx.mod.BucketingModule.load(str(tmp_path / "b"), 1, bucket, 6)
    again.bind([("data", (4, 6))], for_training=False)
    a, b = (m.get_params()[0]["fc_weight"].asnumpy() for m in (mod, again))
    assert (a == b).all()


def test_sequential_module_passes_outputs_and_gradients_on():
    one = gx.mod.Module(perceptron())
    first = sym.relu(sym.FullyConnected(sym.var("data"), num_hidden=4, name="fc1"))
    last = sym.FullyConnected(sym.var("hidden"), num_hidden=2, name="fc2")
    two = gx.mod.SequentialModule()
    two.add(gx.mod.Module(first, label_names=None)).add(
        gx.mod.Module(sym.SoftmaxOutput(last, name="softmax"), ["hidden"]),
        take_labels=True, auto_wiring=True,
    )  # fmt: skip
    ways = []
    for mod in (one, two):
        gx.random.seed(2)
        mod.bind(task().provide_data, task().provide_label)
        mod.init_params(gx.init.One())
        mod.fit(task(), num_epoch=2, optimizer_params={"learning_rate": 0.1})
        ways.append(mod.get_params()[0])
    for k in ways[0]:
        np.testing.assert_allclose(ways[0][k].asnumpy(), ways[1][k].asnumpy(), rtol=1e-5)
    with pytest.raises(ValueError, match="take_labels"):
        two.add(one, labels=True)


def test_python_loss_gives_the_gradient():
    def gradient(scores, label):
        return scores.softmax() - nd.one_hot(label, 2)

    x = sym.FullyConnected(sym.var("data"), num_hidden=2, name="fc")
    mod = gx.mod.SequentialModule()
    mod.add(gx.mod.Module(x, label_names=None))
    mod.add(gx.mod.PythonLossModule(grad_func=gradient), take_labels=True, auto_wiring=True)
    mod.fit(task(), num_epoch=8, optimizer_params={"learning_rate": 0.1})
    assert mod.score(task(), "acc")[0][1] > 0.9


# -- model, callbacks, monitor --------------------------------------------------------------------


def test_feed_forward_trains_predicts_and_is_saved(tmp_path):
    x = np.random.RandomState(0).randn(40, 3).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    model = gx.model.FeedForward.create(
        perceptron(), x, y, num_epoch=10, learning_rate=0.5, numpy_batch_size=10,
        initializer=gx.init.Xavier(), eval_data=(x, y),
    )  # fmt: skip
    assert (model.predict(x).argmax(1) == y).mean() > 0.9
    assert model.score(task()) > 0.9
    model.save(str(tmp_path / "m"))
    again = gx.model.FeedForward.load(str(tmp_path / "m"), 10)
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-6)
    outputs, data, labels = again.predict(task(25, 10), return_data=True)
    assert outputs.shape == (25, 2) and data.shape == (25, 3) and labels.shape == (25,)


def test_feed_forward_counts_from_one_checks_names_and_takes_buckets(caplog):
    caplog.set_level(logging.INFO)
    x, y = np.eye(4, 3, dtype="float32"), np.array([0, 1, 0, 1])
    seen = []
    model = gx.model.FeedForward(perceptron(), num_epoch=1, numpy_batch_size=2)
    model.fit(x, y, eval_data=(x, y), batch_end_callback=lambda p: seen.append(p.nbatch))
    assert seen == [1, 2]
    assert sum("Validation-accuracy" in r.getMessage() for r in caplog.records) == 1
    with pytest.raises(TypeError, match="pair of arrays .* got ndarray"):
        model.fit(x, y, eval_data=x)
    model.arg_params["other"] = nd.ones((1,))
    with pytest.raises(ValueError, match="has no other;.*allow_extra_params=True"):
        model.predict(x)
    model.allow_extra_params = True
    assert model.predict(x).shape == (4, 2)
    with pytest.raises(TypeError, match="takes a Symbol, got int"):
        gx.model.FeedForward(3)

    sentences = [[1, 2, 0], [2, 1]] * 4
    batches = gx.rnn.BucketSentenceIter(sentences, 2, buckets=[2, 3], label_name="softmax_label")

    def words(length):
        e = sym.Embedding(sym.var("data"), input_dim=3, output_dim=2, name="e").reshape((-1, 2))
        e = sym.FullyConnected(e, num_hidden=3, name="f")
        label = sym.var("softmax_label").reshape((-1,))
        return sym.SoftmaxOutput(e, label, ignore_label=-1, use_ignore=True, name="softmax")

    model = gx.model.FeedForward(words, num_epoch=2)
    model.fit(batches, eval_metric=gx.metric.Perplexity(-1))
    assert set(model.arg_params) == {"e_weight", "f_weight", "f_bias"}


def test_callbacks(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    mod = gx.mod.Module(perceptron())
    prefix = str(tmp_path / "c")
    mod.fit(
        task(), num_epoch=4,
        epoch_end_callback=[
            gx.callback.do_checkpoint(prefix, 2),
            gx.callback.module_checkpoint(mod, prefix + "m", 4),
        ],
        batch_end_callback=[gx.callback.log_train_metric(2), gx.callback.ProgressBar(4, 8)],
        eval_data=task(), eval_end_callback=gx.callback.LogValidationMetricsCallback(),
    )  # fmt: skip
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [
        "c-0002.params", "c-0004.params", "c-symbol.json", "cm-0004.params", "cm-symbol.json"
    ]  # fmt: skip
    assert "Iter[3] Batch[2] Train-accuracy=" in caplog.text and "[====----] 50%" in caplog.text


def test_monitor_sees_what_it_is_asked_for(caplog):
    caplog.set_level(logging.INFO)
    monitor = gx.mon.Monitor(2, pattern="fc1.*", sort=True)
    mod = gx.mod.Module(perceptron())
    mod.fit(task(), num_epoch=1, monitor=monitor)
    found = [r.getMessage().split() for r in caplog.records if r.getMessage().startswith("Batch:")]
    assert [f[2] for f in found[:3]] == ["fc1_bias", "fc1_output", "fc1_weight"]
    texts = [r.getMessage() for r in caplog.records if "fc1_output" in r.getMessage()]
    assert texts[0].startswith("Batch:       1 fc1_output                     ")
    assert len(found[1][3]) < 12  # the digits of a float32
    assert {f[1] for f in found} == {"1", "3"}


def test_custom_operators_train_in_a_module():
    class Softmax(gx.operator.CustomOp):
        def forward(self, is_train, req, in_data, out_data, aux):
            self.assign(out_data[0], req[0], nd.softmax(in_data[0]))

        def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
            self.assign(in_grad[0], req[0], out_data[0] - nd.one_hot(in_data[1], 2))

    @gx.operator.register("softmax_module_test")
    class SoftmaxProp(gx.operator.CustomOpProp):
        def __init__(self):
            super().__init__(need_top_grad=False)

        def list_arguments(self):
            return ["data", "label"]

        def infer_shape(self, shapes):
            return [shapes[0], (shapes[0][0],)], [shapes[0]], []

        def create_operator(self, ctx, shapes, dtypes):
            return Softmax()

    x = sym.FullyConnected(sym.var("data"), num_hidden=2, name="fc")
    y = sym.Custom(x, op_type="softmax_module_test", name="softmax")
    mod = gx.mod.Module(y)
    mod.fit(task(), num_epoch=5, optimizer_params={"learning_rate": 1.0})
    assert mod.score(task(), "acc")[0][1] > 0.9


def test_a_bucket_without_some_parameters_leaves_these_alone():
    def generate(key):
        x = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc1")
        x = sym.FullyConnected(x, num_hidden=3, name="fc2") if key == 2 else x
        return sym.SoftmaxOutput(x, name="softmax"), ("data",), ("softmax_label",)

    mod = gx.mod.BucketingModule(generate, default_bucket_key=2)
    shapes = [("data", (4, 3))], [("softmax_label", (4,))]
    mod.bind(*shapes)
    mod.init_params(gx.init.One())
    mod.init_optimizer(optimizer_params={"learning_rate": 1.0, "momentum": 0.9})
    before = {k: v.asnumpy() for k, v in mod.get_params()[0].items()}
    batch = gx.io.DataBatch([nd.ones((4, 3))], [nd.zeros((4,))], 0, None, 1, *shapes)
    mod.forward_backward(batch)
    mod.update()
    after = {k: v.asnumpy() for k, v in mod.get_params()[0].items()}
    assert [k for k in before if (before[k] != after[k]).any()] == ["fc1_weight", "fc1_bias"]
    batch.bucket_key = 2
    mod.forward_backward(batch)
    mod.update()
    assert (mod.get_params()[0]["fc2_bias"].asnumpy() != after["fc2_bias"]).any()
