"""A program for several workers, run by test_distributed.py: files of workers.

    workers_files.py OUT

Saves and loads in the ways that programs do: by all, by one worker alone, under one path or each
under its own, on one disk or on several.
"""

import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn
from gluonx.gluon.contrib.estimator import CheckpointHandler, Estimator

kv = mx.kv.create("dist_sync")
rank, size = kv.rank, kv.num_workers
out = Path(sys.argv[1])
own = out / f"disk{rank}"  # in place of a disk that others do not see
own.mkdir()
written = []
real = mx.serialization.files.os.replace


def replace(source, target):
    written.append(os.path.basename(target))
    real(source, target)


mx.serialization.files.os.replace = replace


def wrote(*names):
    found, written[:] = sorted(written), []
    assert found == sorted(names), (rank, found)


net = nn.HybridSequential()
net.add(nn.Dense(3, in_units=3), nn.BatchNorm(in_channels=3))
net.initialize(mx.init.Xavier())
net.hybridize()
momentum = {"learning_rate": 0.1, "momentum": 0.9}
trainer = gluon.Trainer(net.collect_params(), "sgd", momentum, kvstore=kv)
loss_function = gluon.loss.L2Loss()
data = nd.array(np.random.RandomState(rank).randn(4, 3))


def train():
    with autograd.record():
        loss = loss_function(net(data), data)
    loss.backward()
    trainer.step(4 * size)


def weight():
    return net[0].weight.data().asnumpy()


def equal():
    """Whether all workers have the same weights."""
    sent = nd.array(weight())
    (first,) = mx.kvstore.exchange.first([sent])
    return np.array_equal(first.asnumpy(), weight())


# worker 0 alone writes to a parameter after the Trainer was made: all have it after the first step
if rank == 0:
    net[0].weight.set_data(nd.ones((3, 3)))
train()
assert equal()
train()
text = str(mx.engine.explain())
assert "backward + update: compiled 1 time" in text, text

# by all workers, under one path: worker 0 writes, and the file is there for all
if rank == 0:
    time.sleep(0.3)
net.save_parameters(str(out / "net.params"))
wrote(*["net.params"] * (rank == 0))
saved = nd.load(str(out / "net.params"))
mean = net[1].running_mean.data().asnumpy()
assert np.array_equal(saved["1.running_mean"].asnumpy(), mean) == (rank == 0)
if rank == 1:
    time.sleep(0.3)
net.save_parameters(str(out / "net.params"))
trainer.save_states(out / "states")
net.export(str(out / "net"), 3)
net.collect_params().save(str(out / "all.params"))
net.save(str(out / "block"))
mx.model.save_checkpoint(str(out / "old"), 1, None, {"w": data}, {})
names = "net.params states net-symbol.json net-0003.params all.params block-model.params"
names = [*names.split(), "block-model.json", "old-0001.params"]
assert all((out / name).exists() for name in names)
wrote(*names * (rank == 0))

# worker 0 may have saved it again before another one looks
same = mx.hosts.files._same


def late(*args):
    time.sleep(0.3)
    return same(*args)


mx.hosts.files._same = late
for _ in range(3):
    net.save_parameters(str(out / "net.params"))
wrote(*["net.params"] * 3 * (rank == 0))
mx.hosts.files._same = same

# on disks of their own each writes, under one name or not
net.save_parameters(str(own / "net.params"))
trainer.save_states(own / "states")
train()
os.chdir(own)
net.save_parameters("net.params")
nd.save("mine", [data])
trainer.save_states(f"states{rank}")
wrote("net.params", "states", "net.params", "mine", f"states{rank}")
net.load_parameters("net.params")
trainer.load_states("states")  # that of worker 0
train()
assert equal()

# what only worker 0 has, the others are lent: as it was when worker 0 loaded it
if rank == 0:
    net.save_parameters("lent.params")
    symbol = mx.sym.var("w") * 2
    mx.model.save_checkpoint("lent", 1, symbol, {"w": nd.arange(70000)}, {"v": data})
else:
    os.remove("states")
    time.sleep(0.3)
kv.barrier()
net.load_parameters("lent.params")
if rank == 0:
    net[1].running_mean.set_data(nd.ones((3,)) * 7)
    net.save_parameters("lent.params")
mean = net[1].running_mean.data()
(lent,) = mx.kvstore.exchange.first([mean])
assert np.array_equal(lent.asnumpy(), mean.asnumpy()) == (rank == 0)
assert rank == 0 or not os.path.exists("lent.params")
symbol, arguments, more = mx.model.load_checkpoint("lent", 1)
assert symbol.list_arguments() == ["w"] and list(more) == ["v"]
assert np.array_equal(arguments["w"].asnumpy(), np.arange(70000))
trainer.load_states("states")
if rank == 0:  # one alone, which nobody has to wait for
    net.load_parameters("lent.params")
train()
assert equal()
try:
    net.load_parameters("nowhere.params")
except FileNotFoundError as e:
    assert rank == 0 or "cannot read it either: No such file" in str(e), e
else:
    sys.exit("found")
if rank == 1:
    try:
        net.load_parameters("elsewhere.params")
    except FileNotFoundError as e:
        text = "cannot read elsewhere.params: there is no such file for worker 1, and worker 0 "
        assert str(e).startswith(text), e
        assert "has gone on to Trainer.step() without loading it" in str(e), e
    else:
        sys.exit("found")
train()
names = ["lent.params", "lent-symbol.json", "lent-0001.params", "lent.params"]
wrote(*names * (rank == 0))
os.chdir(out)

# by one worker alone: nobody waits for the others
for who in range(size):
    if rank == who:
        net.save_parameters(f"only{who}.params")
        net.load_parameters(f"only{who}.params")
        trainer.save_states(f"only{who}.states")
    train()
wrote(f"only{rank}.params", f"only{rank}.states")
assert equal()

# again and again, with different speeds, between steps and after the last one
for k in range(20):
    time.sleep(0.03 * ((k * 7 + rank * 3) % 4))
    net.save_parameters("often.params")
    assert len(nd.load("often.params")) == 6
    if k % 3 == 0:
        train()
net.save_parameters("last.params")
wrote(
    *["often.params", "last.params"] * 0, *(["often.params"] * 20 + ["last.params"]) * (rank == 0)
)

# a training goes on from a checkpoint that only worker 0 has
os.chdir(own)
x = np.random.RandomState(0).randn(16, 3).astype("f")
mine = list(gluon.data.SplitSampler(16, shuffle=False))


def fit(epochs, folder, resume):
    mx.random.seed(3)
    net = nn.Dense(1, in_units=3)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", momentum, kvstore=kv)
    estimator = Estimator(net, loss_function, trainer=trainer)
    estimator.logger.setLevel("ERROR")
    batches = gluon.data.DataLoader(gluon.data.ArrayDataset(x[mine], x[mine, :1]), 4)
    handler = CheckpointHandler(folder, resume_from_checkpoint=resume)
    estimator.fit(batches, epochs=epochs, event_handlers=[handler])
    return net.weight.data().asnumpy()


whole = fit(3, "whole", True)  # there is none yet, and that is no error
fit(2, "part", False)
if rank == 1:
    shutil.rmtree("part")
assert np.array_equal(fit(3, "part", True), whole)
os.chdir(out)

if rank == 0:  # a load that others do not make is an error, not a hang
    try:
        trainer.load_states("states")
    except mx.MXNetError as e:
        assert "has gone on to" in str(e), e
    else:
        sys.exit("not found")
print("done", flush=True)
