"""Saving and loading a large file of parameters: gluonx, MXNet 1.9.1, NumPy, safetensors, a copy.

    python benchmarks/files.py --python mxnet=mxnet/bin/python --folder /tmp

Each cell is measured in a process of its own: how many bytes a second, and how much memory the
process needed at most, as a multiple of the size of the arrays, beyond what it had before. The
cells take turns, and the table has the best of the rounds. "copy" reads a file into a buffer of
16 MiB and writes another one; files to be read are in the page cache. Saving is measured twice: as
the library does it, and until the bytes are on the disk (fsync), which gluonx always waits for.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

#: One array of float32.
ARRAY = 2**24

#: library and format: suffix of its files
KINDS = {
    "copy": ".params",
    "gluonx params": ".params",
    "gluonx safetensors": ".safetensors",
    "gluonx safetensors, mapped": ".safetensors",
    "gluonx load_parameters": ".params",
    "gluonx npz": ".npz",
    "mxnet params": ".params",
    "numpy npz": ".npz",
    "safetensors": ".safetensors",
}
LOADS_ONLY = ("gluonx safetensors, mapped", "gluonx load_parameters", "gluonx npz")


# -- in the process that measures ------------------------------------------------------------------


def make(kind, action, count):
    """Functions ``save(path)`` and ``load(path)``; the latter returns arrays that it has read."""
    import numpy as np

    if kind == "gluonx load_parameters":
        return None, loader_of_parameters(count)
    count = count if action == "save" else 0
    hosts = {
        f"w{i}": np.arange(i, i + ARRAY // 4, dtype=np.float32) for i in range(count)
    }  # numbers that no file system can compress to nothing
    library = kind.split()[0]
    if library == "copy":
        return copier(hosts)
    if library == "gluonx":
        return of_gluonx(kind, hosts)
    if library == "mxnet":
        import mxnet as mx

        arrays = {k: mx.nd.array(hosts.pop(k)) for k in list(hosts)}
        mx.nd.waitall()

        def load(path):
            found = mx.nd.load(path)
            mx.nd.waitall()
            return found

        return lambda path: mx.nd.save(path, arrays), load
    if library == "numpy":

        def load(path):
            with np.load(path) as found:
                return {k: found[k] for k in found}

        return lambda path: np.savez(path, **hosts), load
    from safetensors.numpy import load_file, save_file

    return lambda path: save_file(hosts, path), load_file


def of_gluonx(kind, hosts):
    import gluonx as gx

    arrays = {k: gx.nd.array(hosts.pop(k)) for k in list(hosts)}
    for x in arrays.values():
        x.wait_to_read()
    mapped = {"mapped": True} if kind.endswith("mapped") else {}

    def load(path):
        found = gx.nd.load(path, **mapped)
        for x in found.values():
            x.wait_to_read()
        return found

    return lambda path: gx.nd.save(path, arrays), load


def loader_of_parameters(count):
    import gluonx as gx

    net = gx.nn.Block()
    for i in range(count):
        setattr(net, f"w{i}", gx.Parameter(f"w{i}", shape=(ARRAY // 4,)))

    def load(path):
        net.load_parameters(path)
        return {n: p.data() for n, p in net.collect_params().items()}

    return load


def copier(hosts):
    buffer = bytearray(2**24)

    def save(path):
        with open(path + ".source", "rb") as source, open(path, "wb") as target:
            while count := source.readinto(buffer):
                target.write(memoryview(buffer)[:count])

    def load(path):
        with open(path, "rb") as source, open(path + ".copy", "wb") as target:
            while count := source.readinto(buffer):
                target.write(memoryview(buffer)[:count])
        os.unlink(path + ".copy")
        return {}

    hosts.clear()
    return save, load


def memory(field):
    """Bytes of memory, now (VmRSS) or at most (VmHWM)."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


def measure(kind, action, path, count):
    """Seconds, seconds until all is on the disk, and bytes of memory at most."""
    save, load = make(kind, action, count)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # forget the maximum
    before = memory("VmRSS")
    start = time.perf_counter()
    found = (save if action == "save" else load)(path)
    seconds = time.perf_counter() - start
    if action == "save":
        fd = os.open(path, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)
    durable = time.perf_counter() - start
    most = memory("VmHWM") - before
    if found:  # really there, each of them
        assert len(found) == count, (len(found), count)  # noqa: S101
        first = found["w0"]
        first = first.asnumpy() if hasattr(first, "asnumpy") else first
        assert first[:3].tolist() == [0, 1, 2]  # noqa: S101
    print(json.dumps([seconds, durable, most]))


# -- in the process that compares ------------------------------------------------------------------


def run(python, *arguments):
    command = [python, __file__, "--answer", *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{arguments[0]} failed under {python}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answer", nargs=4, metavar=("KIND", "ACTION", "PATH", "COUNT"))
    parser.add_argument("--python", action="append", default=[], metavar="LIBRARY=PATH")
    parser.add_argument("--folder", default=".", help="where the files go")
    parser.add_argument("--size", type=int, default=1024, help="MiB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", help="some of: " + "; ".join(KINDS))
    parser.add_argument("--actions", default="load,save")
    options = parser.parse_args()
    if options.answer:
        kind, action, path, count = options.answer
        measure(kind, action, path, int(count))
        return
    pythons = dict(p.split("=", 1) for p in options.python)
    count = options.size * 2**20 // ARRAY
    kinds = [k.strip() for k in options.kinds.split(";")] if options.kinds else list(KINDS)
    if "mxnet" not in pythons and not options.kinds:
        kinds.remove("mxnet params")
    root = os.path.join(os.path.abspath(options.folder), "benchmark")
    of = lambda kind: pythons.get(kind.split()[0], sys.executable)  # noqa: E731
    files = {s: root + s for s in set(KINDS.values())}
    try:
        for writer in ("gluonx params", "gluonx safetensors", "numpy npz"):
            if writer.split()[1] in {KINDS[k][1:] for k in kinds}:
                run(of(writer), writer, "save", files[KINDS[writer]], count)
        if "copy" in kinds and "save" in options.actions:
            os.link(files[".params"], root + ".out.params.source")
        table = {}
        for _ in range(options.rounds):
            for action in options.actions.split(","):
                for kind in kinds:
                    if action == "save" and kind in LOADS_ONLY:
                        continue
                    path = files[KINDS[kind]]
                    path = path if action == "load" else f"{root}.out{KINDS[kind]}"
                    found = run(of(kind), kind, action, path, count)
                    table.setdefault((action, kind), []).append(found)
                    if action == "save":
                        os.unlink(path)
    finally:
        for name in os.listdir(os.path.dirname(root)):
            if name.startswith("benchmark."):
                os.unlink(os.path.join(os.path.dirname(root), name))
    size = count * ARRAY
    print(f"{size / 2**20:.0f} MiB in {count} arrays, best of {options.rounds}\n")
    print("| | MB/s | of the copy | until on the disk, MB/s | of the copy | memory |")
    print("|---|---:|---:|---:|---:|---:|")
    for (action, kind), rows in table.items():
        seconds, durable = (min(row[i] for row in rows) for i in (0, 1))
        base = table.get((action, "copy"), rows)
        shares = [min(row[i] for row in base) / s for i, s in enumerate((seconds, durable))]
        speeds = [size / s / 1e6 for s in (seconds, durable)]
        most = statistics.median(row[2] for row in rows) / size
        end = f"{speeds[1]:.0f} | {shares[1]:.2f}" if action == "save" else " | "
        print(f"| {action}, {kind} | {speeds[0]:.0f} | {shares[0]:.2f} | {end} | {most:.2f} |")


if __name__ == "__main__":
    main()
