"""Make the golden array files with MXNet 1.9.1: python tests/golden/make_golden.py

CONTENTS says what is in the files, for this script and for the tests. bfloat16 arrays stand in it
as MXNet has them in NumPy, a structure with one field. The files must load for ever: add new ones,
never change those that are there.
"""

import struct
from pathlib import Path

import numpy as np

BFLOAT16 = np.dtype([("bfloat16", np.uint16)])


def _dtypes() -> dict:
    values = np.array([[0, 1, 2.5], [-3, 100, 7]])
    named = {}
    for name in ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool"):
        named[name] = np.abs(values).astype(name) if name == "uint8" else values.astype(name)
    named["float64"][0, 0] = np.pi
    named["int64"][0, 0] = 2**53 + 1
    # 0, 1, -2, 3.140625, infinity, the smallest number
    bits = np.array([0, 0x3F80, 0xC000, 0x4049, 0x7F80, 0x0001], np.uint16)
    named["bfloat16"] = bits.view(BFLOAT16).reshape(2, 3)
    return named


_COUNT = np.arange(24, dtype=np.float32)
_ROWS = np.zeros((5, 2), np.float32)
_ROWS[[0, 3]] = [[1, 2], [3, 4]]
_POINTS = np.zeros((3, 4), np.float64)
_POINTS[[0, 2, 2], [1, 0, 3]] = [1.5, -2, 1e300]

# What MXNet writes with nd.save from dense arrays; this package must write the same bytes.
DENSE = {
    "list": [_COUNT.reshape(2, 3, 4), _COUNT[3:5], _COUNT.reshape(1, 2, 3, 2, 2, 1)],
    "dict": {
        "w": np.array([[1, 2, 3], [4, 5, 6]], np.float32),
        "b": np.array([7], np.int32),
        "arg:dense0_weight": -_COUNT[:1],
        "aux:größe": np.array([np.nan, np.inf], np.float16),
        "": _COUNT[:2],
    },
    "dtypes": _dtypes(),
    "nothing": [],
}
# The rest, with what they must load as.
CONTENTS = {
    **DENSE,
    "sparse": {
        "rows": _ROWS,
        "points": _POINTS,
        "no_rows": np.zeros((3, 2), np.float32),
        "no_points": np.zeros((2, 3), np.float32),
        "dense": _COUNT[:4],
    },
    "numpy_shapes": {
        "none": np.zeros((0, 3), np.float32),
        "one": np.array(3.5, np.float32),
        "middle": np.zeros((2, 0, 4), np.int64),
        "plain": _COUNT[:6].reshape(2, 3),
    },
    # Arrays without axes as nd.save writes them. MXNet cannot read these files.
    "scalar_alone": [np.array(0, np.float32)],
    "scalars": {"a": np.array(3, np.float32), "b": _COUNT[:2], "c": np.array(1, np.int64)},
    # The forms of older versions, and devices that are not there: made by hand.
    "version0": {"a": _COUNT[:6].reshape(2, 3), "b": np.array([1, 2], np.uint8)},
    "version1": {"a": _COUNT[:6].reshape(2, 3), "b": np.array([1, 2], np.uint8)},
    "devices": [_COUNT[:2], _COUNT[:2], _COUNT[:2]],
    # Records without an array; a bare MXNet 1.9.1 cannot read them.
    "no_arrays": [np.zeros((0,), np.float32), _COUNT[:2], np.zeros((0,), np.float32)],
}


def _file(records: list, names: tuple = ()) -> bytes:
    data = struct.pack("<QQQ", 0x112, 0, len(records)) + b"".join(records)
    data += struct.pack("<Q", len(names))
    return data + b"".join(struct.pack("<Q", len(n)) + n.encode() for n in names)


def _record(version: int, array: np.ndarray, device: tuple = (1, 0)) -> bytes:
    flag = {"float32": 0, "uint8": 3}[array.dtype.name]
    head = {
        0: struct.pack(f"<I{array.ndim}I", array.ndim, *array.shape),
        1: struct.pack(f"<Ii{array.ndim}q", 0xF993FAC8, array.ndim, *array.shape),
        2: struct.pack(f"<Iii{array.ndim}q", 0xF993FAC9, 0, array.ndim, *array.shape),
    }[version]
    return head + struct.pack("<iii", *device, flag) + array.tobytes()


def _by_hand() -> dict:
    a, b = CONTENTS["version0"].values()
    none1, none2 = struct.pack("<Ii", 0xF993FAC8, 0), struct.pack("<Iii", 0xF993FAC9, 0, 0)
    return {
        "version0": _file([_record(0, a), _record(0, b)], ("a", "b")),
        "version1": _file([_record(1, a), _record(1, b)], ("a", "b")),
        "devices": _file([_record(2, _COUNT[:2], d) for d in ((2, 7), (1, 3), (5, 0))]),
        "no_arrays": _file([none2, _record(1, _COUNT[:2]), none1]),
    }


def main() -> None:
    import mxnet as mx

    folder = Path(__file__).parent
    nd = mx.nd

    def array(host):
        return nd.array(host, dtype=host.dtype)

    for name, data in DENSE.items():
        named = isinstance(data, dict)
        arrays = {k: array(v) for k, v in data.items()} if named else [array(v) for v in data]
        nd.save(str(folder / f"{name}.params"), arrays)

    sparse = CONTENTS["sparse"]
    nd.save(
        str(folder / "sparse.params"),
        {
            "rows": array(sparse["rows"]).tostype("row_sparse"),
            "points": array(sparse["points"]).tostype("csr"),
            "no_rows": nd.sparse.zeros("row_sparse", (3, 2)),
            "no_points": nd.sparse.zeros("csr", (2, 3)),
            "dense": array(sparse["dense"]),
        },
    )
    nd.save(str(folder / "scalar_alone.params"), [nd.array(0.0)])
    scalars = {k: array(v) for k, v in CONTENTS["scalars"].items()}
    nd.save(str(folder / "scalars.params"), scalars)

    for name, data in _by_hand().items():
        (folder / f"{name}.params").write_bytes(data)
    for name in ("version0", "version1"):
        for key, value in nd.load(str(folder / f"{name}.params")).items():
            np.testing.assert_array_equal(value.asnumpy(), CONTENTS[name][key])

    mx.npx.set_np()
    shapes = {k: mx.np.array(v, dtype=v.dtype) for k, v in CONTENTS["numpy_shapes"].items()}
    mx.npx.save(str(folder / "numpy_shapes.params"), shapes)


if __name__ == "__main__":
    main()
