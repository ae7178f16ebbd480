"""The profiler, and the modules of small helpers: runtime, util, base, log, engine.bulk."""

import json

import numpy as np
import pytest

import gluonx as mx
from gluonx import autograd, gluon, nd, nn, profiler
from gluonx.error import MXNetError


def test_profile_has_operators_executables_and_own_events(tmp_path):
    net = nn.Dense(2, in_units=3, prefix="profiled_")
    net.initialize()
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd")

    def step():
        with autograd.record():
            loss = net(nd.ones((4, 3))).sum()
        loss.backward()
        trainer.step(4)

    step()
    file = tmp_path / "profile.json"
    profiler.dumps(reset=True)
    profiler.set_config(filename=file, profile_all=True, aggregate_stats=True)
    profiler.set_state("run")
    with pytest.raises(MXNetError, match="is running"):
        profiler.set_config(filename="other.json")
    domain = profiler.Domain("mine")
    task, event = domain.new_task("task"), profiler.Event("event")
    counter = domain.new_counter("counter", 3)
    task.start()
    with profiler.scope("scope"), domain.new_frame("frame"):
        step()
        step()
    counter += 5
    counter -= 1
    domain.new_marker("marker").mark("global")
    event.start()
    event.stop()
    task.stop()
    assert str(task) == "task" and str(domain) == "mine" and str(counter) == "counter"
    profiler.pause()
    with profiler.scope("left out"):
        pass
    profiler.resume()
    profiler.dump(finished=False)
    profiler.set_state("stop")
    profiler.set_state("stop")
    task.start()
    task.stop()  # not seen
    profiler.dump()
    written = json.loads(file.read_text())["traceEvents"]
    seen = {}
    for e in written:
        seen.setdefault(e["name"], []).append(e)
    assert "left out" not in seen
    assert [e["args"]["counter"] for e in seen["counter"]] == [3, 8, 7]
    assert seen["marker"][0]["s"] == "g"
    [whole] = seen["task"]
    steps = [e for e in written if "profiled" in e.get("cat", "")]
    assert steps and all(whole["ts"] <= e["ts"] <= whole["ts"] + whole["dur"] for e in steps)

    table = json.loads(profiler.dumps(format="json", sort_by="count"))["Time"]
    assert {"mine", "mine,frame", "event", "scope"} <= set(table)
    [fused] = [c for c in table if "profiled" in c]
    assert "update" in fused  # one executable for the whole step
    assert all(row["Count"] % 2 == 0 for row in table[fused].values())
    text = profiler.dumps(reset=True, sort_by="avg", ascending=True)
    assert "Avg Time (ms)" in text and "task" in text
    assert "task" not in profiler.dumps()


def test_wrong_use_of_the_profiler_raises_and_old_names_warn():
    for call, error in (
        (lambda: profiler.set_config(file="x"), MXNetError),
        (lambda: profiler.set_config(profile_process="server"), MXNetError),
        (lambda: profiler.set_state("go"), ValueError),
        (lambda: profiler.dumps(format="xml"), ValueError),
        (lambda: profiler.dumps(sort_by="name"), ValueError),
        (lambda: profiler.Marker(profiler.Domain("d"), "m").mark("x"), MXNetError),
    ):
        with pytest.raises(error):
            call()
    with pytest.warns(DeprecationWarning, match="set_state"):
        profiler.profiler_set_state("stop")


def test_helpers_of_runtime_util_base_and_log(tmp_path, monkeypatch):
    features = mx.runtime.Features()
    assert features.is_enabled("xla") and not features.is_enabled("CUDA_RTC")
    assert repr(features["LAPACK"]) == "✔ LAPACK"
    assert len(mx.runtime.feature_list()) == len(features)
    with pytest.raises(RuntimeError, match="no feature called"):
        features.is_enabled("warp")

    mx.util.setenv("GLUONX_TEST_VARIABLE", "1")
    assert mx.util.getenv("GLUONX_TEST_VARIABLE") == "1"
    mx.util.setenv("GLUONX_TEST_VARIABLE", None)
    assert mx.util.getenv("GLUONX_TEST_VARIABLE") is None
    assert mx.util.get_gpu_count() == mx.num_gpus()

    @mx.util.use_np_shape
    def inside():
        return mx.util.is_np_shape()

    assert inside() and not mx.util.is_np_shape() and not mx.util.is_np_array()
    with pytest.raises(MXNetError, match="mx.np arrays"):
        mx.util.set_np()
    mx.util.reset_np()
    if not mx.num_gpus():
        with pytest.raises(MXNetError, match="no GPU"):
            mx.context.gpu_memory_info(0)

    assert mx.engine.set_bulk_size(4) == 15
    with mx.engine.bulk(7):
        assert mx.engine.set_bulk_size(7) == 7
    assert mx.engine.set_bulk_size(15) == 4

    assert isinstance(np.float32(1), mx.base.numeric_types)
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    assert mx.base.data_dir() == str(tmp_path)
    file = tmp_path / "log.txt"
    logger = mx.log.get_logger("gluonx-test", str(file), level=mx.log.INFO)
    assert mx.log.get_logger("gluonx-test") is logger
    logger.info("100 %% of %s", "it")
    text = file.read_text()
    assert text.startswith("I") and text.endswith("] 100 % of it\n") and __file__ in text


def test_old_autograd_differentiates_by_chosen_arguments():
    old = mx.contrib.autograd
    x, y = nd.array([2.0]), nd.array([3.0])
    assert [g.asscalar() for g in old.grad(lambda a, b: a * a * b)(x, y)] == [12, 4]
    [g], value = old.grad_and_loss(lambda a, b: a * b, argnum=1)(x, y)
    assert (g.asscalar(), value.asscalar()) == (2, 6)
    with old.train_section():
        assert autograd.is_recording() and autograd.is_training()
        with old.test_section():
            assert not autograd.is_recording()
    assert not autograd.is_training()
