"""Files of records: MXNet's bytes, keys, processes, damage, images, and im2rec."""

import importlib.util
import os
import pickle
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import recordio
from gluonx.__main__ import main
from gluonx.error import MXNetError
from gluonx.serialization import images, records

GOLDEN = Path(__file__).parent / "golden"


def _make_golden():
    path = GOLDEN / "make_records.py"
    spec = importlib.util.spec_from_file_location("make_records", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_records = _make_golden()
RECORDS = make_records.RECORDS
MAGIC = make_records.MAGIC


@pytest.fixture
def paths(tmp_path):
    return str(tmp_path / "f.idx"), str(tmp_path / "f.rec")


def _write(paths, data=RECORDS):
    with recordio.MXIndexedRecordIO(*paths, "w") as record:
        for key, value in data.items():
            record.write_idx(key, value)


def _all(record):
    return list(iter(record.read, None))


# -- exchange with MXNet --------------------------------------------------------------------------


def test_records_of_mxnet_are_read_and_the_same_bytes_written(paths):
    with recordio.MXRecordIO(GOLDEN / "records.rec", "r") as record:
        assert _all(record) == list(RECORDS.values())
        assert record.read() is None
    names = GOLDEN / "records.idx", GOLDEN / "records.rec"
    with recordio.MXIndexedRecordIO(*names, "r") as record:
        assert record.keys == list(RECORDS)
        assert {key: record.read_idx(key) for key in reversed(record.keys)} == RECORDS
    _write(paths)
    assert [Path(p).read_bytes() for p in paths] == [p.read_bytes() for p in names]


def test_packed_records_of_mxnet_are_read_and_the_same_bytes_written(tmp_path):
    with (
        recordio.MXRecordIO(GOLDEN / "packed.rec", "r") as record,
        recordio.MXRecordIO(tmp_path / "f.rec", "w") as again,
    ):
        for (flag, label, *ids), data in make_records.HEADERS:
            header, found = recordio.unpack(record.read())
            count = np.size(label) if isinstance(label, list) else 0
            assert (header.flag, header.id, header.id2, found) == (count, *ids, data)
            assert np.ravel(header.label).tolist() == (np.ravel(label).tolist() or [0])
            assert not count or header.label.dtype == np.float32
            again.write(recordio.pack(recordio.IRHeader(flag, label, *ids), data))
        assert record.read() is None
    assert (tmp_path / "f.rec").read_bytes() == (GOLDEN / "packed.rec").read_bytes()


def test_records_full_of_first_words_come_back(seed, tmp_path):
    rng = np.random.RandomState(seed)
    pieces = [MAGIC, MAGIC[:1], MAGIC[1:], b"x", b"1234", b""]
    data = [b"".join(pieces[i] for i in rng.randint(0, 6, rng.randint(12))) for _ in range(500)]
    with recordio.MXRecordIO(tmp_path / "f", "w") as record:
        for value in data:
            record.write(value)
    with recordio.MXRecordIO(tmp_path / "f", "r") as record:
        assert _all(record) == data
    # the word at a multiple of 4 always begins a part
    stream = (tmp_path / "f").read_bytes()
    found = [i for i in range(0, len(stream), 4) if stream[i : i + 4] == MAGIC]
    at, begins = 0, []
    while at < len(stream):
        begins.append(at)
        (word,) = struct.unpack_from("<I", stream, at + 4)
        at += 8 + -(-(word % 2**29) // 4) * 4
    assert found == begins


def test_labels_of_every_kind(tmp_path):
    for label, flag, back in [
        (3, 0, 3.0), (True, 0, 1.0), (np.float32(0.5), 0, 0.5), (np.array(2.0), 1, [2.0]),
        ((1, 2), 2, [1, 2]), (gx.nd.array([3, 4]), 2, [3, 4]), ([], 0, 0.0),
    ]:  # fmt: skip
        header, data = recordio.unpack(recordio.pack((0, label, 1, 2), b"z"))
        assert (header.flag, np.asarray(header.label).tolist(), data) == (flag, back, b"z")
    for header in ((0, 1, -1, 0), (0, 1, 2**64, 0), (0, 1, 1.5, 0), (0, 1e300, 1, 0)):
        with pytest.raises(ValueError, match="integers from 0 to"):
            recordio.pack(header, b"")
    with pytest.raises(MXNetError, match="header of 24 bytes in a record, but it has only 3"):
        recordio.unpack(b"abc")
    with pytest.raises(MXNetError, match="5 labels at byte 24 of a record, but only 4 bytes"):
        recordio.unpack(recordio.pack((0, [1] * 5, 0, 0), b"")[:28])


# -- keys and positions ---------------------------------------------------------------------------


def test_seek_tell_and_reset(paths):
    with recordio.MXIndexedRecordIO(*paths, "w") as record:
        assert record.tell() == 0
        record.write_idx("5", b"abc")
        assert record.tell() == 12
        record.write(b"not in the index")
        record.write_idx(6, memoryview(b"de"))
        assert (record.keys, record.idx) == ([5, 6], {5: 0, 6: 36})
    with recordio.MXIndexedRecordIO(*paths, "r") as record:
        record.seek(6)
        assert record.tell() == 36
        assert record.read() == b"de"
        assert record.read() is None
        record.reset()
        assert _all(record) == [b"abc", b"not in the index", b"de"]
        with pytest.raises(KeyError, match=r"f\.idx has no key 7"):
            record.read_idx(7)
    assert not record.is_open


def test_keys_of_another_type(paths):
    with recordio.MXIndexedRecordIO(*paths, "w", key_type=str) as record:
        record.write_idx("größe", b"1")
        with pytest.raises(ValueError, match="tabs or ends of lines"):
            record.write_idx("a\tb", b"2")
    with recordio.MXIndexedRecordIO(*paths, "r", key_type=str) as record:
        assert record.read_idx("größe") == b"1"
    with pytest.raises(MXNetError, match=r"f\.idx cannot be read: in line 1, expected a key"):
        recordio.MXIndexedRecordIO(*paths, "r")


def test_wrong_use_says_what_is_wrong(paths):
    _write(paths)
    reader = recordio.MXIndexedRecordIO(*paths, "r")
    with pytest.raises(MXNetError, match=r"f\.rec is open for reading, not for writing"):
        reader.write_idx(100, b"x")
    reader.close()
    reader.close()
    with pytest.raises(MXNetError, match=r"is closed; open\(\) opens it again"):
        reader.read()
    reader.open()
    assert reader.read_idx(20) == b"ab"
    with recordio.MXRecordIO(paths[1], "w") as writer:
        with pytest.raises(MXNetError, match="is open for writing, not for reading"):
            writer.read()
        for wrong in ("text", 3, None):
            with pytest.raises(TypeError, match="a record must be bytes, not"):
                writer.write(wrong)
    with pytest.raises(ValueError, match="must be 'r' or 'w', not 'a'"):
        recordio.MXRecordIO(paths[1], "a")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        recordio.MXRecordIO("nowhere", "r")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        recordio.MXIndexedRecordIO("nowhere", paths[1], "r")
    with pytest.raises(MXNetError, match="cannot write .*No such file"):
        recordio.MXRecordIO("no/where", "w")
    with pytest.raises(MXNetError, match="at most 536870911"):
        records.encode(np.empty(2**29, np.uint8).data)


def test_growing_file_is_read_on(tmp_path):
    with (
        recordio.MXRecordIO(tmp_path / "f", "w") as writer,
        recordio.MXRecordIO(tmp_path / "f", "r") as reader,
    ):
        for i in range(3):
            assert reader.read() is None
            writer.write(b"%d" % i)
            assert reader.read() == b"%d" % i


def test_url_is_written_and_read():
    pytest.importorskip("fsspec")
    urls = "memory://records/f.idx", "memory://records/f.rec"
    _write(urls)
    with recordio.MXIndexedRecordIO(*urls, "r") as record:
        assert record.read_idx(31) == RECORDS[31]
        assert _all(record) == list(RECORDS.values())[6:]


# -- processes and threads ------------------------------------------------------------------------


def test_reader_is_pickled_and_opens_the_file_anew(paths):
    _write(paths)
    with recordio.MXIndexedRecordIO(*paths, "r") as record:
        record.seek(7)
        with pickle.loads(pickle.dumps(record)) as other:
            assert other.read() == b""
            assert other.read_idx(20) == b"ab"
        assert record.read() == RECORDS[7]
    closed = pickle.loads(pickle.dumps(record))
    assert not closed.is_open
    writer = recordio.MXRecordIO(paths[1], "w")
    with pytest.raises(TypeError, match="only a reader can be pickled"):
        pickle.dumps(writer)


_FORK = """
import multiprocessing, sys, types
package = types.ModuleType("gluonx")  # without JAX, so that it may fork
package.__path__ = [sys.argv[1]]
sys.modules["gluonx"] = package
from gluonx import recordio
from gluonx.error import MXNetError

idx, rec, key = sys.argv[2], sys.argv[3], int(sys.argv[4])
reader = recordio.MXIndexedRecordIO(idx, rec, "r")
reader.seek(key)
writer = recordio.MXRecordIO(rec + ".new", "w")
writer.write(b"of the parent")

def child(queue):
    for act in (reader.read, lambda: writer.write(b"of the child")):
        try:
            act()
        except MXNetError as e:
            queue.put(str(e))
    found = reader.read_idx(key), reader.read()
    reader.reset()
    queue.put((*found, reader.read()))

context = multiprocessing.get_context("fork")
queue = context.Queue()
processes = [context.Process(target=child, args=(queue,)) for _ in range(2)]
for p in processes: p.start()
found = [queue.get() for _ in range(6)]
for p in processes: p.join()
writer.write(b"again")
writer.close()
print(repr([f for f in found if isinstance(f, tuple)]))
print([f for f in found if isinstance(f, str)])
print(repr(reader.read()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_processes_have_positions_of_their_own(paths):
    _write(paths)
    arguments = [str(Path(gx.__file__).parent), *paths, "20"]
    done = subprocess.run([sys.executable, "-c", _FORK, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tuples, texts, parent = done.stdout.splitlines()
    assert tuples == repr([(b"ab", RECORDS[7], b"")] * 2)
    assert texts.count("reset() opens the file here") == 2
    assert texts.count("another process cannot write to it") == 2
    assert parent == repr(b"ab")
    with recordio.MXRecordIO(paths[1] + ".new", "r") as record:
        assert _all(record) == [b"of the parent", b"again"]


def test_threads_read_by_key_at_the_same_time(paths):
    data = {i: b"%d" % i * (i % 50) for i in range(300)}
    _write(paths, data)
    wrong = []
    with recordio.MXIndexedRecordIO(*paths, "r") as record:

        def read(start):
            wrong.extend(k for k in range(start, 300) if record.read_idx(k) != data[k])

        threads = [threading.Thread(target=read, args=(s,)) for s in range(0, 80, 10)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert wrong == []


# -- damage ---------------------------------------------------------------------------------------


def _record(kind, count, data=b"", magic=0xCED7230A):
    return struct.pack("<II", magic, kind << 29 | count) + data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"abc", "byte 12 of 15, expected a record .8 bytes, but the file has only 3 more"),
        (_record(0, 0, magic=1), "byte 12 of 20, expected the first word of a record, .*not 0x1"),
        (_record(0, 2**29 - 1), "the data of a record .536870912 bytes, but .* only 0 more"),
        (_record(0, 1, b"a"), "the data of a record .4 bytes, but .* only 1 more"),
        (_record(2, 0), "a part of kind 0 or 1, not 2"),
        (_record(7, 0), "a part of kind 0 or 1, not 7"),
        (_record(1, 0) + _record(0, 0), "byte 20 of 28, expected a part of kind 2 or 3, not 0"),
        (_record(1, 4, b"abcd"), "byte 24 of 24, expected another part of the record"),
    ],
)
def test_damaged_record_raises_saying_what_was_expected_where(data, text, tmp_path):
    path = tmp_path / "f.rec"
    path.write_bytes(_record(0, 4, b"good") + data)
    with recordio.MXRecordIO(path, "r") as record:
        assert record.read() == b"good"
        for _ in range(2):  # it does not go on behind the damage
            with pytest.raises(MXNetError, match=rf"f\.rec cannot be read: .*{text}"):
                record.read()


@pytest.mark.parametrize("line", [b"1", b"1\t2\t3", b"a\t2", b"1\tb", b"1\t-1", b"\xff\t1"])
def test_damaged_index_raises_with_the_line(line, paths):
    _write(paths)
    Path(paths[0]).write_bytes(b"0\t0\n\n" + line)
    with pytest.raises(MXNetError, match=r"f\.idx cannot be read: in line 3, expected a key"):
        recordio.MXIndexedRecordIO(*paths, "r")


def test_offset_outside_of_the_file_reads_nothing(paths):
    _write(paths)
    Path(paths[0]).write_bytes(b"0\t99999\n1\t4\n2\t99999999999999999999\n")
    with pytest.raises(MXNetError, match="in line 3"):
        recordio.MXIndexedRecordIO(*paths, "r")
    Path(paths[0]).write_bytes(b"0\t99999\n1\t4\n")
    with recordio.MXIndexedRecordIO(*paths, "r") as record:
        with pytest.raises(MXNetError, match="at byte 99999 of 200, expected a record"):
            record.read_idx(0)
        with pytest.raises(MXNetError, match="at byte 4 of 200, expected the first word"):
            record.read_idx(1)


_FULL = """
import resource, signal, sys, types
package = types.ModuleType("gluonx")  # without JAX, which takes long
package.__path__ = [sys.argv[1]]
sys.modules["gluonx"] = package
from gluonx import recordio
from gluonx.error import MXNetError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
record = recordio.MXRecordIO(sys.argv[2], "w")
try:
    for i in range(100): record.write(bytes(292))
except MXNetError as e:
    print(e)
record.close()
"""


def test_full_disk_leaves_whole_records(tmp_path):
    path = tmp_path / "f.rec"
    arguments = [str(Path(gx.__file__).parent), str(path)]
    done = subprocess.run([sys.executable, "-c", _FULL, *arguments], capture_output=True, text=True)
    assert f"cannot write {path}: File too large" in done.stdout, done.stderr
    with recordio.MXRecordIO(path, "r") as record:
        assert _all(record) == [bytes(292)] * 3


# -- images ---------------------------------------------------------------------------------------


@pytest.fixture(params=["cv2", "PIL"])
def library(request, monkeypatch):
    pytest.importorskip(request.param)
    if request.param == "PIL":
        monkeypatch.setitem(sys.modules, "cv2", None)
    images.opencv.cache_clear()
    yield request.param
    images.opencv.cache_clear()


IMAGE = np.arange(6 * 5 * 3, dtype=np.uint8).reshape(6, 5, 3)


def test_images_are_packed_and_unpacked(library):
    header = recordio.IRHeader(0, [1, 2], 3, 4)
    for img in (
        IMAGE,
        IMAGE[:, :, 0],
        np.dstack([IMAGE, IMAGE[:, :, 0]]),
        gx.nd.array(IMAGE, dtype="uint8"),
    ):
        packed = recordio.pack_img(header, img, 5, ".png")
        found, back = recordio.unpack_img(packed)
        assert (found.label.tolist(), found.id, found.id2) == ([1, 2], 3, 4)
        np.testing.assert_array_equal(back, img if isinstance(img, np.ndarray) else img.asnumpy())
    _, gray = recordio.unpack_img(recordio.pack_img(header, IMAGE, 5, ".png"), 0)
    assert gray.shape == (6, 5)
    weights = IMAGE @ np.array([0.114, 0.587, 0.299])
    assert abs(gray - weights).max() <= 1
    _, color = recordio.unpack_img(recordio.pack_img(header, IMAGE[:, :, 0], 5, ".png"), 1)
    assert color.shape == (6, 5, 3)
    smooth = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    _, back = recordio.unpack_img(recordio.pack_img(header, smooth))
    assert abs(back.astype(int) - smooth).max() <= 3


def test_what_is_no_image_raises(library):
    header = recordio.IRHeader(0, 1, 3, 4)
    for data in (b"", b"no image", images.encode(IMAGE, 5, ".png")[:40]):
        with pytest.raises(MXNetError, match=f"these {len(data)} bytes are not an image"):
            recordio.unpack_img(recordio.pack(header, data))
    for img in (IMAGE.astype("f4"), IMAGE[0, 0], np.ones((2, 2, 2), np.uint8), IMAGE[:0]):
        with pytest.raises(MXNetError, match="an image must"):
            recordio.pack_img(header, img)
    with pytest.raises(MXNetError, match="img_fmt must be one of"):
        recordio.pack_img(header, IMAGE, img_fmt=".bmp")


def test_without_a_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    images.opencv.cache_clear()
    with pytest.raises(MXNetError, match="pip install pillow"):
        recordio.pack_img((0, 1, 2, 3), IMAGE)
    images.opencv.cache_clear()


# -- im2rec ---------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Seven files in the place of images, in a folder with others in it."""
    root = tmp_path / "root"
    for name in ("a.jpg", "cat/1.jpg", "cat/2.png", "dog/3.jpeg", "dog/deep/4.JPG", "dog/x.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def _im2rec(*arguments):
    return main(["im2rec", *map(str, arguments)])


def _lists(prefix):
    return {p.name: p.read_text() for p in sorted(prefix.parent.glob("*.lst"))}


def test_lists_are_those_of_mxnet(folder, tmp_path, capsys):
    prefix = tmp_path / "p"
    assert _im2rec("--list", prefix, folder) == 0
    assert _lists(prefix) == {"p.lst": "0\t0.000000\ta.jpg\n"}
    assert _im2rec("--list", "--recursive", prefix, folder) == 0
    assert [line.split("\t")[0] for line in _lists(prefix)["p.lst"].splitlines()] == list("20431")
    assert "dog/deep 3\n" in capsys.readouterr().out
    (tmp_path / "p.lst").unlink()
    ratios = "--train-ratio", "0.5", "--test-ratio", "0.25"
    assert _im2rec("--list", "--recursive", *ratios, prefix, folder) == 0
    assert _lists(prefix) == {
        "p_test.lst": "2\t1.000000\tcat/2.png\n",
        "p_train.lst": "0\t0.000000\ta.jpg\n4\t3.000000\tdog/deep/4.JPG\n",
        "p_val.lst": "3\t2.000000\tdog/3.jpeg\n1\t1.000000\tcat/1.jpg\n",
    }
    other = tmp_path / "chunks" / "c"
    other.parent.mkdir()
    arguments = "--list", "--recursive", "--chunks", "2", "--train-ratio", "0.5"
    assert _im2rec(*arguments, other, folder) == 0
    assert _lists(other) == {
        "c_0_train.lst": "2\t1.000000\tcat/2.png\n",
        "c_0_val.lst": "0\t0.000000\ta.jpg\n4\t3.000000\tdog/deep/4.JPG\n",
        "c_1_train.lst": "3\t2.000000\tdog/3.jpeg\n",
        "c_1_val.lst": "1\t1.000000\tcat/1.jpg\n",
    }


@pytest.mark.parametrize("threads", [1, 3])
def test_files_are_packed_as_they_are(threads, folder, tmp_path, capsys):
    (tmp_path / "p.lst").write_text(
        "0\t1.0\t2.0\ta.jpg\n1\t3\t4\tcat/1.jpg\n2\t5\tmissing.jpg\n3 bad\n4\t5\tdog/x.txt\n"
    )
    arguments = "--pass-through", "--pack-label", "--num-thread", threads, tmp_path / "p", folder
    assert _im2rec(*arguments) == 0
    out, err = capsys.readouterr()
    assert "p.rec: 3 images, 1 left out" in out
    assert "missing.jpg is left out" in err and "line 4 is left out" in err
    with recordio.MXIndexedRecordIO(tmp_path / "p.idx", tmp_path / "p.rec", "r") as record:
        found = [recordio.unpack(record.read_idx(k)) for k in record.keys]
        assert record.keys == [0, 1, 4]
    assert [data for _, data in found] == [b"a.jpg", b"cat/1.jpg", b"dog/x.txt"]
    assert [np.ravel(h.label).tolist() for h, _ in found] == [[1, 2], [3, 4], [5]]


def test_images_are_cropped_resized_and_packed(library, tmp_path, capsys):
    (tmp_path / "root").mkdir()
    data = images.encode(np.repeat(IMAGE, 4, axis=1), 5, ".png")
    (tmp_path / "root" / "a.png").write_bytes(data)
    (tmp_path / "root" / "b.jpg").write_bytes(b"damaged")
    assert _im2rec("--list", "--no-shuffle", tmp_path / "p", tmp_path / "root") == 0
    for arguments, shape in [
        ((), (6, 20, 3)),
        (("--resize", 3), (3, 10, 3)),
        (("--center-crop", "--resize", 12, "--color", 0), (12, 12)),
    ]:
        encoding = "--encoding", ".png", "--quality", 3
        assert _im2rec(*arguments, *encoding, tmp_path / "p", tmp_path / "root") == 0
        assert "b.jpg is left out: these 7 bytes" in capsys.readouterr().err
        with recordio.MXRecordIO(tmp_path / "p.rec", "r") as record:
            header, img = recordio.unpack_img(record.read())
            assert record.read() is None
        assert (header.id, header.label, img.shape) == (0, 0.0, shape)


def test_errors_of_im2rec_are_one_line(folder, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for arguments, text in [
        ((tmp_path / "p", folder), "--list makes one"),
        (("--list", tmp_path / "p", tmp_path / "empty"), "has no images"),
        (("--list", tmp_path / "p", tmp_path / "no"), "No such file"),
        (
            ("--list", "--train-ratio", 0.6, "--test-ratio", 0.6, tmp_path / "p", folder),
            "1 together",
        ),
    ]:
        assert _im2rec(*arguments) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1) and text in err
    for wrong in (("--chunks", 0), ("--train-ratio", 2), ("--num-thread", "x")):
        with pytest.raises(SystemExit):
            _im2rec(*wrong, tmp_path / "p", folder)
