"""A program for several workers, run by test_distributed.py: trains a small network.

    workers.py OUT STEPS [ACT RANK STEP]

Goes on from the checkpoint in the folder OUT, if there is one, and leaves the result of each worker
there. At STEP worker RANK does ACT: kill, stop or raise. With ACT "count" all of them look at the
end at what a step costs.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import workers_step

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn


def main(out: Path, steps: int, act: str = "", who: str = "-1", when: str = "0") -> None:
    x = np.random.RandomState(0).randn(24, 3).astype("f")
    y = np.random.RandomState(1).randn(24, 1).astype("f")
    checkpoint = out / "net.params"
    mx.kv.create("dist_sync")
    mx.random.seed(5 + mx.hosts.rank())  # the parameters are those of worker 0 all the same
    net = nn.HybridSequential()
    net.add(nn.Dense(4, "tanh", in_units=3), nn.Dense(1, in_units=4))
    if checkpoint.exists():
        net.load_parameters(str(checkpoint))
    else:
        net.initialize(mx.init.Xavier())
    net.hybridize()
    momentum = {"learning_rate": 0.05, "momentum": 0.9}
    trainer = gluon.Trainer(net.collect_params(), "sgd", momentum, kvstore="dist_sync")
    kv = mx.kv.create("dist_sync")  # again
    first = 0
    if checkpoint.exists():
        trainer.load_states(out / "states")
        first = int((out / "step").read_text())
    mine = list(gluon.data.SplitSampler(24, shuffle=False))
    data, label = nd.array(x[mine]), nd.array(y[mine])
    loss_function = gluon.loss.L2Loss()
    for step in range(first, steps):
        with autograd.record():
            loss = loss_function(net(data), label)
        loss.backward()
        if kv.rank == int(who) and step == int(when):
            if act == "raise":
                raise ValueError("oops")
            os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[act])
        trainer.step(24)
        if step % 2:
            trainer.save_states(out / "states")  # worker 0 does
            if kv.rank == 0:
                net.save_parameters(str(checkpoint))
                (out / "step").write_text(str(step + 1))
    weights = [p.data().asnumpy().ravel() for p in net.collect_params().values()]
    np.save(out / f"weights-{kv.rank}-of-{kv.num_workers}.npy", np.concatenate(weights))
    print(mx.engine.explain())
    if act == "count":
        workers_step.check(kv)
    print("done", flush=True)


if __name__ == "__main__":
    folder, number, *rest = sys.argv[1:]
    main(Path(folder), int(number), *rest)
