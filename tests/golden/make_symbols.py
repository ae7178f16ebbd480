"""Make the golden symbol files with MXNet 1.9.1: MXNET_MKLDNN_ENABLED=0 python make_symbols.py

``net-symbol.json`` is a network as MXNet saves it; ``net-symbol.npz`` has contents for its
variables (``arg:``, ``aux:``), and what MXNet computes from them: outputs in predict mode
(``predict:``) and in train mode (``train:``), gradients (``grad:``), auxiliary states afterwards
(``new:``), and its own description of the symbol (``lists``). The files must load for ever: add
new ones, never change those that are there.
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SHAPES = {"data": (4, 2, 8, 8), "sm_label": (4,)}


def network(mx):
    """A symbol with most kinds of nodes: states, several outputs, numbers, attributes."""
    sym = mx.sym
    data = sym.var("data", shape=(0, 2, 8, 8))
    with mx.AttrScope(ctx_group="stage1"):
        y = sym.Convolution(data, kernel=(3, 3), num_filter=4, pad=(1, 1), name="conv")
        y = sym.BatchNorm(y, fix_gamma=False, eps=1e-5, momentum=0.8, name="bn")
    y = sym.Activation(y, act_type="relu", name="relu")
    y = sym.Pooling(y, kernel=(2, 2), stride=(2, 2), pool_type="max", name="pool")
    left, right = sym.split(y, num_outputs=2, axis=1, name="halves")
    y = sym.concat(left * 2 - 1, sym.maximum(left, right), 1 / (right + 3), dim=1, name="joined")
    y = sym.Dropout(y, p=0.0, name="drop")
    weight = sym.var("fc_weight", lr_mult=0.5, init=mx.init.Xavier())
    y = sym.FullyConnected(y, weight=weight, num_hidden=5, name="fc")
    y = y + sym.FullyConnected(sym.tanh(y), num_hidden=5, no_bias=True, name="fc2") ** 2
    loss = sym.SoftmaxOutput(sym.LeakyReLU(y, slope=0.1, name="leaky"), name="sm")
    return sym.Group([loss, sym.BlockGrad(y, name="logits")])


def main():
    import mxnet as mx

    with mx.name.NameManager():
        net = network(mx)
    net.save(str(HERE / "net-symbol.json"))
    executor = net.simple_bind(mx.cpu(), **SHAPES)
    rng = np.random.RandomState(0)
    kept = {}
    for kind, arrays in (("arg", executor.arg_dict), ("aux", executor.aux_dict)):
        for name, array in arrays.items():
            values = rng.uniform(0.2, 1, array.shape) * rng.choice([-1, 1], array.shape)
            if name == "sm_label":
                values = np.array([0, 3, 1, 4])
            if kind == "aux" or name == "bn_gamma":
                values = np.abs(values)
            array[:] = values
            kept[f"{kind}:{name}"] = array.asnumpy()
    for mode in ("predict", "train"):
        outputs = executor.forward(is_train=mode == "train")
        kept |= {f"{mode}:{i}": y.asnumpy() for i, y in enumerate(outputs)}
    executor.backward()
    kept |= {f"grad:{name}": g.asnumpy() for name, g in executor.grad_dict.items()}
    kept |= {f"new:{name}": a.asnumpy() for name, a in executor.aux_dict.items()}
    lists = {
        "arguments": net.list_arguments(),
        "outputs": net.list_outputs(),
        "states": net.list_auxiliary_states(),
        "internals": net.get_internals().list_outputs(),
        "attributes": net.attr_dict(),
        "shapes": net.infer_shape(**SHAPES),
        "text": net.debug_str(),
    }
    kept["lists"] = np.frombuffer(json.dumps(lists).encode(), np.uint8)
    np.savez_compressed(HERE / "net-symbol.npz", **kept)


if __name__ == "__main__":
    main()
