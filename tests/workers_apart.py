"""A program for several workers, run by test_distributed.py: workers that look at different things.

    workers_apart.py OUT DEVICES

Trains in several ways, and leaves the weights in the folder OUT. Each worker looks at values of its
own in the midst of steps, so that its step runs in other parts than those of the others.
"""

import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn

kv = mx.kv.create("dist_sync")
rank, size = kv.rank, kv.num_workers
out, ctx = Path(sys.argv[1]), [mx.cpu(i) for i in range(int(sys.argv[2]))]
data = np.random.RandomState(0).randn(16, 4).astype("f")
own = slice(rank * 16 // size, (rank + 1) * 16 // size)
xs = gluon.utils.split_and_load(nd.array(data[own]), ctx)
ys = gluon.utils.split_and_load(nd.array(data[own].sum(1, keepdims=True)), ctx)
loss_function = gluon.loss.L2Loss()
found = {}


def train(name, before=None, add=False, in_units=4, looks=True):
    mx.random.seed(7 + rank)
    net = nn.HybridSequential()
    net.add(nn.Dense(4, "tanh", in_units=in_units), nn.Dense(1, in_units=4))
    net.initialize(mx.init.Constant(0.3) if in_units == 0 else mx.init.Xavier(), ctx=ctx)
    if in_units:  # the same in runs of other numbers of workers
        for k, p in enumerate(net.collect_params().values()):
            p.set_data(nd.array(np.random.RandomState(k).randn(*p.shape) / 3))
    net.hybridize()
    params = net.collect_params()
    if add:
        params.setattr("grad_req", "add")
    trainer = gluon.Trainer(params, "adam", {"learning_rate": 0.05}, kvstore=kv)

    def look(array, every, step):
        if looks and (step + rank) % every == 0:
            array.asnumpy()

    for step in range(6):
        if before is not None:
            before(net, trainer, step)
        for _ in range(1 + add):
            with autograd.record():
                losses = [loss_function(net(x), y) for x, y in zip(xs, ys, strict=True)]
                look(losses[0], 3, step)
            autograd.backward(losses)
        look(losses[-1], 4, step)
        look(net[1].weight.list_grad()[0], 5, step)
        try:
            trainer.step(16)
        except KeyboardInterrupt:  # the step is done as soon as somebody looks
            assert name == "interrupted" and rank == 0
        if add:
            params.zero_grad()
        look(net[0].weight.data(ctx[0]), 2, step)
    found[name] = np.concatenate(
        [p.data(ctx[-1]).asnumpy().ravel() for p in params.values() if p.grad_req != "null"]
    )


def freeze(net, trainer, step):
    net[0].weight.grad_req = "null" if step == 3 else "write"


def write(net, trainer, step):
    if step == 2:
        net[0].weight.set_data(net[0].weight.data(ctx[0]) / 2)
    if step == 4:
        trainer.save_states(out / "states")
        kv.barrier()
        trainer.load_states(out / "states")


def hold(net, trainer, step):
    if step == 2:
        held.append(net[0].weight.data(ctx[0]).asjax())
        held.append(np.array(held[0]))


def interrupt(net, trainer, step):
    if step == 3 and size > 1:
        if rank == 0:
            main = threading.main_thread().ident
            threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
        elif rank == 1:
            time.sleep(1)


train("whole", looks=False)
text = str(mx.engine.explain())
assert size * len(ctx) == 1 or "backward + update: compiled 1 time, run 6 times" in text, text
train("apart")
train("added", add=True)
train("deferred", in_units=0)
train("frozen", freeze)
train("written", write)
held = []
train("held", hold)
np.testing.assert_array_equal(np.asarray(held[0]), held[1])
train("interrupted", interrupt, looks=False)
np.savez(out / f"apart-{rank}-of-{size}.npz", **found)
kv.barrier()
