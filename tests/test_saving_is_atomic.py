"""Processes killed while they save, full disks, forbidden folders: the old file stays, whole."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import gluonx
from gluonx import nd

# Runs without JAX, so that it may fork: children that save in a loop are killed.
_KILL = """
import os, random, signal, sys, time, types
package = types.ModuleType("gluonx")
package.__path__ = [sys.argv[1]]
sys.modules["gluonx"] = package
import numpy as np
from gluonx.serialization import arrays, files

path, kills, rng = sys.argv[2], int(sys.argv[3]), random.Random(int(sys.argv[4]))

def save(n):
    with files.open_write(path) as file:
        for piece in arrays.dump(path, [np.full(2**17, n), np.full(2**18, n)], ["a", "b"]):
            file.write(piece)

def load():
    with files.open_read(path) as file:
        (a, b), names = arrays.load(file, path)
    assert names == ["a", "b"] and a.shape == (2**17,) and b.shape == (2**18,)
    assert (a == a[0]).all() and (b == a[0]).all(), "a mixture of two files"
    return int(a[0])

save(0)
saved = leftovers = 0
for _ in range(kills):
    child = os.fork()
    if not child:
        n = saved
        while True:
            n += 1
            save(n)
    time.sleep(rng.uniform(0.002, 0.05))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    last, saved = saved, load()
    assert saved >= last, "an older file came back"
    for name in os.listdir(os.path.dirname(path)):
        if name != os.path.basename(path):
            assert name.startswith(".") and name.endswith(".tmp"), name
            os.unlink(os.path.join(os.path.dirname(path), name))
            leftovers += 1
print(saved, "files saved,", leftovers, "of", kills, "kills in the middle of one")
assert leftovers > 0
"""


def _kill(path, kills, seed):
    arguments = [str(Path(gluonx.__file__).parent), str(path), str(kills), str(seed)]
    done = subprocess.run([sys.executable, "-c", _KILL, *arguments], capture_output=True, text=True)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("suffix", ["params", "safetensors"])
def test_killed_process_leaves_a_whole_file(suffix, tmp_path, seed):
    _kill(tmp_path / f"f.{suffix}", 20, seed)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("suffix", ["params", "safetensors"])
def test_process_killed_hundreds_of_times_leaves_a_whole_file(suffix, tmp_path, seed):
    _kill(tmp_path / f"f.{suffix}", 400, seed)


# A limit on the size of files stands for a full disk: both fail in the middle of writing.
_LIMIT = """
import os, resource, signal, sys, types
package = types.ModuleType("gluonx")
package.__path__ = [sys.argv[1]]
sys.modules["gluonx"] = package
import numpy as np
from gluonx.error import MXNetError
from gluonx.serialization import arrays, files

def save(path, hosts):
    try:
        with files.open_write(path) as file:
            for piece in arrays.dump(path, hosts):
                file.write(piece)
    except MXNetError as e:
        print(e)

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
save(sys.argv[2], [np.ones(3)])
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
save(sys.argv[2], [np.zeros(1000), np.zeros(100_000)])
save(sys.argv[2] + ".other", [np.zeros(100_000)])
if os.geteuid() == 0:
    os.setuid(65534)  # root may write anywhere
else:
    os.chmod(os.path.dirname(sys.argv[2]), 0o555)
save(sys.argv[2], [np.zeros(3)])
save(os.path.join(os.path.dirname(sys.argv[2]), "new"), [np.zeros(3)])
"""


@pytest.fixture
def outside():
    """A folder that other users may read; pytest's own are inside one that they may not enter."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX")
@pytest.mark.parametrize("suffix", ["params", "safetensors"])
def test_full_disk_and_forbidden_folder_leave_the_old_file(suffix, outside):
    folder = outside
    path = folder / f"f.{suffix}"
    arguments = [str(Path(gluonx.__file__).parent), str(path)]
    done = subprocess.run(
        [sys.executable, "-c", _LIMIT, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    large, other, forbidden, new = done.stdout.splitlines()
    assert large == f"cannot write {path}: File too large; the file that was there is unchanged"
    assert other == f"cannot write {path}.other: File too large; nothing was written"
    assert forbidden.endswith("Permission denied; the file that was there is unchanged")
    assert new.endswith("/new: Permission denied; nothing was written")
    assert [p.name for p in folder.iterdir()] == [path.name]
    (x,) = nd.load(path)
    assert x.asnumpy().tolist() == [1, 1, 1]
