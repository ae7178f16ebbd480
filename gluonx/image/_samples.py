"""Labels and bytes of images, from files of records, lists and folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import recordio
from ..error import MXNetError
from ..random import host_rng
from ..serialization.files import open_read

__all__ = ["Samples"]


def read_list(path: Any) -> dict[int, tuple[np.ndarray, str]]:
    """Labels and paths by number, of a list file: lines ``number TAB labels TAB path``."""
    items = {}
    with open_read(path) as file:
        for at, line in enumerate(file.read().splitlines(), 1):
            fields = os.fsdecode(line).strip().split("\t")
            if fields == [""]:
                continue
            try:
                label = np.array([float(x) for x in fields[1:-1]], np.float32)
                items[int(float(fields[0]))] = label, fields[-1]
            except ValueError:
                raise MXNetError(
                    f"{os.fspath(path)}: in line {at}, expected a number, labels and a path, with "
                    f"tabs between them, not {os.fsdecode(line)[:80]!r}"
                ) from None
    return items


class Samples:
    """Labels and bytes, in an order that may be shuffled.

    Parameters
    ----------
    path_imgrec, path_imgidx, path_imglist, path_root, imglist, shuffle, part_index, num_parts
        See :class:`ImageIter`.
    """

    def __init__(
        self, path_imgrec: Any, path_imgidx: Any, path_imglist: Any, path_root: Any,
        imglist: Sequence | None, shuffle: bool, part_index: int, num_parts: int,
    ):  # fmt: skip
        if not (path_imgrec or path_imglist or imglist is not None):
            raise ValueError("give path_imgrec, path_imglist or imglist: where the images are")
        if num_parts < 1 or not 0 <= part_index < num_parts:
            raise ValueError(
                f"part_index={part_index} must be from 0 to num_parts - 1 = {num_parts - 1}"
            )
        self.root = os.fspath(path_root or "")
        self.shuffle = shuffle
        self.items: dict[Any, tuple[np.ndarray, str]] | None = None
        if path_imglist:
            self.items = read_list(path_imglist)
        elif imglist is not None:
            self.items = {
                k: (np.array(item[0], np.float32).reshape(-1), os.fspath(item[-1]))
                if len(item) == 2
                else (np.array(item[:-1], np.float32), os.fspath(item[-1]))
                for k, item in enumerate(imglist)
            }
        self.record = None
        self.order: list | None = None
        if path_imgrec and path_imgidx:
            self.record = recordio.MXIndexedRecordIO(path_imgidx, path_imgrec, "r")
            # Of a list and an index, the list says which records are taken.
            self.order = list(self.items) if self.items is not None else list(self.record.keys)
        elif path_imgrec:
            self.record = recordio.MXRecordIO(path_imgrec, "r")
            self.items = None  # which record belongs to which line is not known
            if shuffle or num_parts > 1:
                raise ValueError(
                    "shuffle and num_parts need an index of the records: give path_imgidx"
                )
        elif self.items is not None:
            self.order = list(self.items)
        if self.order is not None and num_parts > 1:
            count = len(self.order) // num_parts
            self.order = self.order[part_index * count : (part_index + 1) * count]
        self.restart()

    def restart(self) -> None:
        """Begin anew, in another order if they are shuffled."""
        if self.order is None:
            record: Any = self.record
            record.reset()
            self._rest = iter(record.read, None)
            return
        if self.shuffle:
            host_rng().shuffle(self.order)
        self._rest: Iterator = iter(self.order)

    def read_image(self, name: str) -> bytes:
        """The bytes of a file below the root."""
        with open_read(os.path.join(self.root, name)) as file:
            return file.read()

    def next(self) -> tuple[Any, bytes]:
        """The next label and bytes; `name` is what they are called.

        Raises
        ------
        StopIteration
            At the end.
        """
        self.name: Any = None
        key = next(self._rest)
        if self.order is None:
            header, data = recordio.unpack(key)
            self.name = f"record {header.id}"
            return header.label, data
        if isinstance(self.record, recordio.MXIndexedRecordIO):
            self.name = f"record {key}"
            header, data = recordio.unpack(self.record.read_idx(key))  # type: ignore[arg-type]
            return (header.label if self.items is None else self.items[key][0]), data
        label, self.name = self.items[key]  # type: ignore[index]
        return label, self.read_image(self.name)
