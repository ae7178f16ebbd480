"""The workloads: initial weights and batches as NumPy arrays, the same for every framework.

A network's weights are a dict by name, in the layout of Gluon and PyTorch: (out, in) for a fully
connected layer, (out, in, height, width) for a convolution. A column (a module of this package that
is named after a framework) turns them into a training step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

#: Batches that a run goes through, over and over.
BATCHES = 4

Weights = dict[str, np.ndarray]


@dataclass
class Work:
    """One row of the table.

    Attributes
    ----------
    name : str
    net : str
        Which network: ``'mlp'``, ``'lenet'``, ``'resnet'``, ``'transformer'`` or ``'lstm'``.
    weights : dict of numpy.ndarray
    batches : list of (x, y)
        Inputs, float32 images or int32 tokens, and int32 classes.
    optimizer : str
        ``'sgd'`` (momentum 0.9) or ``'adam'``.
    rate : float
        Learning rate.
    micro : int
        Micro-batches whose gradients are added up before the update; a batch is cut into as many.
    steps : int
        Steps after which the losses of all columns are compared.
    """

    name: str
    net: str
    weights: Weights
    batches: list[tuple[np.ndarray, np.ndarray]]
    optimizer: str = "sgd"
    rate: float = 0.01
    micro: int = 1
    steps: int = 20
    sizes: dict[str, int] = field(default_factory=dict)


def _dense(rng, weights: Weights, name: str, out: int, inside: int) -> None:
    weights[name + ".weight"] = rng.normal(0, (2 / (out + inside)) ** 0.5, (out, inside))
    weights[name + ".bias"] = np.zeros(out)


def _conv(rng, weights: Weights, name: str, out: int, inside: int, size: int, bias: bool) -> None:
    scale = (2 / (inside * size * size)) ** 0.5
    weights[name + ".weight"] = rng.normal(0, scale, (out, inside, size, size))
    if bias:
        weights[name + ".bias"] = np.zeros(out)


def _norm(weights: Weights, name: str, size: int) -> None:
    weights[name + ".gamma"] = np.ones(size)
    weights[name + ".beta"] = np.zeros(size)


def _float32(weights: Weights) -> Weights:
    return {name: np.asarray(w, np.float32) for name, w in weights.items()}


def _images(rng, batch: int, *shape: int):
    return [
        (
            rng.normal(size=(batch, *shape)).astype(np.float32),
            rng.integers(0, 10, batch).astype(np.int32),
        )
        for _ in range(BATCHES)
    ]


MLP = (784, 128, 64, 10)


def _mlp(name: str, batch: int, micro: int) -> Work:
    rng = np.random.default_rng(1)
    weights: Weights = {}
    for i in range(3):
        _dense(rng, weights, f"fc{i}", MLP[i + 1], MLP[i])
    return Work(name, "mlp", _float32(weights), _images(rng, batch, 784), micro=micro)


def mlp() -> Work:
    """784-128-64-10, ReLU, batch 64: bound by what a framework does between two executions."""
    return _mlp("MLP", 64, 1)


def micro() -> Work:
    """The same network, gradients of four micro-batches of 64 added up."""
    return _mlp("MLP, 4 micro-batches", 256, 4)


def lenet() -> Work:
    """LeNet on 28 x 28 images, batch 64."""
    rng = np.random.default_rng(2)
    weights: Weights = {}
    _conv(rng, weights, "conv0", 20, 1, 5, True)
    _conv(rng, weights, "conv1", 50, 20, 5, True)
    _dense(rng, weights, "fc0", 500, 800)
    _dense(rng, weights, "fc1", 10, 500)
    return Work("LeNet", "lenet", _float32(weights), _images(rng, 64, 1, 28, 28))


#: (channels, stride) of the eight residual blocks of ResNet-18.
RESNET = ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1))


def resnet() -> Work:
    """ResNet-18 with a 3 x 3 stem on 32 x 32 images, batch 32."""
    rng = np.random.default_rng(3)
    weights: Weights = {}
    _conv(rng, weights, "stem", 64, 3, 3, False)
    _norm(weights, "stem_norm", 64)
    inside = 64
    for i, (out, stride) in enumerate(RESNET):
        _conv(rng, weights, f"block{i}.conv0", out, inside, 3, False)
        _norm(weights, f"block{i}.norm0", out)
        _conv(rng, weights, f"block{i}.conv1", out, out, 3, False)
        _norm(weights, f"block{i}.norm1", out)
        if stride > 1 or inside != out:
            _conv(rng, weights, f"block{i}.down", out, inside, 1, False)
            _norm(weights, f"block{i}.down_norm", out)
        inside = out
    _dense(rng, weights, "fc", 10, 512)
    return Work("ResNet-18", "resnet", _float32(weights), _images(rng, 32, 3, 32, 32), steps=5)


TRANSFORMER = {"layers": 4, "d": 128, "heads": 4, "hidden": 512, "vocab": 256, "length": 128}


def transformer() -> Work:
    """Causal language model, four layers, d = 128, sequences of 128, batch 8, Adam."""
    rng = np.random.default_rng(4)
    s = TRANSFORMER
    d = s["d"]
    weights: Weights = {
        "embed": rng.normal(0, 0.02, (s["vocab"], d)),
        "position": rng.normal(0, 0.02, (s["length"], d)),
    }
    for i in range(s["layers"]):
        _norm(weights, f"layer{i}.norm0", d)
        _dense(rng, weights, f"layer{i}.qkv", 3 * d, d)
        _dense(rng, weights, f"layer{i}.proj", d, d)
        _norm(weights, f"layer{i}.norm1", d)
        _dense(rng, weights, f"layer{i}.fc0", s["hidden"], d)
        _dense(rng, weights, f"layer{i}.fc1", d, s["hidden"])
    _norm(weights, "norm", d)
    _dense(rng, weights, "head", s["vocab"], d)
    batches = []
    for _ in range(BATCHES):
        tokens = rng.integers(0, s["vocab"], (8, s["length"] + 1)).astype(np.int32)
        batches.append((tokens[:, :-1].copy(), tokens[:, 1:].copy()))
    return Work("Transformer", "transformer", _float32(weights), batches, "adam", 1e-3, sizes=s)


LSTM = {"layers": 2, "units": 200, "vocab": 2000}


def lstm() -> Work:
    """LSTM language model, two layers of 200 units, sequences of 35, batch 20, SGD."""
    rng = np.random.default_rng(5)
    units, vocab = LSTM["units"], LSTM["vocab"]
    weights: Weights = {"embed": rng.uniform(-0.1, 0.1, (vocab, units))}
    for i in range(LSTM["layers"]):
        for part in ("i2h", "h2h"):
            scale = units**-0.5
            weights[f"lstm{i}.{part}.weight"] = rng.uniform(-scale, scale, (4 * units, units))
        for part in ("i2h", "h2h"):
            weights[f"lstm{i}.{part}.bias"] = np.zeros(4 * units)
    _dense(rng, weights, "head", vocab, units)
    batches = []
    for _ in range(BATCHES):
        tokens = rng.integers(0, vocab, (20, 36)).astype(np.int32)
        batches.append((tokens[:, :-1].copy(), tokens[:, 1:].copy()))
    return Work("LSTM", "lstm", _float32(weights), batches, rate=0.1, sizes=LSTM)


WORKS = {f.__name__: f for f in (mlp, micro, lenet, resnet, transformer, lstm)}
