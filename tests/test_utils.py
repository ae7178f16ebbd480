"""Splitting batches over devices, clipping gradients, checksums; and the spelling of MXNet."""

import hashlib
import http.server
import importlib
import threading

import numpy as np
import pytest

import gluonx as gx
from gluonx import gluon, nd
from gluonx.error import MXNetError
from gluonx.gluon import utils


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(("size", "parts"), [(6, 3), (7, 3), (5, 5), (4, 1)])
def test_parts_are_the_whole_in_order(axis, size, parts):
    shape = (size, 2) if axis == 0 else (2, size)
    x = nd.arange(2 * size).reshape(shape)
    split = utils.split_data(x, parts, batch_axis=axis, even_split=False)
    lengths = [part.shape[axis] for part in split]
    assert len(split) == parts
    assert max(lengths) - min(lengths) <= 1
    assert lengths == sorted(lengths, reverse=True)
    whole = np.concatenate([part.asnumpy() for part in split], axis=axis)
    np.testing.assert_array_equal(whole, x.asnumpy())


def test_parts_along_the_first_axis_share_memory():
    x = nd.zeros((4, 2))
    utils.split_data(x, 2)[1][:] = 1
    assert x.asnumpy().tolist() == [[0, 0], [0, 0], [1, 1], [1, 1]]


def test_load_puts_one_part_on_each_device():
    contexts = [gx.cpu(0), gx.cpu(1)]
    for data in (nd.arange(8).reshape((4, 2)), np.arange(8, dtype="float32").reshape(4, 2)):
        parts = utils.split_and_load(data, contexts)
        assert [part.context for part in parts] == contexts
        assert [part.asnumpy().tolist() for part in parts] == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    (whole,) = utils.split_and_load(nd.ones((3, 2)), [gx.cpu(1)])
    assert (whole.shape, whole.context) == ((3, 2), gx.cpu(1))


def test_load_keeps_its_parts_apart_from_what_it_was_given():
    contexts = [gx.cpu(0), gx.cpu(1)]
    rows = np.random.default_rng(0).normal(size=(1024, 64)).astype("float32")
    for source in (
        rows.copy(),
        nd.array(rows),
        nd.array(rows)[0:1024],
        nd.array(rows, dtype="float64"),
    ):
        parts = utils.split_and_load(source, contexts)
        before = source.asnumpy() if isinstance(source, nd.NDArray) else source.copy()
        source[:] = 7
        for part in parts:
            part *= 2
        assert (np.asarray(source) == 7).all()
        np.testing.assert_array_equal(np.concatenate([p.asnumpy() for p in parts]), 2 * before)
        assert [p.dtype for p in parts] == [before.dtype.type] * 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: utils.split_data(nd.ones((5, 2)), 2), ValueError, r"\(5, 2\) into 2 parts .*even"),
        (
            lambda: utils.split_data(nd.ones((2, 5)), 3, even_split=False),
            ValueError,
            "one sample for each",
        ),
        (lambda: utils.split_data(nd.ones((2,)), 0), ValueError, "at least one part"),
        (lambda: utils.split_and_load(nd.ones((2,)), gx.cpu()), TypeError, "must be a list such"),
        (lambda: utils.split_and_load(nd.ones((2,)), ["cpu"]), TypeError, "must be a list such"),
        (lambda: utils.clip_global_norm([], 1), ValueError, "at least one array"),
    ],
)
def test_wrong_calls_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("max_norm", [1.0, 100.0])
@pytest.mark.parametrize("check", [True, False])
def test_clipping_scales_all_arrays_by_their_common_norm(check, max_norm):
    values = [np.array([[3.0, 0.0]], "float32"), np.array([4.0, 12.0], "float32")]
    arrays = [nd.array(v) for v in values]
    norm = utils.clip_global_norm(arrays, max_norm, check_isfinite=check)
    assert isinstance(norm, float) if check else norm.shape == (1,)
    assert float(norm) == 13
    scale = min(1, max_norm / 13)
    for array, value in zip(arrays, values, strict=True):
        np.testing.assert_allclose(array.asnumpy(), scale * value, rtol=1e-6)


def test_clipping_works_over_devices_and_element_types():
    arrays = [nd.array([300.0], dtype="float16"), nd.array([400.0], ctx=gx.cpu(1))]
    assert utils.clip_global_norm(arrays, 5.0) == 500
    assert [a.asscalar() for a in arrays] == [3, 4]
    assert (arrays[0].dtype, arrays[1].context) == (np.float16, gx.cpu(1))


def test_clipping_without_check_reads_no_value(monkeypatch):
    array = nd.array([3.0, 4.0])
    with monkeypatch.context() as patch:

        def read(self, *args, **kwargs):
            raise AssertionError("clip_global_norm read a value")

        for method in ("asnumpy", "asscalar", "wait_to_read", "__array__", "__float__"):
            patch.setattr(nd.NDArray, method, read)
        norm = utils.clip_global_norm([array], 1.0, check_isfinite=False)
    assert norm.asscalar() == 5
    np.testing.assert_allclose(array.asnumpy(), [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_clipping_warns_of_a_norm_that_is_not_finite(bad):
    with pytest.warns(UserWarning, match="clipping has no meaning"):
        utils.clip_global_norm([nd.array([1.0, bad])], 1.0)


def test_checksum_of_a_file(tmp_path):
    file = tmp_path / "data"
    file.write_bytes(b"x" * 3_000_000)
    digest = hashlib.sha1(file.read_bytes()).hexdigest()
    assert utils.check_sha1(file, digest)
    assert utils.check_sha1(str(file), digest.upper())
    assert not utils.check_sha1(file, "0" * 40)


def test_replace_file_replaces(tmp_path):
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text("new")
    old.write_text("old")
    utils.replace_file(new, old)
    assert old.read_text() == "new"
    assert not new.exists()


@pytest.mark.parametrize(
    ("shape", "known"), [((2, 3), True), ((2, 0), False), (None, False), ((-1,), False), ((), True)]
)
def test_shape_is_known_without_zeros(shape, known):
    assert utils.shape_is_known(shape) is known


MODULES = [
    "nn", "loss", "data", "utils", "metric", "block", "parameter", "trainer", "nn.basic_layers",
    "nn.conv_layers", "data.dataset", "data.sampler", "data.dataloader", "data.batchify",
    "data.vision", "data.vision.transforms",
]  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_modules_of_gluon_are_those_of_the_package(name):
    spelled = importlib.import_module(f"gluonx.gluon.{name}")
    assert spelled is importlib.import_module(f"gluonx.{name}")


def test_names_of_gluon_are_those_of_the_package():
    for name in ("Block", "HybridBlock", "Parameter", "ParameterDict", "Trainer"):
        assert getattr(gluon, name) is getattr(gx, name)
    assert gluon.nn.Block is gluon.Block
    assert issubclass(gluon.DeferredInitializationError, gx.MXNetError)
    for name in gluon.__all__:
        assert hasattr(gluon, name)


def test_download_that_is_cut_leaves_the_old_file(tmp_path):
    class Half(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x" * 500)

        def log_message(self, *args):
            pass

    target = tmp_path / "f"
    target.write_bytes(b"old")
    with http.server.HTTPServer(("127.0.0.1", 0), Half) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/f"
        with pytest.raises(MXNetError, match="cut: 500 bytes of 1000 came"):
            gluon.utils.download(url, target, overwrite=True, retries=1)
        server.shutdown()
    assert target.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_download_fetches_once_checks_and_leaves_no_half_file(tmp_path):
    source = tmp_path / "source.bin"
    source.write_bytes(b"abc")
    good = "a9993e364706816aba3e25717850c26c9cd0d89d"
    url = source.as_uri()
    target = tmp_path / "new" / "file.bin"
    assert gluon.utils.download(url, target, sha1_hash=good) == str(target)
    assert target.read_bytes() == b"abc"
    source.write_bytes(b"other")
    gluon.utils.download(url, target)
    assert target.read_bytes() == b"abc"  # it was there
    with pytest.raises(MXNetError, match="checksum is .* expected"):
        gluon.utils.download(url, target, overwrite=True, sha1_hash=good)
    assert target.read_bytes() == b"abc"
    gluon.utils.download(url, target, overwrite=True)
    assert target.read_bytes() == b"other"
    assert gluon.utils.download(url, tmp_path / "new") == str(tmp_path / "new" / "source.bin")
    with pytest.raises(MXNetError, match="put the file at"):
        gluon.utils.download((tmp_path / "missing").as_uri(), tmp_path / "x")
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["file.bin", "source.bin"]
