"""Array files: MXNet's format, byte for byte; damage; files that are replaced as a whole."""

import errno
import importlib.util
import io
import os
import random
import re
import struct
import threading
import tracemalloc
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import gluonx
from gluonx import nd
from gluonx.error import MXNetError
from gluonx.serialization import files, params

GOLDEN = Path(__file__).parent / "golden"


def _make_golden():
    spec = importlib.util.spec_from_file_location("make_golden", GOLDEN / "make_golden.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_golden = _make_golden()


def _host(array):
    """An array of CONTENTS as NumPy and gluonx have it."""
    is_bfloat16 = array.dtype == make_golden.BFLOAT16
    return array.view(np.uint16).view(ml_dtypes.bfloat16) if is_bfloat16 else array


def _expected(name):
    """The arrays and the names that a golden file holds."""
    contents = make_golden.CONTENTS[name]
    if isinstance(contents, dict):
        return [_host(a) for a in contents.values()], list(contents)
    return [_host(a) for a in contents], []


def _assert_same(got, expected):
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()


def _dump(arrays, names=()):
    return b"".join(params.dump(arrays, names))


# -- the format -----------------------------------------------------------------------------------


def test_golden_files_are_all_listed():
    found = {path.stem for path in GOLDEN.glob("*.params")}
    loaded_elsewhere = {"exported-0000", "lstm-0000"}  # by test_symbol_block.py
    assert found - loaded_elsewhere == set(make_golden.CONTENTS)


@pytest.mark.parametrize("name", make_golden.CONTENTS)
def test_golden_file_loads_as_what_was_saved(name):
    path = GOLDEN / f"{name}.params"
    expected, names = _expected(name)
    for source in (path.read_bytes(), io.BytesIO(path.read_bytes())):
        arrays, got_names = params.load(source)
        assert got_names == names
        if name != "sparse":  # see test_sparse_golden_file_loads_as_sparse_arrays
            _assert_same(arrays, expected)

    loaded = nd.load(path)
    assert type(loaded) is (dict if names else list)
    if names:
        assert list(loaded) == names
        loaded = list(loaded.values())
    _assert_same([x.asnumpy() for x in loaded], expected)
    assert all(x.context == gluonx.cpu() for x in loaded)


@pytest.mark.parametrize("name", make_golden.DENSE)
def test_save_writes_the_bytes_that_mxnet_writes(name, tmp_path):
    golden = (GOLDEN / f"{name}.params").read_bytes()
    expected, names = _expected(name)
    assert _dump(expected, names) == golden

    arrays = [nd.array(a, dtype=a.dtype) for a in expected]
    nd.save(tmp_path / "f", dict(zip(names, arrays, strict=True)) if names else arrays)
    assert (tmp_path / "f").read_bytes() == golden


def test_sparse_golden_file_loads_as_sparse_arrays_and_is_written_again(tmp_path):
    path = GOLDEN / "sparse.params"
    loaded = nd.load(path)
    stypes = ["row_sparse", "csr", "row_sparse", "csr", "default"]
    assert [x.stype for x in loaded.values()] == stypes
    assert loaded["rows"].indices.asnumpy().tolist() == [0, 3]
    assert loaded["points"].indptr.asnumpy().tolist() == [0, 1, 1, 3]
    nd.save(tmp_path / "f", loaded)
    assert (tmp_path / "f").read_bytes() == path.read_bytes()


def test_sparse_array_of_a_file_takes_no_memory_for_its_zeros():
    (x,) = nd.load_frombuffer(_sparse(1, (2**50, 2), (2, 2), [[1, 2**40]]))
    assert x.shape == (2**50, 2)
    assert x.indices.asnumpy().tolist() == [1, 2**40]


def test_empty_dict_is_saved_as_the_empty_list(tmp_path):
    nd.save(tmp_path / "f", {})
    assert (tmp_path / "f").read_bytes() == (GOLDEN / "nothing.params").read_bytes()
    assert nd.load(tmp_path / "f") == []


def test_save_of_views_and_computed_arrays_writes_their_contents(tmp_path):
    x = nd.arange(12).reshape((3, 4))
    nd.save(str(tmp_path / "f"), [x[1:3], x.T, x + 1])
    host = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert (tmp_path / "f").read_bytes() == _dump([host[1:3], host.T, host + 1])


def test_zero_size_arrays_have_the_bytes_of_numpy_mode():
    (expected, *_), _ = _expected("numpy_shapes")
    golden = (GOLDEN / "numpy_shapes.params").read_bytes()
    record = _dump([expected])[24:-8]
    assert len(record) == 40
    assert golden[24 : 24 + 40] == record


@pytest.mark.parametrize("dtype", list(params._FLAGS))
@pytest.mark.parametrize("shape", [(1,), (7,), (2, 3), (3, 1, 2, 1, 5), (0,), (2, 0, 3), (1,) * 20])
def test_round_trip_keeps_every_dtype_and_shape(dtype, shape, tmp_path):
    host = np.random.randint(0, 100, shape).astype(np.dtype(dtype))
    odd = np.array([1, 2, 3], np.int8)  # what follows is not aligned in the file
    nd.save(tmp_path / "f", {"odd": nd.array(odd, dtype="int8"), "x": nd.array(host, dtype=dtype)})
    loaded = nd.load(tmp_path / "f")
    assert loaded["x"].dtype == np.dtype(dtype).type
    _assert_same([loaded["odd"].asnumpy(), loaded["x"].asnumpy()], [odd, host])


def test_save_of_an_array_without_axes_gives_it_one(tmp_path):
    nd.save(tmp_path / "f", nd.array(3.5))
    (x,) = nd.load(tmp_path / "f")
    assert x.shape == (1,)
    assert x.asscalar() == 3.5


def test_noncontiguous_and_big_endian_arrays_are_written_as_they_read():
    x = np.arange(12.0).reshape(3, 4)
    assert _dump([x.T, x[:, ::2], x.astype(">f8")]) == _dump([x.T.copy(), x[:, ::2].copy(), x])


def test_loaded_arrays_are_independent_and_writable():
    data = bytearray(_dump([np.ones(3, np.float32), np.ones(3, np.float32)]))
    first, second = params.load(data)[0]
    x = nd.load_frombuffer(data)[0]
    data[:] = bytes(len(data))
    first[:] = 5
    x[:] = 6
    assert second.tolist() == [1, 1, 1]
    assert x.asnumpy().tolist() == [6, 6, 6]


def test_booleans_other_than_one_are_true():
    data = _dump([np.array([True, False, True])]).replace(b"\1\0\1", b"\2\0\xff")
    ((x,), _) = params.load(data)
    assert x.view(np.uint8).tolist() == [1, 0, 1]


def test_names_that_occur_twice_keep_the_last_array(tmp_path):
    data = _dump([np.ones(1, np.float32), np.zeros(1, np.float32)], ["a", "a"])
    assert nd.load_frombuffer(data)["a"].asscalar() == 0


def test_load_puts_arrays_on_the_context_asked_for():
    path = GOLDEN / "devices.params"
    assert {x.context for x in nd.load(path)} == {gluonx.cpu(0)}
    assert {x.context for x in nd.load(path, ctx=gluonx.cpu(1))} == {gluonx.cpu(1)}
    with gluonx.cpu(1):
        assert {x.context for x in nd.load(path)} == {gluonx.cpu(1)}


def test_load_frombuffer_takes_any_bytes():
    data = (GOLDEN / "dict.params").read_bytes()
    for buf in (data, bytearray(data), memoryview(data), np.frombuffer(data, np.uint8)):
        assert nd.load_frombuffer(buf)["b"].asnumpy().tolist() == [7]


def test_save_and_load_of_wrong_types_say_what_to_give(tmp_path):
    x = nd.ones((2,))
    for data in (3, "x", None, np.ones(2), {x}):
        with pytest.raises(TypeError, match="takes an NDArray, a list of NDArrays or a dict"):
            nd.save(tmp_path / "f", data)
    with pytest.raises(TypeError, match=r"data\['b'\] is of type ndarray; nd.array\(x\)"):
        nd.save(tmp_path / "f", {"a": x, "b": np.ones(2)})
    with pytest.raises(TypeError, match=r"data\[1\] is of type int"):
        nd.save(tmp_path / "f", [x, 3])
    with pytest.raises(TypeError, match=r"a key is 3 \(int\)"):
        nd.save(tmp_path / "f", {3: x})
    for name in (3, None, x):
        with pytest.raises(TypeError, match="expected a file name"):
            nd.save(name, x)
        with pytest.raises(TypeError, match="expected a file name"):
            nd.load(name)
    for buf in ("text", 3, None):
        with pytest.raises(TypeError, match="contents of a file as bytes"):
            nd.load_frombuffer(buf)
    assert not list(tmp_path.iterdir())


def test_dump_of_a_dtype_that_the_format_lacks_says_what_to_do():
    arrays = [np.ones(2, np.float32), np.ones(2, np.complex64)]
    with pytest.raises(MXNetError, match=r"array 'b' is of type complex64.*astype\(\).*bfloat16"):
        params.dump(arrays, ["a", "b"])
    with pytest.raises(MXNetError, match="array number 1"):
        params.dump(arrays)
    with pytest.raises(ValueError, match="1 names were given for 2 arrays"):
        params.dump(arrays, ["a"])


def test_saving_and_loading_take_no_needless_memory(tmp_path):
    size = 2**24
    arrays = [np.zeros(size // 4, np.float32) for _ in range(2)]
    tracemalloc.start()
    try:
        with files.open_write(tmp_path / "f") as file:
            for piece in params.dump(arrays):
                file.write(piece)
        assert tracemalloc.get_traced_memory()[1] < size / 10
        with files.open_read(tmp_path / "f") as file:
            loaded = params.load(file)
        assert tracemalloc.get_traced_memory()[1] < 2.1 * size
    finally:
        tracemalloc.stop()
    _assert_same(loaded[0], arrays)


# -- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", make_golden.CONTENTS)
def test_truncated_file_raises_with_name_and_offset(name, tmp_path):
    data = (GOLDEN / f"{name}.params").read_bytes()
    path = tmp_path / "cut.params"
    for length in np.linspace(0, len(data) - 1, 20).astype(int):
        path.write_bytes(data[:length])
        with pytest.raises(MXNetError, match=rf"cut\.params.* at byte \d+ of {length}, expected"):
            nd.load(path)


def _case(pack, *values):
    return struct.pack("<" + pack, *values)


_START = _case("QQQ", 0x112, 0, 1)
_NO_NAMES = _case("Q", 0)
_BIG = 2**62
BAD = {
    "empty": (b"", "byte 0 of 0, expected the first word of an array file"),
    "zip": (b"PK\3\4" * 10, "byte 0 of 40, expected the first word of an array file"),
    "count": (_case("QQQ", 0x112, 0, _BIG), "byte 16 .*a number of arrays that fits"),
    "magic": (_START + _case("I", 0xF993FAC7), "byte 24 .*not 0xf993fac7"),
    "storage": (_START + _case("IiQ", 0xF993FAC9, -1, 0), "byte 28 .*a storage type"),
    "axes": (_START + _case("Iii", 0xF993FAC9, 0, 33), "byte 32 .*a number of axes from 0 to 32"),
    "negative axes": (_START + _case("Iii", 0xF993FAC9, 0, -1), "byte 32 .*a number of axes"),
    "extents": (_START + _case("Iiiq", 0xF993FAC9, 0, 3, 1), "byte 36 .*3 extents .24 bytes, but"),
    "negative": (_START + _case("Iiiq", 0xF993FAC9, 0, 1, -1), r"byte 36 .*not \(-1,\)"),
    "overflow": (
        _START + _case("Iiiqqqiii", 0xF993FACA, 0, 3, _BIG, 0, _BIG, 1, 0, 0) + _NO_NAMES,
        "byte 36 .*the extents of a shape",
    ),
    "type": (
        _START + _case("Iiiqiii", 0xF993FAC9, 0, 1, 1, 1, 0, 8) + _NO_NAMES,
        "byte 52 .*an element type .*not 8",
    ),
    "size": (
        _START + _case("Iiiqiii", 0xF993FAC9, 0, 1, 2**40, 1, 0, 0) + _NO_NAMES,
        r"byte 56 .*float32 array of shape \(1099511627776,\) .4398046511104 bytes, but .* 8 more",
    ),
    "number of names": (
        _START + _case("Iiiqiiii", 0xF993FAC9, 0, 1, 1, 1, 0, 0, 5) + _case("Q", 2),
        "byte 60 .*number of names, 0 or 1, not 2",
    ),
    "name length": (_dump([np.ones(1)], ["a"])[:-9] + _case("Q", _BIG) + b"a", "in name 0 .*byte"),
    "name": (_dump([np.ones(1)], ["a"])[:-1] + b"\xff", "in name 0 .*a name in UTF-8"),
    "more": (_dump([np.ones(1)]) + b"\0", "expected the end of the file, but 1 bytes follow"),
}


@pytest.mark.parametrize("kind", BAD)
def test_damaged_file_raises_saying_what_was_expected_where(kind):
    data, text = BAD[kind]
    with pytest.raises(MXNetError, match=text):
        params.load(data)


def _sparse(storage, shape, stored, auxiliary, values=None):
    """A file with one sparse float32 array."""
    data = _case("Ii", 0xF993FAC9, storage)
    for extents in (stored, shape):
        data += _case(f"i{len(extents)}q", len(extents), *extents)
    data += _case("iii", 1, 0, 0)
    for a in auxiliary:
        data += _case("iiq", 6, 1, len(a))
    data += np.ones(stored, np.float32).tobytes() if values is None else values
    for a in auxiliary:
        data += np.array(a, np.int64).tobytes()
    return _START + data + _NO_NAMES


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (_sparse(1, (5, 2), (2, 2), [[0, 5]]), "indices from 0 to 4"),
        (_sparse(1, (5, 2), (2, 2), [[-1, 3]]), "indices from 0 to 4"),
        (_sparse(1, (5, 2), (2, 2), [[1, 2, 3]]), r"3 rows, not shape \(2, 2\)"),
        (_sparse(1, (5, 2), (2, 3), [[1, 2]]), r"2 rows, not shape \(2, 3\)"),
        (_sparse(1, (), (), [[]]), "at least one axis"),
        (_sparse(2, (2, 3, 1), (2,), [[0, 1, 2], [0, 1]]), "two axes"),
        (_sparse(2, (2, 3), (2,), [[0, 1, 2], [0, 3]]), "indices from 0 to 2"),
        (_sparse(2, (2, 3), (2,), [[0, 1, 2], [0]]), "1 values"),
        (_sparse(2, (2, 3), (2,), [[0, 1], [0, 1]]), "3 row pointers"),
        (_sparse(2, (2, 3), (2,), [[0, 3, 2], [0, 1]]), "3 row pointers"),
        (_sparse(2, (2, 3), (2,), [[1, 1, 2], [0, 1]]), "3 row pointers"),
        (_sparse(2, (2**40, 2**40), (0,), [[], []]), "byte 36 .*the extents"),
    ],
)
def test_damaged_sparse_array_raises(data, text):
    if "extents" not in text:
        text = f"in array 0 of 1, at byte 24 .*{text}"
    else:
        text = "the extents"
    with pytest.raises(MXNetError, match=text):
        params.load(data)


def _mutate(rng, data, others):
    data = bytearray(data)
    words = [0, 1, 2, 5, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1, 0x112]
    words += [0xF993FAC8, 0xF993FAC9, 0xF993FACA]
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(7):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                data[at : at + 4] = struct.pack("<I", rng.choice(words) % 2**32)
            case 2:
                data[at : at + 8] = struct.pack("<Q", rng.choice(words))
            case 3:
                del data[at : at + rng.randrange(1, 20)]
            case 4:
                data[at:at] = rng.randbytes(rng.randrange(1, 20))
            case 5:
                other = rng.choice(others)
                data[at:] = other[rng.randrange(len(other)) :]
            case 6:
                at = at // 4 * 4
                data[at : at + 4] = struct.pack("<I", rng.choice(words) % 2**32)
    return bytes(data)


def test_mutated_and_random_files_load_or_raise_and_take_little_memory(seed):
    rng = random.Random(seed)
    golden = [path.read_bytes() for path in sorted(GOLDEN.glob("*.params"))]
    head = struct.pack("<QQQ", 0x112, 0, 1)
    outcomes = {"loaded": 0, "raised": 0}
    tracemalloc.start()
    try:
        for i in range(6000):
            if i % 4:
                data = _mutate(rng, rng.choice(golden), golden)
            else:
                data = head[: rng.choice([0, 8, 24])] + rng.randbytes(rng.randrange(200))
            try:
                arrays, names = params.load(data, "fuzz.params")
            except MXNetError as e:
                assert re.match(r"fuzz\.params cannot be loaded: .*at byte \d+", str(e)), (seed, i)
                outcomes["raised"] += 1
            except Exception as e:
                raise AssertionError(f"case {i} of seed {seed}: {data!r}") from e
            else:
                assert len(names) in (0, len(arrays))
                nd.load_frombuffer(data)
                outcomes["loaded"] += 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    print(outcomes, "peak bytes", peak, "seed", seed)
    assert min(outcomes.values()) > 100
    assert peak < 2**22


# -- files ----------------------------------------------------------------------------------------


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_missing_file_raises_as_python_and_as_mxnet_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="cannot read .*nowhere.*No such file"):
        nd.load(tmp_path / "nowhere")
    with pytest.raises(MXNetError) as caught:
        nd.load(tmp_path / "nowhere")
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(MXNetError, match="No such file or directory; nothing was written"):
        nd.save(tmp_path / "no" / "f", nd.ones((1,)))


def test_folder_in_place_of_a_file_raises(tmp_path):
    with pytest.raises(MXNetError, match="cannot read .*directory"):
        nd.load(tmp_path)
    with pytest.raises(MXNetError, match="cannot write .*directory"):
        nd.save(tmp_path, nd.ones((1,)))


def test_saving_keeps_permissions_and_follows_links(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    mask = os.umask(0o027)
    try:
        nd.save(target, nd.ones((1,)))
    finally:
        os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o640
    target.chmod(0o604)
    link.symlink_to("target")
    nd.save(link, nd.zeros((3,)))
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o604
    assert nd.load(target)[0].shape == (3,)
    assert _names(tmp_path) == ["link", "target"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_read_only_file_is_not_replaced(tmp_path):
    (tmp_path / "f").write_bytes(b"old")
    (tmp_path / "f").chmod(0o444)
    with pytest.raises(MXNetError, match="Permission denied; the file that was there is unchanged"):
        nd.save(tmp_path / "f", nd.ones((1,)))
    assert (tmp_path / "f").read_bytes() == b"old"


def test_pipe_is_written_and_read_directly(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=nd.save, args=(pipe, nd.ones((5,))))
    writer.start()
    assert nd.load(pipe)[0].shape == (5,)
    writer.join()
    assert _names(tmp_path) == ["pipe"]


class _FullDisk(io.FileIO):
    """A file on a disk with 1000 bytes left."""

    def write(self, data):
        if self.tell() + len(data) > 1000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def _raise(*args):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
@pytest.mark.parametrize("old", [True, False])
def test_failure_while_saving_leaves_the_old_file(fails, old, tmp_path, monkeypatch):
    path = tmp_path / "f.params"
    if old:
        nd.save(path, nd.ones((3,)))
    if fails == "write":
        open_full = lambda fd, mode: io.BufferedWriter(_FullDisk(fd, mode), 100)  # noqa: E731
        monkeypatch.setattr(os, "fdopen", open_full)
        text = "No space left on device .there must be room for the old file and the new one.; "
    else:
        monkeypatch.setattr(os, fails, _raise)
        text = "Input/output error; "
    text += "the file that was there is unchanged" if old else "nothing was written"
    with pytest.raises(MXNetError, match=f"cannot write .*f.params: {text}"):
        nd.save(path, [nd.zeros((10, 10)), nd.zeros((1000,))])
    monkeypatch.undo()
    assert _names(tmp_path) == ["f.params"] * old
    if old:
        assert nd.load(path)[0].asnumpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_exception_while_writing_leaves_the_old_file(error, tmp_path):
    (tmp_path / "f").write_bytes(b"old")
    with pytest.raises(error), files.open_write(tmp_path / "f") as file:
        file.write(b"new")
        raise error
    assert (tmp_path / "f").read_bytes() == b"old"
    assert _names(tmp_path) == ["f"]


def test_folder_that_cannot_be_synced_is_reported_but_the_file_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_sync_folder", _raise)
    with pytest.raises(MXNetError, match="Input/output error; the new file is there, but"):
        nd.save(tmp_path / "f", nd.ones((2,)))
    assert nd.load(tmp_path / "f")[0].shape == (2,)
