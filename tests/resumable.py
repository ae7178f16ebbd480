"""A training that saves as it goes, for ``test_resume.py``, which kills it.

``python resumable.py FOLDER`` trains, or goes on, and writes its parameters at the end.
"""

import sys
from pathlib import Path

import numpy as np

import gluonx as mx
from gluonx import amp, autograd, gluon
from gluonx.gluon import nn
from gluonx.gluon.contrib import estimator as es

EPOCHS = 3


class Told(es.BatchEnd):
    """Calls a function with the number of batches done, when all others have had their turn."""

    priority = float("inf")

    def __init__(self, tell):
        self.tell = tell

    def batch_end(self, estimator, *args, **kwargs):
        self.tell(estimator.batches_done)


class Mixes(es.BatchProcessor):
    """Draws from all the generators that a user's code may draw from."""

    def fit_batch(self, estimator, batch, batch_axis=0):
        data, label = batch
        data = data + float(np.random.rand()) * 0.1 + mx.nd.random.normal(0, 0.1, data.shape)
        with autograd.record():
            pred = estimator.net(data)
            loss = estimator.loss(pred, label)
            with amp.scale_loss(loss, estimator.trainer) as scaled:
                autograd.backward(scaled)
        return [data], [label], [pred], [loss]


def made():
    mx.random.seed(3)
    np.random.seed(4)
    rng = np.random.RandomState(0)
    x = rng.randn(20, 6).astype("f")
    y = (x[:, :1] > 0).astype("f").ravel()
    net = nn.HybridSequential()
    net.add(nn.Dense(4), nn.BatchNorm(), nn.Dropout(0.3), nn.Dense(2))
    net.initialize()
    net.hybridize()
    amp.init("float16")
    schedule = mx.lr_scheduler.FactorScheduler(3, 0.8, base_lr=0.05)
    trainer = gluon.Trainer(net.collect_params(), "adam", {"lr_scheduler": schedule})
    amp.init_trainer(trainer)
    trainer._amp_loss_scaler._initial = 2.0**11
    trainer._amp_loss_scaler._scale_seq_len = 4  # grows soon
    metrics = [mx.metric.Accuracy(), mx.metric.PCC()]
    est = es.Estimator(
        net, gluon.loss.SoftmaxCrossEntropyLoss(), metrics, trainer=trainer,
        batch_processor=Mixes(),
    )  # fmt: skip
    return est, gluon.data.DataLoader(gluon.data.ArrayDataset(x, y), 4, shuffle=True)


def train(folder, tell=lambda done: None):
    """Train to the end; the parameters and metrics."""
    est, data = made()
    est.logger.setLevel("ERROR")
    keep = es.CheckpointHandler(
        folder, batch_period=3, max_checkpoints=1, resume_from_checkpoint=True
    )
    stopping = es.EarlyStoppingHandler(est.train_metrics[0], patience=9)
    try:
        est.fit(data, epochs=EPOCHS, event_handlers=[keep, stopping, Told(tell)])
    finally:
        amp.disable()
    found = {k: p.data().asnumpy() for k, p in est.net._collect_params_with_prefix().items()}
    found["scale"] = np.array(est.trainer._amp_loss_scaler.loss_scale)
    for m in est.train_metrics:
        found[m.name] = np.array(m.get()[1])
    found["next"] = mx.nd.random.uniform(shape=(2,)).asnumpy()
    found["counts"] = np.array([est.epochs_done, est.batches_done, stopping.wait])
    return found


if __name__ == "__main__":
    where = Path(sys.argv[1])
    np.savez(where / "end.npz", **train(where, lambda done: print("done", done, flush=True)))
