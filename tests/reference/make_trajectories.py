"""Write trajectories.json: the losses of MXNet 1.9.1 in the runs of ``trajectories.py``.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_trajectories.py

Needs mxnet 1.9.1; the tests do not.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import mxnet as mx  # noqa: E402
from trajectories import RUNS, run  # noqa: E402


def main():
    found = {}
    for name in RUNS:
        losses, ends = run(mx, name)
        found[name] = {"losses": losses, "ends": ends}
        print(name, losses[0], losses[-1])
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items())
    Path(__file__).with_name("trajectories.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
