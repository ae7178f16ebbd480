"""Files behind URLs: in memory, on a web server, and in a store that speaks the S3 protocol."""

import functools
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from s3_server import s3_server

import gluonx as gx
from gluonx import autograd, gluon, nd, recordio
from gluonx.__main__ import main
from gluonx.error import MXNetError
from gluonx.serialization import files

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def s3():
    with s3_server() as found:
        yield found


@pytest.fixture
def line(s3, monkeypatch):
    monkeypatch.setattr(pytest.importorskip("s3fs").S3FileSystem, "retries", 1)
    yield s3.line
    s3.line.allowance = None


@pytest.mark.parametrize("scheme", ["s3", "hdfs"])
def test_url_without_fsspec_says_what_to_install(scheme, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MXNetError, match=rf"begin with {scheme}://.*pip install fsspec"):
        nd.save(f"{scheme}://bucket/f", nd.ones((1,)))
    with pytest.raises(MXNetError, match=rf"begin with {scheme}://.*pip install fsspec"):
        nd.load(f"{scheme}://bucket/f")


def _check_url(url):
    """What must hold of every place that can be written."""
    nd.save(url, {"a": nd.arange(3)})
    nd.save(url, {"b": nd.arange(4)})
    assert nd.load(url)["b"].asnumpy().tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError), files.open_write(url) as file:
        file.write(b"half")
        # one more file meanwhile; the two have nothing to do with each other
        nd.save(f"{url}.other", {"c": nd.arange(5)})
        raise ValueError
    assert list(nd.load(url)) == ["b"] and list(nd.load(f"{url}.other")) == ["c"]
    with files.open_write(url) as file:
        with pytest.raises(ValueError), files.open_write(f"{url}.other"):
            raise ValueError
        file.write((GOLDEN / "dict.params").read_bytes())
    assert "w" in nd.load(url) and list(nd.load(f"{url}.other")) == ["c"]
    with pytest.raises(FileNotFoundError, match=f"cannot read {url}.nothing: "):
        nd.load(f"{url}.nothing")


def _check_threads(url):
    """Several threads save to and load from one URL: it is always whole, and of one of them."""
    errors = []

    def work(k):
        try:
            for i in range(3):
                nd.save(url, {str(k): nd.full((1000,), k)})
                nd.save(f"{url}.{k}", {"x": nd.full((10,), i)})
                ((key, x),) = nd.load(url).items()
                assert (x.asnumpy() == int(key)).all()
                assert (nd.load(f"{url}.{k}")["x"].asnumpy() == i).all()
        except BaseException as e:
            errors.append(e)

    nd.save(url, {"9": nd.full((1000,), 9)})
    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors


def test_memory_and_file_urls_are_written_whole(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for url in ("memory://folder/f.params", f"file://{tmp_path}/f.params"):
        _check_url(url)
        _check_threads(url)
    assert not [name for name in memory.find("/folder") if name.endswith(".tmp")]
    assert all(p.name.startswith("f.params") for p in tmp_path.iterdir())
    _check_url("simplecache::memory://folder/g.params")
    with pytest.raises(MXNetError, match="fsspec cannot open nosuch://"):
        nd.load("nosuch://f")


def test_user_s_own_transaction_goes_on():
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    with pytest.raises(ValueError), memory.transaction:
        with memory.open("/mine", "wb") as file:
            file.write(b"1")
        nd.save("memory://ours", nd.ones((2,)))
        raise ValueError
    assert not memory.exists("/mine") and nd.load("memory://ours")[0].shape == (2,)


@pytest.mark.extras
def test_s3_objects_are_written_whole(s3):
    _check_url("s3://bucket/folder/f.params")
    _check_threads("s3://bucket/folder/f.params")
    names = [o["Key"] for o in s3.boto.list_objects_v2(Bucket="bucket")["Contents"]]
    assert sorted(names) == ["folder/f.params", "folder/f.params.0", "folder/f.params.1",
        "folder/f.params.2", "folder/f.params.3", "folder/f.params.other"]  # fmt: skip
    assert "Uploads" not in s3.boto.list_multipart_uploads(Bucket="bucket")
    with pytest.raises(MXNetError, match=r"cannot write s3://nowhere/f: .*is unchanged"):
        nd.save("s3://nowhere/f", nd.ones((1,)))


@pytest.mark.extras
def test_everything_that_is_saved_can_be_an_object_of_s3(s3, tmp_path):
    net = gx.nn.HybridSequential()
    net.add(gx.nn.Dense(3, in_units=2), gx.nn.BatchNorm(in_channels=3))
    net.initialize()
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "adam")
    x = nd.ones((2, 2))
    with autograd.record():
        loss = net(x).sum()
    loss.backward()
    trainer.step(2)
    want = net(x).asnumpy()
    root = "s3://bucket/everything"
    for suffix in ("params", "safetensors"):
        net.save_parameters(f"{root}/net.{suffix}")
        net.initialize(force_reinit=True)
        net.load_parameters(f"{root}/net.{suffix}")
        assert (net(x).asnumpy() == want).all()
        trainer.save_states(f"{root}/t.{suffix}")
        trainer.load_states(f"{root}/t.{suffix}")
    net.export(f"{root}/model", 3)
    again = gluon.SymbolBlock.imports(
        f"{root}/model-symbol.json", ["data"], f"{root}/model-0003.params"
    )
    np.testing.assert_array_equal(again(x).asnumpy(), want)
    arguments, _ = gx.model.load_checkpoint(f"{root}/model", 3)[1:]
    assert len(arguments) == 4
    with recordio.MXIndexedRecordIO(f"{root}/r.idx", f"{root}/r.rec", "w") as record:
        for i in range(3):
            record.write_idx(i, b"record %d" % i)
    with recordio.MXIndexedRecordIO(f"{root}/r.idx", f"{root}/r.rec", "r") as record:
        assert record.read_idx(2) == b"record 2"
    done = main(["convert", f"{root}/net.params", str(tmp_path / "n.safetensors")])
    assert done == 0 and len(nd.load(tmp_path / "n.safetensors")) == 6


@pytest.mark.extras
def test_large_object_goes_in_parts_and_a_cut_line_leaves_the_old_one(s3, line):
    url = "s3://bucket/large.params"
    large = {"x": nd.arange(3_000_000), "y": nd.arange(400_000)}
    nd.save(url, large)
    tag = s3.boto.head_object(Bucket="bucket", Key="large.params")["ETag"]
    assert int(tag.strip('"').split("-")[1]) > 1
    found = nd.load(url)
    assert all((found[k].asnumpy() == large[k].asnumpy()).all() for k in large)
    for allowance in (1_000, 7_000_000):
        line.allowance = allowance
        with pytest.raises(
            MXNetError, match=rf"cannot write {url}: .*; what was there is unchanged"
        ):
            nd.save(url, {"z": nd.zeros((3_000_000,))})
        line.allowance = allowance
        with pytest.raises(MXNetError, match=rf"cannot read {url}: "):
            nd.load(url)
        line.allowance = None
        assert list(nd.load(url)) == ["x", "y"]


@pytest.mark.extras
def test_object_that_is_replaced_while_it_is_read_is_noticed(s3):
    url = "s3://bucket/replaced"
    nd.save(url, nd.zeros((3_000_000,)))
    with pytest.raises(MXNetError, match=f"cannot read {url}: "), files.open_read(url) as file:
        assert len(file.read(100)) == 100
        nd.save(url, nd.ones((3_000_000,)))
        file.read(12_000_000)


@pytest.mark.extras
def test_http_urls_are_read(s3, tmp_path):
    nd.save("s3://bucket/web.params", {"a": nd.arange(30)})
    url = s3.http + "/bucket/web.params"
    s3.boto.put_object_acl(Bucket="bucket", Key="web.params", ACL="public-read")
    assert nd.load(url)["a"].shape == (30,)
    with pytest.raises(MXNetError, match="cannot write http://"):
        nd.save(url, nd.ones((1,)))
    # a server that cannot begin in the middle of a file
    nd.save(tmp_path / "plain.safetensors", {"b": nd.arange(3)})
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        root = f"http://127.0.0.1:{server.server_port}"
        assert nd.load(f"{root}/plain.safetensors")["b"].shape == (3,)
        with pytest.raises(FileNotFoundError):
            nd.load(f"{root}/nothing")
    finally:
        server.shutdown()
        server.server_close()


# Runs without JAX; saves for ever, in parts.
_SAVING = """
import json, sys, types
package = types.ModuleType("gluonx")
package.__path__ = [sys.argv[1]]
sys.modules["gluonx"] = package
import fsspec.config
import numpy as np
from gluonx.serialization import arrays, files
fsspec.config.conf["s3"] = json.loads(sys.argv[2])
n = int(sys.argv[4])
while True:
    with files.open_write(sys.argv[3]) as file:
        for piece in arrays.dump("", [np.full(2**20, n), np.full(2**19, n)], ["a", "b"]):
            file.write(piece)
    print(n, flush=True)
    n += 1
"""


@pytest.mark.extras
@pytest.mark.slow
def test_killed_process_leaves_a_whole_object(s3, seed):
    url = "s3://bucket/killed"
    rng = np.random.default_rng(seed)
    last = 0
    for _ in range(5):
        arguments = [str(Path(gx.__file__).parent), json.dumps(s3.options), url, str(last)]
        child = subprocess.Popen(
            [sys.executable, "-c", _SAVING, *arguments], stdout=subprocess.PIPE, text=True
        )
        last = int(child.stdout.readline())
        threading.Event().wait(rng.uniform(0, 0.5))
        child.kill()
        child.communicate()
        threading.Event().wait(0.3)  # what it had sent before may still be on its way
        found = nd.load(url)
        a, b = (found[k].asnumpy() for k in "ab")
        assert (a == a[0]).all() and (b == a[0]).all() and a[0] >= last
        last = int(a[0]) + 1
