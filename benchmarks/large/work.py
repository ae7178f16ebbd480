"""The workloads: weights and batches as NumPy arrays, the same for every framework, and what a step
of them computes.

Weights are a dict by name, in the order and the layout of Gluon and PyTorch: (out, in) for a dense
layer, (out, in, height, width) for a convolution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Batches that a run goes through, over and over.
BATCHES = 2

Weights = dict[str, np.ndarray]


@dataclass
class Work:
    """One workload.

    Attributes
    ----------
    name : str
    net : str
        ``'resnet'`` or ``'gpt'``.
    weights : dict of numpy.ndarray
        float32.
    batches : list of (x, y)
        Inputs, float32 images (batch, 3, height, width) or int32 tokens (batch, length), and int32
        classes.
    items : int
        Images or tokens of a step.
    unit : str
        What they are called.
    flops : float
        Floating-point operations of a step: those of the products in the network, a multiplication
        and an addition each, three times as many with the gradients. Operations that are done
        twice to save memory do not count.
    optimizer : str
        ``'sgd'`` (momentum 0.9) or ``'adam'``.
    rate : float
        Learning rate.
    sizes : dict
        Of the network.
    """

    name: str
    net: str
    weights: Weights
    batches: list[tuple[np.ndarray, np.ndarray]]
    items: int
    unit: str
    flops: float
    optimizer: str
    rate: float
    sizes: dict


class _Weights:
    """Makes initial weights."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.made: Weights = {}

    def normal(self, name: str, shape: tuple[int, ...], scale: float) -> None:
        self.made[name] = self.rng.standard_normal(shape, np.float32) * np.float32(scale)

    def dense(self, name: str, out: int, inside: int, scale: float) -> None:
        self.normal(name + ".weight", (out, inside), scale)
        self.made[name + ".bias"] = np.zeros(out, np.float32)

    def conv(self, name: str, out: int, inside: int, size: int, bias: bool) -> None:
        scale = (2 / (inside * size * size)) ** 0.5
        self.normal(name + ".weight", (out, inside, size, size), scale)
        if bias:
            self.made[name + ".bias"] = np.zeros(out, np.float32)

    def norm(self, name: str, size: int) -> None:
        self.made[name + ".gamma"] = np.ones(size, np.float32)
        self.made[name + ".beta"] = np.zeros(size, np.float32)


#: (blocks, channels) of the stages of ResNet-50.
STAGES = ((3, 256), (4, 512), (6, 1024), (3, 2048))


def blocks(stages):
    """(name, channels inside, channels out, stride) of each residual block."""
    inside = 64
    for i, (count, out) in enumerate(stages):
        for j in range(count):
            yield f"stage{i}.{j}.", inside, out, 2 if i and not j else 1
            inside = out


def resnet(batch: int = 128, size: int = 224, stages=STAGES, classes: int = 1000) -> Work:
    """ResNet-50 version 1 as Gluon's model zoo has it: He et al., "Deep residual learning for image
    recognition", CVPR 2016, the stride in the first convolution of a block and biases in those by
    1. SGD with momentum."""
    w = _Weights(1)
    products = 0  # multiplications for one image

    def conv(name, out, inside, kernel, bias, extent):
        nonlocal products
        w.conv(name, out, inside, kernel, bias)
        products += out * inside * kernel * kernel * extent * extent

    extent = size // 2
    conv("stem", 64, 3, 7, False, extent)
    w.norm("stem_norm", 64)
    extent //= 2
    for name, inside, out, stride in blocks(stages):
        extent //= stride
        inner = out // 4
        conv(name + "conv0", inner, inside, 1, True, extent)
        w.norm(name + "norm0", inner)
        conv(name + "conv1", inner, inner, 3, False, extent)
        w.norm(name + "norm1", inner)
        conv(name + "conv2", out, inner, 1, True, extent)
        w.norm(name + "norm2", out)
        if inside != out:
            conv(name + "down", out, inside, 1, False, extent)
            w.norm(name + "down_norm", out)
    w.dense("output", classes, stages[-1][1], 0.01)
    products += classes * stages[-1][1]
    batches = [
        (
            w.rng.standard_normal((batch, 3, size, size), np.float32),
            w.rng.integers(0, classes, batch).astype(np.int32),
        )
        for _ in range(BATCHES)
    ]
    return Work(
        f"ResNet-50, {batch} images of {size} x {size}", "resnet", w.made, batches, batch,
        "images", 3 * 2 * products * batch, "sgd", 0.05, {"stages": stages, "classes": classes},
    )  # fmt: skip


def gpt(
    batch: int = 8, length: int = 1024, layers: int = 12, d: int = 768, heads: int = 12,
    vocab: int = 50304,
) -> Work:  # fmt: skip
    """A language model of the size of GPT-2 small (Radford et al., "Language models are
    unsupervised multitask learners", 2019): the embedding is also the last layer's weight, the
    50257 words are padded to a multiple of 128, no dropout, the exact GELU. Adam.

    A step is 6 operations for each weight and token, and 12 * layers * length * d for each token's
    attention, the causal half of which is not left out: Chowdhery et al., "PaLM", 2022, appendix B.
    """
    w = _Weights(2)
    w.normal("embed", (vocab, d), 0.02)
    w.normal("position", (length, d), 0.01)
    for i in range(layers):
        name = f"layer{i}."
        w.norm(name + "norm0", d)
        w.dense(name + "qkv", 3 * d, d, 0.02)
        w.dense(name + "proj", d, d, 0.02 / (2 * layers) ** 0.5)
        w.norm(name + "norm1", d)
        w.dense(name + "fc0", 4 * d, d, 0.02)
        w.dense(name + "fc1", d, 4 * d, 0.02 / (2 * layers) ** 0.5)
    w.norm("norm", d)
    count = sum(a.size for name, a in w.made.items() if name != "position")
    batches = []
    for _ in range(BATCHES):
        tokens = w.rng.integers(0, vocab, (batch, length + 1)).astype(np.int32)
        batches.append((tokens[:, :-1].copy(), tokens[:, 1:].copy()))
    tokens = batch * length
    return Work(
        f"GPT-2 small, {batch} x {length} tokens", "gpt", w.made, batches, tokens, "tokens",
        (6 * count + 12 * layers * length * d) * tokens, "adam", 3e-4,
        {"layers": layers, "d": d, "heads": heads, "vocab": vocab, "length": length},
    )  # fmt: skip


#: For a trial on a CPU.
SMALL = {
    "resnet": {"batch": 4, "size": 64, "stages": ((1, 64), (1, 128)), "classes": 10},
    "gpt": {"batch": 2, "length": 32, "layers": 2, "d": 64, "heads": 4, "vocab": 128},
}
WORKS = {"resnet": resnet, "gpt": gpt}
