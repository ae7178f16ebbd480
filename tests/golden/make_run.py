"""Make the golden files of a training run: python tests/golden/make_run.py, in MXNet and in gluonx.

In MXNet 1.9.1 it writes what begins with ``mxnet``, and ``expected.npz``, the weights two steps
later; in gluonx what begins with ``gluonx``. The files must load for ever: add new ones, never
change those that are there.
"""

import pickle
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "run"
X = (np.arange(8, dtype=np.float32) ** 2 % 11 / 11).reshape(4, 2)
#: What foreach-symbol.json computes of these.
LOOP = {"data": np.arange(6, dtype=np.float32).reshape(3, 2), "s": np.ones(2, np.float32)}


def fill(net):
    """Give every parameter numbers of its own."""
    for i, (_, p) in enumerate(sorted(net.collect_params().items())):
        count = int(np.prod(p.shape))
        p.set_data(((np.arange(count) * (i + 3)) % 7 / 7 + 0.1).reshape(p.shape))


def network(mx):
    net = mx.gluon.nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(mx.gluon.nn.BatchNorm(in_channels=2))
        net.add(mx.gluon.nn.Dense(3, in_units=2, activation="tanh"))
        net.add(mx.gluon.nn.Dense(1, in_units=3))
    net.initialize()
    return net


def recurrent(mx):
    layer = mx.gluon.rnn.LSTM(2, num_layers=2, bidirectional=True, input_size=3, prefix="lstm_")
    layer.initialize()
    return layer


def trainer_of(mx, net, rate=0.1):
    scheduler = mx.lr_scheduler.FactorScheduler(step=3, factor=0.5)
    arguments = {"learning_rate": rate, "lr_scheduler": scheduler}
    return mx.gluon.Trainer(net.collect_params(), "adam", arguments)


def steps(mx, net, trainer, count=2):
    x = mx.nd.array(X)
    for _ in range(count):
        with mx.autograd.record():
            loss = ((net(x) - 2) ** 2).sum()
        loss.backward()
        trainer.step(4)


def weights(net):
    return {name: p.data().asnumpy() for name, p in net.collect_params().items()}


def loop(mx):
    data, state = mx.sym.var("data"), mx.sym.var("s")
    out, last = mx.sym.contrib.foreach(lambda x, s: (x + s, x * s), data, state, name="loop")
    return mx.sym.Group([out, last])


def main(library):
    mx = __import__(library)
    FOLDER.mkdir(exist_ok=True)
    net, layer = network(mx), recurrent(mx)
    fill(net)
    fill(layer)
    trainer = trainer_of(mx, net)
    steps(mx, net, trainer)
    start = f"{FOLDER}/{library}"
    net.save_parameters(f"{start}.params")
    layer.save_parameters(f"{start}-lstm.params")
    net.collect_params().save(f"{start}-prefixed.params", "net_")
    trainer.save_states(f"{start}.states")
    loop(mx).save(f"{start}-loop-symbol.json")
    if library == "mxnet":
        # as the documentation of gluonx's Trainer.load_states says
        states, optimizer = pickle.loads(Path(f"{start}.states").read_bytes())
        arrays = {}
        for i, state in states.items():
            parts = state if isinstance(state, (list, tuple)) else [state]
            parts = [x for x in parts if x is not None]
            arrays.update({f"{i}:{j}": x for j, x in enumerate(parts)})
            count = optimizer._index_update_count[i]
            arrays[f"{i}:count"] = mx.nd.array([count], dtype="int64")
        mx.nd.save(f"{start}-converted.states", arrays)
        steps(mx, net, trainer)
        np.savez(f"{FOLDER}/expected.npz", **weights(net))
        return
    net.save_parameters(f"{start}.safetensors")
    trainer.save_states(f"{start}-states.safetensors")
    from gluonx.checkpoint import Checkpoints

    with tempfile.TemporaryDirectory() as folder:
        with Checkpoints(f"{folder}/run", asynchronous=False) as checkpoints:
            checkpoints.save(2, net, trainer, {"epoch": 2})
        shutil.make_archive(f"{start}-checkpoint", "zip", folder)


if __name__ == "__main__":
    main(sys.argv[1])
