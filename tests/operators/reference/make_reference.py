"""Write the reference values of the operator tests, with real MXNet 1.9.1.

    MXNET_PYTHON tests/operators/reference/make_reference.py [family ...]

where MXNET_PYTHON is a Python that has mxnet 1.9.1. Each family of cases becomes one file here: the
outputs, the gradients of the inputs for the head gradients that the case draws, and the new values
of what the operator changes. Inputs are not stored: the tests draw them again from the case's seed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
# its recurrent networks run on a CPU by oneDNN alone, some of whose gradients vary elsewhere
ONEDNN = ("rnn",)
os.environ["MXNET_MKLDNN_ENABLED"] = str(int(sys.argv[1:2] == list(ONEDNN)))
os.environ["MXNET_STORAGE_FALLBACK_LOG_VERBOSE"] = "0"

import mxnet as mx  # noqa: E402
import numpy as np  # noqa: E402
from cases import FAMILIES  # noqa: E402

PREFIXES = {
    "_contrib_": "contrib", "_linalg_": "linalg", "_image_": "image", "_random_": "random",
}  # fmt: skip


def function(name):
    """MXNet's function for an operator."""
    for module in (mx.nd.op, mx.nd._internal):
        if hasattr(module, name):
            return getattr(module, name)
    for prefix, module in PREFIXES.items():
        if name.startswith(prefix):
            return getattr(getattr(mx.nd, module), name[len(prefix) :])
    raise SystemExit(f"MXNet has no operator {name}")


def run(case):
    """Outputs, gradients and changed inputs of a case, as NumPy arrays."""
    inputs = [
        None if spec is None else mx.nd.array(values, dtype=spec.dtype)
        for spec, values in zip(case.inputs, case.draw(), strict=True)
    ]
    wanted = case.wanted()
    for i in wanted:
        inputs[i].attach_grad()
    while inputs and inputs[-1] is None:
        inputs.pop()
    attrs = dict(case.attrs if case.mx_attrs is None else case.mx_attrs)
    if case.mx_out:
        attrs["out"] = [inputs[i].copy() for i in case.mx_out]
    mx.random.seed(0)
    with mx.autograd.record(train_mode=case.train):
        outputs = function(case.mx or case.op)(*inputs, **attrs)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    grads = {}
    if wanted:
        heads = [mx.nd.array(case.head(i, y.shape), dtype=y.dtype) for i, y in enumerate(outputs)]
        mx.autograd.backward(outputs, heads, train_mode=case.train)
        grads = {str(i): inputs[i].grad.asnumpy() for i in wanted}
    mx.nd.waitall()
    return {
        "outputs": [y.asnumpy() for y in outputs],
        "grads": grads,
        "aux": {str(i): inputs[i].asnumpy() for i in case.aux},
    }


class Store:
    """Arrays in one block of bytes."""

    def __init__(self):
        self.parts = []
        self.size = 0

    def put(self, array, keep=True):
        """Where the array is: dtype, shape, offset (None for values that are not kept)."""
        offset = self.size if keep else None
        if keep:
            self.parts.append(np.ascontiguousarray(array).tobytes())
            self.size += len(self.parts[-1])
        return [np.dtype(array.dtype).name, list(array.shape), offset]


def write(family, cases):
    store, index = Store(), {}
    for case in cases:
        if not case.reference:
            continue
        try:
            found = run(case)
        except Exception as e:
            raise SystemExit(f"{case}\nfailed in MXNet:\n{e}") from None
        if case.key in index:
            raise SystemExit(f"{case}\nis there twice")
        index[case.key] = {
            "outputs": [store.put(y, case.value) for y in found["outputs"]],
            "grads": {i: store.put(g, case.value) for i, g in found["grads"].items()},
            "aux": {i: store.put(a, case.value) for i, a in found["aux"].items()},
        }
    text = json.dumps(index, sort_keys=True, separators=(",", ":")).encode()
    target = HERE / f"{family}.npz"
    np.savez_compressed(
        target,
        index=np.frombuffer(text, np.uint8),
        data=np.frombuffer(b"".join(store.parts), np.uint8),
    )
    print(f"{target.name}: {len(index)} cases, {target.stat().st_size} bytes")


if __name__ == "__main__":
    for name in sys.argv[1:] or FAMILIES:
        if name in ONEDNN and sys.argv[1:] != [name]:
            subprocess.run([sys.executable, __file__, name], check=True)
        else:
            write(name, FAMILIES[name].CASES)
