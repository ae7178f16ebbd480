"""Write lr_schedules.json: learning rates as MXNet 1.9.1 computes them.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_lr_schedules.py

Needs mxnet 1.9.1; the tests do not.
"""

import json
from pathlib import Path

import mxnet as mx

WARMUP = {"warmup_steps": 8, "warmup_begin_lr": 0.05}
CASES = [
    ("FactorScheduler", {"step": 10, "factor": 0.5, "base_lr": 1.0}),
    ("FactorScheduler", {"step": 3, "factor": 0.1, "stop_factor_lr": 1e-3, "base_lr": 0.3}),
    ("FactorScheduler", {"step": 7, "factor": 0.9, "base_lr": 0.5, **WARMUP}),
    ("MultiFactorScheduler", {"step": [5, 12, 30], "factor": 0.1, "base_lr": 1.0}),
    ("MultiFactorScheduler", {"step": [20], "factor": 0.3, "base_lr": 0.2, **WARMUP}),
    ("PolyScheduler", {"max_update": 30, "base_lr": 0.4}),
    ("PolyScheduler", {"max_update": 30, "pwr": 1, "final_lr": 0.01, "base_lr": 0.4, **WARMUP}),
    ("CosineScheduler", {"max_update": 30, "base_lr": 0.4}),
    (
        "CosineScheduler",
        {"max_update": 30, "base_lr": 0.4, "final_lr": 0.1, "warmup_mode": "constant", **WARMUP},
    ),
]


def main():
    entries = []
    for name, arguments in CASES:
        schedule = getattr(mx.lr_scheduler, name)(**arguments)
        entries.append([name, arguments, [float(schedule(n)) for n in range(45)]])
    lines = ",\n".join(map(json.dumps, entries))
    Path(__file__).with_name("lr_schedules.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
