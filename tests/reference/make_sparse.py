"""Write what MXNet 1.9.1 does with sparse arrays: MXNET_PYTHON tests/reference/make_sparse.py"""

import json
import os
import sys
from pathlib import Path

os.environ["MXNET_MKLDNN_ENABLED"] = "0"
os.environ["MXNET_STORAGE_FALLBACK_LOG_VERBOSE"] = "0"
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import mxnet as mx  # noqa: E402
from sparse_cases import CASES, TRAINING, Arrays, shown, train  # noqa: E402


def main() -> None:
    found = {name: shown(run(Arrays(mx))) for name, run in CASES.items()}
    for name, (optimizer, arguments) in TRAINING.items():
        weight, grad = train(mx, optimizer, arguments)
        found[f"train {name}"] = [shown(weight), shown(grad)]
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items()]
    (HERE / "sparse.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
