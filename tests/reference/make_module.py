"""Trajectories of MXNet's Module: `python make_module.py`, in an environment with MXNet 1.9.1.

The program runs under gluonx too; tests/test_module.py does that and compares.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

STEPS = 5


def network(mx):
    sym = mx.sym
    x = sym.Convolution(sym.var("data"), kernel=(3, 3), num_filter=3, no_bias=True, name="conv")
    x = sym.Activation(sym.BatchNorm(x, name="bn", fix_gamma=False), act_type="relu")
    x = sym.FullyConnected(sym.flatten(x), num_hidden=4, name="fc")
    return sym.SoftmaxOutput(x, name="softmax")


def values(shape, seed):
    return (np.random.RandomState(seed).rand(*shape).astype("float32") - 0.5) / 2


def batches(mx):
    made = []
    for k in range(STEPS):
        label = np.random.RandomState(50 + k).randint(0, 4, (6,)).astype("float32")
        data = mx.nd.array(values((6, 2, 5, 5), 10 + k))
        made.append(mx.io.DataBatch([data], [mx.nd.array(label)]))
    return made


def module(mx, **kwargs):
    context = [mx.cpu(i) for i in range(kwargs.pop("devices", 1))]
    mod = mx.mod.Module(network(mx), context=context, **kwargs)
    mod.bind([("data", (6, 2, 5, 5))], [("softmax_label", (6,))])
    shapes = mod.symbol.infer_shape(data=(6, 2, 5, 5))[0]
    names = mod.symbol.list_arguments()
    args = {
        n: mx.nd.array(values(shapes[i], i))
        for i, n in enumerate(names)
        if n not in ("data", "softmax_label")
    }
    args["bn_gamma"][:] = 1
    aux = {"bn_moving_mean": mx.nd.zeros((3,)), "bn_moving_var": mx.nd.ones((3,))}
    mod.init_params(arg_params=args, aux_params=aux)
    return mod


def train(mx, optimizer, arguments, **kwargs):
    """Losses of some steps, and the parameters after them."""
    mod = module(mx, **kwargs)
    mod.init_optimizer(optimizer=optimizer, optimizer_params=arguments)
    losses = []
    for batch in batches(mx):
        mod.forward_backward(batch)
        mod.update()
        metric = mx.metric.create("ce")
        mod.update_metric(metric, batch.label)
        losses.append(float(metric.get()[1]))
    mx.nd.waitall()  # MXNet averages the states of several devices without waiting for them
    args, aux = mod.get_params()
    sums = {k: float(np.abs(v.asnumpy()).sum()) for k, v in sorted({**args, **aux}.items())}
    return {"losses": losses, "sums": sums}


RUNS = {
    "sgd": ("sgd", {"learning_rate": 0.5, "momentum": 0.9, "wd": 0.01}, {}),
    "rescaled": ("sgd", {"learning_rate": 0.5, "rescale_grad": 0.5}, {}),
    "adam": ("adam", {"learning_rate": 0.05}, {}),
    "two devices": ("sgd", {"learning_rate": 0.5, "momentum": 0.9}, {"devices": 2}),
    "fixed": ("sgd", {"learning_rate": 0.5}, {"fixed_param_names": ["conv_weight"]}),
}


if __name__ == "__main__":
    os.environ["MXNET_MKLDNN_ENABLED"] = "0"
    import mxnet

    found = {name: train(mxnet, *run[:2], **run[2]) for name, run in RUNS.items()}
    json.dump(found, open(Path(__file__).parent / "module.json", "w"), indent=1)
    sys.exit()
