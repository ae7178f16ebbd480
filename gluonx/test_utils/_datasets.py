"""MNIST for examples and tests, from files on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..data._files import folder, need_files
from ..data.vision._downloaded import MNIST, read_idx
from ..download import download as _download
from ..io import NDArrayIter

__all__ = ["download", "get_mnist", "get_mnist_iterator", "get_mnist_ubyte"]


def download(
    url: str,
    fname: str | None = None,
    dirname: str | None = None,
    overwrite: bool = False,
    retries: int = 5,
) -> str:
    """Fetch a file, unless it is there already; see :func:`gluonx.gluon.utils.download`.

    Parameters
    ----------
    url : str
        Where it is.
    fname : str, optional
        What to call it; as in the URL by default.
    dirname : str, optional
        Into which folder, which is made if need be.
    overwrite : bool
        Whether to fetch it even if it is there.
    retries : int
        How often to try again.

    Returns
    -------
    str
        The path of the file.
    """
    path = fname or url.rpartition("/")[2]
    if dirname is not None:
        path = os.path.join(dirname, path)
    return _download(url, path, overwrite, retries=retries)


def _mnist_folder(path: str | os.PathLike | None) -> Path:
    if path is None and any(Path("data").glob("*-ubyte*")):
        return Path("data")
    return folder(path, "datasets", "mnist")


def get_mnist(path: str | os.PathLike | None = None) -> dict[str, np.ndarray]:
    """The whole of MNIST as NumPy arrays.

    Parameters
    ----------
    path : str or os.PathLike, optional
        The folder of the files, see :class:`gluonx.data.vision.MNIST`; by default ``data`` if they
        are there, else MNIST's own.

    Returns
    -------
    dict
        ``train_data`` and ``test_data``, float32 from 0 to 1, shape (N, 1, 28, 28);
        ``train_label`` and ``test_label``, int8.
    """
    files = need_files(_mnist_folder(path), dict(MNIST._files), "gluon/dataset/mnist")
    train_images, train_labels, test_images, test_labels = map(read_idx, files)
    return {
        "train_data": train_images[:, None].astype(np.float32) / 255,
        "train_label": train_labels.astype(np.int8),
        "test_data": test_images[:, None].astype(np.float32) / 255,
        "test_label": test_labels.astype(np.int8),
    }


def get_mnist_ubyte(path: str | os.PathLike | None = None) -> None:
    """Unpack the files of MNIST into the folder ``data``, for ``io.MNISTIter``.

    Parameters
    ----------
    path : str or os.PathLike, optional
        The folder of the files, as for :func:`get_mnist`.
    """
    files = need_files(_mnist_folder(path), dict(MNIST._files), "gluon/dataset/mnist")
    Path("data").mkdir(exist_ok=True)
    for name, file in zip(dict(MNIST._files), files, strict=True):
        target = Path("data") / name.removesuffix(".gz")
        if not target.exists():
            array = read_idx(file)
            lengths = b"".join(n.to_bytes(4, "big") for n in array.shape)
            target.write_bytes(bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes())


def get_mnist_iterator(
    batch_size: int,
    input_shape: tuple[int, ...],
    num_parts: int = 1,
    part_index: int = 0,
    path: str | os.PathLike | None = None,
) -> tuple[Any, Any]:
    """Iterators over the parts of MNIST to train on and to test with.

    Pixels are divided by 256, the part to train on is shuffled, and a shorter batch at the end is
    left out, as by MXNet's ``MNISTIter``.

    Parameters
    ----------
    batch_size : int
        Number of images in a batch.
    input_shape : tuple of int
        (1, 28, 28), or (784,) for flat images.
    num_parts, part_index : int
        Into how many parts to cut the data, and which one to give.
    path : str or os.PathLike, optional
        The folder of the files, as for :func:`get_mnist`.

    Returns
    -------
    (NDArrayIter, NDArrayIter)
    """
    if not 0 <= part_index < num_parts:
        raise ValueError(f"there is no part {part_index} of {num_parts}")
    arrays = get_mnist(path)
    iterators = []
    for part in ("train", "test"):
        images = arrays[f"{part}_data"] * np.float32(255 / 256)
        labels = arrays[f"{part}_label"].astype(np.float32)
        start, end = (len(labels) * i // num_parts for i in (part_index, part_index + 1))
        images = images[start:end].reshape(-1, *input_shape)
        iterators.append(
            NDArrayIter(
                images, labels[start:end], batch_size, part == "train", "discard",
                label_name="softmax_label",
            )
        )  # fmt: skip
    return iterators[0], iterators[1]
