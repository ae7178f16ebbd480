"""The Estimator and its handlers: events, metrics, checkpoints, the end."""

import importlib
import io
import logging
import sys

import numpy as np
import pytest

import gluonx as gx
from gluonx import engine, gluon, nn
from gluonx import estimator as es

RNG = np.random.RandomState(0)
X = RNG.randn(8, 3).astype("f")
Y = (X.sum(1) > 0).astype("f")
LOSS = gluon.loss.SoftmaxCrossEntropyLoss


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("gluonx.estimator").setLevel(logging.ERROR)


def loader(batch_size=4):
    return gluon.data.DataLoader(gluon.data.ArrayDataset(X, Y), batch_size=batch_size)


def made(**kwargs):
    net = nn.Dense(2, in_units=3)
    net.initialize(gx.init.One())
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    return es.Estimator(net, LOSS(), trainer=trainer, **kwargs)


class Events(es.TrainBegin, es.TrainEnd, es.EpochBegin, es.EpochEnd, es.BatchBegin, es.BatchEnd):
    def __init__(self):
        self.seen = []

    def __getattribute__(self, name):
        if name in ("train_begin", "train_end", "epoch_begin", "epoch_end"):
            return lambda estimator: self.seen.append(name)
        if name in ("batch_begin", "batch_end"):
            return lambda estimator, **kw: self.seen.append((name, sorted(kw)))
        return object.__getattribute__(self, name)


def test_training_gives_the_metrics_of_mxnet():
    est = made()
    est.fit(loader(), val_data=loader(), epochs=2)
    found = {m.name: m.get()[1] for m in est.train_metrics + est.val_metrics}
    want = {
        "training accuracy": 1.0,
        "training softmaxcrossentropyloss": 0.50145030,
        "validation accuracy": 1.0,
        "validation softmaxcrossentropyloss": 0.42071310,
    }
    assert list(found) == list(want)
    np.testing.assert_allclose(list(found.values()), list(want.values()), rtol=1e-5)


def test_events_come_in_order_with_what_they_carry():
    events = Events()
    made().fit(loader(), epochs=1, event_handlers=events)
    batch = [("batch_begin", ["batch"]), ("batch_end", ["batch", "label", "loss", "pred"])]
    assert events.seen == [
        "train_begin", "epoch_begin", *batch, *batch, "epoch_end", "train_end",
    ]  # fmt: skip


def test_hybridized_training_is_one_executable_a_batch():
    est = made()
    est.net.hybridize()
    est.fit(loader(), epochs=1)
    before = engine.explain().steps
    est.fit(loader(), epochs=2)
    after = engine.explain().steps
    assert sum(s.times for s in after) == sum(s.times for s in before)
    assert sum(s.runs for s in after) == sum(s.runs for s in before) + 4


def test_number_of_batches_and_two_contexts():
    one, two = made(), made(context=[gx.cpu(0), gx.cpu(1)])
    for est in (one, two):
        est.fit(loader(), batches=3)
    a, b = (est.net.weight.data(gx.cpu(0)).asnumpy() for est in (one, two))
    np.testing.assert_allclose(a, b, rtol=1e-5)
    with pytest.raises(ValueError, match="give epochs or batches"):
        one.fit(loader())


def test_resumed_training_goes_on_where_it_stopped(tmp_path):
    whole = made()
    whole.fit(loader(), epochs=4)
    first, second = made(), made()
    keep = dict(model_dir=tmp_path, max_checkpoints=1, resume_from_checkpoint=True)
    first.fit(loader(), epochs=2, event_handlers=es.CheckpointHandler(**keep))
    assert sorted(p.name for p in tmp_path.glob("*.params")) == ["model-epoch2batch4.params"]
    events = Events()
    second.fit(loader(), epochs=4, event_handlers=[es.CheckpointHandler(**keep), events])
    assert events.seen.count("epoch_begin") == 2
    np.testing.assert_array_equal(
        second.net.weight.data().asnumpy(), whole.net.weight.data().asnumpy()
    )
    again = made()
    again.fit(loader(), epochs=3, event_handlers=es.CheckpointHandler(**keep))  # nothing is left
    np.testing.assert_array_equal(
        again.net.weight.data().asnumpy(), whole.net.weight.data().asnumpy()
    )


def test_best_is_kept_and_early_stopping_ends(tmp_path):
    est = made()
    accuracy = est.val_metrics[0]
    best = es.CheckpointHandler(tmp_path, monitor=accuracy, save_best=True, verbose=1)
    stop = es.EarlyStoppingHandler(accuracy, patience=2)
    events = Events()
    est.fit(loader(), val_data=loader(), epochs=9, event_handlers=[best, stop, events])
    assert events.seen.count("epoch_begin") == 3  # right at once, then two without improvement
    assert (tmp_path / "model-best.params").exists()
    assert stop.stopped_epoch == 2


def test_log_is_printed_once_also_if_logging_is_configured_later(monkeypatch, capsys):
    root, logger = logging.getLogger(), logging.getLogger("gluonx.estimator")
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(logger, "handlers", [])
    logger.setLevel(logging.INFO)
    one = es.Estimator(nn.Dense(1), gluon.loss.L2Loss())
    one.logger.info("first")
    root.addHandler(logging.StreamHandler(sys.stdout))
    one.logger.info("second")
    assert capsys.readouterr().out == "first\nsecond\n"


def test_log_says_what_happens(caplog):
    est = made()
    est.logger.setLevel(logging.INFO)
    with caplog.at_level(logging.INFO, "gluonx.estimator"):
        handler = es.LoggingHandler(log_interval=1, metrics=est.train_metrics)
        est.fit(loader(), epochs=1, event_handlers=handler)
    assert "SGD, learning rate 0.1" in caplog.text
    assert "[Epoch 0][Batch 2]" in caplog.text
    assert "training accuracy: 0.3750" in caplog.text


def test_bar_says_that_it_compiles_and_is_taken_away_after_an_error():
    pytest.importorskip("tqdm")
    shown = io.StringIO()
    est = made()
    est.net.hybridize()
    bar = es.ProgressBarHandler(log_interval=1, file=shown, ncols=140, mininterval=0)
    est.fit(loader(), epochs=2, event_handlers=bar)
    text = shown.getvalue()
    first, second = text[: text.index("epoch 2/2")], text[text.index("epoch 2/2") :]
    assert "epoch 1/2, compiling…" in first
    assert "compiling" not in second and "training accuracy" in second and "2/2" in second
    with pytest.raises(ZeroDivisionError):
        est.fit(loader(), epochs=1, event_handlers=[bar, Fails()])
    assert bar._bar is None and not bar._listening


class Fails(es.BatchBegin):
    def batch_begin(self, estimator, *args, **kwargs):
        raise ZeroDivisionError


class Scalars:
    def __init__(self):
        self.seen = []

    def add_scalar(self, name, value, step):
        self.seen.append((name, round(value, 3), step))


def test_scalars_are_written_for_tensorboard(tmp_path):
    est, each = made(), Scalars()
    est.fit(loader(), epochs=1, event_handlers=es.TensorBoardHandler(summary_writer=each))
    assert ("learning rate", 0.1, 2) in each.seen
    assert [n for n, _, _ in each.seen][0] == "training accuracy"
    pytest.importorskip("tensorboardX")
    handler = es.TensorBoardHandler(tmp_path / "runs", log_interval=1)
    est.fit(loader(), epochs=1, event_handlers=handler)
    assert list((tmp_path / "runs").glob("events*"))
    callback = gx.contrib.tensorboard.LogMetricsCallback(tmp_path / "old", prefix="train")
    callback(gx.model.BatchEndParam(0, 1, est.train_metrics[0], None))
    callback.summary_writer.close()
    assert list((tmp_path / "old").glob("events*"))


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: es.Estimator(nn.Dense(1), "l2"), "loss must be a gluon.loss.Loss"),
        (lambda: es.CheckpointHandler("x", save_best=True), "needs the metric"),
        (lambda: es.EarlyStoppingHandler("acc"), "monitor must be an EvalMetric"),
        (lambda: es.LoggingHandler("batch"), "log_interval must be"),
        (lambda: es.MetricHandler(["acc"]), "must be EvalMetrics"),
    ],
)
def test_wrong_arguments_raise(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_mxnet_spelling_gives_the_same_classes():
    other = importlib.import_module("gluonx.gluon.contrib.estimator")
    assert other.Estimator is es.Estimator
    handlers = importlib.import_module("gluonx.gluon.contrib.estimator.event_handler")
    assert handlers.TrainBegin is es.TrainBegin
