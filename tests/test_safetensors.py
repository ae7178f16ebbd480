"""safetensors and npz files, and ``gluonx convert``."""

import importlib.util
import io
import json
import os
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import gluonx as gx
from gluonx import nd, nn
from gluonx.__main__ import main
from gluonx.error import MXNetError
from gluonx.serialization import arrays, npz, params, safetensors

GOLDEN = Path(__file__).parent / "golden"


def _make_golden():
    path = GOLDEN / "make_safetensors.py"
    spec = importlib.util.spec_from_file_location("make_safetensors", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CONTENTS = _make_golden().CONTENTS


def _dump(hosts, names=()):
    return b"".join(safetensors.dump(hosts, names))


def _assert_same(got, expected):
    assert got.dtype == expected.dtype.newbyteorder("<")
    assert got.shape == expected.shape
    assert got.tobytes() == expected.astype(got.dtype).tobytes()


# -- safetensors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONTENTS)
def test_file_of_other_programs_loads_as_what_was_saved(name):
    loaded = nd.load(GOLDEN / name)
    assert set(loaded) == set(CONTENTS[name])
    for key, expected in CONTENTS[name].items():
        _assert_same(loaded[key].asnumpy(), expected)
    from_buffer = nd.load_frombuffer((GOLDEN / name).read_bytes())
    assert list(from_buffer) == list(loaded)


def test_saved_file_is_the_same_for_ever(tmp_path):
    contents = CONTENTS["ecosystem.safetensors"]
    data = {key: nd.array(host, dtype=host.dtype) for key, host in contents.items()}
    nd.save(tmp_path / "f.safetensors", data)
    written = (tmp_path / "f.safetensors").read_bytes()
    assert written == (GOLDEN / "gluonx-aligned.safetensors").read_bytes()
    for golden in ("gluonx-aligned.safetensors", "gluonx.safetensors"):  # the latter was first
        loaded = nd.load(GOLDEN / golden)
        assert list(loaded) == list(contents)
        for key, expected in contents.items():
            _assert_same(loaded[key].asnumpy(), expected)


def test_mapped_file_stays_as_it_is_whatever_is_done_with_its_arrays(tmp_path):
    path = tmp_path / "f.safetensors"
    nd.save(path, {"w": nd.arange(64), "flag": nd.array([1, 0], dtype="bool")})
    data = path.read_bytes()
    found = nd.load(path, mapped=True)
    w = found["w"]
    assert w._data.unsafe_buffer_pointer() % 64 == 0
    w[0] = 5
    w += 1
    p = gx.Parameter("w", shape=(64,))
    p.initialize()
    p.set_data(nd.load(path, mapped=True)["w"])
    trainer = gx.gluon.Trainer([p], "sgd")
    with gx.autograd.record():
        loss = p.data().sum()
    loss.backward()
    trainer.step(1)
    assert w.asnumpy()[:3].tolist() == [6, 2, 3] and p.data().asnumpy()[1] != 1
    nd.save(path, nd.ones((2,)))  # replaces the file; what is mapped stays
    assert found["flag"].asnumpy().tolist() == [True, False]
    path.write_bytes(data)
    assert nd.load(path, mapped=True)["w"].asnumpy().tolist() == list(range(64))
    (tmp_path / "f.params").write_bytes((GOLDEN / "list.params").read_bytes())
    assert len(nd.load(tmp_path / "f.params", mapped=True)) == len(nd.load(GOLDEN / "list.params"))


def test_layout_is_that_of_the_format():
    data = _dump([np.ones(3, np.uint8), np.array([[1.5]], np.float32)], ["a", "b"])
    (length,) = struct.unpack("<Q", data[:8])
    assert (length + 8) % 64 == 0
    header = json.loads(data[8 : 8 + length])
    assert header == {
        "a": {"dtype": "U8", "shape": [3], "data_offsets": [4, 7]},
        "b": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]},
    }
    assert data[8 + length :] == struct.pack("<f", 1.5) + b"\1\1\1"


def test_list_stays_a_list(tmp_path):
    path = tmp_path / "f.safetensors"
    nd.save(path, [nd.ones((2,)), nd.zeros((1, 3))])
    assert [x.shape for x in nd.load(path)] == [(2,), (1, 3)]
    nd.save(path, {"0": nd.ones((2,))})
    assert list(nd.load(path)) == ["0"]
    nd.save(path, {})
    assert nd.load(path) == []


def test_scalars_and_loaded_arrays_are_independent(tmp_path):
    path = tmp_path / "f.safetensors"
    nd.save(path, {"a": nd.array(3.5), "b": nd.ones((2,))})
    loaded = nd.load(path)
    assert loaded["a"].shape == ()
    loaded["b"][:] = 5
    assert nd.load(path)["b"].asnumpy().tolist() == [1, 1]
    assert nd.load(path, ctx=gx.cpu(1))["a"].context == gx.cpu(1)


def test_network_is_saved_and_loaded_by_suffix(tmp_path):
    net, other = nn.HybridSequential(), nn.HybridSequential()
    for block in (net, other):
        block.add(nn.Dense(4, in_units=3), nn.BatchNorm(in_channels=4))
    net.initialize(gx.init.Normal(1))
    net.cast("bfloat16")
    net.save_parameters(tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match="bfloat16"):
        other.load_parameters(tmp_path / "net.safetensors")
    other.load_parameters(tmp_path / "net.safetensors", cast_dtype=True, dtype_source="saved")
    for name, p in net.collect_params().items():
        q = dict(zip(net.collect_params(), other.collect_params().values(), strict=True))[name]
        _assert_same(q.data().asnumpy(), p.data().asnumpy())

    hosts = {k: v.data().asnumpy() for k, v in other._collect_params_with_prefix().items()}
    np.savez(tmp_path / "net.npz", **{k: v.astype("float32") for k, v in hosts.items()})
    third = nn.HybridSequential()
    third.add(nn.Dense(4, in_units=3), nn.BatchNorm(in_channels=4))
    third.load_parameters(tmp_path / "net.npz")
    weight = third[0].weight.data().asnumpy()
    assert weight.tolist() == hosts["0.weight"].astype("float32").tolist()


def test_prefixed_names_of_parameters_by_suffix(tmp_path):
    net = nn.Dense(2, in_units=2, prefix="d_")
    net.initialize()
    net.collect_params().save(str(tmp_path / "f.safetensors"), strip_prefix="d_")
    assert sorted(nd.load(tmp_path / "f.safetensors")) == ["bias", "weight"]
    other = nn.Dense(2, in_units=2, prefix="e_")
    other.collect_params().load(str(tmp_path / "f.safetensors"), restore_prefix="e_")
    assert other.weight.data().asnumpy().tolist() == net.weight.data().asnumpy().tolist()


def test_what_safetensors_cannot_hold_says_what_to_do(tmp_path):
    path = tmp_path / "f.safetensors"
    with pytest.raises(MXNetError, match=r"'a' is csr, .*tostype\('default'\)"):
        nd.save(path, {"a": nd.array([[0, 1.0]]).tostype("csr")})
    with pytest.raises(MXNetError, match="complex128, which safetensors does not have"):
        _dump([np.ones(2, np.complex128)])
    with pytest.raises(MXNetError, match="cannot have the name __metadata__"):
        nd.save(path, {"__metadata__": nd.ones((1,))})
    with pytest.raises(MXNetError, match="UTF-8"):
        _dump([np.ones(2)], ["\ud800"])
    with pytest.raises(ValueError, match="1 names were given for 2 arrays"):
        _dump([np.ones(2)] * 2, ["a"])
    assert not list(tmp_path.iterdir())


def test_saving_loading_and_mapping_take_no_needless_memory(tmp_path):
    size, path = 2**24, tmp_path / "f.safetensors"
    hosts = [np.zeros(size // 4, np.float32) for _ in range(2)]
    tracemalloc.start()
    try:
        with open(path, "wb") as file:
            for piece in safetensors.dump(hosts):
                file.write(piece)
        assert tracemalloc.get_traced_memory()[1] < size / 10
        with open(path, "rb") as file:
            mapped, _ = safetensors.load(file, mapped=True)
            assert tracemalloc.get_traced_memory()[1] < size / 10
            loaded, _ = safetensors.load(file)
        assert tracemalloc.get_traced_memory()[1] < 2.1 * size
    finally:
        tracemalloc.stop()
    assert not mapped[0].flags.writeable and loaded[0].flags.writeable
    for got in (mapped, loaded):
        assert all(a.tobytes() == b.tobytes() for a, b in zip(got, hosts, strict=True))


def test_file_of_more_than_a_gigabyte_is_read(tmp_path):
    size = 600_000_000
    header = {str(i): _entry("U8", (size,), (i * size, (i + 1) * size)) for i in range(2)}
    path = tmp_path / "large.safetensors"
    path.write_bytes(_file(header))
    os.truncate(path, path.stat().st_size + 2 * size)  # a hole
    with open(path, "rb") as file:
        (_, last), _ = safetensors.load(file, mapped=True)
    assert last.shape == (size,) and last[-1] == 0


def _file(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


BAD = {
    "empty": (b"", "byte 0 of 0, expected the length of a safetensors header"),
    "length": (struct.pack("<Q", 2**62) + b"{}", "byte 0 .*at most 2, not 4611686018427387904"),
    "json": (_file(b"{"), "byte 8 .*a header of JSON text"),
    "deep": (_file(b"[" * 100_000), "a header of JSON text"),
    "text": (_file(b'{"\xff": 1}'), "a header of JSON text"),
    "list": (_file([]), "a header that is a JSON object"),
    "twice": (_file(b'{"a": 1, "a": 2}'), "a name occurs twice"),
    "entry": (_file({"a": 3}), "array 'a', at byte 8 .*an object with dtype, shape"),
    "dtype": (_file({"a": _entry("F4")}), r"a dtype \(F32, .*not 'F4'"),
    "shape": (_file({"a": _entry(shape=[-1])}), r"extents of a shape, not \[-1\]"),
    "true": (_file({"a": _entry(shape=[True])}), r"extents of a shape, not \[True\]"),
    "large": (_file({"a": _entry(shape=[2**40, 2**40, 0])}), "extents of a shape"),
    "offsets": (_file({"a": _entry(offsets=[0])}), r"two data_offsets, not \[0\]"),
    "size": (_file({"a": _entry(shape=[2**40])}), r"4398046511104 bytes apart, not \[0, 4\]"),
    "overlap": (_file({"a": _entry(), "b": _entry()}, bytes(4)), "'b', .*from 4, where"),
    "gap": (_file({"a": _entry(offsets=[4, 8])}, bytes(8)), "'a', .*from 0, where"),
    "short": (_file({"a": _entry()}, bytes(3)), "4 bytes of values, .*but 3 follow"),
    "more": (_file({"a": _entry()}, bytes(5)), "4 bytes of values, .*but 5 follow"),
    "metadata": (_file({"__metadata__": {"a": 1}}), "text for text in __metadata__"),
}


@pytest.mark.parametrize("kind", BAD)
def test_damaged_file_raises_saying_what_was_expected_where(kind, tmp_path):
    data, text = BAD[kind]
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(MXNetError, match=rf"bad\.safetensors cannot be loaded: .*{text}"):
        nd.load(path)


def test_overlapping_arrays_cannot_multiply_the_size_of_a_file():
    entries = {str(i): _entry(shape=[1000], offsets=[0, 4000]) for i in range(100)}
    with pytest.raises(MXNetError, match="where the last array ends"):
        safetensors.load(_file(entries, bytes(4000)))


# -- npz ------------------------------------------------------------------------------------------


def test_pickled_objects_in_npz_are_refused(tmp_path):
    np.savez(tmp_path / "f.npz", a=np.ones(2), b=np.array([{}, print], dtype=object))
    with pytest.raises(MXNetError, match=r"f\.npz cannot be loaded: in 'b\.npy', .*pickled"):
        nd.load(tmp_path / "f.npz")


def _npz(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def _npy(descr, shape, data=b"", version=1):
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (_npz(("a.txt", b"x")), r"in 'a\.txt', at byte 0 .*expected an array, NAME\.npy"),
        (_npz(("a.npy", b"")), "expected the first bytes of an .npy file"),
        (_npz(("a.npy", _npy("<f4", (1,), bytes(4), 9))), "version 1, 2 or 3"),
        (_npz(("a.npy", _npy("<U4", (1,), bytes(16)))), "expected the dtype of numbers"),
        (_npz(("a.npy", _npy("nonsense", (1,)))), "not 'nonsense'"),
        (_npz(("a.npy", _npy([("x", "<f4")], (1,), bytes(4)))), "expected the dtype of numbers"),
        (_npz(("a.npy", _npy("<f4", (-1,)))), "expected the extents of a shape"),
        (_npz(("a.npy", _npy("<f4", 2**40))), "expected the extents of a shape"),
        (_npz(("a.npy", _npy("<f4", (2**40,)))), "expected 4398046511104 bytes of values"),
        (_npz(("a.npy", _npy("<f4", (1,), bytes(5)))), "but 5 follow"),
        (_npz(("a.npy", b"\x93NUMPY\1\0\3\0{1}")), "descr, fortran_order and shape"),
        (_npz(("a.npy", b"\x93NUMPY\1\0\3\0f()")), "a Python dict"),
        (_npz(("a.npy", b"\x93NUMPY\2\0" + struct.pack("<I", 2**31))), "at most 10000 bytes"),
        (b"PK\3\4" + bytes(100), "at byte 0 of 104"),
    ],
)
def test_damaged_npz_raises(data, text):
    with pytest.raises(MXNetError, match=f"^f cannot be loaded: .*{text}"):
        npz.load(data, "f")


# -- convert --------------------------------------------------------------------------------------


def _run(*arguments, capsys):
    status = main(list(map(str, arguments)))
    output = capsys.readouterr()
    return status, output.out, output.err


def test_convert_and_back_gives_the_same_bytes(tmp_path, capsys):
    for name in ("dict", "dtypes", "list", "nothing"):
        source, middle, back = (
            GOLDEN / f"{name}.params",
            tmp_path / "f.safetensors",
            tmp_path / "g.nd",
        )
        status, out, err = _run("convert", source, middle, capsys=capsys)
        assert (status, err) == (0, "")
        assert out.startswith(f"{middle}: ")
        assert _run("convert", middle, back, capsys=capsys)[0] == 0
        assert back.read_bytes() == source.read_bytes()
    # a file may be converted in its place
    assert _run("convert", middle, middle, capsys=capsys)[0] == 0


def test_convert_reads_npz_and_strips_prefixes(tmp_path, capsys):
    source, target = tmp_path / "f.npz", tmp_path / "f.params"
    np.savez(source, **{"arg:w": np.ones((2, 3), np.float16), "aux:m": np.zeros(2, np.int8)})
    assert _run("convert", source, target, capsys=capsys)[0] == 0
    assert sorted(nd.load(target)) == ["arg:w", "aux:m"]
    assert _run("convert", "--strip-prefix", source, target, capsys=capsys)[0] == 0
    assert {k: v.dtype for k, v in nd.load(target).items()} == {"w": np.float16, "m": np.int8}


def test_errors_of_convert_are_one_line(tmp_path, capsys):
    good = GOLDEN / "dict.params"
    np.savez(tmp_path / "a.npz", **{"arg:w": np.ones(1), "aux:w": np.ones(1), "x": np.ones(1)})
    np.savez(tmp_path / "b.npz", w=np.ones(1, np.uint32))
    (tmp_path / "bad.params").write_bytes(b"no arrays in here")
    target = tmp_path / "t.params"
    for arguments, text in [
        ((tmp_path / "no.params", target), "No such file"),
        ((good, tmp_path / "f.npz"), "must be one of .params, .nd, .safetensors"),
        ((GOLDEN / "sparse.params", tmp_path / "f.safetensors"), "no sparse arrays"),
        ((tmp_path / "bad.params", target), "at byte 0 of 17"),
        ((tmp_path / "a.npz", target, "--strip-prefix"), "would occur twice: w"),
        ((tmp_path / "b.npz", target), "uint32, which MXNet's format does not have"),
        ((good, tmp_path / "no" / "f.params"), "No such file or directory; nothing was written"),
    ]:
        status, out, err = _run("convert", *arguments, capsys=capsys)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("gluonx: ") and text in err
    assert not target.exists()
    with pytest.raises(SystemExit):
        main(["convert"])


def test_program_runs_as_a_module(tmp_path):
    command = [sys.executable, "-W", "error", "-m", "gluonx", "convert"]
    arguments = [str(GOLDEN / "dict.params"), str(tmp_path / "f.safetensors")]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 arrays" in done.stdout


def test_format_is_found_by_the_contents():
    host = np.arange(3, dtype=ml_dtypes.bfloat16)
    for data in (b"".join(params.dump([host], ["a"])), _dump([host], ["a"])):
        for name in ("f.params", "f.safetensors", "f"):
            (got,), names = arrays.load(data, name)
            assert names == ["a"]
            _assert_same(got, host)
