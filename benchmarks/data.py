"""What reading data costs: image folders, arrays in memory, and the waiting of a training loop.

    python benchmarks/data.py
    python benchmarks/data.py --python torch=PATH --python mxnet=PATH --python grain=PATH

Each framework answers from a process of its own, under the Python given for it (this one by
default; those that it does not have are left out). In every round each is measured once, so that a
change in the machine's load meets all of them; the tables show the best round.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FRAMEWORKS = ["gluonx", "gluonx_processes", "torch", "mxnet", "grain"]
BATCH = 32
IMAGES = 192
ARRAY_BATCH = 128
#: Of an image in memory: as in CIFAR and in MNIST.
SHAPES = [(32, 32, 3), (28, 28, 1)]


def make_folder(root: str) -> None:
    """Photographs of noise and colours, about 450 x 400 pixels."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    for i in range(IMAGES):
        height, width = rng.integers(330, 500), rng.integers(400, 560)
        coarse = rng.integers(0, 255, (height // 16, width // 16, 3)).astype("uint8")
        pixels = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC))
        pixels = pixels + rng.integers(-12, 12, (height, width, 3))
        path = Path(root, f"class{i % 4}", f"{i}.jpg")
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(path, quality=90)


# -- inside a framework's process -----------------------------------------------------------------


def serve(framework: str, root: str) -> None:
    """Answer requests, a line of JSON each, with a number."""
    import numpy as np

    loaders = importlib.import_module(f"loaders.{framework}")
    images = [np.random.randint(0, 256, (8192, *s)).astype("uint8") for s in SHAPES]
    labels = np.arange(8192, dtype="int32")
    made: dict = {}

    def epoch(loader) -> tuple[int, float]:
        start, count = time.perf_counter(), 0
        for batch in loader:
            loaders.wait(batch)
            count += 1
        return count, time.perf_counter() - start

    kinds = [k for k in ("arrays", "numpy_arrays", "items", "numpy_items") if hasattr(loaders, k)]
    print(json.dumps(kinds), flush=True)
    for line in sys.stdin:
        kind, which = json.loads(line)  # `which`: how many workers, or which images
        if kind == "forget":  # and end the workers
            made.clear()
            print("[0, 0]", flush=True)
            continue
        if (kind, which) not in made:
            if kind == "folder":
                made[kind, which] = loaders.folder(root, BATCH, which)
            else:
                made[kind, which] = getattr(loaders, kind)(images[which], labels, ARRAY_BATCH)
            epoch(made[kind, which])  # starts workers, compiles
        cpu = time.process_time()
        count, seconds = epoch(made[kind, which])
        cpu = time.process_time() - cpu
        rate = count * BATCH / seconds if kind == "folder" else seconds / count * 1e6
        print(json.dumps([rate, cpu / count / BATCH * 1e3]), flush=True)


class Served:
    """A framework in its process, or None as its ``process`` if it is not installed."""

    def __init__(self, framework: str, python: str, root: str):
        self.process = subprocess.Popen(
            [python, __file__, "--serve", framework, "--root", root], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        line = self.process.stdout.readline()
        self.kinds = json.loads(line) if line else None
        if not line:
            print(f"({framework} left out: {self.process.stderr.read().strip()[-200:]})")

    def ask(self, kind: str, which: int = 0) -> list[float]:
        print(json.dumps([kind, which]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(self.process.stderr.read())
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


# -- the tables -----------------------------------------------------------------------------------


def compare_folder(served: dict[str, Served], workers_of: list[int], rounds: int) -> None:
    """Images a second of an image folder with random crops and flips."""
    heads = [*map(str, workers_of), "CPU ms an image, without workers"]
    print(f"| images/s, workers: | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}")
    best: dict = {}
    for workers in workers_of:
        for _ in range(rounds):
            for name, one in served.items():
                if name == "gluonx_processes" and not workers:
                    continue
                rate, cpu = one.ask("folder", workers)
                best[name, workers] = max(rate, best.get((name, workers), 0))
                if not workers:
                    best[name, "cpu"] = min(cpu, best.get((name, "cpu"), cpu))
        for one in served.values():
            one.ask("forget")
    for name in served:
        cells = [f"{best[name, w]:.0f}" if (name, w) in best else "–" for w in workers_of]
        cells.append(f"{best[name, 'cpu']:.2f}" if (name, "cpu") in best else "–")
        print(f"| {name.replace('_', ', ')} | {' | '.join(cells)} |", flush=True)


def compare_arrays(served: dict[str, Served], rounds: int) -> None:
    """Microseconds a batch of arrays in memory."""
    names = {
        "arrays": "gathered from NDArrays", "numpy_arrays": "gathered from NumPy arrays",
        "items": "NDArrays, item by item", "numpy_items": "NumPy arrays, item by item",
    }  # fmt: skip
    heads = [" x ".join(map(str, shape)) for shape in SHAPES]
    print(f"\n| µs, {ARRAY_BATCH} images and labels, of bytes: | {' | '.join(heads)} |")
    print(f"|---|{'---:|' * len(heads)}")
    best: dict = {}
    for _ in range(rounds):
        for name, one in served.items():
            for key in [(kind, k) for kind in one.kinds for k in range(len(SHAPES))]:
                now = one.ask(*key)[0]
                best[name, *key] = min(now, best.get((name, *key), now))
    for name, one in served.items():
        for kind in one.kinds:
            what = f"gluonx, {names[kind]}" if name == "gluonx" else name
            cells = [f"{best[name, kind, k]:.0f}" for k in range(len(SHAPES))]
            print(f"| {what} | {' | '.join(cells)} |", flush=True)


def first_batch(rounds: int) -> None:
    """Seconds until a worker process has given its first batch, and those of what it imports."""
    import numpy as np

    from gluonx.data import ArrayDataset, DataLoader

    dataset = ArrayDataset(np.zeros((64, 8), "float32"), np.arange(64))
    times, imports = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import numpy"], check=True)
        imports.append(time.perf_counter() - start)
        start = time.perf_counter()
        loader = DataLoader(dataset, 8, num_workers=1, thread_pool=False)
        next(iter(loader))[0].wait_to_read()
        times.append(time.perf_counter() - start)
        loader.close()
    print("\n| first batch of a worker process | s |\n|---|---:|")
    print(f"| Python and NumPy alone | {min(imports):.2f} |")
    print(f"| first batch | {min(times):.2f} |")


def waiting(name: str, seconds: float) -> None:
    """The share of the steps' time that a training loop waits for its data."""
    import numpy as np

    import gluonx as gx
    from gluonx import autograd, gluon, nn
    from gluonx.data import ArrayDataset, DataLoader
    from gluonx.data.vision import Digits, transforms

    net = nn.HybridSequential()
    if name == "digits":
        loader = DataLoader(
            Digits(train=True), 32, shuffle=True, last_batch="discard", num_workers=1
        )
        channels, scale = (32, 64), 16
    else:
        images = np.random.randint(0, 256, (2048, 32, 32, 3)).astype("uint8")
        transform = transforms.Compose(
            [
                transforms.RandomCrop(32, pad=((4, 4), (4, 4), (0, 0))),
                transforms.RandomFlipLeftRight(),
                transforms.ToTensor(),
                transforms.Normalize(0.5, 0.25),
            ]
        )
        dataset = ArrayDataset(images, np.arange(2048) % 10).transform_first(transform)
        loader = DataLoader(dataset, 128, shuffle=True, last_batch="discard", num_workers=1)
        channels, scale = (32, 64, 128), None
    for count in channels:
        net.add(
            nn.Conv2D(count, kernel_size=3, padding=1, use_bias=False), nn.BatchNorm(),
            nn.Activation("relu"), nn.MaxPool2D(2, 2),
        )  # fmt: skip
    net.add(nn.Flatten(), nn.Dense(128, activation="relu"), nn.Dense(10))
    net.initialize(gx.init.Xavier())
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "adam")
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()

    def train(end: float) -> tuple[float, float, int]:
        waited, count, start = 0.0, 0, time.perf_counter()
        while True:
            batches = iter(loader)
            while True:
                asked = time.perf_counter()
                batch = next(batches, None)
                waited += time.perf_counter() - asked
                if batch is None:
                    break
                x, y = batch
                if scale is not None:
                    x = x.transpose((0, 3, 1, 2)).astype("float32") / scale
                with autograd.record():
                    loss = loss_function(net(x), y)
                loss.backward()
                trainer.step(len(y))
                loss.wait_to_read()
                count += 1
                if time.perf_counter() > end:
                    return waited, time.perf_counter() - start, count

    train(0)
    train(time.perf_counter() + seconds / 4)
    waited, total, count = train(time.perf_counter() + seconds)
    print(f"| {name} | {total / count * 1e3:.2f} | {waited / total:.2%} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--root", help=argparse.SUPPRESS)
    parser.add_argument("--python", action="append", default=[], metavar="FRAMEWORK=PATH")
    parser.add_argument("--only", nargs="*", default=["folder", "arrays", "first", "waiting"])
    parser.add_argument("--frameworks", nargs="*", default=FRAMEWORKS)
    parser.add_argument("--workers", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each training loop")
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args.root)
        return
    pythons = dict(item.split("=", 1) for item in args.python)
    if {"folder", "arrays"} & set(args.only):
        with tempfile.TemporaryDirectory() as root:
            make_folder(root)
            served = {n: Served(n, pythons.get(n, sys.executable), root) for n in args.frameworks}
            served = {n: one for n, one in served.items() if one.kinds is not None}
            if "folder" in args.only:
                compare_folder(served, args.workers, args.rounds)
            if "arrays" in args.only:
                compare_arrays(served, args.rounds)
            for one in served.values():
                one.close()
    if "first" in args.only:
        first_batch(args.rounds)
    if "waiting" in args.only:
        print("\n| training loop | ms a step | waiting for data |\n|---|---:|---:|")
        for name in ("digits", "CIFAR-like"):
            waiting(name, args.seconds)


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    main()
