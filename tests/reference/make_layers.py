"""Write layers.json: how MXNet 1.9.1 prints layers and names their parameters.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_layers.py

Needs mxnet 1.9.1; the tests do not.
"""

import json
from pathlib import Path

from mxnet.gluon import contrib, nn, rnn

CASES = [
    "Dense(3)",
    "Dense(3, in_units=2, activation='relu', use_bias=False)",
    "Dropout(0.3)",
    "Dropout(0.3, axes=(1,))",
    "BatchNorm()",
    "BatchNorm(in_channels=3, scale=False, axis=-1)",
    "BatchNormReLU()",
    "Embedding(3, 4)",
    "Flatten()",
    "Lambda('relu')",
    "HybridLambda('relu')",
    "HybridLambda(lambda F, x: x)",
    "LayerNorm()",
    "InstanceNorm(in_channels=3)",
    "Activation('relu')",
    "LeakyReLU(0.1)",
    "PReLU(in_channels=3)",
    "ELU()",
    "SELU()",
    "GELU()",
    "Swish()",
    "Conv1D(3, 2)",
    "Conv2D(4, 3, in_channels=2)",
    "Conv2D(4, (3, 2), 2, 1, 2, 2, in_channels=4, use_bias=False, activation='relu')",
    "Conv2D(4, 3, layout='NHWC')",
    "Conv3D(3, (1, 2, 3), padding=(0, 1, 1))",
    "Conv1DTranspose(3, 2)",
    "Conv2DTranspose(4, 3, 2, 1, output_padding=1, in_channels=2)",
    "Conv3DTranspose(4, 2, groups=2, in_channels=2, use_bias=False, activation='relu')",
    "GroupNorm(2)",
    "ReflectionPad2D(1)",
    "MaxPool1D()",
    "MaxPool2D(3, 2, 1, ceil_mode=True)",
    "MaxPool3D(layout='NDHWC')",
    "AvgPool1D(count_include_pad=False)",
    "AvgPool2D()",
    "AvgPool3D((1, 2, 3), strides=1)",
    "GlobalMaxPool1D()",
    "GlobalMaxPool2D(layout='NHWC')",
    "GlobalMaxPool3D()",
    "GlobalAvgPool1D()",
    "GlobalAvgPool2D()",
    "GlobalAvgPool3D()",
    "Sequential()",
    "HybridSequential()",
    "rnn.RNN(4)",
    "rnn.LSTM(4, 2, layout='NTC', dropout=0.5, bidirectional=True)",
    "rnn.LSTM(4, projection_size=2, input_size=3)",
    "rnn.GRU(4, input_size=3)",
    "rnn.RNNCell(4, activation='relu', input_size=3)",
    "rnn.LSTMCell(4)",
    "rnn.GRUCell(4)",
    "rnn.DropoutCell(0.3)",
    "rnn.ZoneoutCell(rnn.RNNCell(4, prefix='base_'), 0.1, 0.2)",
    "rnn.ResidualCell(rnn.GRUCell(4, prefix='base_'))",
    "rnn.BidirectionalCell(rnn.LSTMCell(3, prefix='l_'), rnn.LSTMCell(3, prefix='r_'))",
    "rnn.SequentialRNNCell()",
    "contrib.rnn.LSTMPCell(4, 2)",
    "contrib.rnn.VariationalDropoutCell(rnn.LSTMCell(4, prefix='base_'), 0.1, 0.2, 0.3)",
    "contrib.rnn.Conv1DRNNCell((3, 8), 4, 3, 3)",
    "contrib.rnn.Conv2DLSTMCell((3, 8, 8), 4, 3, (1, 5), i2h_pad=1, activation='relu')",
    "contrib.rnn.Conv2DGRUCell((8, 8, 3), 4, (2, 3), 3, conv_layout='NHWC')",
    "contrib.rnn.Conv3DGRUCell((2, 4, 4, 4), 4, 3, 1)",
    "rnn.HybridSequentialRNNCell()",
    "contrib.rnn.Conv1DLSTMCell((3, 8), 4, 3, 3, i2h_pad=1)",
    "contrib.rnn.Conv1DGRUCell((3, 8), 4, 3, 3)",
    "contrib.rnn.Conv2DRNNCell((3, 8, 8), 4, 3, 3, activation='softsign')",
    "contrib.rnn.Conv3DRNNCell((2, 4, 4, 4), 4, 3, 1)",
    "contrib.rnn.Conv3DLSTMCell((2, 4, 4, 4), 4, 3, (1, 3, 1))",
    "contrib.nn.Concurrent()",
    "contrib.nn.HybridConcurrent(axis=1)",
    "contrib.nn.Identity()",
    "contrib.nn.PixelShuffle1D(2)",
    "contrib.nn.PixelShuffle2D((2, 3))",
    "contrib.nn.PixelShuffle3D(2)",
    "contrib.nn.SparseEmbedding(3, 4)",
    "contrib.nn.SyncBatchNorm(in_channels=2, prefix='sync_')",
    "contrib.cnn.DeformableConvolution(4, 3)",
    "contrib.cnn.ModulatedDeformableConvolution(4, (3, 2), padding=1, activation='relu')",
]


def nested():
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Dense(3, activation="tanh"), nn.HybridSequential())
        with net[1].name_scope():
            net[1].add(nn.Dense(2), nn.ELU())
    return net


def states(layer):
    """What a recurrent layer says about its states."""
    return {"states": layer.state_info(2)} if hasattr(layer, "state_info") else {}


def make(text):
    if text.startswith(("rnn.", "contrib.")):
        return eval(text, {"rnn": rnn, "contrib": contrib})
    return eval("nn." + text, {"nn": nn})


def reference(layer):
    params = layer.collect_params()
    names = {name[len(layer.prefix) :]: params[name] for name in params}
    return {
        "repr": repr(layer),
        "prefix": layer.prefix.rstrip("0123456789_"),
        **states(layer),
        "params": {n: {"shape": p.shape, "grad_req": p.grad_req} for n, p in names.items()},
    }


def main():
    entries = [{"layer": c, **reference(make(c))} for c in CASES]
    entries.append({"layer": "nested", **reference(nested())})
    lines = ",\n".join(map(json.dumps, entries))
    Path(__file__).with_name("layers.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
