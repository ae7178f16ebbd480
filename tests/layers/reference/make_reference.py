"""Write layers.npz: what the layers of MXNet 1.9.1 compute.

    MXNET_PYTHON tests/layers/reference/make_reference.py

where MXNET_PYTHON is a Python that has mxnet 1.9.1. For every layer in ``layers.py`` and both
modes: outputs, gradients of the input and the parameters, and the parameters that training changes.
"""

import os
import pickle
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
ONEDNN = "--onednn" in sys.argv  # some gradients of other layers vary with it
os.environ["MXNET_MKLDNN_ENABLED"] = str(int(ONEDNN))
os.environ["MXNET_STORAGE_FALLBACK_LOG_VERBOSE"] = "0"

import mxnet as mx  # noqa: E402
import numpy as np  # noqa: E402
from layers import CELLS, LAYERS  # noqa: E402


def run(layer, mode):
    """Named arrays for one layer in one mode."""
    net = layer.make(mx.gluon.nn)
    net.initialize()
    x = mx.nd.array(layer.data())
    net(x)
    params = net._collect_params_with_prefix()
    for name, p in params.items():
        p.set_data(mx.nd.array(layer.parameter(name, p.shape)))
    if not layer.integers:
        x.attach_grad()
    with mx.autograd.record(train_mode=mode == "train"):
        y = net(x)
    y.backward(mx.nd.array(layer.head(y.shape)), train_mode=mode == "train")
    found = {"shape": np.array(y.shape)}
    if layer.random and mode == "train":
        return found
    found["output"] = y.asnumpy()
    if mode in layer.grads:
        if not layer.integers:
            found["input"] = x.grad.asnumpy()
        for name, p in params.items():
            if p.grad_req != "null":
                found[f"gradient of {name}"] = p.grad().asnumpy()
    if mode == "train":
        for name, p in params.items():
            if "running" in name:
                found[f"new {name}"] = p.data().asnumpy()
    return found


def computed():
    """The arrays of all layers that this process is for."""
    return {
        f"{i} {mode} {what}": a
        for i, layer in enumerate(LAYERS + CELLS)
        if not layer.missing and layer.onednn == ONEDNN
        for mode in ("train", "predict")
        for what, a in run(layer, mode).items()
    }


def main():
    if ONEDNN:
        sys.stdout.buffer.write(pickle.dumps(computed()))
        return
    command = [sys.executable, __file__, "--onednn"]
    arrays = computed()
    arrays.update(pickle.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    # one member for each kind of contents: an archive of many small files is mostly headers
    names = list(arrays)
    index = [f"{n}|{arrays[n].dtype}|{','.join(map(str, arrays[n].shape))}" for n in names]
    texts = [f"{i}|{layer.text}|{layer.shape}" for i, layer in enumerate(LAYERS + CELLS)]
    np.savez_compressed(
        HERE / "layers.npz",
        layers=np.array("\n".join(texts)),
        index=np.array("\n".join(index)),
        data=np.frombuffer(b"".join(arrays[n].tobytes() for n in names), np.uint8),
    )
    print(f"layers.npz: {len(names)} arrays of {len(texts)} layers")


if __name__ == "__main__":
    main()
