"""Modules that older programs import: executor_manager, SVRG, notebook, libinfo, error."""

import importlib
import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

import gluonx as mx
from gluonx.contrib.svrg_optimization import SVRGModule
from gluonx.notebook import callback


def regression():
    rng = np.random.RandomState(0)
    x, w = rng.rand(10, 3).astype("float32"), rng.rand(3, 1)
    y = (x @ w).ravel() + 0.1 * rng.rand(10)
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=1, name="fc")
    net = mx.sym.LinearRegressionOutput(net, name="l")
    first = {"fc_weight": mx.nd.full((1, 3), 0.3), "fc_bias": mx.nd.zeros(1)}
    return net, mx.io.NDArrayIter(x, y, 4, label_name="l_label"), first


@pytest.mark.parametrize("devices", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_svrg_takes_mxnets_steps(devices):
    net, batches, first = regression()
    module = SVRGModule(
        net, label_names=["l_label"], update_freq=10, context=[mx.cpu(i) for i in range(devices)]
    )
    seen = []
    module.fit(
        batches, eval_metric="mse", num_epoch=2, optimizer_params={"learning_rate": 0.1},
        arg_params=first, aux_params={},
        epoch_end_callback=lambda epoch, s, args, aux: seen.append(args["fc_weight"].asnumpy()),
    )  # fmt: skip
    # from MXNet 1.9.1 on one device; the last batch is padded
    np.testing.assert_allclose(seen[0], [[0.365028, 0.386304, 0.377158]], atol=2e-6)
    np.testing.assert_allclose(seen[1], [[0.396629, 0.432407, 0.414867]], atol=2e-6)


def test_svrg_takes_the_mean_anew_and_checks_its_frequency():
    net, batches, first = regression()
    module = SVRGModule(net, label_names=["l_label"], update_freq=1)
    module.bind(batches.provide_data, batches.provide_label)
    module.init_params(arg_params=first, aux_params={})
    module.update_full_grads(batches)
    once = module._means[0][0].asnumpy()
    module.update_full_grads(batches)
    np.testing.assert_array_equal(module._means[0][0].asnumpy(), once)
    with pytest.raises(TypeError, match="number of epochs, got None"):
        SVRGModule(net, label_names=["l_label"])
    with pytest.raises(ValueError, match="at least 1, got 0"):
        SVRGModule(net, label_names=["l_label"], update_freq=0)


@pytest.mark.parametrize("devices", [1, 2])
def test_executor_manager_trains_as_a_module(devices):
    net, batches, first = regression()
    contexts = [mx.cpu(i) for i in range(devices)]
    module = mx.mod.Module(net, label_names=["l_label"], context=contexts)
    module.bind(batches.provide_data, batches.provide_label)
    module.init_params(arg_params=first, aux_params={})
    module.init_optimizer(optimizer_params={"learning_rate": 0.1, "rescale_grad": 0.25})
    manager = mx.executor_manager.DataParallelExecutorManager(
        net, contexts, batches, net.list_arguments(), ["fc_weight", "fc_bias"], []
    )
    manager.set_params(first, {})
    sgd = mx.optimizer.SGD(learning_rate=0.1, rescale_grad=0.25)
    updaters = [mx.optimizer.get_updater(sgd) for _ in contexts]
    metric = mx.metric.MSE()
    for batch in batches:
        module.forward_backward(batch)
        module.update()
        manager.load_data_batch(batch)
        manager.forward(is_train=True)
        manager.backward()
        for i, (ws, gs) in enumerate(zip(manager.param_arrays, manager.grad_arrays, strict=True)):
            total = sum(g.asnumpy() for g in gs)
            for w, updater in zip(ws, updaters, strict=True):
                updater(i, mx.nd.array(total, ctx=w.context), w)
        manager.update_metric(metric, batch.label)
    args, aux = {}, {}
    manager.copy_to(args, aux)
    for name, value in module.get_params()[0].items():
        np.testing.assert_allclose(args[name].asnumpy(), value.asnumpy(), rtol=1e-5)
    assert metric.num_inst == 3 and aux == {} and manager.aux_arrays == []


def test_executor_manager_splits_by_the_work_and_refuses_names_that_occur_twice():
    manager = mx.executor_manager
    assert manager._split_input_slice(10, [1, 3]) == [slice(0, 2), slice(2, 10)]
    with pytest.raises(ValueError, match="batch of 1 cannot be split"):
        manager._split_input_slice(1, [1, 1])
    with pytest.raises(ValueError, match="several variables called x"):
        manager._check_arguments(mx.sym.var("x") + mx.sym.var("x"))


def test_errors_are_entered_by_name():
    class Mine(mx.error.InternalError):
        pass

    assert mx.error.register(Mine) is Mine
    assert mx.base.error_types["Mine"] is Mine
    assert mx.error.register("Other", Mine) is Mine and mx.base.error_types["Other"] is Mine
    with pytest.raises(TypeError, match="class of exceptions, got 3"):
        mx.error.register("Other", 3)  # type: ignore[arg-type]


def test_libinfo_has_the_version_and_no_library():
    assert mx.libinfo.__version__ == mx.__version__
    for find in (mx.libinfo.find_lib_path, mx.libinfo.find_include_path):
        with pytest.raises(RuntimeError, match="Python on JAX"):
            find()


def parameters(nbatch, value):
    metric = mx.metric.Loss(name="loss")
    metric.update(None, [mx.nd.array([value])])
    return SimpleNamespace(epoch=0, nbatch=nbatch, eval_metric=metric)


def test_notebook_callbacks_name_the_package_they_need_or_keep_values(monkeypatch):
    for make, package in [
        (lambda: callback.PandasLogger(4, frequent=2), "pandas"),
        (lambda: callback.LiveLearningCurve("loss"), "bokeh"),
        (lambda: callback.LiveTimeSeries(), "bokeh"),
    ]:
        if importlib.util.find_spec(package) is None:
            with pytest.raises(ImportError, match=f"needs {package}: pip install {package}"):
                make()
    if importlib.util.find_spec("pandas") is not None:
        logger = callback.PandasLogger(4, frequent=2)
        for n in range(4):
            logger.train_cb(parameters(n, n))
        logger.epoch_cb(0, None, {}, {})
        assert logger.train_df["loss"].tolist() == [0.0, 2.0]
        assert logger.train_df["minibatch_count"].tolist() == [0, 2]
        speeds = logger.train_df[["records_per_sec", "batches_per_sec"]].to_numpy()
        np.testing.assert_allclose(speeds[:, 0], 4 * speeds[:, 1])
        assert len(logger.epoch_df) == 1 and logger.eval_df.empty
    if importlib.util.find_spec("bokeh") is not None:
        monkeypatch.setattr("bokeh.io.output_notebook", lambda: None)
        monkeypatch.setattr("bokeh.plotting.show", lambda fig, notebook_handle: None)
        curve = callback.LiveLearningCurve("loss", display_freq=0, frequent=1)
        for n in range(3):
            curve.batch_cb(parameters(n, n))
        curve.eval_cb(parameters(0, 5))
        assert curve.train.data_source.data["y"] == [0.0, 1.0, 2.0]
        assert curve.valid.data_source.data["y"] == [5.0]
        series = callback.LiveTimeSeries(title="loss")
        series.update_chart_data(3.0)
        assert list(series.line.data_source.data["y"]) == [3.0]


def test_modules_have_mxnets_names_too():
    for name, own in [
        ("contrib.ndarray", mx.nd.contrib), ("image.detection", mx.image), ("io.io", mx.io),
        ("ndarray.utils", mx.nd), ("rnn.io", mx.rnn), ("symbol.op", mx.sym),
    ]:  # fmt: skip
        assert importlib.import_module(f"gluonx.{name}") is own
    assert getattr(mx.nd, "op").relu is mx.nd.relu  # noqa: B009
    assert mx.base.py_str(b"a") == mx.base.py_str("a") == "a"
