"""Datasets of image files: in records, in folders, in a list."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...error import MXNetError
from ...recordio import unpack
from ...serialization import images
from .._items import as_given
from ..dataset import Dataset, RecordFileDataset

__all__ = ["ImageFolderDataset", "ImageListDataset", "ImageRecordDataset"]

_ENDINGS = (".jpg", ".jpeg", ".png")


class _Images:
    """A dataset of images; mixed in before Dataset."""

    _transform: Callable | None = None

    def _pair(self, idx: int) -> tuple[np.ndarray, Any]:
        """The image as a NumPy array, and the label."""
        raise NotImplementedError

    def __getitem__(self, idx: int) -> Any:
        image, label = self._pair(idx)
        if self._transform is not None:
            return self._transform(as_given(image), label)
        return as_given(image), label

    def _item(self, idx: int) -> Any:
        return self._pair(idx) if self._transform is None else self[idx]


class ImageRecordDataset(_Images, RecordFileDataset):
    """Images in a file of records, as ``im2rec`` makes it.

    Parameters
    ----------
    filename : str or os.PathLike
        The file of records, ``NAME.rec``; the index is ``NAME.idx``.
    flag : {0, 1}
        0: images are gray, with one channel; 1: red, green and blue.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.

    Outputs
    -------
    image : NDArray, shape (H, W, C), uint8
    label : float, or numpy.ndarray of float32 if a record has several

    Examples
    --------
    >>> from gluonx import gluon, recordio
    >>> with recordio.MXIndexedRecordIO("d.idx", "d.rec", "w") as record:
    ...     image = recordio.pack_img((0, 7, 0, 0), np.zeros((4, 5, 3), 'uint8'), img_fmt=".png")
    ...     record.write_idx(0, image)
    >>> image, label = gluon.data.vision.ImageRecordDataset("d.rec")[0]
    >>> image.shape, label
    ((4, 5, 3), 7.0)
    """

    def __init__(
        self, filename: str | os.PathLike, flag: int = 1, transform: Callable | None = None
    ):
        super().__init__(filename)
        self._flag = flag
        self._transform = transform

    def _pair(self, idx: int) -> tuple[np.ndarray, Any]:
        header, data = unpack(RecordFileDataset.__getitem__(self, idx))
        try:
            return images.decode_channels(data, self._flag), header.label
        except MXNetError as e:
            raise MXNetError(f"record {idx} of {self.filename}: {e}") from None


class ImageFolderDataset(_Images, Dataset):
    """Images in folders, one folder for each class: ``root/cat/1.jpg``, ``root/dog/2.png``.

    Parameters
    ----------
    root : str or os.PathLike
        The folder of the folders.
    flag : {0, 1}
        0: images are gray, with one channel; 1: red, green and blue.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.

    Attributes
    ----------
    synsets : list of str
        Names of the classes, in order.
    items : list of (str, int)
        Files and their classes' numbers.

    Outputs
    -------
    image : NDArray, shape (H, W, C), uint8
    label : int
    """

    def __init__(self, root: str | os.PathLike, flag: int = 1, transform: Callable | None = None):
        self._root = os.path.expanduser(root)
        self._flag = flag
        self._transform = transform
        self._exts = list(_ENDINGS)
        self._list_images(self._root)

    def _list_images(self, root: str) -> None:
        self.synsets: list[str] = []
        self.items: list[tuple[str, int]] = []
        for name in sorted(os.listdir(root)):
            folder = os.path.join(root, name)
            if not os.path.isdir(folder):
                warnings.warn(f"{folder} is left out: it is not a folder of images", stacklevel=3)
                continue
            label = len(self.synsets)
            self.synsets.append(name)
            for file in sorted(os.listdir(folder)):
                path = os.path.join(folder, file)
                if os.path.splitext(file)[1].lower() in self._exts:
                    self.items.append((path, label))
                else:
                    warnings.warn(
                        f"{path} is left out: its name does not end with {', '.join(self._exts)}",
                        stacklevel=3,
                    )

    def __len__(self) -> int:
        return len(self.items)

    def _pair(self, idx: int) -> tuple[np.ndarray, int]:
        path, label = self.items[idx]
        return images.read(path, self._flag), label


class ImageListDataset(_Images, Dataset):
    """Images in a list of files and labels.

    Parameters
    ----------
    root : str or os.PathLike
        The folder that the paths begin at.
    imglist : str, os.PathLike or list
        A file as ``im2rec`` makes it, in each line a number, one or several labels and a path, with
        tabs between them; or a list of ``[label, path]``, ``[label, label, path]`` or
        ``[[label, label], path]``.
    flag : {0, 1}
        0: images are gray, with one channel; 1: red, green and blue.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.

    Outputs
    -------
    image : NDArray, shape (H, W, C), uint8
    label : numpy.ndarray, shape (number of labels,), float32

    Raises
    ------
    ValueError
        For a list in another form; says where.
    """

    def __init__(
        self,
        root: str | os.PathLike = ".",
        imglist: Any = None,
        flag: int = 1,
        transform: Callable | None = None,
    ):
        self._root = os.path.expanduser(root)
        self._flag = flag
        self._transform = transform
        if isinstance(imglist, (str, os.PathLike)):
            entries: Sequence[Any] = self._read(Path(self._root, imglist))
        elif isinstance(imglist, (list, tuple)):
            entries = imglist
        else:
            raise ValueError(
                "ImageListDataset needs imglist: the name of a list file, or a list of "
                f"[label, path]; got {imglist!r}"
            )
        self.items = [self._entry(entry, number) for number, entry in enumerate(entries)]

    @staticmethod
    def _read(path: Path) -> list[list[str]]:
        with open(path, encoding="utf-8") as file:
            return [line.rstrip("\r\n").split("\t")[1:] for line in file if line.strip()]

    def _entry(self, entry: Any, number: int) -> tuple[str, np.ndarray]:
        try:
            *labels, path = entry
            if len(labels) == 1 and not isinstance(labels[0], str):
                labels = labels[0]
            label = np.array(labels, np.float32).reshape(-1)
            if not isinstance(path, (str, os.PathLike)) or not label.size:
                raise ValueError("there must be labels, then a path")
        except (TypeError, ValueError) as e:
            raise ValueError(
                f"entry {number} of the list of images should be labels and a path, got {entry!r}: "
                f"{e}"
            ) from None
        return os.path.join(self._root, path), label

    def __len__(self) -> int:
        return len(self.items)

    def _pair(self, idx: int) -> tuple[np.ndarray, np.ndarray]:
        path, label = self.items[idx]
        return images.read(path, self._flag), label
