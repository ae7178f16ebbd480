"""The one list of Gluon layers that are tested, and the one of recurrent cells.

Nothing here needs gluonx: the same text makes a layer with gluonx and with MXNet, and the same
seeds draw its inputs and parameters.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np

__all__ = ["BASES", "CELLS", "LAYERS", "Layer"]


@dataclass(frozen=True)
class Layer:
    """A layer, how to call it, and what holds for it.

    Parameters
    ----------
    text : str
        The call that makes it, without ``nn.``; a name in ``NETS`` for a network. What begins with
        ``rnn.`` or ``contrib.`` is of the recurrent modules.
    shape : tuple of int
        Shape of the input.
    known : str
        Arguments that give the shapes of its parameters beforehand, or the whole call with them.
    integers : int
        For inputs that are numbers of things below this one; 0 otherwise.
    random : bool
        It draws random numbers while training.
    batch : bool
        While training, an example's output depends on the rest of the batch.
    hybrid : bool
        It can be hybridized.
    missing : str
        Why MXNet has no values for it.
    grads : tuple of str
        Modes in which MXNet's gradients are right.
    half_tol : float
        Tolerance in float16; eight times as much in bfloat16.
    home : str
        The module that has it, within ``gluon``.
    onednn : bool
        MXNet computes it on a CPU by oneDNN alone.
    layout : str
        For a cell, which is run along a sequence of this layout; the network gives its outputs
        and its last states.
    quick : bool
        For a cell: whether its test is a quick one.
    """

    text: str
    shape: tuple
    known: str = ""
    integers: int = 0
    random: bool = False
    batch: bool = False
    hybrid: bool = True
    missing: str = ""
    grads: tuple = ("train", "predict")
    half_tol: float = 0.01
    home: str = "nn"
    onednn: bool = False
    layout: str = ""
    quick: bool = False

    def make(self, nn: ModuleType, known: bool = False):
        """The layer, with ``nn`` of gluonx or MXNet."""
        if self.home != "nn":
            nn = importlib.import_module(f"{nn.__name__.partition('.')[0]}.gluon.{self.home}")
        if self.text in NETS:
            return NETS[self.text](nn)
        text = self.text
        if known and self.known:
            more = (", " if text[-2] != "(" else "") + self.known + ")"
            text = self.known if self.known.endswith(")") else text[:-1] + more
        if self.layout or text.startswith("rnn."):
            made = eval(
                text, {"rnn": recurrent(nn), "contrib": recurrent(nn, "contrib."), "stack": _stack}
            )
            return _unrolled(nn, made, self.shape, self.layout) if self.layout else made
        return eval("nn." + text, {"nn": nn})

    def _rng(self, what: str) -> np.random.RandomState:
        return np.random.RandomState(zlib.crc32(f"{self.text} {self.shape} {what}".encode()))

    @property
    def axis(self) -> int:
        """Along which examples are."""
        return self.layout.index("N") if self.layout else 0

    def data(self, batch: int | None = None) -> np.ndarray:
        """The input."""
        shape = self.shape if batch is None else (batch, *self.shape[1:])
        rng = self._rng("data")
        if self.integers:
            return rng.randint(0, self.integers, shape).astype("float32")
        # distinct, and away from the kinks of activations
        values = (np.arange(np.prod(shape)) + 0.5) / np.prod(shape) * 4 - 2
        return rng.permutation(values).reshape(shape).astype("float32")

    def head(self, shape: tuple) -> np.ndarray:
        """The gradient that arrives at the output."""
        return self._rng("head").uniform(-1, 1, shape).astype("float32")

    def parameter(self, name: str, shape: tuple) -> np.ndarray:
        """The value of the parameter with this structural name."""
        low, high = (0.5, 1.5) if name.endswith(("var", "gamma")) else (-0.5, 0.5)
        return self._rng(name).uniform(low, high, shape).astype("float32")


def recurrent(nn: ModuleType, contrib: str = "") -> ModuleType:
    """The module of recurrent layers beside ``nn``."""
    return importlib.import_module(f"{nn.__name__.split('.')[0]}.gluon.{contrib}rnn")


def _mlp(nn):
    net = nn.HybridSequential()
    net.add(nn.Dense(6, activation="tanh"), nn.Dropout(0), nn.Dense(5), nn.LeakyReLU(0.1))
    net.add(nn.Dense(3, use_bias=False))
    return net


def _lenet(nn):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, activation="relu"), nn.MaxPool2D())
    net.add(nn.Conv2D(6, 2, padding=1), nn.Activation("tanh"), nn.AvgPool2D(2, 1))
    net.add(nn.Flatten(), nn.Dense(5))
    return net


def _batch_norms(nn):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, use_bias=False), nn.BatchNorm(), nn.Activation("relu"))
    net.add(nn.GlobalAvgPool2D(), nn.Dense(3), nn.BatchNorm(axis=-1))
    return net


def _nested(nn):
    inner = nn.HybridSequential()
    inner.add(nn.Dense(4, activation="sigmoid"), nn.LayerNorm())
    net = nn.HybridSequential()
    net.add(nn.Embedding(7, 3), inner, nn.Dense(2, flatten=False))
    return net


def _plain(nn):
    net = nn.Sequential()
    net.add(nn.Dense(4, activation="relu"), nn.Lambda("tanh"), nn.Dense(2))
    return net


def _unrolled(nn, cell, shape, layout):
    hybrid = isinstance(cell, nn.HybridBlock)

    def run(F, x):
        length = shape[layout.index("T")]
        outputs, states = cell.unroll(length, x, layout=layout, merge_outputs=True)
        outputs = F.swapaxes(outputs, dim1=0, dim2=layout.index("N"))
        return F.concat(F.reshape(outputs, (0, -1)), *(F.flatten(s) for s in states), dim=1)

    class Unrolled(nn.HybridBlock if hybrid else nn.Block):
        def __init__(self):
            super().__init__()
            self.cell = cell

        if hybrid:

            def hybrid_forward(self, F, x):
                return run(F, x)
        else:

            def forward(self, x):
                nd = importlib.import_module(nn.__name__.partition(".")[0]).nd
                return run(nd, x)

    return Unrolled()


def _stack(kind, *cells):
    stack = kind()
    for cell in cells:
        stack.add(cell)
    return stack


def _concurrent(nn):
    net = nn.HybridConcurrent(axis=1)
    net.add(nn.Identity(), nn.Identity())
    return net


def _plain_concurrent(nn):
    net = nn.Concurrent(axis=1)
    plain = importlib.import_module(f"{nn.__name__.partition('.')[0]}.gluon.nn")
    net.add(nn.Identity(), plain.Lambda("exp"))
    return net


def _side_by_side(nn):
    net = nn.HybridConcatenate(axis=-1)
    net.add(nn.Dense(2), nn.Identity())
    return net


def _plain_side_by_side(nn):
    net = nn.Concatenate(axis=1)
    net.add(nn.Dense(2), nn.Lambda("exp"))
    return net


def _decoder(nn):
    class Decoder(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            with self.name_scope():
                self.layer = nn.TransformerDecoderLayer(4, 2, 6, activation="gelu", pre_norm=True)

        def hybrid_forward(self, F, x):
            return self.layer(x, x * x)

    return Decoder()


#: Networks by name.
NETS: dict[str, Callable] = {
    "mlp": _mlp,
    "lenet": _lenet,
    "batch_norms": _batch_norms,
    "nested": _nested,
    "plain": _plain,
    "concurrent": _concurrent,
    "plain_concurrent": _plain_concurrent,
    "side_by_side": _side_by_side,
    "plain_side_by_side": _plain_side_by_side,
    "decoder": _decoder,
}

_IMAGE = (2, 3, 7, 8)
NCHW = "convolves on a CPU with channels first alone"
NEW = "has no such layer"

LAYERS = [
    Layer("Dense(4)", (3, 5), "in_units=5"),
    Layer("Dense(4, activation='tanh', use_bias=False)", (3, 5), "in_units=5"),
    Layer("Dense(4)", (2, 3, 4), "in_units=12"),
    Layer("Dense(4, flatten=False, activation='relu')", (2, 3, 5), "in_units=5"),
    Layer("Conv1D(4, 3)", (2, 3, 8), "in_channels=3"),
    Layer("Conv1D(4, 3, strides=2, padding=1, dilation=2, groups=2)", (2, 2, 9), "in_channels=2"),
    Layer("Conv2D(4, 3)", _IMAGE, "in_channels=3"),
    Layer("Conv2D(4, (3, 2), strides=(2, 1), padding=(1, 0))", _IMAGE, "in_channels=3"),
    Layer("Conv2D(4, 1, use_bias=False, activation='sigmoid')", _IMAGE, "in_channels=3"),
    Layer("Conv2D(6, 3, groups=3, dilation=2, padding=2)", _IMAGE, "in_channels=3"),
    Layer("Conv2D(4, 3, layout='NHWC')", (2, 6, 7, 3), "in_channels=3", missing=NCHW),
    Layer("Conv3D(3, (1, 2, 3), padding=(0, 1, 1))", (2, 2, 3, 4, 5), "in_channels=2"),
    Layer("Conv1DTranspose(4, 3)", (2, 3, 4), "in_channels=3"),
    Layer(
        "Conv2DTranspose(4, 3, 2, 1, output_padding=1, groups=2, in_channels=2)",
        (2, 2, 3, 4),
    ),
    Layer(
        "Conv2DTranspose(4, (3, 2), strides=(2, 1), use_bias=False, activation='relu')",
        (2, 3, 3, 4),
        "in_channels=3",
    ),
    Layer(
        "Conv2DTranspose(4, 3, strides=2, layout='NHWC')",
        (2, 3, 4, 3),
        "in_channels=3",
        missing=NCHW,
    ),
    Layer("Conv3DTranspose(3, (1, 2, 2))", (2, 2, 2, 3, 2), "in_channels=2", onednn=True),
    Layer("ReflectionPad2D(2)", (2, 2, 4, 3)),
    Layer("MaxPool1D()", (2, 3, 8)),
    Layer("MaxPool1D(3, 2, padding=1, ceil_mode=True)", (2, 3, 8)),
    Layer("MaxPool2D()", _IMAGE),
    Layer("MaxPool2D(3, 2, padding=1)", _IMAGE),
    Layer("MaxPool2D((3, 2), ceil_mode=True)", _IMAGE),
    Layer("MaxPool2D(layout='NHWC')", (2, 6, 7, 3)),
    Layer("MaxPool3D()", (2, 2, 4, 4, 4)),
    Layer("AvgPool1D(3, 2)", (2, 3, 8)),
    Layer("AvgPool2D()", _IMAGE),
    Layer("AvgPool2D(3, 2, padding=1)", _IMAGE),
    Layer("AvgPool2D(3, 2, padding=1, count_include_pad=False, ceil_mode=True)", _IMAGE),
    Layer("AvgPool3D((1, 2, 3), strides=1)", (2, 2, 3, 4, 5)),
    Layer("GlobalMaxPool1D()", (2, 3, 8)),
    Layer("GlobalMaxPool2D()", _IMAGE),
    Layer("GlobalMaxPool3D()", (2, 2, 3, 4, 2)),
    Layer("GlobalAvgPool1D()", (2, 3, 8)),
    Layer("GlobalAvgPool2D()", _IMAGE),
    Layer("GlobalAvgPool3D()", (2, 2, 3, 4, 2)),
    Layer("BatchNorm()", (6, 4), "in_channels=4", batch=True, grads=("train",)),
    Layer("BatchNorm()", (4, 3, 4, 5), "in_channels=3", batch=True, grads=("train",)),
    Layer(
        "BatchNorm(axis=-1, momentum=0.6, epsilon=1e-3, center=False)",
        (4, 3, 5),
        "in_channels=5",
        batch=True,
        grads=("train",),
    ),
    Layer("BatchNorm(scale=False)", (6, 3, 4), "in_channels=3", batch=True, grads=("train",)),
    Layer("BatchNorm(use_global_stats=True)", (4, 3, 5), "in_channels=3", grads=("train",)),
    Layer("BatchNormReLU()", (6, 3, 4), "in_channels=3", batch=True, missing="aborts"),
    Layer("LayerNorm()", (3, 6), "in_channels=6"),
    Layer("LayerNorm(axis=1, epsilon=1e-3)", (2, 4, 5), "in_channels=4"),
    Layer("InstanceNorm()", (2, 3, 4, 5), "in_channels=3"),
    Layer("GroupNorm(2)", (2, 4, 3)),
    Layer("GroupNorm(3, epsilon=1e-3, center=False)", (2, 6, 2, 2)),
    Layer("RMSNorm()", (3, 6), "in_channels=6", missing=NEW),
    Layer(
        "MultiHeadAttention(4, 2, causal=True, num_kv_heads=1, rotary=nn.RotaryEmbedding())",
        (2, 3, 5),
        "in_units=5",
        missing=NEW,
    ),
    Layer("MultiHeadAttention(4, 2, dropout=0.3)", (2, 3, 4), random=True, missing=NEW),
    Layer("TransformerEncoderLayer(4, 2, 6)", (2, 3, 4), missing=NEW, half_tol=0.02),
    Layer("decoder", (2, 3, 4), missing=NEW, half_tol=0.02),
    Layer("Dropout(0.4)", (4, 5), random=True),
    Layer("Dropout(0.5, axes=(1,))", (4, 5), random=True),
    Layer("Embedding(7, 3)", (2, 4), integers=7),
    Layer("Flatten()", (2, 3, 4)),
    Layer("Activation('relu')", (3, 4)),
    Layer("Activation('softrelu')", (3, 4)),
    Layer("LeakyReLU(0.2)", (3, 4)),
    Layer("PReLU()", (2, 3, 4)),
    Layer("ELU(0.7)", (3, 4)),
    Layer("SELU()", (3, 4), grads=()),
    Layer("GELU()", (3, 4)),
    Layer("Swish(1.5)", (3, 4)),
    Layer("HybridLambda('relu')", (3, 4)),
    Layer("HybridLambda(lambda F, x: F.tanh(x) * 2 + x)", (3, 4)),
    Layer("Lambda(lambda x: x.exp() * x)", (3, 4), hybrid=False),
    Layer("mlp", (4, 5)),
    Layer("lenet", (2, 1, 10, 9)),
    Layer("batch_norms", (6, 2, 5, 6), batch=True, grads=("train",), half_tol=0.05),
    Layer("nested", (2, 5), integers=7),
    Layer("plain", (3, 4), hybrid=False),
    Layer("rnn.LSTM(3, layout='NTC')", (2, 4, 3), "input_size=3", onednn=True),
    Layer("rnn.GRU(2, layout='NTC', bidirectional=True)", (2, 3, 2), "input_size=2", onednn=True),
    Layer("ReflectionPad2D(2)", (2, 3, 4, 5)),
    Layer("PixelShuffle1D(2)", (2, 4, 3), home="contrib.nn"),
    Layer("PixelShuffle2D((2, 3))", (2, 12, 3, 2), home="contrib.nn"),
    Layer("PixelShuffle3D(2)", (2, 8, 2, 3, 1), home="contrib.nn"),
    Layer("concurrent", (2, 3, 2), home="contrib.nn"),
    Layer(
        "SparseEmbedding(7, 3)", (2, 4), integers=7, home="contrib.nn", missing="needs a Trainer"
    ),
    Layer(
        "SyncBatchNorm(num_devices=1)",
        (4, 3, 5),
        "in_channels=3",
        batch=True,
        grads=("train",),
        home="contrib.nn",
    ),
    Layer(
        "DeformableConvolution(4, 3, padding=1, strides=(2, 1), activation='tanh')",
        (2, 3, 5, 6),
        "in_channels=3",
        half_tol=0.1,
        home="contrib.cnn",
    ),
    Layer(
        "ModulatedDeformableConvolution(3, 2, use_bias=False)",
        (2, 2, 3, 4),
        "in_channels=2",
        half_tol=0.1,
        home="contrib.cnn",
        missing="has it on GPUs alone",
    ),
]

LAYERS += [
    Layer(
        "rnn.RNN(2, activation='tanh', layout='NTC')",
        (2, 3, 2),
        "input_size=2",
        onednn=True,
    ),
    Layer("SiLU()", (3, 4), missing=NEW),
    Layer("ReflectionPad2D((0, 0, 0, 0, 1, 2, 2, 1))", (1, 2, 4, 4)),
]

LAYERS += [
    Layer("plain_concurrent", (2, 3), hybrid=False, home="contrib.nn"),
    Layer("side_by_side", (2, 3), missing="has it under another name, see 'concurrent'"),
    Layer("plain_side_by_side", (2, 3), hybrid=False, missing="as 'side_by_side'"),
    Layer(
        "rnn.LSTM(3, 2, layout='NTC', projection_size=2, dropout=0.4)",
        (2, 3, 2),
        "input_size=2",
        random=True,
        missing="projects on GPUs alone",
    ),
]

_SEQUENCE = (2, 3, 3)


def _cell(text, shape=_SEQUENCE, known="", layout="NTC", **more):
    return Layer(text, shape, known, layout=layout, **more)


#: Cells, along sequences.
CELLS = [
    _cell("rnn.RNNCell(2, activation='softsign')", known="input_size=3", quick=True),
    _cell(
        "rnn.LSTMCell(2, activation='softsign', recurrent_activation='tanh')",
        known="input_size=3",
        shape=(3, 2, 3),
        layout="TNC",
    ),
    _cell("rnn.GRUCell(2)", known="input_size=3"),
    _cell("contrib.LSTMPCell(4, 2)", known="input_size=3"),
    _cell("rnn.DropoutCell(0.4)", random=True, quick=True),
    _cell(
        "rnn.ResidualCell(rnn.GRUCell(3))", known="rnn.ResidualCell(rnn.GRUCell(3, input_size=3))"
    ),
    _cell("rnn.ZoneoutCell(rnn.LSTMCell(3), 0.3, 0.4)", random=True),
    _cell("contrib.VariationalDropoutCell(rnn.LSTMCell(3), 0.3, 0.4, 0.5)", random=True),
    _cell("contrib.VariationalDropoutCell(contrib.LSTMPCell(4, 2))", quick=True),
    _cell("rnn.BidirectionalCell(rnn.GRUCell(3), rnn.LSTMCell(2))", quick=True),
    _cell(
        "stack(rnn.HybridSequentialRNNCell, rnn.LSTMCell(4), rnn.DropoutCell(0), "
        "rnn.ResidualCell(rnn.GRUCell(4)), "
        "rnn.ZoneoutCell(rnn.RNNCell(3, activation='relu'), 0, 0))"
    ),
    _cell(
        "stack(rnn.SequentialRNNCell, rnn.RNNCell(2), "
        "rnn.BidirectionalCell(rnn.LSTMCell(2), rnn.LSTMCell(2)))",
        hybrid=False,
    ),
    _cell("contrib.Conv1DRNNCell((2, 5), 2, 2, 3)", (2, 2, 2, 5), layout="NTCW", quick=True),
    _cell(
        "contrib.Conv1DLSTMCell((2, 5), 2, 2, 3, i2h_pad=1, i2h_dilate=2)",
        (2, 3, 2, 5),
        layout="NTCW",
    ),
    _cell("contrib.Conv1DGRUCell((2, 4), 2, 3, 1)", (2, 2, 2, 4), layout="NTCW"),
    _cell("contrib.Conv2DRNNCell((2, 3, 2), 2, 2, 3)", (2, 2, 2, 3, 2), layout="NTCHW"),
    _cell(
        "contrib.Conv2DLSTMCell((3, 2, 2), 2, 2, (1, 3), conv_layout='NHWC')",
        (2, 2, 3, 2, 2),
        layout="NTHWC",
        missing=NCHW,
    ),
    _cell("contrib.Conv2DLSTMCell((2, 3, 2), 2, 2, 1)", (2, 2, 2, 3, 2), layout="NTCHW"),
    _cell(
        "contrib.Conv2DGRUCell((2, 3, 3), 2, 2, (1, 3), h2h_dilate=2, activation='relu')",
        (2, 3, 2, 3, 3),
        layout="NTCHW",
    ),
    _cell("contrib.Conv3DRNNCell((1, 2, 2, 2), 1, 2, 1)", (2, 2, 1, 2, 2, 2), layout="NTCDHW"),
    _cell("contrib.Conv3DLSTMCell((1, 2, 2, 2), 1, 2, 1)", (2, 2, 1, 2, 2, 2), layout="NTCDHW"),
    _cell("contrib.Conv3DGRUCell((1, 2, 2, 2), 1, 2, 1)", (2, 2, 1, 2, 2, 2), layout="NTCDHW"),
]

#: Public classes that are not in the lists, and why.
BASES = {
    "Block": "users derive from it",
    "HybridBlock": "users derive from it",
    "SymbolBlock": "runs a graph that was read: what export is tested with",
    "RecurrentCell": "users derive cells from it",
    "HybridRecurrentCell": "users derive cells from it",
    "ModifierCell": "users derive cells from it",
    "BaseRNNCell": "another name of RecurrentCell",
    "FusedRNNCell": "mx.rnn's, which only unrolls: test_symbolic_rnn.py",
    "BucketSentenceIter": "no layer",
}
