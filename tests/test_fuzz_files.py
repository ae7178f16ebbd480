"""Damaged files of every format: a value, or an error that says which file and where.

Memory is traced, so an allocation of a size that only a header declares would be seen.
"""

import io
import json
import random
import re
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import recordio
from gluonx.error import MXNetError
from gluonx.serialization import npz, params, safetensors, states
from gluonx.serialization.records import RecordReader

GOLDEN = Path(__file__).parent / "golden"
_WORDS = [0, 1, 2, 5, 255, 2**29, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1]
_WORDS += [0x112, 0xF993FAC9, 0xF993FACA, 0xCED7230A, 0x04034B50, 0x02014B50]
_TEXTS = [
    b"-1",
    b"0",
    b"1",
    b"99999999999999999999",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"true",
    b"1e9",
]
_TEXTS += [b"NaN", b"[" * 3000, b"\xff", b"\t", b"\n", b",", b'"F64"', b'"shape"', b'"(1, 2)"']


def _mutate(rng, data, others):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(8):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                at = at // 4 * 4
                data[at : at + 4] = struct.pack("<I", rng.choice(_WORDS) % 2**32)
            case 2:
                data[at : at + 8] = struct.pack("<Q", rng.choice(_WORDS))
            case 3:
                del data[at : at + rng.randrange(1, 20)]
            case 4:
                data[at:at] = rng.randbytes(rng.randrange(1, 20))
            case 5:
                other = rng.choice(others)
                data[at:] = other[rng.randrange(len(other)) :]
            case 6:
                data[at:at] = rng.choice(_TEXTS)
            case 7:  # another number in a text
                found = list(re.finditer(rb"\d+|\w+", data))
                if found:
                    part = rng.choice(found)
                    data[part.start() : part.end()] = rng.choice(_TEXTS)
    return bytes(data)


def _golden(*names):
    return [path.read_bytes() for name in names for path in sorted(GOLDEN.glob(name))]


def _with_length(data):
    """A safetensors file whose header may have become longer or shorter."""
    (old,) = struct.unpack_from("<Q", data.ljust(8, b"\0"))
    end = data.rfind(b"}", 0, 10_000) + 1
    while data[end : end + 1] == b" ":
        end += 1
    return struct.pack("<Q", max(end - 8, 0)) + data[8:] if old < 10_000 else data


def _records(data):
    reader = RecordReader(io.BytesIO(data), "fuzz")
    while reader.read() is not None:
        pass


def _unpack(data):
    recordio.unpack(data)


def _symbol(path, data):
    path.write_bytes(data)
    gx.sym.load(path)


def _index(path, data):
    path.write_bytes(data)
    with recordio.MXIndexedRecordIO(path, GOLDEN / "records.rec", "r") as record:
        for key in record.keys[:3]:
            record.read_idx(key)


def _states():
    content = {
        "a": (1, 2.5, None, "x", [True, {"k": 1, 3: (np.arange(3, dtype="uint32"),)}]),
        "states": [[0, (np.ones((2, 2), np.float32),)], [1, None]],
        "counts": [[0, 3], [1, 4]],
    }
    plain = {"0:0": np.ones(3, np.float32), "0:count": np.array([3], np.int64)}
    files = [states.dump(content), params.dump(list(plain.values()), list(plain))]
    rows = params.load(_golden("sparse.params")[0])[0]
    files.append(params.dump(rows[:2], ["0:0", "1:0"]))
    return [b"".join(f) for f in files]


def _symbols():
    data = gx.sym.var("data", shape=(1, 2))
    net = gx.sym.FullyConnected(data, num_hidden=3, name="fc")
    net = gx.sym.BatchNorm(net, name="bn") + 1
    net = gx.sym.Reshape(gx.sym.concat(net, net, dim=1), shape=(2, -1))
    loop, _ = gx.sym.contrib.foreach(lambda x, s: (x + s, s), data, gx.sym.var("s"))
    texts = [gx.sym.Group([net, gx.sym.split(net, num_outputs=2)[1]]).tojson(), loop.tojson()]
    return [json.dumps(json.loads(t)).encode() for t in texts]


_AT = r"fuzz cannot be loaded: .*at byte \d+ of \d+"
#: How each format is read, from which files, and how its errors begin.
FORMATS = {
    "params": (lambda d, _: params.load(d, "fuzz"), lambda: _golden("*.params"), _AT),
    "safetensors": (
        lambda d, _: safetensors.load(_with_length(d), "fuzz"),
        lambda: _golden("*.safetensors"),
        _AT,
    ),
    "npz": (lambda d, _: npz.load(d, "fuzz"), lambda: _golden("numpy.npz", "comp*.npz"), _AT),
    "records": (
        lambda d, _: _records(d),
        lambda: _golden("*.rec"),
        r"fuzz cannot be read: at byte \d+ of \d+",
    ),
    "record": (
        lambda d, _: _unpack(d),
        lambda: [recordio.pack((0, [1, 2, 3], 4, 5), b"data")],
        r"expected (a header of 24 bytes in a record|\d+ labels at byte 24 of a record)",
    ),
    "index": (
        lambda d, folder: _index(folder / "fuzz", d),
        lambda: _golden("*.idx"),
        r".*/fuzz cannot be read: in line \d+|.*records.rec cannot be read: at byte \d+ of \d+",
    ),
    "states": (
        lambda d, _: states.load(d, "fuzz"),
        _states,
        rf"{_AT}|fuzz is (not )?a file of optimizer states that",
    ),
    "symbol": (
        lambda d, folder: _symbol(folder / "fuzz", d),
        _symbols,
        ".*/fuzz(: | is not a sym)",
    ),
}


def _run(kind, cases, seed, folder):
    read, make, pattern = FORMATS[kind]
    seeds = make()
    rng = random.Random(seed)
    for data in seeds:
        read(data, folder)
    outcomes = {"read": 0, "raised": 0}
    tracemalloc.start()
    try:
        for i in range(cases):
            if i % 8:
                data = _mutate(rng, rng.choice(seeds), seeds)
            else:
                head = rng.choice(seeds)
                data = head[: rng.randrange(min(len(head), 64))] + rng.randbytes(rng.randrange(200))
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                read(data, folder)
                outcomes["read"] += 1
            except MXNetError as e:
                assert re.match(pattern, str(e), re.DOTALL), (kind, seed, i, str(e))
                outcomes["raised"] += 1
            except Exception as e:
                raise AssertionError(f"{kind}: case {i} of seed {seed}: {data!r:.3000}") from e
            taken = tracemalloc.get_traced_memory()[1] - before
            # Deflate packs up to 1032 bytes into one; parsed text is larger than the text.
            assert taken < (1100 if kind == "npz" else 100) * len(data) + 2**20, (kind, seed, i)
    finally:
        tracemalloc.stop()
    print(kind, outcomes, "seed", seed)
    assert min(outcomes.values()) > cases / 200


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_are_read_or_raise(kind, seed, tmp_path):
    _run(kind, 300 if kind == "symbol" else 700, seed, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", FORMATS)
def test_tens_of_thousands_of_damaged_files(kind, seed, tmp_path):
    _run(kind, 10_000, seed + 1, tmp_path)
