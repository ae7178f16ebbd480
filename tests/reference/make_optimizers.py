"""Write optimizers.json: how MXNet 1.9.1 trains with each of the optimizers of ``optimizers.py``.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_optimizers.py

Needs mxnet 1.9.1; the tests do not.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import mxnet as mx  # noqa: E402
from optimizers import OPTIMIZERS, train, weights  # noqa: E402

WITHOUT = {"adamw", "dcasgd-momentum", "sgld"}


def main():
    found = {}
    for name in OPTIMIZERS:
        if name in WITHOUT:
            continue
        net, _, losses = train(mx, name)
        found[name] = {"losses": losses, "weights": weights(net).tolist()}
        print(name, losses[0], losses[-1])
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items())
    Path(__file__).with_name("optimizers.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
