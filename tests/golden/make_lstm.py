"""A language model that MXNet 1.9.1 has exported, with its numbers: `python make_lstm.py`.

Needs MXNet with oneDNN switched on: its fused RNN has no other code on the CPU. The states that the
layer begins with are ``_zeros`` whose batch follows from the data's.
"""

import sys
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    import mxnet as mx

    here = Path(__file__).parent
    sys.path.insert(0, str(here.parents[1] / "tools"))
    import exchange_models as exchange

    exchange.WORDS, exchange.HIDDEN = 7, 3
    mx.random.seed(2)
    exchange.make(mx, "lstm_layer", str(here / "lstm"))
    found = exchange.run(mx, str(here / "lstm"))
    found["data"] = np.load(here / "lstm-inputs.npz")["data"]
    (here / "lstm-inputs.npz").unlink()
    np.savez(here / "lstm.npz", **found)
