"""Make the golden safetensors and npz files: python tests/golden/make_safetensors.py

It needs the packages safetensors, NumPy and ml_dtypes. CONTENTS says what is in the files. They
must load for ever: add new ones, never change those that are there.
"""

from pathlib import Path

import ml_dtypes
import numpy as np

_VALUES = np.array([[0, 1, 2.5], [3, 100, 7]])
_NAMES = (
    "float32", "float64", "float16", "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32",
    "uint64", "int64", "complex64",
)  # fmt: skip
_NUMPY = {name: _VALUES.astype(name) for name in _NAMES}
#: Of both files.
SHAPES = {
    "scalar": np.array(3.5, np.float32),
    "none": np.zeros((2, 0, 3), np.int64),
    "größe.0": np.arange(3, dtype=np.uint8),
}
CONTENTS = {
    "ecosystem.safetensors": {
        **_NUMPY,
        **SHAPES,
        "bfloat16": _VALUES.astype(ml_dtypes.bfloat16),
        "float8_e4m3fn": _VALUES.astype(ml_dtypes.float8_e4m3fn),
        "float8_e5m2": _VALUES.astype(ml_dtypes.float8_e5m2),
    },
    "numpy.npz": {
        **_NUMPY,
        **SHAPES,
        "fortran": np.asfortranarray(_VALUES),
        "big": _VALUES.astype(">f4"),
    },
    "compressed.npz": {"arr_0": np.zeros((100, 10), np.float32), "arr_1": _VALUES},
}


def main() -> None:
    from safetensors.numpy import save_file

    folder = Path(__file__).parent
    name = "ecosystem.safetensors"
    save_file(CONTENTS[name], folder / name, metadata={"format": "np"})
    np.savez(folder / "numpy.npz", **CONTENTS["numpy.npz"])
    np.savez_compressed(folder / "compressed.npz", *CONTENTS["compressed.npz"].values())


if __name__ == "__main__":
    main()
