"""List the images of a folder, or pack listed images into a file of records.

    python -m gluonx.tools.im2rec --list --recursive data/train folder
    python -m gluonx.tools.im2rec data/train folder

The first line makes ``data/train.lst``, with a line ``number TAB label TAB path`` for each image;
the second one makes ``data/train.rec`` and ``data/train.idx`` of it. Arguments and files are those
of MXNet's im2rec.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

# not relative: the file is also run by its path, which test_utils.get_im2rec_path gives
from gluonx import recordio
from gluonx.error import MXNetError
from gluonx.pixels.resize import resize, short_size
from gluonx.serialization import images
from gluonx.serialization.files import open_write

__all__ = ["add_arguments", "list_images", "main", "make_lists", "pack_list", "read_list"]

_SEED = 100  # MXNet's, for the same order
Item = tuple[int, str, list[float]]


def list_images(root: str, recursive: bool, exts: Iterable[str]) -> Iterator[tuple[int, str, int]]:
    """The images of a folder.

    Parameters
    ----------
    root : str
        The folder.
    recursive : bool
        Whether to take the folders in it too, each with a label of its own.
    exts : iterable of str
        Suffixes in lower case, such as ``.jpg``.

    Yields
    ------
    tuple of int, str and int
        Number, path below ``root``, and label.
    """
    suffixes = {e.lower() for e in exts}
    number, labels = 0, {}
    for folder, folders, names in os.walk(root, followlinks=True, onerror=_raise):
        folders.sort()
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() not in suffixes:
                continue
            label = labels.setdefault(folder, len(labels)) if recursive else 0
            yield number, os.path.relpath(os.path.join(folder, name), root), label
            number += 1
        if not recursive:
            return


def _raise(error: OSError) -> None:
    raise error


def make_lists(prefix: str, root: str, arguments: argparse.Namespace) -> list[str]:
    """Write the list files that the arguments ask for, and return their names."""
    found = list(list_images(root, arguments.recursive, arguments.exts))
    if not found:
        raise MXNetError(
            f"{root} has no images with a suffix of {', '.join(arguments.exts)}; --recursive looks "
            "into the folders in it too"
        )
    if arguments.recursive:
        labels = {label: os.path.dirname(path) or "." for _, path, label in found}
        for label, folder in labels.items():
            print(folder, label)
    if arguments.shuffle:
        random.Random(_SEED).shuffle(found)
    size = -(-len(found) // arguments.chunks)
    written = []
    for i in range(arguments.chunks):
        chunk = found[i * size : (i + 1) * size]
        tests, trained = int(size * arguments.test_ratio), int(size * arguments.train_ratio)
        parts = {"": chunk}
        if arguments.train_ratio != 1:
            parts = {"_train": chunk[tests : tests + trained]}
            if arguments.test_ratio:
                parts["_test"] = chunk[:tests]
            if arguments.train_ratio + arguments.test_ratio < 1:
                parts["_val"] = chunk[tests + trained :]
        number = f"_{i}" if arguments.chunks > 1 else ""
        for part, items in parts.items():
            name = f"{prefix}{number}{part}.lst"
            text = "".join(f"{n}\t{label:f}\t{path}\n" for n, path, label in items)
            with open_write(name) as file:
                file.write(os.fsencode(text))
            written.append(name)
    return written


def read_list(name: str) -> Iterator[Item]:
    """Number, path and labels of each line of a list file; bad lines are reported and left out."""
    with open(name, "rb") as file:
        for at, line in enumerate(file, 1):
            fields = os.fsdecode(line).strip().split("\t")
            try:
                number, path, labels = fields[0], fields[-1], [float(x) for x in fields[1:-1]]
                if labels:
                    yield int(float(number)), path, labels
                    continue
            except (ValueError, OverflowError):
                pass
            _report(
                f"{name}: line {at} is left out: expected a number, one label or more and a path, "
                f"with tabs between them, not {line!r:.80}"
            )


def _report(text: str) -> None:
    print(f"im2rec: {text}", file=sys.stderr)


def _record(item: Item, root: str, arguments: argparse.Namespace) -> bytes | MXNetError | OSError:
    """The record of an image, or why there is none."""
    number, path, labels = item
    label = labels if arguments.pack_label and len(labels) > 1 else labels[0]
    header = recordio.IRHeader(0, label, number, 0)
    try:
        with open(os.path.join(root, path), "rb") as file:
            data = file.read()
        if arguments.pass_through:
            return recordio.pack(header, data)
        img = images.decode(data, arguments.color)
        if arguments.center_crop:
            img = images.center_crop(img)
        if arguments.resize:
            img = resize(img, *short_size(img, arguments.resize))
        return recordio.pack_img(header, img, arguments.quality, arguments.encoding)
    except (MXNetError, OSError) as e:
        return e


def _in_order(items: Iterable[Item], root: str, arguments: argparse.Namespace) -> Iterator[tuple]:
    """Items with their records, which threads make, in the order of the list."""
    if arguments.num_thread <= 1:
        for item in items:
            yield item, _record(item, root, arguments)
        return
    waiting: deque[tuple[Item, Future]] = deque()
    with ThreadPoolExecutor(arguments.num_thread) as threads:
        for item in items:
            waiting.append((item, threads.submit(_record, item, root, arguments)))
            if len(waiting) >= 4 * arguments.num_thread:
                item, future = waiting.popleft()
                yield item, future.result()
        while waiting:
            item, future = waiting.popleft()
            yield item, future.result()


def pack_list(name: str, root: str, arguments: argparse.Namespace) -> tuple[int, int]:
    """Pack the images of a list file; returns how many there are, and how many were left out."""
    base = os.path.splitext(name)[0]
    packed = left_out = 0
    with recordio.MXIndexedRecordIO(f"{base}.idx", f"{base}.rec", "w") as record:
        for item, data in _in_order(read_list(name), root, arguments):
            if isinstance(data, bytes):
                record.write_idx(item[0], data)
                packed += 1
            else:
                _report(f"{item[1]} is left out: {data}")
                left_out += 1
    return packed, left_out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = parser.add_argument
    add("prefix", help="lists and records are files whose names begin so")
    add("root", help="folder of the images")
    add("--list", action="store_true", help="make a list; without it, pack what is listed")
    add("--exts", nargs="+", default=[".jpeg", ".jpg", ".png"], help="suffixes of images")
    add("--chunks", type=_positive, default=1, help="how many lists to make")
    add("--train-ratio", type=_ratio, default=1.0, help="share of the images for PREFIX_train")
    add("--test-ratio", type=_ratio, default=0, help="share of the images for PREFIX_test")
    add("--recursive", action="store_true", help="take folders in ROOT too, a label for each")
    add("--no-shuffle", dest="shuffle", action="store_false", help="list in the order of names")
    add("--pass-through", action="store_true", help="pack the files as they are")
    add("--resize", type=int, default=0, help="length of the shorter edge")
    add("--center-crop", action="store_true", help="cut out the square in the middle")
    add("--quality", type=int, default=95, help="of JPEG, 1 to 100; compression of PNG, 1 to 9")
    add("--num-thread", type=_positive, default=1, help="threads that encode")
    add("--color", type=int, default=1, choices=[-1, 0, 1], help="0 gray, 1 color, -1 as it is")
    add("--encoding", default=".jpg", choices=[".jpg", ".png"], help="format of packed images")
    add("--pack-label", action="store_true", help="pack all labels of a line, not just the first")


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError("must be positive")
    return int(text)


def _ratio(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise ValueError("must be from 0 to 1")
    return float(text)


def main(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if arguments.list:
        if arguments.train_ratio + arguments.test_ratio > 1 + 1e-9:
            raise MXNetError("--train-ratio and --test-ratio are more than 1 together")
        for name in make_lists(arguments.prefix, arguments.root, arguments):
            print(name)
        return 0
    folder, base = os.path.split(os.path.abspath(arguments.prefix))
    names = [n for n in sorted(os.listdir(folder)) if n.startswith(base) and n.endswith(".lst")]
    if not names:
        raise MXNetError(f"there is no list {arguments.prefix}*.lst; --list makes one")
    total = 0
    for name in names:
        packed, left_out = pack_list(os.path.join(folder, name), arguments.root, arguments)
        print(f"{os.path.splitext(name)[0]}.rec: {packed} images, {left_out} left out")
        total += packed
    return 0 if total else 1


if __name__ == "__main__":
    from gluonx.__main__ import main as run

    sys.exit(run(["im2rec", *sys.argv[1:]]))
